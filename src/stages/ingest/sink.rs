//! Where the records of a file go.

use crate::model::raw::{PartStart, RawCell, SumKind, TableMeta};

/// Receives what a file holds, in reading order.
pub trait RecordSink {
    /// What was received so far is void: the file is read once more from its beginning.
    fn restart(&mut self);
    /// A table begins.
    fn table(&mut self, meta: &TableMeta);
    /// A record; `cells` has one place for each field of the form.
    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]);
    /// A sum row, to be checked and never loaded.
    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]);
    /// A part of a table begins.
    fn part(&mut self, meta: &TableMeta, start: PartStart);
    /// A table ends.
    fn end_table(&mut self, meta: &TableMeta);
}
