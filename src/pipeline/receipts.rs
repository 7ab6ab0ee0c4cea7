//! Receipts of a run's files: their order and what was said of them, before; what the run made of each, after.

use super::datasets::Loaded;
use super::gather::{InputFile, ParsedFile};
use super::keys::{Missing, amount_fields, said_of_amounts};
use crate::config::Config;
use crate::engine::{Engine, EngineError};
use crate::ledger::{Ledger, LedgerError, Said};
use crate::model::account::{Account, Place};
use crate::model::place::Address;
use crate::model::standing::Choice;
use crate::run::{Decision, RunRecord};
use crate::stages::acquire::{Received, SourceFile, order};
use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The order of receipt of files, and what was said of uploads: an input of a run like the files themselves.
///
/// Files go by their ordinals: the numbers of receipts are the ledger's, and equal inputs in another ledger have others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipts {
    /// By file ordinal, its place among those of its source.
    places: Vec<u32>,
    /// What was said of pairs of files: newer and older, form (empty of all that they hold) and period.
    said: BTreeMap<(usize, usize, String, Option<i32>), Choice>,
}

impl Receipts {
    /// The receipts of a run's inputs.
    pub fn of(ledger: &Ledger, inputs: &[InputFile]) -> Result<Self, LedgerError> {
        let (mut moments, mut ordinals) = (Vec::new(), BTreeMap::new());
        for (ordinal, InputFile { file, .. }) in inputs.iter().enumerate() {
            let receipt = ledger.receipt(&file.source, &file.path)?;
            moments.push(match (&file.upload, &receipt) {
                (Some(upload), _) => upload.received.clone(),
                (None, Some((_, received))) => ledger.seen_before(received)?,
                (None, None) => String::new(),
            });
            // The number of the receipt of a file of a folder or an address stands below zero.
            let number = file.upload.as_ref().map(|u| u.number).or(receipt.map(|(number, _)| -number));
            ordinals.extend(number.map(|number| (number, ordinal)));
        }
        let places = places(inputs.iter().map(|i| &i.file), &moments);
        // Only what is said of files at hand decides anything.
        let at_hand = |((older, newer), form, period, said): ((i64, i64), &str, Option<i32>, &Said)| {
            Some(((*ordinals.get(&newer)?, *ordinals.get(&older)?, form.to_owned(), period), said.choice))
        };
        Ok(Self { places, said: ledger.choices()?.iter().filter_map(at_hand).collect() })
    }

    /// The receipts of a run as its record keeps them.
    pub fn recorded(record: &RunRecord) -> Self {
        Self::kept(record.inputs.iter().map(|input| input.place).collect(), &record.decisions)
    }

    /// The same from the places of files and what was said of pairs of them.
    pub fn kept(places: Vec<u32>, decisions: &[Decision]) -> Self {
        let said = decisions.iter().map(|d| ((d.newer, d.older, d.form.clone(), d.period), d.choice));
        Self { places, said: said.collect() }
    }

    /// The order that names alone tell, of files without a ledger.
    pub fn by_names(parsed: &[ParsedFile]) -> Self {
        let moments = vec![String::new(); parsed.len()];
        Self { places: places(parsed.iter().map(|p| &p.input.file), &moments), ..Self::default() }
    }

    /// A file's place among those of its source.
    pub fn place(&self, file: usize) -> u32 {
        self.places.get(file).copied().unwrap_or_default()
    }

    /// By file ordinal, its place among those of its source.
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    /// What was said of two files: of a form and period of theirs, else of all that they hold.
    pub fn said(&self, (older, newer): (usize, usize), form: &str, period: Option<i32>) -> Option<Choice> {
        let whole = || self.said.get(&(newer, older, String::new(), None));
        self.said.get(&(newer, older, form.to_owned(), period)).or_else(whole).copied()
    }

    /// All that was said, as a run's record keeps it.
    pub fn decisions(&self) -> Vec<Decision> {
        let decision = |((newer, older, form, period), choice): (&(usize, usize, String, Option<i32>), &Choice)| Decision {
            older: *older,
            newer: *newer,
            form: form.clone(),
            period: *period,
            choice: *choice,
        };
        self.said.iter().map(decision).collect()
    }

    /// All that decides of a file which version counts, besides its content: equal texts decide alike.
    pub fn text(&self, file: usize) -> String {
        let word = |((_, older, form, period), choice): (&(usize, usize, String, Option<i32>), &Choice)| {
            format!(" {}:{older}:{form}:{}", choice.id(), period.unwrap_or_default())
        };
        let said: String = self.said.iter().filter(|((newer, ..), _)| *newer == file).map(word).collect();
        format!("@{}{said}", self.place(file))
    }
}

