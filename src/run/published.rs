//! A run's folder as others read it: each file through the hash that `run.json` lists.
//!
//! `run.json` itself answers to the hash that the ledger keeps beside the run's figures; runs of builds that kept none are
//! taken at their word. A run is a folder of folders and files: a link in it, even to the same bytes, or anything else that
//! is neither, is a flaw, for what it leads to is nobody's to keep.

use super::record::{FEASIBILITY, PHASES, PROPOSAL, RECORD, RunRecord, SETTINGS, Written};
use crate::config::Config;
use crate::content::{self, Flaw, Verified};
use crate::model::feasibility::Feasibility;
use crate::model::milestone::Phase;
use crate::model::proposal::Proposal;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of a run that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFlaw {
    /// Its path below the run's folder; empty if it is that folder.
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
    lies: Lies,
    record: Arc<RunRecord>,
    record_sha256: String,
}

impl PublishedRun {
    /// Opens a run's folder; `record_sha256` is the hash of its `run.json`, empty if nobody kept it.
    ///
    /// # Errors
    /// `run.json` is gone or not as it was written, or it or the folder is a link or no such thing.
    pub fn open(folder: &Path, record_sha256: &str) -> Result<Self, FileFlaw> {
        let flawed = |flaw| FileFlaw { path: RECORD.to_owned(), flaw };
        let lies = Lies::at(folder);
        let bytes = content::whole(&lies.path(RECORD)?).map_err(flawed)?;
        let record = Arc::new(serde_json::from_slice(&bytes).map_err(|_| flawed(Flaw::Damaged))?);
        let found = content::hash_bytes(&bytes);
        if !record_sha256.is_empty() && found != record_sha256 {
            return Err(flawed(Flaw::Damaged));
        }
        Ok(Self { lies, record, record_sha256: found })
    }

    /// The hash of `run.json` itself.
    pub fn record_sha256(&self) -> &str {
        &self.record_sha256
    }

    /// What `run.json` says.
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// The settings under which the run was made, with what they leave open as it stands in `today`'s: where things lie, the
    /// machine's limits, the portal. Nothing of runs of builds that did not keep them.
    ///
    /// # Errors
    /// The file is gone or not as it was written; or, within, this build knows no such settings.
    pub fn settings(&self, today: &Config) -> Result<Option<Result<Config, String>>, FileFlaw> {
        let Some(text) = self.read(SETTINGS)? else { return Ok(None) };
        let text = String::from_utf8(text).map_err(|_| FileFlaw { path: SETTINGS.to_owned(), flaw: Flaw::Damaged })?;
        Ok(Some(today.under(&text, self.record.as_of).map_err(|error| error.message().to_owned())))
    }

    /// The same for whoever shows the run; nothing where it kept none that this build knows.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn known_settings(&self, today: &Config) -> Result<Option<Config>, FileFlaw> {
        let told = |error: &String| tracing::warn!(error, "a run's settings are of another build, and it is shown under today's");
        Ok(self.settings(today)?.and_then(|settings| settings.inspect_err(told).ok()))
    }

    /// The list that the run proposed; nothing of runs of builds that did not keep it.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn proposal(&self) -> Result<Option<Proposal>, FileFlaw> {
        self.kept(PROPOSAL)
    }

    /// What the pilot could carry; nothing of runs of builds that did not keep it.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn feasibility(&self) -> Result<Option<Feasibility>, FileFlaw> {
        self.kept(FEASIBILITY)
    }

    /// How the plan stood; nothing of runs of builds that did not keep it.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn phases(&self) -> Result<Vec<Phase>, FileFlaw> {
        Ok(self.kept(PHASES)?.unwrap_or_default())
    }

    /// What the run kept as JSON; nothing if it wrote none such.
    fn kept<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, FileFlaw> {
        let damaged = |_| FileFlaw { path: path.to_owned(), flaw: Flaw::Damaged };
        self.read(path)?.map(|text| serde_json::from_slice(&text).map_err(damaged)).transpose()
    }

    fn listed(&self, path: &str) -> Option<&Written> {
        self.record.files.iter().find(|file| file.path == path)
    }

    /// The hash of a file that the run wrote.
    pub fn sha256(&self, path: &str) -> Option<&str> {
        self.listed(path).map(|f| f.sha256.as_str())
    }

    /// A file that the run wrote, whole; nothing if it wrote none such.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FileFlaw> {
        let read = |f: &Written| content::read(&self.lies.path(path)?, &f.sha256, f.bytes).map_err(|flaw| flawed(f, flaw));
        self.listed(path).map(read).transpose()
    }

    /// A file that the run wrote, `run.json` too, to be read in parts; nothing if it wrote none such.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn file(&self, path: &str) -> Result<Option<Verified>, FileFlaw> {
        let sha256 = match path {
            RECORD => Some(self.record_sha256.clone()),
            _ => self.sha256(path).map(str::to_owned),
        };
        sha256.map(|sha256| self.lies.verified(path, sha256)).transpose()
    }

    /// Everything in the folder that is not as it was written, each once: a link stands for all that it hides.
    pub fn flaws(&self) -> Vec<FileFlaw> {
        let compare = |f: &Written| content::verify(&self.lies.path(&f.path)?, &f.sha256).map_err(|flaw| flawed(f, flaw));
        let listed = self.record.files.iter().filter_map(|f| compare(f).err());
        let found: BTreeMap<String, Flaw> = listed.chain(self.lies.foreign()).map(|f| (f.path, f.flaw)).collect();
        found.into_iter().map(|(path, flaw)| FileFlaw { path, flaw }).collect()
    }
}

