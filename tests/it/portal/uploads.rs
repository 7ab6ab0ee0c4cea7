//! Returns over the portal: receipts, verdicts, versions, what runs make of them, and who sees them.

use super::{Answer, MULTIPART, Portal, QUIET, Visitor, between, multipart, site, told, until};
use crate::util::{Site, code, directory, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A return of one enterprise with these figures: revenue, assets, liabilities, equity, and the revenue of the sum row.
fn returns(figures: [i64; 5]) -> String {
    let [revenue, assets, liabilities, equity, sum] = figures;
    format!(
        "企业经营情况（2023年）,,,,,,\n单位：千元,,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,所有者权益合计\n\
         {},龙南市第1有限公司,{revenue},3,{assets},{liabilities},{equity}\n合计,,{sum},3,{assets},{liabilities},{equity}\n",
        code(1)
    )
}

const GOOD: [i64; 5] = [26, 100, 60, 40, 26];

impl Visitor {
    /// Sends a file, and the upload that it replaces.
    fn send(&self, name: &str, content: &str, replaces: Option<&str>) -> Answer {
        self.ask("POST", "/uploads", MULTIPART, &self.form(name, content, replaces))
    }

    /// The form of an upload.
    fn form(&self, name: &str, content: &str, replaces: Option<&str>) -> Vec<u8> {
        let file = format!("name=\"files\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream");
        let mut parts = vec![("name=\"csrf\"", self.csrf.as_bytes()), (&file, content.as_bytes())];
        parts.splice(1..1, replaces.map(|id| ("name=\"replaces\"", id.as_bytes())));
        multipart(&parts)
    }

    /// Sends a file and waits for its verdict; gives its id and the page.
    fn judged(&self, name: &str, content: &str) -> (String, String) {
        let answer = self.send(name, content, None);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let id = between(answer.location(), "/uploads/", "?").to_owned();
        let page = self.wait(&id);
        (id, page)
    }

    /// Waits for the verdict of an upload; gives its page.
    fn wait(&self, id: &str) -> String {
        until(60, "a verdict", || Some(self.page(&format!("/uploads/{id}"))).filter(|page| !page.contains("http-equiv=\"refresh\"")))
    }
}

fn revenue(portal: &Portal) -> Vec<String> {
    portal.site.run();
    portal.site.table("returns").iter().map(|r| r["revenue"].clone()).collect()
}

#[test]
fn a_corrected_return_supersedes_the_wrong_one_and_any_folder_file() {
    let site = site(QUIET);
    site.input("统计局/经营情况.csv", returns([11, 100, 60, 40, 11]));
    let portal = Portal::start(site);
    assert_eq!(revenue(&portal), ["11000"]);
    let clerk = portal.sign_in("statistics");
    let (wrong, page) = clerk.judged("经营情况.csv", &returns([-5, 100, 60, 41, -5]));
    assert!(page.contains("需要更正") && page.contains("class=\"hit\"") && page.contains("单元格 <strong>C4</strong>"), "{page}");
    assert_eq!(revenue(&portal), [""], "it enters the run with the failing value withheld");
    let (right, page) = clerk.judged("经营情况_更正.csv", &returns(GOOD));
    assert!(page.contains("审核通过") && page.contains("第 2 版（本版）"), "{page}");
    assert_eq!(revenue(&portal), ["26000"]);
    let superseded: Vec<_> = portal.site.table("places").iter().filter(|r| r["place"] == "superseded").map(|r| r["rows"].clone()).collect();
    assert_eq!(superseded.len(), 2, "the folder's file and the first upload");
    let inputs = std::fs::read_to_string(portal.site.path("outputs/latest/run.json")).expect("run.json");
    assert!(inputs.contains("统计局/第2号_经营情况_更正.csv"), "{inputs}");
    let again = portal.site.run();
    assert!(text(&again.stdout).contains("均无变化"), "{}", text(&again.stdout));
    let page = until(20, "its versions compared", || Some(clerk.wait(&right)).filter(|page| !page.contains("比对")));
    assert!(page.contains("<th scope=\"row\">C4</th>") && page.contains("<del>-5</del>") && page.contains("<ins>26</ins>"), "{page}");
    assert!(clerk.get(&format!("/uploads/{wrong}")).text().contains("这不是最新版本"));
}

#[test]
fn a_refused_file_enters_nothing_and_supersedes_nothing() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    clerk.judged("经营情况.csv", &returns(GOOD));
    for (name, content) in [("经营情况.xlsx", "PK\u{3}\u{4}half"), ("经营情况_v9.csv", "日期,天气\n1月1日,晴\n")] {
        let (_, page) = clerk.judged(name, content);
        assert!(page.contains("未采用"), "{page}");
    }
    assert_eq!(revenue(&portal), ["26000"]);
    let inputs = std::fs::read_to_string(portal.site.path("outputs/latest/run.json")).expect("run.json");
    assert!(!inputs.contains("第2号") && !inputs.contains("第3号"), "{inputs}");
}

