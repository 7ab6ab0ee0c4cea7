//! Money is decimal from the cell to the report: 100,000 tenths are exactly 10,000 through every path.

use crate::util::Site;
use std::fmt::Write;

const ROWS: u32 = 100_000;

/// An enterprise's code with valid check characters.
fn code(i: u32) -> String {
    let body8 = format!("MAYY{:04}", i % 10_000);
    let org = huichi::model::org_code::check_digit(&body8).expect("eight characters");
    let body17 = format!("91360783{body8}{org}");
    format!("{body17}{}", huichi::model::uscc::check_digit(&body17).expect("seventeen characters"))
}

fn directory() -> String {
    let mut text = String::from("统一社会信用代码,企业名称,专精特新等级\n");
    for i in 0..3 {
        _ = writeln!(text, "{},甲乙丙{i}有限公司,专精特新中小企业", code(i));
    }
    text
}

fn check(site: &Site) {
    site.run();
    let stated: i64 =
        site.table("places").iter().filter(|r| r["dataset"] == "returns").map(|r| r["rows"].parse::<i64>().expect("rows")).sum();
    assert_eq!(stated, i64::from(ROWS));
    let yuan: Vec<String> = site.table("places").iter().filter(|r| r["dataset"] == "returns").map(|r| r["amount_yuan"].clone()).collect();
    assert_eq!(yuan, ["10000"], "the tenths are the same enterprise's or none's, so they stand in one place");
    let sums: Vec<String> = site.findings().into_iter().filter(|f| f.starts_with("SUM-001")).collect();
    assert_eq!(sums, Vec::<String>::new(), "the sum row says 10,000");
}

#[test]
fn tenths_in_a_workbook_add_up() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory());
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("2023年").expect("a name");
    sheet.write_string(0, 0, "经营情况（2023年）单位：元").expect("a cell");
    for (column, head) in (0u16..).zip(["企业名称", "营业收入", "利润总额"]) {
        sheet.write_string(1, column, head).expect("a cell");
    }
    for i in 0..ROWS {
        sheet.write_string(i + 2, 0, format!("外地{i}公司")).expect("a cell");
        sheet.write_number(i + 2, 1, 0.1).expect("a cell");
    }
    sheet.write_string(ROWS + 2, 0, "合计").expect("a cell");
    sheet.write_number(ROWS + 2, 1, 10_000).expect("a cell");
    site.input("统计局/经营情况.xlsx", book.save_to_buffer().expect("bytes"));
    check(&site);
}

#[test]
fn tenths_in_a_text_table_add_up() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory());
    let mut text = String::from("经营情况（2023年）单位：元,,\n企业名称,营业收入,利润总额\n");
    for i in 0..ROWS {
        // As a spreadsheet prints a sum of tenths that is off in its seventeenth digit.
        _ = writeln!(text, "外地{i}公司,{},", if i % 2 == 0 { "0.1" } else { "0.10000000000000001" });
    }
    text.push_str("合计,10000,\n");
    site.input("统计局/经营情况.csv", text);
    check(&site);
}
