//! Whoever is slow, silent, greedy or too much is let go; the others notice nothing.

use super::{MULTIPART, Portal, QUIET, site, told, until};
use crate::util::{Site, text};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::thread::scope;
use std::time::{Duration, Instant};

/// What asks for the counters of [`watched`].
const METRICS: &str = "who-counts-requests";

/// A portal whose site has nothing but these settings.
fn portal(extra: &str) -> Portal {
    Portal::serve(Site::new("2026-06-30", extra), &[])
}

/// A portal that gives its counters to whoever has the word for them.
fn watched(extra: &str) -> Portal {
    let site = Site::new("2026-06-30", &format!("[portal]\nmetrics_token = {{ file = \"metrics.token\" }}\n{extra}"));
    std::fs::write(site.path("metrics.token"), format!("{METRICS}\n")).expect("a word");
    Portal::serve(site, &[])
}

/// Everything until the other end closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // Closed with bytes of ours unread: as good as closed.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("still open after {} bytes: {error}", bytes.len()),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer of a connection that stays open.
fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read(&mut part).expect("an answer");
        assert!(read > 0, "closed after {text}");
        bytes.extend_from_slice(&part[..read]);
    }
}

fn post(length: &str, body: &str) -> String {
    format!("POST /sign-in HTTP/1.1\r\nhost: portal\r\ncontent-type: application/x-www-form-urlencoded\r\n{length}\r\n\r\n{body}")
}

/// Sends a byte each step until the other end is gone; gives what it said.
fn drip(mut stream: TcpStream, text: &str, step: Duration) -> String {
    for byte in text.bytes() {
        if stream.write_all(&[byte]).is_err() {
            break;
        }
        std::thread::sleep(step);
        if answered(&stream) {
            break;
        }
    }
    rest(&mut stream)
}

/// Whether the other end is gone, or has said something.
fn answered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a mode");
    let waits = matches!(stream.peek(&mut [0; 1]), Err(e) if e.kind() == ErrorKind::WouldBlock);
    stream.set_nonblocking(false).expect("a mode");
    !waits
}

/// How many seconds something took at least, and what it gave.
fn timed<T>(what: impl FnOnce() -> T) -> (u64, T) {
    let start = Instant::now();
    let given = what();
    (start.elapsed().as_secs(), given)
}

