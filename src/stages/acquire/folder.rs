//! Files below the inputs root, assigned to sources by pattern.
//!
//! Owns: which entries are inputs, and what is said of those that are none. Folders are shared with others, so nothing in
//! them ends a run: a link that leads nowhere, a folder that cannot be opened, a pipe is a finding at its path.
//! Invariants: every real file is read once, under one name, its own before those that links give it; a link leads out of
//! the root only into folders that the settings name; what runs write (outputs, ledger, store) is never an input.

use super::regular;
use crate::config::{Problem, ProblemKind, SourceOptions};
use crate::error::io_reason;
use crate::finding::Seed;
use crate::run::RECORD;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// What lies below the inputs root.
#[derive(Debug, Default)]
pub struct Found {
    /// Files to be read, by source and path.
    pub files: Vec<FoundFile>,
    /// What is not read, by source and path; of no source last.
    pub unread: Vec<Unread>,
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// The source that claims it.
    pub source: String,
    /// Path below the root, as reports show it.
    pub path: String,
    /// Where it really lies, links resolved.
    pub full: PathBuf,
    /// What is to be said of it.
    pub seeds: Vec<Seed>,
}

/// Something that is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The source that claims it; empty if none does.
    pub source: String,
    /// Path below the root, as reports show it.
    pub path: String,
    /// Why it is not read.
    pub seed: Seed,
}

/// How far links may lead, and where nothing is an input.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// Folders outside the root into which links may lead.
    pub linked: &'a [PathBuf],
    /// Where runs write.
    pub outputs: &'a Path,
}

/// Lists the files of every enabled source.
///
/// Hidden files, Excel's lock files (`~$…`) and generated notes (`README.md`) are passed over.
///
/// # Errors
/// The root cannot be read, or the system gives us no more files to open.
pub fn list(root: &Path, sources: &IndexMap<String, SourceOptions>, bounds: &Bounds<'_>) -> io::Result<Found> {
    let mut claims = Vec::new();
    for (id, source) in sources.iter().filter(|(_, s)| !s.disabled) {
        claims.push((id.clone(), patterns_of(source).map_err(|p| io::Error::other(p.found))?));
    }
    let root = fs::canonicalize(root)?;
    fs::read_dir(&root)?;
    let mut walk = Walk {
        linked: bounds.linked.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect(),
        outputs: fs::canonicalize(bounds.outputs).ok(),
        root,
        claims,
        folders: HashMap::new(),
        files: HashMap::new(),
        linked_folders: Vec::new(),
        linked_files: Vec::new(),
        found: Found::default(),
    };
    walk.all()?;
    let mut found = walk.found;
    let order = |id: &str| sources.get_index_of(id).unwrap_or(usize::MAX);
    found.files.sort_by(|a, b| (order(&a.source), &a.path).cmp(&(order(&b.source), &b.path)));
    found.unread.sort_by(|a, b| (order(&a.source), &a.path).cmp(&(order(&b.source), &b.path)));
    Ok(found)
}

/// A folder or file on the way: where it really lies and how reports show it.
#[derive(Debug, Clone)]
struct Step {
    full: PathBuf,
    path: String,
    /// Whether a name on the way is not UTF-8.
    odd: bool,
}

struct Walk {
    root: PathBuf,
    linked: Vec<PathBuf>,
    outputs: Option<PathBuf>,
    claims: Vec<(String, GlobSet)>,
    /// Folders walked, with the path under which their files are read.
    folders: HashMap<PathBuf, String>,
    /// Files read, likewise.
    files: HashMap<PathBuf, String>,
    /// Links to folders and files: real names come first.
    linked_folders: Vec<Step>,
    linked_files: Vec<Step>,
    found: Found,
}

impl Walk {
    fn all(&mut self) -> io::Result<()> {
        self.tree(Step { full: self.root.clone(), path: String::new(), odd: false })?;
        while !self.linked_folders.is_empty() {
            for folder in std::mem::take(&mut self.linked_folders) {
                self.tree(folder)?;
            }
        }
        for file in std::mem::take(&mut self.linked_files) {
            match self.files.get(&file.full) {
                Some(other) => self.twice(file.path, false, other.clone()),
                None => self.file(file),
            }
        }
        Ok(())
    }

    /// Walks a folder and all real folders below it.
    fn tree(&mut self, top: Step) -> io::Result<()> {
        let mut open = vec![top];
        while let Some(folder) = open.pop() {
            if let Some(other) = self.folders.get(&folder.full) {
                let name = self.root.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let other = if other.is_empty() { name } else { other.clone() };
                self.twice(folder.path, true, other);
                continue;
            }
            self.folders.insert(folder.full.clone(), folder.path.clone());
            let mut inner = Vec::new();
            for (name, kind) in self.entries(&folder)? {
                self.entry(&folder, name, kind, &mut inner);
            }
            open.extend(inner.into_iter().rev());
        }
        Ok(())
    }

