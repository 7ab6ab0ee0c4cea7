//! The proposed list, what-ifs and waivers in the browser: who may see and do what.

use super::{Portal, Visitor, between, escaped, told};
use crate::util::Row;
use serde_json::{Value, json};

#[test]
fn the_list_is_everybodys_and_what_ifs_are_for_the_closed_circle() {
    let portal = Portal::demo();
    let (leader, operator) = (portal.sign_in("leader"), portal.sign_in("operator"));
    for sees in [&leader, &operator, &portal.sign_in("member"), &portal.sign_in("auditor")] {
        let page = sees.page("/pool/list");
        assert!(page.contains("拟发行资产清单") && page.contains("入选") && page.contains("备选") && page.contains("发行规模"));
    }
    assert!(leader.page("/pool").contains("/pool/whatif") && !operator.page("/pool").contains("/pool/whatif"));
    for closed in [&operator, &portal.sign_in("member"), &portal.sign_in("statistics")] {
        assert_eq!(closed.get("/pool/whatif?set=title_valid%3Doff").status, 403);
    }
    assert_eq!(portal.stranger().get("/pool/list").status, 303);
    let before = portal.site.table("enterprises");
    let tried = leader.page("/pool/whatif?set=title_valid%3Doff%0Aissue.scale%3D5000%E4%B8%87%E5%85%83");
    assert!(tried.contains("入池 67 家变为 161 家") && tried.contains("5,000 万元"), "{}", between(&tried, "<p class=\"lead\">", "</p>"));
    assert_eq!(portal.site.table("enterprises"), before, "nothing is kept");
    let wrong = leader.get("/pool/whatif?set=nobody%3D3");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("nobody=3"));
    assert!(portal.sign_in("auditor").page("/audit?action=whatif").contains("title_valid=off; issue.scale=5000万元"));
}

