//! The best list of one total: passes over growing cores at every threshold that can matter.

use super::beam::{List, Pass};
use super::construct::Construction;
use super::exchange::exchanged;
use super::kernel::{Core, WHOLE};
use super::pool::{Pool, Stage, TopCap};
use super::prices::{Prices, Threshold};
use super::terms::Lots;
use std::borrow::Cow;
use std::cmp::Reverse;

/// Candidates of the cores out of which first lists are constructed.
const CONSTRUCTED: [usize; 5] = [24, 96, 384, 1536, usize::MAX];
/// So many cells of a table count as a node.
const CELLS: u64 = 256;
/// Candidates of the first core of those that prove, and how many times more of them in each further one.
const CORE: usize = 32;
const LARGER: usize = 2;
/// Partial lists that go on in the first of those, and how many times more in each further one.
const WIDTH: usize = 1024;
const WIDER: usize = 8;
/// Passes go on only while so many nodes are left for each candidate of the core.
const LEAST_WIDTH: u64 = 16;
/// Thresholds that have prices of their own from the beginning.
const PRICED: usize = 16;
/// Thresholds that are tried for a first list.
const TRIES: usize = 3;

/// Counts the nodes.
pub(crate) struct Nodes {
    pub(crate) used: u64,
    limit: u64,
    /// Kept for smaller totals while there is no list.
    reserve: u64,
}

impl Nodes {
    pub(crate) fn new(limit: u64) -> Self {
        Self { used: 0, limit, reserve: 0 }
    }

    /// Keeps half of what is left for the totals to come.
    pub(crate) fn halve(&mut self) {
        self.reserve = self.left(true) / 2;
    }

    /// Whether there are nodes for another total of so many candidates.
    pub(crate) fn are_left(&self, candidates: usize) -> bool {
        self.left(true) > LEAST_WIDTH.saturating_mul(candidates as u64)
    }

    fn left(&self, has_list: bool) -> u64 {
        let left = self.limit.saturating_sub(self.used);
        if has_list { left } else { left.saturating_sub(self.reserve) }
    }

    /// Spends at most half of what is left.
    fn sharing<T>(&mut self, spend: impl FnOnce(&mut Self) -> T) -> T {
        let Self { limit, reserve, .. } = *self;
        self.limit = self.used + self.left(true) / 2;
        self.reserve /= 2;
        let spent = spend(self);
        (self.limit, self.reserve) = (limit, reserve);
        spent
    }
}

/// What a search is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The best list, at all levels.
    Best,
    /// A list of the greatest score; neither how many enterprises it has nor their codes matter.
    Score,
    /// Any list.
    Any,
}

/// What is known of one total.
pub(crate) struct Found {
    goal: Goal,
    /// See [`super::pool::Pool::unit`].
    unit: i64,
    /// The best list.
    pub(crate) list: Option<List>,
    /// No list is worth more; nothing where the list is proven to be the best or that there is none.
    pub(crate) open: Option<i64>,
}

impl Found {
    fn new(goal: Goal, unit: i64) -> Self {
        Self { goal, unit, list: None, open: None }
    }

    /// Whether nothing more is looked for.
    fn is_enough(&self) -> bool {
        self.goal == Goal::Any && self.list.is_some()
    }

    fn keep(&mut self, list: Option<List>) {
        if let Some(list) = list.filter(|list| list.beats(self.list.as_ref())) {
            self.list = Some(list);
        }
    }

    /// Less than this does not matter. Where the score alone counts, that is the least value of any greater score.
    fn floor(&self) -> Option<i64> {
        let value = self.list.as_ref()?.value;
        Some(if self.goal == Goal::Score { -(-value).div_euclid(self.unit) * self.unit + 1 } else { value })
    }

    /// Whether lists up to this value matter.
    fn matters(&self, bound: i64) -> bool {
        self.floor().is_none_or(|floor| bound >= floor)
    }
}

/// One threshold, and its prices.
#[derive(Clone)]
struct Case {
    threshold: Option<Threshold>,
    prices: Prices,
    /// The bound at these prices.
    priced: i64,
    /// The best bound known.
    bound: i64,
}

/// Searches one stage.
pub(crate) struct Search<'a> {
    stage: &'a Stage,
    /// How many candidates the pool has.
    ranks: usize,
    unit: i64,
    goal: Goal,
}

impl<'a> Search<'a> {
    /// A search of a pool at a stage.
    pub(crate) fn new(pool: &Pool, stage: &'a Stage, goal: Goal) -> Self {
        Self { stage, ranks: pool.len(), unit: pool.unit(), goal }
    }

