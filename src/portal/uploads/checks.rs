//! The checks of uploads: begun when a file is in, begun again after an end without warning.

use super::former_keys::carried_over;
use super::result::{Found, settings};
use super::room::Uploads;
use super::shown::Key;
use super::{changes, result};
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Upload, Verdict};
use crate::model::standing::Relation;
use crate::pipeline::{Beside, of_upload};
use crate::portal::error::PortalError;
use crate::portal::night;
use std::time::Duration;

/// Pauses before a check that failed for want of disk or the like is tried again; after that at the next start, or when
/// somebody looks.
const PAUSES_S: [u64; 3] = [5, 30, 120];

/// Begins again what has no verdict, and looks for the records of what was checked before they were kept.
pub async fn resume(uploads: &Uploads) -> Result<(), PortalError> {
    for upload in uploads.read(|l| l.unchecked_uploads()).await? {
        begin(uploads, upload);
    }
    let unheld = uploads.read(|l| l.unheld_uploads()).await?;
    let uploads = uploads.clone();
    tokio::spawn(async move {
        let config = uploads.config_today();
        for upload in unheld {
            let number = upload.number;
            if let Err(error) = hold(&uploads, &config, upload).await {
                tracing::error!(upload.number = number, ?error, "records could not be read again");
            }
        }
    });
    Ok(())
}

/// Begins the check of an upload that has none.
pub async fn begin_by_id(uploads: &Uploads, id: &str) -> Result<(), PortalError> {
    let asked = id.to_owned();
    let upload = uploads.read(move |l| l.upload(&asked)).await?;
    if let Some(upload) = upload.filter(|u| u.verdict.is_none()) {
        begin(uploads, upload);
    }
    Ok(())
}

/// Begins a check, unless it is under way; nobody waits for it.
pub fn begin(uploads: &Uploads, upload: Upload) {
    if !uploads.intake.claim(&upload.id) {
        return;
    }
    let uploads = uploads.clone();
    tokio::spawn(async move {
        let mut pauses = PAUSES_S.into_iter();
        while let Err(error) = check(&uploads, &upload).await {
            tracing::error!(upload.number = upload.number, ?error, "a check failed");
            let Some(pause) = pauses.next() else { break };
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
        uploads.intake.release(&upload.id);
        let id = upload.id.clone();
        let series = uploads.read(move |l| l.upload(&id)).await.ok().flatten().map_or(upload.series, |u| u.series);
        changes::prepare(&uploads, &series).await;
    });
}

/// The series of an upload once its records are known: that of the latest upload which it replaces or corrects, whatever
/// either is called; a name alone joins no records that have nothing in common.
fn lineage(ledger: &Ledger, upload: &Upload) -> Result<String, LedgerError> {
    let pairs = ledger.pairs(Some(&upload.source))?;
    let met: Vec<(i64, bool)> = pairs
        .overlaps
        .iter()
        .filter(|(((older, newer), ..), _)| *newer == upload.number && *older > 0)
        .map(|((pair, form, period), overlap)| {
            let said = pairs.said.of(*pair, form, *period).map(|said| said.choice);
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

async fn check(uploads: &Uploads, upload: &Upload) -> Result<(), PortalError> {
    let config = uploads.config_today();
    let half = uploads.intake.half()?;
    let beside = beside(uploads, upload).await?;
    let name = result::folder_name(upload, &settings(&uploads.config, &config, upload), &beside.key());
    uploads.intake.desk.check(&config, of_upload(&config, upload.clone()), beside, half.path()).await?;
    uploads.intake.keep_found(&name, half)?;
    let held = held(uploads, upload, &name).await?;
    let verdict = judged(uploads, &held, &name).await?;
    // What is only checked again brings nothing new.
    if upload.verdict.is_none() && verdict != Verdict::Refused {
        night::arrived(&uploads.night);
    }
    if let Some(old) = upload.result.clone().filter(|old| *old != name) {
        let asked = old.clone();
        if !uploads.read(move |l| l.is_result_in_use(&asked)).await?
            && let Err(error) = uploads.intake.forget(&old)
        {
            tracing::warn!(%error, "the result of a former check cannot be removed");
        }
    }
    Ok(())
}

/// What stands beside an upload now.
async fn beside(uploads: &Uploads, upload: &Upload) -> Result<Beside, PortalError> {
    let (config, upload) = (uploads.config_today(), upload.clone());
    uploads.read(move |l| Beside::find(&config, l, &upload)).await
}

/// Keeps the records of an upload that was checked before they were kept.
async fn hold(uploads: &Uploads, config: &Config, upload: Upload) -> Result<(), PortalError> {
    let half = uploads.intake.half()?;
    let beside = beside(uploads, &upload).await?;
    uploads.intake.desk.check(config, of_upload(config, upload.clone()), beside, half.path()).await?;
    let holdings = tokio::task::spawn_blocking(move || Found::open(half.path().to_owned()).ok_or(std::io::ErrorKind::NotFound)?.holdings());
    let holdings = holdings.await.map_err(|e| PortalError::bug(e.to_string()))??;
    uploads.ledger_patiently(move |l| l.hold(&upload.id, &holdings)).await
}

/// Keeps the records of an upload just checked, and joins it to the series that they tell.
async fn held(uploads: &Uploads, upload: &Upload, name: &str) -> Result<Upload, PortalError> {
    let (shared, kept) = (uploads.clone(), name.to_owned());
    let holdings = tokio::task::spawn_blocking(move || shared.intake.found(&kept).ok_or(std::io::ErrorKind::NotFound)?.holdings());
    let holdings = holdings.await.map_err(|e| PortalError::bug(e.to_string()))??;
    let known = upload.clone();
    let joined = move |l: &mut Ledger| {
        l.hold(&known.id, &holdings)?;
        lineage(l, &known)
    };
    Ok(Upload { series: uploads.ledger_patiently(joined).await?, ..upload.clone() })
}

/// Keeps what a check came to, given what was said of its return before.
///
/// The findings are counted before the ledger is asked to keep the verdict, so that a long list holds nobody up; if
/// something was said meanwhile, they are counted again.
async fn judged(uploads: &Uploads, upload: &Upload, name: &str) -> Result<Verdict, PortalError> {
    loop {
        let series = upload.series.clone();
        let explanations = uploads.read(move |l| l.explanations(&series)).await?;
        let (shared, kept, said) = (uploads.clone(), name.to_owned(), explanations.len());
        let counted = tokio::task::spawn_blocking(move || {
            let found = shared.intake.found(&kept).ok_or(std::io::ErrorKind::NotFound)?;
            let carried = carried_over(&found, &explanations)?;
            let said = explanations.iter().map(|e| &e.finding).chain(carried.iter().map(|(_, now)| now));
            let (verdict, tally) = found.verdict(&said.filter_map(|key| Key::of(key)).collect())?;
            Ok::<_, std::io::Error>((verdict, tally, carried))
        });
        let (verdict, tally, carried) = counted.await.map_err(|e| PortalError::bug(e.to_string()))??;
        let (id, series, name, now) = (upload.id.clone(), upload.series.clone(), name.to_owned(), uploads.clock.stamp());
        let kept = uploads.ledger_patiently(move |l| {
            let holds = l.explanations(&series)?.len() == said;
            if !holds {
                return Ok(false);
            }
            l.carry_explanations(&series, &carried)?;
            l.judge_upload(&id, verdict, &tally, &name, &now).map(|()| true)
        });
        if kept.await? {
            return Ok(verdict);
        }
    }
}
