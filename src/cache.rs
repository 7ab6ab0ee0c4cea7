//! The stage cache: what a step made, under the hash of all that it was made from.
//!
//! An entry is a folder. It is filled under a temporary name and takes its own by one rename, so a run that is killed
//! leaves no half entry. Its index, written last and sealed, lists each file with its hash, and files are read through it
//! alone: an entry that lost or changed a bit is as good as none, is made anew, and never ends a run. Entries that the
//! last run did not use are removed at its end.

use crate::content::{self, Flaw};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The file that lists the others of an entry.
const INDEX: &str = "index";

/// A folder of entries.
pub struct Cache {
    folder: PathBuf,
    version: String,
    used: Mutex<HashSet<String>>,
}

/// An entry: its files are given only with the bytes that they had when it was kept.
#[derive(Debug, Clone)]
pub struct CacheEntry {
    folder: PathBuf,
    index: Index,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Index {
    /// The entry's own key: a folder under another name is another's.
    key: String,
    files: BTreeMap<String, Listed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Listed {
    bytes: u64,
    sha256: String,
}

impl CacheEntry {
    fn open(folder: PathBuf, key: &str) -> Option<Self> {
        let index: Index = serde_json::from_slice(content::unsealed(&fs::read(folder.join(INDEX)).ok()?)?).ok()?;
        (index.key == key).then_some(Self { folder, index })
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.index.key
    }

    /// The content of a file; nothing if there was none when the entry was kept.
    ///
    /// # Errors
    /// The file is gone, or is not as it was.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Flaw> {
        let listed = self.index.files.get(name);
        listed.map(|file| content::read(&self.folder.join(name), &file.sha256, file.bytes)).transpose()
    }

    /// Where a file lies, once it was found to hold what it held when it was kept; nothing if there was none.
    ///
    /// # Errors
    /// The file is gone, or is not as it was.
    pub fn verified(&self, name: &str) -> Result<Option<PathBuf>, Flaw> {
        let path = self.folder.join(name);
        let listed = self.index.files.get(name);
        listed.map(|file| content::verify(&path, &file.sha256).map(|_| path)).transpose()
    }

    /// The hash of a file.
    pub fn sha256(&self, name: &str) -> Option<&str> {
        self.index.files.get(name).map(|file| file.sha256.as_str())
    }

    /// Whether every file of it is as it was kept.
    pub fn is_sound(&self) -> bool {
        self.index.files.iter().all(|(name, file)| content::verify(&self.folder.join(name), &file.sha256).is_ok())
    }
}

impl CacheEntry {
    /// Lays its files into a new folder, whatever becomes of the entry: without room where the disk knows links.
    pub fn link(&self, to: &Path) -> io::Result<()> {
        fs::create_dir(to)?;
        for name in self.index.files.keys() {
            let (from, to) = (self.folder.join(name), to.join(name));
            fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(|_| ()))?;
        }
        Ok(())
    }
}

impl Cache {
    /// Opens the cache; entries of another build of this program are never used.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        if fs::symlink_metadata(&folder).is_ok_and(|m| m.is_file()) {
            fs::remove_file(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, version: build(), used: Mutex::default() })
    }

    /// The key of a step from all that decides its result.
    pub fn key(&self, step: &str, parts: &[&str]) -> String {
        content::hash_parts([self.version.as_str(), step].iter().chain(parts))
    }

    /// The entry of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<CacheEntry> {
        self.note(key);
        CacheEntry::open(self.folder.join(key), key)
    }

    /// A folder to fill.
    pub fn begin(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("tmp-").tempdir_in(&self.folder)
    }

    /// Makes a filled folder the entry of a key, in place of what is not sound.
    ///
    /// # Errors
    /// What was filled cannot be read again, or the disk takes no more.
    pub fn keep(&self, key: &str, filled: tempfile::TempDir) -> io::Result<CacheEntry> {
        self.note(key);
        let path = self.folder.join(key);
        // Another file with the same content may just have made it.
        if let Some(entry) = CacheEntry::open(path.clone(), key).filter(CacheEntry::is_sound) {
            return Ok(entry);
        }
        let mut files = BTreeMap::new();
        for file in fs::read_dir(filled.path())? {
            let file = file?;
            let (sha256, bytes) = content::hash(File::open(file.path())?, io::sink())?;
            files.insert(file.file_name().to_string_lossy().into_owned(), Listed { bytes, sha256 });
        }
        let index = Index { key: key.to_owned(), files };
        fs::write(filled.path().join(INDEX), content::sealed(&serde_json::to_vec(&index)?))?;
        remove(&path);
        // What cannot be removed keeps the name; the run reads its own entry where it was filled.
        let filled = filled.keep();
        let folder = if fs::rename(&filled, &path).is_ok() { path } else { filled };
        Ok(CacheEntry { folder, index })
    }

    /// Removes what this run did not use; what another run left half done goes too. What cannot be removed stays.
    pub fn sweep(&self) {
        let used = self.used.lock().map(|u| u.clone()).unwrap_or_default();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        entries.filter(|e| !used.contains(e.file_name().to_string_lossy().as_ref())).for_each(|e| remove(&e.path()));
    }

    /// Removes all entries but the latest few.
    pub fn keep_latest(&self, few: usize) {
        let dated = |e: fs::DirEntry| Some((e.metadata().ok()?.modified().ok()?, e.path()));
        let mut entries: Vec<_> = fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok).filter_map(dated).collect();
        entries.sort();
        entries.iter().rev().skip(few).for_each(|(_, path)| remove(path));
    }

    fn note(&self, key: &str) {
        if let Ok(mut used) = self.used.lock() {
            used.insert(key.to_owned());
        }
    }
}

