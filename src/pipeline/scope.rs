//! What an edit may name: the columns of its own records, and in scopes among records the datasets that subqueries read.
//!
//! Both are the columns that a form might have, whatever was sent: an edit is right or wrong by its text alone, and what
//! nobody sent is null.

use crate::config::{Config, FormOptions};
use crate::engine::expression::TableSchemas;
use crate::engine::union::{union_schema, widen};
use crate::engine::{Dataset, Engine, EngineError};
use crate::error::Error;
use crate::model::field::FieldKind;
use crate::model::scope::Scope;
use crate::stages::merge::Datasets;
use crate::stages::standardize::field_columns;
use crate::stages::{link, validate};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every column that records of a form may have when edits of a scope are judged.
pub fn columns(form: &FormOptions, scope: Scope) -> Schema {
    match scope {
        Scope::Field | Scope::Record => stated_columns(form, false),
        Scope::Population | Scope::History => at_hand(&own_columns(form), scope).as_ref().clone(),
    }
}

/// Every column that a form's dataset may have once its records are judged.
pub fn own_columns(form: &FormOptions) -> Schema {
    stated_columns(form, true)
}

fn stated_columns(form: &FormOptions, judged: bool) -> Schema {
    let mut fields = vec![Field::new("record", DataType::Int64, false), Field::new("period", DataType::Int32, true)];
    for (name, field) in form.field.iter().filter(|(_, f)| f.kind != FieldKind::Personal) {
        fields.extend(field_columns(name, field.kind));
        fields.extend(judged.then(|| Field::new(format!("{name}_why"), DataType::Utf8, true)));
    }
    Schema::new(fields)
}

/// A dataset's own columns and, among records, those that links add.
pub fn at_hand(schema: &Schema, scope: Scope) -> SchemaRef {
    match scope {
        Scope::Field | Scope::Record => Arc::new(schema.clone()),
        Scope::Population | Scope::History => union_schema([schema, &Schema::new(link::link_columns().to_vec())]),
    }
}

/// What subqueries may name.
pub fn tables(config: &Config) -> TableSchemas {
    config.form.iter().map(|(id, form)| (id.clone(), Arc::new(columns(form, Scope::Population)))).collect()
}

/// Makes the datasets that subqueries read known to the engine, as they stand now.
pub async fn offer(
    config: &Config,
    engine: &Engine,
    datasets: &impl Datasets,
    tables: &TableSchemas,
    read: &BTreeSet<String>,
) -> Result<(), Error> {
    for (name, whole) in tables.iter().filter(|(name, _)| read.contains(*name)) {
        let mut linked = Dataset::empty(whole.clone());
        if datasets.schema(name).is_some() {
            let schema = engine.dataset(name).schema().clone();
            let own: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
            let links = config.form.get(name).map(|form| form.links).unwrap_or_default();
            linked = engine.spool(name, &format!("{} ORDER BY record", link::linked(name, links, &own))).await?;
        }
        let table = validate::whole_table(name);
        engine.map(&table, &linked, whole.clone(), |batch| widen(&batch, whole).map_err(|e| EngineError::of(table.clone(), e)))?;
    }
    Ok(())
}

/// By dataset, the files that what is said of it in scopes among records depends on: its own, the directory's, and those
/// of every dataset that its conditions read, or that theirs read.
pub fn dependencies(config: &Config, dataset: &str) -> BTreeSet<String> {
    let read = validate::tables_read(&config.edit);
    let mut all: BTreeSet<String> = config.directory().map(|(id, _)| id.clone()).into_iter().collect();
    all.insert(dataset.to_owned());
    loop {
        let more: BTreeSet<String> = all.iter().filter_map(|d| read.get(d)).flatten().filter(|d| !all.contains(*d)).cloned().collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}
