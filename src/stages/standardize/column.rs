//! One field's columns, filled cell by cell.

use super::schema::{PRECISIONS, state, words};
use super::value::{self, CodeList, Numbers, Stated, number_state, state_of};
use crate::config::FieldOptions;
use crate::model::amount::Unit;
use crate::model::date::Precision;
use crate::model::field::FieldKind;
use crate::model::name;
use crate::model::raw::{CellType, RawCell};
use chrono::NaiveDate;
use datafusion::arrow::array::{ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder};
use datafusion::arrow::error::ArrowError;
use std::sync::Arc;

/// The value column by kind, with the columns that only this kind has.
enum Values {
    Text(StringBuilder),
    Name { names: StringBuilder, keys: StringBuilder },
    Decimal { amounts: Decimal128Builder, units: Int64Builder },
    Year(Int32Builder),
    Date { days: Date32Builder, precisions: Vec<Option<i8>> },
    Flag(BooleanBuilder),
}

impl Values {
    fn new(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Amount | FieldKind::Number => Self::Decimal { amounts: Decimal128Builder::new(), units: Int64Builder::new() },
            FieldKind::Year => Self::Year(Int32Builder::new()),
            FieldKind::Date => Self::Date { days: Date32Builder::new(), precisions: Vec::new() },
            FieldKind::Flag => Self::Flag(BooleanBuilder::new()),
            FieldKind::Name => Self::Name { names: StringBuilder::new(), keys: StringBuilder::new() },
            _ => Self::Text(StringBuilder::new()),
        }
    }
}

/// The columns of one field.
pub struct FieldColumn {
    /// What its cells hold.
    pub kind: FieldKind,
    /// How its numbers are read, if it holds numbers.
    pub numbers: Numbers,
    ends: bool,
    codes: CodeList,
    values: Values,
    states: Vec<Option<i8>>,
    raw: StringBuilder,
    cells: Vec<Option<i8>>,
}

impl FieldColumn {
    /// Starts the columns of a field of a table.
    pub fn new(field: &FieldOptions, codes: CodeList, unit: Option<Unit>) -> Self {
        Self {
            kind: field.kind,
            numbers: Numbers::new(field, unit),
            ends: field.ends,
            codes,
            values: Values::new(field.kind),
            states: Vec::new(),
            raw: StringBuilder::new(),
            cells: Vec::new(),
        }
    }

    /// Takes a cell; returns what the rest of the table asks of it.
    pub fn push(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        if self.kind != FieldKind::Text {
            self.raw.append_option(cell.map(|c| c.text));
            self.cells.push(cell.map(|c| c.kind as i8));
        }
        let cell = value::present(cell);
        let (state, reading) = match &mut self.values {
            Values::Decimal { amounts, units } => {
                let stated = cell.and_then(|c| self.numbers.read(c));
                amounts.append_option(stated.ok().map(|(value, _)| value));
                units.append_option(stated.ok().map(|(_, unit)| unit.yuan()));
                (number_state(&stated), Reading::of(&stated))
            }
            Values::Year(years) => {
                let stated = cell.and_then(value::year);
                years.append_option(stated.ok());
                (state_of(&stated), stated.map_or(Reading::Absent, Reading::Year))
            }
            Values::Date { days, precisions } => {
                let stated = cell.and_then(|c| value::date(c, self.ends));
                days.append_option(stated.ok().and_then(|(day, _)| i32::try_from((day - NaiveDate::default()).num_days()).ok()));
                precisions.push(stated.ok().map(|(_, precision)| match precision {
                    Precision::Day => 0,
                    Precision::Month => 1,
                    Precision::Year => 2,
                }));
                (state_of(&stated), Reading::Absent)
            }
            Values::Flag(flags) => {
                let stated = cell.and_then(value::flag);
                flags.append_option(stated.ok());
                (state_of(&stated), Reading::Absent)
            }
            Values::Text(texts) => {
                let stated = cell.and_then(|c| value::words(self.kind, &self.codes, c));
                texts.append_option(stated.as_ref().ok());
                (state_of(&stated), Reading::Absent)
            }
            Values::Name { names, keys } => {
                let stated = cell.and_then(|c| value::words(self.kind, &self.codes, c));
                names.append_option(stated.as_ref().ok());
                keys.append_option(stated.as_ref().ok().map(|tidy| name::match_key(tidy)));
                (state_of(&stated), Reading::Absent)
            }
        };
        self.states.push(Some(state));
        reading
    }

    /// Hands over the columns, in the order of [`super::field_columns`], and starts anew.
    pub fn finish(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let (value, own): (ArrayRef, Option<ArrayRef>) = match &mut self.values {
            Values::Text(texts) => (Arc::new(texts.finish()), None),
            Values::Name { names, keys } => (Arc::new(names.finish()), Some(Arc::new(keys.finish()))),
            Values::Decimal { amounts, units } => {
                (Arc::new(amounts.finish().with_precision_and_scale(28, 4)?), Some(Arc::new(units.finish())))
            }
            Values::Year(years) => (Arc::new(years.finish()), None),
            Values::Date { days, precisions } => (Arc::new(days.finish()), Some(words(std::mem::take(precisions), &PRECISIONS))),
            Values::Flag(flags) => (Arc::new(flags.finish()), None),
        };
        let mut columns = vec![value, words(std::mem::take(&mut self.states), &state::WORDS)];
        if self.kind != FieldKind::Text {
            columns.push(Arc::new(self.raw.finish()));
            columns.push(words(std::mem::take(&mut self.cells), &CellType::WORDS));
        }
        columns.extend(own);
        Ok(columns)
    }
}

/// What a cell tells the rest of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A number: yuan (or plain units) at scale 4.
    Value(i128),
    /// A year, which is the record's period where the table states none.
    Year(i32),
    /// Nothing.
    Absent,
    /// Something that should be a number and is none.
    Unreadable,
}

impl Reading {
    fn of(stated: &Stated<(i128, Unit)>) -> Self {
        match stated {
            Ok((value, _)) => Self::Value(*value),
            Err(state::BLANK | state::MARK) => Self::Absent,
            Err(_) => Self::Unreadable,
        }
    }
}
