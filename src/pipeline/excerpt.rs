//! The part of a sheet around a finding's cell, from the records as stated.
//!
//! Only columns that a table's header names are shown, personal ones never, and only records: titles and footers, where
//! persons and telephones stand, are not.

use super::datasets::Loaded;
use crate::config::{Config, FormOptions, Links};
use crate::engine::{Batches, Dataset, EngineError};
use crate::finding::Finding;
use crate::model::cell;
use crate::model::field::FieldKind;
use crate::model::place::{Address, Places, same_table};
use crate::model::raw::{ColumnMeta, TableMeta};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use std::collections::BTreeMap;

/// Columns shown at most.
const COLUMNS: usize = 4;
/// Records shown before and after the one concerned.
const AROUND: usize = 1;

/// A small grid of cells as they stand in the sheet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Excerpt {
    /// Letters and header words of each column.
    pub columns: Vec<(String, String)>,
    /// Row number and the cells' texts.
    pub rows: Vec<(u32, Vec<String>)>,
    /// The row and the columns (places in `columns`) that the finding judges, its own cell first.
    pub marked: (u32, Vec<usize>),
}

/// The records of all files, for looking up.
pub struct Excerpts {
    forms: BTreeMap<String, Vec<RecordBatch>>,
    sums: Vec<RecordBatch>,
    /// By form the fields that say of what or whom a record speaks.
    naming: BTreeMap<String, Vec<String>>,
}

impl Excerpts {
    /// Takes the records of all files, or of one, before anything is withheld.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of(config: &Config, loaded: &Loaded, own: Option<usize>) -> Result<Self, EngineError> {
        let naming = config.form.iter().map(|(id, form)| (id.clone(), naming(form)));
        // Within the limits of the child that judges the file: many findings look at it again and again.
        let held = |dataset: &Dataset| of_file(dataset.batches(), own).collect::<Result<Vec<_>, _>>();
        let forms = loaded.forms.iter().map(|(id, dataset)| Ok((id.clone(), held(dataset)?))).collect::<Result<_, EngineError>>()?;
        Ok(Self { forms, sums: held(&loaded.sums)?, naming: naming.collect() })
    }

    /// The part around a finding's cell; nothing if that stands in no table.
    pub fn around(&self, places: &Places, finding: &Finding) -> Option<Excerpt> {
        let (record, mut fields) = match finding.record {
            Some(record) => (record, finding.fields.to_vec()),
            None => self.locate(places, finding)?,
        };
        let table = places.table(record)?;
        if finding.dataset.as_ref() == "sum_rows" {
            fields = finding.args.iter().filter(|(k, _)| k == "field").map(|(_, v)| v.clone()).collect();
        }
        let columns = choose(table, &fields, self.naming.get(&table.form).map_or(&[], Vec::as_slice));
        let marked = fields.iter().filter_map(|f| columns.iter().position(|c| c.field == *f)).collect();
        let row_of = |record: i64| Address::of(record).row;
        let mut rows: Vec<(u32, Vec<String>)> = self
            .near(&table.form, record)
            .into_iter()
            .map(|(record, batch, row)| (row_of(record), columns.iter().map(|c| text(batch, &c.field, row)).collect()))
            .collect();
        if finding.dataset.as_ref() == "sum_rows" {
            rows.push((row_of(record), self.sum_row(&columns, record)));
        }
        let columns = columns.iter().map(|c| (cell::column_letters(c.column), c.label.clone())).collect();
        rows.iter().any(|(row, _)| *row == row_of(record)).then_some(Excerpt { columns, rows, marked: (row_of(record), marked) })
    }

    /// The record and field of a finding that the reader made of a cell.
    fn locate(&self, places: &Places, finding: &Finding) -> Option<(i64, Vec<String>)> {
        let address = finding.cell.as_deref()?;
        let digits = address.find(|c: char| c.is_ascii_digit())?;
        let (column, row) = (cell::column_index(&address[..digits])?, address[digits..].parse::<u32>().ok()?);
        places.tables_of(finding.file?).filter(|(_, t)| Some(t.sheet.as_str()) == finding.sheet.as_deref()).find_map(|(address, table)| {
            let field = table.columns.iter().find(|c| c.column == column)?.field.clone();
            let record = Address { row, ..address }.record();
            self.near(&table.form, record).iter().any(|(r, ..)| *r == record).then(|| (record, vec![field]))
        })
    }

    /// The records next to one in its table, and itself if it is there.
    fn near(&self, form: &str, record: i64) -> Vec<(i64, &RecordBatch, usize)> {
        let Some(dataset) = self.forms.get(form) else { return Vec::new() };
        let mut before = Vec::new();
        let mut from = Vec::new();
        for batch in dataset {
            let records = batch.column(0).as_primitive::<Int64Type>().values();
            let place = records.partition_point(|r| *r < record);
            before.extend((place.saturating_sub(AROUND)..place).map(|i| (records[i], batch, i)));
            from.extend((place..(place + AROUND + 1).min(records.len())).map(|i| (records[i], batch, i)));
        }
        let present = from.first().is_some_and(|(r, ..)| *r == record);
        before.retain(|(r, ..)| same_table(*r, record));
        from.retain(|(r, ..)| same_table(*r, record));
        let start = before.len().saturating_sub(AROUND);
        before.drain(start..).chain(from.into_iter().take(AROUND + usize::from(present))).collect()
    }

    /// The cells of a sum row.
    fn sum_row(&self, columns: &[&ColumnMeta], record: i64) -> Vec<String> {
        let mut cells = vec![String::new(); columns.len()];
        for batch in &self.sums {
            let records = batch.column(0).as_primitive::<Int64Type>();
            let text = |name: &str, row: usize| batch.column_by_name(name).map(|c| c.as_string::<i32>().value(row).to_owned());
            for row in (0..batch.num_rows()).filter(|row| records.value(*row) == record) {
                if let Some(place) = columns.iter().position(|c| Some(&c.field) == text("field", row).as_ref()) {
                    cells[place] = text("stated_raw", row).unwrap_or_default();
                }
            }
        }
        cells
    }
}

