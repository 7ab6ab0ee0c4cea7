//! Restore believes nothing that it has not seen: changed, foreign and hostile backups leave nothing behind.

use super::state::earlier;
use super::told;
use crate::util::{Site, text};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies a folder.
pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (kind, to) = (entry.file_type().expect("its kind"), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).expect("a link"), to).expect("a link");
        } else {
            fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// A backup to be changed.
struct Tampered(PathBuf);

impl Tampered {
    fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    /// Changes the manifest's list of files.
    fn list(&self, change: impl FnOnce(&mut Vec<Value>)) {
        let path = self.path("manifest.json");
        let mut manifest: Value = serde_json::from_slice(&fs::read(&path).expect("a manifest")).expect("JSON");
        change(manifest["files"].as_array_mut().expect("files"));
        fs::write(path, manifest.to_string()).expect("a manifest");
    }

    /// States anew what a file holds.
    fn state(&self, name: &str) {
        let content = fs::read(self.path(name)).expect("a file");
        self.list(|files| {
            files.retain(|f| f["path"] != name);
            files.push(json!({ "path": name, "bytes": content.len(), "sha256": sha256(&content) }));
        });
    }

    /// Gives a file another name in the manifest alone.
    fn rename(&self, name: &str, to: &str) {
        self.list(|files| files.iter_mut().filter(|f| f["path"] == name).for_each(|f| f["path"] = json!(to)));
    }

    fn replace(&self, name: &str, content: &[u8]) {
        let _ = fs::remove_file(self.path(name));
        fs::create_dir_all(self.path(name).parent().expect("a folder")).expect("a folder");
        fs::write(self.path(name), content).expect("a file");
    }
}

fn sha256(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect()
}

/// All that is below a folder: names, sizes, moments of the last change.
fn listing(folder: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|e| e.expect("an entry"));
    let shown = |e: walkdir::DirEntry| {
        let meta = e.metadata().expect("its metadata");
        format!("{} {} {:?}", e.path().display(), meta.len(), meta.modified().expect("a moment"))
    };
    entries.map(shown).collect()
}

/// Lets nobody write to what is below a folder.
fn seal(folder: &Path) {
    for entry in walkdir::WalkDir::new(folder).contents_first(true).into_iter().map(|e| e.expect("an entry")) {
        if !entry.file_type().is_symlink() {
            let mode = if entry.file_type().is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(entry.path(), std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
        }
    }
}

/// Lets a temporary folder go again.
impl Drop for Sealed<'_> {
    fn drop(&mut self) {
        let _ = Command::new("chmod").args(["-R", "u+w"]).arg(self.0.path("outputs")).status();
    }
}

struct Sealed<'a>(&'a Site);

const ORIGINAL: &str = "state/store/c5/c5dd470216b408758726b3f82504dca4c5ec91d70d2386098e0c8ba2d3edf34a";
const RUN: &str = "runs/20261129-171025-75d2726f";

