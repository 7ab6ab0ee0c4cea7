//! Splits the columns of a header into tables side by side.
//!
//! A list of columns that begins again is a second table beside the first. What a title says of the year it says
//! of the table below it.

use super::head::{HeadCell, HeadRow};
use super::header::{HeadColumn, Header};
use super::labels::Labels;

/// Columns that a list which begins again may have more.
const SPARE: usize = 8;

/// The columns of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side<'h> {
    /// First sheet column that is its own.
    pub from: u32,
    /// First sheet column that is not its own any more.
    pub to: u32,
    /// Its columns that name a field, each once per year.
    pub columns: Vec<&'h HeadColumn>,
    /// Columns that mean the same as one before them.
    pub repeated: Vec<&'h HeadColumn>,
}

/// Splits a header where its list of fields begins again.
pub fn split<'h>(header: &'h Header, labels: &Labels) -> Vec<Side<'h>> {
    let fields: Vec<&HeadColumn> = header.columns.iter().filter(|c| c.field().is_some()).collect();
    let same = |a: &HeadColumn, b: &HeadColumn| {
        a.field() == b.field() && (a.year == b.year || a.field().is_some_and(|i| labels.keys.contains(&i)))
    };
    let mut sides: Vec<Side<'h>> = Vec::new();
    let mut start = 0;
    for at in 1..=fields.len() {
        let side = &fields[start..at];
        let ends = at == fields.len()
            || side.iter().any(|c| same(c, fields[at])) && begins_again(side, &fields[at..], &same, labels, left_blank(header, fields[at]));
        if !ends {
            continue;
        }
        let from = if sides.is_empty() { 0 } else { with_lead(header, fields[0], fields[start]) };
        if let Some(before) = sides.last_mut() {
            before.to = from;
        }
        let (mut columns, mut repeated): (Vec<&HeadColumn>, Vec<&HeadColumn>) = (Vec::new(), Vec::new());
        for column in side {
            let twice = columns.iter().any(|c| c.field() == column.field() && c.year == column.year);
            if twice { &mut repeated } else { &mut columns }.push(column);
        }
        sides.push(Side { from, to: u32::MAX, columns, repeated });
        start = at;
    }
    sides
}

/// Whether the list of a side begins again: a key and another field repeat, and either in the same order, or all of
/// them, or behind a blank column.
fn begins_again(
    side: &[&HeadColumn],
    rest: &[&HeadColumn],
    same: &impl Fn(&HeadColumn, &HeadColumn) -> bool,
    labels: &Labels,
    blank: bool,
) -> bool {
    let rest = &rest[..rest.len().min(side.len() + SPARE)];
    let mut repeated: Vec<usize> = rest.iter().filter(|r| side.iter().any(|s| same(s, r))).filter_map(|r| r.field()).collect();
    repeated.sort_unstable();
    repeated.dedup();
    let in_order = rest.len() > 1 && side.len() > 1 && same(side[0], rest[0]) && same(side[1], rest[1]);
    let all = || side.iter().all(|s| rest.iter().any(|r| same(s, r)));
    repeated.len() > 1 && repeated.iter().any(|i| labels.keys.contains(i)) && (in_order || blank || all())
}

/// Whether no label stands left of a column.
fn left_blank(header: &Header, column: &HeadColumn) -> bool {
    !header.columns.iter().any(|c| c.column + 1 == column.column)
}

/// Where a side begins whose first field is `first`: it takes along what stood before the first field of all, such as
/// a column of numbers.
fn with_lead(header: &Header, first_of_all: &HeadColumn, first: &HeadColumn) -> u32 {
    let lead: Vec<&HeadColumn> = header.columns.iter().take_while(|c| c.column < first_of_all.column).collect();
    let before: Vec<&HeadColumn> = header.columns.iter().take_while(|c| c.column < first.column).collect();
    let along = lead.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| b.field().is_none() && a.levels == b.levels);
    along.last().map_or(first.column, |(_, b)| b.column)
}

/// The period of which a table's figures speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TablePeriod {
    /// None is stated for the table as a whole; its records may state theirs.
    Unstated,
    /// A year.
    Year(i32),
    /// Some months: no year, whatever a record says.
    Part,
}

impl TablePeriod {
    /// The year, if it is one.
    pub fn year(self) -> Option<i32> {
        if let Self::Year(year) = self { Some(year) } else { None }
    }
}

/// The year that the rows above a side state of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedPeriod {
    /// The year, if there is just one.
    pub year: Option<i32>,
    /// The words of a part of a year, of which the figures are instead: row, column, text.
    pub part: Option<(u32, u32, String)>,
}

impl StatedPeriod {
    /// Reads the title rows above the columns `from..to`; what stands elsewhere counts if nothing stands here.
    /// Of several years one that `confirmed` holds is taken, else none: a period is never guessed.
    ///
    /// A month beside the title of another year is the day of filling in.
    pub fn read(title: &[HeadRow], from: u32, to: u32, confirmed: &[i32]) -> Self {
        let of_part = |column: u32, row: &HeadRow| row.parts().any(|cell| cell.column == column);
        let years = |parts: bool| -> Vec<(u32, i32)> {
            title.iter().flat_map(|row| row.years().filter(move |(column, _)| of_part(*column, row) == parts)).collect()
        };
        let one = |years: &[(u32, i32)]| {
            own_or_all(years, from, to, |all| only(all.iter().copied()).or_else(|| confirmed.iter().copied().find(|c| all.contains(c))))
        };
        let whole = years(false);
        let year = one(&whole);
        let counts = |cell: &&HeadCell| whole.is_empty() || cell.year.is_none() || cell.year == year;
        let parts: Vec<(u32, (u32, String))> =
            title.iter().flat_map(|row| row.parts().filter(counts).map(|cell| (cell.column, (row.number, cell.text.clone())))).collect();
        let own = |(column, _): &&(u32, (u32, String))| (from..to).contains(column);
        let part = parts.iter().find(own).or_else(|| parts.first()).map(|(column, (row, text))| (*row, *column, text.clone()));
        Self { year: year.filter(|_| part.is_none()), part }
    }
}

/// What the cells above a side say, or, if there are none, what all cells say.
fn own_or_all<T: Copy, R>(cells: &[(u32, T)], from: u32, to: u32, read: impl Fn(&[T]) -> Option<R>) -> Option<R> {
    let all: Vec<T> = cells.iter().map(|(_, value)| *value).collect();
    let own: Vec<T> = cells.iter().filter(|(c, _)| (from..to).contains(c)).map(|(_, value)| *value).collect();
    if own.is_empty() { read(&all) } else { read(&own) }
}

/// The one value that all agree on.
fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|v| v == first).then_some(first)
}
