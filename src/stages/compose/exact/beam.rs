//! One pass over a core: all lists within the gap, or, where those are too many, the most promising at every place.
//!
//! Dynamic programming over the open sums (Marsten and Morin, 1978): of two partial lists with the same sums only the better
//! goes on, and at equal values the one that gives more to the smaller code, since whatever follows is the same for both.
//! Whatever cannot reach the floor is dropped at once; what can equal it is kept, because ties are decided too.

use super::kernel::{Core, Layer, NEVER, Tail};
use super::pool::Stage;
use super::prices::{Prices, Threshold};
use super::terms::Lots;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The open sums of a partial list: these, then one for each open industry.
type Sums = Box<[Lots]>;
/// The total still to be filled.
const LEFT: usize = 0;
/// Obligors so far, up to as many as are wanted.
const OBLIGORS: usize = 1;
/// Lots above the threshold so far.
const EXCESS: usize = 2;
/// The lots of the obligor that is being decided on.
const OBLIGOR: usize = 3;
/// Whether somebody under the current exchange rule has less than its greatest amount.
const SPENT: usize = 4;
/// The first industry's sum.
const INDUSTRIES: usize = 5;

/// A list's value and amounts by rank.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) value: i64,
    pub(crate) amounts: Vec<Lots>,
}

impl List {
    /// Better in value or, at the same value, more to the smaller code.
    pub(crate) fn beats(&self, other: Option<&Self>) -> bool {
        other.is_none_or(|other| (self.value, &self.amounts) > (other.value, &other.amounts))
    }
}

/// What a pass tells.
pub(crate) struct Passed {
    pub(crate) list: Option<List>,
    /// No list that was left out is worth more; nothing where none was left out.
    pub(crate) left_out: Option<i64>,
    pub(crate) nodes: u64,
    /// How many cells its tables had.
    pub(crate) cells: u64,
}

struct Node {
    sums: Sums,
    value: i64,
    bound: i64,
    trail: usize,
}

/// One decision, and the one before it.
struct Step {
    before: usize,
    lots: Lots,
}

/// What a pass needs.
pub(crate) struct Pass<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) prices: &'a Prices,
    pub(crate) core: &'a Core,
    /// Lists of less value do not matter.
    pub(crate) floor: i64,
    /// So many partial lists go on from every place.
    pub(crate) width: usize,
}

