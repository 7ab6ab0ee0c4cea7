//! Prices that take the place of caps: a Lagrangean bound that falls apart into the candidates.
//!
//! At one total and one threshold of the top term (see the parent module) a list's value is at most what every candidate
//! earns by itself when each lot costs its industry's and its obligor's price, each lot of an obligor above the threshold the
//! price of excess, and each obligor brings a bonus while obligors are wanted, plus what the caps would earn at those prices.
//! That holds for any prices that are not negative, so it does not matter how they were found: by bisection on relaxed demands,
//! each price just as high as keeps its cap. Only the bound's quality hangs on it, never its truth. All numbers are whole.
//!
//! The corrections that `Ledger` takes back, when a cap closes with something left, turn the bound into the value itself.

use super::pool::{Item, Stage, TopCap};
use super::terms::Lots;

/// No bonus is higher, so that the bonuses of all obligors together fit.
const HIGHEST_BONUS: i64 = 1 << 40;

/// How much of the top term goes to the lots above the threshold.
#[derive(Clone, Copy)]
pub(crate) struct Threshold {
    /// Lots of an obligor up to this are no excess.
    pub(crate) lots: Lots,
    /// All obligors' excess together at most.
    pub(crate) excess: Lots,
}

impl Threshold {
    pub(crate) fn new(lots: Lots, top: TopCap) -> Self {
        Self { lots, excess: top.cap - lots * top.obligors }
    }

    /// An obligor's lots above the threshold.
    pub(crate) fn over(threshold: Option<Self>, lots: Lots) -> Lots {
        threshold.map_or(0, |threshold| lots.saturating_sub(threshold.lots))
    }
}

/// The prices at one threshold, and what they make of the stage.
#[derive(Clone)]
pub(crate) struct Prices {
    /// Of each lot of the total; of either sign.
    lot: i64,
    /// Of each lot, by industry.
    pub(crate) industry: Vec<i64>,
    /// Of each lot above the threshold.
    pub(crate) excess: i64,
    /// What each obligor brings while obligors are wanted.
    pub(crate) obligor: i64,
    /// Of each lot of an obligor of several candidates.
    group: Vec<i64>,
    /// Whether an obligor of several candidates has its bonus beforehand rather than with its first candidate.
    pub(crate) granted: Vec<bool>,
    /// What the caps earn.
    constant: i64,
}

/// What a candidate earns at the prices: a fixed part, a slope up to the kink and a lesser one beyond.
#[derive(Clone, Copy)]
pub(crate) struct Earning {
    pub(crate) fixed: i64,
    pub(crate) slope: i64,
    pub(crate) kink: Lots,
    pub(crate) excess: i64,
}

impl Earning {
    /// With so many lots, of which there is at least one.
    pub(crate) fn of(self, lots: Lots) -> i64 {
        self.fixed + self.slope * i64::from(lots) - self.excess * i64::from(lots.saturating_sub(self.kink))
    }

    /// The stretches of amounts over which it is linear: from, to, and the slope.
    pub(crate) fn pieces(self, from: Lots, to: Lots) -> impl Iterator<Item = (Lots, Lots, i64)> {
        let bend = if self.excess == 0 { to } else { self.kink.clamp(from, to) };
        let flat = (from, bend, self.slope);
        std::iter::once(flat).chain((bend < to).then_some((bend + 1, to, self.slope - self.excess)))
    }

    /// The best amount from `from` to `to`: at an end of a piece.
    fn best(self, from: Lots, to: Lots) -> (Lots, i64) {
        let ends = [from, self.kink.clamp(from, to), to];
        ends.into_iter().map(|lots| (lots, self.of(lots))).fold((from, i64::MIN), |a, b| if b.1 > a.1 { b } else { a })
    }
}