#[test]
fn slow_and_silent_ones_are_let_go_while_others_are_served() {
    let portal = watched("");
    let head = format!("GET /sign-in HTTP/1.1\r\nhost: portal\r\n{}\r\n", "x-a: b\r\n".repeat(8));
    scope(|s| {
        let silent = s.spawn(|| timed(|| rest(&mut portal.connect())));
        let slow_head = s.spawn(|| timed(|| drip(portal.connect(), &head, Duration::from_millis(400))));
        let slow_second = s.spawn(|| {
            let mut stream = portal.connect();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: portal\r\n\r\n").expect("a request");
            assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
            timed(|| drip(stream, &head, Duration::from_millis(400)))
        });
        let stalled_body = s.spawn(|| {
            let mut stream = portal.connect();
            stream.write_all(post("content-length: 1000", "name=").as_bytes()).expect("a request");
            timed(|| rest(&mut stream))
        });
        let slow_body = s.spawn(|| {
            let mut stream = portal.connect();
            stream.write_all(post("content-length: 1000", "name=").as_bytes()).expect("a request");
            timed(|| drip(stream, &"x".repeat(900), Duration::from_millis(700)))
        });
        let mut stream = portal.connect();
        // Others are served for as long as somebody hangs.
        while [&stalled_body, &slow_body].iter().any(|hanging| !hanging.is_finished()) {
            stream.write_all(b"GET /sign-in HTTP/1.1\r\nhost: portal\r\n\r\n").expect("a request");
            assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(stream);
        for (name, ended) in [("silent", silent), ("slow head", slow_head), ("slow second head", slow_second)] {
            let (took, said) = ended.join().expect(name);
            assert!(took >= 9, "{name}: {took} s");
            assert!(!said.contains(" 200 "), "{name}: {said}");
        }
        for (name, ended) in [("stalled body", stalled_body), ("slow body", slow_body)] {
            let (took, said) = ended.join().expect(name);
            assert!(took >= 14, "{name}: {took} s");
            assert!(said.starts_with("HTTP/1.1 408"), "{name}: {said}");
        }
    });
    let metrics = || portal.program(METRICS).page("/metrics");
    assert!(metrics().contains("huichi_refused_total{kind=\"stalled\"} 3"), "{}", metrics());
    until(30, "that all of them are gone", || metrics().contains("huichi_connections 1\n").then_some(()));
}

#[test]
fn too_much_is_refused_in_words_or_at_once() {
    let portal = watched("connections = 12\n");
    let ask = |request: &str| {
        let mut stream = portal.connect();
        stream.write_all(request.as_bytes()).expect("a request");
        answer(&mut stream)
    };
    let large = "x".repeat(70 << 10);
    let declared = ask(&post(&format!("content-length: {}", large.len()), ""));
    assert!(declared.starts_with("HTTP/1.1 413") && declared.contains("64 KB"), "{declared}");
    let chunked = ask(&post("transfer-encoding: chunked", &format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len())));
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    let many = ask(&format!("GET /sign-in HTTP/1.1\r\nhost: portal\r\n{}\r\n", "x-a: b\r\n".repeat(80)));
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    let long = ask(&format!("GET /sign-in HTTP/1.1\r\nhost: portal\r\nx-a: {}\r\n\r\n", "b".repeat(40 << 10)));
    assert!(long.starts_with("HTTP/1.1 431"), "{long}");
    let both = ask(&post("content-length: 5\r\ntransfer-encoding: chunked", "0\r\n\r\n"));
    assert!(!both.starts_with("HTTP/1.1 2"), "two lengths are one too many: {both}");

    // Half of the connections, and no more, is one address's.
    let request = b"GET /healthz HTTP/1.1\r\nhost: portal\r\n\r\n";
    let served = || {
        let mut stream = portal.connect();
        let said = stream.write_all(request).and_then(|()| stream.read(&mut [0; 4096]));
        said.is_ok_and(|read| read > 0).then_some(stream)
    };
    // Those before make room as they go.
    let held: Vec<TcpStream> = (0..6).map(|_| until(30, "a place", served)).collect();
    assert_eq!(rest(&mut portal.connect()), "", "the seventh is closed");
    drop(held);
    until(30, "room again", served);
    let metrics = portal.program(METRICS).page("/metrics");
    assert!(metrics.contains("kind=\"connection\"") && !metrics.contains("kind=\"stalled\""), "at once, for its number: {metrics}");
}

#[test]
fn an_end_lets_the_last_answer_out() {
    let mut portal = portal("");
    let mut idle = portal.connect();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: portal\r\n\r\n").expect("a request");
    assert!(answer(&mut idle).ends_with("ok"));
    let body = "name=nobody&password=wrong";
    let mut waiting = portal.connect();
    let (first, second) = body.split_at(10);
    waiting.write_all(post(&format!("content-length: {}", body.len()), first).as_bytes()).expect("half a request");
    std::thread::sleep(Duration::from_millis(300));
    portal.terminate();
    assert_eq!(rest(&mut idle), "", "who asks nothing is let go");
    until(2, "that nobody else is let in", || TcpStream::connect(portal.address()).err());
    waiting.write_all(second.as_bytes()).expect("the other half");
    assert!(rest(&mut waiting).starts_with("HTTP/1.1 422"), "the request in flight is answered");
    assert_eq!(portal.ended(10).code(), Some(0));
}

#[test]
fn the_log_tells_requests_apart_and_nothing_of_what_they_hold() {
    let mut portal = portal("");
    let mut stream = portal.connect();
    stream
        .write_all(b"GET /setup/geheim?q=geheim HTTP/1.1\r\nhost: portal\r\nx-request-id: geheim\r\nconnection: close\r\n\r\n")
        .expect("a request");
    let said = rest(&mut stream);
    let id = said.lines().find_map(|l| l.strip_prefix("x-request-id: ")).expect("an id").to_owned();
    portal.terminate();
    assert!(portal.ended(10).success());
    let log = std::fs::read_to_string(portal.site.path("portal.log")).expect("a log");
    let lines: Vec<serde_json::Value> = log.lines().map(|l| serde_json::from_str(l).expect("each line is JSON")).collect();
    let line = lines.iter().find(|l| l["fields"]["message"] == "answered" && l["span"]["request.id"] == id.as_str()).expect("its line");
    assert_eq!(line["fields"]["http.status"], 404);
    assert_eq!(line["span"]["http.route"], "/setup/{secret}");
    assert!(!log.contains("geheim"), "{log}");
}

