//! A first list: good, and made without searching.
//!
//! Candidates of one obligor share its caps beforehand, the better ones first. What then remains are sums: each industry's up to
//! its cap and all together the total itself, which dynamic programming fills exactly, industry by industry and then industry
//! upon industry; and the excess and the obligors, which cost a price and bring a bonus. Both are raised until the list keeps
//! those terms too, and lowered again as far as it still does (Lagrangean heuristic; see Beasley, 1993).

use super::beam::List;
use super::kernel::{Core, Layer, NEVER, Stretch};
use super::pool::Stage;
use super::prices::{Earning, Prices, Threshold};
use super::terms::Lots;
use std::collections::BTreeMap;

/// How often the price of excess is changed for one bonus.
const PRICES: usize = 8;
/// So many sums of two cells take the time of a cell that is found by a window.
const PAIRS: u64 = 64;
/// How often the bonus of obligors is raised.
const BONUSES: usize = 6;

/// A candidate of the core with its part of its obligor's caps.
struct Part<'a> {
    layer: &'a Layer,
    worth: i64,
    /// The amounts it may have, if any.
    range: Option<(Lots, Lots)>,
    /// Lots up to this are no excess.
    kink: Lots,
    /// Whether the obligor's bonus goes to it.
    first: bool,
}

/// Constructs lists of one stage and threshold out of a core.
pub(crate) struct Construction<'a> {
    stage: &'a Stage,
    threshold: Option<Threshold>,
    core: &'a Core,
    /// Those whom no industry's cap can bind, then the others by industry with what its cap leaves.
    free: Vec<Part<'a>>,
    industries: Vec<(Lots, Vec<Part<'a>>)>,
    highest: i64,
    /// How many cells its tables had.
    pub(crate) cells: u64,
}

/// Amounts of the core, and what they come to.
struct Draft {
    amounts: Vec<(usize, Lots)>,
    excess: u64,
    obligors: u64,
}

