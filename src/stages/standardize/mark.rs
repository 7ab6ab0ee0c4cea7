//! Rows that bound what a sum row adds up, and the sums of the records around them.

use super::column::Reading;
use crate::model::raw::{PartStart, SumKind};

/// Sums of the records so far: of a column, and how many of its cells could not be read or added.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub sum: i128,
    pub lost: u64,
}

impl Tally {
    /// Adds what was read of a cell.
    pub fn add(&mut self, reading: Reading) {
        let value = match reading {
            Reading::Value(value) => self.sum.checked_add(value),
            Reading::Absent | Reading::Year(_) => Some(self.sum),
            Reading::Unreadable => None,
        };
        match value {
            Some(sum) => self.sum = sum,
            None => self.lost += 1,
        }
    }
}

/// A place between the records of a table: how many stand above it, and their sums.
#[derive(Debug, Clone, Default)]
pub(super) struct SumPosition {
    pub records: u64,
    pub tallies: Vec<Tally>,
}

/// A row that is no record and may bound what a sum row adds up.
#[derive(Debug)]
pub(super) struct Mark {
    pub at: SumPosition,
    pub what: What,
}

/// What such a row is.
#[derive(Debug)]
pub(super) enum What {
    Sum { record: i64, kind: SumKind, label: String, lines: Vec<Line> },
    Part(PartStart),
}

/// One figure of a sum row.
#[derive(Debug)]
pub(super) struct Line {
    pub field: usize,
    /// State and value at scale 4.
    pub stated: (i8, Option<i128>),
    pub raw: String,
    /// Yuan, or 1.
    pub unit: i64,
}

impl Line {
    /// One unit, by which rounding may change a sum.
    pub fn tolerance(&self) -> i128 {
        i128::from(self.unit) * 10_000
    }
}
