//! Opens a table: what its header and the rows above it say of its columns, its year and its units.

use super::alignment::Alignment;
use super::doubts::Doubts;
use super::head::HeadRow;
use super::header::{HeadColumn, Header};
use super::labels::{Labels, Match};
use super::layout::Layout;
use super::merged::MergedDown;
use super::reader::{SheetHead, Span};
use super::sides::{self, Side, StatedPeriod, TablePeriod};
use super::sink::RecordSink;
use super::source::Source;
use super::table::{Block, Live, LiveSide};
use super::units::{TableUnit, UnitSaid, UnitsBelow};
use crate::finding::Seed;
use crate::model::amount::Unit;
use crate::model::aside::Asides;
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::period;
use crate::model::raw::{ColumnMeta, Doubt, TableMeta};
use indexmap::IndexMap;
use std::rc::Rc;

/// What a table is opened from, and what that gives.
pub struct Opening<'a> {
    /// What the file's source may send.
    pub source: &'a Source<'a>,
    /// The sheet.
    pub sheet: &'a SheetHead,
    /// Whether fields of text tables are stored.
    pub text_table: bool,
    /// Units known to be said below tables.
    pub below: &'a UnitsBelow,
    /// Its regions that are more than one row high.
    pub tall: &'a Rc<[Span]>,
    /// The number of the next table.
    pub next_table: u32,
    /// What is to be told of the header.
    pub seeds: Vec<Seed>,
}

