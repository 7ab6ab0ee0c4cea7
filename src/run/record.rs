//! `run.json`: what a run's folder holds and what it was made from, for programs, auditors, and for making it again.
//!
//! Invariant: no time and no run id but that of the adopted run, so that equal inputs in one order of receipt, settings and
//! reference date give equal bytes, but for what is held back because of what earlier runs told. What an earlier build did not
//! write has its default.

use super::held::HeldBack;
use crate::finding::Seed;
use crate::model::account::Account;
use crate::model::standing::Choice;
use crate::model::waiver::Waiver;
use crate::model::words::Lang;
use chrono::NaiveDate;
use datafusion::arrow::datatypes::{DataType, Schema};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file that lists all others.
pub const RECORD: &str = "run.json";
/// The settings that counted.
pub const SETTINGS: &str = "settings.toml";
/// The proposed asset list with all that was found of it.
pub const PROPOSAL: &str = "proposal.json";
/// The file that says how the plan stands.
pub const PHASES: &str = "phases.json";
/// The file that says what the pilot could carry.
pub const FEASIBILITY: &str = "feasibility.json";
/// Version of the shape of the record: 2 since it tells all that its run was made from.
pub const FORMAT: u32 = 2;

/// What is written of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this shape.
    #[serde(default)]
    pub format: u32,
    /// First characters of the hash of all that decided the run.
    #[serde(default)]
    pub key: String,
    /// Reference date.
    #[serde(default, with = "crate::model::day")]
    pub as_of: NaiveDate,
    /// Version of the program.
    #[serde(default)]
    pub huichi: String,
    /// Language of what was written.
    #[serde(default)]
    pub lang: Lang,
    /// SHA-256 of the settings that counted, as `settings.toml` holds them.
    #[serde(default)]
    pub settings: String,
    /// Inputs; their places in this list are the ordinals by which all else names them.
    pub inputs: Vec<Input>,
    /// What was said of pairs of inputs, and counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// Findings of uploads that were explained, and counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Explained>,
    /// Criteria that were waived for an enterprise, and counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// Figures of the run.
    #[serde(default)]
    pub counts: Counts,
    /// What came in and what became of it.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// What of counts is held back where statistics are closed; nothing of runs of builds that did not note it.
    #[serde(default)]
    pub held_back: Option<HeldBack>,
    /// By workbook, what it holds and shows otherwise than given.
    #[serde(default)]
    pub workbooks: BTreeMap<String, Sheets>,
    /// Datasets written, in their order.
    #[serde(default)]
    pub datasets: Vec<PublishedDataset>,
    /// The run that was adopted last, and what has changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
    /// Files written, this one aside.
    pub files: Vec<Written>,
}

/// An input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// Path below the inputs root, or the name of an address or an upload.
    pub path: String,
    /// Source id; empty for a file of no source.
    pub source: String,
    /// The bureau.
    pub bureau: String,
    /// SHA-256, hexadecimal; empty of a file that could not be had.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Kind of file.
    pub kind: String,
    /// Encoding of a text table.
    pub encoding: Option<String>,
    /// Records in it.
    pub rows: u64,
    /// Whether it could not be read.
    pub refused: bool,
    /// Which version it was: its place in the order of receipt among the files of its source, equal where nobody could tell.
    pub place: u32,
    /// Its receipt, if it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<Uploaded>,
    /// Whether it was left unread, as what could not be had or was another name of what is read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// What was found of it before it was opened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Seed>,
}

/// The receipt of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// Its number.
    pub number: i64,
    /// The file's name as the bureau knows it.
    pub name: String,
}

/// What somebody said of two inputs, by their ordinals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The older.
    pub older: usize,
    /// The newer.
    pub newer: usize,
    /// The form that it is said of; empty if of all that they hold.
    pub form: String,
    /// The year that it is said of.
    pub period: Option<i32>,
    /// What was said.
    pub choice: Choice,
}

