//! Row accounting: every record that came in, where it ended, and the proof that nothing is lost.

use crate::config::FormOptions;
use crate::error::Error;
use crate::finding::word;
use crate::model::account::Place;
use crate::stages::publish::desk::{Desk, Edition};
use crate::stages::publish::disclosure::sends_statistics;
use crate::stages::publish::workbook::{Book, CellRange, Column, Formula, Outcome, Tab, Table, Value};
use std::collections::BTreeMap;

/// Records and money by where they ended; what came in is counted apart.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// What came in.
    pub stated: (u64, i128),
    /// Where it ended, in the order of [`Place::ALL`].
    pub placed: [(u64, i128); Place::ALL.len()],
    /// Which of the places are held back in this edition, and whether all of it is.
    pub held: ([bool; Place::ALL.len()], bool),
}

impl Line {
    /// Records that ended somewhere.
    pub fn rows(&self) -> u64 {
        self.placed.iter().map(|p| p.0).sum()
    }

    fn add(&mut self, other: &Line) {
        self.stated = (self.stated.0 + other.stated.0, self.stated.1 + other.stated.1);
        for (sum, more) in self.placed.iter_mut().zip(&other.placed) {
            *sum = (sum.0 + more.0, sum.1 + more.1);
        }
        self.held.0.iter_mut().zip(other.held.0).for_each(|(sum, more)| *sum |= more);
        self.held.1 |= other.held.1;
    }
}

/// The lines by dataset, in the order of the configuration, and file.
fn lines<'a>(desk: &Desk<'a>) -> BTreeMap<(usize, usize), (&'a str, Line)> {
    let p = desk.publication;
    let mut lines: BTreeMap<(usize, usize), (&str, Line)> = BTreeMap::new();
    let order = |dataset: &str| p.config.form.get_index_of(dataset).unwrap_or(usize::MAX);
    for stated in &desk.gathered.stated {
        let line = lines.entry((order(&stated.dataset), stated.file)).or_insert((&stated.dataset, Line::default()));
        line.1.stated = (stated.rows, stated.amount);
    }
    for account in p.accounts {
        let line = &mut lines.entry((order(&account.dataset), account.file)).or_insert((&account.dataset, Line::default())).1;
        // Superseded records were set aside before the datasets were counted.
        if account.place == Place::Superseded {
            line.stated = (line.stated.0 + account.rows, line.stated.1 + account.amount);
        }
        if let Some(index) = Place::ALL.iter().position(|place| *place == account.place) {
            let sum = &mut line.placed[index];
            *sum = (sum.0 + account.rows, sum.1 + account.amount);
        }
    }
    lines
}

/// The lines as this edition tells them, each with its dataset and file: those of a source of statistics together, since a
/// bureau may send a file an enterprise and name it so.
fn told<'a>(desk: &Desk<'a>) -> Vec<(usize, &'a str, &'a str, Line)> {
    let files = &desk.publication.places.files;
    let mut told: Vec<(usize, &str, &str, Line)> = Vec::new();
    let mut together: BTreeMap<(usize, &str), (&str, Line)> = BTreeMap::new();
    for ((order, file), (dataset, line)) in lines(desk) {
        let (path, source) = files.get(file).map_or(("", ""), |f| (f.path.as_str(), f.source.as_str()));
        if desk.edition == Edition::Closed || !sends_statistics(desk.publication.config, source) {
            told.push((order, dataset, path, line));
            continue;
        }
        together.entry((order, source)).or_insert((dataset, Line::default())).1.add(&line);
    }
    for ((order, source), (dataset, line)) in together {
        let held = desk.gathered.held_back.of(|s, d| s == source && d == dataset);
        told.push((order, dataset, desk.say("cover_inputs_together"), Line { held, ..line }));
    }
    told.sort_by_key(|(order, ..)| *order);
    told
}

