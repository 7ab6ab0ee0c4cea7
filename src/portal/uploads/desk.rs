//! Has children do what needs a file's tables: a bounded number at a time, fairly among the sources that send.

use super::judge::{COMMAND, FileTables, Job, Settings};
use super::result::Among;
use crate::config::Config;
use crate::error::Error;
use crate::pipeline::{Beside, Bound, Changes, Children, Ending, Lanes, Limits, Parsing, dead_of, read_tables, too_much};
use crate::stages::acquire::{SourceFile, Store};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Who reads and judges.
pub struct Desk {
    parsing: Parsing,
    judging: Children,
    store: Store,
    cache: PathBuf,
    folder: PathBuf,
}

/// What a child could not do.
fn undone(ending: Ending) -> Error {
    io::Error::other(format!("a child's work is not done: {ending:?}")).into()
}

impl Desk {
    /// Originals lie in `store`, what runs read of them in `cache`; what is needed only for a while goes below `folder`.
    ///
    /// # Errors
    /// The system does not tell where this program lies.
    pub fn open(config: &Config, store: Store, cache: PathBuf, folder: PathBuf) -> Result<Self, Error> {
        let lanes = Lanes::of_portal(config.limits.children());
        let limits = Limits { memory_bytes: config.limits.check_mib << 20, cpu_s: config.limits.check_cpu_s };
        let judging = Children::new(COMMAND, limits, config.limits.check_s, lanes.clone())?;
        Ok(Self { parsing: Parsing::within(config, lanes)?, judging, store, cache, folder })
    }

    /// Checks one upload among what stands beside it; the result lies in `folder` afterwards.
    ///
    /// Where that is too much for a child, or cannot be had, the upload is checked by itself and the result says so.
    ///
    /// # Errors
    /// The disk is full, or the system or a defect ended the check; what is wrong with the file is in the result.
    pub async fn check(&self, config: &Config, file: SourceFile, beside: Beside, folder: &Path) -> Result<(), Error> {
        let tables = self.read(config, &file).await?;
        let source = file.source.clone();
        let job = |tables: &TempDir, beside: Option<Beside>, among: Among| Job::Check {
            settings: Settings::of(config),
            file: FileTables { file: file.clone(), folder: tables.path().to_owned() },
            beside,
            among,
            folder: folder.to_owned(),
        };
        let mut among = Among::Nothing;
        if !beside.is_alone() {
            among = Among::Itself;
            let laid = self.fresh()?;
            let held = (&self.store, self.cache.as_path(), &self.parsing);
            match beside.lay(config, held, tables.path(), laid.path()).await {
                Ok(beside) => match self.judging.work(&source, &job(&tables, Some(beside), Among::Standing)).await? {
                    Ending::Done => return Ok(()),
                    Ending::Ended => return Err(undone(Ending::Ended)),
                    ending => tracing::warn!(?ending, "an upload is checked by itself"),
                },
                Err(error) if error.is_no_room() => return Err(error),
                Err(error) => tracing::error!(?error, "an upload is checked by itself, for what stands beside it cannot be had"),
            }
        }
        match self.judging.work(&source, &job(&tables, None, among)).await? {
            Ending::Done => Ok(()),
            // That it is too much is the finding.
            Ending::Over(bound) => {
                let tables = self.fresh()?;
                too_much(bound).leave(tables.path())?;
                self.done(&source, &job(&tables, None, among)).await
            }
            ending => Err(undone(ending)),
        }
    }

    /// What changed from one version of a return to the next, at most `most` cells of it by name.
    ///
    /// # Errors
    /// As [`Desk::check`].
    pub async fn changes(&self, config: &Config, old: SourceFile, new: SourceFile, most: usize) -> Result<Changes, Error> {
        let (before, after) = (self.read(config, &old).await?, self.read(config, &new).await?);
        let (source, folder) = (new.source.clone(), self.fresh()?);
        let path = folder.path().join("changes.json");
        let tables = |file, folder: &TempDir| FileTables { file, folder: folder.path().to_owned() };
        let (old, new) = (tables(old, &before), tables(new, &after));
        let job = Job::Compare { settings: Settings::of(config), old, new, most, path: path.clone() };
        match self.judging.work(&source, &job).await? {
            Ending::Done => Ok(serde_json::from_slice(&std::fs::read(path)?)?),
            Ending::Over(_) => Ok(Changes::too_many()),
            ending => Err(undone(ending)),
        }
    }

    /// Has a child do what it can do within its limits; none if they were reached.
    ///
    /// # Errors
    /// As [`Desk::check`].
    pub async fn write(&self, source: &str, job: &Job) -> Result<Option<Bound>, Error> {
        match self.judging.work(source, job).await? {
            Ending::Done => Ok(None),
            Ending::Over(bound) => Ok(Some(bound)),
            ending => Err(undone(ending)),
        }
    }

    async fn done(&self, source: &str, job: &Job) -> Result<(), Error> {
        match self.judging.work(source, job).await? {
            Ending::Done => Ok(()),
            ending => Err(undone(ending)),
        }
    }

    /// Reads one file; its tables, or that it cannot be read, lie in the folder that is given back.
    async fn read(&self, config: &Config, file: &SourceFile) -> Result<TempDir, Error> {
        let folder = self.fresh()?;
        let original = (&self.store, file.sha256.as_str());
        match read_tables(&self.parsing, config, &file.source, original, file.name(), folder.path()).await? {
            Ending::Done => {}
            // The system's doing says nothing about the file.
            Ending::Ended => return Err(undone(Ending::Ended)),
            ending => dead_of(ending).leave(folder.path())?,
        }
        Ok(folder)
    }

    fn fresh(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix("check-").tempdir_in(&self.folder)
    }
}
