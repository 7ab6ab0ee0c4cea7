//! The ledger: SQLite in `<outputs>/.huichi/`, the only room that knows the driver.
//!
//! Owns: which content was received when from whom, the state of HTTP sources, the history of runs; accounts, sessions
//! and the audit log of the portal.
//! Invariants: migrations are append-only and run in one transaction; nothing of a file's content is kept here.

mod account;
mod adoption;
mod anchor;
mod attempt;
mod audit;
mod copy;
mod history;
mod look;
mod notice;
mod people;
mod private;
mod retention;
mod schema;
mod session;
mod trend;
mod waiver;

pub use account::{Account, NewAccount, Token};
pub use adoption::Adoption;
pub use anchor::{ANCHORED, Anchor, Anchored, Anchors, Astray, Key};
pub use attempt::{Cause, Ending, HistoryLine, Outcome, RecordedRun};
pub use audit::{AuditFilter, Broken, By, ChainEntry, NewEntry};
pub use notice::Notice;
pub use people::{AccountChange, Made, NotMade};
pub use private::{private_file, private_folder};
pub use session::KeptSession;
pub use trend::{Finished, Tallies};
pub use waiver::{NotDecided, WaiverRecord, WaiverRequest, WaiverState};
mod arrival;
mod explanation;
mod standing;
mod upload;

pub use arrival::Arrival;
pub use explanation::{Answer, Explanation};
pub use standing::{Choices, FiledReturn, Holding, Pair, Pairs, Said};
pub use upload::{NewUpload, Tally, Upload, UploadPart, Verdict};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use schema::MIGRATIONS;
use std::path::Path;
use std::time::Duration;

/// A failure of the ledger.
pub type LedgerError = rusqlite::Error;

/// A ledger that a newer build made: its schema, and the newest that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newer {
    /// The ledger's schema.
    pub found: usize,
    /// The newest that is known.
    pub known: usize,
}

impl std::fmt::Display for Newer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "schema {}, known up to {}", self.found, self.known)
    }
}

impl std::error::Error for Newer {}

/// The schema of a newer build, if that is the failure.
pub fn is_newer(error: &LedgerError) -> Option<Newer> {
    let LedgerError::ToSqlConversionFailure(reason) = error else { return None };
    reason.downcast_ref().copied()
}

/// Refuses a schema that this build does not know: to write by an older one would break it.
fn refuse_newer(found: usize) -> Result<(), LedgerError> {
    let known = MIGRATIONS.len();
    if found > known { Err(LedgerError::ToSqlConversionFailure(Box::new(Newer { found, known }))) } else { Ok(()) }
}

/// The version of an open ledger's schema.
fn version(connection: &Connection) -> Result<usize, LedgerError> {
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).map(|v| v as usize)
}

/// Whether a failure means that somebody else had the ledger for too long.
pub fn is_busy(error: &LedgerError) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

/// Whether a failure means that the ledger can only be read.
pub fn is_sealed(error: &LedgerError) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly))
}

/// Whether a failure means that the disk takes no more.
pub fn is_full(error: &LedgerError) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// Whether a failure means that nothing could be written: the disk is full, a limit is reached (SQLite tells of a quota as of
/// a bad disk), or the disk is bad.
pub fn is_unwritable(error: &LedgerError) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    let failed = [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE];
    is_full(error) || error.sqlite_error().is_some_and(|e| failed.contains(&e.extended_code))
}

/// What the ledger knows of an HTTP source's last good version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpVersion {
    /// Content hash.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Validator of the other side, for conditional requests.
    pub etag: Option<String>,
    /// Date of the other side, for conditional requests.
    pub last_modified: Option<String>,
    /// When it was received.
    pub received: String,
}

/// A finished run, to be recorded.
#[derive(Debug, Clone, Copy, Default)]
pub struct MadeRun<'a> {
    /// Its id.
    pub id: &'a str,
    /// The hash of all that decided it, its build too; empty if it is never taken for the last word.
    pub key: &'a str,
    /// Its reference date.
    pub as_of: &'a str,
    /// When it began.
    pub started: &'a str,
    /// When it ended.
    pub finished: &'a str,
    /// What identifies the build that made it.
    pub build: &'a str,
    /// Its figures, as JSON.
    pub summary: &'a str,
}

