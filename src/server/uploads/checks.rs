//! The checks of uploads: begun when a file is in, begun again after an end without warning.

use super::result::{Key, settings};
use super::{changes, result};
use crate::config::Config;
use crate::ledger::{Upload, Verdict};
use crate::pipeline::of_upload;
use crate::server::error::PageError;
use crate::server::night;
use crate::server::state::App;
use std::sync::Arc;
use std::time::Duration;

/// Pauses before a check that failed for want of disk or the like is tried again; after that at the next start, or when
/// somebody looks.
const PAUSES_S: [u64; 3] = [5, 30, 120];

/// Begins again what has no verdict.
pub async fn resume(app: &App) -> Result<(), PageError> {
    for upload in app.read(|l| l.unchecked_uploads()).await? {
        begin(app, upload);
    }
    Ok(())
}

/// Begins the check of an upload that has none; one that was refused is checked again, since it was sent again.
pub async fn begin_by_id(app: &App, id: &str) -> Result<(), PageError> {
    let asked = id.to_owned();
    let upload = app
        .ledger(move |l| {
            let upload = l.upload(&asked)?;
            if upload.as_ref().is_some_and(|u| u.verdict == Some(Verdict::Refused)) {
                l.unjudge_upload(&asked)?;
                return l.upload(&asked);
            }
            Ok(upload)
        })
        .await?;
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
        changes::prepare(&app, &upload.series).await;
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

async fn check(app: &App, upload: &Upload) -> Result<(), PageError> {
    let config = config_today(app);
    let half = app.intake.half()?;
    app.intake.desk.check(&config, of_upload(&config, upload.clone()), half.path()).await?;
    let name = result::folder_name(upload, &settings(&app.config, &config, upload));
    app.intake.keep_found(&name, half)?;
    if judged(app, upload, &name).await? != Verdict::Refused {
        night::arrived(app);
    }
    Ok(())
}

/// Keeps what a check came to, given what was said of its return before.
///
/// The findings are counted before the ledger is asked to keep the verdict, so that a long list holds nobody up; if
/// something was said meanwhile, they are counted again.
async fn judged(app: &App, upload: &Upload, name: &str) -> Result<Verdict, PageError> {
    loop {
        let series = upload.series.clone();
        let explanations = app.read(move |l| l.explanations(&series)).await?;
        let (shared, kept, said) = (app.clone(), name.to_owned(), explanations.len());
        let counted = tokio::task::spawn_blocking(move || {
            let explained = explanations.iter().filter_map(|e| Key::of(&e.finding)).collect();
            let found = shared.intake.found(&kept).ok_or(std::io::ErrorKind::NotFound)?;
            found.verdict(&explained)
        });
        let (verdict, tally) = counted.await.map_err(|e| PageError::bug(e.to_string()))??;
        let (id, series, name, now) = (upload.id.clone(), upload.series.clone(), name.to_owned(), app.clock.stamp());
        let kept = app.ledger_patiently(move |l| {
            let holds = l.explanations(&series)?.len() == said;
            if holds { l.judge_upload(&id, verdict, &tally, &name, &now).map(|()| true) } else { Ok(false) }
        });
        if kept.await? {
            return Ok(verdict);
        }
    }
}
