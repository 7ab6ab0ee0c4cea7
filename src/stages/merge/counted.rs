//! Values of the one record that counts of a form for an enterprise and year: all of one year come from one record.

use super::Plan;
use super::datasets::{Datasets, sql_type};
use crate::config::{GivenOptions, Taken};
use crate::engine::not_in;
use crate::model::field::PeriodKind;
use crate::model::merged::Column;
use std::collections::BTreeSet;

impl Plan<'_> {
    /// Joins the records of the years shown, and takes what is declared of them: for each year, or for the last.
    pub(super) fn counted<'a>(
        &mut self,
        form: &str,
        declared: impl Iterator<Item = (&'a String, &'a GivenOptions)>,
        datasets: &impl Datasets,
        years: &[i32],
    ) {
        let fields = |given: &GivenOptions| match given.taken() {
            Some(Taken::Field(field)) => Some(field),
            _ => None,
        };
        let declared: Vec<(&String, &GivenOptions, String)> =
            declared.filter_map(|(id, given)| Some((id, given, fields(given)?))).collect();
        let Some(last) = years.last().filter(|_| !declared.is_empty()) else { return };
        let alias = |year: i32| format!("{form}_of_{year}");
        if datasets.schema(form).is_some() {
            // Two values may be of one field.
            let wanted: BTreeSet<String> = declared.iter().flat_map(|(.., field)| [field.clone(), format!("{field}_why")]).collect();
            let wanted: String = wanted.iter().filter(|column| datasets.has(form, column)).map(|c| format!(", t.\"{c}\"")).collect();
            for year in years {
                let alias = alias(*year);
                self.joins.push(format!(
                    "LEFT JOIN (SELECT l.enterprise, t.record{wanted} FROM {form} t JOIN links_{form} l ON l.record = t.record
                        WHERE l.enterprise IS NOT NULL AND t.period = {year} AND {counts}) AS {alias}
                     ON {alias}.enterprise = r.enterprise",
                    counts = not_in("duplicates", "t.record")
                ));
                let record = format!("{form}_record_{year}");
                self.select.push(format!("{alias}.record AS {record}"));
                self.records.push((record, form.to_owned()));
            }
        }
        for (id, given, field) in declared {
            let Some(kind) = self.config.form.get(form).and_then(|f| f.field.get(&field)).map(|f| f.kind) else { continue };
            let of = |column: &str, year: i32, null: &str| {
                if datasets.has(form, column) { format!("{}.\"{column}\"", alias(year)) } else { format!("CAST(NULL AS {null})") }
            };
            let why = format!("{field}_why");
            let mut add = |name: String, year: i32| {
                self.select.push(format!("{} AS \"{name}\"", of(&field, year, sql_type(kind))));
                self.select.push(format!("{} AS \"{name}_why\"", of(&why, year, "VARCHAR")));
                if datasets.has(form, &field) {
                    let sources = vec![(format!("{form}_record_{year}"), field.clone())];
                    self.columns.push(Column { name, sources, label: given.label.0.zh.clone(), year: Some(year), kind });
                }
            };
            if given.per == PeriodKind::Year {
                years.iter().for_each(|year| add(format!("{id}_{year}"), *year));
                self.select.push(format!("{} AS \"{id}_last\"", of(&field, *last, sql_type(kind))));
                self.select.push(format!("{} AS \"{id}_last_why\"", of(&why, *last, "VARCHAR")));
            } else {
                add(id.clone(), *last);
            }
        }
    }
}
