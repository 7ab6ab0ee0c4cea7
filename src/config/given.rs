//! `[enterprise.<id>]`: a value that a form gives to each enterprise.

use crate::model::field::PeriodKind;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[enterprise.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct GivenOptions {
    /// Its name in reports.
    #[validate(length(min = 1))]
    pub label: String,
    /// The unit of a number, as people read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The form that gives it.
    #[validate(length(min = 1))]
    pub from: String,
    /// What of each record: a field, `sum(field)`, `sum(field[1..6])` of a field with many columns, or `count()`.
    #[validate(length(min = 1))]
    pub value: String,
    /// Of records of several years: those of the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    /// `year`: a value for each year shown.
    pub per: PeriodKind,
    /// Left out of the pool's sheets and pages; criteria can name it all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// Which of an enterprise's records speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// Those of the latest year that any of them is of.
    #[serde(rename = "latest year")]
    LatestYear,
}

/// What is taken of each record, and how those of one enterprise become one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A field: one value, or none where records differ.
    Field(String),
    /// The sum of a field over all its columns, or some of them (from 1), and over all records: none if any part is absent.
    Sum(String, Option<(usize, usize)>),
    /// How many records.
    Count,
}

impl GivenOptions {
    /// The form and the field whose values it hands on as they are.
    pub fn sole_field(&self) -> Option<(&str, String)> {
        match self.taken()? {
            Taken::Field(field) => Some((&self.from, field)),
            Taken::Sum(..) | Taken::Count => None,
        }
    }

    /// Reads `value`; none if it is nothing of these.
    pub fn taken(&self) -> Option<Taken> {
        let text: String = self.value.chars().filter(|c| !c.is_whitespace()).collect();
        let is_field = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text == "count()" {
            return Some(Taken::Count);
        }
        let Some(inner) = text.strip_prefix("sum(").and_then(|rest| rest.strip_suffix(')')) else {
            return is_field(&text).then_some(Taken::Field(text));
        };
        let Some((field, range)) = inner.split_once('[') else { return is_field(inner).then(|| Taken::Sum(inner.to_owned(), None)) };
        let (first, last) = range.strip_suffix(']')?.split_once("..")?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (is_field(field) && 1 <= first && first <= last).then(|| Taken::Sum(field.to_owned(), Some((first, last))))
    }
}

/// The field of a column that holds its figure for a year: `revenue` of `revenue_2025` and `revenue_last`.
pub fn field_of(column: &str) -> &str {
    match column.rsplit_once('_') {
        Some((field, year)) if year == "last" || year.parse::<i32>().is_ok() => field,
        _ => column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_read() {
        let taken = |value: &str| GivenOptions { value: value.into(), ..Default::default() }.taken();
        assert_eq!(taken("level"), Some(Taken::Field("level".into())));
        assert_eq!(taken("sum( kwh )"), Some(Taken::Sum("kwh".into(), None)));
        assert_eq!(taken("sum(kwh[7..12])"), Some(Taken::Sum("kwh".into(), Some((7, 12)))));
        assert_eq!(taken("count()"), Some(Taken::Count));
        for wrong in ["", "sum()", "sum(kwh[0..6])", "sum(kwh[6..1])", "sum(kwh[1..])", "a + b", "count(x)", "max(kwh)"] {
            assert_eq!(taken(wrong), None, "{wrong}");
        }
    }
}
