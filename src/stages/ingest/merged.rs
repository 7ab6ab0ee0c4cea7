//! Regions merged downwards over the rows of several records.
//!
//! A name, a code, a title or a flag that is written once over several rows holds for each of them. A figure does not: it may be the sum
//! of all, or that of the first. Where the enterprise itself is merged over the same rows, they are one record's, and the figure is its own.

use super::reader::{Cell, CellKind, Row, Span};
use std::rc::Rc;

/// The regions of a sheet that are more than one row high, by their first rows.
pub fn tall(merged: &[Span]) -> Rc<[Span]> {
    let mut tall: Vec<Span> = merged.iter().copied().filter(|s| s.last_row > s.first_row).collect();
    tall.sort_unstable();
    tall.into()
}

/// Such regions, while the rows of a table pass.
#[derive(Debug, Clone, Default)]
pub struct MergedDown {
    all: Rc<[Span]>,
    /// The first that is still to come.
    next: usize,
    /// Those that the current row lies in, with what stands in their first cell.
    open: Vec<(Span, Option<Anchor>)>,
}

/// The cell that a region shows.
#[derive(Debug, Clone)]
struct Anchor {
    kind: CellKind,
    formula: bool,
    power: u8,
    text: String,
}

impl MergedDown {
    /// Of the [`tall`] regions of a sheet those below a row.
    pub fn below(row: u32, all: &Rc<[Span]>) -> Self {
        Self { all: Rc::clone(all), next: all.partition_point(|span| span.first_row <= row), open: Vec::new() }
    }

    /// Goes on to the next row.
    pub fn enter(&mut self, row: &Row) {
        self.open.retain(|(span, _)| row.number <= span.last_row);
        while let Some(span) = self.all.get(self.next).copied().filter(|span| span.first_row <= row.number) {
            self.next += 1;
            if row.number <= span.last_row {
                // A row before this one that is not there holds nothing.
                let first = row.cells.iter().find(|c| c.column == span.first_column && row.number == span.first_row);
                self.open.push((span, first.map(|cell| Anchor::of(row, cell))));
            }
        }
    }

    /// Whether the current row lies in any.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The region of a column in the current row.
    pub fn at(&self, column: u32) -> Option<Span> {
        self.open.iter().map(|(span, _)| *span).find(|span| span.first_column == column)
    }

    /// Whether the rows of a region are those of one record: one of the key columns is merged over all of them.
    pub fn is_one_record(&self, region: Span, keys: &[u32]) -> bool {
        let covers = |span: &Span| span.first_row <= region.first_row && region.last_row <= span.last_row;
        self.open.iter().any(|(span, _)| keys.contains(&span.first_column) && covers(span))
    }

    /// The current row with what the regions show in these columns, where it holds nothing of its own.
    pub fn filled(&self, row: &Row, wanted: impl Fn(Span) -> bool) -> Option<Row> {
        let blank = |span: &Span| span.first_row < row.number && row.cells.iter().all(|c| c.column != span.first_column);
        let missing: Vec<(u32, &Anchor)> = self
            .open
            .iter()
            .filter(|(span, _)| blank(span) && wanted(*span))
            .filter_map(|(span, anchor)| Some((span.first_column, anchor.as_ref()?)))
            .collect();
        if missing.is_empty() {
            return None;
        }
        let mut filled = row.clone();
        for (column, anchor) in missing {
            filled.push(column, anchor.kind, anchor.formula, &anchor.text);
            filled.scale_last(anchor.power);
        }
        filled.cells.sort_by_key(|cell| cell.column);
        Some(filled)
    }
}

impl Anchor {
    fn of(row: &Row, cell: &Cell) -> Self {
        Self { kind: cell.kind, formula: cell.formula, power: cell.power, text: row.text(cell).to_owned() }
    }
}
