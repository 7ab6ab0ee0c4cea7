//! The audit log: who reads it, what leaves with it, and what a changed entry comes to.

use super::{Portal, QUIET, site, told};
use crate::util::text;
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
    portal.stranger().post("/sign-in", &[("name", "=1+1"), ("password", "x")]);
    let page = auditor.page("/audit");
    for word in ["完整", "登录失败", "新增账号", "命令行", "系统管理员", "127.0.0.1", "角色 成员单位"] {
        assert!(page.contains(word), "{word} is missing in {page}");
    }
    let filtered = auditor.page("/audit?action=account_added&who=administrator");
    assert!(filtered.contains("hostile") && !filtered.contains("=1+1"));
    assert!(filtered.contains("共 1 条"), "{filtered}");
    assert!(auditor.page("/audit?from=2000-01-01&until=2000-01-02").contains("没有符合条件的条目"));
    assert_eq!(auditor.get("/audit?from=yesterday").status, 422);
    assert_eq!(auditor.post("/audit/verify", &[]).location(), "/audit?done=audit_verified");

    let export = auditor.get("/audit/export.csv");
    assert_eq!((export.status, export.headers["content-type"].as_str()), (200, "text/csv; charset=utf-8"));
    let export = export.text();
    assert!(export.contains("'=1+1") && !export.contains(",=1+1"), "nothing in it runs");
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
