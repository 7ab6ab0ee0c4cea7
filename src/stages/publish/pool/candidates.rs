//! The pool, and its twin: the same rows and columns with the cell that each value comes from.

use super::columns::{Origin, PoolColumn, pool_columns};
use crate::error::Error;
use crate::model::verdict::Verdict;
use crate::stages::publish::cells::{Reader, Shape, Total};
use crate::stages::publish::desk::{Desk, Edition, grouped, text_or_blank};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::provenance::SourceCells;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};
use datafusion::arrow::array::RecordBatch;

/// Writes the pool.
pub fn pool(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let columns = pool_columns(desk);
    let head = desk.tell("pool_rows", &[&grouped(desk.gathered.total()), &grouped(desk.gathered.pooled)]);
    let looks = columns.iter().map(|c| c.look.clone());
    let mut table = book.table(frame(desk, "pool", head, looks, Tab::Result))?;
    let mut totals = vec![Total::default(); columns.len()];
    let mut number = 0;
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let grid = Grid::of(desk, batch, &columns);
        let mut cells = Vec::with_capacity(columns.len() + 1);
        for row in grid.pooled(batch) {
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
        let sum = |(column, total): (&PoolColumn<'_>, &Total)| if adds(desk, column) { total.value() } else { Value::Blank };
        table.total_row(&total_row(desk, &columns, columns.iter().zip(&totals).map(sum)))?;
    }
    table.finish()?;
    Ok(())
}

/// The table of one of the two grids.
///
/// Both have equally many lines above and below, so that the twin's cell has the address of the cell that it explains,
/// also where they are split over several sheets.
fn frame(desk: &Desk<'_>, id: &str, head: String, looks: impl Iterator<Item = Column>, tab: Tab) -> Table {
    let rows = desk.gathered.pooled;
    let mut subtitle = vec![desk.as_of(), head];
    if desk.edition == Edition::Operator {
        subtitle.push(desk.say(&format!("masked_{id}")).to_owned());
    }
    Table {
        sheet: desk.sheet(id),
        title: desk.say(&format!("{id}_title")).to_owned(),
        subtitle,
        columns: std::iter::once(Column::count(desk.header("number"))).chain(looks).collect(),
        frozen_columns: 3,
        empty_text: desk.say("pool_empty").to_owned(),
        notes: vec![desk.say(&format!("{id}_note")).to_owned()],
        expected_rows: Some(rows + u64::from(rows > 0)),
        tab,
    }
}

/// The row of sums: in place of the name it says so, else in the first column without a sum.
fn total_row<'v>(desk: &'v Desk<'_>, columns: &[PoolColumn<'_>], sums: impl Iterator<Item = Value<'v>>) -> Vec<Value<'v>> {
    let mut cells = vec![Value::Blank];
    cells.extend(sums);
    let name = columns.iter().position(|column| column.name == "name").map(|place| place + 1);
    let free = name.or_else(|| cells.iter().position(|cell| *cell == Value::Blank));
    if let Some(cell) = free.and_then(|place| cells.get_mut(place)) {
        *cell = Value::Text(desk.header("total"));
    }
    cells
}

/// Whether adding up makes sense and shows no more than the rows do.
fn adds(desk: &Desk<'_>, column: &PoolColumn<'_>) -> bool {
    let hidden = column.statistics && desk.edition == Edition::Operator;
    (column.shape == Shape::Amount || column.adds) && !hidden
}

/// A batch of enterprises, its columns at hand.
struct Grid<'a> {
    key: Reader<'a>,
    verdicts: Verdicts<'a>,
    codes: Identifiers<'a>,
    readers: Vec<Reader<'a>>,
}

impl<'a> Grid<'a> {
    fn of(desk: &Desk<'a>, batch: &'a RecordBatch, columns: &[PoolColumn<'_>]) -> Self {
        Self {
            key: Reader::of(batch, "enterprise", Shape::Plain),
            verdicts: Verdicts::of(desk.publication, batch),
            codes: Identifiers::of(desk, batch, "uscc"),
            readers: columns.iter().map(|c| Reader::of(batch, &c.name, c.shape)).collect(),
        }
    }

    /// The rows of enterprises in the pool.
    fn pooled(&self, batch: &RecordBatch) -> impl Iterator<Item = usize> {
        (0..batch.num_rows()).filter(|row| self.verdicts.pooled(*row))
    }

    fn cell<'v>(&'v self, desk: &'v Desk<'a>, column: &PoolColumn<'_>, reader: &Reader<'v>, disclosed: bool, row: usize) -> Value<'v>
    where
        'a: 'v,
    {
        if matches!(column.origin, Origin::Findings) {
            return Value::Count(desk.findings_of(self.key.text(row)));
        }
        if column.name == "uscc" {
            return self.codes.value(row);
        }
        if disclosed || !column.statistics {
            return reader.value(row, &desk.words);
        }
        Value::Text(match column.criterion.map(|id| self.verdicts.get(id, row)) {
            Some(Verdict::Met) => desk.say("reached"),
            Some(Verdict::NotMet) => desk.say("not_reached"),
            Some(Verdict::Unjudged) => desk.say("unjudged"),
            Some(verdict @ (Verdict::Waived | Verdict::NotApplicable)) => desk.verdict(verdict),
            None => desk.say("withheld"),
        })
    }
}

/// Writes the twin of the pool.
pub fn provenance(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let columns = pool_columns(desk);
    let looks = columns.iter().map(|c| {
        let look = Column::text(&c.look.header).wide(if ["uscc", "name"].contains(&c.name.as_str()) { 22.0 } else { 18.0 });
        match &c.look.group {
            Some(group) => look.in_group(group),
            None => look,
        }
    });
    let mut table = book.table(frame(desk, "provenance", desk.say("provenance_head").to_owned(), looks, Tab::Evidence))?;
    let mut number = 0;
    let mut texts: Vec<String> = Vec::with_capacity(columns.len());
    let mut stated = vec![false; columns.len()];
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let grid = Grid::of(desk, batch, &columns);
        let ways: Vec<Way<'_>> = columns.iter().map(|c| Way::of(desk, batch, c)).collect();
        for row in grid.pooled(batch) {
            number += 1;
            let disclosed = desk.discloses(grid.key.text(row));
            texts.clear();
            texts.extend(columns.iter().zip(&ways).zip(&grid.readers).map(|((column, way), reader)| {
                // As in the pool, not even whether there is a figure.
                if disclosed || !column.statistics { way.cite(desk, reader, row) } else { desk.say("withheld").to_owned() }
            }));
            stated.iter_mut().zip(&texts).for_each(|(stated, text)| *stated |= !text.is_empty());
            let mut values = vec![Value::Count(number)];
            values.extend(texts.iter().map(|t| text_or_blank(t)));
            table.row(&values)?;
        }
    }
    if number > 0 {
        let from = |(column, stated): (&PoolColumn<'_>, &bool)| {
            text_or_blank(if *stated && adds(desk, column) { desk.say("from_rows") } else { "" })
        };
        table.total_row(&total_row(desk, &columns, columns.iter().zip(&stated).map(from)))?;
    }
    table.finish()?;
    Ok(())
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
            Way::Cell(cells) => match cells.cells(row).as_slice() {
                [] => String::new(),
                [cell] => cell.clone(),
                [first, rest @ ..] => desk.tell("and_cells", &[first, &(rest.len() + 1).to_string()]),
            },
            Way::Computed(from) => {
                let cited: Vec<String> = from.iter().filter_map(|cells| cells.cite(row)).collect();
                cited.join(desk.say("between"))
            }
            Way::Words(_) => String::new(),
        }
    }
}
