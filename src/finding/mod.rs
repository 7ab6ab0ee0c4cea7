//! Findings: what is wrong with the data, at its cell. Expected, counted, never an `Err`.
//!
//! Owns: the catalogue of texts in two languages, and how findings and mistakes of the settings are told in its words.
//! Invariant: no user-facing sentence stands in code; all come from `catalogue/*.toml` or from an edit's own entry.

mod catalogue;
pub mod cost;
mod criterion;
pub mod feasibility;
pub mod milestone;
mod outcome;
pub mod problem;
pub mod proposal;
mod reference;
mod render;
mod word;

pub use catalogue::{Catalogue, CatalogueEntry};
pub use criterion::{figure_in_words, threshold};
pub use outcome::{Counts, Judgement, Unjudged};
pub use reference::reference;
pub use render::{Rendered, Renderer, in_unit};
pub use word::{find_word, with_unit, word};

use crate::model::finding_key::FindingKey;
use crate::model::personal;
use crate::model::severity::Severity;
use serde::{Deserialize, Serialize};

/// A finding about a file, a sheet or a table, made while reading; edits of datasets are findings too, kept as columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed {
    /// Stable code, e.g. `FIL-104`.
    pub code: String,
    /// Sheet, where one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row as the user sees it, 1-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Column, 0-based.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What was found, as stored.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// Arguments of the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<(String, String)>,
}

impl Seed {
    /// A finding about a file as a whole.
    pub fn of_file(code: &str, args: Vec<(String, String)>) -> Self {
        Self { code: code.into(), sheet: None, row: None, column: None, found: String::new(), args }
    }

    /// Takes personal data out of what it quotes.
    pub fn hide_personal(&mut self) {
        for value in std::iter::once(&mut self.found).chain(self.args.iter_mut().map(|(_, value)| value)) {
            if let Some((masked, _)) = personal::mask(value) {
                *value = masked;
            }
        }
    }
}

/// What an edit expected, typed, so that it can be shown in the cell's own unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Words, or a catalogue reference `@key|argument`.
    Text(String),
    /// Yuan at scale 4.
    Amount(i128),
    /// A whole number.
    Number(i64),
    /// A day.
    Date(chrono::NaiveDate),
    /// Another record.
    Record(i64),
}

/// One broken edit at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable code.
    pub code: std::sync::Arc<str>,
    /// What it means for the data.
    pub severity: Severity,
    /// The dataset judged, empty for findings about files.
    pub dataset: std::sync::Arc<str>,
    /// The record judged.
    pub record: Option<i64>,
    /// The file, for findings about files and tables.
    pub file: Option<usize>,
    /// The sheet, for findings about tables.
    pub sheet: Option<String>,
    /// The cell, for findings about tables.
    pub cell: Option<String>,
    /// Fields judged, the first is the place.
    pub fields: std::sync::Arc<[String]>,
    /// What was found, as stored.
    pub found: String,
    /// What was expected.
    pub expected: Option<Expected>,
    /// Arguments of the message: raw texts by field, and others.
    pub args: Vec<(String, String)>,
    /// The enterprise concerned.
    pub enterprise: Option<String>,
    /// What tells it from others, whichever file it stands in.
    pub key: FindingKey,
    /// The number of the explanation that answers it.
    pub explained: Option<i64>,
}
