//! What the terms cost: which of them bind, and what it takes to force somebody in.
//!
//! A term is tight where the list leaves it no room, and it binds where the list would be better with one unit more of room:
//! the two are told apart by solving again.

use super::solve::choose_merit;
use super::terms::{Candidate, Choice, Constraint, Forced, LARGEST_SCALE, Lots, Share, Standing, Terms, Top, Unfit};
use std::collections::BTreeMap;

/// Which constraints are tight and which bind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    /// They leave no room.
    pub tight: Vec<Constraint>,
    /// A unit more of room makes the total or the score better.
    pub binding: Vec<Constraint>,
    /// The nodes ran out before it was known.
    pub open: Vec<Constraint>,
}

/// A candidate's amount without and with somebody forced in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub code: String,
    /// Without.
    pub before: Lots,
    /// With.
    pub after: Lots,
}

/// What it costs to force a candidate in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// A list with it of the greatest total and score; its standing tells whether the cost is proven.
    pub choice: Choice,
    /// Lots of the total lost.
    pub total: i64,
    /// Score × lots lost; it may be a gain where the total falls or the list without it was not proven.
    pub score: i128,
    /// Whose amounts change, in the order of codes.
    pub changes: Vec<Change>,
}

/// What comes of forcing a candidate in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forcing {
    /// There is no such candidate, or it is chosen already.
    Idle,
    /// No list has it.
    Never,
    /// The nodes ran out before a list with it was found.
    Open,
    /// At this cost.
    At(Cost),
}

/// Which constraints of a choice are tight and which bind; so many nodes may be spent on each.
///
/// One unit is a lot of the scale, of an enterprise's least or greatest amount and of the cap that a share makes of the total
/// issued; it is one of the obligors, and one who must be chosen no longer has to be.
pub fn binding(terms: &Terms, candidates: &[Candidate], choice: &Choice, nodes: u64) -> Result<Binding, Unfit> {
    let mut result = Binding { tight: tight(terms, candidates, choice), ..Binding::default() };
    for (constraint, terms, candidates) in relaxations(terms, candidates, choice.total) {
        let relaxed = choose_merit(&terms, &candidates, nodes)?;
        if relaxed.is_found() && (!choice.is_found() || relaxed.merit() > choice.best_merit()) {
            result.binding.push(constraint);
        } else if relaxed.best_merit() > choice.merit() {
            result.open.push(constraint);
        }
    }
    Ok(result)
}

/// What it costs to force a candidate in.
pub fn forcing(terms: &Terms, candidates: &[Candidate], choice: &Choice, code: &str, nodes: u64) -> Result<Forcing, Unfit> {
    if choice.amounts.contains_key(code) || candidates.iter().all(|c| c.code != code) {
        return Ok(Forcing::Idle);
    }
    let with = choose_merit(terms, &with_forced(candidates, code, Forced::In), nodes)?;
    if !with.is_found() {
        return Ok(if with.standing == Standing::Infeasible { Forcing::Never } else { Forcing::Open });
    }
    let lots = |choice: &Choice, code: &str| choice.amounts.get(code).copied().unwrap_or(0);
    let mut codes: Vec<&String> = choice.amounts.keys().chain(with.amounts.keys()).collect();
    codes.sort();
    codes.dedup();
    let changes = codes.into_iter().map(|code| Change { code: code.clone(), before: lots(choice, code), after: lots(&with, code) });
    let changes = changes.filter(|change| change.before != change.after).collect();
    let signed = |score: u128| i128::try_from(score).unwrap_or(i128::MAX);
    let (total, score) = (i64::from(choice.total) - i64::from(with.total), signed(choice.score) - signed(with.score));
    Ok(Forcing::At(Cost { choice: with, total, score, changes }))
}

fn with_forced(candidates: &[Candidate], code: &str, forced: Forced) -> Vec<Candidate> {
    candidates.iter().map(|c| Candidate { forced: if c.code == code { forced } else { c.forced }, ..c.clone() }).collect()
}

