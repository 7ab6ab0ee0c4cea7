//! A state that an earlier build left, opened with this one; `tests/fixtures/state/README.md` says what it holds.

use super::{Portal, Visitor, escaped, told, until};
use crate::util::{Site, tests, text};
use std::fs::{self, File};

const FIRST: &str = "20261129-171009-c46d69fb";
const SECOND: &str = "20261129-171025-75d2726f";
const TOKEN: &str = "hc_au6j257b2sxyAunjm66xkaA7tyq4ezmw";
const LAST: (i64, &str) = (43, "3dfaec53f2cb46a1d6090c91118129b69832b0b3e6dbae752ad3376a7e063302");
/// A week after the state was made; its token counts a year.
const CLOCK: [&str; 2] = ["--clock", "2026-12-06T08:00:00+08:00"];

/// The site as the earlier build left it.
pub(super) fn earlier() -> Site {
    let site = Site::new("2026-06-30", "");
    let archive = File::open(tests().join("fixtures/state/state.zip")).expect("the state");
    zip::ZipArchive::new(archive).expect("an archive").extract(site.path("")).expect("unpacked");
    assert_eq!(fs::read_link(site.path("outputs/latest")).expect("a link").to_string_lossy(), SECOND);
    site
}

/// The page of an upload once its check, whose result an earlier build kept in another form, has been made again.
fn checked(clerk: &Visitor, id: &str) -> String {
    let page = || clerk.page(&format!("/uploads/{id}"));
    until(60, "its check", || Some(page()).filter(|page| !page.contains("http-equiv=\"refresh\"")))
}

/// Path of a run's file.
fn file(run: &str, name: &str) -> String {
    format!("/runs/{run}/files/{}", escaped(name))
}

#[test]
fn the_ledger_of_an_earlier_build_opens_and_its_audit_log_holds() {
    let site = earlier();
    let verified = told(&site, &["audit", "verify"]);
    assert_eq!((verified["number"].as_i64(), verified["hash"].as_str()), (Some(LAST.0), Some(LAST.1)));
    let people = told(&site, &["user", "list"]);
    assert_eq!(people.as_array().map(Vec::len), Some(8), "{people}");
    assert!(told(&site, &["token", "list"]).to_string().contains("nightly"));
}

#[test]
fn receipts_and_runs_of_an_earlier_build_are_shown_and_taken() {
    let portal = Portal::serve(earlier(), &CLOCK);
    let clerk = portal.sign_in("statistics");
    let list = clerk.page("/uploads");
    assert!(list.contains("共 4 份"), "{list}");
    let ids: Vec<String> =
        list.split("href=\"/uploads/").skip(1).map(|r| r.split(['"', '?', '#']).next().unwrap_or_default().to_owned()).collect();
    let pages: Vec<String> = ids.iter().filter(|id| id.len() == 32).map(|id| checked(&clerk, id)).collect();
    let one = |words: &[&str]| {
        let found = pages.iter().any(|page| words.iter().all(|word| page.contains(word)));
        assert!(found, "no receipt says {words:?}");
    };
    one(&["第 1 号", "需要更正", "这不是最新版本"]);
    one(&["第 2 号", "审核通过", "第 2 版（本版）"]);
    one(&["第 3 号", "未采用"]);
    one(&["第 4 号", "审核通过", "合计含两户保密企业，不在表内"]);

    let leader = portal.sign_in("leader");
    let runs = leader.page("/runs");
    assert!(runs.contains(FIRST) && runs.contains(SECOND), "{runs}");
    assert!(leader.page(&format!("/runs/{SECOND}")).contains("专班会议通过"));
    assert_eq!(leader.post(&format!("/runs/{SECOND}/adopt"), &[("note", "再次")]).status, 409);
    let pool = leader.page("/pool");
    assert!((1..=3).all(|i| pool.contains(&format!("龙南市第{i}有限公司"))), "{pool}");
    assert_eq!(leader.get("/quality").status, 200);
    for run in [FIRST, SECOND] {
        for name in ["备选池.xlsx", "数据质量报告.xlsx", "data/enterprises.csv", "run.json"] {
            let answer = leader.get(&file(run, name));
            assert_eq!(answer.status, 200, "{run}/{name}");
            assert!(answer.body == fs::read(portal.site.path("outputs").join(run).join(name)).expect("a file"), "{run}/{name}");
        }
    }
    assert_eq!(portal.program(TOKEN).get("/api/v1/runs").status, 200, "the token counts");
    let audit = portal.sign_in("auditor").page("/audit");
    assert!(audit.contains("完整"), "{audit}");
}

#[test]
fn a_state_of_an_earlier_build_is_backed_up_restored_and_run() {
    let site = earlier();
    let taken = told(&site, &["backup", "copy"]);
    assert_eq!((taken["latest"].as_str(), taken["audit_number"].as_i64()), (Some(SECOND), Some(LAST.0)));
    let restored = told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
    assert_eq!(restored["audit_hash"], LAST.1);
    assert_eq!(fs::read_link(site.path("elsewhere/latest")).expect("a link").to_string_lossy(), SECOND);
    for outputs in ["elsewhere", "outputs"] {
        let before = fs::read_to_string(site.path(outputs).join(SECOND).join("data/enterprises.csv")).expect("a table");
        let run = site.huichi(&["run", "--outputs", outputs]);
        assert!(run.status.success(), "{outputs}: {}", text(&run.stderr));
        let latest = site.path(outputs).join("latest");
        let json: serde_json::Value = serde_json::from_slice(&fs::read(latest.join("run.json")).expect("run.json")).expect("JSON");
        let of_portal = |input: &&serde_json::Value| input["path"].as_str().is_some_and(|path| path.contains("号_"));
        let inputs = json["inputs"].as_array().expect("inputs");
        assert_eq!((inputs.len(), inputs.iter().filter(of_portal).count()), (6, 3), "the receipts enter: {json}");
        assert_eq!(json["adopted"]["run"], SECOND, "{json}");
        let after = fs::read_to_string(latest.join("data/enterprises.csv")).expect("a table");
        assert_eq!(before.lines().count(), after.lines().count(), "{outputs}");
    }
}
