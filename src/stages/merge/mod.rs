//! Merge: one record per enterprise of the registry, every value with its source cell and its period.
//!
//! Takes: `registry`, judged datasets, patents as stated and links in the engine, and the records that do not count (`duplicates`).
//! Gives: `enterprises` and `patent_states` in the engine, the list of columns with their sources ([`Column`]), and conflicts.
//! Which columns there are is declared: `[merge.field]` says by which rule of survivorship one of several sources is chosen,
//! `[enterprise]` what forms give and what is computed.
//! Invariants: figures of one enterprise and year come from one record; what counts twice counts once.

mod conflict;
mod consent;
mod counted;
mod credited;
mod datasets;
mod formula;
mod given;
mod only;
mod patent_fact;
mod patent_state;

pub use conflict::conflicts;

pub use datasets::Datasets;
pub use formula::{formula, with_before};
pub use only::only;

use crate::config::Config;
use crate::engine::{Engine, EngineError, not_in};
use crate::model::field::FieldKind;
use crate::model::merged::{Column, Given, Merged};
use datasets::sql_type;

/// The column of numbers of the directory's records.
pub const DIRECTORY_RECORD: &str = "directory_record";

/// Merges; the result is known to the engine as `enterprises`.
pub async fn merge(engine: &Engine, config: &Config, datasets: &impl Datasets) -> Result<Merged, EngineError> {
    let years = years(config);
    let mut plan = Plan { config, columns: Vec::new(), select: vec!["r.enterprise".into()], joins: Vec::new(), records: Vec::new() };
    plan.directory(datasets);
    plan.stated_fields(datasets);
    if let Some((form, _, right)) = config.rights().filter(|(form, ..)| datasets.schema(form).is_some()) {
        patent_state::patent_states(engine, form, right).await?;
    }
    for (form, options) in &config.form {
        let declared =
            |counted: bool| config.enterprise.iter().filter(move |(_, given)| given.from == *form && config.is_counted(given) == counted);
        plan.counted(form, declared(true), datasets, &years);
        if options.right.is_some() {
            plan.credited(engine, form, declared(false), datasets).await?;
        }
    }
    let given = given::give(engine, config, datasets, &years).await?;
    plan.given(&given, &years);
    let sql = format!("SELECT {} FROM registry r {} ORDER BY r.record", plan.select.join(", "), plan.joins.join(" "));
    engine.derive("enterprises", &sql).await?;
    formula::compute(engine, config, &years)?;
    let merged = Merged { columns: plan.columns, given, records: plan.records, years };
    consent::consent(engine, config, &merged).await?;
    Ok(merged)
}

/// The years shown: the last is the calendar year before the reference date's, whatever returns are at hand, so that no
/// half year and no missing year passes for "last year".
pub fn years(config: &Config) -> Vec<i32> {
    let last = chrono::Datelike::year(&config.as_of) - 1;
    let shown = i32::try_from(config.merge.years).unwrap_or(3);
    (last - shown + 1..=last).collect()
}

struct Plan<'a> {
    config: &'a Config,
    columns: Vec<Column>,
    select: Vec<String>,
    joins: Vec<String>,
    records: Vec<(String, String)>,
}

