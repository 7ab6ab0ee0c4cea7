//! A text over a whole row of a table.

use rust_xlsxwriter::{Format, Worksheet};

use super::error::WorkbookError;
use super::table::Table;

/// Gives the index of the last column.
pub(super) fn last_column(table: &Table) -> u16 {
    u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(u16::MAX)
}

/// Writes a text over a whole row of the table.
pub(super) fn across(sheet: &mut Worksheet, row: u32, last: u16, text: &str, format: &Format) -> Result<(), WorkbookError> {
    if last == 0 {
        sheet.write_string_with_format(row, 0, text, format)?;
    } else {
        sheet.merge_range(row, 0, row, last, text, format)?;
    }
    Ok(())
}