/// Writes the account.
pub fn accounting(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let money = desk.edition == Edition::Closed;
    let mut subtitle = vec![desk.as_of(), desk.say("accounting_head").to_owned()];
    if !money {
        subtitle.push(desk.say("accounting_masked").to_owned());
    }
    let mut table = book.table(Table {
        sheet: desk.sheet("accounting"),
        title: desk.say("accounting_title").to_owned(),
        subtitle,
        columns: columns(desk, money),
        frozen_columns: 2,
        empty_text: desk.say("accounting_empty").to_owned(),
        notes: vec![desk.say(if money { "accounting_note_money" } else { "accounting_note" }).to_owned()],
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    let mut sums: BTreeMap<usize, (&str, Line)> = BTreeMap::new();
    let mut all = Line::default();
    for (order, dataset, path, line) in told(desk) {
        let sheet_row = table.next_row();
        table.row(&cells(desk, (desk.dataset(dataset), path), &line, money.then_some(dataset), &ranges(sheet_row)))?;
        sums.entry(order).or_insert((dataset, Line::default())).1.add(&line);
        all.add(&line);
    }
    for (dataset, line) in sums.values() {
        let (name, sheet_row) = (desk.tell("total_of", &[desk.dataset(dataset)]), table.next_row());
        table.total_row(&cells(desk, (&name, ""), line, money.then_some(*dataset), &ranges(sheet_row)))?;
    }
    if sums.len() > 1 {
        // Money of different kinds does not add up.
        let ranges = ranges(table.next_row());
        table.total_row(&cells(desk, (desk.header("total"), ""), &all, money.then_some(""), &ranges))?;
    }
    table.finish()?;
    Ok(())
}

/// Columns that name a line.
const SHARED: usize = 2;
/// Columns of counts: what came in, the places, the difference.
const COUNTS: usize = Place::ALL.len() + 2;

fn columns(desk: &Desk<'_>, money: bool) -> Vec<Column> {
    let mut columns = vec![Column::text(desk.header("dataset")), Column::text(desk.header("file"))];
    let group = desk.header("group_rows");
    let places = || Place::ALL.map(|place| word(desk.lang(), &format!("place.{}", place.id())));
    columns.push(Column::count(desk.header("came_in")).in_group(group));
    columns.extend(places().map(|name| Column::count(name).in_group(group)));
    columns.push(Column::count(desk.header("difference")).in_group(group));
    if money {
        let group = desk.header("group_money");
        // Four places of 万元 are single yuan: the figures as they were sent.
        let exact = |name: &str| Column::number(name, 4).with_unit(desk.header("unit_ten_thousand")).in_group(group);
        columns.push(Column::text(desk.header("money_of")).in_group(group));
        columns.push(exact(desk.header("came_in")));
        columns.extend(places().map(exact));
        columns.push(exact(desk.header("difference")));
    }
    columns
}

/// Yuan at scale 4 as 万元.
fn ten_thousands<'v>(amount: i128) -> Value<'v> {
    Value::Number { unscaled: amount, scale: 8 }
}

/// Cells of what came in and of the places, in a row of the sheet.
fn ranges(row: u32) -> [CellRange; 2] {
    let (first, last) = (SHARED as u16, (SHARED + Place::ALL.len()) as u16);
    [CellRange::cell(row, first), CellRange { first_row: row, first_column: first + 1, last_row: row, last_column: last }]
}

fn cells<'v>(desk: &Desk<'v>, name: (&'v str, &'v str), line: &Line, money: Option<&str>, ranges: &'v [CellRange; 2]) -> Vec<Value<'v>> {
    let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    let lost = count(line.stated.0) - count(line.rows());
    let unless = |held: bool, rows: u64| if held { Value::Text(desk.say("held_back")) } else { Value::Count(count(rows)) };
    let mut cells = vec![Value::Text(name.0), if name.1.is_empty() { Value::Blank } else { Value::Text(name.1) }];
    cells.push(unless(line.held.1, line.stated.0));
    cells.extend(line.placed.iter().zip(line.held.0).map(|(p, held)| unless(held, p.0)));
    // Over what is held back a formula would find another difference.
    cells.push(match line.held {
        (places, false) if !places.contains(&true) => {
            Value::Formula(Formula { expression: "{0}-SUM({1})", result: Outcome::Count(lost), cells: ranges })
        }
        _ => Value::Count(lost),
    });
    if let Some(dataset) = money {
        if let Some(field) = desk.publication.config.form.get(dataset).and_then(FormOptions::accounted) {
            cells.extend([Value::Text(field), ten_thousands(line.stated.1)]);
            cells.extend(line.placed.iter().map(|p| ten_thousands(p.1)));
            cells.push(ten_thousands(line.stated.1 - line.placed.iter().map(|p| p.1).sum::<i128>()));
        } else {
            cells.extend([Value::Blank; COUNTS + 1]);
        }
    }
    cells
}
