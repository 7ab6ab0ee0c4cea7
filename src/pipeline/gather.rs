//! Acquire and ingest: from the inputs root to parsed files.

use super::parse::{Parsing, parse, read_manifest};
use super::parser::Manifest;
use super::tables::ParsedTables;
use super::{Progress, Stage};
use crate::cache::Cache;
use crate::config::{Config, HttpOptions};
use crate::content::Flaw;
use crate::error::{Error, ErrorKind, io_reason};
use crate::finding::{Seed, reference, word};
use crate::ledger::{HttpVersion, Ledger, Upload};
use crate::model::words::fill;
use crate::run::Input;
use crate::stages::acquire::{self, Bounds, FetchError, Fetched, Fetcher, Found, FoundFile, SourceFile, Store, Uploaded, Validators};
use std::io;
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

impl InputFile {
    /// An input as a run's record keeps it.
    pub fn recorded(input: &Input) -> Self {
        // When it was received decided its place alone, and that is on record as well.
        let upload = input.upload.as_ref().map(|u| Uploaded { name: u.name.clone(), received: String::new(), number: u.number });
        let (source, path, sha256) = (input.source.clone(), input.path.clone(), input.sha256.clone());
        let file = SourceFile { source, path, sha256, bytes: input.bytes, upload };
        Self { file, seeds: input.found.clone(), readable: !input.unread }
    }

    /// Whether it is no more than another name of what is read already: not read, but nothing is wrong with it.
    fn is_second_name(&self) -> bool {
        !self.readable && self.seeds.iter().all(|seed| seed.code == SECOND_NAME)
    }
}

/// The finding of a second name.
const SECOND_NAME: &str = "SRC-023";

/// An input and what its parser found.
#[derive(Debug, Clone)]
pub struct ParsedFile {
    /// The input.
    pub input: InputFile,
    /// What the parser found.
    pub manifest: Manifest,
    /// Its tables; nothing if the parser died.
    pub tables: Option<ParsedTables>,
}

impl ParsedFile {
    /// Whether its parser ended without a word.
    pub fn died(&self) -> bool {
        self.input.readable && self.tables.is_none()
    }
}

/// Pins every input, from folders, from the network and from the portal, and notes its receipt.
pub async fn acquire(config: &Config, store: &Store, ledger: &Ledger, now: &str) -> Result<Vec<InputFile>, Error> {
    let uploads = uploads(config, ledger.standing_uploads()?);
    let bounds = Bounds { linked: &config.linked_folders, outputs: &config.outputs };
    let found = match acquire::list(&config.inputs, &config.source, &bounds) {
        Ok(found) => found,
        // A site whose bureaus all use the portal needs no folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !uploads.is_empty() => Found::default(),
        Err(error) => return Err(Error::inputs(&config.inputs, error)),
    };
    let mut files = Vec::new();
    for file in found.files {
        let input = pin(config, store, file)?;
        if input.readable {
            ledger.receive(&input.file.sha256, &input.file.source, &input.file.path, input.file.bytes, now)?;
        }
        files.push(input);
    }
    let mut flawed = Vec::new();
    files.extend(fetch(config, store, ledger, now, &mut flawed).await?);
    // What only the store holds cannot be had again from anywhere: the run does not go on without it.
    flawed.extend(uploads.iter().filter_map(|u| Some((u.file.clone(), store.verify(&u.file.sha256).err()?))));
    if !flawed.is_empty() {
        return Err(unsound(config, &flawed));
    }
    files.extend(uploads);
    files.extend(found.unread.into_iter().map(|u| unread(u.source, u.path, u.seed)));
    // Sources stand in the order of the configuration, whichever way their files come; what is of no source stands last.
    files.sort_by_cached_key(|f| config.source.get_index_of(&f.file.source).unwrap_or(usize::MAX));
    Ok(files)
}

