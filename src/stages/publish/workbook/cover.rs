//! The cover of a workbook.
//!
//! Owns the layout of a page to be printed and signed: A4 portrait, twelve columns of equal width.

use super::book::Book;
use super::canvas::Canvas;
use super::error::WorkbookError;
use super::look;
use super::page::{self, Paper};
use super::table::Tab;
use super::width::{row_points, wrapped_lines};

/// Columns of the page.
const COLUMNS: u16 = 12;
/// Width of each, in half-width characters.
const CHARACTERS: u32 = 8;

/// Describes a cover.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    /// Name of the sheet.
    pub sheet: String,
    /// Title of the workbook.
    pub title: String,
    /// Lines below the title: issuer, date, edition.
    pub subtitle: Vec<String>,
    /// What stands on the page, from the top.
    pub blocks: Vec<Block>,
    /// Names of the lines to sign on (制表人, 审核人, 负责人, 日期).
    pub signatures: Vec<String>,
}

/// A part of a cover.
#[derive(Clone, Debug)]
pub enum Block {
    /// Names and what they are.
    Facts {
        /// Heading of the part.
        heading: String,
        /// Name and value.
        facts: Vec<(String, String)>,
    },
    /// A small table of texts.
    Grid {
        /// Heading of the part.
        heading: String,
        /// The columns; their shares are of the page's twelve.
        columns: Vec<GridColumn>,
        /// The rows; texts beyond the columns are dropped, missing ones are blank.
        rows: Vec<Vec<String>>,
    },
    /// Numbered items.
    List {
        /// Heading of the part.
        heading: String,
        /// The items, without number.
        items: Vec<String>,
    },
    /// Paragraphs.
    Notes {
        /// Heading of the part.
        heading: String,
        /// The paragraphs.
        paragraphs: Vec<String>,
    },
}

/// A column of a small table on a cover.
#[derive(Clone, Debug)]
pub struct GridColumn {
    /// Header of the column.
    pub header: String,
    /// Width in twelfths of the page.
    pub twelfths: u16,
}

impl Book {
    /// Adds a cover sheet.
    ///
    /// # Errors
    /// [`WorkbookError::Writer`] if the library refuses it.
    pub fn cover(&mut self, cover: &Cover) -> Result<(), WorkbookError> {
        write(self, cover)
    }
}

/// Writes a cover.
fn write(book: &mut Book, cover: &Cover) -> Result<(), WorkbookError> {
    let mut canvas = Canvas::new(book, &cover.sheet)?;
    for column in 0..COLUMNS {
        canvas.sheet.set_column_width(column, CHARACTERS)?;
    }
    canvas.end_row(36)?;
    canvas.text((0, COLUMNS - 1), &cover.title, &look::cover_title())?;
    // A hanzi of the title is as wide as five half-width characters of the page.
    let lines = wrapped_lines(&cover.title, u32::from(COLUMNS) * CHARACTERS * 2 / 5);
    canvas.end_row(lines * 40)?;
    for line in &cover.subtitle {
        canvas.text((0, COLUMNS - 1), line, &look::cover_subtitle())?;
        canvas.end_row(24)?;
    }
    for block in &cover.blocks {
        canvas.end_row(14)?;
        write_block(&mut canvas, block)?;
    }
    write_signatures(&mut canvas, &cover.signatures)?;
    let last = canvas.row.saturating_sub(1);
    canvas.sheet.set_print_area(0, 0, last, COLUMNS - 1)?;
    if let Some(color) = look::tab(Tab::Result) {
        canvas.sheet.set_tab_color(color);
    }
    let footer = canvas.book.footer.clone();
    page::set_up(&mut canvas.sheet, Paper::Portrait, &footer);
    canvas.finish();
    Ok(())
}

