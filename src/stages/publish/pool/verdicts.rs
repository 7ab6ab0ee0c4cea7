//! Verdicts: every enterprise of the registry, each criterion as word and figure, and what they come to.

use crate::config::{Config, CriterionOptions, Effect};
use crate::error::Error;
use crate::finding::threshold;
use crate::model::verdict::{Conclusion, Verdict};
use crate::stages::publish::cells::{Reader, Shape};
use crate::stages::publish::desk::{Desk, Edition, grouped, text_or_blank};
use crate::stages::publish::disclosure::{closes_verdict, judges_statistics};
use crate::stages::publish::identifiers::Identifiers;
use crate::stages::publish::verdict::Verdicts;
use crate::stages::publish::workbook::{Book, Column, Mark, Tab, Table, Value};
use datafusion::arrow::array::RecordBatch;

/// A criterion and how its figure is shown.
struct Criterion<'a> {
    id: &'a str,
    options: &'a CriterionOptions,
    /// The column of `enterprises` that holds the figure: its own, typed, or as text.
    column: String,
    shape: Shape,
    look: Column,
    /// Whether it shows figures of statistics.
    statistics: bool,
    /// Whether its verdict tells of them too, and decides nothing.
    closed: bool,
}

/// Writes the verdicts.
pub fn verdicts(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let criteria = criteria(desk);
    let total = desk.gathered.total();
    let mut columns = vec![Column::count(desk.header("number")), Column::code(desk.header("uscc")), Column::text(desk.header("name"))];
    columns.push(Column::verdict(desk.header("conclusion")));
    for criterion in &criteria {
        let group = criterion.options.name.get(desk.lang());
        columns.push(Column::verdict(desk.header("verdict")).in_group(group));
        columns.push(criterion.look.clone().in_group(group));
    }
    let figures = [total, desk.gathered.pooled, total - desk.gathered.pooled - desk.gathered.unjudged, desk.gathered.unjudged];
    let figures = figures.map(grouped);
    let mut subtitle = vec![desk.as_of(), desk.tell("verdicts_head", &figures.each_ref().map(String::as_str))];
    if desk.edition == Edition::Operator {
        subtitle.push(desk.say("masked_verdicts").to_owned());
    }
    // Below the table: above it, a dozen criteria would leave no room for the rows.
    let mut notes = vec![desk.say("verdicts_note").to_owned()];
    notes.extend(thresholds(desk, judged(desk.publication.config)).into_iter().map(|t| desk.tell("criterion", &[&t])));
    notes.extend(waivers(desk));
    let mut table = book.table(Table {
        sheet: desk.sheet("verdicts"),
        title: desk.say("verdicts_title").to_owned(),
        subtitle,
        columns,
        frozen_columns: 4,
        empty_text: desk.say("registry_empty").to_owned(),
        notes,
        expected_rows: Some(total),
        tab: Tab::Result,
    })?;
    let mut number = 0;
    for batch in desk.gathered.enterprises.batches() {
        let batch = &batch?;
        let rows = Rows::of(desk, batch, &criteria);
        let mut cells = Vec::new();
        for row in 0..batch.num_rows() {
            number += 1;
            cells.clear();
            cells.push(Value::Count(number));
            rows.fill(desk, &criteria, row, &mut cells);
            table.row(&cells)?;
        }
    }
    table.finish()?;
    Ok(())
}

/// Waivers in force; who decided and why stays with the office.
fn waivers(desk: &Desk<'_>) -> Vec<String> {
    let told = desk.publication.waivers.iter().map(|waiver| {
        let criterion = desk.publication.config.criterion.get(&waiver.criterion);
        let criterion = criterion.map_or(waiver.criterion.as_str(), |c| c.name.get(desk.lang()));
        let (number, until) = (waiver.number.to_string(), desk.date(waiver.until));
        let values = [&number, &waiver.enterprise, criterion, &until, &waiver.asked_by, &waiver.granted_by, &waiver.reason];
        desk.tell(if desk.edition == Edition::Closed { "waiver" } else { "waiver_open" }, &values)
    });
    told.collect()
}

/// The criteria of the sheet; points have one of their own.
fn judged(config: &Config) -> impl Iterator<Item = (&String, &CriterionOptions)> {
    config.criteria().filter(|(_, c)| c.effect != Effect::Scored)
}

