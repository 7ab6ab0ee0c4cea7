//! One table while it is read: its sides, each with its blocks of columns.
//!
//! Owns: what a row is, where its cells go, which sums are totals, and what may be quoted of odd cells. Invariant: every
//! row is a record of a block, or set aside in it, exactly once.

use super::doubts::{DoubtedRow, Doubts};
use super::head::HeadRow;
use super::layout::Layout;
use super::lines::{SumWord, TablePart};
use super::numbering;
use super::reader::{Cell, CellKind, Row};
use super::sink::RecordSink;
use super::units::UnitSaid;
use crate::finding::Seed;
use crate::model::amount::{Number, Unit, parse_number};
use crate::model::aside::{AsideKind, Rows};
use crate::model::field::FieldKind;
use crate::model::raw::{CellType, Doubt, PartStart, RawCell, SumKind, TableMeta};
use indexmap::IndexMap;

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
    /// Formulas by column, in the order in which they are met: how many, and the first one's row.
    pub formulas: IndexMap<u32, (u64, u32)>,
}

/// One table of those side by side.
pub struct LiveSide {
    /// Its own sheet columns, and what its header says of them.
    pub layout: Layout,
    /// What to doubt in its rows.
    pub doubts: Doubts,
    /// The unit that it states, if there is just one.
    pub unit: Option<Unit>,
    /// Columns that make one record each: years across give several.
    pub blocks: Vec<Block>,
    /// Its rows of the header, by column and text.
    pub header: Vec<Vec<(u32, String)>>,
    /// Rows that belong to the header and stand below it, with their kinds.
    below: Vec<(AsideKind, Vec<(u32, String)>)>,
    /// Whether its header was just read, or repeated, so that its numbering may follow.
    pub fresh: bool,
    /// Whether its footer has begun.
    pub footer: bool,
    sums: OpenSums,
}

/// What a row of a table is.
pub enum RowVerdict<'r> {
    /// A record.
    Record,
    /// A sum, with its label.
    Sum(SumWord, &'r str),
    /// Neither.
    Aside(AsideKind),
}

/// Columns that make one record.
pub struct Block {
    /// The table.
    pub meta: TableMeta,
    /// Sheet column to field index, for the columns of this block.
    pub fields: Vec<Option<usize>>,
    /// What the fields of the form hold.
    pub kinds: Vec<FieldKind>,
    /// By field, the unit that the heading of its column states.
    pub headed: Vec<Option<Unit>>,
    /// Fields of which the table states two units.
    pub disputed: Vec<usize>,
}

/// Sum rows whose reach is not known yet: 合计 is a total unless records or 总计 follow.
#[derive(Default)]
struct OpenSums {
    pending: Option<Pending>,
    /// Whether a 合计 turned out to be one of several.
    several: bool,
    /// Whether a record stood since the last sum.
    records: bool,
}

/// A 合计 that may be the total.
struct Pending {
    row: DoubtedRow<'static>,
    label: String,
    /// Whether records stood between it and the sum before.
    records: bool,
    /// The part of the table that began behind it.
    start: Option<PartStart>,
}

impl LiveSide {
    /// A table over these columns.
    pub fn new(layout: Layout, doubts: Doubts, unit: Option<Unit>, blocks: Vec<Block>, header: &[HeadRow]) -> Self {
        let header = header.iter().map(|row| own_cells(row, &layout)).collect();
        Self { layout, doubts, unit, blocks, header, below: Vec::new(), fresh: true, footer: false, sums: OpenSums::default() }
    }