#[test]
fn after_sign_in_and_without_it_one_is_sent_to_our_own_pages_alone() {
    let portal = Portal::start(super::site(super::QUIET));
    let elsewhere = [
        "/\t/evil.example",
        "/\u{b}/evil.example",
        "/\n/evil.example",
        "/\r\nset-cookie: a=b",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\t//evil.example",
        " //evil.example",
        "https://evil.example/pool",
        "https:evil.example",
        "javascript:alert(1)",
        "pool",
        "/pool\\..\\..\\evil",
        "/pool/../../evil.example",
        "/%2e%2e//evil.example",
        "/\u{2215}/evil.example",
        "/\u{ff0f}evil.example",
        "/pool\u{0}",
        "/pool\u{7f}",
        "/pool?q=\r\nx: y",
        "/@evil.example",
        "/.evil.example",
        "/nowhere",
        "/api/v1/pool",
        "/sign-in?next=/pool",
        "",
    ];
    let long = format!("/pool?q={}", "x".repeat(20_000));
    for next in elsewhere.into_iter().chain([long.as_str()]) {
        let answer = portal.stranger().post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD), ("next", next)]);
        assert_eq!((answer.status, answer.location()), (303, "/"), "{next:?}");
        let form = portal.stranger().page(&format!("/sign-in?next={}", super::escaped(&next[..next.len().min(900)])));
        assert!(!form.contains("evil"), "{next:?}");
    }
    for next in ["/pool", "/pool?q=%E9%BE%99&page=2", "/runs/20240101-000000-00000000", "/"] {
        let answer = portal.stranger().post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD), ("next", next)]);
        assert_eq!((answer.status, answer.location()), (303, next), "what is ours is kept");
    }
    for (asked, location) in [
        ("/pool?q=%E9%BE%99", "/sign-in?next=/pool%3Fq%3D%25E9%25BE%2599"),
        ("/pool?q=%0d%0ax:%20y", "/sign-in?next=/pool%3Fq%3D%250d%250ax%3A%2520y"),
    ] {
        let answer = portal.stranger().get(asked);
        assert_eq!((answer.status, answer.location()), (303, location), "{asked}");
    }
    for asked in ["/%0b/evil.example", "/%09/evil.example", "//evil.example", "/%ff", "/runs/%ff", "/sign-in?next=%ff", "/uploads/%0d%0ax"]
    {
        let answer = portal.stranger().get(asked);
        assert!(
            answer.status != 500 && !answer.location().contains("evil") && (!answer.body.is_empty() || answer.status == 303),
            "{asked}: {}",
            answer.status
        );
    }
}

#[test]
fn counters_are_for_whoever_has_the_word_for_them() {
    assert_eq!(portal("").stranger().get("/metrics").status, 404, "nobody was given one");
    let portal = watched("");
    assert_eq!(portal.stranger().get("/metrics").status, 404);
    assert_eq!(portal.program("something-else-of-it").get("/metrics").status, 404);
    assert!(portal.program(METRICS).page("/metrics").contains("huichi_connections"));
    let short = Site::new("2026-06-30", "[portal]\nmetrics_token = { env = \"HUICHI_TEST_UNSET\" }\n");
    let output = short.huichi(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("portal.metrics_token") && text(&output.stderr).contains("HUICHI_TEST_UNSET"),
        "{}",
        text(&output.stderr)
    );
}

