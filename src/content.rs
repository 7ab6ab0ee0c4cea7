//! Content that answers for itself: bytes are read together with the SHA-256 that they must have.
//!
//! Owns: hashing files, and reading what was written earlier. What a disk gives back may be gone or changed; whoever reads
//! through here gets the very bytes that were hashed, or a [`Flaw`].

use crate::model::text::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// Why a content cannot be used; `Display` is the catalogue reference that people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is not there.
    Missing,
    /// Something else than a file has its name, or than a folder that of one above it: a link, a pipe, a device.
    Foreign,
    /// Its bytes are not those of its hash.
    Damaged,
    /// The system does not give it.
    Unreadable,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Flaw::Missing => "@flaw.missing",
            Flaw::Foreign => "@flaw.foreign",
            Flaw::Damaged => "@flaw.damaged",
            Flaw::Unreadable => "@flaw.unreadable",
        })
    }
}

impl std::error::Error for Flaw {}

impl From<Flaw> for io::Error {
    fn from(flaw: Flaw) -> Self {
        io::Error::other(flaw)
    }
}

impl Flaw {
    /// The flaw behind an error of reading, if it is one.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Flaw::Missing,
            _ => Flaw::Unreadable,
        }
    }
}

/// SHA-256 of a text, hexadecimal.
pub fn hash_text(text: &str) -> String {
    hash_bytes(text.as_bytes())
}

/// SHA-256 of bytes, hexadecimal.
pub fn hash_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of parts, each with its length, so that no two lists of parts are alike; hexadecimal.
pub fn hash_parts<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.as_ref().len() as u64).to_le_bytes());
        hasher.update(part.as_ref());
    }
    hex(&hasher.finalize())
}

/// Hash and length of what is read, while it goes to `to`.
///
/// # Errors
/// Either end fails.
pub fn hash(mut from: impl Read, mut to: impl Write) -> io::Result<(String, u64)> {
    let (mut hasher, mut chunk, mut bytes) = (Sha256::new(), vec![0; CHUNK], 0);
    loop {
        let read = match from.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok((hex(&hasher.finalize()), bytes));
        }
        hasher.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
    }
}

/// Opens a file; nothing else that has its name is opened: a link leads anywhere, and a pipe may be filled by nobody.
fn open(path: &Path) -> Result<(File, Metadata), Flaw> {
    if !fs::symlink_metadata(path).map_err(|e| Flaw::from_io(&e))?.is_file() {
        return Err(Flaw::Foreign);
    }
    let file = File::open(path).map_err(|e| Flaw::from_io(&e))?;
    let about = file.metadata().map_err(|e| Flaw::from_io(&e))?;
    Ok((file, about))
}

/// Looks whether the way from a folder down to a file leads over folders alone; what the file is, is seen when it is opened.
///
/// # Errors
/// The part of `below` that is something else, and what is wrong with it.
pub fn lies_below(root: &Path, below: &Path) -> Result<(), (PathBuf, Flaw)> {
    let mut part = PathBuf::new();
    let mut names = below.components().peekable();
    while let Some(name) = names.next() {
        part.push(name);
        if !matches!(name, Component::Normal(_)) {
            return Err((part, Flaw::Foreign));
        }
        if names.peek().is_some() {
            match fs::symlink_metadata(root.join(&part)) {
                Ok(about) if about.is_dir() => {}
                Ok(_) => return Err((part, Flaw::Foreign)),
                Err(error) => return Err((part, Flaw::from_io(&error))),
            }
        }
    }
    Ok(())
}

/// A file whole, whatever its content.
///
/// # Errors
/// There is no file of that name, or the system does not give it.
pub fn whole(path: &Path) -> Result<Vec<u8>, Flaw> {
    let mut content = Vec::new();
    open(path)?.0.read_to_end(&mut content).map_err(|_| Flaw::Unreadable)?;
    Ok(content)
}

