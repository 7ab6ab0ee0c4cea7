//! Feasibility, as a page shows and programs read it.

use super::figures::yuan;
use super::room::Pool;
use super::show::ShownValue;
use super::tried::of_latest;
use crate::config::Config;
use crate::finding::feasibility::{capacity_in_words, industry_in_words, kind_in_words, place_in_words};
use crate::finding::proposal::money;
use crate::model::feasibility::{Feasibility, Group};
use crate::model::patent_state::STATES;
use crate::model::words::Lang;
use crate::pipeline;
use crate::portal::error::PortalError;

/// What the pilot could carry, as the latest run has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ShownFeasibility {
    /// The run.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// The greatest issue that the pool could carry, in a sentence.
    pub capacity: String,
    /// What was found of it.
    pub reached: ShownValue,
    /// What no list exceeds; null where there is too much to look through.
    pub bound: Option<ShownValue>,
    /// All enterprises together.
    pub total: ShownGroup,
    /// The states of patents, as `patents` counts them.
    pub states: Vec<String>,
    /// Patents by kind, each once however many own it.
    pub patents: Vec<ShownKindOfPatent>,
    /// By industry.
    pub industries: Vec<ShownGroup>,
    /// By place.
    pub places: Vec<ShownGroup>,
}

/// Patents of one kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = PatentsOfKind)]
pub struct ShownKindOfPatent {
    /// The kind.
    pub name: String,
    /// All of them.
    pub all: u64,
    /// By state.
    pub states: Vec<u64>,
}

/// What some enterprises have together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = EnterpriseGroup)]
pub struct ShownGroup {
    /// What they have in common.
    pub name: String,
    /// How many they are.
    pub enterprises: u64,
    /// How many of them are in the pool.
    pub pooled: u64,
    /// Their patents in force.
    pub in_force: u64,
    /// Those of them that are free.
    pub free: u64,
    /// Those of them that are pledged.
    pub pledged: u64,
    /// How many of them ask for money.
    pub asking: u64,
    /// How much all of them ask for.
    pub need: ShownValue,
    /// How much those of the pool ask for.
    pub pooled_need: ShownValue,
}

/// What the pilot could carry by the latest run; nothing before the first run, or of a run of a build that did not survey it.
///
/// # Errors
/// A file of the run is gone or not as it was written.
pub async fn feasibility(pool: &Pool) -> Result<Option<ShownFeasibility>, PortalError> {
    let Some((run, (config, told))) = of_latest(pool, pipeline::feasibility_of).await? else { return Ok(None) };
    Ok(told.map(|told| ShownFeasibility::of(run, &config, &told)))
}

fn amount(units: i128) -> ShownValue {
    ShownValue::exactly(money(units), yuan(units).replace(',', ""))
}

impl ShownFeasibility {
    fn of(run: String, config: &Config, told: &Feasibility) -> Self {
        let lang = Lang::Zh;
        let kinds = told.patents.iter().map(|kind| ShownKindOfPatent {
            name: kind_in_words(config, lang, &kind.kind),
            all: kind.all(),
            states: kind.states.to_vec(),
        });
        Self {
            run,
            as_of: config.as_of.to_string(),
            capacity: capacity_in_words(config, lang, &told.capacity),
            reached: amount(told.capacity.reached),
            bound: told.capacity.bound.map(amount),
            total: ShownGroup::of(String::new(), &told.total),
            states: STATES.map(|state| crate::finding::word(lang, &format!("patent_state.{state}")).to_owned()).to_vec(),
            patents: kinds.collect(),
            industries: told.industries.iter().map(|group| ShownGroup::of(industry_in_words(config, lang, &group.name), group)).collect(),
            places: told.places.iter().map(|group| ShownGroup::of(place_in_words(lang, &group.name), group)).collect(),
        }
    }
}

impl ShownGroup {
    fn of(name: String, group: &Group) -> Self {
        Self {
            name,
            enterprises: group.enterprises,
            pooled: group.pooled,
            in_force: group.in_force,
            free: group.free,
            pledged: group.pledged,
            asking: group.asking,
            need: amount(group.need),
            pooled_need: amount(group.pooled_need),
        }
    }
}
