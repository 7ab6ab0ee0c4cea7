//! The queries of the sheets that prove what the pool says: figures of the years, and patents.

use super::publication::Publication;
use crate::engine::{Dataset, not_in};
use crate::error::Error;
use datafusion::arrow::datatypes::Schema;
use std::sync::Arc;

/// Where a sheet is not asked for.
pub fn nothing() -> Dataset {
    Dataset::empty(Arc::new(Schema::empty()))
}

/// Queries the figures: pooled enterprises first, each in the order of the registry.
pub async fn finances(p: &Publication<'_>) -> Result<Dataset, Error> {
    let Some((form, _)) = p.config.figures().filter(|(form, _)| p.has(form)) else { return Ok(nothing()) };
    let dataset = p.engine.dataset(form);
    let schema = dataset.schema();
    let figures: Vec<&String> = p.config.pool.finances.iter().filter(|f| schema.column_with_name(f).is_some()).collect();
    let columns: String = figures.iter().map(|f| format!(", t.\"{f}\"")).collect();
    let (mut select, mut joins, mut any) = (String::new(), String::new(), Vec::new());
    for year in &p.merged.years {
        for figure in &figures {
            select.push_str(&format!(", y{year}.\"{figure}\" AS \"{figure}_{year}\""));
            any.push(format!("y{year}.\"{figure}\" IS NOT NULL"));
        }
        joins.push_str(&format!(
            " LEFT JOIN (SELECT l.enterprise{columns} FROM {form} t JOIN links_{form} l ON l.record = t.record
                WHERE l.enterprise IS NOT NULL AND t.period = {year} AND {counts}) AS y{year}
             ON y{year}.enterprise = e.enterprise",
            counts = not_in("duplicates", "t.record")
        ));
    }
    if any.is_empty() {
        return Ok(nothing());
    }
    let sql = format!(
        "SELECT e.enterprise, e.uscc, e.uscc_why, e.name, e.pooled{select} FROM enterprises e{joins} WHERE {}
         ORDER BY e.pooled DESC, e.directory_record",
        any.join(" OR ")
    );
    Ok(p.engine.spool("finances", &sql).await?)
}

/// Queries patents and their owners, each field under the word for what it says of a patent; a record that repeats another
/// is not among them.
pub async fn patents(p: &Publication<'_>) -> Result<Dataset, Error> {
    let Some((form, _, right)) = p.config.rights().filter(|(form, ..)| p.has(form)) else { return Ok(nothing()) };
    let dataset = p.engine.dataset(form);
    let schema = dataset.schema();
    let column = |field: &str, name: &str| match schema.column_with_name(field) {
        Some(_) => format!("d.\"{field}\" AS \"{name}\""),
        None => format!("CAST(NULL AS VARCHAR) AS \"{name}\""),
    };
    let fields = right.fields().into_iter().filter(|(name, _)| *name != "expires_on");
    let stated = fields.map(|(name, field)| column(field, name)).chain([column(&format!("{}_why", right.number), "number_why")]);
    let sql = format!(
        "SELECT d.record, c.enterprise, e.uscc AS owner_code, e.uscc_why AS owner_code_why, e.name AS owner, e.pooled, {},
            s.term_end AS term, s.state, CASE WHEN c.enterprise IS NULL THEN n.not_linked END AS reason
         FROM {form} d JOIN patent_states s ON s.record = d.record
         LEFT JOIN credits_{form} c ON c.record = d.record LEFT JOIN enterprises e ON e.enterprise = c.enterprise
         LEFT JOIN (SELECT record, coalesce(
                CAST(string_agg(CASE WHEN doubtful THEN not_linked END, chr(30) ORDER BY number) AS VARCHAR), max(not_linked)) AS not_linked
            FROM links_{form} GROUP BY record) AS n ON n.record = d.record
         WHERE {counts} ORDER BY CASE WHEN c.enterprise IS NULL THEN 1 ELSE 0 END, d.record, c.enterprise",
        stated.collect::<Vec<_>>().join(", "),
        counts = not_in("duplicates", "d.record")
    );
    Ok(p.engine.spool("patents", &sql).await?)
}