    /// The best list, as far as the nodes go.
    pub(crate) fn run(&self, nodes: &mut Nodes) -> Found {
        let mut found = Found::new(self.goal, self.unit);
        let Some(top) = self.stage.top else {
            let cases = [self.case(None)];
            self.construct(&cases, &mut found, nodes);
            let [case] = cases;
            found.open = self.refine(case, &mut found, nodes).map(|case| case.bound);
            return found;
        };
        let bound = match self.without_top(top, nodes, &mut found) {
            Ok(decided) => return decided,
            Err(bound) => bound,
        };
        let cases = self.cases(top, bound);
        self.construct(&cases[..cases.len().min(TRIES)], &mut found, nodes);
        let mut open = Vec::new();
        for case in cases {
            if found.matters(case.bound) {
                let case = self.better(case);
                open.extend(nodes.sharing(|nodes| self.refine(case, &mut found, nodes)));
            }
        }
        // What is left goes to the case that leaves most open.
        open.sort_by_key(|case| case.bound);
        if let Some(case) = open.pop() {
            open.extend(self.refine(case, &mut found, nodes));
        }
        found.open = open.iter().map(|case| case.bound).filter(|bound| found.matters(*bound)).max();
        found
    }

    /// Leaves the top term out at first: the best list without it is the best with it if it keeps it, and where there is none
    /// without it there is none with it. Otherwise only a bound is told, but a list that keeps the term is not forgotten.
    fn without_top(&self, top: TopCap, nodes: &mut Nodes, found: &mut Found) -> Result<Found, i64> {
        let stage = Stage { top: None, ..self.stage.clone() };
        let search = Search { stage: &stage, ..*self };
        let cases = [search.case(None)];
        let keeps = |free: &Found| free.list.as_ref().is_none_or(|list| self.keeps(list, top));
        let mut free = Found::new(self.goal, self.unit);
        search.construct(&cases, &mut free, nodes);
        let [case] = cases;
        let priced = case.bound;
        free.open = Some(priced);
        if keeps(&free) {
            found.keep(free.list.clone());
            free.open = nodes.sharing(|nodes| search.refine(case, &mut free, nodes)).map(|case| case.bound);
        }
        if free.open.is_none() && keeps(&free) {
            return Ok(free);
        }
        if keeps(&free) {
            found.keep(free.list.clone());
        }
        Err(free.open.or(free.floor()).map_or(priced, |bound| bound.min(priced)))
    }

    /// Whether a list's largest obligors keep the top term.
    fn keeps(&self, list: &List, top: TopCap) -> bool {
        let of = |items: &Vec<usize>| items.iter().map(|i| u64::from(list.amounts[self.stage.items[*i].rank])).sum::<u64>();
        let mut sums: Vec<u64> = self.stage.obligors.iter().map(of).collect();
        sums.sort_unstable_by_key(|sum| Reverse(*sum));
        sums.iter().take(top.obligors as usize).sum::<u64>() <= u64::from(top.cap)
    }

