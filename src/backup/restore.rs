//! Brings a backup back.

use super::manifest::{Manifest, RUNS, STATE, copy, settle, settle_names};
use crate::error::{Error, ErrorKind};
use crate::ledger::Ledger;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a state grows until it is whole.
const GROWING: &str = ".restoring";

/// Restores a backup into an outputs folder that is not there yet or empty.
///
/// Every file is copied and compared with the manifest, the ledger examined and the audit chain verified before anything
/// takes its place; the state itself comes last, by one rename.
///
/// # Errors
/// The folder is no whole backup or was changed, the target is in use, or the system fails.
pub fn restore(from: &Path, outputs: &Path) -> Result<Manifest, Error> {
    let manifest = Manifest::read(from)?;
    ready(&manifest, outputs)?;
    let growing = outputs.join(GROWING);
    if growing.exists() {
        fs::remove_dir_all(&growing)?;
    }
    fs::create_dir_all(&growing)?;
    crate::ledger::private_folder(&growing)?;
    settle_names(outputs)?;
    for part in &manifest.files {
        let (bytes, sha256) = copy(&from.join(&part.path), &growing.join(&part.path))
            .map_err(|e| Error::new(ErrorKind::System, "ERR-040").with("path", part.path.clone()).from_io(e))?;
        if (bytes, &sha256) != (part.bytes, &part.sha256) {
            let changed = Error::new(ErrorKind::System, "ERR-040").with("path", part.path.clone());
            return Err(changed.with("reason", "@backup.changed"));
        }
    }
    let ledger = growing.join(STATE).join("ledger.sqlite");
    crate::ledger::private_folder(&growing.join(STATE))?;
    crate::ledger::private_file(&ledger)?;
    examine(&ledger, &manifest)?;
    settle(&growing)?;
    place(&manifest, outputs, &growing)?;
    Ok(manifest)
}

/// What keeps an empty folder in a repository.
const KEEPER: &str = ".gitkeep";

/// The folder in which a restore was cut off midway; it must be done again before anything else.
pub fn interrupted(outputs: &Path) -> Option<PathBuf> {
    // With the state in its place, what is left of the growing folder is an empty shell.
    Some(outputs.join(GROWING)).filter(|growing| growing.exists() && !outputs.join(".huichi").exists())
}

/// Refuses a folder that holds anything but what a restore of this very backup left when it was cut off.
fn ready(manifest: &Manifest, outputs: &Path) -> Result<(), Error> {
    let taken = || Error::new(ErrorKind::Usage, "ERR-039").with("path", outputs.display().to_string());
    if !outputs.exists() {
        return Ok(());
    }
    let names = fs::read_dir(outputs)?.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.filter(|name| name.as_ref().map_or(true, |name| name != KEEPER)).collect::<Result<_, _>>()?;
    let runs = manifest.runs();
    let is_ours = |name: &String| name == GROWING || name == "latest" || runs.contains(&name.as_str());
    if names.is_empty() || interrupted(outputs).is_some() && names.iter().all(is_ours) { Ok(()) } else { Err(taken()) }
}

/// What the ledger says of itself, and its audit log.
fn examine(ledger: &Path, manifest: &Manifest) -> Result<(), Error> {
    let ledger = Ledger::open_copy(ledger)?;
    let unsound = |reason: String| Error::new(ErrorKind::System, "ERR-041").with("reason", reason);
    if let Some(reason) = ledger.unsound()? {
        return Err(unsound(reason));
    }
    let (number, hash) =
        ledger.verify_audit(None)?.map_err(|broken| Error::new(ErrorKind::System, "ERR-035").with("number", broken.number.to_string()))?;
    if (number, &hash) != (manifest.audit_number, &manifest.audit_hash) {
        return Err(unsound("@backup.other_audit".to_owned()));
    }
    Ok(())
}

fn place(manifest: &Manifest, outputs: &Path, growing: &Path) -> Result<(), Error> {
    for run in manifest.runs() {
        let to = outputs.join(run);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        fs::rename(growing.join(RUNS).join(run), to)?;
    }
    let latest = outputs.join("latest");
    let _ = fs::remove_file(&latest);
    if let Some(run) = &manifest.latest {
        #[cfg(unix)]
        std::os::unix::fs::symlink(run, &latest)?;
        #[cfg(windows)]
        std::os::windows::fs::symlink_dir(run, &latest)?;
    }
    settle_names(outputs)?;
    // With this rename the site is back; until then the growing folder says that it is not.
    fs::rename(growing.join(STATE), outputs.join(".huichi"))?;
    settle_names(outputs)?;
    fs::remove_dir_all(growing)?;
    settle_names(outputs)?;
    Ok(())
}
