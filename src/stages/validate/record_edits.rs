//! Edits of field and record scope, over batches.

use super::compile::Compiled;
use super::finding_reader::{FindingReader, expectation, outcome};
use crate::engine::EngineError;
use crate::finding::{Finding, Judgement, Unjudged};
use crate::model::raw::Doubt;
use crate::model::scope::Scope;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, Int8Type, Int64Type, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Judges all field and record edits of a dataset in one pass, batch by batch.
///
/// Every outcome is computed over the values as stated, so that it stands in its record's row; then edits speak in turn, and
/// one of record scope whose operand an earlier one put in doubt is unjudged, whatever its condition says: a wrong value breaks
/// one edit, not all that read it. Edits of field scope look at one value each and do not silence one another.
pub struct RecordJudge<'a> {
    records: Records<'a>,
    impossible: Vec<&'a Compiled>,
    judgement: Judgement,
}

impl<'a> RecordJudge<'a> {
    /// For a dataset of the given columns; `edits` stand in the order in which they are judged, and `whys` are the fields that
    /// any edit of any scope may put in doubt.
    pub fn new(dataset: &'a str, stated: &'a Schema, edits: &'a [Compiled], whys: &'a BTreeSet<String>) -> Self {
        let impossible = edits.iter().filter(|e| !e.possible).collect();
        Self { records: Records::new(dataset, stated, edits, whys), impossible, judgement: Judgement::default() }
    }

    /// The columns of what is left: the stated ones, and a `_why` for each field that may be in doubt.
    pub fn schema(&self) -> SchemaRef {
        self.records.accepted.clone()
    }

    /// Judges a batch, and gives it with withheld values nulled.
    ///
    /// # Errors
    /// An outcome cannot be computed.
    pub fn judge(&mut self, batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
        let Records { dataset, possible, .. } = &self.records;
        let mut doubts = Doubts::as_read(batch, self.records.whys);
        for edit in possible {
            judge_batch(batch, edit, dataset, &mut doubts, &mut self.judgement)?;
        }
        for edit in &self.impossible {
            self.judgement.count(&edit.code).unjudged += batch.num_rows() as u64;
        }
        self.records.withheld(batch, &doubts)
    }

    /// What was found.
    pub fn finish(mut self) -> Judgement {
        self.impossible.iter().for_each(|edit| _ = self.judgement.count(&edit.code));
        self.judgement
    }
}

/// The dataset as [`RecordJudge`] left it, from what it found: the same values withheld for the same reasons.
pub struct RecordRecall<'a> {
    records: Records<'a>,
    rest: &'a [Finding],
}

impl<'a> RecordRecall<'a> {
    /// Of the findings of the same edits over the same records; they stand in the order of batches, within one in that of edits.
    pub fn new(dataset: &'a str, stated: &'a Schema, edits: &'a [Compiled], whys: &'a BTreeSet<String>, found: &'a [Finding]) -> Self {
        Self { records: Records::new(dataset, stated, edits, whys), rest: found }
    }

    /// As [`RecordJudge::schema`].
    pub fn schema(&self) -> SchemaRef {
        self.records.accepted.clone()
    }

    /// The next batch with withheld values nulled.
    ///
    /// # Errors
    /// The batch is of another schema.
    pub fn recall(&mut self, batch: &RecordBatch) -> Result<RecordBatch, EngineError> {
        let numbers = batch.column(0).as_primitive::<Int64Type>().values();
        let possible = &self.records.possible;
        let mut doubts = Doubts::as_read(batch, self.records.whys);
        let own = self.rest.iter().take_while(|f| f.record.is_some_and(|r| numbers.binary_search(&r).is_ok())).count();
        let (own, rest) = self.rest.split_at(own);
        for finding in own {
            let place = finding.record.and_then(|r| numbers.binary_search(&r).ok());
            let edit = possible.iter().copied().find(|e| e.code == finding.code && e.fields == finding.fields);
            if let (Some(row), Some(edit)) = (place, edit) {
                doubts.add(edit, row);
            }
        }
        self.rest = rest;
        self.records.withheld(batch, &doubts)
    }
}

