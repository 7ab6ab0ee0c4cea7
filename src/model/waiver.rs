//! Waivers (豁免): that an enterprise need not meet a criterion, decided by two persons, and until when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A waiver in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Its number in the ledger.
    pub number: i64,
    /// The enterprise's key.
    pub enterprise: String,
    /// The criterion.
    pub criterion: String,
    /// Who asked for it.
    pub asked_by: String,
    /// The second person, who granted it.
    pub granted_by: String,
    /// Why.
    pub reason: String,
    /// The last reference date for which it counts.
    #[serde(with = "crate::model::day")]
    pub until: NaiveDate,
}
