//! What stands beside an upload, so that it is judged as the night would judge it: the directory, its source's other years
//! and files, and whatever else the edits over its forms look at.
//!
//! The files are those that a run would take in: the uploads that count, and what the last run found in folders and at
//! addresses. Which of their records stand, the rule of standing decides here as it does there. Another bureau's statistics
//! are never among them (`rests`).

use super::gather::{InputFile, ParsedFile, key_of, of_upload};
use super::parse::{Parsing, parse, read_manifest};
use super::receipts::Receipts;
use super::scope;
use super::tables::ParsedTables;
use crate::cache::{Cache, CacheEntry};
use crate::config::{Config, FormOptions};
use crate::error::Error;
use crate::ledger::{FiledReturn, Ledger, LedgerError, Upload};
use crate::run::Decision;
use crate::stages::acquire::{SourceFile, Store, hash_text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The files among which an upload is judged, in the order of a run's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Beside {
    /// The files, the upload among them.
    files: Vec<SourceFile>,
    /// The place of the upload.
    own: usize,
    /// By file, its place in the order of receipt among those of its source.
    places: Vec<u32>,
    /// What was said of pairs of them.
    decisions: Vec<Decision>,
    /// By file, the folder of its tables; none of one that cannot be read.
    folders: Vec<Option<PathBuf>>,
}

impl Beside {
    /// Finds what stands beside an upload now.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn find(config: &Config, ledger: &Ledger, upload: &Upload) -> Result<Self, LedgerError> {
        let wanted = wanted(config, &upload.source);
        let seen = |source: &str, form: &str| wanted.contains(form) && is_seen_by(config, &upload.source, source, form);
        let read = |source: &str| config.source.get(source).is_some_and(|s| !s.disabled);
        let uploads = ledger.standing_uploads()?.into_iter().filter(|u| u.id != upload.id && read(&u.source));
        let mut uploads: Vec<Upload> = uploads.filter(|u| u.tally.parts.iter().any(|part| seen(&u.source, &part.form))).collect();
        uploads.push(upload.clone());
        uploads.sort_by_key(|u| u.number);
        let mut filed = ledger.filed(None)?;
        filed.retain(|f| read(&f.source) && f.forms.iter().any(|form| seen(&f.source, form)));
        filed.sort_by_cached_key(|f| (address(config, f), f.path.clone()));
        let of_folder = |f: FiledReturn| SourceFile { source: f.source, path: f.path, sha256: f.sha256, bytes: f.bytes, upload: None };
        let mut files: Vec<SourceFile> = filed.into_iter().map(of_folder).collect();
        files.extend(uploads.into_iter().map(|u| of_upload(config, u)));
        files.sort_by_key(|f| config.source.get_index_of(&f.source));
        let own = files.iter().position(|f| f.upload.as_ref().is_some_and(|u| u.number == upload.number)).unwrap_or_default();
        let inputs: Vec<InputFile> = files.into_iter().map(|file| InputFile { file, seeds: Vec::new(), readable: true }).collect();
        let receipts = Receipts::of(ledger, &inputs)?;
        let files = inputs.into_iter().map(|input| input.file).collect();
        Ok(Self { files, own, places: receipts.places().to_vec(), decisions: receipts.decisions(), folders: Vec::new() })
    }

    /// Tells it from what stands at other times: as long as it is equal, a check among it comes to the same. It is that of all
    /// standing uploads of a source.
    pub fn key(&self) -> String {
        let receipts = self.receipts();
        let file = |(ordinal, f): (usize, &SourceFile)| {
            format!("{}\t{}\t{}\t{:?}\t{}\n", f.source, f.path, f.sha256, f.upload.as_ref().map(|u| u.number), receipts.text(ordinal))
        };
        hash_text(&self.files.iter().enumerate().map(file).collect::<String>())[..16].to_owned()
    }

    /// Whether nothing stands beside it.
    pub fn is_alone(&self) -> bool {
        self.files.len() < 2
    }

    /// Lays the tables of all of them below a folder, for a child to read: as the cache holds them, else read and cached.
    /// The upload's own lie in `own` already.
    ///
    /// # Errors
    /// An original is not as it was kept, or the disk takes no more.
    pub async fn lay(
        mut self,
        config: &Config,
        (store, cache, parsing): (&Store, &Path, &Parsing),
        own: &Path,
        folder: &Path,
    ) -> Result<Self, Error> {
        let cache = Cache::open(cache.to_owned())?;
        for (place, file) in self.files.iter().enumerate() {
            if place == self.own {
                self.folders.push(Some(own.to_owned()));
                continue;
            }
            let key = key_of(config, &cache, file)?;
            let entry = match cache.get(&key).filter(CacheEntry::is_sound) {
                Some(entry) => Some(entry),
                None => {
                    let fresh = tempfile::tempdir_in(folder)?;
                    parse(parsing, config, &file.source, (store, &file.sha256), file.name(), fresh.path()).await?;
                    // One whose parser died is not there for the night either, and may live next time.
                    if read_manifest(fresh.path()).is_some() { Some(cache.keep(&key, fresh)?) } else { None }
                }
            };
            let to = folder.join(place.to_string());
            self.folders.push(entry.map(|entry| entry.link(&to).map(|()| to)).transpose()?);
        }
        Ok(self)
    }

    pub(super) fn receipts(&self) -> Receipts {
        Receipts::kept(self.places.clone(), &self.decisions)
    }

    /// A folder that lasts as long as the check: the upload's own.
    ///
    /// # Errors
    /// It has none.
    pub(super) fn folder(&self) -> Result<&Path, Error> {
        let folder = self.folders.get(self.own).and_then(Option::as_deref);
        folder.ok_or_else(|| Error::bug("an upload without tables"))
    }

    pub(super) fn own(&self) -> usize {
        self.own
    }

    /// All of them, read: of others than the upload the forms that its edits look at, without another bureau's statistics.
    pub(super) fn read(&self, config: &Config) -> Result<Vec<ParsedFile>, Error> {
        let damaged = |_| Error::from(io::Error::from(io::ErrorKind::InvalidData));
        let folder = |place: usize| self.folders.get(place).and_then(Option::as_deref);
        let own = ParsedTables::in_folder(folder(self.own).ok_or_else(|| Error::bug("an upload without tables"))?).map_err(damaged)?;
        let mut wanted = BTreeSet::new();
        own.0.tables.iter().for_each(|table| wanted.extend(scope::dependencies(config, &table.form)));
        let source = &self.files[self.own].source;
        let mut own = Some(own);
        let read = |(place, file): (usize, &SourceFile)| {
            let input = InputFile { file: file.clone(), seeds: Vec::new(), readable: true };
            if place == self.own {
                let (manifest, tables) = own.take().unzip();
                return Ok(ParsedFile { input, manifest: manifest.unwrap_or_default(), tables });
            }
            let Some(folder) = folder(place) else { return Ok(ParsedFile { input, manifest: Default::default(), tables: None }) };
            let seen = |form: &str| wanted.contains(form) && is_seen_by(config, source, &file.source, form);
            let (mut manifest, tables) = ParsedTables::in_folder_of(folder, seen).map_err(damaged)?;
            // What the readers say of it is told with its own check.
            manifest.seeds.clear();
            let form = |number: u16| manifest.tables.iter().find(|t| t.number == number).and_then(|t| config.form.get(&t.form));
            let tables = tables
                .projected(|number, column| *source == file.source || form(number).is_none_or(|form| !is_of_statistics(form, column)));
            Ok(ParsedFile { input, manifest, tables: Some(tables) })
        };
        self.files.iter().enumerate().map(read).collect()
    }
}

