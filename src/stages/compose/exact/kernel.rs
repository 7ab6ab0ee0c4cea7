//! The candidates that are still open within a gap, in the order in which the search decides on them, and what is left to earn.
//!
//! Whoever loses more than the gap by anything but one choice is decided; the others are the core (Balas and Zemel, 1980;
//! Pisinger, 1997). The core is ordered so that few sums are open at a time: industry by industry, the candidates of an obligor
//! next to each other. For every place in that order [`Tail`] tells exactly what the rest earns at the prices with a total that
//! is still to be filled; only the other caps are left to the prices.
//!
//! Exchange rule: of two candidates that are obligors of their own, cannot exceed the threshold and fall under the same
//! industry cap (or none), the second in the order of score and then of code gets more than its least amount only if the first,
//! where it is chosen, has its greatest. Otherwise moving one lot from the second to the first keeps every term and either
//! raises the score or, at equal scores, gives more to the smaller code.

use super::pool::{Item, Stage};
use super::prices::{Earning, Prices, Threshold};
use super::terms::Lots;
use std::collections::BTreeSet;

/// A gap that leaves nobody out: more than any list loses.
pub(crate) const WHOLE: i64 = i64::MAX / 8;
/// Earns nothing because it cannot be: low enough that nothing added makes it look possible.
pub(crate) const NEVER: i64 = i64::MIN / 4;

/// A candidate of the core, and which sums open and close with it.
pub(crate) struct Layer {
    /// Its place in the pool.
    pub(crate) rank: usize,
    pub(crate) least: Lots,
    pub(crate) most: Lots,
    /// Whether not choosing it is within the gap.
    pub(crate) may_be_out: bool,
    /// The amounts within the gap.
    pub(crate) range: Option<(Lots, Lots)>,
    pub(crate) earning: Earning,
    /// Whether the exchange rule is for it.
    pub(crate) free: bool,
    /// Whether no later candidate falls under the same exchange rule.
    pub(crate) last_free: bool,
    pub(crate) obligor: usize,
    /// Whether its obligor has several candidates.
    pub(crate) shared: bool,
    /// What the obligor's decided candidates have, at its first candidate in the core.
    pub(crate) opens_obligor: Option<Lots>,
    pub(crate) closes_obligor: bool,
    pub(crate) industry: Option<usize>,
    /// Where the industry's sum is kept.
    pub(crate) slot: usize,
    /// What the industry's decided candidates have, at its first candidate in the core.
    pub(crate) opens_industry: Option<Lots>,
    pub(crate) closes_industry: bool,
    /// Whether no later candidate can add to the excess.
    pub(crate) closes_excess: bool,
    /// How many obligors without decided candidates can be chosen from the next layer on.
    pub(crate) later_obligors: Lots,
    /// How many lots those who come later can take, without the industry of this layer if that stays open.
    pub(crate) later_lots: u64,
    /// The most that it earns with the price of the total taken off.
    best: i64,
}

/// What the decided candidates leave to the core.
pub(crate) struct Core {
    pub(crate) layers: Vec<Layer>,
    /// Amounts of the decided by rank.
    pub(crate) decided: Vec<(usize, Lots)>,
    /// The total still to be filled.
    pub(crate) left: Lots,
    pub(crate) obligors: Lots,
    pub(crate) excess: Lots,
    /// How many industry sums are open at once.
    pub(crate) slots: usize,
    /// The bound less what the core earns.
    pub(crate) start: i64,
}

/// Sums of the decided candidates.
struct Sums {
    total: u64,
    industries: Vec<u64>,
    obligors: Vec<u64>,
    excess: u64,
}

impl Core {
    /// The core within a gap, or nothing where the decided break a term: then no list is within the gap.
    pub(crate) fn new(stage: &Stage, threshold: Option<Threshold>, prices: &Prices, gap: i64) -> Option<Self> {
        Self::of(stage, threshold, prices, gap, &|_| true)
    }

