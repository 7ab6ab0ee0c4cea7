//! Again and again: nothing changed does nothing, one file changed redoes what depends on it, equal inputs give equal bytes.

use crate::city;
use crate::hostile::noise;
use crate::util::{Site, directory, small, tests, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Every file of a run by its path.
fn content(run: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(run)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_file())
        .map(|e| (e.path().strip_prefix(run).expect("below").display().to_string(), fs::read(e.path()).expect("a file")))
        .collect()
}

fn latest(site: &Site) -> std::path::PathBuf {
    fs::canonicalize(site.path("outputs/latest")).expect("latest")
}

#[test]
fn a_second_run_does_nothing_and_says_so() {
    let site = small();
    site.run();
    let first = latest(&site);
    let second = site.run();
    assert!(text(&second.stdout).contains("均无变化"), "{}", text(&second.stdout));
    assert_eq!(latest(&site), first);
}

#[test]
fn equal_inputs_give_equal_bytes() {
    give_equal_bytes(small(), small());
}

#[test]
#[ignore = "two runs over 1,200 enterprises: run by .ci/run"]
fn equal_inputs_of_a_city_give_equal_bytes() {
    give_equal_bytes(city::site(""), city::site(""));
}

fn give_equal_bytes(one: Site, two: Site) {
    one.run();
    two.run();
    let (a, b) = (content(&latest(&one)), content(&latest(&two)));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{name} differs");
    }
}

/// Takes the last record out of an input of lines.
fn without_last_line(site: &Site, input: &str) {
    let lines = fs::read(site.path("inputs").join(input)).expect("an input");
    let last = lines.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').expect("a record");
    site.input(input, &lines[..=last]);
}

#[test]
fn a_changed_file_alone_is_read_again() {
    let site = small();
    site.run();
    let entries = |site: &Site| -> BTreeMap<String, std::time::SystemTime> {
        fs::read_dir(site.path("outputs/.huichi/cache"))
            .expect("the cache")
            .map(|e| e.expect("an entry"))
            .map(|e| (e.file_name().to_string_lossy().into_owned(), e.metadata().and_then(|m| m.modified()).expect("a date")))
            .collect()
    };
    let before = entries(&site);
    without_last_line(&site, "统计局/经营情况_2023年.csv");
    site.run();
    let after = entries(&site);
    let kept = before.iter().filter(|(k, v)| after.get(*k) == Some(v)).count();
    assert!(kept >= 5, "the other files come from the cache");
    assert!(after.keys().any(|k| !before.contains_key(k)), "the changed file was read");
}

#[test]
fn what_was_kept_of_plans_is_what_they_answer() {
    let bundled = || {
        let site = Site::new("2026-06-30", "");
        let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs");
        content(&inputs).iter().for_each(|(name, bytes)| site.input(name, bytes));
        site
    };
    let site = bundled();
    site.run();
    let mut changed = Vec::new();
    for input in ["工信局/融资需求.csv", "市监局/专利补充.csv"] {
        changed.push(input);
        without_last_line(&site, input);
        let again = site.command(&["run"]).env("HUICHI_LOG", "huichi=debug").output().expect("the program runs");
        assert!(again.status.success(), "{}", text(&again.stderr));
        let (kept, computed) = (text(&again.stderr).matches("query kept").count(), text(&again.stderr).matches("query done").count());
        assert!(kept > 3 && computed > 3, "{kept} kept, {computed} computed");
        let anew = bundled();
        changed.iter().for_each(|input| without_last_line(&anew, input));
        anew.run();
        // The key of a run tells in which order versions came, and stands in workbooks.
        let data = |site: &Site| content(&latest(site).join("data"));
        let (by_both, by_one) = (data(&site), data(&anew));
        assert!(by_one.len() > 20, "{:?}", by_one.keys());
        let differ: Vec<&String> = by_one.iter().filter(|(name, bytes)| by_both.get(*name) != Some(bytes)).map(|(name, _)| name).collect();
        assert_eq!(differ, Vec::<&String>::new(), "{input}");
    }
}

#[test]
fn one_run_at_a_time() {
    let site = small();
    fs::create_dir_all(site.path("outputs")).expect("a folder");
    let lock = fs::File::open(site.path("outputs")).expect("the folder");
    lock.lock().expect("locked");
    let refused = site.huichi(&["run"]);
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("ERR-003"));
    drop(lock);
    site.run();
}

/// Whether a run's folder holds what its `run.json` lists, to the byte.
fn is_whole(run: &Path) -> bool {
    let list = fs::read(run.join("run.json")).expect("run.json");
    let list: serde_json::Value = serde_json::from_slice(&list).expect("run.json is whole");
    let files = list["files"].as_array().expect("a list of files");
    let hash =
        |path: &str| fs::read(run.join(path)).map(|bytes| Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect::<String>());
    !files.is_empty()
        && files.iter().all(|f| hash(f["path"].as_str().expect("a path")).is_ok_and(|h| h == f["sha256"].as_str().expect("a hash")))
}

