//! The proposed asset list and what-ifs, as pages show and programs read them: made, and noted in the audit log, in one place.

use super::changes::Moved;
use super::data::id_of;
use super::edition::Edition;
use super::figures::yuan;
use super::room::Pool;
use super::show::ShownValue;
use super::tried::{proposed, tried};
use crate::config::{Config, CriterionOptions};
use crate::finding::proposal::{cost_in_words, measure_in_words, money, pending_in_words, score, summary};
use crate::finding::{threshold, word};
use crate::model::proposal::{Cost, Listed, Measure, Proof, Proposal, Standing, Term};
use crate::model::words::Lang;
use crate::pipeline::{self, Judged, Tried};
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::text::{portal, say};
use crate::run::Rejudged;

/// The list that the latest run proposes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ProposedList {
    /// The run.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// The list.
    pub list: AssetList,
}

/// A list with all that is said of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct AssetList {
    /// What it comes to, in sentences.
    pub summary: Vec<String>,
    /// What is issued.
    pub total: ShownValue,
    /// The mean score of what is issued, weighted by amounts.
    pub score: ShownValue,
    /// How much is proven.
    pub proof: ListProof,
    /// Where the scale is not reached: a smallest set of terms that cannot hold together, by their ids.
    pub clash: Vec<String>,
    /// The enterprises on it, then those of the reserve.
    pub enterprises: Vec<ListedEnterprise>,
    /// The terms that are stated.
    pub terms: Vec<ListTerm>,
}

/// How much is proven of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListProof {
    /// `optimal`, `best_value`, `gap`, `infeasible` or `too_large`.
    pub id: &'static str,
    /// Of a gap: no list issues more.
    pub total: Option<ShownValue>,
    /// Of a gap: no list of that total has a higher mean score.
    pub score: Option<ShownValue>,
}

/// An enterprise on the list or its reserve.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListedEnterprise {
    /// The id of its page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its code; empty if it has none.
    pub uscc: String,
    /// Where it stands: `chosen` or `reserve`.
    pub standing: ShownValue,
    /// The amount, if it is chosen.
    pub amount: ShownValue,
    /// What it needs.
    pub need: ShownValue,
    /// Its score.
    pub score: ShownValue,
    /// Whom it is one obligor with; empty if with nobody.
    pub obligor: String,
    /// Its industry.
    pub industry: String,
    /// The criteria of the list that cannot be judged yet: opinions that are awaited.
    pub pending: String,
    /// Of one of the reserve, what choosing it would cost.
    pub cost: Option<ListCost>,
}

impl ListedEnterprise {
    /// Whether it is on the list.
    pub fn is_chosen(&self) -> bool {
        self.amount.exact.is_some()
    }
}

/// What it costs to have another enterprise on the list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListCost {
    /// All of it in a sentence.
    pub text: String,
    /// How much less would be issued.
    pub total: ShownValue,
    /// How much lower the mean score would be.
    pub score: ShownValue,
    /// Names of those who would leave the list.
    pub leaves: Vec<String>,
}

/// A term of the issue and how the list keeps to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListTerm {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: &'static str,
    /// What its numbers are: an `amount`, a `share` or a `count`.
    pub measure: &'static str,
    /// What it allows.
    pub limit: ShownValue,
    /// What the list comes to.
    pub reached: ShownValue,
    /// Whether the list has reached it.
    pub tight: bool,
    /// Whether the list would be better without it; null where the search ended before that was known.
    pub binding: Option<bool>,
}

impl ListTerm {
    /// Whether the list has reached it, in words.
    pub fn tight_in_words(&self) -> &'static str {
        publish(if self.tight { "tight_yes" } else { "tight_no" })
    }

    /// Whether the list would be better without it, in words.
    pub fn binding_in_words(&self) -> &'static str {
        publish(match self.binding {
            Some(true) => "binding_yes",
            Some(false) => "binding_no",
            None => "binding_unknown",
        })
    }
}

/// What is tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Changes {
    /// The changes, a line each: `patent_free=3`, `revenue=2000万元`, `title_valid=off`, `issue.scale=2亿元`, `set.pledge=on`.
    #[serde(default)]
    pub set: String,
}

