//! The application and issue stages: opinions come in as forms and change the list, and the plan's milestones follow from what came.

use crate::util::{Site, code, text};
use serde_json::Value;

const SETTINGS: &str = r#"
packs = ["issuance"]
[screen]
sets = []
[issue]
scale = "1000万元"
lot = "100万元"
[phase.application]
from = "2026-06-01"
until = "2026-06-20"
[phase.issue]
from = "2026-07-01"
until = "2026-07-31"
[milestone.agencies]
done_on = "2026-06-03"
[milestone.tender]
disabled = true
"#;

fn site(settings: &str) -> Site {
    let site = Site::new("2026-06-30", &format!("{SETTINGS}{settings}"));
    let key = |i: u32| format!("{},龙南市第{i}有限公司", code(i));
    let rows = |of: &dyn Fn(u32) -> String| (1..=4).map(|i| format!("{},{}\n", key(i), of(i))).collect::<String>();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{}", rows(&|_| "专精特新中小企业".into())));
    let needs = rows(&|i| format!("{},是,2026-05-01", 300 + 100 * i));
    site.input("工信局/需求.csv", format!("统一社会信用代码,企业名称,融资需求（万元）,数据使用授权,授权日期\n{needs}"));
    site
}

fn table(head: &str, rows: &[(u32, &str)]) -> String {
    let rows = rows.iter().map(|(i, cells)| format!("{},龙南市第{i}有限公司,{cells}\n", code(*i)));
    format!("统一社会信用代码,企业名称,{head}\n{}", rows.collect::<String>())
}