#[test]
fn uploads_alone_make_a_pool() {
    let site = Site::new("2024-06-30", QUIET);
    std::fs::remove_dir(site.path("inputs")).expect("no folder");
    let portal = Portal::start(site);
    portal.sign_in("industry").judged("名录.csv", &directory(1));
    portal.sign_in("statistics").judged("年报.csv", &returns(GOOD));
    assert_eq!(revenue(&portal), ["26000"]);
}

#[test]
fn every_sending_has_its_receipt_and_a_broken_upload_leaves_nothing() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let (id, page) = clerk.judged("经营情况.csv", &returns(GOOD));
    assert!(page.contains("第 1 号"), "{page}");
    let again = clerk.send("另一个名字.csv", &returns(GOOD), None);
    assert!(again.location().ends_with("?done=upload_again") && !again.location().contains(&id), "{}", again.location());
    assert!(clerk.wait(between(again.location(), "/uploads/", "?")).contains("第 2 号"));
    let body = clerk.form("大表.csv", &"x".repeat(300_000), None);
    let broken = clerk.ask_part("POST", "/uploads", MULTIPART, &body[..200_000], body.len());
    assert!(broken.status != 303, "half a body has no receipt");
    let forged = clerk.ask("POST", "/uploads", MULTIPART, &String::from_utf8_lossy(&body).replacen("csrf", "cars", 1).into_bytes());
    assert_eq!(forged.status, 403);
    let list = clerk.get("/uploads").text();
    assert!(list.contains("共 2 份") && !list.contains("大表"), "{list}");
    let incoming = || std::fs::read_dir(portal.site.path("outputs/.huichi/incoming")).expect("incoming").count();
    until(5, "that no file is left", || (incoming() == 0).then_some(()));
}

#[test]
fn another_bureaus_upload_is_as_good_as_none() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let (id, _) = clerk.judged("经营情况.csv", &returns([-5, 100, 60, 40, -5]));
    let other = portal.sign_in("market");
    assert!(!other.get("/uploads").text().contains(&id));
    for below in ["", "/findings.xlsx", "/original"] {
        let (hers, nobodys) = (other.get(&format!("/uploads/{id}{below}")), other.get(&format!("/uploads/{}{below}", "x".repeat(32))));
        assert_eq!((hers.status, nobodys.status), (404, 404));
        assert_eq!(hers.body, nobodys.body);
    }
    let said = [("key", "0"), ("text", "本年度一次性补缴，数值无误")];
    assert_eq!(other.post(&format!("/uploads/{id}/explanations"), &said).status, 404);
    assert_eq!(other.send("清单.csv", "a,b\n1,2\n", Some(&id)).status, 404, "it cannot be replaced either");
    assert_eq!(portal.sign_in("operator").get(&format!("/uploads/{id}")).status, 403);
    let auditor = portal.sign_in("auditor");
    let original = auditor.get(&format!("/uploads/{id}/original"));
    assert_eq!((original.status, original.text()), (200, returns([-5, 100, 60, 40, -5])));
    assert!(original.headers["content-disposition"].starts_with("attachment;"));
    let findings = auditor.get(&format!("/uploads/{id}/findings.xlsx"));
    assert_eq!((findings.status, &findings.body[..2]), (200, &b"PK"[..]));
    assert_eq!(auditor.post(&format!("/uploads/{id}/explanations"), &said).status, 403);
}

