//! Data quality: what runs found, per bureau, form and edit, and over time; and what became of every record.
//!
//! Read from what runs published (`published`), put together for pages and programs (`overview`, `edit`).
//! Invariant: counts only. No value of a cell, name or message is read from a run; sums of money leave only for whoever
//! may see the closed edition. Whoever may not is told no count of records that rests on fewer than three enterprises without
//! consent, and of findings only those that rest on no statistics of theirs.

mod edit;
mod overview;
mod published;
mod trend;

pub use edit::{EditQuality, edit};
pub use overview::{BureauQuality, FormQuality, OriginOfRecords, QualityOverview, overview};
pub use published::Published;
pub use trend::{Moment, moments};

use super::books::Books;
use super::error::PortalError;
use super::flaws::Flaws;
use super::integrity;
use crate::ledger::Finished;
use crate::pipeline::Severities;
use published::Shelf;
use serde::Serialize;
use std::ops::Deref;
use std::sync::Arc;

/// Runs that trends look back on.
const LOOK_BACK: u32 = 24;

/// The quality of runs over the books of the portal; clones share the runs that were read.
#[derive(Clone)]
pub struct Quality {
    books: Books,
    flaws: Flaws,
    shelf: Arc<Shelf>,
}

impl Deref for Quality {
    type Target = Books;

    fn deref(&self) -> &Books {
        &self.books
    }
}

impl Quality {
    /// No run is read yet; what is found damaged is added to the flaws.
    pub fn new(books: Books, flaws: Flaws) -> Self {
        Self { books, flaws, shelf: Arc::default() }
    }
}

/// Findings by severity: those that may be told; nothing of a run that did not note which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Found)]
pub struct FoundBySeverity {
    /// 强制性
    pub error: Option<u64>,
    /// 核实性
    pub explain: Option<u64>,
    /// 提示性
    pub note: Option<u64>,
}

impl Default for FoundBySeverity {
    fn default() -> Self {
        Self::of([Some(0); 3])
    }
}

impl FoundBySeverity {
    /// Numbers in the order of [`crate::model::severity::Severity::ALL`].
    pub fn of([error, explain, note]: [Option<u64>; 3]) -> Self {
        Self { error, explain, note }
    }

    /// The numbers in the order of [`crate::model::severity::Severity::ALL`].
    pub fn numbers(&self) -> [Option<u64>; 3] {
        [self.error, self.explain, self.note]
    }

    /// What runs' figures say of findings, less those that are closed.
    pub fn told(found: Severities, closed: [u64; 3]) -> Self {
        let numbers = [found.error, found.explain, found.note];
        Self::of(std::array::from_fn(|i| numbers[i].checked_sub(closed[i])))
    }

    /// Whether there are any, or may be.
    pub fn any(&self) -> bool {
        self.numbers() != [Some(0); 3]
    }

    /// Findings that want an answer, per hundred records, to one decimal; a dash where there are no records, or a number is
    /// held back.
    pub fn rate(&self, records: &Option<u64>) -> String {
        let tenths = || {
            let (error, explain, records) = (self.error?, self.explain?, (*records)?);
            ((error + explain) * 1000 + records / 2).checked_div(records)
        };
        tenths().map_or_else(|| "—".to_owned(), |tenths| format!("{}.{}", tenths / 10, tenths % 10))
    }
}

/// A run and what it published.
pub struct ShownRun {
    /// The run.
    pub run: Finished,
    /// What it published.
    pub published: Arc<Published>,
    /// The runs up to the last one, oldest first.
    pub runs: Vec<Finished>,
}

/// The run of this id, or else the last whose folder is there; nothing before the first.
///
/// # Errors
/// There is no run of this id.
pub async fn shown(quality: &Quality, id: Option<&str>) -> Result<Option<ShownRun>, PortalError> {
    let runs = quality.read(|l| l.finished_runs(LOOK_BACK)).await?;
    if id.is_some_and(|id| runs.iter().all(|r| r.id != id)) {
        return Err(PortalError::NotFound);
    }
    for run in runs.iter().rev().filter(|r| id.is_none_or(|id| r.id == id)) {
        if let Some(published) = open(quality, &run.id).await? {
            return Ok(Some(ShownRun { run: run.clone(), published, runs }));
        }
    }
    if id.is_some() { Err(PortalError::NotFound) } else { Ok(None) }
}

/// What a run published, read once; one that is not as it was written counts no more than one that is gone.
async fn open(quality: &Quality, id: &str) -> Result<Option<Arc<Published>>, PortalError> {
    let record = integrity::record_of(quality, id).await?;
    let (reader, asked) = (quality.clone(), id.to_owned());
    let reading = tokio::task::spawn_blocking(move || reader.shelf.open(&reader.config, &asked, &record));
    match reading.await.map_err(|e| PortalError::bug(e.to_string()))? {
        Err(PortalError::Conflict("run_flawed")) => {
            integrity::look_over(quality, &quality.flaws, id).await?;
            Ok(None)
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_rounded_and_never_divide_by_nothing() {
        let found = FoundBySeverity::of([Some(3), Some(4), Some(100)]);
        assert_eq!([Some(200), Some(3), Some(0), None].map(|records| found.rate(&records)), ["3.5", "233.3", "—", "—"]);
        assert_eq!(FoundBySeverity { error: None, ..found }.rate(&Some(200)), "—");
    }
}
