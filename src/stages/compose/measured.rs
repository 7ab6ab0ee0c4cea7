//! How a list keeps to the terms: what it comes to under each, which of them are reached, which make it worse than it could be, which
//! cannot hold together, and what choosing another enterprise would cost. Each is an answer of the same exact search, asked otherwise.

use super::exact::{Candidate, Choice, Clash, Constraint, Forcing, Lots, Share, Terms, Unfit, binding, clash, forcing};
use super::terms::units;
use crate::config::IssueOptions;
use crate::model::proposal::{Cost, Measure, Term};
use std::collections::{BTreeMap, BTreeSet};

/// The word of a term.
fn word_of(constraint: &Constraint) -> &'static str {
    match constraint {
        Constraint::Scale => "scale",
        Constraint::LeastObligors => "obligors",
        Constraint::Largest => "largest_share",
        Constraint::Top => "top_five_share",
        Constraint::Industry => "industry_share",
        Constraint::FirmMinimum => "firm_least",
        Constraint::FirmMaximum => "firm_most",
        Constraint::ForcedIn(_) | Constraint::ForcedOut(_) | Constraint::Need => "need",
    }
}

/// Every term that is stated, with what the list comes to.
pub fn measured(
    (issue, terms): (&IssueOptions, &Terms),
    candidates: &[Candidate],
    choice: &Choice,
    steps: u64,
) -> Result<Vec<Term>, Unfit> {
    let sums = Sums::of(candidates, choice);
    let bound = if steps > 0 { Some(binding(terms, candidates, choice, steps)?) } else { None };
    let share = |lots: Lots| Measure::Share(i128::from(lots) * 10_000 / i128::from(choice.total.max(1)));
    let amount = |lots: Lots| Measure::Amount(units(issue, lots));
    let of = |share: Share| Measure::Share(i128::from(share.numerator) * 10_000 / i128::from(share.denominator.max(1)));
    let told = [
        (Constraint::Scale, Some((amount(terms.scale), amount(choice.total)))),
        (Constraint::LeastObligors, terms.least_obligors.map(|n| (Measure::Count(n.into()), Measure::Count(sums.obligors as u64)))),
        (Constraint::Largest, terms.largest.map(|limit| (of(limit), share(sums.largest)))),
        (Constraint::Top, terms.top.map(|top| (of(top.share), share(sums.top)))),
        (Constraint::Industry, terms.industry.map(|limit| (of(limit), share(sums.industry)))),
        (Constraint::FirmMinimum, terms.firm_minimum.map(|least| (amount(least), amount(sums.smallest)))),
        (Constraint::FirmMaximum, terms.firm_maximum.map(|most| (amount(most), amount(sums.greatest)))),
    ];
    let told = told.into_iter().filter_map(|(constraint, told)| Some((constraint, told?)));
    let term = |(constraint, (limit, reached)): (Constraint, (Measure, Measure))| Term {
        id: word_of(&constraint).to_owned(),
        limit,
        reached,
        tight: bound.as_ref().is_some_and(|bound| bound.tight.contains(&constraint)),
        binding: bound.as_ref().filter(|bound| !bound.open.contains(&constraint)).map(|bound| bound.binding.contains(&constraint)),
    };
    Ok(told.map(term).collect())
}

/// A smallest set of terms that cannot hold together with the scale; nothing where the scale is met, or it is not proven that it cannot be.
pub fn clashing(terms: &Terms, candidates: &[Candidate], choice: &Choice, steps: u64) -> Result<Vec<String>, Unfit> {
    if choice.total == terms.scale || steps == 0 {
        return Ok(Vec::new());
    }
    let told = |terms: &[Constraint]| terms.iter().map(|term| word_of(term).to_owned()).collect();
    Ok(match clash(terms, candidates, steps)? {
        // Needs are facts that always hold: with the scale alone it is they that clash.
        Clash::Of { terms, smallest: true } if terms.len() == 1 => told(&[terms[0].clone(), Constraint::Need]),
        Clash::Of { terms, smallest: true } => told(&terms),
        Clash::Of { .. } | Clash::Open | Clash::No => Vec::new(),
    })
}

/// What it costs to have a candidate on the list; nothing where that is not known, or no list has it.
pub fn cost(
    (issue, terms): (&IssueOptions, &Terms),
    candidates: &[Candidate],
    choice: &Choice,
    (code, steps): (&str, u64),
    names: &BTreeMap<&str, &str>,
) -> Result<Option<Cost>, Unfit> {
    let Forcing::At(forced) = forcing(terms, candidates, choice, code, steps)? else { return Ok(None) };
    let leaves = forced.changes.iter().filter(|change| change.after == 0);
    Ok(Some(Cost {
        total: i128::from(forced.total.max(0)) * issue.lot.units(),
        score: forced.score.max(0) / i128::from(terms.scale.max(1)),
        leaves: leaves.map(|change| names.get(change.code.as_str()).map_or(change.code.clone(), |name| (*name).to_owned())).collect(),
    }))
}

/// What a list comes to, in lots.
struct Sums {
    obligors: usize,
    largest: Lots,
    top: Lots,
    industry: Lots,
    smallest: Lots,
    greatest: Lots,
}

impl Sums {
    fn of(candidates: &[Candidate], choice: &Choice) -> Self {
        let (mut obligors, mut industries) = (BTreeMap::<(bool, &str), Lots>::new(), BTreeMap::<&str, Lots>::new());
        let known: BTreeMap<&str, &Candidate> = candidates.iter().map(|c| (c.code.as_str(), c)).collect();
        for (code, lots) in choice.amounts.iter().filter(|(_, lots)| **lots > 0) {
            let Some(candidate) = known.get(code.as_str()) else { continue };
            let obligor = candidate.group.as_deref().map_or((false, candidate.code.as_str()), |group| (true, group));
            *obligors.entry(obligor).or_default() += lots;
            if let Some(industry) = &candidate.industry {
                *industries.entry(industry).or_default() += lots;
            }
        }
        let mut largest: Vec<Lots> = obligors.values().copied().collect();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        let amounts: BTreeSet<Lots> = choice.amounts.values().copied().filter(|lots| *lots > 0).collect();
        Self {
            obligors: largest.len(),
            largest: largest.first().copied().unwrap_or(0),
            top: largest.iter().take(super::terms::TOP as usize).sum(),
            industry: industries.values().copied().max().unwrap_or(0),
            smallest: amounts.first().copied().unwrap_or(0),
            greatest: amounts.last().copied().unwrap_or(0),
        }
    }
}
