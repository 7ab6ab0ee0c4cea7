//! Among what an edit is judged.

use serde::{Deserialize, Serialize};

/// When an edit is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One value; judged first, and what it withholds is withheld from all later scopes.
    Field,
    /// Values of one record.
    #[default]
    Record,
    /// Records among each other: duplicates, links.
    Population,
    /// An enterprise's records over years and bureaus.
    History,
}
