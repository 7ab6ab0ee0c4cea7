//! Walks over the records of an old workbook for what calamine does not tell.
//!
//! Owns: number formats, hidden rows and columns, merged regions, which cells are formulas, and
//! the area of each sheet, known before calamine builds its grid.
//! Facts: MS-XLS; a record is a 16-bit id, a 16-bit length and so many bytes.

use std::collections::{HashMap, HashSet};

use super::super::feed::{Epoch, too_much};
use super::super::limits::Limits;
use super::super::number_format::Format;
use super::super::row::{Refusal, Span};
use super::ole::{damaged, u16_at, u32_at};

/// Record ids.
mod id {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const EOF: u16 = 0x000A;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const FILE_PASS: u16 = 0x002F;
    pub(super) const COL_INFO: u16 = 0x007D;
    pub(super) const BOUND_SHEET: u16 = 0x0085;
    pub(super) const MUL_RK: u16 = 0x00BD;
    pub(super) const MUL_BLANK: u16 = 0x00BE;
    pub(super) const RSTRING: u16 = 0x00D6;
    pub(super) const XF: u16 = 0x00E0;
    pub(super) const MERGE_CELLS: u16 = 0x00E5;
    pub(super) const LABEL_SST: u16 = 0x00FD;
    pub(super) const BLANK: u16 = 0x0201;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const BOOL_ERR: u16 = 0x0205;
    pub(super) const ROW: u16 = 0x0208;
    pub(super) const RK: u16 = 0x027E;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const FORMULA_OLD: u16 = 0x0406;
    pub(super) const BOF: u16 = 0x0809;
}

/// Kind of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SheetType {
    /// Cells.
    Work,
    /// Charts, macros, modules.
    Other,
}

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct SheetEntry {
    pub(super) offset: usize,
    pub(super) kind: SheetType,
    /// The name's bytes, only good for comparison.
    pub(super) name: Vec<u8>,
}

/// What stands in front of the sheets.
#[derive(Debug)]
pub(super) struct Globals {
    pub(super) sheets: Vec<SheetEntry>,
    pub(super) epoch: Epoch,
    /// The number format of each cell style.
    formats: Vec<Format>,
}

/// Iterator over records.
struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let id = u16_at(self.rest, 0)?;
        let length = usize::from(u16_at(self.rest, 2)?);
        let body = self.rest.get(4..4 + length)?;
        self.rest = &self.rest[4 + length..];
        Some((id, body))
    }
}

impl Globals {
    /// Reads the records up to the first end.
    pub(super) fn read(stream: &[u8]) -> Result<Self, Refusal> {
        let mut globals = Self { sheets: Vec::new(), epoch: Epoch::Of1900, formats: Vec::new() };
        let mut formats = HashMap::new();
        let mut styles = Vec::new();
        let mut records = Records { rest: stream };
        let wide = match records.next() {
            Some((id::BOF, body)) => u16_at(body, 0) == Some(0x0600),
            _ => return Err(damaged("no beginning")),
        };
        let mut ended = false;
        for (id, body) in records {
            match id {
                id::FILE_PASS => return Err(Refusal::new("FIL-139")),
                id::DATE_MODE if u16_at(body, 0) == Some(1) => globals.epoch = Epoch::Of1904,
                id::BOUND_SHEET => globals.sheets.push(bound_sheet(body).ok_or_else(|| damaged("sheet list"))?),
                id::FORMAT => {
                    if let Some((format, code)) = format(body, wide) {
                        formats.insert(format, Format::of_code(&code));
                    }
                }
                id::XF => styles.push(u16_at(body, 2).unwrap_or(0)),
                id::EOF => {
                    ended = true;
                    break;
                }
                _ => {}
            }
        }
        if !ended {
            return Err(damaged("no end"));
        }
        let of_style = |id| formats.get(&id).cloned().unwrap_or_else(|| Format::of_builtin(u32::from(id)));
        globals.formats = styles.into_iter().map(of_style).collect();
        Ok(globals)
    }

    /// Returns the number format of a style.
    pub(super) fn format(&self, style: u16) -> &Format {
        self.formats.get(usize::from(style)).unwrap_or(&Format::Plain)
    }
}

/// Reads an entry of the sheet list.
fn bound_sheet(body: &[u8]) -> Option<SheetEntry> {
    let kind = if *body.get(5)? == 0 { SheetType::Work } else { SheetType::Other };
    Some(SheetEntry { offset: usize::try_from(u32_at(body, 0)?).ok()?, kind, name: body.get(6..)?.to_vec() })
}

/// Reads a number format: its id and its code.
fn format(body: &[u8], wide: bool) -> Option<(u16, String)> {
    let format = u16_at(body, 0)?;
    let code = if !wide {
        String::from_utf8_lossy(body.get(3..)?).into_owned()
    } else if body.get(4)? & 1 == 0 {
        body.get(5..)?.iter().map(|byte| char::from(*byte)).collect()
    } else {
        let units: Vec<u16> = body.get(5..)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Some((format, code))
}

/// What the records say of a cell that holds something.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRecord {
    row: u32,
    column: u32,
    pub(super) style: u16,
    pub(super) formula: bool,
}

