//! Builds rows and passes them on, the same way for every format.
//!
//! Owns: the order and uniqueness of cells in a row, the bounds on cells and texts, the thinning of
//! notes. Takes: cells from a format's reader. Gives: sheets, rows and notes to the [`Sink`].
//! Invariants: a row reaches the sink only with cells, sorted by column, one per column; of two
//! cells at one address the first stays and a note tells both texts; rows come from top to bottom, each
//! once, and what comes late or again is left out with a note.

use super::limits::{Limits, MAX_COLUMNS, MAX_ROWS};
use super::number_format::{Format, Hidden};
use super::row::{CellKind, Note, Refusal, Row, SheetHead, Sink};
use super::{number, serial};
use crate::model::place::MAX_ROW;

/// Characters of a cell's text that a note shows.
const SHOWN_CHARACTERS: usize = 60;

/// Passes rows, heads and notes to the sink.
pub(super) struct Feed<'a> {
    sink: &'a mut dyn Sink,
    pub(super) limits: &'a Limits,
    row: Row,
    scratch: String,
    sheet: Option<String>,
    /// Notes of the current sheet by code.
    counts: Vec<(&'static str, u32)>,
    /// Cells seen, blank ones included.
    seen: u64,
    /// Cells handed out.
    cells: u64,
    sheets: usize,
    text_bytes: u64,
    sorted: bool,
    /// The highest row of the sheet that was handed out: none comes twice, and none above it comes after it.
    last_row: u32,
    /// Rows that the format has.
    pub(super) max_rows: u32,
    /// Which day the workbook counts its dates from.
    pub(super) epoch: Epoch,
}

impl<'a> Feed<'a> {
    /// Makes a feed into a sink.
    pub(super) fn new(sink: &'a mut dyn Sink, limits: &'a Limits) -> Self {
        Self {
            sink,
            limits,
            row: Row::new(),
            scratch: String::new(),
            sheet: None,
            counts: Vec::new(),
            seen: 0,
            cells: 0,
            sheets: 0,
            text_bytes: 0,
            sorted: true,
            last_row: 0,
            max_rows: MAX_ROWS,
            epoch: Epoch::Of1900,
        }
    }

    /// Returns sheets and cells handed out.
    pub(super) fn totals(&self) -> (usize, u64) {
        (self.sheets, self.cells)
    }

    /// Begins a sheet.
    pub(super) fn begin_sheet(&mut self, head: &SheetHead) {
        self.flush_counts();
        self.sheet = Some(head.name.clone());
        self.sheets += 1;
        self.row.clear();
        self.last_row = 0;
        self.sink.begin_sheet(head);
    }

    /// Ends a sheet.
    pub(super) fn end_sheet(&mut self) {
        self.flush_counts();
        self.sheet = None;
        self.sink.end_sheet();
    }

    /// Begins a row, numbered from 1.
    pub(super) fn begin_row(&mut self, number: u32, hidden: bool) {
        self.row.clear();
        self.row.number = number;
        self.row.hidden = hidden;
        self.sorted = true;
    }

    /// Says how many fields the current row of a text table has.
    pub(super) fn fields(&mut self, count: usize) {
        self.row.fields = u32::try_from(count).unwrap_or(u32::MAX);
    }

    /// Goes on with the current row, which the file begins again, `empty` or with cells.
    pub(super) fn continue_row(&mut self, hidden: bool, empty: bool) {
        if !empty && !self.row.cells.is_empty() {
            self.note("CEL-214", None, vec![("number", self.row.number.to_string())]);
        }
        self.row.hidden |= hidden;
    }

    /// Counts a cell, blank or not.
    #[inline]
    pub(super) fn count(&mut self) -> Result<(), Refusal> {
        self.seen += 1;
        if self.seen > self.limits.cells {
            return Err(too_much("cells", self.limits.cells));
        }
        Ok(())
    }

    /// Adds a cell; an empty text is a blank cell and left out.
    #[inline]
    pub(super) fn cell(&mut self, column: u32, kind: CellKind, formula: bool, text: &str) -> Result<(), Refusal> {
        self.scaled_cell(column, kind, formula, text, 0)
    }

    /// Adds a cell whose number is shown with its point moved so many places to the left.
    #[inline]
    fn scaled_cell(&mut self, column: u32, kind: CellKind, formula: bool, text: &str, power: u8) -> Result<(), Refusal> {
        if text.is_empty() {
            return Ok(());
        }
        let text = if text.len() > self.limits.cell_text_bytes { self.cut(column, text) } else { text };
        if self.row.text_bytes() + text.len() > self.limits.row_text_bytes {
            return Err(too_much("row text bytes", self.limits.row_text_bytes));
        }
        if let Some(last) = self.row.cells.last() {
            self.sorted &= last.column < column;
        }
        self.row.push(column, kind, formula, text);
        if power > 0 {
            self.row.scale_last(power);
        }
        Ok(())
    }