/// Pins a file that was found in a folder; one that is too large, or went away meanwhile, is told and not read.
///
/// # Errors
/// The store takes no more, which is no fault of the file.
fn pin(config: &Config, store: &Store, found: FoundFile) -> Result<InputFile, Error> {
    let FoundFile { source, path, full, seeds } = found;
    let bytes = full.metadata().map_or(0, |m| m.len());
    if bytes > config.limits.file_mib << 20 {
        let args = vec![("size".into(), (bytes >> 20).to_string()), ("limit".into(), config.limits.file_mib.to_string())];
        return Ok(unread(source, path, Seed::of_file("SRC-006", args)));
    }
    match store.pin(&full) {
        Ok((sha256, bytes)) => Ok(InputFile { file: SourceFile { source, path, sha256, bytes, upload: None }, seeds, readable: true }),
        Err(error) if Error::from(io::Error::from(error.kind())).is_no_room() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "input could not be pinned");
            Ok(unread(source, path, Seed::of_file("SRC-007", vec![("reason".into(), io_reason(&error))])))
        }
    }
}

/// Uploads as inputs; those of a source that is not read any more stay where they are.
fn uploads(config: &Config, standing: Vec<Upload>) -> Vec<InputFile> {
    let read = |u: &Upload| config.source.get(&u.source).is_some_and(|s| !s.disabled);
    let input = |u: Upload| InputFile { file: of_upload(config, u), seeds: Vec::new(), readable: true };
    standing.into_iter().filter(read).map(input).collect()
}

/// The error of originals that the store no longer has as they came, each with its bureau and the number of its receipt.
fn unsound(config: &Config, flawed: &[(SourceFile, Flaw)]) -> Error {
    Error::new(ErrorKind::System, "ERR-060").with("count", flawed.len().to_string()).about(told(config, flawed))
}

/// Originals with what is wrong with each, in words.
pub fn told(config: &Config, flawed: &[(SourceFile, Flaw)]) -> Vec<String> {
    let lines = flawed.iter().map(|(file, flaw)| {
        let bureau = config.source.get(&file.source).map_or(file.source.as_str(), |s| s.bureau.as_str());
        let path =
            if file.upload.is_some() || file.path.starts_with(bureau) { file.path.clone() } else { format!("{bureau}/{}", file.path) };
        let values = [path, reference(config.run.lang, &flaw.to_string()), file.sha256.clone()];
        fill(word(config.run.lang, "run.flawed"), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned())).into_owned()
    });
    lines.collect()
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

/// Fetches every address, all at once, and falls back on the last good version of what cannot be reached; if the store no
/// longer has that, it is `flawed`.
async fn fetch(
    config: &Config,
    store: &Store,
    ledger: &Ledger,
    now: &str,
    flawed: &mut Vec<(SourceFile, Flaw)>,
) -> Result<Vec<InputFile>, Error> {
    let addresses: Vec<(&String, &HttpOptions)> =
        config.source.iter().filter(|(_, s)| !s.disabled).flat_map(|(id, s)| s.http.iter().map(move |h| (id, h))).collect();
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let fetcher = Fetcher::new(store, config.limits.file_mib).map_err(|e| Error::new(ErrorKind::System, "ERR-006").from_source(e))?;
    let mut tasks = JoinSet::new();
    let mut known = Vec::new();
    for (place, (_, options)) in addresses.iter().enumerate() {
        // An address that cannot be had has no name; what is wrong with it the fetch says.
        let name = options.url.read().map(|address| options.url.name(&address)).ok();
        let version = name.as_deref().map(|name| ledger.http_version(name)).transpose()?.flatten();
        let flaw = version.as_ref().and_then(|v| store.verify(&v.sha256).err());
        let sound = version.as_ref().filter(|_| flaw.is_none());
        let validators = sound.map(|v| Validators { etag: v.etag.clone(), last_modified: v.last_modified.clone() });
        known.push((name, version, flaw));
        let (fetcher, options) = (fetcher.clone(), (*options).clone());
        tasks.spawn(async move { (place, fetcher.fetch(&options, validators.as_ref()).await) });
    }
    let mut files: Vec<Option<InputFile>> = vec![None; addresses.len()];
    while let Some(done) = tasks.join_next().await {
        let (place, fetched) = done.map_err(Error::bug)?;
        let (source, options) = addresses[place];
        let (name, known, flaw) = std::mem::take(&mut known[place]);
        if let (Err(_), Some(known), Some(flaw)) = (&fetched, &known, flaw) {
            let (source, path) = (source.clone(), options.name.clone());
            flawed.push((SourceFile { source, path, sha256: known.sha256.clone(), bytes: known.bytes, upload: None }, flaw));
            continue;
        }
        let (version, seed) = match (fetched, known) {
            (Ok(Fetched::New { sha256, bytes, validators }), _) => {
                let Validators { etag, last_modified } = validators;
                let version = HttpVersion { sha256, bytes, etag, last_modified, received: now.to_owned() };
                ledger.keep_http_version(&name.unwrap_or_default(), &version)?;
                ledger.receive(&version.sha256, source, &options.name, version.bytes, now)?;
                (Some(version), None)
            }
            (Ok(Fetched::Unchanged), known) => (known, None),
            (Err(FetchError::Store(error)), _) => return Err(error.into()),
            (Err(error), known) => {
                let mut args = vec![("url".to_owned(), options.url.shown()), ("reason".to_owned(), error.to_string())];
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
                unread(source.clone(), options.name.clone(), Seed::of_file(code, args))
            }
        });
    }
    Ok(files.into_iter().flatten().collect())
}