/// What the records say of a sheet; rows and columns counted from 0.
#[derive(Debug, Default)]
pub(super) struct SheetFacts {
    pub(super) merged: Vec<Span>,
    pub(super) hidden_columns: Vec<(u32, u32)>,
    pub(super) hidden_rows: HashSet<u32>,
    /// Sorted by row and column.
    cells: Vec<CellRecord>,
}

impl SheetFacts {
    /// Reads the records of the sheet at an offset.
    pub(super) fn read(stream: &[u8], offset: usize, limits: &Limits) -> Result<Self, Refusal> {
        let rest = stream.get(offset..).ok_or_else(|| damaged("sheet offset"))?;
        let mut facts = Self::default();
        let mut depth = 0;
        for (id, body) in (Records { rest }) {
            match id {
                id::BOF => depth += 1,
                // Charts inside a sheet are nested between a beginning and an end of their own.
                id::EOF if depth <= 1 => {
                    facts.cells.sort_by_key(|cell| (cell.row, cell.column));
                    return Ok(facts);
                }
                id::EOF => depth -= 1,
                _ if depth == 0 => return Err(damaged("sheet offset")),
                _ if depth == 1 => facts.take(id, body),
                _ => {}
            }
            if facts.cells.len() as u64 > limits.dense_cells {
                return Err(too_much("cells", limits.dense_cells));
            }
            if facts.merged.len() > limits.merged_regions {
                return Err(too_much("merged regions", limits.merged_regions));
            }
        }
        Err(damaged("sheet without end"))
    }

    /// Returns what the records say of a cell.
    pub(super) fn cell(&self, row: u32, column: u32) -> Option<CellRecord> {
        let place = self.cells.binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        place.ok().map(|place| self.cells[place])
    }

    /// Returns the cells of the rectangle around all cells, twice if there are formulas.
    pub(super) fn area(&self) -> u64 {
        let (Some(first), Some(last)) = (self.cells.first(), self.cells.last()) else {
            return 0;
        };
        let columns = self.cells.iter().map(|cell| cell.column);
        let width = columns.clone().max().unwrap_or(0) - columns.min().unwrap_or(0) + 1;
        let grids = if self.cells.iter().any(|cell| cell.formula) { 2 } else { 1 };
        u64::from(last.row - first.row + 1) * u64::from(width) * grids
    }

    /// Takes what a record says.
    fn take(&mut self, id: u16, body: &[u8]) {
        match id {
            id::ROW if u16_at(body, 12).is_some_and(|flags| flags & 0x20 != 0) => {
                self.hidden_rows.extend(u16_at(body, 0).map(u32::from));
            }
            id::COL_INFO if u16_at(body, 8).is_some_and(|flags| flags & 1 != 0) => {
                if let (Some(first), Some(last)) = (u16_at(body, 0), u16_at(body, 2))
                    && first <= last
                {
                    self.hidden_columns.push((u32::from(first), u32::from(last.min(255))));
                }
            }
            id::MERGE_CELLS => self.merged.extend(body.get(2..).unwrap_or_default().chunks_exact(8).filter_map(span)),
            id::FORMULA | id::FORMULA_OLD => self.cell_record(body, true),
            id::NUMBER | id::RK | id::LABEL | id::LABEL_SST | id::BOOL_ERR | id::RSTRING | id::BLANK => {
                self.cell_record(body, false);
            }
            id::MUL_RK => self.many(body, 6),
            id::MUL_BLANK => self.many(body, 2),
            _ => {}
        }
    }

    /// Takes a record of one cell.
    fn cell_record(&mut self, body: &[u8], formula: bool) {
        if let (Some(row), Some(column), Some(style)) = (u16_at(body, 0), u16_at(body, 2), u16_at(body, 4)) {
            let (row, column) = (u32::from(row), u32::from(column));
            self.cells.push(CellRecord { row, column, style, formula });
        }
    }

    /// Takes a record of several cells side by side.
    fn many(&mut self, body: &[u8], size: usize) {
        let (Some(row), Some(first)) = (u16_at(body, 0), u16_at(body, 2)) else {
            return;
        };
        let cells = body.get(4..body.len().saturating_sub(2)).unwrap_or_default();
        for (column, cell) in (u32::from(first)..).zip(cells.chunks_exact(size)) {
            let style = u16_at(cell, 0).unwrap_or(0);
            self.cells.push(CellRecord { row: u32::from(row), column, style, formula: false });
        }
    }
}

/// Reads a merged region.
fn span(raw: &[u8]) -> Option<Span> {
    let [first_row, last_row, first_column, last_column] = [0, 2, 4, 6].map(|at| u16_at(raw, at).map(u32::from));
    let span = Span { first_row: first_row? + 1, last_row: last_row? + 1, first_column: first_column?, last_column: last_column? };
    (span.first_row <= span.last_row && span.first_column <= span.last_column).then_some(span)
}
