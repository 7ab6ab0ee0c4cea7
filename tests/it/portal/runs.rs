//! Runs: by schedule, by hand, cancelled, killed; their files by role; adoption; notices.

use super::{Portal, Visitor, between, escaped, ledger, site, until};
use crate::util::{Site, directory, text};
use hmac::{Hmac, KeyInit, Mac};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Starts a run.
pub(super) fn start(operator: &Visitor) {
    let answer = operator.post("/runs/start", &[]);
    assert_eq!((answer.status, answer.location()), (303, "/runs?done=run_started"), "{}", answer.text());
}

/// Waits until nothing runs; gives the history's first line.
pub(super) fn ended(operator: &Visitor) -> String {
    until(90, "the end of a run", || (operator.get("/runs/progress").status == 204).then_some(()));
    let page = operator.get("/runs").text();
    between(between(&page, "<tbody>", "</tbody>"), "<tr>", "</tr>").to_owned()
}

/// The run that `latest` leads to.
fn latest(site: &Site) -> String {
    let to = fs::read_link(site.path("outputs/latest")).expect("a latest run");
    to.to_string_lossy().into_owned()
}

/// The folders of all runs.
fn folders(site: &Site) -> Vec<PathBuf> {
    let all = fs::read_dir(site.path("outputs")).expect("outputs").map(|e| e.expect("an entry").path());
    all.filter(|p| p.join("run.json").is_file() && !p.is_symlink()).collect()
}

/// An address of a source that either has nothing or never answers, so that a run stands still at it.
struct Gate {
    address: String,
    closed: Arc<AtomicBool>,
    holds: Arc<AtomicBool>,
}

impl Gate {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let closed = Arc::new(AtomicBool::new(false));
        let holds = Arc::new(AtomicBool::new(false));
        let (state, holding) = (closed.clone(), holds.clone());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for mut stream in listener.incoming().flatten() {
                if state.load(Ordering::SeqCst) {
                    held.push(stream);
                    holding.store(true, Ordering::SeqCst);
                } else {
                    let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                }
            }
        });
        Self { address, closed, holds }
    }

    /// A site whose runs pass here.
    fn site(&self) -> Site {
        site(&format!("[[source.market.http]]\nurl = \"http://{}/a.csv\"\nname = \"a.csv\"\ntries = 1\ntimeout_s = 600\n", self.address))
    }

    fn close(&self, closed: bool) {
        self.closed.store(closed, Ordering::SeqCst);
    }
}

/// The process of the run that a portal has started.
fn run_of(portal: &Portal) -> Option<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok());
    processes.into_iter().find(|process| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(1);
        let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        fields.next() == Some(&portal.child.id().to_string()) && command.windows(8).any(|w| w == b"--events")
    })
}

#[test]
fn the_night_runs_when_its_moment_comes_and_a_second_one_changes_nothing() {
    let portal = Portal::start_with(site(""), &["--clock", "2026-07-01T01:59:56+08:00"]);
    let operator = portal.sign_in("operator");
    let page = operator.get("/runs").text();
    assert!(page.contains("下次自动合并：2026-07-0"), "{page}");
    until(90, "the night's run", || portal.site.path("outputs/latest").exists().then_some(()));
    let line = ended(&operator);
    assert!(line.contains("2026-07-01 02:00") && line.contains("定时") && line.contains("mark done"), "{line}");
    assert!(operator.get("/runs").text().contains("下次自动合并：2026-07-02 02:00"));
    start(&operator);
    let line = ended(&operator);
    assert!(line.contains("无变化") && line.contains("手动") && line.contains("operator"), "{line}");
    assert_eq!(folders(&portal.site).len(), 1, "a run without change writes a line and no run");
    let audit = portal.sign_in("auditor").get("/audit").text();
    assert!(audit.contains("run_started") || audit.contains("合并"), "{audit}");
}

