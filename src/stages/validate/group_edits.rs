//! Edits of population and history scope, as plans.

use super::compile::{Compiled, Formula};
use super::finding_reader::{FindingReader, expectation, outcome};
use crate::engine::{Cause, Engine, EngineError};
use crate::finding::{Judgement, Unjudged};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use std::collections::BTreeSet;

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
