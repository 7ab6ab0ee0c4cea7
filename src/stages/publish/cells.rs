//! Values of record batches as cells of workbooks.
//!
//! Owns: how a column's type becomes a cell's kind, and the words of coded values. Columns are looked up once a batch,
//! values are lent, nothing is copied a cell. Invariant: decimals stay decimals.

use super::workbook::Value;
use crate::config::Config;
use crate::finding::find_word;
use crate::model::words::Lang;
use chrono::NaiveDate;
use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type};
use std::collections::HashMap;

/// What a decimal means; other types speak for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text as it is, or whatever the column's type is.
    Plain,
    /// A value of a code list, shown in words.
    Word,
    /// Yuan.
    Amount,
    /// A share.
    Ratio,
    /// A number; whole ones without decimals.
    Number,
}

/// The words of coded values in the language of the run.
pub struct Vocabulary<'a> {
    codes: HashMap<&'a str, &'a str>,
    yes: &'a str,
    no: &'a str,
}

impl<'a> Vocabulary<'a> {
    /// Words of the catalogue; a site's own code shows its first spelling.
    pub fn new(config: &'a Config, lang: Lang) -> Self {
        let mut codes = HashMap::new();
        for (code, spellings) in config.codes.values().flatten() {
            let word = find_word(lang, &format!("value.{code}")).or(spellings.first().map(String::as_str));
            codes.insert(code.as_str(), word.unwrap_or(code));
        }
        let flag = |key: &str| find_word(lang, key).unwrap_or_default();
        Self { codes, yes: flag("value.true"), no: flag("value.false") }
    }

    /// The word of a code; the code itself if it has none.
    pub fn word(&self, code: &'a str) -> &'a str {
        self.codes.get(code).copied().unwrap_or(code)
    }

    /// Yes or no.
    pub fn flag(&self, value: bool) -> &'a str {
        if value { self.yes } else { self.no }
    }
}

