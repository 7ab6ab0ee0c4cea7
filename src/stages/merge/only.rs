//! Conditions by which only some records of a form speak, as `[enterprise.<id>] only` states them.

use super::datasets::{Datasets, sql_type};
use crate::config::FormOptions;
use crate::engine::Engine;
use crate::engine::expression::{Expression, Place, Reach, Refusal, Tables};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

static NO_TABLES: Tables = Tables::new();

/// What is known of each patent beside what its record states.
pub const OF_RIGHTS: [(&str, DataType); 2] = [("state", DataType::Utf8), ("term_end", DataType::Date32)];

/// Reads a condition over the columns that records of a form may have.
pub fn only(engine: &Engine, sql: &str, form: &FormOptions, columns: &Schema) -> Result<(), Refusal> {
    let mut fields: Vec<_> = columns.fields().iter().map(|f| f.as_ref().clone()).collect();
    if form.right.is_some() {
        fields.extend(OF_RIGHTS.map(|(name, data_type)| Field::new(name, data_type, true)));
    }
    engine.read_condition(sql, &Place::new("records", &Schema::new(fields), &NO_TABLES, Reach::Row)?).map(|_| ())
}

/// A condition as a plan writes it, and the form's records over which it stands: what no file gave is null there.
pub(super) fn spliced(sql: &str, form: &str, datasets: &impl Datasets, options: &FormOptions) -> Result<(String, String), Refusal> {
    let expression = Expression::parse(sql)?;
    let known = |name: &str| datasets.has(form, name) || options.right.is_some() && OF_RIGHTS.iter().any(|(own, _)| *own == name);
    let absent = expression.names().iter().filter(|name| !known(name)).map(|name| {
        let kind = options.field.get(name).map(|field| field.kind);
        format!(", CAST(NULL AS {}) AS \"{name}\"", kind.map_or("VARCHAR", sql_type))
    });
    let absent: String = absent.collect();
    let records = if absent.is_empty() { form.to_owned() } else { format!("(SELECT n.*{absent} FROM {form} n)") };
    Ok((expression.for_plan(str::to_owned), records))
}