/// What a candidate may do without losing more than some gap.
pub(crate) struct Room {
    /// What the bound takes it to do: nothing or so many lots.
    pub(crate) best: Lots,
    /// Lost by not choosing it; nothing where it must be chosen.
    pub(crate) out: Option<i64>,
    /// The least and greatest amounts within the gap, if there are any.
    pub(crate) range: Option<(Lots, Lots)>,
}

impl Prices {
    /// Good prices for a stage and a threshold.
    pub(crate) fn new(stage: &Stage, threshold: Option<Threshold>) -> Self {
        let mut market = Market::new(stage, threshold);
        market.settle();
        let groups = market.group_prices();
        let mut prices = Self {
            lot: market.lot,
            industry: market.industry.iter().map(|price| price.saturating_sub(market.lot).max(0)).collect(),
            excess: market.excess,
            obligor: market.obligor,
            granted: vec![false; groups.len()],
            group: groups,
            constant: 0,
        };
        prices.grant(stage, threshold);
        prices.constant = prices.caps(stage, threshold);
        prices
    }

    /// The same prices at another threshold: what they bound there.
    pub(crate) fn moved(&self, stage: &Stage, threshold: Option<Threshold>) -> Self {
        let mut prices = self.clone();
        prices.constant = prices.caps(stage, threshold);
        prices
    }

    /// What the caps earn.
    fn caps(&self, stage: &Stage, threshold: Option<Threshold>) -> i64 {
        let industries: i64 = self.industry.iter().map(|price| price * i64::from(stage.industry_cap)).sum();
        let excess = threshold.map_or(0, |threshold| self.excess * i64::from(threshold.excess));
        let groups = (0..stage.obligors.len()).filter(|obligor| stage.shared[*obligor]);
        let groups: i64 = groups.map(|obligor| self.group_cap(stage, threshold, obligor)).sum();
        industries + excess + groups - self.obligor * i64::from(stage.least_obligors)
    }

    /// The most that an obligor of several candidates can owe at its price, and its bonus if that is granted.
    fn group_cap(&self, stage: &Stage, threshold: Option<Threshold>, obligor: usize) -> i64 {
        let kink = threshold.map_or(stage.obligor_cap, |threshold| threshold.lots.min(stage.obligor_cap));
        let owed = self.group_owed(threshold, obligor, stage.obligor_cap).max(self.group_owed(threshold, obligor, kink));
        owed + if self.granted[obligor] { self.obligor } else { 0 }
    }

    /// What an obligor's lots owe by its price, less the price of their excess.
    fn group_owed(&self, threshold: Option<Threshold>, obligor: usize, lots: Lots) -> i64 {
        self.group[obligor] * i64::from(lots) - self.excess * i64::from(Threshold::over(threshold, lots))
    }

    /// What the bound is lowered by once an obligor of several candidates has so many lots for good.
    pub(crate) fn group_left(&self, stage: &Stage, threshold: Option<Threshold>, obligor: usize, lots: Lots) -> i64 {
        let used = if lots > 0 && self.granted[obligor] { self.obligor } else { 0 };
        self.group_cap(stage, threshold, obligor) - self.group_owed(threshold, obligor, lots) - used
    }

    /// Gives the bonus beforehand where one of several candidates is chosen anyway: each of them would bring it otherwise.
    fn grant(&mut self, stage: &Stage, threshold: Option<Threshold>) {
        for obligor in 0..stage.obligors.len() {
            let chosen = |i: &&usize| {
                let item = &stage.items[**i];
                item.must || self.with_lot(self.earning(stage, threshold, item)).best(item.least, item.most).1 > self.obligor
            };
            self.granted[obligor] = stage.shared[obligor] && stage.obligors[obligor].iter().any(|i| chosen(&i));
        }
    }

