//! The tables of a parsed file, as an entry of the cache holds them: verified whole before the file counts, read batch by batch.

use super::parser::{Manifest, files};
use crate::cache::CacheEntry;
use crate::content::{self, Flaw};
use crate::engine::Dataset;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The tables of a file, each by its number.
#[derive(Debug, Clone)]
pub struct ParsedTables {
    /// The key of their entry: all that they were made from.
    pub key: String,
    records: HashMap<u16, Dataset>,
    sums: HashMap<u16, Dataset>,
    names: HashMap<u16, Dataset>,
}

impl ParsedTables {
    /// Finds what a parsing child left, with what it said of the file.
    ///
    /// # Errors
    /// Something of it is gone, or is not as it was kept.
    pub fn read(entry: &CacheEntry) -> Result<(Manifest, Self), Flaw> {
        let manifest = entry.read(files::MANIFEST)?.ok_or(Flaw::Missing)?;
        Self::of(entry.key(), &manifest, |name| entry.verified(name), |_| true)
    }

    /// Finds what a parsing child left just now in a folder that nobody else knows.
    ///
    /// # Errors
    /// As [`ParsedTables::read`].
    pub fn in_folder(folder: &Path) -> Result<(Manifest, Self), Flaw> {
        Self::in_folder_of(folder, |_| true)
    }

    /// The same of some forms alone: the tables of others are not opened.
    ///
    /// # Errors
    /// As [`ParsedTables::read`].
    pub fn in_folder_of(folder: &Path, form: impl Fn(&str) -> bool) -> Result<(Manifest, Self), Flaw> {
        let manifest = content::whole(&folder.join(files::MANIFEST))?;
        Self::of("", &manifest, |name| Ok(Some(folder.join(name)).filter(|path| path.exists())), form)
    }

    fn of(
        key: &str,
        manifest: &[u8],
        path: impl Fn(&str) -> Result<Option<PathBuf>, Flaw>,
        form: impl Fn(&str) -> bool,
    ) -> Result<(Manifest, Self), Flaw> {
        let mut manifest: Manifest = serde_json::from_slice(manifest).map_err(|_| Flaw::Damaged)?;
        manifest.tables.retain(|table| form(&table.form));
        let mut tables = Self { key: key.to_owned(), records: HashMap::new(), sums: HashMap::new(), names: HashMap::new() };
        let kept = |name: String| path(&name)?.map(|path| Dataset::at(&path)).transpose().map_err(|_| Flaw::Damaged);
        for table in &manifest.tables {
            let number = table.number;
            match kept(files::records(number))? {
                None if table.rows > 0 => return Err(Flaw::Missing),
                records => tables.records.extend(records.map(|r| (number, r))),
            }
            tables.sums.extend(kept(files::sums(number))?.map(|s| (number, s)));
            tables.names.extend(kept(files::names(number))?.map(|n| (number, n)));
        }
        Ok((manifest, tables))
    }

    /// Without sum rows, and of the records of each table only the columns that are wanted.
    #[must_use]
    pub fn projected(mut self, wanted: impl Fn(u16, &str) -> bool) -> Self {
        self.sums.clear();
        for (number, records) in &mut self.records {
            *records = records.select(|column| wanted(*number, column));
        }
        self
    }

    /// A file's only table, for tests.
    #[cfg(test)]
    pub fn of_records(table: u16, records: Dataset) -> Self {
        Self { key: String::new(), records: HashMap::from([(table, records)]), sums: HashMap::new(), names: HashMap::new() }
    }

    /// The records of a table.
    pub fn records(&self, table: u16) -> Option<&Dataset> {
        self.records.get(&table)
    }

    /// Its sum rows.
    pub fn sums(&self, table: u16) -> Option<&Dataset> {
        self.sums.get(&table)
    }

    /// The single names of its cells that hold several.
    pub fn names(&self, table: u16) -> Option<&Dataset> {
        self.names.get(&table)
    }
}
