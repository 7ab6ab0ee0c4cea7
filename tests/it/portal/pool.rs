//! The pool in the browser: editions, the way back to cells, changes between runs, and all that the sample plants.

use super::{Portal, QUIET, Visitor};
use crate::util::{Row, Site, code, small_with};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A demo for the tests that only read; it goes with the last of them.
fn demo() -> Arc<Portal> {
    static SHARED: Mutex<Weak<Portal>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let portal = Arc::new(Portal::demo());
        *shared = Arc::downgrade(&portal);
        portal
    })
}

/// The address of an enterprise's page, as the table links it.
fn address(visitor: &Visitor, code: &str) -> String {
    let page = visitor.page(&format!("/pool?q={code}"));
    let from = page.find("href=\"/pool/").into_iter().chain(page.match_indices("<th scope=\"row\"><a href=\"").map(|(i, _)| i)).last();
    let rest = &page[from.expect("a row")..];
    rest.split("href=\"").nth(1).expect("a link").split('"').next().expect("an address").to_owned()
}

/// An amount in yuan as the pages show it.
fn shown(yuan: &str) -> String {
    let amount: rust_decimal::Decimal = yuan.parse().expect("a decimal");
    let text = format!("{:.2}", (amount / rust_decimal::Decimal::from(10_000)).round_dp(2));
    let (whole, rest) = text.split_once('.').expect("two places");
    let digits: Vec<char> = whole.trim_start_matches('-').chars().collect();
    let threes: Vec<String> = digits.rchunks(3).rev().map(|c| c.iter().collect()).collect();
    format!("{}{}.{rest}", if text.starts_with('-') { "-" } else { "" }, threes.join(","))
}

fn find(rows: &[Row], consented: &str) -> Row {
    let fits = |r: &&Row| r["consented"] == consented && r["revenue_2025"].len() > 7 && r["verdict_revenue_stated"] == "met";
    rows.iter().find(fits).expect("such an enterprise").clone()
}

