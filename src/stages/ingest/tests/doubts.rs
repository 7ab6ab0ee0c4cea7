//! Cells that are not sure: what they are told to be, and that the rest of their rows is read.

use super::*;

/// What is told at which cell: `CEL-228 C3`.
fn told(outcome: &FileOutcome) -> Vec<String> {
    let cell = |s: &Seed| s.column.map(|c| crate::model::cell::address(c, s.row.unwrap_or_default())).unwrap_or_default();
    let quiet = ["TBL-202", "TBL-203", "TBL-209", "TBL-212"];
    outcome
        .seeds
        .iter()
        .filter(|s| !quiet.contains(&s.code.as_str()))
        .map(|s| format!("{} {}", s.code, cell(s)).trim().to_owned())
        .collect()
}

fn text(forms: &[&str], text: &str) -> (Vec<String>, Vec<String>) {
    let (seen, outcome) = read_as("报表.csv", forms, text.as_bytes()).expect("read");
    (seen.records, told(&outcome))
}

fn merged(rows: &[&[&str]], areas: &[(u32, u16, u32, u16)]) -> (Vec<String>, Vec<String>) {
    let book = workbook(|sheet| {
        for (row, column, last_row, last_column) in areas {
            let anchor = rows[*row as usize][*column as usize];
            sheet.merge_range(*row, *column, *last_row, *last_column, anchor, &Format::new()).expect("merged");
        }
        write(sheet, 0, rows);
    });
    let (seen, outcome) = read_as("a.xlsx", &["returns"], &book).expect("read");
    (seen.records, told(&outcome))
}