    /// Adds a text; control characters that no spreadsheet allows are noted.
    #[inline]
    pub(super) fn text(&mut self, column: u32, formula: bool, text: &str) -> Result<(), Refusal> {
        // One long text may be that of many cells: only what is kept of it is looked at.
        let text = if text.len() > self.limits.cell_text_bytes { self.cut(column, text) } else { text };
        if text.bytes().any(is_control) {
            self.cell_note("CEL-211", column, vec![("text", shown(text))]);
        }
        self.cell(column, CellKind::Text, formula, text)
    }

    /// Adds a number by its text, as its format shows it: a date, a percentage, a part of itself with a unit.
    ///
    /// Who types `3.5%` stores 0.035; what was typed is handed on. What the eye does not see is noted.
    #[inline]
    pub(super) fn number(&mut self, column: u32, formula: bool, text: &[u8], format: &Format) -> Result<(), Refusal> {
        let text = text.trim_ascii();
        let stored = match std::str::from_utf8(text) {
            Ok(plain) if number::is_number(text) => plain,
            _ => {
                let text = String::from_utf8_lossy(text);
                self.cell_note("CEL-206", column, vec![("text", shown(&text))]);
                return self.cell(column, CellKind::Text, formula, &text);
            }
        };
        if matches!(format, Format::Plain) {
            return self.cell(column, CellKind::Number, formula, stored);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let (kind, power) = self.as_shown(column, stored, format, &mut scratch);
        let handed = if scratch.is_empty() { stored } else { scratch.as_str() };
        let result = self.scaled_cell(column, kind, formula, handed, power);
        self.scratch = scratch;
        result
    }

    /// Writes what a format makes of a stored number, nothing where that is the number itself; gives its kind, and by how many places
    /// its point was moved.
    fn as_shown(&mut self, column: u32, stored: &str, format: &Format, out: &mut String) -> (CellKind, u8) {
        let value = number::parse(stored.as_bytes());
        match format {
            Format::Date => {
                if value.is_some_and(|serial| serial::push_date(serial, self.epoch == Epoch::Of1904, out)) {
                    return (CellKind::Date, 0);
                }
                self.cell_note("CEL-205", column, vec![("serial", stored.to_owned())]);
            }
            Format::Elapsed => self.cell_note("CEL-233", column, vec![("days", stored.to_owned())]),
            _ => {}
        }
        let Some((value, shown)) = value.and_then(|value| Some((value, format.shown(value)?))) else {
            return (CellKind::Number, 0);
        };
        match shown.hidden {
            Some(Hidden::Sign) if value < 0.0 => self.cell_note("CEL-234", column, vec![("stored", stored.to_owned())]),
            Some(Hidden::Number) if value != 0.0 => self.cell_note("CEL-235", column, vec![("stored", stored.to_owned())]),
            _ => {}
        }
        if shown.percent {
            number::percentage(value, out);
        } else if shown.power > 0 || !shown.before.is_empty() || !shown.behind.is_empty() {
            number::moved(value, -i32::from(shown.power), out);
            out.insert_str(0, &shown.before);
            out.push_str(&shown.behind);
        }
        (CellKind::Number, shown.power)
    }

    /// Adds a date written out in ISO 8601; one that does not exist stays a text.
    pub(super) fn iso_date(&mut self, column: u32, formula: bool, text: &str) -> Result<(), Refusal> {
        match serial::iso_date(text) {
            Some(date) => self.cell(column, CellKind::Date, formula, &date),
            None => {
                self.cell_note("CEL-212", column, vec![("text", shown(text))]);
                self.cell(column, CellKind::Text, formula, text)
            }
        }
    }

    /// Hands the row out, if it holds anything.
    #[inline]
    pub(super) fn end_row(&mut self) -> Result<(), Refusal> {
        if self.row.cells.is_empty() {
            return Ok(());
        }
        if !self.sorted {
            self.sort();
        }
        if self.row.number > self.max_rows {
            let number = self.row.number.to_string();
            self.note("CEL-203", None, vec![("address", number)]);
            return Ok(());
        }
        if self.row.number > MAX_ROW {
            return Err(too_much("rows", MAX_ROW));
        }
        // A record's number is its row, so a row that comes late or twice cannot be told from the one before.
        if self.row.number <= self.last_row {
            let number = self.row.number.to_string();
            self.note("CEL-214", None, vec![("number", number)]);
            self.row.clear();
            return Ok(());
        }
        self.last_row = self.row.number;
        self.cells += self.row.cells.len() as u64;
        self.text_bytes += self.row.text_bytes() as u64;
        if self.text_bytes > self.limits.total_text_bytes {
            return Err(too_much("text bytes", self.limits.total_text_bytes));
        }
        self.sink.row(&self.row);
        Ok(())
    }

    /// Sorts the cells of the row and drops the later ones of an address.
    fn sort(&mut self) {
        self.row.cells.sort_by_key(|cell| cell.column);
        let mut twice = Vec::new();
        for pair in self.row.cells.windows(2) {
            if pair[0].column == pair[1].column {
                let (first, second) = (self.row.text(&pair[0]), self.row.text(&pair[1]));
                twice.push((pair[0].column, shown(first), shown(second)));
            }
        }
        self.row.cells.dedup_by_key(|cell| cell.column);
        for (column, first, second) in twice {
            self.cell_note("CEL-202", column, vec![("first", first), ("second", second)]);
        }
    }

    /// Cuts a text that is too long, at a character, with a note.
    fn cut<'t>(&mut self, column: u32, text: &'t str) -> &'t str {
        let limit = self.limits.cell_text_bytes;
        self.cell_note("CEL-215", column, vec![("limit", limit.to_string())]);
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        &text[..end]
    }

    /// Notes something about a cell of the current row.
    pub(super) fn cell_note(&mut self, code: &'static str, column: u32, args: Vec<(&'static str, String)>) {
        self.note(code, Some(column), args);
    }

    /// Notes something about the current row.
    pub(super) fn note(&mut self, code: &'static str, column: Option<u32>, args: Vec<(&'static str, String)>) {
        let row = Some(self.row.number);
        self.send(code, row, column, args);
    }

    /// Notes something about a row by its number.
    pub(super) fn row_note(&mut self, code: &'static str, row: u32, args: Vec<(&'static str, String)>) {
        self.send(code, Some(row), None, args);
    }

    /// Notes something about the current sheet, or the file when there is none.
    pub(super) fn sheet_note(&mut self, code: &'static str, args: Vec<(&'static str, String)>) {
        self.send(code, None, None, args);
    }

    /// Notes something about a sheet that is not handed out.
    pub(super) fn note_about(&mut self, sheet: &str, code: &'static str, args: Vec<(&'static str, String)>) {
        self.sink.note(Note { code, sheet: Some(sheet.to_owned()), row: None, column: None, args });
    }

    /// Passes a note on unless there were too many of its code.
    fn send(&mut self, code: &'static str, row: Option<u32>, column: Option<u32>, args: Vec<(&'static str, String)>) {
        let place = match self.counts.iter().position(|(known, _)| *known == code) {
            Some(place) => place,
            None => {
                self.counts.push((code, 0));
                self.counts.len() - 1
            }
        };
        let count = &mut self.counts[place].1;
        *count = count.saturating_add(1);
        if *count <= self.limits.notes_per_code {
            let sheet = self.sheet.clone();
            self.sink.note(Note { code, sheet, row, column, args });
        }
    }

    /// Tells how many notes of each code were held back.
    fn flush_counts(&mut self) {
        for (code, count) in std::mem::take(&mut self.counts) {
            let more = count.saturating_sub(self.limits.notes_per_code);
            if more > 0 {
                self.sink.note(Note {
                    code: "CEL-298",
                    sheet: self.sheet.clone(),
                    row: None,
                    column: None,
                    args: vec![("code", code.to_owned()), ("count", more.to_string())],
                });
            }
        }
    }
}

impl Drop for Feed<'_> {
    fn drop(&mut self) {
        self.flush_counts();
    }
}

/// Which day a workbook counts its dates from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Epoch {
    /// 1900, the default.
    Of1900,
    /// 1904, of old Macintosh workbooks.
    Of1904,
}

/// Makes the refusal of a file that holds more than a limit allows.
pub(super) fn too_much(what: &'static str, limit: impl ToString) -> Refusal {
    Refusal::new("FIL-119").with("what", what).with("limit", limit)
}

/// Returns the beginning of a text, for a note.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Tells whether a column is one that spreadsheets have.
pub(super) fn column_exists(column: u32) -> bool {
    column < MAX_COLUMNS
}

/// Tells whether a byte is a control character other than tab and line ends.
#[inline]
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}
