//! Merge: one record per enterprise of the registry, every value with its source cell and its period.
//!
//! Takes: `registry`, judged datasets, patents as stated (`stated_patents`) and links in the engine, and the records that do not count (`duplicates`).
//! Gives: `enterprises` and `patent_states` in the engine, the list of columns with their sources ([`Column`]), and conflicts.
//! Survivorship: per field the first source, in the order that pipeline.toml states, that has a value.
//! Invariants: figures of one enterprise and year come from one record; what counts twice counts once.

mod conflict;
mod datasets;
mod given;
mod patent_state;

pub use conflict::conflicts;
pub use datasets::Datasets;

use crate::config::Config;
use crate::engine::{Engine, EngineError};
use crate::model::field::FieldKind;
use crate::model::merged::{Column, Given, Merged};
use datasets::sql_type;

/// Figures shown for every year; all others for the last year only.
const EVERY_YEAR: [&str; 2] = ["revenue", "total_profit"];

/// Merges; the result is known to the engine as `enterprises`.
pub async fn merge(engine: &Engine, config: &Config, datasets: &impl Datasets) -> Result<Merged, EngineError> {
    let years = years(config);
    let mut plan =
        Plan { columns: Vec::new(), select: vec!["r.enterprise".into(), "r.record AS directory_record".into()], joins: Vec::new() };
    plan.joins.push("LEFT JOIN directory d ON d.record = r.record".into());
    plan.select.push("d.uscc".into());
    // A code that fails its check still names the enterprise, so it stays and says which edit it fails.
    let why = if datasets.has("directory", "uscc_why") { "d.uscc_why" } else { "CAST(NULL AS VARCHAR)" };
    plan.select.push(format!("{why} AS uscc_why"));
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
    if datasets.schema("patents").is_some() {
        patent_state::patent_states(engine).await?;
    }
    plan.patents(datasets);
    let given = given::give(engine, config, datasets, &years).await?;
    plan.given(&given, &years);
    let sql = format!("SELECT {} FROM registry r {} ORDER BY r.record", plan.select.join(", "), plan.joins.join(" "));
    engine.derive("enterprises_base", &sql).await?;
    engine.derive("enterprises", &ratios(&years)).await?;
    engine.forget("enterprises_base");
    Ok(Merged { columns: plan.columns, given, years })
}