#[test]
fn a_run_that_is_killed_leaves_the_last_good_pool_and_is_told_of_on_every_page() {
    let gate = Gate::open();
    let portal = Portal::start(gate.site());
    let operator = portal.sign_in("operator");
    start(&operator);
    ended(&operator);
    let good = latest(&portal.site);
    gate.close(true);
    start(&operator);
    let part = until(90, "progress", || Some(operator.get("/runs/progress").text()).filter(|t| t.contains("mark running")));
    assert!(part.contains("登记文件"), "{part}");
    assert_eq!(operator.post("/runs/start", &[]).status, 409, "one run at a time");
    let process = until(90, "the run's process", || run_of(&portal));
    kill_process(Pid::from_raw(process.cast_signed()).expect("a process"), Signal::KILL).expect("a signal");
    let line = ended(&operator);
    assert!(line.contains("意外中断") && line.contains("mark failed"), "{line}");
    assert_eq!(latest(&portal.site), good);
    for page in [operator.get("/runs"), portal.sign_in("statistics").get("/uploads"), portal.stranger().get("/sign-in")] {
        assert!(page.text().contains("合并没有成功"), "{}", page.text());
    }
    gate.close(false);
    start(&operator);
    ended(&operator);
    assert!(!operator.get("/runs").text().contains("banner failed"), "a run that succeeds ends the complaint");
}

#[test]
fn a_run_that_fails_says_why_to_those_who_can_mend_it() {
    let portal = Portal::start(site(""));
    let operator = portal.sign_in("operator");
    start(&operator);
    ended(&operator);
    let good = latest(&portal.site);
    fs::remove_dir_all(portal.site.path("inputs")).expect("gone");
    start(&operator);
    let line = ended(&operator);
    assert!(line.contains("没有成功") && line.contains("hint message"), "{line}");
    assert_eq!(latest(&portal.site), good);
    let member = portal.sign_in("member").get("/runs").text();
    assert!(member.contains("没有成功") && !member.contains("hint message"), "{member}");
}

#[test]
fn a_run_is_cancelled_by_those_who_may_start_one() {
    let gate = Gate::open();
    gate.close(true);
    let portal = Portal::start(gate.site());
    let operator = portal.sign_in("operator");
    assert_eq!(operator.post("/runs/cancel", &[]).status, 409, "nothing runs");
    start(&operator);
    let process = until(90, "the run's process", || run_of(&portal));
    for other in ["leader", "member", "auditor", "statistics", "administrator"] {
        let other = portal.sign_in(other);
        assert_eq!([other.post("/runs/start", &[]).status, other.post("/runs/cancel", &[]).status], [403, 403]);
    }
    let answer = operator.post("/runs/cancel", &[]);
    assert_eq!((answer.status, answer.location()), (303, "/runs?done=run_cancelled"));
    let line = ended(&operator);
    assert!(line.contains("已停止"), "{line}");
    assert!(!PathBuf::from(format!("/proc/{process}")).exists(), "its process is gone");
    assert!(!operator.get("/runs").text().contains("banner failed"), "what somebody stopped did not fail");
    assert!(!portal.site.path("outputs/latest").exists());
}

#[test]
fn a_run_ends_with_its_portal_and_is_closed_when_that_starts_again() {
    let gate = Gate::open();
    gate.close(true);
    let mut portal = Portal::start(gate.site());
    start(&portal.sign_in("operator"));
    let process = until(90, "the run's process", || run_of(&portal));
    portal.kill();
    portal.restart();
    until(90, "the run's end", || (!PathBuf::from(format!("/proc/{process}")).exists()).then_some(()));
    let line = ended(&portal.sign_in("operator"));
    assert!(line.contains("意外中断"), "{line}");
}

#[test]
fn a_run_that_is_parked_at_the_end_is_made_up_at_the_start() {
    let gate = Gate::open();
    gate.close(true);
    let mut portal = Portal::start(gate.site());
    start(&portal.sign_in("operator"));
    until(90, "a run that stands still", || gate.holds.load(Ordering::SeqCst).then_some(()));
    // What is held stays held: the run cannot end by itself.
    gate.close(false);
    portal.terminate();
    portal.ended(90);
    portal.restart();
    let operator = portal.sign_in("operator");
    until(90, "the run made up", || portal.site.path("outputs/latest").exists().then_some(()));
    let line = ended(&operator);
    assert!(line.contains("补做") && line.contains("mark done"), "{line}");
    assert!(operator.get("/runs").text().contains("系统关闭时中止"));
}

