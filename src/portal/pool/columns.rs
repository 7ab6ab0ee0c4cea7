//! The columns that the pool's table shows, and what each of an enterprise's values means.

use super::edition::Edition;
use crate::config::{Config, CriterionOptions};
use crate::finding::{find_word, word};
use crate::model::patent_state::STATES;
use crate::model::words::Lang;
use crate::portal::text::{portal, say};
use crate::stages::publish::disclosure::{closes_verdict, judged_by, judges_statistics, reads_statistics};
use crate::stages::publish::enterprise_column::{EnterpriseColumn, listed};
use crate::stages::publish::{Shape, Vocabulary, shape_of};
use datafusion::arrow::datatypes::{DataType, Schema};
use std::collections::HashMap;

/// What a column holds, and so how it is shown and ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ColumnKind)]
#[serde(rename_all = "snake_case")]
pub enum ShownKind {
    /// The enterprise's name, which leads to its page.
    Name,
    /// A code, which is text however it looks.
    Code,
    /// Text.
    Text,
    /// A value of a code list.
    Word,
    /// Yuan.
    Amount,
    /// A number without a unit of money.
    Number,
    /// A share.
    Ratio,
    /// A whole number.
    Count,
    /// A day.
    Date,
    /// Yes or no.
    Flag,
    /// The verdict of a criterion.
    Verdict,
    /// What all verdicts come to.
    Conclusion,
}

