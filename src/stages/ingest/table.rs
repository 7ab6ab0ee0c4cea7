//! One table while it is read: its sides, each with its blocks of columns.
//!
//! Owns: where a row's cells go, which sums are totals, and what may be quoted of odd cells.

use super::RecordSink;
use super::head::HeadRow;
use super::lines::{Part, SumWord};
use super::reader::{CellKind, Row};
use crate::finding::Seed;
use crate::model::amount::Unit;
use crate::model::raw::{CellType, RawCell, SumKind, TableMeta};

/// The table being read: one or several side by side under one header.
pub struct Live {
    /// The tables side by side.
    pub sides: Vec<LiveSide>,
    /// Rows of the header.
    pub header: Vec<HeadRow>,
    /// Rows above it.
    pub title: Vec<HeadRow>,
    /// Rows that may turn out to be the title of a further table.
    pub held: Vec<Row>,
    /// Whether fields of text tables are stored.
    pub text_table: bool,
    /// Formulas by column: how many, and the first one's row.
    pub formulas: Vec<(u32, u64, u32)>,
    /// Rows that name a person among data.
    pub withheld: Vec<u32>,
    /// Rows with figures that are neither records nor sums to be verified, and the first of them.
    pub summaries: (u64, Option<u32>),
    /// Rows below the footer.
    pub after_footer: u64,
}

/// One table of those side by side.
pub struct LiveSide {
    /// Its own sheet columns, from and up to.
    pub columns: (u32, u32),
    /// Columns that make one record each: years across give several.
    pub blocks: Vec<Block>,
    /// Its rows of the header, by column and text.
    pub header: Vec<Vec<(u32, String)>>,
    /// Columns of its key fields.
    pub keys: Vec<u32>,
    /// How many of its columns are labelled.
    pub labelled: usize,
    /// Whether a header was just repeated, so that its numbering may follow.
    pub fresh: bool,
    /// Whether its footer has begun.
    pub footer: bool,
    sums: OpenSums,
}

/// Columns that make one record.
pub struct Block {
    /// The table.
    pub meta: TableMeta,
    /// Sheet column to field index, for the columns of this block.
    pub fields: Vec<Option<usize>>,
    /// Fields of the form.
    pub width: usize,
}

/// Sum rows whose reach is not known yet: 合计 is a total unless records or 总计 follow.
#[derive(Default)]
struct OpenSums {
    pending: Option<(Row, String)>,
    /// Whether a 合计 turned out to be one of several.
    several: bool,
    /// Whether a 小计 stood since the last 合计, which then cannot be verified by the rows above it.
    groups: bool,
}

impl LiveSide {
    /// A table over these columns.
    pub fn new(columns: (u32, u32), blocks: Vec<Block>, header: &[HeadRow], keys: Vec<u32>, labelled: usize) -> Self {
        let own = |row: &HeadRow| {
            let cells = row.cells.iter().filter(|c| (columns.0..columns.1).contains(&c.column));
            cells.map(|c| (c.column, c.text.clone())).collect()
        };
        let header = header.iter().map(own).collect();
        Self { columns, blocks, header, keys, labelled, fresh: false, footer: false, sums: OpenSums::default() }
    }

    /// Whether cells repeat one of the rows of its header.
    pub fn repeats_header(&self, part: Part<'_>) -> bool {
        let same = |row: &Vec<(u32, String)>| {
            row.len() == part.cells.len()
                && row.iter().zip(part.cells).all(|((c, text), cell)| *c == cell.column && text == part.text(cell).trim())
        };
        self.header.iter().any(same)
    }

