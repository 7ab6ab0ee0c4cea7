//! Datasets: what stages hand on, and what plans read.
//!
//! A dataset is one schema and an Arrow IPC file of batches. It is written once, batch by batch, and read any number of
//! times, batch by batch and only in the columns asked for; its file goes with the last that holds it. So what is handed on
//! takes no memory, however many records there are.

pub mod writer;

use super::failure::EngineError;
use crate::content::{self, hash_parts};
use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::FileReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Records of a batch, unless said otherwise; the last of a dataset may have fewer.
pub const BATCH_ROWS: usize = 8192;

/// The column of a record's number.
const RECORD: &str = "record";

/// What a file says of itself beside its batches.
const ROWS: &str = "rows";
const ASCENDING: &str = "ascending";

/// A folder for datasets; it goes with the last that lies in it.
#[derive(Debug, Clone)]
pub struct Scratch(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    folder: TempDir,
    batch_rows: usize,
    next: AtomicU64,
}

impl Scratch {
    /// Makes a folder below another, for datasets with so many records a batch; its name begins with `run-`, so that what a
    /// killed run leaves is swept with its run.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn below(parent: &Path, batch_rows: usize) -> io::Result<Self> {
        Ok(Self(Arc::new(Folder {
            folder: tempfile::Builder::new().prefix("run-scratch-").tempdir_in(parent)?,
            batch_rows,
            next: AtomicU64::new(0),
        })))
    }

    /// Where the engine may put down what its memory does not hold.
    pub(super) fn path(&self) -> &Path {
        self.0.folder.path()
    }
}

/// One schema, and records on disk, or in memory if they are few; clones share them.
#[derive(Debug, Clone)]
pub struct Dataset {
    schema: SchemaRef,
    rows: u64,
    ascending: bool,
    /// The places of its columns among those stored, unless they are all of these.
    chosen: Option<Vec<usize>>,
    /// None where there is no record.
    stored: Option<Arc<Stored>>,
}

#[derive(Debug)]
struct Stored {
    content: Content,
    bytes: u64,
    batches: usize,
    /// The hash of its content, once somebody asked.
    sha256: OnceLock<String>,
    /// The folder that it goes with; none of a file that is somebody else's.
    scratch: Option<Scratch>,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<RecordBatch>),
    File(PathBuf),
}

impl Stored {
    /// The hash of its content; of what is in memory, of its bytes in a stream.
    fn sha256(&self) -> io::Result<String> {
        let failed = |e: ArrowError| io::Error::other(e);
        match &self.content {
            Content::File(path) => Ok(content::hash(File::open(path)?, io::sink())?.0),
            Content::Memory(batches) => {
                let schema = batches.first().map(RecordBatch::schema).unwrap_or_else(|| Arc::new(Schema::empty()));
                let mut bytes = StreamWriter::try_new(Vec::new(), &schema).map_err(failed)?;
                batches.iter().try_for_each(|batch| bytes.write(batch)).map_err(failed)?;
                Ok(content::hash_bytes(&bytes.into_inner().map_err(failed)?))
            }
        }
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let (Content::File(path), true) = (&self.content, self.scratch.is_some()) {
            let _ = fs::remove_file(path);
        }
    }
}

impl Dataset {
    /// A dataset without records.
    pub fn empty(schema: SchemaRef) -> Self {
        Self { schema, rows: 0, ascending: true, chosen: None, stored: None }
    }

    /// A dataset that [`writer::DatasetWriter::at`] wrote, read where it lies for as long as it lies there.
    ///
    /// # Errors
    /// There is no such file, or it is none.
    pub fn at(path: &Path) -> Result<Self, ArrowError> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let reader = FileReader::try_new(BufReader::new(file), None)?;
        let said = |key: &str| reader.custom_metadata().get(key).ok_or_else(|| ArrowError::IpcError(format!("a dataset without {key}")));
        let rows = said(ROWS)?.parse().map_err(|_| ArrowError::IpcError("rows that are no number".to_owned()))?;
        if rows == 0 {
            return Ok(Self::empty(reader.schema()));
        }
        let ascending = said(ASCENDING)? == "true";
        let content = Content::File(path.to_owned());
        let stored = Stored { content, bytes, batches: reader.num_batches(), sha256: OnceLock::new(), scratch: None };
        Ok(Self { schema: reader.schema(), rows, ascending, chosen: None, stored: Some(Arc::new(stored)) })
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Records in it.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether its records stand in the order of their numbers.
    pub fn is_ascending(&self) -> bool {
        self.ascending && self.schema.column_with_name(RECORD).is_some()
    }

    /// Takes the hash of its file from whoever has just reckoned it.
    pub(super) fn known_as(&self, sha256: &str) {
        if let Some(stored) = &self.stored {
            _ = stored.sha256.set(sha256.to_owned());
        }
    }

