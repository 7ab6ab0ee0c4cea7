//! Counts of patents, and the latest of their dates; a co-owned patent counts for each of its owners.

use super::Plan;
use super::datasets::Datasets;
use super::only::{ALIAS, Only, records};
use crate::config::{GivenOptions, Taken};
use crate::engine::{Engine, EngineError};

impl Plan<'_> {
    /// Joins what is declared of the patents that are credited to an enterprise, all in one grouping: `credited_<form>`.
    pub(super) async fn credited<'a>(
        &mut self,
        engine: &Engine,
        form: &str,
        declared: impl Iterator<Item = (&'a String, &'a GivenOptions)>,
        datasets: &impl Datasets,
    ) -> Result<(), EngineError> {
        let Some(options) = self.config.form.get(form) else { return Ok(()) };
        let alias = format!("credited_{form}");
        let (mut aggregates, mut columns, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
        let there = datasets.schema(form).is_some();
        for (id, given) in declared {
            let stated = given.only.as_ref().map(|sql| Only::of(sql, form, datasets, options).map_err(|refusal| refusal.of(sql)));
            let stated = stated.transpose()?;
            let only = stated.as_ref().map_or_else(|| "true".to_owned(), |only| only.sql.clone());
            conditions.extend(stated);
            match given.taken() {
                Some(Taken::Count) => {
                    aggregates.push(format!("count(CASE WHEN {only} THEN 1 END) AS \"{id}\""));
                    // Without any list nobody knows how many there are.
                    columns.push(if there {
                        format!("coalesce({alias}.\"{id}\", 0) AS \"{id}\"")
                    } else {
                        format!("CAST(NULL AS BIGINT) AS \"{id}\"")
                    });
                }
                Some(Taken::Latest(field)) => {
                    let value = if datasets.has(form, &field) { format!("\"{field}\"") } else { "CAST(NULL AS DATE)".to_owned() };
                    aggregates.push(format!("max(CASE WHEN ({only}) AND {value} <= as_of() THEN {value} END) AS \"{id}\""));
                    columns.push(if there { format!("{alias}.\"{id}\"") } else { format!("CAST(NULL AS DATE) AS \"{id}\"") });
                }
                _ => {}
            }
        }
        if there && !aggregates.is_empty() {
            let sql = format!(
                "SELECT enterprise, {} FROM (SELECT c.enterprise, p.* FROM credits_{form} c JOIN {} p ON p.record = c.record) AS {ALIAS}
                 GROUP BY enterprise ORDER BY enterprise",
                aggregates.join(", "),
                records(form, conditions.iter())
            );
            engine.derive(&alias, &sql).await?;
            self.joins.push(format!("LEFT JOIN {alias} ON {alias}.enterprise = r.enterprise"));
        }
        self.select.append(&mut columns);
        Ok(())
    }
}
