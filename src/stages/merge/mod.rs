//! Merge: one record per enterprise of the registry, every value with its source cell and its period.
//!
//! Takes: `registry`, judged datasets and links in the engine, and the records that do not count (`duplicates`).
//! Gives: `enterprises` in the engine, the list of its columns with their sources ([`Column`]), and conflicts.
//! Survivorship: per field the first source, in the order that pipeline.toml states, that has a value.
//! Invariants: figures of one enterprise and year come from one record; what counts twice counts once.

mod conflict;

pub use conflict::conflicts;

use crate::config::{Config, FieldKind};
use crate::engine::{Engine, EngineError};
use crate::model::merged::{Column, Merged};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Int32Type, Schema};

/// Which datasets are at hand, with their schemas.
pub trait Datasets {
    /// The schema of a dataset, if any file gave it.
    fn schema(&self, dataset: &str) -> Option<&Schema>;

    /// Whether a dataset has a column.
    fn has(&self, dataset: &str, column: &str) -> bool {
        self.schema(dataset).is_some_and(|s| s.column_with_name(column).is_some())
    }
}

/// Figures shown for every year; all others for the last year only.
const EVERY_YEAR: [&str; 2] = ["revenue", "total_profit"];

/// Merges; the result is known to the engine as `enterprises`.
pub async fn merge(engine: &Engine, config: &Config, datasets: &impl Datasets) -> Result<Merged, EngineError> {
    let years = years(engine, config, datasets).await?;
    let mut plan =
        Plan { columns: Vec::new(), select: vec!["r.enterprise".into(), "r.record AS directory_record".into()], joins: Vec::new() };
    plan.joins.push("LEFT JOIN directory d ON d.record = r.record".into());
    plan.select.push("d.uscc".into());
    plan.columns.push(Column {
        name: "uscc".into(),
        sources: vec![("directory_record".into(), "uscc".into())],
        label: label(config, "directory", "uscc"),
        year: None,
        kind: FieldKind::Uscc,
    });
    plan.needs(datasets);
    plan.stated_fields(config, datasets);
    plan.figures(config, datasets, &years);
    plan.patents(datasets);
    let sql = format!("SELECT {} FROM registry r {} ORDER BY r.record", plan.select.join(", "), plan.joins.join(" "));
    engine.derive("enterprises_base", &sql).await?;
    engine.derive("enterprises", &ratios(&years)).await?;
    engine.forget("enterprises_base");
    Ok(Merged { columns: plan.columns, years })
}

/// The latest years up to the reference date of which there are returns.
async fn years(engine: &Engine, config: &Config, datasets: &impl Datasets) -> Result<Vec<i32>, EngineError> {
    let limit = chrono::Datelike::year(&config.as_of);
    let mut last = limit - 1;
    if datasets.schema("returns").is_some() {
        let sql = format!("SELECT max(period) AS last FROM returns WHERE period <= {limit}");
        let (_, batches) = engine.query("years", &sql).await?;
        let found = batches.first().and_then(|b| b.column(0).as_primitive::<Int32Type>().iter().next().flatten());
        last = found.unwrap_or(last);
    }
    let shown = i32::try_from(config.merge.years).unwrap_or(3);
    Ok((last - shown + 1..=last).collect())
}

fn label(config: &Config, form: &str, field: &str) -> String {
    config.form.get(form).and_then(|f| f.field.get(field)).map_or_else(|| field.to_owned(), |f| f.label.clone())
}

struct Plan {
    columns: Vec<Column>,
    select: Vec<String>,
    joins: Vec<String>,
}

