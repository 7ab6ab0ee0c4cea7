//! Checks files: the same readers and edits as a run, no ledger, no outputs.
//!
//! A file is checked by itself, or among what stands beside it ([`Beside`]), where it hears what the night would say of it.
//! Edits that ask the directory are judged only if it is among the files; otherwise the files' own records are the
//! population, so that repetitions and years are judged all the same.

use super::beside::Beside;
use super::changes::Changes;
use super::datasets::load;
use super::excerpt::{Excerpt, Excerpts, of_file};
use super::gather::{self, InputFile, ParsedFile};
use super::judging;
use super::keys::holdings;
use super::parse::Parsing;
use super::receipts::Receipts;
use super::rests::Rests;
use super::tables::ParsedTables;
use super::{Silent, resources};
use crate::cache::Cache;
use crate::config::Config;
use crate::engine::{Dataset, Engine, Scratch};
use crate::error::{Error, ErrorKind};
use crate::finding::Finding;
use crate::ledger::{Holding, UploadPart};
use crate::model::place::{Address, Places};
use crate::model::severity::Severity;
use crate::stages::acquire::{SourceFile, Store, source_of};
use crate::stages::link;
use crate::stages::merge::Datasets;
use crate::stages::validate::Compiled;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What checking gave.
pub struct Checked {
    /// All findings, in the order of files and cells.
    pub findings: Vec<Finding>,
    /// Files and tables.
    pub places: Places,
    /// Records read.
    pub rows: u64,
    /// Files that could not be read.
    pub refused: usize,
    /// Forms found.
    pub parts: Vec<UploadPart>,
    /// Keys of the records, by form and period.
    pub holdings: Vec<Holding>,
    /// Edits that rest on another bureau's statistics, and so are judged by runs alone.
    pub left_out: u64,
    excerpts: Excerpts,
}

impl Checked {
    /// How many findings have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// The part of the sheet around a finding's cell, if it stands in a table.
    pub fn excerpt(&self, finding: &Finding) -> Option<Excerpt> {
        self.excerpts.around(&self.places, finding)
    }
}

/// Checks files; `source` names the source that sends them all, where their paths do not tell.
///
/// # Errors
/// A file or the source is not there; what is wrong with the data is in the result.
pub async fn check(config: &Config, files: &[PathBuf], source: Option<&str>) -> Result<Checked, Error> {
    if let Some(unknown) = source.filter(|s| !config.source.contains_key(*s)) {
        let sources = config.source.keys().map(String::as_str).collect::<Vec<_>>().join("、");
        return Err(Error::new(ErrorKind::Usage, "ERR-012").with("found", unknown).with("sources", sources));
    }
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("store"))?;
    let cache = Arc::new(Cache::open(folder.path().join("cache"))?);
    let inputs = files.iter().map(|f| input(config, &store, f, source)).collect::<Result<Vec<_>, Error>>()?;
    let parsed = gather::ingest(config, &store, &cache, inputs, &Parsing::new(config)?, &Silent).await?;
    let receipts = Receipts::by_names(&parsed);
    Ok(judge(config, folder.path(), &parsed, &receipts, None).await?.checked)
}

/// Judges one file whose tables lie in a folder, by itself.
///
/// # Errors
/// The folder holds no manifest, or the system fails; what is wrong with the file is in the result.
pub async fn judge_tables(config: &Config, file: SourceFile, folder: &Path) -> Result<Checked, Error> {
    let source = file.source.clone();
    let parsed = [tables_of(file, folder)?];
    Ok(judge(config, folder, &parsed, &Receipts::by_names(&parsed), Some(&Own { file: 0, source: &source })).await?.checked)
}

/// Judges one file among those that stand beside it: its findings are those that a run over all of them would make of it.
///
/// Records of it that do not stand are judged with the file by itself: whoever sends them hears what is wrong with them.
///
/// # Errors
/// As [`judge_tables`].
pub async fn judge_among(config: &Config, beside: &Beside) -> Result<Checked, Error> {
    let (mut parsed, receipts) = (beside.read(config)?, beside.receipts());
    let source = parsed[beside.own()].input.file.source.clone();
    let own = Own { file: beside.own(), source: &source };
    let Judged { checked, taken, stand } = judge(config, beside.folder()?, &parsed, &receipts, Some(&own)).await?;
    if !taken {
        return Ok(checked);
    }
    // Without the sendings that keep them out, so that they are there to be judged.
    let others = parsed.iter_mut().enumerate().filter(|(file, other)| *file != own.file && other.input.file.source == source);
    for (_, other) in others {
        other.tables = None;
        other.manifest.tables.clear();
    }
    let alone = judge(config, beside.folder()?, &parsed, &receipts, Some(&own)).await?.checked;
    let told: HashSet<_> = checked.findings.iter().map(|f| (f.code.clone(), f.record, f.fields.clone())).collect();
    let more = alone.findings.into_iter().filter(|f| f.record.is_some_and(|record| !stand.contains(&record)));
    let more: Vec<Finding> = more.filter(|f| !told.contains(&(f.code.clone(), f.record, f.fields.clone()))).collect();
    let mut findings: Vec<Finding> = checked.findings.into_iter().chain(more).collect();
    findings.sort_by_key(|f| f.record);
    Ok(Checked { findings, holdings: alone.holdings, excerpts: alone.excerpts, ..checked })
}

