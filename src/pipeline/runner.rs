//! One run, from inputs to the switch of `latest`.

use super::adopted::Standing;
use super::datasets::{Loaded, load};
use super::explained::Explained;
use super::gather::{self, ParsedFile};
use super::judging;
use super::parse::Parsing;
use super::receipts::{self, ReceiptUse, Receipts};
use super::rests::Rests;
use super::space::Space;
use super::summary::{Severities, Stage, Summary};
use super::{Progress, accounting, resources};
use crate::cache::{self, Cache};
use crate::config::{Config, Links};
use crate::content::hash_parts;
use crate::engine::{Dataset, Engine, Scratch};
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, Finding, Judgement, Renderer};
use crate::ledger::{Ledger, MadeRun};
use crate::lock::{self, Work};
use crate::model::account::{Account, Whose};
use crate::model::feasibility::Feasibility;
use crate::model::merged::{Conflict, Merged};
use crate::model::milestone::Phase;
use crate::model::place::{FileName, Places};
use crate::model::proposal::Proposal;
use crate::model::severity::Severity;
use crate::model::verdict::Conclusion;
use crate::outputs;
use crate::run::{Adopted, HeldBack, Input, PublishedRun, Uploaded};
use crate::stages::acquire::Store;
use crate::stages::compose;
use crate::stages::merge::{self, Datasets};
use crate::stages::publish::{self, Publication, Written};
use crate::stages::screen::{self, Waivers};
use crate::stages::{survey, track};
use chrono::{FixedOffset, Utc};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// The run's id.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether nothing had changed and the last run stands.
    pub unchanged: bool,
    /// Its figures.
    pub summary: Summary,
}

/// Runs the pipeline.
///
/// # Errors
/// Nothing could be read, another run is active, or the system fails; what is wrong with the data is in the outcome.
pub async fn run(config: &Config, progress: &dyn Progress) -> Result<RunOutcome, Error> {
    let space = Space::look(config);
    make(config, progress).await.map_err(|error| space.explain(error))
}

