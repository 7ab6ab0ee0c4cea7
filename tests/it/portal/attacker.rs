//! An operator who works against hidden figures: reads all that an account of the role can read, over several nights, and
//! compares. What cannot be told apart tells nothing.

use super::{MULTIPART, Portal, QUIET, Visitor, multipart, until};
use crate::util::{Site, code, redacted, text};
use calamine::{Reader, Xlsx, open_workbook};
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Criteria of each effect over figures of statistics, and one on entry whose bound alone follows from them.
const CRITERIA: &str = r#"
[screen]
sets = ["score"]
[criterion.margin]
name = "利润率"
figure = "profit_margin"
at_least = "5%"
effect = "informational"
[criterion.need]
name = "融资需求"
figure = "need_amount"
at_least = "400万元"
variants = [{ name = "收入较高", when = "revenue_last >= 80000000", bound = "500万元" }]
[issue]
scale = "1000万元"
lot = "100万元"
"#;

/// So many enterprises; the first of them have consented.
const ENTERPRISES: u32 = 18;
const CONSENTING: u32 = 4;

/// What an enterprise returns: revenue, profit, assets and liabilities in 万元, and research costs as they are typed.
type Figures = [&'static str; 5];

/// Figures of most.
const USUAL: Figures = ["6000", "600", "9000", "3000", "10"];

/// The directory and what enterprises ask for: the fifth too little, whichever bound counts for it, the sixth nobody knows what.
fn site() -> Site {
    let site = Site::new("2024-06-30", &format!("{QUIET}{CRITERIA}"));
    let (mut directory, mut needs) = (
        "统一社会信用代码,企业名称,专精特新等级,行业代码,数据使用授权\n".to_owned(),
        "统一社会信用代码,企业名称,融资需求（万元）\n".to_owned(),
    );
    for i in 1..=ENTERPRISES {
        let key = format!("{},龙南市第{i}有限公司", code(i));
        directory.push_str(&format!("{key},专精特新中小企业,C3599,{}\n", if i <= CONSENTING { "是" } else { "否" }));
        let need = match i {
            5 => "300",
            6 => "待定",
            _ => "600",
        };
        needs.push_str(&format!("{key},{need}\n"));
    }
    site.input("工信局/名录.csv", directory);
    site.input("工信局/需求.csv", needs);
    site
}

/// A table of returns.
fn table<'a>(year: i64, returns: impl Iterator<Item = (&'a u32, &'a Figures)>) -> String {
    let rows: String = returns.map(|(i, f)| format!("{},龙南市第{i}有限公司,{}\n", code(*i), f.join(","))).collect();
    let head = "统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,研发费用";
    format!("经营情况（{year}年）单位：万元,,,,,,\n{head}\n{rows}")
}

/// A night: the returns of some enterprises, those after the twelfth in a file each, and the run over them.
fn night(site: &Site, returns: &BTreeMap<u32, Figures>) -> String {
    let _ = std::fs::remove_dir_all(site.path("inputs/统计局"));
    site.input("统计局/2023.csv", table(2023, returns.range(..13)));
    returns.range(13..).for_each(|own| site.input(&format!("统计局/第{}有限公司.csv", own.0), table(2023, std::iter::once(own))));
    site.run();
    let latest = std::fs::canonicalize(site.path("outputs/latest")).expect("a run");
    latest.file_name().and_then(|n| n.to_str()).expect("its name").to_owned()
}

fn usual(enterprises: impl IntoIterator<Item = u32>) -> BTreeMap<u32, Figures> {
    enterprises.into_iter().map(|i| (i, USUAL)).collect()
}

/// Every cell of the operator's workbook by its address.
fn workbook(site: &Site) -> BTreeMap<String, String> {
    let mut book: Xlsx<_> = open_workbook(site.path("outputs/latest/备选池_运营版.xlsx")).expect("a workbook");
    let cells = |(name, range): (String, calamine::Range<calamine::Data>)| {
        let cells = range.used_cells().map(|(row, column, cell)| (format!("{name} {row} {column}"), cell.to_string()));
        cells.collect::<Vec<_>>()
    };
    book.worksheets().into_iter().flat_map(cells).collect()
}