impl ShownKind {
    /// Whether it stands on the right, digit below digit.
    pub fn is_number(self) -> bool {
        matches!(self, ShownKind::Amount | ShownKind::Number | ShownKind::Ratio | ShownKind::Count)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownColumn {
    /// Its id in queries, which is the name in the dataset.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The unit of its figures, or nothing.
    pub unit: String,
    /// What it holds.
    pub kind: ShownKind,
    /// Whether it shows figures of statistics.
    pub statistics: bool,
    /// The criterion whose figure it is.
    pub criterion: Option<String>,
    /// Its place in the dataset; what is computed here has none.
    pub index: Option<usize>,
    /// Its place in the operator's edition, if that counts otherwise.
    pub open: Option<usize>,
    /// Words of its codes and their order, for a column of codes.
    pub words: HashMap<String, (usize, String)>,
}

impl ShownColumn {
    /// Its place in the dataset as an edition shows it.
    pub fn index_in(&self, edition: Edition) -> Option<usize> {
        self.open.filter(|_| edition == Edition::Operator).or(self.index)
    }
}

/// The columns of the table in their order, as far as the dataset has them.
pub fn columns_of(config: &Config, schema: &Schema, criteria: &[String], years: &[i32]) -> Vec<ShownColumn> {
    let last = years.last().copied().unwrap_or_default();
    let mut ids = shown(config, &config.pool.table, years);
    ids.extend(criteria.iter().map(|c| format!("verdict_{c}")));
    ids.iter().filter_map(|id| column(config, schema, id, last)).collect()
}

/// The columns of a list of `[pool]`, the latest year first.
pub fn shown(config: &Config, list: &[String], years: &[i32]) -> Vec<String> {
    let latest_first: Vec<i32> = years.iter().rev().copied().collect();
    listed(config, list, &latest_first)
}

/// A column of the dataset, or what is computed of it; nothing if there is no such column.
pub fn column(config: &Config, schema: &Schema, id: &str, last_year: i32) -> Option<ShownColumn> {
    let index = schema.index_of(id).ok();
    let kind = match (id, index) {
        ("conclusion", _) => ShownKind::Conclusion,
        ("name", Some(_)) => ShownKind::Name,
        ("uscc", Some(_)) => ShownKind::Code,
        (id, Some(_)) if id.starts_with("verdict_") => ShownKind::Verdict,
        (_, Some(index)) => kind_of(shape_of(config, id), schema.field(index).data_type())?,
        _ => return None,
    };
    // Of a run that did not tell them apart, findings may all rest on statistics.
    let uncounted = id == "findings" && schema.index_of("findings_shown").is_err();
    let statistics = uncounted || is_statistics(config, id, kind);
    Some(ShownColumn {
        id: id.to_owned(),
        label: label(config, id),
        unit: unit(config, id, kind),
        kind,
        statistics,
        criterion: statistics.then(|| judged_by(config, id, last_year)).flatten().map(str::to_owned),
        index,
        open: schema.index_of(&format!("{id}_shown")).ok(),
        words: if kind == ShownKind::Word { words(config, id) } else { HashMap::new() },
    })
}

fn kind_of(shape: Shape, data_type: &DataType) -> Option<ShownKind> {
    Some(match (shape, data_type) {
        (Shape::Word, DataType::Utf8) => ShownKind::Word,
        (_, DataType::Utf8) => ShownKind::Text,
        (Shape::Amount, DataType::Decimal128(..)) => ShownKind::Amount,
        (Shape::Ratio, DataType::Decimal128(..)) => ShownKind::Ratio,
        (_, DataType::Decimal128(..)) => ShownKind::Number,
        (_, DataType::Int64) => ShownKind::Count,
        (_, DataType::Date32) => ShownKind::Date,
        (_, DataType::Boolean) => ShownKind::Flag,
        _ => return None,
    })
}

/// Whether a column shows figures of statistics. Decimals that these settings do not know from elsewhere are taken for
/// some: the run may have had other settings.
fn is_statistics(config: &Config, id: &str, kind: ShownKind) -> bool {
    let of_criterion = |start: &str, closes: fn(&Config, &CriterionOptions) -> bool| {
        let criterion = config.criterion.get(id.strip_prefix(start)?);
        Some(criterion.is_none_or(|criterion| closes(config, criterion)))
    };
    if let Some(closed) = of_criterion("figure_", judges_statistics).or_else(|| of_criterion("verdict_", closes_verdict)) {
        return closed;
    }
    let decimal = matches!(kind, ShownKind::Amount | ShownKind::Number | ShownKind::Ratio);
    reads_statistics(config, id) || decimal && EnterpriseColumn::of(config, id).is_none()
}

/// What people call a column.
pub fn label(config: &Config, id: &str) -> String {
    if let Some(criterion) = id.strip_prefix("verdict_") {
        return config.criterion.get(criterion).map_or_else(|| criterion.to_owned(), |c| c.name.get(Lang::Zh).to_owned());
    }
    if let Some(column) = EnterpriseColumn::of(config, id) {
        return column.full_label(Lang::Zh);
    }
    if let Some(known) = find_word(Lang::Zh, &format!("portal.column_{id}")) {
        return known.to_owned();
    }
    let Some((form, _)) = config.figures() else { return id.to_owned() };
    match id.rsplit_once('_').filter(|(_, y)| y.parse::<i32>().is_ok()) {
        Some((field, year)) => say("portal.of_year", &[field_label(config, form, field), year.to_owned()]),
        None => field_label(config, form, id),
    }
}

/// The name of a form's field.
pub fn field_label(config: &Config, form: &str, field: &str) -> String {
    let own = config.form.get(form).and_then(|f| f.field.get(field)).map(|f| f.label.clone());
    own.or_else(|| find_word(Lang::Zh, &format!("column.{field}")).map(str::to_owned)).unwrap_or_else(|| field.to_owned())
}

fn unit(config: &Config, id: &str, kind: ShownKind) -> String {
    if let Some(stated) = EnterpriseColumn::of(config, id).and_then(|column| column.unit()) {
        return stated.get(Lang::Zh).to_owned();
    }
    let unit = match (id, kind) {
        (_, ShownKind::Amount) => word(Lang::Zh, "unit.10000"),
        ("findings", _) => word(Lang::Zh, "column.unit_item"),
        (_, ShownKind::Count) => portal("unit_piece"),
        _ => "",
    };
    unit.to_owned()
}

/// Words of a column's codes, in the order of the code list.
pub fn words(config: &Config, id: &str) -> HashMap<String, (usize, String)> {
    if id == "state" {
        let word = |state: &str| word(Lang::Zh, &format!("patent_state.{state}")).to_owned();
        return STATES.iter().enumerate().map(|(i, state)| ((*state).to_owned(), (i, word(state)))).collect();
    }
    let Some((form, field)) = EnterpriseColumn::of(config, id).and_then(|column| column.sole_field()) else { return HashMap::new() };
    words_of_field(config, form, &field)
}

/// Words of the codes of a form's field, in the order of the code list.
pub fn words_of_field(config: &Config, form: &str, field: &str) -> HashMap<String, (usize, String)> {
    let list = config.form.get(form).and_then(|f| f.field.get(field)).and_then(|f| f.codes.as_ref()).and_then(|c| config.codes.get(c));
    let vocabulary = Vocabulary::new(config, Lang::Zh);
    list.into_iter().flat_map(|l| l.keys()).enumerate().map(|(i, code)| (code.clone(), (i, vocabulary.word(code).to_owned()))).collect()
}