async fn make(config: &Config, progress: &dyn Progress) -> Result<RunOutcome, Error> {
    let state = outputs::ready(&config.outputs)?;
    let _lock = lock(&config.outputs)?;
    sweep(&state)?;
    let started = now();
    let mut ledger = Ledger::open(&state.join("ledger.sqlite"))?;
    let store = Store::open(&state.join("store"))?;
    let cache = Arc::new(Cache::open(state.join("cache"))?);

    progress.begin(Stage::Acquire, None);
    let inputs = gather::acquire(config, &store, &ledger, &started).await?;
    progress.end(Stage::Acquire, Some(inputs.len() as u64));
    let standing = Standing::find(config, &ledger)?;
    let before = ledger.finished_runs(1)?.pop().map(|run| serde_json::from_str::<Summary>(&run.summary)).transpose()?;
    let told = before.and_then(|summary| summary.held_back);
    let receipts = Receipts::of(&ledger, &inputs)?;
    let explained = Explained::of(&ledger, &inputs)?;
    let waivers = Waivers::at(config.as_of, ledger.granted_waivers()?);
    let identity = identity(config, &inputs, (&receipts, &explained, &waivers), standing.as_ref());
    // Another build may compute otherwise from equal inputs.
    let key = hash_parts([cache::build(), identity.clone()]);
    if let Some((id, summary)) = ledger.last_run(&key)? {
        let folder = config.outputs.join(&id);
        // A run that was killed between its switch and its record leaves `latest` at a run that the ledger does not know.
        let stands = outputs::latest(&config.outputs).is_some_and(|run| run == id);
        let summary: Summary = serde_json::from_str(&summary)?;
        if stands && is_whole(&folder, &summary) {
            return Ok(RunOutcome { id, folder, unchanged: true, summary });
        }
    }

    let parsed = gather::ingest(config, &store, &cache, inputs, &Parsing::new(config)?, progress).await?;
    if parsed.iter().all(|p| p.manifest.refused || p.manifest.tables.is_empty()) {
        return Err(Error::new(ErrorKind::Unreadable, "ERR-005")
            .with("path", config.inputs.display().to_string())
            .about(of_files(config, &parsed)));
    }
    let scratch = Scratch::below(&state, config.engine.batch_rows)?;
    let mut loaded = load(config, &scratch, &parsed, &receipts)?;
    let engine = Engine::new(config.reference_dates(), &resources(config, loaded.most()), scratch)?.keeping(cache.clone());
    let filed = std::mem::take(&mut loaded.filed);
    note_arrivals(&ledger, &parsed, &loaded, &started)?;
    let work = tempfile::Builder::new().prefix("run-").tempdir_in(&state)?;
    let short = &identity[..8];
    let id = free_id(
        &config.outputs,
        &ledger,
        &format!("{}-{short}", started.replace([':', '-'], "").replace('T', "-").trim_end_matches("+0800")),
    )?;
    let basis = Basis {
        config,
        cache: &cache,
        parsed: &parsed,
        receipts: &receipts,
        explained: &explained,
        waivers: &waivers,
        standing: standing.as_ref(),
        told: told.as_ref(),
        key: short,
    };
    let summary = compute(&basis, &engine, loaded, work.path(), progress).await?;
    let before = outputs::latest(&config.outputs);
    let folder = finish(config, work, &id)?;
    cache.sweep();
    // A parser that died may live next time, so such a run is never taken for the last word on its inputs.
    let key = if parsed.iter().any(|p| p.died()) { String::new() } else { key };
    let text = serde_json::to_string(&summary)?;
    let recorded = ledger.file(&filed).and_then(|()| {
        let (as_of, finished, build) = (config.as_of.to_string(), now(), cache::build());
        let made = MadeRun { id: &id, key: &key, as_of: &as_of, started: &started, finished: &finished, build: &build, summary: &text };
        ledger.record_run(&made)
    });
    if let Err(error) = recorded {
        // A run that failed is not the latest.
        match before {
            Some(before) => outputs::switch(&config.outputs, &before)?,
            None => outputs::unlink(&config.outputs)?,
        }
        return Err(error.into());
    }
    Ok(RunOutcome { id, folder, unchanged: false, summary })
}

/// Notes for the calendar which forms the files of folders and addresses hold; uploads tell theirs when they are checked.
fn note_arrivals(ledger: &Ledger, parsed: &[ParsedFile], loaded: &Loaded, now: &str) -> Result<(), Error> {
    for (file, parts) in &loaded.parts {
        let input = &parsed[*file].input.file;
        if input.upload.is_none() {
            let receipt = ledger.receipt(&input.source, &input.path)?;
            ledger.note_arrival(&input.source, &input.sha256, parts, receipt.as_ref().map_or(now, |(_, received)| received))?;
        }
    }
    Ok(())
}

/// Whether every file that a run published is there as it was written.
fn is_whole(folder: &Path, summary: &Summary) -> bool {
    let flaws = PublishedRun::open(folder, &summary.record_sha256).map_or_else(|flaw| vec![flaw], |run| run.flaws());
    flaws.iter().for_each(|flaw| tracing::warn!(%flaw, "the last run is not as it was written, and is made anew"));
    flaws.is_empty()
}

/// One run at a time over processes.
pub(super) fn lock(outputs: &Path) -> Result<File, Error> {
    let taken = || Error::new(ErrorKind::Busy, "ERR-003").with("path", outputs.display().to_string());
    lock::take(outputs, Work::Run)?.ok_or_else(taken)
}

