//! Workbooks made by somebody else, with faults planted: `truth.json` names each at its cell.

use crate::util::{Site, read_csv, tests};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The faults of `truth.json` as `kind sheet cell`, and its counts.
fn truth() -> (BTreeMap<String, usize>, serde_json::Value) {
    let text = fs::read_to_string(tests().join("city/truth.json")).expect("truth.json");
    let truth: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut faults = BTreeMap::new();
    for fault in truth["findings"].as_array().expect("findings") {
        let part = |i: usize| fault[i].as_str().expect("a text");
        *faults.entry(format!("{} {} {}", part(0), part(1), part(2))).or_default() += 1;
    }
    (faults, truth)
}

/// Findings of a site under the kinds of `kinds.csv`.
pub fn by_kind(site: &Site) -> BTreeMap<String, usize> {
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in read_csv(&tests().join("city/kinds.csv")) {
        kinds.entry(row["code"].clone()).or_default().insert(row["kind"].clone());
    }
    let mut found = BTreeMap::new();
    for row in site.table("findings") {
        for kind in kinds.get(&row["code"]).into_iter().flatten() {
            *found.entry(format!("{kind} {} {}", row["sheet"], row["cell"])).or_default() += 1;
        }
    }
    found
}

/// A site with the three workbooks of a folder below `tests/city/`.
pub fn site(folder: &str) -> Site {
    let site = Site::new("2024-06-30", "");
    for entry in fs::read_dir(tests().join("city").join(folder)).expect("the city") {
        let path = entry.expect("an entry").path();
        if path.is_file() && !path.extension().is_some_and(|e| ["json", "csv", "toml"].iter().any(|x| e == *x)) {
            site.copy(&path);
        }
    }
    site
}

#[test]
fn every_planted_fault_is_found_at_its_cell_and_no_other_and_every_record_ends_in_one_place() {
    let site = site("");
    site.run();
    let (want, truth) = truth();
    assert_eq!(by_kind(&site), want);
    assert_eq!(site.table("enterprises").len() as u64, truth["pool_rows"].as_u64().expect("a number"));
    let credits = site.table("patents").iter().filter(|r| !r["uscc"].is_empty()).count();
    assert_eq!(credits as u64, truth["patent_credits"].as_u64().expect("a number"));
    let rows: u64 = site.table("places").iter().map(|r| r["rows"].parse::<u64>().expect("a number")).sum();
    let read: u64 = ["directory", "returns", "patents"].iter().map(|k| truth["rows"][k].as_u64().expect("a number")).sum();
    assert_eq!(rows, read);
}
