//! The ledger's copies: one moment of it, taken while others write.

use super::{Ledger, LedgerError, private};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

impl Ledger {
    /// Copies the ledger as it is at this moment into a file that is not there yet.
    pub fn copy_to(&self, path: &Path) -> Result<(), LedgerError> {
        private::tighten(path);
        let mut copy = Connection::open(path)?;
        // All pages in one step: no write comes between them.
        if Backup::new(&self.0, &mut copy)?.step(-1)? != StepResult::Done {
            return Err(LedgerError::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None));
        }
        // A copy is one file, without a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        // Whoever was signed in is not so again by a copy.
        copy.pragma_update(None, "secure_delete", "ON")?;
        let copy = Self(copy);
        copy.end_sessions()?;
        copy.0.close().map_err(|(_, error)| error)
    }

    /// Opens a copy for reading alone.
    pub fn open_copy(path: &Path) -> Result<Self, LedgerError> {
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).map(Self)
    }

    /// What SQLite finds wrong with the file, if anything.
    pub fn unsound(&self) -> Result<Option<String>, LedgerError> {
        let said: String = self.0.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        Ok((said != "ok").then_some(said))
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