/// Everything that an operator can read, by where it stands: the workbook, and the answers to all that can be asked.
fn gathered(site: &Site, operator: &Visitor, run: &str) -> BTreeMap<String, String> {
    let mut all = workbook(site);
    let mut ask = |address: String| {
        let told = operator.get(&address).text().replace(&operator.csrf, "‹csrf›");
        let json = serde_json::from_str::<Value>(&told).and_then(|told| serde_json::to_string_pretty(&told));
        all.insert(address.replace(run, "‹run›"), json.unwrap_or_else(|_| told.clone()));
        told
    };
    let pool: Value = serde_json::from_str(&ask("/api/v1/pool?size=100".to_owned())).expect("JSON");
    for (place, line) in (1..).zip(pool["rows"].as_array().expect("rows")) {
        let id = line["id"].as_str().expect("an id");
        ask(format!("/pool/{id}"));
        ask(format!("/api/v1/pool/{id}"));
        let hidden: &[&str] =
            if place == CONSENTING + 1 { &["revenue_2023", "revenue_last", "debt_ratio", "total_assets_2023"] } else { &[] };
        for field in hidden {
            ask(format!("/api/v1/pool/{id}/source?field={field}"));
        }
    }
    let columns = pool["columns"].as_array().expect("columns").iter().filter_map(|c| c["id"].as_str());
    let hidden = ["score", "rank", "figure_margin", "margin_margin", "points_score_revenue", "verdict_margin"];
    for column in columns.chain(hidden) {
        for end in ["", "&desc=1"] {
            ask(format!("/api/v1/pool?size=100&sort={column}{end}"));
        }
    }
    for criterion in ["margin", "need", "score_revenue", "score_margin", "score_leverage", "score_patents"] {
        for verdict in ["met", "not_met", "unjudged", "not_applicable"] {
            ask(format!("/api/v1/pool?size=100&v_{criterion}={verdict}"));
        }
    }
    ask("/pool?size=100&v_margin=met".to_owned());
    for range in ["revenue_min=7000", "revenue_max=7000", "need_min=500", "industry=C35", "title=-", "conclusion=pooled"] {
        ask(format!("/api/v1/pool?size=100&{range}"));
    }
    let quality: Value = serde_json::from_str(&ask(format!("/api/v1/quality?run={run}"))).expect("JSON");
    for edit in quality["overview"]["edits"].as_array().expect("edits") {
        let code = edit["code"].as_str().expect("a code");
        ask(format!("/api/v1/quality/{code}?run={run}"));
        if ["F7", "FMT-102"].contains(&code) {
            ask(format!("/quality/{code}?run={run}"));
        }
    }
    let pages = ["/pool", "/pool/changes", "/pool/list", "/pool/waivers", "/quality", "/runs", "/calendar"];
    let answers = ["pool/changes", "runs", "calendar"].map(|name| format!("/api/v1/{name}"));
    let run = [format!("/runs/{run}"), format!("/api/v1/runs/{run}")];
    pages.map(str::to_owned).into_iter().chain(answers).chain(run).for_each(|address| _ = ask(address));
    // Charts leave out the year of a moment.
    let moment = Regex::new(r"\b\d\d-\d\d \d\d:\d\d\b").expect("a pattern");
    all.into_iter().map(|(place, told)| (place, moment.replace_all(&redacted(&told), "‹moment›").into_owned())).collect()
}

