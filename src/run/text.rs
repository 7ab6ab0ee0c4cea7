//! A value of a dataset as the text that data files hold.

use crate::model::text::neutral;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, DecimalType, Int8Type, Int32Type, Int64Type};

/// Appends a value as the text that it has in CSV: texts by which runs are compared, whatever they published.
pub fn cell(column: &ArrayRef, row: usize, out: &mut String) {
    use std::fmt::Write as _;
    if column.is_null(row) {
        return;
    }
    match column.data_type() {
        DataType::Utf8 => out.push_str(&neutral(column.as_string::<i32>().value(row))),
        DataType::Int32 => _ = write!(out, "{}", column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => _ = write!(out, "{}", column.as_primitive::<Int64Type>().value(row)),
        DataType::Boolean => out.push_str(if column.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Date32 => {
            let days = chrono::TimeDelta::days(i64::from(column.as_primitive::<Date32Type>().value(row)));
            if let Some(date) = chrono::NaiveDate::default().checked_add_signed(days) {
                _ = write!(out, "{date}");
            }
        }
        DataType::Decimal128(precision, scale) => {
            let text = Decimal128Type::format_decimal(column.as_primitive::<Decimal128Type>().value(row), *precision, *scale);
            // Zeros behind the point say nothing.
            out.push_str(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text });
        }
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int8Type>();
            if let Some(key) = words.key(row) {
                out.push_str(words.values().as_string::<i32>().value(key));
            }
        }
        other => tracing::error!(column.type = %other, "type has no text in CSV"),
    }
}
