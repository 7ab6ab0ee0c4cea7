//! What changed from one version of a return to the next; compared once, then kept.

use super::room::Uploads;
use crate::ledger::{Upload, Verdict};
use crate::pipeline::{Changes, of_upload};
use crate::portal::error::PortalError;

/// Cells named; the rest are counted.
const NAMED: usize = 200;

/// The version before one that can be compared with it: neither may be refused or unchecked.
fn before<'a>(versions: &'a [Upload], upload: &Upload) -> Option<&'a Upload> {
    let readable = |u: &Upload| u.verdict.is_some_and(|v| v != Verdict::Refused);
    if !readable(upload) {
        return None;
    }
    versions.iter().rev().find(|u| u.number < upload.number && readable(u))
}

fn file_name(old: &Upload, new: &Upload) -> String {
    format!("changes-{}-{}.json", old.id, new.id)
}

/// What changed to a version from the one before, with that one's number; no changes yet if they are still compared.
pub fn compared(uploads: &Uploads, versions: &[Upload], upload: &Upload) -> Option<(i64, Option<Changes>)> {
    let old = before(versions, upload)?;
    let changes = uploads.intake.kept(&file_name(old, upload));
    if changes.is_none() {
        let (uploads, series) = (uploads.clone(), upload.series.clone());
        tokio::spawn(async move { prepare(&uploads, &series).await });
    }
    Some((old.number, changes))
}

/// Compares the versions of a return that have not been yet.
pub async fn prepare(uploads: &Uploads, series: &str) {
    let work = format!("changes {series}");
    if !uploads.intake.claim(&work) {
        return;
    }
    if let Err(error) = compare_all(uploads, series).await {
        tracing::error!(?error, "versions could not be compared");
    }
    uploads.intake.release(&work);
}

async fn compare_all(uploads: &Uploads, series: &str) -> Result<(), PortalError> {
    let asked = series.to_owned();
    let versions = uploads.read(move |l| l.versions(&asked)).await?;
    let config = uploads.config_today();
    for upload in &versions {
        let Some(old) = before(&versions, upload) else { continue };
        let name = file_name(old, upload);
        if uploads.intake.kept::<Changes>(&name).is_some() {
            continue;
        }
        let files = [old, upload].map(|u| of_upload(&config, u.clone()));
        let [old, new] = files;
        let changes = uploads.intake.desk.changes(&config, old, new, NAMED).await?;
        uploads.intake.keep(&name, &changes)?;
    }
    Ok(())
}
