//! The published datasets: their columns, from the engine or from what the stages left.

use super::gathered::{FindingCount, Gathered};
use super::publication::Publication;
use crate::config::{FormOptions, Links};
use crate::engine::{Dataset, not_in};
use crate::error::Error;
use crate::finding::Rendered;
use crate::finding::milestone::remaining_in_words;
use crate::model::day::Day;
use crate::model::field::FieldKind;
use crate::model::merged::Conflict;
use crate::model::milestone::{Milestone, Phase};
use crate::model::patent_fact;
use crate::model::place::Address;
use crate::model::proposal::{Listed, Measure, Standing, Term};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Int64Type, Schema, SchemaRef};
use std::sync::Arc;

/// Rows that are made in memory before they are written.
const ROWS_AT_A_TIME: usize = 8192;

/// A published dataset by name; nothing if its input was not read.
pub async fn table(publication: &Publication<'_>, gathered: &Gathered<'_>, name: &str) -> Result<Option<Dataset>, Error> {
    let p = publication;
    Ok(Some(match name {
        "enterprises" => enterprises(p, gathered)?,
        "verdicts" => p.engine.dataset("verdicts"),
        "scores" if p.config.scored_criteria().next().is_none() => return Ok(None),
        "list" => list(p)?,
        "terms" => terms(p)?,
        "milestones" if p.phases.is_empty() => return Ok(None),
        "milestones" => milestones(p)?,
        "scores" => p.engine.dataset("scores"),
        "findings" => findings(p, gathered)?,
        "unjudged" => unjudged(p)?,
        "edits" => edits(p)?,
        "conflicts" => conflicts(p)?,
        "provenance" => provenance(p, gathered)?,
        "not_linked" => not_linked(p).await?,
        "places" => places(p)?,
        "set_aside" => set_aside(p)?,
        form => match p.config.form.get(form).filter(|_| p.has(form)) {
            Some(options) if options.links == Links::Holders => credited(p, form, options).await?,
            Some(_) => linked(p, form).await?,
            None => return Ok(None),
        },
    }))
}

/// The enterprises in the order of the registry; `findings_open` counts the findings that rest on no statistics.
fn enterprises(p: &Publication<'_>, gathered: &Gathered<'_>) -> Result<Dataset, Error> {
    let enterprises = p.engine.dataset("enterprises");
    let schema = enterprises.schema();
    // The record numbers are ours; provenance says the same in words.
    let is_number = |name: &str| p.merged.form_of(name).is_some();
    let shown: Vec<usize> = (0..schema.fields().len()).filter(|i| !is_number(schema.field(*i).name())).collect();
    let schema = schema.project(&shown)?;
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    fields.extend(["findings", "findings_open"].map(|name| Arc::new(Field::new(name, DataType::Int64, false))));
    let schema = Arc::new(Schema::new(fields));
    let counted = |b: RecordBatch| {
        let keys = b.column_by_name("enterprise").map(|c| c.as_string::<i32>());
        let found = |row: usize| keys.and_then(|k| gathered.findings.get(k.value(row))).copied().unwrap_or_default();
        let counts: [fn(FindingCount) -> i64; 2] = [|c| c.all, |c| c.open];
        let mut columns = b.project(&shown)?.columns().to_vec();
        columns
            .extend(counts.map(|of| -> ArrayRef { Arc::new((0..b.num_rows()).map(|row| Some(of(found(row)))).collect::<Int64Array>()) }));
        RecordBatch::try_new(schema.clone(), columns)
    };
    made(p, schema.clone(), enterprises.batches().map(|batch| Ok(counted(batch?)?)))
}

/// Batches of one schema as a dataset.
fn made(p: &Publication<'_>, schema: SchemaRef, batches: impl Iterator<Item = Result<RecordBatch, Error>>) -> Result<Dataset, Error> {
    let mut writer = p.engine.scratch().writer(schema);
    for batch in batches {
        writer.write(&batch?)?;
    }
    Ok(writer.finish()?)
}

/// Rows that are made of things at hand, so many at a time.
fn of_rows<T>(p: &Publication<'_>, all: &[T], make: impl Fn(&[T]) -> Result<RecordBatch, Error>) -> Result<Dataset, Error> {
    let schema = make(&[])?.schema();
    made(p, schema, all.chunks(ROWS_AT_A_TIME).map(make))
}

/// A batch of columns by name.
pub(super) fn batch(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, Error> {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, a)| a).collect())?)
}

pub(super) fn texts<'a, T: AsRef<str>>(values: impl IntoIterator<Item = T> + 'a) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<StringArray>())
}