/// The years shown: the last is the calendar year before the reference date's, whatever returns are at hand, so that no
/// half year and no missing year passes for "last year".
fn years(config: &Config) -> Vec<i32> {
    let last = chrono::Datelike::year(&config.as_of) - 1;
    let shown = i32::try_from(config.merge.years).unwrap_or(3);
    (last - shown + 1..=last).collect()
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
            let from: Vec<(&str, &str)> = rule.from.iter().filter_map(|f| f.split_once('.')).collect();
            let there: Vec<(&str, &str)> = from.iter().copied().filter(|(form, field)| datasets.has(form, field)).collect();
            let Some((form, field)) = from.first() else { continue };
            let kind = config.form[*form].field[*field].kind;
            let column = |form: &str, field: &str| format!("{}.\"{field}\"", if form == "directory" { "d" } else { "n" });
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
                let record = |form: &str| if form == "directory" { "directory_record" } else { "need_record" };
                let sources = there.iter().map(|(form, field)| (record(form).to_owned(), (*field).to_owned())).collect();
                self.columns.push(Column { name: name.clone(), sources, label: label(config, form, field), year: None, kind });
            }
        }
    }

    /// Figures of returns: some for each year, all for the last.
    fn figures(&mut self, config: &Config, datasets: &impl Datasets, years: &[i32]) {
        let Some(form) = config.form.get("returns") else { return };
        let Some(last) = years.last() else { return };
        let there = datasets.schema("returns").is_some();
        if there {
            let figures = form.field.iter().filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number));
            let columns = figures.flat_map(|(name, _)| [name.clone(), format!("{name}_why")]).filter(|c| datasets.has("returns", c));
            let columns: String = columns.map(|c| format!(", t.\"{c}\"")).collect();
            for year in years {
                self.joins.push(format!(
                    "LEFT JOIN (SELECT l.enterprise, t.record{columns} FROM returns t JOIN links_returns l ON l.record = t.record
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

    /// Values that forms give by declaration; of those with one for each year the last is known by its own name too.
    fn given(&mut self, given: &[Given], years: &[i32]) {
        for value in given {
            let (join, columns) = given::joined(value);
            self.joins.extend(join);
            self.select.extend(columns);
        }
        let of_last = |given: &&Given| given.year.is_some() && given.year == years.last().copied();
        for value in given.iter().filter(of_last) {
            let last = Given { name: format!("{}_last", value.id), ..value.clone() };
            let (join, columns) = given::joined(&last);
            self.joins.extend(join);
            self.select.extend(columns);
        }
    }

    /// Counts of patents; a co-owned patent counts for each of its owners.
    fn patents(&mut self, datasets: &impl Datasets) {
        use patent_state::{IN_FORCE, MAY_BE_FREE};
        let of = |state: &str, kind: &str| format!("s.state = '{state}' AND p.kind = '{kind}'");
        let counts = [
            ("patents", "true".to_owned()),
            ("inventions", "p.kind = 'invention'".to_owned()),
            ("utility_models", "p.kind = 'utility_model'".to_owned()),
            ("designs", "p.kind = 'design'".to_owned()),
            // These four are together what is in force.
            ("patents_in_force", IN_FORCE.to_owned()),
            ("patents_free", "s.state = 'free'".to_owned()),
            ("patents_pledged", "s.state = 'pledged'".to_owned()),
            ("patents_late_fee", "s.state = 'late_fee'".to_owned()),
            ("patents_in_force_unclear", "s.state = 'in_force_unclear'".to_owned()),
            // With these four it is all of them.
            ("patents_status_unclear", "s.state = 'unclear'".to_owned()),
            ("patents_expired", "s.state = 'expired'".to_owned()),
            ("patents_not_granted", "s.state = 'not_granted'".to_owned()),
            ("patents_not_in_force", "s.state = 'not_in_force'".to_owned()),
            ("inventions_in_force", format!("{IN_FORCE} AND p.kind = 'invention'")),
            ("inventions_free", of("free", "invention")),
            ("utility_models_free", of("free", "utility_model")),
            ("patents_unclear", MAY_BE_FREE.to_owned()),
        ];
        if datasets.schema("patents").is_none() {
            // Without any list nobody knows how many there are.
            self.select.extend(counts.map(|(name, _)| format!("CAST(NULL AS BIGINT) AS {name}")));
            self.select.push("CAST(NULL AS DATE) AS latest_grant".into());
            return;
        }
        let aggregates: Vec<String> =
            counts.iter().map(|(name, condition)| format!("count(CASE WHEN {condition} THEN 1 END) AS {name}")).collect();
        self.joins.push(format!(
            "LEFT JOIN (SELECT c.enterprise, {}, max(CASE WHEN p.granted_on <= as_of() THEN p.granted_on END) AS latest_grant
                FROM credits_patents c JOIN patents p ON p.record = c.record JOIN patent_states s ON s.record = c.record
                GROUP BY c.enterprise) AS c
             ON c.enterprise = r.enterprise",
            aggregates.join(", ")
        ));
        self.select.extend(counts.map(|(name, _)| format!("coalesce(c.{name}, 0) AS {name}")));
        self.select.push("c.latest_grant".into());
    }
}

/// The first that is stated, under a name; null of the type where there is none.
fn coalesce(values: &[String], sql_type: &str, name: &str) -> String {
    if values.is_empty() {
        format!("CAST(NULL AS {sql_type}) AS \"{name}\"")
    } else {
        format!("coalesce({}) AS \"{name}\"", values.join(", "))
    }
}

/// Growth, margin and debt ratio of the last year, rounded to four places half away from zero.
fn ratios(years: &[i32]) -> String {
    let last = years.last().copied().unwrap_or_default();
    let before = last - 1;
    let ratio = |over: &str, under: &str| {
        // Amounts stay below 10^20 at scale 4; with ten more places the quotient still fits 38 digits.
        // A quotient beyond DECIMAL(18,4) says nothing of an enterprise and is left out.
        format!("CASE WHEN {under} > 0 THEN TRY_CAST(round(CAST({over} AS DECIMAL(38,10)) / {under}, 4) AS DECIMAL(18,4)) END")
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

/// The credits of a dataset whose records may be of several enterprises, as `credits_<dataset>`: each record that counts once
/// for each distinct enterprise among its owners.
pub async fn credit(engine: &Engine, dataset: &str) -> Result<(), EngineError> {
    let counted = "record NOT IN (SELECT record FROM duplicates) AND record NOT IN (SELECT record FROM quarantined)";
    let sql = format!("SELECT DISTINCT enterprise, record FROM links_{dataset} WHERE enterprise IS NOT NULL AND {counted}");
    engine.derive(&format!("credits_{dataset}"), &sql).await.map(|_| ())
}
