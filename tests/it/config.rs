//! The configuration: all problems at once, each with its line; what is in force and where it comes from.

use crate::util::{Site, text};

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    let site = Site::new(
        "2024-06-30",
        r#"fail_abov = 3

[source.tax]
bureau = "税务局"
files = ["../税务/**"]
forms = ["retuns"]
legal_basis = "x"
purpose = "x"
catalogue_item = "x"

[edit.F1]
severity = "warning"

[limits]
parsers = 1000
"#,
    );
    let output = site.huichi(&["check"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn what_is_in_force_says_where_it_comes_from() {
    let site = Site::new("2024-06-30", "[edit.F1]\nseverity = \"explain\"\n");
    let printed = text(&site.huichi(&["config"]).stdout);
    assert!(printed.contains("本地  edit.F1.severity = \"explain\""), "{printed}");
    assert!(printed.contains("内置  edit.F2.severity = \"error\""));
    assert!(printed.contains("本地  run.as_of = \"2024-06-30\""));
}

#[test]
fn the_bundled_configurations_are_sound() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = Site::new("2024-06-30", "");
    for path in ["pipeline.toml", "tests/city/pipeline.toml", "benches/province.toml"] {
        let output = site.huichi(&["check", "--config", &root.join(path).display().to_string()]);
        assert!(output.status.success(), "{path}: {}", text(&output.stderr));
    }
}

#[test]
fn every_code_can_be_explained() {
    let site = Site::new("2024-06-30", "");
    let listed = text(&site.huichi(&["explain"]).stdout);
    assert!(listed.lines().count() > 80);
    insta::assert_snapshot!(text(&site.huichi(&["explain", "F1"]).stdout));
    assert_eq!(site.huichi(&["explain", "F99"]).status.code(), Some(2));
}

#[test]
fn conditions_are_tried_before_anything_is_run() {
    let site = Site::new(
        "2024-06-30",
        r#"[edit.F1]
holds = "total_asset = total_liabilities"

[edit.LOCAL-1]
dataset = ["returns"]
fields = ["revenue"]
holds = "revenue + (> 3"
name = { zh = "试" }

[criterion.patent_free]
met = "patent_free >= 3"

[merge.field.address]
from = ["patents.address"]
"#,
    );
    for command in ["check", "run"] {
        let output = site.huichi(&[command]);
        assert_eq!(output.status.code(), Some(2));
    }
    insta::assert_snapshot!(text(&site.huichi(&["check"]).stderr));
    std::fs::write(site.path("pipeline.toml"), "[criterion.patent_free]\nmet = \"patent_free >= 3\"\n").expect("settings");
    insta::assert_snapshot!("a_condition_that_names_no_field", text(&site.huichi(&["run"]).stderr));
}
