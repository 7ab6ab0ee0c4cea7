//! A finding in words as pages show it, and what tells it from others of its return.

use crate::model::severity::Severity;
use crate::model::text::hex;
use crate::pipeline::Excerpt;
use serde::{Deserialize, Serialize};

/// A finding in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Finding)]
pub struct Shown {
    /// Tells it from others of its return: equal as long as code, sheet, cell and found value are.
    pub key: String,
    /// Stable code.
    pub code: String,
    /// What it means for the data.
    pub severity: Severity,
    /// The sheet.
    pub sheet: String,
    /// The cell.
    pub cell: String,
    /// Cells of the other fields judged, separated by `;`.
    pub related: String,
    /// Label of the field judged first.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// The sentence.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The sheet around the cell.
    pub excerpt: Option<Excerpt>,
}

impl Shown {
    /// Whether its place is a whole row.
    pub fn is_of_row(&self) -> bool {
        !self.cell.is_empty() && self.cell.bytes().all(|b| b.is_ascii_digit())
    }
}

/// What tells a finding from others of its return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// From its text.
    pub fn of(text: &str) -> Option<Self> {
        let number = if text.len() == 32 { u128::from_str_radix(text, 16).ok()? } else { return None };
        Some(Self(number.to_be_bytes()))
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}
