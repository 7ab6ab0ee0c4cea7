//! A dataset whose records are linked, and the columns by which.

use crate::config::{FormOptions, Links};
use crate::model::field::FieldKind;

/// A dataset whose records find their enterprises, with its form.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name in the engine, which is its form's id.
    pub dataset: &'a str,
    /// Its form.
    pub form: &'a FormOptions,
}

impl Subject<'_> {
    /// How its records find their enterprises.
    pub fn links(&self) -> Links {
        self.form.links
    }

    /// The column of unified codes, as SQL; null where the form has none.
    pub fn code(&self) -> String {
        self.column(FieldKind::Uscc, "")
    }

    /// The column of organisation codes.
    pub fn org(&self) -> String {
        self.column(FieldKind::OrgCode, "")
    }

    /// The column of names.
    pub fn name(&self) -> String {
        self.column(FieldKind::Name, "")
    }

    /// The column of the names' match keys.
    pub fn name_key(&self) -> String {
        self.column(FieldKind::Name, "_key")
    }

    /// The column of lists of names, which are owners or former names.
    pub fn names(&self) -> Option<&str> {
        self.form.first_of(FieldKind::Names)
    }

    fn column(&self, kind: FieldKind, beside: &str) -> String {
        match self.form.first_of(kind) {
            Some(field) => format!("\"{field}{beside}\""),
            None => "CAST(NULL AS VARCHAR)".to_owned(),
        }
    }

    /// A query of what is to be linked, one row a record or owner: `record`, `number`, `uscc`, `org`, `name` and `key`.
    pub fn query(&self) -> String {
        match self.names() {
            Some(owners) if self.links() == Links::Holders => self.owners(owners),
            _ => format!(
                "SELECT record, 1 AS number, {} AS uscc, coalesce({}, {}) AS org, {} AS name, {} AS key FROM {}",
                self.code(),
                self.org(),
                short_code(&self.code()),
                self.name(),
                self.name_key(),
                self.dataset
            ),
        }
    }

    /// The owners of records: the code column speaks for the first of them, and for a record that names none.
    fn owners(&self, field: &str) -> String {
        let (dataset, code, short) = (self.dataset, self.code(), short_code("uscc"));
        format!(
            "SELECT record, number, uscc, {short} AS org, name, key FROM (
                SELECT n.record, n.number, CASE WHEN n.number = 1 THEN p.code END AS uscc, n.name, n.key
                FROM (SELECT * FROM names WHERE field = '{field}') AS n
                JOIN (SELECT record, {code} AS code FROM {dataset}) AS p ON p.record = n.record) AS o
             UNION ALL
             SELECT record, 1 AS number, uscc, {short} AS org, CAST(NULL AS VARCHAR) AS name, CAST(NULL AS VARCHAR) AS key
             FROM (SELECT record, {code} AS uscc FROM {dataset} WHERE \"{field}\" IS NULL) AS s"
        )
    }
}

/// A code of nine characters is an organisation code in the column of unified ones.
fn short_code(column: &str) -> String {
    format!("CASE WHEN length({column}) = 9 THEN {column} END")
}

/// The table of a dataset's links.
pub fn links_of(dataset: &str) -> String {
    format!("links_{dataset}")
}
