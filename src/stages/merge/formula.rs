//! Values that are computed of others of the same enterprise, as `[enterprise.<id>] formula` declares them.
//!
//! A share or number has four decimals, rounded half away from zero; what does not fit says nothing of an enterprise and is
//! left out. Beside each stands why it is absent: the reason of the first part that is.

use crate::config::{Config, YearOf};
use crate::engine::expression::{Computation, Expression, Kind, Reach, Refusal, Surroundings, TableSchemas};
use crate::engine::{Engine, EngineError};
use crate::model::field::FieldKind;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use std::collections::BTreeSet;
use std::sync::Arc;

static NO_TABLES: TableSchemas = TableSchemas::new();

/// Reads a formula over the columns of enterprises that formulas may name.
pub fn formula(engine: &Engine, sql: &str, kind: FieldKind, columns: &Schema) -> Result<Computation, Refusal> {
    let place = Surroundings::new("enterprises", columns, &NO_TABLES, Reach::Row)?;
    let alone = engine.read(sql, &place)?;
    if let Some(is) = Kind::of(&alone.data_type).filter(|kind| *kind != Kind::Number) {
        return Err(Refusal::Unfit { part: sql.to_owned(), value: sql.to_owned(), is, wanted: Kind::Number });
    }
    let whole = if kind == FieldKind::Amount { "DECIMAL(28,4)" } else { "DECIMAL(18,4)" };
    let reading = engine.read(&format!("TRY_CAST(round({}, 4) AS {whole})", alone.expression()), &place)?;
    engine.prepare(&reading, columns).map_err(|e| Refusal::Engine(e.source))
}

/// The columns of enterprises with those of the year before the last: what formulas may name.
pub fn with_before(config: &Config, columns: &Schema, years: &[i32]) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = columns.fields().iter().cloned().collect();
    for (name, last, of) in before(config, columns, years) {
        let like = of.or_else(|| columns.index_of(&last).ok());
        fields.extend(like.map(|place| Arc::new(columns.field(place).clone().with_name(name))));
    }
    Arc::new(Schema::new(fields))
}

/// The names of values of the year before the last, each with that of the last and its place; none where that year is not shown.
fn before(config: &Config, columns: &Schema, years: &[i32]) -> Vec<(String, String, Option<usize>)> {
    let Some(last) = years.last() else { return Vec::new() };
    let ids = config.enterprise.keys().filter(|id| columns.index_of(&format!("{id}_last")).is_ok());
    let both = ids.flat_map(|id| ["", "_why"].map(|end| (id, end)));
    let year = YearOf::Before.calendar(*last);
    let of = |id: &str, end: &str| columns.index_of(&format!("{id}_{year}{end}")).ok();
    both.map(|(id, end)| (format!("{id}_before{end}"), format!("{id}_last{end}"), of(id, end))).collect()
}

/// Puts what is computed beside each enterprise, in the order of the settings: a formula may name one before it.
pub(super) fn compute(engine: &Engine, config: &Config, years: &[i32]) -> Result<(), EngineError> {
    let formulas = || config.enterprise.iter().filter_map(|(id, given)| Some((id, given, given.formula.as_ref()?)));
    if formulas().next().is_none() {
        return Ok(());
    }
    let enterprises = engine.dataset("enterprises");
    let failed = |e: ArrowError| EngineError { what: "formulas".to_owned(), source: Box::new(e.into()) };
    let mut schema = enterprises.schema().clone();
    let mut steps = Vec::new();
    for (id, given, sql) in formulas() {
        let named = with_before(config, &schema, years);
        let computation = formula(engine, sql, given.kind.unwrap_or(FieldKind::Number), &named).map_err(|r| r.of(sql))?;
        let parts = reasons(sql, &named).map_err(|r| r.of(sql))?;
        let data_type = DataType::Decimal128(if given.kind == Some(FieldKind::Amount) { 28 } else { 18 }, 4);
        let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(id, data_type.clone(), true)));
        fields.push(Arc::new(Field::new(format!("{id}_why"), DataType::Utf8, true)));
        schema = Arc::new(Schema::new(fields));
        steps.push((named, computation, parts, data_type, schema.clone()));
    }
    let computed = |mut batch: RecordBatch| {
        for (named, computation, parts, data_type, schema) in &steps {
            let rows = widened(config, &batch, named, years).map_err(failed)?;
            // Where none can ever be computed, the engine gives nulls without a type.
            let value = cast(&computation.over(&rows)?, data_type).map_err(failed)?;
            let why = why(&rows, parts, &value);
            batch = RecordBatch::try_new(schema.clone(), batch.columns().iter().cloned().chain([value, why]).collect()).map_err(failed)?;
        }
        Ok(batch)
    };
    engine.map("enterprises", &enterprises, schema.clone(), computed).map(|_| ())
}

/// The columns that say why a part of a formula is absent.
fn reasons(sql: &str, columns: &Schema) -> Result<Vec<String>, Refusal> {
    let names: BTreeSet<String> = Expression::parse(sql)?.names().iter().map(|name| format!("{name}_why")).collect();
    Ok(columns.fields().iter().map(|f| f.name().clone()).filter(|name| names.contains(name)).collect())
}

/// The first reason of each row whose value is absent.
fn why(rows: &RecordBatch, parts: &[String], value: &ArrayRef) -> ArrayRef {
    let reasons: Vec<&StringArray> = parts.iter().filter_map(|name| rows.column_by_name(name)?.as_string_opt::<i32>()).collect();
    let first = |row: usize| reasons.iter().find(|texts| texts.is_valid(row)).map(|texts| texts.value(row));
    Arc::new((0..rows.num_rows()).map(|row| first(row).filter(|_| value.is_null(row))).collect::<StringArray>())
}

/// The rows with the values of the year before the last.
fn widened(config: &Config, batch: &RecordBatch, named: &SchemaRef, years: &[i32]) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    for (name, _, place) in before(config, batch.schema_ref(), years) {
        let Ok(field) = named.field_with_name(&name) else { continue };
        columns.push(place.map_or_else(|| new_null_array(field.data_type(), batch.num_rows()), |place| batch.column(place).clone()));
    }
    RecordBatch::try_new(named.clone(), columns)
}
