//! Causes of what differs between two runs: planted changes of each kind are named as what they are, and none is left unexplained.

use crate::util::{Site, code, text};
use serde_json::Value;
use std::fs;

/// Criteria and an edit of its own; the bound and whether the edit counts are for the test to say.
fn settings(as_of: &str, bound: &str, disabled: bool) -> String {
    format!(
        r#"[run]
as_of = "{as_of}"
[screen]
sets = []
[criterion.revenue]
name = "上年营业收入"
figure = "revenue_last"
at_least = "{bound}"
[criterion.title]
name = "称号有效"
met = "title_until >= as_of()"
figure = "title_level"
[edit.LOCAL-1]
dataset = ["returns"]
scope = "record"
severity = "error"
fields = ["revenue"]
holds = "revenue < 900000000"
disabled = {disabled}
name = {{ zh = "收入过大", en = "too much" }}
message = {{ zh = "收入过大", en = "too much" }}
help = {{ zh = "请核对", en = "look" }}
explain = {{ zh = "请核对", en = "look" }}
"#
    )
}

/// The directory: titles run out at the end of the year, that of the sixth earlier.
fn directory(enterprises: u32) -> String {
    let until = |i| if i == 6 { "2024-07-10" } else { "2026-12-31" };
    let row = |i| format!("{},龙南市第{i}有限公司,专精特新中小企业,{}\n", code(i), until(i));
    format!("统一社会信用代码,企业名称,专精特新等级,有效期至\n{}", (1..=enterprises).map(row).collect::<String>())
}

/// A return of a year: who states which revenue and profit in 万元.
fn returns(year: i32, rows: &[(u32, u32, u32)]) -> String {
    let row = |(i, revenue, profit): &(u32, u32, u32)| format!("{},龙南市第{i}有限公司,{revenue},{profit}\n", code(*i));
    format!("经营情况（{year}年）单位：万元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n{}", rows.iter().map(row).collect::<String>())
}

fn run(site: &Site) -> String {
    site.run();
    fs::canonicalize(site.path("outputs/latest")).expect("latest").file_name().expect("a name").to_string_lossy().into_owned()
}

