//! Conflicts: sources that state different values for one field of one enterprise.

use super::{alias_of, counted_record};
use crate::config::{Config, FieldOptions, FormOptions, Links, Repeats};
use crate::engine::{Engine, EngineError};
use crate::model::amount::{Number, parse_double};
use crate::model::field::FieldKind;
use crate::model::merged::Conflict;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};

/// Lists conflicts between the sources of a merged field, and between a record and one that repeats it.
pub async fn conflicts(engine: &Engine, config: &Config, datasets: &impl super::datasets::Datasets) -> Result<Vec<Conflict>, EngineError> {
    let mut found = Vec::new();
    for rule in config.merge.field.values() {
        let stated = rule.sources().filter(|(form, field)| datasets.has(form, field));
        let sources: Vec<Source<'_>> = stated.filter_map(|(form, field)| Source::of(config, form, field)).collect();
        if sources.len() > 1 {
            found.extend(between(engine, config, &sources).await?);
        }
    }
    // Of records that contradict each other where none counts, a finding tells.
    let repeated = |form: &FormOptions| form.links == Links::Own && form.repeats == Repeats::First;
    for (dataset, _) in config.form.iter().filter(|(id, form)| repeated(form) && datasets.schema(id).is_some()) {
        found.extend(repetitions(engine, config, datasets, dataset).await?);
    }
    Ok(found)
}

/// A field of a form that a merged field may come from.
struct Source<'a> {
    form: &'a str,
    field: &'a str,
    options: &'a FieldOptions,
}

impl<'a> Source<'a> {
    fn of(config: &'a Config, form: &'a str, field: &'a str) -> Option<Self> {
        Some(Self { form, field, options: config.form.get(form)?.field.get(field)? })
    }
}

/// Holds the value of each further source against the first that is stated, which is the one that is used.
async fn between(engine: &Engine, config: &Config, sources: &[Source<'_>]) -> Result<Vec<Conflict>, EngineError> {
    let columns: Vec<String> = sources
        .iter()
        .enumerate()
        .map(|(i, source)| {
            let alias = alias_of(config, source.form);
            format!("{alias}.record AS record_{i}, {}", select(&alias, source.field, source.options.kind, &format!("_{i}")))
        })
        .collect();
    let mut joins = Vec::new();
    for source in sources {
        let alias = alias_of(config, source.form);
        let join = match config.form[source.form].registry {
            true => format!("JOIN {} {alias} ON {alias}.record = r.record", source.form),
            false => counted_record(source.form, &alias),
        };
        if !joins.contains(&join) {
            joins.push(join);
        }
    }
    let sql = format!("SELECT r.enterprise, {} FROM registry r {} ORDER BY r.record", columns.join(", "), joins.join(" "));
    let (_, batches) = engine.query("conflicts", &sql).await?;
    let mut found = Vec::new();
    for batch in &batches {
        let sides: Vec<Side<'_>> = (0..).zip(sources).map(|(i, source)| Side::new(batch, 1 + 4 * i, 2 + 4 * i, source.field)).collect();
        let enterprises = batch.column(0).as_string::<i32>();
        for row in 0..batch.num_rows() {
            let mut stated = (0..).zip(&sides).filter(|(_, side)| side.is_stated(row));
            let Some((used, first)) = stated.next() else { continue };
            let options: &FieldOptions = sources[used].options;
            let others = stated.filter(|(_, other)| !first.agrees(other, options.kind, row));
            found.extend(others.map(|(_, other)| first.conflict(other, options, enterprises.value(row), row)));
        }
    }
    Ok(found)
}

/// The value, its text as stored and its unit, under names that end in `suffix`.
fn select(alias: &str, field: &str, kind: FieldKind, suffix: &str) -> String {
    match kind {
        FieldKind::Amount | FieldKind::Number => {
            format!("{alias}.\"{field}\" AS v{suffix}, {alias}.\"{field}_raw\" AS t{suffix}, {alias}.\"{field}_unit\" AS u{suffix}")
        }
        FieldKind::Text => format!("{alias}.\"{field}\" AS v{suffix}, {alias}.\"{field}\" AS t{suffix}, CAST(1 AS BIGINT) AS u{suffix}"),
        _ => format!(
            "CAST({alias}.\"{field}\" AS VARCHAR) AS v{suffix}, {alias}.\"{field}_raw\" AS t{suffix}, CAST(1 AS BIGINT) AS u{suffix}"
        ),
    }
}

/// What records are compared by: figures, and what criteria ask.
const DECIDING: [FieldKind; 5] = [FieldKind::Amount, FieldKind::Number, FieldKind::Code, FieldKind::Date, FieldKind::Flag];

/// Records that repeat an earlier one with other values.
async fn repetitions(
    engine: &Engine,
    config: &Config,
    datasets: &impl super::datasets::Datasets,
    dataset: &str,
) -> Result<Vec<Conflict>, EngineError> {
    let mut found = Vec::new();
    let fields: Vec<(&String, &FieldOptions)> =
        config.form[dataset].field.iter().filter(|(name, f)| DECIDING.contains(&f.kind) && datasets.has(dataset, name)).collect();
    if fields.is_empty() {
        return Ok(found);
    }
    let columns: Vec<String> = fields
        .iter()
        .enumerate()
        .flat_map(|(i, (name, f))| ["a", "b"].map(|alias| select(alias, name, f.kind, &format!("{i}_{alias}"))))
        .collect();
    let sql = format!(
        "SELECT p.enterprise, a.record AS record_1, b.record AS record_2, {} FROM duplicates p
         JOIN {dataset} a ON a.record = p.first_record JOIN {dataset} b ON b.record = p.record
         WHERE p.enterprise IS NOT NULL ORDER BY p.record",
        columns.join(", ")
    );
    let (_, batches) = engine.query("conflicts", &sql).await?;
    for batch in &batches {
        let enterprises = batch.column(0).as_string::<i32>();
        for (i, (name, field)) in fields.iter().enumerate() {
            let (first, second) = (Side::new(batch, 1, 3 + 6 * i, name), Side::new(batch, 2, 6 + 6 * i, name));
            let stated = (0..batch.num_rows()).filter(|row| first.is_stated(*row) && second.is_stated(*row));
            let broken = stated.filter(|row| !first.agrees(&second, field.kind, *row));
            found.extend(broken.map(|row| first.conflict(&second, field, enterprises.value(row), row)));
        }
    }
    Ok(found)
}

/// One side of a comparison: its record, its value, the text as stored and the unit.
struct Side<'a> {
    field: &'a str,
    records: &'a Int64Array,
    values: &'a ArrayRef,
    texts: &'a StringArray,
    units: &'a Int64Array,
}