#[test]
fn each_role_sees_its_edition_and_no_other() {
    let portal = demo();
    let leader = portal.sign_in("leader");
    let rows = portal.site.table("enterprises");
    let (silent, consenting) = (find(&rows, "false"), find(&rows, "true"));
    let operator = portal.sign_in("operator");
    let page = address(&operator, &silent["uscc"]);
    let figure = shown(&silent["revenue_2025"]);

    for closed in [&leader, &portal.sign_in("auditor")] {
        assert!(closed.page(&page).contains(&figure));
        let source = closed.page(&format!("{page}/source?field=revenue_2025"));
        assert!(source.contains("class=\"hit\"") && source.contains(&silent["uscc"]) && source.contains(&figure));
        let others = rows.iter().filter(|r| r["uscc"] != silent["uscc"] && !r["uscc"].is_empty());
        assert!(others.into_iter().all(|r| !source.contains(&r["uscc"])), "no other enterprise's row is shown");
    }
    for masked in [&operator, &portal.sign_in("member")] {
        let body = masked.page(&page);
        assert!(body.contains("授权后可见") && !body.contains(&figure) && !body.contains(&silent["revenue_2025"]));
        assert!(!masked.page(&format!("/pool?q={}", silent["uscc"])).contains(&figure));
        for field in ["revenue_2025", "revenue_last", "profit_margin", "total_assets", "total_assets_2024", "figure_revenue_stated"] {
            assert_eq!(masked.get(&format!("{page}/source?field={field}")).status, 404, "{field}");
        }
        let theirs = address(masked, &consenting["uscc"]);
        assert!(masked.page(&theirs).contains(&shown(&consenting["revenue_2025"])));
        assert_eq!(masked.get(&format!("{theirs}/source?field=revenue_2025")).status, 200);
    }
    let closed = |r: &&Row| r["consented"] == "false" && !r["uscc"].is_empty();
    let findings = portal.site.table("findings");
    let of_statistics = findings.iter().filter(|f| f["bureau"] == "统计局");
    let mut owned = of_statistics.filter_map(|f| Some((f, rows.iter().filter(closed).find(|r| r["enterprise"] == f["enterprise"])?)));
    let (finding, owner) = owned.next().expect("a finding beside an enterprise without consent");
    let (its, row) = (address(&operator, &owner["uscc"]), format!("<td class=\"code\">{}</td>", finding["code"]));
    assert!(leader.page(&its).contains(&row) && !operator.page(&its).contains(&row), "{finding:?}");
    for outsider in ["statistics", "administrator"] {
        let outsider = portal.sign_in(outsider);
        for path in ["/pool", "/pool/changes", page.as_str(), &format!("{page}/source?field=name")] {
            assert_eq!(outsider.get(path).status, 403, "{path}");
        }
    }
    assert_eq!(leader.get("/pool/0123456789abcdef0123").status, 404);
    let ledger = rusqlite::Connection::open(portal.site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let noted = |action: &str| -> i64 {
        let sql = "SELECT count(*) FROM audit WHERE action = ?1 AND object = ?2";
        ledger.query_row(sql, [action, &silent["uscc"]], |row| row.get(0)).expect("a count")
    };
    assert_eq!((noted("view_enterprise"), noted("view_source")), (4, 2));
}

#[test]
fn no_file_of_statistics_is_told_by_name_or_count_to_those_who_see_the_operators_edition() {
    let portal = demo();
    let latest = std::fs::canonicalize(portal.site.path("outputs/latest")).expect("a run");
    let run = latest.file_name().and_then(|n| n.to_str()).expect("its name");
    let pages = ["/quality/F7".to_owned(), "/api/v1/quality/F7".to_owned(), format!("/runs/{run}"), format!("/api/v1/runs/{run}")];
    for (who, named) in [("leader", true), ("auditor", true), ("operator", false), ("member", false)] {
        let visitor = portal.sign_in(who);
        for page in &pages {
            let told = visitor.page(page);
            assert!(told.contains("统计局"), "{who} {page}: the bureau is told");
            assert_eq!(told.contains("统计局/"), named, "{who} {page}: {told}");
        }
    }
}

/// Two enterprises without consent with a return each; the first states a revenue that cannot be.
fn two() -> Site {
    let site = super::site("[criterion.patent_free]\ndisabled = true\n");
    let name = |i: u32| format!("{},龙南市第{i}有限公司", code(i));
    site.input(
        "工信局/名录.csv",
        format!("统一社会信用代码,企业名称,专精特新等级\n{},专精特新中小企业\n{},专精特新中小企业\n", name(1), name(2)),
    );
    let head = "经营情况（2023年）单位：万元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n";
    site.input("统计局/2023.csv", format!("{head}{},-5,1\n{},20,1\n", name(1), name(2)));
    site.run();
    site
}

#[test]
fn totals_that_rest_on_fewer_than_three_enterprises_are_held_back_from_the_operator() {
    let portal = Portal::start(two());
    let latest = std::fs::canonicalize(portal.site.path("outputs/latest")).expect("a run");
    let run = latest.file_name().and_then(|n| n.to_str()).expect("its name");
    for (who, closed) in [("leader", true), ("auditor", true), ("operator", false), ("member", false)] {
        let visitor = portal.sign_in(who);
        let json = |page: &str| -> Value { serde_json::from_str(&visitor.page(page)).expect("JSON") };
        let quality = json("/api/v1/quality");
        let by = |list: &str, key: &str, id: &str| -> Value {
            let lines = quality["overview"][list].as_array().expect("lines");
            lines.iter().find(|l| l[key] == id).cloned().expect("a line")
        };
        let told = |number: u64| if closed { json!(number) } else { Value::Null };
        // What is found depends on figures, and is no finding for whoever may not see them.
        let found = |number: u64| json!(if closed { number } else { 0 });
        let bureau = by("bureaus", "bureau", "统计局");
        assert_eq!((&bureau["records"], &bureau["found"]["error"]), (&told(2), &found(1)), "{who}: {bureau}");
        assert_eq!(by("bureaus", "bureau", "工信局")["records"], 2, "{who}: what is no statistics is told");
        assert_eq!(quality["overview"]["all"]["records"], told(4), "{who}: no sum tells it");
        let form = by("forms", "dataset", "returns");
        assert_eq!((&form["records"], &form["found"]["error"]), (&told(2), &found(1)), "{who}: {form}");
        let origins = quality["overview"]["origins"].as_array().expect("origins");
        let origin = origins.iter().find(|o| o["bureau"] == "统计局").expect("an origin");
        assert_eq!((&origin["came"], origin["places"].as_array().is_some_and(|p| p.iter().any(Value::is_null))), (&told(2), !closed));
        let edit = by("edits", "code", "F7");
        assert_eq!((&edit["findings"], &edit["held_back"]), (&found(1), &json!(!closed)), "{who}: {edit}");
        assert_eq!(edit["outcomes"].is_null(), !closed, "{who}: {edit}");
        let moment = &quality["trend"][0];
        assert_eq!((&moment["records"], &moment["found"]["error"]), (&told(4), &found(1)), "{who}: {moment}");
        let one = json("/api/v1/quality/F7");
        assert_eq!((&one["findings"], &one["trend"][0]["findings"]), (&found(1), &found(1)), "{who}: {one}");
        assert_eq!(one["outcomes"].is_null(), !closed);
        assert_eq!(one["files"][0]["counts"].is_null(), !closed, "{who}: {one}");
        let ran = json(&format!("/api/v1/runs/{run}"));
        let returns = ran["accounts"].as_array().expect("accounts").iter().find(|a| a["dataset"] == "returns").expect("returns");
        assert_eq!((&returns["total"], &ran["summary"]["findings"]["error"]), (&told(2), &found(1)), "{who}: {ran}");
        assert_eq!(json("/api/v1/runs")["runs"][0]["summary"]["findings"]["error"], found(1));
        for page in ["/quality", &format!("/runs/{run}")] {
            assert_eq!(visitor.page(page).contains("不足 3 家"), !closed, "{who} {page}");
        }
        assert_eq!(visitor.page("/quality/F7").contains("不予显示"), !closed, "{who}");
    }
}

#[test]
fn findings_of_statistics_without_consent_are_in_no_count_of_the_operators() {
    let portal = demo();
    let consented: BTreeSet<String> =
        portal.site.table("enterprises").into_iter().filter(|r| r["consented"] == "true").map(|r| r["enterprise"].clone()).collect();
    // By severity and code: all findings, and those that speak of nobody whose statistics are closed.
    let mut found: BTreeMap<String, BTreeMap<String, [u64; 2]>> = BTreeMap::new();
    for row in portal.site.table("findings") {
        let named = !row["enterprise"].is_empty() && !consented.contains(&row["enterprise"]);
        let closed = row["statistics"] == "true" && (named || row["code"] == "LNK-001");
        assert!(!closed || !row["rests_on"].is_empty(), "{row:?}");
        let own = found.entry(row["severity"].clone()).or_default().entry(row["code"].clone()).or_default();
        own[0] += 1;
        own[1] += u64::from(row["rests_on"].is_empty());
    }
    for (who, edition) in [("leader", 0), ("operator", 1)] {
        let quality: Value = serde_json::from_str(&portal.sign_in(who).page("/api/v1/quality")).expect("JSON");
        let lines = quality["overview"]["edits"].as_array().expect("edits");
        for (severity, codes) in &found {
            for (code, numbers) in codes {
                let line = lines.iter().find(|l| l["code"] == code.as_str());
                assert_eq!(line.map_or(0, |l| l["findings"].as_u64().expect("a number")), numbers[edition], "{who} {code}");
            }
            let sum: u64 = codes.values().map(|numbers| numbers[edition]).sum();
            assert_eq!(quality["overview"]["all"]["found"][severity], sum, "{who} {severity}");
            assert_eq!(quality["trend"][0]["found"][severity], sum, "{who} {severity}");
        }
    }
    let sums = [0, 1].map(|edition| found.values().flat_map(BTreeMap::values).map(|numbers| numbers[edition]).sum::<u64>());
    assert!(sums[1] > 0 && sums[1] < sums[0], "the sample has findings of both kinds: {sums:?}");
}

#[test]
fn every_figure_of_a_page_leads_to_its_cell() {
    let portal = demo();
    let rows = portal.site.table("enterprises");
    let leader = portal.sign_in("leader");
    let row = find(&rows, "true");
    let page = address(&leader, &row["uscc"]);
    let body = leader.page(&page);
    let links: Vec<String> =
        body.split("href=\"").skip(1).filter_map(|l| l.split('"').next()).filter(|l| l.contains("/source?")).map(str::to_owned).collect();
    assert!(links.len() > 20, "{} links", links.len());
    for link in links {
        let link = link.replace("&#38;", "&").replace("&amp;", "&");
        assert!(leader.page(&link).contains("class=\"hit\""), "{link}");
    }
}

#[test]
fn what_changed_is_told_with_the_run_before() {
    let portal = Portal::start(small_with(QUIET));
    portal.site.run();
    let operator = portal.sign_in("operator");
    assert!(operator.page("/pool/changes").contains("没有更早一次合并"));
    let needs = portal.site.path("inputs/工信局/融资需求.csv");
    let list = std::fs::read_to_string(&needs).expect("the needs");
    let row = portal.site.table("needs").swap_remove(0);
    let line = list.lines().nth(1).expect("a record");
    let changed = line.replacen(&format!(",{},", row["need_amount_raw"]), ",1234.56,", 1);
    assert_ne!(line, changed);
    std::fs::write(&needs, list.replacen(line, &changed, 1)).expect("written");
    portal.site.run();
    let page = operator.page("/pool/changes");
    assert!(page.contains("变动的数值（1 项）") && page.contains("1,234.56") && page.contains(&shown(&row["need_amount"])), "{page}");
    assert!(operator.page(&format!("/pool?q={}", row["uscc"])).contains("1,234.56"), "the table shows the new run at once");
}

/// What the sample's list of faults names is found in its row; the kinds that ask for no finding are told apart.
#[test]
fn the_faults_planted_in_the_sample_are_found_where_they_stand() {
    let portal = demo();
    let site = &portal.site;
    let row = |cell: &str| cell.split(':').next().unwrap_or_default().trim_start_matches(char::is_alphabetic).to_owned();
    let found: BTreeSet<(String, String)> = site.table("findings").iter().map(|r| (r["file"].clone(), row(&r["cell"]))).collect();
    let list = std::fs::read_to_string(site.path("inputs/README.md")).expect("the list");
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut planted = 0;
    for line in list.lines().filter(|l| l.starts_with("| ") && l.chars().nth(2).is_some_and(|c| c.is_ascii_digit())) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, file, _, cell, kind, ..] = cells.as_slice() else { panic!("{line}") };
        planted += 1;
        if !found.contains(&((*file).to_owned(), row(cell))) {
            missed.entry((*kind).to_owned()).or_default().push(format!("{file} {cell}"));
        }
    }
    assert!(planted > 80, "{planted} faults are listed");
    insta::assert_debug_snapshot!("faults_without_a_finding_in_their_row", missed);
}
