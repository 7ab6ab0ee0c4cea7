//! Screen: criteria and indicators over the enterprise records; the pool is whom all hard ones let in, ranked by points.
//!
//! Takes: `enterprises` in the engine, and waivers. Gives: `verdicts`, one row per enterprise and criterion; `conclusion`, `pooled`,
//! `score`, `score_missing` and `rank` in `enterprises`; `scores`, one row per pooled enterprise and scored criterion.
//! Criteria are SQL expressions in pipeline.toml, each over one enterprise's record: true met 符合, false not_met 不符合, null
//! unjudged 无法判断. What is not known decides nothing, and gives no points: it is told apart from nought.

mod criterion;
mod score;
mod waivers;

pub use criterion::{Criterion, Unreadable};
pub use waivers::Waivers;

use crate::config::Config;
use crate::engine::expression::Refusal;
use crate::engine::{Engine, EngineError};
use crate::finding::threshold;
use crate::model::verdict::Conclusion;
use criterion::failed;
use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;
use score::Scores;
use std::sync::Arc;

/// Screens; verdicts, scores and the pool are then known to the engine.
///
/// # Errors
/// A criterion cannot be computed, which the settings' checks exclude; or the disk fails.
pub async fn screen(engine: &Engine, config: &Config, waivers: &Waivers) -> Result<(), EngineError> {
    let enterprises = engine.dataset("enterprises");
    let criteria = criteria(engine, config, enterprises.schema())?;
    judge(engine, &criteria, waivers)?;
    engine.derive("verdicts", &verdicts(config, &criteria)).await.map(|_| ())
}

/// Columns of enterprises that screening gives, by their names or by what these begin with.
const GIVEN: [&str; 5] = ["conclusion", "pooled", "score", "score_missing", "rank"];
const GIVEN_BY_CRITERIA: [&str; 5] = ["verdict_", "figure_", "bound_", "margin_", "points_"];

/// Judges enterprises of a run anew, as these settings have it: the same rows, with the columns that screening gives replaced.
///
/// # Errors
/// A criterion cannot be computed over the columns of that run.
pub fn rejudge(engine: &Engine, config: &Config, waivers: &Waivers, enterprises: &RecordBatch) -> Result<RecordBatch, Box<Unreadable>> {
    let given = |name: &str| GIVEN.contains(&name) || GIVEN_BY_CRITERIA.iter().any(|start| name.starts_with(start));
    let schema = enterprises.schema();
    let kept: Vec<usize> = (0..schema.fields().len()).filter(|i| !given(schema.field(*i).name())).collect();
    let unread = |error: EngineError| Box::new(Unreadable { key: String::new(), sql: error.what, refusal: Refusal::Engine(error.source) });
    let arrow = |error: ArrowError| unread(failed("enterprises", error));
    let stated = enterprises.project(&kept).map_err(arrow)?;
    let criteria: Vec<Criterion<'_>> =
        config.criteria().map(|(id, options)| Criterion::read(engine, id, options, &stated.schema())).collect::<Result<_, _>>()?;
    engine.forget("enterprises");
    engine.table("enterprises", stated.schema(), &[stated]).map_err(unread)?;
    judge(engine, &criteria, waivers).map_err(unread)?;
    let judged = engine.dataset("enterprises");
    let batches = judged.batches().collect::<Result<Vec<_>, _>>().map_err(unread)?;
    concat_batches(judged.schema(), &batches).map_err(arrow)
}

/// Reads the criteria that count over the columns of `enterprises`.
fn criteria<'a>(engine: &Engine, config: &'a Config, enterprises: &Schema) -> Result<Vec<Criterion<'a>>, EngineError> {
    let read = config.criteria().map(|(id, options)| Criterion::read(engine, id, options, enterprises));
    read.map(|criterion| criterion.map_err(|unreadable| unreadable.refusal.of(&unreadable.sql))).collect()
}

