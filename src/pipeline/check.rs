//! Checks files by themselves: the same readers and edits as a run, no ledger, no outputs.
//!
//! Edits that ask the directory are judged only if it is among the files; otherwise the files' own records are the
//! population, so that repetitions and years are judged all the same.

use super::cache::Cache;
use super::changes::Changes;
use super::datasets::load;
use super::excerpt::{Excerpt, Excerpts};
use super::gather::{self, InputFile, ParsedFile};
use super::judging::{self, Population};
use super::keys::holdings;
use super::parse::Parsing;
use super::receipts::Receipts;
use super::tables::Tables;
use super::{Silent, resources};
use crate::config::Config;
use crate::engine::{Dataset, Engine, Scratch};
use crate::error::{Error, ErrorKind};
use crate::finding::Finding;
use crate::ledger::{Holding, Part};
use crate::model::place::Places;
use crate::model::severity::Severity;
use crate::stages::acquire::{SourceFile, Store, source_of};
use crate::stages::merge::Datasets;
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
    /// Whether all of it is text tables, whose sheets are called as their files are.
    pub sheetless: bool,
    /// Forms found.
    pub parts: Vec<Part>,
    /// Keys of the records, by form and period.
    pub holdings: Vec<Holding>,
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
    judge(config, folder.path(), &parsed).await
}

/// Judges one file whose tables lie in a folder.
///
/// # Errors
/// The folder holds no manifest, or the system fails; what is wrong with the file is in the result.
pub async fn judge_tables(config: &Config, file: SourceFile, folder: &Path) -> Result<Checked, Error> {
    judge(config, folder, &[tables_of(file, folder)?]).await
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
    let (manifest, tables) = Tables::in_folder(folder).map_err(|_| Error::bug("a folder of tables that does not read"))?;
    let input = InputFile { file, seeds: Vec::new(), readable: true };
    Ok(ParsedFile { input, manifest, tables: Some(tables) })
}

async fn judge(config: &Config, folder: &Path, parsed: &[ParsedFile]) -> Result<Checked, Error> {
    let scratch = Scratch::below(folder, config.engine.batch_rows)?;
    let mut loaded = load(config, &scratch, parsed, &Receipts::by_names(parsed))?;
    let engine = Engine::new(config.as_of, &resources(config, loaded.most()), scratch)?;
    let excerpts = Excerpts::of(config, &loaded)?;
    let mut judgement = judging::judge_records(config, &engine, &mut loaded, None).await?;
    judging::link_records(config, &engine, &loaded, None).await?;
    let population =
        if config.directory().is_some_and(|(id, _)| loaded.schema(id).is_some()) { Population::Registry } else { Population::OwnRecords };
    judging::judge_population(config, &engine, &loaded, &mut judgement, population, None).await?;
    let findings = judging::findings(config, &engine, &loaded, judgement.findings).await?;
    let mut held = Vec::new();
    for form in loaded.forms.keys() {
        held.extend(holdings(config, form, engine.dataset(form).batches().map(|batch| Ok(batch?)))?);
    }
    Ok(Checked {
        rows: loaded.forms.values().map(Dataset::rows).sum(),
        refused: parsed.iter().filter(|p| p.manifest.refused).count(),
        sheetless: parsed.iter().all(|p| p.manifest.encoding.is_some()),
        parts: loaded.parts.into_values().flatten().collect(),
        holdings: held,
        findings,
        places: loaded.places,
        excerpts,
    })
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