#[test]
fn a_hostile_backup_is_refused_and_leaves_nothing() {
    let site = earlier();
    told(&site, &["backup", "sound"]);
    let book = format!("{RUN}/备选池.xlsx");
    let table = format!("{RUN}/data/places.csv");
    type Attack<'a> = (&'a str, Box<dyn Fn(&Tampered) + 'a>);
    let attacks: Vec<Attack<'_>> = vec![
        (
            "a link",
            Box::new(|b| {
                fs::rename(b.path(ORIGINAL), site.path("moved")).expect("moved");
                std::os::unix::fs::symlink(site.path("moved"), b.path(ORIGINAL)).expect("a link");
            }),
        ),
        (
            "a linked folder",
            Box::new(|b| {
                copy(&b.path("state/checks"), &site.path("checks"));
                fs::remove_dir_all(b.path("state/checks")).expect("gone");
                std::os::unix::fs::symlink(site.path("checks"), b.path("state/checks")).expect("a link");
            }),
        ),
        (
            "a path out",
            Box::new(|b| {
                b.replace("out.txt", b"x");
                b.state("out.txt");
                b.rename("out.txt", "state/../../../out.txt");
            }),
        ),
        ("an absolute path", Box::new(|b| b.rename(ORIGINAL, "/tmp/out.txt"))),
        ("a name twice", Box::new(|b| b.list(|files| files.push(files[0].clone())))),
        (
            "names equal but for case",
            Box::new(|b| {
                for name in ["state/checks/a.json", "state/checks/A.json"] {
                    b.replace(name, b"{}");
                    b.state(name);
                }
            }),
        ),
        ("a file of which nothing is said", Box::new(|b| b.replace("state/checks/more.json", b"{}"))),
        ("a file that is not there", Box::new(|b| fs::remove_file(b.path(ORIGINAL)).expect("gone"))),
        (
            "more bytes than stated",
            Box::new(|b| {
                b.list(|files| files.iter_mut().filter(|f| f["path"] == ORIGINAL).for_each(|f| f["bytes"] = json!(3)));
            }),
        ),
        ("changed bytes", Box::new(|b| b.replace(ORIGINAL, b"x"))),
        (
            "an original under another's hash",
            Box::new(|b| {
                b.replace(ORIGINAL, b"x");
                b.state(ORIGINAL);
            }),
        ),
        (
            "an original left out",
            Box::new(|b| {
                fs::remove_file(b.path(ORIGINAL)).expect("gone");
                b.list(|files| files.retain(|f| f["path"] != ORIGINAL));
            }),
        ),
        (
            "a log beside the ledger",
            Box::new(|b| {
                b.replace("state/ledger.sqlite-wal", b"x");
                b.state("state/ledger.sqlite-wal");
            }),
        ),
        (
            "a workbook that its run does not know",
            Box::new(|b| {
                b.replace(&book, b"x");
                b.state(&book);
            }),
        ),
        (
            "a run without one of its files",
            Box::new(|b| {
                fs::remove_file(b.path(&table)).expect("gone");
                b.list(|files| files.retain(|f| f["path"] != table.as_str()));
            }),
        ),
        (
            "a file that no run wrote",
            Box::new(|b| {
                b.replace(&format!("{RUN}/more.xlsx"), b"x");
                b.state(&format!("{RUN}/more.xlsx"));
            }),
        ),
        (
            "an adopted run left out",
            Box::new(|b| {
                fs::remove_dir_all(b.path(RUN)).expect("gone");
                b.list(|files| files.retain(|f| !f["path"].as_str().is_some_and(|p| p.starts_with(RUN))));
            }),
        ),
        (
            "a run called latest",
            Box::new(|b| {
                b.replace("runs/latest/run.json", b"{\"files\":[]}");
                b.state("runs/latest/run.json");
            }),
        ),
        (
            "a trigger of somebody else's",
            Box::new(|b| {
                let ledger = rusqlite::Connection::open(b.path("state/ledger.sqlite")).expect("the ledger");
                let trigger = "CREATE TRIGGER more AFTER INSERT ON audit BEGIN UPDATE account SET role = 'administrator'; END";
                ledger.execute_batch(trigger).expect("a trigger");
                drop(ledger);
                b.state("state/ledger.sqlite");
            }),
        ),
        (
            "words that steer a terminal",
            Box::new(|b| {
                let manifest = fs::read_to_string(b.path("manifest.json")).expect("a manifest");
                fs::write(b.path("manifest.json"), manifest.replacen("\"made\": \"", "\"made\": \"\\u001b[2J", 1)).expect("a manifest");
            }),
        ),
        (
            "a pipe",
            Box::new(|b| {
                fs::remove_file(b.path(ORIGINAL)).expect("gone");
                assert!(Command::new("mkfifo").arg(b.path(ORIGINAL)).status().expect("mkfifo").success());
            }),
        ),
    ];
    for (what, attack) in attacks {
        let tampered = Tampered(site.path("tampered"));
        copy(&site.path("sound"), &tampered.0);
        attack(&tampered);
        let refused = site.huichi(&["restore", "tampered", "--outputs", "elsewhere"]);
        assert!(matches!(refused.status.code(), Some(2 | 6)), "{what}: {}{}", text(&refused.stdout), text(&refused.stderr));
        assert!(!site.path("elsewhere").exists(), "{what} leaves nothing");
        assert!(!site.path("out.txt").exists() && !site.path("../out.txt").exists(), "{what}");
        fs::remove_dir_all(&tampered.0).expect("cleared");
    }
    fs::create_dir(site.path("elsewhere")).expect("an empty folder");
    told(&site, &["restore", "sound", "--outputs", "elsewhere"]);
    let ledger = rusqlite::Connection::open(site.path("elsewhere/.huichi/ledger.sqlite")).expect("the ledger");
    let sessions: i64 = ledger.query_row("SELECT count(*) FROM session", [], |r| r.get(0)).expect("a count");
    assert_eq!(sessions, 0, "nobody is signed in by a restore");
}

