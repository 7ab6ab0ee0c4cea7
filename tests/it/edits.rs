//! Every edit has a fixture folder: `holds.csv`, `breaks.csv` and, where an operand can be missing, `unjudged.csv`.
//!
//! The files of an edit are run together with `directory.csv` as the registry. Cells that text tables cannot hold
//! (numbers, error values) come as workbooks made here.

use crate::util::{Row, Site, tests, text};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn fixtures() -> std::path::PathBuf {
    tests().join("fixtures/edits")
}

/// The folder of the bureau that sends a table, by its header.
fn bureau(table: &str) -> &'static str {
    if table.contains("专利号") {
        "市监局"
    } else if table.contains("专精特新等级") || table.contains("融资") {
        "工信局"
    } else {
        "统计局"
    }
}

fn site(folder: &Path) -> Site {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/registry.csv", fs::read(fixtures().join("directory.csv")).expect("the registry"));
    for case in ["holds", "breaks", "unjudged"] {
        if let Ok(content) = fs::read_to_string(folder.join(format!("{case}.csv"))) {
            site.input(&format!("{}/{case}.csv", bureau(&content)), content);
        }
    }
    site
}

fn count(row: &Row, column: &str) -> u64 {
    row[column].parse().expect("a number")
}

/// Runs the fixtures of one edit: broken in `breaks.csv` once, nowhere else, and each outcome counted.
fn outcome(folder: &Path) -> Result<(), String> {
    let code = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let site = site(folder);
    let output = site.huichi(&["run"]);
    if !output.status.success() {
        return Err(format!("{code}: {}", text(&output.stderr)));
    }
    let findings: Vec<String> = site.table("findings").into_iter().filter(|r| r["code"] == code).map(|r| r["file"].clone()).collect();
    let breaks = folder.join("breaks.csv").exists();
    if findings.len() != usize::from(breaks) || findings.iter().any(|f| !f.ends_with("breaks.csv")) {
        return Err(format!("{code}: found in {findings:?}"));
    }
    let edits = site.table("edits");
    let row = edits.iter().find(|r| r["code"] == code).ok_or(format!("{code} is not counted"))?;
    if count(row, "held") == 0 {
        return Err(format!("{code}: never held"));
    }
    if folder.join("unjudged.csv").exists() && count(row, "unjudged") == 0 {
        return Err(format!("{code}: never unjudged"));
    }
    Ok(())
}

#[test]
fn fixtures_hold_break_and_stay_unjudged() {
    let folders: Vec<_> =
        fs::read_dir(fixtures()).expect("fixtures").filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|worker| {
                let own: Vec<_> = folders.iter().skip(worker).step_by(workers).collect();
                scope.spawn(move || own.into_iter().filter_map(|f| outcome(f).err()).collect::<Vec<_>>())
            })
            .collect();
        running.into_iter().flat_map(|r| r.join().expect("a worker")).collect()
    });
    assert_eq!(failures, Vec::<String>::new());
}

#[test]
fn every_edit_has_its_fixtures() {
    let site = Site::new("2024-06-30", "");
    let edits: BTreeSet<String> = text(&site.huichi(&["config", "--format", "json"]).stdout)
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok())
        .filter_map(|v| v["key"].as_str().and_then(|k| k.strip_prefix("edit.")?.split('.').next().map(str::to_owned)))
        .collect();
    let folders: BTreeSet<String> = fs::read_dir(fixtures())
        .expect("fixtures")
        .filter_map(Result::ok)
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    // Edits over cells that a text table cannot hold are tested below.
    let elsewhere: BTreeSet<String> = ["USC-003", "FMT-103", "FMT-105"].map(String::from).into();
    assert_eq!(edits.difference(&folders).filter(|c| !elsewhere.contains(*c)).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(folders.difference(&edits).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn cells_of_workbooks_have_types_that_edits_see() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/registry.csv", fs::read(fixtures().join("directory.csv")).expect("the registry"));
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("2023年").expect("a name");
    sheet.write_string(0, 0, "单位：千元").expect("a cell");
    for (column, head) in (0u16..).zip(["统一社会信用代码", "企业名称", "营业收入", "利润总额"]) {
        sheet.write_string(1, column, head).expect("a cell");
    }
    sheet.write_number(2, 0, 913_607_832_938_475_610.0).expect("a code as a number");
    sheet.write_string(2, 1, "龙南市甲木试验有限公司").expect("a name");
    sheet.write_string(2, 2, "1,234").expect("a number as text");
    sheet.write_formula(2, 3, rust_xlsxwriter::Formula::new("NA()").set_result("#N/A")).expect("an error value");
    site.input("统计局/经营情况.xlsx", book.save_to_buffer().expect("bytes"));
    site.run();
    let found = site.findings();
    for want in ["USC-003 2023年 A3", "FMT-103 2023年 C3", "FMT-105 2023年 D3"] {
        assert!(found.iter().any(|f| f == want), "{want} is not in {found:?}");
    }
}
