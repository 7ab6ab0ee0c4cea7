//! One cell of an OpenDocument table: its type, its value, its text.

use super::super::feed::{Feed, shown};
use super::super::number_format::Format;
use super::super::row::{CellKind, Refusal};
use super::super::xml::{Scanner, Tag, Token, XmlError, decode, push_utf8};
use super::element::skip;

/// Largest repeat taken at its word.
const MAX_REPEAT: u32 = 1 << 24;

/// `office:value-type` of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueType {
    None,
    Number,
    Percentage,
    Date,
    Bool,
    Text,
    Error,
}

/// A cell that was read.
#[derive(Debug)]
pub(super) struct OdsCell {
    kind: ValueType,
    pub(super) formula: bool,
    /// Columns that the cell stands for.
    pub(super) repeat: u32,
    value: Option<String>,
    text: String,
    sound: bool,
}

/// Reads a repeat or span: at least one, at most what any table can use.
pub(super) fn count(tag: &Tag<'_>, name: &[u8]) -> u32 {
    let text = tag.attribute(name).and_then(|raw| std::str::from_utf8(raw).ok());
    text.and_then(|text| text.trim().parse::<u64>().ok()).map_or(1, |count| u32::try_from(count).unwrap_or(MAX_REPEAT).clamp(1, MAX_REPEAT))
}

impl OdsCell {
    /// Takes what the start tag says.
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let kind = match (tag_type(tag, b"calcext:value-type"), tag_type(tag, b"office:value-type")) {
            (Some(b"error"), _) => ValueType::Error,
            (_, Some(b"float" | b"currency")) => ValueType::Number,
            (_, Some(b"percentage")) => ValueType::Percentage,
            (_, Some(b"date")) => ValueType::Date,
            (_, Some(b"boolean")) => ValueType::Bool,
            (_, None) => ValueType::None,
            _ => ValueType::Text,
        };
        let value = match kind {
            ValueType::Number | ValueType::Percentage => tag.text(b"value"),
            ValueType::Date => tag.text(b"date-value"),
            ValueType::Bool => tag.text(b"boolean-value"),
            ValueType::Text => tag.text(b"string-value").or_else(|| tag.text(b"time-value")),
            ValueType::None | ValueType::Error => None,
        };
        Self {
            kind,
            formula: tag.attribute(b"formula").is_some(),
            repeat: count(tag, b"number-columns-repeated"),
            value,
            text: String::new(),
            sound: true,
        }
    }

    /// Reads the paragraphs up to the end of the cell.
    pub(super) fn read_text(&mut self, scanner: &mut Scanner<'_>) -> Result<(), XmlError> {
        // A comment's paragraphs and drawn objects are no part of the value.
        const FOREIGN: [&[u8]; 4] = [b"annotation", b"frame", b"table", b"ruby-text"];
        let (mut depth, mut paragraphs) = (0, 0);
        loop {
            let offset = scanner.offset();
            match scanner.next()? {
                Token::Start(tag) if FOREIGN.contains(&tag.name) => {
                    let name = tag.name.to_vec();
                    if !tag.empty {
                        skip(scanner, &name)?;
                    }
                }
                Token::Start(tag) if tag.name == b"p" || tag.name == b"h" => {
                    if paragraphs > 0 {
                        self.text.push('\n');
                    }
                    paragraphs += 1;
                    depth += u32::from(!tag.empty);
                }
                Token::Start(tag) if tag.name == b"s" => {
                    let blanks = count(&tag, b"c").min(1 << 16);
                    self.text.extend(std::iter::repeat_n(' ', blanks as usize));
                }
                Token::Start(tag) if tag.name == b"tab" => self.text.push('\t'),
                Token::Start(tag) if tag.name == b"line-break" => self.text.push('\n'),
                Token::End(b"p" | b"h") => depth = depth.saturating_sub(1),
                Token::Text(raw) if depth > 0 => self.sound &= decode(raw, &mut self.text),
                Token::CData(raw) if depth > 0 => self.sound &= push_utf8(raw, &mut self.text),
                Token::End(b"table-cell" | b"covered-table-cell") => return Ok(()),
                Token::Eof => return Err(XmlError::Malformed(offset)),
                _ => {}
            }
        }
    }

    /// Tells whether the cell holds nothing.
    pub(super) fn is_blank(&self) -> bool {
        self.text.is_empty() && self.value.as_ref().is_none_or(String::is_empty) && !self.formula
    }

    /// Hands the cell out at one column.
    pub(super) fn hand_out(&self, column: u32, feed: &mut Feed<'_>) -> Result<(), Refusal> {
        if !self.sound {
            feed.cell_note("CEL-210", column, vec![("text", shown(&self.text))]);
        }
        let value = self.value.as_deref().unwrap_or(&self.text);
        if value.is_empty() {
            if self.formula && self.kind != ValueType::Text {
                feed.cell_note("CEL-201", column, Vec::new());
            }
            return Ok(());
        }
        match self.kind {
            ValueType::Number => feed.number(column, self.formula, value.as_bytes(), &Format::Plain),
            ValueType::Percentage => feed.number(column, self.formula, value.as_bytes(), &Format::Percent),
            ValueType::Date => feed.iso_date(column, self.formula, value),
            ValueType::Error => feed.cell(column, CellKind::Error, self.formula, value),
            ValueType::Bool => match value {
                "true" => feed.cell(column, CellKind::Bool, self.formula, "TRUE"),
                "false" => feed.cell(column, CellKind::Bool, self.formula, "FALSE"),
                other => {
                    feed.cell_note("CEL-208", column, vec![("text", shown(other))]);
                    feed.text(column, self.formula, other)
                }
            },
            ValueType::Text | ValueType::None => feed.text(column, self.formula, value),
        }
    }
}

/// Returns an attribute by its qualified name, since two of them share the local one.
fn tag_type<'a>(tag: &Tag<'a>, qualified: &[u8]) -> Option<&'a [u8]> {
    tag.attributes().find(|(key, _)| *key == qualified).map(|(_, value)| value)
}
