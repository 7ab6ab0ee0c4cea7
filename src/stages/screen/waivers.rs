//! Waivers in force, as criteria ask for them.

use crate::model::waiver::Waiver;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Waivers by enterprise and criterion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waivers(BTreeMap<(String, String), Waiver>);

impl Waivers {
    /// Those that count at a reference date; of several for one criterion the last one granted.
    pub fn at(as_of: NaiveDate, all: impl IntoIterator<Item = Waiver>) -> Self {
        let mut waivers = BTreeMap::new();
        for waiver in all.into_iter().filter(|waiver| as_of <= waiver.until) {
            let key = (waiver.enterprise.clone(), waiver.criterion.clone());
            let newer = |held: &Waiver| held.number < waiver.number;
            if waivers.get(&key).is_none_or(newer) {
                waivers.insert(key, waiver);
            }
        }
        Self(waivers)
    }

    /// Whether a criterion is waived for an enterprise.
    pub fn has(&self, enterprise: &str, criterion: &str) -> bool {
        !self.0.is_empty() && self.0.contains_key(&(enterprise.to_owned(), criterion.to_owned()))
    }

    /// All of them, by enterprise and criterion.
    pub fn iter(&self) -> impl Iterator<Item = &Waiver> {
        self.0.values()
    }

    /// All of them as one text: equal texts decide alike.
    pub fn identity(&self) -> String {
        let told = |w: &Waiver| {
            let parts = [&w.enterprise, &w.criterion, &w.asked_by, &w.granted_by, &w.reason];
            format!("waived\t{}\t{parts:?}\t{}\n", w.number, w.until)
        };
        self.iter().map(told).collect()
    }
}