/// Status and JSON of an answer.
fn read(visitor: &Visitor, path: &str) -> (u16, Value) {
    let answer = visitor.get(path);
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

/// A program with a token of its role.
fn program(portal: &Portal, role: &str) -> Visitor {
    let added = told(&portal.site, &["token", "add", role, "--role", role]);
    portal.program(added["secret"].as_str().expect("a token"))
}

#[test]
fn programs_read_the_list_that_the_run_published() {
    let portal = Portal::demo();
    let [operator, leader] = ["operator", "leader"].map(|role| program(&portal, role));
    let (status, proposed) = read(&operator, "/api/v1/pool/list");
    assert_eq!((status, &proposed["as_of"]), (200, &json!("2026-06-30")), "{proposed}");
    assert_eq!(read(&leader, "/api/v1/pool/list").1, proposed, "the list is the same for all");
    let list = &proposed["list"];
    let exact = |value: &Value| value["exact"].as_str().unwrap_or_default().to_owned();
    let published: Vec<Row> =
        portal.site.table("list").into_iter().filter(|row| ["chosen", "reserve"].contains(&row["standing"].as_str())).collect();
    let of_run = |row: &Row| {
        ["uscc", "name", "standing", "amount_yuan", "need_yuan", "score", "cost_total_yuan"].map(|column| match column {
            "uscc" => row["enterprise"].clone(),
            column => row[column].clone(),
        })
    };
    let of_answer = |listed: &Value| {
        let text = |name: &str| listed[name].as_str().unwrap_or_default().to_owned();
        let [standing, amount, need, score] = ["standing", "amount", "need", "score"].map(|name| exact(&listed[name]));
        [text("uscc"), text("name"), standing, amount, need, score, exact(&listed["cost"]["total"])]
    };
    let enterprises = list["enterprises"].as_array().expect("enterprises");
    assert_eq!(enterprises.iter().map(of_answer).collect::<Vec<_>>(), published.iter().map(of_run).collect::<Vec<_>>());
    let amounts = enterprises.iter().filter_map(|listed| listed["amount"]["exact"].as_str());
    let sum: u64 = amounts.map(|amount| amount.parse::<u64>().expect("whole yuan")).sum();
    assert_eq!(exact(&list["total"]), sum.to_string(), "decimals are texts");
    let flag = |value: &Value| value.as_bool().map(|flag| flag.to_string()).unwrap_or_default();
    let terms = list["terms"].as_array().expect("terms").iter();
    let terms = terms.map(|term| {
        let id = term["id"].as_str().unwrap_or_default().to_owned();
        [id, exact(&term["limit"]), exact(&term["reached"]), flag(&term["tight"]), flag(&term["binding"])]
    });
    let of_run = |row: Row| ["term", "limit", "reached", "tight", "binding"].map(|column| row[column].clone());
    assert_eq!(terms.collect::<Vec<_>>(), portal.site.table("terms").into_iter().map(of_run).collect::<Vec<_>>());
    let proven = ["optimal", "best_value", "gap", "infeasible", "too_large"];
    assert!(proven.contains(&list["proof"]["id"].as_str().unwrap_or_default()), "{}", list["proof"]);
    let (_, log) = read(&program(&portal, "auditor"), "/api/v1/audit?action=view_list");
    assert_eq!((&log["total"], &log["entries"][0]["object"]), (&json!(2), &proposed["run"]), "{log}");
}

#[test]
fn programs_of_the_closed_circle_alone_try_changes_and_are_noted() {
    let portal = Portal::demo();
    let [leader, auditor] = ["leader", "auditor"].map(|role| program(&portal, role));
    let changes = escaped("title_valid=off\nissue.scale=5000万元");
    for outside in [program(&portal, "operator"), program(&portal, "member"), portal.sign_in("statistics")] {
        let (status, problem) = read(&outside, &format!("/api/v1/pool/whatif?set={changes}"));
        assert_eq!((status, &problem["error"]), (403, &json!("forbidden")));
    }
    assert_eq!(read(&portal.stranger(), "/api/v1/pool/whatif").0, 401);
    let before = portal.site.table("enterprises");
    let (status, tried) = read(&leader, &format!("/api/v1/pool/whatif?set={changes}"));
    assert_eq!((status, &tried["pooled"]), (200, &json!([67, 161])), "{tried}");
    let [entered, left] = ["entered", "left"].map(|moved| tried[moved].as_array().expect("enterprises").len());
    assert_eq!((entered, left), (94, 0));
    assert!(tried["entered"][0]["reasons"][0].is_string() && tried["funnel"][0]["remaining"][1].is_u64());
    let scale = |list: &Value| {
        let term = list["terms"].as_array().expect("terms").iter().find(|term| term["id"] == "scale").cloned();
        term.expect("the scale")["limit"]["exact"].clone()
    };
    assert_eq!([scale(&tried["before"]), scale(&tried["after"])], ["100000000", "50000000"].map(|yuan| json!(yuan)));
    assert_eq!(tried["before"], read(&leader, "/api/v1/pool/list").1["list"], "before is the list of the run");
    assert_eq!(portal.site.table("enterprises"), before, "nothing is kept");
    for (set, error, told) in
        [("nobody=3", "change", "nobody=3"), ("patent_free", "change", "patent_free"), (&"x\n".repeat(21), "changes", "20")]
    {
        let (status, problem) = read(&leader, &format!("/api/v1/pool/whatif?set={}", escaped(set)));
        assert_eq!((status, &problem["error"]), (422, &json!(error)), "{problem}");
        assert!(problem["message"].as_str().is_some_and(|message| message.contains(told)), "{problem}");
    }
    assert!(read(&leader, "/api/v1/pool/whatif?set=nobody%3D3").1["message"].as_str().is_some_and(|m| m.contains("patent_free")));
    portal.sign_in("leader").page(&format!("/pool/whatif?set={changes}"));
    let (_, log) = read(&auditor, "/api/v1/audit?action=whatif");
    let noted = |entry: &Value| ["action", "object", "detail"].map(|fact| entry[fact].clone());
    let [page, api] = [0, 1].map(|entry| noted(&log["entries"][entry]));
    assert_eq!((&log["total"], &page), (&json!(2), &api), "page and API are noted alike: {log}");
    assert_eq!((&api[1], &api[2]), (&tried["run"], &json!("title_valid=off; issue.scale=5000万元")));
}

#[test]
fn a_waiver_is_asked_by_one_and_granted_by_another() {
    let portal = Portal::demo();
    let (leader, operator) = (portal.sign_in("leader"), portal.sign_in("operator"));
    let table = operator.page("/pool?conclusion=not_pooled");
    let id = between(&table, "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
    assert!(operator.page(&format!("/pool/{id}")).contains(&format!("/pool/waivers?enterprise={id}")));
    assert!(operator.page(&format!("/pool/waivers?enterprise={id}")).contains("申请豁免"));
    let wish = |criterion: &'static str, until: &'static str| {
        [
            ("enterprise", id.clone()),
            ("criterion", criterion.to_owned()),
            ("until", until.to_owned()),
            ("reason", "专班会议决定".to_owned()),
        ]
    };
    let ask = |visitor: &super::Visitor, fields: &[(&str, String)]| {
        visitor.post("/pool/waivers", &fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).status
    };
    assert_eq!(ask(&operator, &wish("title_valid", "2099-12-31")), 303);
    assert_eq!(ask(&operator, &wish("nobody", "2099-12-31")), 404);
    assert_eq!(ask(&operator, &wish("title_valid", "2099-13-31")), 422);
    assert_eq!(ask(&portal.sign_in("member"), &wish("title_valid", "2099-12-31")), 403);
    assert_eq!(operator.post("/pool/waivers/1/grant", &[]).status, 403, "who asks does not grant");
    assert!(leader.page("/pool/waivers").contains("专班会议决定"));
    assert_eq!(leader.post("/pool/waivers/1/grant", &[]).status, 303);
    assert_eq!(leader.post("/pool/waivers/1/grant", &[]).status, 409);
    assert_eq!(leader.post("/pool/waivers/7/grant", &[]).status, 404);
    // What a leader asks for another leader grants.
    assert_eq!(ask(&leader, &wish("patent_free", "2099-12-31")), 303);
    assert_eq!(leader.post("/pool/waivers/2/grant", &[]).status, 409);
    assert_eq!(leader.post("/pool/waivers/1/withdraw", &[]).status, 303);
    assert!(portal.sign_in("auditor").page("/pool/waivers").contains("已撤销"));
}
