//! Returns that bureaus send: taken in, checked at once, shown with what to do.
//!
//! Owns: `<outputs>/.huichi/incoming/` for what is on its way in, and `checks/` with what the checks found. An upload is
//! acknowledged once its bytes are in the store and its receipt is in the ledger; a check that is cut off is made again.

mod changes;
mod checks;
mod explain;
mod names;
mod receive;
mod result;
mod standing;
mod view;
mod workbook;

pub use checks::resume;
pub use explain::{SHORTEST, explain};
pub use receive::{Sent, receive};
pub use standing::{Related, choose};
pub use view::{Detail, Item, ListPage, Told, Version, detail, list, one, own, related};
pub use workbook::{FINDINGS_FILE, write_findings};

use crate::config::Config;
use crate::error::Error;
use crate::pipeline::Checker;
use crate::stages::acquire::Store;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where uploads come in and are checked.
pub struct Intake {
    /// Originals.
    pub store: Store,
    checker: Checker,
    incoming: PathBuf,
    checks: PathBuf,
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
        let checker = Checker::new(config, store.clone(), incoming.clone())?;
        Ok(Self { store, checker, incoming, checks, busy: Mutex::default() })
    }

    /// Removes what an end without warning left on its way in; only the holder of the portal's lock may.
    pub fn sweep(&self) -> Result<(), Error> {
        std::fs::remove_dir_all(&self.incoming)?;
        std::fs::create_dir_all(&self.incoming)?;
        for entry in std::fs::read_dir(&self.checks)? {
            let entry = entry?;
            if entry.path().extension().is_none_or(|e| e != "json") {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// A folder for what lasts as long as an answer.
    pub fn scratch(&self) -> std::io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("answer-").tempdir_in(&self.incoming)
    }

    /// Claims a piece of work; false if it is under way.
    fn claim(&self, work: &str) -> bool {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(work.to_owned())
    }

    fn release(&self, work: &str) {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(work);
    }

    /// Keeps a result whole or not at all.
    fn keep(&self, name: &str, content: &impl serde::Serialize) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.checks)?;
        serde_json::to_writer(std::io::BufWriter::new(&mut file), content)?;
        file.as_file().sync_all()?;
        file.persist(self.checks.join(name)).map_err(|e| e.error)?;
        Ok(())
    }

    /// A result that was kept; nothing if it is not there or does not read.
    fn kept<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&std::fs::read(self.checks.join(name)).ok()?).ok()
    }
}
