//! All problems at once, each at its line.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use validator::Validate;

#[derive(Debug, Default, Deserialize, PartialEq, Validate)]
#[serde(deny_unknown_fields, default)]
struct Site {
    title: String,
    #[validate(nested)]
    limits: Limits,
    #[validate(nested)]
    sources: Vec<Source>,
    form: BTreeMap<String, Form>,
}

#[derive(Debug, Default, Deserialize, PartialEq, Validate)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    #[validate(range(min = 1, max = 64))]
    workers: u8,
    strict: bool,
}

#[derive(Debug, Deserialize, PartialEq, Validate)]
#[serde(deny_unknown_fields)]
struct Source {
    #[validate(length(min = 1))]
    glob: String,
    format: Format,
    #[serde(default)]
    #[validate(length(max = 2))]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Format {
    Workbook,
    Text,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Form {
    field: BTreeMap<String, Field>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Field {
    label: String,
    aliases: Vec<String>,
}

fn seen(problems: &[Problem]) -> Vec<(usize, &str, ProblemKind, &str)> {
    problems.iter().map(|p| (p.line, p.path.as_str(), p.kind, p.found.as_str())).collect()
}

#[test]
fn reads_what_is_right() {
    let (site, problems) = decode::<Site>("title = \"龙南\"\n[[sources]]\nglob = \"a\"\nformat = \"text\"\n");
    assert_eq!(problems, []);
    let site = site.expect("a value");
    assert_eq!(site.title, "龙南");
    assert_eq!(site.sources[0].format, Format::Text);
    assert_eq!(decode::<Site>("").0, Some(Site::default()));
}

#[test]
fn tells_all_problems_at_once() {
    use ProblemKind::*;
    let text = "\
titel = \"龙南\"
[limits]
workers = 300
strict = \"yes\"
[[sources]]
glob = 1
format = \"text\"
[[sources]]
globb = \"b\"
format = \"worksbook\"
tags = [\"x\", 2, \"y\", 3]
[form.a.field]
name = { label = \"名称\", alias = [\"x\"] }
code = { label = 5 }
[form.b]
filed = 1
[extra.deep]
x = 1
";
    let (site, problems) = decode::<Site>(text);
    assert_eq!(
        seen(&problems),
        [
            (1, "titel", UnknownKey, "titel"),
            (3, "limits.workers", BadValue, "300"),
            (4, "limits.strict", WrongType, "\"yes\""),
            (6, "sources[0].glob", WrongType, "1"),
            (8, "sources[1].glob", MissingKey, ""),
            (9, "sources[1].globb", UnknownKey, "globb"),
            (10, "sources[1].format", UnknownValue, "worksbook"),
            (11, "sources[1].tags[1]", WrongType, "2"),
            (11, "sources[1].tags[3]", WrongType, "3"),
            (13, "form.a.field.name.alias", UnknownKey, "alias"),
            (14, "form.a.field.code.label", WrongType, "5"),
            (16, "form.b.filed", UnknownKey, "filed"),
            (17, "extra", UnknownKey, "extra"),
        ]
    );
    assert_eq!(site, None, "a source lacks its pattern");
    assert_eq!(problems[0].nearest(), Some("title"));
    assert_eq!(problems[1].expected, ["0–255"]);
    assert_eq!(problems[2].expected, ["true", "false"]);
    assert_eq!(problems[5].nearest(), Some("glob"));
    assert_eq!(problems[6].nearest(), Some("workbook"));
    assert_eq!(problems[9].nearest(), Some("aliases"));
}

#[test]
fn every_missing_key_is_told_and_nothing_that_follows_from_a_cut() {
    use ProblemKind::*;
    let (site, problems) = decode::<Site>("[[sources]]\ntags = []\n[[sources]]\nglob = 1\nformat = 2\n");
    assert_eq!(
        seen(&problems),
        [
            (1, "sources[0].glob", MissingKey, ""),
            (1, "sources[0].format", MissingKey, ""),
            (4, "sources[1].glob", WrongType, "1"),
            (5, "sources[1].format", WrongType, "2"),
        ]
    );
    assert_eq!(site, None);
    assert_eq!(problems[3].expected, ["\"…\"", "{ … }"]);
}

#[test]
fn what_has_a_default_is_read_without_the_wrong_entries() {
    let (site, problems) = decode::<Site>("title = 1\n[limits]\nworkers = 3\n");
    assert_eq!(seen(&problems), [(1, "title", ProblemKind::WrongType, "1")]);
    assert_eq!(site.map(|site| site.limits.workers), Some(3));
}

#[test]
fn a_table_in_the_place_of_a_list_is_told_once() {
    let (_, problems) = decode::<Site>("[sources]\nglob = \"a\"\n");
    assert_eq!(seen(&problems), [(1, "sources", ProblemKind::WrongType, "[sources]")]);
    let (_, problems) = decode::<Site>("[[limits]]\nworkers = 1\n");
    assert_eq!(seen(&problems).len(), 1);
    let (_, problems) = decode::<Site>("[[form]]\nx = 1\n");
    assert_eq!(seen(&problems), [(1, "form", ProblemKind::WrongType, "[[form]]")]);
}

#[test]
fn a_complaint_about_the_whole_text_is_told() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(try_from = "BTreeMap<String, i64>")]
    struct Sum(i64);
    impl TryFrom<BTreeMap<String, i64>> for Sum {
        type Error = String;

        fn try_from(map: BTreeMap<String, i64>) -> Result<Self, String> {
            map.values().try_fold(0_i64, |sum, value| sum.checked_add(*value)).map(Sum).ok_or_else(|| "the sum is too large".to_owned())
        }
    }
    assert_eq!(decode::<Sum>("a = 1\nb = 2\n"), (Some(Sum(3)), vec![]));
    let (value, problems) = decode::<Sum>("a = 9223372036854775807\nb = 1\n");
    assert_eq!(value, None);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].expected, ["the sum is too large"]);
}

