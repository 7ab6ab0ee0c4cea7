//! The portal over HTTP: the program serves a site of its own on a free port, and people and programs ask it.

mod accounts;
mod among;
mod api;
mod attacker;
mod audit;
mod backup;
mod causes;
mod explained;
mod hardening;
mod held;
mod integrity;
mod pool;
mod proposal;
mod replay;
mod restore;
mod runs;
mod seen;
mod state;
mod uploads;
mod versions;

use crate::util::{Site, directory, text};
use huichi::ledger::{Ledger, NewAccount};
use huichi::model::role::Role;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The password of everybody in these tests.
const PASSWORD: &str = "horse-42-pool";

/// Settings of a portal that runs nothing by itself while a test looks on.
const QUIET: &str = "[schedule]\ncron = \"\"\nmade_up = false\n";

/// A portal that serves its site until it goes.
struct Portal {
    site: Site,
    /// What it says first: its address, the link of a first start, the accounts of a demo.
    told: Value,
    child: Child,
}

impl Portal {
    /// Serves a site that has an account for each role and a clerk for each source.
    fn start(site: Site) -> Self {
        Self::start_with(site, &[])
    }

    /// The same, with further arguments.
    fn start_with(site: Site, arguments: &[&str]) -> Self {
        static HASH: LazyLock<String> = LazyLock::new(|| huichi::portal::password::hash(PASSWORD).expect("a hash"));
        let ledger = ledger(&site);
        let clerks = ["industry", "statistics", "market"].map(|name| (name, Role::Clerk));
        let others = Role::ALL.into_iter().filter(|role| *role != Role::Clerk).map(|role| (role.id(), role));
        for (name, role) in clerks.into_iter().chain(others) {
            let source = (role == Role::Clerk).then_some(name);
            let account = NewAccount { name, display: name, role, source, password: &HASH, must_change: false };
            ledger.add_account(&account, "2024-06-30T00:00:00+0800").expect("an account");
        }
        Self::serve(site, arguments)
    }

    /// Serves a site as it is.
    fn serve(site: Site, arguments: &[&str]) -> Self {
        let (child, told) = launch(&site, arguments);
        Self { site, told, child }
    }

    /// Serves a demo that has made its pool.
    fn demo() -> Self {
        let mut portal = Self::serve(Site::new("2026-06-30", ""), &["--demo"]);
        portal.site.enter();
        let operator = portal.sign_in("operator");
        let made = || portal.site.path("outputs/latest").exists() && operator.get("/runs/progress").status == 204;
        until(120, "the demo's pool", || made().then_some(()));
        portal
    }

    /// Asks it to end.
    fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a signal");
    }

    /// Waits for its end.
    fn ended(&mut self, seconds: u64) -> ExitStatus {
        until(seconds, "its end", || self.child.try_wait().expect("its state"))
    }

    /// Ends it as a power cut does.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Serves the site again once it has ended.
    fn restart(&mut self) {
        self.restart_with(&[]);
    }

    /// The same, with further arguments.
    fn restart_with(&mut self, arguments: &[&str]) {
        (self.child, self.told) = launch(&self.site, arguments);
    }

    /// Where it listens.
    fn address(&self) -> &str {
        self.told["url"].as_str().expect("an address").trim_start_matches("http://")
    }

    /// A connection to it.
    fn connect(&self) -> TcpStream {
        connect(self.address())
    }

    /// Somebody who is not signed in.
    fn stranger(&self) -> Visitor {
        Visitor { address: self.address().to_owned(), known_by: String::new(), csrf: String::new() }
    }

    /// A program with a token.
    fn program(&self, token: &str) -> Visitor {
        Visitor { known_by: format!("Authorization: Bearer {token}\r\n"), ..self.stranger() }
    }

    /// Signs in.
    fn sign_in(&self, name: &str) -> Visitor {
        self.sign_in_with(name, self.told["accounts"][0][2].as_str().unwrap_or(PASSWORD))
    }

    /// Signs in with a password of one's own.
    fn sign_in_with(&self, name: &str, password: &str) -> Visitor {
        let mut visitor = self.stranger();
        let answer = visitor.post("/sign-in", &[("name", name), ("password", password)]);
        assert_eq!(answer.status, 303, "{name} signs in: {}", answer.text());
        visitor.known_by = format!("Cookie: {}\r\n", answer.cookies());
        visitor.csrf = between(&visitor.page("/password"), "name=\"csrf\" value=\"", "\"").to_owned();
        visitor
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the program; its log goes to `portal.log`, its temporary files into the site.
fn launch(site: &Site, arguments: &[&str]) -> (Child, Value) {
    let arguments = [&["serve", "--listen", "127.0.0.1:0", "--format", "json"], arguments].concat();
    let log = File::create(site.path("portal.log")).expect("a log");
    let mut command = site.command(&arguments);
    let mut child = command.env("TMPDIR", site.path("")).stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    (child, serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line}: {e}")))
}

/// A connection whose reads end after half a minute.
fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a deadline");
    stream
}

