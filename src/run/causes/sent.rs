//! Causes that lie in what was sent: new returns, corrections, files that are gone.

use super::cause::Cause;
use super::follows::Follows;
use super::inputs::{Fate, is_read};
use super::runs::{Runs, Value};
use super::trace::{Cell, Stated};
use std::collections::{BTreeMap, BTreeSet};

impl Runs<'_> {
    fn path(&self, side: usize, file: usize) -> String {
        self.sides[side].run.record().inputs.get(file).map(|input| input.path.clone()).unwrap_or_default()
    }

    fn source(&self, side: usize, file: usize) -> &str {
        self.sides[side].run.record().inputs.get(file).map_or("", |input| input.source.as_str())
    }

    fn fate(&self, side: usize, file: usize) -> Fate {
        self.fates[side].get(file).copied().unwrap_or(Fate::Same)
    }

    /// A cell with its file.
    fn told(&self, side: usize, cell: &Cell) -> String {
        format!("{}{}", self.path(side, cell.file), cell.place)
    }

    /// The cells of a value; of one that has none those of its record, each by its row.
    fn places(&self, enterprise: &str, side: usize, follows: &Follows) -> Vec<Cell> {
        let cells = self.traces[side].cells(enterprise, &follows.cited);
        if !cells.is_empty() {
            return cells.into_iter().cloned().collect();
        }
        let records = self.traces[side].records(enterprise, &follows.forms, follows.year);
        records.into_iter().map(place).collect()
    }

    /// Adds the causes of a value that one cell states; says whether the record around it is as it was.
    pub fn handed_on(&self, value: Value<'_>, follows: &[Follows; 2], found: &mut BTreeSet<Cause>) -> bool {
        let enterprise = self.enterprise(value);
        let new = self.places(&enterprise, 1, &follows[1]);
        // Where another year is shown, what was known of that one is what counts.
        let old = match is_of_another_year(follows) {
            true => self.traces[0].records(&enterprise, &follows[1].forms, follows[1].year).into_iter().map(place).collect(),
            false => self.places(&enterprise, 0, &follows[0]),
        };
        let content = |side: usize, cell: &Cell| self.traces[side].record_at(&enterprise, cell).map(|record| record.content);
        let contents: BTreeSet<u64> = old.iter().filter_map(|cell| content(0, cell)).collect();
        let before = old.first().map(|cell| self.told(0, cell)).unwrap_or_default();
        let mut own = BTreeSet::new();
        for cell in &new {
            let (file, place) = (self.path(1, cell.file), cell.place.clone());
            match self.fate(1, cell.file) {
                // Sent again as it was.
                _ if content(1, cell).is_some_and(|content| contents.contains(&content)) => {}
                Fate::Same => {}
                Fate::Only if !self.was_there(&enterprise, cell, &follows[1]) => _ = own.insert(Cause::NewReturn { file, cell: place }),
                Fate::Changed | Fate::Only => _ = own.insert(Cause::Correction { file, cell: place, before: before.clone() }),
            }
        }
        if own.is_empty() && new.is_empty() {
            for cell in &old {
                let (file, place) = (self.path(0, cell.file), cell.place.clone());
                match self.fate(0, cell.file) {
                    Fate::Only => own.extend(self.replaced(0, cell).or(Some(Cause::Gone { file, cell: place }))),
                    Fate::Changed => _ = own.insert(Cause::Correction { file, cell: String::new(), before: before.clone() }),
                    Fate::Same => own.extend(self.replaced(0, cell)),
                }
            }
        }
        if own.is_empty() && !new.is_empty() && new.iter().all(|cell| self.fate(1, cell.file) == Fate::Same) {
            // What counted before, or came first, is gone, and another source speaks.
            let gone = old
                .iter()
                .filter(|cell| self.fate(0, cell.file) != Fate::Same && !new.iter().any(|n| n.place == cell.place && n.file == cell.file));
            for cell in gone {
                let (file, place) = (self.path(0, cell.file), cell.place.clone());
                own.insert(match self.fate(0, cell.file) {
                    Fate::Changed => Cause::Correction { file, cell: String::new(), before: before.clone() },
                    _ => Cause::Gone { file, cell: place },
                });
            }
        }
        let equal = own.is_empty();
        found.append(&mut own);
        equal
    }

    /// Whether the older run had a return that a cell's record is another version of.
    fn was_there(&self, enterprise: &str, cell: &Cell, follows: &Follows) -> bool {
        if let Some(record) = self.traces[1].record_at(enterprise, cell) {
            return !self.traces[0].records(enterprise, std::slice::from_ref(&record.form), record.period).is_empty();
        }
        let source = self.source(1, cell.file);
        let same = |before: &&&Cell| self.source(0, before.file) == source && self.traces[0].record_at(enterprise, before).is_none();
        self.traces[0].cells(enterprise, &follows.cited).iter().any(|cell| same(&cell))
    }

    /// The return of the same source that took the place of an old one.
    fn replaced(&self, side: usize, cell: &Cell) -> Option<Cause> {
        let source = self.source(side, cell.file);
        let inputs = self.sides[1].run.record().inputs.iter().zip(&self.fates[1]);
        let mut news = inputs.filter(|(input, fate)| **fate != Fate::Same && input.source == source && is_read(input));
        // A file that is gone has nothing in its place unless somebody said so, or it has the other's name.
        let (input, _) = news.next().filter(|_| self.fate(side, cell.file) == Fate::Same)?;
        Some(Cause::Correction { file: input.path.clone(), cell: String::new(), before: self.told(side, cell) })
    }

    /// Adds the causes of a value that is made of all records of an enterprise; says whether these are as they were.
    pub fn counted(&self, value: Value<'_>, follows: &[Follows; 2], found: &mut BTreeSet<Cause>) -> bool {
        let enterprise = self.enterprise(value);
        let records = [0, 1].map(|side| self.traces[side].records(&enterprise, &follows[side].forms, follows[side].year));
        let (added, taken) = (beyond(&records[1], &records[0]), beyond(&records[0], &records[1]));
        let before = taken.first().map(|record| self.told(0, &place(record))).unwrap_or_default();
        for record in &added {
            let (file, cell) = (self.path(1, record.file), place(record).place);
            match self.fate(1, record.file) {
                Fate::Same => {}
                Fate::Only if taken.is_empty() => _ = found.insert(Cause::NewReturn { file, cell }),
                Fate::Changed | Fate::Only => _ = found.insert(Cause::Correction { file, cell, before: before.clone() }),
            }
        }
        for record in taken.iter().filter(|_| found.is_empty()).collect::<Vec<_>>() {
            let (file, cell) = (self.path(0, record.file), place(record).place);
            match self.fate(0, record.file) {
                Fate::Same => found.extend(self.replaced(0, &place(record))),
                Fate::Only => _ = found.insert(Cause::Gone { file, cell }),
                Fate::Changed => _ = found.insert(Cause::Correction { file, cell: String::new(), before: before.clone() }),
            }
        }
        if found.is_empty() && !(added.is_empty() && taken.is_empty()) {
            // The same records, now of another enterprise: what the registry says of it decides whose they are.
            found.extend(self.registered(value));
        }
        added.is_empty() && taken.is_empty()
    }

    /// What differs of an enterprise's own lines in the registry.
    pub fn registered(&self, value: Value<'_>) -> Vec<Cause> {
        let enterprise = self.enterprise(value);
        let cells = |side: usize| ["uscc", "name"].iter().find_map(|column| self.traces[side].cells(&enterprise, column).first().copied());
        let before = cells(0).map(|cell| self.told(0, cell)).unwrap_or_default();
        let news = cells(1).and_then(|cell| {
            let (file, place) = (self.path(1, cell.file), cell.place.clone());
            match self.fate(1, cell.file) {
                Fate::Same => None,
                Fate::Only if before.is_empty() => Some(Cause::NewReturn { file, cell: place }),
                Fate::Changed | Fate::Only => Some(Cause::Correction { file, cell: place, before: before.clone() }),
            }
        });
        news.into_iter().collect()
    }
}

/// Whether a value is of another year than in the older run.
pub fn is_of_another_year(follows: &[Follows; 2]) -> bool {
    follows[0].year != follows[1].year || follows[0].cited != follows[1].cited
}

/// Where a record stands, by its row.
fn place(record: &Stated) -> Cell {
    Cell { file: record.file, place: format!("[{}]{}", record.row.0, record.row.1) }
}

/// The records that others have not, alike ones counted.
fn beyond<'a>(records: &[&'a Stated], others: &[&Stated]) -> Vec<&'a Stated> {
    let mut left: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    others.iter().for_each(|record| *left.entry((&record.form, record.content)).or_default() += 1);
    let mut found = Vec::new();
    for record in records {
        match left.get_mut(&(record.form.as_str(), record.content)).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => found.push(*record),
        }
    }
    found
}
