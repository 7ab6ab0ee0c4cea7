//! Backups: taken while the portal runs, restored elsewhere, changed, cut off and killed.

use super::{Portal, QUIET, site, told};
use crate::util::{Site, text};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

/// All files below a folder with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = entries.filter(|e| e.file_type().is_file());
    files.map(|e| (e.path().strip_prefix(folder).expect("below").display().to_string(), fs::read(e.path()).expect("bytes"))).collect()
}

#[test]
fn a_backup_while_the_portal_runs_comes_back_elsewhere() {
    let mut portal = Portal::start(site(QUIET));
    let operator = portal.sign_in("operator");
    portal.site.run();
    assert_eq!(operator.post("/runs/start", &[]).status, 303);
    let site = &portal.site;
    let taken = told(site, &["backup", "backups/first"]);
    let latest = taken["latest"].as_str().expect("a run").to_owned();
    assert!(site.path("backups/first/manifest.json").is_file());
    assert_eq!(fs::read_dir(site.path("backups")).expect("a folder").count(), 1, "nothing half is left");
    let again = site.huichi(&["backup", "backups/first"]);
    assert!(text(&again.stderr).contains("ERR-036"), "a backup is never written over");
    portal.kill();

    let site = &portal.site;
    let restored = told(site, &["restore", "backups/first", "--outputs", "elsewhere"]);
    assert_eq!((&restored["audit_number"], &restored["audit_hash"]), (&taken["audit_number"], &taken["audit_hash"]));
    assert_eq!(fs::read_link(site.path("elsewhere/latest")).expect("a link"), Path::new(&latest));
    assert_eq!(files(&site.path("elsewhere").join(&latest)), files(&site.path("outputs").join(&latest)));
    assert_eq!(files(&site.path("elsewhere/.huichi/store")), files(&site.path("outputs/.huichi/store")));
    let verified = told(site, &["audit", "verify", "--outputs", "elsewhere"]);
    assert_eq!(verified["number"].as_i64(), taken["audit_number"].as_i64().map(|n| n + 1), "the restore is noted");
    let again = site.huichi(&["restore", "backups/first", "--outputs", "elsewhere"]);
    assert_eq!((again.status.code(), text(&again.stderr).contains("ERR-039")), (Some(2), true));
}

#[test]
fn a_backup_that_was_changed_or_cut_off_does_not_come_back() {
    let site = site(QUIET);
    site.run();
    told(&site, &["backup", "copy"]);
    let original = files(&site.path("copy/state/store")).into_iter().next().expect("an original").0;
    let original = site.path("copy/state/store").join(original);
    let content = fs::read(&original).expect("bytes");
    fs::write(&original, [content.as_slice(), b"x"].concat()).expect("a change");
    let changed = site.huichi(&["restore", "copy", "--outputs", "elsewhere"]);
    assert_eq!((changed.status.code(), text(&changed.stderr).contains("ERR-040")), (Some(6), true), "{}", text(&changed.stderr));
    assert!(!site.path("elsewhere").exists(), "nothing is left");
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
    killed(3);
}

#[test]
#[ignore = "25 kills: run by .ci/run"]
fn a_backup_that_is_killed_at_any_moment_leaves_nothing_that_passes_for_one() {
    killed(25);
}

