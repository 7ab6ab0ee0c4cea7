//! Composes an issue: which enterprises, and how many lots of each.
//!
//! # The problem
//!
//! A candidate that is chosen gets from its least amount to its need, the terms' minimum and maximum for one enterprise taken
//! into account; who is not chosen gets nothing. Candidates of one group are one obligor. No obligor, no industry and not the
//! largest few obligors together may have more than their share of the total that is issued; there are at least so many
//! obligors; the total is at most the scale. Candidates without an industry are bound by no industry's cap.
//!
//! Of all lists that keep the terms the best is the one of, one after the other,
//!
//! 1. the greatest total,
//! 2. the greatest sum of score × lots,
//! 3. the fewest enterprises,
//! 4. the greatest amount for the smallest code, then for the next, and so on.
//!
//! The fourth leaves no two lists equal: the answer is one, whatever the order of the candidates.
//!
//! # The method
//!
//! *Totals* are tried from the scale downwards (`pool`), for at one total all shares are whole numbers of lots. A total is
//! skipped where a cut through the flow of lots from obligors through industries stays below it; caps fall with the total, so
//! what stays below one total rules out all totals down to the cut itself. Feasibility is not monotone, and is not taken to be.
//!
//! *The top term* is taken apart by its threshold: the k largest sums are at most C exactly if there is a whole t with
//! k·t + Σ max(0, sum − t) ≤ C. (If: each of the k largest is at most t + max(0, sum − t). Only if: let t be the k-th largest.)
//! For a given t the term is a cap on the excess over t, a sum over the obligors. First it is left out altogether: if the best
//! list keeps it, that list is the best. Otherwise every t is looked at whose bound is not below the best list so far.
//!
//! *Bounds*: with prices in place of the caps the problem falls apart into the candidates (`prices`; Lagrangean relaxation,
//! see Fisher, 1981). Levels 2 and 3 are one whole number, the value: score × (candidates + 1) less enterprises. With the caps
//! f(x) ≤ c and prices p ≥ 0 any list that keeps them has value(x) ≤ value(x) + p·(c − f(x)), and the greatest right side over
//! all x, which is found candidate by candidate, is no less than the value of the best list.
//!
//! *A first list* is constructed from the prices (`construct`): dynamic programming fills the industries and the total exactly,
//! at prices of excess and obligors that are raised until those terms hold too. Then lots are moved while that pays (`exchange`).
//! It is mostly within some thousandths of the bound.
//!
//! *Search*: candidates that lose more than the gap between bound and best list by any other choice are decided; the core that
//! remains (`kernel`) goes through dynamic programming over the sums that are open (`beam`), with the exact best of the rest
//! for every total still to be filled as the bound. While no list is known, the gap is that of a small core; a core that is
//! exhausted without a list proves that the best value is below its floor, and a larger one follows (`search`).
//!
//! # What is proven
//!
//! [`Standing::Optimal`] is proven at all four levels: whatever was dropped had a bound below the best list's value, or had the
//! same open sums as something at least as good in value and then in order. Where the nodes run out only some partial lists go
//! on, the most promising; then [`Standing::Gap`] has the greatest bound of what was left out. No floating-point number is used.
//!
//! # Limits
//!
//! Nodes are partial lists, and the cells of tables by the hundreds. With very few of them there may be no list at all. Amounts
//! that cannot be split leave a gap of some thousandths among a thousand candidates. What does not fit the arithmetic is refused
//! ([`Unfit`]).

mod beam;
#[cfg(test)]
mod cases;
mod check;
mod clash;
mod construct;
mod exchange;
mod kernel;
mod pool;
mod prices;
mod relax;
mod search;
mod solve;
mod terms;
#[cfg(test)]
mod tests;

pub use check::{Broken, check};
pub use clash::{Clash, clash};
pub use relax::{Binding, Change, Cost, Forcing, binding, forcing};
pub use solve::choose;
pub use terms::*;
