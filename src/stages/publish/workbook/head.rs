//! The head of a table: title, subtitle, headers.
//!
//! Owns where the rows of the head are and how groups of columns are merged. Writes row by row, since finished rows of
//! a sheet are gone from memory.

use crate::finding::word;
use crate::model::words::{Lang, fill};
use rust_xlsxwriter::{Format, Worksheet};

use super::across::{across, last_column};
use super::error::WorkbookError;
use super::look;
use super::table::{Column, ColumnKind, Table};
use super::text::cell_text;
use super::width::{Gauge, row_points, text_width, wrapped_lines};

/// Tables wider than this, in half-width characters, do not fit a screen: a title in their middle would be out of sight.
const SCREEN_CHARACTERS: f64 = 170.0;

/// No table is narrower than this.
const LEAST_CHARACTERS: u32 = 60;
/// Notes may widen a table up to this.
const LINE_CHARACTERS: u32 = 90;

/// Says which rows of a sheet the head takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeadPlace {
    /// Upper header row.
    pub(super) header_first: u32,
    /// Lower header row, which carries the filter; the same if no column is in a group.
    pub(super) header_last: u32,
    /// First row of data.
    pub(super) body: u32,
}

impl HeadPlace {
    /// Places the head of a table; `tells_part` if there is a line on the split.
    pub(super) fn new(table: &Table, tells_part: bool) -> Self {
        let lines = u32::try_from(table.subtitle.len()).unwrap_or(u32::MAX - 8);
        let header_first = 1 + lines + u32::from(tells_part);
        let header_last = header_first + u32::from(grouped(table));
        Self { header_first, header_last, body: header_last + 1 }
    }
}

fn grouped(table: &Table) -> bool {
    table.columns.iter().any(|column| column.group.is_some())
}

/// Gives the header of a column with its unit on a line of its own.
pub(super) fn label(column: &Column, lang: Lang) -> String {
    let unit = match (&column.unit, column.kind) {
        (Some(unit), _) => unit,
        (None, ColumnKind::Amount) => word(lang, "column.unit_ten_thousand"),
        (None, _) => return column.header.clone(),
    };
    format!("{}\n{}", column.header, fill(word(lang, "workbook.header_unit"), |_| Some(unit.to_owned())))
}

/// Gives the width that a table needs for its title on one line and its notes on few.
pub(super) fn least_characters(table: &Table) -> u32 {
    // The title's letters are 1.6 times as wide as those of the body.
    let title = text_width(&table.title).min(60) * 17 / 10 + 4;
    let lines = table.subtitle.iter().chain(&table.notes).chain([&table.empty_text]);
    let lines = lines.map(|line| text_width(line) + 4).max().unwrap_or(0);
    title.max(lines.min(LINE_CHARACTERS)).max(LEAST_CHARACTERS)
}

/// Counts the lines of a text over the whole width of a table.
pub(super) fn lines_across(text: &str, characters: f64) -> u32 {
    let mut whole = 10;
    while f64::from(whole + 2) <= characters - 2.0 {
        whole += 2;
    }
    wrapped_lines(text, whole)
}

/// Writes the head of one sheet.
pub(super) struct Head<'a> {
    pub(super) table: &'a Table,
    pub(super) gauges: &'a [Gauge],
    pub(super) lang: Lang,
    pub(super) place: HeadPlace,
    /// The line on the split.
    pub(super) part: Option<&'a str>,
}

impl Head<'_> {
    pub(super) fn write(&self, sheet: &mut Worksheet) -> Result<(), WorkbookError> {
        let characters: f64 = self.gauges.iter().map(Gauge::characters).sum();
        let narrow = characters <= SCREEN_CHARACTERS;
        sheet.set_row_height(0, 32)?;
        self.line(sheet, 0, &self.table.title, &look::title(narrow), narrow)?;
        let subtitle = self.table.subtitle.iter().map(String::as_str).chain(self.part);
        for (row, text) in (1..).zip(subtitle) {
            let lines = if narrow { lines_across(text, characters) } else { 1 };
            sheet.set_row_height(row, row_points(lines))?;
            self.line(sheet, row, text, &if narrow { look::note() } else { look::subtitle() }, narrow)?;
        }
        self.headers(sheet)
    }

    /// Writes a line over the table: merged if that is all in sight, else from the left.
    fn line(&self, sheet: &mut Worksheet, row: u32, text: &str, format: &Format, merged: bool) -> Result<(), WorkbookError> {
        let text = cell_text(text, self.lang).text;
        let last = if merged { last_column(self.table) } else { 0 };
        across(sheet, row, last, &text, format)
    }

    fn headers(&self, sheet: &mut Worksheet) -> Result<(), WorkbookError> {
        let HeadPlace { header_first, header_last, .. } = self.place;
        let format = look::header();
        let labels: Vec<String> = self.table.columns.iter().map(|column| label(column, self.lang)).collect();
        let lines = labels.iter().zip(self.gauges).map(|(label, gauge)| wrapped_lines(label, gauge.line_characters()));
        let lines = lines.max().unwrap_or(1);
        if header_first < header_last {
            sheet.set_row_height(header_first, 22)?;
            self.groups(sheet, &labels, &format)?;
        }
        sheet.set_row_height(header_last, row_points(lines) + 8)?;
        for ((index, column), label) in (0..).zip(&self.table.columns).zip(&labels) {
            if column.group.is_some() || header_first == header_last {
                let label = cell_text(label, self.lang).text;
                sheet.write_string_with_format(header_last, index, label, &format)?;
            }
        }
        Ok(())
    }

    /// Writes the upper header row; headers without a group reach down into the lower one.
    fn groups(&self, sheet: &mut Worksheet, labels: &[String], format: &Format) -> Result<(), WorkbookError> {
        let HeadPlace { header_first, header_last, .. } = self.place;
        let columns = &self.table.columns;
        let mut first = 0_usize;
        while let Some(column) = columns.get(first) {
            let start = u16::try_from(first).unwrap_or(u16::MAX);
            let Some(group) = &column.group else {
                let label = cell_text(&labels[first], self.lang).text;
                sheet.merge_range(header_first, start, header_last, start, &label, format)?;
                first += 1;
                continue;
            };
            let same = columns[first..].iter().take_while(|next| next.group.as_ref() == Some(group)).count();
            let end = u16::try_from(first + same - 1).unwrap_or(u16::MAX);
            let text = cell_text(group, self.lang).text;
            if start == end {
                sheet.write_string_with_format(header_first, start, text, format)?;
            } else {
                sheet.merge_range(header_first, start, header_first, end, &text, format)?;
            }
            first += same;
        }
        Ok(())
    }
}