/// Kills so many backups.
fn killed(rounds: u32) {
    let site = site(QUIET);
    site.run();
    for i in 0..20_u32 {
        let content = [i.to_le_bytes().as_slice(), &vec![0; 1 << 20]].concat();
        site.input(&format!("统计局/{i}.bin"), content);
    }
    site.huichi(&["run"]);
    // The kills are spread over the time that a whole backup takes.
    let started = Instant::now();
    told(&site, &["backup", "backups/first"]);
    let took = started.elapsed();
    for round in 1..=rounds {
        let target = site.path(&format!("backups/{round}"));
        let mut command = site.command(&["backup", &target.display().to_string()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a backup starts");
        std::thread::sleep(took * round / rounds);
        let _ = child.kill();
        let _ = child.wait();
        let whole = target.join("manifest.json").is_file();
        assert_eq!(target.exists(), whole, "round {round}: only a whole backup has its name");
        if whole {
            let outputs = format!("restored-{round}");
            told(&site, &["restore", &target.display().to_string(), "--outputs", &outputs]);
        }
    }
    told(&site, &["backup", "backups/last"]);
}

/// The ledger of a site, in the hands of another program.
fn opened(site: &Site) -> Connection {
    Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger")
}

/// What a command that is refused says, with its exit code.
fn refused(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let output = site.huichi(arguments);
    assert!(!output.status.success(), "{arguments:?}: {}", text(&output.stdout));
    (output.status.code(), text(&output.stderr))
}

#[test]
fn what_restore_would_refuse_of_a_ledger_backup_refuses_at_once() {
    let hidden = "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_more', 'audit', 0, \
                  'CREATE TRIGGER sqlite_more AFTER INSERT ON audit BEGIN UPDATE account SET role = ''administrator''; END')";
    for (foreign, undo, name) in [
        (
            "CREATE TRIGGER more AFTER INSERT ON audit BEGIN UPDATE account SET role = 'administrator'; END",
            "DROP TRIGGER more",
            "trigger more",
        ),
        ("CREATE VIEW more AS SELECT * FROM account", "DROP VIEW more", "view more"),
        ("CREATE TABLE more (x)", "DROP TABLE more", "table more"),
        ("CREATE INDEX more ON audit (at)", "DROP INDEX more", "index more"),
        ("DROP INDEX audit_action", "CREATE INDEX audit_action ON audit (action)", "index audit_action"),
        (hidden, "", "trigger sqlite_more"),
    ] {
        let site = site(QUIET);
        site.run();
        opened(&site).execute_batch(foreign).expect(name);
        let (code, said) = refused(&site, &["backup", "copy"]);
        assert!(code == Some(6) && said.contains("ERR-081") && said.contains(name), "{name}: {said}");
        assert!(!site.path("copy").exists(), "{name}");
        if !undo.is_empty() {
            opened(&site).execute_batch(undo).expect(name);
            opened(&site).execute_batch("ANALYZE").expect("counts of a tool are no harm");
            told(&site, &["backup", "copy"]);
            told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
        }
    }
}

#[cfg(unix)]
#[test]
fn no_backup_is_taken_of_what_no_restore_takes() {
    use std::os::unix::fs::symlink;
    let site = site(QUIET);
    site.run();
    let run = fs::read_link(site.path("outputs/latest")).expect("latest");
    let state = |below: &str| site.path("outputs/.huichi").join(below);
    let run = |below: &str| site.path("outputs").join(&run).join(below);
    fs::create_dir_all(state("checks")).expect("a folder");
    let original = files(&state("store")).into_iter().next().expect("an original").0;
    let moved = [state("store"), state("checks"), state("store").join(original), run("data"), run("run.json"), run("")];
    for path in moved {
        // The same bytes behind a link.
        let path = path.components().collect::<std::path::PathBuf>();
        fs::rename(&path, site.path("moved")).expect("moved");
        symlink(site.path("moved"), &path).expect("a link");
        let (code, said) = refused(&site, &["backup", "copy"]);
        let named = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(code == Some(6) && said.contains("ERR-082") && said.contains(&named), "{named}: {said}");
        assert!(!site.path("copy").exists(), "{named}");
        fs::remove_file(&path).and_then(|()| fs::rename(site.path("moved"), &path)).expect("back");
    }
    for (path, code) in [("checks/a:b.json", "ERR-082"), ("store/readme.txt", "ERR-0"), ("checks/A.json", "")] {
        fs::write(state(path), "x").expect("a file");
        fs::write(state("checks/a.json"), "x").expect("a file");
        let (_, said) = refused(&site, &["backup", "copy"]);
        let name = path.rsplit('/').next().expect("a name").to_lowercase();
        assert!(said.contains(code) && said.to_lowercase().contains(&name), "{path}: {said}");
        fs::remove_file(state(path)).expect("removed");
    }
    fs::remove_file(state("checks/a.json")).expect("removed");
    told(&site, &["backup", "copy"]);
    told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
}

#[test]
fn a_backup_and_a_restore_that_cannot_be_noted_are_whole_and_say_so() {
    let site = site(QUIET);
    site.run();
    told(&site, &["user", "add", "anna", "--role", "member"]);
    let holder = opened(&site);
    holder.execute_batch("BEGIN IMMEDIATE").expect("held");
    let taken = site.huichi(&["backup", "copy"]);
    let (out, said) = (text(&taken.stdout), text(&taken.stderr));
    assert_eq!(taken.status.code(), Some(0), "{out}{said}");
    assert!(out.contains("备份完成") && said.contains("没有能记入审计日志") && said.contains("占用"), "{out}{said}");
    holder.execute_batch("ROLLBACK").expect("let go");
    drop(holder);
    let restored = told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
    assert_eq!(restored["noted"], true);
    assert_eq!(told(&site, &["backup", "second"])["noted"], true);
    let entries = told(&site, &["audit", "verify"]);
    assert_eq!(entries["number"], 2, "the account and the second backup");
}
