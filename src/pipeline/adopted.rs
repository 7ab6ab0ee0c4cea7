//! The adopted run (定稿) that a new run is compared with; it is an input like any other.

use crate::config::Config;
use crate::engine::Engine;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::stages::publish::{Adopted, ENTERPRISES, compare};
use chrono::NaiveDate;
use serde::Deserialize;
use std::fs;
use std::path::PathBuf;

/// The adopted run that counts when a run begins.
#[derive(Debug, Clone)]
pub struct Standing {
    run: String,
    adopted: NaiveDate,
    folder: PathBuf,
    /// Hash of its enterprises; empty if it left none.
    digest: String,
}

/// As much of `run.json` as is needed.
#[derive(Default, Deserialize)]
struct Written {
    files: Vec<WrittenFile>,
}

#[derive(Deserialize)]
struct WrittenFile {
    path: String,
    sha256: String,
}

impl Standing {
    /// The last adopted run.
    pub fn find(config: &Config, ledger: &Ledger) -> Result<Option<Self>, Error> {
        let Some(adoption) = ledger.adoptions()?.into_iter().next() else { return Ok(None) };
        let folder = config.outputs.join(&adoption.run);
        let written: Written = fs::read(folder.join("run.json")).ok().and_then(|t| serde_json::from_slice(&t).ok()).unwrap_or_default();
        let data = ENTERPRISES.into_iter().find(|f| folder.join(f).is_file());
        let digest = data.and_then(|data| written.files.into_iter().find(|f| f.path == data)).map(|f| f.sha256).unwrap_or_default();
        let adopted = adoption.adopted.get(..10).and_then(|d| d.parse().ok()).unwrap_or_default();
        Ok(Some(Self { run: adoption.run, adopted, folder, digest }))
    }

    /// What decides what covers say of it.
    pub fn identity(&self) -> String {
        format!("{}\t{}\t{}", self.run, self.adopted, self.digest)
    }

    /// Compares the new run with it.
    pub fn compared(&self, engine: &Engine) -> Result<Adopted, Error> {
        let since = if self.digest.is_empty() { None } else { compare(&self.folder, engine)? };
        Ok(Adopted { run: self.run.clone(), adopted: self.adopted, since })
    }
}
