//! What of a run's counts is held back where statistics are closed, as its record keeps it.

use crate::model::account::Place;
use crate::model::severity::Severity;
use serde::{Deserialize, Serialize};

/// Places where records end.
const PLACES: usize = Place::ALL.len();

/// What is held back of a run's counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Of records, by source of statistics and form.
    pub records: Vec<HeldRecords>,
    /// Whether the number of all findings is, by severity in the order of [`Severity::ALL`].
    pub findings: [bool; Severity::ALL.len()],
    /// So many outcomes of an edit over one field may be of two enterprises; more are of three.
    pub few_outcomes: u64,
}

/// What is held back of the records of one form from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRecords {
    /// The source.
    pub source: String,
    /// The form.
    pub dataset: String,
    /// Whether the number of those that ended in a place is, in the order of [`Place::ALL`].
    pub places: [bool; PLACES],
    /// Whether the number of all of them is.
    pub all: bool,
}

impl HeldBack {
    /// What is held back of the sum of some sources and forms: what is of any of them.
    pub fn of(&self, chosen: impl Fn(&str, &str) -> bool) -> ([bool; PLACES], bool) {
        let own = self.records.iter().filter(|held| chosen(&held.source, &held.dataset));
        own.fold(([false; PLACES], false), |(mut places, all), held| {
            places.iter_mut().zip(held.places).for_each(|(sum, place)| *sum |= place);
            (places, all | held.all)
        })
    }

    /// What is held back of the outcomes of an edit of statistics: all of them, if any number of them is small.
    pub fn holds_outcomes(&self, numbers: [u64; 3], fields: usize) -> bool {
        let few = self.few_outcomes.saturating_mul(fields.max(1) as u64);
        numbers.into_iter().any(|number| (1..=few).contains(&number))
    }
}
