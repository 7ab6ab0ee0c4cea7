//! Workbooks of the sample before they have a format.
//!
//! Owns: [`Book`], [`Sheet`], [`Line`] and [`Value`], and how planted faults are found in them again.
//! Takes: lines from the bureaus' tables. Gives: the same to the writers, and the place of each fault.
//! Invariants: a fault is marked on its line, so its address is right however lines are added, moved or doubled.

use crate::model::cell::address;
use crate::model::text::half_width;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::fault::{FaultKind, PlantedFault};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Blank,
    /// Text, also text that looks like a number.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with one decimal place, in tenths.
    Tenths(i64),
    /// A day.
    Date(NaiveDate),
    /// A formula with its stored result.
    Formula { formula: String, result: String },
}

impl Value {
    /// Makes a text value.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Shows the value as plain text.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Text(text) => text.clone(),
            Self::Integer(number) => number.to_string(),
            Self::Tenths(tenths) => tenths_text(*tenths),
            Self::Date(day) => day.to_string(),
            Self::Formula { result, .. } => result.clone(),
        }
    }

    /// Gives the number that a reader would make of it, in the value's smallest unit; nought if there is none.
    pub(super) fn amount(&self) -> i64 {
        match self {
            Self::Integer(number) | Self::Tenths(number) => *number,
            Self::Text(text) => text_amount(text),
            Self::Formula { result, .. } => text_amount(result),
            Self::Blank | Self::Date(_) => 0,
        }
    }
}

/// Writes tenths with their decimal point.
pub(super) fn tenths_text(tenths: i64) -> String {
    Decimal::new(tenths, 1).to_string()
}

fn text_amount(text: &str) -> i64 {
    let plain: String = text.chars().filter(|symbol| !matches!(symbol, ',' | '，')).map(half_width).collect();
    plain.parse().unwrap_or(0)
}

/// What part of a table a line is; decides its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    Title,
    Caption,
    Head,
    Numbering,
    Body,
    Total,
    Footer,
}

/// A fault on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) kind: FaultKind,
    /// First and last column; none for the whole line.
    pub(super) columns: Option<(usize, usize)>,
    pub(super) right: String,
}

/// One row of a sheet.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) kind: LineKind,
    pub(super) cells: Vec<Value>,
    pub(super) hidden: bool,
    pub(super) marks: Vec<Mark>,
}

impl Line {
    /// Makes a line without faults.
    pub(super) fn new(kind: LineKind, cells: Vec<Value>) -> Self {
        Self { kind, cells, hidden: false, marks: Vec::new() }
    }

    /// Puts a faulty value into a cell and marks it; what stood there is what would be right.
    pub(super) fn plant(&mut self, kind: FaultKind, column: usize, value: Value) {
        if let Some(cell) = self.cells.get_mut(column) {
            let right = std::mem::replace(cell, value).shown();
            self.marks.push(Mark { kind, columns: Some((column, column)), right });
        }
    }

    /// Marks the line as a whole.
    pub(super) fn mark(&mut self, kind: FaultKind) {
        self.marks.push(Mark { kind, columns: None, right: String::new() });
    }

    /// Marks a cell that is right by itself.
    pub(super) fn mark_cell(&mut self, kind: FaultKind, column: usize, right: impl Into<String>) {
        self.marks.push(Mark { kind, columns: Some((column, column)), right: right.into() });
    }
}

/// A merged region; rows and columns from 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merge {
    pub(super) first_row: usize,
    pub(super) first_column: usize,
    pub(super) last_row: usize,
    pub(super) last_column: usize,
}

impl Merge {
    /// Tells whether the cell is covered by the region without being its first.
    pub(super) fn covers(&self, row: usize, column: usize) -> bool {
        self.contains(row, column) && (row, column) != (self.first_row, self.first_column)
    }

    fn contains(&self, row: usize, column: usize) -> bool {
        (self.first_row..=self.last_row).contains(&row) && (self.first_column..=self.last_column).contains(&column)
    }
}

/// How the body cells of a column look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Text,
    Center,
    Amount,
    Date,
}

/// A column: its looks and its width in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) kind: ColumnKind,
    pub(super) width: u32,
}

impl Column {
    /// Makes a column.
    pub(super) const fn new(kind: ColumnKind, width: u32) -> Self {
        Self { kind, width }
    }
}

/// One sheet.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) lines: Vec<Line>,
    pub(super) merges: Vec<Merge>,
    /// Columns that stay in sight when scrolling.
    pub(super) frozen_columns: usize,
    pub(super) hidden: bool,
}

