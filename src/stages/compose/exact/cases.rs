//! Random cases for the tests, and brute force.

use super::terms::{Amounts, Candidate, Forced, Lots, Share, Terms, Top};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// A share in hundredths.
pub(crate) fn percent(numerator: u64) -> Share {
    Share { numerator, denominator: 100 }
}

/// A candidate without group, industry or force.
pub(crate) fn firm(code: &str, least: Lots, need: Lots, score: u64) -> Candidate {
    Candidate { code: code.to_owned(), least, need, score, ..Candidate::default() }
}

/// A case small enough for brute force, of terms that often bind.
pub(crate) fn small(seed: u64) -> (Terms, Vec<Candidate>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let count = random.random_range(2..=6);
    let scores = [1, 2, 30][random.random_range(0..3)];
    let rigid = random.random_bool(0.3);
    let mut candidates = Vec::new();
    for i in 0..count {
        let need = random.random_range(1..=if count > 4 { 3 } else { 5 });
        candidates.push(Candidate {
            code: format!("{}{i}", ['c', 'a', 'b'][i % 3]),
            group: random.random_bool(0.4).then(|| format!("g{}", random.random_range(0..2))),
            industry: random.random_bool(0.8).then(|| format!("i{}", random.random_range(0..3))),
            least: if rigid { need } else { random.random_range(0..=3) },
            need,
            score: random.random_range(0..scores),
            forced: *[Forced::In, Forced::Out].get(random.random_range(0..20)).unwrap_or(&Forced::No),
        });
    }
    let share = |random: &mut ChaCha8Rng, from, to| random.random_bool(0.6).then(|| percent(random.random_range(from..=to)));
    let terms = Terms {
        scale: random.random_range(3..=16),
        firm_minimum: random.random_bool(0.3).then(|| random.random_range(1..=3)),
        firm_maximum: random.random_bool(0.3).then(|| random.random_range(2..=4)),
        least_obligors: random.random_bool(0.6).then(|| random.random_range(1..=4)),
        largest: share(&mut random, 20, 70),
        top: share(&mut random, 45, 95).map(|share| Top { obligors: random.random_range(1..=3), share }),
        industry: share(&mut random, 25, 80),
    };
    (terms, candidates)
}

/// How a large case is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) firms: usize,
    pub(crate) scale: Lots,
    pub(crate) industries: usize,
    /// Amounts are all or nothing.
    pub(crate) rigid: bool,
    /// Distinct scores.
    pub(crate) scores: u64,
    pub(crate) obligors: u32,
    pub(crate) top: u64,
    /// One in so many candidates is of a group of about three.
    pub(crate) grouped: usize,
}

/// A large case.
pub(crate) fn large(shape: Shape, seed: u64) -> (Terms, Vec<Candidate>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let groups = (shape.firms / shape.grouped / 3).max(1);
    let candidates = (0..shape.firms).map(|i| {
        let need = random.random_range((shape.scale / 200).max(1)..=shape.scale / 15);
        Candidate {
            code: format!("{:05}", i * 7919 % shape.firms),
            group: (i % shape.grouped == 0).then(|| format!("g{}", random.random_range(0..groups))),
            industry: random.random_bool(0.95).then(|| format!("i{}", random.random_range(0..shape.industries))),
            least: if shape.rigid { need } else { random.random_range(1..=need.min(shape.scale / 100)) },
            need,
            score: 3000 + random.random_range(0..shape.scores) * 7000 / shape.scores,
            forced: Forced::No,
        }
    });
    let candidates = candidates.collect();
    let terms = Terms {
        scale: shape.scale,
        firm_minimum: Some(shape.scale / 200),
        firm_maximum: None,
        least_obligors: Some(shape.obligors),
        largest: Some(percent(8)),
        top: Some(Top { obligors: 5, share: percent(shape.top) }),
        industry: Some(percent(20)),
    };
    (terms, candidates)
}

/// What of the scale a list has to meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Reached,
    Kept,
    Free,
}

