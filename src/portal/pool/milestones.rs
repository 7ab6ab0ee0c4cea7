//! The plan's milestones, as a page shows and programs read them.

use super::room::Pool;
use super::tried::of_latest;
use crate::config::Config;
use crate::finding::milestone::{reached_in_words, remaining_in_words, state_in_words};
use crate::model::day::Day;
use crate::model::milestone::{Milestone, Phase};
use crate::model::words::Lang;
use crate::pipeline;
use crate::portal::error::PortalError;

/// How the plan stands, as the latest run has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct PlanStanding {
    /// The run.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// The phases in their order.
    pub phases: Vec<ShownPhase>,
}

/// A phase of the plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ShownPhase {
    /// Its name.
    pub name: String,
    /// Who is responsible for it.
    pub responsible: Vec<String>,
    /// Its first day; empty if none was set.
    pub from: String,
    /// Its last day; empty if none was set.
    pub until: String,
    /// `done`, `ahead`, `open` or `late`.
    pub state: &'static str,
    /// The same in words, with the days.
    pub state_text: String,
    /// What is to be done in it.
    pub milestones: Vec<ShownMilestone>,
}

/// A milestone of the plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ShownMilestone {
    /// Its id.
    pub id: String,
    /// What is to be done.
    pub name: String,
    /// Who does it.
    pub responsible: Vec<String>,
    /// The last day for it; empty if none was set.
    pub until: String,
    /// `done`, `ahead`, `open` or `late`.
    pub state: &'static str,
    /// The same in words, with the days.
    pub state_text: String,
    /// The day on which it was done; empty if it is not, or nobody knows.
    pub done_on: String,
    /// How much of it is there.
    pub reached: String,
    /// What it still takes, and from whom.
    pub remaining: String,
}

/// How the plan stands by the latest run; nothing before the first run.
///
/// # Errors
/// A file of the run is gone or not as it was written.
pub async fn milestones(pool: &Pool) -> Result<Option<PlanStanding>, PortalError> {
    let Some((run, (config, phases))) = of_latest(pool, pipeline::phases_of).await? else { return Ok(None) };
    let phases = phases.iter().map(|phase| ShownPhase::of(&config, phase)).collect();
    Ok(Some(PlanStanding { run, as_of: config.as_of.to_string(), phases }))
}

fn day(day: Option<Day>) -> String {
    day.map(|day| day.0.to_string()).unwrap_or_default()
}

impl ShownPhase {
    fn of(config: &Config, phase: &Phase) -> Self {
        Self {
            name: phase.name.clone(),
            responsible: phase.responsible.clone(),
            from: day(phase.from),
            until: day(phase.until),
            state: phase.state.id(),
            state_text: state_in_words(Lang::Zh, phase.state, phase.until, config.as_of),
            milestones: phase.milestones.iter().map(|milestone| ShownMilestone::of(config, milestone)).collect(),
        }
    }
}

impl ShownMilestone {
    fn of(config: &Config, milestone: &Milestone) -> Self {
        Self {
            id: milestone.id.clone(),
            name: milestone.name.clone(),
            responsible: milestone.responsible.clone(),
            until: day(milestone.until),
            state: milestone.state.id(),
            state_text: state_in_words(Lang::Zh, milestone.state, milestone.until, config.as_of),
            done_on: day(milestone.done_on),
            reached: reached_in_words(Lang::Zh, milestone),
            remaining: remaining_in_words(config, Lang::Zh, milestone),
        }
    }
}
