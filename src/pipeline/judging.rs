//! Runs the edits of all scopes in their order, and makes findings of what they and the readers say.

use super::cache::Cache;
use super::datasets::Loaded;
use super::recall::Recall;
use crate::config::{Config, Scope};
use crate::engine::Engine;
use crate::engine::store::{read, write};
use crate::error::Error;
use crate::finding::{Catalogue, Finding, Judgement, Seed, Severity, Unjudged};
use crate::model::cell;
use crate::model::place::file_base;
use crate::stages::link;
use crate::stages::merge::Datasets;
use crate::stages::validate::{self, Compiled};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Field and record edits, one pass a dataset, datasets side by side.
///
/// With a cache, what was said of a dataset whose files are unchanged is read instead.
pub async fn judge_records(config: &Config, engine: &Engine, loaded: &mut Loaded, cache: Option<&Arc<Cache>>) -> Result<Judgement, Error> {
    let mut tasks = Vec::new();
    for (name, dataset) in &loaded.forms {
        let compile = |scope: Scope| {
            let schema =
                if matches!(scope, Scope::Field | Scope::Record) { dataset.schema.as_ref().clone() } else { with_links(&dataset.schema) };
            validate::compile(&config.edit, scope, &validate::Dataset { name, form: config.form.get(name), schema: &schema })
        };
        let edits: Vec<Compiled> = [Scope::Field, Scope::Record].into_iter().flat_map(compile).collect();
        let later = [Scope::Population, Scope::History].into_iter().flat_map(compile);
        let whys = edits.iter().cloned().chain(later).flat_map(|e| e.doubts).collect();
        engine.table(&format!("stated_{name}"), dataset.schema.clone(), dataset.batches.clone())?;
        let recall = cache.map(|c| Recall::of(c, config, loaded, name, "record"));
        let (engine, name, schema, batches) = (engine.clone(), name.clone(), dataset.schema.clone(), dataset.batches.clone());
        tasks.push(tokio::spawn(async move {
            if let Some(found) = recall.as_ref().and_then(|r| r.get(&name, &edits)) {
                let (schema, batches) = validate::recall_records(&schema, &batches, &edits, &whys, &found.findings)?;
                engine.table(&name, schema.clone(), batches)?;
                return Ok::<_, Error>((name, schema, found));
            }
            let (schema, batches, found) =
                validate::judge_records(&engine, &format!("stated_{name}"), &name, &schema, &batches, &edits, &whys).await?;
            engine.table(&name, schema.clone(), batches)?;
            if let Some(recall) = recall {
                recall.keep(&edits, &found)?;
            }
            Ok((name, schema, found))
        }));
    }
    let mut judgement = Judgement::default();
    for task in tasks {
        let (name, schema, found) = task.await.map_err(Error::bug)??;
        if let Some(dataset) = loaded.forms.get_mut(&name) {
            dataset.schema = schema;
        }
        judgement.absorb(found);
    }
    if !loaded.sums.batches.is_empty() {
        judge_sums(config, engine, loaded, &mut judgement).await?;
    }
    Ok(judgement)
}

