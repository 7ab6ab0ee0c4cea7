//! What the portal does once a day: it removes runs and originals whose term is over, ends sessions that nobody used, reads
//! the whole audit log, and compares what is kept with its hashes.
//!
//! Nothing is removed that the latest run, an adopted one or one of the last `runs_kept` refers to, nor what runs still
//! take in. An original first leaves the store and is deleted a minute later: if somebody sent the same bytes meanwhile,
//! it comes back.

use super::audit;
use super::books::Books;
use super::clock::Clock;
use super::error::PortalError;
use super::flaws::Flaws;
use super::integrity;
use super::people;
use super::reserve::Reserve;
use crate::config::RetentionOptions;
use crate::lock::{self, Work};
use crate::run::{RECORD, RunRecord};
use crate::stages::acquire::Store;
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

/// Seconds between two rounds.
const ROUND_S: u64 = 24 * 3600;
/// The same, while something is damaged: whoever mends it sees that it is mended.
const MENDING_S: u64 = 3600;
/// Seconds between an original's leaving the store and its end: longer than an upload needs from its bytes to its receipt.
const GRACE_S: u64 = 60;
/// Folders below the state for what is leaving.
const RUNS_LEAVING: &str = "gone-runs";
const ORIGINALS_LEAVING: &str = "gone-originals";

/// What is kept in order.
pub struct House {
    /// Settings, clock and ledger.
    pub books: Books,
    /// Originals.
    pub store: Store,
    /// What was found of files that are not as they were kept.
    pub flaws: Flaws,
    /// Room for how a run ended.
    pub reserve: Reserve,
}

/// Keeps house until the portal ends.
pub async fn keep(house: House, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = round(&house).await {
            tracing::error!(?error, "housekeeping failed");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(if house.flaws.is_clean() { ROUND_S } else { MENDING_S })) => {}
            _ = stop.changed() => return,
        }
    }
}

async fn round(House { books, store, flaws, reserve }: &House) -> Result<(), PortalError> {
    let (now, idle) = people::session_limits(books);
    books.ledger_patiently(move |l| l.sweep_sessions(now, idle)).await?;
    let chain = audit::chain(books, true).await?;
    if !chain.holds {
        tracing::error!(audit.number = chain.number, "the audit log does not hold");
    }
    reserve.fill();
    integrity::scrub(books, store, flaws).await?;
    // A backup reads what would go.
    let Some(_held) = lock::take(&books.config.outputs, Work::Keep)? else { return Ok(()) };
    settle_originals(books, store).await?;
    remove_runs(books).await?;
    if move_originals(books, store).await? {
        tokio::time::sleep(Duration::from_secs(GRACE_S)).await;
        settle_originals(books, store).await?;
    }
    Ok(())
}

/// The moment before which something was last used to be removed.
fn before(now: DateTime<FixedOffset>, days: u32) -> DateTime<FixedOffset> {
    now - TimeDelta::days(i64::from(days))
}

/// Runs whose term is over: of those recorded, newest first, neither the latest, nor adopted, nor among the last.
fn outdated(recorded: &[String], kept: &HashSet<String>, retention: &RetentionOptions, today: NaiveDate) -> Vec<String> {
    let Some(days) = retention.runs_days else { return Vec::new() };
    let old = |id: &str| {
        let begun = id.get(..8).and_then(|d| NaiveDate::parse_from_str(d, "%Y%m%d").ok());
        begun.is_some_and(|begun| (today - begun).num_days() > i64::from(days))
    };
    recorded.iter().skip(retention.runs_kept).filter(|id| old(id) && !kept.contains(*id)).cloned().collect()
}

/// Runs that stay whatever their age: the latest and those adopted.
async fn kept_runs(books: &Books) -> Result<HashSet<String>, PortalError> {
    let mut kept: HashSet<String> = books.read(|l| l.runs_adopted()).await?.into_iter().collect();
    kept.extend(crate::outputs::latest(&books.config.outputs));
    Ok(kept)
}

