//! Whoever is slow, silent, greedy or too much is let go; the others notice nothing.

use super::{MULTIPART, Portal, QUIET, site, until};
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
