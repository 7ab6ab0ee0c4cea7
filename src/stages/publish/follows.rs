//! What a column of enterprises follows from, by its declaration, so that runs can be compared with causes.

use super::enterprise_column::{Declared, EnterpriseColumn};
use crate::config::{Config, Effect, GivenOptions, Pick, SurvivorshipOptions};
use crate::engine::expression::Expression;
use crate::run::Follows;
use chrono::Datelike;
use std::collections::BTreeSet;

/// What begins the names of columns that a criterion gives.
const OF_CRITERIA: [&str; 5] = ["verdict_", "figure_", "bound_", "margin_", "points_"];
/// Functions that the reference date decides, and what else they read.
const DATED: [(&str, &[&str]); 2] = [("as_of", &[]), ("pledge_end", &["issue"])];

/// What a column follows from; a column that nobody declares follows from nothing.
pub fn follows(config: &Config, column: &str) -> Follows {
    let last = config.as_of.year() - 1;
    let of = |columns: Vec<String>| Follows { columns, cited: column.to_owned(), ..Follows::default() };
    match column {
        "conclusion" | "pooled" => {
            let hard = config.hard_criteria().map(|(id, _)| format!("verdict_{id}")).collect();
            return Follows { settings: vec!["screen".to_owned()], ..of(hard) };
        }
        "score" | "score_missing" => {
            let scored = config.scored_criteria().map(|(id, _)| format!("points_{id}")).collect();
            return Follows { settings: vec!["screen".to_owned()], ..of(scored) };
        }
        "rank" => return Follows { relative: true, ..of(["score", "pooled"].map(str::to_owned).to_vec()) },
        "consented" => {
            let said = [&config.pool.consent, &config.pool.consent_on, &config.pool.consent_until].map(Clone::clone);
            return Follows { dated: true, settings: vec!["pool.consent".to_owned()], ..of(said.to_vec()) };
        }
        "uscc" => {
            let registry: Vec<String> = config.form.iter().filter(|(_, form)| form.registry).map(|(id, _)| id.clone()).collect();
            let sources = config.source.iter().filter(|(_, s)| s.forms.iter().any(|form| registry.contains(form)));
            let mut settings: Vec<String> = sources.map(|(id, _)| format!("source.{id}")).collect();
            settings.extend(registry.iter().map(|id| format!("form.{id}")));
            return Follows { forms: registry, sole: true, settings, ..of(Vec::new()) };
        }
        _ => {}
    }
    if let Some(id) = OF_CRITERIA.iter().find_map(|start| column.strip_prefix(start)) {
        return of_criterion(config, column, id);
    }
    match EnterpriseColumn::of(config, column) {
        Some(EnterpriseColumn { declared: Declared::Merged(rule), id, .. }) => merged(column, id, rule),
        Some(own @ EnterpriseColumn { declared: Declared::Given(given), id, .. }) if given.formula.is_some() => {
            let formula = given.formula.as_deref().unwrap_or_default();
            let (dated, mut settings) = dated(formula);
            settings.push(format!("enterprise.{id}"));
            Follows { dated, settings, ..of(own.operands(last)) }
        }
        Some(own @ EnterpriseColumn { declared: Declared::Given(given), .. }) => given_by_form(config, &own, given, column, last),
        None => of(Vec::new()),
    }
}

fn merged(column: &str, id: &str, rule: &SurvivorshipOptions) -> Follows {
    let mut settings = vec![format!("merge.field.{id}")];
    settings.extend(rule.sources().map(|(form, field)| format!("form.{form}.field.{field}")));
    let forms: BTreeSet<&str> = rule.sources().map(|(form, _)| form).collect();
    let forms = forms.into_iter().map(str::to_owned).collect();
    Follows { forms, cited: column.to_owned(), sole: true, settings, ..Follows::default() }
}