    /// What its content is known by: datasets of one identity have equal columns and equal records in one order.
    ///
    /// # Errors
    /// Its file cannot be read.
    pub fn identity(&self) -> io::Result<String> {
        let Some(stored) = &self.stored else { return Ok(hash_parts(["none".to_owned(), format!("{:?}", self.schema)])) };
        let sha256 = match stored.sha256.get() {
            Some(known) => known.clone(),
            None => {
                let sha256 = stored.sha256()?;
                stored.sha256.get_or_init(|| sha256).clone()
            }
        };
        Ok(match &self.chosen {
            Some(chosen) => hash_parts([sha256, format!("{chosen:?}")]),
            None => sha256,
        })
    }

    /// Batches in it.
    pub(super) fn batch_count(&self) -> usize {
        self.stored.as_ref().map_or(0, |stored| stored.batches)
    }

    /// Bytes of its file.
    pub(super) fn bytes(&self) -> u64 {
        self.stored.as_ref().map_or(0, |stored| stored.bytes)
    }

    /// Its batches, in order.
    pub fn batches(&self) -> Batches {
        self.read(None, 0..self.batch_count())
    }

    /// Its batches with the columns of the given names alone, in the order of its own columns; a name that it lacks is left out.
    pub fn columns(&self, names: &[&str]) -> Batches {
        let places = (0..self.schema.fields().len()).filter(|i| names.contains(&self.schema.field(*i).name().as_str()));
        self.read(Some(places.collect()), 0..self.batch_count())
    }

    /// All records with the columns of the given names alone, in memory of their own: a batch of [`Dataset::columns`] keeps what
    /// was read of the others as long as it lives.
    ///
    /// # Errors
    /// The dataset cannot be read.
    pub fn in_memory(&self, names: &[&str]) -> Result<RecordBatch, EngineError> {
        let failed = |e: ArrowError| EngineError::of("a dataset on disk".to_owned(), e);
        let mut copies = Vec::new();
        for batch in self.columns(names) {
            let batch = batch?;
            let rows: UInt32Array = (0..batch.num_rows() as u32).collect();
            copies.push(take_record_batch(&batch, &rows).map_err(failed)?);
        }
        concat_batches(self.select(|column| names.contains(&column)).schema(), &copies).map_err(failed)
    }

    /// The same records with some of their columns alone.
    #[must_use]
    pub fn select(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let fields = self.schema.fields();
        let places: Vec<usize> = (0..fields.len()).filter(|place| wanted(fields[*place].name())).collect();
        let schema = Arc::new(Schema::new(places.iter().map(|place| fields[*place].clone()).collect::<Vec<_>>()));
        Self { schema, chosen: Some(self.in_file(places)), ..self.clone() }
    }

    /// Where columns stand in the file.
    fn in_file(&self, columns: Vec<usize>) -> Vec<usize> {
        match &self.chosen {
            Some(chosen) => columns.into_iter().filter_map(|place| chosen.get(place).copied()).collect(),
            None => columns,
        }
    }

    /// Some of its batches, with some of its columns.
    pub(super) fn read(&self, columns: Option<Vec<usize>>, batches: Range<usize>) -> Batches {
        let columns = columns.map(|columns| self.in_file(columns)).or_else(|| self.chosen.clone());
        Batches { stored: self.stored.clone(), columns, batches, reader: None }
    }

    /// All of it in memory: for what is bounded, as enterprises of a page or tests are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn collect(&self) -> Result<Vec<RecordBatch>, EngineError> {
        self.batches().collect()
    }
}

/// Batches of a dataset, each read when it is asked for.
pub struct Batches {
    stored: Option<Arc<Stored>>,
    columns: Option<Vec<usize>>,
    batches: Range<usize>,
    reader: Option<FileReader<BufReader<File>>>,
}

impl Batches {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(stored) = self.stored.as_ref().filter(|_| !self.batches.is_empty()) else { return Ok(None) };
        let path = match &stored.content {
            Content::File(path) => path,
            Content::Memory(batches) => {
                let batch = batches.get(self.batches.start);
                self.batches.start += 1;
                return match &self.columns {
                    Some(columns) => batch.map(|batch| batch.project(columns)).transpose(),
                    None => Ok(batch.cloned()),
                };
            }
        };
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let mut reader = FileReader::try_new(BufReader::new(File::open(path)?), self.columns.take())?;
                reader.set_index(self.batches.start)?;
                self.reader.insert(reader)
            }
        };
        self.batches.start += 1;
        reader.next().transpose()
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch().map_err(|e| EngineError::of("a dataset on disk".to_owned(), e)).transpose();
        if matches!(next, Some(Err(_))) {
            self.batches.start = self.batches.end;
        }
        next
    }
}
