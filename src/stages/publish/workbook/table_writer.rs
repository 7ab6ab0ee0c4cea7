//! A table, row by row.
//!
//! Owns the sheets of one table: head, rows, closing rule, notes, and the split over several sheets if one is not
//! enough. Takes rows in order and keeps none of them, except the first 200, on which the widths are settled.

use crate::finding::word;
use crate::model::words::fill;
use rust_xlsxwriter::{Format, Worksheet};
use std::collections::BTreeMap;

use super::across::{across, last_column};
use super::book::Book;
use super::cell::CellWriter;
use super::error::WorkbookError;
use super::head::{Head, HeadPlace};
use super::look::{self, RowLook};
use super::page::{self, Paper};
use super::table::{ColumnKind, RowStyle, Table};
use super::text::cell_text;
use super::value::{Kept, Value};
use super::width::{Gauge, row_points, widen, wrapped_lines};

/// Rows that are measured before the first one is written.
const SAMPLE_ROWS: usize = 200;

/// Rows from which on a table is long: the library holds a height of its own for every row that has one, some 100 bytes each,
/// so that rows of a long one are as tall as most of them, and only taller ones have theirs.
const LONG: u64 = 20_000;

/// Columns that a sheet can have in the xlsx format.
const SHEET_COLUMNS: usize = 16_384;

/// Writes the rows of one table; made by [`Book::table`].
#[must_use = "a table that is not finished is not in the workbook"]
pub struct TableWriter<'b> {
    book: &'b mut Book,
    table: Table,
    plain: RowLook,
    total: RowLook,
    gauges: Vec<Gauge>,
    /// First rows, until the widths are settled.
    sample: Vec<(RowStyle, Vec<Kept>)>,
    /// Rows accepted so far.
    accepted: u64,
    /// Rows written so far.
    written: u64,
    /// Rows that a sheet has room for below its head.
    capacity: u32,
    /// Name of the sheet being written, or that will be.
    name: String,
    /// The sheet being written; none while the sample is gathered.
    part: Option<SheetPart>,
    /// Number of the sheet, from 1.
    part_number: u32,
    /// Lines of most rows of a long table, else one: the height of rows that have none of their own.
    usual_lines: u32,
}

/// A sheet being written.
struct SheetPart {
    sheet: Worksheet,
    place: HeadPlace,
    /// The next row of the sheet.
    next: u32,
    /// Row below the last ordinary row, which ends the filter.
    filter_end: u32,
    /// Characters that a line holds, per column; 0 where text is not wrapped.
    line_characters: Vec<u32>,
}

impl Book {
    /// Begins a table on a new sheet; add rows to what it gives, then finish that.
    ///
    /// # Errors
    /// [`WorkbookError::ColumnCount`] and [`WorkbookError::RowLimit`] for tables that fit no sheet.
    pub fn table(&mut self, table: Table) -> Result<TableWriter<'_>, WorkbookError> {
        TableWriter::new(self, table)
    }
}

impl<'b> TableWriter<'b> {
    fn new(book: &'b mut Book, table: Table) -> Result<Self, WorkbookError> {
        let columns = table.columns.len();
        if columns == 0 || columns > SHEET_COLUMNS {
            return Err(WorkbookError::ColumnCount { sheet: table.sheet, columns });
        }
        // Room for the head with its note on the split, the closing rule and the notes.
        let around = HeadPlace::new(&table, true).body + 1 + u32::try_from(table.notes.len()).unwrap_or(u32::MAX);
        let capacity = book.sheet_rows.saturating_sub(around);
        if capacity == 0 {
            return Err(WorkbookError::RowLimit { sheet: table.sheet, limit: book.sheet_rows });
        }
        let headers = table.columns.iter().map(|column| (column, super::head::label(column, book.lang)));
        let gauges = headers.map(|(column, label)| Gauge::new(column, &label)).collect();
        Ok(Self {
            name: book.take_name(&table.sheet),
            plain: RowLook::new(&table.columns, RowStyle::Plain),
            total: RowLook::new(&table.columns, RowStyle::Total),
            gauges,
            sample: Vec::new(),
            accepted: 0,
            written: 0,
            capacity,
            part: None,
            part_number: 0,
            usual_lines: 1,
            book,
            table,
        })
    }

    /// Gives the row, counted from 0, that the next added row will have on its sheet.
    pub fn next_row(&self) -> u32 {
        let capacity = u64::from(self.capacity);
        let part = u32::try_from(self.accepted / capacity).unwrap_or(u32::MAX).saturating_add(1);
        let above = HeadPlace::new(&self.table, self.tells_part(part)).body;
        above + u32::try_from(self.accepted % capacity).unwrap_or(0)
    }

