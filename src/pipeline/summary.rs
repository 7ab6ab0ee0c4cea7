//! What a run comes to, in numbers: the closing screen, `run.json` and the ledger say the same.

use super::receipts::ReceiptUse;
use crate::config::Config;
use crate::model::account::Account;
use crate::run::HeldBack;
use serde::{Deserialize, Serialize};

/// The stages of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Pin inputs.
    Acquire,
    /// Read cells, find tables, type columns.
    Ingest,
    /// Judge edits.
    Validate,
    /// Find enterprises.
    Link,
    /// One record per enterprise.
    Merge,
    /// Judge criteria.
    Screen,
    /// Write workbooks and datasets.
    Publish,
}

/// What a run tells the portal while it goes on, a line of JSON each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum ProgressEvent {
    /// A stage begins; `total` steps if they can be counted.
    Begin {
        /// The stage.
        stage: Stage,
        /// Its steps.
        total: Option<u64>,
    },
    /// One step of the stage is done.
    Step {
        /// The stage.
        stage: Stage,
    },
    /// A stage ends.
    End {
        /// The stage.
        stage: Stage,
        /// Records that came out of it.
        rows: Option<u64>,
    },
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Stage; 7] = [Stage::Acquire, Stage::Ingest, Stage::Validate, Stage::Link, Stage::Merge, Stage::Screen, Stage::Publish];

    /// The key of its name in the catalogue of words.
    pub fn key(self) -> &'static str {
        match self {
            Stage::Acquire => "stage.acquire",
            Stage::Ingest => "stage.ingest",
            Stage::Validate => "stage.validate",
            Stage::Link => "stage.link",
            Stage::Merge => "stage.merge",
            Stage::Screen => "stage.screen",
            Stage::Publish => "stage.publish",
        }
    }
}

/// Findings by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Severities {
    /// 强制性
    pub error: u64,
    /// 核实性
    pub explain: u64,
    /// 提示性
    pub note: u64,
}

/// The figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Inputs read.
    pub files: u64,
    /// Inputs that could not be read.
    pub refused: u64,
    /// Enterprises of the registry.
    pub enterprises: u64,
    /// Enterprises that meet every criterion.
    pub pooled: u64,
    /// Enterprises that no criterion excludes, but one cannot be judged for.
    pub unjudged: u64,
    /// Patents credited to enterprises, co-owners counted each.
    pub patent_credits: u64,
    /// Findings.
    pub findings: Severities,
    /// What came in and what became of it.
    pub accounts: Vec<Account>,
    /// What of these counts is held back where statistics are closed; nothing of runs of builds that did not note it.
    #[serde(default)]
    pub held_back: Option<HeldBack>,
    /// What became of each upload.
    #[serde(default)]
    pub receipts: Vec<ReceiptUse>,
    /// Files written, below the run's folder.
    pub written: Vec<String>,
    /// SHA-256 of `run.json`, which lists the others'; empty for runs of builds that did not note it.
    #[serde(default)]
    pub record_sha256: String,
}

impl Summary {
    /// What is held back of its counts: nothing where the closed edition may be seen.
    pub fn held_back(&self, config: &Config, closed: bool) -> HeldBack {
        if closed { HeldBack::default() } else { self.held_back.clone().unwrap_or_else(|| HeldBack::unknown(config)) }
    }
}