#[test]
fn files_go_to_those_who_may_see_them_and_everybody_else_finds_nothing() {
    let portal = Portal::start(site(""));
    let operator = portal.sign_in("operator");
    start(&operator);
    ended(&operator);
    let run = latest(&portal.site);
    let files = ["备选池.xlsx", "备选池_运营版.xlsx", "数据质量报告.xlsx", "data/enterprises.csv", "data/enterprises.parquet", "run.json"];
    let path = |file: &str| format!("/runs/{run}/files/{}", escaped(file));
    for (name, expected) in [
        ("leader", [200; 6]),
        ("auditor", [200; 6]),
        ("operator", [404, 200, 404, 404, 404, 404]),
        ("member", [404, 200, 404, 404, 404, 404]),
        ("statistics", [403; 6]),
        ("administrator", [403; 6]),
    ] {
        let visitor = portal.sign_in(name);
        assert_eq!(files.map(|file| visitor.get(&path(file)).status), expected, "{name}");
        let page = visitor.get(&format!("/runs/{run}")).text();
        // What the run wrote; its own record, `run.json`, is for programs.
        let offered = files.map(|file| page.contains(&format!(">{file}</a>")));
        assert_eq!(offered[..5], expected.map(|status| status == 200)[..5], "{name} is offered what can be taken");
    }
    let leader = portal.sign_in("leader");
    for wrong in ["../pipeline.toml", "..%2F..%2Fpipeline.toml", "data/../run.json", "data", "x.xlsx", "%00"] {
        assert_eq!(leader.get(&format!("/runs/{run}/files/{wrong}")).status, 404, "{wrong}");
    }
    let unknown = ["/runs/20240101-000000-00000000", "/runs/latest", "/runs/20240101-000000-00000000/files/run.json"];
    assert_eq!(unknown.map(|path| leader.get(path).status), [404; 3]);
    let answer = leader.get(&path("备选池.xlsx"));
    assert_eq!(answer.body, fs::read(portal.site.path("outputs").join(&run).join("备选池.xlsx")).expect("the workbook"));
    let named = &answer.headers["content-disposition"];
    assert!(named.ends_with(&format!("filename*=UTF-8''%E5%A4%87%E9%80%89%E6%B1%A0_{run}.xlsx")), "{named}");
    assert_eq!(answer.headers["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let filter = huichi::ledger::AuditFilter { action: Some("download"), account: Some("operator"), ..Default::default() };
    let (taken, _) = ledger(&portal.site).audit(&filter, 0, 10).expect("entries");
    assert_eq!(taken.iter().map(|e| e.object.clone()).collect::<Vec<_>>(), [format!("{run}/备选池_运营版.xlsx")]);
}

#[test]
fn an_adopted_run_is_sealed_and_named_on_later_covers() {
    let portal = Portal::start(site(""));
    let (operator, leader) = (portal.sign_in("operator"), portal.sign_in("leader"));
    start(&operator);
    ended(&operator);
    let first = latest(&portal.site);
    let adopt = |visitor: &Visitor, run: &str, note: &str| visitor.post(&format!("/runs/{run}/adopt"), &[("note", note)]).status;
    assert_eq!(adopt(&operator, &first, "专班会议通过"), 403);
    assert_eq!(adopt(&leader, &first, " "), 422, "a note is wanted");
    assert_eq!(adopt(&leader, "20240101-000000-00000000", "专班会议通过"), 404);
    assert_eq!(adopt(&leader, &first, "专班会议通过"), 303);
    assert_eq!(adopt(&leader, &first, "再次"), 409);
    let page = operator.get(&format!("/runs/{first}")).text();
    assert!(page.contains("专班会议通过") && page.contains("定稿"), "{page}");
    let mode = |file: &str| fs::metadata(portal.site.path("outputs").join(&first).join(file)).expect("a file").permissions().readonly();
    assert!(["备选池.xlsx", "data/enterprises.csv", "run.json"].into_iter().all(mode));

    portal.site.input("工信局/名录.csv", directory(2));
    start(&operator);
    ended(&operator);
    let second = latest(&portal.site);
    assert_ne!(first, second);
    let run: serde_json::Value =
        serde_json::from_slice(&fs::read(portal.site.path("outputs/latest/run.json")).expect("run.json")).expect("JSON");
    assert_eq!(run["adopted"]["run"], first.as_str());
    assert_eq!(run["adopted"]["since"], serde_json::json!({ "entered": 0, "left": 0, "enterprises": 0, "figures": 0 }));
    for book in ["备选池.xlsx", "备选池_运营版.xlsx"] {
        use calamine::{Data, Reader, Xlsx, open_workbook};
        let mut book: Xlsx<_> = open_workbook(portal.site.path("outputs/latest").join(book)).expect("a workbook");
        let sheet = book.sheet_names()[0].clone();
        let cover = book.worksheet_range(&sheet).expect("the cover");
        let told = cover.cells().any(|(_, _, cell)| matches!(cell, Data::String(text) if text.contains(&first) && text.contains("定稿")));
        assert!(told, "the cover names {first}");
    }
    assert!(operator.get(&format!("/runs/{second}")).text().contains("与定稿相比"));
    fs::write(portal.site.path("outputs/latest/备选池.xlsx"), "changed").expect("written");
    assert_eq!(adopt(&leader, &second, "专班会议通过"), 409, "what is not as it was written is not adopted");
}

/// Head and body of each request that came.
type Received = Arc<Mutex<Vec<(String, String)>>>;

/// Takes what is posted and answers that all is well.
fn post_box() -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let letters = Arc::new(Mutex::new(Vec::new()));
    let received = letters.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let mut reader = BufReader::new(&stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(size) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = size.trim().parse().unwrap_or(0);
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            // The first is refused, so that it comes again.
            let answer = if number == 0 { "503 Service Unavailable" } else { "200 OK" };
            let _ = (&stream).write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
            received.lock().expect("the letters").push((head, text(&body)));
        }
    });
    (address, letters)
}

