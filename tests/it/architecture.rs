//! Who may import whom: data flows one way, no stage knows another, and no files import each other in a circle.

use super::imports::{Sources, circles};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|e| e.path().extension().is_some_and(|x| x == "rs"))
        .map(|e| (e.path().strip_prefix(&root).expect("below src").to_owned(), fs::read_to_string(e.path()).expect("a source")))
        .collect()
}

/// Files of one room that still import each other in a circle. No line is ever added: what is untied is taken out.
const CIRCLES: [&str; 4] = [
    "engine/expression.rs engine/expression/kinds.rs engine/expression/survey.rs",
    "ledger/look.rs ledger/mod.rs ledger/schema.rs",
    "ledger/standing.rs ledger/upload.rs",
    "pipeline/datasets.rs pipeline/gather.rs pipeline/mod.rs pipeline/receipts.rs pipeline/summary.rs pipeline/versions.rs",
];

/// The room of a file: a folder of `src/`, or what lies right below the folder of the portal, of the web or of a stage.
fn room(file: &str) -> String {
    let depth = match file.split('/').next() {
        Some("stages") => 3,
        Some("portal" | "web") => 2,
        _ => 1,
    };
    file.trim_end_matches(".rs").split('/').take(depth).collect::<Vec<_>>().join("/")
}

/// The rooms that a source imports: the first segments of `crate::…`, two for stages.
fn imports(source: &str) -> Vec<String> {
    let code = source.lines().filter(|l| !l.trim_start().starts_with("//"));
    code.flat_map(|l| l.split("crate::").skip(1))
        .map(|path| {
            let mut parts = path.split("::").map(|p| p.trim_matches(|c: char| !c.is_alphanumeric() && c != '_'));
            match parts.next() {
                Some("stages") => {
                    format!("stages/{}", parts.next().unwrap_or("").split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
                }
                other => other.unwrap_or("").split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned(),
            }
        })
        .collect()
}

#[test]
fn no_room_imports_what_it_may_not_know() {
    let mut wrong = Vec::new();
    for (path, source) in sources() {
        let room = path.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>();
        for import in imports(&source) {
            let forbidden = match room[0].as_str() {
                "model" => import != "model",
                "cache.rs" => import != "content",
                "engine" => !["engine", "model", "cache", "content"].contains(&import.as_str()),
                "ledger" => !["ledger", "model"].contains(&import.as_str()),
                "finding" => !["finding", "model", "config"].contains(&import.as_str()),
                "config" => !["config", "model"].contains(&import.as_str()),
                "run" => !["run", "model", "content", "config", "finding"].contains(&import.as_str()),
                "sample" => !["sample", "model"].contains(&import.as_str()),
                "stages" => {
                    import.starts_with("stages/") && import != format!("stages/{}", room[1])
                        || ["cli", "pipeline", "ledger", "portal", "web"].contains(&import.as_str())
                }
                "pipeline" => ["cli", "portal", "web"].contains(&import.as_str()),
                "portal" => ["cli", "web"].contains(&import.as_str()),
                "web" => import == "cli",
                _ => false,
            };
            if forbidden {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Crates that speak HTTP or write pages.
const OF_THE_WEB: [&str; 8] = ["askama", "axum", "http", "hyper", "hyper_util", "tower", "tower_http", "tower_sessions"];

/// Whether a source names a crate: at the beginning of a path.
fn names(source: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let code = source.lines().filter(|l| !l.trim_start().starts_with("//"));
    let mut before = code.flat_map(|line| line.match_indices(&path).map(|(at, _)| &line[..at]));
    before.any(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn the_portal_knows_neither_requests_nor_pages() {
    let of_the_portal = sources().into_iter().filter(|(path, _)| path.starts_with("portal"));
    let named = of_the_portal.flat_map(|(path, source)| {
        let crates = OF_THE_WEB.into_iter().filter(move |name| names(&source, name));
        crates.map(move |name| format!("{} names {name}", path.display()))
    });
    assert_eq!(named.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(names("fn f() -> axum::Error {}", "axum") && !names("use crate::stages::acquire::http::get;", "http"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let (within, across): (Vec<_>, Vec<_>) = circles(&Sources::of(&sources()).imports())
        .into_iter()
        .partition(|circle| circle.iter().map(|file| room(file)).collect::<BTreeSet<_>>().len() == 1);
    let told = |circles: Vec<BTreeSet<String>>| circles.into_iter().map(|circle| circle.into_iter().collect::<Vec<_>>().join(" "));
    assert_eq!(told(across).collect::<Vec<_>>(), Vec::<String>::new(), "between rooms");
    assert_eq!(told(within).collect::<Vec<_>>(), CIRCLES, "within a room");
}

#[test]
fn a_circle_is_seen_behind_what_passes_on_and_not_where_a_module_only_does_so() {
    let files = |desk: &str| {
        let files = [
            ("a/mod.rs", "mod desk;\nmod words;\npub use desk::{Desk, open as begin};\npub use words::Words;"),
            ("a/desk.rs", desk),
            ("a/words.rs", "pub struct Words;\n#[cfg(test)]\nmod tests {\n    use crate::a::Desk;\n}"),
            ("b.rs", "use crate::a;\nfn ends(c: char) -> bool { c == '\"' || a::begin(\"crate::a::Words\") } // crate::a::Words"),
        ];
        files.map(|(path, text)| (PathBuf::from(path), text.to_owned()))
    };
    let found = |desk: &str| circles(&Sources::of(&files(desk)).imports());
    assert!(found("use super::Words;\npub struct Desk(Words);").is_empty(), "the module itself uses none of them");
    let circle = BTreeSet::from(["a/desk.rs".to_owned(), "b.rs".to_owned()]);
    assert_eq!(found("use super::super::b::{self, *};\npub struct Desk;"), BTreeSet::from([circle]));
}

#[test]
fn the_map_is_short_and_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the map");
    assert!(map.lines().count() <= 150, "the map has {} lines", map.lines().count());
    for entry in fs::read_dir(&root).expect("src").filter_map(Result::ok).filter(|e| e.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(map.contains(&format!("`{name}/`")), "the map lacks {name}/");
    }
}