    /// Its cells of a row, if it has any.
    pub fn part<'r>(&self, row: &'r Row) -> Option<TablePart<'r>> {
        TablePart::of(row, self.layout.columns.0, self.layout.columns.1)
    }

    /// Counts a row that is no record.
    pub fn set_aside(&mut self, kind: AsideKind, row: u32) {
        self.blocks.iter_mut().for_each(|block| block.set_aside(kind, row));
    }

    /// Whether cells repeat one of the rows of its header.
    pub fn repeats_header(&self, part: TablePart<'_>) -> bool {
        self.header.iter().any(|header| repeats(header, part))
    }

    /// Judges a row by its own cells.
    pub fn judge<'r>(&mut self, row: &Row, part: TablePart<'r>, several: bool) -> RowVerdict<'r> {
        let layout = &self.layout;
        if std::mem::take(&mut self.fresh)
            && let Some(kind) = self.belongs_to_header(row, part)
        {
            self.fresh = true;
            return RowVerdict::Aside(kind);
        }
        if several && self.repeats_header(part) {
            self.fresh = true;
            return RowVerdict::Aside(AsideKind::Header);
        }
        let code = part.has_own_code(&layout.keys);
        if !code && part.is_footer(layout.labelled.len()) {
            self.footer = true;
            return RowVerdict::Aside(AsideKind::Footer);
        }
        if part.names_person() {
            if code || part.resumes(&layout.keys, layout.labelled.len()) {
                return RowVerdict::Aside(AsideKind::Personal);
            }
            self.footer = true;
            return RowVerdict::Aside(AsideKind::Footer);
        }
        if !part.has_code(&layout.keys) {
            if let Some((word, label)) = part.sum(layout) {
                return RowVerdict::Sum(word, label);
            }
            if part.is_summary(&layout.keys) {
                return RowVerdict::Aside(if part.cells.len() > 1 { AsideKind::Share } else { AsideKind::Heading });
            }
        }
        if self.footer && !part.resumes(&layout.keys, layout.labelled.len()) {
            return RowVerdict::Aside(AsideKind::BelowFooter);
        }
        self.footer = false;
        RowVerdict::Record
    }

    /// The kind of a row below a repeated header that belongs to it: by itself, or because it stood below the first.
    fn belongs_to_header(&self, row: &Row, part: TablePart<'_>) -> Option<AsideKind> {
        let again = || self.below.iter().find(|(_, cells)| repeats(cells, part)).map(|(kind, _)| *kind);
        numbering::below_repeated(part, &HeadRow::new(row), &self.layout).or_else(again)
    }

    /// Takes a sum row.
    pub fn sum(&mut self, read: &DoubtedRow<'_>, word: SumWord, label: &str, text_table: bool, sink: &mut impl RecordSink) {
        // Two sums with no record between: the first is the last group's.
        self.demote(text_table, sink);
        let records = std::mem::take(&mut self.sums.records);
        let kind = match word {
            SumWord::Grand => SumKind::Total,
            SumWord::Running => SumKind::Running,
            SumWord::Group | SumWord::Place => SumKind::Subtotal,
            SumWord::Page => SumKind::Page,
            // Above all records it can only be the total.
            SumWord::Sum if self.blocks.iter().all(|b| b.meta.rows == 0) => SumKind::Total,
            SumWord::Sum => {
                self.sums.pending = Some(Pending { row: read.clone().into_owned(), label: label.to_owned(), records, start: None });
                return;
            }
        };
        let aside = if word == SumWord::Place { AsideKind::PlaceTotal } else { aside_of(kind) };
        self.send_sum(read, kind, aside, label, text_table, sink);
    }

    /// Ends the sums: the last 合计 is the total, unless each group had one and it stands below the records of the last.
    pub fn end_sums(&mut self, text_table: bool, sink: &mut impl RecordSink) {
        let several = self.sums.several;
        if let Some(last) = self.sums.pending.take() {
            let kind = if several && last.records { SumKind::Subtotal } else { SumKind::Total };
            self.send_sum(&last.row, kind, aside_of(kind), &last.label, text_table, sink);
        }
    }

    /// A 合计 before this row was that of a group.
    fn demote(&mut self, text_table: bool, sink: &mut impl RecordSink) {
        let Some(before) = self.sums.pending.take() else { return };
        self.sums.several = true;
        self.send_sum(&before.row, SumKind::Subtotal, AsideKind::Subtotal, &before.label, text_table, sink);
        if let Some(start) = before.start {
            self.begin_part(start, sink);
        }
    }

    fn send_sum(
        &mut self,
        read: &DoubtedRow<'_>,
        kind: SumKind,
        aside: AsideKind,
        label: &str,
        text_table: bool,
        sink: &mut impl RecordSink,
    ) {
        let Some(part) = self.part(&read.row) else { return };
        self.set_aside(aside, read.row.number);
        for block in &self.blocks {
            sink.sum_row(&block.meta, read.row.number, kind, label, &block.cells(part, read, text_table).0);
        }
    }

    /// Tells where a part of the table begins, behind a sum that still waits.
    pub fn begin_part(&mut self, start: PartStart, sink: &mut impl RecordSink) {
        match &mut self.sums.pending {
            Some(pending) => pending.start = Some(start),
            None => self.blocks.iter().for_each(|block| sink.part(&block.meta, start)),
        }
    }

    /// Hands out a record of each block that the cells fill.
    ///
    /// Gives what is to be told of units that the row states against its headings.
    pub fn record(
        &mut self,
        read: &DoubtedRow<'_>,
        part: TablePart<'_>,
        text_table: bool,
        sink: &mut impl RecordSink,
    ) -> Option<(UnitSaid, UnitSaid)> {
        self.demote(text_table, sink);
        self.sums.records = true;
        let number = read.row.number;
        let mut clash = None;
        for block in &mut self.blocks {
            let (cells, any) = block.cells(part, read, text_table);
            if any {
                block.meta.rows += 1;
                sink.record(&block.meta, number, &cells);
                clash = clash.or_else(|| block.clash(part, read));
            } else {
                block.set_aside(AsideKind::Unlabelled, number);
            }
        }
        clash
    }
}

impl Block {
    fn set_aside(&mut self, kind: AsideKind, row: u32) {
        self.meta.aside.entry(kind).or_default().add(row);
    }