impl Opening<'_> {
    fn seed(&mut self, code: &str, row: Option<u32>, column: Option<u32>, found: String, args: Vec<(&str, String)>) {
        let args = args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        self.seeds.push(Seed { code: code.into(), sheet: Some(self.sheet.name.clone()), row, column, found, args });
    }

    /// Opens the tables side by side under a header.
    pub fn open(&mut self, title: &[HeadRow], rows: &[HeadRow], found: &Header, sink: &mut impl RecordSink) -> Live {
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
            formulas: IndexMap::new(),
        };
        for part in parts {
            for column in &part.repeated {
                self.seed("TBL-205", rows.last().map(|r| r.number), Some(column.column), column.label(), Vec::new());
            }
            let period = self.period(&live.title, &part, &found.form, rows);
            let unit = self.unit(&live.title, &part);
            let blocks = self.blocks(&found.form, labels, &part, period, &unit, rows);
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
            merged: MergedDown::below(last, self.tall),
        }
    }

    /// The unit of a side, from what stands above it and what is known to stand below.
    fn unit(&self, title: &[HeadRow], side: &Side<'_>) -> TableUnit {
        let below = self.below.get(&self.next_table).map(Vec::as_slice).unwrap_or_default();
        TableUnit::read(title, below, side.from, side.to)
    }

    /// Says that two units are stated for the same figures.
    fn tell_clash(&mut self, places: &[UnitSaid; 2]) {
        let [first, second] = places;
        let args = vec![("first", first.quoted()), ("second", second.quoted())];
        self.seed(Doubt::TwoUnits.code(), Some(first.row), Some(first.column), first.text.clone(), args);
    }

    /// The year of a side: what its title says, else the sheet's name, else the file's. Of a part of a year there is none.
    fn period(&mut self, title: &[HeadRow], side: &Side<'_>, form: &str, rows: &[HeadRow]) -> TablePeriod {
        if self.source.periods[form] == PeriodKind::None {
            return TablePeriod::Unstated;
        }
        let names = [self.sheet.name.clone(), self.source.stem().to_owned()];
        let [sheet, file] = [0, 1].map(|i| period::find_year(&names[i]).filter(|_| period::part_of_year(&names[i]).is_none()));
        let confirmed: Vec<i32> = sheet.into_iter().chain(file).collect();
        let stated = StatedPeriod::read(title, side.from, side.to, &confirmed);
        if let Some((row, column, text)) = stated.part {
            self.seed("TBL-221", Some(row), Some(column), text.clone(), vec![("text", text)]);
            return TablePeriod::Part;
        }
        if let (Some(title), Some(sheet)) = (stated.year, sheet)
            && title != sheet
        {
            let args = vec![("title", title.to_string()), ("sheet_year", sheet.to_string())];
            self.seed("TBL-211", rows.first().map(|r| r.number), None, sheet.to_string(), args);
        }
        // What sheet or file are called may say that the figures are of some months; a title that says the whole year outranks them.
        let whole = title.iter().flat_map(|row| &row.cells).any(|cell| period::is_whole_year(&cell.text));
        let of_same = |name: &String| period::find_year(name).is_none_or(|year| stated.year.is_none_or(|stated| stated == year));
        let months = |name: &&String| period::part_of_year(name).is_some() && of_same(name);
        if let Some(name) = names.iter().find(months).filter(|_| !whole) {
            self.seed("TBL-221", rows.first().map(|r| r.number), None, name.clone(), vec![("text", name.clone())]);
            return TablePeriod::Part;
        }
        // A title of several years states none; then no name does either.
        let silent = title.iter().flat_map(HeadRow::years).next().is_none();
        let year = stated.year.or_else(|| confirmed.first().copied().filter(|_| silent));
        year.map_or(TablePeriod::Unstated, TablePeriod::Year)
    }

    /// The blocks of a side: one, or one for each year across.
    fn blocks(
        &mut self,
        form: &str,
        labels: &Labels,
        side: &Side<'_>,
        period: TablePeriod,
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
        let block = |year: Option<i32>| self.block(form, labels, of_year(year), unit, (period, year), rows);
        let blocks: Vec<Block> = years.into_iter().map(block).collect();
        // What a table says of its unit matters to columns that state none.
        let concerned = |block: &Block| block.disputed.iter().any(|field| block.headed[*field].is_none());
        if let TableUnit::Disputed(places) = unit
            && blocks.iter().any(concerned)
        {
            self.tell_clash(places);
        }
        blocks
    }

    fn block<'h>(
        &mut self,
        form: &str,
        labels: &Labels,
        columns: impl Iterator<Item = &'h HeadColumn>,
        unit: &TableUnit,
        (whole, own): (TablePeriod, Option<i32>),
        rows: &[HeadRow],
    ) -> Block {
        let mut fields: Vec<Option<usize>> = Vec::new();
        let (mut headed, mut disputed) = (vec![None; labels.fields.len()], Vec::new());
        let mut metas = Vec::new();
        let below = self.below.get(&self.next_table).cloned().unwrap_or_default();
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
        let number = u16::try_from(self.next_table).unwrap_or(u16::MAX);
        self.next_table = self.next_table.saturating_add(1);
        let header_rows = (rows.first().map_or(0, |r| r.number), rows.last().map_or(0, |r| r.number));
        let sheet = self.sheet.name.clone();
        let meta = TableMeta {
            number,
            sheet,
            form: form.to_owned(),
            period: own.or(whole.year()),
            partial: own.is_none() && whole == TablePeriod::Part,
            header_rows,
            columns: metas,
            rows: 0,
            aside: Asides::new(),
        };
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
}

/// The columns of one of the tables side by side.
pub fn layout(side: &Side<'_>, found: &Header, labels: &Labels) -> Layout {
    let columns_of = |is: &dyn Fn(usize) -> bool| side.columns.iter().filter(|c| c.field().is_some_and(is)).map(|c| c.column).collect();
    let own = |c: &&HeadColumn| (side.from..side.to).contains(&c.column);
    Layout {
        columns: (side.from, side.to),
        keys: columns_of(&|i| labels.keys.contains(&i)),
        labelled: found.columns.iter().filter(own).map(|c| c.column).collect(),
        figures: columns_of(&|i| matches!(labels.kinds[i], FieldKind::Amount | FieldKind::Number)),
    }
}
