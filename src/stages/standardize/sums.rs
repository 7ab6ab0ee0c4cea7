//! Sum rows beside the sums of the records above them.
//!
//! Sums are taken over values as stated, before any edit withholds one: a sum row verifies the copy of a table, not the
//! truth of its figures. They are added in checked 128-bit integers, so they cannot wrap.

use super::column::Reading;
use super::schema::{state, word_type, words};
use super::value::{Stated, number_state};
use crate::model::amount::Unit;
use crate::model::raw::{RawCell, SumKind};
use datafusion::arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use std::sync::Arc;

/// A running sum of one column; nothing once a cell in it could not be read.
#[derive(Debug, Clone, Copy)]
struct Running(Option<i128>);

impl Running {
    fn add(&mut self, reading: Reading) {
        self.0 = match reading {
            Reading::Value(value) => self.0.and_then(|sum| sum.checked_add(value)),
            Reading::Absent | Reading::Year(_) => self.0,
            Reading::Unreadable => None,
        };
    }
}

/// A sum row of the table.
#[derive(Debug, Clone, Copy)]
pub struct SumRow<'a> {
    /// Its number.
    pub record: i64,
    /// What it adds up.
    pub kind: SumKind,
    /// The word that says so.
    pub label: &'a str,
}

/// One figure of a sum row.
struct Line {
    record: i64,
    field: usize,
    label: String,
    total: bool,
    stated: (i8, Option<i128>),
    raw: String,
    computed: Option<i128>,
    unit: i64,
}

/// The sums of one table.
#[derive(Default)]
pub struct Sums {
    total: Vec<Running>,
    subtotal: Vec<Running>,
    lines: Vec<Line>,
}

impl Sums {
    /// Sums over `fields` columns.
    pub fn new(fields: usize) -> Self {
        Self { total: vec![Running(Some(0)); fields], subtotal: vec![Running(Some(0)); fields], lines: Vec::new() }
    }

    /// Adds a record's figure.
    pub fn add(&mut self, field: usize, reading: Reading) {
        self.total[field].add(reading);
        self.subtotal[field].add(reading);
    }

    /// Takes one figure of a sum row; `unit` is its column's.
    pub fn line(&mut self, row: &SumRow<'_>, field: usize, cell: RawCell<'_>, stated: Stated<(i128, Unit)>, unit: Option<Unit>) {
        self.lines.push(Line {
            record: row.record,
            field,
            label: row.label.to_owned(),
            total: row.kind == SumKind::Total,
            stated: (number_state(&stated), stated.ok().map(|(value, _)| value)),
            raw: cell.text.to_owned(),
            computed: self.subtotal[field].0,
            unit: stated.ok().map(|(_, unit)| unit).or(unit).map_or(1, Unit::yuan),
        });
    }

    /// Begins the next group of rows.
    pub fn end_group(&mut self) {
        self.subtotal.fill(Running(Some(0)));
    }

    /// The sum rows of the table; a total compares with the whole table, wherever it stands.
    pub fn finish(self, fields: &[String]) -> Result<Option<RecordBatch>, ArrowError> {
        if self.lines.is_empty() {
            return Ok(None);
        }
        let decimal = |values: Vec<Option<i128>>| Decimal128Array::from(values).with_precision_and_scale(28, 4);
        let computed = |l: &Line| if l.total { self.total[l.field].0 } else { l.computed };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(self.lines.iter().map(|l| l.record))),
            Arc::new(StringArray::from_iter_values(self.lines.iter().map(|l| &fields[l.field]))),
            Arc::new(StringArray::from_iter_values(self.lines.iter().map(|l| l.label.trim()))),
            Arc::new(decimal(self.lines.iter().map(|l| l.stated.1).collect())?),
            words(self.lines.iter().map(|l| Some(l.stated.0)).collect(), &state::WORDS),
            Arc::new(StringArray::from_iter_values(self.lines.iter().map(|l| &l.raw))),
            Arc::new(decimal(self.lines.iter().map(computed).collect())?),
            Arc::new(decimal(self.lines.iter().map(|l| Some(i128::from(l.unit) * 10_000)).collect())?),
        ];
        RecordBatch::try_new(Arc::new(schema()), columns).map(Some)
    }
}

/// The columns of `sum_rows`.
pub fn schema() -> Schema {
    let decimal = DataType::Decimal128(28, 4);
    Schema::new(vec![
        Field::new("record", DataType::Int64, false),
        Field::new("field", DataType::Utf8, false),
        Field::new("label", DataType::Utf8, false),
        Field::new("stated", decimal.clone(), true),
        Field::new("stated_state", word_type(), true),
        Field::new("stated_raw", DataType::Utf8, false),
        Field::new("computed", decimal.clone(), true),
        Field::new("unit", decimal, false),
    ])
}
