//! Datasets as files: Parquet exact and typed, CSV for spreadsheets and scripts.
//!
//! CSV is UTF-8 with mark, CRLF. A text that a spreadsheet would take for a formula (it begins with = + - @, also in
//! full width, or behind blanks, tabs or invisible marks) gets an apostrophe in front; numbers stay numbers.

use crate::config::DataFormat;
use crate::error::Error;
use crate::model::text::is_invisible;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int8Type, Int32Type, Int64Type, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a dataset.
pub fn write(format: DataFormat, path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<(), Error> {
    match format {
        DataFormat::Parquet => parquet(path, schema, batches),
        DataFormat::Csv => csv(path, schema, batches),
    }
}

fn parquet(path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<(), Error> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by("huichi".into()).build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, schema.clone(), Some(properties)).map_err(Error::bug)?;
    for batch in batches {
        writer.write(batch).map_err(Error::bug)?;
    }
    writer.close().map_err(Error::bug)?;
    Ok(())
}

fn csv(path: &Path, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<(), Error> {
    let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
    file.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    writer.write_record(schema.fields().iter().map(|f| f.name().as_str())).map_err(Error::bug)?;
    let mut text = String::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                text.clear();
                cell(column, row, &mut text);
                writer.write_field(text.as_bytes()).map_err(Error::bug)?;
            }
            writer.write_record(None::<&[u8]>).map_err(Error::bug)?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// Appends a value as text.
fn cell(column: &ArrayRef, row: usize, out: &mut String) {
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
        DataType::Decimal128(_, scale) => decimal(column.as_primitive::<Decimal128Type>().value(row), *scale, out),
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int8Type>();
            if let Some(key) = words.key(row) {
                out.push_str(words.values().as_string::<i32>().value(key));
            }
        }
        other => tracing::error!(column.type = %other, "type has no text in CSV"),
    }
}

/// A decimal without needless zeros.
fn decimal(value: i128, scale: i8, out: &mut String) {
    use std::fmt::Write as _;
    let scale = usize::try_from(scale).unwrap_or(0);
    let divisor = 10_i128.pow(u32::try_from(scale).unwrap_or(0));
    if value < 0 {
        out.push('-');
    }
    let (whole, rest) = (value.unsigned_abs() / divisor.unsigned_abs(), value.unsigned_abs() % divisor.unsigned_abs());
    _ = write!(out, "{whole}");
    if rest > 0 {
        let digits = format!("{rest:0scale$}");
        out.push('.');
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// The text, with an apostrophe in front if a spreadsheet would run it.
pub fn neutral(text: &str) -> Cow<'_, str> {
    let first = text.chars().find(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c));
    let live = first.is_some_and(|c| "=+-@＝＋－＠".contains(c));
    // A dash alone, or a negative number, is no formula.
    let harmless = text.len() <= 3 || text.parse::<f64>().is_ok();
    if live && !(harmless && text.starts_with(['-', '+', '－'])) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_neutralized_and_numbers_are_not() {
        for live in ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "＝1+1", "\t=1", " =1", "\u{200b}=1"] {
            assert!(neutral(live).starts_with('\''), "{live}");
        }
        for plain in ["-12.5", "江西某公司", "—", "-", "a=b", ""] {
            assert_eq!(neutral(plain), plain);
        }
    }

    #[test]
    fn decimals_lose_needless_zeros_only() {
        for (value, want) in [(12_3400, "12.34"), (-5, "-0.0005"), (100_0000, "100"), (0, "0")] {
            let mut out = String::new();
            decimal(value, 4, &mut out);
            assert_eq!(out, want);
        }
    }
}
