//! Causes that no run of one build over one city can be made to show.

use super::{Cause, Causes, Follows, Named, Side};
use crate::config::{Config, load_defaults};
use crate::content::hash_text;
use crate::run::{Enterprises, PublishedRun, Unread};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// A run that published an enterprise with its revenue and where that stands.
struct Made {
    _folder: tempfile::TempDir,
    run: PublishedRun,
    enterprises: Enterprises,
}

fn made(revenue: &str, cell: &str, settings: &str, more: &str) -> Result<Made, Unread> {
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("data"))?;
    let files = [
        ("data/enterprises.csv", format!("enterprise,uscc,name,pooled,revenue_2023,revenue_2023_why\r\nA,A,甲,true,{revenue},\r\n")),
        ("data/provenance.csv", format!("enterprise,column,cell\r\nA,revenue_2023,{cell}\r\n")),
        ("settings.toml", settings.to_owned()),
    ];
    let mut listed = Vec::new();
    for (path, content) in &files {
        fs::write(folder.path().join(path), content)?;
        listed.push(format!(r#"{{"path":"{path}","bytes":{},"sha256":"{}"}}"#, content.len(), hash_text(content)));
    }
    let inputs = ["a.csv", "b.csv"].map(|path| format!(r#"{{"path":"{path}","source":"statistics","sha256":"{}"}}"#, hash_text(path)));
    let datasets = r#"[{"name":"enterprises","columns":{"enterprise":"text","pooled":"boolean","revenue_2023":"decimal"}}]"#;
    let record =
        format!(r#"{{"as_of":"2024-06-30","inputs":[{}],"datasets":{datasets},"files":[{}]{more}}}"#, inputs.join(","), listed.join(","));
    fs::write(folder.path().join("run.json"), record)?;
    let run = PublishedRun::open(folder.path(), "")?;
    let enterprises = Enterprises::read(&run)?.ok_or("enterprises")?;
    Ok(Made { _folder: folder, run, enterprises })
}

fn follows(_: &Config, column: &str) -> Follows {
    let (forms, settings) = (vec!["returns".to_owned()], vec!["enterprise.revenue".to_owned()]);
    Follows { forms, year: Some(2023), cited: column.to_owned(), sole: true, settings, ..Follows::default() }
}

fn causes(old: &Made, new: &Made, builds: [&str; 2]) -> Result<Vec<Named>, Unread> {
    let config = load_defaults(Path::new(".")).map_err(|_| "the built-in settings")?;
    let side = |made, build| -> Side<'_> {
        let Made { run, enterprises, .. }: &Made = made;
        Side { run, enterprises, config: &config, build }
    };
    let wanted = HashSet::from(["A".to_owned()]);
    let causes = Causes::between([side(old, builds[0]), side(new, builds[1])], &wanted, &follows)?;
    Ok(causes.of_value("revenue_2023", Some(0), Some(0)))
}

const CELL: &str = "a.csv[a]C4";

#[test]
fn another_build_is_the_cause_where_nothing_else_is() -> Result<(), Unread> {
    let (old, new) = (made("1", CELL, "", "")?, made("2", CELL, "", "")?);
    let build = Cause::Build { was: "b1".to_owned(), is: "b2".to_owned() };
    assert_eq!(causes(&old, &new, ["b1", "b2"])?, [Named { cause: build, certain: true }]);
    assert_eq!(causes(&old, &new, ["b1", "b1"])?, [Named { cause: Cause::Unknown, certain: true }]);
    assert_eq!(causes(&old, &new, ["", "b1"])?, [Named { cause: Cause::Unknown, certain: true }], "nobody noted the build");
    Ok(())
}

#[test]
fn a_setting_is_the_cause_if_the_value_is_declared_by_it_and_may_be_one_if_not() -> Result<(), Unread> {
    let settings = |field: &str, other: &str| format!("[enterprise.revenue]\nvalue = '{field}'\n[merge]\nyears = {other}\n");
    let (old, new) = (made("1", CELL, &settings("revenue", "3"), "")?, made("2", CELL, &settings("main_revenue", "4"), "")?);
    let rule = |setting: &str, was: &str, is: &str| Cause::Rule { setting: setting.to_owned(), was: was.to_owned(), is: is.to_owned() };
    let own = rule("enterprise.revenue.value", "revenue", "main_revenue");
    assert_eq!(causes(&old, &new, ["b1", "b2"])?, [Named { cause: own, certain: true }]);
    let other = made("2", CELL, &settings("revenue", "4"), "")?;
    let years = Named { cause: rule("merge.years", "3", "4"), certain: true };
    assert_eq!(causes(&old, &other, ["b1", "b2"])?, [years], "the only thing that differs");
    Ok(())
}

#[test]
fn a_decision_on_two_files_is_the_cause_that_another_of_them_counts() -> Result<(), Unread> {
    let said = r#","decisions":[{"older":0,"newer":1,"form":"returns","period":2023,"choice":"replace"}]"#;
    let (old, new) = (made("1", CELL, "", "")?, made("2", "b.csv[b]C4", "", said)?);
    let decision = |choice| Cause::Decision { older: "a.csv".to_owned(), newer: "b.csv".to_owned(), choice };
    let replaced = Named { cause: decision(Some(crate::model::standing::Choice::Replace)), certain: true };
    assert_eq!(causes(&old, &new, ["b1", "b2"])?, [replaced]);
    assert_eq!(causes(&new, &old, ["b1", "b2"])?, [Named { cause: decision(None), certain: true }]);
    Ok(())
}
