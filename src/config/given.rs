//! `[enterprise.<id>]`: a value that each enterprise has, given by a form or computed of others.

use crate::model::field::{FieldKind, PeriodKind};
use crate::model::words::Label;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[enterprise.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct GivenOptions {
    /// Its name in reports.
    pub label: Label,
    /// Its name below the heading of its group, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<Label>,
    /// The heading that it shares in sheets with the columns beside it; `{year}` is the last year shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Label>,
    /// The unit of a number, as people read it; a formula in `%` is a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Label>,
    /// The form that gives it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// What of each record: a field, `sum(field)`, `sum(field[1..6])` of a field with many columns, `latest(field)` or `count()`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// SQL over a record: only those for which it is true speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Of records of several years: those of the latest, or of the last year shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    /// `year`: a value for each year shown.
    pub per: PeriodKind,
    /// Instead of `from` and `value`: SQL over other values of the enterprise; `revenue_last` and `revenue_before` are those of
    /// the last year shown and the one before. Absent if any part is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// What a formula gives: `number` (the rule) or `amount`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<FieldKind>,
    /// A count that sums make sense of, in the row of totals.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adds: bool,
    /// Left out of the pool's sheets and pages, unless `[pool]` names it; criteria can name it all the same.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// Which of an enterprise's records speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// Those of the latest year that any of them is of.
    #[serde(rename = "latest year")]
    LatestYear,
    /// Those of the last year shown, the calendar year before the reference date's.
    #[serde(rename = "last year")]
    LastYear,
}

/// What is taken of each record, and how those of one enterprise become one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A field: one value, or none where records differ.
    Field(String),
    /// The sum of a field over all its columns, or some of them (from 1), and over all records: none if any part is absent.
    Sum(String, Option<(usize, usize)>),
    /// The greatest value of a field that is not after the reference date.
    Latest(String),
    /// How many records.
    Count,
}

impl GivenOptions {
    /// The form and the field whose values it hands on as they are.
    pub fn sole_field(&self) -> Option<(&str, String)> {
        match self.taken()? {
            Taken::Field(field) => Some((&self.from, field)),
            Taken::Sum(..) | Taken::Latest(_) | Taken::Count => None,
        }
    }

    /// Reads `value`; none if it is nothing of these.
    pub fn taken(&self) -> Option<Taken> {
        let text: String = self.value.chars().filter(|c| !c.is_whitespace()).collect();
        let is_field = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text == "count()" {
            return Some(Taken::Count);
        }
        if let Some(field) = text.strip_prefix("latest(").and_then(|rest| rest.strip_suffix(')')) {
            return is_field(field).then(|| Taken::Latest(field.to_owned()));
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

/// The year for which a column holds its declaration's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearOf {
    /// `revenue_2025`
    Calendar(i32),
    /// `revenue_last`
    Last,
    /// `revenue_before`
    Before,
}

impl YearOf {
    /// Reads a column that holds a value for a year: `revenue` and which of `revenue_2025`, `revenue_last`, `revenue_before`.
    pub fn split(column: &str) -> Option<(&str, Self)> {
        let (field, year) = column.rsplit_once('_')?;
        let year = match year {
            "last" => Self::Last,
            "before" => Self::Before,
            year => Self::Calendar(year.parse().ok()?),
        };
        Some((field, year))
    }

    /// The calendar year, where `last` is the last one shown.
    pub fn calendar(self, last: i32) -> i32 {
        match self {
            Self::Calendar(year) => year,
            Self::Last => last,
            Self::Before => last - 1,
        }
    }
}

/// The field of a column that holds its figure for a year: `revenue` of `revenue_2025` and `revenue_last`.
pub fn field_of(column: &str) -> &str {
    YearOf::split(column).map_or(column, |(field, _)| field)
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
        assert_eq!(taken("latest(day)"), Some(Taken::Latest("day".into())));
        assert_eq!(taken("count()"), Some(Taken::Count));
        for wrong in ["", "sum()", "sum(kwh[0..6])", "sum(kwh[6..1])", "sum(kwh[1..])", "a + b", "count(x)", "max(kwh)"] {
            assert_eq!(taken(wrong), None, "{wrong}");
        }
    }
}
