//! Why the scale cannot be met: a smallest set of terms that cannot hold together.
//!
//! Sets of terms are tried in the order of their size, so that the first one that has no list is a smallest one. What the
//! candidates need, and who must not be chosen, are facts and always hold. A list that was found once is remembered: it also
//! answers for every other set whose terms it keeps.

use super::check::check;
use super::solve::{Meets, meets};
use super::terms::{Candidate, Constraint, Forced, Terms, Unfit};
use std::collections::BTreeSet;

/// Whether and why the scale cannot be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clash {
    /// It can be met.
    No,
    /// These terms cannot hold together.
    Of {
        /// In the order of constraints.
        terms: Vec<Constraint>,
        /// Whether no smaller set clashes; otherwise the nodes ran out on one.
        smallest: bool,
    },
    /// The nodes ran out before any set was proven to clash.
    Open,
}

/// A smallest set of terms that cannot hold together; so many nodes may be spent on each set.
///
/// The scale counts as a term, that the total is exactly the scale; without it a list of any total will do, the empty one too.
pub fn clash(terms: &Terms, candidates: &[Candidate], nodes: u64) -> Result<Clash, Unfit> {
    let all = kinds(terms, candidates);
    let mut witnesses: Vec<BTreeSet<Constraint>> = Vec::new();
    let mut smallest = true;
    // With everything kept first: mostly nothing clashes.
    let everything: Vec<usize> = (0..all.len()).collect();
    let sets = std::iter::once(everything).chain((1..=all.len()).flat_map(|size| subsets(all.len(), size)));
    for (place, set) in sets.enumerate() {
        let kept: BTreeSet<Constraint> = set.into_iter().map(|kind| all[kind].clone()).collect();
        if witnesses.iter().any(|broken| broken.is_disjoint(&kept)) {
            continue;
        }
        let (fewer, facts) = keep(terms, candidates, &kept);
        match meets(&fewer, &facts, kept.contains(&Constraint::Scale), nodes)? {
            Meets::With(_) if place == 0 => return Ok(Clash::No),
            Meets::With(list) => {
                let mut broken: BTreeSet<Constraint> = check(terms, candidates, &list).into_iter().map(|b| b.constraint).collect();
                if list.values().map(|lots| u64::from(*lots)).sum::<u64>() != u64::from(terms.scale) {
                    broken.insert(Constraint::Scale);
                }
                witnesses.push(broken);
            }
            Meets::Never if place > 0 => return Ok(Clash::Of { terms: kept.into_iter().collect(), smallest }),
            Meets::Never => {}
            Meets::Open => smallest &= place == 0,
        }
    }
    Ok(Clash::Open)
}

/// The terms there are.
pub(crate) fn kinds(terms: &Terms, candidates: &[Candidate]) -> Vec<Constraint> {
    let forced = candidates.iter().filter(|c| c.forced == Forced::In).map(|c| Constraint::ForcedIn(c.code.clone()));
    let mut kinds: Vec<Constraint> = [
        Some(Constraint::Scale),
        terms.least_obligors.map(|_| Constraint::LeastObligors),
        terms.largest.map(|_| Constraint::Largest),
        terms.top.map(|_| Constraint::Top),
        terms.industry.map(|_| Constraint::Industry),
        terms.firm_minimum.map(|_| Constraint::FirmMinimum),
        terms.firm_maximum.map(|_| Constraint::FirmMaximum),
    ]
    .into_iter()
    .flatten()
    .chain(forced)
    .collect();
    kinds.sort();
    kinds
}

/// The terms and candidates with these terms alone.
pub(crate) fn keep(terms: &Terms, candidates: &[Candidate], kept: &BTreeSet<Constraint>) -> (Terms, Vec<Candidate>) {
    let has = |constraint: Constraint| kept.contains(&constraint);
    let fewer = Terms {
        scale: terms.scale,
        firm_minimum: terms.firm_minimum.filter(|_| has(Constraint::FirmMinimum)),
        firm_maximum: terms.firm_maximum.filter(|_| has(Constraint::FirmMaximum)),
        least_obligors: terms.least_obligors.filter(|_| has(Constraint::LeastObligors)),
        largest: terms.largest.filter(|_| has(Constraint::Largest)),
        top: terms.top.filter(|_| has(Constraint::Top)),
        industry: terms.industry.filter(|_| has(Constraint::Industry)),
    };
    let free = |c: &Candidate| c.forced == Forced::In && !has(Constraint::ForcedIn(c.code.clone()));
    let facts = candidates.iter().map(|c| Candidate { forced: if free(c) { Forced::No } else { c.forced }, ..c.clone() });
    (fewer, facts.collect())
}

/// All sets of so many of the numbers below `count`, in lexicographic order.
pub(crate) fn subsets(count: usize, size: usize) -> impl Iterator<Item = Vec<usize>> {
    std::iter::successors(Some((0..size).collect::<Vec<usize>>()), move |set| {
        let rises = (0..size).rev().find(|place| set[*place] < count - size + place)?;
        let first = set[rises] + 1;
        Some(set[..rises].iter().copied().chain(first..first + size - rises).collect())
    })
}
