//! The API as programs use it: tokens of the command line, an upload to its verdict, a run to its pool.

use super::Portal;
use crate::util::{Site, code, text};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const HEAD: &str = "单位：千元,,,,,\n统一社会信用代码,企业名称,营业收入,资产总计,负债合计,所有者权益合计\n";

/// A program with its token, or without any.
struct Program<'a> {
    portal: &'a Portal,
    client: Client,
    token: Option<String>,
}

impl<'a> Program<'a> {
    /// A program that the command line gave a token.
    fn new(site: &Site, portal: &'a Portal, label: &str, role: &[&str]) -> Self {
        let output = site.huichi(&[&["token", "add", label, "--role"], role, &["--format", "json"]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        Self { token: Some(told["secret"].as_str().expect("a token").to_owned()), ..Self::nobody(portal) }
    }

    fn nobody(portal: &'a Portal) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { portal, client: Client::new(), token: None }
    }

    async fn ask(&self, method: Method, path: &str, kind: &str, body: String) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.portal.url)).header(CONTENT_TYPE, kind).body(body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.bytes().await.expect("a body");
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| Value::String(text(&body))))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, "application/json", String::new()).await
    }

    async fn post(&self, path: &str, body: String) -> (u16, Value) {
        self.ask(Method::POST, path, "application/json", body).await
    }

    async fn send(&self, name: &str, content: &str) -> (u16, Value) {
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        self.ask(Method::POST, "/api/v1/uploads", "multipart/form-data; boundary=edge", format!("{head}{content}\r\n--edge--\r\n")).await
    }

    /// Asks until the answer is as it should be.
    async fn until(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let (status, answer) = self.get(path).await;
            assert_eq!(status, 200, "{path}: {answer}");
            if done(&answer) {
                return answer;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{answer}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn nobody_is_let_in_and_every_refusal_is_json() {
    let site = Site::new("2024-06-30", "");
    let portal = Portal::start(&site);
    let nobody = Program::nobody(&portal);
    let clerk = Program::new(&site, &portal, "clerk", &["clerk", "--source", "statistics"]);
    let operator = Program::new(&site, &portal, "operator", &["operator"]);
    let (status, description) = nobody.get("/api/v1/openapi.json").await;
    assert_eq!((status, description["paths"]["/api/v1/runs"]["post"].is_object()), (200, true));
    let paths = description["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let (status, problem) = nobody.ask(method, path, "application/json", String::new()).await;
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
    ] {
        let (status, problem) = program.get(path).await;
        assert_eq!((status, &problem["error"]), (wanted, &json!(error)), "{path}");
    }
    assert_eq!(clerk.post("/api/v1/uploads/x/explanations", "{".to_owned()).await.0, 422);
    assert_eq!(clerk.post("/api/v1/uploads", "{}".to_owned()).await.0, 422);
    assert_eq!(operator.post("/api/v1/runs/cancel", String::new()).await.1["error"], "nothing_runs");
}

#[tokio::test]
async fn an_upload_goes_to_its_verdict_and_is_no_other_bureaus() {
    let site = Site::new("2024-06-30", "");
    let portal = Portal::start(&site);
    let clerk = Program::new(&site, &portal, "clerk", &["clerk", "--source", "statistics"]);
    let other = Program::new(&site, &portal, "other", &["clerk", "--source", "market"]);
    let auditor = Program::new(&site, &portal, "auditor", &["auditor"]);
    let content = format!("企业经营情况（2023年）,,,,,\n{HEAD}{},龙南市甲有限公司,-5,100,60,41\n", code(1));
    let (status, sent) = clerk.send("年报.csv", &content).await;
    assert_eq!(status, 201, "{sent}");
    let receipt = &sent["uploads"][0];
    assert_eq!((&receipt["number"], &receipt["name"], &receipt["new"]), (&json!(1), &json!("年报.csv"), &json!(true)));
    let path = format!("/api/v1/uploads/{}", receipt["id"].as_str().expect("an id"));
    let judged = clerk.until(&path, |u| !u["verdict"].is_null()).await;
    assert_eq!((&judged["verdict"], &judged["rows"]), (&json!("needs_correction"), &json!(1)), "{judged}");
    let (_, found) = clerk.get(&format!("{path}/findings")).await;
    let mut asks = found["findings"].as_array().expect("findings").iter().map(|f| &f["finding"]);
    let finding = asks.find(|f| f["severity"] == "explain").expect("a finding that asks");
    assert!(!finding["message"].as_str().unwrap_or_default().is_empty(), "{finding}");
    let mut all = found["findings"].as_array().expect("findings").iter();
    assert!(all.any(|f| f["finding"]["excerpt"]["rows"].is_array()), "cells come with the sheet around them: {found}");
    let (status, original) = clerk.get(&format!("{path}/original")).await;
    assert_eq!((status, original), (200, Value::String(content.clone())));
    assert_eq!(clerk.send("年报.csv", &content).await.1["uploads"][0]["new"], false);
    for below in ["", "/findings", "/versions", "/original"] {
        let guessed = other.get(&format!("{path}{below}")).await;
        let unknown = other.get(&format!("/api/v1/uploads/nothing{below}")).await;
        assert_eq!((guessed.0, &guessed), (404, &unknown), "{below}");
    }
    let said = json!({ "finding": finding["key"], "text": "经核对原始凭证，数据无误。" }).to_string();
    assert_eq!(other.post(&format!("{path}/explanations"), said.clone()).await.0, 404);
    let (status, explained) = clerk.post(&format!("{path}/explanations"), said).await;
    assert_eq!((status, &explained["explained"]), (200, &json!(1)), "{explained}");
    assert_eq!(other.get("/api/v1/uploads").await.1["total"], 0);
    assert_eq!(auditor.get("/api/v1/uploads").await.1["items"][0]["number"], 1);
    let (_, log) = auditor.get("/api/v1/audit?who=token:clerk").await;
    assert_eq!((&log["chain"]["holds"], &log["total"]), (&json!(true), &json!(4)), "{log}");
}

#[tokio::test]
async fn a_run_is_started_and_its_pool_is_read() {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{},龙南市甲有限公司,专精特新中小企业\n", code(1)));
    let portal = Portal::start(&site);
    let operator = Program::new(&site, &portal, "operator", &["operator"]);
    let auditor = Program::new(&site, &portal, "auditor", &["auditor"]);
    assert_eq!(auditor.post("/api/v1/runs", String::new()).await.0, 403);
    let (status, started) = operator.post("/api/v1/runs", String::new()).await;
    assert_eq!(status, 202, "{started}");
    let listed = operator.until("/api/v1/runs", |l| l["current"].is_null()).await;
    let line = &listed["runs"][0];
    assert_eq!((&line["attempt"], &line["outcome"]), (&started["attempt"], &json!("done")), "{line}");
    let run = line["run"].as_str().expect("a run");
    let (_, told) = operator.get(&format!("/api/v1/runs/{run}")).await;
    let downloads = told["downloads"].as_array().expect("downloads");
    assert_eq!(downloads.len(), 1, "the operator's edition alone: {downloads:?}");
    assert!(!told.to_string().contains("amount"), "sums of money are not told");
    assert_eq!(operator.get(&format!("/api/v1/runs/{run}/files/run.json")).await.0, 404);
    assert_eq!(auditor.get(&format!("/api/v1/runs/{run}/files/data%2Fenterprises.csv")).await.0, 200);
    let (status, pool) = operator.get("/api/v1/pool?q=甲").await;
    assert_eq!((status, &pool["matched"], &pool["edition"]), (200, &json!(1), &json!("operator")), "{pool}");
    let enterprise = format!("/api/v1/pool/{}", pool["rows"][0]["id"].as_str().expect("an id"));
    assert_eq!(operator.get(&enterprise).await.1["name"], "龙南市甲有限公司");
    let (status, origin) = operator.get(&format!("{enterprise}/source?field=title_level")).await;
    assert_eq!((status, &origin["cells"][0]["cell"]), (200, &json!("C2")), "{origin}");
    assert_eq!(operator.get("/api/v1/quality").await.1["run"], run);
    let (_, log) = auditor.get("/api/v1/audit?action=view_enterprise").await;
    assert_eq!(log["total"], 1, "a view is in the log: {log}");
}
