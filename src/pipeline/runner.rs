//! One run, from inputs to the switch of `latest`.

use super::cache::{Cache, is_whole};
use super::datasets::{Dataset, Loaded, load};
use super::gather::{self, ParsedFile};
use super::summary::{Severities, Stage, Summary};
use super::{Progress, accounting, cache};
use crate::config::{Config, Scope};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, Expected, Finding, Judgement, Seed, Severity};
use crate::ledger::Ledger;
use crate::model::account::Account;
use crate::model::cell;
use crate::model::merged::{Conflict, Merged};
use crate::stages::acquire::{Store, hash_text};
use crate::stages::merge::{self, Datasets};
use crate::stages::publish::{self, Input, Publication};
use crate::stages::{link, screen, validate};
use chrono::{FixedOffset, Utc};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use std::collections::{BTreeMap, HashMap, HashSet};
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
    let state = config.outputs.join(".huichi");
    fs::create_dir_all(&state)?;
    let _lock = lock(&state)?;
    sweep(&state)?;
    let started = now();
    let ledger = Ledger::open(&state.join("ledger.sqlite"))?;
    let store = Store::open(&state.join("store"))?;
    let cache = Arc::new(Cache::open(state.join("cache"))?);

    progress.begin(Stage::Acquire, None);
    let inputs = gather::acquire(config, &store, &ledger, &started)?;
    progress.end(Stage::Acquire, Some(inputs.len() as u64));
    let key = run_key(config, &inputs);
    if let Some((id, summary)) = ledger.last_run(&key)? {
        let folder = config.outputs.join(&id);
        if is_whole(&folder) && config.outputs.join("latest").join("run.json").is_file() {
            return Ok(RunOutcome { id, folder, unchanged: true, summary: serde_json::from_str(&summary)? });
        }
    }

    let parsed = gather::ingest(config, &store, &cache, inputs, progress).await?;
    if parsed.iter().all(|p| p.manifest.refused || p.manifest.tables.is_empty()) {
        return Err(Error::new(ErrorKind::Unreadable, "ERR-005").with("path", config.inputs.display().to_string()));
    }
    let work = tempfile::Builder::new().prefix("run-").tempdir_in(&state)?;
    let short = &key[..8];
    let id = format!("{}-{short}", started.replace([':', '-'], "").replace('T', "-").trim_end_matches("+0800"));
    let summary = compute(config, &parsed, work.path(), short, progress).await?;
    let folder = finish(config, work, &id)?;
    cache.sweep()?;
    ledger.record_run(&id, &key, &config.as_of.to_string(), &started, &now(), &serde_json::to_string(&summary)?)?;
    Ok(RunOutcome { id, folder, unchanged: false, summary })
}

/// One run at a time over processes; the lock goes with its holder, however that ends.
fn lock(state: &Path) -> Result<File, Error> {
    let file = File::create(state.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Busy, "ERR-003").with("path", state.display().to_string())),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Removes what a run that was killed left half done; only the holder of the lock may.
