//! One sheet, row by row: head, header, records, sums, footers, and further tables below.
//!
//! The last rows are kept until a header is found among them; from there on each row is judged as it comes, table by table where
//! several stand side by side. Rows that may be the title of a further table are held until the next row tells.

use super::doubts::Told;
use super::head::{self, HeadRow};
use super::header::{self, HeadColumn};
use super::layout::Layout;
use super::lines::{self, TablePart};
use super::lookout::{self, Lookout};
use super::merged;
use super::numbering;
use super::opening::{self, Opening};
use super::reader::{Row, SheetHead, Span};
use super::sides;
use super::sink::RecordSink;
use super::source::{ForeignTable, Source};
use super::table::{self, Block, Live, RowVerdict};
use super::units::{UnitSaid, UnitsBelow};
use crate::finding::Seed;
use crate::model::aside::{AsideKind, Rows};
use crate::model::raw::{Doubt, PartStart, TableMeta};
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

/// Rows held at most as the title of a further table.
const HELD_ROWS: usize = 12;

/// What a sheet hands back beside its records.
#[derive(Debug, Default)]
pub struct SheetOutcome {
    /// Tables found.
    pub tables: Vec<TableMeta>,
    /// Findings about the sheet.
    pub seeds: Vec<Seed>,
    /// The number of the file's next table.
    pub next_table: u32,
    /// Units said below tables that those do not state above.
    pub below: UnitsBelow,
}

/// Reads one sheet.
pub struct SheetReader<'a> {
    source: &'a Source<'a>,
    head: SheetHead,
    text_table: bool,
    lookout: Lookout,
    live: Option<Live>,
    hidden_rows: Vec<u32>,
    /// Hidden columns that hold something.
    hidden_columns: BTreeSet<u32>,
    /// What the reader says of cells, and whether the cell turned out to be one of a record.
    notes: Vec<(Seed, bool)>,
    /// Rows with notes.
    noted: HashSet<u32>,
    /// Units known to be said below tables.
    below: &'a UnitsBelow,
    /// Regions that are more than one row high.
    tall: Rc<[Span]>,
    /// The table of another source's form, while none of its own was found.
    foreign: Option<ForeignTable>,
    /// Whether the table that begins is one of those.
    not_ours: bool,
    outcome: SheetOutcome,
}

impl<'a> SheetReader<'a> {
    /// Starts a sheet; `next_table` numbers its tables on from the file's earlier ones.
    pub fn new(source: &'a Source<'a>, head: &SheetHead, text_table: bool, next_table: u32, below: &'a UnitsBelow) -> Self {
        Self {
            source,
            below,
            tall: merged::tall(head.merged.as_deref().unwrap_or_default()),
            foreign: None,
            not_ours: false,
            head: head.clone(),
            text_table,
            lookout: Lookout::default(),
            live: None,
            hidden_rows: Vec::new(),
            hidden_columns: BTreeSet::new(),
            notes: Vec::new(),
            noted: HashSet::new(),
            outcome: SheetOutcome { next_table, ..SheetOutcome::default() },
        }
    }

    /// Takes what the reader says of a cell, row or sheet; a cell's note comes before its row.
    pub fn note(&mut self, seed: Seed) {
        self.noted.extend(seed.row);
        self.notes.push((seed, false));
    }

    /// Takes the next row.
    pub fn row(&mut self, row: &Row, sink: &mut impl RecordSink) {
        if row.cells.is_empty() {
            return;
        }
        if row.hidden {
            self.hidden_rows.push(row.number);
        }
        if let Some(hidden) = &self.head.hidden_columns {
            let is_hidden = |column: &u32| {
                let range = hidden.get(hidden.partition_point(|(_, last)| last < column));
                range.is_some_and(|(first, _)| first <= column)
            };
            self.hidden_columns.extend(row.cells.iter().map(|c| c.column).filter(is_hidden));
        }
        self.take(row, sink);
    }

    fn take(&mut self, row: &Row, sink: &mut impl RecordSink) {
        if let Some(live) = self.live.take() {
            self.live = self.body_row(live, row, sink);
        } else {
            self.lookout.keep(row, &self.source.labels);
            if self.lookout.is_full() && !self.settle(sink) {
                self.look_for_foreign();
                self.lookout.pass();
            }
        }
    }

