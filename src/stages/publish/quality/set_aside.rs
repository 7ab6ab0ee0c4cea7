//! The rows of tables that are no records, by table and kind.

use super::tally::count;
use crate::error::Error;
use crate::finding::word;
use crate::stages::publish::desk::{Desk, grouped, text_or_blank};
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};

/// Ranges of rows that a cell tells; the dataset `set_aside` has all of them.
const MOST: usize = 100;

/// Writes the rows set aside; never their texts, since footers name persons.
pub fn set_aside(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let places = desk.publication.places;
    let tables = || places.tables().filter(|(_, table)| !table.aside.is_empty());
    let lines = tables().map(|(_, table)| table.aside.len() as u64).sum::<u64>();
    let all: u64 = tables().flat_map(|(_, table)| table.aside.values()).map(|rows| rows.count()).sum();
    let columns = vec![
        Column::text(desk.header("bureau")).wide(9.0),
        Column::text(desk.header("file")).wide(26.0),
        Column::text(desk.header("sheet")).wide(16.0),
        Column::text(desk.header("dataset")).wide(18.0),
        Column::code(desk.header("period")),
        Column::text(desk.header("aside_kind")).wide(26.0),
        Column::count(desk.header("row_count")),
        Column::text(desk.header("row_numbers")).wide(40.0),
    ];
    let mut table = book.table(Table {
        sheet: desk.sheet("set_aside"),
        title: desk.say("set_aside_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.tell("set_aside_head", &[&grouped(tables().count() as u64), &grouped(all)])],
        columns,
        frozen_columns: 2,
        empty_text: desk.say("set_aside_empty").to_owned(),
        notes: vec![desk.say("set_aside_note").to_owned()],
        expected_rows: Some(lines + u64::from(lines > 0)),
        tab: Tab::Evidence,
    })?;
    for (address, meta) in tables() {
        let Some(file) = places.files.get(address.file) else { continue };
        let period = meta.period.map(|year| year.to_string()).unwrap_or_default();
        for (kind, rows) in &meta.aside {
            let (mut shown, left_out) = rows.shown(MOST);
            if left_out > 0 {
                shown = desk.tell("rows_more", &[&shown, &grouped(left_out)]);
            }
            table.row(&[
                text_or_blank(&file.bureau),
                Value::Text(&file.path),
                text_or_blank(&meta.sheet),
                Value::Text(desk.dataset(&meta.form)),
                text_or_blank(&period),
                Value::Text(word(desk.lang(), &format!("aside.{}", kind.id()))),
                count(rows.count()),
                Value::Text(&shown),
            ])?;
        }
    }
    if lines > 0 {
        let blank = Value::Blank;
        table.total_row(&[Value::Text(desk.header("total")), blank, blank, blank, blank, blank, count(all), blank])?;
    }
    table.finish()?;
    Ok(())
}