/// Where a run lies: its name in the folder of all runs, so that its own folder is looked at as well.
#[derive(Debug, Clone)]
struct Lies {
    outputs: PathBuf,
    name: PathBuf,
}

impl Lies {
    fn at(folder: &Path) -> Self {
        let name = folder.file_name().map(PathBuf::from).unwrap_or_default();
        Self { outputs: folder.parent().unwrap_or(folder).to_owned(), name }
    }

    /// Where a file lies, if the way there leads over folders alone.
    fn path(&self, path: &str) -> Result<PathBuf, FileFlaw> {
        let below = self.name.join(path);
        content::lies_below(&self.outputs, &below).map_err(|(part, flaw)| self.flawed(&part, path, flaw))?;
        Ok(self.outputs.join(below))
    }

    fn verified(&self, path: &str, sha256: String) -> Result<Verified, FileFlaw> {
        self.path(path)?;
        let verified = Verified::new(self.outputs.clone(), self.name.join(path), sha256);
        verified.map_err(|flaw| FileFlaw { path: path.to_owned(), flaw })
    }

    /// What is neither folder nor file, or cannot be looked into.
    fn foreign(&self) -> Vec<FileFlaw> {
        let folder = self.outputs.join(&self.name);
        let named =
            |path: &Path| path.strip_prefix(&folder).unwrap_or(path).iter().map(|c| c.to_string_lossy()).collect::<Vec<_>>().join("/");
        let flaw = |entry: walkdir::Result<walkdir::DirEntry>| match entry {
            Ok(entry) if entry.file_type().is_dir() || entry.file_type().is_file() => None,
            Ok(entry) => Some(FileFlaw { path: named(entry.path()), flaw: Flaw::Foreign }),
            Err(error) => Some(FileFlaw { path: error.path().map(named).unwrap_or_default(), flaw: Flaw::Unreadable }),
        };
        walkdir::WalkDir::new(&folder).follow_root_links(false).into_iter().filter_map(flaw).collect()
    }

    /// A flaw of a part of a way: what is missing is the file, what is something else is that part.
    fn flawed(&self, part: &Path, path: &str, flaw: Flaw) -> FileFlaw {
        let part = part.strip_prefix(&self.name).unwrap_or(part).to_string_lossy().into_owned();
        FileFlaw { path: if flaw == Flaw::Foreign { part } else { path.to_owned() }, flaw }
    }
}

fn flawed(file: &Written, flaw: Flaw) -> FileFlaw {
    FileFlaw { path: file.path.clone(), flaw }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::hash_text;
    use std::fs;

    #[cfg(unix)]
    #[test]
    fn a_link_or_a_pipe_in_a_run_is_a_flaw_though_the_bytes_be_the_same() -> Result<(), Box<dyn std::error::Error>> {
        use std::os::unix::fs::symlink;
        let outputs = tempfile::tempdir()?;
        let at = |path: &str| outputs.path().join(path);
        let record = format!(r#"{{"inputs":[],"files":[{{"path":"data/a.csv","bytes":1,"sha256":"{}"}}]}}"#, hash_text("A"));
        fs::create_dir_all(at("r1/data"))?;
        fs::write(at("r1/data/a.csv"), "A")?;
        fs::write(at("r1").join(RECORD), &record)?;
        let open = || PublishedRun::open(&at("r1"), &hash_text(&record));
        let run = open()?;
        assert_eq!((run.flaws(), run.file(RECORD)?.is_some()), (vec![], true));
        let foreign = |path: &str| FileFlaw { path: path.to_owned(), flaw: Flaw::Foreign };
        for (moved, told) in [("r1/data/a.csv", "data/a.csv"), ("r1/data", "data")] {
            fs::rename(at(moved), at("moved"))?;
            symlink(at("moved"), at(moved))?;
            assert_eq!((open()?.flaws(), open()?.read("data/a.csv").err()), (vec![foreign(told)], Some(foreign(told))));
            assert_eq!(run.file("data/a.csv").err(), Some(foreign(told)));
            fs::remove_file(at(moved))?;
            fs::rename(at("moved"), at(moved))?;
        }
        for (moved, told) in [("r1/run.json", "run.json"), ("r1", "")] {
            fs::rename(at(moved), at("moved"))?;
            symlink(at("moved"), at(moved))?;
            assert_eq!(open().err(), Some(foreign(told)));
            assert!(run.flaws().contains(&foreign(told)), "{told}");
            fs::remove_file(at(moved))?;
            fs::rename(at("moved"), at(moved))?;
        }
        // What the run does not know of is no flaw, unless it leads elsewhere.
        fs::write(at("r1/note.txt"), "x")?;
        assert_eq!(open()?.flaws(), []);
        symlink("/etc", at("r1/data/more"))?;
        rustix::fs::mknodat(rustix::fs::CWD, at("r1/pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)?;
        assert_eq!(open()?.flaws(), [foreign("data/more"), foreign("pipe")]);
        Ok(())
    }

    #[test]
    fn each_file_is_what_the_record_says_and_the_record_what_the_ledger_says() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let list = |name: &str, text: &str| format!(r#"{{"path":"{name}","bytes":{},"sha256":"{}"}}"#, text.len(), hash_text(text));
        let record = format!(r#"{{"inputs":[],"files":[{},{}]}}"#, list("a.csv", "A"), list("b.csv", "B"));
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