    /// Ends the sheet.
    pub fn finish(mut self, sink: &mut impl RecordSink) -> SheetOutcome {
        // A table that ends with rows held, or with the beginning of another, leaves rows to look at.
        loop {
            if let Some(mut live) = self.live.take() {
                self.release(&mut live, sink);
                self.close(live, sink);
            }
            if !self.settle(sink) {
                break;
            }
        }
        self.look_for_foreign();
        let unread = std::mem::take(&mut self.lookout).all();
        if let Some(first) = unread.first() {
            let args = vec![("count", unread.count().to_string())];
            let code = match self.outcome.tables.last_mut() {
                Some(above) => {
                    above.aside.insert(AsideKind::Unknown, unread);
                    "TBL-216"
                }
                None => "TBL-201",
            };
            match self.foreign.take().filter(|_| code == "TBL-201") {
                Some(ForeignTable { row, title, bureau }) => {
                    self.seed("TBL-223", Some(row), None, title.clone(), vec![("title", title), ("bureau", bureau)]);
                }
                None => self.seed(code, Some(first), None, String::new(), args),
            }
        }
        self.sheet_facts();
        let tables = !self.outcome.tables.is_empty();
        for (seed, quotable) in std::mem::take(&mut self.notes) {
            let quotable = quotable || tables && seed.column.is_none() && !seed.args.iter().any(|(_, v)| lines::announces_person(v));
            self.outcome.seeds.push(if quotable { seed } else { table::unquoted(seed) });
        }
        self.outcome
    }

    fn seed(&mut self, code: &str, row: Option<u32>, column: Option<u32>, found: String, args: Vec<(&str, String)>) {
        let args = args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        self.outcome.seeds.push(Seed { code: code.into(), sheet: Some(self.head.name.clone()), row, column, found, args });
    }

    /// Looks among the first rows for the header of a form that another source sends.
    fn look_for_foreign(&mut self) {
        if self.foreign.is_none() && self.outcome.tables.is_empty() && self.lookout.passed.first().is_none() {
            let rows: Vec<HeadRow> = self.lookout.kept.iter().map(HeadRow::new).collect();
            self.foreign = self.source.foreign(&rows, self.head.merged.as_deref(), 0);
        }
    }

    /// Looks for a header among the rows kept, then reads those below it as body; tells whether it found one.
    fn settle(&mut self, sink: &mut impl RecordSink) -> bool {
        if self.not_ours {
            return false;
        }
        let Some((mut found, heads)) = self.lookout.header(self.head.merged.as_deref(), &self.source.labels) else { return false };
        // Code and name alone stand in every form.
        let own = found.columns.iter().filter_map(HeadColumn::field).collect::<Vec<_>>();
        let named_only = own.iter().all(|i| self.source.labels[&found.form].keys.contains(i));
        if named_only {
            self.foreign = self.source.foreign(&heads, self.head.merged.as_deref(), own.len());
            self.not_ours = self.foreign.is_some();
            if self.not_ours {
                return false;
            }
        }
        let Lookout { first, passed, kept, .. } = std::mem::take(&mut self.lookout);
        let end = found.top + found.height;
        let labels = &self.source.labels[&found.form];
        let layouts: Vec<Layout> = sides::split(&found, labels).iter().map(|side| opening::layout(side, &found, labels)).collect();
        let counted = numbering::is_counted(&kept[found.top.saturating_sub(header::MAX_HEIGHT)..end], &layouts);
        let below = numbering::below_header(&kept[end..], &heads[end..], &layouts, counted);
        for head in heads[found.top..end + below.len()].iter().filter(|head| lines::is_units(head)) {
            for column in &mut found.columns {
                let Some((unit, cell)) = head.get(column.column).and_then(|c| Some((c.unit?, c))) else { continue };
                if let Some(headed) = column.unit.filter(|headed| *headed != unit) {
                    let heading = UnitSaid::heading(heads[end - 1].number, column.column, headed, &column.label());
                    column.clash = Some(Box::new([heading, UnitSaid::heading(head.number, column.column, unit, &cell.text)]));
                }
                column.unit = Some(unit);
            }
        }
        let title: Vec<HeadRow> = first.iter().map(HeadRow::new).chain(heads[..found.top].iter().cloned()).collect();
        let mut opening = Opening {
            source: self.source,
            sheet: &self.head,
            text_table: self.text_table,
            below: self.below,
            tall: &self.tall,
            next_table: self.outcome.next_table,
            seeds: Vec::new(),
        };
        let mut live = opening.open(&title, &heads[found.top..end], &found, sink);
        let Opening { next_table, seeds, .. } = opening;
        self.outcome.next_table = next_table;
        self.outcome.seeds.extend(seeds);
        for (row, head) in first.iter().chain(&kept).zip(&title) {
            live.set_aside(lines::above_header(head), row);
        }
        self.tell_depth(&mut live, title.len(), &passed);
        for (row, kind) in kept[end..].iter().zip(&below) {
            live.below_header(*kind, row);
        }
        self.live = Some(live);
        for row in &kept[end + below.len()..] {
            self.take(row, sink);
        }
        true
    }