fn sweep(state: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(state)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("run-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Now in Asia/Shanghai, to the second.
fn now() -> String {
    let utc = Utc::now();
    FixedOffset::east_opt(8 * 3600).map_or_else(|| utc.to_rfc3339(), |z| utc.with_timezone(&z).format("%Y-%m-%dT%H:%M:%S%z").to_string())
}

/// All that decides a run's result.
fn run_key(config: &Config, inputs: &[gather::InputFile]) -> String {
    let files: String = inputs.iter().map(|i| format!("{}\t{}\t{}\n", i.file.source, i.file.path, i.file.sha256)).collect();
    hash_text(&format!("{}\n{}\n{}\n{files}", cache::build(), config.fingerprint(), config.as_of))
}

/// Gives the finished folder its name and switches `latest`, each by one rename.
fn finish(config: &Config, work: tempfile::TempDir, id: &str) -> Result<PathBuf, Error> {
    let folder = config.outputs.join(id);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(work.keep(), &folder)?;
    let link = config.outputs.join(".huichi").join("latest.new");
    let _ = fs::remove_file(&link);
    #[cfg(unix)]
    std::os::unix::fs::symlink(id, &link)?;
    #[cfg(windows)]
    std::os::windows::fs::symlink_dir(id, &link)?;
    fs::rename(&link, config.outputs.join("latest"))?;
    Ok(folder)
}

/// Judgements, links, merge, criteria and what is written of them.
async fn compute(config: &Config, parsed: &[ParsedFile], work: &Path, key: &str, progress: &dyn Progress) -> Result<Summary, Error> {
    let engine = Engine::new(config.as_of);
    let mut loaded = load(config, parsed)?;
    progress.begin(Stage::Validate, None);
    let mut judgement = judge_records(config, &engine, &mut loaded).await?;
    progress.end(Stage::Validate, Some(loaded.forms.values().map(Dataset::rows).sum()));

    progress.begin(Stage::Link, None);
    if loaded.schema("directory").is_none() {
        return Err(Error::new(ErrorKind::Unreadable, "ERR-009"));
    }
    engine.table("names", loaded.names.schema.clone(), loaded.names.batches.clone())?;
    let linked: Vec<(&str, bool)> = ["returns", "needs", "patents"]
        .into_iter()
        .filter(|d| loaded.schema(d).is_some())
        .map(|d| (d, loaded.has(d, "org_code")))
        .collect();
    link::link(&engine, &linked).await?;
    progress.end(Stage::Link, None);
    judge_population(config, &engine, &mut loaded, &mut judgement).await?;

    progress.begin(Stage::Merge, None);
    if loaded.schema("patents").is_some() {
        engine.derive("credits", merge::CREDITS).await?;
    }
    let merged = merge::merge(&engine, config, &loaded).await?;
    let conflicts = merge::conflicts(&engine, config, &loaded).await?;
    progress.end(Stage::Merge, None);

    progress.begin(Stage::Screen, None);
    screen::screen(&engine, config).await?;
    progress.end(Stage::Screen, None);

    let accounts = accounting::account(&engine, &loaded).await?;
    let findings = findings(config, &engine, &loaded, judgement.findings.split_off(0)).await?;
    publish_all(config, &engine, &loaded, parsed, Parts { judgement, findings, merged, conflicts, accounts }, work, key, progress).await
}

/// Field and record edits, one pass a dataset.
async fn judge_records(config: &Config, engine: &Engine, loaded: &mut Loaded) -> Result<Judgement, Error> {
    let mut judgement = Judgement::default();
    for (name, dataset) in &mut loaded.forms {
        let form = config.form.get(name);
        let about = validate::Dataset { name, form, schema: &dataset.schema };
        let fields = validate::compile(&config.edit, Scope::Field, &about);
        let records = validate::compile(&config.edit, Scope::Record, &about);
        engine.table(&format!("stated_{name}"), dataset.schema.clone(), dataset.batches.clone())?;
        let (schema, batches, found) =
            validate::judge_records(engine, &format!("stated_{name}"), name, &dataset.schema, &fields, &records).await?;
        engine.table(name, schema.clone(), batches)?;
        dataset.schema = schema;
        judgement.absorb(found);
    }
    if !loaded.sums.batches.is_empty() {
        let about = validate::Dataset { name: "sum_rows", form: None, schema: &loaded.sums.schema };
        let edits = validate::compile(&config.edit, Scope::Record, &about);
        engine.table("sum_rows", loaded.sums.schema.clone(), loaded.sums.batches.clone())?;
        let (_, _, found) = validate::judge_records(engine, "sum_rows", "sum_rows", &loaded.sums.schema, &[], &edits).await?;
        judgement.absorb(found);
    }
    Ok(judgement)
}

/// Edits among records, then over years; what the latter withhold is nulled in the engine's dataset.
async fn judge_population(config: &Config, engine: &Engine, loaded: &mut Loaded, judgement: &mut Judgement) -> Result<(), Error> {
    let quarantine = ends(config, crate::config::Ends::Quarantined);
    register_ends(engine, "quarantined", judgement.findings.iter().filter(|f| quarantine.contains(f.code.as_ref())))?;
    let mut among = Judgement::default();
    for scope in [Scope::Population, Scope::History] {
        for (name, dataset) in &loaded.forms {
            let mut columns: Vec<Arc<Field>> = dataset.schema.fields().iter().cloned().collect();
            columns.extend(link::LINK_COLUMNS.map(|c| Arc::new(Field::new(c, DataType::Utf8, true))));
            let schema = Schema::new(columns);
            let edits = validate::compile(&config.edit, scope, &validate::Dataset { name, form: config.form.get(name), schema: &schema });
            if edits.is_empty() {
                continue;
            }
            let (base, rows) = match scope {
                Scope::History => {
                    let base = format!(
                        "SELECT * FROM ({}) AS h WHERE enterprise IS NOT NULL AND record NOT IN (SELECT record FROM duplicates)",
                        link::linked(name)
                    );
                    let (_, counted) = engine.query("rows", &format!("SELECT count(*) FROM ({base}) AS c")).await?;
                    let rows = counted.first().map_or(0, |b| b.column(0).as_primitive::<Int64Type>().value(0).unsigned_abs());
                    (base, rows)
                }
                _ => (link::linked(name), dataset.rows()),
            };
            let found = validate::judge_groups(engine, &base, name, rows, &edits).await?;
            if scope == Scope::History {
                withhold(engine, name, &edits, &found).await?;
            }
            among.absorb(found);
        }
        if scope == Scope::Population {
            let duplicate = ends(config, crate::config::Ends::Duplicate);
            register_ends(engine, "duplicates", among.findings.iter().filter(|f| duplicate.contains(f.code.as_ref())))?;
        }
    }
    judgement.absorb(among);
    Ok(())
}

fn ends(config: &Config, place: crate::config::Ends) -> HashSet<&str> {
    config.edit.iter().filter(|(_, e)| e.ends == Some(place)).map(|(code, _)| code.as_str()).collect()
}

/// Makes the records that end in a place known to the engine.
fn register_ends<'a>(engine: &Engine, name: &str, findings: impl Iterator<Item = &'a Finding>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let mut rows: Vec<(i64, Option<i64>, Option<&str>)> = findings
        .filter_map(|f| {
            let first = if let Some(Expected::Record(first)) = f.expected { Some(first) } else { None };
            f.record.map(|record| (record, first, f.enterprise.as_deref()))
        })
        .filter(|(record, ..)| seen.insert(*record))
        .collect();
    rows.sort_unstable();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
        Arc::new(rows.iter().map(|r| r.1).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|r| r.2).collect::<StringArray>()),
    ];
    let schema = Arc::new(Schema::new(vec![
        Field::new("record", DataType::Int64, false),
        Field::new("first_record", DataType::Int64, true),
        Field::new("enterprise", DataType::Utf8, true),
    ]));
    engine.table(name, schema.clone(), vec![RecordBatch::try_new(schema, columns)?])?;
    Ok(())
}