/// The records of a dataset that are judged, and what is left of them.
struct Records<'a> {
    dataset: &'a str,
    stated: &'a Schema,
    possible: Vec<&'a Compiled>,
    whys: &'a BTreeSet<String>,
    accepted: SchemaRef,
}

impl<'a> Records<'a> {
    fn new(dataset: &'a str, stated: &'a Schema, edits: &'a [Compiled], whys: &'a BTreeSet<String>) -> Self {
        let possible = edits.iter().filter(|e| e.possible).collect();
        Self { dataset, stated, possible, whys, accepted: with_whys(stated, whys) }
    }

    fn withheld(&self, batch: &RecordBatch, doubts: &Doubts<'_>) -> Result<RecordBatch, EngineError> {
        let failed = |error: ArrowError| EngineError { what: self.dataset.to_owned(), source: Box::new(error.into()) };
        let columns = doubts.withhold(batch, self.stated, self.whys).map_err(failed)?;
        RecordBatch::try_new(self.accepted.clone(), columns).map_err(failed)
    }
}

/// A dataset's columns and the reasons why values of some of its fields are withheld.
fn with_whys(schema: &Schema, whys: &BTreeSet<String>) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.extend(whys.iter().map(|f| Arc::new(Field::new(format!("{f}_why"), DataType::Utf8, true))));
    Arc::new(Schema::new(fields))
}

/// Judges one edit over a batch.
fn judge_batch<'a>(
    batch: &RecordBatch,
    edit: &'a Compiled,
    dataset: &str,
    doubts: &mut Doubts<'a>,
    judgement: &mut Judgement,
) -> Result<(), EngineError> {
    let (Some(computation), Some(records)) =
        (&edit.holds.computation, batch.column_by_name("record").and_then(|c| c.as_primitive_opt::<Int64Type>()))
    else {
        judgement.count(&edit.code).unjudged += batch.num_rows() as u64;
        return Ok(());
    };
    let mut outcomes = truths(&computation.over(batch)?);
    if let Some(doubted) = Some(edit).filter(|e| e.scope != Scope::Field).and_then(|e| doubts.about(e)) {
        for (row, (field, because)) in &doubted {
            judgement.unjudged.push(Unjudged {
                code: edit.code.clone(),
                record: records.value(*row),
                field: field.clone(),
                because: because.clone(),
            });
        }
        outcomes = (0..outcomes.len()).map(|row| outcome(&outcomes, row).filter(|_| !doubted.contains_key(&row))).collect();
    }
    if count(&outcomes, edit, judgement) == 0 {
        return Ok(());
    }
    let broken: BooleanArray = (0..outcomes.len()).map(|row| Some(outcome(&outcomes, row) == Some(false))).collect();
    let expected = edit.expected.as_ref().and_then(|e| e.computation.as_ref()).map(|c| c.over_chosen(batch, &broken)).transpose()?;
    let reader = FindingReader::new(batch, edit, dataset);
    for (place, row) in (0..broken.len()).filter(|row| broken.value(*row)).enumerate() {
        judgement.findings.push(reader.read(row, records.value(row), expected.as_ref().and_then(|e| expectation(edit, e, place))));
        doubts.add(edit, row);
    }
    Ok(())
}

/// Outcomes as they were computed; where none can ever be, the engine gives nulls without a type.
fn truths(outcomes: &ArrayRef) -> BooleanArray {
    outcomes.as_boolean_opt().cloned().unwrap_or_else(|| BooleanArray::new_null(outcomes.len()))
}

/// Counts outcomes; gives how many are broken.
fn count(outcomes: &BooleanArray, edit: &Compiled, judgement: &mut Judgement) -> usize {
    let (held, unjudged) = (outcomes.true_count(), outcomes.null_count());
    let broken = outcomes.len() - held - unjudged;
    let counts = judgement.count(&edit.code);
    counts.held += held as u64;
    counts.broken += broken as u64;
    counts.unjudged += unjudged as u64;
    broken
}