    /// Says of a header deep in its sheet how many rows lie above it, those passed among them.
    fn tell_depth(&mut self, live: &mut Live, title: usize, passed: &Rows) {
        if title > lookout::ABOVE {
            let count = title as u64 + passed.count();
            self.seed("TBL-218", live.header.first().map(|r| r.number), None, String::new(), vec![("count", count.to_string())]);
        }
        passed.iter().for_each(|row| live.sides.iter_mut().for_each(|side| side.set_aside(AsideKind::Unknown, row)));
    }

    /// Takes a row below a header; gives the table back unless another begins.
    fn body_row(&mut self, mut live: Live, row: &Row, sink: &mut impl RecordSink) -> Option<Live> {
        if row.cells.iter().any(|c| head::is_value(row.text(c), c.kind)) {
            self.release(&mut live, sink);
            self.parts(&mut live, row, sink);
            return Some(live);
        }
        let head = HeadRow::new(row);
        let repeats = live.header.iter().any(|h| h.repeats(&head));
        // The header of one table beside records of another.
        let beside = || live.sides.iter().any(|side| side.part(row).is_some_and(|part| side.repeats_header(part)));
        if !repeats && live.sides.len() > 1 && beside() {
            self.release(&mut live, sink);
            self.parts(&mut live, row, sink);
            return Some(live);
        }
        if repeats || self.source.labels.values().any(|l| l.is_header(&head)) {
            return self.header_row(live, row, repeats, sink);
        }
        let known = || self.source.labels.values().any(|l| l.known(&head) > 1);
        let repeated_title = || live.title.iter().any(|t| t.repeats(&head));
        if head.cells.len() > 2 && !lines::is_title(&head) && !known() && !repeated_title() {
            self.release(&mut live, sink);
            self.parts(&mut live, row, sink);
            return Some(live);
        }
        if live.held.len() == HELD_ROWS {
            self.release(&mut live, sink);
        }
        live.held.push(row.clone());
        Some(live)
    }

    /// Takes a row that reads like a header: the same one again, as on the next page, or that of a further table.
    fn header_row(&mut self, mut live: Live, row: &Row, repeats: bool, sink: &mut impl RecordSink) -> Option<Live> {
        let mut held = std::mem::take(&mut live.held);
        let heads: Vec<HeadRow> = held.iter().map(HeadRow::new).collect();
        let is_title = |h: &HeadRow| {
            let known = || self.source.labels.values().any(|l| l.known(h) > 1);
            lines::is_title(h) || live.title.iter().any(|t| t.repeats(h)) || known()
        };
        let cut = heads.iter().position(is_title).unwrap_or(heads.len());
        let mut title = held.split_off(cut);
        live.held = held;
        self.release(&mut live, sink);
        let (mut years, mut units) = (heads[cut..].iter().flat_map(HeadRow::years), heads[cut..].iter().flat_map(HeadRow::units));
        if repeats && years.all(|(_, y)| live.states(Some(y), None)) && units.all(|(_, u, _)| live.states(None, Some(u))) {
            for (row, head) in title.iter().zip(&heads[cut..]) {
                live.set_aside(lines::above_header(head), row);
            }
            live.set_aside(AsideKind::Header, row);
            for side in &mut live.sides {
                (side.fresh, side.footer) = (true, false);
                side.begin_part(PartStart::Page, sink);
            }
            return Some(live);
        }
        self.close(live, sink);
        title.push(row.clone());
        title.iter().for_each(|row| self.lookout.keep(row, &self.source.labels));
        None
    }

    /// Reads the rows held: they are no title.
    fn release(&mut self, live: &mut Live, sink: &mut impl RecordSink) {
        for row in std::mem::take(&mut live.held) {
            self.parts(live, &row, sink);
        }
    }

