//! The API as programs use it: tokens of the command line, an upload to its verdict, a run to its pool.

use super::{Answer, MULTIPART, Portal, Visitor, escaped, multipart, site, told, until};
use crate::util::{Site, code};
use serde_json::{Value, json};

/// A program with its token, or without any.
struct Program(Visitor);

/// Status and JSON of an answer; a file is a text.
fn read(answer: &Answer) -> (u16, Value) {
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(answer.text())))
}

impl Program {
    /// A program that the command line gave a token.
    fn new(portal: &Portal, label: &str, role: &[&str]) -> Self {
        let added = told(&portal.site, &[&["token", "add", label, "--role"], role].concat());
        Self(portal.program(added["secret"].as_str().expect("a token")))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        read(&self.0.ask(method, path, "application/json", body.as_bytes()))
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "")
    }

    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.ask("POST", path, body)
    }

    fn send(&self, name: &str, content: &str) -> (u16, Value) {
        let head = format!("name=\"file\"; filename=\"{name}\"");
        read(&self.0.ask("POST", "/api/v1/uploads", MULTIPART, &multipart(&[(&head, content.as_bytes())])))
    }

    /// Asks until the answer is as it should be.
    fn until(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        until(60, path, || {
            let (status, answer) = self.get(path);
            assert_eq!(status, 200, "{path}: {answer}");
            done(&answer).then_some(answer)
        })
    }
}

#[test]
fn nobody_is_let_in_and_every_refusal_is_json() {
    let portal = Portal::start(Site::new("2024-06-30", ""));
    let nobody = Program(portal.stranger());
    let clerk = Program::new(&portal, "clerk", &["clerk", "--source", "statistics"]);
    let operator = Program::new(&portal, "operator", &["operator"]);
    let (status, description) = nobody.get("/api/v1/openapi.json");
    assert_eq!((status, description["paths"]["/api/v1/runs"]["post"].is_object()), (200, true));
    let paths = description["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        for method in methods.as_object().expect("methods").keys() {
            let (status, problem) = nobody.ask(&method.to_uppercase(), path, "");
            assert_eq!((status, &problem["error"]), (401, &json!("sign_in")), "{path}");
        }
    }
    for (program, path, wanted, error) in [
        (&clerk, "/api/v1/pool", 403, "forbidden"),
        (&operator, "/api/v1/uploads", 403, "forbidden"),
        (&operator, "/api/v1/audit", 403, "forbidden"),
        (&clerk, "/api/v1/uploads/%FF", 404, "not_found"),
        (&clerk, "/api/v1/nothing", 404, "not_found"),
        (&clerk, "/api/v1/uploads?page=4294967296", 422, "query"),
        (&clerk, "/api/v1/calendar?year=x", 422, "query"),
        (&operator, "/api/v1/pool", 404, "not_found"),
        (&operator, "/api/v1/pool/list", 404, "not_found"),
        (&operator, "/api/v1/pool/whatif", 403, "forbidden"),
        (&clerk, "/api/v1/pool/list", 403, "forbidden"),
    ] {
        let (status, problem) = program.get(path);
        assert_eq!((status, &problem["error"]), (wanted, &json!(error)), "{path}");
    }
    assert_eq!(clerk.post("/api/v1/uploads/x/explanations", "{").0, 422);
    assert_eq!(clerk.post("/api/v1/uploads", "{}").0, 422);
    assert_eq!(operator.post("/api/v1/runs/cancel", "").1["error"], "nothing_runs");
}

