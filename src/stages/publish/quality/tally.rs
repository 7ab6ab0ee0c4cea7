//! Findings counted: by bureau, file and code.

use crate::finding::Finding;
use crate::model::place::Address;
use crate::model::severity::Severity;
use crate::stages::publish::desk::Desk;
use crate::stages::publish::workbook::{Mark, Value};
use std::collections::{BTreeMap, HashMap};

/// Findings by severity, gravest first.
pub type BySeverity = [u64; Severity::ALL.len()];

/// Findings counted.
#[derive(Debug, Default)]
pub struct Tally<'a> {
    /// All of them.
    pub all: BySeverity,
    /// By bureau, in the order in which files stand.
    pub bureaus: Vec<(&'a str, BySeverity)>,
    /// By ordinal of the file.
    pub files: BTreeMap<usize, BySeverity>,
    /// By code.
    pub codes: HashMap<&'a str, u64>,
}

impl<'a> Tally<'a> {
    /// Counts the findings of a run.
    pub fn of(desk: &Desk<'a>) -> Self {
        let p = desk.publication;
        let mut tally = Tally::default();
        for source in p.config.source.values().filter(|s| !s.disabled) {
            if tally.bureaus.iter().all(|(bureau, _)| *bureau != source.bureau) {
                tally.bureaus.push((&source.bureau, BySeverity::default()));
            }
        }
        for finding in p.findings {
            let index = finding.severity as usize;
            tally.all[index] += 1;
            *tally.codes.entry(&finding.code).or_default() += 1;
            let file = file_of(finding);
            let bureau = file.and_then(|f| p.places.files.get(f)).map_or("", |f| f.bureau.as_str());
            if let Some(file) = file {
                tally.files.entry(file).or_default()[index] += 1;
            }
            match tally.bureaus.iter_mut().find(|(name, _)| *name == bureau) {
                Some((_, counts)) => counts[index] += 1,
                None => {
                    let mut counts = BySeverity::default();
                    counts[index] = 1;
                    tally.bureaus.push((bureau, counts));
                }
            }
        }
        tally
    }

    /// Codes with findings, most first.
    pub fn frequent(&self) -> Vec<(&'a str, u64)> {
        let mut codes: Vec<(&str, u64)> = self.codes.iter().map(|(code, count)| (*code, *count)).collect();
        codes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        codes
    }
}

/// The file that a finding is in.
fn file_of(finding: &Finding) -> Option<usize> {
    finding.record.map(|r| Address::of(r).file).or(finding.file)
}

/// A count as a cell.
pub fn count<'v>(number: u64) -> Value<'v> {
    Value::Count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The mark of a severity.
pub fn mark(severity: Severity) -> Mark {
    match severity {
        Severity::Error => Mark::Error,
        Severity::Explain => Mark::Explain,
        Severity::Note => Mark::Note,
    }
}
