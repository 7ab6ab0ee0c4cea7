//! What an edit names, by its text alone: for those who ask on what its outcomes rest.

use super::compile::{EditedDataset, instances, of_scope, withheld};
use crate::config::{EditOptions, FormOptions};
use crate::engine::expression::{Expression, TableSchemas};
use crate::model::scope::Scope;
use datafusion::arrow::datatypes::Schema;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// An edit over a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The edit's code.
    pub code: String,
    /// Every name in it that may be a column's, in small letters.
    pub columns: BTreeSet<String>,
    /// The tables that its subqueries read.
    pub tables: BTreeSet<String>,
    /// The fields that it withholds or puts in doubt when broken.
    pub doubts: BTreeSet<String>,
    /// Whether all of it could be read; of what could not, anything may be so.
    pub legible: bool,
}

/// The edits among records that judge a dataset of a form with all the columns that it might have.
pub fn named(edits: &IndexMap<String, EditOptions>, name: &str, form: &FormOptions, whole: &Schema) -> Vec<Named> {
    let dataset = EditedDataset { name, form: Some(form), schema: whole, whole, tables: &TableSchemas::new() };
    let scopes = [Scope::Population, Scope::History].into_iter();
    scopes.flat_map(|scope| of_scope(edits, scope, &dataset).map(|(code, edit)| of(code, &edit, &dataset)).collect::<Vec<_>>()).collect()
}

fn of(code: &str, edit: &EditOptions, dataset: &EditedDataset<'_>) -> Named {
    let mut found =
        Named { code: code.to_owned(), columns: BTreeSet::new(), tables: BTreeSet::new(), doubts: BTreeSet::new(), legible: true };
    for (fields, each) in instances(edit, dataset) {
        let texts = [Some(&edit.holds), edit.when.as_ref(), edit.expected.as_ref(), edit.because.as_ref()].into_iter().flatten();
        for sql in texts.chain(edit.with.values()) {
            let bound = each.as_deref().map_or_else(|| sql.clone(), |f| sql.replace("{f}", f));
            match Expression::parse(&bound) {
                Ok(expression) => {
                    found.columns.extend(expression.names().iter().map(|name| name.to_lowercase()));
                    found.tables.extend(expression.tables().iter().cloned());
                }
                Err(_) => found.legible = false,
            }
        }
        found.doubts.extend(withheld(edit, dataset, &fields).1);
        found
            .columns
            .extend(fields.into_iter().chain(edit.reads.iter().cloned()).chain(edit.per.iter().cloned()).map(|f| f.to_lowercase()));
    }
    found
}
