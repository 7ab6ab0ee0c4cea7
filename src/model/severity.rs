//! How grave a finding is.

use serde::{Deserialize, Serialize};

/// What a broken edit means for the value that it judges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// 强制性: the value is withheld until it is corrected.
    Error,
    /// 核实性: the bureau corrects or explains.
    Explain,
    /// 提示性: told, nothing more.
    #[default]
    Note,
}

impl Severity {
    /// The severities, gravest first.
    pub const ALL: [Severity; 3] = [Severity::Error, Severity::Explain, Severity::Note];

    /// The word in data files.
    pub fn id(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Explain => "explain",
            Severity::Note => "note",
        }
    }

    /// Parses the word of data files.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.id() == id)
    }

    /// The catalogue key of the word that people read.
    pub fn label_key(self) -> &'static str {
        match self {
            Severity::Error => "severity.error",
            Severity::Explain => "severity.explain",
            Severity::Note => "severity.note",
        }
    }
}
