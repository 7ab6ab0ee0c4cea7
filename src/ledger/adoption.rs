//! Runs that the leading group adopted (定稿); they are kept for ever.

use super::audit::noted;
use super::{By, Ledger, LedgerError};
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};

/// An adopted run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The run.
    pub run: String,
    /// Who adopted it.
    pub account: String,
    /// When.
    pub adopted: String,
    /// What was said about it.
    pub note: String,
}

const ADOPTION: &str = "SELECT run, account, adopted, note FROM adoption";

fn adoption(row: &Row<'_>) -> Result<Adoption, LedgerError> {
    Ok(Adoption { run: row.get(0)?, account: row.get(1)?, adopted: row.get(2)?, note: row.get(3)? })
}

impl Ledger {
    /// Records that a run, of this reference date, is adopted; false if it was before.
    pub fn adopt(&mut self, run: &str, as_of: &str, note: &str, by: By<'_>) -> Result<bool, LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sql = "INSERT OR IGNORE INTO adoption (run, account, adopted, note) VALUES (?1, ?2, ?3, ?4)";
        let adopted = transaction.execute(sql, params![run, by.account, by.at, note])? == 1;
        if adopted {
            noted(&transaction, by, "adopted", run, as_of)?;
        }
        transaction.commit()?;
        Ok(adopted)
    }

    /// The adoption of a run, if it was.
    pub fn adoption(&self, run: &str) -> Result<Option<Adoption>, LedgerError> {
        self.0.query_row(&format!("{ADOPTION} WHERE run = ?1"), [run], adoption).optional()
    }

    /// All adoptions, the one that counts first.
    pub fn adoptions(&self) -> Result<Vec<Adoption>, LedgerError> {
        self.0.prepare_cached(&format!("{ADOPTION} ORDER BY adopted DESC, rowid DESC"))?.query_map([], adoption)?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::AuditFilter;

    #[test]
    fn a_run_is_adopted_once_and_the_last_one_counts() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let mut adopt = |run, at| ledger.adopt(run, "2026-06-30", "n", By { account: "a", role: "leader", address: "", at });
        assert!(adopt("r1", "t1")? && adopt("r2", "t2")?);
        assert!(!adopt("r1", "t3")?, "an adoption is never changed");
        assert_eq!(ledger.audit(&AuditFilter::default(), 0, 9)?.1, 2, "and what did not happen is not noted");
        assert_eq!(ledger.adoptions()?.iter().map(|a| a.run.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
        assert_eq!(ledger.adoption("r1")?.map(|a| a.adopted).as_deref(), Some("t1"));
        Ok(())
    }
}