impl<'a> Construction<'a> {
    /// Nothing where the parts leave somebody no amount who has to have one.
    pub(crate) fn new(stage: &'a Stage, threshold: Option<Threshold>, core: &'a Core) -> Option<Self> {
        let highest = stage.items.iter().map(|item| item.worth).max().unwrap_or(0) + 1;
        let mut construction = Self { stage, threshold, core, free: Vec::new(), industries: Vec::new(), highest, cells: 0 };
        let mut industries: BTreeMap<usize, (Lots, Vec<Part<'_>>)> = BTreeMap::new();
        for part in parts(stage, threshold, core)? {
            let Some(industry) = part.layer.industry else {
                construction.free.push(part);
                continue;
            };
            let (room, parts) = industries.entry(industry).or_default();
            if let Some(used) = part.layer.opens_industry {
                *room = stage.industry_cap.checked_sub(used)?.min(core.left);
            }
            parts.push(part);
        }
        for (room, parts) in industries.into_values() {
            let asked: u64 = parts.iter().filter_map(|part| part.range).map(|(_, to)| u64::from(to)).sum();
            if asked <= u64::from(room) {
                construction.free.extend(parts);
            } else {
                construction.industries.push((room, parts));
            }
        }
        Some(construction)
    }

    /// A list that keeps all terms, if one comes of it.
    pub(crate) fn list(&mut self, prices: &Prices, ranks: usize) -> Option<List> {
        let mut bonus = 0;
        for _ in 0..BONUSES {
            let (list, obligors) = self.priced(prices.excess, bonus, ranks)?;
            if obligors >= u64::from(self.stage.least_obligors) {
                return Some(list);
            }
            bonus = if bonus == 0 { prices.obligor.max(1) } else { bonus.saturating_mul(4).saturating_add(self.highest) };
        }
        None
    }

    /// The best list at a bonus that keeps the excess, and how many obligors it has.
    fn priced(&mut self, excess: i64, bonus: i64, ranks: usize) -> Option<(List, u64)> {
        let Some(threshold) = self.threshold else {
            let draft = self.draft(0, bonus)?;
            return Some((self.listed(&draft, ranks), draft.obligors));
        };
        let (mut low, mut high, mut price) = (0, None, excess);
        let mut best: Option<(List, u64)> = None;
        for _ in 0..PRICES {
            let draft = self.draft(price, bonus)?;
            if draft.excess <= u64::from(threshold.excess) {
                let list = self.listed(&draft, ranks);
                let is_better = best.as_ref().is_none_or(|(other, obligors)| {
                    let enough = |obligors: u64| obligors >= u64::from(self.stage.least_obligors);
                    (enough(draft.obligors), list.value) > (enough(*obligors), other.value)
                });
                if is_better {
                    best = Some((list, draft.obligors));
                }
                high = Some(price);
            } else if price >= self.highest {
                return None;
            } else {
                low = price + 1;
            }
            price = match high {
                Some(high) if low >= high => break,
                Some(high) => low.midpoint(high),
                None => (price.saturating_mul(4).max(self.highest / 64) + 1).min(self.highest),
            };
        }
        best
    }

    fn listed(&self, draft: &Draft, ranks: usize) -> List {
        let mut amounts = vec![0; ranks];
        for (rank, lots) in self.core.decided.iter().chain(&draft.amounts) {
            amounts[*rank] = *lots;
        }
        let value = self.stage.items.iter().filter(|item| amounts[item.rank] > 0);
        List { value: value.map(|item| item.worth * i64::from(amounts[item.rank]) - 1).sum(), amounts }
    }

    /// The amounts that earn most at a price of excess and a bonus of obligors, within the industries' caps and of the total.
    fn draft(&mut self, excess: i64, bonus: i64) -> Option<Draft> {
        let earning =
            |part: &Part<'_>| Earning { fixed: if part.first { bonus - 1 } else { -1 }, slope: part.worth, kink: part.kink, excess };
        let free = rows(&self.free, vec![Stretch::zero()], self.core.left, &earning);
        let inner: Vec<Vec<Stretch>> =
            self.industries.iter().map(|(room, parts)| rows(parts, vec![Stretch::zero()], *room, &earning)).collect();
        let mut outer = vec![free[free.len() - 1].clone()];
        for rows in &inner {
            let (before, last) = (&outer[outer.len() - 1], &rows[rows.len() - 1]);
            self.cells += before.len() as u64 * last.len() as u64 / PAIRS;
            outer.push(before.sum(last, self.core.left as usize));
        }
        self.cells += free.iter().chain(inner.iter().flatten()).chain(&outer).map(|row| row.len() as u64).sum::<u64>();
        let mut left = self.core.left as usize;
        let mut draft = Draft { amounts: Vec::new(), excess: u64::from(self.core.excess), obligors: u64::from(self.core.obligors) };
        if outer[outer.len() - 1].earned(left) <= NEVER {
            return None;
        }
        for (place, rows) in inner.iter().enumerate().rev() {
            let last = &rows[rows.len() - 1];
            let used = outer[place].split(last, left, outer[place + 1].earned(left));
            take_back(&self.industries[place].1, rows, used, &earning, &mut draft.amounts);
            left -= used;
        }
        take_back(&self.free, &free, left, &earning, &mut draft.amounts);
        self.count(&mut draft);
        Some(draft)
    }

    /// Counts the excess and the obligors of what was taken.
    fn count(&self, draft: &mut Draft) {
        let mut sums: BTreeMap<usize, (Lots, Lots)> = BTreeMap::new();
        let taken: BTreeMap<usize, Lots> = draft.amounts.iter().copied().collect();
        for layer in &self.core.layers {
            let (before, now) = sums.entry(layer.obligor).or_default();
            *before += layer.opens_obligor.unwrap_or(0);
            *now += taken.get(&layer.rank).copied().unwrap_or(0);
        }
        for (before, now) in sums.into_values() {
            draft.excess += u64::from(Threshold::over(self.threshold, before + now));
            draft.obligors += u64::from(before == 0 && now > 0);
        }
    }
}

/// Gives the candidates of each obligor their parts of what its decided ones leave, the better ones first.
fn parts<'a>(stage: &Stage, threshold: Option<Threshold>, core: &'a Core) -> Option<Vec<Part<'a>>> {
    let worths: BTreeMap<usize, i64> = stage.items.iter().map(|item| (item.rank, item.worth)).collect();
    let mut used: BTreeMap<usize, Lots> = BTreeMap::new();
    for layer in &core.layers {
        *used.entry(layer.obligor).or_default() += layer.opens_obligor.unwrap_or(0);
    }
    let mut layers: Vec<&Layer> = core.layers.iter().collect();
    layers.sort_by_key(|layer| (layer.may_be_out, -worths[&layer.rank], layer.rank));
    let mut parts = Vec::new();
    for layer in layers {
        let before = *used.get(&layer.obligor)?;
        let most = stage.obligor_cap.checked_sub(before)?;
        let range = layer.range.map(|(from, to)| (from, to.min(most))).filter(|(from, to)| from <= to);
        if range.is_none() && !layer.may_be_out {
            return None;
        }
        let kink = threshold.map_or(Lots::MAX, |threshold| threshold.lots.saturating_sub(before));
        parts.push(Part { layer, worth: worths[&layer.rank], range, kink, first: before == 0 });
        if let Some((_, to)) = range {
            used.insert(layer.obligor, before + to);
        }
    }
    Some(parts)
}

/// The most that the first so many candidates earn, for every sum of their lots.
fn rows(parts: &[Part<'_>], mut rows: Vec<Stretch>, most: Lots, earning: &impl Fn(&Part<'_>) -> Earning) -> Vec<Stretch> {
    for part in parts {
        let before = &rows[rows.len() - 1];
        let reach = before.len() + part.range.map_or(0, |(_, to)| to as usize);
        let mut row = vec![NEVER; reach.min(most as usize + 1)];
        if part.layer.may_be_out {
            before.carry(&mut row, 0, 0);
        }
        let earning = earning(part);
        for (from, to, slope) in part.range.into_iter().flat_map(|(from, to)| earning.pieces(from, to)) {
            before.slide(&mut row, from as usize, to as usize, earning.of(from), slope);
        }
        rows.push(Stretch::from(row));
    }
    rows
}

/// Which amounts came to a sum.
fn take_back(
    parts: &[Part<'_>],
    rows: &[Stretch],
    mut left: usize,
    earning: &impl Fn(&Part<'_>) -> Earning,
    amounts: &mut Vec<(usize, Lots)>,
) {
    for (place, part) in parts.iter().enumerate().rev() {
        let earned = rows[place + 1].earned(left);
        if part.layer.may_be_out && rows[place].earned(left) == earned {
            continue;
        }
        let earning = earning(part);
        let (from, to) = part.range.unwrap_or((1, 0));
        let fits = |lots: &Lots| {
            let before = left.checked_sub(*lots as usize).map_or(NEVER, |before| rows[place].earned(before));
            before > NEVER && before + earning.of(*lots) == earned
        };
        if let Some(lots) = (from..=to).find(fits) {
            amounts.push((part.layer.rank, lots));
            left -= lots as usize;
        }
    }
}
