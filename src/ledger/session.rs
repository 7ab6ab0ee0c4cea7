//! Sessions of signed-in people, as opaque texts.

use super::{Ledger, LedgerError};
use rusqlite::{OptionalExtension, params};

impl Ledger {
    /// Keeps a session; `expires` is in seconds since 1970.
    pub fn keep_session(&self, id: &str, data: &str, expires: i64) -> Result<(), LedgerError> {
        self.0.execute("INSERT OR REPLACE INTO session (id, data, expires) VALUES (?1, ?2, ?3)", params![id, data, expires]).map(|_| ())
    }

    /// The data and end of a session that has not ended at `now`.
    pub fn session(&self, id: &str, now: i64) -> Result<Option<(String, i64)>, LedgerError> {
        self.0
            .query_row("SELECT data, expires FROM session WHERE id = ?1 AND expires > ?2", params![id, now], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()
    }

    /// Ends a session.
    pub fn end_session(&self, id: &str) -> Result<(), LedgerError> {
        self.0.execute("DELETE FROM session WHERE id = ?1", [id]).map(|_| ())
    }

    /// Ends all sessions; gives how many.
    pub fn end_all_sessions(&self) -> Result<usize, LedgerError> {
        self.0.execute("DELETE FROM session", [])
    }

    /// Forgets sessions that ended before `now`; gives how many.
    pub fn sweep_sessions(&self, now: i64) -> Result<usize, LedgerError> {
        self.0.execute("DELETE FROM session WHERE expires <= ?1", [now])
    }
}
