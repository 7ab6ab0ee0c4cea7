//! The records of one sheet of an old workbook.
//!
//! Owns: its cells, merged regions, hidden rows and columns, and what the sheet states about its rows beside.
//! Invariants: a record that contradicts itself gives a broken cell, never a value; a sheet whose records do not end is lost as a whole,
//! since nobody can tell how many rows are missing.
//! Facts: MS-XLS 2.4 and 2.5.

use std::collections::{HashMap, HashSet};

use super::super::feed::too_much;
use super::super::hidden::HiddenColumns;
use super::super::limits::Limits;
use super::super::row::{Refusal, Span};
use super::bytes::{f64_at, u16_at, u32_at};
use super::cells::{Cell, Kind};
use super::globals::Globals;
use super::oddities::{Oddities, Oddity};
use super::records::{Record, Records, id, interrupts_cells, is_known};

/// Cells up to which what is not as stated is damage and no habit of the program.
const FEW_CELLS: usize = 3;
/// Cells among which one may be such.
const MANY_CELLS: usize = 50;
/// Columns of a sheet.
const COLUMNS: u16 = 256;

/// What became of a sheet.
#[derive(Debug)]
pub(super) enum Sheet {
    /// Its cells are known.
    Work(SheetFacts),
    /// It is a chart, a macro sheet or a module.
    Other,
    /// Its records are not where they should be, or do not end.
    Lost,
}

/// What the records say of a sheet; rows and columns counted from 0.
#[derive(Debug, Default)]
pub(super) struct SheetFacts {
    pub(super) merged: Vec<Span>,
    pub(super) hidden_columns: HiddenColumns,
    pub(super) hidden_rows: HashSet<u32>,
    /// Sorted by row and column.
    pub(super) cells: Vec<Cell>,
    /// First and last row and column, each but the first ones counted to one past its end.
    dimensions: Option<[u32; 4]>,
    /// First column and the one past the last of each row that is stated.
    rows: HashMap<u16, (u16, u16)>,
    /// Whether the last cell is a formula that still waits for its text.
    waiting: bool,
}

impl Sheet {
    /// Reads the records of the sheet at an offset.
    pub(super) fn read(
        stream: &[u8],
        (offset, listed): (usize, bool),
        globals: &Globals<'_>,
        limits: &Limits,
        oddities: &mut Oddities,
    ) -> Result<Self, Refusal> {
        let mut records = Records::from(stream, offset);
        let worksheet = match records.next() {
            Some(Record { id: id::BOF, body, .. }) => u16_at(body, 2) == Some(0x0010),
            _ => return Ok(Self::Lost),
        };
        oddities.expect(worksheet == listed, Oddity::Sheet);
        if !worksheet && !listed {
            return Ok(Self::Other);
        }
        let mut facts = SheetFacts::default();
        let mut depth = 1;
        let mut ids = [id::BOF; 2];
        while let Some(record) = records.next() {
            if !record.is_regular() {
                // Of a chain that went wrong the next link is no record either.
                let next_is_known = records.clone().next().is_some_and(|next| is_known(next.id));
                if !is_known(record.id) && !next_is_known {
                    return Ok(Self::Lost);
                }
                oddities.expect(record.id == 0 && record.body.is_empty(), Oddity::Record);
            }
            oddities.expect(!interrupts_cells(ids[0], ids[1], record.id), Oddity::Record);
            ids = [ids[1], record.id];
            match record.id {
                // Charts inside a sheet are nested between a beginning and an end of their own.
                id::BOF => depth += 1,
                id::EOF if depth == 1 => {
                    facts.check(oddities);
                    facts.cells.sort_by_key(|cell| (cell.row, cell.column));
                    return Ok(Self::Work(facts));
                }
                id::EOF => depth -= 1,
                _ if depth == 1 => facts.take(&record, globals, oddities),
                _ => {}
            }
            if facts.cells.len() as u64 > limits.dense_cells {
                return Err(too_much("cells", limits.dense_cells));
            }
            if facts.merged.len() > limits.merged_regions {
                return Err(too_much("merged regions", limits.merged_regions));
            }
        }
        Ok(Self::Lost)
    }
}

impl SheetFacts {
    /// The area of the rectangle around all cells.
    pub(super) fn area(&self) -> u64 {
        let (Some(first), Some(last)) = (self.cells.first(), self.cells.last()) else {
            return 0;
        };
        let columns = self.cells.iter().map(|cell| cell.column);
        let width = columns.clone().max().unwrap_or(0) - columns.min().unwrap_or(0);
        (u64::from(last.row - first.row) + 1) * (u64::from(width) + 1)
    }

