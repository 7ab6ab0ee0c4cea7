//! The store: originals by content hash, written once and never changed.
//!
//! Where an original lies is known here alone: others get its verified bytes, or hear what is wrong with it.

use super::regular;
use crate::content::{self, Flaw, Verified, hash};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

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
    fn path(&self, sha256: &str) -> PathBuf {
        self.0.join(sha256.get(..2).unwrap_or_default()).join(sha256)
    }

    /// Whether something stands for the content of a hash; [`Store::verify`] tells whether it is that content.
    pub fn has(&self, sha256: &str) -> bool {
        self.path(sha256).is_file()
    }

    /// Compares an original with its hash.
    ///
    /// # Errors
    /// It is gone, or no longer the content of its hash.
    pub fn verify(&self, sha256: &str) -> Result<(), Flaw> {
        content::verify(&self.path(sha256), sha256).map(|_| ())
    }

    /// An original to be read.
    ///
    /// # Errors
    /// It is gone, or no longer the content of its hash.
    pub fn original(&self, sha256: &str) -> Result<Verified, Flaw> {
        let below = self.path(sha256).strip_prefix(&self.0).map(Path::to_owned).unwrap_or_default();
        Verified::new(self.0.clone(), below, sha256.to_owned())
    }

    /// A copy of an original in a folder, for a process that opens it by its path; the bytes compared are those copied.
    ///
    /// # Errors
    /// A [`Flaw`] of the original, or the folder takes no more.
    pub fn copy(&self, sha256: &str, folder: &Path) -> io::Result<TempPath> {
        let mut copy = NamedTempFile::new_in(folder)?;
        content::copy(&self.path(sha256), sha256, copy.as_file_mut())?;
        Ok(copy.into_temp_path())
    }

    /// The hashes of all originals that lie here, sound or not.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn hashes(&self) -> io::Result<Vec<String>> {
        let entries = walkdir::WalkDir::new(&self.0).min_depth(2).max_depth(2).sort_by_file_name().into_iter();
        entries.map(|e| Ok(e?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// Pins a regular file, links resolved; gives its hash and size.
    ///
    /// A file already in the store is only compared with what lies there; else it is copied while it is read, so that
    /// hash and copy are of the same bytes, and takes its name when it is whole.
    pub fn pin(&self, file: &Path) -> io::Result<(String, u64)> {
        let mut open = regular::open(file)?;
        if open.metadata()?.len() <= IN_MEMORY {
            let mut content = Vec::new();
            open.read_to_end(&mut content)?;
            let (sha256, bytes) = hash(content.as_slice(), io::sink())?;
            if !self.holds(&sha256, content.as_slice()) {
                let mut copy = self.temporary()?;
                copy.write_all(&content)?;
                self.keep(copy, &sha256)?;
            }
            return Ok((sha256, bytes));
        }
        let (sha256, bytes) = hash(open, io::sink())?;
        if self.holds(&sha256, regular::open(file)?) {
            return Ok((sha256, bytes));
        }
        let mut copy = self.temporary()?;
        let (sha256, bytes) = hash(regular::open(file)?, copy.as_file_mut())?;
        self.keep(copy, &sha256)?;
        Ok((sha256, bytes))
    }

    /// Whether the original of a hash has these bytes; comparing is cheaper than hashing once more.
    fn holds(&self, sha256: &str, content: impl Read) -> bool {
        let path = self.path(sha256);
        path.is_file() && fs::File::open(path).and_then(|original| equal(original, content)).unwrap_or(false)
    }

    /// Pins bytes that are already in a temporary file, in place of what stood there.
    pub fn keep(&self, copy: NamedTempFile, sha256: &str) -> io::Result<()> {
        copy.as_file().sync_all()?;
        let target = self.place_for(sha256)?;
        copy.persist(target).map_err(|e| e.error)?;
        Ok(())
    }

    /// A temporary file beside the originals.
    pub fn temporary(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.0)
    }

    /// Moves an original out of the store.
    pub fn take_out(&self, sha256: &str, to: &Path) -> io::Result<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(self.path(sha256), to)
    }

    /// Moves an original back into the store.
    pub fn bring_back(&self, sha256: &str, from: &Path) -> io::Result<()> {
        fs::rename(from, self.place_for(sha256)?)
    }

    /// Where an original goes: its folder is there, and nothing that a file cannot take the place of.
    fn place_for(&self, sha256: &str) -> io::Result<PathBuf> {
        let target = self.path(sha256);
        if let Some(folder) = target.parent() {
            if fs::symlink_metadata(folder).is_ok_and(|m| !m.is_dir()) {
                fs::remove_file(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        if fs::symlink_metadata(&target).is_ok_and(|m| m.is_dir()) {
            fs::remove_dir_all(&target)?;
        }
        Ok(target)
    }
}

/// Whether two contents are equal.
fn equal(mut one: impl Read, mut other: impl Read) -> io::Result<bool> {
    let (mut a, mut b) = (vec![0; 1 << 18], vec![0; 1 << 18]);
    loop {
        let (read, also) = (fill(&mut one, &mut a)?, fill(&mut other, &mut b)?);
        if a[..read] != b[..also] {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
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
        assert_eq!(store.pin(&file)?, (sha256.clone(), 3));
        assert_eq!(store.hashes()?, [sha256]);
        Ok(())
    }

    #[test]
    fn what_is_not_its_hash_is_neither_read_nor_trusted() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store"))?;
        let file = folder.path().join("a.csv");
        fs::write(&file, "abc")?;
        let (sha256, _) = store.pin(&file)?;
        let path = store.path(&sha256);
        type Hurt = fn(&Path) -> io::Result<()>;
        let hurts: [(Hurt, Flaw); 4] = [
            (|p| fs::write(p, "abd"), Flaw::Damaged),
            (|p| fs::write(p, "ab"), Flaw::Damaged),
            (|p| fs::remove_file(p), Flaw::Missing),
            (|p| fs::remove_file(p).and_then(|()| fs::create_dir(p)), Flaw::Foreign),
        ];
        for (hurt, flaw) in hurts {
            hurt(&path)?;
            assert_eq!((store.verify(&sha256), store.original(&sha256).err()), (Err(flaw), Some(flaw)));
            assert_eq!(store.copy(&sha256, folder.path()).err().and_then(|e| Flaw::of(&e)), Some(flaw));
            store.pin(&file)?;
            assert_eq!((store.verify(&sha256), fs::read(&path)?), (Ok(()), b"abc".to_vec()));
            assert_eq!(fs::read(store.copy(&sha256, folder.path())?)?, b"abc");
        }
        fs::remove_dir_all(path.parent().unwrap_or(&path)).and_then(|()| fs::write(path.parent().unwrap_or(&path), "x"))?;
        store.pin(&file)?;
        assert_eq!(store.verify(&sha256), Ok(()), "a file in the folder's place gives way");
        Ok(())
    }
}
