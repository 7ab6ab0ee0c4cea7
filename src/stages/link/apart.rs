//! Records that stand apart: those that repeat another, and those without a usable key.

use super::subject::Subject;
use super::walk::{Link, Walk};
use crate::config::{IdentityPart, Links, Repeats};
use crate::engine::{Dataset, EngineError};
use crate::model::field::FieldKind;
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::arrow::error::ArrowError;
use sha2::{Digest, Sha256};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What was found, over all datasets looked at.
#[derive(Default)]
pub struct Apart {
    quarantined: Vec<i64>,
    duplicates: Vec<Repeated>,
}

/// A record that does not count because another speaks of the same.
struct Repeated {
    record: i64,
    /// The record that counts; where none does, the first of the others.
    other: i64,
    enterprise: Option<String>,
    /// Whether they differ, and none of them counts.
    conflicting: bool,
}

/// What makes one record: its enterprise or its own key, its period, and fields that tell further records apart, as the first
/// 128 bits of their SHA-256; a city's records would have to be 10^18 for two to be alike by chance.
type Identity = u128;

fn identity_of(whose: &str, period: i32, further: &str) -> Identity {
    let mut hasher = Sha256::new();
    hasher.update((whose.len() as u64).to_le_bytes());
    hasher.update(whose);
    hasher.update(period.to_le_bytes());
    hasher.update(further);
    let digest: [u8; 32] = hasher.finalize().into();
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

impl Apart {
    /// Looks at one dataset and at its links, both in the order of records.
    ///
    /// A record repeats another that has all in common with it which makes one record of its form; its enterprise is that of
    /// its link, else its code, else its name. `counts` tells which of two records counts; the others repeat it. A name to
    /// which several enterprises answer tells no repetition. Where a form says that repetitions are conflicts, records that
    /// differ in a value count neither.
    ///
    /// Held of all records are identity and number, 32 bytes each; of those that repeat another, whose they are too.
    ///
    /// # Errors
    /// A dataset cannot be read, or does not stand in the order of records.
    pub fn look_at(
        &mut self,
        subject: &Subject<'_>,
        dataset: &Dataset,
        links: &Dataset,
        counts: impl Fn(i64, i64) -> i64,
    ) -> Result<(), EngineError> {
        // Records that are nobody's and have no key of their own repeat nothing, and nothing is missing in them.
        if subject.links() == Links::None && subject.form.own_key().is_none() {
            return Ok(());
        }
        let mut identified = self.identify(subject, dataset, links)?;
        identified.sort_unstable();
        let of_one = |a: &(Identity, i64), b: &(Identity, i64)| a.0 == b.0;
        let mut repeated: BTreeMap<i64, usize> = BTreeMap::new();
        let groups: Vec<Vec<i64>> = identified
            .chunk_by(of_one)
            .filter(|group| group.len() > 1)
            .map(|group| group.iter().map(|(_, record)| *record).collect())
            .collect();
        for (place, group) in groups.iter().enumerate() {
            repeated.extend(group.iter().map(|record| (*record, place)));
        }
        let conflicts = match subject.form.repeats {
            Repeats::Conflict if !groups.is_empty() => differing(subject, dataset, &repeated)?,
            Repeats::First | Repeats::Conflict => HashSet::new(),
        };
        let mut whose: HashMap<i64, String> = HashMap::new();
        let mut walk = Walk::of(subject.dataset, links, &Linked::COLUMNS);
        for record in repeated.keys() {
            whose.extend(Linked::of(walk.to(*record)?).enterprise.map(|enterprise| (*record, enterprise)));
        }
        for (place, group) in groups.iter().enumerate() {
            let counting = group.iter().copied().reduce(&counts).unwrap_or_default();
            for record in group {
                let rival = group.iter().find(|other| *other != record).filter(|_| conflicts.contains(&place));
                let other = rival.copied().or(Some(counting).filter(|counting| counting != record));
                self.duplicates.extend(other.map(|other| Repeated {
                    record: *record,
                    other,
                    enterprise: whose.get(record).cloned(),
                    conflicting: rival.is_some(),
                }));
            }
        }
        Ok(())
    }

    /// What makes each record, with its number; records without a usable key are noted, and those of which it is open what
    /// makes them are left out.
    fn identify(&mut self, subject: &Subject<'_>, dataset: &Dataset, links: &Dataset) -> Result<Vec<(Identity, i64)>, EngineError> {
        let failed = |e: ArrowError| EngineError::of(subject.dataset.to_owned(), e);
        let parts = subject.form.identity();
        let (own_key, periodic) = (subject.form.own_key(), parts.contains(&IdentityPart::Period));
        let further = parts.iter().filter_map(|part| if let IdentityPart::Field(name) = part { Some(*name) } else { None });
        let further: Vec<&str> = further.filter(|name| Some(*name) != own_key).collect();
        let first_of = |kind: FieldKind| subject.form.first_of(kind).unwrap_or_default();
        let [code_column, org_column] = [FieldKind::Uscc, FieldKind::OrgCode].map(first_of);
        let name_column = format!("{}_key", first_of(FieldKind::Name));
        let mut wanted = vec!["record", "period", code_column, org_column, &name_column, own_key.unwrap_or_default()];
        wanted.extend(&further);
        let mut identified = Vec::new();
        let mut walk = Walk::of(subject.dataset, links, &Linked::COLUMNS);
        for batch in dataset.columns(&wanted) {
            let batch = batch?;
            let [code, org, name] = [code_column, org_column, name_column.as_str()].map(|c| texts(&batch, c));
            let key = texts(&batch, own_key.unwrap_or_default());
            let further = shown(&batch, &further).map_err(failed)?;
            let periods = batch.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int32Type>());
            for (row, record) in records(&batch).map_err(failed)?.values().iter().copied().enumerate() {
                let link = Linked::of(walk.to(record)?);
                let (whose, usable) = if own_key.is_some() {
                    (key(row), key(row).is_some())
                } else {
                    let by_name = || name(row).filter(|_| !link.doubtful);
                    let whose = link.enterprise.as_deref().or_else(|| code(row)).or_else(by_name);
                    (whose, code(row).or_else(|| name(row)).or_else(|| org(row)).is_some())
                };
                if !usable {
                    self.quarantined.push(record);
                }
                // What tells records apart and is not stated leaves it open which one it is.
                if let (Some(whose), Some(further)) = (whose, further(row)) {
                    let period = periods.filter(|p| periodic && p.is_valid(row)).map_or(0, |p| p.value(row));
                    identified.push((identity_of(whose, period, &further), record));
                }
            }
        }
        Ok(identified)
    }

    /// The tables `quarantined` (record) and `duplicates` (record, first_record, enterprise, conflicting), in the order of
    /// records.
    pub fn tables(mut self) -> Result<(RecordBatch, RecordBatch), ArrowError> {
        self.quarantined.sort_unstable();
        self.duplicates.sort_unstable_by_key(|d| d.record);
        let number = |name| Field::new(name, DataType::Int64, false);
        let quarantined = Schema::new(vec![number("record")]);
        let duplicates = Schema::new(vec![
            number("record"),
            number("first_record"),
            Field::new("enterprise", DataType::Utf8, true),
            Field::new("conflicting", DataType::Boolean, false),
        ]);
        let column = |of: fn(&Repeated) -> i64| Arc::new(self.duplicates.iter().map(of).collect::<Int64Array>());
        let enterprises = Arc::new(self.duplicates.iter().map(|d| d.enterprise.as_deref()).collect::<StringArray>());
        let conflicting = Arc::new(self.duplicates.iter().map(|d| Some(d.conflicting)).collect::<BooleanArray>());
        Ok((
            RecordBatch::try_new(Arc::new(quarantined), vec![Arc::new(Int64Array::from(self.quarantined))])?,
            RecordBatch::try_new(Arc::new(duplicates), vec![column(|d| d.record), column(|d| d.other), enterprises, conflicting])?,
        ))
    }
}

