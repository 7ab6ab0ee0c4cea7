//! Row accounting: where a record can end, and how many did.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Its enterprise meets every criterion.
    Pooled,
    /// Its enterprise does not.
    NotPooled,
    /// It has no usable key.
    Quarantined,
    /// A newer version counts.
    Superseded,
    /// It repeats another record.
    Duplicate,
    /// Its enterprise is not in the registry.
    NotLinked,
}

impl Place {
    /// All places, in the order of reports.
    pub const ALL: [Place; 6] =
        [Place::Pooled, Place::NotPooled, Place::NotLinked, Place::Duplicate, Place::Superseded, Place::Quarantined];

    /// The word in data files.
    pub fn id(self) -> &'static str {
        match self {
            Place::Pooled => "pooled",
            Place::NotPooled => "not_pooled",
            Place::Quarantined => "quarantined",
            Place::Superseded => "superseded",
            Place::Duplicate => "duplicate",
            Place::NotLinked => "not_linked",
        }
    }

    /// Parses the word of data files.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.id() == id)
    }
}

/// Records of one file and dataset that ended in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The dataset.
    pub dataset: String,
    /// Ordinal of the file.
    pub file: usize,
    /// Where they ended.
    pub place: Place,
    /// Why, for records that are not linked and for those of which none counts.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// Their money (revenue, financing need), yuan at scale 4, as stated.
    #[serde(with = "text")]
    pub amount: i128,
}

/// Whose records ended where: how many of each enterprise, by dataset, file and place. Kept of files of statistics, and never
/// published: it decides which counts would speak of one enterprise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whose(BTreeMap<(String, usize, Place), BTreeMap<String, u64>>);

impl Whose {
    /// Notes a record of an enterprise.
    pub fn add(&mut self, dataset: &str, file: usize, place: Place, enterprise: &str) {
        let own = self.0.entry((dataset.to_owned(), file, place)).or_default();
        *own.entry(enterprise.to_owned()).or_default() += 1;
    }

    /// Notes the records of an account that name nobody, by as many enterprises as they must be of at least: of one
    /// enterprise a file holds a record a period, twice at most.
    pub fn complete(&mut self, account: &Account, periods: u64) {
        let own = self.0.entry((account.dataset.clone(), account.file, account.place)).or_default();
        let unnamed = account.rows.saturating_sub(own.values().sum());
        // Of two files they may be of the same ones, so those share their names.
        (0..unnamed.div_ceil(2 * periods.max(1))).for_each(|i| _ = own.insert(format!("?{i}"), 0));
    }

    /// Dataset, file and place with the enterprises there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, usize, Place, impl Iterator<Item = (&str, u64)>)> {
        self.0.iter().map(|((dataset, file, place), own)| {
            (dataset.as_str(), *file, *place, own.iter().map(|(enterprise, records)| (enterprise.as_str(), *records)))
        })
    }
}

/// 128-bit integers as text, since JSON readers lose digits of long numbers.
mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(value: &i128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