/// Puts verdicts, figures, points and the pool beside each enterprise.
fn judge(engine: &Engine, criteria: &[Criterion<'_>], waivers: &Waivers) -> Result<(), EngineError> {
    let enterprises = engine.dataset("enterprises");
    let mut fields: Vec<Arc<Field>> = enterprises.schema().fields().iter().cloned().collect();
    fields.extend(criteria.iter().flat_map(Criterion::fields).map(Arc::new));
    fields.push(Arc::new(Field::new("conclusion", DataType::Utf8, false)));
    fields.push(Arc::new(Field::new("pooled", DataType::Boolean, false)));
    let mut scores = Scores::of(criteria);
    fields.extend(scores.fields().into_iter().map(Arc::new));
    let screened = Arc::new(Schema::new(fields));
    let judged = |batch: RecordBatch| {
        let keys = batch.column_by_name("enterprise").map(|column| column.as_string::<i32>().clone());
        let mut columns = batch.columns().to_vec();
        let mut conclusions = vec![Conclusion::Pooled; batch.num_rows()];
        for criterion in criteria {
            let waived = |row: usize| keys.as_ref().is_some_and(|keys| waivers.has(keys.value(row), criterion.id));
            let (verdicts, computed) = criterion.over(&batch, waived)?;
            if criterion.decides() {
                conclusions.iter_mut().zip(&verdicts).for_each(|(conclusion, verdict)| *conclusion = conclusion.with(*verdict));
            }
            columns.extend(computed);
        }
        columns.push(Arc::new(conclusions.iter().map(|c| Some(c.id())).collect::<StringArray>()) as ArrayRef);
        columns.push(Arc::new(conclusions.iter().map(|c| Some(*c == Conclusion::Pooled)).collect::<BooleanArray>()));
        columns.extend(scores.over(&columns, &batch, &conclusions)?);
        RecordBatch::try_new(screened.clone(), columns).map_err(|e| failed("screened", e))
    };
    let dataset = engine.map("enterprises", &enterprises, screened.clone(), judged)?;
    scores.rank(engine, &dataset)
}

/// A query that gives a row for each enterprise and criterion.
fn verdicts(config: &Config, criteria: &[Criterion<'_>]) -> String {
    let verdicts: Vec<String> = criteria
        .iter()
        .enumerate()
        .map(|(order, criterion)| {
            let (id, threshold) = (criterion.id, threshold(config, criterion.options, config.run.lang).replace('\'', "''"));
            let effect = criterion.effect();
            let own = |column: &str, there: bool, sql_type: &str| match there {
                true => format!("\"{column}_{id}\""),
                false => format!("CAST(NULL AS {sql_type})"),
            };
            let bounded = criterion.options.bound().is_some();
            let near = if bounded { criterion.near_sql() } else { "false".to_owned() };
            format!(
                "SELECT directory_record, enterprise, name, {order} AS number, '{id}' AS criterion, \"verdict_{id}\" AS verdict,
                    \"figure_{id}\" AS figure, '{threshold}' AS threshold, '{effect}' AS effect, {bound} AS bound, {margin} AS margin,
                    {near} AS near, {points} AS points FROM enterprises",
                bound = own("bound", bounded, "DECIMAL(28,4)"),
                margin = own("margin", bounded, "DECIMAL(28,4)"),
                points = own("points", criterion.is_scored(), "DECIMAL(18,4)"),
            )
        })
        .collect();
    let columns =
        ["name", "criterion", "verdict", "figure", "threshold", "effect"].map(|c| format!("CAST(NULL AS VARCHAR) AS {c}")).join(", ");
    let none = format!(
        "SELECT directory_record, 0 AS number, enterprise, {columns}, CAST(NULL AS DECIMAL(28,4)) AS bound,
            CAST(NULL AS DECIMAL(28,4)) AS margin, false AS near, CAST(NULL AS DECIMAL(18,4)) AS points FROM enterprises WHERE false"
    );
    let all = if verdicts.is_empty() { none } else { verdicts.join(" UNION ALL ") };
    format!(
        "SELECT enterprise, name, criterion, verdict, figure, threshold, effect, bound, margin, near, points
         FROM ({all}) AS v ORDER BY directory_record, number"
    )
}
