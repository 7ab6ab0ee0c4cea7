//! Every edit has a fixture folder: `holds.csv`, `breaks.csv` and, where an operand can be missing, `unjudged.csv`.
//!
//! The files are run with `directory.csv` as the registry. Edits that look at one record at a time have two runs in common:
//! one as they stand, which finds what is broken, and one with each condition negated, which finds what is held; what
//! neither finds is unjudged. Edits among records see each other's files, so each has a run of its own. Cells that text
//! tables cannot hold (numbers, error values) come as workbooks made here.

use crate::util::{Row, Site, tests, text};
use huichi::config::{Config, EditOptions, load_defaults};
use huichi::model::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const CASES: [&str; 3] = ["holds", "breaks", "unjudged"];

fn fixtures() -> PathBuf {
    tests().join("fixtures/edits")
}

fn folders() -> Vec<PathBuf> {
    fs::read_dir(fixtures()).expect("fixtures").filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect()
}

/// The edit whose fixtures a folder holds.
fn code(folder: &Path) -> String {
    folder.file_name().expect("a name").to_string_lossy().into_owned()
}

fn is_among_records(edit: &EditOptions) -> bool {
    matches!(edit.scope, Scope::Population | Scope::History)
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

/// A site with the files of some edits after its run.
fn run(folders: &[PathBuf], settings: &str) -> Result<Site, String> {
    let site = Site::new("2024-06-30", &format!("[output]\nworkbooks = []\ndata = [\"findings\", \"edits\"]\n{settings}"));
    site.input("工信局/registry.csv", fs::read(fixtures().join("directory.csv")).expect("the registry"));
    for folder in folders {
        for case in CASES {
            if let Ok(content) = fs::read_to_string(folder.join(format!("{case}.csv"))) {
                site.input(&format!("{}/{}/{case}.csv", bureau(&content), code(folder)), content);
            }
        }
    }
    let output = site.huichi(&["run"]);
    if output.status.success() { Ok(site) } else { Err(text(&output.stderr)) }
}

/// How often each edit is found in its own files, by `code/case`.
fn found(site: &Site) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for row in site.table("findings") {
        let own = row["file"].split_once('/').map_or("", |(_, below)| below.trim_end_matches(".csv"));
        if own.split('/').next() == Some(&row["code"]) {
            *found.entry(own.to_owned()).or_default() += 1;
        }
    }
    found
}

/// In which of its cases an edit is found, and how often.
fn in_cases(found: &BTreeMap<String, usize>, code: &str) -> [usize; 3] {
    CASES.map(|case| found.get(&format!("{code}/{case}")).copied().unwrap_or_default())
}

/// Broken in `breaks.csv` once, and nowhere else.
fn is_broken_where_it_should_be(folder: &Path, broken: &BTreeMap<String, usize>) -> Result<(), String> {
    let (code, breaks) = (code(folder), folder.join("breaks.csv").exists());
    let broken = in_cases(broken, &code);
    if broken == [0, usize::from(breaks), 0] { Ok(()) } else { Err(format!("{code}: broken so often in {CASES:?}: {broken:?}")) }
}

/// Settings under which each edit of one record finds what it holds of. They withhold nothing: where all is held, no value
/// would be left to judge.
fn negations(config: &Config) -> String {
    let edits = config.edit.iter().filter(|(_, edit)| !is_among_records(edit));
    edits
        .map(|(code, edit)| {
            let when = edit.when.as_deref().unwrap_or("true");
            let negation = toml::Value::from(format!("NOT (CASE WHEN NOT ({when}) THEN true ELSE ({}) END)", edit.holds));
            format!("[edit.{code}]\nseverity = \"note\"\nwhen = \"true\"\nholds = {negation}\n")
        })
        .collect()
}

/// Edits that look at one record at a time.
fn together(config: &Config, folders: &[PathBuf]) -> Result<(), Vec<String>> {
    let run = |settings: &str| run(folders, settings).map(|site| found(&site)).map_err(|e| vec![e]);
    let (broken, held) = (run("")?, run(&negations(config))?);
    let failures = |folder: &PathBuf| {
        let code = code(folder);
        let [holds, _, unjudged] = in_cases(&held, &code);
        let mut failures = Vec::from_iter(is_broken_where_it_should_be(folder, &broken).err());
        if holds == 0 {
            failures.push(format!("{code}: not held in holds.csv"));
        }
        // An edit of several fields may hold of some in either file.
        if folder.join("unjudged.csv").exists() && unjudged >= holds {
            failures.push(format!("{code}: not unjudged in unjudged.csv"));
        }
        failures
    };
    let failures: Vec<String> = folders.iter().flat_map(failures).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

fn count(row: &Row, column: &str) -> u64 {
    row[column].parse().expect("a number")
}

/// An edit among records: each outcome is counted.
fn alone(folder: &PathBuf) -> Result<(), String> {
    let code = code(folder);
    let site = run(std::slice::from_ref(folder), "").map_err(|e| format!("{code}: {e}"))?;
    is_broken_where_it_should_be(folder, &found(&site))?;
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
fn fixtures_of_one_record_hold_break_and_stay_unjudged() {
    let config = load_defaults(&tests()).expect("the built-in settings");
    let mut folders = folders();
    folders.retain(|f| !is_among_records(&config.edit[&code(f)]));
    assert_eq!(together(&config, &folders), Ok(()));
}

#[test]
fn fixtures_among_records_hold_break_and_stay_unjudged() {
    let config = load_defaults(&tests()).expect("the built-in settings");
    let mut folders = folders();
    folders.retain(|f| is_among_records(&config.edit[&code(f)]));
    let failures: Vec<String> = folders.iter().filter_map(|f| alone(f).err()).collect();
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
    let folders: BTreeSet<String> = folders().iter().map(|f| code(f)).collect();
    // Edits over cells that a text table cannot hold are tested below.
    let elsewhere: BTreeSet<String> = ["USC-003", "FMT-103", "FMT-105", "FMT-111", "FMT-112", "UNQ-003"].map(String::from).into();
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
    sheet.write_string(3, 1, "龙南市乙火试验有限公司").expect("a name");
    let wan = rust_xlsxwriter::Format::new().set_num_format("0!.0,");
    sheet.write_number_with_format(3, 2, 12_500_000, &wan).expect("a number shown in 万元");
    site.input("统计局/经营情况.xlsx", book.save_to_buffer().expect("bytes"));
    site.run();
    let found = site.findings();
    for want in ["USC-003 2023年 A3", "FMT-103 2023年 C3", "FMT-105 2023年 D3", "FMT-111 2023年 C4"] {
        assert!(found.iter().any(|f| f == want), "{want} is not in {found:?}");
    }
}
