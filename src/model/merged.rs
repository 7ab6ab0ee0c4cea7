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

/// A column of `enterprises` that a form gives, as the settings declare it.
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
    /// Its label.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// The type of its values in SQL.
    pub sql_type: &'static str,
    /// Whether its form was read.
    pub there: bool,
}

/// What merging gave, beside the dataset.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The columns with sources.
    pub columns: Vec<Column>,
    /// The columns that forms give by declaration.
    pub given: Vec<Given>,
    /// Years shown, oldest first.
    pub years: Vec<i32>,
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
