//! What single cells say, from the file to the published dataset: years, dates, marks, flags, codes kept as numbers.

use crate::books::{self, Cell, Sheet};
use crate::util::{Site, code};

/// A site with one enterprise in the directory, and `extra` after its first columns.
fn site(head: &str, cells: &str) -> Site {
    let site = Site::new("2024-06-30", "");
    site.input(
        "工信局/名录.csv",
        format!("统一社会信用代码,企业名称,专精特新等级{head}\n{},龙南市甲试验有限公司,专精特新中小企业{cells}\n", code(1)),
    );
    site
}

/// The column of a dataset, in the order of its rows.
fn column(site: &Site, table: &str, name: &str) -> Vec<String> {
    site.table(table).iter().map(|r| r[name].clone()).collect()
}

/// Findings without those about files and tables, which small tables have many of.
fn findings(site: &Site) -> Vec<String> {
    site.findings().into_iter().filter(|f| !["SRC", "TBL"].iter().any(|p| f.starts_with(p))).collect()
}

#[test]
fn a_year_column_gives_each_record_its_period_where_the_table_states_none() {
    let site = site("", "");
    let code = code(1);
    site.input(
        "统计局/经营情况.csv",
        format!(
            "经营情况 单位：千元,,,\n统一社会信用代码,年份,营业收入,利润总额\n{code},2022,10,1\n{code},2023,20,2\n{code},2023年度,30,3\n"
        ),
    );
    site.run();
    assert_eq!(column(&site, "returns", "period"), ["2022", "2023", "2023"]);
    assert_eq!(findings(&site), ["UNQ-001 经营情况 A5"], "only the second 2023 is a repetition");
    let enterprise = &site.table("enterprises")[0];
    assert_eq!((enterprise["revenue_2022"].as_str(), enterprise["revenue_2023"].as_str()), ("10000", "20000"));
}

#[test]
fn a_title_that_ends_in_a_month_is_valid_to_its_last_day() {
    let site = site(",有效期至", ",2024年6月");
    site.run();
    assert_eq!(column(&site, "enterprises", "title_until"), ["2024-06-30"]);
    let valid = site.table("verdicts").into_iter().find(|v| v["criterion"] == "title_valid").expect("a verdict");
    assert_eq!(valid["verdict"], "met");
}

#[test]
fn marks_are_no_values() {
    let site = site(",曾用名", ",无");
    site.input(
        "市监局/专利.csv",
        "专利号,专利类型,法律状态,专利权人,质押\n—,发明专利,有效,龙南市甲试验有限公司,/\n—,发明专利,有效,龙南市甲试验有限公司,部分质押给农行\n",
    );
    site.input("统计局/2023年.csv", "经营情况 单位：千元,,\n企业名称,营业收入,利润总额\n无,10,1\n—,20,2\n");
    site.run();
    let found = findings(&site);
    let of = |code: &str| found.iter().filter(|f| f.starts_with(code)).count();
    assert_eq!((of("PAT-006"), of("UNQ-"), of("PAT-001")), (2, 0, 0), "both numbers are missing, none repeats the other: {found:?}");
    assert_eq!(of("KEY-001"), 2, "a mark is no name: {found:?}");
    assert_eq!(column(&site, "patents", "pledged"), ["", "true"]);
    assert_eq!(column(&site, "patents", "pledged_state"), ["mark", "stated"]);
}

#[test]
fn numbers_of_a_workbook_are_read_as_they_were_typed() {
    let site = site("", "");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, head) in (0u16..).zip(["专利号", "专利类型", "申请日", "法律状态", "专利权人"]) {
        sheet.write_string(0, column, head).expect("a cell");
    }
    for (row, filed) in [(1u32, 20_130_701.0), (2, 2013.1)] {
        // A double holds this number as 201310699744.20001220703125.
        sheet.write_number(row, 0, 201_310_699_744.2 + f64::from(row - 1) * 1e8).expect("a cell");
        for (column, text) in [(1, "发明专利"), (3, "有效"), (4, "龙南市甲试验有限公司")] {
            sheet.write_string(row, column, text).expect("a cell");
        }
        sheet.write_number(row, 2, filed).expect("a cell");
    }
    site.input("市监局/专利.xlsx", book.save_to_buffer().expect("bytes"));
    site.run();
    assert_eq!(column(&site, "patents", "patent_number")[0], "201310699744.2");
    assert_eq!(column(&site, "patents", "filed_on"), ["2013-07-01", ""]);
    let found = findings(&site);
    assert!(found.contains(&"FMT-106 Sheet1 C3".to_owned()), "{found:?}");
    assert!(!found.contains(&"PAT-001 Sheet1 A2".to_owned()), "{found:?}");
}

#[test]
fn a_percentage_is_one_in_every_kind_of_workbook() {
    type Write = fn(&[Sheet]) -> Vec<u8>;
    let site = site("", "");
    let kinds: [(&str, Write); 4] = [("ods", books::ods), ("xls", books::xls), ("xlsb", books::xlsb), ("xlsx", books::xlsx)];
    let text = |text: &str| Cell::Text(text.to_owned());
    for (number, (kind, write)) in (1..).zip(kinds) {
        let record = |i: u32, amount, rate| vec![Cell::Text(code(10 * number + i)), amount, rate];
        let rows = vec![
            ["统一社会信用代码", "融资需求（万元）", "可接受年化成本（%）"].map(text).into(),
            record(1, Cell::Double(800.0), Cell::Double(3.5)),
            record(2, Cell::Double(800.0), Cell::Percent(0.035)),
            record(3, Cell::Percent(8.0), Cell::Percent(0.07)),
        ];
        site.input(&format!("工信局/需求.{kind}"), write(&[(kind.to_owned(), rows)]));
    }
    site.run();
    assert_eq!(column(&site, "needs", "need_rate"), ["3.5", "3.5", "7"].repeat(4));
    assert_eq!(column(&site, "needs", "need_amount"), ["8000000", "8000000", ""].repeat(4), "a percentage is no amount");
    let found = site.table("findings").into_iter().filter(|f| f["code"] == "FMT-101");
    let found: Vec<String> = found.map(|f| format!("{} {} {}", f["sheet"], f["cell"], f["found"])).collect();
    assert_eq!(found, ["ods", "xls", "xlsb", "xlsx"].map(|kind| format!("{kind} B4 800%")));
}

#[test]
fn what_is_only_about_a_number_is_a_finding_and_no_figure() {
    let site = site("", "");
    let code = code(1);
    site.input(
        "统计局/2023年.csv",
        format!("经营情况 单位：元,,,\n统一社会信用代码,营业收入,利润总额,从业人数\n{code},约50,100000000000.1234,3.5%\n"),
    );
    site.run();
    assert_eq!(findings(&site), ["FMT-101 2023年 B3", "FMT-101 2023年 D3"]);
    assert_eq!(column(&site, "returns", "total_profit"), ["100000000000.1234"]);
}

#[test]
fn a_wrong_code_is_told_as_well_as_can_be() {
    let site = site("", "");
    site.input("统计局/2023年.csv", "经营情况 单位：元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n440301103097413,甲,1,1\n");
    site.run();
    let finding = site.table("findings").into_iter().find(|f| f["code"] == "USC-006").expect("a finding");
    assert_eq!(finding["message"], "“440301103097413”是 15 位营业执照注册号，不是 18 位统一社会信用代码");
    assert_eq!(site.table("returns")[0]["revenue"], "1", "the name says whose figures these are");
}
