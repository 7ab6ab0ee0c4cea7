//! Runs compiled edits and reads their outcomes.

use super::compile::Compiled;
use crate::engine::{Engine, EngineError};
use crate::finding::{Expected, Finding, Judgement, Unjudged};
use chrono::NaiveDate;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int8Type, Int32Type, Int64Type, Schema, SchemaRef};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Judges all field and record edits of a dataset in one pass.
///
/// `table` is known to the engine with `schema`. Gives the dataset with withheld values nulled and a `_why` column for
/// each field that an edit may withhold.
pub async fn judge_records(
    engine: &Engine,
    table: &str,
    dataset: &str,
    schema: &Schema,
    field_edits: &[Compiled],
    record_edits: &[Compiled],
) -> Result<(SchemaRef, Vec<RecordBatch>, Judgement), EngineError> {
    let mut judgement = Judgement::default();
    let possible = |edits: &[Compiled]| edits.iter().filter(|e| e.possible).cloned().collect::<Vec<_>>();
    let (field_edits_now, record_edits_now) = (possible(field_edits), possible(record_edits));
    let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let inner = layer(table, &columns, &field_edits_now, &[], &mut Vec::new());
    let mut whys = why_columns(&field_edits_now);
    let sql = layer(&format!("({inner})"), &columns, &record_edits_now, &field_edits_now, &mut whys);
    let (_, batches) = engine.query(&format!("edits of {table}"), &sql).await?;
    let edits: Vec<&Compiled> = field_edits_now.iter().chain(&record_edits_now).collect();
    let kept = columns.len() + whys.len();
    let mut accepted = Vec::with_capacity(batches.len());
    for batch in &batches {
        for (index, edit) in edits.iter().enumerate() {
            read_outcomes(batch, edit, &format!("e{index}"), &format!("x{index}"), dataset, &mut judgement);
        }
        let narrow: Vec<usize> = (0..kept).collect();
        accepted.push(batch.project(&narrow).map_err(|e| broken_batch(table, e))?);
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    for edit in field_edits.iter().chain(record_edits).filter(|e| !e.possible) {
        judgement.count(&edit.code).unjudged += rows as u64;
    }
    let out = accepted.first().map_or_else(|| Arc::new(schema.clone()), RecordBatch::schema);
    Ok((out, accepted, judgement))
}

fn broken_batch(table: &str, error: datafusion::arrow::error::ArrowError) -> EngineError {
    EngineError { what: table.to_owned(), source: Box::new(error.into()) }
}

/// Fields that edits may withhold, each with the codes that do.
fn why_columns(edits: &[Compiled]) -> Vec<String> {
    let mut fields: Vec<String> = edits.iter().flat_map(|e| e.withholds.iter().cloned()).collect();
    fields.sort();
    fields.dedup();
    fields
}

/// One layer: the outcomes over `from`, then the columns with what they withhold nulled.
///
/// `earlier` are the edits whose outcomes `from` already has; `whys` are the fields with a `_why` column in `from`, and
/// afterwards those of the result.
fn layer(from: &str, columns: &[String], edits: &[Compiled], earlier: &[Compiled], whys: &mut Vec<String>) -> String {
    let first = earlier.len();
    let outcomes: String = edits.iter().enumerate().map(|(i, e)| format!(", ({}) AS e{}", e.holds, first + i)).collect();
    let judged = format!("SELECT *{outcomes} FROM {from} AS t");
    let withheld_by = |field: &str| -> Vec<(usize, &Compiled)> {
        edits.iter().enumerate().filter(|(_, e)| e.withholds.iter().any(|w| w == field)).collect()
    };
    let mut select: Vec<String> = Vec::new();
    for column in columns {
        let by = withheld_by(column);
        if by.is_empty() {
            select.push(quoted(column));
        } else {
            let any: Vec<String> = by.iter().map(|(i, _)| format!("e{} IS FALSE", first + i)).collect();
            select.push(format!("CASE WHEN {} THEN NULL ELSE {} END AS {}", any.join(" OR "), quoted(column), quoted(column)));
        }
    }
    let mut all = std::mem::take(whys);
    let before = all.clone();
    all.extend(why_columns(edits));
    all.sort();
    all.dedup();
    for field in &all {
        let cases: String = withheld_by(field).iter().map(|(i, e)| format!(" WHEN e{} IS FALSE THEN '{}'", first + i, e.code)).collect();
        let earlier = before.contains(field).then(|| quoted(&format!("{field}_why")));
        let now = (!cases.is_empty()).then(|| format!("CASE{cases} END"));
        let value = match (earlier, now) {
            (Some(earlier), Some(now)) => format!("coalesce({earlier}, {now})"),
            (earlier, now) => earlier.or(now).unwrap_or_else(|| "NULL".into()),
        };
        select.push(format!("{value} AS {}", quoted(&format!("{field}_why"))));
    }
    *whys = all;
    // Outcomes of earlier layers come through as they are.
    select.extend(earlier.iter().enumerate().flat_map(|(i, e)| outcome_columns(i, e)));
    for (i, edit) in edits.iter().enumerate() {
        let n = earlier.len() + i;
        select.push(format!("e{n}"));
        select.extend(edit.expected.iter().map(|expected| format!("CASE WHEN e{n} IS FALSE THEN ({expected}) END AS x{n}")));
    }
    format!("SELECT {} FROM ({judged}) AS j", select.join(", "))
}

/// The columns of an edit's outcome: `e` and, if it says what it expects, `x`.
fn outcome_columns(place: usize, edit: &Compiled) -> impl Iterator<Item = String> {
    std::iter::once(format!("e{place}")).chain(edit.expected.is_some().then(|| format!("x{place}")))
}

fn quoted(column: &str) -> String {
    format!("\"{column}\"")
}

/// Judges edits over records among each other.
///
/// `base` is a query that gives `record`, `enterprise` and the dataset's columns, `rows` the number of its rows.
pub async fn judge_groups(engine: &Engine, base: &str, dataset: &str, rows: u64, edits: &[Compiled]) -> Result<Judgement, EngineError> {
    let mut judgement = Judgement::default();
    for edit in edits {
        if !edit.possible {
            judgement.count(&edit.code).unjudged += rows;
            continue;
        }
        let (_, batches) = engine.query(&edit.code, &group_query(base, edit)).await?;
        let mut seen = 0;
        for batch in &batches {
            seen += batch.num_rows() as u64;
            read_outcomes(batch, edit, "e", "x", dataset, &mut judgement);
        }
        judgement.count(&edit.code).held += rows.saturating_sub(seen);
    }
    Ok(judgement)
}

/// The records for which an edit does not hold, with what its message shows.
fn group_query(base: &str, edit: &Compiled) -> String {
    let from = match &edit.groups {
        None => format!("({base}) AS t"),
        Some((per, with)) => {
            let keys = per.iter().map(|p| quoted(p)).collect::<Vec<_>>().join(", ");
            let aggregates: String = with.iter().map(|(name, sql)| format!(", {sql} AS {}", quoted(name))).collect();
            let renamed: String = per.iter().enumerate().map(|(i, p)| format!("{} AS k{i}", quoted(p))).collect::<Vec<_>>().join(", ");
            let on: Vec<String> = per.iter().enumerate().map(|(i, p)| format!("t.{} = g.k{i}", quoted(p))).collect();
            let names: String = with.keys().map(|n| format!(", {}", quoted(n))).collect();
            format!(
                "({base}) AS t LEFT JOIN (SELECT {renamed}{names} FROM (SELECT {keys}{aggregates} FROM ({base}) AS b GROUP BY {keys}) AS a) AS g ON {}",
                on.join(" AND ")
            )
        }
    };
    let mut shown: Vec<String> = vec!["record".into(), "enterprise".into()];
    shown.extend(edit.shown_columns.iter().cloned());
    shown.sort();
    shown.dedup();
    let shown = shown.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
    let expected = edit.expected.as_deref().unwrap_or("NULL");
    format!(
        "SELECT {shown}, e, CASE WHEN e IS FALSE THEN x END AS x FROM (SELECT *, ({}) AS e, ({expected}) AS x FROM {from}) AS j WHERE e IS NOT TRUE",
        edit.holds
    )
}

fn read_outcomes(batch: &RecordBatch, edit: &Compiled, outcome: &str, expected: &str, dataset: &str, judgement: &mut Judgement) {
    let Some(outcomes) = batch.column_by_name(outcome).and_then(|c| c.as_boolean_opt()) else {
        judgement.count(&edit.code).unjudged += batch.num_rows() as u64;
        return;
    };
    let unjudged = outcomes.null_count();
    let held = outcomes.true_count();
    let broken = outcomes.len() - unjudged - held;
    let counts = judgement.count(&edit.code);
    counts.held += held as u64;
    counts.broken += broken as u64;
    counts.unjudged += unjudged as u64;
    let Some(records) = batch.column_by_name("record").and_then(|c| c.as_primitive_opt::<Int64Type>()) else { return };
    if broken > 0 {
        let reader = FindingReader::new(batch, edit, batch.column_by_name(expected), dataset);
        let rows = (0..outcomes.len()).filter(|row| outcomes.is_valid(*row) && !outcomes.value(*row));
        judgement.findings.extend(rows.map(|row| reader.read(row, records.value(row))));
    }
    if unjudged > 0 {
        name_withheld(batch, edit, outcomes, records.values(), judgement);
    }
}

/// Names, for each unjudged record, the finding that withholds an operand.
fn name_withheld(batch: &RecordBatch, edit: &Compiled, outcomes: &BooleanArray, records: &[i64], judgement: &mut Judgement) {
    for field in &edit.operands {
        let Some(whys) = batch.column_by_name(&format!("{field}_why")).and_then(|c| c.as_string_opt::<i32>()) else { continue };
        if whys.null_count() == whys.len() {
            continue;
        }
        for row in (0..whys.len()).filter(|row| outcomes.is_null(*row) && whys.is_valid(*row)) {
            judgement.unjudged.push(Unjudged {
                code: edit.code.clone(),
                record: records[row],
                field: field.clone(),
                because: whys.value(row).to_owned(),
            });
        }
    }
}

/// Reads what a finding shows from the columns of a batch.
struct FindingReader<'a> {
    edit: &'a Compiled,
    dataset: Arc<str>,
    expected: Option<&'a ArrayRef>,
    shown: BTreeMap<&'a str, &'a ArrayRef>,
    enterprise: Option<&'a ArrayRef>,
}