impl<'a> Side<'a> {
    /// Reads the record from one column, and value, text and unit from three others beside each other.
    fn new(batch: &'a RecordBatch, record: usize, value: usize, field: &'a str) -> Self {
        Self {
            field,
            records: batch.column(record).as_primitive::<Int64Type>(),
            values: batch.column(value),
            texts: batch.column(value + 1).as_string::<i32>(),
            units: batch.column(value + 2).as_primitive::<Int64Type>(),
        }
    }

    fn is_stated(&self, row: usize) -> bool {
        self.values.is_valid(row)
    }

    /// Whether both say the same: figures within half of the last place of each.
    fn agrees(&self, other: &Self, kind: FieldKind, row: usize) -> bool {
        match kind {
            FieldKind::Amount | FieldKind::Number => {
                let value = |side: &Self| side.values.as_primitive::<Decimal128Type>().value(row);
                let room = |side: &Self| half_place(side.texts.value(row), side.units.value(row));
                (value(self) - value(other)).abs() <= room(self) + room(other)
            }
            _ => self.values.as_string::<i32>().value(row) == other.values.as_string::<i32>().value(row),
        }
    }

    fn conflict(&self, other: &Self, options: &FieldOptions, enterprise: &str, row: usize) -> Conflict {
        let unit = |side: &Self| (options.kind == FieldKind::Amount).then(|| side.units.value(row));
        Conflict {
            enterprise: enterprise.to_owned(),
            field: options.label.clone(),
            used: (self.records.value(row), self.field.to_owned()),
            used_text: self.texts.value(row).to_owned(),
            used_unit: unit(self),
            other: (other.records.value(row), other.field.to_owned()),
            other_text: other.texts.value(row).to_owned(),
            other_unit: unit(other),
        }
    }
}

/// Half of the last stated place of a figure, in yuan at scale 4.
fn half_place(text: &str, unit: i64) -> i128 {
    let places = match parse_double(text) {
        Number::Stated { places, .. } => places,
        _ => 0,
    };
    i128::from(unit) * 5_000 / 10_i128.pow(places.min(20))
}
