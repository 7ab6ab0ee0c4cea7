//! The audit log: who reads it, what leaves with it, and what a changed entry comes to.

use super::{Portal, QUIET, ledger, site, told, until};
use crate::util::{Site, text};
use rusqlite::Connection;
use std::fs;

#[test]
fn the_auditor_alone_reads_the_log_and_takes_it_along() {
    let portal = Portal::start(site(QUIET));
    told(&portal.site, &["user", "add", "zhao", "--role", "leader"]);
    let root = portal.sign_in("administrator");
    let auditor = portal.sign_in("auditor");
    for name in ["statistics", "operator", "leader", "member"] {
        assert_eq!(portal.sign_in(name).get("/audit").status, 403, "{name}");
    }
    root.post("/accounts/new", &[("name", "hostile"), ("display", "=cmd()"), ("role", "member"), ("source", "")]);
    for _ in 0..2 {
        portal.stranger().post("/sign-in", &[("name", "my-secret-42"), ("password", "x")]);
    }
    portal.stranger().post("/sign-in", &[("name", "LEADER"), ("password", "x")]);
    let page = auditor.page("/audit");
    for word in ["完整", "登录失败", "新增账号", "命令行", "系统管理员", "127.0.0.1", "角色 成员单位"] {
        assert!(page.contains(word), "{word} is missing in {page}");
    }
    let filtered = auditor.page("/audit?action=account_added&who=administrator");
    assert!(filtered.contains("hostile") && !filtered.contains("登录失败</td>"));
    assert!(filtered.contains("共 1 条"), "{filtered}");
    assert!(auditor.page("/audit?from=2000-01-01&until=2000-01-02").contains("没有符合条件的条目"));
    assert_eq!(auditor.get("/audit?from=yesterday").status, 422);
    assert_eq!(auditor.post("/audit/verify", &[]).location(), "/audit?done=audit_verified");

    let export = auditor.get("/audit/export.csv");
    assert_eq!((export.status, export.headers["content-type"].as_str()), (200, "text/csv; charset=utf-8"));
    let export = export.text();
    assert!(!export.contains("my-secret-42") && !page.contains("my-secret-42"), "what was typed for a name may be a password");
    let failed: Vec<&str> = export.lines().filter(|l| l.contains("sign_in_failed")).collect();
    let said = |line: &str| line.split(',').skip(6).take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(said(failed[0]), said(failed[1]), "the same try again can be told");
    assert_eq!(said(failed[2])[0], "leader");
    assert!(export.contains("audit_exported,导出审计日志"), "the export itself is noted");
    let file = portal.site.path("audit.csv");
    told(&portal.site, &["audit", "export", &file.display().to_string()]);
    assert!(fs::read(&file).expect("the file").starts_with("\u{feff}".as_bytes()));
    assert_eq!(auditor.post("/accounts/new", &[]).status, 403);
}

#[test]
fn a_changed_entry_is_found_on_the_command_line() {
    let site = site(QUIET);
    for name in ["anna", "bert", "carl"] {
        told(&site, &["user", "add", name, "--role", "member"]);
    }
    let last = told(&site, &["audit", "verify"]);
    assert_eq!((last["number"].as_i64(), last["hash"].as_str().map(str::len)), (Some(3), Some(64)));
    let ledger = rusqlite::Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute_batch("DROP TRIGGER audit_is_never_changed; UPDATE audit SET object = 'x' WHERE number = 2").expect("a change");
    drop(ledger);
    let broken = site.huichi(&["audit", "verify"]);
    assert_eq!(broken.status.code(), Some(6));
    assert!(text(&broken.stderr).contains("从第 2 条起"), "{}", text(&broken.stderr));
    let backup = site.huichi(&["backup", "copy"]);
    assert_eq!((backup.status.code(), site.path("copy").exists()), (Some(6), false), "such a ledger is no backup");
}

/// The ledger of a site in the hands of somebody with a tool of his own.
fn opened(site: &Site) -> Connection {
    let ledger = Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute_batch("DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut").expect("no triggers");
    ledger
}

/// The triggers that [`opened`] takes away.
fn triggers(site: &Site) -> String {
    let ledger = Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let all = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE type = 'trigger'";
    ledger.query_row(all, [], |r| r.get(0)).expect("triggers")
}