#[test]
fn a_notice_is_signed_comes_again_and_carries_no_data() {
    let (address, letters) = post_box();
    let notice = format!(
        "[portal]\npublic_url = \"https://huichi.example\"\n[[notice]]\nkind = \"generic\"\nurl = \"{address}\"\nsecret = {{ file = \"notice.key\" }}\n"
    );
    let site = site(&notice);
    std::fs::write(site.path("notice.key"), "s3cret\n").expect("a key");
    let portal = Portal::start(site);
    let operator = portal.sign_in("operator");
    start(&operator);
    ended(&operator);
    until(90, "the notice, twice", || (letters.lock().expect("the letters").len() == 2).then_some(()));
    let letters = letters.lock().expect("the letters").clone();
    assert_eq!(letters[0].1, letters[1].1, "what was refused comes again as it was");
    let (head, body) = &letters[1];
    let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((value["event"].as_str(), value["url"].as_str()), (Some("report_waits"), Some("https://huichi.example")));
    assert!(!body.contains("龙南市") && value.as_object().is_some_and(|o| o.len() == 4), "{body}");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"s3cret").expect("a key");
    mac.update(body.as_bytes());
    let signed: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    assert!(head.to_lowercase().contains(&format!("x-huichi-signature: {signed}")), "{head}");
}

#[test]
fn a_schedule_that_says_nothing_is_a_problem_with_its_line() {
    let site = site("[schedule]\ncron = \"0 25 * * *\"\n[[notice]]\nkind = \"wecom\"\nurl = \"ftp://somewhere\"\n");
    let output = site.huichi(&["check", "--format", "json"]);
    let problems: Vec<serde_json::Value> = text(&output.stderr)
        .lines()
        .filter_map(|l| serde_json::from_str(l).ok())
        .filter(|v: &serde_json::Value| v["path"].is_string())
        .collect();
    let seen: Vec<_> = problems.iter().map(|p| (p["code"].as_str(), p["line"].as_u64(), p["path"].as_str())).collect();
    let bad = Some("CFG-010");
    assert_eq!(seen, [(bad, Some(4), Some("schedule.cron")), (bad, Some(7), Some("notice[0].url"))], "{}", text(&output.stderr));
}