/// Removes what a run that was killed left half done; only the holder of the lock may.
pub(super) fn sweep(state: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("run-") {
            outputs::remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Now in Asia/Shanghai, to the second.
fn now() -> String {
    let utc = Utc::now();
    FixedOffset::east_opt(8 * 3600).map_or_else(|| utc.to_rfc3339(), |z| utc.with_timezone(&z).format("%Y-%m-%dT%H:%M:%S%z").to_string())
}

/// All that decides what a run publishes: equal identities give equal bytes, whatever machine or build made them. What earlier runs
/// told decides no more than which numbers are held back, and is no reason to run again.
pub(super) fn identity(
    config: &Config,
    inputs: &[gather::InputFile],
    (receipts, explained, waivers): (&Receipts, &Explained, &Waivers),
    standing: Option<&Standing>,
) -> String {
    let number = inputs.len().to_string();
    let mut parts = vec![env!("CARGO_PKG_VERSION").to_owned(), config.fingerprint().to_owned(), config.as_of.to_string(), number];
    for (ordinal, input) in inputs.iter().enumerate() {
        let found = serde_json::to_string(&input.seeds).unwrap_or_default();
        parts.extend([input.file.source.clone(), input.file.path.clone(), input.file.sha256.clone(), found, receipts.text(ordinal)]);
    }
    parts.push(explained.identity());
    parts.extend(Some(waivers.identity()).filter(|told| !told.is_empty()));
    parts.extend(standing.map(Standing::identity));
    hash_parts(parts)
}

/// An id that is no adopted run's, and under which nothing lies: whatever it is, it is not ours to remove.
fn free_id(outputs: &Path, ledger: &Ledger, wanted: &str) -> Result<String, Error> {
    let (mut id, mut number) = (wanted.to_owned(), 1);
    while ledger.adoption(&id)?.is_some() || outputs.join(&id).symlink_metadata().is_ok() {
        number += 1;
        id = format!("{wanted}-{number}");
    }
    Ok(id)
}

/// Gives the finished folder its name and switches `latest`, each by one rename. A run that is not switched to leaves
/// nothing.
fn finish(config: &Config, work: tempfile::TempDir, id: &str) -> Result<PathBuf, Error> {
    let folder = config.outputs.join(id);
    settle(work.path())?;
    fs::rename(work.path(), &folder)?;
    let _ = work.keep();
    if let Err(error) = outputs::switch(&config.outputs, id) {
        outputs::remove(&folder)?;
        return Err(error);
    }
    fs::File::open(&config.outputs)?.sync_all()?;
    Ok(folder)
}

/// Forces a run's files to disk: the ledger will say that they stand.
fn settle(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { settle(&path)? } else { fs::File::open(&path)?.sync_all()? }
    }
    Ok(fs::File::open(folder)?.sync_all()?)
}

/// What the readers say of files that could not be read, in words: no report will say it if the run ends.
fn of_files(config: &Config, parsed: &[ParsedFile]) -> Vec<String> {
    let catalogue = Catalogue::of(config);
    let files = parsed.iter().map(|p| FileName { path: p.input.file.path.clone(), bureau: String::new(), source: String::new() });
    let mut places = Places::default();
    places.files.extend(files);
    let renderer = Renderer { catalogue: &catalogue, config, places: &places, lang: config.run.lang };
    let refused = parsed.iter().enumerate().filter(|(_, p)| p.manifest.refused || p.manifest.tables.is_empty());
    let seeds = refused.flat_map(|(file, p)| p.input.seeds.iter().chain(&p.manifest.seeds).map(move |s| (file, s)));
    seeds
        .map(|(file, seed)| {
            let shown = renderer.render(&judging::of_seed(&catalogue, file, seed));
            format!("{}: {} {}", shown.file, seed.code, shown.message)
        })
        .collect()
}

/// All that a run is made from, read.
pub(super) struct Basis<'a> {
    /// The settings.
    pub config: &'a Config,
    /// What was kept of steps.
    pub cache: &'a Arc<Cache>,
    /// The inputs, read.
    pub parsed: &'a [ParsedFile],
    /// Their order, and what was said of them.
    pub receipts: &'a Receipts,
    /// What was explained of findings of theirs.
    pub explained: &'a Explained,
    /// Criteria that are waived.
    pub waivers: &'a Waivers,
    /// The adopted run.
    pub standing: Option<&'a Standing>,
    /// What the run before told of counts of statistics, and held back.
    pub told: Option<&'a HeldBack>,
    /// First characters of the run's identity.
    pub key: &'a str,
}