    /// The entries of a folder by name; what cannot be listed is said.
    fn entries(&mut self, folder: &Step) -> io::Result<Vec<(std::ffi::OsString, FileType)>> {
        let mut entries = Vec::new();
        let listed = fs::read_dir(&folder.full).and_then(|all| {
            for entry in all {
                let entry = entry?;
                entries.push((entry.file_name(), entry.file_type()?));
            }
            Ok(())
        });
        match listed {
            Err(error) if is_ours(&error) => return Err(error),
            Err(error) => self.unread(folder.path.clone(), true, "SRC-025", vec![("reason", io_reason(&error))]),
            Ok(()) => {}
        }
        // Names in UTF-8 come first, so that they keep their spelling where another looks like them.
        entries.sort_by(|(a, _), (b, _)| (a.to_str().is_none(), a).cmp(&(b.to_str().is_none(), b)));
        Ok(entries)
    }

    fn entry(&mut self, folder: &Step, name: std::ffi::OsString, kind: FileType, inner: &mut Vec<Step>) {
        let full = folder.full.join(&name);
        let (shown, odd) = match name.to_str() {
            Some(name) => (name.to_owned(), folder.odd),
            None => (spelled(&name, &folder.full), true),
        };
        let passed_over = shown.starts_with('.') || shown.starts_with("~$") || shown == "README.md" && !kind.is_dir();
        if passed_over || self.is_own(&full) {
            return;
        }
        let path = if folder.path.is_empty() { shown } else { format!("{}/{shown}", folder.path) };
        let step = Step { full, path, odd };
        if kind.is_symlink() {
            self.link(step);
        } else if kind.is_dir() {
            inner.push(step);
        } else if kind.is_file() {
            self.file(step);
        } else {
            self.unread(step.path, false, "SRC-021", Vec::new());
        }
    }

    /// Looks where a link leads; what it leads to is read after all real names.
    fn link(&mut self, link: Step) {
        let led = fs::canonicalize(&link.full).and_then(|full| Ok((fs::metadata(&full)?, full)));
        let (kind, full) = match led {
            Ok((metadata, full)) => (metadata.file_type(), full),
            Err(error) => return self.unread(link.path, false, "SRC-020", vec![("reason", io_reason(&error))]),
        };
        let allowed = std::iter::once(&self.root).chain(&self.linked).any(|folder| full.starts_with(folder));
        let code = match () {
            () if self.is_own(&full) => "SRC-024",
            () if !allowed => "SRC-022",
            () if !kind.is_dir() && !kind.is_file() => "SRC-021",
            () => {
                let step = Step { full, ..link };
                return if kind.is_dir() { &mut self.linked_folders } else { &mut self.linked_files }.push(step);
            }
        };
        self.unread(link.path, kind.is_dir(), code, Vec::new());
    }

    fn file(&mut self, file: Step) {
        let Some(source) = self.source(&file.path) else { return self.unread(file.path, false, "SRC-001", Vec::new()) };
        let seeds = if file.odd { vec![Seed::of_file("SRC-026", Vec::new())] } else { Vec::new() };
        self.files.insert(file.full.clone(), file.path.clone());
        self.found.files.push(FoundFile { source, path: file.path, full: file.full, seeds });
    }

    fn twice(&mut self, path: String, is_folder: bool, other: String) {
        self.unread(path, is_folder, "SRC-023", vec![("other", other)]);
    }

    fn unread(&mut self, path: String, is_folder: bool, code: &str, args: Vec<(&str, String)>) {
        // A pattern such as 统计局/** claims what lies in a folder.
        let source = self.source(&path).or_else(|| is_folder.then(|| self.source(&format!("{path}/_"))).flatten()).unwrap_or_default();
        let args = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.found.unread.push(Unread { source, path, seed: Seed::of_file(code, args) });
    }

    fn source(&self, path: &str) -> Option<String> {
        self.claims.iter().find(|(_, patterns)| patterns.is_match(path)).map(|(id, _)| id.clone())
    }

    /// Whether runs wrote this: all below the outputs root, or, where the inputs lie below that themselves, the state and
    /// the folders of runs.
    fn is_own(&self, full: &Path) -> bool {
        let Some(outputs) = &self.outputs else { return false };
        let Ok(below) = full.strip_prefix(outputs) else { return false };
        if !self.root.starts_with(outputs) {
            return true;
        }
        let first = below.components().next().map(|c| outputs.join(c));
        first.is_some_and(|first| first.ends_with(".huichi") || first.join(RECORD).is_file())
    }
}

/// A name that is not UTF-8: as GB18030, which programs of old write, unless its neighbor is called so; else its bytes.
#[cfg(unix)]
fn spelled(name: &OsStr, folder: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let decoded = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(name.as_bytes());
    let usable = |text: &str| !text.contains(['/', '\0']) && fs::symlink_metadata(folder.join(text)).is_err();
    let escaped = || name.as_bytes().iter().map(|b| if b.is_ascii_graphic() { char::from(*b).to_string() } else { format!("%{b:02X}") });
    decoded.filter(|text| usable(text)).map_or_else(|| escaped().collect(), std::borrow::Cow::into_owned)
}

#[cfg(not(unix))]
fn spelled(name: &OsStr, _: &Path) -> String {
    name.to_string_lossy().into_owned()
}

/// Whether an error says that we want too much at once, which is nothing about the folder.
fn is_ours(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || regular::is_out_of_files(error)
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

#[cfg(all(test, unix))]
mod tests;