    /// The core of those whose second best choice loses least, so many of them; all others do what is best for them. It proves
    /// nothing.
    pub(crate) fn smallest(stage: &Stage, threshold: Option<Threshold>, prices: &Prices, size: usize) -> Option<Self> {
        let second = |item: &Item| (prices.second(prices.earning(stage, threshold, item), item), item.rank);
        let mut seconds: Vec<(i64, usize)> = stage.items.iter().map(second).collect();
        if size >= seconds.len() {
            return Self::new(stage, threshold, prices, WHOLE);
        }
        let (_, last, _) = seconds.select_nth_unstable(size);
        let last = *last;
        Self::of(stage, threshold, prices, WHOLE, &|item| second(item) < last)
    }

    fn of(stage: &Stage, threshold: Option<Threshold>, prices: &Prices, gap: i64, is_open: &dyn Fn(&Item) -> bool) -> Option<Self> {
        let mut layers = Vec::new();
        let mut decided = Vec::new();
        let mut chosen = Vec::new();
        let mut start = prices.start();
        for item in order(stage, threshold) {
            let earning = prices.earning(stage, threshold, item);
            let (room, best) = prices.room(earning, item, Some(gap));
            if !is_open(item) {
                if room.best > 0 {
                    start += earning.of(room.best);
                    decided.push((item.rank, room.best));
                    chosen.push((item, room.best));
                }
                continue;
            }
            let may_be_out = room.out.is_some_and(|lost| lost <= gap);
            match (may_be_out, room.range) {
                (true, None) => {}
                (false, Some((from, to))) if from == to => {
                    start += earning.of(from);
                    decided.push((item.rank, from));
                    chosen.push((item, from));
                }
                (_, range) => layers.push(Layer::new(stage, threshold, item, earning, may_be_out, range, best)),
            }
        }
        let mut core = Self { layers, decided, left: 0, obligors: 0, excess: 0, slots: 0, start };
        let sums = core.take(stage, threshold, prices, &chosen)?;
        core.mark(stage, threshold, &sums);
        core.mark_rooms(stage);
        core.slots = core.assign_slots(stage.industries);
        Some(core)
    }

    /// How many cells a table with a row for every candidate has.
    pub(crate) fn cells(&self) -> u64 {
        self.layers.len() as u64 * (u64::from(self.left) + 1)
    }

    /// Takes the decided candidates into account.
    fn take(&mut self, stage: &Stage, threshold: Option<Threshold>, prices: &Prices, chosen: &[(&Item, Lots)]) -> Option<Sums> {
        let mut sums = Sums { total: 0, industries: vec![0; stage.industries], obligors: vec![0; stage.obligors.len()], excess: 0 };
        let mut obligors = 0;
        for (item, lots) in chosen {
            sums.total += u64::from(*lots);
            if let Some(industry) = item.industry {
                sums.industries[industry] += u64::from(*lots);
            }
            let before = sums.obligors[item.obligor];
            sums.obligors[item.obligor] += u64::from(*lots);
            if before > 0 && !prices.granted[item.obligor] {
                self.start -= prices.obligor;
            }
            obligors += Lots::from(before == 0);
        }
        self.obligors = obligors.min(stage.least_obligors);
        self.start -= prices.obligor * i64::from(obligors - self.obligors);
        let open_obligors: BTreeSet<usize> = self.layers.iter().map(|layer| layer.obligor).collect();
        let open_industries: BTreeSet<usize> = self.layers.iter().filter_map(|layer| layer.industry).collect();
        for obligor in 0..stage.obligors.len() {
            let lots = Lots::try_from(sums.obligors[obligor]).ok().filter(|lots| *lots <= stage.obligor_cap)?;
            if open_obligors.contains(&obligor) {
                continue;
            }
            sums.excess += u64::from(Threshold::over(threshold, lots));
            if stage.shared[obligor] {
                self.start -= prices.group_left(stage, threshold, obligor, lots);
            }
        }
        for (industry, used) in sums.industries.iter().enumerate() {
            let left = u64::from(stage.industry_cap).checked_sub(*used)?;
            if !open_industries.contains(&industry) {
                self.start -= prices.industry[industry] * i64::try_from(left).ok()?;
            }
        }
        self.left = Lots::try_from(u64::from(stage.total).checked_sub(sums.total)?).ok()?;
        self.excess = Lots::try_from(sums.excess).ok().filter(|excess| threshold.is_none_or(|t| *excess <= t.excess))?;
        if let Some(threshold) = threshold
            && !self.layers.iter().any(|layer| layer.may_exceed(threshold, stage))
        {
            self.start -= prices.excess * i64::from(threshold.excess - self.excess);
            self.excess = 0;
        }
        Some(sums)
    }

