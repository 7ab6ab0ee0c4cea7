//! Sessions of signed-in people, as opaque texts. An id is known by its hash alone: whoever reads the ledger signs in nowhere.

use super::audit::noted;
use super::{By, Ledger, LedgerError};
use rusqlite::{OptionalExtension, TransactionBehavior, params};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// What belongs to it.
    pub data: String,
    /// Its end in any case, in seconds since 1970.
    pub expires: i64,
    /// When it was last used.
    pub seen: i64,
}

impl Ledger {
    /// Keeps a new session, known by the hash of its id.
    pub fn begin_session(&self, sha256: &str, session: &KeptSession) -> Result<(), LedgerError> {
        let sql = "INSERT INTO session (sha256, data, expires, seen) VALUES (?1, ?2, ?3, ?4)";
        self.0.execute(sql, params![sha256, session.data, session.expires, session.seen]).map(|_| ())
    }

    /// Keeps what belongs to a session. One that has ended meanwhile does not come back.
    pub fn keep_session(&self, sha256: &str, data: &str) -> Result<(), LedgerError> {
        self.0.execute("UPDATE session SET data = ?2 WHERE sha256 = ?1", params![sha256, data]).map(|_| ())
    }

    /// A session that has not ended at `now`, and that was used after `idle`.
    pub fn session(&self, sha256: &str, now: i64, idle: i64) -> Result<Option<KeptSession>, LedgerError> {
        let sql = "SELECT data, expires, seen FROM session WHERE sha256 = ?1 AND expires > ?2 AND seen > ?3";
        let read = |row: &rusqlite::Row<'_>| Ok(KeptSession { data: row.get(0)?, expires: row.get(1)?, seen: row.get(2)? });
        self.0.query_row(sql, params![sha256, now, idle], read).optional()
    }

    /// Notes that a session was used.
    pub fn touch_session(&self, sha256: &str, now: i64) -> Result<(), LedgerError> {
        self.0.execute("UPDATE session SET seen = ?2 WHERE sha256 = ?1", params![sha256, now]).map(|_| ())
    }

    /// Ends a session.
    pub fn end_session(&self, sha256: &str) -> Result<(), LedgerError> {
        self.0.execute("DELETE FROM session WHERE sha256 = ?1", [sha256]).map(|_| ())
    }

    /// Ends a session in whose name its owner leaves; the entry in the audit log comes with it.
    pub fn sign_out(&mut self, sha256: &str, by: By<'_>) -> Result<(), LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM session WHERE sha256 = ?1", [sha256])?;
        noted(&transaction, by, "sign_out", by.account, "")?;
        transaction.commit()
    }

    /// Ends all sessions, as in a ledger that is copied or comes back; gives how many.
    pub fn end_sessions(&self) -> Result<usize, LedgerError> {
        self.0.execute("DELETE FROM session", [])
    }

    /// How many sessions are kept.
    pub fn sessions(&self) -> Result<u64, LedgerError> {
        self.0.query_row("SELECT count(*) FROM session", [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    /// Forgets sessions that ended before `now`, or were not used after `idle`; gives how many.
    pub fn sweep_sessions(&self, now: i64, idle: i64) -> Result<usize, LedgerError> {
        self.0.execute("DELETE FROM session WHERE expires <= ?1 OR seen <= ?2", [now, idle])
    }

    /// The key that signs what browsers are known by.
    pub fn browser_key(&self) -> Result<Vec<u8>, LedgerError> {
        self.0.query_row("SELECT key FROM browser_key", [], |row| row.get(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_unused_or_in_any_case_and_never_comes_back() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let begun = KeptSession { data: "{}".into(), expires: 1000, seen: 100 };
        ledger.begin_session("a", &begun)?;
        assert!(ledger.begin_session("a", &begun).is_err(), "an id is given out once");
        assert_eq!(ledger.session("a", 150, 90)?.as_ref(), Some(&begun));
        assert_eq!(ledger.session("a", 150, 100)?, None, "unused");
        ledger.touch_session("a", 500)?;
        assert!(ledger.session("a", 999, 499)?.is_some());
        assert_eq!(ledger.session("a", 1000, 499)?, None, "at last in any case");
        ledger.end_session("a")?;
        ledger.keep_session("a", "{}")?;
        ledger.touch_session("a", 600)?;
        assert_eq!((ledger.session("a", 600, 0)?, ledger.sessions()?), (None, 0), "what was under way does not revive it");
        ledger.begin_session("b", &begun)?;
        assert_eq!((ledger.sweep_sessions(200, 50)?, ledger.sweep_sessions(200, 100)?), (0, 1));
        Ok(())
    }
}
