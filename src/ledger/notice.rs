//! Notices that wait to be sent.

use super::{Ledger, LedgerError};
use rusqlite::params;

/// A notice that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Number.
    pub id: i64,
    /// The mark of the channel that it goes to.
    pub channel: String,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub tries: u32,
}

impl Ledger {
    /// Queues a notice.
    pub fn queue_notice(&self, channel: &str, body: &str, now: &str) -> Result<(), LedgerError> {
        let sql = "INSERT INTO notice (channel, body, created, next_try) VALUES (?1, ?2, ?3, ?3)";
        self.0.execute(sql, [channel, body, now]).map(|_| ())
    }

    /// Notices to be tried by now, oldest first.
    pub fn due_notices(&self, now: &str) -> Result<Vec<Notice>, LedgerError> {
        let sql = "
            SELECT id, channel, body, tries FROM notice
            WHERE sent IS NULL AND given_up IS NULL AND next_try <= ?1 ORDER BY id LIMIT 50";
        self.0
            .prepare_cached(sql)?
            .query_map([now], |row| Ok(Notice { id: row.get(0)?, channel: row.get(1)?, body: row.get(2)?, tries: row.get(3)? }))?
            .collect()
    }

    /// Records that a notice arrived.
    pub fn notice_sent(&self, id: i64, now: &str) -> Result<(), LedgerError> {
        self.0.execute("UPDATE notice SET sent = ?2, tries = tries + 1 WHERE id = ?1", params![id, now]).map(|_| ())
    }

    /// Records a try in vain: when the next one is, or that there is none.
    pub fn notice_failed(&self, id: i64, next_try: Option<&str>, now: &str) -> Result<(), LedgerError> {
        let sql = "
            UPDATE notice SET tries = tries + 1, next_try = coalesce(?2, next_try),
            given_up = CASE WHEN ?2 IS NULL THEN ?3 END WHERE id = ?1";
        self.0.execute(sql, params![id, next_try, now]).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_waits_for_its_next_try_and_is_given_up_at_last() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        ledger.queue_notice("c", "{}", "t1")?;
        let first = ledger.due_notices("t1")?.pop().ok_or("a notice")?;
        ledger.notice_failed(first.id, Some("t5"), "t1")?;
        assert_eq!(ledger.due_notices("t4")?, []);
        assert_eq!(ledger.due_notices("t5")?.first().map(|n| n.tries), Some(1));
        ledger.notice_failed(first.id, None, "t5")?;
        assert_eq!(ledger.due_notices("t9")?, []);
        ledger.queue_notice("c", "{}", "t6")?;
        let second = ledger.due_notices("t6")?.pop().ok_or("a notice")?;
        ledger.notice_sent(second.id, "t6")?;
        assert_eq!(ledger.due_notices("t9")?, []);
        Ok(())
    }
}