impl Plan {
    /// Joins each enterprise's one counted record of financing needs.
    fn needs(&mut self, datasets: &impl Datasets) {
        if datasets.schema("needs").is_none() {
            return;
        }
        self.joins.push(
            "LEFT JOIN (SELECT l.enterprise, n.* FROM needs n JOIN links_needs l ON l.record = n.record
                WHERE l.enterprise IS NOT NULL AND n.record NOT IN (SELECT record FROM duplicates)) AS n
             ON n.enterprise = r.enterprise"
                .into(),
        );
        self.select.push("n.record AS need_record".into());
    }

    /// Fields that pipeline.toml assigns to sources.
    fn stated_fields(&mut self, config: &Config, datasets: &impl Datasets) {
        for (name, rule) in &config.merge.field {
            let mut values = Vec::new();
            let mut sources = Vec::new();
            let mut first: Option<(&str, &str)> = None;
            for (form, field) in rule.from.iter().filter_map(|f| f.split_once('.')) {
                let (alias, record) = if form == "directory" { ("d", "directory_record") } else { ("n", "need_record") };
                if !datasets.has(form, field) {
                    continue;
                }
                first.get_or_insert((form, field));
                values.push(format!("{alias}.\"{field}\""));
                sources.push((record.to_owned(), field.to_owned()));
            }
            let Some((form, field)) = first else {
                let kind = rule
                    .from
                    .first()
                    .and_then(|f| f.split_once('.'))
                    .and_then(|(form, field)| config.form.get(form)?.field.get(field))
                    .map(|f| f.kind);
                self.select.push(format!("CAST(NULL AS {}) AS \"{name}\"", sql_type(kind.unwrap_or_default())));
                continue;
            };
            let kind = config.form[form].field[field].kind;
            self.select.push(format!("coalesce({}) AS \"{name}\"", values.join(", ")));
            if kind == FieldKind::Code {
                // Why there is no value decides whether a criterion is not met or unjudged.
                let states: Vec<String> = values.iter().map(|v| format!("CAST({}_state\" AS VARCHAR)", v.trim_end_matches('"'))).collect();
                self.select.push(format!("coalesce({}) AS \"{name}_state\"", states.join(", ")));
            }
            self.columns.push(Column { name: name.clone(), sources, label: label(config, form, field), year: None, kind });
        }
    }

    /// Figures of returns: some for each year, all for the last.
    fn figures(&mut self, config: &Config, datasets: &impl Datasets, years: &[i32]) {
        let Some(form) = config.form.get("returns") else { return };
        let Some(last) = years.last() else { return };
        let there = datasets.schema("returns").is_some();
        if there {
            for year in years {
                self.joins.push(format!(
                    "LEFT JOIN (SELECT l.enterprise, t.* FROM returns t JOIN links_returns l ON l.record = t.record
                        WHERE l.enterprise IS NOT NULL AND t.period = {year} AND t.record NOT IN (SELECT record FROM duplicates)) AS y{year}
                     ON y{year}.enterprise = r.enterprise"
                ));
                self.select.push(format!("y{year}.record AS return_record_{year}"));
            }
        }
        for (field, options) in form.field.iter().filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number)) {
            let has = datasets.has("returns", field);
            let has_why = datasets.has("returns", &format!("{field}_why"));
            let mut add = |column: String, year: i32| {
                self.select.push(if has {
                    format!("y{year}.\"{field}\" AS \"{column}\"")
                } else {
                    format!("CAST(NULL AS DECIMAL(28,4)) AS \"{column}\"")
                });
                if has {
                    self.columns.push(Column {
                        name: column,
                        sources: vec![(format!("return_record_{year}"), field.clone())],
                        label: options.label.clone(),
                        year: Some(year),
                        kind: options.kind,
                    });
                }
            };
            if EVERY_YEAR.contains(&field.as_str()) {
                years.iter().for_each(|year| add(format!("{field}_{year}"), *year));
                let why = if has_why { format!("y{last}.\"{field}_why\"") } else { "CAST(NULL AS VARCHAR)".into() };
                self.select.push(format!("{why} AS \"{field}_last_why\""));
            } else if has {
                add(field.clone(), *last);
            } else {
                self.select.push(format!("CAST(NULL AS DECIMAL(28,4)) AS \"{field}\""));
            }
        }
    }

    /// Counts of patents; a co-owned patent counts for each of its owners.
    fn patents(&mut self, datasets: &impl Datasets) {
        let names = [
            "patents",
            "inventions",
            "utility_models",
            "designs",
            "patents_in_force",
            "inventions_in_force",
            "patents_free",
            "inventions_free",
            "utility_models_free",
            "patents_pledged",
        ];
        if datasets.schema("patents").is_none() {
            self.select.extend(names.map(|n| format!("CAST(0 AS BIGINT) AS {n}")));
            self.select.push("CAST(NULL AS DATE) AS latest_grant".into());
            return;
        }
        let alive = "p.status = 'in_force' AND (coalesce(p.expires_on, term_end(p.kind, p.filed_on)) >= as_of()) IS NOT FALSE";
        let free = format!("{alive} AND p.pledged IS NOT TRUE");
        let count = |condition: &str, name: &str| format!("count(CASE WHEN {condition} THEN 1 END) AS {name}");
        let aggregates = [
            "count(*) AS patents".to_owned(),
            count("p.kind = 'invention'", "inventions"),
            count("p.kind = 'utility_model'", "utility_models"),
            count("p.kind = 'design'", "designs"),
            count("p.status = 'in_force'", "patents_in_force"),
            count("p.status = 'in_force' AND p.kind = 'invention'", "inventions_in_force"),
            count(&free, "patents_free"),
            count(&format!("{free} AND p.kind = 'invention'"), "inventions_free"),
            count(&format!("{free} AND p.kind = 'utility_model'"), "utility_models_free"),
            count("p.pledged", "patents_pledged"),
            "max(CASE WHEN p.granted_on <= as_of() THEN p.granted_on END) AS latest_grant".to_owned(),
        ];
        self.joins.push(format!(
            "LEFT JOIN (SELECT c.enterprise, {} FROM credits c JOIN patents p ON p.record = c.record GROUP BY c.enterprise) AS c
             ON c.enterprise = r.enterprise",
            aggregates.join(", ")
        ));
        self.select.extend(names.map(|n| format!("coalesce(c.{n}, 0) AS {n}")));
        self.select.push("c.latest_grant".into());
    }
}