    /// Takes what a record says.
    fn take(&mut self, record: &Record<'_>, globals: &Globals<'_>, oddities: &mut Oddities) {
        let (id, body) = (record.id, record.body);
        let waiting = std::mem::take(&mut self.waiting);
        match id {
            id::ROW => self.row(body),
            id::COL_INFO if u16_at(body, 8).is_some_and(|flags| flags & 1 != 0) => {
                if let (Some(first), Some(last)) = (u16_at(body, 0), u16_at(body, 2)) {
                    self.hidden_columns.add(u32::from(first), u32::from(last.min(COLUMNS - 1)));
                }
            }
            id::DIMENSIONS => self.dimensions = dimensions(body),
            id::MERGE_CELLS => {
                let regions = body.get(2..).unwrap_or_default().chunks_exact(8);
                let stated = usize::from(u16_at(body, 0).unwrap_or(0));
                oddities.expect(stated == regions.len(), Oddity::Record);
                self.merged.extend(regions.take(stated).filter_map(span));
            }
            id::MUL_RK => self.many(record, globals, oddities),
            id::STRING => match self.cells.last_mut() {
                Some(cell) if waiting => cell.text_at(record.at),
                _ => oddities.add(Oddity::Record),
            },
            id::FORMULA | id::FORMULA_BIFF3 | id::FORMULA_BIFF4 => {
                let (kind, bits) = formula_result(body);
                self.waiting = kind == Kind::Awaited;
                self.one(body, kind, bits, true, globals, oddities);
            }
            // What defines a formula stands between it and its text.
            id::CONTINUE | 0x0221 | 0x0236 | 0x04BC => self.waiting = waiting,
            id::NUMBER | id::RK | id::LABEL | id::RSTRING | id::LABEL_SST | id::BOOL_ERR => {
                let (kind, bits) = if record.is_regular() { single(record, globals) } else { (Kind::Broken, 0) };
                self.one(body, kind, bits, false, globals, oddities);
            }
            _ => {}
        }
    }

    /// Takes a row's own record.
    fn row(&mut self, body: &[u8]) {
        if let (Some(row), Some(first), Some(end)) = (u16_at(body, 0), u16_at(body, 2), u16_at(body, 4)) {
            self.rows.insert(row, (first, end));
            if u16_at(body, 12).is_some_and(|flags| flags & 0x20 != 0) {
                self.hidden_rows.insert(u32::from(row));
            }
        }
    }

    /// Takes a record of one cell.
    fn one(&mut self, body: &[u8], kind: Kind, bits: u64, formula: bool, globals: &Globals<'_>, oddities: &mut Oddities) {
        if let (Some(row), Some(column), Some(style)) = (u16_at(body, 0), u16_at(body, 2), u16_at(body, 4)) {
            self.push(Cell { bits, row, column, style, kind, formula }, globals, oddities);
        }
    }

    /// Takes a record of several numbers side by side.
    fn many(&mut self, record: &Record<'_>, globals: &Globals<'_>, oddities: &mut Oddities) {
        let body = record.body;
        let (Some(row), Some(first)) = (u16_at(body, 0), u16_at(body, 2)) else {
            return;
        };
        let numbers = body.get(4..body.len().saturating_sub(2)).unwrap_or_default().chunks_exact(6);
        let last = u16_at(body, body.len().saturating_sub(2));
        let agree = last.map(usize::from) == (usize::from(first) + numbers.len()).checked_sub(1);
        oddities.expect(agree, Oddity::Record);
        let kind = if agree && record.is_regular() { Kind::Number } else { Kind::Broken };
        for (column, cell) in (first..=u16::MAX).zip(numbers) {
            let style = u16_at(cell, 0).unwrap_or(0);
            let bits = u32_at(cell, 2).map_or(0, |rk| rk_value(rk).to_bits());
            self.push(Cell { bits, row, column, style, kind, formula: false }, globals, oddities);
        }
    }

    /// Adds a cell, broken if it cannot be one.
    fn push(&mut self, mut cell: Cell, globals: &Globals<'_>, oddities: &mut Oddities) {
        let style = globals.has_style(cell.style);
        oddities.expect(style, Oddity::Style);
        // Numbers below the normal ones are written as 0 by every program.
        let subnormal = cell.kind == Kind::Number && f64::from_bits(cell.bits).is_subnormal();
        oddities.expect(!subnormal, Oddity::Record);
        if cell.column >= COLUMNS || !style || subnormal {
            cell.kind = Kind::Broken;
        }
        self.cells.push(cell);
    }

