//! Runs the edits of all scopes in their order, and makes findings of what they and the readers say.

use super::datasets::Loaded;
use crate::config::{Config, Ends, Scope};
use crate::engine::Engine;
use crate::error::Error;
use crate::finding::{Catalogue, Expected, Finding, Judgement, Seed, Severity};
use crate::model::cell;
use crate::stages::merge::Datasets;
use crate::stages::{link, validate};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Field and record edits, one pass a dataset.
pub async fn judge_records(config: &Config, engine: &Engine, loaded: &mut Loaded) -> Result<Judgement, Error> {
    let mut judgement = Judgement::default();
    for (name, dataset) in &mut loaded.forms {
        let form = config.form.get(name);
        let about = validate::Dataset { name, form, schema: &dataset.schema };
        let fields = validate::compile(&config.edit, Scope::Field, &about);
        let records = validate::compile(&config.edit, Scope::Record, &about);
        engine.table(&format!("stated_{name}"), dataset.schema.clone(), dataset.batches.clone())?;
        let (schema, batches, found) =
            validate::judge_records(engine, &format!("stated_{name}"), name, &dataset.schema, &fields, &records).await?;
        engine.table(name, schema.clone(), batches)?;
        dataset.schema = schema;
        judgement.absorb(found);
    }
    if !loaded.sums.batches.is_empty() {
        let about = validate::Dataset { name: "sum_rows", form: None, schema: &loaded.sums.schema };
        let edits = validate::compile(&config.edit, Scope::Record, &about);
        engine.table("sum_rows", loaded.sums.schema.clone(), loaded.sums.batches.clone())?;
        let (_, _, found) = validate::judge_records(engine, "sum_rows", "sum_rows", &loaded.sums.schema, &[], &edits).await?;
        judgement.absorb(found);
    }
    Ok(judgement)
}

/// Links every dataset to the registry; without a directory, to the enterprises that the datasets themselves name.
pub async fn link_records(engine: &Engine, loaded: &Loaded) -> Result<(), Error> {
    engine.table("names", loaded.names.schema.clone(), loaded.names.batches.clone())?;
    let datasets: Vec<(&str, bool)> = ["returns", "needs", "patents"]
        .into_iter()
        .filter(|d| loaded.schema(d).is_some())
        .map(|d| (d, loaded.has(d, "org_code")))
        .collect();
    if loaded.schema("directory").is_none() {
        engine.derive("directory", &link::stand_in(&datasets)).await?;
    }
    Ok(link::link(engine, &datasets).await?)
}

/// Which enterprises records are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Those of the registry.
    Registry,
    /// Those that the files at hand name: what is not linked says nothing.
    OwnRecords,
}

/// Edits among records, then over years; what the latter withhold is nulled in the engine's dataset.
pub async fn judge_population(
    config: &Config,
    engine: &Engine,
    loaded: &mut Loaded,
    judgement: &mut Judgement,
    population: Population,
) -> Result<(), Error> {
    let quarantine = ends(config, Ends::Quarantined);
    register_ends(engine, "quarantined", judgement.findings.iter().filter(|f| quarantine.contains(f.code.as_ref())))?;
    let mut among = Judgement::default();
    for scope in [Scope::Population, Scope::History] {
        for (name, dataset) in &loaded.forms {
            let mut columns: Vec<Arc<Field>> = dataset.schema.fields().iter().cloned().collect();
            columns.extend(link::LINK_COLUMNS.map(|c| Arc::new(Field::new(c, DataType::Utf8, true))));
            let schema = Schema::new(columns);
            let mut edits =
                validate::compile(&config.edit, scope, &validate::Dataset { name, form: config.form.get(name), schema: &schema });
            if population == Population::OwnRecords {
                edits.retain(|e| !link::REGISTRY_COLUMNS.iter().any(|c| e.names(c)));
            }
            if edits.is_empty() {
                continue;
            }
            let (base, rows) = match scope {
                Scope::History => {
                    let base = format!(
                        "SELECT * FROM ({}) AS h WHERE enterprise IS NOT NULL AND record NOT IN (SELECT record FROM duplicates)",
                        link::linked(name)
                    );
                    let (_, counted) = engine.query("rows", &format!("SELECT count(*) FROM ({base}) AS c")).await?;
                    let rows = counted.first().map_or(0, |b| b.column(0).as_primitive::<Int64Type>().value(0).unsigned_abs());
                    (base, rows)
                }
                _ => (link::linked(name), dataset.rows()),
            };
            let found = validate::judge_groups(engine, &base, name, rows, &edits).await?;
            if scope == Scope::History {
                withhold(engine, name, &edits, &found).await?;
            }
            among.absorb(found);
        }
        if scope == Scope::Population {
            let duplicate = ends(config, Ends::Duplicate);
            register_ends(engine, "duplicates", among.findings.iter().filter(|f| duplicate.contains(f.code.as_ref())))?;
        }
    }
    judgement.absorb(among);
    Ok(())
}

