//! The recheck of a list: every term again, in decimals and by nothing that the search uses.

use super::terms::{Amounts, Candidate, Constraint, Forced, Share, Terms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A constraint that a list breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub constraint: Constraint,
    /// The code, group or industry; empty for the issue as a whole.
    pub who: String,
    /// In lots, or obligors.
    pub found: Decimal,
    /// The most, or where there is too little the least.
    pub allowed: Decimal,
}

/// Everything that a list breaks, of the terms and of the candidates' facts; amounts of zero are not chosen.
pub fn check(terms: &Terms, candidates: &[Candidate], amounts: &Amounts) -> Vec<Broken> {
    let chosen: BTreeMap<&str, Decimal> = amounts.iter().map(|(code, lots)| (code.as_str(), Decimal::from(*lots))).collect();
    let known: BTreeMap<&str, &Candidate> = candidates.iter().map(|c| (c.code.as_str(), c)).collect();
    let mut broken = Vec::new();
    for (code, lots) in chosen.iter().filter(|(_, lots)| !lots.is_zero()) {
        match known.get(code) {
            Some(candidate) => broken.extend(check_firm(terms, candidate, *lots)),
            None => broken.push(Broken { constraint: Constraint::Need, who: (*code).to_owned(), found: *lots, allowed: Decimal::ZERO }),
        }
    }
    for candidate in candidates.iter().filter(|c| c.forced == Forced::In) {
        if chosen.get(candidate.code.as_str()).is_none_or(Decimal::is_zero) {
            let constraint = Constraint::ForcedIn(candidate.code.clone());
            broken.push(Broken { constraint, who: candidate.code.clone(), found: Decimal::ZERO, allowed: Decimal::ONE });
        }
    }
    let listed: Vec<(&Candidate, Decimal)> = candidates.iter().filter_map(|c| Some((c, *chosen.get(c.code.as_str())?))).collect();
    broken.extend(check_issue(terms, &listed));
    broken
}

/// What one enterprise's amount breaks.
fn check_firm(terms: &Terms, candidate: &Candidate, lots: Decimal) -> Vec<Broken> {
    let broken = |constraint, allowed| Broken { constraint, who: candidate.code.clone(), found: lots, allowed };
    let least = Decimal::from(candidate.least);
    let need = Decimal::from(candidate.need);
    let minimum = terms.firm_minimum.map(Decimal::from);
    let maximum = terms.firm_maximum.map(Decimal::from);
    [
        (lots < least).then(|| broken(Constraint::Need, least)),
        (lots > need).then(|| broken(Constraint::Need, need)),
        minimum.filter(|minimum| lots < *minimum).map(|minimum| broken(Constraint::FirmMinimum, minimum)),
        maximum.filter(|maximum| lots > *maximum).map(|maximum| broken(Constraint::FirmMaximum, maximum)),
        (candidate.forced == Forced::Out).then(|| broken(Constraint::ForcedOut(candidate.code.clone()), Decimal::ZERO)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the amounts break together.
fn check_issue(terms: &Terms, listed: &[(&Candidate, Decimal)]) -> Vec<Broken> {
    let total: Decimal = listed.iter().map(|(_, lots)| *lots).sum();
    let scale = Decimal::from(terms.scale);
    let whole = |constraint, found, allowed| Broken { constraint, who: String::new(), found, allowed };
    let mut broken = Vec::new();
    if total > scale {
        broken.push(whole(Constraint::Scale, total, scale));
    }
    let obligors = sums(listed.iter().map(|(c, lots)| (obligor(c), *lots)));
    let count = Decimal::from(obligors.values().filter(|lots| !lots.is_zero()).count());
    let least = terms.least_obligors.map(Decimal::from);
    broken.extend(least.filter(|least| count < *least).map(|least| whole(Constraint::LeastObligors, count, least)));
    let names = obligors.iter().map(|((_, name), lots)| (*name, *lots));
    broken.extend(terms.largest.into_iter().flat_map(|share| above(Constraint::Largest, share, total, names.clone())));
    if let Some(top) = terms.top {
        let mut largest: Vec<Decimal> = obligors.into_values().collect();
        largest.sort_unstable();
        let sum = largest.into_iter().rev().take(top.obligors as usize).sum();
        broken.extend(above(Constraint::Top, top.share, total, [("", sum)].into_iter()));
    }
    let industries = sums(listed.iter().filter_map(|(c, lots)| Some((c.industry.as_deref()?, *lots))));
    broken.extend(terms.industry.into_iter().flat_map(|share| above(Constraint::Industry, share, total, industries.clone().into_iter())));
    broken
}

/// Groups and candidates without one may have the same name.
fn obligor(candidate: &Candidate) -> (bool, &str) {
    match &candidate.group {
        Some(group) => (true, group),
        None => (false, &candidate.code),
    }
}

fn sums<K: Ord>(amounts: impl Iterator<Item = (K, Decimal)>) -> BTreeMap<K, Decimal> {
    let mut sums = BTreeMap::new();
    for (who, lots) in amounts {
        *sums.entry(who).or_default() += lots;
    }
    sums
}

/// Who has more than a share of the total: by products, so that nothing is rounded.
fn above<'a>(constraint: Constraint, share: Share, total: Decimal, sums: impl Iterator<Item = (&'a str, Decimal)>) -> Vec<Broken> {
    let (numerator, denominator) = (Decimal::from(share.numerator), Decimal::from(share.denominator));
    let most = total * numerator;
    let over = sums.filter(|(_, lots)| *lots * denominator > most);
    let allowed = if denominator.is_zero() { Decimal::ZERO } else { (most / denominator).floor() };
    over.map(|(who, found)| Broken { constraint: constraint.clone(), who: who.to_owned(), found, allowed }).collect()
}
