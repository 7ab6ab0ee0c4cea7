//! When runs begin by themselves, by the portal's clock.

use super::{Night, refresh, start};
use crate::config::Times;
use crate::ledger::Cause;
use crate::portal::clock::Clock;
use crate::portal::error::PortalError;
use chrono::{DateTime, FixedOffset};
use std::time::Duration;
use tokio::sync::watch;

/// Longest sleep: a clock that was set, or a machine that slept, is noticed by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Deaths after which a moment is not made up any more.
const MOST_DEATHS: u32 = 3;

/// When the next run is due.
pub fn next_due(night: &Night) -> Option<DateTime<FixedOffset>> {
    times(night)?.after(&night.clock.now())
}

fn times(night: &Night) -> Option<Times> {
    // A wrong expression was refused when the configuration was read.
    night.config.schedule.times().ok().flatten()
}

/// Starts runs when they are due, until the portal stops.
pub async fn keep(night: Night, mut stopped: watch::Receiver<bool>) {
    let times = times(&night);
    let mut last = night.clock.now();
    if let Err(error) = make_up(&night, times.as_ref(), last).await {
        tracing::error!(?error, "a missed run could not be made up");
    }
    loop {
        let due = times.as_ref().and_then(|t| t.after(&last));
        let now = night.clock.now();
        match (due, times.as_ref()) {
            (Some(due), Some(times)) if due <= now => {
                // Moments that passed while the machine slept count as one.
                let moment = times.until(&now).unwrap_or(due);
                match begin(&night, Cause::Schedule, Some(moment)).await {
                    Ok(_) => last = moment,
                    // A full disk, say: it stays due.
                    Err(error) => {
                        tracing::error!(?error, "a due run could not begin");
                        tokio::select! {
                            () = tokio::time::sleep(LONGEST_SLEEP) => {}
                            _ = stopped.changed() => return,
                        }
                    }
                }
            }
            _ => {
                let left = due.and_then(|due| (due - now).to_std().ok()).unwrap_or(LONGEST_SLEEP);
                tokio::select! {
                    () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
                    _ = stopped.changed() => return,
                }
                if let Err(error) = refresh(&night).await {
                    tracing::warn!(?error, "the ledger does not tell how the last run ended");
                }
            }
        }
    }
}

/// Starts a run whenever something has arrived, until the portal stops.
pub async fn follow_arrivals(night: Night, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = night.active.arrived.notified() => {}
            _ = stopped.changed() => return,
        }
        if let Err(error) = begin(&night, Cause::Arrival, None).await {
            tracing::error!(?error, "a run on arrival could not begin");
        }
    }
}

/// Starts a run after the one that is active.
async fn begin(night: &Night, cause: Cause, due: Option<DateTime<FixedOffset>>) -> Result<(), PortalError> {
    loop {
        night.active.idle().await;
        match start(night, cause, None, due.map(Clock::text)).await {
            Err(PortalError::Conflict("busy")) => {}
            Err(PortalError::Conflict(_)) => return Ok(()),
            started => return started.map(|_| ()),
        }
    }
}

/// Makes up the run of the last moment if nothing served it, or if the portal stopped while it ran.
async fn make_up(night: &Night, times: Option<&Times>, now: DateTime<FixedOffset>) -> Result<(), PortalError> {
    if !night.config.schedule.made_up {
        return Ok(());
    }
    let due = times.and_then(|t| t.until(&now));
    let stamp = due.map(Clock::text);
    let (parked, missed) = night
        .read(move |l| {
            let Some(due) = stamp else { return Ok((l.is_parked()?, false)) };
            let (deaths, ended) = l.served(&due)?;
            // What was due before there was a portal was not missed.
            let missed = !ended && deaths < MOST_DEATHS && l.since()?.is_some_and(|since| since < due);
            Ok((l.is_parked()?, missed))
        })
        .await?;
    if parked || missed { begin(night, Cause::MadeUp, due).await } else { Ok(()) }
}
