//! Figures of the years, side by side, of every enterprise that states any.

use crate::engine::Dataset;
use crate::error::Error;
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, Edition, text_or_blank};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};

/// Writes the figures.
pub fn finances(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let batches = &desk.gathered.finances;
    let schema = batches.schema();
    let at_hand = |figure: &&str| batches.rows() == 0 || schema.column_with_name(&format!("{figure}_{}", desk.last_year())).is_some();
    let figures: Vec<&str> = p.config.pool.finances.iter().map(String::as_str).filter(at_hand).collect();
    let mut columns = desk.identity_columns();
    let mut names = Vec::new();
    for figure in &figures {
        for year in &p.merged.years {
            let year = year.to_string();
            columns.push(Column::amount(desk.tell("year", &[&year])).in_group(desk.field(figure)));
            names.push(format!("{figure}_{year}"));
        }
    }
    let total = batches.rows();
    let hidden = hidden(desk, batches)?;
    let mut subtitle = vec![desk.as_of(), desk.say("finances_head").to_owned()];
    subtitle.extend(desk.left_out());
    let mut table = book.table(Table {
        sheet: desk.sheet("finances"),
        title: desk.tell("finances_title", &[&p.merged.years.len().to_string()]),
        subtitle,
        columns,
        frozen_columns: 3,
        empty_text: desk.say(if total == 0 { "finances_empty" } else { "nobody_consents" }).to_owned(),
        expected_rows: Some(total - hidden),
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    for batch in batches.batches() {
        let batch = &batch?;
        let mut cells = Vec::new();
        let codes = Identifiers::of(desk, batch, "uscc");
        let [key, name, pooled] = ["enterprise", "name", "pooled"].map(|c| Reader::of(batch, c, Shape::Plain));
        let readers: Vec<Reader<'_>> = names.iter().map(|n| Reader::of(batch, n, Shape::Amount)).collect();
        for row in (0..batch.num_rows()).filter(|row| desk.discloses(key.text(*row))) {
            cells.clear();
            cells.extend([codes.value(row), text_or_blank(name.text(row)), membership(desk, pooled.is_true(row))]);
            cells.extend(readers.iter().map(|r| r.value(row, &desk.words)));
            table.row(&cells)?;
        }
    }
    table.finish()?;
    Ok(())
}

/// Whether an enterprise is in the pool, in a word.
pub fn membership<'v>(desk: &'v Desk<'_>, pooled: bool) -> Value<'v> {
    if pooled { Value::Marked(Mark::Met, desk.say("in_pool")) } else { Value::Text(desk.say("not_in_pool")) }
}

fn hidden(desk: &Desk<'_>, finances: &Dataset) -> Result<u64, Error> {
    if desk.edition == Edition::Closed {
        return Ok(0);
    }
    let mut hidden = 0;
    for batch in finances.columns(&["enterprise"]) {
        let batch = batch?;
        let key = Reader::of(&batch, "enterprise", Shape::Plain);
        hidden += (0..batch.num_rows()).filter(|row| !desk.discloses(key.text(*row))).count() as u64;
    }
    Ok(hidden)
}
