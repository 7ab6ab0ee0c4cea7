//! One sheet, row by row: head, header, records, sums, footers, and further tables below.
//!
//! The last rows are kept until a header is found among them; from there on each row is judged as it comes, table by table where
//! several stand side by side. Rows that may be the title of a further table are held until the next row tells.

use super::alignment::Alignment;
use super::doubts::{Doubts, Told};
use super::head::{self, HeadRow};
use super::header::{self, HeadColumn, Header};
use super::labels::{Labels, Match};
use super::layout::Layout;
use super::lines::{self, TablePart};
use super::lookout::{self, Lookout};
use super::merged::MergedDown;
use super::numbering;
use super::reader::{Row, SheetHead};
use super::sides::{self, Side, StatedPeriod};
use super::sink::RecordSink;
use super::source::Source;
use super::table::{self, Block, Live, LiveSide, RowVerdict};
use super::units::{TableUnit, UnitSaid, UnitsBelow};
use crate::finding::Seed;
use crate::model::amount::Unit;
use crate::model::aside::{AsideKind, Asides, Rows};
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::period;
use crate::model::raw::{ColumnMeta, Doubt, PartStart, TableMeta};
use std::collections::{BTreeSet, HashSet};

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
    outcome: SheetOutcome,
}

impl<'a> SheetReader<'a> {
    /// Starts a sheet; `next_table` numbers its tables on from the file's earlier ones.
    pub fn new(source: &'a Source<'a>, head: &SheetHead, text_table: bool, next_table: u32, below: &'a UnitsBelow) -> Self {
        Self {
            source,
            below,
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
        for (from, to) in self.head.hidden_columns.iter().flatten() {
            self.hidden_columns.extend(row.cells.iter().map(|c| c.column).filter(|c| (from..=to).contains(&c)));
        }
        self.take(row, sink);
    }

    fn take(&mut self, row: &Row, sink: &mut impl RecordSink) {
        if let Some(live) = self.live.take() {
            self.live = self.body_row(live, row, sink);
        } else {
            self.lookout.keep(row, &self.source.labels);
            if self.lookout.is_full() && !self.settle(sink) {
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
            self.seed(code, Some(first), None, String::new(), args);
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

    /// Looks for a header among the rows kept, then reads those below it as body; tells whether it found one.
    fn settle(&mut self, sink: &mut impl RecordSink) -> bool {
        let Some((mut found, heads)) = self.lookout.header(self.head.merged.as_deref(), &self.source.labels) else { return false };
        let Lookout { first, passed, kept, .. } = std::mem::take(&mut self.lookout);
        let end = found.top + found.height;
        let labels = &self.source.labels[&found.form];
        let layouts: Vec<Layout> = sides::split(&found, labels).iter().map(|side| layout(side, &found, labels)).collect();
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
        let mut live = self.open(&title, &heads[found.top..end], &found, sink);
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

    fn open(&mut self, title: &[HeadRow], rows: &[HeadRow], found: &Header, sink: &mut impl RecordSink) -> Live {
        let labels = &self.source.labels[&found.form];
        self.header_findings(found, labels, rows);
        let parts = sides::split(found, labels);
        // A corner of the header may state the unit of the whole table.
        let corners = rows.iter().map(|r| {
            let cells = r.cells.iter().enumerate().filter(|(i, c)| c.says_unit() || *i > 0 && c.is_unit() && r.cells[i - 1].says_unit());
            HeadRow { number: r.number, cells: cells.map(|(_, c)| c.clone()).collect() }
        });
        let above: Vec<HeadRow> = title.iter().cloned().chain(corners).collect();
        let mut live = Live {
            sides: Vec::new(),
            header: rows.to_vec(),
            title: above,
            held: Vec::new(),
            text_table: self.text_table,
            formulas: Vec::new(),
        };
        for part in parts {
            for column in &part.repeated {
                self.seed("TBL-205", rows.last().map(|r| r.number), Some(column.column), column.label(), Vec::new());
            }
            let year = self.year(&live.title, &part, &found.form, rows);
            let unit = self.unit(&live.title, &part);
            let blocks = self.blocks(&found.form, labels, &part, year, &unit, rows);
            for block in &blocks {
                sink.table(&block.meta);
            }
            let layout = layout(&part, found, labels);
            let doubts = self.doubts(&layout, found, labels, rows);
            live.sides.push(LiveSide::new(layout, doubts, unit.one(), blocks, rows));
        }
        live
    }

    /// What is to be doubted in the rows of a side.
    fn doubts(&self, layout: &Layout, found: &Header, labels: &Labels, rows: &[HeadRow]) -> Doubts {
        let own = |c: &&HeadColumn| (layout.columns.0..layout.columns.1).contains(&c.column);
        let kind = |c: &HeadColumn| c.field().map(|i| labels.kinds[i]);
        let width = rows.iter().flat_map(|r| r.cells.last()).map(|c| c.column as usize + 1).max().unwrap_or(0);
        let mut across = vec![None; if self.text_table { width } else { 0 }];
        for column in &found.columns {
            if let Some(place) = across.get_mut(column.column as usize) {
                *place = kind(column);
            }
        }
        let last = rows.last().map_or(0, |r| r.number);
        Doubts {
            // What a column for persons holds is dropped without a word.
            kinds: found
                .columns
                .iter()
                .filter(own)
                .filter_map(|c| Some((c.column, kind(c).filter(|kind| *kind != FieldKind::Personal)?)))
                .collect(),
            keys: layout.keys.clone(),
            alignment: Alignment::new(across),
            money: found.money_columns(layout.columns),
            merged: MergedDown::below(last, self.head.merged.as_deref().unwrap_or_default()),
        }
    }

    /// The unit of a side, from what stands above it and what is known to stand below.
    fn unit(&mut self, title: &[HeadRow], side: &Side<'_>) -> TableUnit {
        let below = self.below.get(&self.outcome.next_table).map(Vec::as_slice).unwrap_or_default();
        let unit = TableUnit::read(title, below, side.from, side.to);
        if let TableUnit::Disputed(places) = &unit {
            self.tell_clash(places);
        }
        unit
    }

    /// Says that two units are stated for the same figures.
    fn tell_clash(&mut self, places: &[UnitSaid; 2]) {
        let [first, second] = places;
        let args = vec![("first", first.quoted()), ("second", second.quoted())];
        self.seed(Doubt::TwoUnits.code(), Some(first.row), Some(first.column), first.text.clone(), args);
    }

    /// The year of a side: what its title says, else the sheet's name, else the file's. Of a part of a year there is none.
    fn year(&mut self, title: &[HeadRow], side: &Side<'_>, form: &str, rows: &[HeadRow]) -> Option<i32> {
        if self.source.periods[form] == PeriodKind::None {
            return None;
        }
        let names = [self.head.name.clone(), self.source.stem().to_owned()];
        let [sheet, file] = [0, 1].map(|i| period::find_year(&names[i]).filter(|_| period::part_of_year(&names[i]).is_none()));
        let confirmed: Vec<i32> = sheet.into_iter().chain(file).collect();
        let stated = StatedPeriod::read(title, side.from, side.to, &confirmed);
        if let Some((row, column, text)) = stated.part {
            self.seed("TBL-221", Some(row), Some(column), text.clone(), vec![("text", text)]);
            return None;
        }
        if let (Some(title), Some(sheet)) = (stated.year, sheet)
            && title != sheet
        {
            let args = vec![("title", title.to_string()), ("sheet_year", sheet.to_string())];
            self.seed("TBL-211", rows.first().map(|r| r.number), None, sheet.to_string(), args);
        }
        // A title of several years states none; then no name does either.
        if stated.year.is_some() || title.iter().flat_map(HeadRow::years).next().is_some() {
            return stated.year;
        }
        for (year, name) in [sheet, file].into_iter().zip(names) {
            if year.is_none() && period::part_of_year(&name).is_some() {
                self.seed("TBL-221", rows.first().map(|r| r.number), None, name.clone(), vec![("text", name)]);
                return None;
            }
            if year.is_some() {
                return year;
            }
        }
        None
    }

    /// The blocks of a side: one, or one for each year across.
    fn blocks(
        &mut self,
        form: &str,
        labels: &Labels,
        side: &Side<'_>,
        stated: Option<i32>,
        unit: &TableUnit,
        rows: &[HeadRow],
    ) -> Vec<Block> {
        let dated = self.source.periods[form] != PeriodKind::None;
        let is_figure = |c: &HeadColumn| c.field().is_some_and(|i| matches!(labels.kinds[i], FieldKind::Amount | FieldKind::Number));
        let (columns, parts): (Vec<&HeadColumn>, Vec<&HeadColumn>) =
            side.columns.iter().copied().partition(|c| !dated || c.part.is_none() || !is_figure(c));
        for column in parts {
            let text = column.part.clone().unwrap_or_default();
            self.seed("TBL-222", rows.last().map(|r| r.number), Some(column.column), column.label(), vec![("text", text)]);
        }
        let mut years: Vec<Option<i32>> = columns.iter().filter(|c| dated && c.year.is_some()).map(|c| c.year).collect();
        years.sort_unstable();
        years.dedup();
        if years.is_empty() {
            years.push(None);
        }
        let of_year = |year: Option<i32>| columns.iter().copied().filter(move |c| !dated || c.year.is_none() || c.year == year);
        let block = |year: Option<i32>| self.block(form, labels, of_year(year), unit, year.or(stated), rows);
        years.into_iter().map(block).collect()
    }

    fn block<'h>(
        &mut self,
        form: &str,
        labels: &Labels,
        columns: impl Iterator<Item = &'h HeadColumn>,
        unit: &TableUnit,
        period: Option<i32>,
        rows: &[HeadRow],
    ) -> Block {
        let mut fields: Vec<Option<usize>> = Vec::new();
        let (mut headed, mut disputed) = (vec![None; labels.fields.len()], Vec::new());
        let mut metas = Vec::new();
        let below = self.below.get(&self.outcome.next_table).cloned().unwrap_or_default();
        for column in columns {
            let Some(index) = column.field().filter(|i| labels.kinds[*i] != FieldKind::Personal) else { continue };
            let at = column.column as usize;
            fields.resize(fields.len().max(at + 1), None);
            fields[at] = Some(index);
            let stated = column.unit.or(unit.one()).or(self.source.unit(form, &labels.fields[index]));
            headed[index] = column.unit;
            if labels.kinds[index] == FieldKind::Amount {
                let named = below
                    .iter()
                    .find(|said| column.unit.is_some_and(|unit| unit != said.unit) && column.levels.iter().any(|l| said.names(l)));
                let clash = named.and_then(|said| {
                    let heading = UnitSaid::heading(rows.last()?.number, column.column, column.unit?, &column.label());
                    Some(Box::new([heading, said.clone()]))
                });
                if let Some(places) = column.clash.clone().or(clash) {
                    self.tell_clash(&places);
                    disputed.push(index);
                } else if column.unit.is_none() && matches!(unit, TableUnit::Disputed(_)) {
                    disputed.push(index);
                }
            }
            metas.push(ColumnMeta {
                field: labels.fields[index].clone(),
                column: column.column,
                label: column.label(),
                unit_yuan: stated.filter(|_| labels.kinds[index] == FieldKind::Amount).map(Unit::yuan),
            });
        }
        // A number beyond the limit refuses the file in the end.
        let number = u16::try_from(self.outcome.next_table).unwrap_or(u16::MAX);
        self.outcome.next_table = self.outcome.next_table.saturating_add(1);
        let header_rows = (rows.first().map_or(0, |r| r.number), rows.last().map_or(0, |r| r.number));
        let sheet = self.head.name.clone();
        let meta = TableMeta { number, sheet, form: form.to_owned(), period, header_rows, columns: metas, rows: 0, aside: Asides::new() };
        Block { meta, fields, kinds: labels.kinds.clone(), headed, disputed }
    }

    fn header_findings(&mut self, found: &Header, labels: &Labels, rows: &[HeadRow]) {
        let row = rows.last().map(|r| r.number);
        let mut personal = Vec::new();
        let money = found.money_columns((0, u32::MAX));
        for column in &found.columns {
            match &column.meaning {
                Match::Unknown if [money.unit, money.currency].contains(&Some(column.column)) => {}
                Match::Unknown => self.seed("TBL-202", row, Some(column.column), column.label(), Vec::new()),
                Match::Mended(_, meant) => {
                    self.seed("TBL-204", row, Some(column.column), column.label(), vec![("meant", meant.clone())]);
                }
                Match::Field(i) if labels.kinds[*i] == FieldKind::Personal => personal.push(column.label()),
                _ => {}
            }
        }
        for &field in &labels.expected {
            if !found.columns.iter().any(|c| c.field() == Some(field)) {
                let label = self.source.field_label(&found.form, &labels.fields[field]);
                self.seed("TBL-203", row, None, String::new(), vec![("label", label)]);
            }
        }
        if !personal.is_empty() {
            self.seed("TBL-212", row, None, String::new(), vec![("labels", personal.join("、"))]);
        }
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
                        match live.formulas.iter_mut().find(|(c, ..)| *c == cell.column) {
                            Some((_, count, _)) => *count += 1,
                            None => live.formulas.push((cell.column, 1, row.number)),
                        }
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
        for (row, Told { code, column, args }) in told {
            let found = args.iter().find(|(name, _)| *name == "found").map(|(_, text)| text.clone()).unwrap_or_default();
            self.seed(code, Some(row), column, found, args);
        }
    }

    fn close(&mut self, mut live: Live, sink: &mut impl RecordSink) {
        for (column, count, first) in std::mem::take(&mut live.formulas) {
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

/// The columns of one of the tables side by side.
fn layout(side: &Side<'_>, found: &Header, labels: &Labels) -> Layout {
    let columns_of = |is: &dyn Fn(usize) -> bool| side.columns.iter().filter(|c| c.field().is_some_and(is)).map(|c| c.column).collect();
    let own = |c: &&HeadColumn| (side.from..side.to).contains(&c.column);
    Layout {
        columns: (side.from, side.to),
        keys: columns_of(&|i| labels.keys.contains(&i)),
        labelled: found.columns.iter().filter(own).map(|c| c.column).collect(),
        figures: columns_of(&|i| matches!(labels.kinds[i], FieldKind::Amount | FieldKind::Number)),
    }
}