/// That a finding of an input was explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The input.
    pub input: usize,
    /// The key of the finding.
    pub finding: String,
    /// The number of the explanation in the ledger, which alone holds its text.
    pub number: i64,
}

/// Figures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Enterprises of the registry.
    pub enterprises: u64,
    /// Enterprises that meet every criterion.
    pub pooled: u64,
    /// Enterprises that no criterion excludes, but one cannot be judged for.
    pub unjudged: u64,
    /// Enterprises with consent on record.
    pub consenting: u64,
    /// Values of which sources disagree.
    pub conflicts: u64,
    /// Findings by severity.
    pub findings: BTreeMap<String, u64>,
    /// Findings that a bureau explained.
    #[serde(skip_serializing_if = "is_none")]
    pub explained: u64,
}

/// What a workbook holds, and what it shows otherwise than given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sheets {
    /// Rows of data by sheet.
    pub sheets: BTreeMap<String, u64>,
    /// Texts that were too long for a cell and were cut.
    pub cut_texts: u64,
    /// Where the first of them stand.
    pub cut_places: Vec<String>,
    /// Texts in which control characters were replaced.
    pub replaced_texts: u64,
    /// Numbers written as text, since Excel would round them.
    pub exact_texts: u64,
}

/// A dataset that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedDataset {
    /// Its name: that of its files without what tells their format.
    pub name: String,
    /// Its columns in their order, with what they hold: `text`, `integer`, `decimal`, `date`, `boolean`.
    pub columns: IndexMap<String, String>,
}

impl PublishedDataset {
    /// A dataset of these columns.
    pub fn of(name: &str, schema: &Schema) -> Self {
        let columns = schema.fields().iter().map(|field| (field.name().clone(), kind(field.data_type())));
        Self { name: name.to_owned(), columns: columns.collect() }
    }
}

fn kind(of: &DataType) -> String {
    match of {
        DataType::Utf8 | DataType::Dictionary(..) => "text".to_owned(),
        DataType::Int32 | DataType::Int64 => "integer".to_owned(),
        DataType::Decimal128(..) => "decimal".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        other => other.to_string(),
    }
}

/// An adopted run (定稿), as covers name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The run.
    pub run: String,
    /// The day on which it was adopted.
    #[serde(with = "crate::model::day")]
    pub adopted: NaiveDate,
    /// SHA-256 of the file of its enterprises; empty if it left none to compare with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub enterprises: String,
    /// What has changed since; nothing if it left no data to compare with.
    pub since: Option<Differences>,
    /// The same as far as the operator's edition shows it; nothing of runs of builds that did not tell it apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Differences>,
}

/// What has changed between the pools of two runs, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    /// Enterprises that were not in its pool and are now.
    pub entered: u64,
    /// Enterprises that were in its pool and are not now.
    pub left: u64,
    /// Enterprises in both pools of which a figure differs.
    pub enterprises: u64,
    /// Figures of theirs that differ.
    pub figures: u64,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Path below the run's folder.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_first_format_is_read_as_far_as_it_goes() -> serde_json::Result<()> {
        let record: RunRecord = serde_json::from_str(
            r#"{"format": 1, "key": "ab", "as_of": "2026-06-30", "huichi": "0.1.0", "settings": "s", "files": [],
                "inputs": [{"path": "a.csv", "source": "market", "bureau": "局", "sha256": "x", "bytes": 1, "rows": 2, "refused": false}],
                "adopted": {"run": "r", "adopted": "2026-01-02", "since": null}}"#,
        )?;
        assert_eq!((record.format, record.as_of.to_string(), record.inputs[0].rows), (1, "2026-06-30".to_owned(), 2));
        assert_eq!((record.held_back, record.datasets.len(), record.inputs[0].place), (None, 0, 0));
        assert_eq!(record.adopted.map(|a| a.adopted.to_string()).as_deref(), Some("2026-01-02"));
        // Originals are kept by what records name: one that names none is no record.
        assert!(serde_json::from_str::<RunRecord>(r#"{"files": []}"#).is_err());
        Ok(())
    }
}
