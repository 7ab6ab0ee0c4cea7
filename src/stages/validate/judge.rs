//! Runs compiled edits and reads their outcomes.

use super::compile::{Compiled, Formula};
use crate::engine::{Cause, Engine, EngineError};
use crate::finding::{Expected, Finding, Judgement, Unjudged};
use crate::model::finding_key::FindingKey;
use crate::model::scope::Scope;
use chrono::NaiveDate;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int8Type, Int32Type, Int64Type, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::array_value_to_string;
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
        let mut doubts = Doubts { edits: possible, by_field: BTreeMap::new() };
        for (index, edit) in possible.iter().enumerate() {
            judge_batch(batch, index, edit, dataset, &mut doubts, &mut self.judgement)?;
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
        let mut doubts = Doubts { edits: possible, by_field: BTreeMap::new() };
        let own = self.rest.iter().take_while(|f| f.record.is_some_and(|r| numbers.binary_search(&r).is_ok())).count();
        let (own, rest) = self.rest.split_at(own);
        for finding in own {
            let place = finding.record.and_then(|r| numbers.binary_search(&r).ok());
            let edit = possible.iter().position(|e| e.code == finding.code && e.fields == finding.fields);
            if let (Some(row), Some(index)) = (place, edit) {
                doubts.add(index, possible[index], row);
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
fn judge_batch(
    batch: &RecordBatch,
    index: usize,
    edit: &Compiled,
    dataset: &str,
    doubts: &mut Doubts<'_>,
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
                because: because.to_string(),
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
        doubts.add(index, edit, row);
    }
    Ok(())
}

/// Outcomes as they were computed; where none can ever be, the engine gives nulls without a type.
fn truths(outcomes: &ArrayRef) -> BooleanArray {
    outcomes.as_boolean_opt().cloned().unwrap_or_else(|| BooleanArray::new_null(outcomes.len()))
}

/// The outcome of a row.
fn outcome(outcomes: &BooleanArray, row: usize) -> Option<bool> {
    outcomes.is_valid(row).then(|| outcomes.value(row))
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

/// Which values of a batch broken error edits put in doubt: by field and row, the first such edit.
struct Doubts<'a> {
    edits: &'a [&'a Compiled],
    by_field: BTreeMap<String, BTreeMap<usize, usize>>,
}

impl Doubts<'_> {
    fn add(&mut self, index: usize, edit: &Compiled, row: usize) {
        for field in &edit.doubts {
            self.by_field.entry(field.clone()).or_default().entry(row).or_insert(index);
        }
    }

    /// The rows in which an operand of an edit is in doubt, each with the operand and the code; nothing if there is none.
    fn about(&self, edit: &Compiled) -> Option<BTreeMap<usize, (String, Arc<str>)>> {
        let mut rows = BTreeMap::new();
        for (field, doubted) in edit.operands.iter().filter_map(|f| Some((f, self.by_field.get(f)?))) {
            for (row, index) in doubted {
                rows.entry(*row).or_insert_with(|| (field.clone(), self.edits[*index].code.clone()));
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
            let gone = |row: &usize| doubted.get(row).is_some_and(|i| self.edits[*i].withholds.contains(field.name()));
            let mask: BooleanArray = (0..rows).map(|row| Some(gone(&row))).collect();
            if mask.true_count() > 0 {
                columns[place] = nullif(&columns[place], &mask)?;
            }
        }
        columns.extend(whys.iter().map(|field| match self.by_field.get(field) {
            None => new_null_array(&DataType::Utf8, rows),
            Some(doubted) => {
                let codes = (0..rows).map(|row| doubted.get(&row).map(|i| self.edits[*i].code.as_ref()));
                Arc::new(codes.collect::<StringArray>()) as ArrayRef
            }
        }));
        Ok(columns)
    }
}

fn quoted(column: &str) -> String {
    format!("\"{column}\"")
}

/// Judges edits over records among each other.
///
/// `base` is a query that gives `record`, `enterprise` and the dataset's columns, `rows` the number of its rows. Plans may
/// give rows in any order: each carries its record, and each is an exception of its edits. Edits that look at their own row
/// alone share one pass; each of the others is a plan of its own.
///
/// What cannot be computed of the data at hand ends nothing: the edits of a pass that fails are judged one by one, and one
/// that fails by itself is uncomputed, so that it is unjudged for all rows.
///
/// # Errors
/// The machine gives plans too little memory or disk: that says nothing about the data.
pub async fn judge_groups(engine: &Engine, base: &str, dataset: &str, rows: u64, edits: &[Compiled]) -> Result<Judgement, EngineError> {
    let mut judgement = Judgement::default();
    for edit in edits.iter().filter(|e| !e.possible) {
        judgement.count(&edit.code).unjudged += rows;
    }
    for pass in passes(edits) {
        match judge_pass(engine, base, dataset, rows, &pass).await {
            Ok(found) => judgement.absorb(found),
            Err(error) if error.cause() != Cause::Plan => return Err(error),
            Err(_) => {
                for edit in pass {
                    judgement.absorb(judge_alone(engine, base, dataset, rows, edit).await?);
                }
            }
        }
    }
    Ok(judgement)
}

/// Tries edits over records among each other: as [`judge_groups`], but the first that cannot be computed is an error.
pub async fn try_groups(engine: &Engine, base: &str, dataset: &str, edits: &[Compiled]) -> Result<(), EngineError> {
    for pass in passes(edits) {
        judge_pass(engine, base, dataset, 0, &pass).await?;
    }
    Ok(())
}

/// The edits that can be judged, by the plans that judge them.
fn passes(edits: &[Compiled]) -> Vec<Vec<&Compiled>> {
    let (alone, together): (Vec<&Compiled>, Vec<&Compiled>) =
        edits.iter().filter(|e| e.possible).partition(|e| e.groups.is_some() || e.holds.among);
    let mut passes: Vec<Vec<&Compiled>> = alone.into_iter().map(|edit| vec![edit]).collect();
    passes.extend((!together.is_empty()).then_some(together));
    passes
}

/// One edit by itself; without its expectation if that is what cannot be computed.
async fn judge_alone(engine: &Engine, base: &str, dataset: &str, rows: u64, edit: &Compiled) -> Result<Judgement, EngineError> {
    let bare = Compiled { expected: None, ..edit.clone() };
    for attempt in [edit, &bare] {
        match judge_pass(engine, base, dataset, rows, &[attempt]).await {
            Err(error) if error.cause() == Cause::Plan => {}
            found => return found,
        }
    }
    // The engine's own words may quote a value.
    tracing::warn!(edit.code = %edit.code, dataset, "edit cannot be computed and is unjudged");
    let mut judgement = Judgement::default();
    judgement.count(&edit.code).unjudged += rows;
    judgement.uncomputed.insert(edit.code.clone());
    Ok(judgement)
}

/// Judges edits in one plan.
async fn judge_pass(engine: &Engine, base: &str, dataset: &str, rows: u64, edits: &[&Compiled]) -> Result<Judgement, EngineError> {
    let mut judgement = Judgement::default();
    let codes: Vec<&str> = edits.iter().map(|e| e.code.as_ref()).collect();
    let found = engine.spool_leniently(&codes.join(" "), &group_query(base, edits)).await?;
    let mut exceptions = vec![0; edits.len()];
    for batch in found.batches() {
        let batch = batch?;
        for (index, edit) in edits.iter().enumerate() {
            exceptions[index] += read_group(&batch, index, edit, dataset, &mut judgement);
        }
    }
    for (edit, seen) in edits.iter().zip(exceptions) {
        judgement.count(&edit.code).held += rows.saturating_sub(seen);
    }
    Ok(judgement)
}

/// The records for which one of the edits does not hold, with what the messages show.
fn group_query(base: &str, edits: &[&Compiled]) -> String {
    let from = match edits.first().and_then(|e| e.groups.as_ref()) {
        None => format!("({base}) AS t"),
        Some((per, with)) => {
            let keys = per.iter().map(|p| quoted(p)).collect::<Vec<_>>().join(", ");
            let aggregates: String = with.iter().map(|(name, f)| format!(", {} AS {}", f.sql, quoted(name))).collect();
            let renamed: String =
                per.iter().enumerate().map(|(i, p)| format!("{} AS {}", quoted(p), own("k", i))).collect::<Vec<_>>().join(", ");
            let on: Vec<String> = per.iter().enumerate().map(|(i, p)| format!("t.{} = g.{}", quoted(p), own("k", i))).collect();
            let names: String = with.keys().map(|n| format!(", {}", quoted(n))).collect();
            format!(
                "({base}) AS t LEFT JOIN (SELECT {renamed}{names} FROM (SELECT {keys}{aggregates} FROM ({base}) AS t GROUP BY {keys}) AS a) AS g ON {}",
                on.join(" AND ")
            )
        }
    };
    let mut shown: Vec<String> = vec!["record".into(), "enterprise".into()];
    shown.extend(edits.iter().flat_map(|e| e.shown_columns.iter().cloned()));
    shown.sort();
    shown.dedup();
    let shown = shown.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
    let (mut judged, mut given, mut exceptions) = (String::new(), String::new(), Vec::new());
    for (i, edit) in edits.iter().enumerate() {
        let [e, x, w, because] = ["e", "x", "w", "because"].map(|of| own(of, i));
        let text = |formula: Option<&Formula>, none: &str| formula.map_or_else(|| none.to_owned(), |f| f.sql.clone());
        judged.push_str(&format!(", ({}) AS {e}, {} AS {because}", edit.holds.sql, text(edit.because.as_ref(), "CAST(NULL AS VARCHAR)")));
        let mut expected = text(edit.expected.as_ref(), "NULL");
        // What looks at other rows must see them all; all else is computed for broken rows only.
        if edit.expected.as_ref().is_some_and(|f| f.among) {
            judged.push_str(&format!(", ({expected}) AS {w}"));
            expected = w;
        }
        given.push_str(&format!(", {e}, CASE WHEN {e} IS FALSE THEN ({expected}) END AS {x}, {because}"));
        exceptions.push(format!("{e} IS NOT TRUE"));
    }
    format!("SELECT {shown}{given} FROM (SELECT *{judged} FROM {from}) AS t WHERE {}", exceptions.join(" OR "))
}

/// A column of a plan that no field can be called like.
fn own(of: &str, index: usize) -> String {
    quoted(&own_name(of, index))
}

fn own_name(of: &str, index: usize) -> String {
    format!("{of}#{index}")
}

/// Reads one edit's outcomes among the rows for which some edit does not hold; gives how many are its own.
fn read_group(batch: &RecordBatch, index: usize, edit: &Compiled, dataset: &str, judgement: &mut Judgement) -> u64 {
    let (Some(outcomes), Some(records)) = (
        batch.column_by_name(&own_name("e", index)).and_then(|c| c.as_boolean_opt()),
        batch.column_by_name("record").and_then(|c| c.as_primitive_opt::<Int64Type>()),
    ) else {
        // Every row is null, and the engine gives the column no type.
        judgement.count(&edit.code).unjudged += batch.num_rows() as u64;
        return batch.num_rows() as u64;
    };
    let counts = judgement.count(&edit.code);
    let broken = outcomes.len() - outcomes.null_count() - outcomes.true_count();
    counts.broken += broken as u64;
    counts.unjudged += outcomes.null_count() as u64;
    if broken > 0 {
        let reader = FindingReader::new(batch, edit, dataset);
        let expected = batch.column_by_name(&own_name("x", index));
        let rows = (0..outcomes.len()).filter(|row| outcome(outcomes, *row) == Some(false));
        let findings = rows.map(|row| reader.read(row, records.value(row), expected.and_then(|e| expectation(edit, e, row))));
        judgement.findings.extend(findings);
    }
    if outcomes.null_count() > 0 {
        name_withheld(batch, index, edit, outcomes, records.values(), judgement);
    }
    (broken + outcomes.null_count()) as u64
}

/// Names, for each unjudged record, the finding that withholds an operand: its own or one of another record.
fn name_withheld(batch: &RecordBatch, index: usize, edit: &Compiled, outcomes: &BooleanArray, records: &[i64], judgement: &mut Judgement) {
    let own = edit.operands.iter().map(|field| (field, format!("{field}_why")));
    let other = edit.operands.first().map(|field| (field, own_name("because", index)));
    let mut named = BTreeSet::new();
    for (field, column) in own.chain(other) {
        let Some(whys) = batch.column_by_name(&column).and_then(|c| c.as_string_opt::<i32>()) else { continue };
        for row in (0..whys.len()).filter(|row| outcomes.is_null(*row) && whys.is_valid(*row)) {
            if named.insert(row) {
                let because = whys.value(row).to_owned();
                judgement.unjudged.push(Unjudged { code: edit.code.clone(), record: records[row], field: field.clone(), because });
            }
        }
    }
}

/// Reads what a finding shows from the columns of a batch.
struct FindingReader<'a> {
    edit: &'a Compiled,
    dataset: Arc<str>,
    shown: BTreeMap<&'a str, &'a ArrayRef>,
    enterprise: Option<&'a ArrayRef>,
}