/// The file whose findings are asked for.
struct Own<'a> {
    /// Its ordinal.
    file: usize,
    /// Who sends it.
    source: &'a str,
}

/// What judging came to.
struct Judged {
    checked: Checked,
    /// Whether some records of the file asked for do not stand.
    taken: bool,
    /// Its records that do.
    stand: HashSet<i64>,
}

/// What changed from one version of a return to the next, at most `most` cells of it by name.
///
/// # Errors
/// As [`judge_tables`].
pub fn compare(config: &Config, old: (SourceFile, &Path), new: (SourceFile, &Path), most: usize) -> Result<Changes, Error> {
    let scratch = Scratch::below(new.1, config.engine.batch_rows)?;
    let load = |(file, folder)| {
        let parsed = [tables_of(file, folder)?];
        load(config, &scratch, &parsed, &Receipts::by_names(&parsed))
    };
    Ok(Changes::between(&load(old)?, &load(new)?, most)?)
}

fn tables_of(file: SourceFile, folder: &Path) -> Result<ParsedFile, Error> {
    let (manifest, tables) = ParsedTables::in_folder(folder).map_err(|_| Error::bug("a folder of tables that does not read"))?;
    let input = InputFile { file, seeds: Vec::new(), readable: true };
    Ok(ParsedFile { input, manifest, tables: Some(tables) })
}

async fn judge(config: &Config, folder: &Path, parsed: &[ParsedFile], receipts: &Receipts, own: Option<&Own<'_>>) -> Result<Judged, Error> {
    let scratch = Scratch::below(folder, config.engine.batch_rows)?;
    let mut loaded = load(config, &scratch, parsed, receipts)?;
    let engine = Engine::new(config.reference_dates(), &resources(config, loaded.most()), scratch)?;
    let asked = |file: usize| own.is_none_or(|own| own.file == file);
    let parts = || loaded.parts.iter().filter(|(file, _)| asked(**file)).flat_map(|(_, parts)| parts);
    let forms: BTreeSet<String> = parts().map(|part| part.form.clone()).collect();
    let (parts, rows): (Vec<UploadPart>, u64) = match own {
        Some(_) => (parts().cloned().collect(), parts().map(|part| part.rows).sum()),
        None => (parts().cloned().collect(), loaded.forms.values().map(Dataset::rows).sum()),
    };
    let excerpts = Excerpts::of(config, &loaded, own.map(|own| own.file))?;
    let mut judgement = judging::judge_records(config, &engine, &mut loaded, None).await?;
    judging::link_records(config, &engine, &loaded).await?;
    let rests = own.map(|_| Rests::of(config));
    let known = config.directory().is_some_and(|(id, _)| loaded.schema(id).is_some());
    let chosen = |dataset: &str, edit: &Compiled| {
        // Without a directory the enterprises are those that the files name: that one is linked or not says nothing.
        let linked = known || !link::REGISTRY_COLUMNS.iter().any(|column| edit.names(column));
        let judged = rests.as_ref().zip(own).is_none_or(|(rests, own)| rests.is_judged_for(own.source, dataset, &edit.code));
        // Of what stands beside the file only what is withheld matters.
        linked && judged && (own.is_none() || forms.contains(dataset) || !edit.doubts.is_empty())
    };
    judging::judge_population(config, &engine, &loaded, &mut judgement, &chosen).await?;
    judgement.findings.retain(|f| f.record.map_or(f.file.is_none_or(asked), |record| asked(Address::of(record).file)));
    loaded.seeds.retain(|(file, _)| asked(*file));
    let findings = judging::findings(config, &engine, &loaded, judgement.findings).await?;
    let held = |form: &String| of_file(engine.dataset(form).batches(), own.map(|own| own.file));
    let (mut stand, mut all) = (HashSet::new(), Vec::new());
    for form in loaded.forms.keys() {
        for batch in held(form).filter(|_| own.is_some()) {
            stand.extend(batch?.column(0).as_primitive::<Int64Type>().values());
        }
        all.extend(holdings(config, form, held(form).map(|batch| Ok(batch?)))?);
    }
    let files = || parsed.iter().enumerate().filter(|(file, _)| asked(*file)).map(|(_, parsed)| parsed);
    let checked = Checked {
        rows,
        refused: files().filter(|p| p.manifest.refused).count(),
        parts,
        holdings: all,
        left_out: rests.as_ref().zip(own).map_or(0, |(rests, own)| rests.left_out(own.source, forms.iter())),
        findings,
        excerpts,
        places: loaded.places,
    };
    Ok(Judged { checked, taken: loaded.taken.iter().any(|taken| asked(taken.file)), stand })
}

fn input(config: &Config, store: &Store, path: &Path, source: Option<&str>) -> Result<InputFile, Error> {
    let missing = |e: std::io::Error| Error::new(ErrorKind::Usage, "ERR-017").with("path", path.display().to_string()).from_io(e);
    let whole = std::path::absolute(path).map_err(missing)?;
    let shown = whole.strip_prefix(std::path::absolute(&config.inputs)?).unwrap_or(path);
    let (sha256, bytes) = path.canonicalize().and_then(|real| store.pin(&real)).map_err(missing)?;
    let source = source.or_else(|| source_of(&whole, &config.source)).unwrap_or_default();
    let file = SourceFile { source: source.to_owned(), path: shown.display().to_string(), sha256, bytes, upload: None };
    Ok(InputFile { file, seeds: Vec::new(), readable: true })
}
