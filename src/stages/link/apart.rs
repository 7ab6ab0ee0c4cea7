//! Records that stand apart: those that repeat another, and those without a usable key.

use datafusion::arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use datafusion::arrow::error::ArrowError;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What was found, over all datasets looked at.
#[derive(Default)]
pub struct Apart {
    quarantined: Vec<i64>,
    /// Each record that repeats another, the first that says the same, and the enterprise that the record is linked to.
    duplicates: Vec<(i64, i64, Option<String>)>,
}

impl Apart {
    /// Looks at one dataset and at its links.
    ///
    /// A patent repeats another of its number; any other record repeats one of the same enterprise (by link, else by
    /// code, else by name) in the same period. The first is the one with the least record number. A name to which several
    /// enterprises answer tells no repetition.
    pub fn look_at(&mut self, dataset: &str, batches: &[RecordBatch], links: &[RecordBatch]) -> Result<(), ArrowError> {
        let (linked, doubtful) = (enterprises(links)?, doubtful(links)?);
        let mut identified: Vec<((&str, i32), i64)> = Vec::new();
        let mut first: HashMap<(&str, i32), i64> = HashMap::new();
        for batch in batches {
            let [number, code, org, name] = ["patent_number", "uscc", "org_code", "name_key"].map(|c| texts(batch, c));
            let periods = batch.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int32Type>());
            for (row, record) in records(batch)?.values().iter().copied().enumerate() {
                let (identity, usable, period) = if dataset == "patents" {
                    (number(row), number(row).is_some(), 0)
                } else {
                    let period = periods.filter(|p| p.is_valid(row)).map_or(0, |p| p.value(row));
                    let by_name = || name(row).filter(|_| !doubtful.contains(&record));
                    let identity = linked.get(&record).copied().or_else(|| code(row)).or_else(by_name);
                    (identity, code(row).or_else(|| name(row)).or_else(|| org(row)).is_some(), period)
                };
                if !usable {
                    self.quarantined.push(record);
                }
                if let Some(identity) = identity {
                    let key = (identity, period);
                    first.entry(key).and_modify(|f| *f = record.min(*f)).or_insert(record);
                    identified.push((key, record));
                }
            }
        }
        let repeats = identified.into_iter().map(|(key, record)| (record, first[&key])).filter(|(record, first)| record != first);
        self.duplicates.extend(repeats.map(|(record, first)| (record, first, linked.get(&record).map(|e| (*e).to_owned()))));
        Ok(())
    }

    /// The tables `quarantined` (record) and `duplicates` (record, first_record, enterprise), in the order of records.
    pub fn tables(mut self) -> Result<(RecordBatch, RecordBatch), ArrowError> {
        self.quarantined.sort_unstable();
        self.duplicates.sort_unstable();
        let number = |name| Field::new(name, DataType::Int64, false);
        let quarantined = Schema::new(vec![number("record")]);
        let duplicates = Schema::new(vec![number("record"), number("first_record"), Field::new("enterprise", DataType::Utf8, true)]);
        let column = |of: fn(&(i64, i64, Option<String>)) -> i64| Arc::new(self.duplicates.iter().map(of).collect::<Int64Array>());
        let enterprises = Arc::new(self.duplicates.iter().map(|d| d.2.as_deref()).collect::<StringArray>());
        Ok((
            RecordBatch::try_new(Arc::new(quarantined), vec![Arc::new(Int64Array::from(self.quarantined))])?,
            RecordBatch::try_new(Arc::new(duplicates), vec![column(|d| d.0), column(|d| d.1), enterprises])?,
        ))
    }
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