impl Sheet {
    /// Makes an empty sheet.
    pub(super) fn new(name: &str, columns: Vec<Column>) -> Self {
        Self { name: name.to_owned(), columns, lines: Vec::new(), merges: Vec::new(), frozen_columns: 0, hidden: false }
    }

    /// Adds a line of one text over some columns, merged.
    pub(super) fn banner(&mut self, kind: LineKind, parts: &[(usize, usize, &str)]) {
        let row = self.lines.len();
        let mut cells = vec![Value::Blank; self.columns.len()];
        for &(first_column, last_column, text) in parts {
            cells[first_column] = Value::text(text);
            if last_column > first_column {
                self.merges.push(Merge { first_row: row, first_column, last_row: row, last_column });
            }
        }
        self.lines.push(Line::new(kind, cells));
    }

    /// Gives the first row below the head, counted from 0.
    pub(super) fn head_end(&self) -> usize {
        self.lines.iter().rposition(|line| matches!(line.kind, LineKind::Head | LineKind::Numbering)).map_or(0, |row| row + 1)
    }

    /// Gives the first row of the head, counted from 0.
    pub(super) fn head_start(&self) -> usize {
        self.lines.iter().position(|line| line.kind == LineKind::Head).unwrap_or(0)
    }

    /// Counts the rows that hold records.
    pub(super) fn records(&self) -> usize {
        self.lines.iter().filter(|line| line.kind == LineKind::Body).count()
    }
}

/// The format a book is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Xlsx,
    Ods,
    CsvGb18030,
    CsvUtf8,
}

/// One file of the sample with its sheets.
#[derive(Debug, Clone)]
pub(super) struct Book {
    /// Relative to the inputs folder, with `/`.
    pub(super) path: String,
    pub(super) format: Format,
    pub(super) sheets: Vec<Sheet>,
}

impl Book {
    /// Finds the planted faults with their addresses.
    pub(super) fn faults(&self) -> Vec<PlantedFault> {
        let text_table = matches!(self.format, Format::CsvGb18030 | Format::CsvUtf8);
        let mut faults = Vec::new();
        for sheet in &self.sheets {
            let place = (!text_table).then(|| sheet.name.clone());
            if sheet.hidden {
                faults.push(PlantedFault {
                    kind: FaultKind::HiddenSheet,
                    file: self.path.clone(),
                    sheet: place.clone(),
                    cell: None,
                    found: String::new(),
                    right: String::new(),
                });
            }
            for (row, line) in sheet.lines.iter().enumerate() {
                faults.extend(line.marks.iter().map(|mark| PlantedFault {
                    kind: mark.kind,
                    file: self.path.clone(),
                    sheet: place.clone(),
                    cell: Some(range(mark.columns, sheet.columns.len(), row)),
                    found: mark.columns.and_then(|(first, _)| line.cells.get(first)).map(Value::shown).unwrap_or_default(),
                    right: mark.right.clone(),
                }));
            }
        }
        faults
    }
}

fn range(columns: Option<(usize, usize)>, width: usize, row: usize) -> String {
    let (first, last) = columns.unwrap_or((0, width.saturating_sub(1)));
    let address = |column: usize| address(column as u32, row as u32 + 1);
    if first == last { address(first) } else { format!("{}:{}", address(first), address(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_users_see_them() {
        assert_eq!(range(Some((1, 1)), 3, 4), "B5");
        assert_eq!(range(None, 3, 4), "A5:C5");
    }

    #[test]
    fn amounts_are_read_from_text() {
        assert_eq!(Value::text("12,345").amount(), 12_345);
        assert_eq!(Value::text("１２３").amount(), 123);
        assert_eq!(Value::text("无").amount(), 0);
        assert_eq!(Value::Tenths(-15).shown(), "-1.5");
        assert_eq!(Value::Tenths(-5).shown(), "-0.5");
    }

    #[test]
    fn a_planted_fault_is_found_at_its_place() {
        let mut sheet = Sheet::new("甲", vec![Column::new(ColumnKind::Text, 8); 2]);
        sheet.banner(LineKind::Title, &[(0, 1, "表")]);
        let mut line = Line::new(LineKind::Body, vec![Value::text("甲"), Value::Integer(5)]);
        line.plant(FaultKind::NumberAsText, 1, Value::text("5"));
        sheet.lines.push(line);
        let book = Book { path: "a.xlsx".into(), format: Format::Xlsx, sheets: vec![sheet] };
        let faults = book.faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].cell.as_deref(), Some("B2"));
        assert_eq!((faults[0].found.as_str(), faults[0].right.as_str()), ("5", "5"));
    }
}