    /// What a candidate earns, not counting the price of the total.
    pub(crate) fn earning(&self, stage: &Stage, threshold: Option<Threshold>, item: &Item) -> Earning {
        let single = !stage.shared[item.obligor];
        let bonus = if self.granted[item.obligor] { 0 } else { self.obligor };
        let slope = item.worth - item.industry.map_or(0, |industry| self.industry[industry]) - self.group[item.obligor];
        match threshold {
            Some(threshold) if single => Earning { fixed: bonus - 1, slope, kink: threshold.lots, excess: self.excess },
            _ => Earning { fixed: bonus - 1, slope, kink: Lots::MAX, excess: 0 },
        }
    }

    fn with_lot(&self, earning: Earning) -> Earning {
        Earning { slope: earning.slope - self.lot, ..earning }
    }

    /// What a candidate may do within a gap; with it what its best is worth.
    pub(crate) fn room(&self, earning: Earning, item: &Item, gap: Option<i64>) -> (Room, i64) {
        let earning = self.with_lot(earning);
        let (lots, value) = earning.best(item.least, item.most);
        let best = if item.must { value } else { value.max(0) };
        let within = |lots| gap.is_none_or(|gap| best - earning.of(lots) <= gap);
        let out = (!item.must).then_some(best);
        let range = within(lots).then(|| (boundary(item.least, lots, within), boundary(item.most, lots, within)));
        (Room { best: if item.must || value > 0 { lots } else { 0 }, out, range }, best)
    }

    /// What a candidate's second best choice loses.
    pub(crate) fn second(&self, earning: Earning, item: &Item) -> i64 {
        let (room, best) = self.room(earning, item, Some(0));
        let earning = self.with_lot(earning);
        let near = [room.best.saturating_sub(1), room.best + 1, item.least, item.most];
        let others = near.into_iter().filter(|lots| *lots != room.best && (item.least..=item.most).contains(lots));
        let others = others.map(|lots| best - earning.of(lots));
        others.chain(room.out.filter(|_| room.best > 0)).min().unwrap_or(i64::MAX)
    }

    /// The price of so many lots of the total.
    pub(crate) fn lots(&self, lots: Lots) -> i64 {
        self.lot * i64::from(lots)
    }

    /// What the caps earn: the bound before any candidate.
    pub(crate) fn start(&self) -> i64 {
        self.constant
    }

    /// No list of this stage and threshold is worth more.
    pub(crate) fn bound(&self, stage: &Stage, threshold: Option<Threshold>) -> i64 {
        let earned: i64 = stage.items.iter().map(|item| self.room(self.earning(stage, threshold, item), item, None).1).sum();
        self.constant + self.lots(stage.total) + earned
    }
}

/// The amount closest to `end` that holds, between it and `inside`, which does; what holds is one stretch.
fn boundary(end: Lots, inside: Lots, holds: impl Fn(Lots) -> bool) -> Lots {
    if holds(end) {
        return end;
    }
    let (mut bad, mut good) = (end, inside);
    while bad.abs_diff(good) > 1 {
        let middle = bad.midpoint(good);
        if holds(middle) { good = middle } else { bad = middle }
    }
    good
}

/// A candidate as a buyer: what its obligor's cap leaves it after better candidates of the same obligor.
struct Demand {
    worth: i64,
    least: Lots,
    most: Lots,
    kink: Lots,
    first: bool,
    must: bool,
    industry: Option<usize>,
}

/// Relaxed demands and the prices under which they keep the caps.
struct Market<'a> {
    stage: &'a Stage,
    threshold: Option<Threshold>,
    demands: Vec<Demand>,
    /// The demands of each industry.
    buyers: Vec<Vec<usize>>,
    highest: i64,
    lot: i64,
    /// Of a lot in all, by industry: its own price is what this exceeds the lot's by.
    industry: Vec<i64>,
    excess: i64,
    obligor: i64,
}

