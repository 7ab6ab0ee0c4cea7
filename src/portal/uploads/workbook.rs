//! The findings of an upload as a workbook to take along, written by a child.

use super::judge::Job;
use super::own::own;
use super::result::Among;
use super::room::Uploads;
use super::slip::SlipJob;
use crate::ledger::Upload;
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::text::{portal, say, shown};
use crate::stages::acquire::hash_text;
use std::path::PathBuf;
use std::time::Duration;

/// For so long an answer waits for its workbook; a longer one is written to its end and handed out when asked for again.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked for if somebody else has asked for it.
const LOOK: Duration = Duration::from_millis(200);

/// Has the workbook of an upload's findings written; gives its file, which is the caller's to remove, and its name.
///
/// # Errors
/// The upload is not checked, its workbook is not ready yet, or it has more findings than a workbook can hold.
pub async fn findings_workbook(uploads: &Uploads, actor: &Actor, id: &str) -> Result<(PathBuf, String), PortalError> {
    let upload = own(uploads, actor, id).await?;
    let file = say("portal.slip_file", &[upload.number.to_string()]);
    let job = job(uploads, &upload).await?;
    let (path, work) = (job.path.clone(), format!("slip {}", job.path.display()));
    if !path.exists() && uploads.intake.claim(&work) {
        let (shared, source) = (uploads.clone(), upload.source.clone());
        let written = tokio::spawn(async move {
            let written = write_whole(&shared, &source, job).await;
            shared.intake.release(&work);
            written
        });
        if let Ok(written) = tokio::time::timeout(PATIENCE, written).await {
            written.map_err(|e| PortalError::bug(e.to_string()))??;
        }
    } else {
        let there = async {
            while !path.exists() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, there).await;
    }
    if path.exists() { Ok((path, file)) } else { Err(PortalError::Conflict("slip_waits")) }
}

/// The workbook has its name when it is whole.
async fn write_whole(uploads: &Uploads, source: &str, mut job: SlipJob) -> Result<(), PortalError> {
    let path = job.path.clone();
    let half = tempfile::Builder::new().prefix("slip-").tempdir_in(&uploads.intake.incoming)?;
    job.path = half.path().join("findings.xlsx");
    let written = job.path.clone();
    match uploads.intake.desk.write(source, &Job::Slip(job)).await? {
        None => Ok(std::fs::rename(written, path)?),
        Some(_) => Err(PortalError::Conflict("slip_large")),
    }
}

async fn job(uploads: &Uploads, upload: &Upload) -> Result<SlipJob, PortalError> {
    let found = upload.result.as_deref().and_then(|name| uploads.intake.found(name)).ok_or(PortalError::Conflict("unchecked"))?;
    let series = upload.series.clone();
    let explanations = uploads.read(move |l| l.explanations(&series)).await?;
    let bureau = uploads.config.source.get(&upload.source).map_or_else(|| upload.source.clone(), |s| s.bureau.clone());
    let checked = upload.checked.clone().unwrap_or_default();
    let verdict = portal(&format!("verdict_{}", upload.verdict.map_or("waiting", crate::ledger::Verdict::id)));
    let said = say("portal.slip_head", &[upload.number.to_string(), verdict.to_owned(), shown(&checked), upload.sha256.clone()]);
    let alone = (found.result.among == Among::Itself).then(|| portal("among_itself").to_owned());
    let what = format!("{}\n{said}\n{}", found.folder().display(), explanations.len());
    Ok(SlipJob {
        counts: found.result.counts,
        folder: found.folder().to_owned(),
        title: say("portal.slip_title", &[upload.number.to_string()]),
        subtitle: [format!("{bureau} {}", upload.name), said].into_iter().chain(alone).collect(),
        checked,
        // The last word on a finding counts.
        explanations: explanations.into_iter().map(|e| (e.finding, e.text)).collect(),
        path: uploads.intake.incoming.join(format!("slip-{}.xlsx", &hash_text(&what)[..32])),
    })
}
