//! Values that rest on many records of a form, as `[enterprise.<id>]` declares them.
//!
//! Each is a table of the engine, `given_<id>` (enterprise, period, value, why), and a table of the records that it rests on,
//! `given_by_<id>` (enterprise, period, record): provenance is asked of these, not kept beside the values.

use super::datasets::{Datasets, sql_type};
use super::only::{Only, records};
use crate::config::{Config, FormOptions, GivenOptions, Pick, Taken, member};
use crate::engine::expression::Refusal;
use crate::engine::{Engine, EngineError};
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::merged::Given;

/// The reason of a value that records state differently; it is the edit that tells them.
const DIFFERS: &str = "'UNQ-003'";

/// Derives the tables of every value that is declared, and gives its columns of `enterprises` for the years shown.
pub async fn give(engine: &Engine, config: &Config, datasets: &impl Datasets, years: &[i32]) -> Result<Vec<Given>, EngineError> {
    let mut all = Vec::new();
    let by_itself = |given: &GivenOptions| !config.is_counted(given) && !config.is_of_patents(given);
    for (id, options) in config.enterprise.iter().filter(|(_, given)| given.formula.is_none() && by_itself(given)) {
        let (Some(form), Some(taken), Some(kind)) = (config.form.get(&options.from), options.taken(), config.kind_of(options)) else {
            continue;
        };
        let figure = Figure { id, options, form, taken, kind };
        if datasets.schema(&options.from).is_some() {
            let records = figure.records(datasets, years).map_err(|r| r.of(options.only.as_deref().unwrap_or(id)))?;
            engine.derive(&format!("given_by_{id}"), &records).await?;
            engine.derive(&format!("given_{id}"), &figure.values()).await?;
        }
        all.extend(figure.columns(datasets, years));
    }
    Ok(all)
}

/// A declared value.
struct Figure<'a> {
    id: &'a str,
    options: &'a GivenOptions,
    form: &'a FormOptions,
    taken: Taken,
    kind: FieldKind,
}

