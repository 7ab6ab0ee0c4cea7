//! Rows that may be title or header, each cell folded once.
//!
//! Owns: what a cell says as a word: its folded text, the year and the unit of money that it states, and whether it
//! is a value, which no header word is. Finding a header asks these many times over.

use super::folding;
use super::reader::{CellKind, Row};
use crate::model::amount::Unit;
use crate::model::period;

/// Longest number that may stand in a header: numbering, indicator codes.
const SHORT_NUMBER: usize = 3;
/// Bytes of a cell that are looked at for what it says as a word; no heading and no remark is longer.
const LOOKED_AT: usize = 1 << 10;
/// Digits that make a run of letters and digits a code.
const CODE_DIGITS: usize = 5;

/// One non-blank cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadCell {
    /// 0-based.
    pub column: u32,
    /// As stored, trimmed.
    pub text: String,
    /// Folded.
    pub key: String,
    /// Folded, without brackets, year and unit.
    pub bare: String,
    /// The year that it states.
    pub year: Option<i32>,
    /// The part of a year of which it speaks: 前三季度, 1-9月.
    pub part: Option<String>,
    /// The unit of money that it states.
    pub unit: Option<Unit>,
    /// The two units of money that it leaves open.
    pub open_units: Option<[Unit; 2]>,
    /// Whether it is a figure or a code.
    pub value: bool,
}

impl HeadCell {
    /// Whether it says a year and nothing else but perhaps a unit.
    pub fn is_year(&self) -> bool {
        self.year.is_some() && self.bare.is_empty()
    }

    /// Whether it says a unit of money and nothing else.
    pub fn is_unit(&self) -> bool {
        self.unit.is_some() && self.year.is_none() && (self.bare.is_empty() || self.says_unit())
    }

    /// Whether it begins with 单位, perhaps with more before it: 计量单位, 金额单位.
    pub fn says_unit(&self) -> bool {
        ["单位", "计量单位", "金额单位", "货币单位", "数据单位"].iter().any(|word| match self.bare.strip_prefix(word) {
            Some("") => true,
            Some(rest) => self.unit.is_some() && rest.chars().count() <= 4,
            None => false,
        })
    }
}

/// One row: its number and its non-blank cells by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadRow {
    /// 1-based.
    pub number: u32,
    /// Its cells.
    pub cells: Vec<HeadCell>,
}

impl HeadRow {
    /// Folds a row.
    pub fn new(row: &Row) -> Self {
        let cells = row.cells.iter().map(|c| cell(c.column, row.text(c), c.kind)).filter(|c| !c.text.is_empty()).collect();
        Self { number: row.number, cells }
    }

    /// The cell of a column.
    pub fn get(&self, column: u32) -> Option<&HeadCell> {
        self.cells.binary_search_by_key(&column, |c| c.column).ok().map(|i| &self.cells[i])
    }

    /// Whether it says years and periods only: 2025年, 本年, 上年同期.
    pub fn is_periods(&self) -> bool {
        !self.cells.is_empty() && self.cells.iter().all(|c| c.is_year() || folding::is_period(&c.key))
    }

    /// Whether any cell is a figure or a code.
    pub fn has_value(&self) -> bool {
        self.cells.iter().any(|c| c.value)
    }

    /// Whether another row holds the same texts in the same columns.
    pub fn repeats(&self, other: &Self) -> bool {
        self.cells.len() == other.cells.len() && self.cells.iter().zip(&other.cells).all(|(a, b)| a.column == b.column && a.text == b.text)
    }

    /// The years that it states, but for days of filling in: 上报时间 | 2024年3月.
    pub fn years(&self) -> impl Iterator<Item = (u32, i32)> {
        let dated = |i: usize| i > 0 && ["日期", "时间"].iter().any(|word| self.cells[i - 1].key.ends_with(word));
        self.cells.iter().enumerate().filter(move |(i, _)| !dated(*i)).filter_map(|(_, c)| c.year.map(|year| (c.column, year)))
    }

    /// The parts of a year of which it speaks, with the years that they are of.
    pub fn parts(&self) -> impl Iterator<Item = &HeadCell> {
        let dated = |i: usize| i > 0 && ["日期", "时间"].iter().any(|word| self.cells[i - 1].key.ends_with(word));
        self.cells.iter().enumerate().filter(move |(i, cell)| cell.part.is_some() && !dated(*i)).map(|(_, cell)| cell)
    }

    /// The units of money that it states; those said with 单位 first in weight.
    pub fn units(&self) -> impl Iterator<Item = (u32, Unit, bool)> {
        self.cells.iter().enumerate().filter_map(|(i, c)| {
            let said = c.text.contains("单位") || i > 0 && self.cells[i - 1].says_unit() && self.cells[i - 1].unit.is_none();
            c.unit.map(|unit| (c.column, unit, said))
        })
    }
}

/// Folds one cell.
pub fn cell(column: u32, text: &str, kind: CellKind) -> HeadCell {
    let text = beginning(text.trim());
    let money = kind == CellKind::Text && text.contains(['元', '千', '万', '亿']);
    let unit = if money { Unit::find(text) } else { None };
    // A year has its sign or is digits.
    let dated = kind != CellKind::Date && text.contains(|c: char| c == '年' || c.is_ascii_digit() || ('０'..='９').contains(&c));
    let year = if dated { period::find_year(text) } else { None };
    HeadCell {
        column,
        text: text.to_owned(),
        key: folding::key(text),
        bare: folding::bare(text, unit.is_some()),
        year,
        part: if kind == CellKind::Text && text.contains(['月', '季', '半', 'Q', 'H']) { period::part_of_year(text) } else { None },
        unit,
        open_units: if money { Unit::open(text) } else { None },
        value: is_value(text, kind),
    }
}

/// Whether a cell is a figure or a code rather than a word, a year or a numbering.
pub fn is_value(text: &str, kind: CellKind) -> bool {
    match kind {
        CellKind::Date | CellKind::Bool | CellKind::Error => true,
        CellKind::Number => text.ends_with('%') || text.len() > SHORT_NUMBER && !(text.len() == 4 && period::find_year(text).is_some()),
        CellKind::Text => {
            let text = beginning(text);
            let mut digits = 0;
            for byte in text.bytes() {
                if byte.is_ascii_digit() {
                    digits += 1;
                    if digits >= CODE_DIGITS {
                        return true;
                    }
                } else if !byte.is_ascii_alphanumeric() {
                    digits = 0;
                }
            }
            is_figure(text)
        }
    }
}

/// As much of a text as is looked at.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or(text)
}

/// Whether a text is a number written out: 1,234.50.
fn is_figure(text: &str) -> bool {
    let text = text.trim();
    text.len() > SHORT_NUMBER
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b'-' | b'+' | b'%' | b'(' | b')'))
        && text.bytes().any(|b| b.is_ascii_digit())
        && !(text.len() == 4 && period::find_year(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_header_are_short_or_years_and_no_percentages() {
        for text in ["1", "301", "2023"] {
            assert!(!is_value(text, CellKind::Number), "{text}");
        }
        for text in ["0.035", "12345", "7%", "3.5%", "2023%"] {
            assert!(is_value(text, CellKind::Number), "{text}");
        }
    }
}