fn diff(site: &Site, older: &str, newer: &str) -> Value {
    let output = site.huichi(&["diff", older, newer, "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Who is told in a list, each with the kinds of its causes and what they name.
fn told(of: &Value, list: &str) -> Vec<String> {
    let detail = |cause: &Value| {
        let named = ["file", "setting", "edit", "number"].iter().find_map(|key| cause.get(*key));
        let named = named.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
        let sure = if cause["certain"] == true { "" } else { "?" };
        format!("{} {named}{sure}", cause["kind"].as_str().expect("a kind")).trim_end().to_owned()
    };
    let one = |item: &Value| {
        let causes: Vec<String> = item["causes"].as_array().expect("causes").iter().map(detail).collect();
        let name = item["name"].as_str().expect("a name").trim_start_matches("龙南市第").trim_end_matches("有限公司");
        let column = item.get("column").and_then(Value::as_str).map(|column| format!(" {column}")).unwrap_or_default();
        format!("{name}{column}: {}", causes.join(", "))
    };
    let mut all: Vec<String> = of[list].as_array().expect("a list").iter().map(one).collect();
    all.sort();
    all
}

/// A city of nine, and the same with every kind of change at once.
fn planted() -> (Site, String, String) {
    let site = Site::new("2024-06-30", "");
    fs::write(site.path("pipeline.toml"), settings("2024-06-30", "2000万元", false)).expect("settings");
    site.input("工信局/名录.csv", directory(8));
    let first = [(2, 2500, 10), (3, 1700, 10), (4, 100_000, 10), (5, 100, 10), (6, 5000, 10), (8, 3000, 10)];
    site.input("统计局/2023.csv", returns(2023, &first));
    site.input("统计局/乡镇_2023.csv", returns(2023, &[(7, 4000, 10)]));
    let older = run(&site);
    for (name, role) in [("wang", "operator"), ("li", "leader")] {
        assert_eq!(site.huichi(&["user", "add", name, "--role", role]).status.code(), Some(0));
    }
    let asked = ["waive", "ask", &code(5), "revenue", "--reason", "新设企业", "--until", "2024-12-31", "--by", "wang"];
    assert_eq!(site.huichi(&asked).status.code(), Some(0));
    assert_eq!(site.huichi(&["waive", "grant", "1", "--by", "li"]).status.code(), Some(0));
    fs::write(site.path("pipeline.toml"), settings("2024-07-15", "1600万元", true)).expect("settings");
    // The second is corrected in the file sent before, the first sends a return of its own, the seventh's file is gone.
    let second: Vec<_> = first.iter().map(|row| if row.0 == 2 { (2, 1500, 10) } else { *row }).collect();
    site.input("统计局/2023.csv", returns(2023, &second));
    site.input("统计局/补报_2023.csv", returns(2023, &[(1, 8000, 700)]));
    fs::remove_file(site.path("inputs/统计局/乡镇_2023.csv")).expect("removed");
    // The ninth is newly listed.
    site.input("工信局/名录.csv", directory(9));
    let newer = run(&site);
    (site, older, newer)
}

#[test]
fn each_kind_of_change_is_named_and_none_is_left_unexplained() {
    let (site, older, newer) = planted();
    let found = diff(&site, &older, &newer);
    let entered = [
        "1: new_return 统计局/补报_2023.csv",
        "3: rule criterion.revenue.at_least",
        "4: released LOCAL-1, rule edit.LOCAL-1.disabled",
        "5: waiver 1",
    ];
    assert_eq!(told(&found, "entered"), entered, "{found:#}");
    assert_eq!(told(&found, "left"), ["2: correction 统计局/2023.csv", "6: time", "7: gone 统计局/乡镇_2023.csv"], "{found:#}");
    let figures = told(&found, "figures");
    let expected = |column: &str| {
        [
            format!("1 {column}: new_return 统计局/补报_2023.csv"),
            format!("2 {column}: correction 统计局/2023.csv"),
            format!("4 {column}: released LOCAL-1, rule edit.LOCAL-1.disabled"),
            format!("7 {column}: gone 统计局/乡镇_2023.csv"),
        ]
    };
    for column in ["revenue_2023", "revenue_last", "profit_margin"] {
        let of_column: Vec<&String> = figures.iter().filter(|line| line.contains(&format!(" {column}:"))).collect();
        assert_eq!(of_column, expected(column).iter().collect::<Vec<_>>(), "{figures:#?}");
    }
    let all = [told(&found, "entered"), told(&found, "left"), figures].concat();
    assert!(all.iter().all(|line| !line.contains("unknown") && !line.contains('?') && !line.ends_with(": ")), "{all:#?}");
    let words = text(&site.huichi(&["diff", &older, &newer]).stdout);
    for said in [
        "新报送：统计局/补报_2023.csv[补报_2023]C3",
        "设置变化：criterion.revenue.at_least 由 2000万元 改为 1600万元",
        "决定：第 1 号豁免生效",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
}

#[test]
fn a_year_that_passes_is_told_apart_from_the_return_that_comes_with_it() {
    let site = Site::new("2024-06-30", "");
    fs::write(site.path("pipeline.toml"), settings("2024-06-30", "2000万元", false)).expect("settings");
    site.input("工信局/名录.csv", directory(3));
    site.input("统计局/2023.csv", returns(2023, &[(1, 3000, 10), (2, 3000, 10), (3, 3000, 10)]));
    let older = run(&site);
    fs::write(site.path("pipeline.toml"), settings("2025-02-01", "2000万元", false)).expect("settings");
    site.input("统计局/2024.csv", returns(2024, &[(1, 4000, 10)]));
    let newer = run(&site);
    let found = diff(&site, &older, &newer);
    assert_eq!(told(&found, "left"), ["2: time", "3: time"], "{found:#}");
    let figures = told(&found, "figures");
    assert!(figures.contains(&"1 revenue_last: new_return 统计局/2024.csv, time".to_owned()), "{figures:#?}");
    assert!(figures.contains(&"2 revenue_last: time".to_owned()), "{figures:#?}");
    assert!(figures.iter().all(|line| !line.contains("unknown") && !line.contains('?')), "{figures:#?}");
}
