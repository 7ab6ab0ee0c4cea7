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
use std::collections::{HashMap, HashSet};

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
    let (shown, hidden): (Vec<&Conflict>, Vec<&Conflict>) = p.conflicts.iter().partition(|c| shows(desk, c));
    let enterprises: HashSet<&str> = hidden.iter().map(|c| c.enterprise.as_str()).collect();
    let mut subtitle = vec![desk.as_of(), desk.say("conflicts_head").to_owned()];
    subtitle.extend(desk.left_out(hidden.len() as u64, enterprises.len()));
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
    let known = Names::batches(desk)?;
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
    batches: Vec<(Identifiers<'a>, Reader<'a>)>,
    places: HashMap<&'a str, (usize, usize)>,
}

impl<'a> Names<'a> {
    /// What they are read from: of each enterprise its key, code and name.
    ///
    /// # Errors
    /// The enterprises cannot be read.
    pub fn batches(desk: &Desk<'_>) -> Result<Vec<RecordBatch>, EngineError> {
        desk.gathered.enterprises.columns(&["enterprise", "name", "uscc", "uscc_why"]).collect()
    }

    /// Of all enterprises gathered.
    pub fn of(desk: &Desk<'_>, all: &'a [RecordBatch]) -> Self {
        let (mut batches, mut places) = (Vec::new(), HashMap::new());
        for batch in all {
            let [key, name] = ["enterprise", "name"].map(|c| Reader::of(batch, c, Shape::Plain));
            places.extend((0..batch.num_rows()).map(|row| (key.text(row), (batches.len(), row))));
            batches.push((Identifiers::of(desk, batch, "uscc"), name));
        }
        Self { batches, places }
    }

    /// The cells of an enterprise's code and name; blank for one that nobody knows.
    pub fn cells(&self, enterprise: &str) -> [Value<'_>; 2] {
        let known = self.places.get(enterprise).and_then(|(batch, row)| Some((self.batches.get(*batch)?, *row)));
        known.map_or([Value::Blank; 2], |((codes, names), row)| [codes.value(row), text_or_blank(names.text(row))])
    }
}