fn as_of(site: &Site, day: usize) {
    fs::write(site.path("pipeline.toml"), format!("[run]\nas_of = \"2024-06-{day:02}\"\n")).expect("pipeline.toml");
}

/// Kills a run after so long; its parsing children die with it.
fn kill_after(site: &Site, wait: Duration) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_huichi"))
        .current_dir(site.path(""))
        .arg("run")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(wait);
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn runs_killed_at_random_moments_leave_latest_whole_and_the_next_completes() {
    killed_at_random_moments(&small(), 4);
}

#[test]
#[ignore = "20 kills of runs over 1,200 enterprises: run by .ci/run"]
fn runs_of_a_city_killed_at_random_moments_leave_latest_whole() {
    killed_at_random_moments(&city::site(""), 20);
}

/// Kills so many runs, the next one after each over what it left.
fn killed_at_random_moments(site: &Site, rounds: usize) {
    let timed = || {
        let start = Instant::now();
        site.run();
        start.elapsed()
    };
    let cold = timed();
    let first = content(&latest(site));
    as_of(site, 29);
    let warm = timed();
    let mut random = noise(20);
    for round in 1..=rounds {
        as_of(site, round);
        let whole_run = if round % 2 == 0 { cold } else { warm };
        if round % 2 == 0 {
            // A run that was killed at once has not made it again.
            let _ = fs::remove_dir_all(site.path("outputs/.huichi/cache"));
        }
        let wait = whole_run.mul_f64(random(1000) as f64 / 1000.0);
        kill_after(site, wait);
        assert!(is_whole(&latest(site)), "latest is whole after {wait:?}");
    }
    as_of(site, 30);
    site.run();
    assert!(content(&latest(site)) == first, "the run after the kills gives what the first gave");
    let outputs = || fs::read_dir(site.path("outputs")).expect("outputs").map(|e| e.expect("an entry").path());
    let runs: Vec<_> = outputs().filter(|p| p.is_dir() && !p.ends_with(".huichi")).collect();
    assert!(runs.iter().all(|run| is_whole(run)), "every run that has a name is whole");
    let state: Vec<String> = fs::read_dir(site.path("outputs/.huichi"))
        .expect("state")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("run-") || name == "latest.new")
        .collect();
    assert_eq!(state, Vec::<String>::new(), "half runs are swept");
}

