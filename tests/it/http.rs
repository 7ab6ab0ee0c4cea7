//! Sources on the network, against a small server of our own on the loopback.

use crate::util::{Row, Site, directory, tests, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server answers next; the last one again and again.
#[derive(Clone)]
enum Answer {
    /// Status, further headers, body.
    Reply(u16, &'static str, String),
    /// A promise of more bytes than come.
    Broken,
    /// Nothing at all.
    Hang,
}

/// A server with a list of answers; keeps the headers of each request.
struct Server {
    address: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/names.csv?token=secret", listener.local_addr().expect("an address"));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<VecDeque<_>>()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (queue, seen) = (answers.clone(), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = {
                    let mut queue = queue.lock().expect("the queue");
                    if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
                };
                let seen = seen.clone();
                std::thread::spawn(move || answer.map(|answer| serve(stream, &answer, &seen)));
            }
        });
        Self { address, answers, requests }
    }

    fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.answers.lock().expect("the queue") = answers.into_iter().collect();
        self.requests.lock().expect("requests").clear();
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("requests").clone()
    }

    /// A site whose industry bureau is this server.
    fn site(&self, extra: &str) -> Site {
        let settings = format!(
            "[[source.industry.http]]\nurl = \"{}\"\nuser = \"huichi\"\npassword = {{ file = \"market.password\" }}\n\
             name = \"网上名录.csv\"\ntimeout_s = 1\ntries = 3\n{extra}",
            self.address
        );
        let site = Site::new("2024-06-30", &settings);
        std::fs::write(site.path("market.password"), "secret\n").expect("a password");
        site
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, seen: &Mutex<Vec<String>>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
    seen.lock().expect("requests").push(head.to_ascii_lowercase());
    let _ = match answer {
        Answer::Reply(status, headers, body) => {
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
        }
        Answer::Broken => write!(stream, "HTTP/1.1 200 x\r\ncontent-length: 9999\r\n\r\n{}", directory(1)),
        Answer::Hang => reader.read(&mut [0]).map(|_| ()),
    };
}

fn ok(headers: &'static str, body: &str) -> Answer {
    Answer::Reply(200, headers, body.to_owned())
}

fn findings(site: &Site) -> Vec<Row> {
    site.table("findings").into_iter().filter(|r| r["code"].starts_with("SRC-")).collect()
}

#[test]
fn a_source_is_asked_with_conditions_and_not_read_again() {
    let server = Server::start([ok("etag: \"v1\"\r\nlast-modified: Mon, 24 Jun 2024 08:00:00 GMT\r\n", &directory(1))]);
    let site = server.site("");
    site.run();
    assert_eq!(site.table("enterprises").len(), 1);
    assert!(!server.requests()[0].contains("if-none-match"));
    server.then([Answer::Reply(304, "", String::new())]);
    let second = text(&site.run().stdout);
    assert!(second.contains("未做任何计算"), "{second}");
    assert!(server.requests()[0].contains("if-none-match: \"v1\""));
    assert!(server.requests()[0].contains("if-modified-since: mon, 24 jun 2024 08:00:00 gmt"));
    server.then([ok("etag: \"v2\"\r\n", &directory(2))]);
    site.run();
    assert_eq!(site.table("enterprises").len(), 2, "a new version replaces the former");
}

#[test]
fn what_may_pass_by_itself_is_tried_again() {
    let failing = [Answer::Reply(503, "retry-after: 0\r\n", String::new()), Answer::Broken, ok("", &directory(1))];
    let server = Server::start(failing);
    let site = server.site("");
    site.run();
    assert_eq!((site.table("enterprises").len(), server.requests().len()), (1, 3));
    assert_eq!(findings(&site), []);
}

#[test]
fn the_last_good_version_stays_in_use_and_the_report_says_so() {
    let server = Server::start([ok("", &directory(1))]);
    let site = server.site("");
    site.run();
    for (answer, reason, requests) in [
        (Answer::Hang, "1 秒内没有收完", 3),
        (Answer::Reply(404, "", String::new()), "对方答复状态 404", 1),
        (Answer::Reply(200, "", "x".repeat(2 << 20)), "超过上限 1 MiB", 1),
    ] {
        std::fs::write(
            site.path("pipeline.toml"),
            std::fs::read_to_string(site.path("pipeline.toml")).expect("settings").replace("[limits]\nfile_mib = 1\n", "")
                + "[limits]\nfile_mib = 1\n",
        )
        .expect("settings");
        server.then([answer]);
        site.run();
        assert_eq!(site.table("enterprises").len(), 1, "{reason}");
        let found = findings(&site);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0]["code"].as_str(), found[0]["severity"].as_str(), found[0]["file"].as_str()),
            ("SRC-004", "explain", "网上名录.csv")
        );
        assert!(found[0]["message"].contains(reason) && !found[0]["message"].contains("secret"), "{}", found[0]["message"]);
        assert_eq!(server.requests().len(), requests, "{reason}");
        let replayed = site.huichi(&["replay", "latest"]);
        assert!(replayed.status.success(), "{}{}", text(&replayed.stdout), text(&replayed.stderr));
        assert_eq!(server.requests().len(), requests, "what is made again is not asked for again");
    }
}