#[test]
fn an_explained_return_is_accepted_and_the_explanation_holds_while_the_value_does() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let asked = [26, 100, 60, 40, 99];
    let (id, page) = clerk.judged("经营情况.csv", &returns(asked));
    assert!(page.contains("需要更正") && page.contains("情况说明"), "{page}");
    let key = between(&page, "name=\"key\" value=\"", "\"").to_owned();
    let say = |words: &str| clerk.post(&format!("/uploads/{id}/explanations"), &[("key", &key), ("text", words)]);
    assert_eq!(say("无误").status, 422, "too short");
    assert_eq!(say("合计含两户保密企业，不在表内").status, 303);
    let page = clerk.wait(&id);
    assert!(page.contains("审核通过") && page.contains("合计含两户保密企业"), "{page}");
    let (_, page) = clerk.judged("经营情况.csv", &returns([27, 100, 60, 40, 99]));
    assert!(page.contains("审核通过"), "the sum still says 99: {page}");
    let (_, page) = clerk.judged("经营情况.csv", &returns([27, 100, 60, 40, 98]));
    assert!(page.contains("需要更正"), "another value is another question: {page}");
    let audit = portal.sign_in("auditor").get("/audit").text();
    assert!(!audit.contains("保密企业"), "what was said is not in the log");
}

#[test]
fn an_acknowledged_upload_outlives_a_sudden_end() {
    let mut portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let answer = clerk.send("经营情况.csv", &returns(GOOD), None);
    let id = between(answer.location(), "/uploads/", "?").to_owned();
    std::fs::write(portal.site.path("outputs/.huichi/incoming/half"), "x").expect("written");
    portal.kill();
    portal.restart();
    let clerk = portal.sign_in("statistics");
    assert!(clerk.wait(&id).contains("审核通过"));
    assert!(!portal.site.path("outputs/.huichi/incoming/half").exists());
    let calendar = clerk.get("/calendar?year=2024").text();
    assert!(calendar.contains("企业经营情况年报") && !calendar.contains("企业专利清单"), "{calendar}");
}

/// A return of so many enterprises, every row of which is wrong.
fn all_wrong(rows: u32) -> String {
    let mut content = String::from("单位：千元,,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,所有者权益合计\n");
    for row in 1..=rows {
        content.push_str(&format!("91360783MAY{row:05}XX,龙南市第{row}有限公司,-{row},3,100,60,41\n"));
    }
    content
}

/// The most memory that a process ever held, MiB.
fn peak_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    between(&status, "VmHWM:", "kB").trim().parse::<u64>().expect("a number") / 1024
}

/// The children of a process that read or judge a file.
fn children(of: u32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("processes").filter_map(Result::ok);
    let pids = processes.filter_map(|p| p.file_name().to_str()?.parse::<i32>().ok());
    let ours = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok()) == Some(of)
    };
    pids.filter(ours).collect()
}

#[test]
fn a_return_wrong_in_every_row_is_told_in_full_and_weighs_little() {
    told_in_full(800, "800");
}

#[test]
#[ignore = "16,000 rows judged: run by .ci/run"]
fn a_long_return_wrong_in_every_row_is_told_in_full_and_weighs_little() {
    told_in_full(8_000, "8,000");
}

