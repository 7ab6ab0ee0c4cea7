//! The pool as the portal shows it: what the latest run published, read once and kept in memory.
//!
//! Owns: the table with its filters and orders, the enterprise's page, the way back to a source cell, the proposed list and
//! what-ifs, changes between runs, and what each edition may see of them. Takes: the datasets under `data/` of a run. Invariants: a figure of
//! statistics of an enterprise without consent is neither shown, sorted, filtered nor followed in the operator's edition;
//! an answer is made of one run alone, however `latest` switches meanwhile.

mod changes;
mod columns;
mod compared;
mod cost;
mod data;
mod desk;
pub mod dossier;
mod edition;
mod enterprise;
mod feasibility;
mod figures;
mod lists;
mod load_error;
mod milestones;
mod order;
mod ordering;
mod proposal;
mod query;
mod records;
mod room;
mod show;
mod source;
mod table;
mod tried;

pub use changes::{Bounded, Changed, Moved, PoolChanges};
pub use columns::label as column_label;
pub use compared::{PAGE as CHANGES_PAGE, changes};
pub use cost::{AskedTerms, CostEstimate, CostRange, CostTotal, cost};
pub use data::{Conclusion, PoolData, id_of};
pub use edition::Edition;
pub use enterprise::{Fact, Profile, profile};
pub use feasibility::{ShownFeasibility, feasibility};
pub use figures::money;
pub use milestones::{PlanStanding, milestones};
pub use proposal::{AssetList, Changes, ProposedList, WhatIf, list, whatif};
pub use query::{Query, SIZES, VERDICTS, range_column};
pub use room::{Latest, Pool};
pub use source::{Asked, Origins, origins};
pub use table::{PoolPage, TableColumn, page};

use super::error::PortalError;
use super::integrity;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// The run that `latest` names at this moment.
fn latest_run(pool: &Pool) -> Option<String> {
    crate::outputs::latest(&pool.config.outputs)
}

fn folder_of(pool: &Pool, run: &str) -> PathBuf {
    pool.config.outputs.join(run)
}

/// The pool of the latest run; read if it is not yet.
pub async fn latest(pool: &Pool) -> Result<Latest, PortalError> {
    let Some(run) = latest_run(pool) else { return Ok(Latest::NoRun) };
    if let Some(latest) = pool.memory.kept(&run) {
        return Ok(latest);
    }
    let _one = pool.memory.loading.lock().await;
    if let Some(latest) = pool.memory.kept(&run) {
        return Ok(latest);
    }
    integrity::look_over(pool, &pool.flaws, &run).await?;
    let latest = load(pool, &run).await?.map_or(Latest::NotWritten, |data| Latest::Ready(Arc::new(data)));
    if let Latest::Ready(data) = &latest {
        let data = data.clone();
        tokio::task::spawn_blocking(move || data.index());
    }
    *pool.memory.kept.write().unwrap_or_else(PoisonError::into_inner) = Some((run, latest.clone()));
    Ok(latest)
}

/// The pool of the latest run.
///
/// # Errors
/// Not found, where no run wrote one.
pub async fn written(pool: &Pool) -> Result<Arc<PoolData>, PortalError> {
    match latest(pool).await? {
        Latest::Ready(data) => Ok(data),
        Latest::NoRun | Latest::NotWritten => Err(PortalError::NotFound),
    }
}

/// The place of an enterprise by the id in an address.
pub fn find(data: &PoolData, id: &str) -> Result<usize, PortalError> {
    data.by_id.get(id).map(|row| *row as usize).ok_or(PortalError::NotFound)
}

/// The datasets of a run; nothing if it wrote none.
///
/// # Errors
/// Its folder or a dataset of it is gone, or is not as it was written.
async fn load(pool: &Pool, run: &str) -> Result<Option<PoolData>, PortalError> {
    let published = integrity::open(pool, &pool.flaws, run).await?;
    let (pool, run) = (pool.clone(), run.to_owned());
    let loaded = tokio::task::spawn_blocking(move || PoolData::load(&pool.config, &run, &published)).await;
    Ok(loaded.map_err(|e| PortalError::bug(e.to_string()))??)
}

/// Reads the latest pool before anybody asks for it.
pub async fn warm(pool: Pool) {
    if let Err(error) = latest(&pool).await {
        tracing::warn!(?error, "the pool could not be read ahead");
    }
}
