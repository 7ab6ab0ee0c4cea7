//! The greatest issue that the pool could carry, whatever its scale is to be.

use super::candidates::{candidate, pooled};
use super::exact::{self, Candidate, LARGEST_SCALE, Lots};
use super::terms::{terms, units};
use super::unfit;
use crate::config::Config;
use crate::engine::EngineError;
use crate::model::feasibility::Capacity;
use datafusion::arrow::array::RecordBatch;

/// Its search gets this part of the steps: it asks for no more than a total.
const PART: u64 = 4;

/// Finds the greatest total of any list that keeps to all terms but the scale.
///
/// # Errors
/// The batches cannot be read, or the numbers exceed what the search takes.
pub fn capacity(config: &Config, enterprises: impl Iterator<Item = Result<RecordBatch, EngineError>>) -> Result<Capacity, EngineError> {
    let issue = &config.issue;
    // Which of the lists of a total is best is not asked.
    let of_total = |candidate: Candidate| Candidate { score: 0, ..candidate };
    let candidates: Vec<Candidate> =
        pooled(config, enterprises)?.iter().filter_map(|listed| candidate(issue, listed)).map(of_total).collect();
    let need: u64 = candidates.iter().map(|candidate| u64::from(candidate.need)).sum();
    let told = Capacity { candidates: candidates.len() as u64, need: i128::from(need) * issue.lot.units(), ..Capacity::default() };
    let mut terms = terms(issue);
    terms.scale = Lots::try_from(need).unwrap_or(Lots::MAX).min(LARGEST_SCALE);
    match exact::choose(&terms, &candidates, (issue.steps / PART).max(1)) {
        Ok(choice) => {
            let bound = match &choice.standing {
                exact::Standing::Gap(bounds) => bounds.total.max(choice.total),
                exact::Standing::Optimal | exact::Standing::Infeasible => choice.total,
            };
            Ok(Capacity { reached: units(issue, choice.total), bound: Some(units(issue, bound)), ..told })
        }
        Err(exact::Unfit::Value | exact::Unfit::Scale) => Ok(told),
        Err(other) => Err(unfit(other)),
    }
}