/// Whether a list meets the terms for the issue as a whole: by their words.
fn meets(terms: &Terms, labels: &[(usize, Option<usize>)], list: &[Lots], scale: Scale) -> bool {
    let total: Lots = list.iter().sum();
    let within = |share: Share, lots: Lots| u64::from(lots) * share.denominator <= share.numerator * u64::from(total);
    let (mut obligors, mut industries) = ([0; LABELS], [0; LABELS]);
    for ((obligor, industry), lots) in labels.iter().zip(list) {
        obligors[*obligor] += lots;
        if let Some(industry) = industry {
            industries[*industry] += lots;
        }
    }
    obligors.sort_unstable_by(|a, b| b.cmp(a));
    let count = obligors.iter().filter(|lots| **lots > 0).count();
    let scale = match scale {
        Scale::Reached => total == terms.scale,
        Scale::Kept => total <= terms.scale,
        Scale::Free => true,
    };
    scale
        && count >= terms.least_obligors.unwrap_or(0) as usize
        && terms.largest.is_none_or(|share| within(share, obligors[0]))
        && terms.top.is_none_or(|top| within(top.share, obligors.iter().take(top.obligors as usize).sum()))
        && terms.industry.is_none_or(|share| industries.iter().all(|lots| within(share, *lots)))
}

/// More labels than small cases have.
const LABELS: usize = 8;

/// Obligors and industries by number.
fn labels(candidates: &[Candidate]) -> Vec<(usize, Option<usize>)> {
    let place = |of: &dyn Fn(&Candidate) -> bool| candidates.iter().position(of);
    let obligor = |i: usize| candidates[i].group.as_ref().and_then(|group| place(&|c| c.group.as_ref() == Some(group))).unwrap_or(i);
    let industry = |i: usize| candidates[i].industry.as_ref().and_then(|industry| place(&|c| c.industry.as_ref() == Some(industry)));
    (0..candidates.len()).map(|i| (obligor(i), industry(i))).collect()
}

/// All lists that meet the terms: by trying all.
pub(crate) fn lists(terms: &Terms, candidates: &[Candidate], scale: Scale) -> Vec<Vec<Lots>> {
    let all = candidates.iter().fold(vec![Vec::new()], |lists, candidate| {
        let least = candidate.least.max(terms.firm_minimum.unwrap_or(0)).max(1);
        let most = if candidate.forced == Forced::Out { 0 } else { candidate.need.min(terms.firm_maximum.unwrap_or(Lots::MAX)) };
        let none = (candidate.forced != Forced::In).then_some(0);
        let longer = |list: &Vec<Lots>| none.into_iter().chain(least..=most).map(|lots| [list, &[lots][..]].concat()).collect::<Vec<_>>();
        lists.iter().flat_map(longer).collect()
    });
    let labels = labels(candidates);
    all.into_iter().filter(|list| meets(terms, &labels, list, scale)).collect()
}

/// The best list by trying all, compared at all levels; the candidates have to be in the order of codes.
pub(crate) fn best(terms: &Terms, candidates: &[Candidate]) -> Option<Vec<Lots>> {
    let score = |list: &[Lots]| candidates.iter().zip(list).map(|(c, lots)| c.score * u64::from(*lots)).sum::<u64>();
    let chosen = |list: &[Lots]| list.iter().filter(|lots| **lots > 0).count();
    let key = |list: &Vec<Lots>| (list.iter().sum::<Lots>(), score(list), std::cmp::Reverse(chosen(list)), list.clone());
    lists(terms, candidates, Scale::Kept).into_iter().max_by_key(key)
}

/// Amounts by code.
pub(crate) fn named(candidates: &[Candidate], list: &[Lots]) -> Amounts {
    candidates.iter().map(|c| c.code.clone()).zip(list.iter().copied()).filter(|(_, lots)| *lots > 0).collect()
}

/// Which terms change the answer when they are left out.
pub(crate) fn matter(terms: &Terms, candidates: &[Candidate], answer: Option<&Vec<Lots>>) -> BTreeSet<&'static str> {
    let without = [
        ("obligors", Terms { least_obligors: None, ..terms.clone() }),
        ("largest", Terms { largest: None, ..terms.clone() }),
        ("top", Terms { top: None, ..terms.clone() }),
        ("industry", Terms { industry: None, ..terms.clone() }),
        ("minimum", Terms { firm_minimum: None, ..terms.clone() }),
        ("maximum", Terms { firm_maximum: None, ..terms.clone() }),
    ];
    let mut matter: BTreeSet<&str> =
        without.iter().filter(|(_, terms)| best(terms, candidates).as_ref() != answer).map(|(name, _)| *name).collect();
    let apart: Vec<Candidate> = candidates.iter().map(|c| Candidate { group: None, ..c.clone() }).collect();
    if best(terms, &apart).as_ref() != answer {
        matter.insert("groups");
    }
    matter
}
