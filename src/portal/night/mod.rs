//! The night: runs that the portal starts, one at a time, each a child process.
//!
//! Owns: what runs at the moment and how far it is, the schedule, what is recorded of each attempt. A run's death, end or
//! cancel never touches the portal; the portal's death ends the run, which may end at any moment without harm.

mod active;
mod child;
mod progress;
mod room;
mod schedule;

pub use progress::{Current, StageProgress, StageState};
pub use room::Night;
pub use schedule::{follow_arrivals, keep, next_due};

use super::actor::Actor;
use super::error::PortalError;
use super::notices;
use crate::config::NoticeEvent;
use crate::ledger::{Cause, Ending, Outcome};
use active::Stop;
use child::Ended;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Seconds that a run has to end by itself when the portal stops.
const PARTING_S: u64 = 10;

/// Seconds between two tries to record how a run ended.
const RECORD_S: u64 = 20;

/// Who starts a run: a person at an address, or nobody.
pub type By<'a> = Option<(&'a Actor, &'a str)>;

/// Starts a run; gives the number of the attempt. `due` is the moment of the schedule that it serves.
///
/// # Errors
/// Another run is active, or the ledger takes nothing.
pub async fn start(night: &Night, cause: Cause, by: By<'_>, due: Option<String>) -> Result<i64, PortalError> {
    if night.active.closing.load(Ordering::SeqCst) {
        return Err(PortalError::Conflict("closing"));
    }
    let mut current = Some(Current::new(cause, by.map(|(actor, _)| actor.display.clone()), night.clock.stamp()));
    // Whoever puts it in has the run.
    let ours = night.active.current.send_if_modified(|active| {
        let free = active.is_none();
        if free {
            *active = current.take();
        }
        free
    });
    if !ours {
        return Err(PortalError::Conflict("busy"));
    }
    night.active.stop.send_replace(None);
    match begin(night, cause, by, due).await {
        Ok(attempt) => {
            night.active.current.send_modify(|c| _ = c.as_mut().map(|c| c.attempt = attempt));
            tokio::spawn(attend(night.clone(), attempt));
            Ok(attempt)
        }
        Err(error) => {
            night.active.current.send_replace(None);
            Err(error)
        }
    }
}

/// Records that an attempt begins, and who wanted it.
async fn begin(night: &Night, cause: Cause, by: By<'_>, due: Option<String>) -> Result<i64, PortalError> {
    let (account, now) = (by.map(|(actor, _)| actor.name.clone()), night.clock.stamp());
    let attempt = night.ledger(move |l| l.begin_attempt(cause, account.as_deref(), due.as_deref(), &now)).await?;
    let object = attempt.to_string();
    let noted = match by {
        Some((actor, address)) => night.note(actor, address, "run_started", &object, cause.id()).await,
        None => night.note_system("", "run_started", &object, cause.id()).await,
    };
    if let Err(error) = noted {
        let now = night.clock.stamp();
        let ending = Ending { outcome: Outcome::Cancelled, run: None, message: None };
        night.ledger_patiently(move |l| l.end_attempt(attempt, ending, &now)).await?;
        return Err(error);
    }
    Ok(attempt)
}

/// Stops the run that is active.
///
/// # Errors
/// Nothing runs.
pub async fn cancel(night: &Night, actor: &Actor, address: &str) -> Result<(), PortalError> {
    let current = night.current().ok_or(PortalError::Conflict("nothing_runs"))?;
    night.note(actor, address, "run_cancelled", &current.attempt.to_string(), "").await?;
    night.active.current.send_modify(|c| _ = c.as_mut().map(|c| c.cancelling = true));
    night.active.stop.send_replace(Some(Stop::Cancelled));
    Ok(())
}

/// Something arrived: a run begins if the configuration asks for it, after the one that is active.
pub fn arrived(night: &Night) {
    if night.config.schedule.on_arrival {
        night.active.arrived.notify_one();
    }
}

/// Takes up where an earlier portal ended: what it left open is closed, and its failure is said.
pub async fn open(night: &Night) -> Result<(), PortalError> {
    let now = night.clock.stamp();
    for attempt in night.ledger_patiently(move |l| l.close_attempts(&now)).await? {
        night.note_system("", "run_finished", &attempt.to_string(), Outcome::Died.id()).await?;
    }
    refresh(night).await
}

/// Lets the run end if it is near its end, else stops it; it is made up when the portal starts again.
pub async fn park(night: &Night) {
    night.active.closing.store(true, Ordering::SeqCst);
    if tokio::time::timeout(Duration::from_secs(PARTING_S), night.active.idle()).await.is_err() {
        night.active.stop.send_replace(Some(Stop::Parked));
        let _ = tokio::time::timeout(Duration::from_secs(PARTING_S), night.active.idle()).await;
    }
}

/// Looks up whether the last run failed.
async fn refresh(night: &Night) -> Result<(), PortalError> {
    let failed = night.read(|l| l.failure()).await?;
    if let Ok(mut known) = night.active.failed.write() {
        *known = failed;
    }
    Ok(())
}

/// Sees an attempt through to its record.
async fn attend(night: Night, attempt: i64) {
    // In a task of its own, so that a panic there is one attempt's and no more.
    let ended = tokio::spawn(child::run(night.clone())).await.unwrap_or(Ended::Died);
    let failed = matches!(ended, Ended::Failed { .. } | Ended::Died);
    let done = matches!(&ended, Ended::Done { unchanged: false, .. });
    // What is not recorded would be shown as running for ever; a disk that is full now may have room again.
    while let Err(error) = record(&night, attempt, ended.clone()).await {
        tracing::error!(?error, attempt, "the end of a run could not be recorded");
        if night.active.closing.load(Ordering::SeqCst) {
            break;
        }
        if !night.reserve.release() {
            tokio::time::sleep(Duration::from_secs(RECORD_S)).await;
        }
    }
    if failed || done {
        let event = if done { NoticeEvent::ReportWaits } else { NoticeEvent::RunFailed };
        if let Err(error) = notices::queue(&night.notices, event).await {
            tracing::error!(?error, "a notice could not be queued");
        }
    }
    night.active.current.send_replace(None);
}

async fn record(night: &Night, attempt: i64, ended: Ended) -> Result<(), PortalError> {
    let (outcome, run, message) = match ended {
        Ended::Done { run, unchanged } => (if unchanged { Outcome::Unchanged } else { Outcome::Done }, Some(run), None),
        Ended::Failed { message, .. } => (Outcome::Failed, None, Some(message)),
        Ended::Died => (Outcome::Died, None, None),
        Ended::Stopped(Stop::Cancelled) => (Outcome::Cancelled, None, None),
        Ended::Stopped(Stop::Parked) => (Outcome::Parked, None, None),
    };
    let (now, made) = (night.clock.stamp(), run.clone());
    night
        .ledger_patiently(move |l| l.end_attempt(attempt, Ending { outcome, run: made.as_deref(), message: message.as_deref() }, &now))
        .await?;
    refresh(night).await?;
    let detail = run.map_or_else(|| outcome.id().to_owned(), |run| format!("{} {run}", outcome.id()));
    night.note_system("", "run_finished", &attempt.to_string(), &detail).await
}
