//! Acquire and ingest: from the inputs root to parsed files.

use super::cache::Cache;
use super::parse::{Parsing, parse, read_manifest};
use super::parser::Manifest;
use super::{Progress, Stage};
use crate::config::Config;
use crate::error::Error;
use crate::finding::Seed;
use crate::ledger::Ledger;
use crate::stages::acquire::{self, SourceFile, Store};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// An input, pinned.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Where it comes from and what it holds.
    pub file: SourceFile,
    /// Findings about the file itself.
    pub seeds: Vec<Seed>,
    /// Whether its content is to be read.
    pub readable: bool,
}

/// An input and what its parser found.
#[derive(Debug, Clone)]
pub struct ParsedFile {
    /// The input.
    pub input: InputFile,
    /// What the parser found.
    pub manifest: Manifest,
    /// The folder of its tables; nothing if the parser died.
    pub folder: Option<PathBuf>,
    /// The key of that folder in the cache.
    pub key: String,
}

/// Pins every input and notes its receipt.
pub fn acquire(config: &Config, store: &Store, ledger: &Ledger, now: &str) -> Result<Vec<InputFile>, Error> {
    let found = acquire::list(&config.inputs, &config.source).map_err(|e| Error::inputs(&config.inputs, e))?;
    let limit = config.limits.file_mib << 20;
    let mut files = Vec::new();
    for (source, path, full) in found.files {
        let bytes = full.metadata().map(|m| m.len()).unwrap_or(0);
        if bytes > limit {
            let args = vec![("size".into(), (bytes >> 20).to_string()), ("limit".into(), config.limits.file_mib.to_string())];
            files.push(unread(source, path, "SRC-006", args));
            continue;
        }
        match store.pin(&full) {
            Ok((sha256, bytes)) => {
                ledger.receive(&sha256, &source, &path, bytes, now)?;
                files.push(InputFile { file: SourceFile { source, path, sha256, bytes }, seeds: Vec::new(), readable: true });
            }
            Err(error) => {
                tracing::warn!(%error, "input could not be pinned");
                files.push(unread(source, path, "SRC-007", vec![("reason".into(), error.kind().to_string())]));
            }
        }
    }
    files.extend(found.unclaimed.into_iter().map(|path| unread(String::new(), path, "SRC-001", Vec::new())));
    Ok(files)
}

fn unread(source: String, path: String, code: &str, args: Vec<(String, String)>) -> InputFile {
    let seed = Seed { code: code.into(), sheet: None, row: None, column: None, found: String::new(), args };
    InputFile { file: SourceFile { source, path, sha256: String::new(), bytes: 0 }, seeds: vec![seed], readable: false }
}

/// Parses what is not in the cache yet, several files at a time; the order of files is kept.
pub async fn ingest(
    config: &Config,
    store: &Store,
    cache: &Arc<Cache>,
    inputs: Vec<InputFile>,
    progress: &dyn Progress,
) -> Result<Vec<ParsedFile>, Error> {
    let parsing = Parsing::new(config)?;
    let slots = Arc::new(Semaphore::new(parsing.children));
    let mut tasks = JoinSet::new();
    let mut parsed: Vec<Option<ParsedFile>> = Vec::new();
    let config = Arc::new(config.clone());
    progress.begin(Stage::Ingest, Some(inputs.iter().filter(|i| i.readable).count() as u64));
    for (place, input) in inputs.into_iter().enumerate() {
        parsed.push(None);
        if !input.readable {
            parsed[place] =
                Some(ParsedFile { input, manifest: Manifest { refused: true, ..Manifest::default() }, folder: None, key: String::new() });
            continue;
        }
        let forms = serde_json::to_string(&super::parse::forms_of(&config, &input.file.source))?;
        let key = cache.key("ingest", &[&input.file.sha256, input.file.name(), &forms, &serde_json::to_string(&config.codes)?]);
        if let Some(folder) = cache.get(&key)
            && let Some(manifest) = read_manifest(&folder)
        {
            progress.step(Stage::Ingest);
            parsed[place] = Some(ParsedFile { input, manifest, folder: Some(folder), key });
            continue;
        }
        let (slots, parsing, cache, config) = (slots.clone(), parsing.clone(), cache.clone(), config.clone());
        let path = store.path(&input.file.sha256);
        tasks.spawn(async move {
            let _slot = slots.acquire_owned().await;
            let folder = cache.begin()?;
            let manifest = parse(&parsing, &config, &input.file.source, &path, input.file.name(), folder.path()).await?;
            // A death is not remembered: the next run tries again.
            let folder = if read_manifest(folder.path()).is_some() { Some(cache.keep(&key, folder)?) } else { None };
            Ok::<_, std::io::Error>((place, ParsedFile { input, manifest, folder, key }))
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (place, file) = done.map_err(Error::bug)??;
        progress.step(Stage::Ingest);
        parsed[place] = Some(file);
    }
    let rows = parsed.iter().flatten().flat_map(|p| &p.manifest.tables).map(|t| t.rows).sum();
    progress.end(Stage::Ingest, Some(rows));
    Ok(parsed.into_iter().flatten().collect())
}
