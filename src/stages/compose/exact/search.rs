//! The best list of one total: passes over growing cores at every threshold that can matter.

use super::beam::{List, Pass};
use super::kernel::Core;
use super::pool::{Stage, TopCap};
use super::prices::{Prices, Threshold};
use super::terms::Lots;
use std::borrow::Cow;
use std::cmp::Reverse;

/// Passes that look for a first list: candidates of the core, and partial lists that go on from every place.
const SCOUTS: [(usize, usize); 5] = [(32, 128), (64, 512), (128, 1024), (512, 512), (usize::MAX, 512)];
/// Candidates of the first core of those that prove, and how many times more of them in each further one.
const CORE: usize = 32;
const LARGER: usize = 2;
/// Partial lists that go on in the first of those, and how many times more in each further one.
const WIDTH: usize = 1024;
const WIDER: usize = 8;
/// Passes go on only while so many nodes are left for each candidate of the core.
const LEAST_WIDTH: u64 = 16;
/// Thresholds that are tried for a first list.
const TRIES: usize = 6;
/// A gap that leaves nobody out: more than any list loses.
const WHOLE: i64 = i64::MAX / 8;

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
    fn sharing(&mut self, spend: impl FnOnce(&mut Self)) {
        let Self { limit, reserve, .. } = *self;
        self.limit = self.used + self.left(true) / 2;
        self.reserve /= 2;
        spend(self);
        (self.limit, self.reserve) = (limit, reserve);
    }
}

/// What is known of one total.
#[derive(Default)]
pub(crate) struct Found {
    /// The best list.
    pub(crate) list: Option<List>,
    /// No list is worth more; nothing where the list is proven to be the best or that there is none.
    pub(crate) open: Option<i64>,
}

impl Found {
    fn keep(&mut self, list: Option<List>) {
        if let Some(list) = list.filter(|list| list.beats(self.list.as_ref())) {
            self.list = Some(list);
        }
    }

    /// Less than this does not matter.
    fn floor(&self) -> Option<i64> {
        self.list.as_ref().map(|list| list.value)
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
    /// Whether any list will do.
    any: bool,
}

impl<'a> Search<'a> {
    /// A search for the best list.
    pub(crate) fn best(stage: &'a Stage, ranks: usize) -> Self {
        Self { stage, ranks, any: false }
    }

    /// A search for any list.
    pub(crate) fn any(stage: &'a Stage, ranks: usize) -> Self {
        Self { stage, ranks, any: true }
    }

    /// The best list, as far as the nodes go.
    pub(crate) fn run(&self, nodes: &mut Nodes) -> Found {
        let mut found = Found::default();
        let Some(top) = self.stage.top else {
            let mut cases = [self.case(None)];
            self.scout(&mut cases, &mut found, nodes);
            cases.into_iter().for_each(|case| self.refine(case, &mut found, nodes));
            return found;
        };
        let bound = match self.without_top(top, nodes, &mut found) {
            Ok(decided) => return decided,
            Err(bound) => bound,
        };
        let mut cases = self.cases(top, bound);
        let tried = cases.len().min(TRIES);
        self.scout(&mut cases[..tried], &mut found, nodes);
        for case in cases {
            if found.matters(case.bound) {
                let case = self.better(case);
                nodes.sharing(|nodes| self.refine(case, &mut found, nodes));
            }
        }
        found.open = found.open.filter(|open| found.matters(*open));
        found
    }

    /// Leaves the top term out at first: the best list without it is the best with it if it keeps it, and where there is none
    /// without it there is none with it. Otherwise only a bound is told, but a list that keeps the term is not forgotten.
    fn without_top(&self, top: TopCap, nodes: &mut Nodes, found: &mut Found) -> Result<Found, i64> {
        let mut cases = [self.case(None)];
        let keeps = |free: &Found| free.list.as_ref().is_none_or(|list| self.keeps(list, top));
        let mut free = Found::default();
        self.scout(&mut cases, &mut free, nodes);
        let [case] = cases;
        let priced = case.bound;
        free.open = Some(priced);
        if keeps(&free) {
            found.keep(free.list.clone());
            free.open = None;
            nodes.sharing(|nodes| self.refine(case, &mut free, nodes));
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
        let prices = Prices::new(&stage, threshold);
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
        let Some(best) = self.best_of(&thresholds) else { return Vec::new() };
        let case = |threshold: &Threshold| {
            let stage = self.stage(Some(*threshold));
            let prices = best.prices.moved(&stage, *threshold);
            let priced = prices.bound(&stage, Some(*threshold));
            Case { threshold: Some(*threshold), prices, priced, bound: priced.min(bound) }
        };
        let mut cases: Vec<Case> = thresholds.iter().map(case).collect();
        cases.sort_by_key(|case| Reverse(case.priced));
        cases
    }

    /// The threshold of the highest bound, by halving: the bound rises and then falls, or nearly so.
    fn best_of(&self, thresholds: &[Threshold]) -> Option<Case> {
        let case = |place: usize| self.case(Some(thresholds[place]));
        let (mut low, mut high) = (0, thresholds.len().checked_sub(1)?);
        while low < high {
            let middle = low.midpoint(high);
            if case(middle).priced < case(middle + 1).priced { low = middle + 1 } else { high = middle }
        }
        Some(case(low))
    }

    /// Looks for a first list: over all cases with a small core, then with larger ones.
    fn scout(&self, cases: &mut [Case], found: &mut Found, nodes: &mut Nodes) {
        let seconds: Vec<Vec<i64>> = cases.iter().map(|case| self.seconds(case)).collect();
        for (size, width) in SCOUTS {
            for (case, seconds) in cases.iter_mut().zip(&seconds) {
                if found.list.is_none() {
                    self.pass(case, seconds, size, width, found, nodes);
                }
            }
        }
    }

    /// Looks for the best list at one threshold by wider and wider passes, over cores that grow once the smaller is exhausted.
    fn refine(&self, mut case: Case, found: &mut Found, nodes: &mut Nodes) {
        let seconds = self.seconds(&case);
        let (mut size, mut width) = (CORE, WIDTH);
        loop {
            match self.pass(&mut case, &seconds, size, width, found, nodes) {
                Step::Decided => return,
                Step::Spent => break,
                Step::Exhausted => size = size.saturating_mul(LARGER),
                Step::Overfull => width = width.saturating_mul(WIDER),
            }
        }
        found.open = found.open.max(Some(case.bound));
    }

    /// One pass over a core of about so many candidates, or of fewer if those are all that can beat the best list.
    fn pass(&self, case: &mut Case, seconds: &[i64], size: usize, width: usize, found: &mut Found, nodes: &mut Nodes) -> Step {
        if self.any && found.list.is_some() {
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
        let layers = core.as_ref().map_or(1, |core| core.layers.len().max(1) as u64);
        let affordable = nodes.left(found.list.is_some()) / layers;
        if affordable < LEAST_WIDTH {
            return Step::Spent;
        }
        let left_out = core.and_then(|core| {
            let width = width.min(usize::try_from(affordable).unwrap_or(usize::MAX));
            let (threshold, prices) = (case.threshold, &case.prices);
            let passed = Pass { stage: &stage, threshold, prices, core: &core, floor, width }.run(self.ranks);
            nodes.used += passed.nodes;
            found.keep(passed.list);
            passed.left_out.filter(|bound| found.matters(*bound))
        });
        match left_out {
            Some(bound) => {
                case.bound = case.bound.min(bound);
                Step::Overfull
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
