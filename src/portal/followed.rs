//! How far the audit log was found to hold.

use crate::ledger::{Anchor, Ledger, LedgerError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the portal knows of the log: it follows every entry of its own, so that nobody cuts off what it has written.
#[derive(Debug, Clone, Default)]
pub struct Followed(Arc<Mutex<Seen>>);

/// The part of the log that was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// The last entry that was seen to follow from the ones before.
    pub last: Option<Anchor>,
    /// When the whole log was last read, and held.
    pub read: Option<String>,
}

impl Followed {
    /// What was seen so far.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up the last entry, as long as what was known before still stands.
    pub fn follow(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let mut seen = self.seen();
        let stands = seen.last.as_ref().map_or(Ok(true), |known| ledger.has_entry(known))?;
        if stands {
            seen.last = ledger.last_entry()?;
        }
        Ok(())
    }
}