/// Sends a return of so many wrong rows, and another of as many, which pages write so.
fn told_in_full(rows: u32, written: &str) {
    let portal = Portal::start(site(QUIET));
    let token = told(&portal.site, &["token", "add", "program", "--role", "clerk", "--source", "statistics"]);
    let program = portal.program(token["secret"].as_str().expect("a secret"));
    let clerk = portal.sign_in("statistics");
    let before = peak_mib(portal.child.id());
    let (id, page) = clerk.judged("经营情况.csv", &all_wrong(rows));
    let asked = |page: usize| {
        let answer = program.get(&format!("/api/v1/uploads/{id}/findings?page={page}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice::<Value>(&answer.body).expect("JSON")
    };
    let first = asked(1);
    let (total, pages) = (first["total"].as_u64().expect("a total"), first["pages"].as_u64().expect("pages"));
    let counted: u64 = ["errors", "explains", "notes"].map(|c| first["upload"][c].as_u64().expect("a count")).iter().sum();
    assert!(total >= 2 * u64::from(rows) && total == counted, "{total} of {counted}");
    assert_eq!(first["upload"]["rows"], rows);
    assert!(page.contains("需要更正") && page.contains(&format!("共 {pages} 页，{total} 处问题")), "{page}");
    let last = asked(usize::try_from(pages).expect("few"));
    assert_eq!(last["findings"].as_array().map(Vec::len), Some(usize::try_from((total - 1) % 50 + 1).expect("few")));
    assert!(last["findings"][0]["finding"]["cell"].as_str().is_some_and(|c| !c.is_empty()), "{last}");
    let workbook = clerk.get(&format!("/uploads/{id}/findings.xlsx"));
    assert_eq!((workbook.status, &workbook.body[..2]), (200, &b"PK"[..]), "{}", workbook.text());
    assert!(workbook.body.len() as u64 > 5 * total, "all of them are in it: {} bytes", workbook.body.len());
    // A second version, so that the two are compared as well.
    let (second, _) = clerk.judged("经营情况.csv", &all_wrong(rows).replace(",3,100,", ",4,100,"));
    let page = until(60, "its versions compared", || Some(clerk.wait(&second)).filter(|page| !page.contains("正在与")));
    assert!(page.contains(&format!("{written} 个单元格有变化")), "{page}");
    let grown = peak_mib(portal.child.id()) - before;
    assert!(grown < 60, "the portal grew by {grown} MiB");
}

#[test]
fn a_child_that_the_system_kills_is_tried_again_and_no_file_is_refused_for_it() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    let answer = clerk.send("经营情况.csv", &all_wrong(3000), None);
    let id = between(answer.location(), "/uploads/", "?").to_owned();
    let mut killed = std::collections::BTreeSet::new();
    until(60, "two deaths", || {
        for child in children(portal.child.id()) {
            if killed.len() < 2 && Pid::from_raw(child).is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
                killed.insert(child);
            }
        }
        // A verdict before the second death would be one by the first.
        (killed.len() == 2 || !clerk.page(&format!("/uploads/{id}")).contains("http-equiv=\"refresh\"")).then_some(())
    });
    let page = clerk.wait(&id);
    assert!(page.contains("需要更正") && !page.contains("未采用"), "{page}");
}

#[test]
fn a_return_whose_check_needs_more_than_it_may_is_kept_and_told() {
    let portal = Portal::start(site(&format!("{QUIET}[limits]\ncheck_cpu_s = 2\n")));
    let clerk = portal.sign_in("statistics");
    let (id, page) = clerk.judged("经营情况.csv", &all_wrong(100_000));
    assert!(page.contains("未采用") && page.contains("限额") && page.contains("分成几份"), "{page}");
    assert_eq!(clerk.get(&format!("/uploads/{id}/original")).status, 200, "it is kept");
    let (_, page) = clerk.judged("经营情况_改.csv", &returns(GOOD));
    assert!(page.contains("审核通过"), "{page}");
}