impl Plan<'_> {
    /// Joins the directory's record, with the code that names the enterprise.
    fn directory(&mut self, datasets: &impl Datasets) {
        let Some((form, options)) = self.config.directory() else { return };
        self.joins.push(format!("LEFT JOIN {form} {} ON {0}.record = r.record", alias_of(self.config, form)));
        self.select.push(format!("r.record AS {DIRECTORY_RECORD}"));
        self.records.push((DIRECTORY_RECORD.to_owned(), form.clone()));
        let code = options.first_of(FieldKind::Uscc).filter(|code| datasets.has(form, code));
        let of = |suffix: &str| {
            code.map_or("CAST(NULL AS VARCHAR)".to_owned(), |code| format!("{}.\"{code}{suffix}\"", alias_of(self.config, form)))
        };
        // A code that fails its check still names the enterprise, so it stays and says which edit it fails.
        let why =
            if code.is_some_and(|code| datasets.has(form, &format!("{code}_why"))) { of("_why") } else { "CAST(NULL AS VARCHAR)".into() };
        self.select.push(format!("{} AS uscc", of("")));
        self.select.push(format!("{why} AS uscc_why"));
        if let Some(code) = code {
            self.columns.push(Column {
                name: "uscc".into(),
                sources: vec![(DIRECTORY_RECORD.into(), code.to_owned())],
                label: label(self.config, form, code),
                year: None,
                kind: FieldKind::Uscc,
            });
        }
    }

    /// Fields that pipeline.toml assigns to sources, and the one counted record of each form that they may come from.
    fn stated_fields(&mut self, datasets: &impl Datasets) {
        let config = self.config;
        for form in sources(config).into_iter().filter(|form| datasets.schema(form).is_some()) {
            let alias = alias_of(config, form);
            self.joins.push(counted_record(form, &alias));
            self.select.push(format!("{alias}.record AS {}", record_of(config, form)));
            self.records.push((record_of(config, form), form.to_owned()));
        }
        for (name, rule) in &config.merge.field {
            let there: Vec<(&str, &str)> = rule.sources().filter(|(form, field)| datasets.has(form, field)).collect();
            let Some((form, field)) = rule.sources().next() else { continue };
            let kind = config.form[form].field[field].kind;
            let column = |form: &str, field: &str| format!("{}.\"{field}\"", alias_of(config, form));
            let values: Vec<String> = there.iter().map(|(form, field)| column(form, field)).collect();
            self.select.push(coalesce(&values, sql_type(kind), name));
            // Why there is no value decides whether a criterion is not met or unjudged.
            let beside = |suffix: &str| -> Vec<String> {
                let columns = there.iter().map(|(form, field)| (form, format!("{field}_{suffix}")));
                columns
                    .filter(|(form, c)| datasets.has(form, c))
                    .map(|(form, c)| format!("CAST({} AS VARCHAR)", column(form, &c)))
                    .collect()
            };
            for suffix in ["state", "why"] {
                self.select.push(coalesce(&beside(suffix), "VARCHAR", &format!("{name}_{suffix}")));
            }
            if !there.is_empty() {
                let sources = there.iter().map(|(form, field)| (record_of(config, form), (*field).to_owned())).collect();
                self.columns.push(Column { name: name.clone(), sources, label: label(config, form, field), year: None, kind });
            }
        }
    }

    /// Values that rest on many records; of those with one for each year the last is known by its own name too.
    fn given(&mut self, given: &[Given], years: &[i32]) {
        for value in given {
            let (join, columns) = given::joined(value);
            self.joins.extend(join);
            self.select.extend(columns);
        }
        let of_last = |given: &&Given| given.year.is_some() && given.year == years.last().copied() && given.name != given.id;
        for value in given.iter().filter(of_last) {
            let last = Given { name: format!("{}_last", value.id), ..value.clone() };
            let (join, columns) = given::joined(&last);
            self.joins.extend(join);
            self.select.extend(columns);
        }
    }
}

/// The forms beside the directory that rules of survivorship name, in the order of the settings.
fn sources(config: &Config) -> Vec<&str> {
    let named = |id: &str| config.merge.field.values().any(|rule| rule.sources().any(|(form, _)| form == id));
    config.form.iter().filter(|(id, form)| !form.registry && named(id)).map(|(id, _)| id.as_str()).collect()
}

/// What stands for a form's records in the plan of enterprises.
fn alias_of(config: &Config, form: &str) -> String {
    let registry = config.form.get(form).is_some_and(|form| form.registry);
    if registry { "d".to_owned() } else { format!("of_{form}") }
}

/// The column of numbers of a form's records.
fn record_of(config: &Config, form: &str) -> String {
    let registry = config.form.get(form).is_some_and(|form| form.registry);
    if registry { DIRECTORY_RECORD.to_owned() } else { format!("{form}_record") }
}

/// Joins each enterprise's one record that counts of a form.
fn counted_record(form: &str, alias: &str) -> String {
    format!(
        "LEFT JOIN (SELECT l.enterprise, n.* FROM {form} n JOIN links_{form} l ON l.record = n.record
            WHERE l.enterprise IS NOT NULL AND {counts}) AS {alias}
         ON {alias}.enterprise = r.enterprise",
        counts = not_in("duplicates", "n.record")
    )
}

fn label(config: &Config, form: &str, field: &str) -> String {
    config.form.get(form).and_then(|f| f.field.get(field)).map_or_else(|| field.to_owned(), |f| f.label.clone())
}

/// The first that is stated, under a name; null of the type where there is none.
fn coalesce(values: &[String], sql_type: &str, name: &str) -> String {
    if values.is_empty() {
        format!("CAST(NULL AS {sql_type}) AS \"{name}\"")
    } else {
        format!("coalesce({}) AS \"{name}\"", values.join(", "))
    }
}

/// The credits of a dataset whose records may be of several enterprises, as `credits_<dataset>`: each record that counts once
/// for each distinct enterprise among its owners.
pub async fn credit(engine: &Engine, dataset: &str) -> Result<(), EngineError> {
    let counted = ["duplicates", "quarantined"].map(|apart| not_in(apart, "l.record")).join(" AND ");
    let sql = format!(
        "SELECT DISTINCT l.enterprise, l.record FROM links_{dataset} l WHERE l.enterprise IS NOT NULL AND {counted} ORDER BY record, enterprise"
    );
    engine.derive(&format!("credits_{dataset}"), &sql).await.map(|_| ())
}
