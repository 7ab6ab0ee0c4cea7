//! The store: originals by content hash, written once and never changed.

use super::regular;
use crate::model::text::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// Files up to this size are read once, into memory.
const IN_MEMORY: u64 = 64 << 20;

/// A folder of originals.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// Opens the store in a folder, made if need be; half copies of a run that was killed are removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self(folder.to_owned()))
    }

    /// The store in a folder, left as it is: a run in another process may be filling it.
    pub fn at(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self(folder.to_owned()))
    }

    /// Where the content of a hash lies.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.0.join(&sha256[..2.min(sha256.len())]).join(sha256)
    }

    /// Whether the content of a hash is there.
    pub fn has(&self, sha256: &str) -> bool {
        self.path(sha256).is_file()
    }

    /// Pins a regular file, links resolved; gives its hash and size.
    ///
    /// A file already in the store is only read; a new one is copied while it is read, so that hash and copy are of the
    /// same bytes, and takes its name when it is whole.
    pub fn pin(&self, file: &Path) -> io::Result<(String, u64)> {
        let mut open = regular::open(file)?;
        if open.metadata()?.len() <= IN_MEMORY {
            let mut content = Vec::new();
            open.read_to_end(&mut content)?;
            let (sha256, bytes) = hash(content.as_slice(), io::sink())?;
            if !self.path(&sha256).metadata().is_ok_and(|m| m.len() == bytes) {
                let mut copy = tempfile::NamedTempFile::new_in(&self.0)?;
                copy.write_all(&content)?;
                self.keep(copy, &sha256)?;
            }
            return Ok((sha256, bytes));
        }
        let (sha256, bytes) = hash(open, io::sink())?;
        if self.path(&sha256).metadata().is_ok_and(|m| m.len() == bytes) {
            return Ok((sha256, bytes));
        }
        let mut copy = tempfile::NamedTempFile::new_in(&self.0)?;
        let (sha256, bytes) = hash(regular::open(file)?, copy.as_file_mut())?;
        self.keep(copy, &sha256)?;
        Ok((sha256, bytes))
    }

    /// Pins bytes that are already in a temporary file of the store's folder.
    pub fn keep(&self, copy: tempfile::NamedTempFile, sha256: &str) -> io::Result<()> {
        copy.as_file().sync_all()?;
        let target = self.path(sha256);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        copy.persist(target).map_err(|e| e.error)?;
        Ok(())
    }

    /// A temporary file beside the originals.
    pub fn temporary(&self) -> io::Result<tempfile::NamedTempFile> {
        tempfile::NamedTempFile::new_in(&self.0)
    }
}

fn hash(mut from: impl Read, mut to: impl Write) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok((hex(&hasher.finalize()), bytes));
        }
        hasher.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
    }
}

/// SHA-256 of a text, hexadecimal.
pub fn hash_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_are_kept_once_under_their_hash() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store"))?;
        let file = folder.path().join("a.csv");
        fs::write(&file, "abc")?;
        let (sha256, bytes) = store.pin(&file)?;
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((bytes, fs::read(store.path(&sha256))?), (3, b"abc".to_vec()));
        assert_eq!(store.pin(&file)?, (sha256, 3));
        Ok(())
    }
}
