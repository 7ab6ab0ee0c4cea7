//! Rows of a published dataset, found by enterprise and read when they are asked for.
//!
//! Four hundred thousand patents stay on disk: only which rows are whose is kept, four bytes a row.

use super::load_error::LoadError;
use crate::content::Verified;
use crate::run::{FileFlaw, PublishedRun};
use datafusion::arrow::array::{Array, AsArray, RecordBatch, RecordBatchReader};
use datafusion::arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::file::metadata::PageIndexPolicy;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A dataset on disk, compared with its hash whenever somebody has touched it.
pub struct RecordsOnDisk {
    path: String,
    file: Verified,
    metadata: ArrowReaderMetadata,
    key: &'static str,
    index: OnceLock<Index>,
}

/// Which rows are whose: those of enterprise `i` stand in `rows` from `starts[i]` to `starts[i + 1]`.
struct Index {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl RecordsOnDisk {
    /// Opens a dataset whose column `key` holds the enterprise; nothing if the run did not write it.
    pub fn open(run: &PublishedRun, name: &str, key: &'static str) -> Result<Option<Self>, LoadError> {
        let path = format!("data/{name}.parquet");
        let Some(file) = run.file(&path)? else { return Ok(None) };
        // With the index of pages, a few rows of a large dataset cost a few pages.
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file.open().map_err(|flaw| FileFlaw { path: path.clone(), flaw })?, options)?;
        Ok(Some(Self { path, file, metadata, key, index: OnceLock::new() }))
    }

    /// The whole dataset in one batch, of the columns that `wanted` takes.
    pub fn whole(&self, wanted: impl Fn(&str) -> bool) -> Result<RecordBatch, LoadError> {
        let names = self.metadata.schema().fields().iter().map(|f| f.name().as_str()).filter(|n| wanted(n)).collect::<Vec<_>>();
        self.read(&names, None)
    }

    /// The rows of an enterprise, at most `most` from `skip` on, each with its number in the dataset.
    pub fn of(
        &self,
        enterprise: usize,
        ordinals: &HashMap<String, u32>,
        columns: &[&str],
        (skip, most): (usize, usize),
    ) -> Result<(Vec<u32>, RecordBatch), LoadError> {
        let own = self.rows(enterprise, ordinals)?;
        let rows: Vec<u32> = own.iter().skip(skip).take(most).copied().collect();
        let batch = self.read(columns, Some(&rows))?;
        Ok((rows, batch))
    }

    /// How many rows an enterprise has.
    pub fn count(&self, enterprise: usize, ordinals: &HashMap<String, u32>) -> Result<usize, LoadError> {
        Ok(self.rows(enterprise, ordinals)?.len())
    }

    /// The numbers of an enterprise's rows, ascending.
    pub fn rows(&self, enterprise: usize, ordinals: &HashMap<String, u32>) -> Result<&[u32], LoadError> {
        let index = match self.index.get() {
            Some(index) => index,
            None => {
                let built = self.build(ordinals)?;
                self.index.get_or_init(|| built)
            }
        };
        let bound = |i: usize| index.starts.get(i).map_or(index.rows.len(), |s| *s as usize);
        Ok(&index.rows[bound(enterprise)..bound(enterprise + 1)])
    }

    fn build(&self, ordinals: &HashMap<String, u32>) -> Result<Index, LoadError> {
        let batch = self.read(&[self.key], None)?;
        let keys = batch.column_by_name(self.key).and_then(|c| c.as_string_opt::<i32>());
        let owners: Vec<Option<u32>> =
            keys.map_or_else(Vec::new, |keys| keys.iter().map(|k| k.and_then(|k| ordinals.get(k)).copied()).collect());
        let mut starts = vec![0_u32; ordinals.len() + 1];
        for owner in owners.iter().flatten() {
            starts[*owner as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let (mut next, mut rows) = (starts.clone(), vec![0; starts.last().map_or(0, |s| *s as usize)]);
        for (row, owner) in owners.iter().enumerate() {
            if let Some(owner) = owner {
                let place = &mut next[*owner as usize];
                rows[*place as usize] = u32::try_from(row).unwrap_or(u32::MAX);
                *place += 1;
            }
        }
        Ok(Index { starts, rows })
    }

    /// Reads columns of all rows, or of some in ascending order; columns that are not there are left out.
    fn read(&self, columns: &[&str], rows: Option<&[u32]>) -> Result<RecordBatch, LoadError> {
        let schema = self.metadata.schema();
        let places: Vec<usize> = columns.iter().filter_map(|c| schema.index_of(c).ok()).collect();
        let file = self.file.open().map_err(|flaw| FileFlaw { path: self.path.clone(), flaw })?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), places);
        let total = usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
        let mut builder = builder.with_projection(mask).with_batch_size(rows.map_or(total, <[u32]>::len).max(1));
        if let Some(rows) = rows {
            let ranges = rows.iter().map(|r| *r as usize..*r as usize + 1);
            builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, total));
        }
        let reader = builder.build()?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        Ok(datafusion::arrow::compute::concat_batches(&schema, &batches)?)
    }
}

/// File, sheet and row of a record.
pub fn place(batch: &RecordBatch, row: usize) -> (String, String, i64) {
    let number = batch.column_by_name("row").and_then(|c| c.as_primitive_opt::<Int64Type>());
    (text(batch, "file", row), text(batch, "sheet", row), number.map_or(0, |n| n.value(row)))
}

/// A text of a batch; empty where there is none.
pub fn text(batch: &RecordBatch, column: &str, row: usize) -> String {
    let texts = batch.column_by_name(column).and_then(|c| c.as_string_opt::<i32>());
    texts.filter(|t| t.is_valid(row)).map(|t| t.value(row).to_owned()).unwrap_or_default()
}
