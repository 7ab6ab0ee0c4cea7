//! The way back of a value: from what a run published to the cells that it rests on, and by whom and what they got there.
//!
//! Owns: which column a cell of the pool workbook shows (`sheet`), what a value is made of (`follow`), which records a count
//! speaks of (`spoken`). Takes: a kept run and the ledger, which it only reads. Gives: types without words.

mod follow;
mod sheet;
mod spoken;

pub use follow::WaysBack;
pub use sheet::{Asked, Book, NotShown};

use crate::model::standing::Choice;
use crate::model::waiver::Waiver;
use serde::Serialize;

/// A value with all that it comes of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Way {
    /// The key of its enterprise.
    pub enterprise: String,
    /// The enterprise's name.
    pub name: String,
    /// The column, or the field of a record.
    pub column: String,
    /// What people call it.
    pub label: String,
    /// The value as data files have it: amounts in yuan, shares as fractions; empty if there is none. Of what is no column of
    /// enterprises as the workbook shows it.
    pub value: String,
    /// What its numbers count.
    pub unit: String,
    /// The edit or doubt for which it is withheld.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub withheld: String,
    /// How it is computed of other columns.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub formula: String,
    /// The columns that it is computed of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Way>,
    /// What is counted, or chosen, of an enterprise's records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Which of several sources takes precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survivorship: Option<Survivorship>,
    /// The criterion that gives it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub criterion: String,
    /// Whether it follows from the terms of the issue.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub composed: bool,
    /// Findings, of their number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FoundAt>,
    /// The cells that it stands in.
    pub cells: Vec<WayCell>,
    /// Waivers of its criterion.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
}

impl Way {
    /// Whether it is a share, held as a fraction.
    pub fn is_share(&self) -> bool {
        !self.formula.is_empty() && self.unit == "%"
    }
}

/// What is made of an enterprise's records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Their form.
    pub form: String,
    /// What is taken of each: `count()`, `latest(granted_on)`.
    pub taken: String,
    /// Which of them speak; empty for all.
    pub only: String,
    /// How many the cells stand for.
    pub records: usize,
    /// Whether these are just the ones that speak; else all of the enterprise.
    pub exact: bool,
}

/// Sources of a value, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Survivorship {
    /// The setting that says so.
    pub setting: String,
    /// The sources, best first: `form.field`.
    pub from: Vec<String>,
    /// The one that spoke.
    pub used: String,
    /// What others state otherwise.
    pub others: Vec<Other>,
}

/// What another source states.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Other {
    /// Its cell.
    pub cell: String,
    /// The text there.
    pub stored: String,
}

/// A finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FoundAt {
    /// Its code.
    pub code: String,
    /// Its cell, with file and sheet.
    pub cell: String,
}

/// A cell of an input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WayCell {
    /// The bureau that sent the file.
    pub bureau: String,
    /// The file.
    pub file: String,
    /// The sheet.
    pub sheet: String,
    /// The cell such as `D17`; the row alone where nobody can tell the column.
    pub cell: String,
    /// The form of its table.
    pub form: String,
    /// The words of its header.
    pub label: String,
    /// The text stored there; nothing if the original is no longer kept, or was not read.
    pub stored: Option<String>,
    /// Yuan per unit, where the header or the table says so.
    pub unit_yuan: Option<i64>,
    /// By what the record was linked: `uscc`, `org_code`, `name`, `registry`, `holders`.
    pub linked_by: String,
    /// First characters of the hash of the file's content.
    pub sha256: String,
    /// Its place in the order of receipt.
    pub place: u32,
    /// When the content was received.
    pub received: String,
    /// Who uploaded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<Sender>,
    /// What was said of the file and others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<SaidOf>,
    /// What was explained of findings at the cell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<ExplainedAt>,
}

/// Who uploaded a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// The number of the receipt.
    pub number: i64,
    /// The account.
    pub account: String,
}

/// What was said of two files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaidOf {
    /// The other file.
    pub other: String,
    /// Whether the cell's file is the newer.
    pub newer: bool,
    /// What was said.
    pub choice: Choice,
    /// By whom; empty if nobody knows.
    pub account: String,
    /// When.
    pub at: String,
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedAt {
    /// The finding's code.
    pub code: String,
    /// By whom.
    pub account: String,
    /// When.
    pub at: String,
    /// What was said.
    pub text: String,
}
