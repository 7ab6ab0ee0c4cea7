//! A run's folder as others read it: each file through the hash that `run.json` lists.
//!
//! `run.json` itself answers to the hash that the ledger keeps beside the run's figures; runs of builds that kept none are
//! taken at their word.

use crate::content::{self, Flaw, Verified};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that lists all others.
pub const RECORD: &str = "run.json";

/// A file of a run that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFlaw {
    /// Its path below the run's folder.
    pub path: String,
    /// What is wrong with it.
    pub flaw: Flaw,
}

impl std::fmt::Display for FileFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.path, self.flaw)
    }
}

impl std::error::Error for FileFlaw {}

/// A run that was published.
#[derive(Debug, Clone)]
pub struct PublishedRun {
    folder: PathBuf,
    record: Vec<u8>,
    files: BTreeMap<String, Listed>,
}

#[derive(Deserialize)]
struct Record {
    files: Vec<Listed>,
}

#[derive(Debug, Clone, Deserialize)]
struct Listed {
    path: String,
    bytes: u64,
    sha256: String,
}

impl PublishedRun {
    /// Opens a run's folder; `record_sha256` is the hash of its `run.json`, empty if nobody kept it.
    ///
    /// # Errors
    /// `run.json` is gone or not as it was written.
    pub fn open(folder: &Path, record_sha256: &str) -> Result<Self, FileFlaw> {
        let flawed = |flaw| FileFlaw { path: RECORD.to_owned(), flaw };
        let record = fs::read(folder.join(RECORD)).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => flawed(Flaw::Missing),
            _ => flawed(Flaw::Unreadable),
        })?;
        let listed: Record = serde_json::from_slice(&record).map_err(|_| flawed(Flaw::Damaged))?;
        if !record_sha256.is_empty() && content::hash_bytes(&record) != record_sha256 {
            return Err(flawed(Flaw::Damaged));
        }
        let files = listed.files.into_iter().map(|f| (f.path.clone(), f)).collect();
        Ok(Self { folder: folder.to_owned(), record, files })
    }

    /// What `run.json` says.
    ///
    /// # Errors
    /// It says it otherwise than the caller reads it.
    pub fn record<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(&self.record)
    }

    /// `run.json` itself.
    pub fn record_bytes(&self) -> &[u8] {
        &self.record
    }

    /// The hash of a file that the run wrote.
    pub fn sha256(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|f| f.sha256.as_str())
    }

    /// A file that the run wrote, whole; nothing if it wrote none such.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FileFlaw> {
        let listed = self.files.get(path);
        listed.map(|f| content::read(&self.folder.join(path), &f.sha256, f.bytes).map_err(|flaw| f.flawed(flaw))).transpose()
    }

    /// A file that the run wrote, to be read in parts; nothing if it wrote none such.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn file(&self, path: &str) -> Result<Option<Verified>, FileFlaw> {
        let listed = self.files.get(path);
        listed.map(|f| Verified::new(self.folder.join(path), f.sha256.clone()).map_err(|flaw| f.flawed(flaw))).transpose()
    }

    /// Every file that is not as it was written.
    pub fn flaws(&self) -> Vec<FileFlaw> {
        let flaw = |f: &Listed| content::verify(&self.folder.join(&f.path), &f.sha256).err().map(|flaw| f.flawed(flaw));
        self.files.values().filter_map(flaw).collect()
    }
}

impl Listed {
    fn flawed(&self, flaw: Flaw) -> FileFlaw {
        FileFlaw { path: self.path.clone(), flaw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::hash_text;

    #[test]
    fn each_file_is_what_the_record_says_and_the_record_what_the_ledger_says() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let list = |name: &str, text: &str| format!(r#"{{"path":"{name}","bytes":{},"sha256":"{}"}}"#, text.len(), hash_text(text));
        let record = format!(r#"{{"as_of":"x","files":[{},{}]}}"#, list("a.csv", "A"), list("b.csv", "B"));
        fs::write(folder.path().join("a.csv"), "A")?;
        fs::write(folder.path().join(RECORD), &record)?;
        let run = PublishedRun::open(folder.path(), &hash_text(&record))?;
        assert_eq!((run.read("a.csv")?, run.read("c.csv")?), (Some(b"A".to_vec()), None));
        assert_eq!(run.flaws(), [FileFlaw { path: "b.csv".into(), flaw: Flaw::Missing }]);
        fs::write(folder.path().join("b.csv"), "C")?;
        let damaged = FileFlaw { path: "b.csv".into(), flaw: Flaw::Damaged };
        assert_eq!((run.read("b.csv").err(), run.file("b.csv").err()), (Some(damaged.clone()), Some(damaged)));
        let of_record = |flaw| Some(FileFlaw { path: RECORD.into(), flaw });
        assert_eq!(PublishedRun::open(folder.path(), &hash_text("other")).err(), of_record(Flaw::Damaged));
        assert!(PublishedRun::open(folder.path(), "").is_ok(), "a run of a build that kept no hash");
        assert_eq!(PublishedRun::open(&folder.path().join("gone"), "").err(), of_record(Flaw::Missing));
        Ok(())
    }
}
