//! `run.json`: what the folder holds and what it was made from, for programs and auditors.
//!
//! Invariant: no time and no run id, so that equal inputs, settings and reference date give equal bytes.

use super::gathered::Gathered;
use super::held_back::HeldBack;
use super::published::RECORD;
use super::workbook::BookReport;
use super::{Adopted, Input, Publication};
use crate::content;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::severity::Severity;
use crate::model::words::Lang;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// Version of the shape of this file.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct RunFile<'a> {
    format: u32,
    key: &'a str,
    as_of: String,
    huichi: &'a str,
    lang: Lang,
    /// SHA-256 of the settings in force.
    settings: String,
    inputs: &'a [Input],
    counts: Counts,
    accounts: &'a [Account],
    /// What of counts is held back where statistics are closed.
    held_back: &'a HeldBack,
    workbooks: BTreeMap<&'a str, Shown>,
    /// The run that was adopted last, and what has changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    adopted: Option<&'a Adopted>,
    files: Vec<Written>,
}

#[derive(Serialize)]
struct Counts {
    enterprises: u64,
    pooled: u64,
    unjudged: u64,
    consenting: u64,
    conflicts: u64,
    findings: BTreeMap<&'static str, u64>,
}

/// What a workbook shows otherwise than given.
#[derive(Serialize)]
struct Shown {
    sheets: BTreeMap<String, u64>,
    cut_texts: u64,
    cut_places: Vec<String>,
    replaced_texts: u64,
    exact_texts: u64,
}

#[derive(Serialize)]
struct Written {
    path: String,
    bytes: u64,
    sha256: String,
}

/// Writes `run.json` into the run's folder, where everything else must be; gives its hash.
pub fn write(
    p: &Publication<'_>,
    gathered: &Gathered<'_>,
    books: &[(&str, BookReport)],
    written: &[String],
    folder: &Path,
) -> Result<String, Error> {
    let findings = Severity::ALL.map(|s| (s.id(), p.findings.iter().filter(|f| f.severity == s).count() as u64));
    let run = RunFile {
        format: FORMAT,
        key: p.key,
        as_of: p.config.as_of.to_string(),
        huichi: env!("CARGO_PKG_VERSION"),
        lang: p.config.run.lang,
        settings: content::hash_text(p.config.fingerprint()),
        inputs: p.inputs,
        counts: Counts {
            enterprises: gathered.total(),
            pooled: gathered.pooled,
            unjudged: gathered.unjudged,
            consenting: gathered.consenting.len() as u64,
            conflicts: p.conflicts.len() as u64,
            findings: findings.into(),
        },
        accounts: p.accounts,
        held_back: gathered.held_back,
        workbooks: books.iter().map(|(name, report)| (*name, shown(report))).collect(),
        adopted: p.adopted.as_ref(),
        files: written.iter().map(|path| hashed(folder, path)).collect::<Result<_, _>>()?,
    };
    let mut text = serde_json::to_string_pretty(&run)?;
    text.push('\n');
    std::fs::write(folder.join(RECORD), &text)?;
    Ok(content::hash_text(&text))
}

fn shown(report: &BookReport) -> Shown {
    Shown {
        sheets: report.sheets.iter().map(|s| (s.name.clone(), s.rows)).collect(),
        cut_texts: report.cut_texts,
        cut_places: report.cut_places.clone(),
        replaced_texts: report.replaced_texts,
        exact_texts: report.exact_texts,
    }
}

fn hashed(folder: &Path, path: &str) -> Result<Written, Error> {
    let (sha256, bytes) = content::hash(File::open(folder.join(path))?, std::io::sink())?;
    Ok(Written { path: path.to_owned(), bytes, sha256 })
}