impl<'a> FindingReader<'a> {
    fn new(batch: &'a RecordBatch, edit: &'a Compiled, expected: Option<&'a ArrayRef>, dataset: &str) -> Self {
        let column = |field: &str| batch.column_by_name(&format!("{field}_raw")).or_else(|| batch.column_by_name(field));
        Self {
            edit,
            dataset: dataset.into(),
            expected,
            shown: edit.shown.iter().filter_map(|f| Some((f.as_str(), column(f)?))).collect(),
            enterprise: batch.column_by_name("enterprise"),
        }
    }

    fn read(&self, row: usize, record: i64) -> Finding {
        let text = |field: &str| self.shown.get(field).and_then(|c| display(c, row));
        Finding {
            code: self.edit.code.clone(),
            severity: self.edit.severity,
            dataset: self.dataset.clone(),
            record: Some(record),
            file: None,
            sheet: None,
            cell: None,
            fields: self.edit.fields.clone(),
            found: self.edit.fields.first().and_then(|f| text(f)).unwrap_or_default(),
            expected: self.expected.and_then(|c| expectation(c, row)),
            args: self.shown.keys().filter_map(|f| Some(((*f).to_owned(), text(f)?))).collect(),
            enterprise: self.enterprise.and_then(|c| display(c, row)),
        }
    }
}

/// A value as text; nothing for null.
fn display(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).to_owned()),
        DataType::Int32 => Some(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Some(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int8Type>();
            let values = words.values().as_string::<i32>();
            Some(values.value(words.key(row)?).to_owned())
        }
        _ => None,
    }
}

fn expectation(column: &ArrayRef, row: usize) -> Option<Expected> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Decimal128(_, 4) => Some(Expected::Amount(column.as_primitive::<Decimal128Type>().value(row))),
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days)).map(Expected::Date)
        }
        DataType::Int32 => Some(Expected::Number(i64::from(column.as_primitive::<Int32Type>().value(row)))),
        // Whole numbers of 64 bits are records: no other expression of an edit gives them.
        DataType::Int64 => Some(Expected::Record(column.as_primitive::<Int64Type>().value(row))),
        DataType::Float64 => Some(Expected::Text(column.as_primitive::<Float64Type>().value(row).to_string())),
        _ => display(column, row).map(Expected::Text),
    }
}
