//! Files below the inputs root, assigned to sources by pattern.

use crate::config::{Problem, ProblemKind, SourceOptions};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use indexmap::IndexMap;
use std::io;
use std::path::{Path, PathBuf};

/// What lies below the inputs root.
#[derive(Debug, Default)]
pub struct Found {
    /// Source id, path below the root, and full path; ordered by source and path.
    pub files: Vec<(String, String, PathBuf)>,
    /// Files that no source claims.
    pub unclaimed: Vec<String>,
}

/// Lists the files of every enabled source.
///
/// Hidden files, Excel's lock files (`~$…`) and generated notes (`README.md`) are passed over.
///
/// # Errors
/// The root cannot be read.
pub fn list(root: &Path, sources: &IndexMap<String, SourceOptions>) -> io::Result<Found> {
    let mut patterns = Vec::new();
    for (id, source) in sources.iter().filter(|(_, s)| !s.disabled) {
        patterns.push((id.clone(), patterns_of(source).map_err(|p| io::Error::other(p.found))?));
    }
    let mut found = Found::default();
    for entry in walkdir::WalkDir::new(root).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(io::Error::from)?;
        if !entry.file_type().is_file() {
            continue;
        }
        let Ok(below) = entry.path().strip_prefix(root) else { continue };
        let parts: Vec<String> = below.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
        if parts.iter().any(|p| p.starts_with('.') || p.starts_with("~$")) || parts.last().is_some_and(|p| p == "README.md") {
            continue;
        }
        let path = parts.join("/");
        match patterns.iter().find(|(_, set)| set.is_match(&path)) {
            Some((id, _)) => found.files.push((id.clone(), path, entry.path().to_owned())),
            None => found.unclaimed.push(path),
        }
    }
    let order = |id: &str| sources.get_index_of(id).unwrap_or(usize::MAX);
    found.files.sort_by(|a, b| (order(&a.0), &a.1).cmp(&(order(&b.0), &b.1)));
    Ok(found)
}

/// The source that claims a file by its path or by any end of it (`…/统计局/a.xlsx`, `统计局_a.xlsx`).
pub fn source_of<'a>(path: &Path, sources: &'a IndexMap<String, SourceOptions>) -> Option<&'a str> {
    let parts: Vec<String> = path.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    let ends: Vec<String> = (0..parts.len()).map(|i| parts[i..].join("/")).collect();
    let claims = |source: &SourceOptions| patterns_of(source).is_ok_and(|set| ends.iter().any(|end| set.is_match(end)));
    sources.iter().find(|(_, s)| !s.disabled && claims(s)).map(|(id, _)| id.as_str())
}

/// A star stays within a folder, two stars cross folders.
fn patterns_of(source: &SourceOptions) -> Result<GlobSet, Problem> {
    let broken =
        |found: &str| Problem { line: 0, path: String::new(), kind: ProblemKind::BadValue, found: found.into(), expected: Vec::new() };
    let mut set = GlobSetBuilder::new();
    for pattern in &source.files {
        set.add(GlobBuilder::new(pattern).literal_separator(true).build().map_err(|_| broken(pattern))?);
    }
    set.build().map_err(|e| broken(&e.to_string()))
}
