//! Conflicts: two sources, or two records, that state different values for one field of an enterprise.

use crate::engine::EngineError;
use crate::error::Error;
use crate::finding::with_unit;
use crate::model::merged::Conflict;
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::workbook::{Book, Column, Tab, Table, Value};
use datafusion::arrow::array::RecordBatch;
use std::collections::HashMap;

/// Writes the conflicts.
pub fn conflicts(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let p = desk.publication;
    let columns = vec![
        Column::code(desk.header("uscc")),
        Column::text(desk.header("name")),
        Column::text(desk.header("field")),
        Column::text(desk.header("used")).in_group(desk.header("group_used")),
        Column::text(desk.header("cell")).wide(30.0).in_group(desk.header("group_used")),
        Column::text(desk.header("other")).in_group(desk.header("group_other")),
        Column::text(desk.header("cell")).wide(30.0).in_group(desk.header("group_other")),
    ];
    let shown: Vec<&Conflict> = p.conflicts.iter().filter(|c| shows(desk, c)).collect();
    let mut subtitle = vec![desk.as_of(), desk.say("conflicts_head").to_owned()];
    subtitle.extend(desk.left_out());
    let mut table = book.table(Table {
        sheet: desk.sheet("conflicts"),
        title: desk.say("conflicts_title").to_owned(),
        subtitle,
        columns,
        frozen_columns: 2,
        empty_text: desk.say("conflicts_empty").to_owned(),
        expected_rows: Some(shown.len() as u64),
        tab: Tab::Action,
        ..Table::default()
    })?;
    let known = Names::read(desk)?;
    let names = Names::of(desk, &known);
    let in_words = |text: &str, unit: Option<i64>| with_unit(desk.lang(), text, unit);
    let cite = |(record, field): &(i64, String)| p.places.cite(*record, field).unwrap_or_default();
    for conflict in shown {
        let [code, name] = names.cells(&conflict.enterprise);
        table.row(&[
            code,
            name,
            text_or_blank(&conflict.field),
            text_or_blank(&in_words(&conflict.used_text, conflict.used_unit)),
            text_or_blank(&cite(&conflict.used)),
            text_or_blank(&in_words(&conflict.other_text, conflict.other_unit)),
            text_or_blank(&cite(&conflict.other)),
        ])?;
    }
    table.finish()?;
    Ok(())
}

/// Whether the edition may show a conflict: figures of statistics only with consent.
fn shows(desk: &Desk<'_>, conflict: &Conflict) -> bool {
    let p = desk.publication;
    let statistics = |record: i64| p.places.table(record).is_none_or(|table| p.config.is_statistical(&table.form));
    !(statistics(conflict.used.0) || statistics(conflict.other.0)) || desk.discloses(&conflict.enterprise)
}

/// Codes and names of every enterprise, by its key.
pub struct Names<'a> {
    codes: Identifiers<'a>,
    names: Reader<'a>,
    rows: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    /// What they are read from: of each enterprise its key, code and name.
    ///
    /// # Errors
    /// The enterprises cannot be read.
    pub fn read(desk: &Desk<'_>) -> Result<RecordBatch, EngineError> {
        desk.gathered.enterprises.in_memory(&["enterprise", "name", "uscc", "uscc_why"])
    }

    /// Of all enterprises gathered.
    pub fn of(desk: &Desk<'_>, all: &'a RecordBatch) -> Self {
        let [key, names] = ["enterprise", "name"].map(|c| Reader::of(all, c, Shape::Plain));
        let rows = (0..all.num_rows()).map(|row| (key.text(row), row)).collect();
        Self { codes: Identifiers::of(desk, all, "uscc"), names, rows }
    }

    /// The cells of an enterprise's code and name; blank for one that nobody knows.
    pub fn cells(&self, enterprise: &str) -> [Value<'_>; 2] {
        let row = self.rows.get(enterprise);
        row.map_or([Value::Blank; 2], |row| [self.codes.value(*row), text_or_blank(self.names.text(*row))])
    }
}
