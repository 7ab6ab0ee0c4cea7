//! The workbook kit: tables in, sheets that are read on a screen, printed and signed out.
//!
//! Owns everything about the look and safety of workbooks: titles, headers, units, widths, number formats, page set-up,
//! covers, overviews with charts, the split of tables that are too long for a sheet. Knows nothing of datasets, so any
//! part of the program can use it.
//!
//! Takes a [`Table`] and its rows, streamed in order into a [`TableWriter`]; a [`Cover`]; an [`Overview`]. Gives an
//! xlsx file and a [`BookReport`] on what could not be shown as given.
//!
//! Invariants:
//! - Text is written as text, whatever it begins with; a formula comes from the program only, together with its result.
//! - A decimal becomes a spreadsheet number only if it reads back exactly, else text; no arithmetic in binary floats.
//! - Codes are text. Not-a-number and infinity cannot be expressed.
//! - Equal content gives equal bytes: nothing depends on the clock, the machine or the order of a hash table.
//! - Every text that the reader sees comes from the caller or from the catalogue of words.
//! - Nothing is said by color alone.
//!
//! Deliberately absent: zebra stripes, which sorting and filtering would scramble; formulas from data; macros.

mod across;
mod book;
mod canvas;
mod cell;
mod chart;
mod cover;
mod error;
mod head;
mod look;
mod number;
mod overview;
mod page;
mod table;
mod table_writer;
mod text;
mod value;
mod width;

pub use book::{Book, BookProperties, BookReport};
pub use chart::{Chart, ChartKind, ChartPlace};
pub use cover::{Block, Cover, GridColumn};
pub use error::WorkbookError;
pub use overview::{Overview, Panel, Tile};
pub use table::{Column, RowStyle, Tab, Table};
pub use table_writer::TableWriter;
pub use value::{CellRange, Formula, Mark, Outcome, Value};

#[cfg(test)]
mod tests;