#[test]
fn without_an_earlier_version_the_source_is_missing() {
    let server = Server::start([ok("", &directory(1))]);
    let site = server.site("sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n");
    site.input("工信局/名录.csv", directory(1));
    site.run();
    let found = findings(&site);
    assert_eq!((found.len(), found[0]["code"].as_str(), found[0]["severity"].as_str()), (1, "SRC-005", "error"));
    assert!(found[0]["message"].contains("校验值不符"), "{}", found[0]["message"]);
    assert_eq!(server.requests().len(), 1, "another checksum is not asked for again");
}

#[test]
fn a_version_that_the_store_lost_is_fetched_anew_or_ends_the_run() {
    let server = Server::start([ok("etag: \"v1\"\r\n", &directory(1))]);
    let site = server.site("");
    site.run();
    let latest = std::fs::read_link(site.path("outputs/latest")).expect("latest");
    let original = walkdir::WalkDir::new(site.path("outputs/.huichi/store")).into_iter().map(|e| e.expect("an entry"));
    let original = original.filter(|e| e.file_type().is_file()).map(|e| e.into_path()).next().expect("an original");
    std::fs::write(&original, directory(2)).expect("changed");
    server.then([Answer::Reply(404, "", String::new())]);
    let output = site.huichi(&["run"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("ERR-060") && told.contains("工信局/网上名录.csv") && told.contains("SHA-256"), "{told}");
    assert_eq!(std::fs::read_link(site.path("outputs/latest")).expect("latest"), latest);
    server.then([ok("", &directory(1))]);
    assert!(text(&site.run().stdout).contains("均无变化"));
    assert!(!server.requests()[0].contains("if-none-match"), "what is lost is asked for without conditions");
    assert_eq!(std::fs::read_to_string(&original).expect("the original"), directory(1));
}

#[test]
fn a_password_comes_from_a_file_or_the_environment_and_stands_nowhere_else() {
    let server = Server::start([ok("", &directory(1))]);
    let site = server.site("");
    site.run();
    let basic = |word: &str| format!("authorization: basic {}", STANDARD.encode(word)).to_lowercase();
    assert!(server.requests()[0].contains(&basic("huichi:secret")), "{:?}", server.requests());
    for path in ["outputs/.huichi", "outputs"] {
        for entry in walkdir::WalkDir::new(site.path(path)).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file()) {
            let bytes = std::fs::read(entry.path()).expect("a file");
            assert!(!bytes.windows(6).any(|w| w == b"secret"), "{} holds it", entry.path().display());
        }
    }
    server.then([ok("", &directory(3))]);
    let log = site.command(&["run"]).env("HUICHI_LOG", "trace").output().expect("a run").stderr;
    let written = [String::from("secret"), STANDARD.encode("huichi:secret")];
    assert!(!log.is_empty() && written.iter().all(|word| !text(&log).contains(word)), "{}", text(&log));
    let printed = text(&site.huichi(&["config"]).stdout);
    assert!(printed.contains("market.password") && !printed.contains("secret"), "{printed}");

    // The last good version stands while the word for a new one is missing, and the report says what is.
    std::fs::remove_file(site.path("market.password")).expect("no password");
    site.run();
    let found = findings(&site);
    assert_eq!((found.len(), found[0]["code"].as_str()), (1, "SRC-004"));
    assert!(found[0]["message"].contains("market.password"), "{}", found[0]["message"]);
    let settings = std::fs::read_to_string(site.path("pipeline.toml")).expect("settings");
    std::fs::write(site.path("pipeline.toml"), settings.replace("file = \"market.password\"", "env = \"HUICHI_TEST_WORD\""))
        .expect("settings");
    server.then([ok("", &directory(2))]);
    assert!(site.command(&["run"]).env("HUICHI_TEST_WORD", "other").output().expect("a run").status.success());
    assert!(server.requests()[0].contains(&basic("huichi:other")));
    assert_eq!(site.table("enterprises").len(), 2);
}

#[test]
fn an_address_of_an_earlier_version_keeps_its_state_and_loses_its_password() {
    let server = Server::start([ok("etag: \"v1\"\r\n", &directory(1))]);
    let site = server.site("");
    site.run();
    let path = site.path("outputs/.huichi/ledger.sqlite");
    let old = server.address.replace("http://", "http://huichi:geheim@");
    // The ledger of an earlier build, which kept addresses as they were written, in the place of this site's.
    std::fs::rename(&path, site.path("new.sqlite")).expect("its own");
    let archive = std::fs::File::open(tests().join("fixtures/state/state.zip")).expect("the state");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let mut kept = archive.by_name("outputs/.huichi/ledger.sqlite").expect("a ledger");
    std::io::copy(&mut kept, &mut std::fs::File::create(&path).expect("a file")).expect("copied");
    let ledger = rusqlite::Connection::open(&path).expect("a ledger");
    ledger
        .execute_batch(&format!(
            "ATTACH '{}' AS new; DELETE FROM upload; DELETE FROM adoption; DELETE FROM run; 
             INSERT INTO run SELECT id, key, as_of, started, finished, summary FROM new.run;
             INSERT INTO http_source SELECT '{old}', sha256, bytes, etag, last_modified, received FROM new.http_source;",
            site.path("new.sqlite").display()
        ))
        .expect("an old ledger of this site");
    drop(ledger);
    server.then([Answer::Reply(304, "", String::new())]);
    let second = text(&site.run().stdout);
    assert!(second.contains("未做任何计算"), "{second}");
    assert!(server.requests()[0].contains("if-none-match: \"v1\""), "the version at hand is known");
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        let bytes = std::fs::read(site.path(&format!("outputs/.huichi/{name}"))).unwrap_or_default();
        assert!(!text(&bytes).contains("geheim") && !text(&bytes).contains("secret"), "{name} holds it still");
    }
}

