//! The chain of records in the stream of an old workbook.
//!
//! Owns: the ids that the format knows, the lengths that it fixes, and the step from one record to the next.
//! Facts: MS-XLS 2.3; a record is a 16-bit id, a 16-bit length and so many bytes; `CONTINUE` prolongs the record before.

use super::bytes::u16_at;

/// Record ids.
pub(super) mod id {
    pub(in super::super) const DIMENSIONS_BIFF2: u16 = 0x0000;
    pub(in super::super) const FORMULA: u16 = 0x0006;
    pub(in super::super) const EOF: u16 = 0x000A;
    pub(in super::super) const DATE_MODE: u16 = 0x0022;
    pub(in super::super) const FILE_PASS: u16 = 0x002F;
    pub(in super::super) const CONTINUE: u16 = 0x003C;
    pub(in super::super) const CODE_PAGE: u16 = 0x0042;
    pub(in super::super) const COL_INFO: u16 = 0x007D;
    pub(in super::super) const BOUND_SHEET: u16 = 0x0085;
    pub(in super::super) const MUL_RK: u16 = 0x00BD;
    pub(in super::super) const MUL_BLANK: u16 = 0x00BE;
    pub(in super::super) const RSTRING: u16 = 0x00D6;
    pub(in super::super) const XF: u16 = 0x00E0;
    pub(in super::super) const MERGE_CELLS: u16 = 0x00E5;
    pub(in super::super) const SST: u16 = 0x00FC;
    pub(in super::super) const LABEL_SST: u16 = 0x00FD;
    pub(in super::super) const DIMENSIONS: u16 = 0x0200;
    pub(in super::super) const BLANK: u16 = 0x0201;
    pub(in super::super) const NUMBER: u16 = 0x0203;
    pub(in super::super) const LABEL: u16 = 0x0204;
    pub(in super::super) const BOOL_ERR: u16 = 0x0205;
    pub(in super::super) const FORMULA_BIFF3: u16 = 0x0206;
    pub(in super::super) const STRING: u16 = 0x0207;
    pub(in super::super) const ROW: u16 = 0x0208;
    pub(in super::super) const RK: u16 = 0x027E;
    pub(in super::super) const FORMULA_BIFF4: u16 = 0x0406;
    pub(in super::super) const FORMAT: u16 = 0x041E;
    pub(in super::super) const BOF: u16 = 0x0809;
}

/// Ids that the format knows, as ranges with both ends.
const KNOWN: &[(u16, u16)] = &[
    (0x0006, 0x0006),
    (0x000A, 0x000A),
    (0x000C, 0x001D),
    (0x0020, 0x002B),
    (0x002F, 0x0034),
    (0x003C, 0x0042),
    (0x0044, 0x0044),
    (0x004D, 0x0063),
    (0x007D, 0x0086),
    (0x0089, 0x00C8),
    (0x00CD, 0x0100),
    (0x0102, 0x010E),
    (0x0137, 0x0152),
    (0x015F, 0x0163),
    (0x018B, 0x0196),
    (0x01A9, 0x01C2),
    (0x0200, 0x0201),
    (0x0203, 0x0208),
    (0x020B, 0x020B),
    (0x0218, 0x0218),
    (0x0221, 0x0225),
    (0x0231, 0x0236),
    (0x023E, 0x023E),
    (0x027D, 0x027E),
    (0x0293, 0x0293),
    (0x0406, 0x0406),
    (0x041E, 0x041E),
    (0x04BC, 0x04BC),
    (0x0800, 0x08D8),
    (0x1001, 0x1070),
];

/// Ids of which the table of cells consists: rows, cells, what defines formulas, and the index of the rows.
const CELLS: &[u16] = &[
    id::FORMULA,
    id::MUL_RK,
    id::MUL_BLANK,
    id::RSTRING,
    0x00D7,
    id::LABEL_SST,
    id::BLANK,
    id::NUMBER,
    id::LABEL,
    id::BOOL_ERR,
    id::FORMULA_BIFF3,
    id::STRING,
    id::ROW,
    0x0221,
    0x0236,
    id::RK,
    id::FORMULA_BIFF4,
    0x04BC,
];
/// Ids that some programs write among the cells.
const AMONG_CELLS: &[u16] = &[id::CONTINUE, id::MERGE_CELLS, 0x01C2, 0x1065];

/// Whether a record between two of the table of cells has no business there.
pub(super) fn interrupts_cells(before: u16, between: u16, after: u16) -> bool {
    let is_of_cells = |id| CELLS.contains(&id);
    is_of_cells(before) && !is_of_cells(between) && !AMONG_CELLS.contains(&between) && is_of_cells(after)
}

/// A record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) id: u16,
    /// Where its id stands in the stream.
    pub(super) at: usize,
    pub(super) body: &'a [u8],
}

impl Record<'_> {
    /// Whether the format knows such a record, and it is as long as the format says.
    pub(super) fn is_regular(&self) -> bool {
        let length = self.body.len();
        let fixed = match self.id {
            id::EOF => length == 0,
            id::DATE_MODE | id::CODE_PAGE => length == 2,
            id::BLANK => length == 6,
            id::LABEL_SST | id::RK => length == 10,
            // Some programs write some bytes more.
            id::NUMBER => matches!(length, 14 | 18),
            id::BOOL_ERR => matches!(length, 8 | 9),
            id::ROW => length == 16,
            id::COL_INFO => matches!(length, 11 | 12),
            id::XF => matches!(length, 16 | 20),
            id::DIMENSIONS => matches!(length, 10 | 14 | 16),
            id::MUL_RK => length >= 12 && length.is_multiple_of(6),
            id::MUL_BLANK => length >= 8 && length.is_multiple_of(2),
            // A sheet's range as Excel 2 wrote it, which stands in later workbooks too.
            id::DIMENSIONS_BIFF2 => return length == 10,
            _ => true,
        };
        fixed && is_known(self.id)
    }
}

/// Whether the format knows an id.
pub(super) fn is_known(id: u16) -> bool {
    KNOWN.iter().any(|(first, last)| (*first..=*last).contains(&id))
}

/// Goes through the records of a stream; ends where the stream does, or where a record would reach past it.
#[derive(Debug, Clone)]
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// Begins at an offset.
    pub(super) fn from(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    /// The bodies of a record and of all that prolong it, as far as they hold anything; moves on behind them.
    pub(super) fn prolonged(&mut self, first: &'a [u8]) -> Vec<&'a [u8]> {
        let mut bodies = vec![first];
        let mut ahead = self.clone();
        while let Some(record) = ahead.next().filter(|record| record.id == id::CONTINUE) {
            bodies.push(record.body);
            self.at = ahead.at;
        }
        bodies.retain(|body| !body.is_empty());
        bodies
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let id = u16_at(self.stream, at)?;
        let length = usize::from(u16_at(self.stream, at + 2)?);
        let body = self.stream.get(at + 4..at + 4 + length)?;
        self.at = at + 4 + length;
        Some(Record { id, at, body })
    }
}
