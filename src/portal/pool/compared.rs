//! The changes from the run before to the latest, compared once and then kept.

use super::changes::{Compared, PoolChanges, compare};
use super::data::PoolData;
use super::edition::Edition;
use super::room::Pool;
use crate::portal::error::PortalError;
use crate::portal::integrity;
use crate::run::PublishedRun;
use std::sync::{Arc, PoisonError};

/// Rows of a page of changed figures.
pub const PAGE: usize = 100;

/// The changes between the latest run and the one before it; nothing if there is none whose data are still there.
pub async fn changes(pool: &Pool, latest: &Arc<PoolData>, edition: Edition) -> Result<Option<Arc<PoolChanges>>, PortalError> {
    let run = latest.run.clone();
    let earlier = pool.read(move |l| l.runs_before(&run)).await?;
    let readable = |run: &String| super::folder_of(pool, run).join("data/enterprises.parquet").is_file();
    let Some(previous) = earlier.into_iter().find(readable) else { return Ok(None) };
    let key = (previous.clone(), latest.run.clone(), edition);
    {
        let kept = pool.memory.compared.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, changes)) = kept.as_ref().filter(|(k, _)| *k == key) {
            return Ok(Some(changes.clone()));
        }
    }
    let Some(old) = super::load(pool, &previous).await? else { return Ok(None) };
    let [older, newer] = [folder_and_build(pool, &previous).await?, folder_and_build(pool, &latest.run).await?];
    let new = latest.clone();
    let compared = tokio::task::spawn_blocking(move || {
        let old = Compared { data: &old, published: &older.0, build: &older.1 };
        compare(&old, &Compared { data: &new, published: &newer.0, build: &newer.1 }, edition)
    });
    let changes = Arc::new(compared.await.map_err(|e| PortalError::bug(e.to_string()))??);
    *pool.memory.compared.write().unwrap_or_else(PoisonError::into_inner) = Some((key, changes.clone()));
    Ok(Some(changes))
}

/// What a run published, and the build that made it.
async fn folder_and_build(pool: &Pool, run: &str) -> Result<(PublishedRun, String), PortalError> {
    let published = integrity::open(pool, &pool.flaws, run).await?;
    let id = run.to_owned();
    let recorded = pool.read(move |l| l.run(&id)).await?;
    Ok((published, recorded.map(|run| run.build).unwrap_or_default()))
}