/// Adds file, sheet and row in front, in place of the record's number.
fn located(p: &Publication<'_>, dataset: &Dataset) -> Result<Dataset, Error> {
    let (places, schema) = (p.places, dataset.schema());
    let mut fields =
        vec![Field::new("file", DataType::Utf8, true), Field::new("sheet", DataType::Utf8, true), Field::new("row", DataType::Int64, true)];
    fields.extend(schema.fields().iter().skip(1).map(|f| f.as_ref().clone()));
    let schema = Arc::new(Schema::new(fields));
    let row = |b: RecordBatch| {
        let records = b.column(0).as_primitive::<Int64Type>();
        let file = |r: &i64| places.file(*r).map_or("", |f| f.path.as_str());
        let sheet = |r: &i64| places.table(*r).map_or("", |t| t.sheet.as_str());
        let mut columns: Vec<ArrayRef> = vec![
            texts(records.values().iter().map(file)),
            texts(records.values().iter().map(sheet)),
            Arc::new(records.values().iter().map(|r| Some(i64::from(Address::of(*r).row))).collect::<Int64Array>()),
        ];
        columns.extend(b.columns().iter().skip(1).cloned());
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    };
    made(p, schema.clone(), dataset.batches().map(|batch| row(batch?)))
}

/// Columns of a dataset that are published: values, raw texts and reasons.
fn published_columns(p: &Publication<'_>, dataset: &str) -> Vec<String> {
    let dataset = p.engine.dataset(dataset);
    let internal = |n: &str| n == "record" || n == "period" || ["_cell", "_key", "_precision", "_unit"].iter().any(|s| n.ends_with(s));
    dataset.schema().fields().iter().map(|f| f.name().clone()).filter(|n| !internal(n)).collect()
}

async fn linked(p: &Publication<'_>, dataset: &str) -> Result<Dataset, Error> {
    let columns: Vec<String> = published_columns(p, dataset).iter().map(|c| format!("d.\"{c}\"")).collect();
    let sql = format!(
        "SELECT d.record, l.enterprise, l.linked_by, d.period, {} FROM {dataset} d LEFT JOIN links_{dataset} l ON l.record = d.record
         ORDER BY d.record",
        columns.join(", ")
    );
    located(p, &p.engine.spool(dataset, &sql).await?)
}

/// One row per record and linked enterprise; a record that nobody was found for once, with `uscc` empty.
///
/// `uscc` is the enterprise's key, so it is filled for an enterprise without a code too (`N:` and its name). Of patents, `state`
/// is what counts and criteria go by, `term_end` the last day of protection, and what follows are its facts.
async fn credited(p: &Publication<'_>, dataset: &str, form: &FormOptions) -> Result<Dataset, Error> {
    let code = form.first_of(FieldKind::Uscc).unwrap_or("uscc");
    let columns = published_columns(p, dataset);
    let columns: Vec<String> = columns
        .iter()
        .filter(|c| c.strip_prefix(code).is_none_or(|end| !["", "_state", "_raw", "_why"].contains(&end)))
        .map(|c| format!("d.\"{c}\""))
        .collect();
    let (state, states) = match form.right {
        Some(_) => {
            let known = ["state", "term_end"].into_iter().chain(patent_fact::columns());
            (known.map(|column| format!("s.{column}, ")).collect(), "JOIN patent_states s ON s.record = d.record")
        }
        None => (String::new(), ""),
    };
    let sql = format!(
        "SELECT d.record, c.enterprise AS uscc, r.name AS enterprise_name, {state}{} FROM {dataset} d {states}
         LEFT JOIN credits_{dataset} c ON c.record = d.record LEFT JOIN registry r ON r.enterprise = c.enterprise
         WHERE {counts} ORDER BY d.record, c.enterprise",
        columns.join(", "),
        counts = not_in("duplicates", "d.record")
    );
    located(p, &p.engine.spool(dataset, &sql).await?)
}

