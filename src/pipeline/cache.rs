//! The stage cache: what a step made, under the hash of all that it was made from.
//!
//! An entry is a folder. It is filled under a temporary name and takes its own by one rename, so a run that is killed
//! leaves no half entry. Entries that the last run did not use are removed at its end.

use crate::stages::acquire::hash_text;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// A folder of entries.
pub struct Cache {
    folder: PathBuf,
    version: String,
    used: Mutex<HashSet<String>>,
}

impl Cache {
    /// Opens the cache; entries of another build of this program are never used.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, version: build(), used: Mutex::default() })
    }

    /// The key of a step from all that decides its result.
    pub fn key(&self, step: &str, parts: &[&str]) -> String {
        hash_text(&format!("{}\n{step}\n{}", self.version, parts.join("\n")))
    }

    /// The entry of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<PathBuf> {
        self.note(key);
        let path = self.folder.join(key);
        path.is_dir().then_some(path)
    }

    /// A folder to fill.
    pub fn begin(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("tmp-").tempdir_in(&self.folder)
    }

    /// Makes a filled folder the entry of a key.
    pub fn keep(&self, key: &str, filled: tempfile::TempDir) -> io::Result<PathBuf> {
        self.note(key);
        let path = self.folder.join(key);
        if !path.is_dir() {
            fs::rename(filled.keep(), &path)?;
        }
        Ok(path)
    }

    /// Removes what this run did not use; what another run left half done goes too.
    pub fn sweep(&self) -> io::Result<()> {
        let used = self.used.lock().map(|u| u.clone()).unwrap_or_default();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !used.contains(entry.file_name().to_string_lossy().as_ref()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes all entries but the latest few.
    pub fn keep_latest(&self, few: usize) -> io::Result<()> {
        let dated = |e: fs::DirEntry| Some((e.metadata().ok()?.modified().ok()?, e.path()));
        let mut entries: Vec<_> = fs::read_dir(&self.folder)?.filter_map(Result::ok).filter_map(dated).collect();
        entries.sort();
        entries.iter().rev().skip(few).try_for_each(|(_, path)| fs::remove_dir_all(path))
    }

    fn note(&self, key: &str) {
        if let Ok(mut used) = self.used.lock() {
            used.insert(key.to_owned());
        }
    }
}

/// What identifies this build: its version, and size and date of the program itself.
pub fn build() -> String {
    let program = std::env::current_exe().and_then(fs::metadata);
    let stamp = program.ok().and_then(|m| {
        let modified = m.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
        Some(format!("{}-{modified}", m.len()))
    });
    format!("{} {}", env!("CARGO_PKG_VERSION"), stamp.unwrap_or_default())
}

/// Whether a folder of an earlier run is still whole.
pub fn is_whole(run: &Path) -> bool {
    run.join("run.json").is_file()
}
