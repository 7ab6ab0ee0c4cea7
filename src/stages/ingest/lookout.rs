//! Rows in which a header is looked for.
//!
//! The last rows are kept until one is found among them, and the first of a sheet, since they may state its year and unit;
//! of those between only the numbers are. A header is looked for only where a row may name a key, so that a long sheet
//! without one costs little.

use super::head::{self, HeadRow};
use super::header::{self, Header};
use super::labels::Labels;
use super::reader::{Cell, Row, Span};
use crate::model::aside::Rows;
use indexmap::IndexMap;

/// Rows kept above a header, and at the top of a sheet.
pub const ABOVE: usize = 40;
/// Rows kept below the first of a header, so that it is read whole with what follows it (units, numbering).
const BELOW: usize = header::MAX_HEIGHT + 4;

/// Rows without a header so far.
#[derive(Default)]
pub struct Lookout {
    /// The first rows, if they are not among those kept any more.
    pub first: Vec<Row>,
    /// Further rows that were passed.
    pub passed: Rows,
    /// The last rows.
    pub kept: Vec<Row>,
    /// The last row that may name a key.
    promising: Option<u32>,
}

impl Lookout {
    /// Keeps a row; one with a figure or a code is none of a header.
    pub fn keep(&mut self, row: &Row, forms: &IndexMap<String, Labels>) {
        let is_value = |c: &Cell| head::is_value(row.text(c), c.kind);
        if !row.cells.iter().any(is_value) && forms.values().any(|l| l.may_name_key(&HeadRow::new(row))) {
            self.promising = Some(row.number);
        }
        self.kept.push(row.clone());
    }

    /// Whether as many rows are kept as a header needs around it.
    pub fn is_full(&self) -> bool {
        self.kept.len() >= ABOVE + BELOW
    }

    /// Gives up the upper half of the rows kept.
    pub fn pass(&mut self) {
        for row in self.kept.drain(..self.kept.len() / 2) {
            if self.first.len() < ABOVE {
                self.first.push(row);
            } else {
                self.passed.add(row.number);
            }
        }
    }

    /// The first header among the rows kept and these rows folded, unless rows still to come may belong to it.
    pub fn header(&self, merged: Option<&[Span]>, forms: &IndexMap<String, Labels>) -> Option<(Header, Vec<HeadRow>)> {
        let is_kept = |row: u32| self.kept.first().is_some_and(|first| first.number <= row);
        self.promising.filter(|row| is_kept(*row))?;
        let heads: Vec<HeadRow> = self.kept.iter().map(HeadRow::new).collect();
        let header = header::find(&heads, merged, forms)?;
        (!self.is_full() || header.top + BELOW <= heads.len()).then_some((header, heads))
    }

    /// All rows, in order: no header is among them.
    pub fn all(self) -> Rows {
        let mut rows = self.passed;
        rows.extend(self.first.iter().chain(&self.kept).map(|row| row.number));
        rows
    }
}
