//! Standardize: typed columns beside the raw text.
//!
//! Takes: records as ingest found them. Gives: one Arrow table per table of the file, with for each field `f`
//! - `f` the typed value (codes and names as folded text, dates, booleans, amounts as Decimal128(28,4) yuan),
//! - `f_raw` the text as stored, `f_state` why there is or is no value, `f_cell` how the cell was stored,
//! - `f_unit` yuan per unit for amounts, `f_key` the match key of a name, `f_precision` of a date;
//!
//! and `period`: the year that the table states, else the one in the record's own year column;
//! beside them the sum rows of each table whose reach can be told, and the single names of cells that hold several.
//! Invariants: a value is stated, stated zero, or absent with a reason; a unit is applied from cell over column over
//! table and never guessed; amounts never pass through a binary float; the same records give the same bytes.

mod column;
mod mark;
mod reach;
mod schema;
mod sums;
mod table;
mod value;

pub use schema::{PRECISIONS, RECORD, field_columns, state};
pub use sums::schema as sums_schema;
pub use table::{StandardizedTable, Standardizer, names_schema};