/// The latest run as it is, and as it would be with changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct WhatIf {
    /// The run.
    pub run: String,
    /// Enterprises in the pool before and after.
    pub pooled: [u64; 2],
    /// Who would enter the pool.
    pub entered: Vec<Moved>,
    /// Who would leave it.
    pub left: Vec<Moved>,
    /// The criteria on entry of either side.
    pub funnel: Vec<FunnelStep>,
    /// The criteria that can be changed.
    pub criteria: Vec<TriedCriterion>,
    /// The list before.
    pub before: AssetList,
    /// The list after.
    pub after: AssetList,
}

/// A criterion on entry, before and after.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FunnelStep {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Enterprises that meet it and those above it.
    pub remaining: [u64; 2],
    /// Enterprises that fail it alone.
    pub alone: [u64; 2],
}

/// A criterion that can be changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct TriedCriterion {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it takes now, in words.
    pub threshold: String,
    /// Whether it counts now.
    pub counts: bool,
}

/// The list of the latest run, seen by somebody; nothing before the first run.
///
/// # Errors
/// A file of the run is gone or not as it was written.
pub async fn list(pool: &Pool, actor: &Actor, address: &str) -> Result<Option<ProposedList>, PortalError> {
    let Some((run, proposed)) = proposed(pool).await? else { return Ok(None) };
    pool.note(actor, address, "view_list", &run, "").await?;
    Ok(Some(ProposedList { run, as_of: proposed.config.as_of.to_string(), list: AssetList::of(&proposed.config, &proposed.proposal) }))
}

/// The latest run with changes, tried by somebody; nothing before the first run.
///
/// # Errors
/// Not found for whoever does not see the closed edition; a change is none; a file of the run is gone or not as it was written.
pub async fn whatif(pool: &Pool, actor: &Actor, address: &str, changes: &Changes) -> Result<Option<WhatIf>, PortalError> {
    // No edition but the closed one: thresholds tried one after another would find out any figure.
    if Edition::of(actor.role) != Edition::Closed {
        return Err(PortalError::NotFound);
    }
    let Some((run, tried)) = tried(pool, &changes.set).await? else { return Ok(None) };
    pool.note(actor, address, "whatif", &run, &changes.set.lines().collect::<Vec<_>>().join("; ")).await?;
    Ok(Some(WhatIf::of(run, &tried)))
}

impl AssetList {
    fn of(config: &Config, proposal: &Proposal) -> Self {
        let shown = proposal.listed.iter().filter(|l| matches!(l.standing, Standing::Chosen(_) | Standing::Reserve));
        Self {
            summary: summary(config, Lang::Zh, proposal),
            total: amount(proposal.total),
            score: proposal.score.map(scored).unwrap_or_default(),
            proof: proof(&proposal.proof),
            clash: proposal.clash.clone(),
            enterprises: shown.map(|one| listed(config, one)).collect(),
            terms: proposal.terms.iter().map(term).collect(),
        }
    }
}

impl WhatIf {
    fn of(run: String, tried: &Tried) -> Self {
        let Tried { before, after, entered, left } = tried;
        let [entered, left] = [entered, left].map(|all| all.iter().map(|one| moved(&after.config, one)).collect());
        Self {
            run,
            pooled: [before.pooled, after.pooled],
            entered,
            left,
            funnel: funnel(before, after),
            criteria: criteria(&before.config),
            before: AssetList::of(&before.config, &before.proposal),
            after: AssetList::of(&after.config, &after.proposal),
        }
    }
}

fn publish(key: &str) -> &'static str {
    word(Lang::Zh, &format!("publish.{key}"))
}

/// A number of ten-thousandths for programs.
fn exact(units: i128) -> String {
    yuan(units).replace(',', "")
}

fn amount(units: i128) -> ShownValue {
    ShownValue::exactly(money(units), exact(units))
}

fn scored(units: i128) -> ShownValue {
    ShownValue::exactly(score(units), exact(units))
}

fn measured(measure: Measure) -> ShownValue {
    let exact = match measure {
        Measure::Amount(units) | Measure::Share(units) => exact(units),
        Measure::Count(number) => number.to_string(),
    };
    ShownValue::exactly(measure_in_words(Lang::Zh, measure), exact)
}