impl Pass<'_> {
    /// Goes through the core.
    pub(crate) fn run(&self, ranks: usize) -> Passed {
        let tails = Tail::all(self.core, self.prices, self.floor);
        let mut sums = vec![0; INDUSTRIES + self.core.slots];
        (sums[LEFT], sums[OBLIGORS], sums[EXCESS]) = (self.core.left, self.core.obligors, self.core.excess);
        let mut steps = vec![Step { before: 0, lots: 0 }];
        let bound = self.core.start + tails[0].earned(false, self.core.left);
        let mut nodes = vec![Node { sums: sums.into(), value: self.core.start, bound, trail: 0 }];
        nodes.retain(|node| node.bound >= self.floor);
        let (mut left_out, mut count) = (None, 0);
        for (place, layer) in self.core.layers.iter().enumerate() {
            count += nodes.len() as u64;
            nodes = self.expand(place, layer, &tails[place + 1], &nodes, &mut steps);
            if nodes.len() > self.width {
                nodes.sort_by_key(|node| std::cmp::Reverse(node.bound));
                left_out = left_out.max(Some(nodes[self.width].bound));
                nodes.truncate(self.width);
            }
        }
        let wanted = |node: &&Node| node.sums[LEFT] == 0 && node.sums[OBLIGORS] == self.stage.least_obligors;
        let list = nodes.iter().find(wanted).map(|node| self.list(node, &steps, ranks));
        Passed { list, left_out, nodes: count, cells: tails.iter().map(Tail::cells).sum() }
    }

    fn list(&self, node: &Node, steps: &[Step], ranks: usize) -> List {
        let mut amounts = vec![0; ranks];
        for (rank, lots) in &self.core.decided {
            amounts[*rank] = *lots;
        }
        let mut trail = node.trail;
        for layer in self.core.layers.iter().rev() {
            amounts[layer.rank] = steps[trail].lots;
            trail = steps[trail].before;
        }
        List { value: node.value, amounts }
    }

    /// All that can follow on the nodes of a place.
    fn expand(&self, place: usize, layer: &Layer, tail: &Tail, nodes: &[Node], steps: &mut Vec<Step>) -> Vec<Node> {
        let mut next: Vec<Node> = Vec::new();
        let mut places: HashMap<Sums, usize> = HashMap::new();
        for node in nodes {
            for lots in choices(layer, node) {
                let Some((sums, value)) = self.follow(layer, tail, node, lots) else { continue };
                let bound = value + tail.earned(sums[SPENT] == 1, sums[LEFT]);
                match places.entry(sums) {
                    Entry::Vacant(vacant) => {
                        steps.push(Step { before: node.trail, lots });
                        next.push(Node { sums: vacant.key().clone(), value, bound, trail: steps.len() - 1 });
                        vacant.insert(next.len() - 1);
                    }
                    Entry::Occupied(occupied) => {
                        let other = &mut next[*occupied.get()];
                        let better = value.cmp(&other.value).then_with(|| self.compare(place, steps, (node.trail, lots), other.trail));
                        if better == Ordering::Greater {
                            steps[other.trail] = Step { before: node.trail, lots };
                            (other.value, other.bound) = (value, bound);
                        }
                    }
                }
            }
        }
        next
    }

    /// Which of two partial lists gives more to the smaller code.
    fn compare(&self, place: usize, steps: &[Step], (mut one, lots): (usize, Lots), other: usize) -> Ordering {
        let mut first = (self.core.layers[place].rank, lots.cmp(&steps[other].lots));
        let mut two = steps[other].before;
        for layer in self.core.layers[..place].iter().rev() {
            if one == two {
                break;
            }
            let order = steps[one].lots.cmp(&steps[two].lots);
            if order != Ordering::Equal && (first.1 == Ordering::Equal || layer.rank < first.0) {
                first = (layer.rank, order);
            }
            (one, two) = (steps[one].before, steps[two].before);
        }
        first.1
    }

    /// The sums and the value after a choice, if it keeps the caps and can reach the floor.
    fn follow(&self, layer: &Layer, tail: &Tail, node: &Node, lots: Lots) -> Option<(Sums, i64)> {
        let left = node.sums[LEFT] - lots;
        let spent = layer.free && !layer.last_free && (node.sums[SPENT] == 1 || lots > 0 && lots < layer.most);
        let earned = if lots > 0 { layer.earning.of(lots) } else { 0 };
        let rest = tail.earned(spent, left);
        // What is taken back below only lowers this.
        if rest <= NEVER || node.value + earned + rest < self.floor {
            return None;
        }
        let mut sums = node.sums.clone();
        (sums[LEFT], sums[SPENT]) = (left, Lots::from(spent));
        let value = node.value + earned - self.take_obligor(layer, &mut sums, lots)? - self.take_industry(layer, &mut sums, lots)?;
        let enough = sums[OBLIGORS] + layer.later_obligors >= self.stage.least_obligors && self.fills(layer, &sums);
        (enough && value + rest >= self.floor).then_some((sums, value))
    }

    /// Whether the caps of the industries let what is left be taken.
    fn fills(&self, layer: &Layer, sums: &[Lots]) -> bool {
        let open = match layer.industry {
            Some(_) if !layer.closes_industry => self.stage.industry_cap - sums[INDUSTRIES + layer.slot],
            _ => 0,
        };
        u64::from(sums[LEFT]) <= layer.later_lots + u64::from(open)
    }

    /// What the bound loses by the obligor's sums and the excess.
    fn take_obligor(&self, layer: &Layer, sums: &mut [Lots], lots: Lots) -> Option<i64> {
        let mut lost = 0;
        let before = layer.opens_obligor.unwrap_or(sums[OBLIGOR]);
        let after = before + lots;
        if lots > 0 && before == 0 && sums[OBLIGORS] < self.stage.least_obligors {
            sums[OBLIGORS] += 1;
        } else if lots > 0 && (before == 0 || !self.prices.granted[layer.obligor]) {
            lost += self.prices.obligor;
        }
        sums[OBLIGOR] = if layer.closes_obligor { 0 } else { after };
        if after > self.stage.obligor_cap {
            return None;
        }
        if layer.closes_obligor {
            sums[EXCESS] += Threshold::over(self.threshold, after);
            if layer.shared {
                lost += self.prices.group_left(self.stage, self.threshold, layer.obligor, after);
            }
        }
        let Some(threshold) = self.threshold else { return Some(lost) };
        let left = threshold.excess.checked_sub(sums[EXCESS])?;
        if layer.closes_excess {
            lost += self.prices.excess * i64::from(left);
            sums[EXCESS] = 0;
        }
        Some(lost)
    }

    /// What the bound loses by the industry's sum.
    fn take_industry(&self, layer: &Layer, sums: &mut [Lots], lots: Lots) -> Option<i64> {
        let Some(industry) = layer.industry else { return Some(0) };
        let sum = &mut sums[INDUSTRIES + layer.slot];
        let used = layer.opens_industry.unwrap_or(*sum) + lots;
        let left = self.stage.industry_cap.checked_sub(used)?;
        *sum = if layer.closes_industry { 0 } else { used };
        Some(if layer.closes_industry { self.prices.industry[industry] * i64::from(left) } else { 0 })
    }
}

/// What a node may choose at a layer.
fn choices(layer: &Layer, node: &Node) -> impl Iterator<Item = Lots> {
    let spent = layer.free && node.sums[SPENT] == 1;
    let (from, to) = layer.range.unwrap_or((1, 0));
    let to = to.min(node.sums[LEFT]).min(if spent { layer.least } else { Lots::MAX });
    layer.may_be_out.then_some(0).into_iter().chain(from..=to)
}
