//! The checks of uploads: begun when a file is in, begun again after an end without warning.

use super::result::{CheckResult, settings};
use super::{changes, result};
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Upload, Verdict};
use crate::model::standing::Relation;
use crate::pipeline::of_upload;
use crate::server::error::PageError;
use crate::server::night;
use crate::server::state::App;
use std::sync::Arc;
use std::time::Duration;

/// Pauses before a check that failed for want of disk or the like is tried again; after that at the next start, or when
/// somebody looks.
const PAUSES_S: [u64; 3] = [5, 30, 120];

/// Begins again what has no verdict, and looks for the records of what was checked before they were kept.
pub async fn resume(app: &App) -> Result<(), PageError> {
    for upload in app.ledger(|l| l.unchecked_uploads()).await? {
        begin(app, upload);
    }
    let unheld = app.ledger(|l| l.unheld_uploads()).await?;
    let app = app.clone();
    tokio::spawn(async move {
        let config = config_today(&app);
        for upload in unheld {
            match app.intake.checker.check(config.clone(), of_upload(&config, upload.clone())).await {
                Ok(checked) if !checked.died => {
                    let held = app.ledger(move |l| l.hold(&upload.id, &checked.holdings)).await;
                    let _ = held.inspect_err(|error| tracing::error!(?error, "records could not be kept"));
                }
                Ok(_) => {}
                Err(error) => tracing::error!(upload.number = upload.number, ?error, "records could not be read again"),
            }
        }
    });
    Ok(())
}

/// Begins the check of an upload that has none.
pub async fn begin_by_id(app: &App, id: &str) -> Result<(), PageError> {
    let asked = id.to_owned();
    let upload = app.ledger(move |l| l.upload(&asked)).await?;
    if let Some(upload) = upload.filter(|u| u.verdict.is_none()) {
        begin(app, upload);
    }
    Ok(())
}

/// Begins a check, unless it is under way; nobody waits for it.
pub fn begin(app: &App, upload: Upload) {
    if !app.intake.claim(&upload.id) {
        return;
    }
    let app = app.clone();
    tokio::spawn(async move {
        let mut pauses = PAUSES_S.into_iter();
        while let Err(error) = check(&app, &upload).await {
            tracing::error!(upload.number = upload.number, ?error, "a check failed");
            let Some(pause) = pauses.next() else { break };
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
        app.intake.release(&upload.id);
        let id = upload.id.clone();
        let series = app.ledger(move |l| l.upload(&id)).await.ok().flatten().map_or(upload.series, |u| u.series);
        changes::prepare(&app, &series).await;
    });
}

/// The settings in force today: a portal runs for months, and so may not keep the day of its start.
pub fn config_today(app: &App) -> Arc<Config> {
    let mut config = app.config.clone();
    let typed = config.typed.get("run").and_then(|run| run.get("as_of"));
    if config.run.as_of == "today" && typed.is_none() {
        config.override_with(None, None, Some(app.clock.now().date_naive()), None);
    }
    Arc::new(config)
}

/// The series of an upload once its records are known: that of the latest upload which it replaces or corrects, whatever
/// either is called; a name alone joins no records that have nothing in common.
fn lineage(ledger: &Ledger, upload: &Upload) -> Result<String, LedgerError> {
    let pairs = ledger.pairs(Some(&upload.source))?;
    let met: Vec<(i64, bool)> = pairs
        .overlaps
        .iter()
        .filter(|(((_, newer), ..), _)| *newer == upload.number)
        .map(|((pair, ..), overlap)| {
            let said = pairs.said.get(pair).map(|said| said.choice);
            (pair.0, overlap.relation(said) != Relation::Supplements)
        })
        .collect();
    let kin = met.iter().filter(|(_, kin)| *kin).map(|(older, _)| *older).max();
    let versions = ledger.versions(&upload.series)?;
    let series = match kin {
        Some(older) => ledger.numbered_upload(older)?.map(|u| u.series),
        None if versions.iter().any(|v| met.iter().any(|(older, _)| *older == v.number)) => Some(upload.id.clone()),
        None => None,
    };
    let series = series.unwrap_or_else(|| upload.series.clone());
    if series != upload.series {
        ledger.join_series(&upload.id, &series)?;
    }
    Ok(series)
}

async fn check(app: &App, upload: &Upload) -> Result<(), PageError> {
    let config = config_today(app);
    let checked = app.intake.checker.check(config.clone(), of_upload(&config, upload.clone())).await?;
    let holdings = checked.holdings.clone();
    let (shared, name) = (app.clone(), result::file_name(upload, &settings(&app.config, &config, upload)));
    let kept = name.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        let result = CheckResult::of(&config, &checked);
        shared.intake.keep(&kept, &result)?;
        Ok::<_, std::io::Error>(result)
    });
    let result = rendered.await.map_err(|e| PageError::bug(e.to_string()))??;
    let (id, upload, now) = (upload.id.clone(), upload.clone(), app.clock.stamp());
    let verdict = app
        .ledger(move |l| {
            l.hold(&id, if result.refused { &[] } else { &holdings })?;
            let series = lineage(l, &upload)?;
            let explained = l.explanations(&series)?.into_iter().map(|e| e.finding).collect();
            let (verdict, tally) = result.verdict(&explained);
            l.judge_upload(&id, verdict, &tally, &name, &now)?;
            Ok(verdict)
        })
        .await?;
    if verdict != Verdict::Refused {
        night::arrived(app);
    }
    Ok(())
}