impl<'a> Market<'a> {
    fn new(stage: &'a Stage, threshold: Option<Threshold>) -> Self {
        let demands: Vec<Demand> = stage.obligors.iter().flat_map(|items| demands(stage, threshold, items)).collect();
        let highest = stage.items.iter().map(|item| item.worth).max().unwrap_or(0) + 1;
        let mut buyers = vec![Vec::new(); stage.industries];
        for (place, demand) in demands.iter().enumerate() {
            if let Some(industry) = demand.industry {
                buyers[industry].push(place);
            }
        }
        let industry = vec![i64::MIN; stage.industries];
        Self { stage, threshold, demands, buyers, highest, lot: 0, industry, excess: 0, obligor: 0 }
    }

    /// Finds all prices, those of excess and of obligors one after the other.
    fn settle(&mut self) {
        self.clear();
        let bonus = self.highest.saturating_mul(i64::from(self.stage.obligor_cap.max(1))).min(HIGHEST_BONUS);
        if self.threshold.is_some() {
            self.descend(self.highest, |market, price| market.excess = price);
        }
        if self.stage.least_obligors > 0 {
            self.descend(bonus, |market, price| market.obligor = price);
        }
        // The first was found without the second.
        if self.threshold.is_some() && self.obligor > 0 {
            self.descend(self.highest, |market, price| market.excess = price);
        }
    }

    /// Lowers the bound by one price: it falls and then rises in each, so the range is halved. Lots are whole, so that single
    /// steps tell nothing; the strides are a whole unit of value for every candidate.
    fn descend(&mut self, highest: i64, set: impl Fn(&mut Self, i64)) {
        let stride = self.demands.len() as i64 + 1;
        let mut bound = |strides: i64| {
            set(self, strides * stride);
            self.clear();
            self.bound()
        };
        let none = bound(0);
        let (mut low, mut high) = (0, if none <= bound(1) { 0 } else { highest / stride + 1 });
        while low < high {
            let middle = low + (high - low) / 2;
            if bound(middle) <= bound(middle + 1) { high = middle } else { low = middle + 1 }
        }
        if bound(low) > none {
            bound(0);
        }
    }

    /// What the relaxed demands and the caps earn.
    fn bound(&self) -> i64 {
        let cap = i64::from(self.stage.industry_cap);
        let earned: i64 = self.demands.iter().map(|demand| self.deal(demand, self.price(demand)).1).sum();
        let binding = (0..self.industry.len()).filter(|industry| !self.buyers[*industry].is_empty());
        let industries: i64 = binding.map(|industry| (self.industry[industry] - self.lot).max(0) * cap).sum();
        let excess = self.threshold.map_or(0, |threshold| self.excess * i64::from(threshold.excess));
        let lots = self.lot * i64::from(self.stage.total);
        earned + industries + excess + lots - self.obligor * i64::from(self.stage.least_obligors)
    }

    /// The prices of lots: each industry's by itself, then the one that all pay at least. An industry that pays more takes its cap of
    /// the total: between its price and the next lower one it would take any number up to more than that.
    fn clear(&mut self) {
        let (low, high) = (-self.excess - 2, self.highest + self.obligor);
        let cap = u64::from(self.stage.industry_cap);
        for industry in (0..self.industry.len()).filter(|industry| !self.buyers[*industry].is_empty()) {
            self.industry[industry] = lowest(low, high, self.industry[industry], |price| self.bought(industry, price) <= cap);
        }
        self.lot = lowest(low, high, self.lot, |price| {
            let of = |industry: usize| if self.industry[industry] > price { cap } else { self.bought(industry, price) };
            let free = self.demands.iter().filter(|demand| demand.industry.is_none());
            let free: u64 = free.map(|demand| u64::from(self.deal(demand, price).0)).sum();
            free + (0..self.industry.len()).map(of).sum::<u64>() <= u64::from(self.stage.total)
        });
    }

    /// What an industry buys at a price per lot.
    fn bought(&self, industry: usize, price: i64) -> u64 {
        self.buyers[industry].iter().map(|demand| u64::from(self.deal(&self.demands[*demand], price).0)).sum()
    }

