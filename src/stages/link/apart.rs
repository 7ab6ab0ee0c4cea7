//! Records that stand apart: those that repeat another, and those without a usable key.

use super::Subject;
use crate::config::{Links, Part, Repeats};
use crate::model::field::FieldKind;
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use datafusion::arrow::error::ArrowError;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
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

/// What makes one record: its enterprise or its own key, its period, and fields that tell further records apart.
type Identity<'a> = (&'a str, i32, String);

impl Apart {
    /// Looks at one dataset and at its links.
    ///
    /// A record repeats another that has all in common with it which makes one record of its form; its enterprise is that of
    /// its link, else its code, else its name. `counts` tells which of two records counts; the others repeat it. A name to
    /// which several enterprises answer tells no repetition. Where a form says that repetitions are conflicts, records that
    /// differ in a value count neither.
    pub fn look_at(
        &mut self,
        subject: &Subject<'_>,
        batches: &[RecordBatch],
        links: &[RecordBatch],
        counts: impl Fn(i64, i64) -> i64,
    ) -> Result<(), ArrowError> {
        let (linked, doubtful) = (enterprises(links)?, doubtful(links)?);
        let parts = subject.form.identity();
        // Records that are nobody's and have no key of their own repeat nothing, and nothing is missing in them.
        if subject.links() == Links::None && subject.form.own_key().is_none() {
            return Ok(());
        }
        let (own_key, periodic) = (subject.form.own_key(), parts.contains(&Part::Period));
        let further = parts.iter().filter_map(|part| if let Part::Field(name) = part { Some(*name) } else { None });
        let further: Vec<&str> = further.filter(|name| Some(*name) != own_key).collect();
        let first_of = |kind: FieldKind| subject.form.first_of(kind).unwrap_or_default();
        let [code_column, org_column] = [FieldKind::Uscc, FieldKind::OrgCode].map(first_of);
        let name_column = format!("{}_key", first_of(FieldKind::Name));
        let mut identified: Vec<(Identity<'_>, i64)> = Vec::new();
        for batch in batches {
            let [code, org, name] = [code_column, org_column, name_column.as_str()].map(|c| texts(batch, c));
            let key = texts(batch, own_key.unwrap_or_default());
            let further = shown(batch, &further)?;
            let periods = batch.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int32Type>());
            for (row, record) in records(batch)?.values().iter().copied().enumerate() {
                let (identity, usable) = if own_key.is_some() {
                    (key(row), key(row).is_some())
                } else {
                    let by_name = || name(row).filter(|_| !doubtful.contains(&record));
                    let identity = linked.get(&record).copied().or_else(|| code(row)).or_else(by_name);
                    (identity, code(row).or_else(|| name(row)).or_else(|| org(row)).is_some())
                };
                if !usable {
                    self.quarantined.push(record);
                }
                // What tells records apart and is not stated leaves it open which one it is.
                if let (Some(identity), Some(further)) = (identity, further(row)) {
                    let period = periods.filter(|p| periodic && p.is_valid(row)).map_or(0, |p| p.value(row));
                    identified.push(((identity, period, further), record));
                }
            }
        }
        let conflicts = match subject.form.repeats {
            Repeats::First => HashSet::new(),
            Repeats::Conflict => differing(subject, batches, &identified)?,
        };
        let mut first: HashMap<&Identity<'_>, i64> = HashMap::new();
        let mut rivals: HashMap<&Identity<'_>, Vec<i64>> = HashMap::new();
        for (key, record) in &identified {
            first.entry(key).and_modify(|f| *f = counts(*f, *record)).or_insert(*record);
            if conflicts.contains(key) {
                rivals.entry(key).or_default().push(*record);
            }
        }
        for (key, record) in &identified {
            let rival = rivals.get(key).and_then(|rivals| rivals.iter().find(|r| *r != record));
            let other = rival.or_else(|| first.get(key).filter(|first| *first != record));
            self.duplicates.extend(other.map(|other| Repeated {
                record: *record,
                other: *other,
                enterprise: linked.get(record).map(|e| (*e).to_owned()),
                conflicting: rival.is_some(),
            }));
        }
        Ok(())
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

/// Which identities several records claim that differ in a value.
fn differing<'a>(
    subject: &Subject<'_>,
    batches: &[RecordBatch],
    identified: &[(Identity<'a>, i64)],
) -> Result<HashSet<Identity<'a>>, ArrowError> {
    let keys: HashMap<i64, &Identity<'a>> = identified.iter().map(|(key, record)| (*record, key)).collect();
    let values = |kind: FieldKind| !matches!(kind, FieldKind::Personal | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::Name);
    let fields: Vec<&str> = subject.form.field.iter().filter(|(_, f)| values(f.kind)).map(|(name, _)| name.as_str()).collect();
    let mut said: HashMap<&Identity<'a>, String> = HashMap::new();
    let mut differ = HashSet::new();
    for batch in batches {
        let columns = columns(batch, &fields)?;
        for (row, record) in records(batch)?.values().iter().enumerate() {
            let Some(key) = keys.get(record) else { continue };
            let says = columns.iter().map(|c| if c.is_valid(row) { c.value(row) } else { "\u{1}" }).collect::<Vec<_>>().join("\u{1f}");
            match said.entry(key) {
                Entry::Vacant(free) => _ = free.insert(says),
                Entry::Occupied(before) if *before.get() != says => _ = differ.insert((*key).clone()),
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

/// The enterprise of each linked record; of a patent, its first owner's.
fn enterprises(links: &[RecordBatch]) -> Result<HashMap<i64, &str>, ArrowError> {
    let mut linked = HashMap::new();
    for batch in links {
        let (records, enterprise) = (records(batch)?, texts(batch, "enterprise"));
        let numbers = cast(&batch["number"], &DataType::Int64)?;
        let numbers = numbers.as_primitive::<Int64Type>();
        let firsts = (0..batch.num_rows()).filter(|row| numbers.value(*row) == 1);
        linked.extend(firsts.filter_map(|row| Some((records.value(row), enterprise(row)?))));
    }
    Ok(linked)
}

/// Records to which several enterprises answer.
fn doubtful(links: &[RecordBatch]) -> Result<HashSet<i64>, ArrowError> {
    let mut found = HashSet::new();
    for batch in links {
        let records = records(batch)?;
        let flags = batch.column_by_name("doubtful").and_then(|c| c.as_boolean_opt());
        found.extend(
            (0..batch.num_rows()).filter(|row| flags.is_some_and(|f| f.is_valid(*row) && f.value(*row))).map(|row| records.value(row)),
        );
    }
    Ok(found)
}

fn records(batch: &RecordBatch) -> Result<&Int64Array, ArrowError> {
    batch["record"].as_primitive_opt().ok_or_else(|| ArrowError::SchemaError("records are numbers".into()))
}

/// The texts of a column, by row; none where there is no such column.
fn texts<'a>(batch: &'a RecordBatch, column: &str) -> impl Fn(usize) -> Option<&'a str> {
    let texts = batch.column_by_name(column).and_then(|c| c.as_string_opt::<i32>());
    move |row| texts.filter(|t| t.is_valid(row)).map(|t| t.value(row))
}