    /// Adds an ordinary row.
    ///
    /// # Errors
    /// [`WorkbookError::RowShape`] if there are not as many values as columns.
    pub fn row(&mut self, values: &[Value<'_>]) -> Result<(), WorkbookError> {
        self.styled_row(RowStyle::Plain, values)
    }

    /// Adds a sum; sums at the end of a table stay out of its filter.
    ///
    /// # Errors
    /// As [`TableWriter::row`].
    pub fn total_row(&mut self, values: &[Value<'_>]) -> Result<(), WorkbookError> {
        self.styled_row(RowStyle::Total, values)
    }

    fn styled_row(&mut self, style: RowStyle, values: &[Value<'_>]) -> Result<(), WorkbookError> {
        if values.len() != self.table.columns.len() {
            return Err(WorkbookError::RowShape { sheet: self.name.clone(), columns: self.table.columns.len(), values: values.len() });
        }
        self.accepted += 1;
        if self.part.is_some() {
            for (gauge, value) in self.gauges.iter_mut().zip(values) {
                gauge.measure_late(value);
            }
            return self.write_row(style, values);
        }
        for (gauge, value) in self.gauges.iter_mut().zip(values) {
            gauge.measure(value, self.book.lang);
        }
        self.sample.push((style, values.iter().map(Kept::new).collect()));
        if self.sample.len() >= SAMPLE_ROWS { self.settle() } else { Ok(()) }
    }

    /// Ends the table.
    ///
    /// # Errors
    /// [`WorkbookError::Writer`] if the library refuses the sheet.
    pub fn finish(mut self) -> Result<(), WorkbookError> {
        self.settle()?;
        if self.written == 0 {
            self.write_empty()?;
        }
        self.close(None)
    }

    /// Begins the first sheet and writes the rows kept so far.
    fn settle(&mut self) -> Result<(), WorkbookError> {
        if self.part.is_some() {
            return Ok(());
        }
        widen(&mut self.gauges, super::head::least_characters(&self.table));
        self.usual_lines = self.usual_lines();
        self.open()?;
        for (style, values) in std::mem::take(&mut self.sample) {
            let values: Vec<Value<'_>> = values.iter().map(Kept::value).collect();
            self.write_row(style, &values)?;
        }
        Ok(())
    }

    /// The lines that most rows of the sample of a long table have.
    fn usual_lines(&self) -> u32 {
        if self.table.expected_rows.is_none_or(|rows| rows < LONG) {
            return 1;
        }
        let characters = self.line_characters();
        let mut rows: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, values) in &self.sample {
            let values: Vec<Value<'_>> = values.iter().map(Kept::value).collect();
            *rows.entry(lines_of(&values, &characters)).or_default() += 1;
        }
        rows.into_iter().max_by_key(|(_, rows)| *rows).map_or(1, |(lines, _)| lines)
    }

    /// Characters that a line holds, per column; 0 where text is not wrapped.
    fn line_characters(&self) -> Vec<u32> {
        let columns = self.table.columns.iter().zip(&self.gauges);
        columns.map(|(column, gauge)| if column.kind == ColumnKind::Text { gauge.line_characters() } else { 0 }).collect()
    }

    /// Tells whether a sheet says in its head which part of the table it is.
    fn tells_part(&self, part: u32) -> bool {
        part > 1 || self.table.expected_rows.is_some_and(|rows| rows > u64::from(self.capacity))
    }

    /// Begins a sheet.
    fn open(&mut self) -> Result<(), WorkbookError> {
        self.part_number += 1;
        let told = self.tells_part(self.part_number).then(|| self.part_text());
        let mut sheet = self.book.workbook.new_worksheet_with_constant_memory()?;
        sheet.set_name(&self.name)?;
        sheet.set_default_row_height(row_points(self.usual_lines));
        let place = HeadPlace::new(&self.table, told.is_some());
        Head { table: &self.table, gauges: &self.gauges, lang: self.book.lang, place, part: told.as_deref() }.write(&mut sheet)?;
        for (column, look) in (0..).zip(&self.plain.columns) {
            sheet.set_column_format(column, &look.own)?;
        }
        let line_characters = self.line_characters();
        self.part = Some(SheetPart { sheet, place, next: place.body, filter_end: place.body, line_characters });
        Ok(())
    }

    /// Says which part of the table the current sheet is.
    fn part_text(&self) -> String {
        let capacity = u64::from(self.capacity);
        let first = self.written + 1;
        let known = self.table.expected_rows.map(|rows| (rows.div_ceil(capacity), rows.min(self.written + capacity)));
        let known = known.filter(|(parts, _)| u64::from(self.part_number) <= *parts);
        let template = word(self.book.lang, if known.is_some() { "workbook.part_of_known" } else { "workbook.part_of_unknown" });
        let (parts, last) = known.unwrap_or_default();
        let values = [u64::from(self.part_number), first, last, parts];
        fill(template, |place| place.parse::<usize>().ok().and_then(|i| values.get(i)).map(u64::to_string)).into_owned()
    }

    fn write_row(&mut self, style: RowStyle, values: &[Value<'_>]) -> Result<(), WorkbookError> {
        if self.part.as_ref().is_some_and(|part| part.next - part.place.body >= self.capacity) {
            let next_name = self.book.take_name(&self.table.sheet);
            self.close(Some(&next_name))?;
            self.name = next_name;
            self.open()?;
        }
        let Some(part) = &mut self.part else {
            return Ok(());
        };
        let row = part.next;
        let lines = lines_of(values, &part.line_characters);
        if lines > self.usual_lines {
            part.sheet.set_row_height(row, row_points(lines))?;
        }
        let mut cells = CellWriter {
            sheet: &mut part.sheet,
            name: &self.name,
            look: if style == RowStyle::Plain { &self.plain } else { &self.total },
            lang: self.book.lang,
            report: &mut self.book.report,
            inherit: style == RowStyle::Plain,
        };
        for ((index, column), value) in (0..).zip(&self.table.columns).zip(values) {
            cells.put(row, index, column.kind, value)?;
        }
        part.next += 1;
        if style == RowStyle::Plain {
            part.filter_end = part.next;
        }
        self.written += 1;
        Ok(())
    }

    /// Writes the text that stands in a table without rows.
    fn write_empty(&mut self) -> Result<(), WorkbookError> {
        let Some(part) = &mut self.part else {
            return Ok(());
        };
        let last = last_column(&self.table);
        let text = cell_text(&self.table.empty_text, self.book.lang).text;
        part.sheet.set_row_height(part.next, 30)?;
        across(&mut part.sheet, part.next, last, &text, &look::empty())?;
        part.next += 1;
        Ok(())
    }

    /// Ends a sheet; `next` is the sheet that the table goes on with.
    fn close(&mut self, next: Option<&str>) -> Result<(), WorkbookError> {
        let Some(mut part) = self.part.take() else {
            return Ok(());
        };
        let last = last_column(&self.table);
        let closing = look::closing();
        for column in 0..=last {
            part.sheet.write_blank(part.next, column, &closing)?;
        }
        if let Some(next) = next {
            let text = fill(word(self.book.lang, "workbook.continued_on"), |_| Some(next.to_owned()));
            part.sheet.write_string_with_format(part.next, 0, text, &closing)?;
        }
        // Every row is on its way now, so the columns may go back to having no format below the table.
        let mut characters = 0.0;
        for (column, gauge) in (0..).zip(&self.gauges) {
            part.sheet.set_column_format(column, &Format::default())?;
            part.sheet.set_column_width(column, gauge.characters())?;
            characters += gauge.characters();
        }
        let mut end = part.next;
        if next.is_none() {
            end = self.write_notes(&mut part, characters)?;
        }
        self.dress(&mut part, end, characters)?;
        let rows = u64::from(part.next - part.place.body);
        let rows = if self.written == 0 { 0 } else { rows };
        self.book.push(part.sheet, &self.name, rows);
        Ok(())
    }

    /// Writes the notes below the table and gives the last row used.
    fn write_notes(&self, part: &mut SheetPart, characters: f64) -> Result<u32, WorkbookError> {
        let last = last_column(&self.table);
        let mut row = part.next;
        for note in &self.table.notes {
            row += 1;
            let text = cell_text(note, self.book.lang).text;
            let lines = super::head::lines_across(&text, characters);
            part.sheet.set_row_height(row, row_points(lines))?;
            across(&mut part.sheet, row, last, &text, &look::note())?;
        }
        Ok(row)
    }

    /// Sets what a sheet needs for screen and paper.
    fn dress(&self, part: &mut SheetPart, end: u32, characters: f64) -> Result<(), WorkbookError> {
        let last = last_column(&self.table);
        let sheet = &mut part.sheet;
        sheet.set_freeze_panes(part.place.body, self.table.frozen_columns.min(last))?;
        if part.filter_end > part.place.body {
            sheet.autofilter(part.place.header_last, 0, part.filter_end - 1, last)?;
        }
        sheet.set_repeat_rows(part.place.header_first, part.place.header_last)?;
        sheet.set_print_area(0, 0, end, last)?;
        if let Some(color) = look::tab(self.table.tab) {
            sheet.set_tab_color(color);
        }
        page::set_up(sheet, Paper::Landscape(characters), &self.book.footer);
        Ok(())
    }
}

/// Lines of a row: those of its longest text; `characters` holds how many a line has, per column, and 0 where none is wrapped.
fn lines_of(values: &[Value<'_>], characters: &[u32]) -> u32 {
    let lines = values.iter().zip(characters).map(|(value, characters)| match value {
        Value::Text(text) if *characters > 0 => wrapped_lines(text, *characters),
        _ => 1,
    });
    lines.max().unwrap_or(1)
}
