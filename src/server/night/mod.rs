//! The night: runs that the portal starts, one at a time, each a child process.
//!
//! Owns: what runs at the moment and how far it is, the schedule, what is recorded of each attempt. A run's death, end or
//! cancel never touches the portal; the portal's death ends the run, which may end at any moment without harm.

mod active;
mod child;
mod progress;
mod schedule;

pub use active::Night;
pub use progress::{Current, StageProgress, StageState};
pub use schedule::{follow_arrivals, keep, next_due};

use super::actor::Actor;
use super::error::PageError;
use super::notices;
use super::state::App;
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
pub async fn start(app: &App, cause: Cause, by: By<'_>, due: Option<String>) -> Result<i64, PageError> {
    if app.night.closing.load(Ordering::SeqCst) {
        return Err(PageError::Conflict("closing"));
    }
    let mut current = Some(Current::new(cause, by.map(|(actor, _)| actor.display.clone()), app.clock.stamp()));
    // Whoever puts it in has the run.
    let ours = app.night.current.send_if_modified(|active| {
        let free = active.is_none();
        if free {
            *active = current.take();
        }
        free
    });
    if !ours {
        return Err(PageError::Conflict("busy"));
    }
    app.night.stop.send_replace(None);
    match begin(app, cause, by, due).await {
        Ok(attempt) => {
            app.night.current.send_modify(|c| _ = c.as_mut().map(|c| c.attempt = attempt));
            tokio::spawn(attend(app.clone(), attempt));
            Ok(attempt)
        }
        Err(error) => {
            app.night.current.send_replace(None);
            Err(error)
        }
    }
}

/// Records that an attempt begins, and who wanted it.
async fn begin(app: &App, cause: Cause, by: By<'_>, due: Option<String>) -> Result<i64, PageError> {
    let (account, now) = (by.map(|(actor, _)| actor.name.clone()), app.clock.stamp());
    let attempt = app.ledger(move |l| l.begin_attempt(cause, account.as_deref(), due.as_deref(), &now)).await?;
    let object = attempt.to_string();
    let noted = match by {
        Some((actor, address)) => app.note(actor, address, "run_started", &object, cause.id()).await,
        None => app.note_system("", "run_started", &object, cause.id()).await,
    };
    if let Err(error) = noted {
        let now = app.clock.stamp();
        let ending = Ending { outcome: Outcome::Cancelled, run: None, message: None };
        app.ledger_patiently(move |l| l.end_attempt(attempt, ending, &now)).await?;
        return Err(error);
    }
    Ok(attempt)
}

/// Stops the run that is active.
///
/// # Errors
/// Nothing runs.
pub async fn cancel(app: &App, actor: &Actor, address: &str) -> Result<(), PageError> {
    let current = app.night.current().ok_or(PageError::Conflict("nothing_runs"))?;
    app.note(actor, address, "run_cancelled", &current.attempt.to_string(), "").await?;
    app.night.current.send_modify(|c| _ = c.as_mut().map(|c| c.cancelling = true));
    app.night.stop.send_replace(Some(Stop::Cancelled));
    Ok(())
}

/// Something arrived: a run begins if the configuration asks for it, after the one that is active.
pub fn arrived(app: &App) {
    if app.config.schedule.on_arrival {
        app.night.arrived.notify_one();
    }
}

/// Takes up where an earlier portal ended: what it left open is closed, and its failure is said.
pub async fn open(app: &App) -> Result<(), PageError> {
    let now = app.clock.stamp();
    for attempt in app.ledger_patiently(move |l| l.close_attempts(&now)).await? {
        app.note_system("", "run_finished", &attempt.to_string(), Outcome::Died.id()).await?;
    }
    refresh(app).await
}

/// Lets the run end if it is near its end, else stops it; it is made up when the portal starts again.
pub async fn park(app: &App) {
    app.night.closing.store(true, Ordering::SeqCst);
    if tokio::time::timeout(Duration::from_secs(PARTING_S), app.night.idle()).await.is_err() {
        app.night.stop.send_replace(Some(Stop::Parked));
        let _ = tokio::time::timeout(Duration::from_secs(PARTING_S), app.night.idle()).await;
    }
}

/// Looks up whether the last run failed.
async fn refresh(app: &App) -> Result<(), PageError> {
    let failed = app.read(|l| l.failure()).await?;
    if let Ok(mut known) = app.night.failed.write() {
        *known = failed;
    }
    Ok(())
}

/// Sees an attempt through to its record.
async fn attend(app: App, attempt: i64) {
    // In a task of its own, so that a panic there is one attempt's and no more.
    let ended = tokio::spawn(child::run(app.clone())).await.unwrap_or(Ended::Died);
    let failed = matches!(ended, Ended::Failed { .. } | Ended::Died);
    let done = matches!(&ended, Ended::Done { unchanged: false, .. });
    // What is not recorded would be shown as running for ever; a disk that is full now may have room again.
    while let Err(error) = record(&app, attempt, ended.clone()).await {
        tracing::error!(?error, attempt, "the end of a run could not be recorded");
        if app.night.closing.load(Ordering::SeqCst) {
            break;
        }
        if !app.reserve.release() {
            tokio::time::sleep(Duration::from_secs(RECORD_S)).await;
        }
    }
    if failed || done {
        let event = if done { NoticeEvent::ReportWaits } else { NoticeEvent::RunFailed };
        if let Err(error) = notices::queue(&app, event).await {
            tracing::error!(?error, "a notice could not be queued");
        }
    }
    app.night.current.send_replace(None);
}

async fn record(app: &App, attempt: i64, ended: Ended) -> Result<(), PageError> {
    let (outcome, run, message) = match ended {
        Ended::Done { run, unchanged } => (if unchanged { Outcome::Unchanged } else { Outcome::Done }, Some(run), None),
        Ended::Failed { message, .. } => (Outcome::Failed, None, Some(message)),
        Ended::Died => (Outcome::Died, None, None),
        Ended::Stopped(Stop::Cancelled) => (Outcome::Cancelled, None, None),
        Ended::Stopped(Stop::Parked) => (Outcome::Parked, None, None),
    };
    let (now, made) = (app.clock.stamp(), run.clone());
    app.ledger_patiently(move |l| l.end_attempt(attempt, Ending { outcome, run: made.as_deref(), message: message.as_deref() }, &now))
        .await?;
    refresh(app).await?;
    let detail = run.map_or_else(|| outcome.id().to_owned(), |run| format!("{} {run}", outcome.id()));
    app.note_system("", "run_finished", &attempt.to_string(), &detail).await
}
