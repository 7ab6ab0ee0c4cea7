//! Takes a backup.

use super::manifest::{BackupPart, FORMAT, Manifest, NAME, RUNS, STATE, copy, copy_of_run, hash, is_kept, settle, settle_names};
use super::sound;
use crate::error::{Error, ErrorKind};
use crate::ledger::{Anchors, Ledger};
use crate::lock::{self, Work};
use crate::run::RECORD;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seconds that a backup waits for others who use the state's files.
const PATIENCE_S: u64 = 150;

/// Takes a backup of the state below `outputs` into a folder that is not there yet or empty; `anchors` are the site's, whose
/// key must have signed those that are kept.
///
/// # Errors
/// The target is in use, an original or a run's file no longer has the bytes of its hash, the ledger or its audit log is
/// nothing that a restore would take, a link or the like stands where a file should, or the system fails; nothing then
/// carries the target's name.
pub fn take(outputs: &Path, target: &Path, now: &str, anchors: &Anchors) -> Result<Manifest, Error> {
    let state = outputs.join(".huichi");
    let _held = patiently(outputs)?;
    let refused = || Error::new(ErrorKind::Usage, "ERR-036").with("path", target.display().to_string());
    if target.file_name().is_none() || target.exists() && !is_empty(target)? {
        return Err(refused());
    }
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    // A backup within the state would copy itself, and be lost with it.
    if parent.canonicalize()?.starts_with(state.canonicalize()?) {
        return Err(refused());
    }
    let part = half(target);
    // What a backup that was killed left behind.
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    let taken = fill(outputs, &part, now, anchors);
    let manifest = match taken {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = fs::remove_dir_all(&part);
            return Err(error);
        }
    };
    if target.exists() {
        fs::remove_dir(target)?;
    }
    fs::rename(&part, target)?;
    settle_names(parent)?;
    Ok(manifest)
}

/// Waits for the portal's housekeeping, which takes a minute or two.
fn patiently(outputs: &Path) -> Result<File, Error> {
    for pause in 0..=PATIENCE_S {
        if pause > 0 {
            std::thread::sleep(Duration::from_secs(1));
        }
        if let Some(held) = lock::take(outputs, Work::Keep)? {
            return Ok(held);
        }
    }
    Err(Error::new(ErrorKind::Busy, "ERR-043").with("path", outputs.display().to_string()))
}

/// The name of a backup that is not whole yet.
fn half(target: &Path) -> PathBuf {
    let name = target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.part"))
}

pub(super) fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(folder.is_dir() && fs::read_dir(folder)?.next().is_none())
}

fn fill(outputs: &Path, part: &Path, now: &str, site: &Anchors) -> Result<Manifest, Error> {
    let state = outputs.join(".huichi");
    fs::create_dir_all(part.join(STATE))?;
    crate::ledger::private_folder(part)?;
    let mut files = Vec::new();
    // Anchors first: one that is made meanwhile may be of an entry that the ledger's copy does not have.
    let anchors = state.join(ANCHORS);
    if anchors.exists() {
        copy_all(&anchors, part, &format!("{STATE}/{ANCHORS}"), &mut files)?;
    }
    let latest = latest(outputs);
    // Then the ledger: what it names is in the store by then.
    let kept = part.join(STATE).join("ledger.sqlite");
    Ledger::look(&state.join("ledger.sqlite"))?.copy_to(&kept)?;
    let ledger = Ledger::look(&kept)?;
    let (audit_number, audit_hash) = sound::ledger(&ledger, &site.copied_to(&part.join(STATE)), "ERR-081")?;
    let whole = |id: &String| outputs.join(id).join(RECORD).is_file();
    let mut runs: Vec<String> = ledger.runs_adopted()?.into_iter().filter(whole).chain(latest.clone()).collect();
    runs.sort();
    runs.dedup();

    File::open(&kept)?.sync_all()?;
    let (bytes, sha256) = hash(&kept)?;
    files.push(BackupPart { path: format!("{STATE}/ledger.sqlite"), bytes, sha256 });
    for name in parts_of(&state)? {
        copy_all(&state.join(&name), part, &format!("{STATE}/{name}"), &mut files)?;
    }
    for run in &runs {
        copy_all(&outputs.join(run), part, &format!("{RUNS}/{run}"), &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut manifest = Manifest {
        format: FORMAT,
        huichi: env!("CARGO_PKG_VERSION").to_owned(),
        made: now.to_owned(),
        audit_number,
        audit_hash,
        latest,
        files,
        missing: None,
    };
    if let Some(path) = manifest.odd() {
        return Err(unfit(path, "@backup.odd_name"));
    }
    if let Some(path) = sound::runs(part, &manifest)? {
        return Err(damaged(path));
    }
    manifest.missing = Some(sound::lacking(&ledger, &manifest)?);
    drop(ledger);
    let path = part.join(NAME);
    fs::write(&path, serde_json::to_vec_pretty(&manifest)?)?;
    File::open(&path)?.sync_all()?;
    settle(part)?;
    Ok(manifest)
}

/// Days whose audit log is anchored.
const ANCHORS: &str = "anchors";

/// The run that `latest` names, whatever the clock said when it was made.
fn latest(outputs: &Path) -> Option<String> {
    crate::outputs::latest(outputs).filter(|run| outputs.join(run).join(RECORD).is_file())
}

fn damaged(path: impl Into<String>) -> Error {
    Error::new(ErrorKind::System, "ERR-037").with("path", path)
}

/// What no restore would take.
fn unfit(path: impl Into<String>, reason: &str) -> Error {
    Error::new(ErrorKind::System, "ERR-082").with("path", path).with("reason", reason)
}

/// The folders of the state that cannot be made again, but for the anchors; a link that stands for one is among them.
fn parts_of(state: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = entry.file_type()?.is_dir() || entry.file_type()?.is_symlink() && !entry.path().is_file();
        if is_folder && is_kept(&name) && name != ANCHORS {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Copies a folder; files that are still being written, by their names, and files that go meanwhile are left out. A link
/// would be lost without a word, so there must be none.
fn copy_all(from: &Path, part: &Path, name: &str, files: &mut Vec<BackupPart>) -> Result<(), Error> {
    let passing = |name: &str| name.starts_with(".tmp") || name.starts_with("tmp-");
    let entries = walkdir::WalkDir::new(from).follow_root_links(false).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|e| e.depth() == 0 || !passing(&e.file_name().to_string_lossy())) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => continue,
            Err(error) => return Err(io::Error::from(error).into()),
        };
        match entry.file_type() {
            kind if kind.is_dir() => continue,
            kind if kind.is_file() => {}
            _ => return Err(unfit(entry.path().display().to_string(), "@backup.no_file")),
        }
        let below: Vec<String> =
            entry.path().strip_prefix(from).unwrap_or(entry.path()).iter().map(|c| c.to_string_lossy().into_owned()).collect();
        let path = format!("{name}/{}", below.join("/"));
        let copy = if name.starts_with(RUNS) { copy_of_run } else { copy };
        let (bytes, sha256) = match copy(entry.path(), &part.join(&path), u64::MAX) {
            Ok(copied) => copied,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !entry.path().exists() => {
                let _ = fs::remove_file(part.join(&path));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let original = path.starts_with("state/store/");
        if original && below.last().is_some_and(|named| *named != sha256) {
            return Err(damaged(entry.path().display().to_string()));
        }
        files.push(BackupPart { path, bytes, sha256 });
    }
    Ok(())
}
