//! Screen: entry criteria over the enterprise records; the pool is who meets all.
//!
//! Takes: `enterprises` in the engine. Gives: `verdicts`, one row per enterprise and criterion, and `pooled` in
//! `enterprises`. Criteria are SQL expressions in pipeline.toml, each over one enterprise's record: true met 符合, false
//! not_met 不符合, null unjudged 无法判断.

use crate::config::{Config, CriterionOptions};
use crate::engine::expression::{Computation, Reach, Reading, Refusal, Surroundings, TableSchemas};
use crate::engine::{Engine, EngineError};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use std::sync::Arc;

/// Reads a criterion's condition over the columns of `enterprises`.
pub fn condition(engine: &Engine, sql: &str, enterprises: &Schema) -> Result<Computation, Refusal> {
    prepared(engine, engine.read_condition(sql, &place(enterprises)?)?, enterprises)
}

/// Reads a criterion's figure over the columns of `enterprises`.
pub fn figure(engine: &Engine, sql: &str, enterprises: &Schema) -> Result<Computation, Refusal> {
    prepared(engine, engine.read(sql, &place(enterprises)?)?, enterprises)
}

static NO_TABLES: TableSchemas = TableSchemas::new();

fn place(enterprises: &Schema) -> Result<Surroundings<'static>, Refusal> {
    Ok(Surroundings::new("enterprises", enterprises, &NO_TABLES, Reach::Row)?)
}

fn prepared(engine: &Engine, reading: Reading, enterprises: &Schema) -> Result<Computation, Refusal> {
    engine.prepare(&reading, enterprises).map_err(|e| Refusal::Engine(e.source))
}

/// Screens; `verdicts` and the pool are then known to the engine.
pub async fn screen(engine: &Engine, config: &Config) -> Result<(), EngineError> {
    let criteria: Vec<_> = config.criterion.iter().filter(|(_, c)| !c.disabled).collect();
    judge(engine, &criteria)?;
    engine.derive("verdicts", &verdicts(&criteria)).await.map(|_| ())
}

/// Puts verdicts, figures and the pool beside each enterprise.
fn judge(engine: &Engine, criteria: &[(&String, &CriterionOptions)]) -> Result<(), EngineError> {
    let enterprises = engine.dataset("enterprises");
    let schema = enterprises.schema();
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut computed = Vec::new();
    for (id, criterion) in criteria {
        let met = condition(engine, &criterion.met, schema).map_err(|r| r.of(&criterion.met))?;
        let figure = figure(engine, &criterion.figure, schema).map_err(|r| r.of(&criterion.figure))?;
        computed.push((met, figure));
        fields.push(Arc::new(Field::new(format!("verdict_{id}"), DataType::Utf8, false)));
        fields.push(Arc::new(Field::new(format!("figure_{id}"), DataType::Utf8, true)));
    }
    fields.push(Arc::new(Field::new("pooled", DataType::Boolean, false)));
    let screened = Arc::new(Schema::new(fields));
    let failed = |e: ArrowError| EngineError { what: "screened".to_owned(), source: Box::new(e.into()) };
    let judged = |batch: RecordBatch| {
        let mut columns = batch.columns().to_vec();
        let mut pooled = vec![true; batch.num_rows()];
        for (met, figure) in &computed {
            let outcomes = cast(&met.over(&batch)?, &DataType::Boolean).map_err(failed)?;
            let outcomes = outcomes.as_boolean();
            pooled.iter_mut().enumerate().for_each(|(row, pooled)| *pooled &= outcomes.is_valid(row) && outcomes.value(row));
            columns.push(words(outcomes));
            columns.push(cast(&figure.over(&batch)?, &DataType::Utf8).map_err(failed)?);
        }
        columns.push(Arc::new(BooleanArray::from(pooled)));
        RecordBatch::try_new(screened.clone(), columns).map_err(failed)
    };
    engine.map("enterprises", &enterprises, screened.clone(), judged).map(|_| ())
}

/// The words of outcomes.
fn words(outcomes: &BooleanArray) -> ArrayRef {
    let word = |outcome: Option<bool>| outcome.map_or("unjudged", |met| if met { "met" } else { "not_met" });
    Arc::new(outcomes.iter().map(|outcome| Some(word(outcome))).collect::<StringArray>())
}

/// A query that gives a row for each enterprise and criterion.
fn verdicts(criteria: &[(&String, &CriterionOptions)]) -> String {
    let verdicts: Vec<String> = criteria
        .iter()
        .enumerate()
        .map(|(order, (id, criterion))| {
            let threshold = criterion.threshold.replace('\'', "''");
            format!(
                "SELECT directory_record, enterprise, name, {order} AS number, '{id}' AS criterion, \"verdict_{id}\" AS verdict,
                    \"figure_{id}\" AS figure, '{threshold}' AS threshold FROM enterprises"
            )
        })
        .collect();
    let none = ["name", "criterion", "verdict", "figure", "threshold"].map(|c| format!("CAST(NULL AS VARCHAR) AS {c}")).join(", ");
    let all = match verdicts.is_empty() {
        true => format!("SELECT directory_record, 0 AS number, enterprise, {none} FROM enterprises WHERE false"),
        false => verdicts.join(" UNION ALL "),
    };
    format!("SELECT enterprise, name, criterion, verdict, figure, threshold FROM ({all}) AS v ORDER BY directory_record, number")
}
