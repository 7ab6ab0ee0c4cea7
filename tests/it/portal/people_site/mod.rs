//! Accounts, tokens, the audit log and backups, as an administrator, an auditor and the command line use them.

mod accounts;
mod audit;
mod backup;

use crate::util::{Site, code, text};
use reqwest::header::{COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "clear-water-42";

/// A portal that serves a site until it goes.
pub struct Portal {
    pub url: String,
    /// The one-time link of a first start.
    pub setup: Option<String>,
    child: Child,
}

impl Portal {
    /// Serves a site.
    pub fn start(site: &Site) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
            .current_dir(site.path("."))
            .args(["serve", "--listen", "127.0.0.1:0", "--format", "json"])
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the portal starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
        let told: serde_json::Value = serde_json::from_str(&line).expect("the address as JSON");
        let url = told["url"].as_str().expect("an address").to_owned();
        Self { url, setup: told["setup"].as_str().map(str::to_owned), child }
    }

    /// Somebody who is not signed in.
    pub fn nobody(&self) -> Visitor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Visitor {
            client: Client::builder().redirect(Policy::none()).build().expect("a client"),
            url: self.url.clone(),
            csrf: String::new(),
        }
    }

    /// Somebody who signed in.
    pub async fn sign_in(&self, name: &str, password: &str) -> Visitor {
        let nobody = self.nobody();
        let response = nobody.post("/sign-in", &[("name", name), ("password", password)]).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{name} signs in");
        let cookie = response.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(&cookie).expect("a header"));
        let client = Client::builder().redirect(Policy::none()).default_headers(headers).build().expect("a client");
        let mut visitor = Visitor { client, ..nobody };
        let page = visitor.page("/password").await;
        visitor.csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|p| p.split('"').next()).expect("the form's word").to_owned();
        visitor
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody at a browser.
pub struct Visitor {
    pub client: Client,
    url: String,
    csrf: String,
}

impl Visitor {
    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Response {
        sent(self.client.get(format!("{}{path}", self.url))).await
    }

    /// A page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.expect("a page")
    }

    /// Sends a form with the word of the session.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let mut form: Vec<(&str, &str)> = fields.to_vec();
        form.push(("csrf", &self.csrf));
        let body = serde_urlencoded::to_string(&form).expect("a form");
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        sent(request.header("content-type", "application/x-www-form-urlencoded")).await
    }
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Runs a command on the site and reads its JSON.
pub fn told(site: &Site, arguments: &[&str]) -> serde_json::Value {
    let output = site.huichi(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A site with a directory, whose portal runs nothing by itself.
fn site() -> Site {
    // Nothing runs by itself while a test looks on.
    let site = Site::new("2024-06-30", "[schedule]\ncron = \"\"\nmade_up = false\n");
    let rows: String = (1..40).map(|i| format!("{},龙南市第{i}有限公司,专精特新中小企业\n", code(i))).collect();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{rows}"));
    site
}

/// Adds an account on the command line; it changes its password at once.
async fn person(site: &Site, portal: &Portal, name: &str, role: &str) -> Visitor {
    let source: &[&str] = if role == "clerk" { &["--source", "statistics"] } else { &[] };
    let added = told(site, &[&["user", "add", name, "--role", role], source].concat());
    let secret = added["secret"].as_str().expect("a one-time password");
    let visitor = portal.sign_in(name, secret).await;
    assert_eq!(visitor.get("/").await.headers()[LOCATION], "/password", "the first thing is a password of one's own");
    let changed = visitor.post("/password", &[("old", secret), ("new", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    portal.sign_in(name, PASSWORD).await
}