/// The findings; `statistics` says whether one rests on statistics, `rests_on` which enterprise without consent it would tell
/// of (`?` for one that nobody knows).
fn findings(p: &Publication<'_>, gathered: &Gathered<'_>) -> Result<Dataset, Error> {
    let renderer = p.renderer();
    of_rows(p, p.findings, |findings| {
        let rendered: Vec<Rendered> = findings.iter().map(|f| renderer.render(f)).collect();
        let column = |of: fn(&Rendered) -> &String| texts(rendered.iter().map(of));
        batch(vec![
            ("code", texts(findings.iter().map(|f| f.code.as_ref()))),
            ("severity", texts(findings.iter().map(|f| f.severity.id()))),
            ("bureau", column(|r| &r.bureau)),
            ("file", column(|r| &r.file)),
            ("sheet", column(|r| &r.sheet)),
            ("cell", column(|r| &r.cell)),
            ("related", column(|r| &r.related)),
            ("field", column(|r| &r.field)),
            ("found", column(|r| &r.found)),
            ("expected", column(|r| &r.expected)),
            ("message", column(|r| &r.message)),
            ("help", column(|r| &r.help)),
            ("enterprise", texts(findings.iter().map(|f| f.enterprise.as_deref().unwrap_or("")))),
            ("statistics", Arc::new(findings.iter().map(|f| Some(gathered.rests.is_of_statistics(f))).collect::<BooleanArray>())),
            ("rests_on", texts(findings.iter().map(|f| gathered.rests.whom(f).unwrap_or_default()))),
            ("key", texts(findings.iter().map(|f| f.key.to_string()))),
            ("explained", Arc::new(findings.iter().map(|f| f.explained).collect::<Int64Array>())),
        ])
    })
}

fn unjudged(p: &Publication<'_>) -> Result<Dataset, Error> {
    let cell = |r: i64, field: &str| p.places.address(r, field).unwrap_or_default();
    of_rows(p, &p.judgement.unjudged, |all| {
        batch(vec![
            ("code", texts(all.iter().map(|u| u.code.as_ref()))),
            ("file", texts(all.iter().map(|u| p.places.file(u.record).map_or("", |f| f.path.as_str())))),
            ("sheet", texts(all.iter().map(|u| p.places.table(u.record).map_or("", |t| t.sheet.as_str())))),
            ("cell", texts(all.iter().map(|u| cell(u.record, &u.field)))),
            ("because", texts(all.iter().map(|u| u.because.as_str()))),
        ])
    })
}

fn edits(p: &Publication<'_>) -> Result<Dataset, Error> {
    let lang = p.config.run.lang;
    let counts: Vec<_> = p.judgement.counts.iter().collect();
    let entry = |code: &str| p.catalogue.get(code);
    of_rows(p, &counts, |counts| {
        let number = |of: fn(&crate::finding::Counts) -> u64| -> ArrayRef {
            Arc::new(counts.iter().map(|(_, c)| i64::try_from(of(c)).ok()).collect::<Int64Array>())
        };
        batch(vec![
            ("code", texts(counts.iter().map(|(code, _)| code.as_ref()))),
            ("severity", texts(counts.iter().map(|(code, _)| entry(code).map_or("", |e| e.severity.id())))),
            ("name", texts(counts.iter().map(|(code, _)| entry(code).map_or("", |e| e.name.get(lang))))),
            ("judged", number(|c| c.held + c.broken)),
            ("held", number(|c| c.held)),
            ("broken", number(|c| c.broken)),
            ("unjudged", number(|c| c.unjudged)),
        ])
    })
}

fn conflicts(p: &Publication<'_>) -> Result<Dataset, Error> {
    let cite = |(record, field): &(i64, String)| p.places.cite(*record, field).unwrap_or_default();
    of_rows(p, p.conflicts, |all| {
        let units = |of: fn(&Conflict) -> Option<i64>| -> ArrayRef { Arc::new(all.iter().map(of).collect::<Int64Array>()) };
        batch(vec![
            ("enterprise", texts(all.iter().map(|c| c.enterprise.as_str()))),
            ("field", texts(all.iter().map(|c| c.field.as_str()))),
            ("used", texts(all.iter().map(|c| c.used_text.as_str()))),
            ("used_unit", units(|c| c.used_unit)),
            ("used_cell", texts(all.iter().map(|c| cite(&c.used)))),
            ("other", texts(all.iter().map(|c| c.other_text.as_str()))),
            ("other_unit", units(|c| c.other_unit)),
            ("other_cell", texts(all.iter().map(|c| cite(&c.other)))),
        ])
    })
}