impl<'a> FindingReader<'a> {
    fn new(batch: &'a RecordBatch, edit: &'a Compiled, dataset: &str) -> Self {
        let column = |field: &str| batch.column_by_name(&format!("{field}_raw")).or_else(|| batch.column_by_name(field));
        Self {
            edit,
            dataset: dataset.into(),
            shown: edit.shown.iter().filter_map(|f| Some((f.as_str(), column(f)?))).collect(),
            enterprise: batch.column_by_name("enterprise"),
        }
    }

    fn read(&self, row: usize, record: i64, expected: Option<Expected>) -> Finding {
        let text = |field: &str| self.shown.get(field).and_then(|c| display(c, row));
        Finding {
            code: self.edit.code.clone(),
            severity: self.edit.severity,
            dataset: self.dataset.clone(),
            record: Some(record),
            file: None,
            sheet: None,
            cell: None,
            fields: self.edit.fields.clone(),
            found: self.edit.fields.first().and_then(|f| text(f)).unwrap_or_default(),
            expected,
            args: self.shown.keys().filter_map(|f| Some(((*f).to_owned(), text(f)?))).collect(),
            enterprise: self.enterprise.and_then(|c| display(c, row)),
            key: FindingKey::default(),
            explained: None,
        }
    }
}

/// A value as text; nothing for null.
fn display(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).to_owned()),
        DataType::Int32 => Some(column.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Int64 => Some(column.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int8Type>();
            let values = words.values().as_string::<i32>();
            Some(values.value(words.key(row)?).to_owned())
        }
        _ => None,
    }
}