#[test]
fn an_upload_goes_to_its_verdict_and_is_no_other_bureaus() {
    let portal = Portal::start(Site::new("2024-06-30", ""));
    let clerk = Program::new(&portal, "clerk", &["clerk", "--source", "statistics"]);
    let other = Program::new(&portal, "other", &["clerk", "--source", "market"]);
    let auditor = Program::new(&portal, "auditor", &["auditor"]);
    let head = "单位：千元,,,,,\n统一社会信用代码,企业名称,营业收入,资产总计,负债合计,所有者权益合计";
    let content = format!("企业经营情况（2023年）,,,,,\n{head}\n{},龙南市甲有限公司,-5,100,60,41\n", code(1));
    let (status, sent) = clerk.send("年报.csv", &content);
    assert_eq!(status, 201, "{sent}");
    let receipt = &sent["uploads"][0];
    assert_eq!((&receipt["number"], &receipt["name"], &receipt["new"]), (&json!(1), &json!("年报.csv"), &json!(true)));
    let path = format!("/api/v1/uploads/{}", receipt["id"].as_str().expect("an id"));
    let judged = clerk.until(&path, |u| !u["verdict"].is_null());
    assert_eq!((&judged["verdict"], &judged["rows"]), (&json!("needs_correction"), &json!(1)), "{judged}");
    let (_, found) = clerk.get(&format!("{path}/findings"));
    let mut asks = found["findings"].as_array().expect("findings").iter().map(|f| &f["finding"]);
    let finding = asks.find(|f| f["severity"] == "explain").expect("a finding that asks");
    assert!(!finding["message"].as_str().unwrap_or_default().is_empty(), "{finding}");
    let mut all = found["findings"].as_array().expect("findings").iter();
    assert!(all.any(|f| f["finding"]["excerpt"]["rows"].is_array()), "cells come with the sheet around them: {found}");
    let (status, original) = clerk.get(&format!("{path}/original"));
    assert_eq!((status, original), (200, Value::String(content.clone())));
    assert_eq!(clerk.send("年报.csv", &content).1["uploads"][0]["new"], false);
    let second = clerk.get("/api/v1/uploads").1["items"][0]["id"].as_str().expect("an id").to_owned();
    clerk.until(&format!("/api/v1/uploads/{second}"), |u| !u["verdict"].is_null());
    let (_, related) = clerk.get(&format!("/api/v1/uploads/{second}/related"));
    let part = &related["related"][0]["parts"][0];
    assert_eq!(
        (&related["related"][0]["number"], &part["relation"], &part["common"]),
        (&json!(1), &json!("replaces"), &json!(1)),
        "{related}"
    );
    assert_eq!(clerk.get(&path).1["out_of_use"], json!(true));
    for below in ["", "/findings", "/versions", "/original", "/related"] {
        let guessed = other.get(&format!("{path}{below}"));
        let unknown = other.get(&format!("/api/v1/uploads/nothing{below}"));
        assert_eq!((guessed.0, &guessed), (404, &unknown), "{below}");
    }
    let said = json!({ "finding": finding["key"], "text": "经核对原始凭证，数据无误。" }).to_string();
    assert_eq!(other.post(&format!("{path}/explanations"), &said).0, 404);
    let (status, explained) = clerk.post(&format!("{path}/explanations"), &said);
    assert_eq!((status, &explained["explained"]), (200, &json!(1)), "{explained}");
    assert_eq!(other.get("/api/v1/uploads").1["total"], 0);
    assert_eq!(auditor.get("/api/v1/uploads").1["items"][0]["number"], 2, "every sending has its receipt");
    let (_, log) = auditor.get("/api/v1/audit?who=token:clerk");
    assert_eq!((&log["chain"]["holds"], &log["total"]), (&json!(true), &json!(4)), "{log}");
}

#[test]
fn a_run_is_started_and_its_pool_is_read() {
    let portal = Portal::start(site(""));
    let operator = Program::new(&portal, "operator", &["operator"]);
    let auditor = Program::new(&portal, "auditor", &["auditor"]);
    assert_eq!(auditor.post("/api/v1/runs", "").0, 403);
    let (status, started) = operator.post("/api/v1/runs", "");
    assert_eq!(status, 202, "{started}");
    let listed = operator.until("/api/v1/runs", |l| l["current"].is_null());
    let line = &listed["runs"][0];
    assert_eq!((&line["attempt"], &line["outcome"]), (&started["attempt"], &json!("done")), "{line}");
    let run = line["run"].as_str().expect("a run");
    let (_, told) = operator.get(&format!("/api/v1/runs/{run}"));
    let downloads = told["downloads"].as_array().expect("downloads");
    let offered: Vec<&str> = downloads.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(offered, ["备选池_运营版.xlsx", "settings.toml"], "the operator's edition and settings alone");
    assert!(!told.to_string().contains("amount"), "sums of money are not told");
    assert_eq!(operator.get(&format!("/api/v1/runs/{run}/files/run.json")).0, 404);
    assert_eq!(auditor.get(&format!("/api/v1/runs/{run}/files/data%2Fenterprises.csv")).0, 200);
    let (status, pool) = operator.get(&format!("/api/v1/pool?q={}", escaped("第1")));
    assert_eq!((status, &pool["matched"], &pool["edition"]), (200, &json!(1), &json!("operator")), "{pool}");
    let enterprise = format!("/api/v1/pool/{}", pool["rows"][0]["id"].as_str().expect("an id"));
    assert_eq!(operator.get(&enterprise).1["name"], "龙南市第1有限公司");
    let (status, origin) = operator.get(&format!("{enterprise}/source?field=title_level"));
    assert_eq!((status, &origin["cells"][0]["cell"]), (200, &json!("C2")), "{origin}");
    assert_eq!(operator.get("/api/v1/quality").1["run"], run);
    let (_, log) = auditor.get("/api/v1/audit?action=view_enterprise");
    assert_eq!(log["total"], 1, "a view is in the log: {log}");
}
