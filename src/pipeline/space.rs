//! How much room a run needs on its disk, told when there is not enough.

use crate::config::Config;
use crate::error::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// A run writes its sheets once as they grow and once packed, beside its datasets: so many times what it leaves.
const TIMES_A_RUN: u64 = 4;
/// The same, from what its inputs weigh.
const TIMES_INPUTS: u64 = 10;
/// Room for ledger and cache of the smallest run.
const LEAST: u64 = 64 << 20;

/// The disk as a run finds it.
pub struct Space {
    folder: PathBuf,
    free: u64,
    needed: u64,
}

impl Space {
    /// Looks at the disk before anything is written.
    pub fn look(config: &Config) -> Self {
        let before = crate::outputs::latest(&config.outputs).map_or(0, |run| weight(&config.outputs.join(run)));
        let wanted = (before * TIMES_A_RUN).max(weight(&config.inputs) * TIMES_INPUTS) + LEAST;
        let free = free(&config.outputs);
        // What was there was not enough, whatever was expected.
        Self { folder: config.outputs.clone(), free, needed: wanted.max(free.saturating_mul(2)) }
    }

    /// Says of a full disk what would have been enough; other errors stay as they are.
    pub fn explain(&self, error: Error) -> Error {
        if !error.is_no_room() {
            return error;
        }
        let reason = error.args.iter().find(|(name, _)| *name == "reason").map(|(_, v)| v.clone()).unwrap_or_default();
        let full = Error { source: error.source, ..Error::new(ErrorKind::System, "ERR-061") };
        full.with("path", self.folder.display().to_string())
            .with("reason", reason)
            .with("free", self.free.to_string())
            .with("needed", self.needed.to_string())
            .with("mib", (self.needed >> 20).to_string())
    }
}

/// Bytes of all files below a folder.
fn weight(folder: &Path) -> u64 {
    let Ok(folder) = folder.canonicalize() else { return 0 };
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files.filter_map(|e| e.metadata().ok()).filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
}

#[cfg(unix)]
fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> u64 {
    0
}
