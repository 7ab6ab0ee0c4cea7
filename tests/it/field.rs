//! Cells as people's files have them: `tests/field/README.md` says what is right at which cell.

use crate::util::{Row, Site, tests};
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::Path;

/// A site with the inputs of a case, beside the directory where the case has none of its own.
fn case(name: &str) -> Site {
    let site = Site::new("2026-06-30", "");
    let root = tests().join("field");
    let folder = root.join(name);
    copy(&site, &folder);
    if !folder.join("工信局/企业名录_2026.xlsx").exists() && !folder.join("工信局/企业名录_2026.csv").exists() {
        copy(&site, &root.join("directory"));
    }
    site.run();
    site
}

fn copy(site: &Site, folder: &Path) {
    for entry in walkdir::WalkDir::new(folder).into_iter().map(|e| e.expect("an entry")).filter(|e| e.file_type().is_file()) {
        let name = entry.path().strip_prefix(folder).expect("below it").display().to_string();
        site.input(&name, fs::read(entry.path()).expect("a file"));
    }
}

/// The codes found at a cell.
fn at(site: &Site, cell: &str) -> Vec<String> {
    site.table("findings").iter().filter(|r| r["cell"] == cell).map(|r| r["code"].clone()).collect()
}

/// A column of the returns in the order of their rows.
fn column(rows: &[Row], name: &str) -> Vec<String> {
    rows.iter().map(|r| r[name].clone()).collect()
}

#[test]
fn a_raised_mark_is_no_digit_of_the_figure() {
    let site = case("01-superscript-mark");
    assert_eq!(column(&site.table("returns"), "revenue")[..2], ["12500000", "9800000"]);
    assert!(at(&site, "C4").contains(&"CEL-236".to_owned()) && at(&site, "C5").contains(&"CEL-236".to_owned()));
}

#[test]
fn a_mark_of_one_character_is_no_digit_of_the_figure() {
    let site = case("02-mark-characters");
    let revenues = column(&site.table("returns"), "revenue");
    for (row, revenue) in (4..=9).zip(&revenues) {
        assert_eq!(revenue, "", "C{row}");
        assert!(!at(&site, &format!("C{row}")).is_empty(), "C{row}");
    }
}

#[test]
fn a_format_that_scales_means_what_it_shows_under_its_heading() {
    let site = case("03-format-that-scales");
    let returns = site.table("returns");
    assert_eq!((returns[0]["revenue"].as_str(), returns[0]["total_profit"].as_str()), ("12500000", "800000"));
}

#[test]
fn words_of_errors_are_lost_values() {
    let site = case("05-error-words-as-text");
    for cell in ["I3", "C4", "J2"] {
        assert!(at(&site, cell).contains(&"FMT-105".to_owned()), "{cell}: {:?}", at(&site, cell));
    }
    let enterprises = site.table("enterprises");
    assert!(enterprises.iter().all(|r| r["name"] != "#NAME?"));
    assert!(enterprises.iter().any(|r| r["verdict_title_valid"] == "unjudged"));
}

#[test]
fn look_alikes_of_ideographs_link() {
    let site = case("08-cjk-radicals");
    let credits = site.table("patents").iter().filter(|r| !r["uscc"].is_empty()).count();
    assert_eq!(credits, 4);
}

#[test]
fn words_for_nothing_are_no_names_and_no_codes() {
    let site = case("09-words-for-absent");
    assert!(site.table("enterprises").iter().all(|r| r["former_names"].is_empty()));
}

#[test]
fn a_moment_in_utc_is_a_day_in_beijing() {
    let site = case("10-time-zone");
    let until = column(&site.table("enterprises"), "title_until");
    assert_eq!(until[..3], ["2026-06-30"; 3]);
}

#[test]
fn what_is_merged_downwards_holds_for_its_rows() {
    let site = case("04-merged-down");
    let consents = column(&site.table("enterprises"), "consent");
    assert_eq!(consents[..5], ["true"; 5]);
}

#[test]
fn separators_of_units_beside_values_are_no_part_of_them() {
    let site = case("06-unit-separators");
    assert_eq!(column(&site.table("returns"), "revenue"), ["12500000", "9800000", "15300000"]);
}

#[test]
fn a_row_longer_than_its_header_is_read_as_far_as_it_is_sure() {
    let site = case("07-row-longer-than-header");
    let returns = site.table("returns");
    assert_eq!(column(&returns, "revenue"), ["12500000", "", "15300000"]);
    assert_eq!(column(&returns, "total_profit"), ["800000", "", "-350000"]);
    assert_eq!(returns[1]["revenue_why"], "CEL-227");
    let findings = site.table("findings");
    let of_row: Vec<&Row> = findings.iter().filter(|r| r["cell"].ends_with('5') && r["file"].contains("统计局")).collect();
    assert_eq!(of_row.iter().map(|r| r["code"].as_str()).collect::<Vec<_>>(), ["CEL-227"]);
    assert!(of_row[0]["message"].contains('9') && of_row[0]["message"].contains('8'), "{}", of_row[0]["message"]);
    assert!(!findings.iter().any(|r| r["code"] == "CEL-221"));
}

