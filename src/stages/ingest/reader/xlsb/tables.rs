//! What every sheet of a workbook shares.

use super::super::number_format::Format;

/// What every sheet needs to be read.
#[derive(Default)]
pub(super) struct CellTables {
    /// Its shared strings.
    pub(super) strings: Vec<String>,
    /// The number format of each cell style.
    pub(super) formats: Vec<Format>,
}

impl CellTables {
    /// Returns the number format of a style.
    pub(super) fn format(&self, style: u32) -> &Format {
        self.formats.get(style as usize).unwrap_or(&Format::Plain)
    }
}
