//! The cells and records that some enterprises' values rest on in one run.

use super::super::published::{FileFlaw, PublishedRun};
use super::super::record::PublishedDataset;
use crate::config::Config;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

/// A cell of an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The input's place in the record.
    pub file: usize,
    /// The sheet and the cell: `[sheet]D17`.
    pub place: String,
}

impl Cell {
    /// The row that it stands in.
    pub fn row(&self) -> Option<i64> {
        let (_, cell) = self.place.rsplit_once(']')?;
        cell.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok()
    }
}

/// A record that speaks for an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Its form.
    pub form: String,
    /// Its year.
    pub period: Option<i32>,
    /// The input that it stands in.
    pub file: usize,
    /// The sheet and the row.
    pub row: (String, i64),
    /// What tells all that it states.
    pub content: u64,
}

/// What a run noted of some enterprises.
#[derive(Debug, Default)]
pub struct Trace {
    cells: HashMap<String, Vec<(u32, Cell)>>,
    columns: HashMap<String, u32>,
    records: HashMap<String, Vec<Stated>>,
}

/// Why it cannot be read.
#[derive(Debug)]
pub enum Untraced {
    /// A file of the run is not as it was written.
    Flaw(FileFlaw),
    /// It does not read.
    Io(io::Error),
}

impl std::fmt::Display for Untraced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Untraced {}

impl From<FileFlaw> for Untraced {
    fn from(flaw: FileFlaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<io::Error> for Untraced {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Trace {
    /// Reads what a run noted of the enterprises asked for; what it did not publish is not there.
    pub fn read(run: &PublishedRun, config: &Config, wanted: &HashSet<String>) -> Result<Self, Untraced> {
        let mut own = Self::default();
        let files: HashMap<&str, usize> = run.record().inputs.iter().enumerate().map(|(i, input)| (input.path.as_str(), i)).collect();
        if let Some(rows) = run.rows("provenance")? {
            rows.each(&["enterprise", "column", "cell"], |row| {
                let [enterprise, column, cell] = row.as_slice() else { return };
                if let Some(cell) = wanted.contains(enterprise).then(|| cited(&files, cell)).flatten() {
                    let next = u32::try_from(own.columns.len()).unwrap_or(u32::MAX);
                    let column = *own.columns.entry(column.clone()).or_insert(next);
                    own.cells.entry(enterprise.clone()).or_default().push((column, cell));
                }
            })?;
        }
        for dataset in run.record().datasets.iter().filter(|dataset| config.form.contains_key(&dataset.name)) {
            own.records_of(run, dataset, &files, wanted)?;
        }
        Ok(own)
    }

    fn records_of(
        &mut self,
        run: &PublishedRun,
        dataset: &PublishedDataset,
        files: &HashMap<&str, usize>,
        wanted: &HashSet<String>,
    ) -> Result<(), Untraced> {
        let Some(rows) = run.rows(&dataset.name)? else { return Ok(()) };
        let has = |name: &str| dataset.columns.contains_key(name);
        // What a cell states stands raw; a text is its own.
        let states = |name: &String| has(&format!("{name}_state")) && !has(&format!("{name}_raw"));
        let stated = dataset.columns.keys().filter(|name| name.ends_with("_raw") || states(name)).map(String::as_str);
        let key = if has("enterprise") { "enterprise" } else { "uscc" };
        let columns: Vec<&str> = [key, "file", "sheet", "row", "period"].into_iter().chain(stated).collect();
        rows.each(&columns, |row| {
            let [enterprise, file, sheet, number, period, stated @ ..] = row.as_slice() else { return };
            let (Some(file), true) = (files.get(file.as_str()), wanted.contains(enterprise)) else { return };
            let mut content = DefaultHasher::new();
            stated.iter().zip(&columns[5..]).filter(|(text, _)| !text.is_empty()).for_each(|part| part.hash(&mut content));
            self.records.entry(enterprise.clone()).or_default().push(Stated {
                form: dataset.name.clone(),
                period: period.parse().ok(),
                file: *file,
                row: (sheet.clone(), number.parse().unwrap_or_default()),
                content: content.finish(),
            });
        })?;
        Ok(())
    }

    /// The cells of a column of an enterprise.
    pub fn cells(&self, enterprise: &str, column: &str) -> Vec<&Cell> {
        let Some(column) = self.columns.get(column) else { return Vec::new() };
        let own = self.cells.get(enterprise).into_iter().flatten();
        own.filter(|(of, _)| of == column).map(|(_, cell)| cell).collect()
    }

    /// The records of an enterprise in some forms, of a year if one is asked for.
    pub fn records(&self, enterprise: &str, forms: &[String], year: Option<i32>) -> Vec<&Stated> {
        let own = self.records.get(enterprise).into_iter().flatten();
        let of_year = |record: &&Stated| year.is_none() || record.period.is_none() || record.period == year;
        own.filter(|record| forms.contains(&record.form)).filter(of_year).collect()
    }

    /// The record that a cell stands in.
    pub fn record_at(&self, enterprise: &str, cell: &Cell) -> Option<&Stated> {
        let row = cell.row()?;
        let same =
            |record: &&Stated| record.file == cell.file && record.row.1 == row && cell.place.starts_with(&format!("[{}]", record.row.0));
        self.records.get(enterprise).into_iter().flatten().find(same)
    }
}

/// Reads `file[sheet]D17`; the file is one of the run's, so that brackets in names mislead nobody.
fn cited(files: &HashMap<&str, usize>, cell: &str) -> Option<Cell> {
    let named = |(at, _): (usize, &str)| Some(Cell { file: *files.get(&cell[..at])?, place: cell[at..].to_owned() });
    cell.match_indices('[').find_map(named)
}
