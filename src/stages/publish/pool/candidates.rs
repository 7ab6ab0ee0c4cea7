//! The pool, and its twin: the same rows and columns with the cell that each value comes from.

use super::columns::{Origin, PoolColumn, pool_columns};
use crate::error::Error;
use crate::stages::publish::cells::{Reader, Shape, Total};
use crate::stages::publish::desk::{Desk, Edition, Verdict, Verdicts, grouped};
use crate::stages::publish::provenance::SourceCells;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};
use datafusion::arrow::array::RecordBatch;

/// Writes the pool.
pub fn pool(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let columns = pool_columns(desk);
    let rows = desk.gathered.pooled;
    let mut subtitle = vec![desk.as_of(), desk.tell("pool_rows", &[&grouped(desk.gathered.total()), &grouped(rows)])];
    if desk.edition == Edition::Operator {
        subtitle.push(desk.say("masked").to_owned());
    }
    let mut looks = vec![Column::count(desk.header("number"))];
    looks.extend(columns.iter().map(|c| c.look.clone()));
    let mut table = book.table(Table {
        sheet: desk.sheet("pool"),
        title: desk.say("pool_title").to_owned(),
        subtitle,
        columns: looks,
        frozen_columns: 3,
        empty_text: desk.say("pool_empty").to_owned(),
        notes: vec![desk.say("pool_note").to_owned()],
        expected_rows: Some(rows + u64::from(rows > 0)),
        tab: Tab::Result,
        ..Table::default()
    })?;
    let mut totals = vec![Total::default(); columns.len()];
    let mut number = 0;
    let mut cells = Vec::with_capacity(columns.len() + 1);
    for batch in &desk.gathered.enterprises {
        let grid = Grid::of(desk, batch, &columns);
        for row in (0..batch.num_rows()).filter(|row| grid.verdicts.pooled(*row)) {
            number += 1;
            cells.clear();
            cells.push(Value::Count(number));
            let disclosed = desk.discloses(grid.key.text(row));
            cells.extend(columns.iter().zip(&grid.readers).map(|(c, reader)| grid.cell(desk, c, reader, disclosed, row)));
            for (total, value) in totals.iter_mut().zip(&cells[1..]) {
                total.add(value);
            }
            table.row(&cells)?;
        }
    }
    if number > 0 {
        let mut sums = vec![Value::Blank, Value::Blank, Value::Text(desk.header("total"))];
        sums.extend(columns.iter().zip(&totals).skip(2).map(|(c, total)| sum(desk, c, *total)));
        table.total_row(&sums)?;
    }
    table.finish()?;
    Ok(())
}

/// A sum, where adding up makes sense and shows no more than the rows do.
fn sum<'a>(desk: &Desk<'_>, column: &PoolColumn<'_>, total: Total) -> Value<'a> {
    let counts = matches!(column.origin, Origin::Patents | Origin::Findings) || column.name == "staff";
    let adds = column.shape == Shape::Amount || counts;
    let hidden = column.statistics && desk.edition == Edition::Operator;
    if adds && !hidden { total.value() } else { Value::Blank }
}

/// A batch of enterprises, its columns at hand.
struct Grid<'a> {
    key: Reader<'a>,
    verdicts: Verdicts<'a>,
    findings: &'a std::collections::HashMap<&'a str, i64>,
    readers: Vec<Reader<'a>>,
}

