//! Whether what a backup holds fits together: its runs with what they say of themselves, its originals and runs with what
//! the ledger names.

use super::manifest::{Manifest, Part, RUNS, STATE};
use crate::error::Error;
use crate::ledger::Ledger;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What `run.json` says of a run's files.
#[derive(Deserialize)]
struct RunFile {
    files: Vec<Part>,
}

/// The first thing that does not fit: a path of the backup.
pub type Fault = String;

/// Compares the runs with their own lists of hashes; the bytes were compared with the manifest before.
pub fn runs(folder: &Path, manifest: &Manifest) -> Result<Option<Fault>, Error> {
    for run in manifest.runs() {
        let prefix = format!("{RUNS}/{run}/");
        let record = format!("{prefix}run.json");
        let held: BTreeMap<&str, (u64, &str)> =
            manifest.files.iter().filter_map(|p| Some((p.path.strip_prefix(&prefix)?, (p.bytes, p.sha256.as_str())))).collect();
        if !held.contains_key("run.json") {
            return Ok(Some(record));
        }
        let Ok(said) = serde_json::from_slice::<RunFile>(&fs::read(folder.join(&record))?) else { return Ok(Some(record)) };
        let mut said: BTreeMap<&str, (u64, &str)> = said.files.iter().map(|f| (f.path.as_str(), (f.bytes, f.sha256.as_str()))).collect();
        let differs = said.iter().find(|(path, part)| held.get(*path) != Some(part)).map(|(path, _)| *path);
        said.insert("run.json", (0, ""));
        let unknown = held.keys().find(|path| !said.contains_key(*path)).copied();
        if let Some(path) = differs.or(unknown) {
            return Ok(Some(format!("{prefix}{path}")));
        }
    }
    Ok(None)
}

/// Originals and adopted runs that the ledger names and the backup does not hold.
pub fn lacking(ledger: &Ledger, manifest: &Manifest) -> Result<Vec<Fault>, Error> {
    let held: BTreeSet<&str> = manifest.files.iter().map(|p| p.path.as_str()).collect();
    let originals = ledger.originals_named()?.into_iter().map(|hash| format!("{STATE}/store/{}/{hash}", &hash[..2.min(hash.len())]));
    let lacking = originals.filter(|path| !held.contains(path.as_str()));
    let runs = ledger.runs_adopted()?.into_iter().filter(|run| !manifest.runs().contains(run.as_str()));
    Ok(lacking.chain(runs.map(|run| format!("{RUNS}/{run}"))).collect())
}