/// Which values of a batch are in doubt: by field and row the first that says so.
struct Doubts<'a> {
    by_field: BTreeMap<String, BTreeMap<usize, Reason<'a>>>,
}

/// What puts a value in doubt.
#[derive(Clone, Copy)]
enum Reason<'a> {
    /// A broken error edit.
    Edit(&'a Compiled),
    /// What reading the file told of its cell, row or table; there is no value.
    Reading(Doubt),
}

impl Reason<'_> {
    fn code(&self) -> &str {
        match self {
            Self::Edit(edit) => &edit.code,
            Self::Reading(doubt) => doubt.code(),
        }
    }

    fn withholds(&self, field: &str) -> bool {
        match self {
            Self::Edit(edit) => edit.withholds.iter().any(|f| f == field),
            Self::Reading(_) => true,
        }
    }
}

impl<'a> Doubts<'a> {
    /// The doubts with which a batch was read.
    fn as_read(batch: &RecordBatch, whys: &BTreeSet<String>) -> Self {
        let of = |field: &String| {
            let states = batch.column_by_name(&format!("{field}_state"))?.as_dictionary_opt::<Int8Type>()?;
            let words = states.values().as_string_opt::<i32>()?;
            let doubts: Vec<Option<Doubt>> = words.iter().map(|word| word.and_then(Doubt::of)).collect();
            let keys = states.keys();
            let doubt = |row: usize| doubts.get(usize::try_from(keys.value(row)).ok()?).copied().flatten();
            let rows: BTreeMap<usize, Reason<'_>> =
                (0..keys.len()).filter(|row| keys.is_valid(*row)).filter_map(|row| Some((row, Reason::Reading(doubt(row)?)))).collect();
            (!rows.is_empty()).then(|| (field.clone(), rows))
        };
        Self { by_field: whys.iter().filter_map(of).collect() }
    }

    fn add(&mut self, edit: &'a Compiled, row: usize) {
        for field in &edit.doubts {
            self.by_field.entry(field.clone()).or_default().entry(row).or_insert(Reason::Edit(edit));
        }
    }

    /// The rows in which an operand of an edit is in doubt, each with the operand and the code; nothing if there is none.
    fn about(&self, edit: &Compiled) -> Option<BTreeMap<usize, (String, String)>> {
        let mut rows = BTreeMap::new();
        for (field, doubted) in edit.operands.iter().filter_map(|f| Some((f, self.by_field.get(f)?))) {
            for (row, reason) in doubted {
                rows.entry(*row).or_insert_with(|| (field.clone(), reason.code().to_owned()));
            }
        }
        (!rows.is_empty()).then_some(rows)
    }

    /// The dataset's own columns, those that are withheld nulled, and the reasons.
    fn withhold(&self, batch: &RecordBatch, schema: &Schema, whys: &BTreeSet<String>) -> Result<Vec<ArrayRef>, ArrowError> {
        let rows = batch.num_rows();
        let mut columns = batch.columns()[..schema.fields().len()].to_vec();
        for (place, field) in schema.fields().iter().enumerate() {
            let Some(doubted) = self.by_field.get(field.name()) else { continue };
            let gone = |row: &usize| doubted.get(row).is_some_and(|reason| reason.withholds(field.name()));
            let mask: BooleanArray = (0..rows).map(|row| Some(gone(&row))).collect();
            if mask.true_count() > 0 {
                columns[place] = nullif(&columns[place], &mask)?;
            }
        }
        columns.extend(whys.iter().map(|field| match self.by_field.get(field) {
            None => new_null_array(&DataType::Utf8, rows),
            Some(doubted) => {
                let codes = (0..rows).map(|row| doubted.get(&row).map(Reason::code));
                Arc::new(codes.collect::<StringArray>()) as ArrayRef
            }
        }));
        Ok(columns)
    }
}
