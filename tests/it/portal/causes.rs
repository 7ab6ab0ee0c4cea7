//! Causes on the page of changes: what uploads and decisions did, and nothing of figures that an edition does not show.

use super::versions::{Clerk, UNIT, returns};
use super::{Portal, QUIET, Visitor};
use crate::util::{Site, code, directory, text};
use serde_json::Value;

fn changes(visitor: &Visitor) -> Value {
    serde_json::from_str(&visitor.page("/api/v1/pool/changes")).expect("JSON")
}

/// By the end of the name, the kinds of the causes of a column that changed.
fn of_column(changes: &Value, label: &str) -> Vec<String> {
    let listed = changes["figures"]["listed"].as_array().expect("figures").iter().filter(|figure| figure["label"] == label);
    let kinds = |figure: &Value| {
        let kinds: Vec<&str> = figure["causes"].as_array().expect("causes").iter().filter_map(|cause| cause["kind"].as_str()).collect();
        format!("{} {}", figure["name"].as_str().unwrap_or_default(), kinds.join(", "))
    };
    listed.map(kinds).collect()
}

#[test]
fn an_upload_that_corrects_and_a_decision_on_it_are_causes_and_the_sender_is_told() {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(4));
    let portal = Portal::start(site);
    let (clerk, leader) = (Clerk(portal.sign_in("statistics")), portal.sign_in("leader"));
    let (first, _) = clerk.send("年报.csv", &returns(&[(1, 10_000), (2, 20_000), (3, 30_000), (4, 40_000)], UNIT));
    portal.site.run();
    let (second, _) = clerk.send("部分.csv", &returns(&[(1, 11_000), (2, 21_000)], UNIT));
    portal.site.run();
    let told = of_column(&changes(&leader), "2023年营业收入");
    assert_eq!(told, ["龙南市第1有限公司 correction", "龙南市第2有限公司 correction"]);
    let output = portal.site.huichi(&["explain", &code(1), "revenue_2023", "--format", "json"]);
    let way: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sent = &way["values"][0]["way"]["cells"][0]["upload"];
    assert_eq!((&sent["number"], &sent["account"]), (&2.into(), &"statistics".into()), "{way:#}");
    let told = text(&portal.site.huichi(&["explain", &code(1), "revenue_2023"]).stdout);
    assert!(told.contains("第 2 号报送，statistics 于 "), "{told}");
    // The clerk says that the part replaces the whole: what only the whole states is gone.
    assert_eq!(clerk.choose(&second, &first, "replace"), 303);
    portal.site.run();
    let told = of_column(&changes(&leader), "2023年营业收入");
    assert_eq!(told, ["龙南市第3有限公司 decision", "龙南市第4有限公司 decision"]);
    assert!(leader.page("/pool/changes").contains("后者替换前者"));
    let told = text(&portal.site.huichi(&["explain", &code(1), "revenue_2023"]).stdout);
    assert!(told.contains("决定：与先收到的 统计局/第1号_年报.csv，后者替换前者（statistics "), "{told}");
}

/// A criterion of statistics alone, so that what makes it judge otherwise tells of a figure.
const REVENUE: &str =
    "[screen]\nsets = []\n[criterion.revenue]\nname = \"上年营业收入\"\nfigure = \"revenue_last\"\nat_least = \"2000万元\"\n";

#[test]
fn no_cause_tells_of_figures_that_an_edition_does_not_show() {
    let site = Site::new("2024-06-30", &format!("{QUIET}{REVENUE}"));
    let row = |i: u32| format!("{},龙南市第{i}有限公司,专精特新中小企业,{}\n", code(i), if i == 1 { "是" } else { "否" });
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级,数据使用授权\n{}{}", row(1), row(2)));
    site.input("统计局/2023.csv", returns(&[(1, 50_000), (2, 50_000)], UNIT));
    site.run();
    site.input("统计局/2023.csv", returns(&[(1, 10_000), (2, 10_000)], UNIT));
    site.run();
    let portal = Portal::start(site);
    let left = |visitor: &Visitor| -> Vec<String> {
        let changes = changes(visitor);
        let of = |moved: &Value| {
            moved["causes"].as_array().expect("causes").iter().map(|c| c["words"].as_str().expect("words").to_owned()).collect()
        };
        changes["left"]["listed"].as_array().expect("a list").iter().map(of).map(|words: Vec<String>| words.join("；")).collect()
    };
    let corrected = |i: u32| format!("更正：统计局/2023.csv[2023]C{}（原采用 统计局/2023.csv[2023]C{}）", i + 3, i + 3);
    assert_eq!(left(&portal.sign_in("leader")), [corrected(1), corrected(2)]);
    let operator = portal.sign_in("operator");
    assert_eq!(left(&operator), [corrected(1), "涉及未授权的统计数据，运营版不列原因".to_owned()]);
    let page = operator.page("/pool/changes");
    assert!(page.contains("C4") && !page.contains("C5"), "{page}");
}