/// What an edit expected, as it is shown: a place only if it is another record's, money only beside a field that holds it.
fn expectation(edit: &Compiled, column: &ArrayRef, row: usize) -> Option<Expected> {
    if column.is_null(row) {
        return None;
    }
    let integer =
        || cast(&column.slice(row, 1), &DataType::Int64).ok().filter(|v| v.is_valid(0)).map(|v| v.as_primitive::<Int64Type>().value(0));
    match column.data_type() {
        DataType::Int64 if edit.expects_record => integer().map(Expected::Record),
        DataType::Date32 => {
            let days = i64::from(column.as_primitive::<Date32Type>().value(row));
            NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days)).map(Expected::Date)
        }
        DataType::Boolean => Some(Expected::Text(if column.as_boolean().value(row) { "@value.true" } else { "@value.false" }.to_owned())),
        whole if whole.is_integer() => integer().map(Expected::Number).or_else(|| written(column, row)),
        DataType::Decimal128(..) | DataType::Decimal256(..) if edit.expects_amount => amount(column, row).or_else(|| written(column, row)),
        _ => display(column, row).map(Expected::Text).or_else(|| written(column, row)),
    }
}

/// An amount of any scale.
fn amount(column: &ArrayRef, row: usize) -> Option<Expected> {
    let money = cast(&column.slice(row, 1), &DataType::Decimal128(38, 4)).ok()?;
    money.is_valid(0).then(|| Expected::Amount(money.as_primitive::<Decimal128Type>().value(0)))
}

/// A value of any type as the engine writes it, a decimal without needless zeros.
fn written(column: &ArrayRef, row: usize) -> Option<Expected> {
    let text = array_value_to_string(column, row).ok()?;
    let bare = match column.data_type() {
        DataType::Decimal128(..) | DataType::Decimal256(..) if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.'),
        _ => &text,
    };
    Some(Expected::Text(bare.to_owned()))
}
