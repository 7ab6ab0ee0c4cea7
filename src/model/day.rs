//! Days as texts, for what is written and read: `#[serde(with = "crate::model::day")]`.

use chrono::NaiveDate;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a day as `YYYY-MM-DD`.
///
/// # Errors
/// As the format's.
pub fn serialize<S: Serializer>(date: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

/// Reads a day as `YYYY-MM-DD`.
///
/// # Errors
/// It is no such day.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}
