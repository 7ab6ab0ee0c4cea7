//! What changed between two versions of a return: cells of the sheet, old and new, as stated.
//!
//! Cells are compared by sheet and address, since that is how whoever corrected them knows them. Only columns that a
//! table's header names are compared, personal ones never.

use super::datasets::Loaded;
use super::excerpt::text;
use crate::engine::EngineError;
use crate::model::cell;
use crate::model::place::Address;
use crate::model::raw::TableMeta;
use crate::model::text::cut;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A cell that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ChangedCell)]
pub struct Change {
    /// Its sheet.
    pub sheet: String,
    /// Its address.
    pub cell: String,
    /// The words of its column's head.
    pub label: String,
    /// What it held; empty if nothing.
    pub old: String,
    /// What it holds; empty if nothing.
    pub new: String,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ChangedCells)]
pub struct Changes {
    /// How many cells.
    pub count: u64,
    /// The first of them, by sheet, row and column.
    pub cells: Vec<Change>,
    /// Whether comparing takes more than it may: then nothing is counted.
    #[serde(default)]
    pub too_many: bool,
}

/// The records of a version by sheet and row; tables may stand beside each other.
type Rows<'a> = BTreeMap<(&'a str, u32), Vec<(&'a TableMeta, &'a RecordBatch, usize)>>;

/// Characters of a cell that are shown.
const SHOWN: usize = 300;

impl Changes {
    /// Of two versions that cannot be compared within the limits.
    pub fn too_many() -> Self {
        Self { too_many: true, ..Self::default() }
    }

    /// Compares two versions and names the first `most` cells.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn between(old: &Loaded, new: &Loaded, most: usize) -> Result<Self, EngineError> {
        let (old_batches, new_batches) = (batches(old)?, batches(new)?);
        let (old, mut new) = (rows(old, &old_batches), rows(new, &new_batches));
        // The only sheet of a file is that of its next version, whatever it is called: text tables are called as files.
        let sheets = |rows: &Rows<'_>| rows.keys().map(|(sheet, _)| (*sheet).to_owned()).collect::<BTreeSet<_>>();
        if let ([was], [is]) = (Vec::from_iter(sheets(&old)).as_slice(), Vec::from_iter(sheets(&new)).as_slice())
            && was != is
            && let Some((sheet, _)) = old.keys().next().copied()
        {
            new = new.into_iter().map(|((_, row), tables)| ((sheet, row), tables)).collect();
        }
        let mut changes = Self::default();
        for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (cells(old.get(key)), cells(new.get(key)));
            for column in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
                let (was, is) = (before.get(column), after.get(column));
                let held = |cell: Option<&(&str, String)>| cell.map(|(_, text)| text.clone()).unwrap_or_default();
                if held(was) == held(is) {
                    continue;
                }
                changes.count += 1;
                if changes.cells.len() < most {
                    let label = is.or(was).map(|(label, _)| (*label).to_owned()).unwrap_or_default();
                    let (sheet, cell) = (key.0.to_owned(), cell::address(*column, key.1));
                    changes.cells.push(Change { sheet, cell, label, old: cut(held(was), SHOWN), new: cut(held(is), SHOWN) });
                }
            }
        }
        Ok(changes)
    }
}

/// All of a version, which is one file, within the limits of the child that compares it.
fn batches(loaded: &Loaded) -> Result<Vec<RecordBatch>, EngineError> {
    loaded.forms.values().flat_map(|dataset| dataset.batches()).collect()
}

/// The records of a version.
fn rows<'a>(loaded: &'a Loaded, batches: &'a [RecordBatch]) -> Rows<'a> {
    let mut rows = Rows::new();
    for batch in batches {
        for (i, record) in batch.column(0).as_primitive::<Int64Type>().values().iter().enumerate() {
            if let Some(table) = loaded.places.table(*record) {
                rows.entry((&table.sheet, Address::of(*record).row)).or_default().push((table, batch, i));
            }
        }
    }
    rows
}

/// The cells of a row: by column the words of its head and its text.
fn cells<'a>(tables: Option<&Vec<(&'a TableMeta, &'a RecordBatch, usize)>>) -> BTreeMap<u32, (&'a str, String)> {
    let tables = tables.into_iter().flatten();
    tables.flat_map(|(table, batch, i)| table.columns.iter().map(|c| (c.column, (c.label.as_str(), text(batch, &c.field, *i))))).collect()
}