#[test]
fn where_one_is_sent_on_matters() {
    let other = Server::start([ok("", &directory(2))]);
    let moved = format!("location: {}\r\n", other.address).leak();
    let server = Server::start([Answer::Reply(302, moved, String::new())]);
    let site = server.site("");
    site.run();
    assert_eq!(site.table("enterprises").len(), 2, "a source may move");
    let seen = &other.requests()[0];
    assert!(!seen.contains("authorization") && !seen.contains("referer"), "what opens one door is not shown at another: {seen}");
    for place in ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"] {
        let moved = format!("location: {place}\r\n").leak();
        let server = Server::start([Answer::Reply(302, moved, String::new())]);
        let site = server.site("");
        site.input("工信局/名录.csv", directory(1));
        site.run();
        assert_eq!((findings(&site)[0]["code"].as_str(), server.requests().len()), ("SRC-005", 1), "{place}");
    }
}

/// A reply that sends on, for each of these places.
fn sent_on(places: &[String]) -> Vec<Answer> {
    places.iter().map(|place| Answer::Reply(302, format!("location: {place}\r\n").leak(), String::new())).collect()
}

#[test]
fn a_password_that_stands_where_one_is_sent_on_is_named_nowhere() {
    let other = Server::start([ok("etag: \"v2\"\r\n", &directory(2))]);
    let place = other.address.replace("http://", "http://zhang:ge%2Fheim@").replace("?token=secret", "");
    let server = Server::start(sent_on(&[place]));
    let site = server.site("");
    let run = site.command(&["run"]).env("HUICHI_LOG", "trace").output().expect("a run");
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert_eq!(site.table("enterprises").len(), 2);
    let basic = STANDARD.encode("zhang:ge/heim");
    let seen = &other.requests()[0];
    assert!(seen.contains(&format!("authorization: basic {}", basic.to_lowercase())), "it lets in where it is meant: {seen}");
    assert!(!seen.lines().any(|l| l.contains("heim")), "and stands in no address: {seen}");
    other.then([Answer::Reply(500, "", String::new())]);
    let failing = site.command(&["run"]).env("HUICHI_LOG", "trace").output().expect("a run");
    for said in [&run.stdout, &run.stderr, &failing.stdout, &failing.stderr] {
        let said = text(said);
        assert!(!["heim", "zhang", basic.as_str()].iter().any(|word| said.contains(word)), "{said}");
    }
    for entry in walkdir::WalkDir::new(site.path("outputs")).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file()) {
        let bytes = std::fs::read(entry.path()).expect("a file");
        assert!(!bytes.windows(4).any(|w| w == b"heim"), "{} holds it", entry.path().display());
    }
}

#[test]
fn a_way_that_leads_nowhere_is_told_for_what_it_is() {
    let numbered: Vec<String> = (0..9).map(|i| format!("/{i}")).collect();
    let back_and_forth: Vec<String> = (0..9).map(|i| format!("/{}", i % 2)).collect();
    for (places, reason, asked) in [
        (back_and_forth, "又回到原处", 6),
        (vec!["/names.csv".to_owned(); 9], "又回到原处", 6),
        (numbered, "转了 5 次仍没有到文件", 6),
        (vec!["http://".to_owned()], "不是一个可用的地址", 1),
        (vec!["file:///etc/passwd".to_owned()], "不加密的或不是 HTTP(S) 的地址", 1),
    ] {
        let server = Server::start(sent_on(&places));
        let site = server.site("");
        site.input("工信局/名录.csv", directory(1));
        site.run();
        let found = findings(&site);
        assert_eq!((found.len(), found[0]["code"].as_str()), (1, "SRC-005"), "{reason}");
        assert!(found[0]["message"].contains(reason), "{reason}: {}", found[0]["message"]);
        assert_eq!(server.requests().len(), asked, "{reason}: asked once for each address");
    }
    let few: Vec<String> = (0..5).map(|i| format!("/{i}")).collect();
    let server = Server::start(sent_on(&few).into_iter().chain([ok("", &directory(2))]));
    let site = server.site("");
    site.run();
    assert_eq!(site.table("enterprises").len(), 2, "a few are followed");
    let signed = server.requests().iter().filter(|r| r.contains("authorization: basic")).count();
    assert_eq!(signed, 6, "at the same door the password is shown again");
}
