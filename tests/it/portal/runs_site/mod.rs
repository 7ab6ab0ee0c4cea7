//! The portal as browsers use it: the program itself, asked over HTTP.

mod runs;

use crate::util::{Site, code};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The password of every account of a test.
const PASSWORD: &str = "horse-42-pool";

/// A portal on a site, with an account per role and a clerk per source.
pub struct Portal {
    pub site: Site,
    address: String,
    child: Child,
}

impl Portal {
    /// Starts it.
    pub fn start(site: Site) -> Self {
        Self::start_with(site, &[])
    }

    /// Starts it with further arguments.
    pub fn start_with(site: Site, arguments: &[&str]) -> Self {
        let ledger = site.path("outputs/.huichi/ledger.sqlite");
        std::fs::create_dir_all(ledger.parent().expect("a parent")).expect("the state");
        let ledger = huichi::ledger::Ledger::open(&ledger).expect("a ledger");
        let hash = huichi::server::hash_password(PASSWORD).expect("a hash");
        use huichi::model::role::Role::{Administrator, Auditor, Clerk, Leader, Member, Operator};
        let clerks = ["industry", "statistics", "market"].map(|name| (name, Clerk));
        let others = [Operator, Leader, Member, Auditor, Administrator].map(|role| (role.id(), role));
        for (name, role) in clerks.into_iter().chain(others) {
            let source = (role == Clerk).then_some(name);
            let account = huichi::ledger::NewAccount { name, display: name, role, source, password: &hash, must_change: false };
            ledger.add_account(&account, "2024-06-30T00:00:00+0800").expect("an account");
        }
        let (child, address) = launch(&site, arguments);
        Self { site, address, child }
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut does, and starts it again.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().expect("killed");
        self.restart();
    }

    /// Asks it to end, waits for its end, and starts it again.
    pub fn stop_and_restart(&mut self) {
        signal("TERM", self.process());
        self.restart();
    }

    fn restart(&mut self) {
        self.child.wait().expect("an end");
        (self.child, self.address) = launch(&self.site, &[]);
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Visitor {
        Visitor { address: self.address.clone(), cookie: String::new(), csrf: String::new() }
    }

    /// Signs in.
    pub fn sign_in(&self, name: &str) -> Visitor {
        let mut visitor = self.stranger();
        let answer = visitor.post("/sign-in", &[("name", name), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{name} signs in: {}", answer.text());
        visitor.cookie = answer.headers["set-cookie"].split(';').next().expect("a cookie").to_owned();
        let page = visitor.get("/password").text();
        visitor.csrf = between(&page, "name=\"csrf\" value=\"", "\"").to_owned();
        visitor
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().expect("kill");
    assert!(sent.success(), "{process} takes {name}");
}

fn launch(site: &Site, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
        .current_dir(site.path(""))
        .args(["serve", "--listen", "127.0.0.1:0", "--format", "json"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let told: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}"));
    (child, told["url"].as_str().expect("an address").trim_start_matches("http://").to_owned())
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }
}

/// Somebody's browser.
pub struct Visitor {
    address: String,
    cookie: String,
    csrf: String,
}

impl Visitor {
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", &[])
    }

    /// Posts a form with the word of the session.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [("csrf", self.csrf.as_str())].iter().chain(fields).map(|(k, v)| format!("{k}={}", escaped(v))).collect::<Vec<_>>();
        self.ask("POST", path, "application/x-www-form-urlencoded", fields.join("&").as_bytes())
    }

    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            self.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        // A portal that has heard enough may close its end.
        let _ = stream.write_all(body);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(all.len());
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let headers = head.lines().skip(1).filter_map(|l| l.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
        Answer { status, headers, body: all.get(end + 4..).unwrap_or_default().to_vec() }
    }
}

/// A text within a form or a path.
pub fn escaped(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() || b == b'.' { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What stands between two texts.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}")).1;
    rest.split_once(after).map_or(rest, |(found, _)| found)
}

/// A site with a directory of one enterprise.
pub fn site(extra: &str) -> Site {
    let site = Site::new("2024-06-30", extra);
    site.input("工信局/名录.csv", directory(1));
    site
}

/// A directory of some enterprises.
pub fn directory(enterprises: u32) -> String {
    let rows: String = (1..=enterprises).map(|i| format!("{},龙南市第{i}有限公司,专精特新中小企业\n", code(i))).collect();
    format!("统一社会信用代码,企业名称,专精特新等级\n{rows}")
}