#[test]
fn words_merged_downwards_hold_for_all_rows_and_figures_for_none() {
    let head: &[&str] = &["企业名称", "年份", "营业收入（千元）", "利润总额（千元）"];
    let (records, told) = merged(&[head, &["甲有限公司", "2024", "10", "1"], &["", "2025", "20", "2"]], &[(1, 0, 2, 0)]);
    assert_eq!(
        records,
        [
            "2: name=甲有限公司 year=2024 revenue=10[1000] total_profit=1[1000]",
            "3: name=甲有限公司 year=2025 revenue=20[1000] total_profit=2[1000]"
        ]
    );
    assert!(told.is_empty(), "{told:?}");
    let rows: [&[&str]; 4] =
        [head, &["甲有限公司", "2025", "30", "1"], &["乙有限公司", "2025", "", "2"], &["丙有限公司", "2025", "5", "3"]];
    let (records, told) = merged(&rows, &[(1, 2, 2, 2)]);
    assert_eq!(
        records,
        [
            "2: name=甲有限公司 year=2025 revenue=30[1000]!merged total_profit=1[1000]",
            "3: name=乙有限公司 year=2025 revenue=30[1000]!merged total_profit=2[1000]",
            "4: name=丙有限公司 year=2025 revenue=5[1000] total_profit=3[1000]"
        ]
    );
    assert_eq!(told, ["CEL-228 C2", "CEL-228 C3"]);
    // One enterprise in two rows: the figure beside its name is its own.
    let (records, told) = merged(&[head, &["甲有限公司", "2025", "30", "1"], &["", "", "", "2"]], &[(1, 0, 2, 0), (1, 2, 2, 2)]);
    assert_eq!(records[0], "2: name=甲有限公司 year=2025 revenue=30[1000] total_profit=1[1000]");
    assert!(!records[1].contains("revenue"), "{records:?}");
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn rows_of_another_length_are_read_as_far_as_they_are_sure() {
    let head = "统一社会信用代码,企业名称,营业收入（千元）,利润总额（千元）,从业人数\n";
    let code = "914403001922038216";
    let (records, told) = text(&["returns"], &format!("{head}{code},甲有限公司,1,020.00,80,5\n{code},乙有限公司,500,80,5\n"));
    assert_eq!(
        records,
        [
            format!("2: uscc={code} name=甲有限公司 revenue=1[1000]!misaligned total_profit=020.00[1000]!misaligned staff=80!misaligned"),
            format!("3: uscc={code} name=乙有限公司 revenue=500[1000] total_profit=80[1000] staff=5")
        ]
    );
    assert_eq!(told, ["CEL-227 C2"]);
    let (records, told) = text(&["returns"], &format!("{head}{code},甲有限公司,80,5\n{code},乙有限公司,500,80,5\n"));
    assert!(records[0].ends_with("revenue=80[1000]!misaligned total_profit=5[1000]!misaligned"), "{records:?}");
    assert_eq!(told, ["CEL-227 C2"]);
    // A program that writes no blank fields at the end of a row writes rows of every length.
    let rows: String = (0..4).map(|i| format!("{code},{i}甲有限公司,500,80\n")).collect();
    let (records, told) = text(&["returns"], &format!("{head}{rows}{code},乙有限公司,500,80,5\n"));
    assert!(records.iter().all(|r| !r.contains('!')) && told.is_empty(), "{records:?} {told:?}");
}

#[test]
fn of_two_units_none_is_chosen_wherever_they_are_said() {
    let rows = "企业名称,融资需求\n甲有限公司,300\n";
    for (table, places) in [
        (format!("单位：万元,\n{rows}说明：融资需求以元为单位填报。,\n"), "TBL-220 A1"),
        (format!("单位：万元,单位：元\n{rows}"), "TBL-220 A1"),
        (format!("单位：万元,\n{rows},\n注：金额单位为元,\n"), "TBL-220 A1"),
        ("企业名称,融资需求（万元）\n,元\n甲有限公司,300\n".to_owned(), "TBL-220 B1"),
        (format!("单位：元/万元,\n{rows}"), "TBL-220 A1"),
        (rows.replace("融资需求", "融资需求（千元/万元）"), "TBL-220 B1"),
        (rows.replace("融资需求", "融资需求（万元）") + "说明：融资需求以元为单位。,\n", "TBL-220 B1"),
    ] {
        let (records, told) = text(&["needs"], &table);
        assert!(records[0].contains("need_amount=300") && records[0].ends_with("!two_units"), "{table} {records:?}");
        assert_eq!(told, [places], "{table}");
    }
    for (table, want) in [
        (format!("{rows}注：单位：万元,\n"), "need_amount=300[10000]"),
        (format!("单位：万元,\n{rows}注：金额单位为万元,\n"), "need_amount=300[10000]"),
        (rows.replace("融资需求", "融资需求（万元）") + "注：其他金额单位为元,\n", "need_amount=300[10000]"),
        (format!("2000万元以上企业,单位：万元\n{rows}"), "need_amount=300[10000]"),
        (format!("单位：千元,单位：元\n{}", rows.replace("融资需求", "融资需求（万元）")), "need_amount=300[10000]"),
    ] {
        let (records, told) = text(&["needs"], &table);
        assert!(records[0].ends_with(want), "{table} {records:?}");
        assert!(told.is_empty(), "{table} {told:?}");
    }
    let (records, _) = text(&["needs"], &format!("单位：万元,\n{}注：金额单位为元,\n", rows.replace(",300", ",300万元")));
    assert!(records[0].ends_with("need_amount=300万元"), "what a cell states itself is sure: {records:?}");
}

#[test]
fn a_row_states_its_own_unit_and_currency() {
    let (records, told) =
        text(&["needs"], "企业名称,融资需求,单位,币种\n甲有限公司,300,万元,人民币\n乙有限公司,40,元,\n丙有限公司,5,万元,美元\n");
    assert_eq!(
        records,
        [
            "2: name=甲有限公司 need_amount=300[own 10000]",
            "3: name=乙有限公司 need_amount=40[own 1]",
            "4: name=丙有限公司 need_amount=5[own 10000]!currency"
        ]
    );
    assert_eq!(told, ["CEL-252 D4"]);
    let (records, told) = text(&["needs"], "企业名称,融资需求（万元）,金额单位\n甲有限公司,300,元\n乙有限公司,300,万元\n");
    assert_eq!(records[0], "2: name=甲有限公司 need_amount=300[10000][own 1]!two_units");
    assert_eq!(records[1], "3: name=乙有限公司 need_amount=300[10000][own 10000]");
    assert_eq!(told, ["TBL-220 C2"]);
}

#[test]
fn some_months_are_no_year_wherever_they_are_said() {
    let rows = "企业名称,营业收入（千元）\n甲有限公司,300\n";
    for title in ["2025年前三季度经营情况", "2025年1-9月", "企业经营情况（2025年6月）", "2025年上半年"] {
        let (records, told) = text(&["returns"], &format!("{title},\n{rows}"));
        assert_eq!(records, ["3: name=甲有限公司 revenue=300[1000]"], "{title}");
        assert_eq!(told, ["TBL-221 A1"], "{title}");
    }
    for title in ["2025年1-12月", "2025年度,2026年3月", "2025年12月末", "2025年,填报日期：2026年3月"] {
        let (records, told) = text(&["returns"], &format!("{title},\n{rows}"));
        assert_eq!(records, ["3: 2025 name=甲有限公司 revenue=300[1000]"], "{title}");
        assert!(told.is_empty(), "{title} {told:?}");
    }
    let (seen, outcome) = read_as("经营情况_2025年三季度.csv", &["returns"], rows.as_bytes()).expect("read");
    assert_eq!(seen.records, ["2: name=甲有限公司 revenue=300[1000]"]);
    assert_eq!(told(&outcome), ["TBL-221"]);
    let of_file = |name: &str, title: &str| {
        let (seen, outcome) = read_as(name, &["returns"], format!("{title},\n{rows}").as_bytes()).expect("read");
        (seen.records[0].starts_with("3: 2025 "), told(&outcome))
    };
    assert_eq!(of_file("经营情况_2025年三季度.csv", "2025年经营情况"), (false, vec!["TBL-221".to_owned()]));
    assert_eq!(of_file("经营情况_1-9月.csv", "2025年经营情况"), (false, vec!["TBL-221".to_owned()]));
    assert_eq!(of_file("经营情况_2025年三季度.csv", "2025年1-12月经营情况"), (true, vec![]));
    assert_eq!(of_file("经营情况_2026年3月报送.csv", "2025年经营情况"), (true, vec![]));
    let (records, told) = text(&["returns"], "2025年,,\n企业名称,1-9月营业收入（千元）,营业收入（千元）\n甲有限公司,200,300\n");
    assert_eq!(records, ["3: 2025 name=甲有限公司 revenue=300[1000]"]);
    assert!(told.is_empty() || told == ["TBL-222 B2"], "{told:?}");
    let (records, told) = text(
        &["returns"],
        "企业名称,2025年1-9月,,2024年,\n,营业收入（千元）,利润总额（千元）,营业收入（千元）,利润总额（千元）\n甲有限公司,1,2,3,4\n",
    );
    assert_eq!(records, ["3: 2024 name=甲有限公司 revenue=3[1000] total_profit=4[1000]"]);
    assert_eq!(told, ["TBL-222 B2", "TBL-222 C2"]);
}

#[test]
fn personal_data_leave_their_cell_and_the_row_stays() {
    let id = "36999919900101008X";
    let (seen, outcome) = read_as(
        "名录.csv",
        &["directory"],
        format!(
            "统一社会信用代码,企业名称,注册地址,融资需求（万元）,联系电话\n{id},甲有限公司,试验路1号 13800000000,300,13800000000\n\
             914403001922038216,乙有限公司（张 {id}）,a@example.cn,{id},\n备注：经办人{id},,,,\n"
        )
        .as_bytes(),
    )
    .expect("read");
    assert_eq!(
        seen.records,
        [
            "2: uscc=［已隐去］!personal name=甲有限公司 address=试验路1号 ［已隐去］ need_amount=300[10000]",
            "3: uscc=914403001922038216 name=乙有限公司（张 ） address=［已隐去］!personal need_amount=［已隐去］[10000]!personal"
        ]
    );
    assert_eq!(told(&outcome), ["CEL-251 A2", "CEL-251 C2", "CEL-251 B3", "CEL-251 C3", "CEL-251 D3"]);
    assert!(outcome.seeds.iter().all(|s| !format!("{s:?}").contains("19900101")), "{:?}", outcome.seeds);
    let book = workbook(|sheet| {
        write(sheet, 0, &[&["统一社会信用代码", "企业名称", "营业收入（千元）"], &["", "甲有限公司", "10"]]);
        sheet.write_number(1, 0, 369_999_199_001_010_087_f64).expect("a number");
    });
    let (seen, outcome) = read_as("a.xlsx", &["returns"], &book).expect("read");
    assert_eq!(seen.records, ["2: uscc=［已隐去］!personal name=甲有限公司 revenue=10[1000]"]);
    assert_eq!(told(&outcome), ["CEL-251 A2"]);
}
