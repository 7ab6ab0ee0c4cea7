//! Codes and patent numbers as workbooks show them: as stated, and marked where an edit finds them broken.
//!
//! A broken identifier still tells the bureau which row is meant, so it is not left out; that it may be anybody's must be
//! seen. The data files hold it unmarked beside `<column>_why`.

use super::cells::{Reader, Shape};
use super::desk::Desk;
use super::workbook::{Mark, Value};
use datafusion::arrow::array::RecordBatch;
use std::collections::HashMap;

/// A column of identifiers of a batch.
pub struct Identifiers<'a> {
    stated: Reader<'a>,
    /// By row, what stands in the cell of a broken one.
    broken: HashMap<usize, String>,
}

impl<'a> Identifiers<'a> {
    /// Finds a column and, beside it, the edits that its values fail.
    pub fn of(desk: &Desk<'_>, batch: &'a RecordBatch, column: &str) -> Self {
        let [stated, why] = [column.to_owned(), format!("{column}_why")].map(|c| Reader::of(batch, &c, Shape::Plain));
        let failed = (0..batch.num_rows()).filter(|row| !why.text(*row).is_empty() && !stated.text(*row).is_empty());
        let broken = failed.map(|row| (row, desk.tell("broken_identifier", &[stated.text(row), why.text(row)]))).collect();
        Self { stated, broken }
    }

    /// The cell of a row.
    pub fn value(&self, row: usize) -> Value<'_> {
        match (self.broken.get(&row), self.stated.text(row)) {
            (Some(text), _) => Value::Marked(Mark::Error, text),
            (None, "") => Value::Blank,
            (None, text) => Value::Text(text),
        }
    }
}
