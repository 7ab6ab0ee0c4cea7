//! Screen: entry criteria over the enterprise records; the pool is who meets all.
//!
//! Takes: `enterprises` in the engine. Gives: `verdicts`, one row per enterprise and criterion, and `pooled` in
//! `enterprises`. Criteria are SQL in pipeline.toml: true met 符合, false not_met 不符合, null unjudged 无法判断.

use crate::config::Config;
use crate::engine::{Engine, EngineError};

/// Screens; `verdicts` and the pool are then known to the engine.
pub async fn screen(engine: &Engine, config: &Config) -> Result<(), EngineError> {
    let criteria: Vec<_> = config.criterion.iter().filter(|(_, c)| !c.disabled).collect();
    let word = |sql: &str| format!("CASE WHEN ({sql}) THEN 'met' WHEN ({sql}) IS NULL THEN 'unjudged' ELSE 'not_met' END");
    let mut columns = String::new();
    for (id, criterion) in &criteria {
        columns.push_str(&format!(
            ", {} AS \"verdict_{id}\", CAST(({}) AS VARCHAR) AS \"figure_{id}\"",
            word(&criterion.met),
            criterion.figure
        ));
    }
    let all = criteria.iter().map(|(id, _)| format!("\"verdict_{id}\" = 'met'")).collect::<Vec<_>>();
    let pooled = if all.is_empty() { "true".to_owned() } else { all.join(" AND ") };
    engine.derive("screened", &format!("SELECT *, {pooled} AS pooled FROM (SELECT *{columns} FROM enterprises) AS s")).await?;
    let verdicts: Vec<String> = criteria
        .iter()
        .enumerate()
        .map(|(order, (id, criterion))| {
            let threshold = criterion.threshold.replace('\'', "''");
            format!(
                "SELECT directory_record, enterprise, name, {order} AS number, '{id}' AS criterion, \"verdict_{id}\" AS verdict,
                    \"figure_{id}\" AS figure, '{threshold}' AS threshold FROM screened"
            )
        })
        .collect();
    let none = ["name", "criterion", "verdict", "figure", "threshold"].map(|c| format!("CAST(NULL AS VARCHAR) AS {c}")).join(", ");
    let all = match verdicts.is_empty() {
        true => format!("SELECT directory_record, 0 AS number, enterprise, {none} FROM screened WHERE false"),
        false => verdicts.join(" UNION ALL "),
    };
    let sql = format!("SELECT enterprise, name, criterion, verdict, figure, threshold FROM ({all}) AS v ORDER BY directory_record, number");
    engine.derive("verdicts", &sql).await?;
    engine.rename("screened", "enterprises")
}
