//! How the criteria on entry narrow the directory down to the pool, and whom one criterion alone keeps out.

use crate::config::{Bound, CriterionOptions};
use crate::error::Error;
use crate::finding::{figure_in_words, threshold};
use crate::model::funnel::Funnel;
use crate::model::verdict::Verdict;
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, Edition, grouped, text_or_blank};
use crate::stages::publish::disclosure::{closes_margin, judges_statistics};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};
use datafusion::arrow::array::RecordBatch;

/// Writes the funnel.
pub fn funnel(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let (config, lang) = (desk.publication.config, desk.lang());
    let criteria: Vec<(&String, &CriterionOptions)> = config.hard_criteria().collect();
    let mut funnel = Funnel::new(criteria.len());
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let verdicts = Verdicts::of(desk.publication, batch);
        for row in 0..batch.num_rows() {
            funnel.add(&criteria.iter().map(|(id, _)| verdicts.get(id, row)).collect::<Vec<_>>());
        }
    }
    let count = |id: &str| Column::count(desk.header(id));
    let mut columns = vec![Column::text(desk.header("criterion")).wide(30.0), Column::text(desk.header("threshold")).wide(34.0)];
    columns.extend(Verdict::ALL.map(|verdict| Column::count(desk.verdict(verdict)).in_group(desk.header("enterprises"))));
    columns.extend([count("remaining"), count("alone")]);
    let mut table = book.table(Table {
        sheet: desk.sheet("funnel"),
        title: desk.say("funnel_title").to_owned(),
        subtitle: vec![desk.as_of(), desk.tell("funnel_head", &[&grouped(funnel.total), &grouped(desk.gathered.pooled)])],
        columns,
        frozen_columns: 1,
        empty_text: desk.say("funnel_empty").to_owned(),
        notes: vec![desk.say("funnel_note").to_owned()],
        expected_rows: Some(criteria.len() as u64),
        tab: Tab::Result,
    })?;
    for ((_, options), step) in criteria.iter().zip(&funnel.steps) {
        let threshold = threshold(config, options, lang);
        let whole = |number: u64| Value::Count(i64::try_from(number).unwrap_or(i64::MAX));
        let mut cells = vec![Value::Text(options.name.get(lang)), Value::Text(&threshold)];
        cells.extend(step.verdicts.iter().map(|number| whole(*number)));
        cells.extend([whole(step.remaining), whole(step.alone)]);
        table.row(&cells)?;
    }
    table.finish()?;
    Ok(())
}

/// Writes those whom one criterion alone keeps out: what it takes to let them in.
pub fn near(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let (config, lang) = (desk.publication.config, desk.lang());
    let criteria: Vec<(&String, &CriterionOptions)> = config.hard_criteria().collect();
    let mut subtitle = vec![desk.as_of(), desk.say("near_head").to_owned()];
    if desk.edition == Edition::Operator {
        subtitle.push(desk.say("masked_verdicts").to_owned());
    }
    let mut table = book.table(Table {
        sheet: desk.sheet("near"),
        title: desk.say("near_title").to_owned(),
        subtitle,
        columns: vec![
            Column::count(desk.header("number")),
            Column::code(desk.header("uscc")),
            Column::text(desk.header("name")),
            Column::text(desk.header("criterion")).wide(26.0),
            Column::verdict(desk.header("verdict")),
            Column::text(desk.header("figure")).wide(18.0),
            Column::text(desk.header("threshold")).wide(42.0),
            Column::text(desk.header("margin")).wide(16.0),
            Column::text(desk.header("near")).wide(10.0),
        ],
        frozen_columns: 3,
        empty_text: desk.say("near_empty").to_owned(),
        notes: vec![desk.say("near_note").to_owned()],
        tab: Tab::Result,
        ..Table::default()
    })?;
    let (mut funnel, mut number) = (Funnel::new(criteria.len()), 0);
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let verdicts = Verdicts::of(desk.publication, batch);
        let codes = Identifiers::of(desk, batch, "uscc");
        let [key, name] = ["enterprise", "name"].map(|column| Reader::of(batch, column, Shape::Plain));
        let told: Vec<Told<'_>> = criteria.iter().map(|(id, options)| Told::of(desk, batch, id, options)).collect();
        for row in 0..batch.num_rows() {
            let all: Vec<Verdict> = criteria.iter().map(|(id, _)| verdicts.get(id, row)).collect();
            let Some(only) = funnel.add(&all) else { continue };
            let (options, told) = (criteria[only].1, &told[only]);
            let unless = |closed: bool, told: String| if closed { desk.say("withheld").to_owned() } else { told };
            let disclosed = desk.discloses(key.text(row));
            let closed = closes_margin(config, options) && !disclosed;
            let figure = unless(judges_statistics(config, options) && !disclosed, told.figure(desk, row));
            let margin = unless(closed, told.margin(desk, row));
            let threshold = threshold(config, options, lang);
            let near = unless(closed, desk.say(if told.is_near(row) { "near_yes" } else { "near_no" }).to_owned());
            number += 1;
            let verdict = if all[only] == Verdict::NotMet { Mark::NotMet } else { Mark::Unjudged };
            table.row(&[
                Value::Count(number),
                codes.value(row),
                text_or_blank(name.text(row)),
                Value::Text(options.name.get(lang)),
                Value::Mark(verdict),
                text_or_blank(&figure),
                Value::Text(&threshold),
                text_or_blank(&margin),
                text_or_blank(if told.bound.has(row) || closed { &near } else { "" }),
            ])?;
        }
    }
    table.finish()?;
    Ok(())
}

/// What a criterion says of the enterprises of a batch, in words.
struct Told<'a> {
    options: &'a CriterionOptions,
    figure: Reader<'a>,
    own: Reader<'a>,
    bound: Reader<'a>,
    margin: Reader<'a>,
}

impl<'a> Told<'a> {
    fn of(desk: &Desk<'_>, batch: &'a RecordBatch, id: &str, options: &'a CriterionOptions) -> Self {
        let column = options.figure.trim().to_lowercase();
        let plain = |name: String| Reader::of(batch, &name, Shape::Plain);
        Self {
            options,
            figure: plain(format!("figure_{id}")),
            own: Reader::of(batch, &column, desk.shape(&column)),
            bound: plain(format!("bound_{id}")),
            margin: plain(format!("margin_{id}")),
        }
    }

    fn figure(&self, desk: &Desk<'a>, row: usize) -> String {
        match (self.bound.units(row), self.margin.units(row)) {
            (Some(bound), Some(margin)) => {
                let figure = if self.options.at_most.is_some() { bound - margin } else { bound + margin };
                figure_in_words(desk.publication.config, self.options, Bound::of_units(figure), desk.lang())
            }
            _ => match self.own.value(row, &desk.words) {
                Value::Text(text) => text.to_owned(),
                _ => self.figure.text(row).to_owned(),
            },
        }
    }

    fn margin(&self, desk: &Desk<'_>, row: usize) -> String {
        let words = |margin| figure_in_words(desk.publication.config, self.options, Bound::of_units(margin), desk.lang());
        self.margin.units(row).map(words).unwrap_or_default()
    }

    fn is_near(&self, row: usize) -> bool {
        let (bound, margin) = (self.bound.units(row), self.margin.units(row));
        bound.zip(margin).is_some_and(|(bound, margin)| self.options.is_near(Bound::of_units(bound), margin))
    }
}
