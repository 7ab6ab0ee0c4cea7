//! Whether what is kept is as it was kept: originals in the store and files of runs, compared with their hashes once a day
//! and whenever they are read.
//!
//! What is wrong is told to those who can mend it, on every page of theirs, and to the log.

use super::books::Books;
use super::error::PageError;
use super::state::App;
use super::text::say;
use crate::content::{Flaw, Verified};
use crate::finding::reference;
use crate::model::words::Lang;
use crate::pipeline::{Summary, of_upload};
use crate::run::{FileFlaw, PublishedRun};
use std::collections::{BTreeMap, BTreeSet};

/// The hash of a run's `run.json` as the ledger has it; empty if it has none.
pub async fn record_of(books: &Books, run: &str) -> Result<String, PageError> {
    let id = run.to_owned();
    let recorded = books.read(move |l| l.run(&id)).await?;
    let summary = recorded.and_then(|r| serde_json::from_str::<Summary>(&r.summary).ok());
    Ok(summary.map(|s| s.record_sha256).unwrap_or_default())
}

/// A run as it was published.
///
/// # Errors
/// Its record is gone or not as it was written.
pub async fn open(app: &App, run: &str) -> Result<PublishedRun, PageError> {
    let (folder, record) = (app.config.outputs.join(run), record_of(app, run).await?);
    let opened = tokio::task::spawn_blocking(move || PublishedRun::open(&folder, &record)).await;
    opened.map_err(|e| PageError::bug(e.to_string()))?.map_err(|flaw| {
        tell(app, run, &flaw);
        flaw.into()
    })
}

/// An original to be given to whoever sent it.
///
/// # Errors
/// The store no longer has it as it came.
pub async fn original(app: &App, sha256: &str) -> Result<Verified, PageError> {
    let (store, sha256) = (app.intake.store.clone(), sha256.to_owned());
    let found = tokio::task::spawn_blocking(move || store.original(&sha256).map_err(|flaw| (sha256, flaw))).await;
    found.map_err(|e| PageError::bug(e.to_string()))?.map_err(|(sha256, flaw)| {
        tracing::error!(original = sha256, %flaw, "an original is not as it came");
        PageError::Conflict("original_flawed")
    })
}

/// Notes a file of a run that is not as it was written.
pub fn tell(app: &App, run: &str, flaw: &FileFlaw) {
    tracing::error!(run, %flaw, "a published file is not as it was written");
    app.flaws.add(of_run(run, flaw));
}

fn of_run(run: &str, flaw: &FileFlaw) -> String {
    let path = if flaw.path.is_empty() { run.to_owned() } else { format!("{run}/{}", flaw.path) };
    say("portal.flaw", &[path, reference(Lang::Zh, &flaw.flaw.to_string())])
}

/// Compares all files of a run before its pages are made.
pub async fn look_over(app: &App, run: &str) -> Result<(), PageError> {
    let (folder, record) = (app.config.outputs.join(run), record_of(app, run).await?);
    let found = tokio::task::spawn_blocking(move || flaws_of(&folder, &record)).await.map_err(|e| PageError::bug(e.to_string()))?;
    found.iter().for_each(|flaw| tell(app, run, flaw));
    Ok(())
}

fn flaws_of(folder: &std::path::Path, record_sha256: &str) -> Vec<FileFlaw> {
    let flaws = PublishedRun::open(folder, record_sha256).map_or_else(|flaw| vec![flaw], |run| run.flaws());
    // A run whose term ended meanwhile is gone whole.
    if std::fs::symlink_metadata(folder).is_ok() { flaws } else { Vec::new() }
}

/// Compares every original and every run with its hashes.
pub async fn scrub(app: &App) -> Result<(), PageError> {
    let (runs, uploads) = app.read(|l| Ok((l.runs_recorded()?, l.standing_uploads()?))).await?;
    let mut records = Vec::new();
    for run in runs {
        let record = record_of(app, &run).await?;
        records.push((run, record));
    }
    let shared = app.clone();
    let found = tokio::task::spawn_blocking(move || {
        let mut found = BTreeSet::new();
        // Originals that must be there, with what people call them.
        let mut needed: BTreeMap<String, String> = BTreeMap::new();
        for (run, record) in records {
            let folder = shared.config.outputs.join(&run);
            for flaw in flaws_of(&folder, &record) {
                tracing::error!(run, %flaw, "a published file is not as it was written");
                found.insert(of_run(&run, &flaw));
            }
            let run = PublishedRun::open(&folder, &record).ok();
            let inputs = run.iter().flat_map(|run| &run.record().inputs).filter(|i| !i.sha256.is_empty());
            needed.extend(inputs.map(|i| (i.sha256.clone(), named(&i.bureau, &i.path))));
        }
        needed.extend(uploads.into_iter().map(|u| (u.sha256.clone(), of_upload(&shared.config, u).path)));
        let store = &shared.intake.store;
        for sha256 in store.hashes()?.into_iter().chain(needed.keys().cloned()).collect::<BTreeSet<_>>() {
            let Err(flaw) = store.verify(&sha256) else { continue };
            // What nobody needs may go at any moment.
            if flaw == Flaw::Missing && !needed.contains_key(&sha256) {
                continue;
            }
            tracing::error!(original = sha256, %flaw, "an original is not as it came");
            let name = needed.get(&sha256).cloned().unwrap_or(sha256);
            found.insert(say("portal.flaw", &[name, reference(Lang::Zh, &flaw.to_string())]));
        }
        Ok::<_, std::io::Error>(found)
    });
    let found = found.await.map_err(|e| PageError::bug(e.to_string()))??;
    app.flaws.replace(found);
    Ok(())
}

/// A file of a folder with its bureau; those of the portal carry theirs.
fn named(bureau: &str, path: &str) -> String {
    if bureau.is_empty() || path.starts_with(bureau) { path.to_owned() } else { format!("{bureau}/{path}") }
}
