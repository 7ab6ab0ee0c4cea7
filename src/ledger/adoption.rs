//! Runs that the leading group adopted (定稿); they are kept for ever.

use super::{Ledger, LedgerError};
use rusqlite::{OptionalExtension, Row, params};

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
    /// Records that a run is adopted; false if it was before.
    pub fn adopt(&self, new: &Adoption) -> Result<bool, LedgerError> {
        let sql = "INSERT OR IGNORE INTO adoption (run, account, adopted, note) VALUES (?1, ?2, ?3, ?4)";
        Ok(self.0.execute(sql, params![new.run, new.account, new.adopted, new.note])? == 1)
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

    #[test]
    fn a_run_is_adopted_once_and_the_last_one_counts() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let of = |run: &str, adopted: &str| Adoption { run: run.into(), account: "a".into(), adopted: adopted.into(), note: "n".into() };
        assert!(ledger.adopt(&of("r1", "t1"))? && ledger.adopt(&of("r2", "t2"))?);
        assert!(!ledger.adopt(&of("r1", "t3"))?, "an adoption is never changed");
        assert_eq!(ledger.adoptions()?.iter().map(|a| a.run.as_str()).collect::<Vec<_>>(), ["r2", "r1"]);
        assert_eq!(ledger.adoption("r1")?.map(|a| a.adopted).as_deref(), Some("t1"));
        Ok(())
    }
}