    /// Marks where sums open and close.
    fn mark(&mut self, stage: &Stage, threshold: Option<Threshold>, sums: &Sums) {
        let lots = |sum: u64| Lots::try_from(sum).unwrap_or(Lots::MAX);
        let (mut seen_obligors, mut seen_industries) = (vec![false; stage.obligors.len()], vec![false; stage.industries]);
        for layer in &mut self.layers {
            layer.opens_obligor = (!seen_obligors[layer.obligor]).then(|| lots(sums.obligors[layer.obligor]));
            seen_obligors[layer.obligor] = true;
            if let Some(industry) = layer.industry {
                layer.opens_industry = (!seen_industries[industry]).then(|| lots(sums.industries[industry]));
                seen_industries[industry] = true;
            }
        }
        let (mut later, mut excess, mut next_free) = (0, false, None);
        for layer in self.layers.iter_mut().rev() {
            layer.closes_obligor = seen_obligors[layer.obligor];
            seen_obligors[layer.obligor] = false;
            layer.later_obligors = later;
            later += Lots::from(layer.closes_obligor && sums.obligors[layer.obligor] == 0);
            if let Some(industry) = layer.industry {
                layer.closes_industry = seen_industries[industry];
                seen_industries[industry] = false;
            }
            let exceeds = threshold.is_some_and(|threshold| layer.may_exceed(threshold, stage));
            layer.closes_excess = exceeds && !excess;
            excess |= exceeds;
            layer.last_free = layer.free && next_free != Some(layer.industry);
            next_free = layer.free.then_some(layer.industry);
        }
    }

    /// Marks how many lots can still be taken: by industries that open later up to their caps, by others up to what they ask for.
    fn mark_rooms(&mut self, stage: &Stage) {
        let mut rooms = vec![0_u64; stage.industries];
        let mut later = 0;
        for layer in self.layers.iter_mut().rev() {
            let asked = u64::from(layer.range.map_or(0, |(_, to)| to));
            let Some(industry) = layer.industry else {
                layer.later_lots = later;
                later += asked;
                continue;
            };
            let room = &mut rooms[industry];
            layer.later_lots = later - *room;
            later -= *room;
            *room = (*room + asked).min(u64::from(stage.industry_cap));
            later += *room;
        }
    }

    /// Gives every industry of the core a slot that no other holds meanwhile; tells how many slots there are.
    fn assign_slots(&mut self, industries: usize) -> usize {
        let (mut slots, mut free, mut count) = (vec![0; industries], Vec::new(), 0);
        for layer in &mut self.layers {
            let Some(industry) = layer.industry else { continue };
            if layer.opens_industry.is_some() {
                slots[industry] = free.pop().unwrap_or(count);
                count = count.max(slots[industry] + 1);
            }
            layer.slot = slots[industry];
            if layer.closes_industry {
                free.push(layer.slot);
            }
        }
        count
    }
}

impl Layer {
    fn new(
        stage: &Stage,
        threshold: Option<Threshold>,
        item: &Item,
        earning: Earning,
        may_be_out: bool,
        range: Option<(Lots, Lots)>,
        best: i64,
    ) -> Self {
        Self {
            rank: item.rank,
            least: item.least,
            most: item.most,
            may_be_out,
            range,
            earning,
            free: is_free(stage, threshold, item),
            last_free: false,
            obligor: item.obligor,
            shared: stage.shared[item.obligor],
            opens_obligor: None,
            closes_obligor: false,
            industry: item.industry,
            slot: 0,
            opens_industry: None,
            closes_industry: false,
            closes_excess: false,
            later_obligors: 0,
            later_lots: 0,
            best,
        }
    }

