//! The catalogue of edits in plain words, with their outcomes; and the checks of files and tables that found something.

use super::tally::{Tally, count, mark};
use crate::error::Error;
use crate::finding::{CatalogueEntry, Counts};
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};
use std::collections::HashMap;

/// Writes the catalogue: edits in the order of the configuration, then findings about files.
pub fn edits(book: &mut Book, desk: &Desk<'_>, tally: &Tally<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let group = desk.header("group_outcome");
    let columns = vec![
        Column::code(desk.header("code")),
        Column::verdict(desk.header("severity")),
        Column::text(desk.header("edit")).wide(26.0),
        Column::text(desk.header("datasets")).wide(18.0),
        Column::text(desk.header("explain")).wide(52.0),
        Column::text(desk.header("help")).wide(36.0),
        Column::count(desk.header("judged")).in_group(group),
        Column::count(desk.header("held")).in_group(group),
        Column::count(desk.header("broken")).in_group(group),
        Column::count(desk.header("unjudged")).in_group(group),
        Column::count(desk.header("findings")),
    ];
    let mut table = book.table(Table {
        sheet: desk.sheet("edits"),
        title: desk.say("edits_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.say("edits_head").to_owned()],
        columns,
        frozen_columns: 3,
        empty_text: desk.say("edits_empty").to_owned(),
        notes: vec![desk.say("edits_note").to_owned()],
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    let counts: HashMap<&str, &Counts> = p.judgement.counts.iter().map(|(code, c)| (code.as_ref(), c)).collect();
    let found = |code: &str| tally.codes.get(code).copied().unwrap_or(0);
    for (code, edit) in p.config.edit.iter().filter(|(_, e)| !e.disabled) {
        let Some(entry) = p.catalogue.get(code) else { continue };
        let judged = edit.dataset.iter().filter(|dataset| edit.judges(dataset, p.config.form.get(*dataset)));
        let datasets: Vec<&str> = judged.map(|d| desk.dataset(d)).collect();
        if datasets.is_empty() {
            continue;
        }
        row(&mut table, desk, entry, &datasets.join(desk.say("between")), counts.get(code.as_str()).copied(), found(code))?;
    }
    for entry in p.catalogue.iter().filter(|e| !p.config.edit.contains_key(&e.code) && found(&e.code) > 0) {
        row(&mut table, desk, entry, desk.say("about_files"), None, found(&entry.code))?;
    }
    table.finish()?;
    Ok(())
}

fn row(
    table: &mut crate::stages::publish::workbook::TableWriter<'_>,
    desk: &Desk<'_>,
    entry: &CatalogueEntry,
    datasets: &str,
    counts: Option<&Counts>,
    found: u64,
) -> Result<(), Error> {
    let outcome = |of: fn(&Counts) -> u64| counts.map_or(Value::Blank, |c| count(of(c)));
    table.row(&[
        Value::Text(&entry.code),
        Value::Mark(mark(entry.severity)),
        text_or_blank(entry.name.get(desk.lang())),
        text_or_blank(datasets),
        text_or_blank(entry.explain.get(desk.lang())),
        text_or_blank(entry.help.get(desk.lang())),
        outcome(|c| c.held + c.broken),
        outcome(|c| c.held),
        outcome(|c| c.broken),
        outcome(|c| c.unjudged),
        count(found),
    ])?;
    Ok(())
}
