//! How an upload stands, and what it is to earlier sendings: as pages and the API show it.

use crate::model::standing::{Choice, Relation};
use crate::pipeline::Missing;
use serde::Serialize;

/// Another sending, as pages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Sending)]
pub struct OtherSending {
    /// Number of its receipt; below zero that of a file of a folder or an address.
    pub number: i64,
    /// Its id, if it was uploaded.
    pub id: Option<String>,
    /// Its name; of a file of a folder its path.
    pub name: String,
    /// When it was received.
    pub received: String,
}

impl OtherSending {
    /// What the forms of pages call it: the id of an upload, else the number.
    pub fn key(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.number.to_string())
    }
}

/// How a form and period of an upload stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartStanding {
    /// All of it is in use.
    InUse,
    /// Of some enterprises, or of all, later sendings count.
    Corrected {
        /// So many enterprises (or patents).
        corrected: u64,
        /// Of so many.
        of: u64,
        /// The later sendings.
        by: Vec<OtherSending>,
    },
    /// Another took its place.
    Replaced {
        /// Which one.
        by: OtherSending,
    },
    /// Amounts of a sound one would be lost; that one stands meanwhile.
    Waits {
        /// The sound one.
        behind: OtherSending,
    },
}

impl PartStanding {
    /// Whether nothing of it is in use.
    pub fn is_out(&self) -> bool {
        match self {
            PartStanding::InUse => false,
            PartStanding::Corrected { corrected, of, .. } => corrected == of,
            PartStanding::Replaced { .. } | PartStanding::Waits { .. } => true,
        }
    }

    /// Whether it waits.
    pub fn waits(&self) -> bool {
        matches!(self, PartStanding::Waits { .. })
    }
}

/// What somebody said of two uploads, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Said)]
pub struct SaidShown {
    /// What the newer is to the older.
    pub choice: Choice,
    /// Who said it.
    pub account: String,
    /// When.
    pub at: String,
}

/// A form and period that two uploads hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RelatedPart {
    /// The form.
    pub form: String,
    /// The form's title.
    pub title: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// What the newer is to the older.
    pub relation: Relation,
    /// The sound one behind which it waits, since amounts of that would be lost: the newer's cannot be read.
    pub waits_behind: Option<OtherSending>,
    /// What applies: what was said, else the likely.
    pub applies: Choice,
    /// What was said last.
    pub said: Option<SaidShown>,
    /// Whether the relation is guessed until somebody says it.
    pub open: bool,
    /// Records of the older.
    pub older: u64,
    /// Records of the newer.
    pub newer: u64,
    /// Records that both hold.
    pub common: u64,
    /// Records of the older that are out of use if the newer replaces it, since the newer has none like them.
    pub dropped: u64,
    /// Amounts that are used in the older and in the newer are not, with the enterprises of both which so lose them.
    pub missing: Vec<Missing>,
}

impl RelatedPart {
    /// Whether the newer is little else than corrections of the older.
    pub fn corrects(&self) -> bool {
        self.common * 2 > self.newer
    }
}

/// An earlier sending with which an upload shares records, or of which something was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Related)]
pub struct Related {
    /// The earlier sending.
    #[serde(flatten)]
    pub other: OtherSending,
    /// The forms and periods that both hold.
    pub parts: Vec<RelatedPart>,
}

/// How an upload stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// How each of its forms does, in the order of its parts; empty until it is checked.
    pub parts: Vec<PartStanding>,
    /// Whether a relation of it is guessed.
    pub open: bool,
}

impl Standing {
    /// Whether none of its forms is in use.
    pub fn is_out(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(PartStanding::is_out)
    }
}
