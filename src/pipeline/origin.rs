//! The row of a sheet that a published value comes from, read again from the pinned original.
//!
//! Only that row is given, and of it only columns that the table's header names; personal ones never reach a table. The
//! parsed file is in the cache of the last run as a rule; if not, a parsing child reads it anew.

use super::Silent;
use super::excerpt::text;
use super::gather::{self, InputFile};
use super::parse::Parsing;
use super::parser::{Manifest, files};
use crate::cache::{Cache, CacheEntry};
use crate::config::Config;
use crate::engine::Dataset;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::model::cell;
use crate::model::place::Address;
use crate::model::raw::TableMeta;
use crate::run::Input;
use crate::stages::acquire::{SourceFile, Store};
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use std::path::Path;
use std::sync::Arc;

/// Files kept parsed beside those of the last run.
const KEPT: usize = 16;

/// Which column of the row is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seek {
    /// The column in the sheet, 0-based.
    Column(u32),
    /// The form's field.
    Field(String),
}

/// A cell of an input of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginCell {
    /// Hash of the file's content.
    pub sha256: String,
    /// The source that sent it.
    pub source: String,
    /// Its path below the inputs root.
    pub path: String,
    /// The sheet.
    pub sheet: String,
    /// The row as users count.
    pub row: u32,
    /// The column.
    pub seek: Seek,
}

impl OriginCell {
    /// Reads `file[sheet]D17`. The file is one of the run's, so that brackets in names mislead nobody.
    pub fn cited(inputs: &[Input], cited: &str) -> Option<Self> {
        inputs.iter().find_map(|input| {
            let rest = cited.strip_prefix(input.path.as_str())?.strip_prefix('[')?;
            let (sheet, cell) = rest.rsplit_once(']')?;
            let digits = cell.find(|c: char| c.is_ascii_digit())?;
            let (column, row) = (cell::column_index(&cell[..digits])?, cell[digits..].parse().ok()?);
            Some(Self {
                sha256: input.sha256.clone(),
                source: input.source.clone(),
                path: input.path.clone(),
                sheet: sheet.to_owned(),
                row,
                seek: Seek::Column(column),
            })
        })
    }
}

/// A column of the row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct OriginColumn {
    /// Its letters.
    pub letters: String,
    /// Header words as found.
    pub label: String,
    /// Yuan per unit, where the header or the table says so.
    pub unit_yuan: Option<i64>,
    /// The cell's text as stored.
    pub text: String,
}

/// The row of an enterprise, as its sheet has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct OriginRow {
    /// The form of its table.
    pub form: String,
    /// The row as users count.
    pub row: u32,
    /// Its columns.
    pub columns: Vec<OriginColumn>,
    /// Which of them holds the value.
    pub marked: usize,
}

/// The row around a cell; nothing if the original is gone or the cell stands in no table.
///
/// One call at a time, since each may clear away what others before it kept.
///
/// # Errors
/// The original cannot be read from disk, or no child can be started.
pub async fn origin_of(config: &Config, wanted: &OriginCell) -> Result<Option<OriginRow>, Error> {
    let state = config.outputs.join(".huichi");
    let store = Store::at(&state.join("store"))?;
    if !store.has(&wanted.sha256) {
        return Ok(None);
    }
    let file = file_of(config, &state, wanted)?;
    let of_runs = Cache::open(state.join("cache"))?;
    if let Some(entry) = of_runs.get(&gather::key_of(config, &of_runs, &file)?)
        // A run that ends meanwhile may sweep the entry away; then the file is parsed anew, as it is if the entry changed.
        && let Ok(row) = row_in(&entry, wanted)
    {
        return Ok(row);
    }
    // Runs sweep their cache of what they did not use, so what is parsed here has a cache of its own.
    let own = Arc::new(Cache::open(state.join("origins"))?);
    let key = gather::key_of(config, &own, &file)?;
    if let Some(Ok(row)) = own.get(&key).map(|entry| row_in(&entry, wanted)) {
        return Ok(row);
    }
    let input = InputFile { file, seeds: Vec::new(), readable: true };
    gather::ingest(config, &store, &own, vec![input], &Parsing::new(config)?, &Silent).await?;
    let row = own.get(&key).map(|entry| row_in(&entry, wanted)).transpose()?;
    own.keep_latest(KEPT);
    Ok(row.flatten())
}

/// The file as the run knew it: an upload by the name that its bureau gave it, since the parser is told that one.
fn file_of(config: &Config, state: &Path, wanted: &OriginCell) -> Result<SourceFile, Error> {
    let uploads = Ledger::open(&state.join("ledger.sqlite"))?.uploads_of(&wanted.source, &wanted.sha256)?;
    let upload = uploads.into_iter().map(|u| gather::of_upload(config, u)).find(|file| file.path == wanted.path);
    Ok(upload.unwrap_or_else(|| SourceFile {
        source: wanted.source.clone(),
        path: wanted.path.clone(),
        sha256: wanted.sha256.clone(),
        bytes: 0,
        upload: None,
    }))
}

/// Finds the row in the tables of a parsed file; where several of a sheet hold it, nobody can say which is meant.
fn row_in(entry: &CacheEntry, wanted: &OriginCell) -> std::io::Result<Option<OriginRow>> {
    let manifest: Manifest = serde_json::from_slice(&entry.read(files::MANIFEST)?.unwrap_or_default())?;
    let mut found = Vec::new();
    for table in manifest.tables.iter().filter(|t| t.sheet == wanted.sheet && t.rows > 0) {
        let Some(marked) = place(table, &wanted.seek) else { continue };
        let record = Address { file: 0, table: table.number, row: wanted.row }.record();
        let Some(records) = entry.verified(&files::records(table.number))? else { continue };
        let Some(batch) = row_with(&Dataset::at(&records).map_err(std::io::Error::other)?, record)? else { continue };
        let columns = table.columns.iter().map(|c| OriginColumn {
            letters: cell::column_letters(c.column),
            label: c.label.clone(),
            unit_yuan: c.unit_yuan,
            text: text(&batch, &c.field, 0),
        });
        found.push(OriginRow { form: table.form.clone(), row: wanted.row, columns: columns.collect(), marked });
    }
    let alone = found.len() == 1;
    Ok(found.pop().filter(|_| alone))
}

/// The row of a record; batches are read one by one until it is found.
fn row_with(records: &Dataset, wanted: i64) -> std::io::Result<Option<RecordBatch>> {
    for batch in records.batches() {
        let batch = batch.map_err(std::io::Error::other)?;
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        if let Some(row) = numbers.values().iter().position(|n| *n == wanted) {
            return Ok(Some(batch.slice(row, 1)));
        }
    }
    Ok(None)
}

fn place(table: &TableMeta, seek: &Seek) -> Option<usize> {
    table.columns.iter().position(|c| match seek {
        Seek::Column(column) => c.column == *column,
        Seek::Field(field) => c.field == *field,
    })
}
