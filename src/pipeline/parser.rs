//! The parsing child: one file in, standardized tables out, in a process of its own ([`super::child`]).
//!
//! It takes a [`Job`] and leaves a [`Manifest`] and Arrow files in the job's folder. If they cannot be written, that says
//! nothing about the file: there is no manifest, and the exit code is [`exit::DISK`].

use super::child::{self, Bound, Ending, exit};
use crate::config::FormOptions;
use crate::engine::DatasetWriter;
use crate::finding::Seed;
use crate::model::raw::{PartStart, RawCell, SumKind, TableMeta};
use crate::stages::ingest::{self, Limits, OtherForm, RecordSink, Source};
use crate::stages::standardize::{StandardizedTable, Standardizer};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// The hidden subcommand that makes the program a parsing child.
pub const COMMAND: &str = "parse-one-file";

/// What a child is to read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// The file.
    pub path: PathBuf,
    /// Its name as the bureau knows it; a year in it may be the period.
    pub file_name: String,
    /// Forms that its source may send.
    pub forms: IndexMap<String, FormOptions>,
    /// Forms that other sources send, by which a file that came to the wrong place is told.
    #[serde(default)]
    pub others: Vec<OtherForm>,
    /// Code lists.
    pub codes: IndexMap<String, IndexMap<String, Vec<String>>>,
    /// Where the child writes.
    pub folder: PathBuf,
}

/// What a child found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Kind of file: `xlsx`, `csv` and so on.
    pub kind: String,
    /// Encoding of a text table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Sheets seen.
    pub sheets: usize,
    /// Cells read.
    pub cells: u64,
    /// Tables found.
    pub tables: Vec<TableMeta>,
    /// Findings about file, sheets and cells.
    pub seeds: Vec<Seed>,
    /// Whether the file could be read at all.
    pub refused: bool,
}

/// Findings that tell of this attempt more than of the file: not readable from disk, out of memory, failed, out of time,
/// ended by the system.
const PASSING: [&str; 5] = ["FIL-100", "FIL-120", "FIL-121", "FIL-122", "FIL-137"];

impl Manifest {
    /// Whether a later run may use it.
    pub fn is_lasting(&self) -> bool {
        !self.seeds.iter().any(|s| PASSING.contains(&s.code.as_str()))
    }

    fn write(&self, folder: &Path) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(self).map_err(|_| Failure::Defect)?;
        Ok(std::fs::write(folder.join(files::MANIFEST), bytes)?)
    }

    /// Leaves a manifest for whoever loads the tables of a folder.
    ///
    /// # Errors
    /// The disk takes no more.
    pub fn leave(&self, folder: &Path) -> io::Result<()> {
        self.write(folder).map_err(|_| io::ErrorKind::StorageFull.into())
    }
}

/// Names of the Arrow files in a job's folder.
pub mod files {
    /// The manifest.
    pub const MANIFEST: &str = "manifest.json";

    /// Records of a table.
    pub fn records(table: u16) -> String {
        format!("records-{table}.arrow")
    }

    /// Sum rows of a table.
    pub fn sums(table: u16) -> String {
        format!("sums-{table}.arrow")
    }

    /// Single names of cells that hold several.
    pub fn names(table: u16) -> String {
        format!("names-{table}.arrow")
    }
}

/// Runs the child and gives its exit code, 0 unless there is none of [`exit`] to tell.
pub fn main() -> i32 {
    let Some(job) = child::job::<Job>() else { return exit::NO_JOB };
    let written = parse(&job).and_then(|manifest| manifest.write(&job.folder));
    match written {
        Ok(()) => 0,
        Err(failure) => {
            let _ = std::fs::remove_file(job.folder.join(files::MANIFEST));
            match failure {
                Failure::Disk => exit::DISK,
                Failure::Defect => exit::DEFECT,
            }
        }
    }
}

/// Why a file's tables could not be handed over; neither is the file's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Disk,
    Defect,
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Disk
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        if matches!(error, ArrowError::IoError(..)) { Self::Disk } else { Self::Defect }
    }
}

fn parse(job: &Job) -> Result<Manifest, Failure> {
    let source = Source::new(&job.file_name, &job.forms).beside(&job.others);
    let mut writer =
        Writer { standardizer: Standardizer::new(&job.forms, &job.codes), folder: &job.folder, writers: HashMap::new(), written: Ok(()) };
    let outcome = ingest::read(&job.path, &source, &Limits::default(), &mut writer);
    writer.written?;
    Ok(match outcome {
        Ok(outcome) => Manifest {
            kind: format!("{:?}", outcome.facts.kind).to_lowercase(),
            encoding: outcome.facts.encoding.map(str::to_owned),
            sheets: outcome.facts.sheets,
            cells: outcome.facts.cells,
            tables: outcome.tables,
            seeds: outcome.seeds,
            refused: false,
        },
        Err(refusal) => refused(refusal.code, refusal.args),
    })
}