/// The records of a file among those of all, or all of them.
pub(super) fn of_file(batches: Batches, file: Option<usize>) -> impl Iterator<Item = Result<RecordBatch, EngineError>> {
    batches.filter_map(move |batch| {
        let (Ok(all), Some(file)) = (&batch, file) else { return Some(batch) };
        let records = all.column(0).as_primitive::<Int64Type>().values();
        let own: BooleanArray = records.iter().map(|record| Some(Address::of(*record).file == file)).collect();
        if own.true_count() == 0 {
            return None;
        }
        Some(filter_record_batch(all, &own).map_err(|e| EngineError::of("the records of a file".to_owned(), e)))
    })
}

/// The names of an enterprise or of several, and the title of a patent.
fn naming(form: &FormOptions) -> Vec<String> {
    let names = form.field.iter().filter(|(name, field)| match field.kind {
        FieldKind::Name => true,
        FieldKind::Names => form.links == Links::Holders,
        _ => form.right.as_ref().is_some_and(|right| right.title == **name),
    });
    names.map(|(name, _)| name.clone()).collect()
}

/// The columns judged, the one that names the enterprise, and neighbors of the first as far as there is room.
fn choose<'a>(table: &'a TableMeta, fields: &[String], naming: &[String]) -> Vec<&'a ColumnMeta> {
    let mut chosen: Vec<&ColumnMeta> = fields.iter().filter_map(|f| table.column(f)).take(COLUMNS - 1).collect();
    let first = chosen.first().map_or(0, |c| c.column);
    let mut others: Vec<&ColumnMeta> = table.columns.iter().filter(|c| !chosen.iter().any(|o| o.field == c.field)).collect();
    others.sort_by_key(|c| (!naming.contains(&c.field), c.column.abs_diff(first)));
    chosen.extend(others.into_iter().take(COLUMNS.saturating_sub(chosen.len())));
    chosen.sort_by_key(|c| c.column);
    chosen
}

/// A field's text as stored.
pub(super) fn text(batch: &RecordBatch, field: &str, row: usize) -> String {
    let column = batch.column_by_name(&format!("{field}_raw")).or_else(|| batch.column_by_name(field));
    column.and_then(|c| c.as_string_opt::<i32>()).filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned()).unwrap_or_default()
}
