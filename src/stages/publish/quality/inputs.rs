//! The input files: their versions, what was read, what was found.

use super::tally::{BySeverity, Tally, count};
use crate::error::Error;
use crate::finding::word;
use crate::model::severity::Severity;
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};

/// Writes the files.
pub fn inputs(book: &mut Book, desk: &Desk<'_>, tally: &Tally<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let mut columns = vec![
        Column::text(desk.header("bureau")),
        Column::text(desk.header("file")),
        Column::text(desk.header("file_kind")),
        Column::text(desk.header("encoding")),
        Column::count(desk.header("bytes")).with_unit(desk.header("unit_byte")),
        Column::verdict(desk.header("read")),
        Column::count(desk.header("records")),
    ];
    columns.extend(Severity::ALL.map(|s| Column::count(word(desk.lang(), s.label_key())).in_group(desk.header("findings"))));
    columns.push(Column::code(desk.header("sha256")));
    let mut table = book.table(Table {
        sheet: desk.sheet("inputs"),
        title: desk.say("inputs_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.say("inputs_head").to_owned()],
        columns,
        frozen_columns: 2,
        empty_text: desk.say("inputs_empty").to_owned(),
        expected_rows: Some(p.inputs.len() as u64 + u64::from(!p.inputs.is_empty())),
        tab: Tab::Evidence,
        ..Table::default()
    })?;
    for (ordinal, input) in p.inputs.iter().enumerate() {
        let found = tally.files.get(&ordinal).copied().unwrap_or_default();
        let mut cells = vec![
            Value::Text(if input.bureau.is_empty() { desk.say("no_bureau") } else { &input.bureau }),
            Value::Text(&input.path),
            text_or_blank(&input.kind),
            text_or_blank(input.encoding.as_deref().unwrap_or_default()),
            count(input.bytes),
            // What is no more than a second name of another file has no content of its own.
            match (input.refused, input.source.is_empty() || !input.refused && input.sha256.is_empty()) {
                (_, true) => Value::Marked(Mark::Unjudged, desk.say("not_read")),
                (true, _) => Value::Marked(Mark::NotMet, desk.say("unreadable")),
                (false, _) => Value::Marked(Mark::Met, desk.say("read")),
            },
            count(input.rows),
        ];
        cells.extend(found.map(count));
        cells.push(text_or_blank(&input.sha256));
        table.row(&cells)?;
    }
    if !p.inputs.is_empty() {
        let sum = |of: fn(&crate::run::Input) -> u64| count(p.inputs.iter().map(of).sum());
        let mut found = BySeverity::default();
        for counts in tally.files.values() {
            found.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more);
        }
        let mut cells = vec![
            Value::Text(desk.header("total")),
            Value::Blank,
            Value::Blank,
            Value::Blank,
            sum(|i| i.bytes),
            Value::Blank,
            sum(|i| i.rows),
        ];
        cells.extend(found.map(count));
        cells.push(Value::Blank);
        table.total_row(&cells)?;
    }
    table.finish()?;
    Ok(())
}