/// One row per enterprise, value and cell that it comes from: column and cell.
fn provenance(p: &Publication<'_>, gathered: &Gathered<'_>) -> Result<Dataset, Error> {
    let sources = &gathered.sources;
    let of = |rows: &[(String, &str, String)]| {
        batch(vec![
            ("enterprise", texts(rows.iter().map(|(enterprise, ..)| enterprise))),
            ("column", texts(rows.iter().map(|(_, column, _)| column))),
            ("cell", texts(rows.iter().map(|(.., cell)| cell))),
        ])
    };
    let mut writer = p.engine.scratch().writer(of(&[])?.schema());
    let mut rows: Vec<(String, &str, String)> = Vec::new();
    for batch in gathered.enterprises.batches() {
        let batch = &batch?;
        let keys = batch.column_by_name("enterprise").map(|c| c.as_string::<i32>());
        let Some(keys) = keys else { continue };
        let names = p.merged.columns.iter().map(|c| &c.name).chain(p.merged.given.iter().map(|given| &given.name));
        let ways: Vec<_> = names.map(|name| (name, sources.cells(p.places, batch, name))).collect();
        for row in 0..batch.num_rows() {
            for (column, way) in ways.iter().filter(|(column, _)| batch.column_by_name(column).is_some_and(|c| c.is_valid(row))) {
                rows.extend(way.cells(row).into_iter().map(|cell| (keys.value(row).to_owned(), column.as_str(), cell)));
            }
            if rows.len() >= ROWS_AT_A_TIME {
                writer.write(&of(&rows)?)?;
                rows.clear();
            }
        }
    }
    writer.write(&of(&rows)?)?;
    Ok(writer.finish()?)
}

async fn not_linked(p: &Publication<'_>) -> Result<Dataset, Error> {
    let renderer = p.renderer();
    let of = |b: &RecordBatch| {
        let (name, reason) = (b.column(1).as_string::<i32>(), b.column(2).as_string::<i32>());
        batch(vec![
            ("record", b.column(0).clone()),
            ("name", texts(name.iter().map(|n| n.unwrap_or_default()))),
            ("reason", texts(reason.iter().map(|r| renderer.reference(r.unwrap_or_default())))),
        ])
    };
    let columns = ["record", "name", "reason"].map(|c| Field::new(c, if c == "record" { DataType::Int64 } else { DataType::Utf8 }, true));
    let mut writer = p.engine.scratch().writer(Arc::new(Schema::new(columns.to_vec())));
    let linked = p.config.form.iter().filter(|(id, form)| !form.registry && form.links != Links::None && p.has(id));
    for (dataset, _) in linked {
        let sql = format!("SELECT record, name, not_linked FROM links_{dataset} WHERE not_linked IS NOT NULL ORDER BY record, number");
        for b in p.engine.spool("not linked", &sql).await?.batches() {
            writer.write(&of(&b?)?)?;
        }
    }
    located(p, &writer.finish()?)
}

fn places(p: &Publication<'_>) -> Result<Dataset, Error> {
    let renderer = p.renderer();
    of_rows(p, p.accounts, |accounts| {
        let amounts: Vec<Option<i128>> = accounts.iter().map(|a| Some(a.amount)).collect();
        batch(vec![
            ("dataset", texts(accounts.iter().map(|a| a.dataset.as_str()))),
            ("file", texts(accounts.iter().map(|a| p.places.files.get(a.file).map_or("", |f| f.path.as_str())))),
            ("place", texts(accounts.iter().map(|a| a.place.id()))),
            ("reason", texts(accounts.iter().map(|a| renderer.reference(&a.reason)))),
            ("rows", Arc::new(accounts.iter().map(|a| i64::try_from(a.rows).ok()).collect::<Int64Array>())),
            ("amount_yuan", Arc::new(Decimal128Array::from(amounts).with_precision_and_scale(38, 4)?)),
        ])
    })
}

/// One row per range of rows of a table that are no records.
fn set_aside(p: &Publication<'_>) -> Result<Dataset, Error> {
    let ranges: Vec<_> = p
        .places
        .tables()
        .flat_map(|(address, table)| table.aside.iter().map(move |(kind, rows)| (address.file, table, kind, rows)))
        .flat_map(|(file, table, kind, rows)| rows.ranges().iter().map(move |range| (file, table, kind, *range)))
        .collect();
    of_rows(p, &ranges, |ranges| {
        let numbers = |of: fn(&(u32, u32)) -> u32| -> ArrayRef {
            Arc::new(ranges.iter().map(|(.., range)| Some(i64::from(of(range)))).collect::<Int64Array>())
        };
        batch(vec![
            ("file", texts(ranges.iter().map(|(file, ..)| p.places.files.get(*file).map_or("", |f| f.path.as_str())))),
            ("sheet", texts(ranges.iter().map(|(_, table, ..)| table.sheet.as_str()))),
            ("dataset", texts(ranges.iter().map(|(_, table, ..)| table.form.as_str()))),
            ("period", Arc::new(ranges.iter().map(|(_, table, ..)| table.period.map(i64::from)).collect::<Int64Array>())),
            ("kind", texts(ranges.iter().map(|(_, _, kind, _)| kind.id()))),
            ("first_row", numbers(|range| range.0)),
            ("last_row", numbers(|range| range.1)),
        ])
    })
}