/// Criteria, each as name and threshold.
pub fn thresholds<'a>(desk: &Desk<'_>, criteria: impl Iterator<Item = (&'a String, &'a CriterionOptions)>) -> Vec<String> {
    let (config, lang) = (desk.publication.config, desk.lang());
    criteria.map(|(_, c)| desk.tell("threshold", &[c.name.get(lang), &threshold(config, c, lang)])).collect()
}

fn criteria<'a>(desk: &Desk<'a>) -> Vec<Criterion<'a>> {
    let config = desk.publication.config;
    let schema = desk.gathered.enterprises.schema();
    let own = |figure: &str| schema.column_with_name(figure).is_some();
    let criteria = judged(config).map(|(id, options)| {
        // SQL takes a column in any case.
        let figure = options.figure.trim().to_lowercase();
        let statistics = judges_statistics(config, options);
        let (column, shape) = if own(&figure) { (figure.clone(), desk.shape(&figure)) } else { (format!("figure_{id}"), Shape::Plain) };
        let header = desk.header("figure");
        let look = match shape {
            Shape::Amount => Column::amount(header),
            Shape::Ratio => Column::ratio(header),
            Shape::Number => Column::count(header),
            Shape::Word => Column::text(header),
            Shape::Plain => typed(schema, &column, header),
        };
        Criterion { id, options, column, shape, look, statistics, closed: closes_verdict(config, options) }
    });
    criteria.collect()
}

/// A column for a figure of no declared meaning, by its type.
fn typed(schema: &datafusion::arrow::datatypes::Schema, column: &str, header: &str) -> Column {
    use datafusion::arrow::datatypes::DataType;
    match schema.column_with_name(column).map(|(_, f)| f.data_type()) {
        Some(DataType::Int64 | DataType::Int32) => Column::count(header),
        Some(DataType::Date32) => Column::date(header),
        _ => Column::text(header),
    }
}

/// A batch of enterprises with the columns of criteria at hand.
struct Rows<'a> {
    key: Reader<'a>,
    codes: Identifiers<'a>,
    name: Reader<'a>,
    verdicts: Verdicts<'a>,
    figures: Vec<Reader<'a>>,
}

impl<'a> Rows<'a> {
    fn of(desk: &Desk<'a>, batch: &'a RecordBatch, criteria: &[Criterion<'_>]) -> Self {
        let plain = |name: &str| Reader::of(batch, name, Shape::Plain);
        Self {
            key: plain("enterprise"),
            codes: Identifiers::of(desk, batch, "uscc"),
            name: plain("name"),
            verdicts: Verdicts::of(desk.publication, batch),
            figures: criteria.iter().map(|c| Reader::of(batch, &c.column, c.shape)).collect(),
        }
    }

    fn fill<'v>(&'v self, desk: &'v Desk<'a>, criteria: &[Criterion<'_>], row: usize, cells: &mut Vec<Value<'v>>)
    where
        'a: 'v,
    {
        cells.push(self.codes.value(row));
        cells.push(text_or_blank(self.name.text(row)));
        cells.push(match self.verdicts.conclusion(row) {
            Conclusion::Pooled => Value::Marked(Mark::Met, desk.say("in_pool")),
            Conclusion::NotPooled => Value::Marked(Mark::NotMet, desk.say("not_in_pool")),
            Conclusion::Unjudged => Value::Mark(Mark::Unjudged),
        });
        let disclosed = desk.discloses(self.key.text(row));
        for (criterion, figure) in criteria.iter().zip(&self.figures) {
            let verdict = self.verdicts.get(criterion.id, row);
            cells.push(match verdict {
                _ if criterion.closed && !disclosed => Value::Text(desk.say("withheld")),
                Verdict::Met => Value::Mark(Mark::Met),
                Verdict::NotMet => Value::Mark(Mark::NotMet),
                Verdict::Unjudged => Value::Mark(Mark::Unjudged),
                Verdict::Waived => Value::Marked(Mark::Explain, desk.verdict(verdict)),
                Verdict::NotApplicable => Value::Text(desk.verdict(verdict)),
            });
            cells.push(if criterion.statistics && !disclosed { Value::Text(desk.say("withheld")) } else { figure.value(row, &desk.words) });
        }
    }
}