/// What an operator reads after each of these nights; the first is adopted, so that covers tell what has changed since.
fn nights(worlds: &[BTreeMap<u32, Figures>]) -> Vec<BTreeMap<String, String>> {
    let portal = Portal::start(site());
    let operator = portal.sign_in("operator");
    let mut seen = Vec::new();
    for returns in worlds {
        let run = night(&portal.site, returns);
        seen.push(gathered(&portal.site, &operator, &run));
        if seen.len() == 1 {
            let adopted = portal.sign_in("leader").post(&format!("/runs/{run}/adopt"), &[("note", "专班会议通过")]);
            assert_eq!(adopted.status, 303);
        }
    }
    seen
}

/// The first lines of two texts that differ.
fn apart(one: Option<&String>, other: Option<&String>) -> String {
    let lines = |text: Option<&String>| text.map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default();
    let (one, other) = (lines(one), lines(other));
    let first = (0..one.len().max(other.len())).find(|line| one.get(*line) != other.get(*line)).unwrap_or_default();
    let (one, other) = (one.get(first).map_or("", String::as_str), other.get(first).map_or("", String::as_str));
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count().saturating_sub(20);
    [one, other].map(|line| line.chars().skip(same).take(90).collect::<String>()).join(" | ")
}

#[test]
fn worlds_that_differ_in_hidden_figures_alone_cannot_be_told_apart() {
    // Everybody has a return; those without consent are asked for nothing that their figures decide.
    let with = |changed: &[(u32, Figures)]| {
        let mut all = usual(1..=ENTERPRISES);
        all.extend(changed.iter().copied());
        all
    };
    // In the second night a consenting enterprise states another revenue in every world.
    let open = (1, ["6100", "600", "9000", "3000", "10"]);
    let quiet = nights(&[with(&[]), with(&[open])]);
    // Bound, margin and debt cross what criteria ask; marks and negative figures are findings.
    let worlds = [
        [
            with(&[(5, ["9000", "600", "9000", "3000", "10"]), (7, ["6000", "60", "9000", "8000", "10"])]),
            with(&[open, (7, ["", "", "", "", ""]), (8, ["-6000", "600", "9000", "3000", "—"]), (9, ["1", "600", "9000", "3000", "-10"])]),
        ],
        [
            with(&[(5, ["", "", "", "", ""])]),
            with(&[open, (5, ["9000", "600", "9000", "3000", "10"]), (10, ["6000", "60", "9000", "3000", "—"])]),
        ],
    ];
    for (number, world) in worlds.iter().enumerate() {
        for (night, (told, other)) in quiet.iter().zip(nights(world)).enumerate() {
            let places: BTreeSet<&String> = told.keys().chain(other.keys()).collect();
            let differ: Vec<_> = places.into_iter().filter(|place| told.get(*place) != other.get(*place)).collect();
            let shown = differ.iter().map(|place| format!("{place}: {}", apart(told.get(*place), other.get(*place))));
            assert!(differ.is_empty(), "world {number}, night {night}:\n{}", shown.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// Every number of an answer, by where it stands.
fn numbers(place: &str, value: &Value, into: &mut BTreeMap<String, i64>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| numbers(&format!("{place}/{name}"), value, into)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| {
            // What a line is of tells it better than where it stands.
            let of = ["code", "dataset", "bureau", "form", "name"].iter().filter_map(|key| item[*key].as_str()).collect::<Vec<_>>();
            let name = if of.is_empty() { i.to_string() } else { of.join(" ") };
            numbers(&format!("{place}/{name}"), item, into);
        }),
        Value::Number(number) => _ = into.insert(place.to_owned(), number.as_i64().expect("a whole number")),
        _ => {}
    }
}

/// The numbers that an operator reads of a run, with those of the workbook.
fn counts(site: &Site, operator: &Visitor, run: &str) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    let whole = |text: &String| text.replace(',', "").parse::<i64>().ok();
    all.extend(workbook(site).into_iter().filter_map(|(place, cell)| Some((place, whole(&cell)?))));
    let mut ask = |address: String| -> Value {
        let told = serde_json::from_str(&operator.page(&address)).expect("JSON");
        let name = address.replace(run, "‹run›");
        numbers(&name, &told, &mut all);
        told
    };
    let quality = ask(format!("/api/v1/quality?run={run}"));
    for edit in quality["overview"]["edits"].as_array().expect("edits") {
        ask(format!("/api/v1/quality/{}?run={run}", edit["code"].as_str().expect("a code")));
    }
    ask(format!("/api/v1/runs/{run}"));
    ask("/api/v1/pool?size=100".to_owned());
    // Earlier runs and how long anything took are none of the run's counts; charts of years are told by themselves.
    all.retain(|place, _| !["/trend/", "/bytes", "/seconds", "/attempt", "/row"].iter().any(|part| place.contains(part)));
    all
}

#[test]
fn no_count_of_any_night_and_no_difference_of_two_speaks_of_fewer_than_three() {
    let portal = Portal::start(site());
    let operator = portal.sign_in("operator");
    // Whoever comes, comes by a return alone: the directory, and so what may be known of everybody, stays.
    let nights = [
        usual(1..=12),
        usual(1..=13),
        usual((1..=11).chain([13])),
        usual(1..=18).into_iter().chain([(14, ["-6000", "600", "9000", "3000", "—"])]).collect(),
        usual(1..=17),
        usual(1..=12),
    ];
    let mut told: Vec<BTreeMap<String, i64>> = Vec::new();
    for returns in &nights {
        let run = night(&portal.site, returns);
        let counts = counts(&portal.site, &operator, &run);
        for (earlier, before) in told.iter().enumerate() {
            let few = counts.iter().filter_map(|(place, now)| Some((place, *before.get(place)?, *now)));
            let few: Vec<_> = few.filter(|(_, before, now)| (1..3).contains(&(before - now).abs())).collect();
            assert!(few.is_empty(), "nights {earlier} and {}: {few:?}", told.len());
        }
        told.push(counts);
        if told.len() == 2 {
            let replayed = portal.site.huichi(&["replay", &run]);
            assert!(replayed.status.success(), "what is held back beside earlier nights is held back again: {}", text(&replayed.stdout));
        }
    }
    // It is not that nothing is told: where three differ the number is another, and where nobody does it is the same.
    let records = |night: usize| told[night].iter().find(|(place, _)| place.ends_with("/overview/bureaus/统计局/records")).map(|(_, n)| *n);
    assert_eq!([0, 1, 2, 3, 4, 5].map(records), [Some(12), None, Some(12), Some(18), None, Some(12)]);
}

#[test]
fn what_is_to_be_corrected_in_figures_is_no_news_for_the_operator() {
    let portal = Portal::start(site());
    let clerk = portal.sign_in("statistics");
    let calendar = |visitor: &Visitor| -> Value { serde_json::from_str(&visitor.page("/api/v1/calendar")).expect("JSON") };
    let year = calendar(&clerk)["year"].as_i64().expect("a year");
    let returns = table(year - 1, std::iter::once((&9, &["-6000", "600", "9000", "3000", "10"])));
    let file = "name=\"files\"; filename=\"return.csv\"\r\nContent-Type: application/octet-stream";
    let form = multipart(&[("name=\"csrf\"", clerk.csrf.as_bytes()), (file, returns.as_bytes())]);
    assert_eq!(clerk.ask("POST", "/uploads", MULTIPART, &form).status, 303);
    let standing = |visitor: &Visitor| {
        let due = calendar(visitor)["entries"].as_array().expect("entries").clone();
        due.into_iter().find(|d| d["bureau"] == "统计局" && d["period"] == year - 1).map(|d| d["standing"].clone())
    };
    until(60, "its check", || (standing(&clerk) == Some("needs_correction".into())).then_some(()));
    assert_eq!(standing(&portal.sign_in("leader")), Some("needs_correction".into()));
    assert_eq!(standing(&portal.sign_in("operator")), Some("received".into()), "it came, and what is in it is not the operator's");
}
