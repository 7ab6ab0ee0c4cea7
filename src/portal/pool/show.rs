//! A value as an edition shows it.

use super::columns::{ShownColumn, ShownKind};
use super::data::PoolData;
use super::edition::Edition;
use super::figures::{day, money, percent, yuan};
use crate::finding::{find_word, word};
use crate::model::verdict::Verdict;
use crate::model::words::Lang;
use crate::portal::text::portal;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type};

/// What a cell of a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Value)]
pub struct ShownValue {
    /// What people read; empty where there is no value.
    pub text: String,
    /// The value exactly, for programs: amounts in yuan, shares as fractions, codes of words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// A mark beside the text: the word of a verdict.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub mark: &'static str,
    /// Whether this edition does not show the value; then the text says what it may.
    pub masked: bool,
    /// Of a code or number that stands as stated but broken, the edit that it fails.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fails: String,
}

impl ShownValue {
    /// A text that is its own exact value.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { exact: (!text.is_empty()).then(|| text.clone()), text, ..Self::default() }
    }

    /// A text beside the exact value.
    pub(super) fn exactly(text: impl Into<String>, exact: impl Into<String>) -> Self {
        Self { text: text.into(), exact: Some(exact.into()), ..Self::default() }
    }

    /// What stands in place of a figure that is not shown, and what its criterion says of it.
    pub fn masked(verdict: Option<&str>) -> Self {
        let text = match verdict {
            Some("met") => word(Lang::Zh, "publish.reached"),
            Some("not_met") => word(Lang::Zh, "publish.not_reached"),
            Some("unjudged") => word(Lang::Zh, "publish.unjudged"),
            Some(verdict) => word(Lang::Zh, &format!("verdict.{}", Verdict::of(verdict).id())),
            None => portal("pool_masked"),
        };
        Self { text: text.to_owned(), masked: true, ..Self::default() }
    }

    /// The same, marked with the edit that it fails; as it is for none.
    pub fn failing(self, edit: &str) -> Self {
        Self { fails: if self.text.is_empty() { String::new() } else { edit.to_owned() }, ..self }
    }

    /// A verdict in words.
    pub fn verdict(verdict: &str) -> Self {
        let mark = Verdict::of(verdict).id();
        Self { mark, ..Self::exactly(word(Lang::Zh, &format!("verdict.{mark}")), mark) }
    }
}

impl PoolData {
    /// Whether an edition shows figures of statistics of an enterprise.
    pub fn discloses(&self, edition: Edition, row: usize) -> bool {
        edition == Edition::Closed || self.consented[row]
    }

    /// Whether an edition shows a column's value of an enterprise.
    pub fn shows(&self, edition: Edition, column: &ShownColumn, row: usize) -> bool {
        !column.statistics || self.discloses(edition, row)
    }

    /// A column's value of an enterprise, as an edition shows it.
    pub fn shown(&self, edition: Edition, column: &ShownColumn, row: usize) -> ShownValue {
        if !self.shows(edition, column, row) {
            let verdict = column.criterion.as_deref().map(|c| self.text(&format!("verdict_{c}"), row));
            return ShownValue::masked(verdict);
        }
        match column.kind {
            ShownKind::Conclusion => {
                let (id, mark) = match self.conclusions[row].id() {
                    "pooled" => ("pooled", "met"),
                    "not_pooled" => ("not_pooled", "not_met"),
                    id => (id, "unjudged"),
                };
                ShownValue { mark, ..ShownValue::exactly(portal(&format!("conclusion_{id}")), id) }
            }
            ShownKind::Verdict => ShownValue::verdict(self.text(&column.id, row)),
            _ => {
                let shown = column.index_in(edition).map_or_else(ShownValue::default, |i| value(&self.enterprises, i, column, row));
                if column.kind == ShownKind::Code { shown.failing(self.text(&format!("{}_why", column.id), row)) } else { shown }
            }
        }
    }
}

/// A value of a batch as people read it.
pub fn value(batch: &RecordBatch, index: usize, column: &ShownColumn, row: usize) -> ShownValue {
    let array = batch.column(index);
    if array.is_null(row) {
        return ShownValue::default();
    }
    match array.data_type() {
        DataType::Utf8 if column.kind == ShownKind::Word => {
            let code = array.as_string::<i32>().value(row);
            ShownValue::exactly(column.words.get(code).map_or(code, |(_, word)| word.as_str()), code)
        }
        DataType::Utf8 => ShownValue::plain(array.as_string::<i32>().value(row)),
        DataType::Decimal128(_, 4) => decimal(array.as_primitive::<Decimal128Type>().value(row), column.kind),
        DataType::Int64 => ShownValue::plain(array.as_primitive::<Int64Type>().value(row).to_string()),
        DataType::Int32 => ShownValue::plain(array.as_primitive::<Int32Type>().value(row).to_string()),
        DataType::Date32 => ShownValue::plain(day(array.as_primitive::<Date32Type>().value(row))),
        DataType::Boolean => {
            let id = if array.as_boolean().value(row) { "true" } else { "false" };
            ShownValue::exactly(find_word(Lang::Zh, &format!("value.{id}")).unwrap_or_default(), id)
        }
        _ => ShownValue::default(),
    }
}

fn decimal(value: i128, kind: ShownKind) -> ShownValue {
    let exact = |of: i128| yuan(of).replace(',', "");
    match kind {
        ShownKind::Amount => ShownValue::exactly(money(value), exact(value)),
        ShownKind::Ratio => ShownValue::exactly(percent(value), exact(value)),
        _ => ShownValue::exactly(yuan(value), exact(value)),
    }
}