/// Judgements, links, merge, criteria and what is written of them into a folder.
pub(super) async fn compute(
    basis: &Basis<'_>,
    engine: &Engine,
    mut loaded: Loaded,
    work: &Path,
    progress: &dyn Progress,
) -> Result<Summary, Error> {
    let Basis { config, cache, parsed, standing, .. } = *basis;
    progress.begin(Stage::Validate, None);
    let mut judgement = judging::judge_records(config, engine, &mut loaded, Some(cache)).await?;
    progress.end(Stage::Validate, Some(loaded.forms.values().map(Dataset::rows).sum()));

    progress.begin(Stage::Link, None);
    if config.directory().is_none_or(|(id, _)| loaded.schema(id).is_none()) {
        return Err(Error::new(ErrorKind::Unreadable, "ERR-009").about(of_files(config, parsed)));
    }
    judging::link_records(config, engine, &loaded).await?;
    progress.end(Stage::Link, None);
    judging::judge_population(config, engine, &loaded, &mut judgement, &|_, _| true).await?;

    progress.begin(Stage::Merge, None);
    for (dataset, _) in config.form.iter().filter(|(id, form)| form.links == Links::Holders && loaded.schema(id).is_some()) {
        merge::credit(engine, dataset).await?;
    }
    let merged = merge::merge(engine, config, &loaded).await?;
    let conflicts = merge::conflicts(engine, config, &loaded).await?;
    progress.end(Stage::Merge, None);

    progress.begin(Stage::Screen, None);
    screen::screen(engine, config, basis.waivers).await?;
    let proposal = compose::compose(config, engine.dataset("enterprises").batches())?;
    progress.end(Stage::Screen, None);

    let (accounts, whose) = accounting::account(config, engine, &loaded)?;
    let mut findings = judging::findings(config, engine, &loaded, std::mem::take(&mut judgement.findings)).await?;
    basis.explained.answer(&mut findings);
    let rests = Rests::of(config);
    let speaks = |source: &str, dataset: &str, code: &str| rests.speaks_to(source, dataset, code);
    let receipts = receipts::uses((config, &speaks), engine, parsed, &loaded, &accounts)?;
    let adopted = standing.map(|s| s.compared(config, engine)).transpose()?;
    let phases = track(basis, engine, &loaded, &proposal).await?;
    let datasets: Vec<String> = loaded.forms.keys().cloned().collect();
    let capacity = compose::capacity(config, engine.dataset("enterprises").batches())?;
    let feasibility = Feasibility { capacity, ..survey::survey(engine, config, &datasets).await? };
    let parts = Parts { judgement, findings, merged, proposal, phases, feasibility, conflicts, accounts, whose, receipts, adopted };
    publish_all(basis, engine, &loaded, parts, work, progress).await
}

/// How the plan stands by what came, the pool and the list.
async fn track(basis: &Basis<'_>, engine: &Engine, loaded: &Loaded, proposal: &Proposal) -> Result<Vec<Phase>, Error> {
    let config = basis.config;
    let datasets: Vec<String> = loaded.forms.keys().cloned().collect();
    let holders = track::holders(engine, config, &datasets).await?;
    let pooled = proposal.listed.len() as u64;
    let adopted = basis.standing.map(Standing::adopted);
    Ok(track::phases(config, &track::Known { datasets: &datasets, pooled, proposal, adopted, holders }))
}

/// What the stages gave beside datasets.
struct Parts {
    judgement: Judgement,
    findings: Vec<Finding>,
    merged: Merged,
    proposal: Proposal,
    phases: Vec<Phase>,
    feasibility: Feasibility,
    conflicts: Vec<Conflict>,
    accounts: Vec<Account>,
    whose: Whose,
    receipts: Vec<ReceiptUse>,
    adopted: Option<Adopted>,
}