    /// Judges a row, table by table.
    fn parts(&mut self, live: &mut Live, row: &Row, sink: &mut impl RecordSink) {
        let several = live.sides.len() > 1;
        let mut told: Vec<(u32, Told)> = Vec::new();
        for side in &mut live.sides {
            if side.part(row).is_none() {
                continue;
            }
            let read = side.doubts.read(row);
            let Some(part) = side.part(&read.row) else { continue };
            match side.judge(&read.row, part, several) {
                RowVerdict::Aside(kind) => {
                    side.set_aside(kind, row.number);
                    if let Some(start) = part_start(kind, part) {
                        side.begin_part(start, sink);
                    }
                    // The first pass over a file learns what the second must know from the start.
                    if let Some(block) = side.blocks.first() {
                        let head = HeadRow::new(row);
                        let said = UnitSaid::of(&head).filter(|said| said.said && Some(said.unit) != side.unit);
                        said.for_each(|said| self.outcome.below.entry(u32::from(block.meta.number)).or_default().push(said));
                    }
                }
                RowVerdict::Sum(word, label) => side.sum(&read, word, label, live.text_table, sink),
                RowVerdict::Record => {
                    let clash = side.record(&read, part, live.text_table, sink);
                    for cell in part.cells.iter().filter(|c| c.formula) {
                        live.formulas.entry(cell.column).or_insert((0, row.number)).0 += 1;
                    }
                    told.extend(read.told.iter().cloned().map(|told| (row.number, told)));
                    told.extend(clash.map(|(heading, said)| {
                        let args = vec![("first", heading.quoted()), ("second", said.quoted())];
                        (row.number, Told { code: Doubt::TwoUnits.code(), column: Some(said.column), args })
                    }));
                    if !self.noted.contains(&row.number) {
                        continue;
                    }
                    for (note, quotable) in self.notes.iter_mut().filter(|(n, _)| n.row == Some(row.number)) {
                        let field = |b: &Block| note.column.is_some_and(|c| matches!(b.fields.get(c as usize), Some(Some(_))));
                        *quotable |= side.blocks.iter().any(field);
                    }
                }
            }
        }
        // What concerns the whole row is told once, however many tables it has cells of.
        let mut once: Vec<(u32, Told)> = Vec::new();
        for told in told {
            if !once.contains(&told) {
                once.push(told);
            }
        }
        for (row, Told { code, column, args }) in once {
            let found = args.iter().find(|(name, _)| *name == "found").map(|(_, text)| text.clone()).unwrap_or_default();
            self.seed(code, Some(row), column, found, args);
        }
    }

    fn close(&mut self, mut live: Live, sink: &mut impl RecordSink) {
        for (column, (count, first)) in std::mem::take(&mut live.formulas) {
            self.seed("TBL-210", Some(first), Some(column), String::new(), vec![("count", count.to_string())]);
        }
        for row in live.asides(AsideKind::Personal).iter() {
            self.seed("TBL-215", Some(row), None, String::new(), Vec::new());
        }
        for (code, kind, at_first) in
            [("TBL-213", AsideKind::Share, true), ("TBL-214", AsideKind::BelowFooter, false), ("TBL-219", AsideKind::PlaceTotal, true)]
        {
            let rows = live.asides(kind);
            if let Some(first) = rows.first() {
                self.seed(code, at_first.then_some(first), None, String::new(), vec![("count", rows.count().to_string())]);
            }
        }
        for mut side in live.sides {
            side.end_sums(live.text_table, sink);
            for block in side.blocks {
                sink.end_table(&block.meta);
                self.outcome.tables.push(block.meta);
            }
        }
    }

    fn sheet_facts(&mut self) {
        if self.outcome.tables.is_empty() {
            return;
        }
        if let Some(first) = self.hidden_rows.first().copied() {
            let args = vec![("count", self.hidden_rows.len().to_string())];
            self.seed("TBL-207", Some(first), None, String::new(), args);
        }
        let used: BTreeSet<u32> = self.outcome.tables.iter().flat_map(|t| t.columns.iter().map(|c| c.column)).collect();
        for column in std::mem::take(&mut self.hidden_columns) {
            let code = if used.contains(&column) { "TBL-208" } else { "TBL-217" };
            self.seed(code, None, Some(column), String::new(), Vec::new());
        }
    }
}

/// What part of its table begins at a row that is set aside.
fn part_start(kind: AsideKind, part: TablePart<'_>) -> Option<PartStart> {
    match kind {
        AsideKind::Heading if !part.is_page_word() => Some(PartStart::Heading),
        AsideKind::Header | AsideKind::Heading => Some(PartStart::Page),
        _ => None,
    }
}
