//! What an outcome and a finding are read from: the columns of a batch.

use super::compile::Compiled;
use crate::finding::{Expected, Finding};
use crate::model::finding_key::FindingKey;
use chrono::NaiveDate;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int8Type, Int32Type, Int64Type};
use datafusion::arrow::util::display::array_value_to_string;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The outcome of a row.
pub(super) fn outcome(outcomes: &BooleanArray, row: usize) -> Option<bool> {
    outcomes.is_valid(row).then(|| outcomes.value(row))
}

/// Reads what a finding shows from the columns of a batch.
pub(super) struct FindingReader<'a> {
    edit: &'a Compiled,
    dataset: Arc<str>,
    shown: BTreeMap<&'a str, &'a ArrayRef>,
    enterprise: Option<&'a ArrayRef>,
}

impl<'a> FindingReader<'a> {
    pub(super) fn new(batch: &'a RecordBatch, edit: &'a Compiled, dataset: &str) -> Self {
        let column = |field: &str| batch.column_by_name(&format!("{field}_raw")).or_else(|| batch.column_by_name(field));
        Self {
            edit,
            dataset: dataset.into(),
            shown: edit.shown.iter().filter_map(|f| Some((f.as_str(), column(f)?))).collect(),
            enterprise: batch.column_by_name("enterprise"),
        }
    }

    pub(super) fn read(&self, row: usize, record: i64, expected: Option<Expected>) -> Finding {
        let text = |field: &str| self.shown.get(field).and_then(|c| display(c, row));
        Finding {
            code: self.edit.code.clone(),
            severity: self.edit.severity,
            dataset: self.dataset.clone(),
            record: Some(record),
            file: None,
            sheet: None,
            cell: None,
            fields: self.edit.fields.clone(),
            found: self.edit.fields.first().and_then(|f| text(f)).unwrap_or_default(),
            expected,
            args: self.shown.keys().filter_map(|f| Some(((*f).to_owned(), text(f)?))).collect(),
            enterprise: self.enterprise.and_then(|c| display(c, row)),
            key: FindingKey::default(),
            explained: None,
        }
    }
}

/// A value as text; nothing for null.
fn display(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).to_owned()),
        DataType::Int32 => Some(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Some(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int8Type>();
            let values = words.values().as_string::<i32>();
            Some(values.value(words.key(row)?).to_owned())
        }
        _ => None,
    }
}

/// What an edit expected, as it is shown: a place only if it is another record's, money only beside a field that holds it.
pub(super) fn expectation(edit: &Compiled, column: &ArrayRef, row: usize) -> Option<Expected> {
    if column.is_null(row) {
        return None;
    }
    let integer =
        || cast(&column.slice(row, 1), &DataType::Int64).ok().filter(|v| v.is_valid(0)).map(|v| v.as_primitive::<Int64Type>().value(0));
    match column.data_type() {
        DataType::Int64 if edit.expects_record => integer().map(Expected::Record),
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days)).map(Expected::Date)
        }
        DataType::Boolean => Some(Expected::Text(if column.as_boolean().value(row) { "@value.true" } else { "@value.false" }.to_owned())),
        whole if whole.is_integer() => integer().map(Expected::Number).or_else(|| written(column, row)),
        DataType::Decimal128(..) | DataType::Decimal256(..) if edit.expects_amount => amount(column, row).or_else(|| written(column, row)),
        _ => display(column, row).map(Expected::Text).or_else(|| written(column, row)),
    }
}

/// An amount of any scale.
fn amount(column: &ArrayRef, row: usize) -> Option<Expected> {
    let money = cast(&column.slice(row, 1), &DataType::Decimal128(38, 4)).ok()?;
    money.is_valid(0).then(|| Expected::Amount(money.as_primitive::<Decimal128Type>().value(0)))
}

/// A value of any type as the engine writes it, a decimal without needless zeros.
fn written(column: &ArrayRef, row: usize) -> Option<Expected> {
    let text = array_value_to_string(column, row).ok()?;
    let bare = match column.data_type() {
        DataType::Decimal128(..) | DataType::Decimal256(..) if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.'),
        _ => &text,
    };
    Some(Expected::Text(bare.to_owned()))
}