/// Each constraint with one unit more of room.
pub(crate) fn relaxations(terms: &Terms, candidates: &[Candidate], total: Lots) -> Vec<(Constraint, Terms, Vec<Candidate>)> {
    let total = if total == 0 { terms.scale } else { total };
    let wider = |share: Share| {
        let cap = share.of(total);
        (cap < total).then(|| Share { numerator: u64::from(cap) + 1, denominator: u64::from(total) })
    };
    let less = |lots: Option<Lots>| lots.and_then(|lots| lots.checked_sub(1));
    let issue = [
        (terms.scale < LARGEST_SCALE).then(|| (Constraint::Scale, Terms { scale: terms.scale + 1, ..terms.clone() })),
        less(terms.least_obligors).map(|n| (Constraint::LeastObligors, Terms { least_obligors: Some(n), ..terms.clone() })),
        terms.largest.and_then(wider).map(|share| (Constraint::Largest, Terms { largest: Some(share), ..terms.clone() })),
        terms.top.and_then(|top| Some((top, wider(top.share)?))).map(|(top, share)| {
            let top = Some(Top { share, ..top });
            (Constraint::Top, Terms { top, ..terms.clone() })
        }),
        terms.industry.and_then(wider).map(|share| (Constraint::Industry, Terms { industry: Some(share), ..terms.clone() })),
        less(terms.firm_minimum).map(|lots| (Constraint::FirmMinimum, Terms { firm_minimum: Some(lots), ..terms.clone() })),
        terms.firm_maximum.and_then(|lots| lots.checked_add(1)).map(|lots| {
            let firm_maximum = Some(lots);
            (Constraint::FirmMaximum, Terms { firm_maximum, ..terms.clone() })
        }),
    ];
    let issue = issue.into_iter().flatten().map(|(constraint, terms)| (constraint, terms, candidates.to_vec()));
    let forced = candidates.iter().filter(|c| c.forced == Forced::In);
    let forced = forced.map(|c| (Constraint::ForcedIn(c.code.clone()), terms.clone(), with_forced(candidates, &c.code, Forced::No)));
    issue.chain(forced).collect()
}

/// The constraints that a choice leaves no room.
fn tight(terms: &Terms, candidates: &[Candidate], choice: &Choice) -> Vec<Constraint> {
    let listed = || candidates.iter().filter_map(|c| Some((c, *choice.amounts.get(&c.code)?)));
    let (mut obligors, mut industries) = (BTreeMap::new(), BTreeMap::new());
    for (candidate, lots) in listed() {
        let obligor = candidate.group.as_ref().map_or((false, &candidate.code), |group| (true, group));
        *obligors.entry(obligor).or_insert(0) += lots;
        if let Some(industry) = &candidate.industry {
            *industries.entry(industry).or_insert(0) += lots;
        }
    }
    let mut largest: Vec<Lots> = obligors.into_values().collect();
    largest.sort_unstable_by_key(|lots| std::cmp::Reverse(*lots));
    let is = |share: Option<Share>, lots: Lots| share.is_some_and(|share| share.of(choice.total) == lots);
    let at_minimum = |(c, lots): (&Candidate, Lots)| terms.firm_minimum == Some(lots) && lots > c.least;
    let at_maximum = |(c, lots): (&Candidate, Lots)| terms.firm_maximum == Some(lots) && lots < c.need;
    let top = terms.top.is_some_and(|top| is(Some(top.share), largest.iter().take(top.obligors as usize).sum()));
    let issue = [
        (Constraint::Scale, choice.total == terms.scale),
        (Constraint::LeastObligors, terms.least_obligors.is_some_and(|n| n as usize == largest.len())),
        (Constraint::Largest, is(terms.largest, largest.first().copied().unwrap_or(0))),
        (Constraint::Top, top),
        (Constraint::Industry, is(terms.industry, industries.into_values().max().unwrap_or(0))),
        (Constraint::FirmMinimum, listed().any(at_minimum)),
        (Constraint::FirmMaximum, listed().any(at_maximum)),
    ];
    let forced = candidates.iter().filter(|c| c.forced == Forced::In).map(|c| Constraint::ForcedIn(c.code.clone()));
    issue.into_iter().filter(|(_, is_tight)| *is_tight).map(|(constraint, _)| constraint).chain(forced).collect()
}
