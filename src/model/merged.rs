//! What merging hands on beside its dataset: columns with their sources, and conflicts.

use crate::model::field::FieldKind;

/// A column of `enterprises` and the cell that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Columns that hold the source records, best first, with the field read there.
    pub sources: Vec<(String, String)>,
    /// The label of the field.
    pub label: String,
    /// The year of a figure.
    pub year: Option<i32>,
    /// What it holds.
    pub kind: FieldKind,
}

/// A column of `enterprises` that rests on many records of a form, as the settings declare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// The declaration's id.
    pub id: String,
    /// The year that it is of.
    pub year: Option<i32>,
    /// The fields that it rests on, in each record of `given_by_<id>`.
    pub fields: Vec<String>,
    /// The type of its values in SQL.
    pub sql_type: &'static str,
    /// Whether it is a number of records.
    pub counts: bool,
    /// Whether its form was read.
    pub there: bool,
}

/// What merging gave, beside the dataset.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The columns with one source each.
    pub columns: Vec<Column>,
    /// The columns with many.
    pub given: Vec<Given>,
    /// Columns of numbers of records, each with the form whose they are; the directory's own is the first.
    pub records: Vec<(String, String)>,
    /// Years shown, oldest first.
    pub years: Vec<i32>,
}

impl Merged {
    /// The form whose records a column holds the numbers of.
    pub fn form_of(&self, record: &str) -> Option<&str> {
        self.records.iter().find(|(column, _)| column == record).map(|(_, form)| form.as_str())
    }

    /// The last year shown.
    pub fn last_year(&self) -> i32 {
        self.years.last().copied().unwrap_or_default()
    }
}

/// Two sources that disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The enterprise.
    pub enterprise: String,
    /// The field's label.
    pub field: String,
    /// The record whose value is used, and the field there.
    pub used: (i64, String),
    /// Its text as stored.
    pub used_text: String,
    /// Yuan of one of it, if it is an amount.
    pub used_unit: Option<i64>,
    /// The record whose value is not used, and the field there.
    pub other: (i64, String),
    /// Its text as stored.
    pub other_text: String,
    /// Yuan of one of it, if it is an amount.
    pub other_unit: Option<i64>,
}
