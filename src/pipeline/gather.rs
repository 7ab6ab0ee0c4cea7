//! Acquire and ingest: from the inputs root to parsed files.

use super::cache::Cache;
use super::parse::{Parsing, parse, read_manifest};
use super::parser::Manifest;
use super::{Progress, Stage};
use crate::config::{Config, HttpOptions};
use crate::error::{Error, ErrorKind, io_reason};
use crate::finding::{Seed, fill, word};
use crate::ledger::{HttpVersion, Ledger, Upload};
use crate::stages::acquire::{self, Fetched, Fetcher, Found, SourceFile, Store, Uploaded, Validators};
use std::path::PathBuf;
use std::sync::Arc;
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
}

impl ParsedFile {
    /// Whether its parser ended without a word.
    pub fn died(&self) -> bool {
        self.input.readable && self.folder.is_none()
    }
}

/// Pins every input, from folders, from the network and from the portal, and notes its receipt.
pub async fn acquire(config: &Config, store: &Store, ledger: &Ledger, now: &str) -> Result<Vec<InputFile>, Error> {
    let uploads = uploads(config, store, ledger.standing_uploads()?);
    let found = match acquire::list(&config.inputs, &config.source) {
        Ok(found) => found,
        // A site whose bureaus all use the portal needs no folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !uploads.is_empty() => Found::default(),
        Err(error) => return Err(Error::inputs(&config.inputs, error)),
    };
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
                files.push(InputFile { file: SourceFile { source, path, sha256, bytes, upload: None }, seeds: Vec::new(), readable: true });
            }
            Err(error) => {
                tracing::warn!(%error, "input could not be pinned");
                files.push(unread(source, path, "SRC-007", vec![("reason".into(), io_reason(&error))]));
            }
        }
    }
    files.extend(fetch(config, store, ledger, now).await?);
    files.extend(uploads);
    // Sources stand in the order of the configuration, whichever way their files come; files of no source stand last.
    files.sort_by_cached_key(|f| config.source.get_index_of(&f.file.source).unwrap_or(usize::MAX));
    files.extend(found.unclaimed.into_iter().map(|path| unread(String::new(), path, "SRC-001", Vec::new())));
    Ok(files)
}

/// Uploads as inputs; those of a source that is not read any more stay where they are.
fn uploads(config: &Config, store: &Store, standing: Vec<Upload>) -> Vec<InputFile> {
    let read = |u: &Upload| config.source.get(&u.source).is_some_and(|s| !s.disabled);
    let input = |u: Upload| match store.has(&u.sha256) {
        true => InputFile { file: of_upload(config, u), seeds: Vec::new(), readable: true },
        false => {
            let file = of_upload(config, u);
            let reason = io_reason(&std::io::ErrorKind::NotFound.into());
            unread(file.source, file.path, "SRC-007", vec![("reason".into(), reason)])
        }
    };
    standing.into_iter().filter(read).map(input).collect()
}

/// An upload as reports name it: `统计局/第12号_经营情况.xlsx`.
pub fn of_upload(config: &Config, upload: Upload) -> SourceFile {
    let bureau = config.source.get(&upload.source).map_or(upload.source.as_str(), |s| s.bureau.as_str());
    let values = [upload.number.to_string(), upload.name.clone()];
    let name = fill(word(config.run.lang, "publish.upload"), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned()));
    SourceFile {
        path: format!("{bureau}/{name}"),
        source: upload.source,
        sha256: upload.sha256,
        bytes: upload.bytes,
        upload: Some(Uploaded { name: upload.name, received: upload.received, number: upload.number }),
    }
}

