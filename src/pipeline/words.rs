//! Which words columns may hold: those of code lists, and those that stand beside fields.
//!
//! A condition that holds such a column against another word is never what its author meant, so that the columns of trials
//! carry their lists.

use crate::config::{Config, FormOptions};
use crate::engine::expression::WORDS;
use crate::model::field::FieldKind;
use crate::model::raw::CellType;
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use crate::stages::standardize::{PRECISIONS, state};
use datafusion::arrow::datatypes::{Field, Schema};
use std::sync::Arc;

/// The columns of a form's dataset, with their lists of words.
pub fn of_form(config: &Config, form: &FormOptions, columns: &Schema) -> Schema {
    listed(columns, |name| form.field.get(name).map(|_| codes(config, form, name)))
}

/// The columns of enterprises, with their lists of words: what the rules of merging take from forms, and what forms give by
/// declaration.
pub fn of_enterprises(config: &Config, columns: &Schema) -> Schema {
    listed(columns, |name| {
        let (form, field) = EnterpriseColumn::of(config, name)?.sole_field()?;
        Some(config.form.get(form).and_then(|form| codes(config, form, &field)))
    })
}

/// Columns with the words of those fields that `field` knows, each with its own list if it has one.
fn listed(columns: &Schema, field: impl Fn(&str) -> Option<Option<String>>) -> Schema {
    let beside = |column: &str| {
        let ends: [(&str, &[&str]); 3] = [("_state", &state::WORDS), ("_cell", &CellType::WORDS), ("_precision", &PRECISIONS)];
        ends.into_iter().find_map(|(end, words)| {
            field(column.strip_suffix(end)?)?;
            Some(words.join("\n"))
        })
    };
    let with_words = |column: &Arc<Field>| match field(column.name()).flatten().or_else(|| beside(column.name())) {
        Some(words) => Arc::new(column.as_ref().clone().with_metadata([(WORDS.to_owned(), words)].into())),
        None => column.clone(),
    };
    Schema::new(columns.fields().iter().map(with_words).collect::<Vec<_>>())
}

/// The words of a field's code list, each on a line of its own.
fn codes(config: &Config, form: &FormOptions, field: &str) -> Option<String> {
    let field = form.field.get(field).filter(|f| f.kind == FieldKind::Code)?;
    let list = config.codes.get(field.codes.as_deref()?)?;
    Some(list.keys().cloned().collect::<Vec<_>>().join("\n"))
}
