//! Who has a site to itself: one portal, one run, one at the state's files, over processes.
//!
//! Invariant: what is locked is a folder that the work cannot do without, never a file of its own: a lock file that
//! somebody deletes lets a second one in. A lock goes with its holder, however that ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// What one process at a time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Serving the portal.
    Serve,
    /// A run.
    Run,
    /// Copying the state's files, or removing old ones.
    Keep,
}

impl Work {
    fn folder(self, outputs: &Path) -> PathBuf {
        match self {
            Work::Run => outputs.to_owned(),
            Work::Serve => outputs.join(".huichi"),
            Work::Keep => outputs.join(".huichi").join("store"),
        }
    }
}

/// The right to a work, until it is dropped. Nothing if another has it.
///
/// # Errors
/// The system fails.
pub fn take(outputs: &Path, work: Work) -> io::Result<Option<File>> {
    let folder = work.folder(outputs);
    if !folder.is_dir() {
        fs::create_dir_all(&folder)?;
    }
    let held = open(&folder)?;
    match held.try_lock() {
        Ok(()) => Ok(Some(held)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn open(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Folders cannot be opened here; a file that is open cannot be deleted either.
#[cfg(not(unix))]
fn open(folder: &Path) -> io::Result<File> {
    File::create(folder.join(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_for_each_work() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let take = |work| take(folder.path(), work);
        let held = [take(Work::Serve)?, take(Work::Run)?, take(Work::Keep)?];
        assert!(held.iter().all(Option::is_some), "the works do not hinder each other");
        assert!(take(Work::Serve)?.is_none() && take(Work::Run)?.is_none() && take(Work::Keep)?.is_none());
        drop(held);
        assert!(take(Work::Serve)?.is_some() && take(Work::Run)?.is_some() && take(Work::Keep)?.is_some());
        Ok(())
    }
}