#[test]
fn an_id_number_is_told_and_goes_nowhere() {
    let site = case("11-id-number-in-code-column");
    assert!(at(&site, "A4").contains(&"CEL-251".to_owned()), "{:?}", at(&site, "A4"));
    for entry in walkdir::WalkDir::new(site.path("")).into_iter().map(|e| e.expect("an entry")).filter(|e| e.file_type().is_file()) {
        let whole = entry.path().display().to_string();
        // What the bureau sent is kept as it came.
        if whole.contains("/inputs/") || whole.contains("/store/") || whole.contains("/uploads/") {
            continue;
        }
        let holds = |bytes: &[u8]| bytes.windows(17).any(|w| w == b"36999919910101008");
        let bytes = fs::read(entry.path()).expect("a file");
        assert!(!holds(&bytes), "{whole}");
        if whole.ends_with(".xlsx") {
            let mut book = zip::ZipArchive::new(Cursor::new(bytes)).expect("a workbook");
            for part in 0..book.len() {
                let mut content = Vec::new();
                book.by_index(part).expect("a part").read_to_end(&mut content).expect("readable");
                assert!(!holds(&content), "{whole}");
            }
        }
    }
    assert_eq!(column(&site.table("returns"), "revenue")[0], "12500000", "the row stays");
}

#[test]
fn two_units_of_one_figure_withhold_it_and_are_both_named() {
    let site = case("12-two-units");
    assert_eq!(column(&site.table("needs"), "need_amount"), [""]);
    let findings = site.table("findings");
    let told = findings.iter().find(|r| r["code"] == "TBL-220").expect("told");
    assert!(told["message"].contains("A1") && told["message"].contains("A4"), "{}", told["message"]);
    assert!(!findings.iter().any(|r| r["code"] == "FMT-104"));
}

#[test]
fn some_months_are_not_the_year() {
    let site = case("13-part-of-a-year");
    assert!(at(&site, "A1").contains(&"TBL-221".to_owned()), "{:?}", at(&site, "A1"));
    let enterprises = site.table("enterprises");
    assert!(enterprises.iter().all(|r| r["revenue_2025"].is_empty()));
}

#[test]
fn a_year_beside_each_row_makes_no_year_of_some_months() {
    let site = Site::new("2026-06-30", "");
    copy(&site, &tests().join("field/directory"));
    site.input(
        "统计局/报表.csv",
        "2025年前三季度 单位：千元,,,\n统一社会信用代码,企业名称,年份,营业收入\n91360783MAYYF0A72G,龙南澄砚电路科技有限公司,2025,12500\n",
    );
    site.run();
    assert!(site.table("enterprises").iter().all(|r| r.get("revenue_2025").is_none_or(String::is_empty)));
    assert!(at(&site, "A1").contains(&"TBL-221".to_owned()));
}

#[test]
fn a_form_that_came_to_the_wrong_place_is_called_by_its_name_and_sender() {
    let patents = "专利号,专利名称,专利类型,法律状态,专利权人\nZL201910123456.X,一种装置,发明专利,有效,龙南澄砚电路科技有限公司\n";
    let directory =
        "序号,统一社会信用代码,企业名称,专精特新等级,有效期至\n1,91360783MAYYF0A72G,龙南澄砚电路科技有限公司,专精特新中小企业,2027-08-14\n";
    let site = Site::new("2026-06-30", "");
    copy(&site, &tests().join("field/directory"));
    site.input("统计局/专利清单.csv", patents);
    site.input("统计局/企业名录.csv", directory);
    site.input("市监局/说明.docx", b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x11\0\0\0word/document.xml".as_slice());
    site.run();
    let findings = site.table("findings");
    let told = |file: &str| {
        findings.iter().filter(|r| r["file"].contains(file)).map(|r| (r["code"].as_str(), r["message"].as_str())).collect::<Vec<_>>()
    };
    assert_eq!(told("专利清单"), [("TBL-223", "这是“企业专利清单”，应由市监局报送，没有读取")]);
    assert_eq!(told("企业名录.csv"), [("TBL-223", "这是“企业名录”，应由工信局报送，没有读取")]);
    assert_eq!(told("说明").iter().map(|t| t.0).collect::<Vec<_>>(), ["FIL-130"]);
}