/// Fetches every address, all at once, and falls back on the last good version of what cannot be reached.
async fn fetch(config: &Config, store: &Store, ledger: &Ledger, now: &str) -> Result<Vec<InputFile>, Error> {
    let addresses: Vec<(&String, &HttpOptions)> =
        config.source.iter().filter(|(_, s)| !s.disabled).flat_map(|(id, s)| s.http.iter().map(move |h| (id, h))).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let fetcher = Fetcher::new(store, config.limits.file_mib).map_err(|e| Error::new(ErrorKind::System, "ERR-006").from_source(e))?;
    let mut tasks = JoinSet::new();
    let mut known = Vec::new();
    for (place, (_, options)) in addresses.iter().enumerate() {
        let version = ledger.http_version(&options.url)?.filter(|v| store.has(&v.sha256));
        let validators = version.as_ref().map(|v| Validators { etag: v.etag.clone(), last_modified: v.last_modified.clone() });
        known.push(version);
        let (fetcher, options) = (fetcher.clone(), (*options).clone());
        tasks.spawn(async move { (place, fetcher.fetch(&options, validators.as_ref()).await) });
    }
    let mut files: Vec<Option<InputFile>> = vec![None; addresses.len()];
    while let Some(done) = tasks.join_next().await {
        let (place, fetched) = done.map_err(Error::bug)?;
        let (source, options) = addresses[place];
        let (version, seed) = match (fetched, known[place].take()) {
            (Ok(Fetched::New { sha256, bytes, validators }), _) => {
                let Validators { etag, last_modified } = validators;
                let version = HttpVersion { sha256, bytes, etag, last_modified, received: now.to_owned() };
                ledger.keep_http_version(&options.url, &version)?;
                ledger.receive(&version.sha256, source, &options.name, version.bytes, now)?;
                (Some(version), None)
            }
            (Ok(Fetched::Unchanged), known) => (known, None),
            (Err(error), known) => {
                let mut args = vec![("url".to_owned(), acquire::shown(&options.url)), ("reason".to_owned(), error.to_string())];
                args.extend(known.as_ref().map(|v| ("received".to_owned(), v.received.clone())));
                let code = if known.is_some() { "SRC-004" } else { "SRC-005" };
                (known, Some((code, args)))
            }
        };
        files[place] = Some(match (version, seed) {
            (Some(version), seed) => {
                let (source, path) = (source.clone(), options.name.clone());
                let file = SourceFile { source, path, sha256: version.sha256, bytes: version.bytes, upload: None };
                InputFile { file, seeds: seed.into_iter().map(|(code, args)| Seed::of_file(code, args)).collect(), readable: true }
            }
            (None, seed) => {
                let (code, args) = seed.unwrap_or(("SRC-005", Vec::new()));
                unread(source.clone(), options.name.clone(), code, args)
            }
        });
    }
    Ok(files.into_iter().flatten().collect())
}

fn unread(source: String, path: String, code: &str, args: Vec<(String, String)>) -> InputFile {
    InputFile {
        file: SourceFile { source, path, sha256: String::new(), bytes: 0, upload: None },
        seeds: vec![Seed::of_file(code, args)],
        readable: false,
    }
}

/// The key under which a cache holds what a file's parser found.
pub fn key_of(config: &Config, cache: &Cache, file: &SourceFile) -> Result<String, Error> {
    let forms = serde_json::to_string(&super::parse::forms_of(config, &file.source))?;
    Ok(cache.key("ingest", &[&file.sha256, file.name(), &forms, &serde_json::to_string(&config.codes)?]))
}

/// Parses what is not in the cache yet, several files at a time; the order of files is kept.
pub async fn ingest(
    config: &Config,
    store: &Store,
    cache: &Arc<Cache>,
    inputs: Vec<InputFile>,
    parsing: &Parsing,
    progress: &dyn Progress,
) -> Result<Vec<ParsedFile>, Error> {
    let mut tasks = JoinSet::new();
    let mut parsed: Vec<Option<ParsedFile>> = Vec::new();
    let config = Arc::new(config.clone());
    progress.begin(Stage::Ingest, Some(inputs.iter().filter(|i| i.readable).count() as u64));
    for (place, input) in inputs.into_iter().enumerate() {
        parsed.push(None);
        if !input.readable {
            parsed[place] = Some(ParsedFile { input, manifest: Manifest { refused: true, ..Manifest::default() }, folder: None });
            continue;
        }
        let key = key_of(&config, cache, &input.file)?;
        if let Some(folder) = cache.get(&key)
            && let Some(manifest) = read_manifest(&folder)
        {
            progress.step(Stage::Ingest);
            parsed[place] = Some(ParsedFile { input, manifest, folder: Some(folder) });
            continue;
        }
        let (parsing, cache, config) = (parsing.clone(), cache.clone(), config.clone());
        let path = store.path(&input.file.sha256);
        tasks.spawn(async move {
            let folder = cache.begin()?;
            let manifest = parse(&parsing, &config, &input.file.source, &path, input.file.name(), folder.path()).await?;
            // A death is not remembered: the next run tries again.
            let folder = if read_manifest(folder.path()).is_some() { Some(cache.keep(&key, folder)?) } else { None };
            Ok::<_, std::io::Error>((place, ParsedFile { input, manifest, folder }))
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
