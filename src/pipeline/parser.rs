//! The parsing child: one file in, standardized tables out, in a process of its own.
//!
//! A 2 kB file can make a reader ask for 512 GiB, and a failed allocation aborts the process; so each file is read by
//! a child with limits on memory, CPU time and wall time, and its death is a finding about the file, not our end.
//! The child is `huichi` itself, started with [`COMMAND`]: it takes a [`Job`] as JSON on standard input and leaves a
//! [`Manifest`] and Arrow files in the job's folder. If they cannot be written, that says nothing about the file: there
//! is no manifest, and the exit code is [`exit::DISK`].

use crate::config::FormOptions;
use crate::engine::store::TableWriter;
use crate::finding::Seed;
use crate::model::raw::{RawCell, SumKind, TableMeta};
use crate::stages::ingest::{self, Limits, RecordSink, Source};
use crate::stages::standardize::{StandardizedTable, Standardizer};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Read};
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
    /// Code lists.
    pub codes: IndexMap<String, IndexMap<String, Vec<String>>>,
    /// Where the child writes.
    pub folder: PathBuf,
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// CPU time, seconds.
    pub cpu_s: u64,
    /// The process that waits for the result.
    pub parent: u32,
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

/// Findings that tell of this attempt more than of the file: not readable from disk, died, failed, out of time.
const PASSING: [&str; 4] = ["FIL-100", "FIL-120", "FIL-121", "FIL-122"];

impl Manifest {
    /// Whether a later run may use it.
    pub fn is_lasting(&self) -> bool {
        !self.seeds.iter().any(|s| PASSING.contains(&s.code.as_str()))
    }
}

/// Exit codes of the child, besides 0.
pub mod exit {
    /// No job, or nobody waits for it any more.
    pub const NO_JOB: i32 = 2;
    /// The disk takes no more.
    pub const DISK: i32 = 6;
    /// A defect of ours; a panic ends with this code too.
    pub const DEFECT: i32 = 101;
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
    die_with_parent();
    let mut text = String::new();
    if io::stdin().read_to_string(&mut text).is_err() {
        return exit::NO_JOB;
    }
    let Ok(job) = serde_json::from_str::<Job>(&text) else { return exit::NO_JOB };
    // A parent that died before the line above asked to die with it has not taken this child along.
    if is_orphan(job.parent) {
        return exit::NO_JOB;
    }
    limit(job.memory_bytes, job.cpu_s);
    let path = job.folder.join(files::MANIFEST);
    let written = parse(&job).and_then(|manifest| {
        let bytes = serde_json::to_vec(&manifest).map_err(|_| Failure::Defect)?;
        std::fs::write(&path, bytes).map_err(Failure::from)
    });
    match written {
        Ok(()) => 0,
        Err(failure) => {
            let _ = std::fs::remove_file(&path);
            match failure {
                Failure::Disk => exit::DISK,
                Failure::Defect => exit::DEFECT,
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn die_with_parent() {
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent() {}

#[cfg(unix)]
fn is_orphan(parent: u32) -> bool {
    rustix::process::getppid().is_none_or(|now| u32::try_from(now.as_raw_pid()) != Ok(parent))
}

#[cfg(not(unix))]
fn is_orphan(_: u32) -> bool {
    false
}

/// Seconds between the signal that tells of too much CPU time and the one that cannot be told from other deaths.
const GRACE_S: u64 = 5;

#[cfg(unix)]
fn limit(memory_bytes: u64, cpu_s: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let cap = |current, maximum| Rlimit { current: Some(current), maximum: Some(maximum) };
    // A limit that the system refuses leaves the deadline, which the parent keeps.
    let _ = setrlimit(Resource::As, cap(memory_bytes, memory_bytes));
    let _ = setrlimit(Resource::Cpu, cap(cpu_s, cpu_s + GRACE_S));
    let _ = setrlimit(Resource::Core, cap(0, 0));
}

#[cfg(not(unix))]
fn limit(_: u64, _: u64) {}

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
    fn from(_: ArrowError) -> Self {
        Self::Defect
    }
}

fn parse(job: &Job) -> Result<Manifest, Failure> {
    let source = Source::new(&job.file_name, &job.forms);
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

/// The seeds of a file whose parser ended without a manifest.
pub fn dead(code: &str, reason: String) -> Manifest {
    refused(code, vec![("reason", reason)])
}

/// Writes standardized batches as they come; the first failure ends the writing.
struct Writer<'a> {
    standardizer: Standardizer<'a>,
    folder: &'a Path,
    writers: HashMap<u16, TableWriter>,
    written: Result<(), Failure>,
}

impl Writer<'_> {
    fn write(&mut self, meta: &TableMeta, batch: &RecordBatch) -> io::Result<()> {
        let writer = match self.writers.entry(meta.number) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(new) => new.insert(TableWriter::create(&self.folder.join(files::records(meta.number)), &batch.schema())?),
        };
        writer.write(batch)
    }

    fn close(&mut self, table: StandardizedTable) -> io::Result<()> {
        let number = table.meta.number;
        if let Some(batch) = &table.records {
            self.write(&table.meta, batch)?;
        }
        if let Some(writer) = self.writers.remove(&number) {
            writer.finish()?;
        }
        for (batch, name) in [(&table.sums, files::sums(number)), (&table.names, files::names(number))] {
            if let Some(batch) = batch {
                let mut writer = TableWriter::create(&self.folder.join(name), &batch.schema())?;
                writer.write(batch)?;
                writer.finish()?;
            }
        }
        Ok(())
    }
}

impl RecordSink for Writer<'_> {
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

    fn end_table(&mut self, meta: &TableMeta) {
        if self.written.is_ok()
            && let Some(table) = self.standardizer.end_table(meta).transpose()
        {
            self.written = table.map_err(Failure::from).and_then(|table| Ok(self.close(table)?));
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::config::{FieldKind, FieldOptions};

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
            codes: IndexMap::new(),
            folder: folder.to_owned(),
            memory_bytes: 0,
            cpu_s: 0,
            parent: 0,
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
