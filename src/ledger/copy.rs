//! The ledger's copies: one moment of it, taken while others write.

use super::schema::MIGRATIONS;
use super::{Ledger, LedgerError, private};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;

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

    /// Whether tables, indexes and triggers are those that this build makes: a trigger of somebody else's would act whenever
    /// the ledger is written to.
    pub fn is_of_our_making(&self) -> Result<bool, LedgerError> {
        let made = Connection::open_in_memory()?;
        MIGRATIONS.iter().try_for_each(|migration| made.execute_batch(migration))?;
        Ok(shape(&self.0)? == shape(&made)?)
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

/// What a ledger is made of, as it was written, but for SQLite's own.
fn shape(connection: &Connection) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let all = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
    connection.prepare(all)?.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}
