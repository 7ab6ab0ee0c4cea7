//! The configuration: all problems at once, each with its line; what is in force and where it comes from.

use crate::util::{Site, text};

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    let site = Site::new(
        "2024-06-30",
        r#"fail_abov = 3

[source.tax]
bureau = "税务局"
files = ["../税务/**"]
forms = ["retuns"]
legal_basis = "x"
purpose = "x"
catalogue_item = "x"

[edit.F1]
severity = "warning"

[limits]
parsers = 1000

[engine]
memory = "1 TB"
"#,
    );
    let output = site.huichi(&["check"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn what_is_in_force_says_where_it_comes_from() {
    let site = Site::new("2024-06-30", "[edit.F1]\nseverity = \"explain\"\n");
    let printed = text(&site.huichi(&["config"]).stdout);
    assert!(printed.contains("本地  edit.F1.severity = \"explain\""), "{printed}");
    assert!(printed.contains("内置  edit.F2.severity = \"error\""));
    assert!(printed.contains("本地  run.as_of = \"2024-06-30\""));
}

#[test]
fn the_bundled_configurations_are_sound() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = Site::new("2024-06-30", "");
    for path in ["pipeline.toml", "tests/city/pipeline.toml", "benches/province.toml"] {
        let output = site.huichi(&["check", "--config", &root.join(path).display().to_string()]);
        assert!(output.status.success(), "{path}: {}", text(&output.stderr));
    }
}

#[test]
fn every_code_can_be_explained() {
    let site = Site::new("2024-06-30", "");
    let listed = text(&site.huichi(&["explain"]).stdout);
    assert!(listed.lines().count() > 80);
    insta::assert_snapshot!(text(&site.huichi(&["explain", "F1"]).stdout));
    assert_eq!(site.huichi(&["explain", "F99"]).status.code(), Some(2));
}

#[test]
fn conditions_are_tried_before_anything_is_run() {
    let site = Site::new(
        "2024-06-30",
        r#"[edit.F1]
holds = "total_asset = total_liabilities"

[edit.LOCAL-1]
dataset = ["returns"]
fields = ["revenue"]
holds = "revenue + (> 3"
name = { zh = "试" }

[criterion.patent_free]
met = "patent_free >= 3"

[merge.field.address]
from = ["patents.address"]
"#,
    );
    for command in ["check", "run"] {
        let output = site.huichi(&[command]);
        assert_eq!(output.status.code(), Some(2));
    }
    insta::assert_snapshot!(text(&site.huichi(&["check"]).stderr));
    std::fs::write(site.path("pipeline.toml"), "[criterion.patent_free]\nmet = \"patent_free >= 3\"\n").expect("settings");
    insta::assert_snapshot!("a_condition_that_names_no_field", text(&site.huichi(&["run"]).stderr));
}

/// The problems of a site's settings: code and line.
fn problems(settings: &str) -> (Vec<(String, u64)>, String) {
    let site = Site::new("2024-06-30", settings);
    let said = ["json", "text"].map(|format| text(&site.huichi(&["check", "--format", format]).stderr));
    let of = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok().filter(|v| v["path"].is_string());
    let found =
        said[0].lines().filter_map(of).map(|v| (v["code"].as_str().unwrap_or_default().to_owned(), v["line"].as_u64().unwrap_or(0)));
    (found.collect(), said.concat())
}

#[test]
fn secrets_that_stand_in_the_settings_are_refused_and_never_repeated() {
    let http = |rest: &str| format!("[[source.market.http]]\nname = \"a.csv\"\n{rest}\n");
    let notice = |rest: &str| format!("[[notice]]\nkind = \"wecom\"\n{rest}\n");
    for (settings, code) in [
        (http("url = \"https://user:hunter2@data.example/a.csv\""), "CFG-027"),
        (http("url = \"https://hunter2@data.example/a.csv\""), "CFG-027"),
        (http("url = \"https://:hunter2@data.example/a.csv\""), "CFG-027"),
        (http("url = \"HTTPS://user:hunter2@data.example/a.csv\""), "CFG-027"),
        (http("url = \"file:///etc/hunter2\""), "CFG-010"),
        (http("url = \"ftp://user:hunter2@data.example/a.csv\""), "CFG-010"),
        (http("url = \"data.example/?hunter2\""), "CFG-010"),
        (http("url = \"https://\""), "CFG-010"),
        (http("url = 5"), "CFG-008"),
        (http("url = \"https://data.example/a.csv\"\npassword = \"hunter2\"").replace("name = \"a.csv\"\n", ""), "CFG-028"),
        (notice("url = \"https://qyapi.example/send?key=hunter2\""), "CFG-028"),
        (notice("url = \"https://user:hunter2@qyapi.example/send\""), "CFG-027"),
        (notice("url = \"file:///hunter2\""), "CFG-010"),
        (notice("url = { env = \"A\", file = \"b\" }"), "CFG-010"),
        ("[portal]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://user:hunter2@huichi.example\"\n".to_owned(), "CFG-027"),
        ("[portal]\nplain_http = true\nmetrics_token = \"hunter2\"\n".to_owned(), "CFG-028"),
    ] {
        let (found, said) = problems(&settings);
        assert!(found.iter().any(|(c, line)| c == code && *line == 5), "{settings}{found:?}{said}");
        assert!(!said.contains("hunter2"), "{settings}{said}");
        if code != "CFG-010" {
            assert!(
                said.contains("env = ") || settings.contains("public_url") || settings.contains("url = 5"),
                "what to write instead: {said}"
            );
        }
    }
    let (found, said) =
        problems(&notice("url = \"https://qyapi.example/send?key=hunter2\"\nsecret = \"SEChunter2\"\nsecrte = \"hunter2\""));
    assert_eq!(found.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["CFG-028", "CFG-006"], "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn settings_in_force_hold_no_secret() {
    let site = Site::new(
        "2024-06-30",
        r#"[portal]
metrics_token = { env = "HUICHI_METRICS" }

[[source.market.http]]
url = "https://data.example/a.csv?token=hunter2"
name = "a.csv"
user = "huichi"
password = { env = "HUICHI_MARKET" }

[[notice]]
kind = "generic"
url = "https://hooks.example/services/hunter2"
secret = { file = "notice.key" }
"#,
    );
    for format in ["text", "json"] {
        let output = site.command(&["config", "--format", format]).env("HUICHI_MARKET", "hunter2").output().expect("the program");
        let printed = text(&output.stdout);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(!printed.contains("hunter2"), "{printed}");
        for shown in ["HUICHI_METRICS", "HUICHI_MARKET", "https://data.example/a.csv", "https://hooks.example/", "notice.key"] {
            assert!(printed.contains(shown), "{shown}: {printed}");
        }
    }
}

#[test]
fn a_portal_for_others_needs_tls_or_a_statement() {
    let code = |settings: &str| problems(&format!("[portal]\n{settings}")).0;
    let refused = vec![("CFG-029".to_owned(), 4)];
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.168.3.4:80", "[::ffff:10.0.0.1]:80", "8.8.8.8:443"] {
        assert_eq!(code(&format!("listen = \"{listen}\"\n")), refused, "{listen}");
        for stated in ["plain_http = true", "behind_proxy = true", "certificate = \"a.pem\"\nkey = \"a.key\""] {
            assert_eq!(code(&format!("listen = \"{listen}\"\n{stated}\n")), [], "{listen} {stated}");
        }
    }
    for listen in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:80"] {
        assert_eq!(code(&format!("listen = \"{listen}\"\n")), [], "{listen}");
    }
}
