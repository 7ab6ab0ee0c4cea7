//! The rule of standing applied to a run's tables: records that do not stand are taken out, and it is said why.

use super::datasets::{Loaded, Out, Table, amount};
use super::gather::ParsedFile;
use super::keys::{Missing, amount_fields, keys, missing};
use super::receipts::Receipts;
use crate::config::Config;
use crate::error::Error;
use crate::finding::Seed;
use crate::model::account::{Account, Place};
use crate::model::record_key::{KeySet, RecordKey};
use crate::model::standing::{Fate, Keyed, Overlap, Relation, Sending, decide};
use datafusion::arrow::array::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Source, form and period: what two files must share to be versions of one return.
type ReturnKey = (String, String, Option<i32>);

/// Records of a file that do not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Ordinal of the file.
    pub file: usize,
    /// Ordinal of the file whose records count instead.
    pub by: usize,
    /// How many.
    pub rows: u64,
    /// Whether they wait behind an older version.
    pub waits: bool,
}

/// Amounts that a file took out of use with the older version that held them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Ordinal of the file.
    pub file: usize,
    /// How many enterprises lose which.
    pub missing: Missing,
}

/// What a file holds of a return: its tables, and a key for each record.
#[derive(Default)]
struct Held {
    tables: Vec<u16>,
    keys: Vec<RecordKey>,
}

/// The records of a file that may be a version of a return.
struct Candidate {
    tables: Vec<u16>,
    keyed: Keyed,
}

/// Takes the records that do not stand out of the tables and says so.
pub fn settle(
    config: &Config,
    parsed: &[ParsedFile],
    receipts: &Receipts,
    tables: &mut Vec<Table>,
    loaded: &mut Loaded,
) -> Result<(), Error> {
    for (group, candidates) in candidates(config, parsed, tables)? {
        let sendings: Vec<Sending> = candidates.keys().map(|file| Sending { order: receipts.place(*file), id: *file as i64 }).collect();
        let decision = decide(&sendings, |older, newer| {
            let (older, newer) = (older as usize, newer as usize);
            (Overlap::between(&candidates[&older].keyed, &candidates[&newer].keyed), receipts.said((older, newer), &group.1, group.2))
        });
        let mut out = |file: i64, by: i64, only: Option<Arc<KeySet>>, waits: bool| {
            let (file, by) = (file as usize, by as usize);
            take_out(config, tables, (file, &candidates[&file].tables), Out { period: group.2, only }, (by, waits), loaded)
        };
        for meeting in decision.corrections() {
            out(meeting.older, meeting.newer, Some(Arc::new(candidates[&(meeting.newer as usize)].keyed.all.clone())), false)?;
        }
        for (sending, fate) in &decision.fates {
            match *fate {
                Fate::Stands => {}
                Fate::Replaced { by } => out(sending.id, by, None, false)?,
                Fate::Waits { behind } => out(sending.id, behind, None, true)?,
            }
        }
        for meeting in decision.meetings.iter().filter(|m| m.overlap.common > 0 && decision.fate(m.newer) == Fate::Stands) {
            let taken = match decision.fate(meeting.older) {
                Fate::Replaced { by } => by == meeting.newer,
                Fate::Stands => meeting.relation == Relation::Corrects,
                Fate::Waits { .. } => false,
            };
            let lost = if taken { missing(config, &group.1, &meeting.overlap.losses) } else { Vec::new() };
            loaded.lost.extend(lost.into_iter().map(|missing| Lost { file: meeting.newer as usize, missing }));
        }
        for (one, other, common) in decision.undecided {
            let args = vec![
                ("other".to_owned(), loaded.places.files[one as usize].path.clone()),
                ("count".to_owned(), common.to_string()),
                ("form".to_owned(), config.form.get(&group.1).map(|f| f.title.clone()).unwrap_or_default()),
                ("period".to_owned(), group.2.map(|p| format!(" {p}")).unwrap_or_default()),
            ];
            loaded.seeds.push((other as usize, Seed::of_file("SRC-002", args)));
        }
    }
    Ok(())
}

/// By source, form and period, the files that hold it, where there is more than one.
fn candidates(config: &Config, parsed: &[ParsedFile], tables: &[Table]) -> Result<BTreeMap<ReturnKey, BTreeMap<usize, Candidate>>, Error> {
    let returns = |t: &Table| {
        let (source, form) = (parsed[t.file].input.file.source.clone(), t.form.clone());
        t.periods.keys().map(|period| (source.clone(), form.clone(), *period)).collect::<Vec<ReturnKey>>()
    };
    let mut files: BTreeMap<ReturnKey, BTreeSet<usize>> = BTreeMap::new();
    for table in tables {
        returns(table).into_iter().for_each(|key| _ = files.entry(key).or_default().insert(table.file));
    }
    let mut groups: BTreeMap<ReturnKey, BTreeMap<usize, Held>> = BTreeMap::new();
    for table in tables {
        let amounts = amount_fields(config, &table.form);
        for group in returns(table).into_iter().filter(|key| files[key].len() > 1) {
            let period = group.2;
            let held = groups.entry(group).or_default().entry(table.file).or_default();
            held.tables.push(table.number);
            for batch in table.keyed(config) {
                held.keys.extend(keys(config.form.get(&table.form), &batch?, period, &amounts));
            }
        }
    }
    let candidate = |(file, held): (usize, Held)| (file, Candidate { keyed: Keyed::of(&held.keys), tables: held.tables });
    Ok(groups.into_iter().map(|(group, held)| (group, held.into_iter().map(candidate).collect())).collect())
}

/// Removes the records of one period in some tables of a file, or those of them with the given keys.
fn take_out(
    config: &Config,
    tables: &mut Vec<Table>,
    (file, numbers): (usize, &[u16]),
    out: Out,
    (by, waits): (usize, bool),
    loaded: &mut Loaded,
) -> Result<(), Error> {
    let mut rows = 0;
    for table in tables.iter_mut().filter(|t| t.file == file && numbers.contains(&t.number)) {
        let form = table.form.clone();
        let gone = |gone: &RecordBatch| {
            rows += gone.num_rows() as u64;
            loaded.outgoing.entry(form.clone()).or_default().add(gone);
            loaded.superseded.push(Account {
                dataset: form.clone(),
                file,
                place: Place::Superseded,
                reason: String::new(),
                rows: gone.num_rows() as u64,
                amount: amount(config, &form, gone),
            });
        };
        table.take_out(config, out.clone(), gone)?;
    }
    let empty = |t: &Table| t.periods.is_empty();
    let gone: Vec<(usize, u16)> = tables.iter().filter(|t| empty(t)).map(|t| (t.file, t.number)).collect();
    tables.retain(|t| !empty(t));
    if rows > 0 {
        loaded.taken.push(Taken { file, by, rows, waits });
        let args = vec![("other".to_owned(), loaded.places.files[by].path.clone()), ("rows".to_owned(), rows.to_string())];
        loaded.seeds.push((file, Seed::of_file(if waits { "SRC-012" } else { "SRC-003" }, args)));
    }
    // If some of a table's records still count, this was a partial correction.
    if out.only.is_none() {
        loaded.unsummed.extend(gone);
    }
    Ok(())
}
