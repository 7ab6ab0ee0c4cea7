//! Runs the edits of all scopes in their order, and makes findings of what they and the readers say.

use super::datasets::Loaded;
use super::explained::assign_keys;
use super::recall::Recall;
use super::scope;
use crate::cache::Cache;
use crate::config::{Config, Links};
use crate::engine::expression::TableSchemas;
use crate::engine::{Engine, EngineError};
use crate::error::Error;
use crate::finding::{Catalogue, Finding, Judgement, Seed, Unjudged};
use crate::model::cell;
use crate::model::finding_key::FindingKey;
use crate::model::place::{Address, FileName, file_base, same_table};
use crate::model::scope::Scope;
use crate::model::severity::Severity;
use crate::stages::link::{self, Subject};
use crate::stages::merge::Datasets;
use crate::stages::validate::{self, Compiled, RecordJudge, RecordRecall};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Compiles the edits of a scope for a dataset with a form.
fn compile(
    config: &Config,
    engine: &Engine,
    name: &str,
    schema: &Schema,
    tables: &TableSchemas,
    scope: Scope,
) -> Result<(Vec<Compiled>, BTreeSet<String>), Error> {
    let form = config.form.get(name);
    let schema = scope::at_hand(schema, scope);
    let whole = form.map_or_else(|| schema.as_ref().clone(), |f| scope::columns(f, scope));
    let dataset = validate::EditedDataset { name, form, schema: &schema, whole: &whole, tables };
    let compiled = validate::compile(engine, &config.edit, scope, &dataset).map_err(Error::bug)?;
    Ok((compiled, validate::doubted(&config.edit, scope, &dataset)))
}

/// Fields of a dataset that edits among records may put in doubt.
fn doubted_later(config: &Config, name: &str, schema: &Schema) -> BTreeSet<String> {
    let doubted = |scope: Scope| {
        let schema = scope::at_hand(schema, scope);
        let dataset =
            validate::EditedDataset { name, form: config.form.get(name), schema: &schema, whole: &schema, tables: &TableSchemas::new() };
        validate::doubted(&config.edit, scope, &dataset)
    };
    [Scope::Population, Scope::History].into_iter().flat_map(doubted).collect()
}

/// Field and record edits, datasets side by side.
///
/// With a cache, what was said of a dataset whose files are unchanged is read instead.
pub async fn judge_records(config: &Config, engine: &Engine, loaded: &mut Loaded, cache: Option<&Arc<Cache>>) -> Result<Judgement, Error> {
    let mut tasks = Vec::new();
    for (name, dataset) in &loaded.forms {
        let mut edits = Vec::new();
        let mut whys = doubted_later(config, name, dataset.schema());
        for scope in [Scope::Field, Scope::Record] {
            let (compiled, doubted) = compile(config, engine, name, dataset.schema(), &TableSchemas::new(), scope)?;
            edits.extend(compiled);
            whys.extend(doubted);
        }
        engine.know(&format!("stated_{name}"), dataset.clone())?;
        let recall = cache.map(|cache| Recall::of(cache, config, loaded, name));
        let (engine, name, dataset) = (engine.clone(), name.clone(), dataset.clone());
        // Nothing of it waits: it is a thread's work, as the plans of other datasets are.
        tasks.push(tokio::task::spawn_blocking(move || {
            if let Some(found) = recall.as_ref().and_then(|r| r.get(&name, &edits)) {
                let mut recall = RecordRecall::new(&name, dataset.schema(), &edits, &whys, &found.findings);
                let accepted = engine.map(&name, &dataset, recall.schema(), |batch| recall.recall(&batch))?;
                return Ok::<_, Error>((name, accepted.schema().clone(), found));
            }
            let mut judge = RecordJudge::new(&name, dataset.schema(), &edits, &whys);
            let accepted = engine.map(&name, &dataset, judge.schema(), |batch| judge.judge(&batch))?;
            let found = judge.finish();
            if let Some(recall) = recall {
                recall.keep(&edits, &found)?;
            }
            Ok((name, accepted.schema().clone(), found))
        }));
    }
    let mut judgement = Judgement::default();
    for task in tasks {
        let (name, schema, found) = task.await.map_err(Error::bug)??;
        loaded.schemas.insert(name, schema);
        judgement.absorb(found);
    }
    if loaded.sums.rows() > 0 {
        judge_sums(config, engine, loaded, &mut judgement).await?;
    }
    Ok(judgement)
}