#[test]
fn a_run_killed_between_its_switch_and_its_record_is_not_taken_for_the_last() {
    let site = small();
    site.run();
    let first = content(&latest(&site));
    let ledger = fs::read(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    as_of(&site, 29);
    site.run();
    // The second run has switched `latest`, and the ledger has not heard of it.
    fs::write(site.path("outputs/.huichi/ledger.sqlite"), ledger).expect("the ledger");
    as_of(&site, 30);
    site.run();
    assert!(content(&latest(&site)) == first, "latest is what the settings ask for");
}

#[test]
fn a_run_that_the_ledger_does_not_know_is_no_last_run() {
    let site = small();
    site.run();
    site.input("工信局_新增.csv", "企业名称,专精特新等级\n龙南市新增有限公司,专精特新中小企业\n");
    site.run();
    let second = latest(&site);
    // Killed after the switch of `latest` and before the record, then the former inputs again.
    let ledger = rusqlite::Connection::open(site.path("outputs/.huichi/ledger.sqlite")).expect("the ledger");
    ledger.execute("DELETE FROM run WHERE id = ?1", [second.file_name().expect("a name").to_string_lossy()]).expect("deleted");
    fs::remove_file(site.path("inputs/工信局_新增.csv")).expect("removed");
    let third = site.run();
    assert!(!text(&third.stdout).contains("均无变化"), "latest is another run's");
    assert_ne!(latest(&site), second);
    assert_eq!(site.table("enterprises").len(), 6, "what stands is of the inputs at hand");
}

#[test]
fn what_is_kept_between_runs_gives_what_a_first_run_gives() {
    let site = small();
    // The order in which files of a source were received is an input of runs, so each source sends one alone.
    for other in ["统计局/经营情况_2021年.csv", "统计局/经营情况_2022年.csv", "工信局/融资需求.csv"] {
        fs::remove_file(site.path("inputs").join(other)).expect("removed");
    }
    kept_gives_what_a_first_run_gives(
        &site,
        ["统计局/经营情况_2023年", "市监局/专利清单", "工信局/名录"],
        |site, changed| {
            without_last_line(site, &format!("{changed}.csv"));
        },
    );
}

#[test]
#[ignore = "seven runs over 1,200 enterprises: run by .ci/run"]
fn what_is_kept_between_runs_of_a_city_gives_what_a_first_run_gives() {
    kept_gives_what_a_first_run_gives(
        &city::site(""),
        ["统计局_经营情况", "市监局_专利清单", "工信局_企业名录"],
        |site, changed| {
            fs::remove_file(site.path(&format!("inputs/{changed}.xlsx"))).expect("removed");
            site.copy(&tests().join(format!("city/xls/{changed}.xls")));
        },
    );
}

/// Each change is made to what the former left, so that its first run serves the next.
fn kept_gives_what_a_first_run_gives(site: &Site, inputs: [&str; 3], change: impl Fn(&Site, &str)) {
    site.run();
    for changed in inputs {
        change(site, changed);
        site.run();
        let kept = content(&latest(site));
        fs::remove_dir_all(site.path("outputs")).expect("removed");
        site.run();
        let anew = content(&latest(site));
        for (name, bytes) in &anew {
            assert!(kept[name] == *bytes, "{name} differs after a change of {changed}");
        }
    }
}

/// A site with two enterprises.
fn little() -> Site {
    let site = Site::new("2024-06-30", "");
    site.input("工信局/名录.csv", directory(2));
    site
}

/// Refused before anything was done, with the path; nothing of a run is left.
fn assert_refused(site: &Site, code: &str, path: &str) {
    let output = site.huichi(&["run"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains(code) && said.contains(path), "{said}");
    assert!(!said.contains("登记文件"), "it was told before the work: {said}");
    let below = |folder: &str| fs::read_dir(site.path(folder)).into_iter().flatten().filter_map(Result::ok).map(|e| e.file_name());
    let left = below("outputs").chain(below("outputs/.huichi")).map(|name| name.to_string_lossy().into_owned());
    assert_eq!(left.filter(|name| name.starts_with("20") || name.starts_with("run-")).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn what_stands_in_the_way_of_a_run_is_told_before_it_begins() {
    let folder = |path: &Path| fs::create_dir_all(path.join("data"));
    let file = |path: &Path| fs::write(path, "a note");
    type Put = fn(&Path) -> std::io::Result<()>;
    for (code, path, put) in [
        ("ERR-075", "outputs/latest", folder as Put),
        ("ERR-075", "outputs/latest", file as Put),
        ("ERR-076", "outputs", file as Put),
        ("ERR-076", "outputs/.huichi", file as Put),
    ] {
        let site = little();
        fs::create_dir_all(site.path(path).parent().expect("a parent")).expect("a folder");
        put(&site.path(path)).expect("something in the way");
        assert_refused(&site, code, path);
        assert!(site.path(path).exists(), "what is not ours stays");
        fs::rename(site.path(path), site.path("aside")).expect("moved away");
        site.run();
    }
    let site = little();
    site.run();
    let run = latest(&site);
    fs::remove_file(site.path("outputs/latest")).expect("the link");
    fs::create_dir(site.path("outputs/latest")).expect("a copy of outputs");
    let output = site.huichi(&["run"]);
    assert!(text(&output.stderr).contains("ERR-075"), "a site without changes is told too: {}", text(&output.stderr));
    assert!(run.join("run.json").is_file());
}

#[cfg(unix)]
#[test]
fn links_and_remains_in_the_way_of_a_run_are_told_or_replaced() {
    use std::os::unix::fs::symlink;
    for path in ["outputs", "outputs/.huichi"] {
        let site = little();
        fs::create_dir_all(site.path(path).parent().expect("a parent")).expect("a folder");
        symlink("nowhere", site.path(path)).expect("a link");
        assert_refused(&site, "ERR-076", path);
    }
    for (name, to) in [("latest", "nowhere"), ("latest", "../elsewhere"), ("latest", "../elsewhere/a"), ("latest", "latest")] {
        let site = little();
        fs::create_dir_all(site.path("elsewhere")).expect("a folder");
        fs::write(site.path("elsewhere/a"), "a note").expect("a file");
        fs::create_dir_all(site.path("outputs")).expect("a folder");
        symlink(to, site.path("outputs").join(name)).expect("a link");
        site.run();
        assert!(latest(&site).join("run.json").is_file(), "{to}");
        assert_eq!(fs::read(site.path("elsewhere/a")).expect("what is not ours"), b"a note");
    }
    let site = little();
    fs::create_dir_all(site.path("outputs/.huichi/latest.new/a")).expect("a folder");
    fs::write(site.path("outputs/.huichi/run-old"), "").expect("a file");
    site.run();
    assert!(!site.path("outputs/.huichi/run-old").exists() && !site.path("outputs/.huichi/latest.new").exists());
    assert!(latest(&site).join("run.json").is_file());
}