fn proof(proof: &Proof) -> ListProof {
    let (total, score) = match proof {
        Proof::Gap { total, score } => (Some(amount(*total)), Some(scored(*score))),
        _ => (None, None),
    };
    ListProof { id: proof.id(), total, score }
}

fn listed(config: &Config, listed: &Listed) -> ListedEnterprise {
    let cost = |cost: &Cost| ListCost {
        text: cost_in_words(Lang::Zh, cost),
        total: amount(cost.total),
        score: scored(cost.score),
        leaves: cost.leaves.clone(),
    };
    ListedEnterprise {
        id: id_of(&listed.enterprise),
        name: listed.name.clone(),
        uscc: code_of(&listed.enterprise),
        standing: ShownValue::exactly(publish(&format!("standing_{}", listed.standing.id())), listed.standing.id()),
        amount: listed.standing.amount().map(amount).unwrap_or_default(),
        need: listed.need.map(amount).unwrap_or_default(),
        score: listed.score.map(scored).unwrap_or_default(),
        obligor: if listed.obligor == listed.enterprise { String::new() } else { listed.obligor.clone() },
        industry: listed.industry.clone(),
        pending: pending_in_words(config, Lang::Zh, listed),
        cost: listed.cost.as_ref().map(cost),
    }
}

/// The code in an enterprise's key; empty where it has none.
fn code_of(key: &str) -> String {
    if key.starts_with("N:") { String::new() } else { key.to_owned() }
}

fn term(term: &Term) -> ListTerm {
    ListTerm {
        id: term.id.clone(),
        name: publish(&format!("term_{}", term.id)),
        measure: match term.limit {
            Measure::Amount(_) => "amount",
            Measure::Share(_) => "share",
            Measure::Count(_) => "count",
        },
        limit: measured(term.limit),
        reached: measured(term.reached),
        tight: term.tight,
        binding: term.binding,
    }
}

fn moved(config: &Config, moved: &pipeline::Moved) -> Moved {
    let said = |verdict: &Option<String>| match verdict {
        Some(verdict) => word(Lang::Zh, &format!("verdict.{verdict}")).to_owned(),
        None => portal("change_no_criterion").to_owned(),
    };
    let reason = |judged: &Rejudged| {
        let known = config.criterion.get(&judged.criterion);
        let name = known.map_or(judged.criterion.clone(), |c| c.name.get(Lang::Zh).to_owned());
        say("portal.change_verdict", &[name, said(&judged.was), said(&judged.is)])
    };
    Moved {
        id: id_of(&moved.enterprise),
        name: moved.name.clone(),
        uscc: code_of(&moved.enterprise),
        reasons: moved.reasons.iter().map(reason).collect(),
        causes: Vec::new(),
    }
}

fn criteria(config: &Config) -> Vec<TriedCriterion> {
    let counting: Vec<&String> = config.criteria().map(|(id, _)| id).collect();
    let criteria = config.criterion.iter().map(|(id, criterion)| TriedCriterion {
        id: id.clone(),
        name: criterion.name.get(Lang::Zh).to_owned(),
        threshold: threshold(config, criterion, Lang::Zh),
        counts: counting.contains(&id),
    });
    criteria.collect()
}

/// The hard criteria of either side, with what they do before and after.
fn funnel(before: &Judged, after: &Judged) -> Vec<FunnelStep> {
    let dropped = before.config.hard_criteria().filter(|(id, _)| after.config.hard_criteria().all(|(other, _)| other != *id));
    let step = |(id, criterion): (&String, &CriterionOptions)| {
        let of = |judged: &Judged| {
            let mut steps = judged.config.hard_criteria().zip(&judged.funnel.steps);
            steps.find(|((other, _), _)| *other == id).map_or((0, 0), |(_, step)| (step.remaining, step.alone))
        };
        let (was, is) = (of(before), of(after));
        let name = criterion.name.get(Lang::Zh).to_owned();
        FunnelStep { id: id.clone(), name, remaining: [was.0, is.0], alone: [was.1, is.1] }
    };
    after.config.hard_criteria().chain(dropped).map(step).collect()
}
