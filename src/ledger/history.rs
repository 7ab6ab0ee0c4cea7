//! Which runs there were.

use super::{Ledger, LedgerError};

impl Ledger {
    /// Runs recorded before one, the latest first; all of them if that one is not recorded.
    pub fn runs_before(&self, run: &str) -> Result<Vec<String>, LedgerError> {
        let mut statement = self.0.prepare(
            "SELECT r.id FROM run r LEFT JOIN run own ON own.id = ?1
             WHERE own.id IS NULL OR (r.finished, r.rowid) < (own.finished, own.rowid)
             ORDER BY r.finished DESC, r.rowid DESC LIMIT 20",
        )?;
        statement.query_map([run], |row| row.get(0))?.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MadeRun;

    #[test]
    fn the_run_before_is_the_latest_of_the_earlier() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        for (id, finished) in [("a", "t1"), ("b", "t2"), ("c", "t3")] {
            ledger.record_run(&MadeRun { id, key: id, finished, summary: "{}", ..MadeRun::default() })?;
        }
        assert_eq!(ledger.runs_before("c")?, ["b", "a"]);
        assert_eq!(ledger.runs_before("b")?, ["a"]);
        assert!(ledger.runs_before("a")?.is_empty());
        assert_eq!(ledger.runs_before("unknown")?, ["c", "b", "a"]);
        Ok(())
    }
}