/// A column of a batch, ready to be read row by row.
pub enum Reader<'a> {
    /// There is no such column.
    Missing,
    /// Texts and what they mean.
    Text(&'a StringArray, Shape),
    /// Decimals of scale 4 and what they mean.
    Decimal(&'a Decimal128Array, Shape),
    /// Whole numbers.
    Int64(&'a Int64Array),
    /// Whole numbers.
    Int32(&'a Int32Array),
    /// Yes or no.
    Flag(&'a BooleanArray),
    /// Days.
    Date(&'a Date32Array),
}

impl<'a> Reader<'a> {
    /// Finds a column by name.
    pub fn of(batch: &'a RecordBatch, name: &str, shape: Shape) -> Self {
        let Some(array) = batch.column_by_name(name) else { return Reader::Missing };
        match array.data_type() {
            DataType::Utf8 => Reader::Text(array.as_string::<i32>(), shape),
            DataType::Decimal128(_, 4) => Reader::Decimal(array.as_primitive::<Decimal128Type>(), shape),
            DataType::Int64 => Reader::Int64(array.as_primitive::<Int64Type>()),
            DataType::Int32 => Reader::Int32(array.as_primitive::<Int32Type>()),
            DataType::Boolean => Reader::Flag(array.as_boolean()),
            DataType::Date32 => Reader::Date(array.as_primitive::<Date32Type>()),
            other => {
                tracing::error!(column.name = name, column.type = %other, "type has no cell");
                Reader::Missing
            }
        }
    }

    /// The cell of a row; blank where there is no value.
    pub fn value(&self, row: usize, words: &Vocabulary<'a>) -> Value<'a> {
        match self {
            Reader::Text(texts, Shape::Word) if texts.is_valid(row) => Value::Text(words.word(texts.value(row))),
            Reader::Flag(flags) if flags.is_valid(row) => Value::Text(words.flag(flags.value(row))),
            _ => self.plain(row),
        }
    }

    fn plain(&self, row: usize) -> Value<'a> {
        match self {
            Reader::Text(texts, _) if texts.is_valid(row) => Value::Text(texts.value(row)),
            Reader::Decimal(decimals, shape) if decimals.is_valid(row) => decimal(decimals.value(row), *shape),
            Reader::Int64(numbers) if numbers.is_valid(row) => Value::Count(numbers.value(row)),
            Reader::Int32(numbers) if numbers.is_valid(row) => Value::Count(numbers.value(row).into()),
            Reader::Date(days) if days.is_valid(row) => day(days.value(row)).map_or(Value::Blank, Value::Date),
            _ => Value::Blank,
        }
    }

    /// The text of a row; empty where there is none.
    pub fn text(&self, row: usize) -> &'a str {
        match self {
            Reader::Text(texts, _) if texts.is_valid(row) => texts.value(row),
            _ => "",
        }
    }

    /// Whether a row says yes.
    pub fn is_true(&self, row: usize) -> bool {
        matches!(self, Reader::Flag(flags) if flags.is_valid(row) && flags.value(row))
    }

    /// The whole number of a row: a record's, or a count.
    pub fn whole(&self, row: usize) -> Option<i64> {
        match self {
            Reader::Int64(numbers) if numbers.is_valid(row) => Some(numbers.value(row)),
            _ => None,
        }
    }

    /// The decimal of a row, in ten-thousandths.
    pub fn units(&self, row: usize) -> Option<i128> {
        match self {
            Reader::Decimal(decimals, _) if decimals.is_valid(row) => Some(decimals.value(row)),
            _ => None,
        }
    }

    /// Whether a row has a value.
    pub fn has(&self, row: usize) -> bool {
        self.plain(row) != Value::Blank || matches!(self, Reader::Flag(flags) if flags.is_valid(row))
    }
}

fn decimal<'a>(value: i128, shape: Shape) -> Value<'a> {
    const ONE: i128 = 10_000;
    let whole = i64::try_from(value / ONE).ok().filter(|_| value % ONE == 0);
    match (shape, whole, i64::try_from(value)) {
        (Shape::Amount, ..) => Value::Amount(value),
        (Shape::Ratio, _, Ok(ratio)) => Value::Ratio(ratio),
        (_, Some(whole), _) => Value::Count(whole),
        _ => Value::Number { unscaled: value, scale: 4 },
    }
}

fn day(days: i32) -> Option<NaiveDate> {
    NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)))
}

/// A sum of a column's values, for rows of totals.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Total {
    /// Nothing to add up.
    #[default]
    None,
    /// Money.
    Amount(i128),
    /// Whole numbers.
    Count(i64),
}

impl Total {
    /// Adds a cell.
    pub fn add(&mut self, value: &Value<'_>) {
        *self = match (*self, value) {
            (Total::None, Value::Amount(more)) => Total::Amount(*more),
            (Total::None, Value::Count(more)) => Total::Count(*more),
            (Total::Amount(sum), Value::Amount(more)) => Total::Amount(sum + more),
            (Total::Count(sum), Value::Count(more)) => Total::Count(sum.saturating_add(*more)),
            (sum, _) => sum,
        };
    }

    /// The sum as a cell.
    pub fn value<'a>(self) -> Value<'a> {
        match self {
            Total::None => Value::Blank,
            Total::Amount(sum) => Value::Amount(sum),
            Total::Count(sum) => Value::Count(sum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_meaning() {
        assert_eq!(decimal(12_3400, Shape::Amount), Value::Amount(12_3400));
        assert_eq!(decimal(1453, Shape::Ratio), Value::Ratio(1453));
        assert_eq!(decimal(58_0000, Shape::Number), Value::Count(58));
        assert_eq!(decimal(5_5000, Shape::Number), Value::Number { unscaled: 5_5000, scale: 4 });
    }

    #[test]
    fn totals_add_what_is_alike() {
        let mut total = Total::default();
        for value in [Value::Blank, Value::Amount(1), Value::Text("未授权"), Value::Amount(2)] {
            total.add(&value);
        }
        assert_eq!(total, Total::Amount(3));
    }
}
