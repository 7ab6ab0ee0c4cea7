//! The keys of a dataset's records, by which sendings of one return are compared.

use crate::config::{Config, FormOptions};
use crate::error::Error;
use crate::ledger::Holding;
use crate::model::field::FieldKind;
use crate::model::record_key::{Amounts, RecordKey};
use crate::model::standing::Loss;
use crate::model::uscc;
use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{Int8Type, Int32Type};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Words of a figure's state if it can be read, and if its cell holds something that cannot.
const STATED: [&str; 2] = ["stated", "zero"];
const UNREADABLE: [&str; 4] = ["unreadable", "no_unit", "error_cell", "too_large"];

/// The fields of a form that hold amounts.
pub fn amount_fields<'a>(config: &'a Config, form: &str) -> Vec<&'a str> {
    let fields = config.form.get(form).into_iter().flat_map(|form| &form.field);
    fields.filter(|(_, field)| field.kind == FieldKind::Amount).map(|(name, _)| name.as_str()).collect()
}

/// The columns that are read for the keys of a form's records.
pub fn key_columns(config: &Config, form: &str) -> Vec<String> {
    let options = config.form.get(form);
    let of_kind = |kind: FieldKind| options.and_then(|form| form.first_of(kind)).map(str::to_owned);
    let own = options.and_then(FormOptions::own_key).map(str::to_owned);
    let name = of_kind(FieldKind::Name).map(|name| format!("{name}_key"));
    let amounts = amount_fields(config, form).into_iter().flat_map(|amount| [amount.to_owned(), format!("{amount}_state")]);
    ["record", "period"].map(str::to_owned).into_iter().chain(own).chain(of_kind(FieldKind::Uscc)).chain(name).chain(amounts).collect()
}

/// The period of each record.
pub fn periods(batch: &RecordBatch) -> Vec<Option<i32>> {
    batch.column(1).as_primitive::<Int32Type>().iter().collect()
}

/// The keys of the records of one period: their own, else code and name of their enterprise; with what they say of amounts.
pub fn keys(form: Option<&FormOptions>, batch: &RecordBatch, period: Option<i32>, amounts: &[&str]) -> Vec<RecordKey> {
    let texts = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
    let of_kind = |kind: FieldKind| form.and_then(|form| form.first_of(kind));
    let number = form.and_then(FormOptions::own_key).and_then(texts);
    let uscc = of_kind(FieldKind::Uscc).and_then(texts);
    let name = of_kind(FieldKind::Name).and_then(|name| texts(&format!("{name}_key")));
    let text = |column: Option<&'_ StringArray>, row: usize| column.filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned());
    let said = said_of_amounts(batch, amounts);
    let key = |row: usize| {
        let key = match text(number, row) {
            Some(number) => RecordKey::of(Some(&number), true, None),
            None => {
                let code = text(uscc, row);
                let code_ok = code.as_deref().is_some_and(|c| uscc::check(c).is_ok());
                RecordKey::of(code.as_deref(), code_ok, text(name, row).as_deref())
            }
        };
        key.saying(said[row])
    };
    periods(batch).into_iter().enumerate().filter(|(_, p)| *p == period).map(|(row, _)| key(row)).collect()
}

/// What each record says of amounts.
pub fn said_of_amounts(batch: &RecordBatch, amounts: &[&str]) -> Vec<Amounts> {
    let mut said = vec![Amounts::default(); batch.num_rows()];
    for (place, field) in amounts.iter().enumerate() {
        let bit = Amounts::bit(place);
        let states = batch.column_by_name(&format!("{field}_state"));
        let states = states.and_then(|c| c.as_dictionary_opt::<Int8Type>()?.downcast_dict::<StringArray>());
        let (Some(values), Some(states)) = (batch.column_by_name(field), states) else { continue };
        for (row, (said, state)) in said.iter_mut().zip(states).enumerate() {
            let of = |set: bool| if set { bit } else { 0 };
            said.stated |= of(state.is_some_and(|s| STATED.contains(&s)));
            said.withheld |= of(state.is_some_and(|s| UNREADABLE.contains(&s)));
            said.used |= of(values.is_valid(row));
        }
    }
    said
}

/// Amounts that enterprises lose when a newer version takes the place of an older.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Missing {
    /// How many enterprises.
    pub enterprises: u64,
    /// The names of the fields.
    pub fields: Vec<String>,
}

/// Losses as people read them: fields that as many enterprises lose are told together, the most first.
pub fn missing(config: &Config, form: &str, losses: &[Loss]) -> Vec<Missing> {
    let names = amount_fields(config, form);
    let label = |name: &str| config.form.get(form).and_then(|f| f.field.get(name)).map(|f| f.label.clone());
    let mut by_count: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for loss in losses.iter().filter(|loss| loss.missing > 0) {
        let label = names.get(loss.field).and_then(|name| label(name));
        by_count.entry(loss.missing).or_default().extend(label);
    }
    by_count.into_iter().rev().map(|(enterprises, fields)| Missing { enterprises, fields }).collect()
}

/// What a dataset holds, by period.
///
/// # Errors
/// A batch cannot be read.
pub fn holdings(config: &Config, form: &str, batches: impl Iterator<Item = Result<RecordBatch, Error>>) -> Result<Vec<Holding>, Error> {
    let amounts = amount_fields(config, form);
    let mut found: BTreeMap<Option<i32>, Vec<RecordKey>> = BTreeMap::new();
    for batch in batches {
        let batch = batch?;
        let mut of_batch: Vec<Option<i32>> = periods(&batch);
        of_batch.sort_unstable();
        of_batch.dedup();
        for period in of_batch {
            found.entry(period).or_default().extend(keys(config.form.get(form), &batch, period, &amounts));
        }
    }
    Ok(found.into_iter().map(|(period, keys)| Holding { form: form.to_owned(), period, keys }).collect())
}