/// Nulls what broken history edits withhold, and notes the edit in `_why`.
async fn withhold(engine: &Engine, name: &str, edits: &[validate::Compiled], found: &Judgement) -> Result<(), Error> {
    let mut fields: BTreeMap<&str, HashMap<i64, &str>> = BTreeMap::new();
    for finding in &found.findings {
        let Some(edit) = edits.iter().find(|e| e.code == finding.code) else { continue };
        for field in &edit.withholds {
            if let Some(record) = finding.record {
                fields.entry(field).or_default().entry(record).or_insert(&finding.code);
            }
        }
    }
    if fields.is_empty() {
        return Ok(());
    }
    let (schema, batches) = engine.contents(name).await?;
    let batches = batches
        .iter()
        .map(|batch| {
            let records = batch.column(0).as_primitive::<Int64Type>();
            let mut columns = batch.columns().to_vec();
            for (field, withheld) in &fields {
                let mask: BooleanArray = records.values().iter().map(|r| Some(withheld.contains_key(r))).collect();
                if mask.true_count() == 0 {
                    continue;
                }
                if let Some((place, _)) = schema.column_with_name(field) {
                    columns[place] = nullif(&columns[place], &mask)?;
                }
                if let Some((place, _)) = schema.column_with_name(&format!("{field}_why")) {
                    let before = columns[place].as_string::<i32>();
                    let after: StringArray = (0..before.len())
                        .map(|row| before.is_valid(row).then(|| before.value(row)).or_else(|| withheld.get(&records.value(row)).copied()))
                        .collect();
                    columns[place] = Arc::new(after);
                }
            }
            RecordBatch::try_new(schema.clone(), columns)
        })
        .collect::<Result<Vec<_>, _>>()?;
    engine.table(name, schema, batches)?;
    Ok(())
}

/// All findings in the order of files, cells and codes, each with its enterprise.
async fn findings(config: &Config, engine: &Engine, loaded: &Loaded, judged: Vec<Finding>) -> Result<Vec<Finding>, Error> {
    let catalogue = Catalogue::of(config);
    let mut findings: Vec<Finding> = loaded.seeds.iter().map(|(file, seed)| of_seed(&catalogue, *file, seed)).collect();
    findings.extend(judged);
    let mut wanted: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.enterprise.is_none() && !f.dataset.is_empty() && f.dataset.as_ref() != "sum_rows") {
        wanted.entry(&finding.dataset).or_default().extend(finding.record);
    }
    let mut owners: HashMap<i64, String> = HashMap::new();
    let names: Vec<(String, Vec<i64>)> = wanted.into_iter().map(|(d, r)| (d.to_owned(), r)).collect();
    for (dataset, mut records) in names {
        records.sort_unstable();
        records.dedup();
        let schema = Arc::new(Schema::new(vec![Field::new("record", DataType::Int64, false)]));
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(records))])?;
        engine.table("wanted", schema, vec![batch])?;
        let sql = format!(
            "SELECT w.record, t.enterprise FROM wanted w JOIN ({}) AS t ON t.record = w.record WHERE t.enterprise IS NOT NULL",
            link::linked(&dataset)
        );
        let (_, batches) = engine.query("enterprises of findings", &sql).await?;
        for batch in &batches {
            let (records, enterprises) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
            owners.extend((0..batch.num_rows()).map(|row| (records.value(row), enterprises.value(row).to_owned())));
        }
    }
    for finding in findings.iter_mut().filter(|f| f.enterprise.is_none()) {
        finding.enterprise = finding.record.and_then(|r| owners.get(&r).cloned());
    }
    findings.sort_by_cached_key(|f| {
        let file = f.record.map_or(f.file.unwrap_or(usize::MAX), |r| (r >> 40) as usize);
        (file, f.record.unwrap_or(-1), f.code.clone(), f.fields.clone(), f.sheet.clone(), f.cell.clone())
    });
    Ok(findings)
}

