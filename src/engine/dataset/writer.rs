//! Writes datasets, batch by batch.

use super::{ASCENDING, BATCH_ROWS, Content, Dataset, RECORD, ROWS, Scratch, Stored};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int8Array, RecordBatch, StringArray};
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::arrow::datatypes::{DataType, Int8Type, Int64Type, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// Bytes up to which a dataset stays in memory: for a small one a file costs more than all that is done with it.
const HELD: usize = 1 << 20;

impl Scratch {
    /// Starts a dataset.
    pub fn writer(&self, schema: SchemaRef) -> DatasetWriter {
        let path = self.0.folder.path().join(self.0.next.fetch_add(1, Ordering::Relaxed).to_string());
        let mut writer = DatasetWriter::at(path, schema);
        writer.coalescer = BatchCoalescer::new(writer.schema.clone(), self.0.batch_rows);
        writer.scratch = Some(self.clone());
        writer
    }

    /// Writes batches of one schema as a dataset.
    ///
    /// # Errors
    /// The disk takes no more, or a batch is of another schema.
    pub fn dataset<'a>(&self, schema: SchemaRef, batches: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Dataset, ArrowError> {
        let mut writer = self.writer(schema);
        batches.into_iter().try_for_each(|batch| writer.write(batch))?;
        writer.finish()
    }
}

impl Dataset {
    /// Puts it under another name too, where it may stay when its own file goes; a dataset without records has a file there.
    ///
    /// # Errors
    /// The disk takes no more.
    pub(in crate::engine) fn put_at(&self, path: &Path) -> Result<(), ArrowError> {
        if let (Some(Content::File(file)), None) = (self.stored.as_ref().map(|stored| &stored.content), &self.chosen) {
            // A file that was finished is never written again.
            fs::hard_link(file, path).or_else(|_| fs::copy(file, path).map(|_| ()))?;
            return Ok(());
        }
        let mut writer = DatasetWriter::at(path.to_owned(), self.schema.clone());
        self.batches().try_for_each(|batch| writer.write(&batch.map_err(|e| ArrowError::ExternalError(Box::new(e)))?))?;
        writer.flush()?;
        writer.close()
    }
}

/// Writes a dataset; there is no file before there are more records than are held, or any in somebody else's folder.
pub struct DatasetWriter {
    path: PathBuf,
    held: Vec<RecordBatch>,
    held_bytes: usize,
    scratch: Option<Scratch>,
    schema: SchemaRef,
    coalescer: BatchCoalescer,
    writer: Option<FileWriter<BufWriter<File>>>,
    /// The words of coded columns so far: a file knows one list a column, which may only grow.
    words: BTreeMap<usize, StringArray>,
    batches: usize,
    rows: u64,
    last: Option<i64>,
    ascending: bool,
}

impl DatasetWriter {
    /// Starts a dataset under a name of somebody else's folder.
    pub fn at(path: PathBuf, schema: SchemaRef) -> Self {
        Self {
            path,
            held: Vec::new(),
            held_bytes: 0,
            scratch: None,
            coalescer: BatchCoalescer::new(schema.clone(), BATCH_ROWS),
            schema,
            writer: None,
            words: BTreeMap::new(),
            batches: 0,
            rows: 0,
            last: None,
            ascending: true,
        }
    }