fn refused(code: &str, args: Vec<(&'static str, String)>) -> Manifest {
    let found = args.iter().find(|(k, _)| *k == "found").map(|(_, v)| v.clone()).unwrap_or_default();
    let args = args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    let seed = Seed { code: code.to_owned(), sheet: None, row: None, column: None, found, args };
    Manifest { seeds: vec![seed], refused: true, ..Manifest::default() }
}

/// What is said of a file whose parser ended without a manifest.
pub fn dead_of(ending: Ending) -> Manifest {
    let (code, limit) = match ending {
        Ending::Over(Bound::Memory(mib)) => ("FIL-120", mib.to_string()),
        Ending::Over(Bound::Cpu(seconds) | Bound::Time(seconds)) => ("FIL-122", seconds.to_string()),
        Ending::Ended => ("FIL-137", String::new()),
        // A child that ends well without a manifest does not do what it is for.
        Ending::Failed | Ending::Done => ("FIL-121", String::new()),
    };
    refused(code, vec![("limit", limit)])
}

/// What is said of a file that was read, and whose check needs more than it may.
pub fn too_much(bound: Bound) -> Manifest {
    let limit = match bound {
        Bound::Memory(mib) => format!("@limit.memory|{mib}"),
        Bound::Cpu(seconds) | Bound::Time(seconds) => format!("@limit.time|{seconds}"),
    };
    refused("FIL-140", vec![("reason", limit)])
}

/// Writes standardized batches as they come; the first failure ends the writing.
struct Writer<'a> {
    standardizer: Standardizer<'a>,
    folder: &'a Path,
    writers: HashMap<u16, DatasetWriter>,
    written: Result<(), Failure>,
}

impl Writer<'_> {
    fn write(&mut self, meta: &TableMeta, batch: &RecordBatch) -> Result<(), ArrowError> {
        let path = || self.folder.join(files::records(meta.number));
        self.writers.entry(meta.number).or_insert_with(|| DatasetWriter::at(path(), batch.schema())).write(batch)
    }

    fn close(&mut self, table: StandardizedTable) -> Result<(), ArrowError> {
        let number = table.meta.number;
        if let Some(batch) = &table.records {
            self.write(&table.meta, batch)?;
        }
        if let Some(writer) = self.writers.remove(&number) {
            writer.finish()?;
        }
        for (batch, name) in [(&table.sums, files::sums(number)), (&table.names, files::names(number))] {
            if let Some(batch) = batch {
                let mut writer = DatasetWriter::at(self.folder.join(name), batch.schema());
                writer.write(batch)?;
                writer.finish()?;
            }
        }
        Ok(())
    }
}

impl RecordSink for Writer<'_> {
    fn restart(&mut self) {
        // Tables of the same numbers are written over what the first reading left.
        self.standardizer.restart();
        self.writers.clear();
    }

    fn table(&mut self, meta: &TableMeta) {
        self.standardizer.table(meta);
    }

    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]) {
        if self.written.is_ok()
            && let Some(batch) = self.standardizer.record(meta, row, cells).transpose()
        {
            self.written = batch.map_err(Failure::from).and_then(|batch| Ok(self.write(meta, &batch)?));
        }
    }

    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]) {
        self.standardizer.sum_row(meta, row, kind, label, cells);
    }

    fn part(&mut self, meta: &TableMeta, start: PartStart) {
        self.standardizer.part(meta, start);
    }

    fn end_table(&mut self, meta: &TableMeta) {
        if self.written.is_ok()
            && let Some(table) = self.standardizer.end_table(meta).transpose()
        {
            self.written = table.map_err(Failure::from).and_then(|table| Ok(self.close(table)?));
        }
    }
}

#[cfg(test)]
mod heads;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::config::FieldOptions;
    use crate::model::field::FieldKind;

    fn job(folder: &Path) -> Job {
        let field = |label: &str, kind| FieldOptions { label: label.to_owned(), kind, ..FieldOptions::default() };
        let fields = [("name", field("企业名称", FieldKind::Name)), ("staff", field("从业人数", FieldKind::Number))];
        let form = FormOptions {
            title: "表".to_owned(),
            key: vec!["name".to_owned()],
            field: fields.map(|(name, field)| (name.to_owned(), field)).into_iter().collect(),
            ..FormOptions::default()
        };
        let path = folder.join("表.csv");
        std::fs::write(&path, "企业名称,从业人数\n甲公司,5\n").expect("written");
        Job {
            path,
            file_name: "表.csv".to_owned(),
            forms: [("form".to_owned(), form)].into_iter().collect(),
            others: Vec::new(),
            codes: IndexMap::new(),
            folder: folder.to_owned(),
        }
    }

    #[test]
    fn a_full_disk_is_no_finding_about_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = job(folder.path());
        assert_eq!(parse(&job).map(|m| (m.refused, m.tables.len())), Ok((false, 1)));
        std::fs::remove_file(folder.path().join(files::records(0))).expect("removed");
        std::os::unix::fs::symlink("/dev/full", folder.path().join(files::records(0))).expect("a link");
        assert_eq!(parse(&job).err(), Some(Failure::Disk));
    }

    #[test]
    fn a_file_that_cannot_be_read_just_now_is_not_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let job = job(folder.path());
        std::fs::remove_file(&job.path).expect("removed");
        let manifest = parse(&job).expect("a manifest");
        assert!(manifest.refused && !manifest.is_lasting(), "{:?}", manifest.seeds);
    }
}
