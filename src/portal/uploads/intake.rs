//! Where uploads come in and are checked: the folders, and what is under way.

use super::desk::Desk;
use super::result::Found;
use crate::config::Config;
use crate::content::{sealed, unsealed};
use crate::error::Error;
use crate::stages::acquire::Store;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How the folder of a result is called while it is filled.
const HALF: &str = "new-";

/// Where uploads come in and are checked.
pub struct Intake {
    /// Originals.
    pub store: Store,
    pub(super) desk: Desk,
    pub(super) incoming: PathBuf,
    pub(super) checks: PathBuf,
    /// What is being checked or compared just now.
    busy: Mutex<HashSet<String>>,
}

impl Intake {
    /// Opens the intake below the state's folder.
    pub fn open(config: &Config, state: &Path) -> Result<Self, Error> {
        let store = Store::at(&state.join("store"))?;
        let (incoming, checks) = (state.join("incoming"), state.join("checks"));
        std::fs::create_dir_all(&incoming)?;
        std::fs::create_dir_all(&checks)?;
        let desk = Desk::open(config, store.clone(), state.join("cache"), incoming.clone())?;
        Ok(Self { store, desk, incoming, checks, busy: Mutex::default() })
    }

    /// Removes what an end without warning left on its way in; only the holder of the portal's lock may.
    pub fn sweep(&self) -> Result<(), Error> {
        std::fs::remove_dir_all(&self.incoming)?;
        std::fs::create_dir_all(&self.incoming)?;
        for entry in std::fs::read_dir(&self.checks)? {
            let entry = entry?;
            // Results are folders, comparisons are files; results of former builds were files too.
            match entry.file_type()?.is_dir() {
                true if entry.file_name().to_string_lossy().starts_with(HALF) => std::fs::remove_dir_all(entry.path())?,
                false if entry.path().extension().is_none_or(|e| e != "json") => std::fs::remove_file(entry.path())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Claims a piece of work; false if it is under way.
    pub(super) fn claim(&self, work: &str) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(work.to_owned())
    }

    /// Gives a piece of work back.
    pub(super) fn release(&self, work: &str) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(work);
    }

    /// Keeps a comparison whole or not at all.
    pub(super) fn keep(&self, name: &str, content: &impl serde::Serialize) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.checks)?;
        file.write_all(&sealed(&serde_json::to_vec(content)?))?;
        file.as_file().sync_all()?;
        file.persist(self.checks.join(name)).map_err(|e| e.error)?;
        Ok(())
    }

    /// A folder for the result of a check.
    pub(super) fn half(&self) -> std::io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix(HALF).tempdir_in(&self.checks)
    }

    /// Gives the folder of a result its name.
    pub(super) fn keep_found(&self, name: &str, half: tempfile::TempDir) -> std::io::Result<()> {
        let path = self.checks.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::rename(half.keep(), path)?;
        std::fs::File::open(&self.checks)?.sync_all()
    }

    /// Removes the folder of a result that no upload has any more.
    pub(super) fn forget(&self, name: &str) -> std::io::Result<()> {
        std::fs::remove_dir_all(self.checks.join(name))
    }

    /// What a check found; nothing if it is not there or does not read.
    pub(super) fn found(&self, name: &str) -> Option<Found> {
        Found::open(self.checks.join(name))
    }

    /// A comparison that was kept; nothing if it is not there as it was kept.
    pub(super) fn kept<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let bytes = std::fs::read(self.checks.join(name)).ok()?;
        // Results of the first build carry no hash and begin with what they say.
        let text = if bytes.starts_with(b"{") { &bytes } else { unsealed(&bytes)? };
        serde_json::from_slice(text).ok()
    }
}
