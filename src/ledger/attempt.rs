//! What the portal started, and what became of it.

use super::{Ledger, LedgerError};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody asked for it.
    Manual,
    /// It was due.
    Schedule,
    /// It was due while the portal was not there.
    MadeUp,
    /// A return arrived.
    Arrival,
    /// The first of a demo.
    First,
    /// The command line, past the portal.
    Command,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new run stands.
    Done,
    /// Nothing had changed; the last run stands.
    Unchanged,
    /// It could not go on.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its process ended without a word.
    Died,
    /// The portal was stopped while it ran; it is made up.
    Parked,
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 6] = [Cause::Manual, Cause::Schedule, Cause::MadeUp, Cause::Arrival, Cause::First, Cause::Command];

    /// The word in the ledger and the API.
    pub fn id(self) -> &'static str {
        match self {
            Cause::Manual => "manual",
            Cause::Schedule => "schedule",
            Cause::MadeUp => "made_up",
            Cause::Arrival => "arrival",
            Cause::First => "first",
            Cause::Command => "command",
        }
    }
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 6] = [Outcome::Done, Outcome::Unchanged, Outcome::Failed, Outcome::Cancelled, Outcome::Died, Outcome::Parked];

    /// The word in the ledger and the API.
    pub fn id(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Died => "died",
            Outcome::Parked => "parked",
        }
    }
}

/// A line of the history: an attempt of the portal, or a run of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// Number of the attempt; nothing for a run of the command line.
    pub attempt: Option<i64>,
    /// Why it was started.
    pub cause: Cause,
    /// Who started it.
    pub account: Option<String>,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub finished: Option<String>,
    /// How it ended; nothing while it runs.
    pub outcome: Option<Outcome>,
    /// The run that stands after it.
    pub run: Option<String>,
    /// Why it failed, as people read it.
    pub message: Option<String>,
    /// The run's figures, as JSON.
    pub summary: Option<String>,
}

/// How an attempt ended, to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// How.
    pub outcome: Outcome,
    /// The run that stands after it.
    pub run: Option<&'a str>,
    /// Why it failed, as people read it.
    pub message: Option<&'a str>,
}

const HISTORY: &str = "
    SELECT a.id, a.cause, a.account, a.started, a.finished, a.outcome, a.run, a.message, r.summary
    FROM attempt a LEFT JOIN run r ON r.id = a.run
    UNION ALL
    SELECT NULL, 'command', NULL, r.started, r.finished, 'done', r.id, NULL, r.summary
    FROM run r WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.run = r.id)";

fn line(row: &Row<'_>) -> Result<HistoryLine, LedgerError> {
    let unknown = |column, id: &str| LedgerError::InvalidColumnType(column, id.to_owned(), rusqlite::types::Type::Text);
    let (cause, outcome): (String, Option<String>) = (row.get(1)?, row.get(5)?);
    let outcome = outcome.map(|id| Outcome::ALL.into_iter().find(|o| o.id() == id).ok_or_else(|| unknown(5, &id)));
    Ok(HistoryLine {
        attempt: row.get(0)?,
        cause: Cause::ALL.into_iter().find(|c| c.id() == cause).ok_or_else(|| unknown(1, &cause))?,
        account: row.get(2)?,
        started: row.get(3)?,
        finished: row.get(4)?,
        outcome: outcome.transpose()?,
        run: row.get(6)?,
        message: row.get(7)?,
        summary: row.get(8)?,
    })
}

impl Ledger {
    /// Records that an attempt begins; gives its number. `due` is the moment of the schedule that it serves.
    pub fn begin_attempt(&self, cause: Cause, account: Option<&str>, due: Option<&str>, now: &str) -> Result<i64, LedgerError> {
        self.0.execute(
            "INSERT INTO attempt (cause, account, due, started) VALUES (?1, ?2, ?3, ?4)",
            params![cause.id(), account, due, now],
        )?;
        Ok(self.0.last_insert_rowid())
    }

