//! Sum rows beside the sums of the records above them.
//!
//! What a sum row adds up its [`reach`](super::reach) says.
//! Sums are taken over values as stated, before any edit withholds one: a sum row verifies the copy of a table, not the
//! truth of its figures. They are added in checked 128-bit integers, so they cannot wrap.

use super::column::Reading;
use super::mark::{Line, Mark, SumPosition, Tally, What};
use super::reach::Reaches;
use super::schema::{state, word_type, words};
use super::value::{Stated, number_state};
use crate::model::amount::Unit;
use crate::model::raw::{PartStart, RawCell, SumKind};
use datafusion::arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use std::sync::Arc;

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

/// The sums of one table.
#[derive(Default)]
pub struct Sums {
    now: SumPosition,
    marks: Vec<Mark>,
}

impl Sums {
    /// Sums over `fields` columns.
    pub fn new(fields: usize) -> Self {
        Self { now: SumPosition { records: 0, tallies: vec![Tally::default(); fields] }, marks: Vec::new() }
    }

    /// Begins a record.
    pub fn record(&mut self) {
        self.now.records += 1;
    }

    /// Adds a figure of the record begun.
    pub fn add(&mut self, field: usize, reading: Reading) {
        self.now.tallies[field].add(reading);
    }

    /// Begins a part of the table.
    pub fn part(&mut self, start: PartStart) {
        let again = |mark: &Mark| matches!(mark.what, What::Part(s) if s == start) && mark.at.records == self.now.records;
        if !self.marks.last().is_some_and(again) {
            self.mark(What::Part(start));
        }
    }

    /// Begins a sum row.
    pub fn sum(&mut self, row: &SumRow<'_>) {
        self.mark(What::Sum { record: row.record, kind: row.kind, label: row.label.trim().to_owned(), lines: Vec::new() });
    }

    fn mark(&mut self, what: What) {
        self.marks.push(Mark { at: self.now.clone(), what });
    }

    /// Takes one figure of the sum row begun; `unit` is its column's.
    pub fn line(&mut self, field: usize, cell: RawCell<'_>, stated: Stated<(i128, Unit)>, unit: Option<Unit>) {
        let unit = stated.ok().map(|(_, unit)| unit).or(unit).map_or(1, Unit::yuan);
        let stated = (number_state(&stated), stated.ok().map(|(value, _)| value));
        if let Some(Mark { what: What::Sum { lines, .. }, .. }) = self.marks.last_mut() {
            lines.push(Line { field, stated, raw: cell.text.to_owned(), unit });
        }
    }

    /// The sum rows of the table beside the sums of the records that they add up; one whose records cannot be told is left
    /// out, since nothing can be said of it.
    pub fn finish(self, fields: &[String]) -> Result<Option<RecordBatch>, ArrowError> {
        let start = SumPosition { records: 0, tallies: vec![Tally::default(); fields.len()] };
        let table = Reaches::new(&self.marks, &start, &self.now);
        let told: Vec<(i64, &str, &Line, Option<i128>)> = (0..self.marks.len())
            .filter_map(|at| match &self.marks[at].what {
                What::Sum { record, label, lines, .. } => table.of(at).map(|reach| (*record, label, lines, reach)),
                What::Part(_) => None,
            })
            .flat_map(|(record, label, lines, reach)| lines.iter().map(move |line| (record, label.as_str(), line, reach.sum(line.field))))
            .collect();
        if told.is_empty() {
            return Ok(None);
        }
        let decimal = |values: Vec<Option<i128>>| Decimal128Array::from(values).with_precision_and_scale(28, 4);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(told.iter().map(|t| t.0))),
            Arc::new(StringArray::from_iter_values(told.iter().map(|t| &fields[t.2.field]))),
            Arc::new(StringArray::from_iter_values(told.iter().map(|t| t.1))),
            Arc::new(decimal(told.iter().map(|t| t.2.stated.1).collect())?),
            words(told.iter().map(|t| Some(t.2.stated.0)).collect(), &state::WORDS),
            Arc::new(StringArray::from_iter_values(told.iter().map(|t| &t.2.raw))),
            Arc::new(decimal(told.iter().map(|t| t.3).collect())?),
            Arc::new(decimal(told.iter().map(|t| Some(t.2.tolerance())).collect())?),
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
