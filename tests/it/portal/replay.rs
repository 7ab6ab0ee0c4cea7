//! Runs made again and compared after everything around them has changed; pages of a run under its own settings.

use super::versions::{Clerk, UNIT, returns};
use super::{Portal, QUIET, told};
use crate::util::{Site, directory, tests, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The run that `latest` names.
fn latest(site: &Site) -> String {
    fs::read_link(site.path("outputs/latest")).expect("latest").to_string_lossy().into_owned()
}

/// Everything below the outputs but for what a lock or a look at the ledger leaves, with its content.
fn all(site: &Site) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(site.path("outputs")).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(site.path("outputs")).expect("below").to_owned();
    files
        .filter(|e| !e.path().to_string_lossy().contains("ledger.sqlite-"))
        .map(|e| (name(e.path()), fs::read(e.path()).expect("a file")))
        .collect()
}

fn settle() {
    // A second of the clock, by which receipts of folders are ordered and runs are named.
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

#[test]
fn five_runs_are_made_again_to_the_byte_after_inputs_answers_and_settings_changed() {
    let site = Site::new("2024-06-30", QUIET);
    site.input("工信局/名录.csv", directory(6));
    site.input("统计局/年报.csv", returns(&[(1, 10), (2, 20), (3, 30), (4, 40)], UNIT));
    let mut portal = Portal::start(site);
    let run = |portal: &Portal| {
        settle();
        portal.site.run();
        latest(&portal.site)
    };
    let first = run(&portal);
    // An upload that overlaps: the likely counts; then the answer.
    let clerk = Clerk(portal.sign_in("statistics"));
    let (older, _) = clerk.send("甲.csv", &returns(&[(1, 11), (2, 21), (3, 31), (4, 41)], UNIT));
    let (newer, _) = clerk.send("乙.csv", &returns(&[(3, 33), (4, 44), (5, 55), (6, 66)], UNIT));
    let second = run(&portal);
    assert_eq!(clerk.choose(&newer, &older, "supplement"), 303);
    let third = run(&portal);
    let decided = fs::read_to_string(portal.site.path("outputs").join(&third).join("run.json")).expect("run.json");
    assert!(decided.contains("\"choice\": \"supplement\""), "{decided}");
    // Another reference date and other settings, and the third adopted.
    let leader = portal.sign_in("leader");
    assert_eq!(leader.post(&format!("/runs/{third}/adopt"), &[("note", "通过")]).status, 303);
    let file = portal.site.path("pipeline.toml");
    let settings = |as_of: &str, more: &str| {
        fs::write(&file, format!("[run]\nas_of = \"{as_of}\"\n{QUIET}{more}")).expect("pipeline.toml");
    };
    settings(
        "2024-12-31",
        "[form.returns.field.revenue]\nlabel = \"全年收入\"\n[criterion.revenue_stated]\nname = { zh = \"收入已报\" }\n",
    );
    let fourth = run(&portal);
    settings("2024-06-30", "[output]\nformats = [\"csv\"]\n");
    portal.site.input("统计局/年报_更正.csv", returns(&[(1, 100), (2, 200), (3, 300), (4, 400)], UNIT));
    portal.site.input("统计局/无关的说明.csv", "没有表\n");
    let fifth = run(&portal);

    // Everything changes: an answer, the files, their bureaus, the settings.
    let clerk = Clerk(portal.sign_in("statistics"));
    assert_eq!(clerk.choose(&newer, &older, "replace"), 303);
    clerk.send("乙.csv", &returns(&[(1, 1), (2, 2)], UNIT));
    portal.kill();
    fs::remove_dir_all(portal.site.path("inputs")).expect("the inputs");
    portal.site.input("工信局/名录.csv", directory(2));
    settings(
        "2025-01-01",
        "[source.statistics]\nbureau = \"调查队\"\n[form.returns]\ntitle = \"别的表\"\n[criterion.patent_free]\nthreshold = \"≥ 2 件\"\nmet = \"patents_free >= 2\"\n",
    );
    portal.site.run();

    let before = all(&portal.site);
    for run in [&first, &second, &third, &fourth, &fifth] {
        let replayed = told(&portal.site, &["replay", run]);
        assert_eq!((replayed["run"].as_str(), replayed["equal"].as_bool()), (Some(run.as_str()), Some(true)), "{replayed}");
        let files = replayed["files"].as_array().expect("files");
        let listed = |name: &str| files.iter().any(|f| f["path"] == name && f["fate"] == "equal");
        assert!(["备选池.xlsx", "settings.toml", "run.json"].into_iter().all(listed), "{replayed}");
        assert_eq!(replayed["made_by"], replayed["replayed_by"]);
    }
    assert!(all(&portal.site) == before, "making runs again changes nothing");
    let shown = portal.site.huichi(&["replay", "latest"]);
    assert!(shown.status.success() && text(&shown.stdout).contains("全部完全相同"), "{}", text(&shown.stdout));

    // The cover's counts are those of the comparison: one rule for all of them.
    let record: serde_json::Value =
        serde_json::from_slice(&fs::read(portal.site.path("outputs").join(&fifth).join("run.json")).expect("run.json")).expect("JSON");
    assert_eq!(record["adopted"]["run"], third.as_str());
    assert_eq!(told(&portal.site, &["diff", &third, &fifth])["counts"], record["adopted"]["since"]);
}

#[test]
fn a_run_is_shown_under_its_own_settings() {
    let settings = fs::read_to_string(tests().join("forms/pipeline.toml")).expect("the settings");
    let site = Site::new("2026-06-30", &format!("{}\n{QUIET}", settings.split_once("as_of = \"2026-06-30\"\n").expect("a date").1));
    for entry in walkdir::WalkDir::new(tests().join("forms/inputs")).into_iter().filter_map(Result::ok).filter(|e| e.path().is_file()) {
        let below = entry.path().strip_prefix(tests().join("forms/inputs")).expect("below inputs");
        site.input(&below.display().to_string(), fs::read(entry.path()).expect("an input"));
    }
    site.run();
    let run = latest(&site);
    let mut portal = Portal::start(site);
    let pages = |portal: &Portal| {
        let leader = portal.sign_in("leader");
        let pool = leader.page("/pool");
        let id = super::between(&pool, "<th scope=\"row\"><a href=\"/pool/", "\"").to_owned();
        (pool, leader.page(&format!("/pool/{id}")), leader.page("/quality"), leader.page("/quality/ELE-001"))
    };
    let before = pages(&portal);
    assert!(before.0.contains("全年用电量") && before.0.contains("纳税信用 M 级以上") && before.2.contains("月度用电量"), "{}", before.0);
    portal.kill();
    // The site's own forms and criteria go, and a built-in criterion has another name.
    let other = format!("[run]\nas_of = \"2026-12-31\"\n{QUIET}[criterion.patent_free]\nname = {{ zh = \"另一种说法\" }}\n");
    fs::write(portal.site.path("pipeline.toml"), other).expect("pipeline.toml");
    portal.restart();
    let after = pages(&portal);
    let same = |one: &str, other: &str, what: &str| {
        // The word of a session differs from one sign-in to the next.
        let plain = |page: &str| page.lines().filter(|l| !l.contains("csrf")).collect::<Vec<_>>().join("\n");
        assert!(plain(one) == plain(other), "{what} differs:\n{}\n----\n{}", plain(one), plain(other));
    };
    same(&before.0, &after.0, "the table");
    same(&before.1, &after.1, "an enterprise");
    same(&before.2, &after.2, "data quality");
    same(&before.3, &after.3, "an edit");

    // The settings are the operator's; no other role takes them.
    let path = format!("/runs/{run}/files/settings.toml");
    for (role, status) in
        [("operator", 200), ("leader", 404), ("auditor", 404), ("member", 404), ("statistics", 403), ("administrator", 403)]
    {
        assert_eq!(portal.sign_in(role).get(&path).status, status, "{role}");
    }
}