/// The forms that decide anything of what a source sends.
fn wanted(config: &Config, source: &str) -> BTreeSet<String> {
    let forms = config.source.get(source).into_iter().flat_map(|source| &source.forms);
    forms.flat_map(|form| scope::dependencies(config, form)).collect()
}

/// Whether a form of one source's file may stand beside another's: its own, or one that is not statistics.
fn is_seen_by(config: &Config, source: &str, other: &str, form: &str) -> bool {
    source == other || config.form.get(form).is_some_and(|form| !form.statistics)
}

/// Whether a column is of a field of statistics.
fn is_of_statistics(form: &FormOptions, column: &str) -> bool {
    let fields = form.field.keys().filter(|field| form.holds_statistics(field));
    // A field whose name begins as another's does is left out with it, rather than a column beside a figure be told.
    fields.into_iter().any(|field| column.strip_prefix(field.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

/// The place of an address among those of its source; nothing of a file of a folder, which stands before them.
fn address(config: &Config, file: &FiledReturn) -> Option<usize> {
    config.source.get(&file.source)?.http.iter().position(|http| http.name == file.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_s_statistics_stand_beside_nothing() {
        let site = "[form.directory.field]\nturnover = { label = \"营业额\", type = \"amount\", statistics = true }\n";
        let config = crate::config::load(site, Path::new(".")).expect("the settings");
        let seen = |source: &str, other: &str, form: &str| is_seen_by(&config, source, other, form);
        assert!(seen("statistics", "statistics", "returns") && !seen("market", "statistics", "returns"));
        assert!(seen("market", "industry", "directory"));
        let form = &config.form["directory"];
        let hidden = ["turnover", "turnover_raw", "turnover_unit"].into_iter().all(|c| is_of_statistics(form, c));
        assert!(hidden && ["record", "period", "uscc", "name", "name_key"].into_iter().all(|c| !is_of_statistics(form, c)));
        assert_eq!(wanted(&config, "market"), BTreeSet::from(["directory".to_owned(), "patents".to_owned()]));
    }
}
