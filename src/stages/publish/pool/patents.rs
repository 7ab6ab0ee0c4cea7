//! Patents: one row per patent and owner in the registry; those without one at the end, with the reason.

use super::finances::membership;
use crate::engine::Dataset;
use crate::error::Error;
use crate::finding::word;
use crate::model::patent_fact::FACTS;
use crate::model::patent_state::{IN_FORCE, STATES};
use crate::model::verdict::Verdict;
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, grouped, text_or_blank};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};

/// The state of a patent in a word; what is free, and what its status claims in vain, stands out.
fn in_words<'v>(desk: &Desk<'_>, state: &str) -> Value<'v> {
    let word = word(desk.lang(), &format!("patent_state.{state}"));
    match state {
        "free" => Value::Marked(Mark::Met, word),
        "expired" | "not_granted" => Value::Marked(Mark::NotMet, word),
        "unclear" | "in_force_unclear" => Value::Marked(Mark::Unjudged, word),
        _ => Value::Text(word),
    }
}

/// A fact: its months, or why there are none.
fn fact<'v>(desk: &Desk<'_>, months: Option<i64>, state: &str) -> Value<'v> {
    months.map_or_else(|| Value::Text(desk.verdict(Verdict::of(state))), Value::Count)
}

/// Patents of enterprises by state, each once for each of its owners.
#[derive(Default)]
struct States([u64; STATES.len()]);

impl States {
    /// Counts the rows of patents that have an owner.
    fn of(patents: &Dataset) -> Result<Self, Error> {
        let mut states = Self::default();
        for batch in patents.columns(&["enterprise", "state"]) {
            let batch = batch?;
            let [key, state] = ["enterprise", "state"].map(|c| Reader::of(&batch, c, Shape::Plain));
            let owned = (0..batch.num_rows()).filter(|row| !key.text(*row).is_empty());
            owned.filter_map(|row| STATES.iter().position(|s| *s == state.text(row))).for_each(|place| states.0[place] += 1);
        }
        Ok(states)
    }

    /// How many they are.
    fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What is in force as the sum that it is, and what is not.
    fn told(&self, desk: &Desk<'_>) -> String {
        let figures: Vec<String> = std::iter::once(self.0[..IN_FORCE].iter().sum()).chain(self.0).map(grouped).collect();
        desk.tell("patents_states", &figures.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Writes the patents.
pub fn patents(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let patents = &desk.gathered.patents;
    let mut columns = desk.identity_columns();
    columns.extend([
        Column::code(desk.header("patent_number")),
        Column::text(desk.header("patent_title")),
        Column::text(desk.header("kind")).wide(11.0),
        Column::date(desk.header("filed_on")),
        Column::date(desk.header("granted_on")),
        Column::date(desk.header("term")),
        Column::text(desk.header("status")).wide(11.0),
        Column::text(desk.header("pledged")).wide(7.0),
        Column::verdict(desk.header("state")).wide(24.0),
    ]);
    columns.extend(FACTS.iter().map(|fact| {
        let column = Column::count(desk.header(fact.id())).wide(10.0).in_group(desk.header("group_patent_facts"));
        if fact.figure.is_some() { column.with_unit(desk.header("unit_months")) } else { column }
    }));
    columns.extend([
        Column::text(desk.header("holders")),
        Column::text(desk.header("cell")).wide(26.0),
        Column::text(desk.header("not_linked")).wide(20.0),
    ]);
    let (rows, states) = (patents.rows(), States::of(patents)?);
    let owned = states.all();
    let mut table = book.table(Table {
        sheet: desk.sheet("patents"),
        title: desk.say("patents_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.tell("patents_head", &[&grouped(owned), &grouped(rows - owned)]), states.told(desk)],
        columns,
        frozen_columns: 2,
        empty_text: desk.say("patents_empty").to_owned(),
        notes: ["patents_note", "patents_facts"].map(|note| desk.say(note).to_owned()).to_vec(),
        expected_rows: Some(rows),
        tab: Tab::Evidence,
    })?;
    let right = desk.publication.config.rights().map(|(_, _, right)| right);
    let (renderer, places) = (desk.publication.renderer(), desk.publication.places);
    let owners = &desk.gathered.owners;
    for batch in patents.batches() {
        let batch = &owners.beside(&batch?)?;
        let plain = |name: &str| Reader::of(batch, name, Shape::Plain);
        let (record, key, owner, pooled, reason) = (plain("record"), plain("enterprise"), plain("owner"), plain("pooled"), plain("reason"));
        let [codes, numbers] = ["owner_code", "number"].map(|c| Identifiers::of(desk, batch, c));
        let state = plain("state");
        let [title, filed, granted, term, pledged, holders] = ["title", "filed_on", "granted_on", "term", "pledged", "holders"].map(plain);
        let facts = FACTS.map(|fact| (fact.figure.map(plain), plain(fact.state)));
        let [kind, status] = ["kind", "status"].map(|c| Reader::of(batch, c, Shape::Word));
        let place_of =
            |record: i64| right.and_then(|right| places.cite(record, &right.number).or_else(|| places.cite(record, &right.title)));
        for row in 0..batch.num_rows() {
            let linked = !key.text(row).is_empty();
            let place = record.whole(row).and_then(place_of);
            let why = if linked { String::new() } else { renderer.reference(reason.text(row)) };
            let [remaining, maintained, trade] =
                facts.each_ref().map(|(figure, state)| fact(desk, figure.as_ref().and_then(|f| f.whole(row)), state.text(row)));
            table.row(&[
                codes.value(row),
                text_or_blank(owner.text(row)),
                if linked { membership(desk, pooled.is_true(row)) } else { Value::Blank },
                numbers.value(row),
                title.value(row, &desk.words),
                kind.value(row, &desk.words),
                filed.value(row, &desk.words),
                granted.value(row, &desk.words),
                term.value(row, &desk.words),
                status.value(row, &desk.words),
                pledged.value(row, &desk.words),
                in_words(desk, state.text(row)),
                remaining,
                maintained,
                trade,
                holders.value(row, &desk.words),
                text_or_blank(place.as_deref().unwrap_or_default()),
                text_or_blank(&why),
            ])?;
        }
    }
    table.finish()?;
    Ok(())
}
