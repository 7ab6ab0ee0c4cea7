//! The first reading of a sheet: checksum, merged regions, hidden columns.
//!
//! Owns: what stands before and behind the rows. The rows themselves are jumped over by a search
//! for the end tag, at the speed of memory. Were that tag hidden in a comment, the scan would go on
//! among the rows, meet nothing it knows, and still find the regions behind them.

use super::super::archive::{Archive, xml_refusal};
use super::super::feed::{column_exists, shown, too_much};
use super::super::hidden::HiddenColumns;
use super::super::limits::Limits;
use super::super::row::{Refusal, Span};
use super::super::xml::{Scanner, Tag, Token, XmlError};
use super::address;

/// What was found around the rows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Whether the part holds cells at all.
    pub(super) worksheet: bool,
    pub(super) merged: Vec<Span>,
    pub(super) hidden_columns: HiddenColumns,
    /// Merged regions that make no sense, as written.
    pub(super) odd_regions: Vec<String>,
}

impl Survey {
    /// Reads a sheet's part to its end.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let mut scanner = archive.xml(part, true)?;
        let survey = Self::scan(&mut scanner, limits.merged_regions);
        let survey = survey.and_then(|survey| scanner.drain().map(|()| survey));
        let survey = survey.map_err(|error| xml_refusal(part, &error))?;
        if survey.merged.len() >= limits.merged_regions {
            return Err(too_much("merged regions", limits.merged_regions));
        }
        Ok(survey)
    }

    /// Goes through the tags, jumping over the rows.
    fn scan(scanner: &mut Scanner<'_>, limit: usize) -> Result<Self, XmlError> {
        let mut survey = Self::default();
        let mut root: Option<Vec<u8>> = None;
        let mut ended = false;
        let mut rows_seen = false;
        loop {
            let offset = scanner.offset();
            let rows_end = match scanner.next()? {
                Token::Start(tag) => {
                    if root.is_none() {
                        root = Some(tag.name.to_vec());
                        survey.worksheet = tag.name == b"worksheet";
                        ended = tag.empty;
                    }
                    survey.take(&tag, limit);
                    (tag.name == b"sheetData" && !tag.empty && !rows_seen).then(|| [b"</", tag.qualified].concat())
                }
                Token::End(name) => {
                    ended |= root.as_deref() == Some(name);
                    None
                }
                Token::Eof if ended => return Ok(survey),
                Token::Eof => return Err(XmlError::Malformed(offset)),
                Token::Text(_) | Token::CData(_) => None,
            };
            if let Some(rows_end) = rows_end {
                rows_seen = true;
                if !scanner.skip_past(&rows_end)? {
                    return Err(XmlError::Malformed(offset));
                }
            }
        }
    }

    /// Takes what a tag says.
    fn take(&mut self, tag: &Tag<'_>, limit: usize) {
        match tag.name {
            b"col" if tag.flag(b"hidden") => {
                let number = |name| tag.attribute(name).and_then(address::row);
                if let (Some(first), Some(last)) = (number(b"min"), number(b"max"))
                    && first >= 1
                    && first <= last
                {
                    self.hidden_columns.add(first - 1, last - 1);
                }
            }
            b"mergeCell" if self.merged.len() < limit => {
                let text = tag.attribute(b"ref").unwrap_or_default();
                match address::range(text).filter(|span| column_exists(span.last_column)) {
                    Some(span) => self.merged.push(span),
                    None if self.odd_regions.len() < 100 => {
                        self.odd_regions.push(shown(&String::from_utf8_lossy(text)));
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
}
