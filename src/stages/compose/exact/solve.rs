//! Choosing: totals from the scale downwards, and at each the best list.

use super::pool::{At, Pool};
use super::search::{Goal, Nodes, Search};
use super::terms::{Amounts, Bounds, Candidate, Choice, LARGEST_SCALE, Lots, Standing, Terms, Unfit, fit};

/// Chooses the best list that meets the terms; see the parent module for what is best and how it is found.
///
/// The answer depends on the terms, the candidates and the number of nodes alone: not on the candidates' order, nor on time.
pub fn choose(terms: &Terms, candidates: &[Candidate], nodes: u64) -> Result<Choice, Unfit> {
    chosen_for(Goal::Best, terms, candidates, nodes)
}

/// A list of the greatest total and, with that, the greatest score: [`Standing::Optimal`] is of those two alone.
pub(crate) fn choose_merit(terms: &Terms, candidates: &[Candidate], nodes: u64) -> Result<Choice, Unfit> {
    chosen_for(Goal::Score, terms, candidates, nodes)
}

fn chosen_for(goal: Goal, terms: &Terms, candidates: &[Candidate], nodes: u64) -> Result<Choice, Unfit> {
    fit(terms, candidates)?;
    let pool = Pool::new(terms, candidates);
    let mut nodes = Nodes::new(nodes);
    let mut total = Lots::try_from(pool.all()).unwrap_or(Lots::MAX).min(terms.scale);
    // The greatest total of which it is not known whether it has lists, and what none of them exceeds.
    let mut undecided = None;
    while total > 0 {
        match pool.at(total) {
            At::Never => return Ok(nothing(&pool, undecided, nodes.used)),
            At::Above(next) => total = next,
            At::Open(stage) => {
                nodes.halve();
                let found = Search::new(&pool, &stage, goal).run(&mut nodes);
                let open = undecided.or(found.open.map(|value| (total, value)));
                if let Some(list) = found.list {
                    return Ok(chosen(&pool, &list.amounts, open, nodes.used));
                }
                undecided = open;
                if undecided.is_some() && !nodes.are_left(pool.len()) {
                    break;
                }
                total -= 1;
            }
        }
    }
    Ok(nothing(&pool, undecided, nodes.used))
}

/// Whether any list meets the terms: of the scale itself, or of any total at all.
pub(crate) enum Meets {
    /// This one does.
    With(Amounts),
    /// None does.
    Never,
    /// The nodes ran out.
    Open,
}

/// Looks for any list of exactly the scale or, where that is not asked for, of any total: the smallest first.
pub(crate) fn meets(terms: &Terms, candidates: &[Candidate], to_scale: bool, nodes: u64) -> Result<Meets, Unfit> {
    let all: u64 = candidates.iter().map(|c| u64::from(c.need)).sum();
    let scale = if to_scale { terms.scale } else { Lots::try_from(all).unwrap_or(Lots::MAX).min(LARGEST_SCALE) };
    let terms = Terms { scale, ..terms.clone() };
    let candidates: Vec<Candidate> = candidates.iter().map(|c| Candidate { score: 0, ..c.clone() }).collect();
    fit(&terms, &candidates)?;
    let pool = Pool::new(&terms, &candidates);
    if (!to_scale || scale == 0) && pool.allows_none() {
        return Ok(Meets::With(Amounts::new()));
    }
    let totals = if to_scale { scale.max(1)..=scale } else { lowest(&pool, scale)..=highest(&pool, scale) };
    let mut nodes = Nodes::new(nodes);
    let mut open = all > u64::from(scale) && !to_scale;
    for total in totals {
        let At::Open(stage) = pool.at(total) else { continue };
        if !nodes.are_left(pool.len()) {
            return Ok(Meets::Open);
        }
        nodes.used += pool.len() as u64;
        let found = Search::new(&pool, &stage, Goal::Any).run(&mut nodes);
        if let Some(list) = found.list {
            return Ok(Meets::With(pool.named(&list.amounts)));
        }
        open |= found.open.is_some();
    }
    Ok(if open { Meets::Open } else { Meets::Never })
}

/// The greatest total that quick bounds do not rule out.
fn highest(pool: &Pool, mut total: Lots) -> Lots {
    while total > 0 {
        match pool.at(total) {
            At::Never => return 0,
            At::Above(next) => total = next,
            At::Open(_) => break,
        }
    }
    total
}

/// The least total that quick bounds do not rule out together with all below it.
fn lowest(pool: &Pool, scale: Lots) -> Lots {
    let (mut low, mut high) = (1, scale.saturating_add(1));
    while low < high {
        let middle = low.midpoint(high);
        if matches!(pool.at(middle), At::Never) { low = middle + 1 } else { high = middle }
    }
    low
}

fn chosen(pool: &Pool, amounts: &[Lots], open: Option<(Lots, i64)>, nodes: u64) -> Choice {
    let standing = standing(pool, open).unwrap_or(Standing::Optimal);
    Choice { amounts: pool.named(amounts), total: amounts.iter().sum(), score: pool.score(amounts), nodes, standing }
}

/// The answer where no list was found, unless it is the empty one.
fn nothing(pool: &Pool, open: Option<(Lots, i64)>, nodes: u64) -> Choice {
    let empty = if pool.allows_none() { Standing::Optimal } else { Standing::Infeasible };
    let standing = standing(pool, open).unwrap_or(empty);
    Choice { amounts: Amounts::new(), total: 0, score: 0, nodes, standing }
}

/// The bounds as numbers: a value is the score times the unit less the enterprises.
fn standing(pool: &Pool, open: Option<(Lots, i64)>) -> Option<Standing> {
    let (total, value) = open?;
    let score = -(-value).div_euclid(pool.unit());
    let enterprises = u32::try_from(score * pool.unit() - value).unwrap_or(0);
    Some(Standing::Gap(Bounds { total, score: u128::try_from(score).unwrap_or(0), enterprises }))
}