/// Sum rows; one whose column holds an unreadable cell is unjudged and names that cell's finding.
async fn judge_sums(config: &Config, engine: &Engine, loaded: &Loaded, judgement: &mut Judgement) -> Result<(), Error> {
    let schema = loaded.sums.schema();
    let mut edits = Vec::new();
    for scope in [Scope::Field, Scope::Record] {
        edits.extend(compile(config, engine, "sum_rows", schema, &TableSchemas::new(), scope)?.0);
    }
    let nowhere = BTreeSet::new();
    let mut judge = RecordJudge::new("sum_rows", schema, &edits, &nowhere);
    engine.map("sum_rows", &loaded.sums, judge.schema(), |batch| judge.judge(&batch))?;
    let found = judge.finish();
    let (_, open) = engine.query("sum rows", "SELECT record, field FROM sum_rows WHERE stated IS NOT NULL AND computed IS NULL").await?;
    for batch in &open {
        let (records, fields) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let (record, field) = (records.value(row), fields.value(row));
            let in_column = |f: &&Finding| f.record.is_some_and(|r| same_table(r, record)) && f.fields.iter().any(|n| n == field);
            let Some(because) = judgement.findings.iter().filter(|f| f.severity == Severity::Error).find(in_column) else { continue };
            let because = because.code.to_string();
            judgement.unjudged.extend(edits.iter().map(|edit| Unjudged {
                code: edit.code.clone(),
                record,
                field: field.into(),
                because: because.clone(),
            }));
        }
    }
    judgement.absorb(found);
    Ok(())
}

/// The condition that a record is of one of the files chosen: as ranges, since the files of a source stand together.
fn of_files(chosen: impl Iterator<Item = bool>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (file, _) in chosen.enumerate().filter(|(_, chosen)| *chosen) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == file => *last = file,
            _ => ranges.push((file, file)),
        }
    }
    // Ranges of numbers: of a quotient the engine's reckoning with intervals concludes that the number is a constant, and drops
    // the order by it.
    let last_of = |file: usize| file_base(file) + (file_base(1) - 1);
    let within = ranges.iter().map(|(first, last)| format!("record BETWEEN {} AND {}", file_base(*first), last_of(*last)));
    within.reduce(|all, next| format!("{all} OR {next}")).map_or_else(|| "false".to_owned(), |any| format!("({any})"))
}

/// Links every dataset to the registry; without a directory, to the enterprises that the datasets themselves name.
pub async fn link_records(config: &Config, engine: &Engine, loaded: &Loaded) -> Result<(), Error> {
    let Some((directory, form)) = config.directory() else { return Err(Error::bug("no form holds the enterprises")) };
    let directory = Subject { dataset: directory, form };
    let subjects = subjects(config, loaded);
    let sent = loaded.schema(directory.dataset).is_some();
    if !sent {
        engine.derive(directory.dataset, &link::stand_in(&directory, &subjects)).await?;
    }
    let registry = config.registry().map(|(id, _)| id.as_str());
    let is_own = |file: &FileName| !sent || Some(file.source.as_str()) == registry;
    let own = of_files(loaded.places.files.iter().map(is_own));
    let directories = loaded.parts.iter().filter(|(_, parts)| parts.iter().any(|p| p.form == directory.dataset));
    let later: Vec<(usize, u32)> = directories.map(|(file, _)| (*file, loaded.place(*file))).filter(|(_, place)| *place > 0).collect();
    link::register(engine, &directory, &own, &later).await?;
    engine.know("names", loaded.names.clone())?;
    link::link(engine, &subjects, &own).await?;
    Ok(link::set_apart(engine, &subjects, |one, other| loaded.counts(one, other))?)
}

/// The datasets at hand, each with its form, in the order of the forms.
fn subjects<'a>(config: &'a Config, loaded: &Loaded) -> Vec<Subject<'a>> {
    let there = config.form.iter().filter(|(dataset, _)| loaded.schema(dataset).is_some());
    there.map(|(dataset, form)| Subject { dataset, form }).collect()
}

/// Tells of a dataset and an edit over it whether that is judged.
pub type Chosen<'a> = &'a (dyn Fn(&str, &Compiled) -> bool + Sync);