#[cfg(unix)]
#[test]
fn the_ledger_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let site = super::site(super::QUIET);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    drop(super::ledger(&site));
    // A state of an earlier version lies open.
    for (name, open) in [("", 0o755), ("ledger.sqlite", 0o644)] {
        std::fs::set_permissions(site.path(&format!("outputs/.huichi/{name}")), std::fs::Permissions::from_mode(open)).expect("a mode");
    }
    let portal = Portal::start(site);
    portal.sign_in("leader");
    let state = portal.site.path("outputs/.huichi");
    assert_eq!(mode(&state), 0o700);
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    let output = portal.site.huichi(&["backup", "kept"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!((mode(&portal.site.path("kept")), mode(&portal.site.path("kept/state/ledger.sqlite"))), (0o700, 0o600));
    let kept = huichi::ledger::Ledger::look(&portal.site.path("kept/state/ledger.sqlite")).expect("a copy");
    assert_eq!(kept.sessions().expect("a count"), 0, "no session comes back with a backup");
    assert!(portal.sign_in("leader").get("/pool").status == 200, "those of the portal go on");
}

#[test]
fn whoever_listens_to_others_without_tls_says_so() {
    for (settings, arguments, works) in [
        ("listen = \"0.0.0.0:0\"\n", &[][..], false),
        ("listen = \"[::]:0\"\n", &[], false),
        ("listen = \"10.1.2.3:8080\"\n", &[], false),
        ("", &["--listen", "0.0.0.0:0"], false),
        ("listen = \"0.0.0.0:0\"\nbehind_proxy = true\n", &[], true),
        ("plain_http = true\n", &["--listen", "0.0.0.0:0"], true),
    ] {
        let site = Site::new("2026-06-30", &format!("[portal]\n{settings}"));
        if works {
            let mut command = site.command(&[&["serve", "--format", "json"], arguments].concat());
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
            let mut line = String::new();
            let read = BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line);
            child.kill().and_then(|()| child.wait()).expect("its end");
            assert!(read.is_ok() && line.contains("\"url\":\"http://0.0.0.0:"), "{settings}{arguments:?} {line}");
            continue;
        }
        let output = site.huichi(&[&["serve"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{settings}{arguments:?} {said}");
        for way in ["certificate", "behind_proxy = true", "plain_http = true"] {
            assert!(said.contains(way), "{settings}: {said}");
        }
    }
}

#[test]
fn one_portal_serves_a_state_whatever_lies_in_it() {
    let portal = portal("");
    for lock in ["portal.lock", "lock", "backup.lock"] {
        let _ = std::fs::remove_file(portal.site.path("outputs/.huichi").join(lock));
    }
    let second = portal.site.huichi(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.status.code(), text(&second.stderr).contains("ERR-024")), (Some(5), true), "{}", text(&second.stderr));
}

#[test]
fn a_writer_that_holds_the_ledger_stalls_no_page_and_others_are_told_to_wait() {
    let portal = Portal::start(site(QUIET));
    portal.site.run();
    let (leader, clerk) = (portal.sign_in("leader"), portal.sign_in("statistics"));
    let auditor = portal.sign_in("auditor");
    let ledger = rusqlite::Connection::open(portal.site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute_batch("BEGIN IMMEDIATE").expect("held");
    let wait = |answer: &super::Answer| {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.headers.contains_key("retry-after") && answer.text().contains("系统正忙"), "{}", answer.text());
    };
    // The writer lets nothing go before all of them are answered.
    scope(|s| {
        for _ in 0..3 {
            s.spawn(|| wait(&portal.stranger().post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD)])));
        }
        s.spawn(|| wait(&portal.stranger().post("/sign-in", &[("name", "leader"), ("password", "wrong")])));
        s.spawn(|| wait(&clerk.post("/sign-out", &[])));
        s.spawn(|| {
            for (visitor, path) in
                [(&leader, "/pool"), (&leader, "/runs"), (&clerk, "/uploads"), (&clerk, "/calendar"), (&auditor, "/audit")]
            {
                assert!(visitor.page(path).contains("</html>"), "{path}");
            }
            assert_eq!(portal.stranger().get("/readyz").status, 200);
        });
    });
    ledger.execute_batch("ROLLBACK").expect("let go");
    drop(ledger);
    portal.sign_in("leader");
}

