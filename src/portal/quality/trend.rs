//! Runs over time, from the figures that the ledger keeps of each.

use super::FoundBySeverity;
use crate::config::Config;
use crate::ledger::Finished;
use crate::pipeline::Summary;
use crate::portal::error::PortalError;
use serde::Serialize;

/// A run's figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Moment {
    /// The run.
    pub run: String,
    /// When it ended.
    pub finished: String,
    /// Reference date.
    pub as_of: String,
    /// Files read, those of statistics only for whoever may see the closed edition; nothing of a run that did not note which.
    pub files: Option<u64>,
    /// Files that could not be read.
    pub refused: Option<u64>,
    /// Records that came in; nothing where so few enterprises would be told of.
    pub records: Option<u64>,
    /// Findings.
    pub found: FoundBySeverity,
    /// Enterprises of the registry.
    pub enterprises: u64,
    /// Those in the pool.
    pub pooled: u64,
    /// Those that cannot be judged yet.
    pub unjudged: u64,
}

/// The figures of runs, in their order; `closed` says whether the closed edition may be seen.
pub fn moments(config: &Config, runs: &[Finished], closed: bool) -> Result<Vec<Moment>, PortalError> {
    runs.iter().map(|run| moment(config, run, closed)).collect()
}

fn moment(config: &Config, run: &Finished, closed: bool) -> Result<Moment, PortalError> {
    let summary: Summary = serde_json::from_str(&run.summary).map_err(|e| PortalError::bug(e.to_string()))?;
    let held = summary.held_back(config, closed);
    Ok(Moment {
        run: run.id.clone(),
        finished: run.finished.clone(),
        as_of: run.as_of.clone(),
        files: summary.files.checked_sub(held.closed_files[0]),
        refused: summary.refused.checked_sub(held.closed_files[1]),
        records: Some(summary.accounts.iter().map(|a| a.rows).sum()).filter(|_| !held.of(|_, _| true).1),
        found: FoundBySeverity::told(summary.findings, held.closed_findings),
        enterprises: summary.enterprises,
        pooled: summary.pooled,
        unjudged: summary.unjudged,
    })
}
