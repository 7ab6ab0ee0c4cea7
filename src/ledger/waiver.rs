//! Waivers (豁免): that an enterprise need not meet a criterion. One person asks, a second one grants or refuses; what was granted
//! can be withdrawn, and counts until its day. Nothing is deleted.

use super::audit::noted;
use super::{By, Ledger, LedgerError};
use crate::model::waiver::Waiver;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::Serialize;

/// What became of a request for a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaiverState {
    /// Nobody has decided.
    Asked,
    /// It counts until its day.
    Granted,
    /// It never counted.
    Refused,
    /// It counts no more.
    Withdrawn,
}

impl WaiverState {
    /// Its word.
    pub fn id(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of(word: &str) -> Self {
        [Self::Granted, Self::Refused, Self::Withdrawn].into_iter().find(|state| state.id() == word).unwrap_or(Self::Asked)
    }
}

/// A waiver with all that was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaiverRecord {
    /// What is asked; `granted_by` is whoever decided, empty while nobody has.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// The enterprise's name when it was asked.
    pub name: String,
    /// What became of it.
    pub state: WaiverState,
    /// When it was asked.
    pub asked: String,
    /// When it was decided.
    pub decided: Option<String>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct WaiverRequest<'a> {
    /// The enterprise's key.
    pub enterprise: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The criterion.
    pub criterion: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The last reference date for which it is to count, `YYYY-MM-DD`.
    pub until: &'a str,
}

/// Why nothing was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDecided {
    /// There is no such request.
    Unknown,
    /// It is decided already, or not in a state from which this can follow.
    Decided,
    /// Who asks does not grant.
    SamePerson,
}

const RECORD: &str =
    "SELECT number, enterprise, name, criterion, reason, until, asked_by, asked, state, coalesce(decided_by, ''), decided FROM waiver";

fn record(row: &Row<'_>) -> Result<WaiverRecord, LedgerError> {
    let until: String = row.get(5)?;
    let until = until.parse().map_err(|e| LedgerError::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(e)))?;
    let waiver = Waiver {
        number: row.get(0)?,
        enterprise: row.get(1)?,
        criterion: row.get(3)?,
        asked_by: row.get(6)?,
        granted_by: row.get(9)?,
        reason: row.get(4)?,
        until,
    };
    let state: String = row.get(8)?;
    Ok(WaiverRecord { waiver, name: row.get(2)?, state: WaiverState::of(&state), asked: row.get(7)?, decided: row.get(10)? })
}

impl Ledger {
    /// Keeps a request; gives its number.
    pub fn ask_waiver(&mut self, request: &WaiverRequest<'_>, by: By<'_>) -> Result<i64, LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let WaiverRequest { enterprise, name, criterion, reason, until } = request;
        transaction.execute(
            "INSERT INTO waiver (enterprise, name, criterion, reason, until, asked_by, asked, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'asked')",
            params![enterprise, name, criterion, reason, until, by.account, by.at],
        )?;
        let number = transaction.last_insert_rowid();
        noted(&transaction, by, "waiver_asked", enterprise, &format!("{number} {criterion} {until}"))?;
        transaction.commit()?;
        Ok(number)
    }

    /// Grants or refuses a request of somebody else.
    pub fn decide_waiver(&mut self, number: i64, granted: bool, by: By<'_>) -> Result<Result<(), NotDecided>, LedgerError> {
        let (state, action) = if granted { (WaiverState::Granted, "waiver_granted") } else { (WaiverState::Refused, "waiver_refused") };
        self.settle_waiver(number, WaiverState::Asked, state, (action, granted), by)
    }

    /// Withdraws what was granted, or one's own request.
    pub fn withdraw_waiver(&mut self, number: i64, by: By<'_>) -> Result<Result<(), NotDecided>, LedgerError> {
        self.settle_waiver(number, WaiverState::Granted, WaiverState::Withdrawn, ("waiver_withdrawn", false), by)
    }

    fn settle_waiver(
        &mut self,
        number: i64,
        from: WaiverState,
        to: WaiverState,
        (action, by_another): (&str, bool),
        by: By<'_>,
    ) -> Result<Result<(), NotDecided>, LedgerError> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(known) = find(&transaction, number)? else { return Ok(Err(NotDecided::Unknown)) };
        if known.state != from {
            return Ok(Err(NotDecided::Decided));
        }
        if by_another && known.waiver.asked_by == by.account {
            return Ok(Err(NotDecided::SamePerson));
        }
        // Who granted it stays on record when it is withdrawn; the log says who did that.
        let decider = if from == WaiverState::Asked { by.account } else { &known.waiver.granted_by };
        transaction.execute(
            "UPDATE waiver SET state = ?2, decided_by = ?3, decided = ?4 WHERE number = ?1",
            params![number, to.id(), decider, by.at],
        )?;
        noted(&transaction, by, action, &known.waiver.enterprise, &format!("{number} {}", known.waiver.criterion))?;
        transaction.commit()?;
        Ok(Ok(()))
    }

    /// Everything that was asked, the last first.
    pub fn waivers(&self) -> Result<Vec<WaiverRecord>, LedgerError> {
        self.0.prepare_cached(&format!("{RECORD} ORDER BY number DESC"))?.query_map([], record)?.collect()
    }

    /// What is granted and not withdrawn, in the order in which it was asked.
    pub fn granted_waivers(&self) -> Result<Vec<Waiver>, LedgerError> {
        let granted = format!("{RECORD} WHERE state = 'granted' ORDER BY number");
        self.0.prepare_cached(&granted)?.query_map([], |row| record(row).map(|r| r.waiver))?.collect()
    }
}

fn find(transaction: &Transaction<'_>, number: i64) -> Result<Option<WaiverRecord>, LedgerError> {
    transaction.query_row(&format!("{RECORD} WHERE number = ?1"), [number], record).optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_person_grants_and_what_is_withdrawn_counts_no_more() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let by = |account| By { account, role: "leader", address: "", at: "2026-06-30T08:00:00+0800" };
        let request = WaiverRequest { enterprise: "9X", name: "甲", criterion: "revenue", reason: "新设企业", until: "2026-12-31" };
        let number = ledger.ask_waiver(&request, by("a"))?;
        assert!(ledger.granted_waivers()?.is_empty(), "what is only asked does not count");
        assert_eq!(ledger.decide_waiver(number, true, by("a"))?, Err(NotDecided::SamePerson));
        assert_eq!(ledger.decide_waiver(7, true, by("b"))?, Err(NotDecided::Unknown));
        assert_eq!(ledger.withdraw_waiver(number, by("b"))?, Err(NotDecided::Decided));
        assert_eq!(ledger.decide_waiver(number, true, by("b"))?, Ok(()));
        assert_eq!(ledger.decide_waiver(number, false, by("c"))?, Err(NotDecided::Decided));
        let granted = ledger.granted_waivers()?;
        assert_eq!((granted.len(), granted[0].asked_by.as_str(), granted[0].granted_by.as_str()), (1, "a", "b"));
        assert_eq!(ledger.withdraw_waiver(number, by("c"))?, Ok(()));
        assert!(ledger.granted_waivers()?.is_empty());
        let refused = ledger.ask_waiver(&request, by("a"))?;
        // Whoever asked may refuse it themselves: it only takes it back.
        assert_eq!(ledger.decide_waiver(refused, false, by("a"))?, Ok(()));
        let states: Vec<WaiverState> = ledger.waivers()?.iter().map(|w| w.state).collect();
        assert_eq!(states, [WaiverState::Refused, WaiverState::Withdrawn]);
        Ok(())
    }
}
