//! Runs over time, and counts for whoever operates the portal.

use super::{Ledger, LedgerError};
use rusqlite::OptionalExtension;

/// A run that published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Its id, which is its folder's name.
    pub id: String,
    /// Reference date.
    pub as_of: String,
    /// When it ended.
    pub finished: String,
    /// Its figures, as JSON.
    pub summary: String,
}

/// Counts that the ledger keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Uploads by verdict; `waiting` without one.
    pub uploads: Vec<(String, u64)>,
    /// Runs that the portal started by outcome; `running` without one.
    pub attempts: Vec<(String, u64)>,
    /// When the last run that published ended.
    pub last_run: Option<String>,
}

impl Ledger {
    /// The last runs that published, oldest first.
    pub fn finished_runs(&self, most: u32) -> Result<Vec<Finished>, LedgerError> {
        let mut runs: Vec<Finished> = self
            .0
            .prepare_cached("SELECT id, as_of, finished, summary FROM run ORDER BY finished DESC, rowid DESC LIMIT ?1")?
            .query_map([most], |r| Ok(Finished { id: r.get(0)?, as_of: r.get(1)?, finished: r.get(2)?, summary: r.get(3)? }))?
            .collect::<Result<_, _>>()?;
        runs.reverse();
        Ok(runs)
    }

    /// Counts of uploads and runs.
    pub fn tallies(&self) -> Result<Tallies, LedgerError> {
        let grouped = |sql: &str| -> Result<Vec<(String, u64)>, LedgerError> {
            self.0.prepare_cached(sql)?.query_map([], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?.unsigned_abs())))?.collect()
        };
        Ok(Tallies {
            uploads: grouped("SELECT coalesce(verdict, 'waiting') AS v, count(*) FROM upload GROUP BY v ORDER BY v")?,
            attempts: grouped("SELECT coalesce(outcome, 'running') AS o, count(*) FROM attempt GROUP BY o ORDER BY o")?,
            last_run: self.0.query_row("SELECT max(finished) FROM run", [], |r| r.get(0)).optional()?.flatten(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MadeRun;

    #[test]
    fn the_last_runs_stand_in_the_order_of_time() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        assert_eq!(ledger.tallies()?, Tallies::default());
        for (id, at) in [("a", "t1"), ("c", "t3"), ("b", "t2")] {
            ledger.record_run(&MadeRun { id, key: id, finished: at, summary: "{}", ..MadeRun::default() })?;
        }
        let ids: Vec<String> = ledger.finished_runs(2)?.into_iter().map(|r| r.id).collect();
        assert_eq!(ids, ["b", "c"]);
        assert_eq!(ledger.tallies()?.last_run.as_deref(), Some("t3"));
        Ok(())
    }
}
