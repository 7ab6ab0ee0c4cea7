//! The dataset `dictionary`: of each column of each published dataset its name, type, unit, origin and meaning, from the
//! declarations alone.

use super::cells::Shape;
use super::disclosure::{judges_statistics, reads_statistics};
use super::enterprise_column::{Declared, EnterpriseColumn};
use super::publication::Publication;
use super::tables::{batch, texts};
use crate::config::{Config, FormOptions, GivenOptions, IdentityPart, Links};
use crate::engine::Dataset;
use crate::error::Error;
use crate::finding::find_word;
use crate::model::field::{FieldKind, Role};
use crate::model::words::{Lang, fill};
use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use serde::Serialize;
use std::sync::Arc;

/// Its name.
pub const DICTIONARY: &str = "dictionary";

/// What stands behind a column's name in those beside it.
const BESIDE: [&str; 3] = ["_state", "_raw", "_why"];

/// What begins the names of the columns that a criterion gives.
const OF_CRITERIA: [&str; 5] = ["verdict", "figure", "bound", "margin", "points"];

/// What is said of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DictionaryEntry {
    label: String,
    kind: String,
    unit: String,
    /// What it is to its record.
    role: Option<Role>,
    /// Of what one value speaks.
    grain: String,
    origin: String,
    meaning: String,
    statistics: bool,
}

/// Describes the columns of datasets, and its own.
pub fn dictionary<'a>(p: &Publication<'_>, datasets: impl Iterator<Item = (&'a str, &'a Schema)>) -> Result<Dataset, Error> {
    let config = p.config;
    let lang = config.run.lang;
    let mut rows: Vec<(String, String, DictionaryEntry)> = Vec::new();
    for (dataset, schema) in datasets {
        rows.extend(schema.fields().iter().map(|field| (dataset.to_owned(), field.name().clone(), entry(config, lang, dataset, field))));
    }
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let own = ["dataset", "column", "label", "type", "unit", "role", "grain", "origin", "meaning"].map(text);
    for field in own.iter().chain([&Field::new("statistics", DataType::Boolean, true)]) {
        rows.push((DICTIONARY.to_owned(), field.name().clone(), entry(config, lang, DICTIONARY, field)));
    }
    let column = |of: fn(&DictionaryEntry) -> &String| texts(rows.iter().map(|(_, _, entry)| of(entry)));
    let described = batch(vec![
        ("dataset", texts(rows.iter().map(|(dataset, ..)| dataset))),
        ("column", texts(rows.iter().map(|(_, column, _)| column))),
        ("label", column(|e| &e.label)),
        ("type", column(|e| &e.kind)),
        ("unit", column(|e| &e.unit)),
        ("role", texts(rows.iter().map(|(_, _, entry)| entry.role.map(word_of).unwrap_or_default()))),
        ("grain", column(|e| &e.grain)),
        ("origin", column(|e| &e.origin)),
        ("meaning", column(|e| &e.meaning)),
        ("statistics", Arc::new(rows.iter().map(|(_, _, entry)| Some(entry.statistics)).collect::<BooleanArray>())),
    ])?;
    Ok(p.engine.scratch().dataset(described.schema(), [&described])?)
}

fn entry(config: &Config, lang: Lang, dataset: &str, field: &Field) -> DictionaryEntry {
    let name = field.name();
    let known = match dataset {
        "enterprises" => of_enterprise(config, lang, name),
        _ => config.form.get(dataset).and_then(|form| match name.as_str() {
            // Of records that may be of several enterprises it is the key of the one that a row is for.
            "uscc" if form.links == Links::Holders => Some(own(lang, "credited", name)),
            name => of_form(config, lang, form, name),
        }),
    };
    let mut entry = known.unwrap_or_else(|| own(lang, dataset, name));
    if entry.kind.is_empty() {
        entry.kind = type_of(field.data_type()).to_owned();
    }
    entry
}

/// A column that no declaration gives.
fn own(lang: Lang, dataset: &str, name: &str) -> DictionaryEntry {
    let word = |section: &str| {
        let apart = find_word(lang, &format!("{section}.{dataset}_{name}"));
        apart.or_else(|| find_word(lang, &format!("{section}.{name}"))).unwrap_or_default().to_owned()
    };
    DictionaryEntry {
        label: word("data_column"),
        meaning: word("data_meaning"),
        unit: if name.ends_with("_yuan") { yuan_of(lang).to_owned() } else { word("data_unit") },
        ..DictionaryEntry::default()
    }
}

/// A column that stands beside another: what it says of it.
fn beside(lang: Lang, end: &str, of: DictionaryEntry) -> DictionaryEntry {
    let told = |section: &str| {
        let word = find_word(lang, &format!("{section}.beside{end}")).unwrap_or_default();
        fill(word, |_| Some(of.label.clone())).into_owned()
    };
    DictionaryEntry {
        label: told("data_column"),
        meaning: told("data_meaning"),
        kind: "text".into(),
        unit: String::new(),
        role: None,
        ..of
    }
}