fn write_block(canvas: &mut Canvas<'_>, block: &Block) -> Result<(), WorkbookError> {
    match block {
        Block::Facts { heading, facts } => {
            write_heading(canvas, heading)?;
            for (name, value) in facts {
                canvas.text((0, 2), name, &look::fact_name())?;
                canvas.text((3, COLUMNS - 1), value, &look::fact())?;
                let lines = lines(value, COLUMNS - 3).max(lines(name, 3));
                canvas.end_row(row_points(lines) + 3)?;
            }
        }
        Block::Grid { heading, columns, rows } => {
            write_heading(canvas, heading)?;
            write_grid(canvas, columns, rows)?;
        }
        Block::List { heading, items } => {
            write_heading(canvas, heading)?;
            for (number, item) in (1_u32..).zip(items) {
                canvas.text((0, COLUMNS - 1), &format!("{number}. {item}"), &look::item())?;
                canvas.end_row(row_points(lines(item, COLUMNS - 1)) + 1)?;
            }
        }
        Block::Notes { heading, paragraphs } => {
            write_heading(canvas, heading)?;
            for paragraph in paragraphs {
                canvas.text((0, COLUMNS - 1), paragraph, &look::item())?;
                canvas.end_row(row_points(lines(paragraph, COLUMNS - 1)) + 1)?;
            }
        }
    }
    Ok(())
}

fn write_heading(canvas: &mut Canvas<'_>, heading: &str) -> Result<(), WorkbookError> {
    canvas.text((0, COLUMNS - 1), heading, &look::section())?;
    canvas.end_row(24)?;
    canvas.end_row(5)
}

fn write_grid(canvas: &mut Canvas<'_>, columns: &[GridColumn], rows: &[Vec<String>]) -> Result<(), WorkbookError> {
    let spans = spans(columns);
    let headers = columns.iter().map(|column| column.header.as_str());
    write_grid_row(canvas, &spans, headers, &look::header(), 4)?;
    for row in rows {
        write_grid_row(canvas, &spans, row.iter().map(String::as_str), &look::fact(), 2)?;
    }
    Ok(())
}

fn write_grid_row<'t>(
    canvas: &mut Canvas<'_>,
    spans: &[(u16, u16)],
    texts: impl Iterator<Item = &'t str>,
    format: &rust_xlsxwriter::Format,
    extra_points: u32,
) -> Result<(), WorkbookError> {
    let mut most = 1;
    for (span, text) in spans.iter().zip(texts.chain(std::iter::repeat(""))) {
        canvas.text(*span, text, format)?;
        most = most.max(lines(text, span.1 - span.0 + 1));
    }
    canvas.end_row(row_points(most) + extra_points)
}

/// Gives the first and last page column of each column; what goes beyond the page is dropped.
fn spans(columns: &[GridColumn]) -> Vec<(u16, u16)> {
    let mut spans = Vec::with_capacity(columns.len());
    let mut first = 0;
    for column in columns {
        if first >= COLUMNS {
            break;
        }
        let last = (first + column.twelfths.clamp(1, COLUMNS) - 1).min(COLUMNS - 1);
        spans.push((first, last));
        first = last + 1;
    }
    spans
}

/// Counts the lines of a text over some columns of the page.
fn lines(text: &str, columns: u16) -> u32 {
    wrapped_lines(text, u32::from(columns) * CHARACTERS - 3)
}

/// Two lines to sign on in each row.
fn write_signatures(canvas: &mut Canvas<'_>, names: &[String]) -> Result<(), WorkbookError> {
    if names.is_empty() {
        return Ok(());
    }
    canvas.end_row(24)?;
    for pair in names.chunks(2) {
        for (name, first) in pair.iter().zip([0, 6]) {
            canvas.text((first, first + 1), name, &look::signature_name())?;
            canvas.text((first + 2, first + 5), "", &look::signature_line())?;
        }
        canvas.end_row(34)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_columns_stay_on_the_page() {
        let column = |twelfths| GridColumn { header: String::new(), twelfths };
        assert_eq!(spans(&[column(3), column(6), column(9), column(1)]), [(0, 2), (3, 8), (9, 11)]);
        assert_eq!(spans(&[column(0)]), [(0, 0)]);
    }
}