/// Computes all hashes anew from an entry on, as somebody who knows how would.
fn chain_again(ledger: &Connection, from: i64) {
    use sha2::{Digest, Sha256};
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let last: i64 = ledger.query_row("SELECT max(number) FROM audit", [], |r| r.get(0)).expect("a number");
    let mut previous: String = ledger.query_row("SELECT previous FROM audit WHERE number = ?1", [from], |r| r.get(0)).expect("a hash");
    for number in from..=last {
        let fields: Vec<String> = ledger
            .query_row("SELECT at, account, role, action, object, detail, address FROM audit WHERE number = ?1", [number], |r| {
                (0..7).map(|i| r.get(i)).collect()
            })
            .expect("an entry");
        let mut hasher = Sha256::new();
        for field in std::iter::once(&number.to_string()).chain(&fields).chain([&previous]) {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        let hash = hex(&hasher.finalize());
        let change = "UPDATE audit SET previous = ?2, hash = ?3 WHERE number = ?1";
        ledger.execute(change, rusqlite::params![number, previous, hash]).expect("a change");
        previous = hash;
    }
}

#[test]
fn a_log_that_was_cut_stays_broken_through_looks_the_button_and_a_restart() {
    let mut portal = Portal::start(site(QUIET));
    let auditor = portal.sign_in("auditor");
    for name in ["leader", "member", "operator"] {
        portal.sign_in(name);
    }
    assert!(auditor.page("/audit").contains("✓ 完整"));
    opened(&portal.site).execute("DELETE FROM audit WHERE number > 2", []).expect("cut");
    for look in 1..=2 {
        assert!(auditor.page("/audit").contains("日志不完整"), "look {look}");
    }
    assert_eq!(auditor.post("/audit/verify", &[]).location(), "/audit");
    assert!(auditor.page("/audit").contains("日志不完整"));
    portal.kill();
    let refused = portal.site.huichi(&["audit", "verify"]);
    assert_eq!(refused.status.code(), Some(6), "{}", text(&refused.stdout));
    portal.restart();
    // Entries come again where others were.
    for name in ["leader", "member", "operator"] {
        portal.sign_in(name);
    }
    let auditor = portal.sign_in("auditor");
    assert!(auditor.page("/audit").contains("日志不完整"), "after a restart");
    assert!(auditor.page("/api/v1/audit").contains("\"holds\":false"));
    assert_eq!(portal.site.huichi(&["backup", "copy"]).status.code(), Some(6), "such a log is no backup");
}

#[test]
fn what_was_cut_before_anybody_looked_is_found_by_the_first_look_and_after_an_end() {
    let mut portal = Portal::start(site(QUIET));
    for name in ["leader", "member", "operator", "administrator"] {
        portal.sign_in(name);
    }
    let auditor = portal.sign_in("auditor");
    opened(&portal.site).execute("DELETE FROM audit WHERE number > 2", []).expect("cut");
    portal.sign_in("leader");
    assert!(auditor.page("/audit").contains("日志不完整"));
    portal.terminate();
    portal.ended(30);
    portal.restart();
    assert!(portal.sign_in("auditor").page("/audit").contains("日志不完整"));
}

/// A site whose portal has looked at its log, and what it held then.
fn looked(settings: &str) -> (Site, String) {
    let mut portal = Portal::start(site(&format!("{QUIET}{settings}")));
    let auditor = portal.sign_in("auditor");
    portal.sign_in("leader");
    auditor.page("/audit");
    let anchored = || !ledger(&portal.site).audit_objects("audit_anchored").expect("entries").is_empty();
    until(10, "an anchor", || anchored().then_some(()));
    portal.kill();
    let told = told(&portal.site, &["audit", "verify"]);
    let known = format!("{}:{}", told["number"], told["hash"].as_str().expect("a hash"));
    let Portal { ref mut site, .. } = portal;
    (std::mem::replace(site, Site::new("2024-06-30", "")), known)
}

#[test]
fn a_log_that_was_changed_and_chained_again_does_not_fit_its_anchors() {
    let (site, known) = looked("");
    assert_eq!(site.huichi(&["audit", "verify", "--anchor", &known]).status.code(), Some(0));
    fs::write(site.path("kept.txt"), format!("{known}\n")).expect("kept elsewhere");
    assert_eq!(site.huichi(&["audit", "verify", "--anchor", "kept.txt"]).status.code(), Some(0));
    for wrong in ["7", "x:y", "nowhere.txt", &known.replace(':', ";")] {
        assert_eq!(site.huichi(&["audit", "verify", "--anchor", wrong]).status.code(), Some(2), "{wrong}");
    }
    let ledger = opened(&site);
    ledger.execute("UPDATE audit SET object = 'other' WHERE number = 1", []).expect("a change");
    chain_again(&ledger, 1);
    drop(ledger);
    let refused = |arguments: &[&str]| {
        let refused = site.huichi(arguments);
        assert_eq!(refused.status.code(), Some(6), "{arguments:?} {}", text(&refused.stdout));
        text(&refused.stderr)
    };
    assert!(refused(&["audit", "verify"]).contains("ERR-066"));
    // Whoever can write the ledger can write beside it.
    for entry in fs::read_dir(site.path("outputs/.huichi/anchors")).expect("anchors") {
        fs::remove_file(entry.expect("an anchor").path()).expect("removed");
    }
    assert!(refused(&["audit", "verify"]).contains("ERR-067"), "the log itself tells that there were anchors");
    assert!(refused(&["audit", "verify", "--anchor", &known]).contains("ERR-06"));
}

#[test]
fn an_anchor_that_was_signed_cannot_be_made_without_the_key() {
    let folder = tempfile::tempdir().expect("a folder elsewhere");
    let key = folder.path().join("key");
    fs::write(&key, "0123456789abcdef0123456789abcdef").expect("a key");
    let (site, _) = looked(&format!("[portal]\naudit_key = \"{}\"\n", key.display()));
    assert_eq!(told(&site, &["audit", "verify"])["anchors"]["signed"], true);
    let anchors = site.path("outputs/.huichi/anchors");
    let day = fs::read_dir(&anchors).expect("anchors").next().expect("a day").expect("an entry").path();
    let line = fs::read_to_string(&day).expect("an anchor");
    let triggers = triggers(&site);
    // Cut, with an anchor that fits what is left.
    let ledger = opened(&site);
    ledger.execute("DELETE FROM audit WHERE number > 3", []).expect("cut");
    let hash: String = ledger.query_row("SELECT hash FROM audit WHERE number = 3", [], |r| r.get(0)).expect("a hash");
    ledger.execute_batch(&triggers).expect("as it was");
    drop(ledger);
    let signature = line.split_whitespace().last().expect("a signature");
    told(&site, &["backup", "sound"]);
    told(&site, &["restore", "sound", "--outputs", "restored"]);
    for forged in [format!("3 {hash}\n"), format!("3 {hash} {signature}\n")] {
        fs::write(&day, forged).expect("written");
        let refused = site.huichi(&["audit", "verify"]);
        assert_eq!(refused.status.code(), Some(6), "{}", text(&refused.stdout));
        assert!(text(&refused.stderr).contains("ERR-067"), "{}", text(&refused.stderr));
        let backup = site.huichi(&["backup", "copy"]);
        assert!(text(&backup.stderr).contains("ERR-067") && !site.path("copy").exists(), "{}", text(&backup.stderr));
    }
    // Taken where no key is set, the forgery passes for a backup; where one is, it does not come back.
    let settings = fs::read_to_string(site.path("pipeline.toml")).expect("settings");
    fs::write(site.path("keyless.toml"), settings.split("[portal]").next().expect("settings")).expect("settings");
    told(&site, &["backup", "forged", "--config", "keyless.toml"]);
    let restore = site.huichi(&["restore", "forged", "--outputs", "elsewhere"]);
    assert_eq!(restore.status.code(), Some(6), "{}", text(&restore.stdout));
    assert!(text(&restore.stderr).contains("ERR-067") && !site.path("elsewhere").exists(), "{}", text(&restore.stderr));
    fs::rename(&key, site.path("outputs/.huichi/key")).expect("moved");
    let beside =
        fs::read_to_string(site.path("pipeline.toml")).expect("settings").replace(&key.display().to_string(), "outputs/.huichi/key");
    fs::write(site.path("pipeline.toml"), beside).expect("settings");
    let refused = site.huichi(&["audit", "verify"]);
    assert!(text(&refused.stderr).contains("ERR-068"), "a key beside what it signs is none: {}", text(&refused.stderr));
}
