//! The plan's milestones: what is done, due and late, and with whom it lies.

use crate::error::Error;
use crate::finding::milestone::{reached_in_words, remaining_in_words, state_in_words};
use crate::finding::word;
use crate::model::day::Day;
use crate::model::milestone::MilestoneState;
use crate::stages::publish::desk::{Desk, text_or_blank};
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};

/// Writes them, phase by phase.
pub fn milestones(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    // Without a plan there is nothing to look at.
    if desk.publication.phases.is_empty() {
        return Ok(());
    }
    let (config, lang) = (desk.publication.config, desk.lang());
    let between = word(lang, "milestone.and");
    let mut table = book.table(Table {
        sheet: desk.sheet("milestones"),
        title: desk.say("milestones_title").to_owned(),
        subtitle: vec![desk.as_of()],
        columns: vec![
            Column::text(desk.header("milestone")).wide(46.0),
            Column::text(desk.header("responsible")).wide(30.0),
            Column::date(desk.header("until")),
            Column::verdict(desk.header("milestone_state")).wide(16.0),
            Column::date(desk.header("done_on")),
            Column::text(desk.header("milestone_reached")).wide(18.0),
            Column::text(desk.header("milestone_remaining")).wide(52.0),
        ],
        frozen_columns: 1,
        empty_text: desk.say("milestones_empty").to_owned(),
        notes: vec![desk.say("milestones_note").to_owned()],
        tab: Tab::Action,
        ..Table::default()
    })?;
    let mark = |state: MilestoneState| match state {
        MilestoneState::Done => Mark::Met,
        MilestoneState::Late => Mark::NotMet,
        MilestoneState::Open => Mark::Note,
        MilestoneState::Ahead => Mark::Unjudged,
    };
    let date = |day: Option<Day>| day.map_or(Value::Blank, |day| Value::Date(day.0));
    for phase in desk.publication.phases {
        let responsible = phase.responsible.join(between);
        let state = state_in_words(lang, phase.state, phase.until, config.as_of);
        table.total_row(&[
            Value::Text(&phase.name),
            text_or_blank(&responsible),
            date(phase.until),
            Value::Marked(mark(phase.state), &state),
            Value::Blank,
            Value::Blank,
            Value::Blank,
        ])?;
        for milestone in &phase.milestones {
            let responsible = milestone.responsible.join(between);
            let state = state_in_words(lang, milestone.state, milestone.until, config.as_of);
            let reached = reached_in_words(lang, milestone);
            let remaining = remaining_in_words(config, lang, milestone);
            table.row(&[
                Value::Text(&milestone.name),
                text_or_blank(&responsible),
                date(milestone.until),
                Value::Marked(mark(milestone.state), &state),
                date(milestone.done_on),
                text_or_blank(&reached),
                text_or_blank(&remaining),
            ])?;
        }
    }
    table.finish()?;
    Ok(())
}