    /// Adds records.
    ///
    /// # Errors
    /// The disk takes no more, or the batch is of another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        // A plan may call a column nullable that its batches declare otherwise.
        let batch = RecordBatch::try_new(self.schema.clone(), batch.columns().to_vec())?;
        self.rows += batch.num_rows() as u64;
        if let Some(records) = batch.column_by_name(RECORD).and_then(|c| c.as_primitive_opt::<Int64Type>()) {
            for record in records.values() {
                self.ascending &= self.last.is_none_or(|last| last <= *record);
                self.last = Some(*record);
            }
            self.ascending &= records.null_count() == 0;
        }
        self.coalescer.push_batch(batch)?;
        self.put()
    }

    /// Completes the dataset.
    ///
    /// # Errors
    /// The disk takes no more.
    pub fn finish(mut self) -> Result<Dataset, ArrowError> {
        let (schema, rows, ascending) = (self.schema.clone(), self.rows, self.ascending);
        self.flush()?;
        let (content, bytes, batches) = if self.writer.is_some() {
            self.close()?;
            let bytes = fs::metadata(&self.path)?.len();
            (Content::File(std::mem::take(&mut self.path)), bytes, self.batches)
        } else if self.held.is_empty() {
            return Ok(Dataset::empty(schema));
        } else {
            let held = std::mem::take(&mut self.held);
            let batches = held.len();
            (Content::Memory(held), self.held_bytes as u64, batches)
        };
        let stored = Stored { content, bytes, batches, sha256: OnceLock::new(), scratch: self.scratch.take() };
        Ok(Dataset { schema, rows, ascending, chosen: None, stored: Some(Arc::new(stored)) })
    }

    /// Writes what is still held.
    fn flush(&mut self) -> Result<(), ArrowError> {
        self.coalescer.finish_buffered_batch()?;
        self.put()
    }

    fn put(&mut self) -> Result<(), ArrowError> {
        while let Some(batch) = self.coalescer.next_completed_batch() {
            let bytes = batch.get_array_memory_size();
            if self.scratch.is_some() && self.writer.is_none() && self.held_bytes + bytes <= HELD {
                self.held_bytes += bytes;
                self.held.push(batch);
                continue;
            }
            for held in std::mem::take(&mut self.held) {
                self.put_down(&held)?;
            }
            self.put_down(&batch)?;
        }
        Ok(())
    }

    /// Writes a batch to the file.
    fn put_down(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let mut columns = batch.columns().to_vec();
        for (place, column) in columns.iter_mut().enumerate().filter(|(_, c)| matches!(c.data_type(), DataType::Dictionary(..))) {
            *column = in_words(column, self.words.entry(place).or_insert_with(no_words))?;
        }
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        self.open()?.write(&batch)?;
        self.batches += 1;
        Ok(())
    }

    fn open(&mut self) -> Result<&mut FileWriter<BufWriter<File>>, ArrowError> {
        if self.writer.is_none() {
            let growing = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
            let file = BufWriter::new(File::create(&self.path)?);
            self.writer = Some(FileWriter::try_new_with_options(file, &self.schema, growing)?);
        }
        self.writer.as_mut().ok_or_else(|| ArrowError::IpcError("a writer that was opened and is not there".to_owned()))
    }

    fn close(&mut self) -> Result<(), ArrowError> {
        let (rows, ascending) = (self.rows.to_string(), self.ascending.to_string());
        let writer = self.open()?;
        writer.write_metadata(ROWS, rows);
        writer.write_metadata(ASCENDING, ascending);
        writer.finish()?;
        self.writer = None;
        Ok(())
    }
}

impl Drop for DatasetWriter {
    fn drop(&mut self) {
        // What was not finished is nobody's.
        if self.writer.is_some() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn no_words() -> StringArray {
    StringArray::from_iter_values(std::iter::empty::<&str>())
}

/// A coded column over a list of words, to which those that it lacks are added.
fn in_words(column: &ArrayRef, words: &mut StringArray) -> Result<ArrayRef, ArrowError> {
    let coded = column.as_dictionary_opt::<Int8Type>().ok_or_else(|| ArrowError::SchemaError("codes are of eight bits".into()))?;
    let own = coded.values().as_string::<i32>();
    if own == words {
        return Ok(column.clone());
    }
    let mut all: Vec<&str> = words.iter().flatten().collect();
    let mut moved = Vec::with_capacity(own.len());
    for word in own {
        let word = word.unwrap_or_default();
        let place = all.iter().position(|known| *known == word).unwrap_or_else(|| {
            all.push(word);
            all.len() - 1
        });
        moved.push(i8::try_from(place).map_err(|_| ArrowError::DictionaryKeyOverflowError)?);
    }
    let all = StringArray::from(all);
    // What has no code has no word.
    let code = |code: i8| usize::try_from(code).ok().and_then(|place| moved.get(place)).copied();
    let codes: Int8Array = coded.keys().iter().map(|known| known.and_then(code)).collect();
    *words = all;
    Ok(Arc::new(DictionaryArray::<Int8Type>::try_new(codes, Arc::new(words.clone()))?))
}