fn of_form(config: &Config, lang: Lang, form: &FormOptions, name: &str) -> Option<DictionaryEntry> {
    if let Some(field) = form.field.get(name) {
        return Some(DictionaryEntry {
            label: field.label.clone(),
            kind: word_of(field.kind),
            role: Some(field.role()),
            grain: form.identity().iter().map(IdentityPart::id).collect::<Vec<_>>().join(", "),
            unit: if field.kind == FieldKind::Amount { yuan_of(lang).to_owned() } else { String::new() },
            origin: form.title.clone(),
            meaning: match &field.meaning {
                Some(meaning) => meaning.get(lang).to_owned(),
                None => words_of(config, field.codes.as_deref()),
            },
            statistics: form.holds_statistics(name),
        });
    }
    let (end, of) = BESIDE.iter().find_map(|end| Some((end, name.strip_suffix(end)?)))?;
    of_form(config, lang, form, of).map(|of| beside(lang, end, of))
}

fn of_enterprise(config: &Config, lang: Lang, name: &str) -> Option<DictionaryEntry> {
    if let Some((section, id)) = name.split_once('_').filter(|(section, _)| OF_CRITERIA.contains(section)) {
        let criterion = config.criterion.get(id)?;
        let told = |key: &str| find_word(lang, &format!("{key}.{section}")).unwrap_or_default();
        return Some(DictionaryEntry {
            label: format!("{} {}", criterion.name.get(lang), told("data_column")),
            // Numbers say by their type what they are.
            kind: if ["verdict", "figure"].contains(&section) { "text".into() } else { String::new() },
            origin: if section == "verdict" { criterion.conditions() } else { criterion.figure.clone() },
            meaning: told("data_meaning").to_owned(),
            statistics: section != "bound" && judges_statistics(config, criterion)
                || section == "verdict" && reads_statistics(config, &criterion.met_sql()),
            grain: IdentityPart::ENTERPRISE.to_owned(),
            ..DictionaryEntry::default()
        });
    }
    let Some(column) = EnterpriseColumn::of(config, name) else {
        let (end, of) = BESIDE.iter().find_map(|end| Some((end, name.strip_suffix(end)?)))?;
        // Of the code the own column; of a value the declaration's.
        let of = of_enterprise(config, lang, of).unwrap_or_else(|| own(lang, "enterprises", of));
        return Some(beside(lang, end, of));
    };
    let label = column.full_label(lang);
    let (unit, kind) = match (column.shape(), column.kind()) {
        // A share is stored as such, so that it has no unit.
        (Shape::Ratio, _) => (String::new(), "share".to_owned()),
        (Shape::Amount, _) => (yuan_of(lang).to_owned(), word_of(FieldKind::Amount)),
        (_, kind) => (column.unit().map(|unit| unit.get(lang).to_owned()).unwrap_or_default(), kind.map(word_of).unwrap_or_default()),
    };
    let codes = column.sole_field().and_then(|(form, field)| config.form.get(form)?.field.get(&field)?.codes.as_deref());
    let grain = [Some(IdentityPart::ENTERPRISE), column.year.map(|_| IdentityPart::YEAR)];
    Some(DictionaryEntry {
        label,
        kind,
        unit,
        role: column.kind().map(FieldKind::role),
        grain: grain.into_iter().flatten().collect::<Vec<_>>().join(", "),
        origin: origin(&column),
        meaning: words_of(config, codes),
        statistics: column.is_statistics(),
    })
}

/// Where the values of a column come from, in the words of the settings.
fn origin(column: &EnterpriseColumn<'_>) -> String {
    match column.declared {
        Declared::Merged(rule) => rule.from.join(", "),
        Declared::Given(GivenOptions { formula: Some(formula), .. }) => formula.clone(),
        Declared::Given(given) => match &given.only {
            Some(only) => format!("{}.{} [{only}]", given.from, given.value),
            None => format!("{}.{}", given.from, given.value),
        },
    }
}

/// The codes of a list with the first spelling of each.
fn words_of(config: &Config, list: Option<&str>) -> String {
    let codes = list.and_then(|list| config.codes.get(list)).into_iter().flatten();
    codes.map(|(code, spellings)| format!("{code}={}", spellings.first().map_or("", String::as_str))).collect::<Vec<_>>().join("; ")
}

fn yuan_of(lang: Lang) -> &'static str {
    find_word(lang, "unit.1").unwrap_or_default()
}

/// The word of a type or role in the settings.
fn word_of(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn type_of(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "flag",
        DataType::Date32 => "date",
        DataType::Int8 | DataType::Int32 | DataType::Int64 => "count",
        DataType::Decimal128(..) => "number",
        _ => "text",
    }
}