async fn remove_runs(books: &Books) -> Result<(), PortalError> {
    let leaving = books.folder().join(RUNS_LEAVING);
    let kept = kept_runs(books).await?;
    let recorded = books.read(|l| l.runs_recorded()).await?;
    for id in outdated(&recorded, &kept, &books.config.retention, books.clock.now().date_naive()) {
        let folder = books.config.outputs.join(&id);
        if !folder.is_dir() {
            continue;
        }
        books.note_system("", "run_removed", &id, "").await?;
        let to = leaving.join(&id);
        // With the ledger in hand: an adoption comes before or after, never between.
        books
            .ledger_patiently(move |l| {
                if l.adoption(&id)?.is_some() {
                    return Ok(Ok(()));
                }
                Ok(fs::create_dir_all(to.parent().unwrap_or(&to)).and_then(|()| fs::rename(&folder, &to)))
            })
            .await??;
    }
    apart(move || if leaving.exists() { fs::remove_dir_all(&leaving) } else { Ok(()) }).await
}

/// Hashes that runs still there were made from; nothing if a run cannot be read, since it may be any of them.
fn referred(outputs: &Path) -> io::Result<Option<HashSet<String>>> {
    let mut all = HashSet::new();
    for entry in fs::read_dir(outputs)? {
        let file = entry?.path().join(RECORD);
        if !file.is_file() {
            continue;
        }
        let Ok(run) = serde_json::from_slice::<RunRecord>(&fs::read(&file)?) else { return Ok(None) };
        all.extend(run.inputs.into_iter().map(|i| i.sha256));
    }
    Ok(Some(all))
}

/// Moves originals whose term is over out of the store; tells whether there were any.
async fn move_originals(books: &Books, store: &Store) -> Result<bool, PortalError> {
    let Some(days) = books.config.retention.originals_days else { return Ok(false) };
    // What a run under way takes in is named by no run yet.
    let Some(_held) = lock::take(&books.config.outputs, Work::Run)? else { return Ok(false) };
    let limit = Clock::text(before(books.clock.now(), days));
    let unneeded = books.read(move |l| l.unneeded_originals(&limit)).await?;
    let outputs = books.config.outputs.clone();
    let Some(referred) = apart(move || referred(&outputs)).await? else { return Ok(false) };
    let leaving = books.folder().join(ORIGINALS_LEAVING);
    let mut moved = false;
    for hash in unneeded.into_iter().filter(|hash| !referred.contains(hash) && store.has(hash)) {
        books.note_system("", "original_removed", &hash, "").await?;
        let (from, to) = (store.clone(), leaving.join(&hash));
        apart(move || from.take_out(&hash, &to)).await?;
        moved = true;
    }
    Ok(moved)
}

/// Deletes originals that left the store, or brings back those that somebody sent again meanwhile.
async fn settle_originals(books: &Books, store: &Store) -> Result<(), PortalError> {
    let leaving = books.folder().join(ORIGINALS_LEAVING);
    if !leaving.exists() {
        return Ok(());
    }
    // Without a term nothing may go, whatever an earlier configuration moved out.
    let limit = books.config.retention.originals_days.map(|days| Clock::text(before(books.clock.now(), days)));
    let unneeded: HashSet<String> = match limit {
        Some(limit) => books.read(move |l| l.unneeded_originals(&limit)).await?.into_iter().collect(),
        None => HashSet::new(),
    };
    let store = store.clone();
    apart(move || {
        for entry in fs::read_dir(&leaving)? {
            let entry = entry?;
            let hash = entry.file_name().to_string_lossy().into_owned();
            // One that lies in the store again is as good only if it is sound.
            if unneeded.contains(&hash) || store.verify(&hash).is_ok() {
                fs::remove_file(entry.path())?;
            } else {
                store.bring_back(&hash, &entry.path())?;
            }
        }
        fs::remove_dir(&leaving)
    })
    .await
}

