//! A state that others hold, or a disk that takes nothing: told to whoever waits, and nothing is half done.

use super::{Portal, QUIET, site, told};
use crate::util::{Site, text};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::scope;

#[cfg(unix)]
#[test]
fn the_ledger_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let site = super::site(super::QUIET);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    drop(super::ledger(&site));
    // A state of an earlier version lies open.
    for (name, open) in [("", 0o755), ("ledger.sqlite", 0o644)] {
        std::fs::set_permissions(site.path(&format!("outputs/.huichi/{name}")), std::fs::Permissions::from_mode(open)).expect("a mode");
    }
    let portal = Portal::start(site);
    portal.sign_in("leader");
    let state = portal.site.path("outputs/.huichi");
    assert_eq!(mode(&state), 0o700);
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    let output = portal.site.huichi(&["backup", "kept"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!((mode(&portal.site.path("kept")), mode(&portal.site.path("kept/state/ledger.sqlite"))), (0o700, 0o600));
    let kept = huichi::ledger::Ledger::look(&portal.site.path("kept/state/ledger.sqlite")).expect("a copy");
    assert_eq!(kept.sessions().expect("a count"), 0, "no session comes back with a backup");
    assert!(portal.sign_in("leader").get("/pool").status == 200, "those of the portal go on");
}

#[test]
fn one_portal_serves_a_state_whatever_lies_in_it() {
    let portal = Portal::serve(Site::new("2026-06-30", ""), &[]);
    for lock in ["portal.lock", "lock", "backup.lock"] {
        let _ = std::fs::remove_file(portal.site.path("outputs/.huichi").join(lock));
    }
    let second = portal.site.huichi(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.status.code(), text(&second.stderr).contains("ERR-024")), (Some(5), true), "{}", text(&second.stderr));
}

#[test]
fn a_writer_that_holds_the_ledger_stalls_no_page_and_others_are_told_to_wait() {
    let portal = Portal::start(site(QUIET));
    portal.site.run();
    let (leader, clerk) = (portal.sign_in("leader"), portal.sign_in("statistics"));
    let auditor = portal.sign_in("auditor");
    let ledger = rusqlite::Connection::open(portal.site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute_batch("BEGIN IMMEDIATE").expect("held");
    let wait = |answer: &super::Answer| {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.headers.contains_key("retry-after") && answer.text().contains("系统正忙"), "{}", answer.text());
    };
    // The writer lets nothing go before all of them are answered.
    scope(|s| {
        for _ in 0..3 {
            s.spawn(|| wait(&portal.stranger().post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD)])));
        }
        s.spawn(|| wait(&portal.stranger().post("/sign-in", &[("name", "leader"), ("password", "wrong")])));
        s.spawn(|| wait(&clerk.post("/sign-out", &[])));
        s.spawn(|| {
            for (visitor, path) in
                [(&leader, "/pool"), (&leader, "/runs"), (&clerk, "/uploads"), (&clerk, "/calendar"), (&auditor, "/audit")]
            {
                assert!(visitor.page(path).contains("</html>"), "{path}");
            }
            assert_eq!(portal.stranger().get("/readyz").status, 200);
        });
    });
    ledger.execute_batch("ROLLBACK").expect("let go");
    drop(ledger);
    portal.sign_in("leader");
}