/// Places in the order of receipt, of files with the moments before which they were not there.
fn places<'a>(files: impl Iterator<Item = &'a SourceFile>, moments: &[String]) -> Vec<u32> {
    let number = |f: &SourceFile| f.upload.as_ref().map(|u| u.number);
    let received = |(f, at): (&'a SourceFile, _)| Received { source: &f.source, name: f.name(), number: number(f), at };
    order(&files.zip(moments.iter().map(String::as_str)).map(received).collect::<Vec<_>>())
}

/// What a run made of an upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptUse {
    /// Number of the receipt.
    pub number: i64,
    /// Records read from it.
    pub rows: u64,
    /// Records that count for an enterprise.
    pub used: u64,
    /// Of those, records none of whose amounts is used, though cells hold some.
    pub without_amounts: u64,
    /// Records in whose place those of a later file count.
    pub superseded: u64,
    /// Records that wait behind a sound version, since their amounts cannot be read.
    pub waiting: u64,
    /// Records that repeat another.
    pub duplicate: u64,
    /// Records whose enterprise is not in the directory.
    pub not_linked: u64,
    /// Records without code or name.
    pub quarantined: u64,
    /// The files that count in their place.
    pub by: Vec<String>,
    /// Amounts that went out of use with the older versions whose place it took.
    #[serde(default)]
    pub missing: Vec<Missing>,
    /// Whether the run could not read it.
    pub unread: bool,
}

/// Tells of a source, a dataset and an edit whether what that finds may be told to the source.
pub type Speaks<'a> = &'a dyn Fn(&str, &str, &str) -> bool;

/// What a run made of each upload among its inputs, as its sender may know.
///
/// # Errors
/// A dataset cannot be read.
pub fn uses(
    (config, speaks): (&Config, Speaks<'_>),
    engine: &Engine,
    parsed: &[ParsedFile],
    loaded: &Loaded,
    accounts: &[Account],
) -> Result<Vec<ReceiptUse>, EngineError> {
    let without = without_amounts((config, speaks), engine, loaded)?;
    let numbered = |(file, parsed): (usize, &ParsedFile)| {
        let number = parsed.input.file.upload.as_ref()?.number;
        let rows = |place: Place| accounts.iter().filter(|a| a.file == file && a.place == place).map(|a| a.rows).sum::<u64>();
        let taken = || loaded.taken.iter().filter(|t| t.file == file && t.rows > 0);
        let waiting: u64 = taken().filter(|t| t.waits).map(|t| t.rows).sum();
        let mut by: Vec<String> = taken().map(|t| loaded.places.files[t.by].path.clone()).collect();
        by.sort();
        by.dedup();
        Some(ReceiptUse {
            number,
            rows: accounts.iter().filter(|a| a.file == file).map(|a| a.rows).sum(),
            used: rows(Place::Pooled) + rows(Place::NotPooled),
            without_amounts: without.get(&file).copied().unwrap_or_default(),
            superseded: rows(Place::Superseded).saturating_sub(waiting),
            waiting,
            duplicate: rows(Place::Duplicate),
            not_linked: rows(Place::NotLinked),
            quarantined: rows(Place::Quarantined),
            by,
            missing: loaded.lost.iter().filter(|lost| lost.file == file).map(|lost| lost.missing.clone()).collect(),
            unread: parsed.manifest.refused || parsed.tables.is_none(),
        })
    };
    Ok(parsed.iter().enumerate().filter_map(numbered).collect())
}

/// By file, records that state amounts of which none is left. What another bureau's statistics withhold is not told: the
/// count goes to whoever sent the file.
fn without_amounts((config, speaks): (&Config, Speaks<'_>), engine: &Engine, loaded: &Loaded) -> Result<BTreeMap<usize, u64>, EngineError> {
    let mut found = BTreeMap::new();
    for form in loaded.forms.keys() {
        let amounts = amount_fields(config, form);
        let beside = |end: &str| amounts.iter().map(|amount| format!("{amount}{end}")).collect::<Vec<_>>();
        let wanted = [vec!["record".to_owned()], beside(""), beside("_state"), beside("_why")].concat();
        for batch in engine.dataset(form).columns(&wanted.iter().map(String::as_str).collect::<Vec<_>>()) {
            let batch = batch?;
            let whys = amounts.iter().filter_map(|field| batch.column_by_name(&format!("{field}_why"))?.as_string_opt::<i32>());
            let whys: Vec<&StringArray> = whys.collect();
            let records = batch.column(0).as_primitive::<Int64Type>().values();
            for (row, (record, said)) in records.iter().zip(said_of_amounts(&batch, &amounts)).enumerate() {
                let file = Address::of(*record).file;
                let source = loaded.places.files.get(file).map_or("", |f| f.source.as_str());
                let told = |why: &&StringArray| why.is_null(row) || speaks(source, form, why.value(row));
                if said.used == 0 && (said.stated | said.withheld) != 0 && whys.iter().all(told) {
                    *found.entry(file).or_default() += 1;
                }
            }
        }
    }
    Ok(found)
}