/// Which groups of records that repeat each other differ in a value; `repeated` tells the group of each.
fn differing(subject: &Subject<'_>, dataset: &Dataset, repeated: &BTreeMap<i64, usize>) -> Result<HashSet<usize>, EngineError> {
    let failed = |e: ArrowError| EngineError::of(subject.dataset.to_owned(), e);
    let values = |kind: FieldKind| !matches!(kind, FieldKind::Personal | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::Name);
    let fields: Vec<&str> = subject.form.field.iter().filter(|(_, f)| values(f.kind)).map(|(name, _)| name.as_str()).collect();
    let wanted: Vec<&str> = std::iter::once("record").chain(fields.iter().copied()).collect();
    let mut said: HashMap<usize, String> = HashMap::new();
    let mut differ = HashSet::new();
    for batch in dataset.columns(&wanted) {
        let batch = batch?;
        let columns = columns(&batch, &fields).map_err(failed)?;
        for (row, record) in records(&batch).map_err(failed)?.values().iter().enumerate() {
            let Some(group) = repeated.get(record) else { continue };
            let says = columns.iter().map(|c| if c.is_valid(row) { c.value(row) } else { "\u{1}" }).collect::<Vec<_>>().join("\u{1f}");
            match said.entry(*group) {
                Entry::Vacant(free) => _ = free.insert(says),
                Entry::Occupied(before) if *before.get() != says => _ = differ.insert(*group),
                Entry::Occupied(_) => {}
            }
        }
    }
    Ok(differ)
}

/// The values of fields as texts; a field that the batch lacks is left out.
fn columns(batch: &RecordBatch, fields: &[&str]) -> Result<Vec<StringArray>, ArrowError> {
    let there = fields.iter().filter_map(|name| batch.column_by_name(name));
    there.map(|column| Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())).collect()
}

/// The values of fields in one text, by row: none where one of them is not stated.
fn shown(batch: &RecordBatch, fields: &[&str]) -> Result<impl Fn(usize) -> Option<String>, ArrowError> {
    let (columns, wanted) = (columns(batch, fields)?, fields.len());
    Ok(move |row: usize| {
        let stated = columns.iter().filter(|c| c.is_valid(row)).count() == wanted;
        stated.then(|| columns.iter().map(|c| c.value(row)).collect::<Vec<_>>().join("\u{1f}"))
    })
}

/// What the links of a record say.
struct Linked {
    /// Its enterprise; of a patent, its first owner's.
    enterprise: Option<String>,
    /// Whether several enterprises answer to it.
    doubtful: bool,
}

impl Linked {
    /// What is read of links to tell.
    const COLUMNS: [&str; 2] = ["enterprise", "doubtful"];

    fn of(links: Vec<Link>) -> Self {
        let doubtful = links.iter().any(|link| link.doubtful);
        Self { enterprise: links.into_iter().find(|link| link.number == 1).and_then(|link| link.enterprise), doubtful }
    }
}

fn records(batch: &RecordBatch) -> Result<&Int64Array, ArrowError> {
    batch["record"].as_primitive_opt().ok_or_else(|| ArrowError::SchemaError("records are numbers".into()))
}

/// The texts of a column, by row; none where there is no such column.
fn texts<'a>(batch: &'a RecordBatch, column: &str) -> impl Fn(usize) -> Option<&'a str> {
    let texts = batch.column_by_name(column).and_then(|c| c.as_string_opt::<i32>());
    move |row| texts.filter(|t| t.is_valid(row)).map(|t| t.value(row))
}