#[test]
fn a_ledger_that_another_program_holds_is_told_as_that_by_every_command() {
    let site = super::site(QUIET);
    site.run();
    told(&site, &["user", "add", "anna", "--role", "member"]);
    site.input("工信局/名录.csv", crate::util::directory(2));
    let path = site.path("outputs/.huichi/ledger.sqlite");
    let commands: [&[&str]; 7] = [
        &["run"],
        &["user", "add", "bert", "--role", "member"],
        &["token", "add", "tool", "--role", "operator"],
        &["audit", "export", "audit.csv"],
        &["serve", "--listen", "127.0.0.1:0"],
        &["backup", "copy"],
        &["audit", "verify"],
    ];
    // What only reads passes a writer, but nobody passes who has it all to himself.
    for (hold, stopped) in [("BEGIN IMMEDIATE", 4), ("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE more (x)", 7)] {
        let holder = rusqlite::Connection::open(&path).expect("the ledger");
        holder.execute_batch(hold).expect("held");
        scope(|s| {
            for command in &commands[..stopped] {
                let site = &site;
                s.spawn(move || {
                    let output = site.huichi(command);
                    let said = text(&output.stderr);
                    assert_eq!(output.status.code(), Some(5), "{command:?}: {said}");
                    assert!(said.contains("ERR-080") && said.contains("另一个程序") && !said.contains("磁盘空间"), "{command:?}: {said}");
                });
            }
        });
        drop(holder);
    }
    assert_eq!(told(&site, &["audit", "verify"])["number"], 1, "nothing was noted of what was not done");
}

/// A portal whose process and children can write no file until they are let again.
#[cfg(unix)]
struct Full(Portal);

#[cfg(unix)]
impl Full {
    fn start(mut portal: Portal) -> Self {
        portal.kill();
        // A write that is over the limit fails instead of ending the process.
        let script = "trap '' XFSZ; exec \"$0\" serve --listen 127.0.0.1:0 --format json";
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(portal.site.path("")).args(["-c", script, env!("CARGO_BIN_EXE_huichi")]).stdout(Stdio::piped());
        portal.child = shell.stderr(Stdio::null()).spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(portal.child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        portal.told = serde_json::from_str(&line).expect("its address");
        Self(portal)
    }

    /// Sets how many bytes a file may have; the lowest number is none.
    fn limit(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.0.child)), Resource::Fsize, limit).expect("a limit");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_nothing_is_told_on_every_page_and_nothing_is_half_done() {
    let portal = Portal::start(site(QUIET));
    portal.site.run();
    let full = Full::start(portal);
    let portal = &full.0;
    let (operator, clerk, root) = (portal.sign_in("operator"), portal.sign_in("industry"), portal.sign_in("administrator"));
    let id = super::between(&operator.page("/pool"), "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
    let sessions = || super::ledger(&portal.site).sessions().expect("a count");
    let before = sessions();
    full.limit(Some(0));
    let told = |what: &str, answer: super::Answer| {
        assert_eq!(answer.status, 507, "{what}: {}", answer.text());
        assert!(answer.text().contains("磁盘") && answer.text().contains("</html>") && answer.set.is_empty(), "{what}: {}", answer.text());
    };
    let stranger = portal.stranger();
    told("sign in", stranger.post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD)]));
    told("sign in wrongly", stranger.post("/sign-in", &[("name", "leader"), ("password", "wrong")]));
    told("sign out", operator.post("/sign-out", &[]));
    told("an enterprise", operator.get(&format!("/pool/{id}")));
    told("a password", operator.post("/password", &[("old", super::PASSWORD), ("new", "horse-43-pond"), ("again", "horse-43-pond")]));
    told("an account", root.post("/accounts/new", &[("name", "new"), ("display", "x"), ("role", "member"), ("source", "")]));
    told("a run", operator.post("/runs/start", &[]));
    let file = "name=\"files\"; filename=\"a.csv\"\r\nContent-Type: application/octet-stream";
    let form = super::multipart(&[("name=\"csrf\"", clerk.csrf.as_bytes()), (file, crate::util::directory(2).as_bytes())]);
    told("a file", clerk.ask("POST", "/uploads", super::MULTIPART, &form));
    for page in ["/pool", "/runs", "/sign-in"] {
        assert!(operator.get(page).status < 400, "{page} can be read all the same");
    }
    full.limit(None);
    assert_eq!(sessions(), before, "nobody is half signed in or out");
    assert_eq!(operator.get("/pool").status, 200, "who could not sign out is signed in");
    portal.sign_in("leader");
    assert_eq!(operator.post("/sign-out", &[]).status, 303);
    assert_eq!(operator.get("/pool").status, 303);
}