    /// Records how an attempt ended.
    pub fn end_attempt(&self, id: i64, ending: Ending<'_>, now: &str) -> Result<(), LedgerError> {
        let Ending { outcome, run, message } = ending;
        let sql = "UPDATE attempt SET finished = ?2, outcome = ?3, run = ?4, message = ?5 WHERE id = ?1 AND outcome IS NULL";
        self.0.execute(sql, params![id, now, outcome.id(), run, message]).map(|_| ())
    }

    /// Closes what a portal that was killed left open; gives their numbers.
    pub fn close_attempts(&self, now: &str) -> Result<Vec<i64>, LedgerError> {
        let sql = "UPDATE attempt SET finished = ?1, outcome = 'died' WHERE outcome IS NULL RETURNING id";
        self.0.prepare_cached(sql)?.query_map([now], |row| row.get(0))?.collect()
    }

    /// Lines of the history from the newest, and how many there are.
    pub fn history(&self, skip: u64, most: u64) -> Result<(Vec<HistoryLine>, u64), LedgerError> {
        let [skip, most] = [skip, most].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let sql = format!("SELECT * FROM ({HISTORY}) ORDER BY started DESC, id DESC LIMIT ?1 OFFSET ?2");
        let lines = self.0.prepare_cached(&sql)?.query_map([most, skip], line)?.collect::<Result<_, _>>()?;
        let all: i64 = self.0.query_row(&format!("SELECT count(*) FROM ({HISTORY})"), [], |row| row.get(0))?;
        Ok((lines, all.unsigned_abs()))
    }

    /// The line of the history that made a run.
    pub fn history_of(&self, run: &str) -> Result<Option<HistoryLine>, LedgerError> {
        let sql = format!("SELECT * FROM ({HISTORY}) AS h WHERE h.run = ?1 AND h.outcome = 'done' ORDER BY h.started LIMIT 1");
        self.0.query_row(&sql, [run], line).optional()
    }

    /// When the last attempt failed, if no run succeeded after it.
    pub fn failure(&self) -> Result<Option<String>, LedgerError> {
        let sql = "
            SELECT a.started FROM attempt a WHERE a.outcome IN ('failed', 'died')
            AND NOT EXISTS (SELECT 1 FROM attempt b WHERE b.id > a.id AND b.outcome IN ('done', 'unchanged'))
            AND NOT EXISTS (SELECT 1 FROM run r WHERE r.started > a.finished)
            ORDER BY a.id DESC LIMIT 1";
        self.0.query_row(sql, [], |row| row.get(0)).optional()
    }

    /// How many attempts a due moment had that did not come to an end, and whether one did.
    pub fn served(&self, due: &str) -> Result<(u32, bool), LedgerError> {
        let sql = "
            SELECT count(*) FILTER (WHERE outcome = 'died'), count(*) FILTER (WHERE outcome NOT IN ('died', 'parked'))
            FROM attempt WHERE due >= ?1";
        self.0.query_row(sql, [due], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? > 0)))
    }

    /// Whether the last attempt was parked when the portal stopped.
    pub fn is_parked(&self) -> Result<bool, LedgerError> {
        let last: Option<Option<String>> =
            self.0.query_row("SELECT outcome FROM attempt ORDER BY id DESC LIMIT 1", [], |row| row.get(0)).optional()?;
        Ok(last.flatten().as_deref() == Some(Outcome::Parked.id()))
    }

    /// The first moment that the portal knows of, which nothing can be missed before.
    pub fn since(&self) -> Result<Option<String>, LedgerError> {
        self.0.query_row("SELECT min(at) FROM (SELECT min(at) AS at FROM audit UNION ALL SELECT min(started) FROM attempt)", [], |row| {
            row.get(0)
        })
    }

    /// What is known of a run.
    pub fn run(&self, id: &str) -> Result<Option<RecordedRun>, LedgerError> {
        let sql = "SELECT as_of, started, finished, build, summary FROM run WHERE id = ?1";
        let run = |row: &Row<'_>| {
            let (as_of, started, finished) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(RecordedRun { as_of, started, finished, build: row.get(3)?, summary: row.get(4)? })
        };
        self.0.query_row(sql, [id], run).optional()
    }
}

