//! The candidates as the search sees them: by number instead of by name, and with the terms as whole lots of one total.
//!
//! A [`Pool`] is made once; a [`Stage`] is the pool at one total, where every share is a number of lots. All caps fall with
//! the total, which is why the bounds below prove something for all smaller totals too.

use super::terms::{Amounts, Candidate, Forced, Lots, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// A candidate that may be chosen, its facts and the terms for single enterprises taken together.
struct Firm {
    least: Lots,
    most: Lots,
    score: u64,
    obligor: usize,
    industry: Option<usize>,
    must: bool,
}

/// All that may be chosen, in the order of codes: the place here is what breaks ties.
pub(crate) struct Pool {
    codes: Vec<String>,
    firms: Vec<Firm>,
    industries: usize,
    terms: Terms,
}

/// A candidate at one total.
#[derive(Clone)]
pub(crate) struct Item {
    /// Its place in the pool.
    pub(crate) rank: usize,
    pub(crate) least: Lots,
    pub(crate) most: Lots,
    /// Per lot: the score times [`Pool::unit`].
    pub(crate) worth: i64,
    pub(crate) obligor: usize,
    /// Only where the industry's cap can bind.
    pub(crate) industry: Option<usize>,
    pub(crate) must: bool,
}

/// The largest so many obligors have so many lots at most.
#[derive(Clone, Copy)]
pub(crate) struct TopCap {
    pub(crate) obligors: Lots,
    pub(crate) cap: Lots,
}

/// The pool at one total.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) total: Lots,
    /// In the order of codes.
    pub(crate) items: Vec<Item>,
    /// The items of each obligor.
    pub(crate) obligors: Vec<Vec<usize>>,
    /// Whether an obligor has several candidates.
    pub(crate) shared: Vec<bool>,
    pub(crate) industries: usize,
    pub(crate) obligor_cap: Lots,
    pub(crate) industry_cap: Lots,
    /// Only where it can bind.
    pub(crate) top: Option<TopCap>,
    pub(crate) least_obligors: Lots,
}

/// What the pool looks like at a total.
pub(crate) enum At {
    /// Lists may exist.
    Open(Stage),
    /// No list has this total, nor any other above the one told.
    Above(Lots),
    /// No list has this total or a smaller one.
    Never,
}

impl Pool {
    pub(crate) fn new(terms: &Terms, candidates: &[Candidate]) -> Self {
        let mut sorted: Vec<&Candidate> = candidates.iter().filter(|c| c.forced != Forced::Out).collect();
        sorted.sort_by(|a, b| a.code.cmp(&b.code));
        let mut groups = BTreeMap::new();
        let mut industries = BTreeMap::new();
        let mut obligors = 0;
        let mut new_obligor = || {
            obligors += 1;
            obligors - 1
        };
        let firms = sorted.iter().map(|c| {
            let count = industries.len();
            Firm {
                least: c.least.max(terms.firm_minimum.unwrap_or(0)).max(1),
                most: c.need.min(terms.firm_maximum.unwrap_or(Lots::MAX)),
                score: c.score,
                obligor: match &c.group {
                    Some(group) => *groups.entry(group).or_insert_with(&mut new_obligor),
                    None => new_obligor(),
                },
                industry: c.industry.as_ref().map(|industry| *industries.entry(industry).or_insert(count)),
                must: c.forced == Forced::In,
            }
        });
        let firms = firms.collect();
        Self { codes: sorted.iter().map(|c| c.code.clone()).collect(), firms, industries: industries.len(), terms: terms.clone() }
    }

    /// Amounts by code.
    pub(crate) fn named(&self, amounts: &[Lots]) -> Amounts {
        self.codes.iter().cloned().zip(amounts.iter().copied()).filter(|(_, lots)| *lots > 0).collect()
    }

    /// The score of amounts by rank.
    pub(crate) fn score(&self, amounts: &[Lots]) -> u128 {
        self.firms.iter().zip(amounts).map(|(firm, lots)| u128::from(firm.score) * u128::from(*lots)).sum()
    }

    /// How many candidates there are.
    pub(crate) fn len(&self) -> usize {
        self.firms.len()
    }

    /// Whether the empty list meets the terms.
    pub(crate) fn allows_none(&self) -> bool {
        self.terms.least_obligors.unwrap_or(0) == 0 && self.firms.iter().all(|firm| !firm.must)
    }

    /// The greatest total anyone could ask for.
    pub(crate) fn all(&self) -> u64 {
        self.firms.iter().map(|firm| u64::from(firm.most)).sum()
    }

    /// The pool at a total, if quick bounds do not rule the total out.
    pub(crate) fn at(&self, total: Lots) -> At {
        let Some(stage) = self.stage(total) else { return At::Never };
        if stage.least_total() > u64::from(total) {
            return At::Never;
        }
        let reach = stage.reach();
        if reach < u64::from(total) { At::Above(Lots::try_from(reach).unwrap_or(total)) } else { At::Open(stage) }
    }

    /// Nothing where somebody who must be chosen cannot be; that holds for smaller totals too.
    fn stage(&self, total: Lots) -> Option<Stage> {
        let cap = |share: Option<super::terms::Share>| share.map_or(total, |share| share.of(total));
        let (obligor_cap, industry_cap) = (cap(self.terms.largest), cap(self.terms.industry));
        let top = self.terms.top.map(|top| TopCap { obligors: top.obligors, cap: top.share.of(total) });
        let mut items = Vec::new();
        for (rank, firm) in self.firms.iter().enumerate() {
            let caps = [Some(obligor_cap), firm.industry.map(|_| industry_cap), top.map(|top| top.cap)];
            let most = caps.into_iter().flatten().fold(firm.most, Lots::min);
            let worth = i64::try_from(firm.score).unwrap_or(i64::MAX).saturating_mul(self.unit());
            if firm.least <= most {
                let Firm { least, obligor, industry, must, .. } = *firm;
                items.push(Item { rank, least, most, worth, obligor, industry, must });
            } else if firm.must {
                return None;
            }
        }
        let least_obligors = self.terms.least_obligors.unwrap_or(0);
        let mut stage = Stage {
            total,
            items,
            obligors: Vec::new(),
            shared: Vec::new(),
            industries: self.industries,
            obligor_cap,
            industry_cap,
            top,
            least_obligors,
        };
        stage.drop_idle();
        Some(stage)
    }

