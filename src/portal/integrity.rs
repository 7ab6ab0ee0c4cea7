//! Whether what is kept is as it was kept: originals in the store and files of runs, compared with their hashes once a day
//! and whenever they are read.
//!
//! What is wrong is told to those who can mend it, on every page of theirs, and to the log.

use super::books::Books;
use super::error::PortalError;
use super::flaws::Flaws;
use super::text::say;
use crate::content::{Flaw, Verified};
use crate::finding::reference;
use crate::model::words::Lang;
use crate::pipeline::{Summary, of_upload};
use crate::run::{FileFlaw, PublishedRun};
use crate::stages::acquire::Store;
use std::collections::{BTreeMap, BTreeSet};

/// The hash of a run's `run.json` as the ledger has it; empty if it has none.
pub async fn record_of(books: &Books, run: &str) -> Result<String, PortalError> {
    let id = run.to_owned();
    let recorded = books.read(move |l| l.run(&id)).await?;
    let summary = recorded.and_then(|r| serde_json::from_str::<Summary>(&r.summary).ok());
    Ok(summary.map(|s| s.record_sha256).unwrap_or_default())
}

/// A run as it was published.
///
/// # Errors
/// Its record is gone or not as it was written.
pub async fn open(books: &Books, flaws: &Flaws, run: &str) -> Result<PublishedRun, PortalError> {
    let (folder, record) = (books.config.outputs.join(run), record_of(books, run).await?);
    let opened = tokio::task::spawn_blocking(move || PublishedRun::open(&folder, &record)).await;
    opened.map_err(|e| PortalError::bug(e.to_string()))?.map_err(|flaw| {
        tell(flaws, run, &flaw);
        flaw.into()
    })
}

/// An original to be given to whoever sent it.
///
/// # Errors
/// The store no longer has it as it came.
pub async fn original(store: &Store, sha256: &str) -> Result<Verified, PortalError> {
    let (store, sha256) = (store.clone(), sha256.to_owned());
    let found = tokio::task::spawn_blocking(move || store.original(&sha256).map_err(|flaw| (sha256, flaw))).await;
    found.map_err(|e| PortalError::bug(e.to_string()))?.map_err(|(sha256, flaw)| {
        tracing::error!(original = sha256, %flaw, "an original is not as it came");
        PortalError::Conflict("original_flawed")
    })
}

/// Notes a file of a run that is not as it was written.
pub fn tell(flaws: &Flaws, run: &str, flaw: &FileFlaw) {
    tracing::error!(run, %flaw, "a published file is not as it was written");
    flaws.add(of_run(run, flaw));
}

fn of_run(run: &str, flaw: &FileFlaw) -> String {
    let path = if flaw.path.is_empty() { run.to_owned() } else { format!("{run}/{}", flaw.path) };
    say("portal.flaw", &[path, reference(Lang::Zh, &flaw.flaw.to_string())])
}

/// Compares all files of a run before its pages are made.
pub async fn look_over(books: &Books, flaws: &Flaws, run: &str) -> Result<(), PortalError> {
    let (folder, record) = (books.config.outputs.join(run), record_of(books, run).await?);
    let found = tokio::task::spawn_blocking(move || flaws_of(&folder, &record)).await.map_err(|e| PortalError::bug(e.to_string()))?;
    found.iter().for_each(|flaw| tell(flaws, run, flaw));
    Ok(())
}

fn flaws_of(folder: &std::path::Path, record_sha256: &str) -> Vec<FileFlaw> {
    let flaws = PublishedRun::open(folder, record_sha256).map_or_else(|flaw| vec![flaw], |run| run.flaws());
    // A run whose term ended meanwhile is gone whole.
    if std::fs::symlink_metadata(folder).is_ok() { flaws } else { Vec::new() }
}

/// Compares every original and every run with its hashes.
pub async fn scrub(books: &Books, store: &Store, flaws: &Flaws) -> Result<(), PortalError> {
    let (runs, uploads) = books.read(|l| Ok((l.runs_recorded()?, l.standing_uploads()?))).await?;
    let mut records = Vec::new();
    for run in runs {
        let record = record_of(books, &run).await?;
        records.push((run, record));
    }
    let (books, store) = (books.clone(), store.clone());
    let found = tokio::task::spawn_blocking(move || {
        let mut found = BTreeSet::new();
        // Originals that must be there, with what people call them.
        let mut needed: BTreeMap<String, String> = BTreeMap::new();
        for (run, record) in records {
            let folder = books.config.outputs.join(&run);
            for flaw in flaws_of(&folder, &record) {
                tracing::error!(run, %flaw, "a published file is not as it was written");
                found.insert(of_run(&run, &flaw));
            }
            let run = PublishedRun::open(&folder, &record).ok();
            let inputs = run.iter().flat_map(|run| &run.record().inputs).filter(|i| !i.sha256.is_empty());
            needed.extend(inputs.map(|i| (i.sha256.clone(), named(&i.bureau, &i.path))));
        }
        needed.extend(uploads.into_iter().map(|u| (u.sha256.clone(), of_upload(&books.config, u).path)));
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
    let found = found.await.map_err(|e| PortalError::bug(e.to_string()))??;
    flaws.replace(found);
    Ok(())
}

/// A file of a folder with its bureau; those of the portal carry theirs.
fn named(bureau: &str, path: &str) -> String {
    if bureau.is_empty() || path.starts_with(bureau) { path.to_owned() } else { format!("{bureau}/{path}") }
}
