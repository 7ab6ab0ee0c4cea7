//! Hands out the rows of a text table.
//!
//! Owns: fields that a program dressed up (`="0123"`), characters that none means, and a row that a lone line feed broke in two.

use std::borrow::Cow;

use super::super::feed::{Feed, column_exists, shown};
use super::super::row::Refusal;
use super::lines::Lines;
use super::widths::Widths;

/// Lines in one field from which a forgotten quotation mark is likely.
const MANY_LINES: usize = 20;

/// The rows of a text table.
pub(super) struct Rows<'f, 's> {
    widths: Widths,
    feed: &'f mut Feed<'s>,
}

/// A row that waits for the next one.
struct Held {
    number: u32,
    fields: Vec<Vec<u8>>,
}

impl<'f, 's> Rows<'f, 's> {
    /// For rows of these lengths.
    pub(super) fn new(widths: Widths, feed: &'f mut Feed<'s>) -> Self {
        Self { widths, feed }
    }

    /// Hands out all rows.
    pub(super) fn hand_out(mut self, lines: Lines<'_>, delimiter: u8) -> Result<(), Refusal> {
        let (end, told) = (lines.end(), lines.told());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(lines);
        let mut record = csv::ByteRecord::new();
        let (mut number, mut width): (u32, usize) = (0, 0);
        let mut held: Option<Held> = None;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(Refusal::new("FIL-100").with("reason", error)),
            }
            number = told.borrow_mut().next_row(number);
            width = record.len();
            let broken = told.borrow_mut().is_broken(number) && record.len() < self.widths.usual;
            let fields = record.iter().map(<[u8]>::to_vec);
            match held.take() {
                // One row that a lone line feed broke in two is as long as the others when it is put together.
                Some(mut first)
                    if first.fields.len() + width - 1 <= self.widths.usual && (broken || is_whole(&first, width, self.widths)) =>
                {
                    let mut rest = fields;
                    if let (Some(last), Some(next)) = (first.fields.last_mut(), rest.next()) {
                        last.push(b'\n');
                        last.extend(next);
                    }
                    first.fields.extend(rest);
                    width = first.fields.len();
                    if broken { held = Some(first) } else { self.row(first.number, first.fields.iter().map(Vec::as_slice))? }
                }
                waiting => {
                    if let Some(first) = waiting {
                        self.row(first.number, first.fields.iter().map(Vec::as_slice))?;
                    }
                    if broken {
                        held = Some(Held { number, fields: fields.collect() });
                    } else {
                        self.row(number, record.iter())?;
                    }
                }
            }
        }
        if let Some(first) = held {
            self.row(first.number, first.fields.iter().map(Vec::as_slice))?;
        }
        let end = end.get();
        if let Some(row) = end.unclosed_quote {
            self.feed.row_note("CEL-220", row, Vec::new());
        }
        if !end.line_end {
            if width < self.widths.usual && !self.widths.trimmed {
                let args = vec![("found", width.to_string()), ("expected", self.widths.usual.to_string())];
                self.feed.row_note("CEL-221", number, args);
            }
            self.feed.row_note("CEL-226", number, Vec::new());
        }
        Ok(())
    }

    /// Hands out one row.
    fn row<'a>(&mut self, number: u32, fields: impl ExactSizeIterator<Item = &'a [u8]>) -> Result<(), Refusal> {
        self.feed.begin_row(number, false);
        self.feed.fields(self.widths.length(fields.len()));
        for (column, field) in fields.enumerate() {
            self.field(column, field)?;
        }
        self.feed.end_row()
    }

    /// Hands out one field.
    fn field(&mut self, column: usize, field: &[u8]) -> Result<(), Refusal> {
        if field.is_empty() {
            return Ok(());
        }
        self.feed.count()?;
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        let text = String::from_utf8_lossy(undressed(field));
        if !column_exists(column) {
            self.feed.cell_note("CEL-203", column, vec![("address", shown(&text))]);
            return Ok(());
        }
        let inner_lines = memchr::memchr_iter(b'\n', field).count();
        if inner_lines >= MANY_LINES {
            self.feed.cell_note("CEL-225", column, vec![("count", inner_lines.to_string())]);
        }
        let bare = bare(&text);
        if bare.len() == text.len() {
            return self.feed.text(column, false, &text);
        }
        self.feed.cell_note("CEL-253", column, vec![("text", shown(&bare))]);
        self.feed.text(column, false, &bare)
    }
}

/// Whether a row and the next are one of the usual length.
fn is_whole(first: &Held, next: usize, widths: Widths) -> bool {
    first.fields.len() + next - 1 == widths.usual
}

/// The text of `="0123"`, by which programs keep a spreadsheet from reading a code as a number.
fn undressed(field: &[u8]) -> &[u8] {
    let inner = field.trim_ascii().strip_prefix(b"=\"").and_then(|rest| rest.strip_suffix(b"\""));
    inner.filter(|inner| !inner.contains(&b'"')).unwrap_or(field)
}

/// A text without the control characters that programs put beside values and nobody means: separators of files, groups, records and
/// units anywhere, others at its ends. Inside a text these are damage.
fn bare(text: &str) -> Cow<'_, str> {
    let is_separator = |c: char| ('\u{1C}'..='\u{1F}').contains(&c);
    let ends = text.trim_matches(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if ends.contains(is_separator) { ends.replace(is_separator, "").into() } else { ends.into() }
}
