//! What the latest run says to a question: the list that it proposes, and what would come of it with other criteria and terms.

use super::Pool;
use crate::config::Config;
use crate::error::Error;
use crate::pipeline::{self, Proposed, Tried, whatif};
use crate::portal::error::PortalError;
use crate::portal::integrity;
use crate::run::PublishedRun;

/// Changes of one trial, at most.
const MOST_CHANGES: usize = 20;

/// What the latest run proposes; nothing before the first run.
///
/// # Errors
/// A file of it is gone or not as it was written.
pub async fn proposed(pool: &Pool) -> Result<Option<(String, Proposed)>, PortalError> {
    of_latest(pool, pipeline::proposed).await
}

/// The latest run with changes, a line each: `patent_free=3`, `issue.scale=2亿元`.
///
/// # Errors
/// A change is none; a file of the run is gone or not as it was written.
pub async fn tried(pool: &Pool, changes: &str) -> Result<Option<(String, Tried)>, PortalError> {
    let changes: Vec<String> = changes.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if changes.len() > MOST_CHANGES {
        return Err(PortalError::Refused("changes", vec![MOST_CHANGES.to_string()]));
    }
    of_latest(pool, move |config, published| whatif(config, published, &changes)).await
}

/// What the latest run says to a question, and which run that is; nothing before the first run.
///
/// # Errors
/// What was typed is nothing that can be asked; a file of the run is gone or not as it was written.
pub async fn of_latest<T: Send + 'static>(
    pool: &Pool,
    ask: impl FnOnce(&Config, &PublishedRun) -> Result<T, Error> + Send + 'static,
) -> Result<Option<(String, T)>, PortalError> {
    let Some(run) = super::latest_run(pool) else { return Ok(None) };
    let published = integrity::open(pool, &pool.flaws, &run).await?;
    let config = pool.config_today();
    let answer = tokio::task::spawn_blocking(move || ask(&config, &published)).await;
    let answer = answer.map_err(|e| PortalError::bug(e.to_string()))?;
    Ok(Some((run, answer.map_err(|error| told(&error))?)))
}

/// What was typed, or what is wrong with it; the rest is ours.
fn told(error: &Error) -> PortalError {
    let argument = |name: &str| error.args.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()).unwrap_or_default();
    match error.code {
        "ERR-098" | "ERR-099" => PortalError::Refused("change", vec![argument("found"), argument("expected")]),
        "ERR-101" => PortalError::Refused("not_computed", vec![argument("found")]),
        _ => PortalError::bug(error.code),
    }
}
