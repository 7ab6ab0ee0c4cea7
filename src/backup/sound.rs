//! Whether what a backup holds fits together: its ledger, its runs with what they say of themselves, its originals and runs
//! with what the ledger names. A backup is examined as it is taken by what a restore examines, so that none is taken which
//! does not come back.

use super::manifest::{Manifest, RUNS, STATE};
use crate::error::{Error, ErrorKind};
use crate::ledger::{Anchors, Ledger};
use crate::run::{RECORD, RunRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The first thing that does not fit: a path of the backup.
pub type Fault = String;

/// Examines a ledger: its file, what it is made of, the chain of its audit log, and the anchors. Gives number and hash of the
/// log's last entry.
///
/// # Errors
/// It is not sound, told by the error of that code; its audit log does not hold; or it cannot be read.
pub fn ledger(ledger: &Ledger, anchors: &Anchors, code: &'static str) -> Result<(i64, String), Error> {
    let unsound = |reason: String| Error::new(ErrorKind::System, code).with("reason", reason);
    if let Some(reason) = ledger.unsound()? {
        return Err(unsound(reason));
    }
    if let Some(name) = ledger.foreign()? {
        return Err(unsound(format!("@backup.other_schema|{}", name.replace('|', " "))));
    }
    let last =
        ledger.verify_audit(None)?.map_err(|broken| Error::new(ErrorKind::System, "ERR-035").with("number", broken.number.to_string()))?;
    anchors.compare(ledger)?.map_err(Error::from)?;
    Ok(last)
}

/// Compares the runs with their own lists of hashes; the bytes were compared with the manifest before.
pub fn runs(folder: &Path, manifest: &Manifest) -> Result<Option<Fault>, Error> {
    for run in manifest.runs() {
        let prefix = format!("{RUNS}/{run}/");
        let record = format!("{prefix}{RECORD}");
        let held: BTreeMap<&str, (u64, &str)> =
            manifest.files.iter().filter_map(|p| Some((p.path.strip_prefix(&prefix)?, (p.bytes, p.sha256.as_str())))).collect();
        if !held.contains_key(RECORD) {
            return Ok(Some(record));
        }
        let Ok(said) = serde_json::from_slice::<RunRecord>(&fs::read(folder.join(&record))?) else { return Ok(Some(record)) };
        let mut said: BTreeMap<&str, (u64, &str)> = said.files.iter().map(|f| (f.path.as_str(), (f.bytes, f.sha256.as_str()))).collect();
        let differs = said.iter().find(|(path, part)| held.get(*path) != Some(part)).map(|(path, _)| *path);
        said.insert(RECORD, (0, ""));
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
