//! From an edit as written to the SQL of its instances over the columns at hand.

use crate::config::{EditOptions, FieldKind, FormOptions, Scope, Withholds};
use crate::finding::Severity;
use datafusion::arrow::datatypes::Schema;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is known of a dataset when its edits are compiled.
pub struct Dataset<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its form; `sum_rows` has none.
    pub form: Option<&'a FormOptions>,
    /// Its columns.
    pub schema: &'a Schema,
}

/// One edit over one choice of fields.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The edit's code.
    pub code: Arc<str>,
    /// Its severity.
    pub severity: Severity,
    /// Fields judged; the first is the finding's place.
    pub fields: Arc<[String]>,
    /// Fields whose absence makes it unjudged.
    pub operands: Vec<String>,
    /// Three-valued SQL.
    pub holds: String,
    /// SQL of what was expected.
    pub expected: Option<String>,
    /// Columns by which to group, and the aggregates over a group.
    pub groups: Option<(Vec<String>, IndexMap<String, String>)>,
    /// Fields that it withholds when broken.
    pub withholds: Vec<String>,
    /// Fields whose text the message shows.
    pub shown: Vec<String>,
    /// The columns that hold those texts: as stored where there is such a column.
    pub shown_columns: Vec<String>,
    /// False if a column that it needs is in no table: then every record is unjudged.
    pub possible: bool,
}

impl Compiled {
    /// Whether its condition or its expectation names a column.
    pub fn names(&self, column: &str) -> bool {
        identifiers(&self.holds).contains(column) || self.expected.as_deref().is_some_and(|e| identifiers(e).contains(column))
    }
}

/// Compiles the edits of a scope for a dataset.
pub fn compile(edits: &IndexMap<String, EditOptions>, scope: Scope, dataset: &Dataset<'_>) -> Vec<Compiled> {
    edits
        .iter()
        .filter(|(_, e)| !e.disabled && e.scope == scope && e.dataset.iter().any(|d| d == dataset.name))
        .flat_map(|(code, edit)| instances(code, edit, dataset))
        .collect()
}

fn instances(code: &str, edit: &EditOptions, dataset: &Dataset<'_>) -> Vec<Compiled> {
    let kind_of = |field: &str| dataset.form.and_then(|f| f.field.get(field)).map(|f| f.kind);
    let present = |field: &str| dataset.schema.column_with_name(field).is_some();
    let once_each: Option<Vec<String>> = if !edit.each.is_empty() {
        let fields = dataset.form.map(|f| f.field.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        Some(fields.into_iter().filter(|f| kind_of(f).is_some_and(|k| edit.each.contains(&k))).collect())
    } else if edit.holds.contains("{f}") {
        Some(edit.fields.iter().filter(|f| kind_of(f).is_some()).cloned().collect())
    } else {
        None
    };
    match once_each {
        Some(fields) => fields.iter().filter(|f| present(f)).map(|f| instance(code, edit, dataset, &[f.clone()], Some(f))).collect(),
        None => vec![instance(code, edit, dataset, &edit.fields, None)],
    }
}

fn instance(code: &str, edit: &EditOptions, dataset: &Dataset<'_>, fields: &[String], each: Option<&str>) -> Compiled {
    let bind = |sql: &str| each.map_or_else(|| sql.to_owned(), |f| sql.replace("{f}", f));
    let condition = bind(&edit.holds);
    let holds = match &edit.when {
        Some(when) => format!("CASE WHEN NOT ({}) THEN true ELSE ({condition}) END", bind(when)),
        None => condition,
    };
    let expected = edit.expected.as_deref().map(bind);
    let present = |field: &String| dataset.schema.column_with_name(field).is_some();
    let all: Vec<String> = fields.iter().chain(&edit.reads).cloned().collect();
    let named = |sql: &str| identifiers(sql);
    let mut used = named(&holds);
    used.extend(edit.with.values().flat_map(|s| named(s)));
    let possible = dataset.form.is_none_or(|form| {
        let columns = form.field.iter().flat_map(|(n, f)| crate::stages::validate::compile::columns(n, f.kind));
        columns.filter(|c| used.contains(c)).all(|c| dataset.schema.column_with_name(&c).is_some())
    });
    let mut shown: Vec<String> = all.clone();
    shown.extend(["uscc", "name"].map(String::from));
    shown.extend(edit.message.zh.split('{').skip(1).filter_map(|s| s.split('}').next()).map(str::to_owned));
    shown.sort();
    shown.dedup();
    shown.retain(present);
    let stored = |f: &String| Some(format!("{f}_raw")).filter(present).unwrap_or_else(|| f.clone());
    let mut shown_columns: Vec<String> = shown.iter().map(stored).collect();
    shown_columns.extend(all.iter().map(|f| format!("{f}_why")).filter(present));
    Compiled {
        shown_columns,
        code: code.into(),
        severity: edit.severity,
        withholds: withheld(edit, dataset, fields).into_iter().filter(|f| present(f)).collect(),
        fields: fields.into(),
        operands: all.into_iter().filter(|f| used.contains(f)).collect(),
        holds,
        expected,
        groups: (!edit.per.is_empty()).then(|| (edit.per.clone(), edit.with.clone())),
        shown,
        possible,
    }
}

/// The column names that a field may have.
fn columns(name: &str, kind: FieldKind) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        FieldKind::Personal => &[],
        FieldKind::Text => &["", "_state"],
        FieldKind::Amount | FieldKind::Number => &["", "_state", "_raw", "_cell", "_unit"],
        FieldKind::Name => &["", "_state", "_raw", "_cell", "_key"],
        _ => &["", "_state", "_raw", "_cell"],
    };
    suffixes.iter().map(|s| format!("{name}{s}")).collect()
}

/// What a broken edit takes out of use: nothing but for errors.
fn withheld(edit: &EditOptions, dataset: &Dataset<'_>, fields: &[String]) -> Vec<String> {
    if edit.severity != Severity::Error {
        return Vec::new();
    }
    match edit.withholds.unwrap_or(Withholds::Values) {
        Withholds::Nothing => Vec::new(),
        Withholds::Values => fields.to_vec(),
        Withholds::First => fields.first().cloned().into_iter().collect(),
        Withholds::Figures => dataset
            .form
            .into_iter()
            .flat_map(|f| &f.field)
            .filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number))
            .map(|(name, _)| name.clone())
            .collect(),
    }
}

/// The words of an SQL text that may be columns.
pub fn identifiers(sql: &str) -> BTreeSet<String> {
    let mut quoted = false;
    let plain: String = sql
        .chars()
        .map(|c| {
            if c == '\'' {
                quoted = !quoted;
            }
            if quoted || !(c.is_ascii_alphanumeric() || c == '_') { ' ' } else { c }
        })
        .collect();
    plain.split_whitespace().filter(|w| !w.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_leave_quoted_words_out() {
        let found = identifiers("abs(a - b_unit) <= 1.5 AND kind <> 'in_force'");
        assert_eq!(found, ["AND", "a", "abs", "b_unit", "kind"].map(String::from).into());
    }
}
