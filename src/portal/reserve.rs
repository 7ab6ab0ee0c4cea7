//! Room kept on the disk for what must be written when it is full: how a run ended.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

/// Bytes kept: a few pages of the ledger and of its log.
const BYTES: usize = 1 << 20;

/// A file that is there to be given up.
#[derive(Clone)]
pub struct Reserve(PathBuf);

impl Reserve {
    /// Takes the room, if it can be had.
    pub fn keep(path: PathBuf) -> Self {
        let reserve = Self(path);
        reserve.fill();
        reserve
    }

    /// Takes the room again that was given up.
    pub fn fill(&self) {
        if fs::metadata(&self.0).is_ok_and(|m| m.len() == BYTES as u64) {
            return;
        }
        let filled = File::create(&self.0).and_then(|mut file| file.write_all(&vec![b'.'; BYTES]).and_then(|()| file.sync_all()));
        if let Err(error) = filled {
            tracing::warn!(%error, "no room could be kept for a full disk");
            self.release();
        }
    }

    /// Gives the room up; tells whether there was any.
    pub fn release(&self) -> bool {
        match fs::remove_file(&self.0) {
            Ok(()) => true,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "the room kept for a full disk cannot be given up");
                }
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_given_up_once_and_taken_again() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("reserve");
        let reserve = Reserve::keep(path.clone());
        assert_eq!(fs::metadata(&path)?.len(), BYTES as u64);
        assert!(reserve.release() && !reserve.release());
        reserve.fill();
        assert_eq!(fs::metadata(&path)?.len(), BYTES as u64);
        Ok(())
    }
}
