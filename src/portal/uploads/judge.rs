//! The judging child: what reads the tables of an upload whole does so in a process with limits.
//!
//! The portal holds no file's records and no file's findings: a child judges, compares or writes, and leaves files.

use super::result::{Among, CheckResult, write};
use super::slip::{self, SlipJob};
use crate::config::{Config, load};
use crate::error::{Error, ErrorKind};
use crate::model::words::Lang;
use crate::pipeline::{Beside, Changes, Checked, child, compare, judge_among, judge_tables};
use crate::stages::acquire::SourceFile;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The hidden subcommand that makes the program a judging child.
pub const COMMAND: &str = "judge-one-file";

/// A job of the child.
#[derive(Serialize, Deserialize)]
pub enum Job {
    /// Judge a file.
    Check {
        /// Settings in force.
        settings: Settings,
        /// The file.
        file: FileTables,
        /// Among what, the file itself included.
        beside: Option<Beside>,
        /// What to say of that.
        among: Among,
        /// Where the result goes.
        folder: PathBuf,
    },
    /// Compare two versions of a return.
    Compare {
        /// Settings in force.
        settings: Settings,
        /// The older one.
        old: FileTables,
        /// The newer one.
        new: FileTables,
        /// Cells to be named at most.
        most: usize,
        /// Where the result goes.
        path: PathBuf,
    },
    /// Write the findings of a check as a workbook.
    Slip(SlipJob),
}

/// A file that was read.
#[derive(Serialize, Deserialize)]
pub struct FileTables {
    /// The file.
    pub file: SourceFile,
    /// The folder of its tables.
    pub folder: PathBuf,
}

/// Settings in force, as they were stated.
#[derive(Serialize, Deserialize)]
pub struct Settings {
    site: String,
    inputs: PathBuf,
    outputs: PathBuf,
    as_of: String,
    lang: Lang,
}

impl Settings {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        let (inputs, outputs) = (config.inputs.clone(), config.outputs.clone());
        Self { site: config.site.to_string(), inputs, outputs, as_of: config.as_of.to_string(), lang: config.run.lang }
    }

    fn config(self) -> Result<Config, Error> {
        let broken = || Error::bug("settings that were in force cannot be read");
        let mut config = load(&self.site, Path::new("")).map_err(|_| broken())?;
        let as_of: NaiveDate = self.as_of.parse().map_err(|_| broken())?;
        config.override_with(Some(self.inputs), Some(self.outputs), Some(as_of), Some(self.lang));
        Ok(config)
    }
}

/// Runs the child and gives its exit code.
pub fn main() -> i32 {
    let Some(job) = child::job::<Job>() else { return child::exit::NO_JOB };
    match work(job) {
        Ok(()) => 0,
        Err(error) if error.kind == ErrorKind::System => child::exit::DISK,
        Err(_) => child::exit::DEFECT,
    }
}

fn work(job: Job) -> Result<(), Error> {
    match job {
        Job::Check { settings, file, beside, among, folder } => {
            let config = settings.config()?;
            let checked: Checked = match &beside {
                Some(beside) => alone(judge_among(&config, beside))?,
                None => alone(judge_tables(&config, file.file, &file.folder))?,
            };
            CheckResult::write(&config, &checked, among, &folder)?;
        }
        Job::Compare { settings, old, new, most, path } => {
            let changes: Changes = compare(&settings.config()?, (old.file, &old.folder), (new.file, &new.folder), most)?;
            write(&path, &changes)?;
        }
        Job::Slip(slip) => slip::write(&slip)?,
    }
    Ok(())
}

/// One thread does it all: a child has one core's worth of work, and threads take address space.
fn alone<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
