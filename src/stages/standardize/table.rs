//! Fills the columns of a table record by record and hands them on in batches.

use super::column::{FieldColumn, Reading};
use super::schema::{RECORD, field_columns};
use super::sums::{SumRow, Sums};
use super::value::{CodeList, code_key, present};
use crate::config::FormOptions;
use crate::model::amount::{Unit, is_error_word, is_mark};
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::name;
use crate::model::place::Address;
use crate::model::raw::{PartStart, RawCell, SumKind, TableMeta};
use datafusion::arrow::array::{ArrayRef, Int32Array, Int64Array, Int64Builder, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use indexmap::IndexMap;
use std::sync::Arc;

/// Records that make a batch.
const BATCH_ROWS: usize = 8192;

/// A table's standardized records.
pub struct StandardizedTable {
    /// What the table is.
    pub meta: TableMeta,
    /// Its last records; fuller batches were handed over as they came.
    pub records: Option<RecordBatch>,
    /// Its sum rows, if it has any.
    pub sums: Option<RecordBatch>,
    /// The single names of cells that hold several.
    pub names: Option<RecordBatch>,
}

/// Standardizes the tables of one file.
pub struct Standardizer<'a> {
    forms: &'a IndexMap<String, FormOptions>,
    codes: &'a IndexMap<String, IndexMap<String, Vec<String>>>,
    open: Vec<Open>,
}

/// A table being filled.
struct Open {
    number: u16,
    /// The year that the table states.
    period: Option<i32>,
    /// Whether a record's own year is its period where the table states none.
    yearly: bool,
    schema: SchemaRef,
    /// Field index in the form, its name and columns, for the fields that the table has.
    columns: Vec<(usize, String, FieldColumn)>,
    records: Vec<i64>,
    periods: Vec<Option<i32>>,
    sums: Sums,
    names: Names,
}

#[derive(Default)]
struct Names {
    records: Int64Builder,
    fields: StringBuilder,
    numbers: Int64Builder,
    names: StringBuilder,
    keys: StringBuilder,
    rows: usize,
}

impl<'a> Standardizer<'a> {
    /// Takes the forms and code lists in force.
    pub fn new(forms: &'a IndexMap<String, FormOptions>, codes: &'a IndexMap<String, IndexMap<String, Vec<String>>>) -> Self {
        Self { forms, codes, open: Vec::new() }
    }

    /// Forgets the tables begun.
    pub fn restart(&mut self) {
        self.open.clear();
    }

    /// Starts a table.
    pub fn table(&mut self, meta: &TableMeta) {
        let Some(form) = self.forms.get(&meta.form) else { return };
        let mut fields = vec![Field::new(RECORD, DataType::Int64, false), Field::new("period", DataType::Int32, true)];
        let mut columns = Vec::new();
        for (index, (name, field)) in form.field.iter().enumerate() {
            let Some(column) = meta.column(name) else { continue };
            fields.extend(field_columns(name, field.kind));
            let unit = column.unit_yuan.and_then(|yuan| Unit::ALL.into_iter().find(|u| u.yuan() == yuan));
            let codes = field.codes.as_ref().and_then(|c| self.codes.get(c)).map(code_list).unwrap_or_default();
            columns.push((index, name.clone(), FieldColumn::new(field, codes, unit)));
        }
        self.open.push(Open {
            number: meta.number,
            period: meta.period,
            yearly: form.period == PeriodKind::Year && !meta.partial,
            schema: Arc::new(Schema::new(fields)),
            sums: Sums::new(columns.len()),
            columns,
            records: Vec::new(),
            periods: Vec::new(),
            names: Names::default(),
        });
    }