fn unread(source: String, path: String, seed: Seed) -> InputFile {
    InputFile { file: SourceFile { source, path, sha256: String::new(), bytes: 0, upload: None }, seeds: vec![seed], readable: false }
}

/// The key under which a cache holds what a file's parser found.
pub fn key_of(config: &Config, cache: &Cache, file: &SourceFile) -> Result<String, Error> {
    let forms = serde_json::to_string(&super::parse::forms_of(config, &file.source))?;
    let others = serde_json::to_string(&super::parse::forms_beside(config, &file.source))?;
    Ok(cache.key("ingest", &[&file.sha256, file.name(), &forms, &others, &serde_json::to_string(&config.codes)?]))
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
    // Each child reads a copy of its original, so no more of them are made than are soon read.
    let turns = Arc::new(Semaphore::new(2 * config.limits.children()));
    progress.begin(Stage::Ingest, Some(inputs.iter().filter(|i| i.readable).count() as u64));
    for (place, input) in inputs.into_iter().enumerate() {
        parsed.push(None);
        if !input.readable {
            let manifest = Manifest { refused: !input.is_second_name(), ..Manifest::default() };
            parsed[place] = Some(ParsedFile { input, manifest, tables: None });
            continue;
        }
        let key = key_of(&config, cache, &input.file)?;
        if let Some(entry) = cache.get(&key)
            // An entry that is not as it was kept is made anew.
            && let Ok((manifest, tables)) = blocking(move || ParsedTables::read(&entry)).await?
        {
            progress.step(Stage::Ingest);
            parsed[place] = Some(ParsedFile { input, manifest, tables: Some(tables) });
            continue;
        }
        let (parsing, cache, config, store) = (parsing.clone(), cache.clone(), config.clone(), store.clone());
        let turns = turns.clone();
        tasks.spawn(async move {
            let _turn = turns.acquire().await.map_err(Error::bug)?;
            let (folder, file) = (cache.begin()?, &input.file);
            let original = (&store, file.sha256.as_str());
            let manifest = parse(&parsing, &config, &file.source, original, file.name(), folder.path()).await;
            let manifest = manifest.map_err(|e| match Flaw::of(&e) {
                Some(flaw) => unsound(&config, &[(input.file.clone(), flaw)]),
                None => e.into(),
            })?;
            // A death is not remembered: the next run tries again.
            if read_manifest(folder.path()).is_none() {
                return Ok((place, ParsedFile { input, manifest, tables: None }));
            }
            let read = move || Ok::<_, io::Error>(ParsedTables::read(&cache.keep(&key, folder)?)?);
            let (manifest, tables) = blocking(read).await??;
            Ok::<_, Error>((place, ParsedFile { input, manifest, tables: Some(tables) }))
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

/// Works on files away from the threads that attend children.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::bug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_went_away_since_it_was_found_is_told() -> Result<(), Error> {
        let folder = tempfile::tempdir()?;
        let config = crate::config::load_defaults(folder.path()).expect("the defaults");
        let store = Store::open(&folder.path().join("store"))?;
        let found = FoundFile { source: "market".into(), path: "a.csv".into(), full: folder.path().join("a.csv"), seeds: Vec::new() };
        let input = pin(&config, &store, found)?;
        assert!(!input.readable);
        assert_eq!(input.seeds, [Seed::of_file("SRC-007", vec![("reason".into(), "@io.not_found".into())])]);
        Ok(())
    }
}
