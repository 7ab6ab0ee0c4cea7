//! The tables of a parsed file, as an entry of the cache holds them; read whole and verified before the file counts.

use super::cache::Entry;
use super::parser::{Manifest, files};
use crate::content::Flaw;
use crate::engine::store::read;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

/// Record batches of one schema.
pub type Batches = (SchemaRef, Vec<RecordBatch>);

/// The tables of a file, each by its number.
#[derive(Debug, Clone)]
pub struct Tables {
    /// The key of their entry: all that they were made from.
    pub key: String,
    records: HashMap<u16, Batches>,
    sums: HashMap<u16, Batches>,
    names: HashMap<u16, Batches>,
}

impl Tables {
    /// Reads what a parsing child left, with what it said of the file.
    ///
    /// # Errors
    /// Something of it is gone, or is not as it was kept.
    pub fn read(entry: &Entry) -> Result<(Manifest, Self), Flaw> {
        Self::of(entry.key(), |name| entry.read(name), |_| true)
    }

    /// Reads what a parsing child left just now in a folder that nobody else knows.
    ///
    /// # Errors
    /// As [`Tables::read`].
    pub fn in_folder(folder: &Path) -> Result<(Manifest, Self), Flaw> {
        Self::in_folder_of(folder, |_| true)
    }

    /// The same of some forms alone: the tables of others are not opened.
    ///
    /// # Errors
    /// As [`Tables::read`].
    pub fn in_folder_of(folder: &Path, form: impl Fn(&str) -> bool) -> Result<(Manifest, Self), Flaw> {
        let content = |name: &str| match fs::read(folder.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) => Err(Flaw::Damaged),
        };
        Self::of("", content, form)
    }

    fn of(
        key: &str,
        content: impl Fn(&str) -> Result<Option<Vec<u8>>, Flaw>,
        form: impl Fn(&str) -> bool,
    ) -> Result<(Manifest, Self), Flaw> {
        let manifest = content(files::MANIFEST)?.ok_or(Flaw::Missing)?;
        let mut manifest: Manifest = serde_json::from_slice(&manifest).map_err(|_| Flaw::Damaged)?;
        manifest.tables.retain(|table| form(&table.form));
        let mut tables = Self { key: key.to_owned(), records: HashMap::new(), sums: HashMap::new(), names: HashMap::new() };
        let kept = |name: String| content(&name)?.map(read).transpose().map_err(|_| Flaw::Damaged);
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
        for (number, (schema, batches)) in &mut self.records {
            let columns: Vec<usize> = (0..schema.fields().len()).filter(|at| wanted(*number, schema.field(*at).name())).collect();
            if columns.len() < schema.fields().len() {
                // The places are the schema's own.
                *batches = batches.iter().filter_map(|batch| batch.project(&columns).ok()).collect();
                *schema = schema.project(&columns).map_or_else(|_| schema.clone(), Into::into);
            }
        }
        self
    }

    /// A file's only table, for tests.
    #[cfg(test)]
    pub fn of_records(table: u16, records: Batches) -> Self {
        Self { key: String::new(), records: HashMap::from([(table, records)]), sums: HashMap::new(), names: HashMap::new() }
    }

    /// The records of a table.
    pub fn records(&self, table: u16) -> Option<&Batches> {
        self.records.get(&table)
    }

    /// Its sum rows.
    pub fn sums(&self, table: u16) -> &[RecordBatch] {
        self.sums.get(&table).map_or(&[], |(_, batches)| batches)
    }

    /// The single names of its cells that hold several.
    pub fn names(&self, table: u16) -> &[RecordBatch] {
        self.names.get(&table).map_or(&[], |(_, batches)| batches)
    }
}
