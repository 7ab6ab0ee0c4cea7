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
fn an_id_of_a_session_is_given_out_anew_and_never_taken_from_a_browser() {
    let portal = Portal::start(site(QUIET));
    let id = |cookies: &str| between(&format!("{cookies};"), "huichi=", ";").to_owned();
    let sign_in = |known_by: &str, name: &str, csrf: &str| {
        let visitor = super::Visitor { known_by: known_by.to_owned(), csrf: csrf.to_owned(), ..portal.stranger() };
        visitor.post("/sign-in", &[("name", name), ("password", PASSWORD)])
    };

    // An id of an attacker's own, planted in a browser: his session is one thing, the next one's another.
    let attacker = portal.sign_in("member");
    let planted = id(attacker.known_by.trim());
    let answer = sign_in(&attacker.known_by, "leader", &attacker.csrf);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_ne!(id(&answer.cookies()), planted, "sign-in gives a new id");
    assert_eq!(attacker.get("/password").status, 303, "the planted id is nobody's");
    let invented = "AAAAAAAAAAAAAAAAAAAAAA";
    let answer = sign_in(&format!("Cookie: huichi={invented}\r\n"), "leader", "");
    assert_ne!(id(&answer.cookies()), invented);

    // A new password gives a new id, and the former one ends; so does the id of whoever signs out.
    let leader = portal.sign_in("leader");
    let changed = leader.post("/password", &[("old", PASSWORD), ("new", "river-17-boat"), ("again", "river-17-boat")]);
    assert_ne!(id(&changed.cookies()), id(leader.known_by.trim()));
    assert_eq!(leader.get("/password").status, 303);
    let again = super::Visitor { known_by: format!("Cookie: {}\r\n", changed.cookies()), ..portal.stranger() };
    let csrf = between(&again.page("/password"), "name=\"csrf\" value=\"", "\"").to_owned();
    let again = super::Visitor { csrf, ..again };
    assert_eq!(again.post("/sign-out", &[]).status, 303);
    assert_eq!(again.get("/password").status, 303);

    // The ledger knows hashes alone.
    let member = portal.sign_in("member");
    let kept = ["ledger.sqlite", "ledger.sqlite-wal"]
        .map(|name| std::fs::read(portal.site.path(&format!("outputs/.huichi/{name}"))).expect("the ledger"));
    let own = id(member.known_by.trim());
    assert!(kept.iter().all(|bytes| !text(bytes).contains(&own)), "its id stands in the ledger");
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_at_last_in_any_case() {
    let clock = |time: &str| ["--clock".to_owned(), format!("2030-01-01T{time}+08:00")];
    let mut portal = Portal::start_with(
        site(&format!("{QUIET}[portal]\nidle_minutes = 30\nsession_hours = 2\n")),
        &["--clock", "2030-01-01T08:00:00+08:00"],
    );
    let (used, unused) = (portal.sign_in("leader"), portal.sign_in("member"));
    let mut at = |time: &str| {
        portal.kill();
        let clock = clock(time);
        portal.restart_with(&clock.each_ref().map(String::as_str));
        [&used, &unused].map(|visitor| super::Visitor { known_by: visitor.known_by.clone(), ..portal.stranger() }.get("/password").status)
    };
    assert_eq!(at("08:25:00"), [200, 200]);
    let mut leader_only = |time: &str| {
        portal.kill();
        let clock = clock(time);
        portal.restart_with(&clock.each_ref().map(String::as_str));
        super::Visitor { known_by: used.known_by.clone(), ..portal.stranger() }.get("/password").status
    };
    assert_eq!([leader_only("08:50:00"), leader_only("09:15:00"), leader_only("09:40:00")], [200; 3], "whoever goes on is not put out");
    let member = super::Visitor { known_by: unused.known_by.clone(), ..portal.stranger() };
    assert_eq!(member.get("/password").status, 303, "75 minutes unused");
    portal.kill();
    let clock = clock("10:00:01");
    portal.restart_with(&clock.each_ref().map(String::as_str));
    assert_eq!(super::Visitor { known_by: used.known_by.clone(), ..portal.stranger() }.get("/password").status, 303, "two hours are over");
}

#[test]
fn wrong_passwords_tell_nothing_of_who_is_there_and_shut_nobody_out() {
    let portal = Portal::start(site(QUIET));
    let disabled = told(&portal.site, &["user", "add", "gone", "--role", "auditor"]);
    told(&portal.site, &["user", "disable", "gone"]);
    let ask = |name: &str, password: &str| portal.stranger().post("/sign-in", &[("name", name), ("password", password)]);
    let secret = disabled["secret"].as_str().expect("a one-time password");
    // Somebody there, somebody disabled with the right password, and nobody are answered alike, try by try.
    let tries = |name: &str, password: &str| -> Vec<(u16, String)> {
        let answers = (0..7).map(|_| ask(name, password));
        answers.map(|a| (a.status, a.text().replace(&format!("value=\"{name}\""), "·"))).collect()
    };
    let there = tries("leader", "guess-1");
    assert_eq!(ask("LEADER", PASSWORD).status, 429, "another spelling of the name is no other name");
    assert_eq!(there.iter().map(|a| a.0).collect::<Vec<_>>(), [422, 422, 422, 422, 422, 422, 429]);
    assert!(there == tries("gone", secret) && there == tries("nobody", "guess-1"), "what is answered tells names apart");
    // A browser from which she signed in before is let through, and another after a moment.
    let fresh = portal.sign_in("member");
    tries("member", "guess-1");
    let from = |cookie: String| {
        super::Visitor { known_by: cookie, ..portal.stranger() }.post("/sign-in", &[("name", "member"), ("password", PASSWORD)])
    };
    let mark = fresh.known_by.replace("huichi=", "former=");
    let sign = between(&mark, "huichi_known_", ";").rsplit('.').next().expect("a signature");
    let other: String = sign.chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
    assert_eq!(from(mark.replace(sign, &other)).status, 429, "a forged mark is none");
    assert_eq!(from(mark).status, 303, "her own browser");
    super::until(10, "her next try elsewhere", || (ask("member", PASSWORD).status == 303).then_some(()));
    // An office behind one address goes on: whoever knows her password is let in.
    for guess in 0..20 {
        ask(&format!("nobody{guess}"), "guess-1");
    }
    super::until(15, "the office", || (ask("operator", PASSWORD).status == 303).then_some(()));
}

#[test]
fn passwords_given_out_and_the_link_of_a_first_start_expire() {
    let mut portal = Portal::start_with(site(QUIET), &["--clock", "2030-01-01T08:00:00+08:00"]);
    let root = portal.sign_in("administrator");
    root.post("/accounts/new", &[("name", "wang"), ("display", ""), ("role", "auditor"), ("source", "")]);
    let reset = |portal: &Portal| {
        let root = portal.sign_in("administrator");
        shown_once(&root.post(&format!("{}/password", account(&root.page("/accounts"), "wang")), &[]).text())
    };
    let secret = reset(&portal);
    let try_at = |portal: &mut Portal, time: &str, secret: &str| {
        portal.kill();
        portal.restart_with(&["--clock", time]);
        portal.stranger().post("/sign-in", &[("name", "wang"), ("password", secret)]).status
    };
    assert_eq!(try_at(&mut portal, "2030-01-04T07:59:00+08:00", &secret), 303, "within 72 hours");
    assert_eq!(try_at(&mut portal, "2030-01-04T08:01:00+08:00", &secret), 422, "72 hours are over");
    let root = portal.sign_in("administrator");
    assert!(root.page("/accounts").contains("初始密码已过期"), "{}", root.page("/accounts"));
    assert_ne!(reset(&portal), secret);

    let mut first = Portal::serve(site(QUIET), &["--clock", "2030-01-01T08:00:00+08:00"]);
    let path = |portal: &Portal| {
        portal.told["setup"].as_str().expect("a link").split_once("/setup").map(|(_, s)| format!("/setup{s}")).expect("a path")
    };
    let link = path(&first);
    assert_eq!(first.stranger().get(&link).status, 200);
    first.kill();
    first.restart_with(&["--clock", "2030-01-05T08:00:00+08:00"]);
    assert_eq!(first.stranger().get(&link).status, 404, "an old link");
    assert_eq!(first.stranger().get(&path(&first)).status, 200);
}

#[test]
fn passwords_that_everybody_tries_first_are_not_taken() {
    let portal = Portal::start(site(QUIET));
    let clerk = portal.sign_in("statistics");
    for (new, why) in [
        ("Password2026!", "容易猜到"),
        ("P@ssw0rd123456", "容易猜到"),
        ("1q2w3e4r5t6y", "容易猜到"),
        ("admin@12345678", "容易猜到"),
        ("aaaaaaaaaaaa1", "容易猜到"),
        ("统计局123456789", "单位"),
        ("xx-statistics-99", "账号名"),
    ] {
        let answer = clerk.post("/password", &[("old", PASSWORD), ("new", new), ("again", new)]);
        assert_eq!(answer.status, 422, "{new}");
        assert!(answer.text().contains(why), "{new}: {}", answer.text());
    }
    let good = "七条小河-绕过老柳树";
    assert_eq!(clerk.post("/password", &[("old", PASSWORD), ("new", good), ("again", good)]).status, 303);
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