#[test]
fn many_problems_are_told_in_reasonable_time() {
    let lines: Vec<String> = (0..300).map(|n| format!("[form.f{n}]\nfiled = {n}")).collect();
    let (value, problems) = decode::<Site>(&lines.join("\n"));
    assert_eq!(problems.len(), 300);
    assert_eq!(value.map(|site| site.form.len()), Some(300));
}

#[test]
fn dotted_keys_have_their_lines() {
    let (_, problems) = decode::<Site>("title = \"a\"\nlimits.worker = 1\nform.x.fields.y = 2\n");
    assert_eq!(
        seen(&problems),
        [(2, "limits.worker", ProblemKind::UnknownKey, "worker"), (3, "form.x.fields", ProblemKind::UnknownKey, "fields"),]
    );
}

#[test]
fn tells_the_slips_of_a_chinese_keyboard() {
    use ProblemKind::*;
    let (site, problems) = decode::<Site>("title ＝ \"a\"\n[limits]\nworkers = 1\n[form.“a”]\n");
    assert_eq!(site, None);
    assert_eq!(seen(&problems), [(1, "title", FullWidth, "＝"), (4, "", FullWidth, "“")]);
    assert_eq!(problems[0].expected, ["="]);
    let (_, problems) = decode::<Site>("title = “龙南”\n");
    assert_eq!(seen(&problems), [(1, "title", FullWidth, "“")]);
    let (_, problems) = decode::<Site>("# “说明”，\ntitle = 龙南\n");
    assert_eq!(seen(&problems), [(2, "title", Unquoted, "龙南")]);
    assert_eq!(problems[0].expected, ["\"龙南\""]);
}

#[test]
fn tells_other_syntax_errors() {
    use ProblemKind::*;
    for (text, kind, line) in [
        ("title = \"a\ntitel = 1\n", Unclosed, 1),
        ("title = \"\"\"a\n", Unclosed, 1),
        ("[limits\nworkers = 1\n", Unclosed, 1),
        ("title = \"a\"\nx = [\n  1, # ]\n  \"]\",\ny = [2]\n", Unclosed, 2),
        ("x = 1\ny = 01\n", Syntax, 2),
        ("title\n", Syntax, 1),
        ("= 1\n", Syntax, 1),
    ] {
        let (site, problems) = decode::<Site>(text);
        assert_eq!(site, None, "{text:?}");
        let first = problems.first().map(|p| (p.kind, p.line));
        assert_eq!(first, Some((kind, line)), "{text:?}: {problems:?}");
    }
}