async fn publish_all(
    basis: &Basis<'_>,
    engine: &Engine,
    loaded: &Loaded,
    parts: Parts,
    work: &Path,
    progress: &dyn Progress,
) -> Result<Summary, Error> {
    let Basis { config, parsed, receipts, key, .. } = *basis;
    progress.begin(Stage::Publish, None);
    let summary = summarize(config, engine, parsed, &parts).await?;
    let publication = Publication {
        config,
        catalogue: &Catalogue::of(config),
        engine,
        places: &loaded.places,
        inputs: &parsed.iter().zip(0..).map(|(p, file)| input(config, p, receipts.place(file))).collect::<Vec<_>>(),
        decisions: receipts.decisions(),
        explained: basis.explained.record(),
        waivers: basis.waivers.iter().cloned().collect(),
        datasets: &loaded.forms.keys().cloned().collect::<Vec<_>>(),
        merged: &parts.merged,
        proposal: &parts.proposal,
        phases: &parts.phases,
        feasibility: &parts.feasibility,
        findings: &parts.findings,
        judgement: &parts.judgement,
        conflicts: &parts.conflicts,
        accounts: &parts.accounts,
        whose: &parts.whose,
        key,
        told: basis.told.cloned(),
        adopted: parts.adopted.clone(),
    };
    let Written { files: written, record_sha256, held_back } = publish::publish(&publication, work).await?;
    progress.end(Stage::Publish, Some(written.len() as u64));
    Ok(Summary { written, record_sha256, held_back: Some(held_back), ..summary })
}

fn input(config: &Config, parsed: &ParsedFile, place: u32) -> Input {
    let (file, manifest) = (&parsed.input.file, &parsed.manifest);
    Input {
        path: file.path.clone(),
        source: file.source.clone(),
        bureau: config.source.get(&file.source).map(|s| s.bureau.clone()).unwrap_or_default(),
        sha256: file.sha256.clone(),
        bytes: file.bytes,
        kind: manifest.kind.clone(),
        encoding: manifest.encoding.clone(),
        rows: manifest.tables.iter().map(|t| t.rows).sum(),
        refused: manifest.refused,
        place,
        upload: file.upload.as_ref().map(|u| Uploaded { number: u.number, name: u.name.clone() }),
        unread: !parsed.input.readable,
        found: parsed.input.seeds.clone(),
    }
}

/// Enterprises, those pooled, those that cannot be judged, and patents credited.
fn counts(config: &Config) -> String {
    let patents = &config.pool.patents;
    let patents =
        if config.declares(patents) { format!("CAST(coalesce(sum(\"{patents}\"), 0) AS BIGINT)") } else { "CAST(0 AS BIGINT)".into() };
    format!(
        "SELECT count(*), count(*) FILTER (WHERE pooled), count(*) FILTER (WHERE conclusion = '{}'), {patents} FROM enterprises",
        Conclusion::Unjudged.id()
    )
}

async fn summarize(config: &Config, engine: &Engine, parsed: &[ParsedFile], parts: &Parts) -> Result<Summary, Error> {
    let mut findings = Severities::default();
    for finding in &parts.findings {
        match finding.severity {
            Severity::Error => findings.error += 1,
            Severity::Explain => findings.explain += 1,
            Severity::Note => findings.note += 1,
        }
    }
    let (_, counted) = engine.query("counts", &counts(config)).await?;
    let count = |column: usize| counted.first().map_or(0, |b| b.column(column).as_primitive::<Int64Type>().value(0).unsigned_abs());
    Ok(Summary {
        files: parsed.iter().filter(|p| p.input.readable && !p.manifest.refused).count() as u64,
        refused: parsed.iter().filter(|p| p.manifest.refused && !p.input.file.source.is_empty()).count() as u64,
        enterprises: count(0),
        pooled: count(1),
        unjudged: count(2),
        patent_credits: count(3),
        findings,
        accounts: parts.accounts.clone(),
        receipts: parts.receipts.clone(),
        held_back: None,
        written: Vec::new(),
        record_sha256: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_under_which_something_lies_is_no_run_s() -> Result<(), Error> {
        let folder = tempfile::tempdir()?;
        let ledger = Ledger::open(&folder.path().join("ledger.sqlite"))?;
        let free = || free_id(folder.path(), &ledger, "20260630-1");
        assert_eq!(free()?, "20260630-1");
        fs::write(folder.path().join("20260630-1"), "a note")?;
        fs::create_dir(folder.path().join("20260630-1-2"))?;
        assert_eq!(free()?, "20260630-1-3");
        Ok(())
    }
}
