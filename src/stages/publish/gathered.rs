//! What the sheets of workbooks show: gathered once, shared by both editions of the pool.
//!
//! Owns: the queries, and which enterprises have consented. Only what the sheets asked for need is computed. Writing
//! itself needs no engine, so workbooks can be written side by side.

use super::cells::{Reader, Shape};
use super::evidence::{self, Owners};
use super::held_back::RestsOn;
use super::provenance::Sources;
use super::publication::Publication;
use super::verdict::Verdicts;
use crate::config::Workbook;
use crate::engine::Dataset;
use crate::error::Error;
use crate::model::place::file_sql;
use crate::model::verdict::Conclusion;
use crate::run::HeldBack;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use std::collections::{HashMap, HashSet};

/// What came in of a file and dataset, counted before anything was withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The dataset.
    pub dataset: String,
    /// Ordinal of the file.
    pub file: usize,
    /// Records.
    pub rows: u64,
    /// Their money, yuan at scale 4.
    pub amount: i128,
}

/// How many findings there are of an enterprise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FindingCount {
    /// All of them.
    pub all: i64,
    /// Those that rest on no statistics: as many as an edition without consent may count.
    pub open: i64,
}

/// Everything that sheets show, beside what the publication itself holds.
pub struct Gathered<'a> {
    /// Enterprises in the order of the registry.
    pub enterprises: Dataset,
    /// Where their values come from.
    pub sources: Sources,
    /// Enterprises whose consent is on record at the reference date.
    pub consenting: &'a HashSet<String>,
    /// What is held back of counts in the operator's edition.
    pub held_back: &'a HeldBack,
    /// Whom findings rest on.
    pub rests: &'a RestsOn<'a>,
    /// Findings by enterprise.
    pub findings: HashMap<&'a str, FindingCount>,
    /// Figures of the years, one row an enterprise with any; pooled ones first.
    pub finances: Dataset,
    /// Patents by owner; those without one last.
    pub patents: Dataset,
    /// Their owners.
    pub owners: Owners,
    /// What came in.
    pub stated: Vec<Stated>,
    /// Enterprises in the pool.
    pub pooled: u64,
    /// Enterprises that no criterion excludes, but one cannot be judged for.
    pub unjudged: u64,
}

impl<'a> Gathered<'a> {
    /// Gathers for the workbooks asked for.
    pub async fn gather(
        p: &Publication<'a>,
        consenting: &'a HashSet<String>,
        held_back: &'a HeldBack,
        rests: &'a RestsOn<'a>,
    ) -> Result<Gathered<'a>, Error> {
        let pool = [Workbook::Pool, Workbook::PoolOperator].iter().any(|w| p.config.output.workbooks.contains(w));
        let wanted = |id: &str| pool && asked(&p.config.output.pool_sheets, id);
        let sources = Sources::of(p).await?;
        let enterprises = sources.enterprises(p.engine).await?;
        let mut findings: HashMap<&str, FindingCount> = HashMap::new();
        for (finding, enterprise) in p.findings.iter().filter_map(|f| Some((f, f.enterprise.as_deref()?))) {
            let count = findings.entry(enterprise).or_default();
            count.all += 1;
            count.open += i64::from(!rests.is_of_statistics(finding));
        }
        let mut gathered = Gathered {
            sources,
            consenting,
            held_back,
            rests,
            findings,
            finances: if wanted("finances") { evidence::finances(p).await? } else { evidence::nothing() },
            patents: if wanted("patents") { evidence::patents(p).await? } else { evidence::nothing() },
            owners: Owners::of(&enterprises)?,
            stated: if wanted("accounting") { stated(p).await? } else { Vec::new() },
            enterprises,
            pooled: 0,
            unjudged: 0,
        };
        (gathered.pooled, gathered.unjudged) = conclusions(p, &gathered.enterprises)?;
        Ok(gathered)
    }

    /// Enterprises of the registry.
    pub fn total(&self) -> u64 {
        self.enterprises.rows()
    }
}

/// Whether a sheet is asked for; no list asks for all.
pub fn asked(sheets: &[String], id: &str) -> bool {
    sheets.is_empty() || sheets.iter().any(|s| s == id)
}

/// Enterprises that consent at the reference date.
pub fn consenting(p: &Publication<'_>) -> Result<HashSet<String>, Error> {
    let mut consenting = HashSet::new();
    for batch in p.engine.dataset("enterprises").columns(&["enterprise", "consented"]) {
        let batch = &batch?;
        let [key, consented] = ["enterprise", "consented"].map(|column| Reader::of(batch, column, Shape::Plain));
        consenting.extend((0..batch.num_rows()).filter(|row| consented.is_true(*row)).map(|row| key.text(row).to_owned()));
    }
    Ok(consenting)
}

/// How many are in the pool, and how many cannot be judged.
fn conclusions(p: &Publication<'_>, enterprises: &Dataset) -> Result<(u64, u64), Error> {
    let (mut pooled, mut unjudged) = (0, 0);
    for batch in enterprises.batches() {
        let batch = batch?;
        let verdicts = Verdicts::of(p, &batch);
        for row in 0..batch.num_rows() {
            match verdicts.conclusion(row) {
                Conclusion::Pooled => pooled += 1,
                Conclusion::Unjudged => unjudged += 1,
                Conclusion::NotPooled => {}
            }
        }
    }
    Ok((pooled, unjudged))
}

/// Counts what came in from the datasets themselves, so that the account is checked and not merely repeated.
async fn stated(p: &Publication<'_>) -> Result<Vec<Stated>, Error> {
    let mut all = Vec::new();
    for dataset in p.datasets {
        let table = format!("stated_{dataset}");
        let of_table = p.engine.dataset(&table);
        let accounted = p.config.form.get(dataset).and_then(|form| form.accounted.as_deref());
        let money = accounted.filter(|c| of_table.schema().column_with_name(c).is_some());
        let money = money.map_or("CAST(0 AS DECIMAL(28,4))".to_owned(), |c| format!("\"{c}\""));
        let sql = format!(
            "SELECT file, count(*) AS n, CAST(sum(money) AS DECIMAL(38,4)) AS money
             FROM (SELECT {} AS file, {money} AS money FROM {table}) AS s GROUP BY file ORDER BY file",
            file_sql("record")
        );
        let (_, batches) = p.engine.query(&table, &sql).await?;
        for batch in &batches {
            let (files, rows) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
            let money = batch.column(2).as_primitive::<Decimal128Type>();
            all.extend((0..batch.num_rows()).map(|row| Stated {
                dataset: dataset.clone(),
                file: usize::try_from(files.value(row)).unwrap_or_default(),
                rows: rows.value(row).unsigned_abs(),
                amount: if money.is_null(row) { 0 } else { money.value(row) },
            }));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_asks_for_every_sheet() {
        assert!(asked(&[], "pool"));
        assert!(asked(&["pool".into()], "pool"));
        assert!(!asked(&["pool".into()], "cover"));
    }
}
