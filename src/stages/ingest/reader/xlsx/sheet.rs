//! The second reading of a sheet: its rows and cells.
//!
//! Owns: the meaning of `row`, `c`, `f`, `v` and `is` (ECMA-376 part 1, 18.3.1).
//! Invariants: a cell that makes no sense is noted and keeps its text; it never costs the rest of
//! the sheet. No cell allocates. The usual shapes of a cell are read in one step by [`plain`], all
//! others token by token, with the same result.

mod plain;

use super::super::archive::xml_refusal;
use super::super::feed::{Feed, column_exists, shown};
use super::super::row::{CellKind, Refusal};
use super::super::xml::{Scanner, Tag, Token, XmlError, decode};
use super::address;
use super::escape::unescape;
use super::stored_type::StoredType;
use super::strings::{Runs, SharedStrings, text_runs};
use super::styles::Styles;

/// What a cell's start tag says.
#[derive(Debug, Clone, Copy)]
struct CellHead {
    column: u32,
    stored: StoredType,
    style: usize,
}

/// Reads the rows of one sheet.
pub(super) struct SheetReader<'r, 'f, 's> {
    scanner: Scanner<'r>,
    part: &'r str,
    strings: &'r SharedStrings,
    styles: &'r Styles,
    feed: &'f mut Feed<'s>,
    /// Column that a cell without an address has.
    next_column: u32,
    last_row: u32,
    value: String,
}

impl<'r, 'f, 's> SheetReader<'r, 'f, 's> {
    /// Makes a reader of one sheet's part.
    pub(super) fn new(scanner: Scanner<'r>, part: &'r str, strings: &'r SharedStrings, styles: &'r Styles, feed: &'f mut Feed<'s>) -> Self {
        Self { scanner, part, strings, styles, feed, next_column: 0, last_row: 0, value: String::new() }
    }