    /// Whether its obligor may come above the threshold.
    fn may_exceed(&self, threshold: Threshold, stage: &Stage) -> bool {
        let most = if self.shared { stage.obligor_cap } else { self.most };
        most > threshold.lots
    }
}

/// Whether the exchange rule is for a candidate: moving lots to it can break neither its obligor's cap nor the threshold.
fn is_free(stage: &Stage, threshold: Option<Threshold>, item: &Item) -> bool {
    !stage.shared[item.obligor] && Threshold::over(threshold, item.most) == 0
}

/// Industry by industry, obligors of several candidates and those that may exceed the threshold first, then by score and code.
fn order(stage: &Stage, threshold: Option<Threshold>) -> Vec<&Item> {
    let key = |item: &Item| (item.industry.is_none(), item.industry, is_free(stage, threshold, item), -item.worth, item.rank);
    let chosen = stage.obligors.iter().filter(|items| !items.is_empty());
    let mut obligors: Vec<Vec<&Item>> = chosen.map(|items| items.iter().map(|i| &stage.items[*i]).collect()).collect();
    obligors.iter_mut().for_each(|items| items.sort_by_key(|item| key(item)));
    obligors.sort_by_key(|items| key(items[0]));
    obligors.into_iter().flatten().collect()
}

/// For one place in the order: the most that the rest earns by the total that is left.
pub(crate) struct Tail {
    /// While the exchange rule lets all be chosen freely.
    fresh: Stretch,
    /// After somebody has less than its greatest amount.
    spent: Option<Stretch>,
}

/// Earnings by lots, from some number of lots on.
#[derive(Clone)]
pub(crate) struct Stretch {
    from: usize,
    earned: Vec<i64>,
}

impl Tail {
    /// What the rest earns with so many lots, or [`NEVER`].
    pub(crate) fn earned(&self, spent: bool, left: Lots) -> i64 {
        self.stretch(spent).earned(left as usize)
    }

    /// How many cells it has.
    pub(crate) fn cells(&self) -> u64 {
        (self.fresh.len() + self.spent.as_ref().map_or(0, Stretch::len)) as u64
    }

    fn stretch(&self, spent: bool) -> &Stretch {
        if spent { self.spent.as_ref().unwrap_or(&self.fresh) } else { &self.fresh }
    }

    /// All tails of a core, from the whole of it to the empty one; what cannot reach the floor is left out.
    pub(crate) fn all(core: &Core, prices: &Prices, floor: i64) -> Vec<Self> {
        let mut head: i64 = core.start + core.layers.iter().map(|layer| layer.best).sum::<i64>();
        let mut tails = vec![Self { fresh: Stretch::zero(), spent: None }];
        for layer in core.layers.iter().rev() {
            head -= layer.best;
            let next = &tails[tails.len() - 1];
            let live = |left: usize, earned: i64| earned > NEVER && head + prices.lots(core.left - left as Lots) + earned >= floor;
            let mut fresh = vec![NEVER; core.left as usize + 1];
            let mut spent = if layer.free { fresh.clone() } else { Vec::new() };
            let after_spent = next.stretch(!layer.last_free);
            if layer.may_be_out {
                next.fresh.carry(&mut fresh, 0, 0);
                after_spent.carry(&mut spent, 0, 0);
            }
            if let Some((from, to)) = layer.range {
                if layer.free {
                    layer.slide(after_spent, &mut fresh, from, to.min(layer.most - 1));
                    layer.slide(&next.fresh, &mut fresh, from.max(layer.most), to);
                    layer.slide(after_spent, &mut spent, from, to.min(layer.least));
                } else {
                    layer.slide(&next.fresh, &mut fresh, from, to);
                }
            }
            let spent = layer.free.then(|| Stretch::trimmed(spent, live));
            tails.push(Self { fresh: Stretch::trimmed(fresh, live), spent });
        }
        tails.reverse();
        tails
    }
}