/// An open ledger, and the folder of the copy that it is, if it is one.
pub struct Ledger(Connection, #[allow(dead_code, reason = "goes with the connection")] Option<tempfile::TempDir>);

/// So long a run, or the command line, waits for others that write; each write is short.
const PATIENCE: Duration = Duration::from_secs(10);

impl Ledger {
    /// Opens the ledger and brings it to the current schema.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        refuse_newer(look::header(path))?;
        private::tighten(path);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        refuse_newer(version(&connection)?)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is deleted is gone from the file as well.
        connection.pragma_update(None, "secure_delete", "ON")?;
        let was = version(&connection)?;
        if was < MIGRATIONS.len() {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let version = version(&transaction)?;
            for (number, migration) in MIGRATIONS.iter().enumerate().skip(version) {
                transaction.execute_batch(migration)?;
                if number == schema::NAMED_ADDRESSES {
                    schema::name_addresses(&transaction)?;
                }
            }
            transaction.pragma_update(None, "user_version", u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))?;
            transaction.commit()?;
            if (1..=schema::NAMED_ADDRESSES).contains(&was) {
                schema::wipe(&connection);
            }
        }
        Ok(Self(connection, None))
    }

    /// Waits so long for others that write.
    pub fn wait(&self, patience: Duration) -> Result<(), LedgerError> {
        self.0.busy_timeout(patience)
    }

    /// Notes that a content was received at a path; gives when. What lies there unchanged keeps its receipt, and what comes
    /// back after another content has a new one.
    pub fn receive(&self, sha256: &str, source: &str, path: &str, bytes: u64, now: &str) -> Result<String, LedgerError> {
        let last = self
            .0
            .query_row(
                "SELECT sha256, received FROM receipt WHERE source = ?1 AND path = ?2 ORDER BY number DESC LIMIT 1",
                params![source, path],
                |row| Ok((row.get::<_, String>(0)?, row.get(1)?)),
            )
            .optional()?;
        if let Some((_, received)) = last.filter(|(last, _)| last == sha256) {
            return Ok(received);
        }
        self.0.execute(
            "INSERT INTO receipt (sha256, source, path, bytes, received) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![sha256, source, path, i64::try_from(bytes).unwrap_or(i64::MAX), now],
        )?;
        Ok(now.to_owned())
    }

    /// The receipt of what lies at a path: its number, and when it was received.
    pub fn receipt(&self, source: &str, path: &str) -> Result<Option<(i64, String)>, LedgerError> {
        let sql = "SELECT number, received FROM receipt WHERE source = ?1 AND path = ?2 ORDER BY number DESC LIMIT 1";
        self.0.prepare_cached(sql)?.query_row(params![source, path], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    }

    /// When a content was received at a path, the last time that it came.
    pub fn received(&self, source: &str, path: &str, sha256: &str) -> Result<Option<String>, LedgerError> {
        let sql = "SELECT received FROM receipt WHERE source = ?1 AND path = ?2 AND sha256 = ?3 ORDER BY number DESC LIMIT 1";
        self.0.prepare_cached(sql)?.query_row(params![source, path, sha256], |row| row.get(0)).optional()
    }

    /// The last good version of an HTTP source, by its address without secrets (`model::url`).
    pub fn http_version(&self, url: &str) -> Result<Option<HttpVersion>, LedgerError> {
        self.0
            .query_row("SELECT sha256, bytes, etag, last_modified, received FROM http_source WHERE url = ?1", [url], |row| {
                Ok(HttpVersion {
                    sha256: row.get(0)?,
                    bytes: row.get::<_, i64>(1)?.unsigned_abs(),
                    etag: row.get(2)?,
                    last_modified: row.get(3)?,
                    received: row.get(4)?,
                })
            })
            .optional()
    }

    /// Keeps a new version of an HTTP source.
    pub fn keep_http_version(&self, url: &str, version: &HttpVersion) -> Result<(), LedgerError> {
        self.0.execute(
            "INSERT OR REPLACE INTO http_source (url, sha256, bytes, etag, last_modified, received) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                url,
                version.sha256,
                i64::try_from(version.bytes).unwrap_or(i64::MAX),
                version.etag,
                version.last_modified,
                version.received
            ],
        )?;
        Ok(())
    }

    /// The id and summary of the last run, if it had this key.
    pub fn last_run(&self, key: &str) -> Result<Option<(String, String)>, LedgerError> {
        let last = self
            .0
            .query_row("SELECT id, key, summary FROM run ORDER BY finished DESC, rowid DESC LIMIT 1", [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        Ok(last.filter(|(_, k, _)| k == key).map(|(id, _, summary)| (id, summary)))
    }

    /// Records a finished run.
    pub fn record_run(&self, run: &MadeRun<'_>) -> Result<(), LedgerError> {
        let MadeRun { id, key, as_of, started, finished, build, summary } = *run;
        self.0.execute(
            "INSERT OR REPLACE INTO run (id, key, as_of, started, finished, build, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![id, key, as_of, started, finished, build, summary],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_unchanged_keeps_its_receipt_and_runs_answer_to_their_key() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ledger.sqlite");
        let ledger = Ledger::open(&path)?;
        assert_eq!(ledger.receive("ab", "统计局", "a.xlsx", 3, "2026-01-01")?, "2026-01-01");
        drop(ledger);
        let ledger = Ledger::open(&path)?;
        assert_eq!(ledger.receive("ab", "统计局", "a.xlsx", 3, "2026-02-02")?, "2026-01-01");
        assert_eq!(ledger.receive("cd", "统计局", "a.xlsx", 3, "2026-03-03")?, "2026-03-03");
        assert_eq!(ledger.receive("ab", "统计局", "a.xlsx", 3, "2026-04-04")?, "2026-04-04", "it came back after another");
        ledger.record_run(&MadeRun { id: "r1", key: "k1", build: "b1", summary: "{}", ..MadeRun::default() })?;
        assert_eq!(ledger.run("r1")?.map(|r| r.build).as_deref(), Some("b1"));
        assert_eq!(ledger.last_run("k1")?, Some(("r1".into(), "{}".into())));
        assert_eq!(ledger.last_run("k2")?, None);
        Ok(())
    }

    #[test]
    fn a_ledger_of_the_schema_before_keeps_receipts_and_versions() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ledger.sqlite");
        let old = Connection::open(&path)?;
        for migration in &MIGRATIONS[..2] {
            old.execute_batch(migration)?;
        }
        old.execute_batch(
            "INSERT INTO receipt VALUES ('ab', 's', 'a.xlsx', 3, 't2'), ('ab', 's', 'b.xlsx', 3, 't1');
             INSERT INTO arrival VALUES ('s', 'ab', 'returns', 2025, 7, 't1');
             INSERT INTO upload (number, id, source, account, name, sha256, bytes, received, series, part, verdict, parts)
             VALUES (3, 'x', 's', 'wang', 'n.xlsx', 'ab', 3, 't1', 'x', 'n', 'accepted', '[{\"form\":\"returns\",\"period\":2025,\"rows\":7}]'),
                    (7, 'y', 's', 'wang', 'n_v2.xlsx', 'cd', 3, 't2', 'x', 'n', NULL, NULL);
             PRAGMA user_version = 2;",
        )?;
        drop(old);
        let mut ledger = Ledger::open(&path)?;
        let versions: Vec<_> = ledger.versions("x")?.into_iter().map(|u| (u.number, u.version, u.tally.parts.len())).collect();
        assert_eq!(versions, [(3, 1, 1), (7, 2, 0)]);
        assert_eq!(ledger.receipt("s", "a.xlsx")?.map(|(_, received)| received).as_deref(), Some("t2"));
        assert_eq!(ledger.arrivals()?.len(), 1);
        assert_eq!(ledger.unheld_uploads()?.iter().map(|u| u.number).collect::<Vec<_>>(), [3], "its records are to be looked for");
        let by = By { account: "wang", role: "clerk", address: "", at: "t3" };
        let again = NewUpload {
            id: "z".into(),
            source: "s".into(),
            account: "wang".into(),
            name: "n.xlsx".into(),
            sha256: "ab".into(),
            bytes: 3,
            part: "n".into(),
            replaces: None,
        };
        assert_eq!(ledger.add_uploads(&[again], by)?, [("z".to_owned(), false)]);
        assert_eq!(ledger.upload("z")?.map(|u| (u.number, u.version)), Some((8, 3)), "the numbers go on");
        Ok(())
    }
}
