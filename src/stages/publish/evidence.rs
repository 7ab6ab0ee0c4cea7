//! The queries of the sheets that prove what the pool says: figures of the years, and patents.

use super::publication::Publication;
use crate::engine::{Dataset, not_in};
use crate::error::Error;
use crate::model::patent_fact;
use datafusion::arrow::array::{AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use std::collections::HashMap;
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

/// Queries patents and the enterprises whose they are, each field under the word for what it says of a patent; a record that
/// repeats another is not among them. What is said of the enterprises stands beside it ([`Owners`]): theirs changes with every
/// return, patents do not.
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
    let facts: String = patent_fact::columns().map(|column| format!(", s.{column}")).collect();
    let sql = format!(
        "SELECT d.record, c.enterprise, {}, s.term_end AS term, s.state{facts},
            CASE WHEN c.enterprise IS NULL THEN n.not_linked END AS reason
         FROM {form} d JOIN patent_states s ON s.record = d.record LEFT JOIN credits_{form} c ON c.record = d.record
         LEFT JOIN (SELECT record, coalesce(
                CAST(string_agg(CASE WHEN doubtful THEN not_linked END, chr(30) ORDER BY number) AS VARCHAR), max(not_linked)) AS not_linked
            FROM links_{form} WHERE not_linked IS NOT NULL GROUP BY record) AS n ON n.record = d.record
         WHERE {counts} ORDER BY CASE WHEN c.enterprise IS NULL THEN 1 ELSE 0 END, d.record, c.enterprise",
        stated.collect::<Vec<_>>().join(", "),
        counts = not_in("duplicates", "d.record")
    );
    Ok(p.engine.spool("patents", &sql).await?)
}

/// What sheets say of whoever owns a patent: code, edits that it fails, name, whether pooled. Held of all enterprises.
pub struct Owners {
    said: RecordBatch,
    row: HashMap<String, u32>,
}

impl Owners {
    const COLUMNS: [(&str, &str, DataType); 4] = [
        ("uscc", "owner_code", DataType::Utf8),
        ("uscc_why", "owner_code_why", DataType::Utf8),
        ("name", "owner", DataType::Utf8),
        ("pooled", "pooled", DataType::Boolean),
    ];

    /// Takes what is said of the enterprises.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn of(enterprises: &Dataset) -> Result<Self, Error> {
        let schema = Arc::new(Schema::new(Self::COLUMNS.map(|(_, name, data_type)| Field::new(name, data_type, true)).to_vec()));
        let wanted: Vec<&str> = Self::COLUMNS.iter().map(|(column, ..)| *column).chain(["enterprise"]).collect();
        let all = enterprises.in_memory(&wanted)?;
        let keys = all["enterprise"].as_string::<i32>();
        let row = (0..).zip(keys).filter_map(|(place, key)| Some((key?.to_owned(), place))).collect();
        let columns = Self::COLUMNS.iter().map(|(column, ..)| all[*column].clone()).collect();
        Ok(Self { said: RecordBatch::try_new(schema, columns)?, row })
    }

    /// A batch with a column `enterprise`, and beside it what is said of each; nothing of none.
    pub fn beside(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let keys = batch["enterprise"].as_string::<i32>();
        let rows: UInt32Array = keys.iter().map(|key| self.row.get(key?).copied()).collect();
        let said = take_record_batch(&self.said, &rows)?;
        let fields = batch.schema().fields().iter().chain(said.schema().fields()).cloned().collect::<Vec<_>>();
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), [batch.columns(), said.columns()].concat())?)
    }
}