impl Layer {
    /// The best of choosing from `from` to `to` lots before what `next` earns.
    fn slide(&self, next: &Stretch, out: &mut [i64], from: Lots, to: Lots) {
        if from > to {
            return;
        }
        for (from, to, slope) in self.earning.pieces(from, to) {
            if from == to {
                next.carry(out, from as usize, self.earning.of(from));
            } else {
                next.slide(out, from as usize, to as usize, self.earning.of(from), slope);
            }
        }
    }
}

impl From<Vec<i64>> for Stretch {
    fn from(earned: Vec<i64>) -> Self {
        Self { from: 0, earned }
    }
}

impl Stretch {
    /// Nothing earned with no lots.
    pub(crate) fn zero() -> Self {
        Self { from: 0, earned: vec![0] }
    }

    /// How many numbers of lots it tells of.
    pub(crate) fn len(&self) -> usize {
        self.from + self.earned.len()
    }

    pub(crate) fn earned(&self, left: usize) -> i64 {
        left.checked_sub(self.from).and_then(|place| self.earned.get(place)).copied().unwrap_or(NEVER)
    }

    /// Without the dead at both ends.
    fn trimmed(earned: Vec<i64>, live: impl Fn(usize, i64) -> bool) -> Self {
        let is_live = |left: &usize| live(*left, earned[*left]);
        let Some(from) = (0..earned.len()).find(is_live) else { return Self { from: 0, earned: Vec::new() } };
        let to = (from..earned.len()).rev().find(is_live).unwrap_or(from);
        Self { from, earned: earned[from..=to].to_vec() }
    }

    /// The most that both earn together, up to so many lots.
    pub(crate) fn sum(&self, other: &Self, most: usize) -> Self {
        let mut sum = vec![NEVER; (self.len() + other.len() - 1).min(most + 1)];
        for (lots, earned) in other.earned.iter().enumerate().filter(|(_, earned)| **earned > NEVER) {
            self.carry(&mut sum, other.from + lots, *earned);
        }
        Self::from(sum)
    }

    /// How many of so many lots are the other's where both together earn so much.
    pub(crate) fn split(&self, other: &Self, lots: usize, earned: i64) -> usize {
        let is = |part: &usize| {
            let (one, two) = (self.earned(lots - part), other.earned(*part));
            one > NEVER && two > NEVER && one + two == earned
        };
        (0..=lots).find(is).unwrap_or(0)
    }

    /// Adds a fixed number of lots.
    pub(crate) fn carry(&self, out: &mut [i64], lots: usize, gain: i64) {
        let out = out.iter_mut().skip(self.from + lots);
        for (earned, best) in self.earned.iter().zip(out).filter(|(earned, _)| **earned > NEVER) {
            *best = (*best).max(earned + gain);
        }
    }

    /// Adds from `least` to `most` lots, of which the first earn `gain` and each further one `slope`: a sliding maximum.
    pub(crate) fn slide(&self, out: &mut [i64], least: usize, most: usize, gain: i64, slope: i64) {
        let mut window = std::collections::VecDeque::new();
        for (left, best) in out.iter_mut().enumerate().skip(self.from + least) {
            let enters = left - least;
            let earned = self.earned(enters);
            if earned > NEVER {
                let level = earned - slope * enters as i64;
                while window.back().is_some_and(|(_, other)| *other <= level) {
                    window.pop_back();
                }
                window.push_back((enters, level));
            }
            while window.front().is_some_and(|(place, _)| place + most < left) {
                window.pop_front();
            }
            match window.front() {
                Some((_, level)) => *best = (*best).max(level + slope * enters as i64 + gain),
                None if enters > self.from + self.earned.len() => break,
                None => {}
            }
        }
    }
}
