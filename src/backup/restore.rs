//! Brings a backup back.

use super::manifest::{Manifest, NAME, RUNS, STATE, copy, copy_of_run, settle, settle_names};
use super::sound;
use crate::error::{Error, ErrorKind};
use crate::ledger::{Anchors, Ledger};
use crate::lock::{self, Work};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The error of a ledger that does not come back.
const UNSOUND: &str = "ERR-041";
/// Where a state grows until it is whole.
const GROWING: &str = ".restoring";

/// Restores a backup into an outputs folder that is not there yet or empty.
///
/// Every file is copied and compared with the manifest, the ledger examined, the audit log and the runs verified before
/// anything takes its place; the state itself comes last, by one rename. Nobody is signed in by a restore. `anchors` are the
/// site's, whose key must have signed those of the backup.
///
/// # Errors
/// The folder is no whole backup or was changed, the target is in use, or the system fails; nothing of it then stays.
pub fn restore(from: &Path, outputs: &Path, anchors: &Anchors) -> Result<Manifest, Error> {
    let mut manifest = Manifest::read(from)?;
    ready(&manifest, outputs)?;
    let made = !outputs.exists();
    fs::create_dir_all(outputs)?;
    let busy = || Error::new(ErrorKind::Busy, "ERR-003").with("path", outputs.display().to_string());
    let _held = lock::take(outputs, Work::Run)?.ok_or_else(busy)?;
    let restored = all(&manifest, from, outputs, anchors);
    if restored.is_err() {
        clear(&manifest, outputs, made);
    }
    manifest.missing = Some(restored?);
    Ok(manifest)
}

/// Restores all of it; gives what the ledger names and the backup lacks, as it says.
fn all(manifest: &Manifest, from: &Path, outputs: &Path, anchors: &Anchors) -> Result<Vec<String>, Error> {
    named(manifest, from)?;
    let growing = outputs.join(GROWING);
    if growing.exists() {
        fs::remove_dir_all(&growing)?;
    }
    fs::create_dir_all(&growing)?;
    crate::ledger::private_folder(&growing)?;
    settle_names(outputs)?;
    for part in &manifest.files {
        // What is of the state must be writable again, even from a medium where nothing is.
        let copy = if part.path.starts_with(RUNS) { copy_of_run } else { copy };
        let (bytes, sha256) = copy(&from.join(&part.path), &growing.join(&part.path), part.bytes)
            .map_err(|e| Error::new(ErrorKind::System, "ERR-040").with("path", part.path.clone()).from_io(e))?;
        if (bytes, &sha256) != (part.bytes, &part.sha256) {
            return Err(refused(&part.path, "@backup.changed"));
        }
    }
    if let Some(path) = sound::runs(&growing, manifest)? {
        return Err(refused(&path, "@backup.other_run"));
    }
    let state = growing.join(STATE);
    crate::ledger::private_folder(&state)?;
    crate::ledger::private_file(&state.join("ledger.sqlite"))?;
    let lacking = examine(&state, manifest, &anchors.copied_to(&state))?;
    settle(&growing)?;
    place(manifest, outputs, &growing)?;
    Ok(lacking)
}

fn refused(path: &str, reason: &str) -> Error {
    Error::new(ErrorKind::System, "ERR-040").with("path", path).with("reason", reason)
}

/// Refuses a backup that holds anything but folders and the files of its manifest, or not all of them: what is a link, a
/// pipe or a device could lead anywhere.
fn named(manifest: &Manifest, from: &Path) -> Result<(), Error> {
    let mut wanted: BTreeSet<&str> = manifest.files.iter().map(|part| part.path.as_str()).collect();
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.map_err(std::io::Error::from)?;
        let below = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let path = below.iter().map(|c| c.to_string_lossy()).collect::<Vec<_>>().join("/");
        let kind = entry.file_type();
        match () {
            () if kind.is_dir() => {}
            () if !kind.is_file() => return Err(refused(&path, "@backup.no_file")),
            () if path == NAME || wanted.remove(path.as_str()) => {}
            () => return Err(refused(&path, "@backup.unnamed")),
        }
    }
    wanted.first().map_or(Ok(()), |path| Err(refused(path, "@io.not_found")))
}

/// Removes what a restore that failed has left.
fn clear(manifest: &Manifest, outputs: &Path, made: bool) {
    // Once the state has its place all is there; what failed after that is the tidying.
    if outputs.join(".huichi").exists() {
        return;
    }
    for run in manifest.runs() {
        let _ = fs::remove_dir_all(outputs.join(run));
    }
    let _ = fs::remove_file(outputs.join("latest"));
    let _ = fs::remove_dir_all(outputs.join(GROWING));
    if made {
        let _ = fs::remove_dir(outputs);
    }
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
    let is_ours = |name: &String| name == GROWING || name == "latest" || runs.contains(name.as_str());
    if names.is_empty() || interrupted(outputs).is_some() && names.iter().all(is_ours) { Ok(()) } else { Err(taken()) }
}

/// What the ledger says of itself, its audit log, and what it names. Sessions end with it: a backup is no way to be
/// signed in.
fn examine(state: &Path, manifest: &Manifest, anchors: &Anchors) -> Result<Vec<String>, Error> {
    let path = state.join("ledger.sqlite");
    // Before anything is written: a file that is no sound ledger is not to be opened for that.
    let (number, hash) = sound::ledger(&Ledger::look(&path)?, anchors, UNSOUND)?;
    if (number, &hash) != (manifest.audit_number, &manifest.audit_hash) {
        return Err(Error::new(ErrorKind::System, UNSOUND).with("reason", "@backup.other_audit"));
    }
    let ledger = Ledger::open(&path)?;
    let lacking = sound::lacking(&ledger, manifest)?;
    if let Some(said) = &manifest.missing
        && let Some(path) = lacking.iter().find(|path| !said.contains(path))
    {
        return Err(refused(path, "@io.not_found"));
    }
    ledger.end_sessions()?;
    ledger.seal()?;
    Ok(lacking)
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
