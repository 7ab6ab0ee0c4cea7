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
    /// When it is judged.
    pub scope: Scope,
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
    /// SQL of the code that withholds an operand in another record.
    pub because: Option<String>,
    /// Fields that it withholds when broken.
    pub withholds: Vec<String>,
    /// Fields that it puts in doubt when broken: those that it withholds, and keys that it judges, which keep their value.
    pub doubts: Vec<String>,
    /// Fields whose text the message shows.
    pub shown: Vec<String>,
    /// The columns that hold those texts: as stored where there is such a column.
    pub shown_columns: Vec<String>,
    /// False if a column that it needs is in no table: then every record is unjudged.
    pub possible: bool,
}

impl Compiled {
    /// Every column that it may read or show.
    pub fn columns(&self) -> BTreeSet<String> {
        let texts = [Some(&self.holds), self.expected.as_ref(), self.because.as_ref()].into_iter().flatten();
        let groups = self.groups.iter().flat_map(|(per, with)| per.iter().chain(with.values()));
        texts.chain(groups).flat_map(|sql| identifiers(sql)).chain(self.shown_columns.iter().cloned()).collect()
    }

    /// Whether its condition or its expectation names a column.
    pub fn names(&self, column: &str) -> bool {
        identifiers(&self.holds).contains(column) || self.expected.as_deref().is_some_and(|e| identifiers(e).contains(column))
    }
}

/// Compiles the edits of a scope for a dataset, those that withhold first.
pub fn compile(edits: &IndexMap<String, EditOptions>, scope: Scope, dataset: &Dataset<'_>) -> Vec<Compiled> {
    let own = edits.iter().filter(|(_, e)| !e.disabled && e.scope == scope && e.dataset.iter().any(|d| d == dataset.name));
    let mut compiled: Vec<Compiled> = own.flat_map(|(code, edit)| instances(code, edit, dataset)).collect();
    compiled.sort_by_key(|e| e.doubts.is_empty());
    compiled
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
        Some(fields) => {
            fields.iter().filter(|f| present(f)).map(|f| instance(code, edit, dataset, std::slice::from_ref(f), Some(f))).collect()
        }
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
    let (mut withholds, mut doubts) = withheld(edit, dataset, fields);
    withholds.retain(present);
    doubts.retain(present);
    Compiled {
        shown_columns,
        code: code.into(),
        scope: edit.scope,
        severity: edit.severity,
        because: edit.because.clone().filter(|sql| named(sql).iter().filter(|w| w.ends_with("_why")).all(present)),
        withholds,
        doubts,
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

/// What a broken edit takes out of use and what it puts in doubt: nothing but for errors.
///
/// On a key or a period it is the record's figures that go: the key itself still links and tells repetitions.
fn withheld(edit: &EditOptions, dataset: &Dataset<'_>, fields: &[String]) -> (Vec<String>, Vec<String>) {
    let Some(form) = dataset.form.filter(|_| edit.severity == Severity::Error) else { return Default::default() };
    let identifies = |f: &String| form.key.contains(f) || form.field.get(f).is_some_and(|o| o.kind == FieldKind::Year);
    let rule = match edit.withholds {
        Some(Withholds::Nothing) => return Default::default(),
        Some(rule) => rule,
        None if fields.iter().any(identifies) => Withholds::Figures,
        None => Withholds::Values,
    };
    let values: Vec<String> = fields.iter().filter(|f| !identifies(f)).cloned().collect();
    let figures = form.field.iter().filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number));
    let withholds = if rule == Withholds::Values { values } else { figures.map(|(name, _)| name.clone()).collect() };
    let mut doubts = withholds.clone();
    doubts.extend(fields.iter().filter(|f| !withholds.contains(f)).cloned());
    (withholds, doubts)
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