/// Somebody's browser, or a program.
struct Visitor {
    address: String,
    /// The line of a request that says who asks.
    known_by: String,
    csrf: String,
}

impl Visitor {
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", &[])
    }

    /// A page that must be there.
    fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Posts a form with the word of the session.
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = serde_urlencoded::to_string([&[("csrf", self.csrf.as_str())], fields].concat()).expect("a form");
        self.ask("POST", path, "application/x-www-form-urlencoded", form.as_bytes())
    }

    fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        self.ask_part(method, path, kind, body, body.len())
    }

    /// Says that so many bytes come, and hangs up after those of `body`.
    fn ask_part(&self, method: &str, path: &str, kind: &str, body: &[u8], said: usize) -> Answer {
        let mut stream = connect(&self.address);
        let Self { address, known_by, .. } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{known_by}Content-Type: {kind}\r\nContent-Length: {said}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("sent");
        // A portal that has heard enough may close its end.
        let _ = stream.write_all(body);
        if said > body.len() {
            stream.shutdown(Shutdown::Write).expect("hung up");
        }
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        Answer::of(&all)
    }
}

/// What a form of several parts is called.
const MULTIPART: &str = "multipart/form-data; boundary=edge";

/// A form of several parts, each with its head and content.
fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (head, content) in parts {
        form.extend_from_slice(format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--edge--\r\n");
    form
}

/// An answer; its status is 0 where none came.
struct Answer {
    status: u16,
    /// The last of each name.
    headers: BTreeMap<String, String>,
    /// What a browser keeps: `name=value`, as the answer sets them.
    set: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn of(all: &[u8]) -> Self {
        let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(all.len());
        let head = text(&all[..end]);
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let headers: BTreeMap<_, _> =
            head.lines().skip(1).filter_map(|l| l.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
        let cookie = |line: &str| Some(line.split_once(": ").filter(|(k, _)| k.eq_ignore_ascii_case("set-cookie"))?.1.to_owned());
        let set = head.lines().filter_map(cookie).map(|c| c.split(';').next().unwrap_or_default().to_owned()).collect();
        let rest = all.get(end + 4..).unwrap_or_default();
        let body = if headers.contains_key("transfer-encoding") { joined(rest) } else { rest.to_vec() };
        let length = headers.get("content-length").map_or(body.len(), |l| l.parse().expect("a length"));
        assert_eq!(body.len(), length, "a whole body: {head}");
        Self { status, headers, set, body }
    }

    /// The cookies that it sets, as a browser sends them back.
    fn cookies(&self) -> String {
        self.set.join("; ")
    }

    fn text(&self) -> String {
        text(&self.body)
    }

    fn location(&self) -> &str {
        self.headers.get("location").map_or("", String::as_str)
    }
}

/// A body that came in pieces, to the last of them.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n").expect("a piece");
        let size = usize::from_str_radix(&text(&rest[..end]), 16).expect("a size");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..][..size]);
        rest = &rest[end + 2 + size + 2..];
    }
}

/// How much longer than on an idle machine anything may take before a test gives up: a test measures no time.
const SLOWEST: u64 = 5;

/// Waits until something is so, which it is within so many seconds on an idle machine.
fn until<T>(seconds: u64, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(seconds * SLOWEST), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in {text}")).1;
    rest.split_once(after).map_or(rest, |(found, _)| found)
}

/// A text within an address.
fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"./".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Runs a command on the site and reads its JSON.
fn told(site: &Site, arguments: &[&str]) -> Value {
    let output = site.huichi(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The ledger of a site.
fn ledger(site: &Site) -> Ledger {
    std::fs::create_dir_all(site.path("outputs/.huichi")).expect("the state");
    Ledger::open(&site.path("outputs/.huichi/ledger.sqlite")).expect("a ledger")
}

/// A site with a directory of one enterprise.
fn site(extra: &str) -> Site {
    let site = Site::new("2024-06-30", extra);
    site.input("工信局/名录.csv", directory(1));
    site
}