/// Edits among records, then over years.
///
/// In each scope those that withhold come first; what they withhold is nulled in the engine's datasets before any others
/// are judged, so that no edit sees another dataset half withheld. A run judges them all.
pub async fn judge_population(
    config: &Config,
    engine: &Engine,
    loaded: &Loaded,
    judgement: &mut Judgement,
    chosen: Chosen<'_>,
) -> Result<(), Error> {
    let tables = scope::tables(config);
    let read: BTreeSet<String> = validate::tables_read(&config.edit).into_values().flatten().collect();
    for scope in [Scope::Population, Scope::History] {
        let mut withholding = Vec::new();
        let mut asking = Vec::new();
        for (name, schema) in &loaded.schemas {
            let (mut edits, _) = compile(config, engine, name, schema, &tables, scope)?;
            edits.retain(|edit| chosen(name, edit));
            let others = edits.split_off(edits.partition_point(|e| !e.doubts.is_empty()));
            withholding.push((name, edits));
            asking.push((name, others));
        }
        let mut said: BTreeMap<String, Judgement> = BTreeMap::new();
        for part in [withholding, asking] {
            if part.iter().all(|(_, edits)| edits.is_empty()) {
                continue;
            }
            scope::offer(config, engine, loaded, &tables, &read).await?;
            let mut tasks = Vec::new();
            for (name, edits) in part.into_iter().filter(|(_, edits)| !edits.is_empty()) {
                let links = config.form.get(name).map(|form| form.links).unwrap_or_default();
                let about = Judged { name: name.clone(), links, schema: loaded.schemas[name].clone(), scope };
                tasks.push(tokio::spawn(judge_dataset(engine.clone(), about, edits)));
            }
            for task in tasks {
                let (name, edits, found) = task.await.map_err(Error::bug)??;
                withhold(engine, &name, &edits, &found)?;
                said.entry(name).or_default().absorb(found);
            }
        }
        said.into_values().for_each(|found| judgement.absorb(found));
    }
    // Plans give rows in any order.
    judgement.unjudged.sort_by_cached_key(|u| (u.record, u.code.clone(), u.field.clone(), u.because.clone()));
    let catalogue = Catalogue::of(config);
    let told = std::mem::take(&mut judgement.uncomputed).into_iter().map(|code| {
        let seed = Seed::of_file("EDT-001", vec![("edit".into(), code.to_string())]);
        Finding { file: None, ..of_seed(&catalogue, 0, &seed) }
    });
    judgement.findings.extend(told);
    Ok(())
}

/// A dataset that is judged in a scope.
struct Judged {
    name: String,
    links: Links,
    schema: SchemaRef,
    scope: Scope,
}

/// Edits of one scope over one linked dataset, which is put together once for all of them.
async fn judge_dataset(engine: Engine, dataset: Judged, edits: Vec<Compiled>) -> Result<(String, Vec<Compiled>, Judgement), Error> {
    let Judged { name, links, schema, scope } = dataset;
    let needed: BTreeSet<String> = edits.iter().flat_map(Compiled::columns).collect();
    let own: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).filter(|n| n == "record" || needed.contains(n)).collect();
    // Where no edit withholds a field, nothing tells why.
    let nothing = |c: &&String| c.ends_with("_why") && schema.column_with_name(c).is_none();
    let whys: String = needed.iter().filter(nothing).map(|c| format!(", CAST(NULL AS VARCHAR) AS \"{c}\"")).collect();
    let mut base = link::linked(&name, links, &own);
    if !whys.is_empty() {
        base = format!("SELECT *{whys} FROM ({base}) AS l");
    }
    if scope == Scope::History {
        base = format!("SELECT * FROM ({base}) AS h WHERE enterprise IS NOT NULL AND first_record IS NULL");
    }
    let table = format!("linked_{name}");
    let linked = engine.spool(&table, &format!("{base} ORDER BY record")).await?;
    engine.know(&table, linked.clone())?;
    let found = validate::judge_groups(&engine, &format!("SELECT * FROM {table}"), &name, linked.rows(), &edits).await?;
    engine.forget(&table);
    Ok((name, edits, found))
}

/// Nulls what broken edits withhold, and notes the edit in `_why`.
fn withhold(engine: &Engine, name: &str, edits: &[Compiled], found: &Judgement) -> Result<(), Error> {
    let mut fields: BTreeMap<&str, HashMap<i64, &str>> = BTreeMap::new();
    let mut nulled: HashSet<(&str, i64)> = HashSet::new();
    for finding in &found.findings {
        let Some(edit) = edits.iter().find(|e| e.code == finding.code) else { continue };
        let Some(record) = finding.record else { continue };
        for field in &edit.doubts {
            fields.entry(field).or_default().entry(record).or_insert(&finding.code);
        }
        nulled.extend(edit.withholds.iter().map(|f| (f.as_str(), record)));
    }
    if fields.is_empty() {
        return Ok(());
    }
    let dataset = engine.dataset(name);
    let schema = dataset.schema().clone();
    let withheld = |batch: RecordBatch| -> Result<RecordBatch, ArrowError> {
        let records = batch.column(0).as_primitive::<Int64Type>();
        let mut columns = batch.columns().to_vec();
        for (field, withheld) in &fields {
            if !records.values().iter().any(|r| withheld.contains_key(r)) {
                continue;
            }
            let mask: BooleanArray = records.values().iter().map(|r| Some(nulled.contains(&(field, *r)))).collect();
            if let Some((place, _)) = schema.column_with_name(field) {
                columns[place] = nullif(&columns[place], &mask)?;
            }
            if let Some((place, _)) = schema.column_with_name(&format!("{field}_why")) {
                let before = columns[place].as_string::<i32>();
                let after: StringArray = (0..before.len())
                    .map(|row| before.is_valid(row).then(|| before.value(row)).or_else(|| withheld.get(&records.value(row)).copied()))
                    .collect();
                columns[place] = Arc::new(after);
            }
        }
        RecordBatch::try_new(schema.clone(), columns)
    };
    engine.map(name, &dataset, schema.clone(), |batch| withheld(batch).map_err(|e| EngineError::of(name.to_owned(), e)))?;
    Ok(())
}

