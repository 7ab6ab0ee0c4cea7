//! The first reading of the tables: checksum, names, merged regions, hidden columns.

use std::collections::{HashMap, HashSet};

use super::super::archive::{Archive, xml_refusal};
use super::super::feed::too_much;
use super::super::limits::{Limits, MAX_COLUMNS, MAX_ROWS};
use super::super::row::{Refusal, Span};
use super::super::xml::{Scanner, Tag, Token, XmlError};
use super::cell::count;
use super::element::skip;

/// What is known of a table before its first row.
#[derive(Debug, Default)]
pub(super) struct TableHead {
    pub(super) name: String,
    pub(super) visible: bool,
    pub(super) merged: Vec<Span>,
    pub(super) hidden_columns: Vec<(u32, u32)>,
}

/// What is known of all tables.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) tables: Vec<TableHead>,
    /// Table styles that hide their table.
    hiding: HashSet<Vec<u8>>,
    names: HashMap<String, usize>,
}

/// Where the scan is.
#[derive(Debug, Default)]
struct TableSpot {
    /// Depth of tables inside each other; only the outermost count.
    depth: u32,
    style: Vec<u8>,
    row: u32,
    /// Rows that the current row stands for.
    repeat: u32,
    column: u32,
    cell: u32,
}

impl Survey {
    /// Reads the part to its end.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let mut scanner = archive.xml(part, true)?;
        let survey = Self::scan(&mut scanner, limits.merged_regions);
        let survey = survey.and_then(|survey| scanner.drain().map(|()| survey));
        let survey = survey.map_err(|error| xml_refusal(part, &error))?;
        if survey.tables.iter().any(|table| table.merged.len() >= limits.merged_regions) {
            return Err(too_much("merged regions", limits.merged_regions));
        }
        Ok(survey)
    }

    /// Goes through all tags.
    fn scan(scanner: &mut Scanner<'_>, limit: usize) -> Result<Self, XmlError> {
        let mut survey = Self::default();
        let mut place = TableSpot::default();
        let mut ended = false;
        loop {
            let offset = scanner.offset();
            match scanner.next()? {
                Token::Start(tag) if tag.name == b"shapes" && !tag.empty => skip(scanner, b"shapes")?,
                Token::Start(tag) => survey.start(&tag, &mut place, limit),
                Token::End(b"table") => place.depth = place.depth.saturating_sub(1),
                Token::End(b"table-row") if place.depth == 1 => {
                    place.row = place.row.saturating_add(place.repeat);
                }
                Token::End(b"document-content") => ended = true,
                Token::Eof if ended => return Ok(survey),
                Token::Eof => return Err(XmlError::Malformed(offset)),
                _ => {}
            }
        }
    }

    /// Takes what a tag says.
    fn start(&mut self, tag: &Tag<'_>, place: &mut TableSpot, limit: usize) {
        match tag.name {
            b"style" => place.style = tag.attribute(b"name").unwrap_or_default().to_vec(),
            b"table-properties" if tag.attribute(b"display") == Some(b"false") => {
                self.hiding.insert(place.style.clone());
            }
            b"table" if !tag.empty => {
                place.depth += 1;
                if place.depth == 1 {
                    (place.row, place.column) = (1, 0);
                    self.begin_table(tag);
                }
            }
            _ if place.depth != 1 => {}
            b"table-column" => {
                let columns = count(tag, b"number-columns-repeated");
                let last = place.column.saturating_add(columns - 1).min(MAX_COLUMNS - 1);
                if is_hidden(tag)
                    && place.column <= last
                    && let Some(table) = self.tables.last_mut()
                {
                    table.hidden_columns.push((place.column, last));
                }
                place.column = place.column.saturating_add(columns);
            }
            b"table-row" => {
                place.repeat = count(tag, b"number-rows-repeated");
                place.cell = 0;
                if tag.empty {
                    place.row = place.row.saturating_add(place.repeat);
                }
            }
            b"table-cell" | b"covered-table-cell" => {
                self.merged(tag, place, limit);
                let cells = count(tag, b"number-columns-repeated");
                place.cell = place.cell.saturating_add(cells);
            }
            _ => {}
        }
    }

    /// Begins a table.
    fn begin_table(&mut self, tag: &Tag<'_>) {
        let style = tag.attribute(b"style-name").unwrap_or_default();
        let name = tag.text(b"name").unwrap_or_default();
        *self.names.entry(name.to_lowercase()).or_default() += 1;
        self.tables.push(TableHead { name, visible: !self.hiding.contains(style), ..TableHead::default() });
    }

    /// Takes a merged region.
    fn merged(&mut self, tag: &Tag<'_>, place: &TableSpot, limit: usize) {
        let columns = count(tag, b"number-columns-spanned");
        let rows = count(tag, b"number-rows-spanned");
        if (columns, rows) == (1, 1) || place.row > MAX_ROWS || place.cell >= MAX_COLUMNS {
            return;
        }
        if let Some(table) = self.tables.last_mut().filter(|table| table.merged.len() < limit) {
            table.merged.push(Span {
                first_row: place.row,
                last_row: place.row.saturating_add(rows - 1).min(MAX_ROWS),
                first_column: place.cell,
                last_column: place.cell.saturating_add(columns - 1).min(MAX_COLUMNS - 1),
            });
        }
    }

    /// Tells whether several tables have a name.
    pub(super) fn is_shared(&self, name: &str) -> bool {
        self.names.get(&name.to_lowercase()).is_some_and(|count| *count > 1)
    }
}

/// Tells whether a row or column is hidden, by hand or by a filter.
pub(super) fn is_hidden(tag: &Tag<'_>) -> bool {
    matches!(tag.attribute(b"visibility"), Some(b"collapse" | b"filter"))
}