#[test]
fn what_lies_between_the_fields_of_an_upload_is_bounded() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let csrf = format!("--edge\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{}\r\n", clerk.csrf);
    let long = format!("multipart/form-data; boundary={}", "e".repeat(4000));
    let empty = "--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"\"\r\n\r\n\r\n";
    for (what, kind, begin, on) in [
        ("no boundary", MULTIPART, String::new(), "x".repeat(16 << 10)),
        ("a boundary of one byte that never comes", "multipart/form-data; boundary=e", String::new(), "x".repeat(16 << 10)),
        ("a boundary longer than any", &long, String::new(), "x".repeat(16 << 10)),
        ("an endless head", MULTIPART, format!("{csrf}--edge\r\n"), "X-A: b\r\n".repeat(2 << 10)),
        ("an endless line of a head", MULTIPART, format!("{csrf}--edge\r\nContent-Type: "), "multipart/mixed; ".repeat(1 << 10)),
        ("an endless name", MULTIPART, format!("{csrf}--edge\r\nContent-Disposition: form-data; name=\""), "n".repeat(16 << 10)),
        ("endless blanks after a boundary", MULTIPART, format!("{csrf}--edge"), " ".repeat(16 << 10)),
        ("endless text", MULTIPART, format!("{csrf}--edge\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"), "x".repeat(16 << 10)),
        ("empty choices without end", MULTIPART, csrf.clone(), empty.repeat(256)),
    ] {
        let mut stream = portal.connect();
        let head = format!(
            "POST /uploads HTTP/1.1\r\nhost: {}\r\n{}content-type: {kind}\r\ncontent-length: 50000000\r\n\r\n{begin}",
            portal.address(),
            clerk.known_by
        );
        stream.write_all(head.as_bytes()).expect("a head");
        let pieces = (0..40).take_while(|_| {
            let more = !answered(&stream) && stream.write_all(on.as_bytes()).is_ok();
            std::thread::sleep(Duration::from_millis(15));
            more
        });
        assert!(pieces.count() < 40, "{what} is read on and on");
    }
    assert!(clerk.page("/uploads").contains("还没有报送记录"), "nothing was kept");
}

#[test]
fn what_no_address_can_say_is_answered_in_our_own_words() {
    let portal = Portal::start(Site::new("2024-06-30", ""));
    let (clerk, operator, auditor) = (portal.sign_in("statistics"), portal.sign_in("operator"), portal.sign_in("auditor"));
    let administrator = portal.sign_in("administrator");
    for (visitor, path, status) in [
        (&clerk, "/uploads?page=99999999999", 422),
        (&clerk, "/uploads?page=-1", 422),
        (&clerk, "/uploads?done=%FF&page=x", 422),
        (&clerk, "/uploads/x?page=abc", 422),
        (&clerk, "/uploads/%ff", 404),
        (&clerk, "/uploads/%ff/original", 404),
        (&clerk, "/calendar?year=abc", 422),
        (&clerk, "/calendar?year=2026&year=2027", 422),
        (&operator, "/runs?page=x", 422),
        (&operator, "/runs?page=99999999999999999999", 422),
        (&operator, "/runs/%ff", 404),
        (&operator, "/runs/x/files/%ff", 404),
        (&operator, "/quality/%ff", 404),
        (&operator, "/quality?run=a&run=b", 422),
        (&operator, "/pool/%ff", 404),
        (&auditor, "/audit?page=1&page=2", 422),
        (&administrator, "/accounts/%ff", 404),
        (&administrator, "/accounts?done=a&done=b", 422),
        (&administrator, "/tokens?done=a&done=b", 422),
        (&portal.stranger(), "/sign-in?next=a&next=b", 422),
        (&portal.stranger(), "/setup/%ff", 404),
    ] {
        let answer = visitor.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let page = answer.text();
        assert!(page.contains("<html lang=\"zh") && page.contains("汇池") && !page.contains("deserialize"), "{path}: {page}");
    }
    assert_eq!(operator.post("/runs/%ff/adopt", &[("note", "无误")]).status, 403);
}
