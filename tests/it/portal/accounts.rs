//! Accounts and tokens, on pages and on the command line.

use super::{PASSWORD, Portal, QUIET, between, site, told};
use crate::util::text;

/// The address of an account's page, as the list links it.
fn account(list: &str, name: &str) -> String {
    let mut links = list.split("href=\"/accounts/").filter_map(|p| p.split_once('"'));
    let link = links.find(|(_, rest)| rest.contains(&format!("管理账号 {name}\""))).expect("a link");
    format!("/accounts/{}", link.0)
}

#[test]
fn a_first_start_gives_a_link_that_works_once() {
    let mut portal = Portal::serve(site(QUIET), &[]);
    let link = portal.told["setup"].as_str().expect("a link");
    let path = link.strip_prefix(portal.told["url"].as_str().expect("an address")).expect("the portal's own");
    let nobody = portal.stranger();
    assert!(nobody.page(path).contains("建立第一个系统管理员"));
    let form = [("name", "root"), ("new", PASSWORD), ("again", PASSWORD)];
    assert_eq!(nobody.post(path, &[("name", "system"), form[1], form[2]]).status, 422, "a reserved name");
    assert_eq!(nobody.post(path, &form).status, 303);
    assert_eq!(nobody.post(path, &form).status, 404);
    assert_eq!(nobody.get(path).status, 404);
    portal.sign_in("root");
    portal.kill();
    portal.restart();
    assert!(portal.told["setup"].is_null(), "a second start gives none");
}

#[test]
fn the_administrator_manages_accounts_and_sees_nothing_else() {
    let portal = Portal::start(site(QUIET));
    let root = portal.sign_in("administrator");
    for path in ["/uploads", "/calendar", "/pool", "/quality", "/runs", "/audit", "/audit/export.csv"] {
        assert_eq!(root.get(path).status, 403, "{path}");
    }
    assert_eq!(root.post("/audit/verify", &[]).status, 403);

    // An account, from its making to its end.
    let add = |name: &str, role: &str, source: &str| {
        root.post("/accounts/new", &[("name", name), ("display", "王芳"), ("role", role), ("source", source)])
    };
    let wrong = add("wang fang", "clerk", "statistics");
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("名称须为"));
    assert!(add("wang", "clerk", "").text().contains("报送员须选择所属单位"));
    let secret = shown_once(&add("wang", "clerk", "statistics").text());
    assert_eq!(add("WANG", "auditor", "").status, 422, "the same name but for its case");
    let change = [("old", secret.as_str()), ("new", PASSWORD), ("again", PASSWORD)];
    assert_eq!(portal.sign_in_with("wang", &secret).post("/password", &change).status, 303);
    let wang = portal.sign_in("wang");
    assert!(wang.page("/uploads").contains("王芳"));
    let list = root.page("/accounts");
    assert!(between(&list, "<th scope=\"row\">wang</th>", "</tr>").contains("统计局"), "{list}");
    assert!(list.contains("王芳") && !list.contains(&secret));
    let hers = account(&list, "wang");

    // A new role counts from the next request on: the session of the old one has ended.
    let changed = root.post(&hers, &[("display", "王芳"), ("role", "member"), ("source", "")]);
    assert_eq!(changed.location(), "/accounts?done=account_changed");
    assert_eq!(wang.get("/uploads").status, 303);
    let wang = portal.sign_in("wang");
    assert_eq!(wang.get("/uploads").status, 403);
    root.post(&hers, &[("role", "member"), ("source", ""), ("disabled", "1")]);
    assert_eq!(wang.get("/pool").status, 303, "sent to sign in");
    assert_eq!(portal.stranger().post("/sign-in", &[("name", "wang"), ("password", PASSWORD)]).status, 422);

    // The last administrator is not locked out, on the page or on the command line.
    let own = account(&root.page("/accounts"), "administrator");
    let last = root.post(&own, &[("role", "administrator"), ("source", ""), ("disabled", "1")]);
    assert!(last.text().contains("最后一个启用的系统管理员"));
    let last = portal.site.huichi(&["user", "disable", "administrator"]);
    assert_eq!((last.status.code(), text(&last.stderr).contains("ERR-034")), (Some(2), true), "{}", text(&last.stderr));
    assert_eq!(root.get("/accounts/999999").status, 404);
    assert_eq!(root.get("/accounts/x").status, 404);
}

/// The word of a page that shows it once.
fn shown_once(page: &str) -> String {
    between(page, "<code>", "<").to_owned()
}

#[test]
fn five_wrong_passwords_rest_an_account_until_it_is_reset() {
    let portal = Portal::start(site(QUIET));
    let added = told(&portal.site, &["user", "add", "li", "--role", "operator"]);
    let secret = added["secret"].as_str().expect("a one-time password");
    let li = portal.sign_in_with("li", secret);
    assert_eq!(li.get("/").location(), "/password", "the first thing is a password of one's own");
    assert_eq!(li.post("/password", &[("old", secret), ("new", PASSWORD), ("again", PASSWORD)]).status, 303);
    portal.sign_in("li");
    for _ in 0..5 {
        assert_eq!(portal.stranger().post("/sign-in", &[("name", "li"), ("password", "guess-1")]).status, 422);
    }
    let resting = portal.stranger().post("/sign-in", &[("name", "li"), ("password", PASSWORD)]);
    assert!(resting.text().contains("暂停登录"), "the right password does not help");
    let reset = told(&portal.site, &["user", "reset", "li"]);
    portal.sign_in_with("li", reset["secret"].as_str().expect("a password"));
}

#[test]
fn a_token_is_shown_once_counts_and_is_withdrawn() {
    let portal = Portal::start(site(QUIET));
    let root = portal.sign_in("administrator");
    let ask = |role: &str, days: &str| root.post("/tokens", &[("label", "夜间取数"), ("role", role), ("source", ""), ("days", days)]);
    for (role, days) in [("administrator", "30"), ("operator", "366"), ("operator", "x"), ("root", "30")] {
        assert_eq!(ask(role, days).status, 422, "{role} {days}");
    }
    let token = shown_once(&ask("operator", "30").text());
    assert!(token.starts_with("hc_"));
    let list = root.page("/tokens");
    assert!(list.contains("夜间取数") && !list.contains(&token));
    let kept = std::fs::read(portal.site.path("outputs/.huichi/ledger.sqlite-wal")).expect("the ledger's log");
    assert!(!text(&kept).contains(&token), "its text is kept nowhere");
    let program = portal.program(&token);
    assert_eq!(program.get("/runs").status, 200);
    assert_eq!(program.get("/accounts").status, 403);
    told(&portal.site, &["token", "revoke", "夜间取数"]);
    assert_eq!(program.get("/runs").status, 303, "sent to sign in");
}

#[test]
fn what_is_typed_wrongly_is_told_with_what_can_be_typed() {
    let site = site(QUIET);
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