impl<'a> Grid<'a> {
    fn of(desk: &Desk<'a>, batch: &'a RecordBatch, columns: &[PoolColumn<'_>]) -> Self {
        Self {
            key: Reader::of(batch, "enterprise", Shape::Plain),
            verdicts: Verdicts::of(desk.publication, batch),
            findings: &desk.gathered.findings,
            readers: columns.iter().map(|c| Reader::of(batch, &c.name, c.shape)).collect(),
        }
    }

    fn cell<'v>(&self, desk: &'v Desk<'a>, column: &PoolColumn<'_>, reader: &Reader<'v>, disclosed: bool, row: usize) -> Value<'v>
    where
        'a: 'v,
    {
        if matches!(column.origin, Origin::Findings) {
            return Value::Count(self.findings.get(self.key.text(row)).copied().unwrap_or(0));
        }
        if disclosed || !column.statistics {
            return reader.value(row, &desk.words);
        }
        Value::Text(match column.criterion.map(|id| self.verdicts.get(id, row)) {
            Some(Verdict::Met) => desk.say("reached"),
            Some(Verdict::NotMet) => desk.say("not_reached"),
            Some(Verdict::Unjudged) => desk.say("unjudged"),
            None => desk.say("withheld"),
        })
    }
}

/// Writes the twin of the pool.
pub fn provenance(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let columns = pool_columns(desk);
    let mut looks = vec![Column::count(desk.header("number"))];
    looks.extend(columns.iter().map(|c| {
        let look = if ["uscc", "name"].contains(&c.name.as_str()) {
            Column::text(&c.look.header).wide(22.0)
        } else {
            Column::text(&c.look.header).wide(18.0)
        };
        match &c.look.group {
            Some(group) => look.in_group(group),
            None => look,
        }
    }));
    // The code leads the row, so that a row is found without looking back.
    looks.insert(1, Column::code(desk.header("enterprise")));
    let hidden = hidden(desk);
    let rows = desk.gathered.pooled - hidden;
    let mut subtitle = vec![desk.as_of(), desk.say("provenance_head").to_owned()];
    subtitle.extend(desk.left_out(hidden));
    let mut table = book.table(Table {
        sheet: desk.sheet("provenance"),
        title: desk.say("provenance_title").to_owned(),
        subtitle,
        columns: looks,
        frozen_columns: 2,
        empty_text: desk.say(if desk.gathered.pooled == 0 { "pool_empty" } else { "nobody_consents" }).to_owned(),
        expected_rows: Some(rows),
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    let mut number = 0;
    let mut texts: Vec<String> = Vec::with_capacity(columns.len());
    for batch in &desk.gathered.enterprises {
        let grid = Grid::of(desk, batch, &columns);
        let cells: Vec<Way<'_>> = columns.iter().map(|c| Way::of(desk, batch, c)).collect();
        for row in (0..batch.num_rows()).filter(|row| grid.verdicts.pooled(*row)) {
            // The number stays that of the pool's own row.
            number += 1;
            if !desk.discloses(grid.key.text(row)) {
                continue;
            }
            texts.clear();
            texts.extend(cells.iter().zip(&grid.readers).map(|(way, reader)| way.cite(desk, reader, row)));
            let mut values = vec![Value::Count(number), Value::Text(grid.key.text(row))];
            values.extend(texts.iter().map(|t| super::super::desk::text_or_blank(t)));
            table.row(&values)?;
        }
    }
    table.finish()?;
    Ok(())
}

/// Pooled enterprises whose rows the edition leaves out.
fn hidden(desk: &Desk<'_>) -> u64 {
    let hidden = desk.gathered.enterprises.iter().map(|batch| {
        let (key, verdicts) = (Reader::of(batch, "enterprise", Shape::Plain), Verdicts::of(desk.publication, batch));
        (0..batch.num_rows()).filter(|row| verdicts.pooled(*row) && !desk.discloses(key.text(*row))).count() as u64
    });
    hidden.sum()
}

/// The way back of one column.
enum Way<'a> {
    Cell(SourceCells<'a>),
    Computed(Vec<SourceCells<'a>>),
    Words(String),
}

impl<'a> Way<'a> {
    fn of(desk: &Desk<'a>, batch: &'a RecordBatch, column: &PoolColumn<'_>) -> Self {
        let (sources, places) = (&desk.gathered.sources, desk.publication.places);
        match &column.origin {
            Origin::Cell => Way::Cell(sources.cells(places, batch, &column.name)),
            Origin::Computed(from) => Way::Computed(from.iter().map(|c| sources.cells(places, batch, c)).collect()),
            Origin::Patents => Way::Words(desk.tell("from_sheet", &[&desk.sheet("patents")])),
            Origin::Findings => Way::Words(desk.say("from_quality").to_owned()),
        }
    }

    /// The cell in words; nothing where there is no value.
    fn cite(&self, desk: &Desk<'_>, reader: &Reader<'_>, row: usize) -> String {
        match self {
            Way::Words(words) if matches!(reader, Reader::Missing) || reader.has(row) => words.clone(),
            _ if !reader.has(row) => String::new(),
            Way::Cell(cells) => cells.cite(row).unwrap_or_default(),
            Way::Computed(from) => {
                let cited: Vec<String> = from.iter().filter_map(|cells| cells.cite(row)).collect();
                cited.join(desk.say("between"))
            }
            Way::Words(_) => String::new(),
        }
    }
}
