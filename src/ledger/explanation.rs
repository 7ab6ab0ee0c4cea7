//! 情况说明: what a bureau says of a finding that asks. Findings are named by a hash, so that no value stands here.

use super::{Ledger, LedgerError};
use rusqlite::params;
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

impl Ledger {
    /// Keeps one explanation of several findings of a return.
    pub fn explain(&mut self, series: &str, findings: &[String], text: &str, account: &str, now: &str) -> Result<(), LedgerError> {
        let transaction = self.0.transaction()?;
        for finding in findings {
            transaction.execute(
                "INSERT INTO explanation (series, finding, text, account, written) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![series, finding, text, account, now],
            )?;
        }
        transaction.commit()
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
