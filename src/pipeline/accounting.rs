//! Row accounting: every record that came in ends in exactly one place, and its money with it.

use super::datasets::{BALANCED, Loaded, Totals};
use crate::engine::{Engine, EngineError};
use crate::error::Error;
use crate::model::account::{Account, Place};
use crate::model::place::file_base;
use crate::stages::merge::Datasets;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use std::collections::BTreeMap;

/// What one dataset brought in, and the query of its records' enterprises.
fn placed(dataset: &str) -> String {
    if dataset == "patents" {
        // A co-owned patent takes the best place among its owners'.
        return "SELECT l.record, bool_or(e.pooled) AS pooled, count(l.enterprise) AS linked,
                max(CASE WHEN l.number = 1 THEN l.not_linked END) AS reason
             FROM links_patents l LEFT JOIN enterprises e ON e.enterprise = l.enterprise GROUP BY l.record"
            .to_owned();
    }
    format!(
        "SELECT l.record, e.pooled, CASE WHEN l.enterprise IS NULL THEN 0 ELSE 1 END AS linked, l.not_linked AS reason
         FROM links_{dataset} l LEFT JOIN enterprises e ON e.enterprise = l.enterprise"
    )
}

/// Accounts for every record, and proves the sums: what came in, as the readers counted it and before versions were
/// decided, is what ended in the places, record for record and in every column of amounts.
///
/// `stated_<dataset>` in the engine are the datasets before anything was withheld.
///
/// # Errors
/// A sum that does not hold is our bug, and the run must not publish.
pub async fn account(engine: &Engine, loaded: &Loaded) -> Result<Vec<Account>, Error> {
    let mut accounts = loaded.superseded.clone();
    for (dataset, incoming) in &loaded.incoming {
        let mut ended = loaded.outgoing.get(dataset).cloned().unwrap_or_default();
        if loaded.forms.contains_key(dataset) {
            let balanced = BALANCED.into_iter().find(|c| loaded.has(dataset, c));
            accounts.extend(query(engine, dataset, balanced, incoming, &mut ended).await?);
        }
        ended.amounts.retain(|_, sum| *sum != 0);
        let mut came = incoming.clone();
        came.amounts.retain(|_, sum| *sum != 0);
        if came != ended {
            return Err(Error::bug(format!("row accounting of {dataset} does not balance: {came:?} came in, {ended:?} ended")));
        }
    }
    Ok(compact(accounts))
}

/// One account a file, dataset, place and reason.
fn compact(accounts: Vec<Account>) -> Vec<Account> {
    let mut sums: BTreeMap<(String, usize, Place, String), (u64, i128)> = BTreeMap::new();
    for a in accounts.into_iter().filter(|a| a.rows > 0) {
        let sum = sums.entry((a.dataset, a.file, a.place, a.reason)).or_default();
        sum.0 += a.rows;
        sum.1 += a.amount;
    }
    sums.into_iter()
        .map(|((dataset, file, place, reason), (rows, amount))| Account { dataset, file, place, reason, rows, amount })
        .collect()
}

/// The accounts of a dataset; every record and amount is added to `ended`.
async fn query(
    engine: &Engine,
    dataset: &str,
    balanced: Option<&str>,
    incoming: &Totals,
    ended: &mut Totals,
) -> Result<Vec<Account>, EngineError> {
    // SUM over decimals wraps beyond 38 digits; amounts are bounded to 10^16 yuan, so 10^14 records would be needed.
    let sums: String = incoming.amounts.keys().map(|c| format!(", CAST(sum(\"{c}\") AS DECIMAL(38,4)) AS \"{c}\"")).collect();
    let columns: String = incoming.amounts.keys().map(|c| format!(", s.\"{c}\"")).collect();
    let sql = format!(
        "SELECT file, place, reason, count(*) AS n{sums} FROM (
            SELECT s.record / {} AS file{columns},
                CASE WHEN q.record IS NOT NULL THEN 'quarantined' WHEN d.record IS NOT NULL THEN 'duplicate'
                     WHEN coalesce(p.linked, 0) = 0 THEN 'not_linked' WHEN p.pooled THEN 'pooled' ELSE 'not_pooled' END AS place,
                CASE WHEN q.record IS NULL AND d.record IS NULL AND coalesce(p.linked, 0) = 0 THEN coalesce(p.reason, '') ELSE '' END AS reason
            FROM stated_{dataset} s
            LEFT JOIN ({}) AS p ON p.record = s.record
            LEFT JOIN duplicates d ON d.record = s.record
            LEFT JOIN quarantined q ON q.record = s.record) AS k
         GROUP BY file, place, reason ORDER BY file, place, reason",
        file_base(1),
        placed(dataset)
    );
    let (_, batches) = engine.query("row accounting", &sql).await?;
    let mut accounts = Vec::new();
    for batch in &batches {
        let (files, places, reasons) =
            (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>(), batch.column(2).as_string::<i32>());
        let rows = batch.column(3).as_primitive::<Int64Type>();
        let sum = |column: &str, row: usize| {
            let sums = batch.column_by_name(column).map(|c| c.as_primitive::<Decimal128Type>());
            sums.filter(|s| s.is_valid(row)).map_or(0, |s| s.value(row))
        };
        for row in 0..batch.num_rows() {
            let n = rows.value(row).unsigned_abs();
            ended.rows += n;
            for column in incoming.amounts.keys() {
                *ended.amounts.entry(column.clone()).or_default() += sum(column, row);
            }
            let Some(place) = Place::from_id(places.value(row)) else { continue };
            accounts.push(Account {
                dataset: dataset.to_owned(),
                file: usize::try_from(files.value(row)).unwrap_or_default(),
                place,
                reason: reasons.value(row).to_owned(),
                rows: n,
                amount: balanced.map_or(0, |c| sum(c, row)),
            });
        }
    }
    Ok(accounts)
}
