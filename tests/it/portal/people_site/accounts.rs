//! Accounts and tokens, on pages and on the command line.

use super::{PASSWORD, Portal, person, site, told};
use crate::util::text;
use reqwest::StatusCode;
use reqwest::header::LOCATION;
use std::fs;

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
