//! Runs over time, from the figures that the ledger keeps of each.

use super::Found;
use crate::ledger::Finished;
use crate::pipeline::Summary;
use crate::server::error::PageError;
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
    /// Files read.
    pub files: u64,
    /// Files that could not be read.
    pub refused: u64,
    /// Records that came in.
    pub records: u64,
    /// Findings.
    pub found: Found,
    /// Enterprises of the registry.
    pub enterprises: u64,
    /// Those in the pool.
    pub pooled: u64,
    /// Those that cannot be judged yet.
    pub unjudged: u64,
}

/// The figures of runs, in their order.
pub fn moments(runs: &[Finished]) -> Result<Vec<Moment>, PageError> {
    runs.iter().map(moment).collect()
}

fn moment(run: &Finished) -> Result<Moment, PageError> {
    let summary: Summary = serde_json::from_str(&run.summary).map_err(|e| PageError::bug(e.to_string()))?;
    let found = Found { error: summary.findings.error, explain: summary.findings.explain, note: summary.findings.note };
    Ok(Moment {
        run: run.id.clone(),
        finished: run.finished.clone(),
        as_of: run.as_of.clone(),
        files: summary.files,
        refused: summary.refused,
        records: summary.accounts.iter().map(|a| a.rows).sum(),
        found,
        enterprises: summary.enterprises,
        pooled: summary.pooled,
        unjudged: summary.unjudged,
    })
}
