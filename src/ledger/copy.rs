//! The ledger's copies: one moment of it, taken while others write.

use super::schema::MIGRATIONS;
use super::{Ledger, LedgerError, private};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::collections::BTreeSet;
use std::path::Path;

/// Letters that are told of the name of what is foreign.
const LONGEST_NAME: usize = 80;

impl Ledger {
    /// Copies the ledger as it is at this moment into a file that is not there yet: one file, without a log beside it.
    pub fn copy_to(&self, path: &Path) -> Result<(), LedgerError> {
        private::tighten(path);
        let mut copy = Connection::open(path)?;
        // All pages in one step: no write comes between them.
        if Backup::new(&self.0, &mut copy)?.step(-1)? != StepResult::Done {
            return Err(LedgerError::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None));
        }
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        // Whoever was signed in is not so again by a copy.
        copy.pragma_update(None, "secure_delete", "ON")?;
        let copy = Self(copy, None);
        copy.end_sessions()?;
        copy.0.close().map_err(|(_, error)| error)
    }

    /// Ends the work on a copy: what its log holds goes into the one file.
    pub fn seal(self) -> Result<(), LedgerError> {
        self.0.pragma_update(None, "journal_mode", "DELETE")?;
        self.0.close().map_err(|(_, error)| error)
    }

    /// What SQLite finds wrong with the file, if anything.
    pub fn unsound(&self) -> Result<Option<String>, LedgerError> {
        let said: String = self.0.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok((said != "ok").then_some(said))
    }

    /// The first table, index, trigger or view that this build does not make, or makes otherwise, or that is missing: a
    /// trigger of somebody else's would act whenever the ledger is written to.
    pub fn foreign(&self) -> Result<Option<String>, LedgerError> {
        let made = Connection::open_in_memory()?;
        MIGRATIONS.iter().try_for_each(|migration| made.execute_batch(migration))?;
        let (found, made) = (shape(&self.0)?, shape(&made)?);
        let other = found.difference(&made).chain(made.difference(&found)).next();
        Ok(other.map(|(name, _)| name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()))
    }

    /// Hashes of the originals that receipts name and that were not removed when their term was over.
    pub fn originals_named(&self) -> Result<Vec<String>, LedgerError> {
        let named = "SELECT sha256 FROM receipt UNION SELECT sha256 FROM upload UNION SELECT sha256 FROM http_source
             EXCEPT SELECT object FROM audit WHERE action = 'original_removed' ORDER BY 1";
        self.0.prepare(named)?.query_map([], |r| r.get(0))?.collect()
    }

    /// Ids of all recorded runs, newest first.
    pub fn runs_recorded(&self) -> Result<Vec<String>, LedgerError> {
        self.0.prepare("SELECT id FROM run ORDER BY finished DESC, rowid DESC")?.query_map([], |r| r.get(0))?.collect()
    }

    /// Ids of adopted runs.
    pub fn runs_adopted(&self) -> Result<Vec<String>, LedgerError> {
        self.0.prepare("SELECT run FROM adoption ORDER BY adopted")?.query_map([], |r| r.get(0))?.collect()
    }
}

/// What a ledger is made of, as it was written, but for the counts that a tool's `ANALYZE` leaves.
fn shape(connection: &Connection) -> Result<BTreeSet<(String, Option<String>)>, LedgerError> {
    let all = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4'))";
    connection.prepare(all)?.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}