/// A finished run as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRun {
    /// Reference date.
    pub as_of: String,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub finished: String,
    /// What identifies the build that made it; empty of builds that did not note it.
    pub build: String,
    /// Its figures, as JSON.
    pub summary: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MadeRun;

    fn ending(outcome: Outcome, run: Option<&str>) -> Ending<'_> {
        Ending { outcome, run, message: None }
    }

    #[test]
    fn a_failure_is_said_until_a_run_succeeds() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let first = ledger.begin_attempt(Cause::Schedule, None, Some("d1"), "t1")?;
        ledger.end_attempt(first, ending(Outcome::Failed, None), "t2")?;
        assert_eq!(ledger.failure()?.as_deref(), Some("t1"));
        let second = ledger.begin_attempt(Cause::Manual, Some("a"), None, "t3")?;
        ledger.end_attempt(second, ending(Outcome::Cancelled, None), "t4")?;
        assert_eq!(ledger.failure()?.as_deref(), Some("t1"), "a cancelled run mends nothing");
        let third = ledger.begin_attempt(Cause::Manual, Some("a"), None, "t5")?;
        ledger.end_attempt(third, ending(Outcome::Unchanged, Some("r")), "t6")?;
        assert_eq!(ledger.failure()?, None);
        let (lines, all) = ledger.history(0, 2)?;
        assert_eq!((lines.iter().map(|l| l.attempt).collect::<Vec<_>>(), all), (vec![Some(third), Some(second)], 3));
        Ok(())
    }

    #[test]
    fn what_was_left_open_is_closed_and_its_moment_is_not_served() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        assert_eq!(ledger.since()?, None);
        let open = ledger.begin_attempt(Cause::Schedule, None, Some("d2"), "t1")?;
        assert_eq!(ledger.close_attempts("t2")?, [open]);
        assert_eq!(ledger.served("d2")?, (1, false));
        let again = ledger.begin_attempt(Cause::MadeUp, None, Some("d2"), "t3")?;
        ledger.end_attempt(again, ending(Outcome::Parked, None), "t4")?;
        assert_eq!((ledger.served("d2")?, ledger.is_parked()?), ((1, false), true));
        let last = ledger.begin_attempt(Cause::MadeUp, None, Some("d2"), "t5")?;
        ledger.end_attempt(last, ending(Outcome::Done, Some("r")), "t6")?;
        assert_eq!((ledger.served("d2")?, ledger.is_parked()?), ((1, true), false));
        assert_eq!(ledger.since()?.as_deref(), Some("t1"));
        Ok(())
    }

    #[test]
    fn runs_of_the_command_line_are_in_the_history() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        ledger.record_run(&MadeRun { id: "r1", key: "k", started: "t1", finished: "t2", summary: "{}", ..MadeRun::default() })?;
        let attempt = ledger.begin_attempt(Cause::Manual, Some("a"), None, "t3")?;
        ledger.record_run(&MadeRun { id: "r2", key: "k", started: "t3", finished: "t4", summary: "{}", ..MadeRun::default() })?;
        ledger.end_attempt(attempt, ending(Outcome::Done, Some("r2")), "t4")?;
        let (lines, _) = ledger.history(0, 10)?;
        let seen: Vec<_> = lines.iter().map(|l| (l.cause, l.run.as_deref())).collect();
        assert_eq!(seen, [(Cause::Manual, Some("r2")), (Cause::Command, Some("r1"))]);
        assert_eq!(ledger.history_of("r1")?.map(|l| l.cause), Some(Cause::Command));
        Ok(())
    }
}
