//! Who may import whom: data flows one way, and no stage knows another.

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
                "engine" => !["engine", "model"].contains(&import.as_str()),
                "ledger" => !["ledger", "model"].contains(&import.as_str()),
                "finding" => !["finding", "model", "config"].contains(&import.as_str()),
                "config" => !["config", "model"].contains(&import.as_str()),
                "sample" => !["sample", "model"].contains(&import.as_str()),
                "stages" => {
                    import.starts_with("stages/") && import != format!("stages/{}", room[1])
                        || ["cli", "pipeline", "ledger", "server"].contains(&import.as_str())
                }
                "pipeline" => ["cli", "server"].contains(&import.as_str()),
                "server" => import == "cli",
                _ => false,
            };
            if forbidden {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
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
