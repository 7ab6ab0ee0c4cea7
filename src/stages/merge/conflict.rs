//! Conflicts: sources that state different values for one field of one enterprise.

use crate::config::{Config, FieldKind};
use crate::engine::{Engine, EngineError};
use crate::model::amount::{Number, parse_double};
use crate::model::merged::Conflict;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};

/// Lists conflicts between the sources of a merged field, and between a record and one that repeats it.
pub async fn conflicts(engine: &Engine, config: &Config, datasets: &impl super::Datasets) -> Result<Vec<Conflict>, EngineError> {
    let mut found = Vec::new();
    if datasets.schema("needs").is_some() {
        for (_, rule) in config.merge.field.iter().filter(|(_, r)| r.from.len() > 1) {
            let sources: Vec<(&str, &str)> = rule.from.iter().filter_map(|f| f.split_once('.')).collect();
            if let [("needs", a), ("directory", b)] | [("directory", b), ("needs", a)] = sources[..]
                && datasets.has("needs", a)
                && datasets.has("directory", b)
            {
                let kind = config.form["needs"].field[a].kind;
                let (first, second) = if sources[0].0 == "needs" { ("n", "d") } else { ("d", "n") };
                let columns = |alias: &str, field: &str| select(alias, field, kind, &format!("_{alias}"));
                let (one, two) = if first == "n" { (columns("n", a), columns("d", b)) } else { (columns("d", b), columns("n", a)) };
                let sql = format!(
                    "SELECT r.enterprise, {first}.record AS record_1, {one}, {second}.record AS record_2, {two}
                     FROM registry r JOIN directory d ON d.record = r.record
                     JOIN links_needs l ON l.enterprise = r.enterprise JOIN needs n ON n.record = l.record
                     WHERE n.record NOT IN (SELECT record FROM duplicates) ORDER BY r.record"
                );
                let (_, batches) = engine.query("conflicts", &sql).await?;
                let fields = if first == "n" { (a, b) } else { (b, a) };
                batches.iter().for_each(|batch| read(batch, 1, 4, kind, fields, &config.form["needs"].field[a].label, &mut found));
            }
        }
    }
    for dataset in ["directory", "returns", "needs"].into_iter().filter(|d| datasets.schema(d).is_some()) {
        found.extend(repetitions(engine, config, datasets, dataset).await?);
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
    datasets: &impl super::Datasets,
    dataset: &str,
) -> Result<Vec<Conflict>, EngineError> {
    let mut found = Vec::new();
    let fields: Vec<(&String, &crate::config::FieldOptions)> =
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
        for (i, (name, field)) in fields.iter().enumerate() {
            compare(batch, (1, 2), (3 + 6 * i, 6 + 6 * i), field.kind, (name, name), &field.label, &mut found);
        }
    }
    Ok(found)
}

fn read(batch: &RecordBatch, one: usize, two: usize, kind: FieldKind, fields: (&str, &str), label: &str, found: &mut Vec<Conflict>) {
    compare(batch, (one, two + 1), (one + 1, two + 2), kind, fields, label, found);
}

/// Compares two (value, text, unit) triples of columns row by row.
fn compare(
    batch: &RecordBatch,
    records: (usize, usize),
    values: (usize, usize),
    kind: FieldKind,
    fields: (&str, &str),
    label: &str,
    found: &mut Vec<Conflict>,
) {
    let enterprises = batch.column(0).as_string::<i32>();
    let record = |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row);
    let text = |column: usize, row: usize| batch.column(column).as_string::<i32>().value(row);
    let unit = |column: usize, row: usize| batch.column(column).as_primitive::<Int64Type>().value(row);
    let stated_unit = |column: usize, row: usize| (kind == FieldKind::Amount).then(|| unit(column, row));
    for row in 0..batch.num_rows() {
        if batch.column(values.0).is_null(row) || batch.column(values.1).is_null(row) {
            continue;
        }
        let (text_1, text_2) = (text(values.0 + 1, row), text(values.1 + 1, row));
        let agree = match kind {
            FieldKind::Amount | FieldKind::Number => {
                let value = |column: usize| batch.column(column).as_primitive::<Decimal128Type>().value(row);
                let room = half_place(text_1, unit(values.0 + 2, row)) + half_place(text_2, unit(values.1 + 2, row));
                (value(values.0) - value(values.1)).abs() <= room
            }
            _ => text(values.0, row) == text(values.1, row),
        };
        if !agree {
            found.push(Conflict {
                enterprise: enterprises.value(row).to_owned(),
                field: label.to_owned(),
                used: (record(records.0, row), fields.0.to_owned()),
                used_text: text_1.to_owned(),
                used_unit: stated_unit(values.0 + 2, row),
                other: (record(records.1, row), fields.1.to_owned()),
                other_text: text_2.to_owned(),
                other_unit: stated_unit(values.1 + 2, row),
            });
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
