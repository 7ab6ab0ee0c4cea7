//! Accounts, tokens, the audit log and backups, as an administrator, an auditor and the command line use them.

use super::{PASSWORD, Portal, Visitor, told};
use crate::util::{Site, code, text};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use std::fs;
use std::path::Path;

fn site() -> Site {
    // Nothing runs by itself while a test looks on.
    let site = Site::new("2024-06-30", "[schedule]\ncron = \"\"\nmade_up = false\n");
    let rows: String = (1..40).map(|i| format!("{},龙南市第{i}有限公司,专精特新中小企业\n", code(i))).collect();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{rows}"));
    site
}

/// Adds an account on the command line; it changes its password at once.
async fn person(site: &Site, portal: &Portal, name: &str, role: &str) -> Visitor {
    let source: &[&str] = if role == "clerk" { &["--source", "statistics"] } else { &[] };
    let added = told(site, &[&["user", "add", name, "--role", role], source].concat());
    let secret = added["secret"].as_str().expect("a one-time password");
    let visitor = portal.sign_in(name, secret).await;
    assert_eq!(visitor.get("/").await.headers()[LOCATION], "/password", "the first thing is a password of one's own");
    let changed = visitor.post("/password", &[("old", secret), ("new", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    portal.sign_in(name, PASSWORD).await
}

#[tokio::test]
async fn a_first_start_gives_a_link_that_works_once() {
    let site = site();
    let portal = Portal::start(&site);
    let link = portal.setup.clone().expect("a link");
    let path = link.strip_prefix(&portal.url).expect("the portal's own").to_owned();
    let nobody = portal.nobody();
    assert!(nobody.page(&path).await.contains("建立第一个系统管理员"));
    let form = [("name", "root"), ("new", PASSWORD), ("again", PASSWORD)];
    let reserved = nobody.post(&path, &[("name", "system"), form[1], form[2]]).await;
    assert_eq!(reserved.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(nobody.post(&path, &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(nobody.post(&path, &form).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(nobody.get(&path).await.status(), StatusCode::NOT_FOUND);
    portal.sign_in("root", PASSWORD).await;
    drop(portal);
    assert!(Portal::start(&site).setup.is_none(), "a second start gives none");
}

#[tokio::test]
async fn the_administrator_manages_accounts_and_sees_nothing_else() {
    let site = site();
    let portal = Portal::start(&site);
    let root = person(&site, &portal, "root", "administrator").await;
    for path in ["/uploads", "/calendar", "/pool", "/quality", "/runs", "/audit", "/audit/export.csv"] {
        assert_eq!(root.get(path).await.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(root.post("/audit/verify", &[]).await.status(), StatusCode::FORBIDDEN);

    // An account, from its making to its end.
    let wrong = root.post("/accounts/new", &[("name", "wang fang"), ("role", "clerk"), ("source", "statistics")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.expect("a page").contains("名称须为"));
    let homeless = root.post("/accounts/new", &[("name", "wang"), ("role", "clerk"), ("source", "")]).await;
    assert!(homeless.text().await.expect("a page").contains("报送员须选择所属单位"));
    let made = root.post("/accounts/new", &[("name", "wang"), ("display", "王芳"), ("role", "clerk"), ("source", "statistics")]).await;
    let secret = shown_once(&made.text().await.expect("a page"));
    let taken = root.post("/accounts/new", &[("name", "WANG"), ("role", "auditor"), ("source", "")]).await;
    assert_eq!(taken.status(), StatusCode::UNPROCESSABLE_ENTITY, "the same name but for its case");
    let wang = portal.sign_in("wang", &secret).await;
    wang.post("/password", &[("old", &secret), ("new", PASSWORD), ("again", PASSWORD)]).await;
    let wang = portal.sign_in("wang", PASSWORD).await;
    assert!(wang.page("/uploads").await.contains("王芳"));
    let list = root.page("/accounts").await;
    assert!(list.contains("王芳") && list.contains("统计局") && !list.contains(&secret));
    let account = list
        .split("href=\"/accounts/")
        .filter_map(|p| p.split_once('"'))
        .find(|(_, rest)| rest.contains("管理账号 wang"))
        .expect("a link")
        .0;
    let account = format!("/accounts/{account}");

    // A new role counts from the next request on: the session of the old one has ended.
    let changed = root.post(&account, &[("display", "王芳"), ("role", "member"), ("source", "")]).await;
    assert_eq!(changed.headers()[LOCATION], "/accounts?done=account_changed");
    assert_eq!(wang.get("/uploads").await.status(), StatusCode::SEE_OTHER);
    let wang = portal.sign_in("wang", PASSWORD).await;
    assert_eq!(wang.get("/uploads").await.status(), StatusCode::FORBIDDEN);
    root.post(&account, &[("role", "member"), ("source", ""), ("disabled", "1")]).await;
    assert_eq!(wang.get("/pool").await.status(), StatusCode::SEE_OTHER, "sent to sign in");
    let refused = portal.nobody().post("/sign-in", &[("name", "wang"), ("password", PASSWORD)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // She cannot lock herself out, on the page or on the command line.
    let own = root.page("/accounts").await;
    let own = own
        .split("href=\"/accounts/")
        .filter_map(|p| p.split_once('"'))
        .find(|(_, rest)| rest.contains("管理账号 root"))
        .expect("a link")
        .0
        .to_owned();
    let last = root.post(&format!("/accounts/{own}"), &[("role", "administrator"), ("source", ""), ("disabled", "1")]).await;
    assert!(last.text().await.expect("a page").contains("最后一个启用的系统管理员"));
    let last = site.huichi(&["user", "disable", "root"]);
    assert_eq!((last.status.code(), text(&last.stderr).contains("ERR-034")), (Some(2), true), "{}", text(&last.stderr));
    assert_eq!(root.get("/accounts/999999").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(root.get("/accounts/x").await.status(), StatusCode::NOT_FOUND);
}

/// The word of a page that shows it once.
fn shown_once(page: &str) -> String {
    page.split("<code>").nth(1).and_then(|p| p.split('<').next()).expect("a word").to_owned()
}

#[tokio::test]
async fn five_wrong_passwords_rest_an_account_until_it_is_reset() {
    let site = site();
    let portal = Portal::start(&site);
    person(&site, &portal, "root", "administrator").await;
    person(&site, &portal, "li", "operator").await;
    for _ in 0..5 {
        let wrong = portal.nobody().post("/sign-in", &[("name", "li"), ("password", "guess-1")]).await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let resting = portal.nobody().post("/sign-in", &[("name", "li"), ("password", PASSWORD)]).await;
    assert!(resting.text().await.expect("a page").contains("暂停登录"), "the right password does not help");
    let reset = told(&site, &["user", "reset", "li"]);
    portal.sign_in("li", reset["secret"].as_str().expect("a password")).await;
}

#[tokio::test]
async fn a_token_is_shown_once_counts_and_is_withdrawn() {
    let site = site();
    let portal = Portal::start(&site);
    let root = person(&site, &portal, "root", "administrator").await;
    for (role, days) in [("administrator", "30"), ("operator", "366"), ("operator", "x"), ("root", "30")] {
        let refused = root.post("/tokens", &[("label", "夜间取数"), ("role", role), ("source", ""), ("days", days)]).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{role} {days}");
    }
    let made = root.post("/tokens", &[("label", "夜间取数"), ("role", "operator"), ("source", ""), ("days", "30")]).await;
    let token = shown_once(&made.text().await.expect("a page"));
    assert!(token.starts_with("hc_"));
    let list = root.page("/tokens").await;
    assert!(list.contains("夜间取数") && !list.contains(&token));
    let kept = fs::read(site.path("outputs/.huichi/ledger.sqlite-wal")).expect("the ledger's log");
    assert!(!text(&kept).contains(&token), "its text is kept nowhere");
    let asks = |path: &'static str| {
        let request = portal.nobody().client.get(format!("{}{path}", portal.url)).bearer_auth(&token);
        async move { request.send().await.expect("an answer").status() }
    };
    assert_eq!(asks("/runs").await, StatusCode::OK);
    assert_eq!(asks("/accounts").await, StatusCode::FORBIDDEN);
    told(&site, &["token", "revoke", "夜间取数"]);
    assert_eq!(asks("/runs").await, StatusCode::SEE_OTHER, "sent to sign in");
}

#[tokio::test]
async fn the_auditor_alone_reads_the_log_and_takes_it_along() {
    let site = site();
    let portal = Portal::start(&site);
    let root = person(&site, &portal, "root", "administrator").await;
    let auditor = person(&site, &portal, "shen", "auditor").await;
    for (name, role) in [("c", "clerk"), ("o", "operator"), ("l", "leader"), ("m", "member")] {
        let other = person(&site, &portal, &format!("{name}{name}"), role).await;
        assert_eq!(other.get("/audit").await.status(), StatusCode::FORBIDDEN, "{role}");
    }
    root.post("/accounts/new", &[("name", "hostile"), ("display", "=cmd()"), ("role", "member"), ("source", "")]).await;
    let _ = portal.nobody().post("/sign-in", &[("name", "=1+1"), ("password", "x")]).await;
    let page = auditor.page("/audit").await;
    for word in ["完整", "登录失败", "新增账号", "命令行", "系统管理员", "127.0.0.1", "角色 成员单位"] {
        assert!(page.contains(word), "{word} is missing in {page}");
    }
    let filtered = auditor.page("/audit?action=account_added&who=root").await;
    assert!(filtered.contains("hostile") && !filtered.contains("=1+1"));
    assert!(filtered.contains("共 1 条"), "{filtered}");
    assert!(auditor.page("/audit?from=2000-01-01&until=2000-01-02").await.contains("没有符合条件的条目"));
    assert_eq!(auditor.get("/audit?from=yesterday").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(auditor.post("/audit/verify", &[]).await.headers()[LOCATION], "/audit?done=audit_verified");

    let export = auditor.get("/audit/export.csv").await;
    assert_eq!(export.headers()[CONTENT_TYPE], "text/csv; charset=utf-8");
    let export = text(&export.bytes().await.expect("a table"));
    assert!(export.contains("'=1+1") && !export.contains(",=1+1"), "nothing in it runs");
    assert!(export.contains("audit_exported,导出审计日志"), "the export itself is noted");
    let file = site.path("audit.csv");
    told(&site, &["audit", "export", &file.display().to_string()]);
    assert!(fs::read(&file).expect("the file").starts_with("\u{feff}".as_bytes()));
    assert_eq!(auditor.post("/accounts/new", &[]).await.status(), StatusCode::FORBIDDEN);
}

#[test]
fn a_changed_entry_is_found_on_the_command_line() {
    let site = site();
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

#[test]
fn what_is_typed_wrongly_is_told_with_what_can_be_typed() {
    let site = site();
    let fails = |arguments: &[&str]| {
        let output = site.huichi(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        text(&output.stderr)
    };
    assert!(fails(&["user", "add", "wang", "--role", "boss"]).contains("clerk、operator、leader、member、auditor、administrator"));
    assert!(fails(&["user", "add", "wang", "--role", "clerk", "--source", "tax"]).contains("industry、statistics、market"));
    assert!(fails(&["user", "add", "wang", "--role", "clerk"]).contains("ERR-032"));
    assert!(fails(&["user", "add", "wang fang", "--role", "member"]).contains("ERR-030"));
    assert!(fails(&["user", "reset", "nobody"]).contains("ERR-033"));
    assert!(fails(&["token", "add", "x1", "--role", "administrator"]).contains("ERR-045"));
    assert!(fails(&["token", "add", "x1", "--role", "member", "--days", "400"]).contains("ERR-044"));
    assert!(fails(&["audit", "verify", "--outputs", "elsewhere"]).contains("ERR-046"));
    assert!(!site.path("elsewhere").exists(), "looking makes nothing");
    assert!(fails(&["user"]).contains("新增账号"));
}

/// All files below a folder with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|e| e.file_type().is_file());
    files.map(|e| (e.path().strip_prefix(folder).expect("below").display().to_string(), fs::read(e.path()).expect("bytes"))).collect()
}

#[tokio::test]
async fn a_backup_while_the_portal_runs_comes_back_elsewhere() {
    let site = site();
    let portal = Portal::start(&site);
    let operator = person(&site, &portal, "ops", "operator").await;
    site.run();
    assert_eq!(operator.post("/runs/start", &[]).await.status(), StatusCode::SEE_OTHER);
    let taken = told(&site, &["backup", "backups/first"]);
    let latest = taken["latest"].as_str().expect("a run").to_owned();
    assert!(site.path("backups/first/manifest.json").is_file());
    assert_eq!(fs::read_dir(site.path("backups")).expect("a folder").count(), 1, "nothing half is left");
    let again = site.huichi(&["backup", "backups/first"]);
    assert!(text(&again.stderr).contains("ERR-036"), "a backup is never written over");
    drop(portal);

    let restored = told(&site, &["restore", "backups/first", "--outputs", "elsewhere"]);
    assert_eq!((&restored["audit_number"], &restored["audit_hash"]), (&taken["audit_number"], &taken["audit_hash"]));
    assert_eq!(fs::read_link(site.path("elsewhere/latest")).expect("a link"), Path::new(&latest));
    assert_eq!(files(&site.path("elsewhere").join(&latest)), files(&site.path("outputs").join(&latest)));
    assert_eq!(files(&site.path("elsewhere/.huichi/store")), files(&site.path("outputs/.huichi/store")));
    let verified = told(&site, &["audit", "verify", "--outputs", "elsewhere"]);
    assert_eq!(verified["number"].as_i64(), taken["audit_number"].as_i64().map(|n| n + 1), "the restore is noted");
    let again = site.huichi(&["restore", "backups/first", "--outputs", "elsewhere"]);
    assert_eq!((again.status.code(), text(&again.stderr).contains("ERR-039")), (Some(2), true));
}

#[test]
fn a_backup_that_was_changed_or_cut_off_does_not_come_back() {
    let site = site();
    site.run();
    told(&site, &["backup", "copy"]);
    let original = files(&site.path("copy/state/store")).into_iter().next().expect("an original").0;
    let original = site.path("copy/state/store").join(original);
    let content = fs::read(&original).expect("bytes");
    fs::write(&original, [content.as_slice(), b"x"].concat()).expect("a change");
    let changed = site.huichi(&["restore", "copy", "--outputs", "elsewhere"]);
    assert_eq!((changed.status.code(), text(&changed.stderr).contains("ERR-040")), (Some(6), true), "{}", text(&changed.stderr));
    assert!(!site.path("elsewhere/.huichi").exists());
    // Until it is done again, nothing opens on what is half there.
    for command in ["run", "user"] {
        let arguments: &[&str] = if command == "user" { &["user", "list"] } else { &["run"] };
        let refused = site.huichi(&[arguments, &["--outputs", "elsewhere"]].concat());
        assert!(text(&refused.stderr).contains("ERR-042"), "{}", text(&refused.stderr));
    }
    fs::write(&original, content).expect("as it was");
    told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
    fs::remove_file(site.path("copy/manifest.json")).expect("cut off");
    let cut = site.huichi(&["restore", "copy", "--outputs", "third"]);
    assert_eq!((cut.status.code(), text(&cut.stderr).contains("ERR-038")), (Some(2), true));

    // An original that the disk damaged is told before it replaces a good one in a backup.
    let damaged = files(&site.path("outputs/.huichi/store")).into_iter().next().expect("an original").0;
    fs::write(site.path("outputs/.huichi/store").join(damaged), "x").expect("damage");
    let refused = site.huichi(&["backup", "second"]);
    assert_eq!((refused.status.code(), site.path("second").exists()), (Some(6), false));
    assert!(text(&refused.stderr).contains("ERR-037"), "{}", text(&refused.stderr));
}

#[test]
fn a_backup_that_is_killed_leaves_nothing_that_passes_for_one() {
    let site = site();
    site.run();
    // Big enough that a kill finds it at work.
    for i in 0..60_u32 {
        let content = vec![u8::try_from(i).expect("small"); 1 << 20];
        site.input(&format!("统计局/{i}.bin"), content);
    }
    site.huichi(&["run"]);
    for round in 0..10_u64 {
        let target = site.path(&format!("backups/{round}"));
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_huichi"))
            .current_dir(site.path("."))
            .args(["backup", &target.display().to_string()])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("a backup starts");
        std::thread::sleep(std::time::Duration::from_millis(40 + 60 * round));
        let _ = child.kill();
        let _ = child.wait();
        let whole = target.join("manifest.json").is_file();
        assert_eq!(target.exists(), whole, "round {round}: only a whole backup has its name");
        if whole {
            let outputs = format!("restored-{round}");
            told(&site, &["restore", &target.display().to_string(), "--outputs", &outputs]);
        }
    }
    told(&site, &["backup", "backups/0-last"]);
}
