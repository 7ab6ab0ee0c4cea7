//! What of a run's counts is held back where statistics are closed, as its record keeps it.

use crate::model::account::Place;
use crate::model::few::Told;
use crate::model::severity::Severity;
use serde::{Deserialize, Serialize};

/// Places where records end.
const PLACES: usize = Place::ALL.len();

/// What is held back of a run's counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    /// Of records, by source of statistics and form.
    pub records: Vec<HeldRecords>,
    /// So many findings rest on statistics of somebody without consent, by severity in the order of [`Severity::ALL`], and are
    /// not counted; of a run that did not note it, who knows how many.
    #[serde(default = "unknown")]
    pub closed_findings: [u64; Severity::ALL.len()],
    /// So many files are of sources of statistics, read and not to be read, and are not counted: a bureau may send one an
    /// enterprise.
    #[serde(default = "unknown")]
    pub closed_files: [u64; 2],
    /// So many records of one form may be of two enterprises; more are of three.
    #[serde(alias = "few_outcomes")]
    pub few_records: u64,
}

/// More than there are.
fn unknown<const KINDS: usize>() -> [u64; KINDS] {
    [u64::MAX; KINDS]
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
    /// What was told of those without consent in this run and in earlier ones, by place and in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
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
}