/// Works on files away from the threads that serve pages.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, PortalError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|e| PortalError::bug(e.to_string()))??)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use crate::ledger::{By, Ledger, MadeRun};
    use crate::stages::acquire::hash_text;

    #[test]
    fn only_runs_whose_term_is_over_go() {
        let recorded: Vec<String> =
            ["20260701-020000-a", "20260630-020000-b", "20260101-020000-c", "20250101-020000-d"].map(str::to_owned).into();
        let today = NaiveDate::from_ymd_opt(2026, 7, 2).expect("a day");
        let retention = RetentionOptions { runs_days: Some(30), runs_kept: 2, ..RetentionOptions::default() };
        let none = HashSet::new();
        assert_eq!(outdated(&recorded, &none, &retention, today), recorded[2..]);
        let kept = HashSet::from([recorded[3].clone()]);
        assert_eq!(outdated(&recorded, &kept, &retention, today), recorded[2..3]);
        assert!(outdated(&recorded, &none, &RetentionOptions { runs_kept: 4, ..retention }, today).is_empty());
        assert!(outdated(&recorded, &none, &RetentionOptions::default(), today).is_empty(), "by default all is kept");
    }

    #[test]
    fn terms_below_the_law_are_problems_with_their_line() {
        let problems = load("[retention]\nruns_days = 90\noriginals_days = 729\n", Path::new(".")).expect_err("two years at least");
        assert_eq!(problems.iter().map(|p| (p.line, p.path.as_str())).collect::<Vec<_>>(), [(3, "retention.originals_days")]);
        assert!(load("[retention]\noriginals_days = 730\n", Path::new(".")).is_ok());
    }

    #[tokio::test]
    async fn a_round_removes_what_is_over_and_nothing_else() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let settings = "[retention]\nruns_days = 30\nruns_kept = 1\noriginals_days = 730\n";
        let config = load(settings, folder.path()).map_err(|p| format!("{p:?}"))?;
        let outputs = config.outputs.clone();
        let now = DateTime::parse_from_rfc3339("2026-07-01T08:00:00+08:00")?;
        fs::create_dir_all(outputs.join(".huichi"))?;
        let store = Store::at(&outputs.join(".huichi/store"))?;
        let mut ledger = Ledger::open(&outputs.join(".huichi/ledger.sqlite"))?;
        let hashes = ["over", "adopted", "latest", "recent"].map(hash_text);
        for (name, hash) in ["over", "adopted", "latest", "recent"].iter().zip(&hashes) {
            fs::write(folder.path().join("file"), name)?;
            store.pin(&folder.path().join("file"))?;
            let received = if *name == "recent" { "2026-06-01T00:00:00+0800" } else { "2020-01-01T00:00:00+0800" };
            ledger.receive(hash, "s", name, 4, received)?;
        }
        let runs = [("20240101-020000-a", &hashes[0]), ("20240201-020000-b", &hashes[1]), ("20260601-020000-c", &hashes[2])];
        for (id, hash) in runs {
            fs::create_dir_all(outputs.join(id))?;
            fs::write(outputs.join(id).join("run.json"), format!("{{\"inputs\":[{{\"sha256\":\"{hash}\"}}],\"files\":[]}}"))?;
            ledger.record_run(&MadeRun { id, key: id, finished: id, summary: "{}", ..MadeRun::default() })?;
        }
        std::os::unix::fs::symlink(runs[2].0, outputs.join("latest"))?;
        let by = By { account: "a", role: "leader", address: "", at: "2026-06-30T00:00:00+0800" };
        assert!(ledger.adopt(runs[1].0, "2026-06-30", "", by)?);

        let books = Books::open(config, "pipeline.toml".into(), Clock::new(Some(now)), false)?;
        remove_runs(&books).await.map_err(|e| format!("{e:?}"))?;
        assert_eq!(runs.map(|(id, _)| outputs.join(id).exists()), [false, true, true]);
        assert!(move_originals(&books, &store).await.map_err(|e| format!("{e:?}"))?);
        assert_eq!(hashes.clone().map(|h| store.has(&h)), [false, true, true, true]);
        // Somebody sends it again before it is gone.
        ledger.receive(&hashes[0], "s", "again", 4, "2026-07-01T00:00:00+0800")?;
        settle_originals(&books, &store).await.map_err(|e| format!("{e:?}"))?;
        assert!(store.has(&hashes[0]), "it came back");
        let entries = books.ledger(|l| l.audit(&crate::ledger::AuditFilter::default(), 0, 10)).await.map_err(|e| format!("{e:?}"))?;
        assert_eq!(entries.0.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(), ["original_removed", "run_removed", "adopted"]);
        Ok(())
    }
}
