//! Conditions by which only some records of a form speak, as `[enterprise.<id>] only` states them.

use super::datasets::{Datasets, sql_type};
use crate::config::FormOptions;
use crate::engine::Engine;
use crate::engine::expression::{Expression, Reach, Refusal, Surroundings, TableSchemas};
use crate::model::patent_fact::FACTS;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use std::collections::BTreeSet;

static NO_TABLES: TableSchemas = TableSchemas::new();

/// What stands for a record in plans, and may be written before a field and a dot.
pub(super) const ALIAS: &str = "t";

/// What is known of each patent beside what its record states and its facts.
const OF_RIGHTS: [(&str, DataType); 3] = [("state", DataType::Utf8), ("term_end", DataType::Date32), ("owners", DataType::Int64)];

/// All that is known of each patent beside what its record states.
fn known_of_rights() -> impl Iterator<Item = (&'static str, DataType)> {
    let facts =
        FACTS.iter().flat_map(|fact| fact.figure.map(|figure| (figure, DataType::Int64)).into_iter().chain([(fact.state, DataType::Utf8)]));
    OF_RIGHTS.into_iter().chain(facts)
}

/// Reads a condition over the columns that records of a form may have.
pub fn only(engine: &Engine, sql: &str, form: &FormOptions, columns: &Schema) -> Result<(), Refusal> {
    let mut fields: Vec<_> = columns.fields().iter().map(|f| f.as_ref().clone()).collect();
    if form.right.is_some() {
        fields.extend(known_of_rights().map(|(name, data_type)| Field::new(name, data_type, true)));
    }
    engine.read_condition(sql, &Surroundings::new(ALIAS, &Schema::new(fields), &NO_TABLES, Reach::Row)?).map(|_| ())
}

/// A condition as a plan writes it.
pub(super) struct Only {
    /// Its text.
    pub sql: String,
    /// What it names and no file gave, each as null of its type.
    absent: BTreeSet<String>,
    /// Whether it names what is known of patents beside their records.
    of_rights: bool,
}

impl Only {
    /// Reads it over a form's records.
    pub fn of(sql: &str, form: &str, datasets: &impl Datasets, options: &FormOptions) -> Result<Self, Refusal> {
        let expression = Expression::parse(sql)?;
        let of_rights = |name: &str| options.right.is_some() && known_of_rights().any(|(own, _)| own == name);
        let absent = expression.names().iter().filter(|name| !datasets.has(form, name) && !of_rights(name)).map(|name| {
            let kind = options.field.get(name).map(|field| field.kind);
            format!(", CAST(NULL AS {}) AS \"{name}\"", kind.map_or("VARCHAR", sql_type))
        });
        let (absent, of_rights) = (absent.collect(), expression.names().iter().any(|name| of_rights(name)));
        Ok(Self { sql: expression.for_plan(str::to_owned), absent, of_rights })
    }
}

/// A form's records with all that conditions name.
pub(super) fn records<'a>(form: &str, conditions: impl Iterator<Item = &'a Only>) -> String {
    let (mut absent, mut of_rights) = (BTreeSet::new(), false);
    for only in conditions {
        absent.extend(only.absent.iter().map(String::as_str));
        of_rights |= only.of_rights;
    }
    let absent: String = absent.into_iter().collect();
    match of_rights {
        true => {
            let known: String = known_of_rights().map(|(name, _)| format!(", s.{name}")).collect();
            format!("(SELECT n.*{known}{absent} FROM {form} n JOIN patent_states s ON s.record = n.record)")
        }
        false if absent.is_empty() => form.to_owned(),
        false => format!("(SELECT n.*{absent} FROM {form} n)"),
    }
}