/// Removes whatever has a name.
fn remove(path: &Path) {
    let removed = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return,
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "an entry of the cache cannot be removed");
    }
}

/// What identifies this build: its version, and size and date of the program itself.
pub fn build() -> String {
    let program = std::env::current_exe().and_then(fs::metadata);
    let stamp = program.ok().and_then(|m| {
        let modified = m.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
        Some(format!("{}-{modified}", m.len()))
    });
    format!("{} {}", env!("CARGO_PKG_VERSION"), stamp.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> io::Result<(Cache, CacheEntry)> {
        let cache = Cache::open(folder.to_owned())?;
        let filled = cache.begin()?;
        fs::write(filled.path().join("a"), "abc")?;
        fs::write(filled.path().join("b"), [7; 100])?;
        let entry = cache.keep("key", filled)?;
        Ok((cache, entry))
    }

    /// Whether an entry is there and gives what was put in.
    fn holds(cache: &Cache) -> bool {
        let read = |e: CacheEntry| Ok::<_, Flaw>((e.read("a")?, e.read("b")?, e.read("c")?));
        cache.get("key").map(read) == Some(Ok((Some(b"abc".to_vec()), Some(vec![7; 100]), None)))
    }

    fn refill(cache: &Cache) -> io::Result<CacheEntry> {
        let filled = cache.begin()?;
        fs::write(filled.path().join("a"), "abc")?;
        fs::write(filled.path().join("b"), [7; 100])?;
        cache.keep("key", filled)
    }

    #[test]
    fn no_byte_of_an_entry_changes_unnoticed_and_it_is_made_anew() -> io::Result<()> {
        is_held_to_its_bits(9)
    }

    #[test]
    #[ignore = "thousands of files: run by .ci/run"]
    fn no_bit_of_an_entry_changes_unnoticed_and_it_is_made_anew() -> io::Result<()> {
        is_held_to_its_bits(1)
    }

    /// Turns one of each so many bits, one after another.
    fn is_held_to_its_bits(step: usize) -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (cache, entry) = cache(&folder.path().join("cache"))?;
        assert!(holds(&cache));
        for name in ["a", "b", INDEX] {
            let path = entry.folder.join(name);
            let whole = fs::read(&path)?;
            for bit in (0..whole.len() * 8).step_by(step) {
                let mut turned = whole.clone();
                turned[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, turned)?;
                assert!(!holds(&cache), "bit {bit} of {name}");
            }
            refill(&cache)?;
            assert!(holds(&cache), "{name} made anew");
        }
        Ok(())
    }

    #[test]
    fn whatever_stands_in_an_entrys_place_gives_way() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (cache, entry) = cache(&folder.path().join("cache"))?;
        type Hurt = fn(&Path) -> io::Result<()>;
        let hurts: [Hurt; 6] = [
            |e| fs::remove_file(e.join("a")),
            |e| fs::remove_file(e.join("a")).and_then(|()| fs::create_dir(e.join("a"))),
            |e| fs::write(e.join("b"), [7; 99]),
            |e| fs::remove_file(e.join(INDEX)),
            |e| fs::remove_dir_all(e).and_then(|()| fs::write(e, "x")),
            |e| fs::remove_dir_all(e),
        ];
        for (number, hurt) in hurts.into_iter().enumerate() {
            hurt(&entry.folder)?;
            assert!(!holds(&cache), "{number}");
            refill(&cache)?;
            assert!(holds(&cache), "{number} made anew");
        }
        fs::rename(&entry.folder, folder.path().join("cache/other"))?;
        assert!(cache.get("other").is_none(), "an entry answers to its own key");
        Ok(())
    }

    #[test]
    fn what_is_foreign_is_swept_and_stops_nobody() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cache");
        fs::write(&path, "a file")?;
        let (cache, _) = cache(&path)?;
        fs::write(path.join("readme.txt"), "x")?;
        fs::create_dir(path.join("other"))?;
        cache.sweep();
        let left: Vec<_> = fs::read_dir(&path)?.map(|e| e.map(|e| e.file_name())).collect::<io::Result<_>>()?;
        assert_eq!(left, ["key"]);
        assert!(holds(&cache));
        Ok(())
    }
}
