//! What is kept and is no longer as it was: named to those who can mend it, given to nobody.

use super::runs::{ended, start};
use super::{MULTIPART, Portal, QUIET, Visitor, between, escaped, multipart, site, until};
use crate::util::{Site, directory, text};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Sends a directory of so many enterprises and waits for its verdict; gives its id.
fn sent(clerk: &Visitor, enterprises: u32) -> String {
    let file = "name=\"files\"; filename=\"名录.csv\"\r\nContent-Type: application/octet-stream";
    let form = multipart(&[("name=\"csrf\"", clerk.csrf.as_bytes()), (file, directory(enterprises).as_bytes())]);
    let answer = clerk.ask("POST", "/uploads", MULTIPART, &form);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let id = between(answer.location(), "/uploads/", "?").to_owned();
    until(60, "a verdict", || (!clerk.page(&format!("/uploads/{id}")).contains("http-equiv=\"refresh\"")).then_some(()));
    id
}

/// Originals that hold a text.
fn originals(site: &Site, holding: &str) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(site.path("outputs/.huichi/store")).into_iter().map(|e| e.expect("an entry"));
    let files = entries.filter(|e| e.file_type().is_file()).map(|e| e.into_path());
    files.filter(|f| fs::read_to_string(f).expect("text").contains(holding)).collect()
}

