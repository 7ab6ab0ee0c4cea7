//! 情况说明: what a bureau says of a finding that asks. Findings are named by a hash, so that no value stands here.

use super::audit::noted;
use super::upload::settle;
use super::{By, Ledger, LedgerError, Verdict};
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde::Serialize;

/// An explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// The finding that it answers.
    pub finding: String,
    /// What is said.
    pub text: String,
    /// Who says it.
    pub account: String,
    /// When.
    pub written: String,
}

/// What is said of findings of an upload.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// The upload.
    pub upload: &'a str,
    /// Its return.
    pub series: &'a str,
    /// The finding that was asked about.
    pub asked: &'a str,
    /// All findings that it answers.
    pub findings: &'a [String],
    /// What is said.
    pub text: &'a str,
    /// What becomes of the upload, and how many findings stay open.
    pub settled: Option<(Verdict, u64)>,
}

impl Ledger {
    /// Keeps one explanation of several findings of a return, and what becomes of the upload by it.
    pub fn explain(&mut self, answer: &Answer<'_>, by: By<'_>) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for finding in answer.findings {
            transaction.execute(
                "INSERT INTO explanation (series, finding, text, account, written) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![answer.series, finding, answer.text, by.account, by.at],
            )?;
        }
        if let Some((verdict, open)) = answer.settled {
            settle(&transaction, answer.upload, verdict, open)?;
        }
        noted(&transaction, by, "explanation", answer.upload, &format!("{} {}", answer.asked, answer.findings.len()))?;
        transaction.commit()
    }

    /// Writes what was said of findings once more under the keys that they have now: pairs of former and new key.
    pub fn carry_explanations(&mut self, series: &str, keys: &[(String, String)]) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (former, now) in keys {
            transaction.execute(
                "INSERT INTO explanation (series, finding, text, account, written)
                 SELECT series, ?3, text, account, written FROM explanation WHERE series = ?1 AND finding = ?2 ORDER BY id DESC LIMIT 1",
                params![series, former, now],
            )?;
        }
        transaction.commit()
    }

    /// The findings of an upload's return that are explained, each with the number of its last explanation.
    pub fn explained(&self, upload: i64) -> Result<Vec<(String, i64)>, LedgerError> {
        self.0
            .prepare_cached(
                "SELECT e.finding, max(e.id) FROM explanation e JOIN upload u ON u.series = e.series WHERE u.number = ?1
                 GROUP BY e.finding ORDER BY e.finding",
            )?
            .query_map([upload], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// An explanation by its number.
    pub fn explanation(&self, number: i64) -> Result<Option<Explanation>, LedgerError> {
        let sql = "SELECT finding, text, account, written FROM explanation WHERE id = ?1";
        let explanation = |row: &rusqlite::Row<'_>| {
            Ok(Explanation { finding: row.get(0)?, text: row.get(1)?, account: row.get(2)?, written: row.get(3)? })
        };
        self.0.prepare_cached(sql)?.query_row([number], explanation).optional()
    }

    /// The explanations of a return, in the order in which they were written.
    pub fn explanations(&self, series: &str) -> Result<Vec<Explanation>, LedgerError> {
        self.0
            .prepare_cached("SELECT finding, text, account, written FROM explanation WHERE series = ?1 ORDER BY id")?
            .query_map([series], |row| {
                Ok(Explanation { finding: row.get(0)?, text: row.get(1)?, account: row.get(2)?, written: row.get(3)? })
            })?
            .collect()
    }
}
