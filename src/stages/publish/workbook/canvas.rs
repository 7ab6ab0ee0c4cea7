//! A sheet that is laid out freely: covers and overviews.
//!
//! Owns a whole small sheet in memory, so that charts find their figures and rows may be written in any order.

use rust_xlsxwriter::{Format, Worksheet};

use super::book::Book;
use super::error::WorkbookError;
use super::text::cell_text;
use super::width::row_points;

/// Lays out texts on a small sheet.
pub(super) struct Canvas<'b> {
    pub(super) book: &'b mut Book,
    pub(super) sheet: Worksheet,
    pub(super) name: String,
    /// The next free row.
    pub(super) row: u32,
    /// Pixels from the top of the sheet to `row`.
    pub(super) top_pixels: u32,
}

impl<'b> Canvas<'b> {
    /// Begins a sheet with the allowed name nearest to `wanted`.
    pub(super) fn new(book: &'b mut Book, wanted: &str) -> Result<Self, WorkbookError> {
        let name = book.take_name(wanted);
        let mut sheet = Worksheet::new();
        sheet.set_name(&name)?;
        sheet.set_default_row_height(row_points(1));
        Ok(Self { book, sheet, name, row: 0, top_pixels: 0 })
    }

    /// Writes a text over columns of the current row; both ends included.
    pub(super) fn text(&mut self, columns: (u16, u16), text: &str, format: &Format) -> Result<(), WorkbookError> {
        let fit = cell_text(text, self.book.lang);
        self.book.report.replaced_texts += u64::from(fit.replaced);
        if fit.cut {
            self.book.report.note_cut(&self.name, self.row, columns.0);
        }
        if columns.0 == columns.1 {
            self.sheet.write_string_with_format(self.row, columns.0, fit.text, format)?;
        } else {
            self.sheet.merge_range(self.row, columns.0, self.row, columns.1, &fit.text, format)?;
        }
        Ok(())
    }

    /// Ends the current row at the given height, in points.
    pub(super) fn end_row(&mut self, points: u32) -> Result<(), WorkbookError> {
        self.sheet.set_row_height(self.row, points)?;
        // Points are 3/4 of a pixel; rounded as the library does.
        let pixels = (points * 4 + 1) / 3;
        self.top_pixels += pixels;
        self.row += 1;
        Ok(())
    }

    /// Leaves rows of one line free until the sheet reaches down to `pixels`.
    pub(super) fn reach(&mut self, pixels: u32) -> Result<(), WorkbookError> {
        while self.top_pixels < pixels {
            self.end_row(row_points(1))?;
        }
        Ok(())
    }

    /// Puts the sheet into the workbook.
    pub(super) fn finish(self) {
        self.book.push(self.sheet, &self.name, 0);
    }
}
