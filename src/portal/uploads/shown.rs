//! A finding in words as pages show it, and what tells it from others of its return.

pub use crate::model::finding_key::FindingKey as Key;
use crate::model::severity::Severity;
use crate::pipeline::Excerpt;
use serde::{Deserialize, Serialize};

/// A finding in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Finding)]
pub struct Shown {
    /// Tells it from others, in whichever version of a file: equal as long as edit, record, fields and found value are.
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
