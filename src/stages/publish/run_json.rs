//! Writes `run.json`, `settings.toml` and what a run concludes, from what the stages handed over; what they say stands in `run/record`.

use super::Publication;
use super::gathered::Gathered;
use super::workbook::BookReport;
use crate::content;
use crate::error::Error;
use crate::model::severity::Severity;
use crate::run::{Counts, FEASIBILITY, FORMAT, PHASES, PROPOSAL, PublishedDataset, RECORD, RunRecord, SETTINGS, Sheets, Written};
use std::fs::File;
use std::path::Path;

/// Writes `settings.toml` into the run's folder; gives its name.
pub fn write_settings(p: &Publication<'_>, folder: &Path) -> Result<String, Error> {
    std::fs::write(folder.join(SETTINGS), p.config.fingerprint())?;
    Ok(SETTINGS.to_owned())
}

/// Writes what the run concludes into its folder, a file each: the proposed list, how the plan stands, what the pilot could carry. Gives
/// their names.
pub fn write_conclusions(p: &Publication<'_>, folder: &Path) -> Result<Vec<String>, Error> {
    let conclusions = [
        (PROPOSAL, serde_json::to_string(p.proposal)?),
        (PHASES, serde_json::to_string(p.phases)?),
        (FEASIBILITY, serde_json::to_string(p.feasibility)?),
    ];
    for (name, text) in &conclusions {
        std::fs::write(folder.join(name), format!("{text}\n"))?;
    }
    Ok(conclusions.map(|(name, _)| name.to_owned()).to_vec())
}

/// Writes `run.json` into the run's folder, where everything else must be; gives its hash.
pub fn write(
    p: &Publication<'_>,
    gathered: &Gathered<'_>,
    books: &[(&str, BookReport)],
    datasets: Vec<PublishedDataset>,
    written: &[String],
    folder: &Path,
) -> Result<String, Error> {
    let findings = Severity::ALL.map(|s| (s.id().to_owned(), p.findings.iter().filter(|f| f.severity == s).count() as u64));
    let run = RunRecord {
        format: FORMAT,
        key: p.key.to_owned(),
        as_of: p.config.as_of,
        huichi: env!("CARGO_PKG_VERSION").to_owned(),
        lang: p.config.run.lang,
        settings: content::hash_text(p.config.fingerprint()),
        inputs: p.inputs.to_vec(),
        decisions: p.decisions.clone(),
        explained: p.explained.clone(),
        waivers: p.waivers.clone(),
        counts: Counts {
            enterprises: gathered.total(),
            pooled: gathered.pooled,
            unjudged: gathered.unjudged,
            consenting: gathered.consenting.len() as u64,
            conflicts: p.conflicts.len() as u64,
            findings: findings.into(),
            explained: p.findings.iter().filter(|f| f.explained.is_some()).count() as u64,
        },
        accounts: p.accounts.to_vec(),
        held_back: Some(gathered.held_back.clone()),
        workbooks: books.iter().map(|(name, report)| ((*name).to_owned(), shown(report))).collect(),
        datasets,
        adopted: p.adopted.clone(),
        files: written.iter().map(|path| hashed(folder, path)).collect::<Result<_, _>>()?,
    };
    let mut text = serde_json::to_string_pretty(&run)?;
    text.push('\n');
    std::fs::write(folder.join(RECORD), &text)?;
    Ok(content::hash_text(&text))
}

fn shown(report: &BookReport) -> Sheets {
    Sheets {
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