#[test]
fn a_ledger_that_another_program_holds_is_told_as_that_by_every_command() {
    let site = super::site(QUIET);
    site.run();
    told(&site, &["user", "add", "anna", "--role", "member"]);
    site.input("工信局/名录.csv", crate::util::directory(2));
    let path = site.path("outputs/.huichi/ledger.sqlite");
    let commands: [&[&str]; 7] = [
        &["run"],
        &["user", "add", "bert", "--role", "member"],
        &["token", "add", "tool", "--role", "operator"],
        &["audit", "export", "audit.csv"],
        &["serve", "--listen", "127.0.0.1:0"],
        &["backup", "copy"],
        &["audit", "verify"],
    ];
    // What only reads passes a writer, but nobody passes who has it all to himself.
    for (hold, stopped) in [("BEGIN IMMEDIATE", 4), ("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE more (x)", 7)] {
        let holder = rusqlite::Connection::open(&path).expect("the ledger");
        holder.execute_batch(hold).expect("held");
        scope(|s| {
            for command in &commands[..stopped] {
                let site = &site;
                s.spawn(move || {
                    let output = site.huichi(command);
                    let said = text(&output.stderr);
                    assert_eq!(output.status.code(), Some(5), "{command:?}: {said}");
                    assert!(said.contains("ERR-080") && said.contains("另一个程序") && !said.contains("磁盘空间"), "{command:?}: {said}");
                });
            }
        });
        drop(holder);
    }
    assert_eq!(told(&site, &["audit", "verify"])["number"], 1, "nothing was noted of what was not done");
}

/// A portal whose process and children can write no file until they are let again.
#[cfg(unix)]
struct Full(Portal);

#[cfg(unix)]
impl Full {
    fn start(mut portal: Portal) -> Self {
        portal.kill();
        // A write that is over the limit fails instead of ending the process.
        let script = "trap '' XFSZ; exec \"$0\" serve --listen 127.0.0.1:0 --format json";
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(portal.site.path("")).args(["-c", script, env!("CARGO_BIN_EXE_huichi")]).stdout(Stdio::piped());
        portal.child = shell.stderr(Stdio::null()).spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(portal.child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        portal.told = serde_json::from_str(&line).expect("its address");
        Self(portal)
    }

    /// Sets how many bytes a file may have; the lowest number is none.
    fn limit(&self, bytes: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(Pid::from_child(&self.0.child)), Resource::Fsize, limit).expect("a limit");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_nothing_is_told_on_every_page_and_nothing_is_half_done() {
    let portal = Portal::start(site(QUIET));
    portal.site.run();
    let full = Full::start(portal);
    let portal = &full.0;
    let (operator, clerk, root) = (portal.sign_in("operator"), portal.sign_in("industry"), portal.sign_in("administrator"));
    let id = super::between(&operator.page("/pool"), "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
    let sessions = || super::ledger(&portal.site).sessions().expect("a count");
    let before = sessions();
    full.limit(Some(0));
    let told = |what: &str, answer: super::Answer| {
        assert_eq!(answer.status, 507, "{what}: {}", answer.text());
        assert!(answer.text().contains("磁盘") && answer.text().contains("</html>") && answer.set.is_empty(), "{what}: {}", answer.text());
    };
    let stranger = portal.stranger();
    told("sign in", stranger.post("/sign-in", &[("name", "leader"), ("password", super::PASSWORD)]));
    told("sign in wrongly", stranger.post("/sign-in", &[("name", "leader"), ("password", "wrong")]));
    told("sign out", operator.post("/sign-out", &[]));
    told("an enterprise", operator.get(&format!("/pool/{id}")));
    told("a password", operator.post("/password", &[("old", super::PASSWORD), ("new", "horse-43-pond"), ("again", "horse-43-pond")]));
    told("an account", root.post("/accounts/new", &[("name", "new"), ("display", "x"), ("role", "member"), ("source", "")]));
    told("a run", operator.post("/runs/start", &[]));
    let file = "name=\"files\"; filename=\"a.csv\"\r\nContent-Type: application/octet-stream";
    let form = super::multipart(&[("name=\"csrf\"", clerk.csrf.as_bytes()), (file, crate::util::directory(2).as_bytes())]);
    told("a file", clerk.ask("POST", "/uploads", super::MULTIPART, &form));
    for page in ["/pool", "/runs", "/sign-in"] {
        assert!(operator.get(page).status < 400, "{page} can be read all the same");
    }
    full.limit(None);
    assert_eq!(sessions(), before, "nobody is half signed in or out");
    assert_eq!(operator.get("/pool").status, 200, "who could not sign out is signed in");
    portal.sign_in("leader");
    assert_eq!(operator.post("/sign-out", &[]).status, 303);
    assert_eq!(operator.get("/pool").status, 303);
}
