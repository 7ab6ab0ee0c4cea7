//! Whoever is slow, silent, greedy or too much is let go; the others notice nothing.

use super::{MULTIPART, Portal, QUIET, site, until};
use crate::util::Site;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::scope;
use std::time::{Duration, Instant};

/// A portal whose site has nothing but these settings.
fn portal(extra: &str) -> Portal {
    Portal::serve(Site::new("2026-06-30", extra), &[])
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

/// How long something took, and what it gave.
fn timed<T>(what: impl FnOnce() -> T) -> (u64, T) {
    let start = Instant::now();
    let given = what();
    (start.elapsed().as_secs(), given)
}

#[test]
fn slow_and_silent_ones_are_let_go_while_others_are_served() {
    let portal = portal("");
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
        let others = s.spawn(|| {
            let mut stream = portal.connect();
            for _ in 0..40 {
                let (took, text) = timed(|| {
                    stream.write_all(b"GET /sign-in HTTP/1.1\r\nhost: portal\r\n\r\n").expect("a request");
                    answer(&mut stream)
                });
                assert!(text.starts_with("HTTP/1.1 200") && took <= 2, "{took} s");
                std::thread::sleep(Duration::from_millis(300));
            }
        });
        for (name, ended) in [("silent", silent), ("slow head", slow_head), ("slow second head", slow_second)] {
            let (took, said) = ended.join().expect(name);
            assert!((9..=16).contains(&took), "{name}: {took} s");
            assert!(!said.contains(" 200 "), "{name}: {said}");
        }
        for (name, ended) in [("stalled body", stalled_body), ("slow body", slow_body)] {
            let (took, said) = ended.join().expect(name);
            assert!((14..=26).contains(&took), "{name}: {took} s");
            assert!(said.starts_with("HTTP/1.1 408"), "{name}: {said}");
        }
        others.join().expect("the others");
    });
    let mut stream = portal.connect();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n").expect("a request");
    let metrics = rest(&mut stream);
    assert!(metrics.contains("huichi_refused_total{kind=\"stalled\"} 3"), "{metrics}");
    assert!(metrics.contains("huichi_connections 1"), "all of them are gone: {metrics}");
}

#[test]
fn too_much_is_refused_in_words_or_at_once() {
    let portal = portal("[portal]\nconnections = 12\n");
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
    std::thread::sleep(Duration::from_millis(200));
    let mut held: Vec<TcpStream> = (0..6).map(|_| portal.connect()).collect();
    for stream in &mut held {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: portal\r\n\r\n").expect("a request");
        assert!(answer(stream).ends_with("ok"));
    }
    let (took, said) = timed(|| rest(&mut portal.connect()));
    assert!(said.is_empty() && took < 5, "the seventh is closed at once, not after {took} s");
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert!(ask("GET /healthz HTTP/1.1\r\nhost: portal\r\n\r\n").ends_with("ok"), "room again");
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