#[test]
fn what_was_lost_before_is_said_and_hinders_no_backup() {
    let site = earlier();
    let original = ORIGINAL.trim_start_matches("state/");
    fs::remove_file(site.path("outputs/.huichi").join(original)).expect("lost");
    let taken = told(&site, &["backup", "copy"]);
    assert_eq!(taken["missing"], json!([ORIGINAL]));
    let restored = told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
    assert_eq!(restored["missing"], json!([ORIGINAL]));
}

#[test]
fn a_backup_takes_what_latest_names_whatever_the_clock_said() {
    let site = earlier();
    let ledger = rusqlite::Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute("UPDATE run SET finished = '2031-01-01T00:00:00+0800' WHERE id LIKE '%c46d69fb'", []).expect("a clock that ran ahead");
    drop(ledger);
    let taken = told(&site, &["backup", "copy"]);
    assert_eq!(taken["latest"], RUN.trim_start_matches("runs/"));
}

#[test]
fn a_state_is_verified_and_backed_up_without_a_write_to_it() {
    let quiet = earlier();
    // A portal that was killed left its last entry in the log beside the ledger.
    let killed = earlier();
    let mut ledger = huichi::ledger::Ledger::open(&quiet.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let entry = huichi::ledger::NewEntry { account: "system", action: "run_started", ..Default::default() };
    ledger.note(&entry, "2026-12-01T00:00:00+0800").expect("an entry");
    for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
        let below = format!("outputs/.huichi/{name}");
        fs::copy(quiet.path(&below), killed.path(&below)).expect("a copy");
    }
    drop(ledger);
    for (site, what) in [(quiet, "without a log"), (killed, "with a log")] {
        seal(&site.path("outputs"));
        let _sealed = Sealed(&site);
        let before = listing(&site.path("outputs"));
        let verified = told(&site, &["audit", "verify"]);
        assert_eq!(verified["number"], 44, "{what}");
        let taken = told(&site, &["backup", "copy"]);
        assert_eq!(taken["audit_number"], 44, "{what}");
        assert_eq!(listing(&site.path("outputs")), before, "{what}");
        told(&site, &["restore", "copy", "--outputs", "elsewhere"]);
        site.huichi(&["user", "disable", "member", "--outputs", "elsewhere"]);
        let people = told(&site, &["user", "list", "--outputs", "elsewhere"]).to_string();
        assert!(people.contains("disabled"), "what was restored can be written to: {people}");
    }
}

#[test]
fn a_ledger_of_a_newer_build_is_left_alone() {
    let site = earlier();
    told(&site, &["backup", "copy"]);
    let newer = |site: &Site, ledger: &str| {
        let ledger = rusqlite::Connection::open(site.path(ledger)).expect("the ledger");
        ledger.pragma_update(None, "user_version", 99).expect("a version");
    };
    newer(&site, "outputs/.huichi/ledger.sqlite");
    let before = listing(&site.path("outputs"));
    let commands: [&[&str]; 6] = [
        &["run"],
        &["audit", "verify"],
        &["backup", "second"],
        &["user", "list"],
        &["token", "list"],
        &["serve", "--listen", "127.0.0.1:0"],
    ];
    for command in commands {
        let refused = site.huichi(command);
        assert_eq!(refused.status.code(), Some(6), "{command:?}: {}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains("ERR-065"), "{command:?}: {}", text(&refused.stderr));
    }
    assert_eq!(listing(&site.path("outputs")), before);
    newer(&site, "copy/state/ledger.sqlite");
    Tampered(site.path("copy")).state("state/ledger.sqlite");
    let refused = site.huichi(&["restore", "copy", "--outputs", "elsewhere"]);
    assert!(text(&refused.stderr).contains("ERR-065") && !site.path("elsewhere").exists(), "{}", text(&refused.stderr));
}
