//! Data quality: what runs found, per bureau, form and edit, and over time; and what became of every record.
//!
//! Read from what runs published (`published`), put together for pages and programs (`overview`, `edit`), drawn (`charts`).
//! Invariant: counts only. No value of a cell, name or message is read from a run; sums of money leave only for whoever
//! may see the closed edition.

mod charts;
mod edit;
mod overview;
mod published;
mod trend;

pub use charts::{bureau_chart, bureau_name, edit_chart, edit_trend_chart, flow_chart, form_chart, trend_chart};
pub use edit::{EditQuality, edit};
pub use overview::{BureauQuality, FormQuality, Origin, Overview, overview};
pub use published::{Published, Shelf};
pub use trend::{Moment, moments};

use super::error::PageError;
use super::integrity;
use super::state::App;
use crate::ledger::Finished;
use serde::Serialize;
use std::sync::Arc;

/// Runs that trends look back on.
const LOOK_BACK: u32 = 24;

/// Findings by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Found {
    /// 强制性
    pub error: u64,
    /// 核实性
    pub explain: u64,
    /// 提示性
    pub note: u64,
}

impl Found {
    /// Adds findings of a severity by its word in data files.
    fn add(&mut self, severity: &str, number: u64) {
        match severity {
            "error" => self.error += number,
            "explain" => self.explain += number,
            _ => self.note += number,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.error + self.explain + self.note
    }

    /// Findings that want an answer, per hundred records, to one decimal; a dash where there are no records.
    pub fn rate(&self, records: u64) -> String {
        match ((self.error + self.explain) * 1000 + records / 2).checked_div(records) {
            Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
            None => "—".to_owned(),
        }
    }
}

/// A run and what it published.
pub struct Shown {
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
pub async fn shown(app: &App, id: Option<&str>) -> Result<Option<Shown>, PageError> {
    let runs = app.read(|l| l.finished_runs(LOOK_BACK)).await?;
    if id.is_some_and(|id| runs.iter().all(|r| r.id != id)) {
        return Err(PageError::NotFound);
    }
    for run in runs.iter().rev().filter(|r| id.is_none_or(|id| r.id == id)) {
        if let Some(published) = open(app, &run.id).await? {
            return Ok(Some(Shown { run: run.clone(), published, runs }));
        }
    }
    if id.is_some() { Err(PageError::NotFound) } else { Ok(None) }
}

/// What a run published, read once; one that is not as it was written counts no more than one that is gone.
async fn open(app: &App, id: &str) -> Result<Option<Arc<Published>>, PageError> {
    let record = integrity::record_of(app, id).await?;
    let asked = (app.clone(), id.to_owned());
    let (app, id) = (app.clone(), id.to_owned());
    let reading = tokio::task::spawn_blocking(move || app.shelf.open(&app.config.outputs, &id, &record));
    match reading.await.map_err(|e| PageError::bug(e.to_string()))? {
        Err(PageError::Conflict("run_flawed")) => {
            integrity::look_over(&asked.0, &asked.1).await?;
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
        let found = Found { error: 3, explain: 4, note: 100 };
        assert_eq!(found.rate(200), "3.5");
        assert_eq!(found.rate(3), "233.3");
        assert_eq!(found.rate(0), "—");
        assert_eq!(found.total(), 107);
    }
}
