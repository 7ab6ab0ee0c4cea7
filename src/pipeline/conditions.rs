//! Tries the conditions that a site states before anything is read: a mistake in one is the configuration's, with its
//! line, and not an error of some night's run.
//!
//! Edits and criteria are SQL, so they are tried as they will run: over empty datasets with every column that a form
//! may have, through the same stages.

use super::judging;
use crate::config::{Config, EditOptions, FieldKind, Problem, ProblemKind, Scope, line_of};
use crate::engine::{Engine, EngineError};
use crate::error::Error;
use crate::stages::merge::Datasets;
use crate::stages::standardize::{field_columns, names_schema, sums_schema};
use crate::stages::{link, merge, validate};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Settings of edits and criteria that no condition depends on.
const UNTRIED: [&str; 9] = ["severity", "disabled", "name", "message", "help", "explain", "withholds", "threshold", "statistics"];

/// Characters of the engine's own words that are shown.
const MOST_WORDS: usize = 160;

/// Empty datasets with every column of their forms.
struct Empty(BTreeMap<String, SchemaRef>);

impl Datasets for Empty {
    fn schema(&self, dataset: &str) -> Option<&Schema> {
        self.0.get(dataset).map(AsRef::as_ref)
    }
}

/// Every edit and criterion that the site states and the engine cannot compute; `text` is the site's file.
pub async fn problems(config: &Config, text: &str) -> Vec<Problem> {
    let stated = |section: &str| -> Vec<String> {
        let table = config.site.get(section).and_then(|v| v.as_table());
        table.map(|t| t.keys().cloned().collect()).unwrap_or_default()
    };
    // A site that only changes an edit's severity leaves its condition as it is.
    let about_condition = |section: &str, id: &String| {
        let entry = config.site.get(section).and_then(|s| s.get(id)).and_then(|e| e.as_table());
        entry.is_some_and(|e| e.keys().any(|k| !UNTRIED.contains(&k.as_str())))
    };
    let of = |section: &str| stated(section).into_iter().filter(|id| about_condition(section, id)).collect::<Vec<_>>();
    let (edits, criteria) = (of("edit"), of("criterion"));
    if edits.is_empty() && criteria.is_empty() {
        return Vec::new();
    }
    let engine = Engine::new(config.as_of);
    let edits: Vec<(&String, &EditOptions)> =
        edits.iter().filter_map(|code| config.edit.get_key_value(code)).filter(|(_, e)| !e.disabled).collect();
    let among = !criteria.is_empty() || edits.iter().any(|(_, e)| matches!(e.scope, Scope::Population | Scope::History));
    let mut found = Vec::new();
    match empty_population(config, &engine, among).await {
        Ok(empty) => {
            for (code, edit) in edits {
                if let Err(error) = try_edit(config, &engine, &empty, code, edit).await {
                    found.push(problem(text, &format!("edit.{code}"), &edit.holds, "holds", &error));
                }
            }
            if !criteria.is_empty()
                && let Err(error) = merge::merge(&engine, config, &empty).await
            {
                tracing::warn!(%error, "criteria could not be tried");
                return found;
            }
            for id in criteria {
                let Some(criterion) = config.criterion.get(&id).filter(|c| !c.disabled) else { continue };
                for (key, sql) in [("met", &criterion.met), ("figure", &criterion.figure)] {
                    if let Err(error) = engine.check("enterprises", sql).await {
                        found.push(problem(text, &format!("criterion.{id}"), sql, key, &error));
                    }
                }
            }
        }
        // The built-in settings are proved by tests, so this is a disk or memory problem that the run will meet again.
        Err(error) => tracing::warn!(%error, "conditions could not be tried"),
    }
    found.sort_by_key(|p| p.line);
    found
}

/// Registers empty datasets, and links them if something is to be tried among records.
async fn empty_population(config: &Config, engine: &Engine, among: bool) -> Result<Empty, Error> {
    let mut forms = BTreeMap::new();
    for (id, form) in &config.form {
        let mut fields = vec![Field::new("record", DataType::Int64, false), Field::new("period", DataType::Int32, true)];
        for (name, field) in form.field.iter().filter(|(_, f)| f.kind != FieldKind::Personal) {
            fields.extend(field_columns(name, field.kind));
            fields.push(Field::new(format!("{name}_why"), DataType::Utf8, true));
        }
        let schema = Arc::new(Schema::new(fields));
        engine.table(id, schema.clone(), Vec::new())?;
        forms.insert(id.clone(), schema);
    }
    engine.table("sum_rows", Arc::new(sums_schema()), Vec::new())?;
    engine.table("names", Arc::new(names_schema()), Vec::new())?;
    let empty = Empty(forms);
    if !among {
        return Ok(empty);
    }
    let linked: Vec<(&str, bool)> = ["directory", "returns", "needs", "patents"].map(|d| (d, empty.has(d, "org_code"))).into();
    link::register(engine, "true", &[]).await?;
    link::link(engine, &linked, "true").await?;
    link::set_apart(engine, &linked, i64::min)?;
    engine.derive("credits", merge::CREDITS).await?;
    Ok(empty)
}

async fn try_edit(config: &Config, engine: &Engine, empty: &Empty, code: &str, edit: &EditOptions) -> Result<(), EngineError> {
    let one = [(code.to_owned(), edit.clone())].into_iter().collect();
    let sums = sums_schema();
    for dataset in &edit.dataset {
        let known = if dataset == "sum_rows" { Some(&sums) } else { empty.schema(dataset) };
        let Some(schema) = known else { continue };
        let form = config.form.get(dataset);
        match edit.scope {
            Scope::Field | Scope::Record => {
                let compiled = validate::compile(&one, edit.scope, &validate::Dataset { name: dataset, form, schema });
                validate::judge_records(engine, dataset, dataset, schema, &[], &compiled, &BTreeSet::new()).await?;
            }
            Scope::Population | Scope::History => {
                let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
                let schema = &judging::with_links(schema);
                let compiled = validate::compile(&one, edit.scope, &validate::Dataset { name: dataset, form, schema });
                validate::judge_groups(engine, &link::linked(dataset, &columns), dataset, 0, &compiled).await?;
            }
        }
    }
    Ok(())
}

/// The problem at the line of the condition; at that of its section where the site does not state the condition itself.
fn problem(text: &str, section: &str, sql: &str, key: &str, error: &EngineError) -> Problem {
    let path = format!("{section}.{key}");
    let (path, line) = match line_of(text, &path) {
        Some(line) => (path, line),
        None => (section.to_owned(), line_of(text, section).unwrap_or(0)),
    };
    match error.source.find_root() {
        DataFusionError::SchemaError(reason, _) if let SchemaError::FieldNotFound { field, valid_fields } = reason.as_ref() => Problem {
            line,
            path,
            kind: ProblemKind::UnknownField,
            found: field.name.clone(),
            expected: valid_fields.iter().map(|f| f.name.clone()).filter(|n| !n.contains('_') || !is_beside(n)).collect(),
        },
        other => {
            let words: String = other.strip_backtrace().lines().next().unwrap_or_default().chars().take(MOST_WORDS).collect();
            Problem { line, path, kind: ProblemKind::BadCondition, found: sql.to_owned(), expected: vec![words] }
        }
    }
}

/// Whether a column stands beside a field's own and is seldom meant.
fn is_beside(name: &str) -> bool {
    ["_state", "_raw", "_cell", "_unit", "_key", "_precision", "_why"].iter().any(|end| name.ends_with(end))
}