fn sql_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Amount | FieldKind::Number => "DECIMAL(28,4)",
        FieldKind::Date => "DATE",
        FieldKind::Flag => "BOOLEAN",
        FieldKind::Year => "INT",
        _ => "VARCHAR",
    }
}

/// Growth, margin and debt ratio of the last year, rounded to four places half away from zero.
fn ratios(years: &[i32]) -> String {
    let last = years.last().copied().unwrap_or_default();
    let before = last - 1;
    let ratio = |over: &str, under: &str| {
        // Amounts stay below 10^20 at scale 4; with ten more places the quotient still fits 38 digits.
        format!("CASE WHEN {under} > 0 THEN CAST(round(CAST({over} AS DECIMAL(38,10)) / {under}, 4) AS DECIMAL(18,4)) END")
    };
    let (revenue, profit) = (format!("revenue_{last}"), format!("total_profit_{last}"));
    let growth = if years.contains(&before) {
        ratio(&format!("({revenue} - revenue_{before})"), &format!("revenue_{before}"))
    } else {
        "CAST(NULL AS DECIMAL(18,4))".into()
    };
    format!(
        "SELECT *, {revenue} AS revenue_last, {profit} AS total_profit_last, {growth} AS revenue_growth, {} AS profit_margin, {} AS debt_ratio FROM enterprises_base",
        ratio(&profit, &revenue),
        ratio("total_liabilities", "total_assets")
    )
}

/// The credits of patents: each counted patent once for each distinct enterprise among its owners.
pub const CREDITS: &str = "SELECT DISTINCT enterprise, record FROM links_patents
    WHERE enterprise IS NOT NULL AND record NOT IN (SELECT record FROM duplicates)";