    /// Compares the cells with what is stated beside them.
    ///
    /// Many programs state ranges loosely; but they do so throughout. A few cells that are alone in it are damage, and nobody can tell
    /// where they belong.
    fn check(&mut self, oddities: &mut Oddities) {
        let which =
            |is_odd: &dyn Fn(usize) -> bool| (0..self.cells.len()).filter(|index| is_odd(*index)).take(FEW_CELLS + 1).collect::<Vec<_>>();
        let outside = which(&|index| !self.is_within_dimensions(&self.cells[index]));
        let beyond = which(&|index| !self.is_within_row(&self.cells[index]));
        for (odd, oddity) in [(outside, Oddity::Dimension), (beyond, Oddity::Row)] {
            if odd.len() <= FEW_CELLS && odd.len() * MANY_CELLS <= self.cells.len() {
                for index in odd {
                    oddities.add(oddity);
                    self.cells[index].kind = Kind::Broken;
                }
            }
        }
    }

    /// Whether a cell lies in the range that the sheet states.
    fn is_within_dimensions(&self, cell: &Cell) -> bool {
        self.dimensions.is_none_or(|[first_row, end_row, first_column, end_column]| {
            (first_row..end_row).contains(&u32::from(cell.row)) && (first_column..end_column).contains(&u32::from(cell.column))
        })
    }

    /// Whether a cell lies in a row that is stated, between the columns stated there.
    fn is_within_row(&self, cell: &Cell) -> bool {
        self.rows.is_empty() || self.rows.get(&cell.row).is_some_and(|(first, end)| (*first..*end).contains(&cell.column))
    }
}

/// Reads the range that a sheet says it uses.
fn dimensions(body: &[u8]) -> Option<[u32; 4]> {
    let half = |at| u16_at(body, at).map(u32::from);
    Some(if body.len() == 10 {
        [half(0)?, half(2)?, half(4)?, half(6)?]
    } else {
        [u32_at(body, 0)?, u32_at(body, 4)?, half(8)?, half(10)?]
    })
}

/// Reads the value of a cell that is alone in its record.
fn single(record: &Record<'_>, globals: &Globals<'_>) -> (Kind, u64) {
    let body = record.body;
    let value = match record.id {
        id::NUMBER => f64_at(body, 6).map(|number| (Kind::Number, number.to_bits())),
        id::RK => u32_at(body, 6).map(|rk| (Kind::Number, rk_value(rk).to_bits())),
        id::LABEL_SST => {
            u32_at(body, 6).map(u64::from).filter(|index| globals.strings.get(*index).is_some()).map(|index| (Kind::Shared, index))
        }
        id::BOOL_ERR => body.get(6..8).and_then(|pair| bool_or_error(pair[0], pair[1])),
        _ => Some((Kind::Inline, record.at as u64)),
    };
    value.unwrap_or((Kind::Broken, 0))
}

/// Reads the stored result of a formula.
fn formula_result(body: &[u8]) -> (Kind, u64) {
    let Some(result) = body.get(6..14) else {
        return (Kind::Broken, 0);
    };
    if result[6..] != [0xFF, 0xFF] {
        return f64_at(result, 0).map_or((Kind::Broken, 0), |number| (Kind::Number, number.to_bits()));
    }
    let value = match result[0] {
        0 => Some((Kind::Awaited, 0)),
        1 => bool_or_error(result[2], 0),
        2 => bool_or_error(result[2], 1),
        3 => Some((Kind::Empty, 0)),
        _ => None,
    };
    value.unwrap_or((Kind::Broken, 0))
}

/// Reads a boolean or an error.
fn bool_or_error(value: u8, error: u8) -> Option<(Kind, u64)> {
    match error {
        0 if value <= 1 => Some((Kind::Bool, u64::from(value))),
        1 => super::super::error_value::text(value).map(|_| (Kind::Error, u64::from(value))),
        _ => None,
    }
}

/// Unpacks a number of 30 bits.
fn rk_value(rk: u32) -> f64 {
    // The upper bits are an integer, or the upper half of a double.
    let value = if rk & 2 != 0 { f64::from(rk.cast_signed() >> 2) } else { f64::from_bits(u64::from(rk & !3) << 32) };
    if rk & 1 != 0 { value / 100.0 } else { value }
}

/// Reads a merged region.
fn span(raw: &[u8]) -> Option<Span> {
    let [first_row, last_row, first_column, last_column] = [0, 2, 4, 6].map(|at| u16_at(raw, at).map(u32::from));
    let span = Span { first_row: first_row? + 1, last_row: last_row? + 1, first_column: first_column?, last_column: last_column? };
    (span.first_row <= span.last_row && span.first_column <= span.last_column).then_some(span)
}
