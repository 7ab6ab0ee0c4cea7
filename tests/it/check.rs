//! `check FILE…`: findings as a compiler shows them.

use crate::util::{Site, code, text};

const HEAD: &str =
    "企业经营情况（2023年）,,,,,\n单位：千元,,,,,\n统一社会信用代码,企业名称,营业收入,资产总计,负债合计,所有者权益合计,联系电话\n";

fn returns(rows: &str) -> String {
    format!("{HEAD}{rows}合计,,21,100,60,40,\n填表人：张某某,,,,,,0797-1234567\n")
}

#[test]
fn findings_come_with_the_sheet_around_their_cells() {
    let site = Site::new("2024-06-30", "");
    let wrong = code(2).replace("K002", "K003");
    let rows = format!(
        "{},龙南市甲有限公司,-5,100,60,41,13800000000\n{wrong},江西一家名称特别长的新材料科技股份有限公司,26,甲,60,40,13900000000\n",
        code(1)
    );
    site.input("统计局/年报.csv", returns(&rows));
    let output = site.huichi(&["check", "inputs/统计局/年报.csv"]);
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(!shown.contains("1380000") && !shown.contains("张某某"), "personal data are never shown");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_file_is_judged_among_its_own_records_without_a_directory() {
    let site = Site::new("2024-06-30", "");
    let row = format!("{},龙南市甲有限公司,21,100,60,40,\n", code(1));
    site.input("表.csv", returns(&row.repeat(2)));
    let output = site.huichi(&["check", "inputs/表.csv", "--format", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let codes: Vec<&str> = result["findings"].as_array().expect("findings").iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"UNQ-001"), "a repeated enterprise: {codes:?}");
    assert!(!codes.iter().any(|c| c.starts_with("LNK-")), "no directory is asked: {codes:?}");
}

#[test]
fn what_cannot_be_checked_is_told_by_the_exit_code() {
    let site = Site::new("2024-06-30", "fail_above = 0\n");
    site.input("统计局/坏.xlsx", "PK\u{3}\u{4}half");
    site.input("统计局/年报.csv", returns(&format!("{},龙南市甲有限公司,-5,100,60,40,\n", code(1))));
    assert_eq!(site.huichi(&["check", "inputs/统计局/坏.xlsx"]).status.code(), Some(4));
    assert_eq!(site.huichi(&["check", "inputs/统计局/年报.csv"]).status.code(), Some(3));
    for arguments in [["check", "没有.xlsx", "--lang", "zh"], ["check", "inputs/统计局/年报.csv", "--source", "无"]] {
        let output = site.huichi(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }
}

#[test]
fn rows_that_are_no_records_are_told_by_table() {
    let site = Site::new("2024-06-30", "");
    let row = format!("{},龙南市甲有限公司,21,100,60,40,\n", code(1));
    site.input("统计局/年报.csv", returns(&format!("甲,乙,1,2,3,4,\n{row}")));
    let output = site.huichi(&["check", "inputs/统计局/年报.csv"]);
    let shown = text(&output.stdout);
    for line in [
        "统计局/年报.csv [年报] 企业经营情况年报：1 条记录，另有 5 行不是记录",
        "表头以上的标题、说明 1 行：第 1 行",
        "计量单位 1 行：第 2 行",
        "栏号（甲 乙 1 2 …） 1 行：第 4 行",
        "合计、总计 1 行：第 6 行",
        "表尾、备注 1 行：第 7 行",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let output = site.huichi(&["check", "inputs/统计局/年报.csv", "--format", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let want = serde_json::json!({ "title": [[1, 1]], "units": [[2, 2]], "numbering": [[4, 4]], "total": [[6, 6]], "footer": [[7, 7]] });
    assert_eq!(result["tables"][0]["set_aside"], want);
    assert_eq!(result["tables"][0]["rows"], 1);
}