    /// Takes a sum row.
    pub fn sum(&mut self, row: &Row, word: SumWord, label: &str, text_table: bool, sink: &mut impl RecordSink) {
        let before = self.sums.pending.take();
        if let Some(before) = before {
            // Two sums with no record between: the first is the last group's.
            self.demote(before, text_table, sink);
        }
        match word {
            SumWord::Grand => self.send_sum(row, SumKind::Total, label, text_table, sink),
            SumWord::Group => {
                self.sums.groups = true;
                self.send_sum(row, SumKind::Subtotal, label, text_table, sink);
            }
            // Above all records it can only be the total.
            SumWord::Sum if self.blocks.iter().all(|b| b.meta.rows == 0) => self.send_sum(row, SumKind::Total, label, text_table, sink),
            SumWord::Sum => self.sums.pending = Some((row.clone(), label.to_owned())),
        }
    }

    /// Ends the sums: the last 合计 is the total, unless each group had one.
    pub fn end_sums(&mut self, text_table: bool, sink: &mut impl RecordSink) {
        let Some((row, label)) = self.sums.pending.take() else { return };
        if self.sums.several {
            self.demote((row, label), text_table, sink);
        } else {
            self.send_sum(&row, SumKind::Total, &label, text_table, sink);
        }
    }

    fn demote(&mut self, (row, label): (Row, String), text_table: bool, sink: &mut impl RecordSink) {
        self.sums.several = true;
        if !std::mem::take(&mut self.sums.groups) {
            self.send_sum(&row, SumKind::Subtotal, &label, text_table, sink);
        }
    }

    fn send_sum(&self, row: &Row, kind: SumKind, label: &str, text_table: bool, sink: &mut impl RecordSink) {
        let Some(part) = Part::of(row, self.columns.0, self.columns.1) else { return };
        for block in &self.blocks {
            sink.sum_row(&block.meta, row.number, kind, label, &block.cells(part, text_table).0);
        }
    }

    /// Hands out a record of each block that the cells fill.
    pub fn record(&mut self, row: &Row, part: Part<'_>, text_table: bool, sink: &mut impl RecordSink) {
        if let Some(pending) = self.sums.pending.take() {
            self.demote(pending, text_table, sink);
        }
        for block in &mut self.blocks {
            let (cells, any) = block.cells(part, text_table);
            if any {
                block.meta.rows += 1;
                sink.record(&block.meta, row.number, &cells);
            }
        }
    }
}

impl Block {
    /// The cells by field, and whether there are any.
    fn cells<'r>(&self, part: Part<'r>, text_table: bool) -> (Vec<Option<RawCell<'r>>>, bool) {
        let mut cells = vec![None; self.width];
        let mut any = false;
        for cell in part.cells {
            let Some(Some(field)) = self.fields.get(cell.column as usize) else { continue };
            cells[*field] = Some(RawCell { kind: cell_type(cell.kind, text_table), text: part.text(cell), power: cell.power });
            any = true;
        }
        (cells, any)
    }
}

impl Live {
    /// Years and units that its tables have from their titles.
    pub fn states(&self, year: Option<i32>, unit: Option<Unit>) -> bool {
        let years = self.title.iter().flat_map(HeadRow::years).map(|(_, y)| y);
        let units = self.title.iter().flat_map(HeadRow::units).map(|(_, u, _)| u);
        year.is_none_or(|year| years.into_iter().any(|y| y == year)) && unit.is_none_or(|unit| units.into_iter().any(|u| u == unit))
    }
}

/// A seed that quotes nothing: what stands in a personal or unknown column is never shown.
pub fn unquoted(mut seed: Seed) -> Seed {
    const HARMLESS: [&str; 6] = ["count", "limit", "number", "type", "code", "encoding"];
    seed.found.clear();
    for (_, value) in seed.args.iter_mut().filter(|(name, _)| !HARMLESS.contains(&name.as_str())) {
        "…".clone_into(value);
    }
    seed
}

fn cell_type(kind: CellKind, text_table: bool) -> CellType {
    match kind {
        CellKind::Number => CellType::Number,
        CellKind::Text if text_table => CellType::Csv,
        CellKind::Text => CellType::Text,
        CellKind::Date => CellType::Date,
        CellKind::Bool => CellType::Bool,
        CellKind::Error => CellType::Error,
    }
}
