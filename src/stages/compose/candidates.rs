//! Who of the pool can be on the list, as the search takes it.

use super::exact::{Candidate, Lots};
use super::terms::lots;
use crate::config::{Config, Effect, IssueOptions};
use crate::engine::EngineError;
use crate::model::proposal::{Excluded, Listed, Standing};
use crate::model::verdict::Verdict;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::Decimal128Type;

/// The enterprises of the pool in the order of the dataset: those that can be chosen, and the others with the reason.
pub fn pooled(config: &Config, batches: impl Iterator<Item = Result<RecordBatch, EngineError>>) -> Result<Vec<Listed>, EngineError> {
    let mut all = Vec::new();
    for batch in batches {
        of_batch(config, &batch?, &mut all);
    }
    Ok(all)
}

fn of_batch(config: &Config, batch: &RecordBatch, all: &mut Vec<Listed>) {
    let issue = &config.issue;
    let text = |name: &str, row: usize| {
        let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        column.filter(|c| c.is_valid(row)).map(|c| c.value(row).trim().to_owned()).unwrap_or_default()
    };
    let flag = |name: &str, row: usize| {
        let column = batch.column_by_name(name).and_then(|c| c.as_boolean_opt());
        column.is_some_and(|c| c.is_valid(row) && c.value(row))
    };
    let units = |name: &str, row: usize| {
        let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Decimal128Type>());
        column.filter(|c| c.is_valid(row)).map(|c| c.value(row))
    };
    for row in (0..batch.num_rows()).filter(|row| flag("pooled", *row)) {
        let enterprise = text("enterprise", row);
        let related = text(&issue.related, row);
        let need = units(&issue.amount, row);
        let consented = flag("consented", row);
        let verdict = |id: &String| Verdict::of(&text(&format!("verdict_{id}"), row));
        let of_list = || config.criteria().filter(|(_, criterion)| criterion.effect == Effect::Listed).map(|(id, _)| id);
        let pending: Vec<String> = of_list().filter(|id| verdict(id) == Verdict::Unjudged).cloned().collect();
        let fits = of_list().all(|id| verdict(id) != Verdict::NotMet) && (issue.pending || pending.is_empty());
        let excluded = match need {
            _ if !consented => Some(Excluded::NoConsent),
            None => Some(Excluded::NoNeed),
            Some(need) if lots(issue, need) < least(issue) => Some(Excluded::TooSmall),
            Some(_) if !fits => Some(Excluded::Unfit),
            Some(_) => None,
        };
        all.push(Listed {
            name: text("name", row),
            standing: excluded.map_or(Standing::Eligible, Standing::Excluded),
            need,
            // Of whom nobody may be told, no score is.
            score: units("score", row).filter(|_| consented),
            obligor: if related.is_empty() { enterprise.clone() } else { related },
            industry: text(&config.pool.industry, row).chars().take(issue.industry_digits as usize).collect(),
            enterprise,
            pending,
            cost: None,
        });
    }
}

/// An enterprise as the search takes it; nothing of one that cannot be chosen.
pub fn candidate(issue: &IssueOptions, listed: &Listed) -> Option<Candidate> {
    if listed.standing != Standing::Eligible {
        return None;
    }
    Some(Candidate {
        code: listed.enterprise.clone(),
        group: (listed.obligor != listed.enterprise).then(|| listed.obligor.clone()),
        industry: Some(listed.industry.clone()).filter(|industry| !industry.is_empty()),
        least: 1,
        need: lots(issue, listed.need.unwrap_or_default()),
        score: u64::try_from(listed.score.unwrap_or_default()).unwrap_or_default(),
        ..Candidate::default()
    })
}

/// The least lots of an enterprise.
fn least(issue: &IssueOptions) -> Lots {
    issue.firm_least.map_or(1, |least| lots(issue, least.units())).max(1)
}