impl Figure<'_> {
    /// The fields that are read of each record.
    fn fields(&self) -> Vec<String> {
        match &self.taken {
            Taken::Count => Vec::new(),
            Taken::Field(field) | Taken::Latest(field) => vec![field.clone()],
            Taken::Sum(field, range) => match self.form.lists.get(field) {
                None => vec![field.clone()],
                Some(members) => {
                    let (first, last) = range.unwrap_or((1, members.len()));
                    (first..=last).map(|number| member(field, number)).collect()
                }
            },
        }
    }

    /// The type of its values.
    fn sql_type(&self) -> &'static str {
        if self.taken == Taken::Count { "BIGINT" } else { sql_type(self.kind) }
    }

    /// A row for each record that speaks for an enterprise: enterprise, period, record, its value and why it has none. Of
    /// records that contradict each other none has a value.
    fn records(&self, datasets: &impl Datasets, years: &[i32]) -> Result<String, Refusal> {
        let (from, sql_type) = (&self.options.from, self.sql_type());
        let has = |column: &str| datasets.has(from, column);
        let fields = self.fields();
        let value = match &self.taken {
            Taken::Count => "CAST(1 AS BIGINT)".to_owned(),
            _ if fields.iter().any(|field| !has(field)) => format!("CAST(NULL AS {sql_type})"),
            _ => fields.iter().map(|field| format!("t.\"{field}\"")).collect::<Vec<_>>().join(" + "),
        };
        let whys = fields.iter().map(|field| format!("{field}_why")).filter(|why| has(why)).map(|why| format!("t.\"{why}\""));
        let why = whys.chain(["CAST(NULL AS VARCHAR)".to_owned()]).collect::<Vec<_>>().join(", ");
        let stated = self.options.only.as_ref().map(|sql| Only::of(sql, from, datasets, self.form)).transpose()?;
        let (only, rows) = (stated.as_ref().map_or("true", |only| &only.sql), records(from, stated.iter()));
        let base = format!(
            "SELECT l.enterprise, t.period, t.record, CASE WHEN f.record IS NULL THEN {value} END AS value,
                CASE WHEN f.record IS NULL THEN coalesce({why}) ELSE {DIFFERS} END AS why
             FROM {rows} t JOIN (SELECT DISTINCT enterprise, record FROM links_{from} WHERE enterprise IS NOT NULL) AS l ON l.record = t.record
             LEFT JOIN duplicates f ON f.record = t.record WHERE (f.record IS NULL OR f.conflicting) AND ({only})"
        );
        Ok(match self.options.pick {
            None => format!("SELECT * FROM ({base}) AS b ORDER BY enterprise, record"),
            Some(Pick::LatestYear) => format!(
                "SELECT enterprise, period, record, value, why FROM (
                    SELECT *, max(period) OVER (PARTITION BY enterprise) AS latest FROM ({base}) AS b) AS p
                 WHERE period = latest OR latest IS NULL ORDER BY enterprise, record"
            ),
            Some(Pick::LastYear) => {
                let last = years.last().copied().unwrap_or_default();
                format!("SELECT * FROM ({base}) AS b WHERE period = {last} ORDER BY enterprise, record")
            }
        })
    }

    /// A row for each enterprise, and for each period where there is a value for each.
    fn values(&self) -> String {
        let whole = "count(*) = count(value)";
        let value = match self.taken {
            Taken::Field(_) => format!("CASE WHEN {whole} AND min(value) = max(value) THEN min(value) END"),
            Taken::Sum(..) => format!("CASE WHEN {whole} THEN TRY_CAST(sum(value) AS {}) END", self.sql_type()),
            Taken::Latest(_) => "CASE WHEN count(why) = 0 THEN max(CASE WHEN value <= as_of() THEN value END) END".to_owned(),
            Taken::Count => format!("CASE WHEN {whole} THEN sum(value) END"),
        };
        let (period, group) = match self.options.per {
            PeriodKind::Year => ("period", "enterprise, period"),
            PeriodKind::None => ("CAST(NULL AS INT) AS period", "enterprise"),
        };
        format!(
            "SELECT enterprise, {period}, {value} AS value,
                coalesce(min(why), CASE WHEN {whole} AND min(value) <> max(value) AND {single} THEN {DIFFERS} END) AS why
             FROM given_by_{id} GROUP BY {group} ORDER BY {group}",
            single = matches!(self.taken, Taken::Field(_)),
            id = self.id
        )
    }

    /// Its columns of `enterprises`.
    fn columns(&self, datasets: &impl Datasets, years: &[i32]) -> Vec<Given> {
        let there = datasets.schema(&self.options.from).is_some();
        let of = |name: String, year: Option<i32>| Given {
            name,
            id: self.id.to_owned(),
            year,
            fields: self.fields(),
            sql_type: self.sql_type(),
            counts: self.taken == Taken::Count,
            there,
        };
        match self.options.per {
            PeriodKind::None => vec![of(self.id.to_owned(), None)],
            PeriodKind::Year => years.iter().map(|year| of(format!("{}_{year}", self.id), Some(*year))).collect(),
        }
    }
}

/// What a value adds to the plan of enterprises `r`: its join, and its value and reason under its name.
pub fn joined(given: &Given) -> (Option<String>, Vec<String>) {
    let Given { name, id, sql_type, .. } = given;
    if !given.there {
        return (None, vec![format!("CAST(NULL AS {sql_type}) AS \"{name}\""), format!("CAST(NULL AS VARCHAR) AS \"{name}_why\"")]);
    }
    let alias = format!("given_to_{name}");
    let of_year = given.year.map(|year| format!(" WHERE period = {year}")).unwrap_or_default();
    let join =
        format!("LEFT JOIN (SELECT enterprise, value, why FROM given_{id}{of_year}) AS {alias} ON {alias}.enterprise = r.enterprise");
    // Who is in no list has none of it; of a year that nobody lists, nobody knows.
    let value = match (given.counts, given.year) {
        (true, None) => format!("CASE WHEN {alias}.why IS NULL THEN coalesce({alias}.value, 0) END"),
        (true, Some(year)) => format!(
            "CASE WHEN {alias}.why IS NULL AND (SELECT count(*) FROM given_by_{id} b WHERE b.period = {year}) > 0 THEN coalesce({alias}.value, 0) END"
        ),
        (false, _) => format!("{alias}.value"),
    };
    (Some(join), vec![format!("{value} AS \"{name}\""), format!("{alias}.why AS \"{name}_why\"")])
}
