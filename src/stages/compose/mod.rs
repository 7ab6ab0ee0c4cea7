//! Compose: the proposed asset list (资产清单), which enterprises of the pool with what amounts fit the terms of the issue.
//!
//! Takes: `enterprises` as screened, and `[issue]`. Gives: a [`Proposal`]. What is best stands at the head of [`exact`], which finds it
//! and proves it; here the pool is put in its terms and the answer in ours. The answer is checked again, by other code and in
//! decimals, before anybody sees it: a list that breaks a term ends the run.
//! Invariants: only enterprises with consent on record are candidates, so that no list tells of figures that are not to be told; the
//! search ends by its steps, never by a clock, so that equal runs propose equal lists.

mod candidates;
mod capacity;
pub mod exact;
mod measured;
mod terms;

pub use capacity::capacity;

use crate::config::{Config, IssueOptions};
use crate::engine::EngineError;
use crate::model::proposal::{Listed, Proof, Proposal, Standing};
use candidates::{candidate, pooled};
use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use exact::{Candidate, Choice};
use measured::{clashing, cost, measured};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use terms::{terms, units};

/// A question beside the main one gets this part of its steps.
const PART: u64 = 4;
/// Of more candidates than this neither costs of choosing another nor what binds is asked: each takes a search of its own.
const MANY: usize = 2_000;

/// Proposes a list.
///
/// # Errors
/// The batches cannot be read; the numbers exceed what the search takes; or, a mistake of ours, the list breaks a term.
pub fn compose(config: &Config, enterprises: impl Iterator<Item = Result<RecordBatch, EngineError>>) -> Result<Proposal, EngineError> {
    let issue = &config.issue;
    let mut listed = pooled(config, enterprises)?;
    let candidates: Vec<Candidate> = listed.iter().filter_map(|listed| candidate(issue, listed)).collect();
    let terms = terms(issue);
    let choice = match exact::choose(&terms, &candidates, issue.steps) {
        Ok(choice) => choice,
        // A night's run does not end because there is too much to choose from.
        Err(exact::Unfit::Value | exact::Unfit::Scale) => return Ok(nothing(listed)),
        Err(other) => return Err(unfit(other)),
    };
    // Where no list was found the empty one stands for none, and may itself break a term.
    let broken = if choice.is_found() { exact::check(&terms, &candidates, &choice.amounts) } else { Vec::new() };
    if let Some(broken) = broken.first() {
        return Err(failed(format!("the list breaks {:?}: {} of {}", broken.constraint, broken.found, broken.allowed)));
    }
    place(issue, &mut listed, &choice);
    let names: BTreeMap<String, String> = listed.iter().map(|l| (l.enterprise.clone(), l.name.clone())).collect();
    let names: BTreeMap<&str, &str> = names.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect();
    let asked = if candidates.len() > MANY { 0 } else { issue.steps / PART };
    for listed in listed.iter_mut().filter(|l| l.standing == Standing::Reserve && asked > 0) {
        listed.cost = cost((issue, &terms), &candidates, &choice, (&listed.enterprise, asked), &names).map_err(unfit)?;
    }
    let lots = i128::from(choice.total);
    Ok(Proposal {
        total: units(issue, choice.total),
        score: (lots > 0).then(|| i128::try_from(choice.score).unwrap_or(i128::MAX) / lots),
        terms: measured((issue, &terms), &candidates, &choice, asked).map_err(unfit)?,
        proof: proof(issue, &choice),
        steps: choice.nodes,
        clash: clashing(&terms, &candidates, &choice, asked).map_err(unfit)?,
        listed,
    })
}

/// The answer where there is too much to choose from.
fn nothing(listed: Vec<Listed>) -> Proposal {
    Proposal { total: 0, score: None, terms: Vec::new(), proof: Proof::TooLarge, steps: 0, clash: Vec::new(), listed }
}

/// Says of each enterprise where it stands, and orders them: chosen by amount, then the reserve and the others by score.
fn place(issue: &IssueOptions, listed: &mut [Listed], choice: &Choice) {
    for listed in listed.iter_mut().filter(|l| l.standing == Standing::Eligible) {
        if let Some(lots) = choice.amounts.get(&listed.enterprise).filter(|lots| **lots > 0) {
            listed.standing = Standing::Chosen(units(issue, *lots));
        }
    }
    let order = |l: &Listed| match l.standing {
        Standing::Chosen(amount) => (0, Reverse(amount)),
        Standing::Reserve | Standing::Eligible => (1, Reverse(l.score.unwrap_or(0))),
        Standing::Excluded(_) => (2, Reverse(0)),
    };
    listed.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.enterprise.cmp(&b.enterprise)));
    let reserve = listed.iter_mut().filter(|l| l.standing == Standing::Eligible).take(issue.reserve as usize);
    reserve.for_each(|l| l.standing = Standing::Reserve);
}

fn proof(issue: &IssueOptions, choice: &Choice) -> Proof {
    match &choice.standing {
        exact::Standing::Optimal => Proof::Optimal,
        exact::Standing::Infeasible => Proof::Infeasible,
        exact::Standing::Gap(bounds) if (bounds.total, bounds.score) == (choice.total, choice.score) => Proof::BestValue,
        exact::Standing::Gap(bounds) => Proof::Gap {
            total: units(issue, bounds.total),
            score: i128::try_from(bounds.score).unwrap_or(i128::MAX) / i128::from(bounds.total.max(1)),
        },
    }
}

fn failed(reason: String) -> EngineError {
    EngineError { what: "compose".to_owned(), source: Box::new(DataFusionError::Execution(reason)) }
}

fn unfit(unfit: exact::Unfit) -> EngineError {
    failed(unfit.to_string())
}