    fn price(&self, demand: &Demand) -> i64 {
        demand.industry.map_or(self.lot, |industry| self.industry[industry].max(self.lot))
    }

    /// What is bought at a price per lot, and what that earns.
    fn deal(&self, demand: &Demand, price: i64) -> (Lots, i64) {
        if demand.most == 0 {
            return (0, 0);
        }
        let margin = demand.worth - price;
        let lots = match margin {
            margin if margin > self.excess => demand.most,
            margin if margin > 0 => demand.most.min(demand.kink).max(demand.least),
            _ => demand.least,
        };
        let bonus = if demand.first { self.obligor } else { 0 };
        let value = margin * i64::from(lots) - self.excess * i64::from(lots.saturating_sub(demand.kink)) + bonus - 1;
        if value > 0 || demand.must { (lots, value) } else { (0, 0) }
    }

    /// The prices at which obligors of several candidates keep to the threshold or to their cap.
    fn group_prices(&self) -> Vec<i64> {
        let price = |obligor: usize| if self.stage.shared[obligor] { self.group_price(&self.stage.obligors[obligor]) } else { 0 };
        (0..self.stage.obligors.len()).map(price).collect()
    }

    fn group_price(&self, items: &[usize]) -> i64 {
        let mut margins: Vec<(i64, Lots)> = items
            .iter()
            .map(|i| &self.stage.items[*i])
            .map(|item| (item.worth - item.industry.map_or(self.lot, |industry| self.industry[industry].max(self.lot)), item.most))
            .collect();
        margins.sort_unstable_by(|a, b| b.cmp(a));
        let beyond = |cap: Lots| {
            let mut left = u64::from(cap);
            let next = margins.iter().find(|(_, most)| match left.checked_sub(u64::from(*most)) {
                Some(rest) => {
                    left = rest;
                    false
                }
                None => true,
            });
            next.map_or(0, |(margin, _)| (*margin).max(0))
        };
        let above = self.threshold.map_or(0, |threshold| beyond(threshold.lots.min(self.stage.obligor_cap)));
        if self.threshold.is_some() && above <= self.excess { above } else { beyond(self.stage.obligor_cap).max(self.excess) }
    }
}

/// The demands of one obligor: the better candidates take of the cap first.
fn demands(stage: &Stage, threshold: Option<Threshold>, items: &[usize]) -> Vec<Demand> {
    let mut sorted: Vec<&Item> = items.iter().map(|i| &stage.items[*i]).collect();
    sorted.sort_by(|a, b| b.worth.cmp(&a.worth).then(a.rank.cmp(&b.rank)));
    let mut used = 0;
    let demand = |(place, item): (usize, &Item)| {
        let most = item.most.min(stage.obligor_cap - used);
        let kink = threshold.map_or(Lots::MAX, |threshold| threshold.lots.saturating_sub(used));
        used += most;
        let Item { worth, industry, must, .. } = *item;
        Demand { worth, least: item.least.min(most), most, kink, first: place == 0, must, industry }
    };
    sorted.into_iter().enumerate().map(demand).collect()
}

/// The lowest price that is high enough, or `high`; a higher one is high enough too. It is looked for from `hint` on, in strides
/// that double.
fn lowest(low: i64, high: i64, hint: i64, mut enough: impl FnMut(i64) -> bool) -> i64 {
    let (mut low, mut high) = (low, high.max(low));
    let (mut price, mut stride) = (hint.clamp(low, high), 1);
    let is_down = enough(price);
    loop {
        if is_down {
            high = price;
            price = price.saturating_sub(stride).max(low);
        } else if price >= high {
            return high;
        } else {
            low = price + 1;
            price = price.saturating_add(stride).min(high);
        }
        if low >= high || enough(price) != is_down {
            break;
        }
        stride = stride.saturating_mul(2);
    }
    if low < high {
        if is_down { low = price + 1 } else { high = price }
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}
