//! Bounds on what a file may ask for.
//!
//! Owns: every number that stops a hostile or broken file. The defaults keep the reader inside an
//! address space of 1 GiB; they are far above anything a bureau's table reaches.

use crate::config::LARGEST_FILE_MIB;

/// Bounds on what a file may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file itself, in bytes.
    pub file_bytes: u64,
    /// Size of an old .xls file, which is parsed whole, in bytes.
    pub xls_bytes: u64,
    /// Entries of an archive.
    pub archive_entries: usize,
    /// Bytes that all needed parts of an archive may inflate to.
    pub inflated_bytes: u64,
    /// Inflated size over packed size of a part that inflates beyond `ratio_from_bytes`.
    pub inflate_ratio: u64,
    /// Inflated size below which the ratio is not looked at, in bytes.
    pub ratio_from_bytes: u64,
    /// Size of a part that is held whole (relations, workbook, styles), in bytes.
    pub small_part_bytes: u64,
    /// Size of one XML tag or one run of text, in bytes.
    pub token_bytes: usize,
    /// Size of the table of shared strings, in bytes of text.
    pub shared_text_bytes: usize,
    /// Number of shared strings.
    pub shared_strings: usize,
    /// Sheets of a workbook.
    pub sheets: usize,
    /// Cells of a file, blank ones included.
    pub cells: u64,
    /// Text of one cell, in bytes; a longer one is cut, with a note.
    pub cell_text_bytes: usize,
    /// Texts of one row together, in bytes.
    pub row_text_bytes: usize,
    /// Texts of all cells together, in bytes.
    pub total_text_bytes: u64,
    /// Merged regions of a sheet.
    pub merged_regions: usize,
    /// Area of the used range of a sheet in a format that is parsed into a dense grid, in cells.
    pub dense_cells: u64,
    /// Notes of one code about one sheet; the rest are only counted.
    pub notes_per_code: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: LARGEST_FILE_MIB << 20,
            xls_bytes: 64 << 20,
            archive_entries: 2_000,
            inflated_bytes: 1 << 30,
            inflate_ratio: 200,
            ratio_from_bytes: 16 << 20,
            small_part_bytes: 32 << 20,
            token_bytes: 8 << 20,
            shared_text_bytes: 256 << 20,
            shared_strings: 4 << 20,
            sheets: 1_000,
            cells: 50_000_000,
            cell_text_bytes: 256 << 10,
            row_text_bytes: 32 << 20,
            total_text_bytes: 512 << 20,
            merged_regions: 200_000,
            dense_cells: 8_000_000,
            notes_per_code: 200,
        }
    }
}

/// Rows of a sheet in every current format.
pub(super) const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet in every current format.
pub(super) const MAX_COLUMNS: u32 = 16_384;