/// All findings in the order of files, cells and codes, each with its enterprise.
pub async fn findings(config: &Config, engine: &Engine, loaded: &Loaded, judged: Vec<Finding>) -> Result<Vec<Finding>, Error> {
    let catalogue = Catalogue::of(config);
    let mut findings: Vec<Finding> = loaded.seeds.iter().map(|(file, seed)| of_seed(&catalogue, *file, seed)).collect();
    findings.extend(judged);
    let mut wanted: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.enterprise.is_none() && !f.dataset.is_empty() && f.dataset.as_ref() != "sum_rows") {
        wanted.entry(&finding.dataset).or_default().extend(finding.record);
    }
    let mut owners: HashMap<i64, String> = HashMap::new();
    let names: Vec<(String, Vec<i64>)> = wanted.into_iter().map(|(d, r)| (d.to_owned(), r)).collect();
    for (dataset, mut records) in names {
        records.sort_unstable();
        records.dedup();
        let schema = Arc::new(Schema::new(vec![Field::new("record", DataType::Int64, false)]));
        let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(records))])?;
        engine.table("wanted", schema, &[batch])?;
        let sql = format!(
            "SELECT w.record, l.enterprise FROM wanted w JOIN links_{dataset} l ON l.record = w.record
             WHERE l.enterprise IS NOT NULL AND l.number = 1"
        );
        let (_, batches) = engine.query("enterprises of findings", &sql).await?;
        for batch in &batches {
            let (records, enterprises) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
            owners.extend((0..batch.num_rows()).map(|row| (records.value(row), enterprises.value(row).to_owned())));
        }
    }
    for finding in findings.iter_mut().filter(|f| f.enterprise.is_none()) {
        finding.enterprise = finding.record.and_then(|r| owners.get(&r).cloned());
    }
    once_a_place(loaded, &mut findings);
    assign_keys(config, loaded, &mut findings)?;
    findings.sort_by_cached_key(|f| {
        let file = f.record.map_or(f.file.unwrap_or(usize::MAX), |r| Address::of(r).file);
        (file, f.record.unwrap_or(-1), f.code.clone(), f.fields.clone(), f.sheet.clone(), f.cell.clone())
    });
    Ok(findings)
}

/// Keeps one finding an edit and cell: tables side by side (a year each) share the columns that name the enterprise.
fn once_a_place(loaded: &Loaded, findings: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    findings.retain(|f| {
        let Some(record) = f.record.filter(|r| loaded.places.shares_sheet(*r)) else { return true };
        match loaded.places.place(record, &f.fields) {
            Some(place) => seen.insert((f.code.clone(), Address::of(record).file, place.sheet.to_owned(), place.cell)),
            None => true,
        }
    });
}

/// The finding of what a reader says.
pub fn of_seed(catalogue: &Catalogue, file: usize, seed: &Seed) -> Finding {
    Finding {
        code: seed.code.as_str().into(),
        severity: catalogue.get(&seed.code).map_or(Severity::Note, |e| e.severity),
        dataset: "".into(),
        record: None,
        file: Some(file),
        sheet: seed.sheet.clone(),
        cell: match (seed.column, seed.row) {
            (Some(column), Some(row)) => Some(cell::address(column, row)),
            (Some(column), None) => Some(cell::column_letters(column)),
            (None, row) => row.map(|r| r.to_string()),
        },
        fields: Arc::new([]),
        found: seed.found.clone(),
        expected: None,
        args: seed.args.clone(),
        enterprise: None,
        key: FindingKey::default(),
        explained: None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_files;
    use crate::model::place::file_base;

    #[test]
    fn files_that_stand_together_are_one_range() {
        assert_eq!(of_files([true, true, false, true].into_iter()), of_files([true, true, false, true, false].into_iter()));
        let files = |first: usize, last: usize| format!("record BETWEEN {} AND {}", file_base(first), file_base(last) + file_base(1) - 1);
        assert_eq!(of_files([true, true, false, true].into_iter()), format!("({} OR {})", files(0, 1), files(3, 3)));
        assert_eq!(of_files([false].into_iter()), "false");
        assert_eq!(of_files(std::iter::repeat_n(true, 70_000)), format!("({})", files(0, 69_999)));
    }
}