    /// The stage at a threshold: nobody can have more than that and all of the excess.
    fn stage(&self, threshold: Option<Threshold>) -> Cow<'a, Stage> {
        let capped = threshold.and_then(|threshold| self.stage.capped(threshold.lots + threshold.excess));
        capped.map_or(Cow::Borrowed(self.stage), Cow::Owned)
    }

    fn case(&self, threshold: Option<Threshold>) -> Case {
        let stage = self.stage(threshold);
        // Where nobody can exceed the threshold, excess has no price of its own; that of the whole stage serves its neighbours too.
        let prices = Prices::new(self.stage, threshold).moved(&stage, threshold);
        let priced = prices.bound(&stage, threshold);
        Case { threshold, prices, priced, bound: priced }
    }

    /// The case at prices of its own where those bound it better.
    fn better(&self, case: Case) -> Case {
        let own = self.case(case.threshold);
        if own.priced < case.priced { Case { bound: own.bound.min(case.bound), ..own } } else { case }
    }

    /// All thresholds that may have lists, the most promising first: with the prices of the best of them.
    fn cases(&self, top: TopCap, bound: i64) -> Vec<Case> {
        let musts = self.stage.items.iter().filter(|item| item.must).map(|item| item.least).max().unwrap_or(0);
        let fits = |lots: &Lots| top.cap - lots * (top.obligors - 1) >= musts;
        let thresholds =
            (0..=top.cap / top.obligors).filter(fits).filter(|lots| self.stage.reach_at(*lots, top) >= u64::from(self.stage.total));
        let thresholds: Vec<Threshold> = thresholds.map(|lots| Threshold::new(lots, top)).collect();
        let priced = self.priced(&thresholds);
        let case = |(place, threshold): (usize, &Threshold)| {
            let stage = self.stage(Some(*threshold));
            let after = priced.partition_point(|(other, _)| *other < place);
            let near = &priced[after.saturating_sub(1)..priced.len().min(after + 1)];
            let case = near.iter().map(|(_, prices)| {
                let prices = prices.moved(&stage, Some(*threshold));
                (prices.bound(&stage, Some(*threshold)), prices)
            });
            let (priced, prices) = case.min_by_key(|(bound, _)| *bound)?;
            Some(Case { threshold: Some(*threshold), prices, priced, bound: priced.min(bound) })
        };
        let mut cases: Vec<Case> = thresholds.iter().enumerate().filter_map(case).collect();
        cases.sort_by_key(|case| Reverse(case.priced));
        cases
    }

    /// Prices of some thresholds, evenly spread: the others are near to two of them.
    fn priced(&self, thresholds: &[Threshold]) -> Vec<(usize, Prices)> {
        let stride = thresholds.len().div_ceil(PRICED).max(1);
        let places = (0..thresholds.len()).step_by(stride).chain(thresholds.len().checked_sub(1));
        let mut places: Vec<usize> = places.collect();
        places.dedup();
        places.into_iter().map(|place| (place, Prices::new(self.stage, Some(thresholds[place])))).collect()
    }

    /// Constructs first lists of every case that matters.
    fn construct(&self, cases: &[Case], found: &mut Found, nodes: &mut Nodes) {
        for case in cases {
            if !found.matters(case.bound) {
                continue;
            }
            let all = self.stage.items.len();
            for size in CONSTRUCTED {
                let left = nodes.left(found.list.is_some());
                if left == 0 || found.is_enough() || !found.matters(case.bound) {
                    break;
                }
                let list = self.constructed(case, size, left, nodes);
                let is_found = list.is_some();
                found.keep(list);
                if is_found || size >= all {
                    break;
                }
            }
        }
    }

    /// A list out of a core of so many candidates, if its tables are within so many nodes.
    fn constructed(&self, case: &Case, size: usize, left: u64, nodes: &mut Nodes) -> Option<List> {
        let stage = self.stage(case.threshold);
        let core = Core::smallest(&stage, case.threshold, &case.prices, size).filter(|core| core.cells() / CELLS <= left)?;
        let mut construction = Construction::new(&stage, case.threshold, &core)?;
        let list = construction.list(&case.prices, self.ranks);
        nodes.used += construction.cells / CELLS;
        list.map(|list| exchanged(self.stage, list))
    }

    /// Looks for the best list at one threshold by wider and wider passes, over cores that grow once the smaller is exhausted.
    /// The case comes back where it is not decided.
    fn refine(&self, mut case: Case, found: &mut Found, nodes: &mut Nodes) -> Option<Case> {
        let seconds = self.seconds(&case);
        let (mut size, mut width) = (CORE, WIDTH);
        loop {
            match self.pass(&mut case, &seconds, size, width, found, nodes) {
                Step::Decided => return None,
                Step::Spent => return Some(case),
                Step::Exhausted => size = size.saturating_mul(LARGER),
                Step::Overfull => width = width.saturating_mul(WIDER),
            }
        }
    }

    /// One pass over a core of about so many candidates, or of fewer if those are all that can beat the best list.
    fn pass(&self, case: &mut Case, seconds: &[i64], size: usize, width: usize, found: &mut Found, nodes: &mut Nodes) -> Step {
        if found.is_enough() {
            return Step::Decided;
        }
        let floor = (case.priced - gap(seconds, size)).max(found.floor().unwrap_or(i64::MIN));
        if found.floor().is_some_and(|floor| floor > case.bound) {
            return Step::Decided;
        }
        if floor > case.bound {
            return Step::Exhausted;
        }
        let gap = case.priced - floor;
        let stage = self.stage(case.threshold);
        let core = Core::new(&stage, case.threshold, &case.prices, gap);
        let (layers, cells) = core.as_ref().map_or((1, 0), |core| (core.layers.len().max(1) as u64, core.cells()));
        let left = nodes.left(found.list.is_some());
        let affordable = left / layers;
        if affordable < LEAST_WIDTH || cells / CELLS > left {
            return Step::Spent;
        }
        let widest = usize::try_from(affordable).unwrap_or(usize::MAX);
        let left_out = core.and_then(|core| {
            let width = width.min(widest);
            let (threshold, prices) = (case.threshold, &case.prices);
            let passed = Pass { stage: &stage, threshold, prices, core: &core, floor, width }.run(self.ranks);
            nodes.used += passed.nodes + passed.cells / CELLS;
            found.keep(passed.list);
            passed.left_out.filter(|bound| found.matters(*bound))
        });
        match left_out {
            Some(bound) => {
                case.bound = case.bound.min(bound);
                if width < widest { Step::Overfull } else { Step::Spent }
            }
            None if gap >= WHOLE || found.floor().is_some_and(|found| found >= floor) => Step::Decided,
            None => {
                case.bound = floor - 1;
                Step::Exhausted
            }
        }
    }

    /// What the second best choice of every candidate loses, in ascending order.
    fn seconds(&self, case: &Case) -> Vec<i64> {
        let stage = self.stage(case.threshold);
        let second = |item| case.prices.second(case.prices.earning(&stage, case.threshold, item), item);
        let stage = self.stage(case.threshold);
        let mut seconds: Vec<i64> = stage.items.iter().map(second).collect();
        seconds.sort_unstable();
        seconds
    }
}

/// What a pass came to.
enum Step {
    /// The best list is proven, or that there is none.
    Decided,
    /// No list is within the core's gap.
    Exhausted,
    /// Something was left out.
    Overfull,
    /// The nodes have run out.
    Spent,
}

/// The gap of a core of about so many candidates.
fn gap(seconds: &[i64], size: usize) -> i64 {
    seconds.get(size).copied().unwrap_or(WHOLE).min(WHOLE)
}
