//! The queries of the sheets that prove what the pool says: figures of the years, and patents.

use super::publication::Publication;
use crate::error::Error;
use datafusion::arrow::array::RecordBatch;

/// Figures shown, where the returns have them.
pub const FIGURES: [&str; 7] = ["revenue", "total_profit", "net_profit", "rd_expense", "total_assets", "total_liabilities", "total_equity"];

/// Columns of the list that are shown as they are.
const STATED: [&str; 9] = ["patent_number", "patent_number_why", "title", "kind", "filed_on", "granted_on", "status", "pledged", "holders"];

/// Queries the figures: pooled enterprises first, each in the order of the registry.
pub async fn finances(p: &Publication<'_>) -> Result<Vec<RecordBatch>, Error> {
    if !p.has("returns") {
        return Ok(Vec::new());
    }
    let (schema, _) = p.engine.contents("returns");
    let figures: Vec<&str> = FIGURES.into_iter().filter(|f| schema.column_with_name(f).is_some()).collect();
    let columns: String = figures.iter().map(|f| format!(", t.\"{f}\"")).collect();
    let (mut select, mut joins, mut any) = (String::new(), String::new(), Vec::new());
    for year in &p.merged.years {
        for figure in &figures {
            select.push_str(&format!(", y{year}.\"{figure}\" AS \"{figure}_{year}\""));
            any.push(format!("y{year}.\"{figure}\" IS NOT NULL"));
        }
        joins.push_str(&format!(
            " LEFT JOIN (SELECT l.enterprise{columns} FROM returns t JOIN links_returns l ON l.record = t.record
                WHERE l.enterprise IS NOT NULL AND t.period = {year} AND t.record NOT IN (SELECT record FROM duplicates)) AS y{year}
             ON y{year}.enterprise = e.enterprise"
        ));
    }
    if any.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT e.enterprise, e.uscc, e.uscc_why, e.name, e.pooled{select} FROM enterprises e{joins} WHERE {}
         ORDER BY e.pooled DESC, e.directory_record",
        any.join(" OR ")
    );
    Ok(p.engine.query("finances", &sql).await?.1)
}

/// Queries patents and their owners; a record that repeats another is not among them.
pub async fn patents(p: &Publication<'_>) -> Result<Vec<RecordBatch>, Error> {
    let (schema, _) = p.engine.contents("patents");
    let column = |name: &str| match schema.column_with_name(name) {
        Some(_) => format!("d.\"{name}\" AS \"{name}\""),
        None => format!("CAST(NULL AS VARCHAR) AS \"{name}\""),
    };
    let stated: Vec<String> = STATED.iter().map(|c| column(c)).collect();
    let sql = format!(
        "SELECT d.record, c.enterprise, e.uscc AS owner_code, e.uscc_why AS owner_code_why, e.name AS owner, e.pooled, {},
            s.term_end AS term, s.state, CASE WHEN c.enterprise IS NULL THEN n.not_linked END AS reason
         FROM patents d JOIN patent_states s ON s.record = d.record
         LEFT JOIN credits_patents c ON c.record = d.record LEFT JOIN enterprises e ON e.enterprise = c.enterprise
         LEFT JOIN (SELECT record, coalesce(
                CAST(string_agg(CASE WHEN doubtful THEN not_linked END, chr(30) ORDER BY number) AS VARCHAR), max(not_linked)) AS not_linked
            FROM links_patents GROUP BY record) AS n ON n.record = d.record
         WHERE d.record NOT IN (SELECT record FROM duplicates)
         ORDER BY CASE WHEN c.enterprise IS NULL THEN 1 ELSE 0 END, d.record, c.enterprise",
        stated.join(", ")
    );
    Ok(p.engine.query("patents", &sql).await?.1)
}
