//! Reproducible choices.
//!
//! Owns: the generator behind every invented value. Takes: a seed and a stream. Gives: bounded integers and picks.
//! Invariants: integers only, and the mapping from generator output to a choice is written out here, so that a seed
//! means the same sample on every machine and with every version of the libraries. Each part of the sample draws from
//! a stream of its own: a change in one part leaves the others as they were.

use chrono::{Days, NaiveDate};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Draws values of one part of the sample.
pub(super) struct Draw {
    source: ChaCha8Rng,
}

impl Draw {
    /// Opens a stream of the seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(stream);
        Self { source }
    }

    /// Draws from `0..bound`; 0 when the bound is 0. The bias is below 2^-32 for the bounds used here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.source.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// Draws an index of a collection of that length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// Draws from `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(0) as u64) as i64
    }

    /// Is true in so many of a hundred draws.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Picks one item; the slice is part of the vocabulary and never empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Picks an index with the given weights; 0 when they are all nought.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// Draws a day of the closed interval.
    pub(super) fn day(&mut self, first: NaiveDate, last: NaiveDate) -> NaiveDate {
        let days = (last - first).num_days().max(0) as u64;
        first.checked_add_days(Days::new(self.below(days + 1))).unwrap_or(first)
    }

    /// Takes a share of an amount, `low..=high` in thousandths.
    pub(super) fn share(&mut self, amount: i64, low: i64, high: i64) -> i64 {
        amount * self.between(low * 100, high * 100) / 100_000
    }

    /// Shuffles in place (Fisher-Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_stream_always_mean_the_same() {
        let draw = |seed, stream| {
            let mut draw = Draw::new(seed, stream);
            (0..8).map(|_| draw.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn bounds_are_kept() {
        let mut draw = Draw::new(7, 0);
        assert!((0..1000).all(|_| (3..=5).contains(&draw.between(3, 5))));
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.weighted([0, 0, 4].into_iter()), 2);
        let mut items: Vec<u32> = (0..50).collect();
        draw.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