fn list(site: &Site) -> Value {
    let output = site.huichi(&["list", "--format", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["list"].clone()
}

/// Standing, amount and awaited opinions of an enterprise.
fn of(list: &Value, i: u32) -> (String, Option<String>, Vec<String>) {
    let all = list["listed"].as_array().expect("enterprises");
    let one = all.iter().find(|l| l["enterprise"] == code(i)).unwrap_or_else(|| panic!("{i} is nowhere: {list}"));
    let pending = one["pending"].as_array().expect("criteria").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    (one["standing"].as_str().expect("a standing").to_owned(), one["amount"].as_str().map(str::to_owned), pending)
}

fn milestone(site: &Site, id: &str) -> Value {
    let output = site.huichi(&["milestones", "--format", "json"]);
    let phases: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let all = phases["phases"].as_array().expect("phases").iter().flat_map(|phase| phase["milestones"].as_array().expect("milestones"));
    all.into_iter().find(|m| m["id"] == id).cloned().unwrap_or_else(|| panic!("no {id}: {phases}"))
}

#[test]
fn opinions_bound_amounts_and_keep_the_refused_off_the_list() {
    let site = site("");
    site.run();
    // Before any opinion all four may be chosen, and each row says what it waits for.
    let before = list(&site);
    assert_eq!(before["total"], "10000000");
    assert!(of(&before, 1).2.len() == 4, "{before}");
    assert_eq!(milestone(&site, "guarantees")["state"], "late", "the phase ended on 20 June");
    let chosen = before["listed"].as_array().expect("enterprises").iter().filter(|l| l["standing"] == "chosen").count();
    assert_eq!(milestone(&site, "guarantees")["missing"].as_array().map(Vec::len), Some(chosen));

    site.input("服务机构/担保.csv", table("是否同意担保,可担保金额（万元）", &[(1, "是,200"), (2, "是,900"), (3, "否,"), (4, "是,700")]));
    site.input("服务机构/评估.csv", table("预评估价值（万元）", &[(1, "800"), (2, "400"), (3, "900"), (4, "650")]));
    site.input("服务机构/法律.csv", table("有无法律障碍", &[(1, "无障碍"), (2, "整改后无障碍"), (3, "无障碍"), (4, "有障碍")]));
    site.input("服务机构/评级.csv", table("信用等级", &[(1, "A"), (2, "BBB-"), (3, "AA"), (4, "AA")]));
    site.run();
    let after = list(&site);
    // The guarantor bounds the first, the appraiser the second; the third is not guaranteed, the fourth has a legal obstacle.
    assert_eq!(of(&after, 1), ("chosen".into(), Some("2000000".into()), vec![]));
    assert_eq!(of(&after, 2), ("chosen".into(), Some("4000000".into()), vec![]));
    assert_eq!((of(&after, 3).0, of(&after, 4).0), ("excluded".to_owned(), "excluded".to_owned()));
    assert_eq!(after["total"], "6000000");
    let told = text(&site.huichi(&["explain", &code(4)]).stdout);
    assert!(told.contains("法律尽调无障碍") && told.contains("服务机构/法律.csv"), "{told}");
    assert_eq!(
        (milestone(&site, "guarantees")["state"].as_str(), milestone(&site, "legal_opinions")["reached"].as_u64()),
        (Some("done"), Some(2))
    );
    assert_eq!(milestone(&site, "scale")["state"], "open", "its phase has no days");
    assert_eq!(milestone(&site, "agencies")["state"], "done");
    assert_eq!(milestone(&site, "loans")["state"], "ahead");

    // Two persons waive the obstacle: the list takes the fourth in.
    for (name, role) in [("zhang", "operator"), ("wang", "leader")] {
        assert!(site.huichi(&["user", "add", name, "--role", role]).status.success());
    }
    let asked = ["waive", "ask", &code(4), "legally_clear", "--reason", "已达成和解", "--until", "2026-12-31", "--by", "zhang"];
    assert!(site.huichi(&asked).status.success());
    assert!(site.huichi(&["waive", "grant", "1", "--by", "wang"]).status.success());
    site.run();
    let waived = list(&site);
    assert_eq!((of(&waived, 4).0.as_str(), waived["total"].as_str()), ("chosen", Some("10000000")));
    assert_eq!(milestone(&site, "scale")["state"], "done");
}

#[test]
fn where_nothing_may_be_awaited_only_complete_opinions_are_chosen() {
    let site = site("[milestone.mine]\nphase = \"issue\"\nname = \"签约\"\n");
    let settings = std::fs::read_to_string(site.path("pipeline.toml")).expect("settings").replace("lot = ", "pending = false\nlot = ");
    std::fs::write(site.path("pipeline.toml"), settings).expect("settings");
    site.input("服务机构/担保.csv", table("是否同意担保,可担保金额（万元）", &[(1, "是,400"), (2, "是,500")]));
    site.input("服务机构/评估.csv", table("预评估价值（万元）", &[(1, "800"), (2, "400")]));
    site.input("服务机构/法律.csv", table("有无法律障碍", &[(1, "无"), (2, "无障碍")]));
    site.input("服务机构/评级.csv", table("信用等级", &[(1, "A")]));
    site.run();
    let list = list(&site);
    assert_eq!((of(&list, 1).0.as_str(), of(&list, 2).0.as_str()), ("chosen", "excluded"), "the second has no rating yet");
    assert_eq!(milestone(&site, "mine")["shown_by"], "stated");
}

#[test]
fn a_plan_that_cannot_be_followed_is_told_before_a_run() {
    let site = Site::new(
        "2026-06-30",
        r#"packs = ["issuance", "other"]
[phase.issue]
from = "2026-07-31"
until = "2026-07-01"
[milestone.loans]
pool = true
[milestone.figures]
from = "list"
[milestone.mine]
phase = "later"
forms = ["nothing"]
"#,
    );
    let told = text(&site.huichi(&["check"]).stderr);
    for path in [
        "run.packs[1]",
        "phase.issue.until",
        "milestone.loans.pool",
        "milestone.figures.forms[0]",
        "milestone.mine.phase",
        "milestone.mine.name",
        "milestone.mine.forms[0]",
    ] {
        assert!(told.contains(path), "{path}\n{told}");
    }
}
