//! `huichi replay` and `huichi diff`: what they say of runs that differ, or that cannot be made again.

use crate::util::{Site, redacted, small, tests, text};
use rusqlite::Connection;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;

/// The run that `latest` names.
fn latest(site: &Site) -> String {
    fs::read_link(site.path("outputs/latest")).expect("latest").to_string_lossy().into_owned()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// What the command says in JSON, and its exit code.
fn said(site: &Site, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = site.huichi(&[arguments, &["--format", "json"]].concat());
    let told = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    let line = text(told).lines().find(|l| l.starts_with('{')).map(str::to_owned).unwrap_or_default();
    (serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {}{}", text(&output.stdout), text(&output.stderr))), output.status.code())
}

/// What became of a file.
fn fate<'a>(replayed: &'a Value, path: &str) -> &'a Value {
    replayed["files"].as_array().expect("files").iter().find(|f| f["path"] == path).expect("the file")
}

#[test]
fn what_differs_is_told_with_its_place() {
    let site = small();
    site.run();
    let run = latest(&site);
    let folder = site.path("outputs").join(&run);
    let file = folder.join("data/enterprises.csv");
    let written = fs::read(&file).expect("a dataset");

    // A file that was changed since: it is told, and that what is made again is what was written.
    let changed = text(&written).replacen("龙南市第1", "龙南市第9", 1);
    fs::write(&file, &changed).expect("changed");
    let (replayed, code) = said(&site, &["replay", &run]);
    assert_eq!((code, replayed["equal"].as_bool()), (Some(7), Some(false)), "{replayed}");
    let altered = fate(&replayed, "data/enterprises.csv");
    assert_eq!((altered["fate"].as_str(), altered["replayed"].as_bool()), (Some("altered"), Some(true)), "{altered}");
    assert!(text(&site.huichi(&["replay", &run]).stdout).contains("重做的与原来相同"));

    // A run as a program that computes otherwise would have left it: whole, with another value.
    let record = text(&fs::read(folder.join("run.json")).expect("run.json"));
    let other = record.replace(&sha256(&written), &sha256(changed.as_bytes()));
    let bytes = |content: &[u8]| format!("\"bytes\": {}", content.len());
    let other = other.replace(&bytes(&written), &bytes(changed.as_bytes()));
    fs::write(folder.join("run.json"), &other).expect("another record");
    let ledger = Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    let hashes = [sha256(record.as_bytes()), sha256(other.as_bytes())];
    ledger.execute("UPDATE run SET summary = replace(summary, ?1, ?2), build = 'another'", hashes).expect("another record");
    drop(ledger);
    let (replayed, code) = said(&site, &["replay", "latest"]);
    assert_eq!((code, replayed["made_by"].as_str()), (Some(7), Some("another")), "{replayed}");
    let differs = fate(&replayed, "data/enterprises.csv");
    assert_eq!((differs["fate"].as_str(), differs["line"].as_u64(), differs["column"].as_str()), (Some("differs"), Some(2), Some("name")));
    assert_eq!(differs["sha256"][1].as_str(), Some(sha256(&written).as_str()));
    assert_eq!(fate(&replayed, "run.json")["fate"], "differs");
    assert_eq!(fate(&replayed, "备选池.xlsx")["fate"], "equal");
    let shown = text(&site.huichi(&["replay", "latest"]).stdout);
    assert!(shown.contains("从第 2 行“name”一列起") && shown.contains("原程序 another"), "{shown}");
}

