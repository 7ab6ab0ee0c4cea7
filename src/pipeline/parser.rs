//! The parsing child: one file in, standardized tables out, in a process of its own.
//!
//! A 2 kB file can make a reader ask for 512 GiB, and a failed allocation aborts the process; so each file is read by
//! a child with limits on memory, CPU time and wall time, and its death is a finding about the file, not our end.
//! The child is `huichi` itself, started with [`COMMAND`]: it takes a [`Job`] as JSON on standard input and leaves a
//! [`Manifest`] and Arrow files in the job's folder.

use crate::config::FormOptions;
use crate::engine::store::TableWriter;
use crate::finding::Seed;
use crate::model::raw::{RawCell, SumKind, TableMeta};
use crate::stages::ingest::{self, Limits, RecordSink, Refusal, Source};
use crate::stages::standardize::{StandardizedTable, Standardizer};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::Read;
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

/// Runs the child; the exit code is 0 unless the job itself is broken.
pub fn main() -> i32 {
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_err() {
        return 2;
    }
    let Ok(job) = serde_json::from_str::<Job>(&text) else { return 2 };
    limit(job.memory_bytes, job.cpu_s);
    let manifest = parse(&job);
    let written = serde_json::to_vec(&manifest).map(|bytes| std::fs::write(job.folder.join(files::MANIFEST), bytes));
    if matches!(written, Ok(Ok(()))) { 0 } else { 6 }
}

#[cfg(unix)]
fn limit(memory_bytes: u64, cpu_s: u64) {
    use rustix::process::{Resource, Rlimit, Signal, setrlimit};
    let cap = |value| Rlimit { current: Some(value), maximum: Some(value) };
    // A limit that the system refuses leaves the deadline, which the parent keeps.
    let _ = setrlimit(Resource::As, cap(memory_bytes));
    let _ = setrlimit(Resource::Cpu, cap(cpu_s));
    let _ = setrlimit(Resource::Core, cap(0));
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
}

#[cfg(not(unix))]
fn limit(_: u64, _: u64) {}

fn parse(job: &Job) -> Manifest {
    let source = Source::new(&job.file_name, &job.forms);
    let mut writer =
        Writer { standardizer: Standardizer::new(&job.forms, &job.codes), folder: &job.folder, writers: HashMap::new(), failure: None };
    let outcome = ingest::read(&job.path, &source, &Limits::default(), &mut writer);
    let failure = writer.failure.take();
    match (outcome, failure) {
        (Ok(outcome), None) => Manifest {
            kind: format!("{:?}", outcome.facts.kind).to_lowercase(),
            encoding: outcome.facts.encoding.map(str::to_owned),
            sheets: outcome.facts.sheets,
            cells: outcome.facts.cells,
            tables: outcome.tables,
            seeds: outcome.seeds,
            refused: false,
        },
        (Err(refusal), _) => refused(refusal.code, refusal.args),
        (_, Some(failure)) => refused("FIL-121", vec![("reason", failure)]),
    }
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
    failure: Option<String>,
}

impl Writer<'_> {
    fn write(&mut self, meta: &TableMeta, batch: &datafusion::arrow::array::RecordBatch) -> std::io::Result<()> {
        let writer = match self.writers.entry(meta.number) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(TableWriter::create(&self.folder.join(files::records(meta.number)), &batch.schema())?)
            }
        };
        writer.write(batch)
    }

    fn close(&mut self, table: StandardizedTable) -> std::io::Result<()> {
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

    fn keep(&mut self, result: Result<(), String>) {
        if let Err(error) = result {
            self.failure.get_or_insert(error);
        }
    }
}

impl RecordSink for Writer<'_> {
    fn table(&mut self, meta: &TableMeta) {
        self.standardizer.table(meta);
    }

    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]) {
        if self.failure.is_some() {
            return;
        }
        let result = match self.standardizer.record(meta, row, cells) {
            Ok(Some(batch)) => self.write(meta, &batch).map_err(|e| e.to_string()),
            Ok(None) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        self.keep(result);
    }

    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]) {
        self.standardizer.sum_row(meta, row, kind, label, cells);
    }

    fn end_table(&mut self, meta: &TableMeta) {
        let result = match self.standardizer.end_table(meta) {
            Ok(Some(table)) => self.close(table).map_err(|e| e.to_string()),
            Ok(None) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        self.keep(result);
    }
}

/// Tells a refusal from the reader in the words of the manifest.
impl From<Refusal> for Manifest {
    fn from(refusal: Refusal) -> Self {
        refused(refusal.code, refusal.args)
    }
}