/// Sum rows; one whose column holds an unreadable cell is unjudged and names that cell's finding.
async fn judge_sums(config: &Config, engine: &Engine, loaded: &Loaded, judgement: &mut Judgement) -> Result<(), Error> {
    let schema = &loaded.sums.schema;
    let edits = validate::compile(&config.edit, Scope::Record, &validate::Dataset { name: "sum_rows", form: None, schema });
    engine.table("sum_rows", schema.clone(), loaded.sums.batches.clone())?;
    let (_, _, found) =
        validate::judge_records(engine, "sum_rows", "sum_rows", schema, &loaded.sums.batches, &edits, &BTreeSet::new()).await?;
    let (_, open) = engine.query("sum rows", "SELECT record, field FROM sum_rows WHERE stated IS NOT NULL AND computed IS NULL").await?;
    for batch in &open {
        let (records, fields) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let (record, field) = (records.value(row), fields.value(row));
            let in_column = |f: &&Finding| f.record.is_some_and(|r| r >> 24 == record >> 24) && f.fields.iter().any(|n| n == field);
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

/// A dataset's columns and those that links add.
pub fn with_links(schema: &Schema) -> Schema {
    let mut columns: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    columns.extend(link::LINK_COLUMNS.map(|c| Arc::new(Field::new(c, DataType::Utf8, true))));
    Schema::new(columns)
}

/// Links every dataset to the registry; without a directory, to the enterprises that the datasets themselves name.
///
/// Links follow from the directory's files and the dataset's own, so with a cache those of unchanged files are read.
pub async fn link_records(config: &Config, engine: &Engine, loaded: &Loaded, cache: Option<&Cache>) -> Result<(), Error> {
    let datasets: Vec<(&str, bool)> = ["directory", "returns", "needs", "patents"]
        .into_iter()
        .filter(|d| loaded.schema(d).is_some())
        .map(|d| (d, loaded.has(d, "org_code")))
        .collect();
    if loaded.schema("directory").is_none() {
        engine.derive("directory", &link::stand_in(&datasets)).await?;
    }
    let registry = config.registry().map(|(id, _)| id.as_str());
    let others =
        loaded.places.files.iter().enumerate().filter(|(_, f)| loaded.schema("directory").is_some() && Some(f.source.as_str()) != registry);
    let others: Vec<String> = others.map(|(ordinal, _)| ordinal.to_string()).collect();
    let own = if others.is_empty() { "true".to_owned() } else { format!("record / {} NOT IN ({})", file_base(1), others.join(", ")) };
    let directories = loaded.parts.iter().filter(|(_, parts)| parts.iter().any(|p| p.form == "directory"));
    let later: Vec<(usize, u32)> = directories.map(|(file, _)| (*file, loaded.place(*file))).filter(|(_, place)| *place > 0).collect();
    link::register(engine, &own, &later).await?;
    let key = |cache: &Cache, dataset: &str| {
        let files = ["directory", dataset].map(|d| loaded.keys.get(d).map_or("", String::as_str));
        cache.key("links", &[config.fingerprint(), &config.as_of.to_string(), &own, files[0], files[1], dataset])
    };
    let mut wanted = Vec::new();
    for (dataset, has_org) in &datasets {
        let kept = cache.and_then(|c| c.get(&key(c, dataset)));
        match kept.map(|folder| read(&folder.join(LINKS))) {
            Some(Ok((schema, batches))) => engine.table(&format!("links_{dataset}"), schema, batches)?,
            _ => wanted.push((*dataset, *has_org)),
        }
    }
    if !wanted.is_empty() {
        let names = loaded.names()?;
        engine.table("names", names.schema, names.batches)?;
        link::link(engine, &wanted, &own).await?;
    }
    if let Some(cache) = cache {
        for (dataset, _) in &wanted {
            let (schema, batches) = engine.contents(&format!("links_{dataset}"));
            let folder = cache.begin()?;
            write(&folder.path().join(LINKS), &schema, &batches)?;
            cache.keep(&key(cache, dataset), folder)?;
        }
    }
    Ok(link::set_apart(engine, &datasets, |one, other| loaded.counts(one, other))?)
}

/// The file of a dataset's links in its entry of the cache.
const LINKS: &str = "links.arrow";

/// Which enterprises records are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Those of the registry.
    Registry,
    /// Those that the files at hand name: what is not linked says nothing.
    OwnRecords,
}

/// Edits among records, then over years.
///
/// In each scope those that withhold come first, and what they withhold is nulled in the engine's dataset before the
/// others are judged.
pub async fn judge_population(
    config: &Config,
    engine: &Engine,
    loaded: &Loaded,
    judgement: &mut Judgement,
    population: Population,
    cache: Option<&Arc<Cache>>,
) -> Result<(), Error> {
    for scope in [Scope::Population, Scope::History] {
        let mut tasks = Vec::new();
        for (name, dataset) in &loaded.forms {
            let schema = with_links(&dataset.schema);
            let mut edits =
                validate::compile(&config.edit, scope, &validate::Dataset { name, form: config.form.get(name), schema: &schema });
            if population == Population::OwnRecords {
                edits.retain(|e| !link::REGISTRY_COLUMNS.iter().any(|c| e.names(c)));
            }
            if !edits.is_empty() {
                let about = (name.clone(), dataset.schema.clone(), dataset.rows());
                let recall =
                    cache.map(|c| Recall::of(c, config, loaded, name, if scope == Scope::History { "history" } else { "population" }));
                tasks.push(tokio::spawn(judge_dataset(engine.clone(), about, scope, edits, recall)));
            }
        }
        for task in tasks {
            judgement.absorb(task.await.map_err(Error::bug)??);
        }
    }
    Ok(())
}

/// The edits of one scope over one linked dataset of so many records.
async fn judge_dataset(
    engine: Engine,
    (name, schema, rows): (String, SchemaRef, u64),
    scope: Scope,
    edits: Vec<Compiled>,
    recall: Option<Recall>,
) -> Result<Judgement, Error> {
    if let Some(found) = recall.as_ref().and_then(|r| r.get(&name, &edits)) {
        withhold(&engine, &name, &edits, &found).await?;
        return Ok(found);
    }
    let needed: BTreeSet<String> = edits.iter().flat_map(Compiled::columns).collect();
    let own: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).filter(|n| n == "record" || needed.contains(n)).collect();
    let (mut base, mut rows) = (link::linked(&name, &own), rows);
    if scope == Scope::History {
        base = format!("SELECT * FROM ({base}) AS h WHERE enterprise IS NOT NULL AND first_record IS NULL");
        let counted = "WHERE number = 1 AND enterprise IS NOT NULL AND record NOT IN (SELECT record FROM duplicates)";
        let (_, counted) = engine.query("rows", &format!("SELECT count(*) FROM links_{name} {counted}")).await?;
        rows = counted.first().map_or(0, |b| b.column(0).as_primitive::<Int64Type>().value(0).unsigned_abs());
    }
    let mut judgement = Judgement::default();
    let (withholding, asking) = edits.split_at(edits.partition_point(|e| !e.doubts.is_empty()));
    for edits in [withholding, asking].into_iter().filter(|e| !e.is_empty()) {
        let found = validate::judge_groups(&engine, &base, &name, rows, edits).await?;
        withhold(&engine, &name, edits, &found).await?;
        judgement.absorb(found);
    }
    if let Some(recall) = recall {
        recall.keep(&edits, &judgement)?;
    }
    Ok(judgement)
}

/// Nulls what broken edits withhold, and notes the edit in `_why`.
async fn withhold(engine: &Engine, name: &str, edits: &[validate::Compiled], found: &Judgement) -> Result<(), Error> {
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
    let (schema, batches) = engine.contents(name);
    let batches = batches
        .iter()
        .map(|batch| {
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
        })
        .collect::<Result<Vec<_>, _>>()?;
    engine.table(name, schema, batches)?;
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
        engine.table("wanted", schema, vec![batch])?;
        let first = if dataset == "patents" { "AND l.number = 1" } else { "" };
        let sql = format!(
            "SELECT w.record, l.enterprise FROM wanted w JOIN links_{dataset} l ON l.record = w.record WHERE l.enterprise IS NOT NULL {first}"
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
    findings.sort_by_cached_key(|f| {
        let file = f.record.map_or(f.file.unwrap_or(usize::MAX), |r| (r >> 40) as usize);
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
            Some(place) => seen.insert((f.code.clone(), record >> 40, place.sheet.to_owned(), place.cell)),
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
    }
}