/// One row per enterprise of the pool: where it stands to the proposed asset list.
fn list(p: &Publication<'_>) -> Result<Dataset, Error> {
    of_rows(p, &p.proposal.listed, |listed| {
        let decimals = |of: &dyn Fn(&Listed) -> Option<i128>| -> Result<ArrayRef, Error> {
            let values: Vec<Option<i128>> = listed.iter().map(of).collect();
            Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(28, 4)?))
        };
        let pending: Vec<String> = listed.iter().map(|l| l.pending.join(" ")).collect();
        let reason = |l: &Listed| match l.standing {
            Standing::Excluded(reason) => reason.id(),
            _ => "",
        };
        batch(vec![
            ("enterprise", texts(listed.iter().map(|l| l.enterprise.as_str()))),
            ("name", texts(listed.iter().map(|l| l.name.as_str()))),
            ("standing", texts(listed.iter().map(|l| l.standing.id()))),
            ("reason", texts(listed.iter().map(reason))),
            ("amount_yuan", decimals(&|l| l.standing.amount())?),
            ("need_yuan", decimals(&|l| l.need)?),
            ("score", decimals(&|l| l.score)?),
            ("obligor", texts(listed.iter().map(|l| l.obligor.as_str()))),
            ("industry", texts(listed.iter().map(|l| l.industry.as_str()))),
            ("pending", texts(pending.iter().map(String::as_str))),
            ("cost_total_yuan", decimals(&|l| l.cost.as_ref().map(|c| c.total))?),
            ("cost_score", decimals(&|l| l.cost.as_ref().map(|c| c.score))?),
        ])
    })
}

/// One row per term of the issue: what it allows, what the list comes to, and whether it binds.
fn terms(p: &Publication<'_>) -> Result<Dataset, Error> {
    of_rows(p, &p.proposal.terms, |terms| {
        let units = |measure: Measure| match measure {
            Measure::Amount(units) | Measure::Share(units) => units,
            Measure::Count(number) => i128::from(number) * 10_000,
        };
        let decimals = |of: &dyn Fn(&Term) -> Measure| -> Result<ArrayRef, Error> {
            let values: Vec<Option<i128>> = terms.iter().map(|term| Some(units(of(term)))).collect();
            Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(28, 4)?))
        };
        batch(vec![
            ("term", texts(terms.iter().map(|term| term.id.as_str()))),
            ("limit", decimals(&|term| term.limit)?),
            ("reached", decimals(&|term| term.reached)?),
            ("tight", Arc::new(terms.iter().map(|term| Some(term.tight)).collect::<BooleanArray>())),
            ("binding", Arc::new(terms.iter().map(|term| term.binding).collect::<BooleanArray>())),
        ])
    })
}

/// One row per milestone of the plan: how it stands, and how much of it is there.
fn milestones(p: &Publication<'_>) -> Result<Dataset, Error> {
    let all: Vec<(&Phase, &Milestone)> = p.phases.iter().flat_map(|phase| phase.milestones.iter().map(move |m| (phase, m))).collect();
    of_rows(p, &all, |all| {
        let days = |of: &dyn Fn(&Milestone) -> Option<Day>| -> ArrayRef {
            let days = all.iter().map(|(_, m)| of(m).map(|day| Date32Type::from_naive_date(day.0)));
            Arc::new(days.collect::<Date32Array>())
        };
        let whole = |of: &dyn Fn(&Milestone) -> u64| -> ArrayRef {
            Arc::new(all.iter().map(|(_, m)| i64::try_from(of(m)).ok()).collect::<Int64Array>())
        };
        let responsible: Vec<String> = all.iter().map(|(_, m)| m.responsible.join("、")).collect();
        let remaining: Vec<String> = all.iter().map(|(_, m)| remaining_in_words(p.config, p.config.run.lang, m)).collect();
        batch(vec![
            ("phase", texts(all.iter().map(|(phase, _)| phase.name.as_str()))),
            ("milestone", texts(all.iter().map(|(_, m)| m.id.as_str()))),
            ("name", texts(all.iter().map(|(_, m)| m.name.as_str()))),
            ("responsible", texts(responsible.iter().map(String::as_str))),
            ("until", days(&|m| m.until)),
            ("state", texts(all.iter().map(|(_, m)| m.state.id()))),
            ("done_on", days(&|m| m.done_on)),
            ("shown_by", texts(all.iter().map(|(_, m)| m.shown_by.as_str()))),
            ("reached", whole(&|m| m.reached)),
            ("of", whole(&|m| m.of)),
            ("remaining", texts(remaining.iter().map(String::as_str))),
        ])
    })
}
