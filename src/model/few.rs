//! Counts that rest on few: the rule of three, and what else must be held back so that no difference tells them.
//!
//! The Statistics Law forbids to give out what lets anyone infer a single respondent. A count of fewer than three enterprises
//! does; so does one part of a sum whose other parts are shown. Enterprises that consent are not protected by the rule, and
//! a count that rests on nobody else may be told. What a count was told to be in an earlier night is one more that it is
//! subtracted from.
//!
//! There is no rule of dominance (p%, or (n,k); Hundepool et al., Statistical Disclosure Control, 2012, 4.2) here, since no sum of
//! money over enterprises without consent is told at all.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Fewer enterprises than this are not told of.
pub const LEAST: usize = 3;

/// Whether a count that rests on so many enterprises without consent would speak of one; on none, it speaks of nobody.
pub fn is_few(enterprises: usize) -> bool {
    (1..LEAST).contains(&enterprises)
}

/// A count, and the enterprises without consent that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting<T: Ord> {
    /// The count.
    pub number: u64,
    /// Whom it rests on.
    pub on: BTreeSet<T>,
}

impl<T: Ord> Default for Resting<T> {
    fn default() -> Self {
        Self { number: 0, on: BTreeSet::new() }
    }
}

impl<T: Ord + Clone> Resting<T> {
    /// Takes in another count.
    pub fn absorb(&mut self, other: &Self) {
        self.number += other.number;
        self.on.extend(other.on.iter().cloned());
    }

    /// Whether it would speak of one enterprise.
    pub fn is_few(&self) -> bool {
        is_few(self.on.len())
    }
}

/// Which parts of a sum are held back, and whether the sum is.
///
/// Beside the parts that are few the next smallest are held back, until those together are of two parts and of three
/// enterprises at least: the sum less what is shown then tells of no one. Where all of them together are few, so is the sum.
pub fn held_back<T: Ord + Clone>(parts: &[Resting<T>]) -> (Vec<bool>, bool) {
    let union = |chosen: &[bool]| {
        let on = parts.iter().zip(chosen).filter(|(_, chosen)| **chosen).flat_map(|(part, _)| &part.on);
        on.collect::<BTreeSet<_>>().len()
    };
    let mut held: Vec<bool> = parts.iter().map(Resting::is_few).collect();
    let sum = is_few(union(&vec![true; parts.len()]));
    if sum || !held.contains(&true) {
        return (held, sum);
    }
    while held.iter().filter(|h| **h).count() < 2 || union(&held) < LEAST {
        // Parts that rest on somebody hide better than those that anyone may count.
        let others = (0..parts.len()).filter(|i| !held[*i] && parts[*i].number > 0);
        match others.min_by_key(|i| (parts[*i].on.is_empty(), parts[*i].number)) {
            Some(next) => held[next] = true,
            None => return (held, true),
        }
    }
    (held, false)
}

/// A sum and its parts as they were told, without what was held back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The parts.
    pub parts: Vec<Option<u64>>,
    /// The sum.
    pub sum: Option<u64>,
}

impl Told {
    /// Tells the parts of a sum that are not held back, and the sum unless it is.
    pub fn of(parts: &[u64], (held, sum): (&[bool], bool)) -> Self {
        let told = parts.iter().zip(held).map(|(number, held)| Some(*number).filter(|_| !held));
        Self { parts: told.collect(), sum: Some(parts.iter().sum()).filter(|_| !sum) }
    }

    /// Whether any difference that two nights tell together is not nought and yet of so few: of a part, of the sum, or of what
    /// the sum leaves of the parts that one of them held back.
    pub fn differs_by_few(&self, earlier: &Self, few: u64) -> bool {
        let apart = |(now, then): (u64, u64)| (1..=few).contains(&now.abs_diff(then));
        let parts = || self.parts.iter().zip(&earlier.parts).filter_map(|(now, then)| now.zip(*then));
        let told = parts().fold((0, 0), |(all, before), (now, then)| (all + now, before + then));
        let sums = self.sum.zip(earlier.sum);
        parts().any(apart) || sums.is_some_and(|(now, then)| apart((now, then)) || apart((now - told.0, then - told.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(number: u64, on: &[u32]) -> Resting<u32> {
        Resting { number, on: on.iter().copied().collect() }
    }

    #[test]
    fn what_is_few_is_held_back_with_the_next_smallest() {
        let many: Vec<u32> = (10..40).collect();
        let held = |parts: &[Resting<u32>]| held_back(parts);
        assert_eq!(held(&[part(90, &many), part(5, &[1, 2, 3]), part(0, &[])]), (vec![false; 3], false), "none is few");
        assert_eq!(held(&[part(90, &many), part(1, &[1]), part(4, &[5, 6, 7, 8]), part(0, &[])]), (vec![false, true, true, false], false));
        assert_eq!(
            held(&[part(90, &many), part(1, &[1]), part(1, &[2]), part(0, &[])]),
            (vec![true, true, true, false], false),
            "two are few"
        );
        assert_eq!(held(&[part(90, &many), part(2, &[1, 2]), part(1, &[3])]), (vec![false, true, true], false), "three are not");
        assert_eq!(held(&[part(90, &[]), part(2, &[1])]), (vec![false, true], true), "all of it rests on one");
        assert_eq!(held(&[part(2, &[]), part(0, &[])]), (vec![false; 2], false), "who consents is not protected");
    }

    #[test]
    fn two_nights_tell_a_difference_of_few_by_a_part_a_sum_or_what_is_left_of_it() {
        let told = |parts: &[u64], held: &[bool], sum| Told::of(parts, (held, sum));
        let open = |parts: &[u64]| told(parts, &vec![false; parts.len()], false);
        let before = open(&[10, 20, 30]);
        assert!(!open(&[10, 20, 30]).differs_by_few(&before, 2), "the same is no difference");
        assert!(!open(&[13, 20, 30]).differs_by_few(&before, 2) && open(&[13, 20, 30]).differs_by_few(&before, 3));
        assert!(open(&[11, 20, 30]).differs_by_few(&before, 2), "a part");
        assert!(open(&[20, 12, 30]).differs_by_few(&before, 2), "the sum");
        assert!(!open(&[20, 10, 30]).differs_by_few(&before, 2), "who moves from one to the other is one of ten");
        assert!(told(&[20, 12, 30], &[false, true, true], false).differs_by_few(&before, 2), "the sum still");
        assert!(told(&[20, 5, 46], &[false, true, true], false).differs_by_few(&before, 2), "what is left: 51 for 50");
        assert!(!told(&[20, 5, 46], &[false, true, true], true).differs_by_few(&before, 2), "of a sum that is held back nothing is left");
        assert!(!told(&[11, 20, 30], &[true; 3], true).differs_by_few(&before, 2), "nothing is told");
    }

    proptest! {
        #[test]
        fn no_difference_tells_of_fewer_than_three(parts in prop::collection::vec(prop::collection::btree_set(0u32..9, 0..7), 1..7)) {
            let parts: Vec<Resting<u32>> = parts.into_iter().map(|on| Resting { number: on.len() as u64, on }).collect();
            let (held, sum) = held_back(&parts);
            prop_assert!(parts.iter().zip(&held).all(|(part, held)| *held || !part.is_few()));
            let hidden: Vec<&Resting<u32>> = parts.iter().zip(&held).filter(|(_, h)| **h).map(|(p, _)| p).collect();
            let on: BTreeSet<u32> = hidden.iter().flat_map(|p| p.on.clone()).collect();
            prop_assert!(sum || hidden.is_empty() || hidden.len() > 1 && on.len() >= LEAST);
        }
    }
}
