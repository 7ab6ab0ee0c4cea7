//! The proposed asset list, the reserve, and how the list keeps to the terms of the issue.
//!
//! Only enterprises with consent on record can be on it, so that both editions show the same list.

use crate::error::Error;
use crate::finding::proposal::{cost_in_words, measure_in_words, pending_in_words, summary};
use crate::model::proposal::{Listed, Standing};
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};

/// Writes the list and its reserve.
pub fn list(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let proposal = desk.publication.proposal;
    let shown: Vec<&Listed> = proposal.listed.iter().filter(|l| matches!(l.standing, Standing::Chosen(_) | Standing::Reserve)).collect();
    let mut table = book.table(Table {
        sheet: desk.sheet("list"),
        title: desk.say("list_title").to_owned(),
        subtitle: [vec![desk.as_of()], summary(desk.publication.config, desk.lang(), proposal)].concat(),
        columns: vec![
            Column::count(desk.header("number")),
            Column::verdict(desk.header("list_standing")),
            Column::code(desk.header("uscc")),
            Column::text(desk.header("name")),
            Column::amount(desk.header("list_amount")),
            Column::ratio(desk.header("list_share")),
            Column::amount(asked_for(desk)),
            Column::number(desk.header("score"), 2),
            Column::text(desk.header("list_obligor")).wide(20.0),
            Column::text(desk.header("industry")).wide(10.0),
            Column::text(desk.header("list_pending")).wide(24.0),
            Column::text(desk.header("list_cost")).wide(44.0),
        ],
        frozen_columns: 4,
        empty_text: desk.say("list_empty").to_owned(),
        notes: vec![desk.say("list_note").to_owned()],
        expected_rows: Some(shown.len() as u64 + u64::from(!shown.is_empty())),
        tab: Tab::Result,
    })?;
    let share = |amount: i128| i64::try_from((amount * 10_000 + proposal.total / 2) / proposal.total.max(1)).unwrap_or_default();
    for (number, listed) in (1..).zip(&shown) {
        let amount = listed.standing.amount();
        let cost = listed.cost.as_ref().map(|cost| cost_in_words(desk.lang(), cost)).unwrap_or_default();
        let code = if listed.enterprise.starts_with("N:") { "" } else { listed.enterprise.as_str() };
        let standing = desk.say(&format!("standing_{}", listed.standing.id()));
        let pending = pending_in_words(desk.publication.config, desk.lang(), listed);
        let obligor = if listed.obligor == listed.enterprise { "" } else { listed.obligor.as_str() };
        table.row(&[
            Value::Count(number),
            Value::Marked(if amount.is_some() { Mark::Met } else { Mark::Note }, standing),
            text_or_blank(code),
            Value::Text(&listed.name),
            amount.map_or(Value::Blank, Value::Amount),
            amount.map_or(Value::Blank, |amount| Value::Ratio(share(amount))),
            listed.need.map_or(Value::Blank, Value::Amount),
            listed.score.map_or(Value::Blank, |unscaled| Value::Number { unscaled, scale: 4 }),
            text_or_blank(obligor),
            text_or_blank(&listed.industry),
            text_or_blank(&pending),
            text_or_blank(&cost),
        ])?;
    }
    if !shown.is_empty() {
        let mut cells = vec![Value::Blank; 12];
        cells[3] = Value::Text(desk.header("total"));
        cells[4] = Value::Amount(proposal.total);
        table.total_row(&cells)?;
    }
    table.finish()?;
    Ok(())
}

/// What enterprises ask for, as the column is called that `[issue] amount` names.
fn asked_for(desk: &Desk<'_>) -> String {
    let config = desk.publication.config;
    EnterpriseColumn::of(config, &config.issue.amount).map_or_else(|| desk.header("list_need").to_owned(), |c| c.full_label(desk.lang()))
}

/// Writes how the list keeps to each term.
pub fn terms(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let proposal = desk.publication.proposal;
    let mut table = book.table(Table {
        sheet: desk.sheet("terms"),
        title: desk.say("terms_title").to_owned(),
        subtitle: [vec![desk.as_of()], summary(desk.publication.config, desk.lang(), proposal)].concat(),
        columns: vec![
            Column::text(desk.header("issue_term")).wide(34.0),
            Column::text(desk.header("term_limit")).wide(18.0),
            Column::text(desk.header("term_reached")).wide(18.0),
            Column::text(desk.header("term_tight")).wide(14.0),
            Column::text(desk.header("term_binding")).wide(40.0),
        ],
        frozen_columns: 1,
        empty_text: desk.say("terms_empty").to_owned(),
        notes: vec![desk.say("terms_note").to_owned()],
        tab: Tab::Result,
        ..Table::default()
    })?;
    for term in &proposal.terms {
        let [limit, reached] = [term.limit, term.reached].map(|measure| measure_in_words(desk.lang(), measure));
        let binding = match term.binding {
            Some(true) => "binding_yes",
            Some(false) => "binding_no",
            None => "binding_unknown",
        };
        table.row(&[
            Value::Text(desk.say(&format!("term_{}", term.id))),
            Value::Text(&limit),
            Value::Text(&reached),
            Value::Text(desk.say(if term.tight { "tight_yes" } else { "tight_no" })),
            Value::Text(desk.say(binding)),
        ])?;
    }
    table.finish()?;
    Ok(())
}
