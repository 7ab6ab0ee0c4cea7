//! The second reading of the tables: their rows and cells.

use super::super::archive::xml_refusal;
use super::super::feed::{Feed, column_exists, too_much};
use super::super::limits::MAX_ROWS;
use super::super::row::{Refusal, SheetHead};
use super::super::xml::{Scanner, Token, XmlError};
use super::cell::{OdsCell, count};
use super::element::skip;
use super::survey::{Survey, is_hidden};

/// The part that holds all tables.
pub(super) const CONTENT: &str = "content.xml";

/// Reads all tables.
pub(super) struct TableReader<'r, 'f, 's> {
    scanner: Scanner<'r>,
    survey: &'r Survey,
    feed: &'f mut Feed<'s>,
    /// Cells of the current row that hold something, with their first columns.
    cells: Vec<(u32, OdsCell)>,
    /// Cells that stand for others so far.
    dense: u64,
}

impl<'r, 'f, 's> TableReader<'r, 'f, 's> {
    /// Makes a reader of the part that holds the tables.
    pub(super) fn new(scanner: Scanner<'r>, survey: &'r Survey, feed: &'f mut Feed<'s>) -> Self {
        Self { scanner, survey, feed, cells: Vec::new(), dense: 0 }
    }

    /// Hands out all tables.
    pub(super) fn read(mut self) -> Result<(), Refusal> {
        let mut index = 0;
        loop {
            match self.scanner.next().map_err(refuse)? {
                Token::Start(tag) if tag.name == b"table" && !tag.empty => {
                    self.table(index)?;
                    index += 1;
                }
                Token::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// Hands out one table.
    fn table(&mut self, index: usize) -> Result<(), Refusal> {
        let Some(head) = self.survey.tables.get(index) else {
            return Err(refuse(XmlError::Malformed(self.scanner.offset())));
        };
        self.feed.begin_sheet(&SheetHead {
            index,
            name: head.name.clone(),
            visible: head.visible,
            merged: Some(head.merged.clone()),
            hidden_columns: Some(head.hidden_columns.clone()),
        });
        if self.survey.is_shared(&head.name) {
            self.feed.sheet_note("CEL-230", Vec::new());
        }
        let mut row: u32 = 1;
        loop {
            let offset = self.scanner.offset();
            match self.scanner.next().map_err(refuse)? {
                Token::Start(tag) if tag.name == b"shapes" && !tag.empty => {
                    skip(&mut self.scanner, b"shapes").map_err(refuse)?;
                }
                Token::Start(tag) if tag.name == b"table-row" => {
                    let (hidden, repeat, empty) = (is_hidden(&tag), count(&tag, b"number-rows-repeated"), tag.empty);
                    if !empty {
                        self.row()?;
                        self.hand_out(row, repeat, hidden)?;
                    }
                    row = row.saturating_add(repeat);
                }
                Token::End(b"table") => break,
                Token::Eof => return Err(refuse(XmlError::Malformed(offset))),
                _ => {}
            }
        }
        self.feed.end_sheet();
        Ok(())
    }

    /// Reads the cells of a row up to its end.
    fn row(&mut self) -> Result<(), Refusal> {
        self.cells.clear();
        let mut column: u32 = 0;
        loop {
            let offset = self.scanner.offset();
            match self.scanner.next().map_err(refuse)? {
                Token::Start(tag) if tag.name == b"table-cell" || tag.name == b"covered-table-cell" => {
                    let mut cell = OdsCell::of(&tag);
                    if !tag.empty {
                        cell.read_text(&mut self.scanner).map_err(refuse)?;
                    }
                    self.feed.count()?;
                    let first = column;
                    column = column.saturating_add(cell.repeat);
                    if !cell.is_blank() {
                        self.cells.push((first, cell));
                    }
                }
                Token::End(b"table-row") => return Ok(()),
                Token::Eof => return Err(refuse(XmlError::Malformed(offset))),
                _ => {}
            }
        }
    }

    /// Hands the row out as often as it stands.
    fn hand_out(&mut self, first: u32, repeat: u32, hidden: bool) -> Result<(), Refusal> {
        if self.cells.is_empty() {
            return Ok(());
        }
        // Two numbers in a tag may ask for more cells than a file could hold.
        let repeated: u64 = self.cells.iter().map(|(_, cell)| u64::from(cell.repeat)).sum();
        if repeat > 1 || repeated > self.cells.len() as u64 {
            self.dense = self.dense.saturating_add(repeated.saturating_mul(u64::from(repeat)));
            if self.dense > self.feed.limits.dense_cells {
                return Err(too_much("used range cells", self.feed.limits.dense_cells));
            }
        }
        for row in first..first.saturating_add(repeat) {
            self.feed.begin_row(row, hidden);
            if row > MAX_ROWS {
                self.feed.note("CEL-203", None, vec![("address", row.to_string())]);
                return Ok(());
            }
            for (column, cell) in &self.cells {
                for column in *column..column.saturating_add(cell.repeat) {
                    if !column_exists(column) {
                        self.feed.cell_note("CEL-203", column, vec![("address", column.to_string())]);
                        break;
                    }
                    self.feed.count()?;
                    cell.hand_out(column, self.feed)?;
                }
            }
            self.feed.end_row()?;
        }
        Ok(())
    }
}

/// Makes the refusal of a part that is no XML.
fn refuse(error: XmlError) -> Refusal {
    xml_refusal(CONTENT, &error)
}