    /// Hands out all rows, up to the end of `sheetData`.
    pub(super) fn read(mut self) -> Result<(), Refusal> {
        let mut inside = false;
        loop {
            let offset = self.scanner.offset();
            let token = self.scanner.next().map_err(|error| xml_refusal(self.part, &error))?;
            match token {
                Token::Start(tag) if tag.name == b"sheetData" && !tag.empty => inside = true,
                Token::Start(tag) if inside && tag.name == b"row" => {
                    let (number, hidden) = (tag.attribute(b"r").map(address::row), tag.flag(b"hidden"));
                    let empty = tag.empty;
                    self.begin_row(number, hidden, empty)?;
                    if !empty {
                        self.cells()?;
                    }
                }
                Token::End(b"sheetData") => return self.feed.end_row(),
                Token::Eof if inside => return Err(self.malformed(offset)),
                Token::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// Begins a row; one without a sensible number follows the row before.
    ///
    /// Some programs begin a row twice, first for its height and then for its cells; that is one row.
    fn begin_row(&mut self, number: Option<Option<u32>>, hidden: bool, empty: bool) -> Result<(), Refusal> {
        let next = self.last_row.saturating_add(1);
        let (row, odd) = match number {
            None => (next, false),
            Some(Some(row)) if row > 0 => (row, false),
            Some(_) => (next, true),
        };
        if row == self.last_row {
            self.feed.continue_row(hidden, empty);
        } else {
            self.feed.end_row()?;
            self.feed.begin_row(row, hidden);
        }
        if odd {
            self.feed.note("CEL-213", None, vec![("address", row.to_string())]);
        }
        self.last_row = row;
        self.next_column = 0;
        Ok(())
    }

    /// Reads the cells of a row up to its end tag.
    fn cells(&mut self) -> Result<(), Refusal> {
        loop {
            while self.plain_cell()? {}
            let offset = self.scanner.offset();
            match self.scanner.next().map_err(|error| xml_refusal(self.part, &error))? {
                Token::Start(tag) if tag.name == b"c" => {
                    let (empty, unknown) = (tag.empty, unknown_type(&tag));
                    let (head, notes) = head(&tag, self.next_column, self.last_row);
                    self.next_column = head.column.saturating_add(1);
                    for (code, text) in notes.into_iter().flatten() {
                        self.feed.cell_note(code, head.column, vec![("address", text)]);
                    }
                    if let Some(text) = unknown {
                        self.feed.cell_note("CEL-209", head.column, vec![("type", text)]);
                    }
                    self.feed.count()?;
                    if !empty {
                        self.cell(head)?;
                    }
                }
                Token::End(b"row") => return Ok(()),
                Token::Eof => return Err(self.malformed(offset)),
                _ => {}
            }
        }
    }

    /// Reads one cell in one step if it has one of the usual shapes; false if it has not.
    #[inline]
    fn plain_cell(&mut self) -> Result<bool, Refusal> {
        let Some(plain) = plain::cell(self.scanner.ahead()) else {
            return Ok(false);
        };
        let column = match plain.address {
            [] => self.next_column,
            address => match address::parse(address) {
                Some((column, row)) if row == self.last_row && column_exists(column) => column,
                _ => return Ok(false),
            },
        };
        if self.styles.is_struck(plain.style) {
            return Ok(false);
        }
        self.feed.count()?;
        match plain.stored {
            _ if plain.value.is_empty() => {}
            StoredType::Number => self.feed.number(column, false, plain.value, self.styles.format(plain.style))?,
            StoredType::Shared => match index(plain.value).and_then(|index| self.strings.get(index)) {
                Some((text, oddity)) if oddity == Default::default() => {
                    self.feed.cell(column, CellKind::Text, false, text)?;
                }
                _ => return Ok(false),
            },
            _ => {
                self.value.clear();
                if !decode(plain.value, &mut self.value) {
                    return Ok(false);
                }
                unescape(&mut self.value, 0);
                self.feed.text(column, false, &self.value)?;
            }
        }
        self.next_column = column.saturating_add(1);
        let length = plain.length;
        self.scanner.advance(length);
        Ok(true)
    }

    /// Reads the inside of a cell token by token.
    fn cell(&mut self, head: CellHead) -> Result<(), Refusal> {
        self.value.clear();
        let (mut formula, mut has_value, mut sound) = (false, false, true);
        // Some programs write a text both ways; the cell's type says which one counts.
        let mut other = String::new();
        let inline = head.stored == StoredType::Inline;
        let mut runs = Runs::WHOLE;
        loop {
            let offset = self.scanner.offset();
            let part = self.part;
            let refuse = |error: XmlError| xml_refusal(part, &error);
            match self.scanner.next().map_err(refuse)? {
                Token::Start(tag) if tag.name == b"v" => {
                    has_value = true;
                    if !tag.empty {
                        let value = if inline { &mut other } else { &mut self.value };
                        sound &= self.scanner.text_until_end(b"v", value).map_err(refuse)?;
                    }
                }
                Token::Start(tag) if tag.name == b"is" => {
                    has_value = true;
                    if !tag.empty {
                        let value = if inline { &mut self.value } else { &mut other };
                        runs = text_runs(&mut self.scanner, b"is", value).map_err(refuse)?;
                    }
                }
                Token::Start(tag) if tag.name == b"f" => formula = true,
                Token::End(b"c") => break,
                Token::End(b"row") | Token::Eof => return Err(self.malformed(offset)),
                _ => {}
            }
        }
        if self.value.is_empty() {
            std::mem::swap(&mut self.value, &mut other);
        }
        if !other.is_empty() && other != self.value {
            let both = vec![("first", shown(&self.value)), ("second", shown(&other))];
            self.feed.cell_note("CEL-202", head.column, both);
        }
        let value = std::mem::take(&mut self.value);
        if !(sound && runs.sound) {
            self.feed.cell_note("CEL-210", head.column, vec![("text", shown(&value))]);
        }
        if runs.shortened {
            self.feed.cell_note("CEL-236", head.column, vec![("text", shown(&value))]);
        }
        let no_result = value.is_empty() && (!has_value || head.stored == StoredType::Number);
        let result = if formula && no_result {
            self.feed.cell_note("CEL-201", head.column, Vec::new());
            Ok(())
        } else {
            self.finish(head, formula, &value)
        };
        self.value = value;
        result
    }

    /// Gives a stored value its kind and hands it on.
    fn finish(&mut self, head: CellHead, formula: bool, value: &str) -> Result<(), Refusal> {
        let CellHead { column, stored, style } = head;
        if !column_exists(column) {
            let text = vec![("address", shown(value))];
            self.feed.cell_note("CEL-203", column, text);
            return Ok(());
        }
        if value.is_empty() {
            return Ok(());
        }
        if self.styles.is_struck(style) {
            self.feed.cell_note("CEL-237", column, Vec::new());
            return Ok(());
        }
        match stored {
            StoredType::Number => self.feed.number(column, formula, value.as_bytes(), self.styles.format(style)),
            StoredType::Shared => self.shared(column, formula, value),
            StoredType::Inline | StoredType::FormulaText | StoredType::Unknown => {
                let mut text = value.to_owned();
                unescape(&mut text, 0);
                self.feed.text(column, formula, &text)
            }
            StoredType::Bool => match value.trim() {
                "1" | "true" | "TRUE" => self.feed.cell(column, CellKind::Bool, formula, "TRUE"),
                "0" | "false" | "FALSE" => self.feed.cell(column, CellKind::Bool, formula, "FALSE"),
                _ => {
                    self.feed.cell_note("CEL-208", column, vec![("text", shown(value))]);
                    self.feed.cell(column, CellKind::Text, formula, value)
                }
            },
            StoredType::Error if value.starts_with('#') => self.feed.cell(column, CellKind::Error, formula, value),
            StoredType::Error => {
                self.feed.cell_note("CEL-216", column, vec![("text", shown(value))]);
                self.feed.cell(column, CellKind::Error, formula, value)
            }
            StoredType::IsoDate => self.feed.iso_date(column, formula, value),
        }
    }

    /// Hands on a shared string; an index that makes no sense is noted, and the cell left out.
    fn shared(&mut self, column: u32, formula: bool, value: &str) -> Result<(), Refusal> {
        let Some((text, oddity)) = index(value.as_bytes()).and_then(|index| self.strings.get(index)) else {
            self.feed.cell_note("CEL-207", column, vec![("text", shown(value))]);
            return Ok(());
        };
        if oddity.damaged {
            self.feed.cell_note("CEL-210", column, vec![("text", shown(text))]);
        }
        if oddity.shortened {
            self.feed.cell_note("CEL-236", column, vec![("text", shown(text))]);
        }
        self.feed.text(column, formula, text)
    }

    /// Makes the refusal of a sheet that ends too early.
    fn malformed(&self, offset: u64) -> Refusal {
        xml_refusal(self.part, &XmlError::Malformed(offset))
    }
}

/// Reads a string index: digits and nothing else.
#[inline]
fn index(text: &[u8]) -> Option<usize> {
    address::row(text).map(|index| index as usize)
}

/// Returns the type of a cell if it is none of the known ones.
fn unknown_type(tag: &Tag<'_>) -> Option<String> {
    tag.attribute(b"t").filter(|text| StoredType::of(text) == StoredType::Unknown).map(|text| shown(&String::from_utf8_lossy(text)))
}

/// Notes about an address: code and the address as written.
type AddressNotes = [Option<(&'static str, String)>; 2];

/// Reads a cell's start tag.
fn head(tag: &Tag<'_>, next_column: u32, row: u32) -> (CellHead, AddressNotes) {
    let mut notes = [None, None];
    let written = tag.attribute(b"r");
    let shown_address = || shown(&String::from_utf8_lossy(written.unwrap_or_default()));
    let column = match written.map(address::parse) {
        None => next_column,
        Some(None) => {
            notes[0] = Some(("CEL-213", shown_address()));
            next_column
        }
        Some(Some((column, own_row))) => {
            if own_row != row {
                notes[0] = Some(("CEL-204", shown_address()));
            }
            if !column_exists(column) {
                notes[1] = Some(("CEL-203", shown_address()));
            }
            column
        }
    };
    let style = tag.attribute(b"s").and_then(index).unwrap_or(0);
    let stored = tag.attribute(b"t").map_or(StoredType::Number, StoredType::of);
    (CellHead { column, stored, style }, notes)
}
