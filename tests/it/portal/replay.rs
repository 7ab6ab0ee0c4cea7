//! Pages of a run under its own settings, whatever they are today.

use super::{Portal, QUIET};
use crate::util::{Site, tests};
use std::fs;

/// The run that `latest` names.
fn latest(site: &Site) -> String {
    fs::read_link(site.path("outputs/latest")).expect("latest").to_string_lossy().into_owned()
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
