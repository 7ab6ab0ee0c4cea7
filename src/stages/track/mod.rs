//! Track: what of the plan is done at the reference date, by what the run knows.
//!
//! Takes: `enterprises` as screened, `links_<dataset>` of the forms that came, the proposed list, the day of the last adoption.
//! Gives: the [`Phase`]s. Invariant: nothing is called done that nobody stated and no data show.

use crate::config::{AskedOf, Config, MilestoneOptions, PhaseOptions};
use crate::engine::{Engine, EngineError};
use crate::model::day::Day;
use crate::model::milestone::{Milestone, MilestoneState, Missing, Phase};
use crate::model::proposal::Proposal;
use chrono::NaiveDate;
use datafusion::arrow::array::{Array, AsArray};
use std::collections::{HashMap, HashSet};

/// What a run knows of the plan.
pub struct Known<'a> {
    /// The datasets that came.
    pub datasets: &'a [String],
    /// Enterprises in the pool.
    pub pooled: u64,
    /// The proposed list.
    pub proposal: &'a Proposal,
    /// The day on which a run was adopted last.
    pub adopted: Option<NaiveDate>,
    /// Enterprises with a record, by form.
    pub holders: HashMap<String, HashSet<String>>,
}

/// The enterprises that have a record in a form that a milestone asks of each.
///
/// # Errors
/// The links cannot be read.
pub async fn holders(engine: &Engine, config: &Config, datasets: &[String]) -> Result<HashMap<String, HashSet<String>>, EngineError> {
    let asked = milestones(config).filter(|(_, m)| m.from == AskedOf::List).flat_map(|(_, m)| &m.forms);
    let mut holders = HashMap::new();
    for form in asked.filter(|form| datasets.contains(form)) {
        let sql = format!("SELECT DISTINCT enterprise FROM links_{form} WHERE enterprise IS NOT NULL");
        let (_, batches) = engine.query(&format!("holders_{form}"), &sql).await?;
        let keys = batches.iter().flat_map(|batch| {
            let keys = batch.column(0).as_string::<i32>();
            (0..keys.len()).map(|row| keys.value(row).to_owned()).collect::<Vec<_>>()
        });
        holders.insert(form.clone(), keys.collect());
    }
    Ok(holders)
}

/// How the plan stands.
pub fn phases(config: &Config, known: &Known<'_>) -> Vec<Phase> {
    let counting = config.phase.iter().filter(|(_, phase)| !phase.disabled);
    counting.map(|(id, phase)| of_phase(config, known, id, phase)).filter(|phase| !phase.milestones.is_empty()).collect()
}

fn milestones(config: &Config) -> impl Iterator<Item = (&String, &MilestoneOptions)> {
    config.milestone.iter().filter(|(_, milestone)| !milestone.disabled)
}

fn of_phase(config: &Config, known: &Known<'_>, id: &str, phase: &PhaseOptions) -> Phase {
    let own = milestones(config).filter(|(_, m)| m.phase == id);
    let milestones: Vec<Milestone> = own.map(|(id, milestone)| of_milestone(config, known, phase, id, milestone)).collect();
    let done = milestones.iter().all(|m| m.state == MilestoneState::Done);
    let begun = milestones.iter().any(|m| m.reached > 0);
    let (from, until) = (phase.from, phase.until);
    // A phase is late as soon as anything in it is.
    let late = milestones.iter().any(|m| m.state == MilestoneState::Late);
    let state = if late { MilestoneState::Late } else { MilestoneState::at(config.as_of, done, begun, (from, until)) };
    let name = phase.name.get(config.run.lang).to_owned();
    Phase { id: id.to_owned(), name, responsible: phase.responsible.clone(), from, until, state, milestones }
}

fn of_milestone(config: &Config, known: &Known<'_>, phase: &PhaseOptions, id: &str, milestone: &MilestoneOptions) -> Milestone {
    let stated = milestone.done_on.filter(|day| day.0 <= config.as_of);
    let shown_by = match milestone.shown_by().first().copied() {
        Some("forms") if milestone.from == AskedOf::List => "enterprises",
        shown_by => shown_by.unwrap_or("stated"),
    };
    let mut told = Milestone {
        id: id.to_owned(),
        name: milestone.name.get(config.run.lang).to_owned(),
        responsible: if milestone.responsible.is_empty() { phase.responsible.clone() } else { milestone.responsible.clone() },
        until: milestone.until.or(phase.until),
        state: MilestoneState::Open,
        done_on: stated,
        shown_by: shown_by.to_owned(),
        reached: 0,
        of: 1,
        unsent: Vec::new(),
        missing: Vec::new(),
    };
    match shown_by {
        "forms" | "enterprises" => of_forms(known, milestone, &mut told),
        "pool" => told.reached = known.pooled.min(1),
        "scale" => {
            let yuan = |units: i128| u64::try_from(units / 10_000).unwrap_or_default();
            (told.reached, told.of) = (yuan(known.proposal.total), yuan(config.issue.scale.units()));
        }
        "adopted" => {
            told.done_on = stated.or(known.adopted.map(Day));
            told.reached = u64::from(known.adopted.is_some());
        }
        _ => told.reached = u64::from(stated.is_some()),
    }
    let done = stated.is_some() || told.of > 0 && told.reached >= told.of;
    let days = (phase.from, told.until);
    told.state = MilestoneState::at(config.as_of, done, told.reached > 0, days);
    told
}

/// Counts forms that came at all, or enterprises of the list for which each of them did.
fn of_forms(known: &Known<'_>, milestone: &MilestoneOptions, told: &mut Milestone) {
    told.unsent = milestone.forms.iter().filter(|form| !known.datasets.contains(form)).cloned().collect();
    if milestone.from == AskedOf::Anybody {
        told.of = milestone.forms.len() as u64;
        told.reached = told.of - told.unsent.len() as u64;
        return;
    }
    let lacks = |enterprise: &str| -> Vec<String> {
        let has = |form: &String| known.holders.get(form).is_some_and(|holders| holders.contains(enterprise));
        milestone.forms.iter().filter(|form| !has(form)).cloned().collect()
    };
    told.of = known.proposal.chosen().count() as u64;
    told.missing = known
        .proposal
        .chosen()
        .map(|listed| Missing { enterprise: listed.enterprise.clone(), name: listed.name.clone(), forms: lacks(&listed.enterprise) })
        .filter(|missing| !missing.forms.is_empty())
        .collect();
    told.reached = told.of - told.missing.len() as u64;
}