    /// The cells by field, and whether there are any.
    fn cells<'r>(&self, part: TablePart<'r>, read: &DoubtedRow<'_>, text_table: bool) -> (Vec<Option<RawCell<'r>>>, bool) {
        let mut cells = vec![None; self.kinds.len()];
        let mut any = false;
        for cell in part.cells {
            let Some(Some(field)) = self.fields.get(cell.column as usize) else { continue };
            let kind = self.kinds[*field];
            let mut raw = RawCell { power: cell.power, ..RawCell::new(cell_type(cell.kind, text_table), part.text(cell)) };
            raw.doubt = read.doubt(cell.column, kind);
            if kind == FieldKind::Amount {
                raw.unit = read.unit.map(|(unit, _)| unit);
                if self.is_disputed(*field, raw.unit) && !states_unit(raw) {
                    raw.doubt = raw.doubt.or(Some(Doubt::TwoUnits));
                }
            }
            cells[*field] = Some(raw);
            any = true;
        }
        (cells, any)
    }

    /// Whether the unit of a field is disputed, by the table or by what its row states.
    fn is_disputed(&self, field: usize, stated: Option<Unit>) -> bool {
        let headed = self.headed.get(field).copied().flatten();
        self.disputed.contains(&field) || matches!((headed, stated), (Some(headed), Some(stated)) if headed != stated)
    }

    /// The first heading whose unit is another than the row states.
    fn clash(&self, part: TablePart<'_>, read: &DoubtedRow<'_>) -> Option<(UnitSaid, UnitSaid)> {
        let (stated, column) = read.unit?;
        let said = part.cells.iter().find(|cell| cell.column == column).map(|cell| part.text(cell))?;
        let heading = |cell: &Cell| {
            let field = (*self.fields.get(cell.column as usize)?)?;
            let unit =
                self.headed.get(field).copied().flatten().filter(|unit| *unit != stated && self.kinds[field] == FieldKind::Amount)?;
            let label = &self.meta.columns.iter().find(|c| c.column == cell.column)?.label;
            Some(UnitSaid::heading(self.meta.header_rows.1, cell.column, unit, label))
        };
        let heading = part.cells.iter().find_map(heading)?;
        Some((heading, UnitSaid::heading(read.row.number, column, stated, said)))
    }
}

/// Whether a cell's text states its own unit, which outranks all others.
fn states_unit(cell: RawCell<'_>) -> bool {
    cell.kind != CellType::Number && matches!(parse_number(cell.text), Number::Stated { unit: Some(_), .. })
}

impl Live {
    /// Counts a row that is no record of any table side by side.
    pub fn set_aside(&mut self, kind: AsideKind, row: &Row) {
        for side in self.sides.iter_mut().filter(|side| side.part(row).is_some()) {
            side.set_aside(kind, row.number);
        }
    }

    /// Takes a row that belongs to the header and stands below it.
    pub fn below_header(&mut self, kind: AsideKind, row: &Row) {
        self.set_aside(kind, row);
        let head = HeadRow::new(row);
        self.sides.iter_mut().for_each(|side| side.below.push((kind, own_cells(&head, &side.layout))));
    }

    /// How many rows of a kind its tables have, and the first; a row over several years counts once.
    pub fn asides(&self, kind: AsideKind) -> Rows {
        let mut rows = Rows::default();
        let of_side = |side: &LiveSide| side.blocks.first().and_then(|block| block.meta.aside.get(&kind)).cloned();
        self.sides.iter().filter_map(of_side).for_each(|side| rows.extend(side.iter()));
        rows
    }

    /// Years and units that its tables have from their titles.
    pub fn states(&self, year: Option<i32>, unit: Option<Unit>) -> bool {
        let years = self.title.iter().flat_map(HeadRow::years).map(|(_, y)| y);
        let units = self.title.iter().flat_map(HeadRow::units).map(|(_, u, _)| u);
        year.is_none_or(|year| years.into_iter().any(|y| y == year)) && unit.is_none_or(|unit| units.into_iter().any(|u| u == unit))
    }
}

/// How a sum row is listed.
fn aside_of(kind: SumKind) -> AsideKind {
    match kind {
        SumKind::Total | SumKind::Running => AsideKind::Total,
        SumKind::Subtotal | SumKind::Page => AsideKind::Subtotal,
    }
}

/// A row's cells in the columns of a table, by column and text.
fn own_cells(row: &HeadRow, layout: &Layout) -> Vec<(u32, String)> {
    let cells = row.cells.iter().filter(|c| (layout.columns.0..layout.columns.1).contains(&c.column));
    cells.map(|c| (c.column, c.text.clone())).collect()
}

/// Whether cells hold the same texts in the same columns.
fn repeats(row: &[(u32, String)], part: TablePart<'_>) -> bool {
    row.len() == part.cells.len()
        && row.iter().zip(part.cells).all(|((column, text), cell)| *column == cell.column && text == part.text(cell).trim())
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
