//! What stands in front of the sheets of an old workbook.
//!
//! Owns: number formats, styles, the list of sheets, the day dates are counted from, and where the strings are.

use std::collections::HashMap;

use super::super::feed::Epoch;
use super::super::limits::Limits;
use super::super::number_format::Format;
use super::super::row::Refusal;
use super::bytes::{damaged, u16_at, u32_at};
use super::charset::{Charset, Evidence};
use super::oddities::{Oddities, Oddity};
use super::records::{Record, Records, id};
use super::strings::Strings;
use super::text::{cell_text, short_text};

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct SheetEntry {
    pub(super) offset: usize,
    /// Whether it is listed as a sheet of cells, not as a chart, a macro sheet or a module.
    pub(super) worksheet: bool,
    pub(super) visible: bool,
    pub(super) name: String,
}

/// What stands in front of the sheets.
#[derive(Debug)]
pub(super) struct Globals<'a> {
    /// Whether it is of Excel 97 or later.
    pub(super) wide: bool,
    pub(super) sheets: Vec<SheetEntry>,
    pub(super) epoch: Epoch,
    pub(super) charset: Charset,
    pub(super) strings: Strings,
    /// The table of strings as it stands, in the records it is spread over.
    pub(super) string_records: Vec<&'a [u8]>,
    /// The number format of each style.
    formats: Vec<Format>,
}

impl<'a> Globals<'a> {
    /// Reads the records up to the first end.
    pub(super) fn read(stream: &'a [u8], limits: &Limits, oddities: &mut Oddities) -> Result<Self, Refusal> {
        let mut records = Records::from(stream, 0);
        let wide = match records.next() {
            Some(Record { id: id::BOF, body, .. }) => is_wide(body).ok_or_else(|| damaged("no beginning"))?,
            _ => return Err(damaged("no beginning")),
        };
        let (mut epoch, mut code_page, mut string_records) = (Epoch::Of1900, None, Vec::new());
        let (mut formats, mut styles, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let Some(record) = records.next() else {
                return Err(damaged("no end"));
            };
            oddities.expect(record.is_regular(), Oddity::Record);
            let body = record.body;
            match record.id {
                id::FILE_PASS => return Err(Refusal::new("FIL-139")),
                id::DATE_MODE if u16_at(body, 0) == Some(1) => epoch = Epoch::Of1904,
                id::CODE_PAGE => code_page = u16_at(body, 0),
                id::BOUND_SHEET => entries.push(body),
                id::FORMAT => formats.push(body),
                id::XF => styles.push(u16_at(body, 2).unwrap_or(0)),
                id::SST => string_records = records.prolonged(body),
                id::EOF => break,
                _ => {}
            }
        }
        let charset = Charset::decide(wide, code_page, &evidence(stream, wide));
        let strings = Strings::read(&string_records, &charset, limits)?;
        oddities.expect(strings.sound || string_records.is_empty(), Oddity::Strings);
        let formats: HashMap<_, _> = formats.into_iter().filter_map(|body| format(body, wide, &charset)).collect();
        let of_style = |id| formats.get(&id).cloned().unwrap_or_else(|| Format::of_builtin(u32::from(id)));
        let styles = styles.into_iter().map(of_style).collect();
        let sheets = entries.into_iter().enumerate().map(|(index, body)| bound_sheet(body, index, wide, &charset, oddities)).collect();
        Ok(Self { wide, sheets, epoch, charset, strings, string_records, formats: styles })
    }

    /// Returns the number format of a style.
    pub(super) fn format(&self, style: u16) -> &Format {
        self.formats.get(usize::from(style)).unwrap_or(&Format::Plain)
    }

    /// Whether there is such a style of cells. A workbook without any styles has none to be wrong.
    pub(super) fn has_style(&self, style: u16) -> bool {
        self.formats.is_empty() || usize::from(style) < self.formats.len()
    }
}

/// Whether a beginning is that of Excel 97 or later; nothing if it is none.
fn is_wide(body: &[u8]) -> Option<bool> {
    let narrow = match u16_at(body, 0)? {
        0 => u16_at(body, 2) == Some(0x1000),
        version => matches!(version, 2 | 7 | 0x0200 | 0x0300 | 0x0400 | 0x0500),
    };
    Some(!narrow)
}

/// Looks at every text of a workbook whose characters are not certain.
fn evidence(stream: &[u8], wide: bool) -> Evidence {
    let mut evidence = Evidence::default();
    let mut records = Records::from(stream, 0);
    while let Some(record) = records.next() {
        let text = match record.id {
            id::LABEL | id::RSTRING => cell_text(&[record.body], 6, wide),
            id::STRING => cell_text(&[record.body], 0, wide),
            id::BOUND_SHEET => record.body.get(6..).and_then(|name| short_text(name, wide)),
            id::SST => {
                Strings::look(&records.prolonged(record.body), &mut evidence);
                None
            }
            _ => None,
        };
        text.iter().for_each(|text| evidence.take(text));
    }
    evidence
}

/// Reads an entry of the sheet list; what makes no sense in it is replaced by what cannot do harm.
fn bound_sheet(body: &[u8], index: usize, wide: bool, charset: &Charset, oddities: &mut Oddities) -> SheetEntry {
    let name = body.get(6..).and_then(|name| short_text(name, wide)).map(|raw| charset.decode(&raw));
    let (name, certain) = name.map_or((String::new(), false), |(name, certain)| (name.replace('\0', ""), certain));
    oddities.expect(certain && !name.is_empty(), Oddity::Sheet);
    SheetEntry {
        offset: u32_at(body, 0).map_or(usize::MAX, |offset| offset as usize),
        worksheet: body.get(5).is_none_or(|kind| *kind == 0),
        visible: body.get(4).is_none_or(|state| state & 3 == 0),
        name: if name.is_empty() { format!("工作表{}", index + 1) } else { name },
    }
}

/// Reads a number format: its id and what its code shows.
fn format(body: &[u8], wide: bool, charset: &Charset) -> Option<(u16, Format)> {
    let code = if wide { cell_text(&[body], 2, wide) } else { short_text(body.get(2..)?, wide) };
    Some((u16_at(body, 0)?, Format::of_code(&charset.decode(&code?).0)))
}