/// Whether a file holds the content of a hash; gives its length.
///
/// # Errors
/// It does not.
pub fn verify(path: &Path, sha256: &str) -> Result<u64, Flaw> {
    let (found, bytes) = hash(open(path)?.0, io::sink()).map_err(|_| Flaw::Unreadable)?;
    if found == sha256 { Ok(bytes) } else { Err(Flaw::Damaged) }
}

/// The content of a hash, which is so many bytes long.
///
/// # Errors
/// The file does not hold it.
pub fn read(path: &Path, sha256: &str, bytes: u64) -> Result<Vec<u8>, Flaw> {
    let (mut file, about) = open(path)?;
    // Nothing is read into memory that cannot be it.
    if about.len() != bytes {
        return Err(Flaw::Damaged);
    }
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    (&mut file).take(bytes + 1).read_to_end(&mut content).map_err(|_| Flaw::Unreadable)?;
    if hash_bytes(&content) == sha256 { Ok(content) } else { Err(Flaw::Damaged) }
}

/// Copies the content of a hash; what was copied counts only if this succeeds.
///
/// # Errors
/// A [`Flaw`] if the file does not hold it, else what the other end says.
pub fn copy(path: &Path, sha256: &str, to: impl Write) -> io::Result<u64> {
    let (found, bytes) = hash(open(path)?.0, to)?;
    if found == sha256 { Ok(bytes) } else { Err(Flaw::Damaged.into()) }
}

/// A text under its own hash, so that it can be told whether it is as it was written.
pub fn sealed(text: &[u8]) -> Vec<u8> {
    [hash_bytes(text).as_bytes(), b"\n", text].concat()
}

/// The text under its hash; nothing if it is not as it was written.
pub fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (hash, text) = bytes.split_at_checked(64)?;
    let text = text.strip_prefix(b"\n")?;
    (hash_bytes(text).as_bytes() == hash).then_some(text)
}

/// What tells that nobody has touched a file since: which it is, its length and its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    node: u64,
    bytes: u64,
    modified: Option<SystemTime>,
    /// When content or properties changed last; this one no program can set.
    changed: (i64, i64),
}

impl Stamp {
    #[cfg(unix)]
    fn of(about: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { node: about.ino(), bytes: about.len(), modified: about.modified().ok(), changed: (about.ctime(), about.ctime_nsec()) }
    }

    #[cfg(not(unix))]
    fn of(about: &Metadata) -> Self {
        Self { node: 0, bytes: about.len(), modified: about.modified().ok(), changed: (0, 0) }
    }
}

/// A file that is read in parts again and again: compared with its hash whole, and anew whenever somebody has touched it.
#[derive(Debug)]
pub struct Verified {
    /// Below it no link is followed.
    root: PathBuf,
    below: PathBuf,
    sha256: String,
    stamp: Mutex<Option<Stamp>>,
}

impl Verified {
    /// Compares a file below a folder with its hash.
    ///
    /// # Errors
    /// It does not hold that content, or the way to it leads over something else than folders.
    pub fn new(root: PathBuf, below: PathBuf, sha256: String) -> Result<Self, Flaw> {
        let verified = Self { root, below, sha256, stamp: Mutex::new(None) };
        verified.open()?;
        Ok(verified)
    }

