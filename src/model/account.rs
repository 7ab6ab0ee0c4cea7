//! Row accounting: where a record can end, and how many did.

use serde::{Deserialize, Serialize};

/// The money that is accounted for beside the records: of each dataset the first of these columns that it has.
pub const BALANCED: [&str; 2] = ["revenue", "need_amount"];

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
    /// Why, for records that are not linked.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// Their money (revenue, financing need), yuan at scale 4, as stated.
    #[serde(with = "text")]
    pub amount: i128,
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