    /// Takes a record; gives a batch whenever one is full.
    pub fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]) -> Result<Option<RecordBatch>, ArrowError> {
        let Some(open) = self.open.iter_mut().find(|o| o.number == meta.number) else { return Ok(None) };
        let record = record_id(meta.number, row);
        open.records.push(record);
        open.sums.record();
        let mut period = open.period;
        for (place, (index, name, column)) in open.columns.iter_mut().enumerate() {
            let cell = cells.get(*index).copied().flatten();
            match column.push(cell) {
                Reading::Year(year) if open.yearly => period = period.or(Some(year)),
                reading => open.sums.add(place, reading),
            }
            if let (FieldKind::Names, Some(cell @ RawCell { doubt: None, .. })) = (column.kind, cell) {
                open.names.push(record, name, cell.text);
            }
        }
        open.periods.push(period);
        if open.records.len() >= BATCH_ROWS { open.flush() } else { Ok(None) }
    }

    /// Takes a sum row.
    pub fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]) {
        let Some(open) = self.open.iter_mut().find(|o| o.number == meta.number) else { return };
        open.sums.sum(&SumRow { record: record_id(meta.number, row), kind, label });
        for (place, (index, _, column)) in open.columns.iter().enumerate() {
            let cell = cells.get(*index).copied().flatten();
            if let (FieldKind::Amount | FieldKind::Number, Some(cell)) = (column.kind, cell) {
                let stated = present(Some(cell)).and_then(|c| column.numbers.read(c));
                open.sums.line(place, cell, stated, column.numbers.unit);
            }
        }
    }

    /// Begins a part of a table.
    pub fn part(&mut self, meta: &TableMeta, start: PartStart) {
        if let Some(open) = self.open.iter_mut().find(|o| o.number == meta.number) {
            open.sums.part(start);
        }
    }

    /// Ends a table and hands it over.
    pub fn end_table(&mut self, meta: &TableMeta) -> Result<Option<StandardizedTable>, ArrowError> {
        let Some(place) = self.open.iter().position(|o| o.number == meta.number) else { return Ok(None) };
        let mut open = self.open.remove(place);
        let records = open.flush()?;
        let fields: Vec<String> = open.columns.iter().map(|c| c.1.clone()).collect();
        Ok(Some(StandardizedTable { meta: meta.clone(), records, sums: open.sums.finish(&fields)?, names: open.names.finish()? }))
    }
}

impl Open {
    fn flush(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.records.is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(std::mem::take(&mut self.records))),
            Arc::new(Int32Array::from(std::mem::take(&mut self.periods))),
        ];
        for (_, _, column) in &mut self.columns {
            columns.extend(column.finish()?);
        }
        RecordBatch::try_new(self.schema.clone(), columns).map(Some)
    }
}

impl Names {
    fn push(&mut self, record: i64, field: &str, cell: &str) {
        for (number, single) in (1..).zip(name::split_owners(cell).into_iter().filter(|single| !is_mark(single) && !is_error_word(single)))
        {
            self.records.append_value(record);
            self.fields.append_value(field);
            self.numbers.append_value(number);
            self.names.append_value(name::clean(single));
            self.keys.append_value(name::match_key(single));
            self.rows += 1;
        }
    }

    fn finish(mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows == 0 {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.records.finish()),
            Arc::new(self.fields.finish()),
            Arc::new(self.numbers.finish()),
            Arc::new(self.names.finish()),
            Arc::new(self.keys.finish()),
        ];
        RecordBatch::try_new(Arc::new(names_schema()), columns).map(Some)
    }
}

/// The columns of the names of cells that hold several.
pub fn names_schema() -> Schema {
    Schema::new(vec![
        Field::new(RECORD, DataType::Int64, false),
        Field::new("field", DataType::Utf8, false),
        Field::new("number", DataType::Int64, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("key", DataType::Utf8, false),
    ])
}

/// The number of a record within its file.
fn record_id(table: u16, row: u32) -> i64 {
    Address { file: 0, table, row }.record()
}

fn code_list(spellings: &IndexMap<String, Vec<String>>) -> CodeList {
    let own = spellings.keys().map(|value| (code_key(value), value.clone()));
    let given = spellings.iter().flat_map(|(value, all)| all.iter().map(move |s| (code_key(s), value.clone())));
    own.chain(given).collect()
}