fn given_by_form(config: &Config, own: &EnterpriseColumn<'_>, given: &GivenOptions, column: &str, last: i32) -> Follows {
    let year = match (own.year, given.pick) {
        (Some(year), _) => Some(year.calendar(last)),
        (None, Some(Pick::LastYear)) => Some(last),
        (None, _) => None,
    };
    let cited = match own.year {
        Some(year) => format!("{}_{}", own.id, year.calendar(last)),
        None => column.to_owned(),
    };
    let (by_day, mut settings) = given.only.as_deref().map(dated).unwrap_or_default();
    let patents = config.is_of_patents(given);
    settings.extend([format!("enterprise.{}", own.id), "merge.years".to_owned()]);
    match given.sole_field() {
        Some((form, field)) => settings.push(format!("form.{form}.field.{field}")),
        None => settings.push(format!("form.{}", given.from)),
    }
    Follows {
        forms: vec![given.from.clone()],
        year,
        cited,
        sole: given.sole_field().is_some(),
        // Which patents are in force the reference date decides.
        dated: by_day || patents || given.value.trim_start().starts_with("latest"),
        settings,
        ..Follows::default()
    }
}

fn of_criterion(config: &Config, column: &str, id: &str) -> Follows {
    let mut settings = vec![format!("criterion.{id}"), "screen.sets".to_owned()];
    let mut own = Follows { cited: column.to_owned(), criterion: Some(id.to_owned()), ..Follows::default() };
    let Some(criterion) = config.criterion.get(id) else { return Follows { settings, ..own } };
    let mut names = BTreeSet::new();
    for (_, sql) in criterion.expressions() {
        let sql = sql.replace("{bound}", "0");
        let (dated, more) = dated(&sql);
        own.dated |= dated;
        settings.extend(more);
        if let Ok(expression) = Expression::parse(&sql) {
            names.extend(expression.names().iter().map(|name| beside(&name.to_lowercase()).to_owned()));
        }
    }
    own.dated |= criterion.valid_from.is_some() || criterion.valid_until.is_some();
    // Sets that count decide of built-in criteria alone.
    if criterion.set.is_empty() {
        settings.retain(|path| path != "screen.sets");
    }
    if column.starts_with("points_") || criterion.effect == Effect::Scored {
        settings.push(format!("criterion.{id}.weight"));
    }
    let known = |name: &String| EnterpriseColumn::of(config, name).is_some() || name == "consented" || name == "uscc";
    Follows { columns: names.into_iter().filter(known).collect(), settings, ..own }
}

/// The column that a name which stands beside one speaks of.
fn beside(name: &str) -> &str {
    ["_why", "_state", "_raw"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Whether the reference date decides an expression, and what else its functions read.
fn dated(sql: &str) -> (bool, Vec<String>) {
    let sql = sql.to_lowercase();
    let called = DATED.iter().filter(|(name, _)| sql.contains(&format!("{name}(")));
    let (mut dated, mut settings) = (false, Vec::new());
    for (_, reads) in called {
        dated = true;
        settings.extend(reads.iter().map(|path| (*path).to_owned()));
    }
    (dated, settings)
}

/// The columns whose cells a column's value comes from: itself, or the terms of what is computed.
pub fn columns_behind(config: &Config, id: &str, last: i32) -> Vec<String> {
    let Some(column) = EnterpriseColumn::of(config, id) else { return vec![id.to_owned()] };
    let operands = column.operands(last);
    match column.year {
        _ if !operands.is_empty() => operands.iter().flat_map(|part| columns_behind(config, part, last)).collect(),
        Some(year) => vec![format!("{}_{}", column.id, year.calendar(last))],
        None => vec![id.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_follow_from_what_their_declarations_name() {
        let mut config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        config.as_of = chrono::NaiveDate::from_ymd_opt(2024, 6, 30).expect("a day");
        let last = follows(&config, "revenue_last");
        assert_eq!(
            (last.cited.as_str(), last.year, last.sole, last.forms.as_slice()),
            ("revenue_2023", Some(2023), true, &["returns".to_owned()][..])
        );
        assert_eq!(follows(&config, "revenue_growth").columns, ["revenue_2023", "revenue_2022"]);
        let title = follows(&config, "verdict_title_valid");
        assert!(title.dated && title.columns == ["title_from", "title_level", "title_until"], "{title:?}");
        let pledge = follows(&config, "patents_pledgeable");
        assert!(pledge.dated && !pledge.sole && pledge.settings.contains(&"issue".to_owned()), "{pledge:?}");
        assert_eq!(follows(&config, "need_amount").forms, ["directory", "needs"]);
        assert_eq!(columns_behind(&config, "profit_margin", 2023), ["total_profit_2023", "revenue_2023"]);
    }
}