fn ends(config: &Config, place: Ends) -> HashSet<&str> {
    config.edit.iter().filter(|(_, e)| e.ends == Some(place)).map(|(code, _)| code.as_str()).collect()
}

/// Makes known that no record ends as a duplicate or in quarantine.
pub fn no_ends(engine: &Engine) -> Result<(), Error> {
    ["duplicates", "quarantined"].into_iter().try_for_each(|name| register_ends(engine, name, std::iter::empty()))
}

/// Makes the records that end in a place known to the engine.
fn register_ends<'a>(engine: &Engine, name: &str, findings: impl Iterator<Item = &'a Finding>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let mut rows: Vec<(i64, Option<i64>, Option<&str>)> = findings
        .filter_map(|f| {
            let first = if let Some(Expected::Record(first)) = f.expected { Some(first) } else { None };
            f.record.map(|record| (record, first, f.enterprise.as_deref()))
        })
        .filter(|(record, ..)| seen.insert(*record))
        .collect();
    rows.sort_unstable();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.0))),
        Arc::new(rows.iter().map(|r| r.1).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|r| r.2).collect::<StringArray>()),
    ];
    let schema = Arc::new(Schema::new(vec![
        Field::new("record", DataType::Int64, false),
        Field::new("first_record", DataType::Int64, true),
        Field::new("enterprise", DataType::Utf8, true),
    ]));
    engine.table(name, schema.clone(), vec![RecordBatch::try_new(schema, columns)?])?;
    Ok(())
}

/// Nulls what broken history edits withhold, and notes the edit in `_why`.
async fn withhold(engine: &Engine, name: &str, edits: &[validate::Compiled], found: &Judgement) -> Result<(), Error> {
    let mut fields: BTreeMap<&str, HashMap<i64, &str>> = BTreeMap::new();
    for finding in &found.findings {
        let Some(edit) = edits.iter().find(|e| e.code == finding.code) else { continue };
        for field in &edit.withholds {
            if let Some(record) = finding.record {
                fields.entry(field).or_default().entry(record).or_insert(&finding.code);
            }
        }
    }
    if fields.is_empty() {
        return Ok(());
    }
    let (schema, batches) = engine.contents(name).await?;
    let batches = batches
        .iter()
        .map(|batch| {
            let records = batch.column(0).as_primitive::<Int64Type>();
            let mut columns = batch.columns().to_vec();
            for (field, withheld) in &fields {
                let mask: BooleanArray = records.values().iter().map(|r| Some(withheld.contains_key(r))).collect();
                if mask.true_count() == 0 {
                    continue;
                }
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
        let sql = format!(
            "SELECT w.record, t.enterprise FROM wanted w JOIN ({}) AS t ON t.record = w.record WHERE t.enterprise IS NOT NULL",
            link::linked(&dataset)
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
    findings.sort_by_cached_key(|f| {
        let file = f.record.map_or(f.file.unwrap_or(usize::MAX), |r| (r >> 40) as usize);
        (file, f.record.unwrap_or(-1), f.code.clone(), f.fields.clone(), f.sheet.clone(), f.cell.clone())
    });
    Ok(findings)
}

fn of_seed(catalogue: &Catalogue, file: usize, seed: &Seed) -> Finding {
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