#[test]
fn an_upload_that_the_store_lost_is_named_with_its_bureau_and_receipt() {
    let mut portal = Portal::start(site(QUIET));
    portal.site.run();
    let latest = fs::read_link(portal.site.path("outputs/latest")).expect("latest");
    let clerk = portal.sign_in("industry");
    let id = sent(&clerk, 3);
    let original = originals(&portal.site, "第3有限公司").pop().expect("the upload");
    let whole = fs::read(&original).expect("the upload");
    for hurt in [Some("changed"), None] {
        match hurt {
            Some(content) => fs::write(&original, content).expect("written"),
            None => fs::remove_file(&original).expect("removed"),
        }
        let output = portal.site.huichi(&["run"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{told}");
        assert!(told.contains("ERR-060") && told.contains("工信局/第1号_名录.csv"), "{told}");
        assert_eq!(fs::read_link(portal.site.path("outputs/latest")).expect("latest"), latest);
        for path in [format!("/uploads/{id}/original"), format!("/api/v1/uploads/{id}/original")] {
            let answer = clerk.get(&path);
            assert_eq!(answer.status, 409, "{path}: {}", answer.text());
            assert!(answer.text().contains("从备份恢复"), "{}", answer.text());
        }
    }
    portal.kill();
    portal.restart();
    let named = |name: &str| portal.sign_in(name).page("/password").contains("工信局/第1号_名录.csv");
    until(60, "the daily comparison", || named("operator").then_some(()));
    assert!(named("administrator") && !named("industry") && !named("member"));
    assert_eq!(portal.stranger().get("/readyz").status, 200);
    // The same file once more mends it.
    sent(&portal.sign_in("industry"), 3);
    assert_eq!(fs::read(&original).expect("the upload"), whole);
    portal.site.run();
    assert_eq!(portal.site.table("enterprises").len(), 3);
}

#[test]
fn a_published_file_that_was_changed_is_shown_and_given_to_nobody() {
    let portal = Portal::start(site(QUIET));
    portal.site.run();
    let run = fs::read_link(portal.site.path("outputs/latest")).expect("latest").display().to_string();
    let file = |name: &str| portal.site.path("outputs/latest/data").join(name);
    let changed = fs::read_to_string(file("enterprises.csv")).expect("text").replace("第1", "第8");
    fs::write(file("enterprises.csv"), changed).expect("written");
    let (leader, operator) = (portal.sign_in("leader"), portal.sign_in("operator"));
    assert!(operator.page("/pool").contains("enterprises.csv"), "the page that is made of the run says what is wrong with it");
    assert!(!portal.sign_in("member").page("/pool").contains("enterprises.csv"));
    let take = |name: &str| leader.get(&format!("/runs/{run}/files/{}", escaped(name)));
    let refused = take("data/enterprises.csv");
    assert!(refused.status == 409 && refused.text().contains("与生成时不一致"), "{}", refused.text());
    assert_eq!([take("data/enterprises.parquet").status, take("备选池.xlsx").status, take("run.json").status], [200; 3]);
    let whole = fs::read(file("enterprises.parquet")).expect("read");
    let id = between(&operator.page("/pool"), "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
    let mut turned = fs::read(file("provenance.parquet")).expect("read");
    turned[100] ^= 1;
    fs::write(file("provenance.parquet"), turned).expect("written");
    let page = operator.get(&format!("/pool/{id}"));
    assert!(page.status == 409 && page.text().contains("与生成时不一致"), "{}", page.text());
    fs::write(file("enterprises.parquet"), &whole[1..]).expect("written");
    assert_eq!(take("data/enterprises.parquet").status, 409);
    assert_eq!(leader.post(&format!("/runs/{run}/adopt"), &[("note", "通过")]).status, 409);
    let again = portal.site.run();
    assert!(!text(&again.stdout).contains("均无变化"), "{}", text(&again.stdout));
    assert_eq!(portal.sign_in("leader").get("/pool").status, 200);
}

#[cfg(unix)]
#[test]
fn a_run_that_leads_elsewhere_is_shown_given_and_adopted_by_nobody() {
    use std::os::unix::fs::symlink;
    let mut portal = Portal::start(site(QUIET));
    portal.site.run();
    let run = fs::read_link(portal.site.path("outputs/latest")).expect("latest").display().to_string();
    let moved = portal.site.path("moved");
    let book = format!("/runs/{run}/files/{}", escaped("备选池.xlsx"));
    let table = format!("/runs/{run}/files/{}", escaped("data/enterprises.csv"));
    for (part, refused) in [("data", &table), ("备选池.xlsx", &book), ("", &book)] {
        let path = portal.site.path("outputs").join(&run).join(part).components().collect::<PathBuf>();
        let leader = portal.sign_in("leader");
        assert_eq!(leader.get(refused).status, 200, "{part}");
        fs::rename(&path, &moved).and_then(|()| symlink(&moved, &path)).expect("a link");
        let answer = leader.get(refused);
        assert!(answer.status == 409 && answer.text().contains("与生成时不一致"), "{part}: {} {}", answer.status, answer.text());
        assert_eq!(leader.post(&format!("/runs/{run}/adopt"), &[("note", "通过")]).status, 409, "{part}");
        // The daily comparison of a portal that has not seen it before.
        portal.kill();
        portal.restart();
        let named = format!("{run}/{part}");
        let named = named.trim_end_matches('/');
        until(60, "the comparison", || portal.sign_in("operator").page("/password").contains(&format!("{named} 不是原来的")).then_some(()));
        fs::remove_file(&path).and_then(|()| fs::rename(&moved, &path)).expect("back");
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_finds_no_room_is_told_of_in_the_history() {
    let site = site(QUIET);
    site.input("工信局/名录.csv", directory(900));
    let mut portal = Portal::start(site);
    portal.kill();
    // The portal and what it starts can write no file of more than 512 KiB.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" serve --listen 127.0.0.1:0 --format json";
    let mut shell = Command::new("sh");
    shell.current_dir(portal.site.path("")).args(["-c", script, env!("CARGO_BIN_EXE_huichi")]).stdout(Stdio::piped());
    portal.child = shell.stderr(File::create(portal.site.path("portal.log")).expect("a log")).spawn().expect("a shell");
    let mut line = String::new();
    BufReader::new(portal.child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    portal.told = serde_json::from_str(&line).expect("its address");
    let operator = portal.sign_in("operator");
    start(&operator);
    let line = ended(&operator);
    assert!(line.contains("没有成功") && line.contains("字节"), "{line}");
    assert!(!portal.site.path("outputs/latest").exists());
}