    /// The hash.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Opens the file at its beginning.
    ///
    /// # Errors
    /// It does not hold that content any more.
    pub fn open(&self) -> Result<File, Flaw> {
        lies_below(&self.root, &self.below).map_err(|(_, flaw)| flaw)?;
        let (mut file, about) = open(&self.root.join(&self.below))?;
        let stamp = Stamp::of(&about);
        let known = |v: &Self| *v.stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if known(self) != Some(stamp) {
            let (found, _) = hash(&mut file, io::sink()).map_err(|_| Flaw::Unreadable)?;
            if found != self.sha256 {
                return Err(Flaw::Damaged);
            }
            file.rewind().map_err(|_| Flaw::Unreadable)?;
            *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bytes_of_the_hash_are_given() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a");
        fs::write(&path, "abc")?;
        let sha256 = hash_text("abc");
        assert_eq!((verify(&path, &sha256), read(&path, &sha256, 3)), (Ok(3), Ok(b"abc".to_vec())));
        assert_eq!(read(&path, &sha256, 4), Err(Flaw::Damaged));
        let mut copied = Vec::new();
        assert_eq!((copy(&path, &sha256, &mut copied)?, copied.as_slice()), (3, &b"abc"[..]));
        fs::write(&path, "abd")?;
        assert_eq!((verify(&path, &sha256), read(&path, &sha256, 3)), (Err(Flaw::Damaged), Err(Flaw::Damaged)));
        assert_eq!(copy(&path, &sha256, io::sink()).err().and_then(|e| Flaw::of(&e)), Some(Flaw::Damaged));
        fs::remove_file(&path)?;
        assert_eq!(verify(&path, &sha256), Err(Flaw::Missing));
        fs::create_dir(&path)?;
        assert_eq!(read(&path, &sha256, 3), Err(Flaw::Foreign));
        assert_eq!(verify(&path.join("below"), &sha256), Err(Flaw::Missing));
        Ok(())
    }

    #[test]
    fn a_file_that_somebody_touched_is_compared_anew() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a");
        fs::write(&path, "abc")?;
        let of = |text: &str| Verified::new(folder.path().to_owned(), "a".into(), hash_text(text));
        let verified = of("abc")?;
        let content = |v: &Verified| v.open().map(|f| io::read_to_string(f).expect("text"));
        assert_eq!(content(&verified), Ok("abc".to_owned()));
        let dated = fs::metadata(&path)?.modified()?;
        fs::write(&path, "abd")?;
        File::options().write(true).open(&path)?.set_modified(dated)?;
        assert_eq!(content(&verified), Err(Flaw::Damaged), "whatever its date says");
        fs::remove_file(&path)?;
        fs::write(&path, "abc")?;
        assert_eq!(content(&verified), Ok("abc".to_owned()), "the same content is as good");
        assert_eq!(of("abd").err(), Some(Flaw::Damaged));
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_to_the_same_bytes() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (root, sha256) = (folder.path().join("run"), hash_text("abc"));
        fs::create_dir_all(root.join("data"))?;
        fs::write(root.join("data/a"), "abc")?;
        let verified = Verified::new(root.clone(), "data/a".into(), sha256.clone())?;
        // The very file, moved elsewhere.
        fs::rename(root.join("data"), folder.path().join("moved"))?;
        std::os::unix::fs::symlink(folder.path().join("moved"), root.join("data"))?;
        assert_eq!(verified.open().err(), Some(Flaw::Foreign));
        assert_eq!(lies_below(&root, Path::new("data/a")), Err(("data".into(), Flaw::Foreign)));
        for out in ["../run/data/a", "/data/a"] {
            assert_eq!(lies_below(&root, Path::new(out)).map_err(|(_, flaw)| flaw), Err(Flaw::Foreign), "{out}");
        }
        std::os::unix::fs::symlink(folder.path().join("moved/a"), root.join("a"))?;
        assert_eq!((verify(&root.join("a"), &sha256), whole(&root.join("a"))), (Err(Flaw::Foreign), Err(Flaw::Foreign)));
        Ok(())
    }

    #[test]
    fn parts_are_told_from_what_they_make_together() {
        let of = |parts: &[&str]| hash_parts(parts);
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        let different = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["ab", "", "c"], &["ab\nc"], &[]];
        let hashes: std::collections::BTreeSet<String> = different.iter().map(|parts| of(parts)).collect();
        assert_eq!(hashes.len(), different.len());
    }

    #[test]
    fn a_seal_holds_for_no_other_text() {
        let sealed = sealed("{\"a\": 1}".as_bytes());
        assert_eq!(unsealed(&sealed), Some("{\"a\": 1}".as_bytes()));
        for bit in 0..sealed.len() * 8 {
            let mut other = sealed.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unsealed(&other), None, "bit {bit}");
        }
        assert_eq!((unsealed(&sealed[..sealed.len() - 1]), unsealed(b"")), (None, None));
    }
}