    /// More than the enterprises of any list: a list's value is its score times this less its enterprises, so that one number
    /// decides two levels.
    pub(crate) fn unit(&self) -> i64 {
        i64::try_from(self.firms.len()).unwrap_or(i64::MAX).saturating_add(1)
    }
}

impl Stage {
    /// Numbers the obligors that are left, and drops the caps that cannot bind.
    fn drop_idle(&mut self) {
        let mut numbers = BTreeMap::new();
        let mut industries = vec![0_u64; self.industries];
        for (i, item) in self.items.iter_mut().enumerate() {
            let count = numbers.len();
            item.obligor = *numbers.entry(item.obligor).or_insert(count);
            if item.obligor == self.obligors.len() {
                self.obligors.push(Vec::new());
            }
            self.obligors[item.obligor].push(i);
            if let Some(industry) = item.industry {
                industries[industry] += u64::from(item.most);
            }
        }
        self.shared = self.obligors.iter().map(|items| items.len() > 1).collect();
        for item in &mut self.items {
            item.industry = item.industry.filter(|industry| industries[*industry] > u64::from(self.industry_cap));
        }
        let Some(top) = self.top else { return };
        let mut largest: Vec<u64> = (0..self.obligors.len()).map(|o| self.obligor_most(o).min(u64::from(self.obligor_cap))).collect();
        largest.sort_unstable_by(|a, b| b.cmp(a));
        if largest.iter().take(top.obligors as usize).sum::<u64>() <= u64::from(top.cap) {
            self.top = None;
        }
    }

    /// The stage where no obligor has more than so many lots; nothing where somebody who must be chosen needs more.
    pub(crate) fn capped(&self, lots: Lots) -> Option<Self> {
        let mut obligors = vec![Vec::new(); self.obligors.len()];
        let mut items: Vec<Item> = Vec::new();
        for item in &self.items {
            if item.least <= lots {
                obligors[item.obligor].push(items.len());
                items.push(Item { most: item.most.min(lots), ..item.clone() });
            } else if item.must {
                return None;
            }
        }
        Some(Self { items, obligors, shared: self.shared.clone(), obligor_cap: self.obligor_cap.min(lots), ..*self })
    }

    /// What an obligor's candidates could take together.
    fn obligor_most(&self, obligor: usize) -> u64 {
        self.obligors[obligor].iter().map(|i| u64::from(self.items[*i].most)).sum()
    }

    /// The least total with all who must be chosen and enough obligors; `u64::MAX` where there are not enough.
    fn least_total(&self) -> u64 {
        let musts = self.items.iter().filter(|item| item.must);
        let forced: BTreeSet<usize> = musts.clone().map(|item| item.obligor).collect();
        let others = (0..self.obligors.len()).filter(|obligor| !forced.contains(obligor));
        let mut others: Vec<u64> = others.filter_map(|o| self.obligors[o].iter().map(|i| u64::from(self.items[*i].least)).min()).collect();
        others.sort_unstable();
        let wanted = (self.least_obligors as usize).saturating_sub(forced.len());
        if others.len() < wanted {
            return u64::MAX;
        }
        musts.map(|item| u64::from(item.least)).sum::<u64>() + others.iter().take(wanted).sum::<u64>()
    }

    /// No list within the caps has a greater total: the greatest of the cuts below over all thresholds.
    fn reach(&self) -> u64 {
        let parts = self.parts();
        let free = self.cut(&parts, self.obligor_cap);
        let Some(top) = self.top else { return free };
        (0..=top.cap / top.obligors).map(|threshold| self.reach_of(&parts, threshold, top, free)).max().unwrap_or(0)
    }

    /// The same for one threshold.
    pub(crate) fn reach_at(&self, threshold: Lots, top: TopCap) -> u64 {
        let parts = self.parts();
        self.reach_of(&parts, threshold, top, self.cut(&parts, self.obligor_cap))
    }

    fn reach_of(&self, parts: &[(Option<usize>, u64)], threshold: Lots, top: TopCap, free: u64) -> u64 {
        free.min(self.cut(parts, threshold.min(self.obligor_cap)) + u64::from(top.cap - threshold * top.obligors))
    }

    /// What each obligor could take in each industry.
    fn parts(&self) -> Vec<(Option<usize>, u64)> {
        let mut parts = BTreeMap::new();
        for item in &self.items {
            *parts.entry((item.industry, item.obligor)).or_default() += u64::from(item.most);
        }
        parts.into_iter().map(|((industry, _), most)| (industry, most)).collect()
    }

    /// The capacity of obligors of so many lots at most into industries; parts come industry by industry.
    fn cut(&self, parts: &[(Option<usize>, u64)], obligor_cap: Lots) -> u64 {
        let of = |part: &[(Option<usize>, u64)]| part.iter().map(|(_, most)| (*most).min(u64::from(obligor_cap))).sum::<u64>();
        let industries = parts.chunk_by(|a, b| a.0 == b.0);
        let capped =
            |part: &[(Option<usize>, u64)]| if part[0].0.is_some() { of(part).min(u64::from(self.industry_cap)) } else { of(part) };
        industries.map(capped).sum()
    }
}