fn of_seed(catalogue: &Catalogue, file: usize, seed: &Seed) -> Finding {
    Finding {
        code: seed.code.as_str().into(),
        severity: catalogue.get(&seed.code).map_or(Severity::Note, |e| e.severity),
        dataset: "".into(),
        record: None,
        file: Some(file),
        sheet: seed.sheet.clone(),
        cell: match (seed.column, seed.row) {
            (Some(column), Some(row)) => Some(cell::address(column, row)),
            (Some(column), None) => Some(cell::column_letters(column)),
            (None, row) => row.map(|r| r.to_string()),
        },
        fields: Arc::new([]),
        found: seed.found.clone(),
        expected: None,
        args: seed.args.clone(),
        enterprise: None,
    }
}

/// What the stages gave beside datasets.
struct Parts {
    judgement: Judgement,
    findings: Vec<Finding>,
    merged: Merged,
    conflicts: Vec<Conflict>,
    accounts: Vec<Account>,
}

#[allow(clippy::too_many_arguments)]
async fn publish_all(
    config: &Config,
    engine: &Engine,
    loaded: &Loaded,
    parsed: &[ParsedFile],
    parts: Parts,
    work: &Path,
    key: &str,
    progress: &dyn Progress,
) -> Result<Summary, Error> {
    progress.begin(Stage::Publish, None);
    let summary = summarize(engine, parsed, &parts).await?;
    let publication = Publication {
        config,
        catalogue: &Catalogue::of(config),
        engine,
        places: &loaded.places,
        inputs: &parsed.iter().map(|p| input(config, p)).collect::<Vec<_>>(),
        datasets: &loaded.forms.keys().cloned().collect::<Vec<_>>(),
        merged: &parts.merged,
        findings: &parts.findings,
        judgement: &parts.judgement,
        conflicts: &parts.conflicts,
        accounts: &parts.accounts,
        key,
    };
    let written = publish::publish(&publication, work).await?;
    progress.end(Stage::Publish, Some(written.len() as u64));
    Ok(Summary { written, ..summary })
}

fn input(config: &Config, parsed: &ParsedFile) -> Input {
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
    }
}

async fn summarize(engine: &Engine, parsed: &[ParsedFile], parts: &Parts) -> Result<Summary, Error> {
    let mut findings = Severities::default();
    for finding in &parts.findings {
        match finding.severity {
            Severity::Error => findings.error += 1,
            Severity::Explain => findings.explain += 1,
            Severity::Note => findings.note += 1,
        }
    }
    let count = |sql: &'static str| async move {
        let (_, batches) = engine.query("counts", sql).await?;
        Ok::<u64, Error>(batches.first().map_or(0, |b| b.column(0).as_primitive::<Int64Type>().value(0).unsigned_abs()))
    };
    let enterprises = count("SELECT count(*) FROM enterprises").await?;
    let pooled = count("SELECT count(*) FROM enterprises WHERE pooled").await?;
    let excluded = count("SELECT count(DISTINCT enterprise) FROM verdicts WHERE verdict = 'not_met'").await.unwrap_or(0);
    Ok(Summary {
        files: parsed.iter().filter(|p| !p.manifest.refused).count() as u64,
        refused: parsed.iter().filter(|p| p.manifest.refused && !p.input.file.source.is_empty()).count() as u64,
        enterprises,
        pooled,
        unjudged: enterprises.saturating_sub(pooled + excluded),
        patent_credits: count("SELECT coalesce(sum(patents), 0) FROM enterprises").await?,
        findings,
        accounts: parts.accounts.clone(),
        written: Vec::new(),
    })
}