#[test]
fn a_key_stated_twice_does_not_hide_the_rest() {
    use ProblemKind::*;
    let (_, problems) = decode::<Site>("title = \"a\"\ntitle = \"b\"\n[limits]\nworker = 1\n[limits]\n");
    assert_eq!(
        seen(&problems),
        [(2, "title", DuplicateKey, "title"), (4, "limits.worker", UnknownKey, "worker"), (5, "", DuplicateKey, "limits"),]
    );
}

#[test]
fn finds_lines_of_paths() {
    let text = "title = 1\n\n[limits]\nworkers = 1\n[[sources]]\nglob = \"a\"\n[[sources]]\ntags = [\n  \"x\",\n  \"y\",\n]\n[form.\"a.b\".field]\n\"营业 收入\" = {label = \"x\"}\n";
    for (path, line) in [
        ("title", Some(1)),
        ("limits", Some(3)),
        ("limits.workers", Some(4)),
        ("limits.strict", Some(3)),
        ("sources", Some(5)),
        ("sources[0].glob", Some(6)),
        ("sources[1]", Some(7)),
        ("sources[1].glob", Some(7)),
        ("sources[1].tags[1]", Some(10)),
        ("form.a.b.field", Some(12)),
        ("form.\"a.b\".field", Some(12)),
        ("form.a.b.field.营业 收入.label", Some(13)),
        ("form.a.b.field.\"营业 收入\".label", Some(13)),
        ("edit.F1.holds", None),
        ("edit", None),
        ("limits.x.y", None),
        ("", None),
    ] {
        assert_eq!(line_of(text, path), line, "{path}");
    }
}

#[test]
fn folds_what_validator_finds() {
    use ProblemKind::*;
    let text = "[limits]\nworkers = 65\n[[sources]]\nglob = \"\"\nformat = \"text\"\ntags = [\"a\", \"b\", \"c\"]\n";
    let (site, problems) = decode::<Site>(text);
    assert_eq!(problems, []);
    let errors = site.expect("a value").validate().expect_err("three checks fail");
    let problems = validation_problems(text, "", &errors);
    assert_eq!(
        seen(&problems),
        [
            (2, "limits.workers", OutOfRange, "65"),
            (4, "sources[0].glob", Empty, ""),
            (6, "sources[0].tags", BadLength, "[\"a\",\"b\",\"c\"]"),
        ]
    );
    assert_eq!(problems[0].expected, ["1–64"]);
    assert_eq!(problems[1].expected, ["≥ 1"]);
    assert_eq!(problems[2].expected, ["≤ 2"]);
    let prefixed = validation_problems("[a]\nworkers = 1\n", "a", &Limits::default().validate().expect_err("zero"));
    assert_eq!(seen(&prefixed), [(2, "a.workers", OutOfRange, "0")]);
}

#[test]
fn every_kind_has_its_own_code() {
    let codes: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), ProblemKind::ALL.len());
}

#[test]
fn every_code_is_in_the_catalogue() {
    #[derive(Deserialize)]
    struct Catalogue {
        finding: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        code: String,
    }
    let text = include_str!("../../finding/catalogue/config.toml");
    let (catalogue, problems) = decode::<Catalogue>(text);
    assert_eq!(problems, []);
    let catalogue = catalogue.expect("a catalogue");
    let codes: Vec<_> = catalogue.finding.iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(codes, ProblemKind::ALL.map(ProblemKind::code));
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = decode::<Site>(&text);
    }

    #[test]
    fn never_panics_near_toml(lines in proptest::collection::vec(
        "(title|titel|glob|format|tags|workers|form\\.a) = (1|\"x\"|“x”|\\[1, \"a\"\\]|\\{ a = 1, label = 2 \\}|\\[|\"|x|true)|\\[(limits|form|sources|form\\.a\\.field)\\]|\\[\\[(sources|limits|form)\\]\\]",
        0..12,
    )) {
        let text = lines.join("\n");
        let (value, problems) = decode::<Site>(&text);
        prop_assert!(value.is_some() || !problems.is_empty(), "{}", text);
        for problem in problems {
            prop_assert!((1..=lines.len() + 1).contains(&problem.line), "{:?}", problem);
        }
    }

    #[test]
    fn line_of_never_panics(text in any::<String>(), path in any::<String>()) {
        let _ = line_of(&text, &path);
    }
}