#[test]
fn what_cannot_be_made_again_says_why() {
    let site = small();
    site.run();
    let run = latest(&site);
    let folder = site.path("outputs").join(&run);
    for unknown in ["20200101-000000-00000000", "../outputs", "."] {
        let (told, code) = said(&site, &["replay", unknown]);
        assert_eq!((told["error"].as_str(), code), (Some("ERR-090"), Some(2)), "{told}");
    }
    // An original that is gone is named.
    let input = fs::read(site.path("inputs/统计局/经营情况_2022年.csv")).expect("an input");
    let hash = sha256(&input);
    let original = site.path("outputs/.huichi/store").join(&hash[..2]).join(&hash);
    fs::remove_file(&original).expect("the original");
    let (told, code) = said(&site, &["replay", &run]);
    assert_eq!((told["error"].as_str(), code), (Some("ERR-094"), Some(6)), "{told}");
    assert!(told["findings"][0].as_str().is_some_and(|f| f.contains("统计局/经营情况_2022年.csv") && f.contains(&hash)), "{told}");
    fs::write(&original, input).expect("restored");
    // Settings and record answer to their hashes.
    for name in ["settings.toml", "run.json"] {
        let kept = fs::read(folder.join(name)).expect("a file");
        fs::write(folder.join(name), [&kept[..], b"\n"].concat()).expect("changed");
        let (told, code) = said(&site, &["replay", &run]);
        assert_eq!((told["error"].as_str(), code), (Some("ERR-091"), Some(6)), "{name}: {told}");
        assert!(told["message"].as_str().is_some_and(|m| m.contains(&format!("{run}/{name}"))), "{told}");
        fs::write(folder.join(name), kept).expect("restored");
    }
    assert!(site.huichi(&["replay", &run]).status.success());
    assert!(site.huichi(&["diff", &run, "latest"]).status.success());
    // Nothing of it is left.
    let left = fs::read_dir(site.path("outputs/.huichi")).expect("the state").filter_map(Result::ok);
    assert!(left.into_iter().all(|e| !e.file_name().to_string_lossy().starts_with("run-")));
}

#[test]
fn a_run_of_an_earlier_build_is_compared_and_not_made_again() {
    let site = Site::new("2026-06-30", "");
    let archive = fs::File::open(tests().join("fixtures/state/state.zip")).expect("the state");
    zip::ZipArchive::new(archive).expect("an archive").extract(site.path("")).expect("unpacked");
    let (told, code) = said(&site, &["replay", "latest"]);
    assert_eq!((told["error"].as_str(), code), (Some("ERR-092"), Some(2)), "{told}");
    let (told, code) = said(&site, &["diff", "20261129-171009-c46d69fb", "latest"]);
    assert_eq!((told["counts"]["entered"].as_u64().is_some(), code), (true, Some(0)), "{told}");
}

#[test]
fn what_entered_left_and_changed_is_told_with_reasons() {
    let site = small();
    site.run();
    let first = latest(&site);
    let change = |name: &str, from: &str, to: &str| {
        let old = fs::read_to_string(site.path("inputs").join(name)).expect("an input");
        assert!(old.contains(from), "{name}: {old}");
        site.input(name, old.replace(from, to));
    };
    // A firm is no longer listed, and a figure that was withheld is corrected.
    let listed = fs::read_to_string(site.path("inputs/工信局/名录.csv")).expect("the directory");
    change("工信局/名录.csv", &listed, &without(&listed, "第1"));
    change("统计局/经营情况_2023年.csv", ",48000000,", ",48000,");
    site.run();
    let shown = site.huichi(&["diff", &first, "latest"]);
    insta::assert_snapshot!("diff", redacted(&text(&shown.stdout)));
    let back = site.huichi(&["diff", "latest", &first, "--lang", "en"]);
    insta::assert_snapshot!("diff_back", redacted(&text(&back.stdout)));
    let (told, _) = said(&site, &["diff", "latest", "latest"]);
    assert_eq!(told["counts"], serde_json::json!({ "entered": 0, "left": 0, "enterprises": 0, "figures": 0 }));
}

/// A table without the lines that hold a text.
fn without(table: &str, text: &str) -> String {
    table.lines().filter(|line| !line.contains(text)).map(|line| format!("{line}\n")).collect()
}
