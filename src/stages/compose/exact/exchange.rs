//! Makes a list better by moving lots from one candidate to another while that pays and all terms are kept.
//!
//! It needs no prices, so it also mends what those cannot tell apart: candidates of equal scores, and room that a threshold
//! leaves. The end is a list that no single move makes better, not the best one.

use super::beam::List;
use super::pool::{Item, Stage};
use super::terms::Lots;
use std::cmp::Reverse;

/// The sums of a list.
struct Sums<'a> {
    stage: &'a Stage,
    amounts: Vec<Lots>,
    obligors: Vec<Lots>,
    industries: Vec<Lots>,
    /// Obligors that have something.
    chosen: u32,
}

/// The list after all moves that pay; its total stays.
pub(crate) fn exchanged(stage: &Stage, list: List) -> List {
    let mut sums = Sums::new(stage, &list);
    let mut buyers: Vec<usize> = (0..stage.items.len()).collect();
    buyers.sort_by_key(|i| (Reverse(stage.items[*i].worth), stage.items[*i].rank));
    loop {
        let givers: Vec<usize> = buyers.iter().rev().copied().filter(|i| sums.amounts[*i] > 0).collect();
        let moved = givers.into_iter().filter(|giver| buyers.iter().any(|taker| sums.moves(*giver, *taker))).count();
        if moved == 0 {
            break;
        }
    }
    sums.list(list)
}

impl<'a> Sums<'a> {
    fn new(stage: &'a Stage, list: &List) -> Self {
        let amounts: Vec<Lots> = stage.items.iter().map(|item| list.amounts[item.rank]).collect();
        let mut sums = Self { stage, amounts, obligors: vec![0; stage.obligors.len()], industries: vec![0; stage.industries], chosen: 0 };
        for (item, lots) in stage.items.iter().zip(sums.amounts.clone()) {
            sums.add(item, i64::from(lots));
        }
        sums
    }

    fn list(self, list: List) -> List {
        let mut amounts = list.amounts;
        for (item, lots) in self.stage.items.iter().zip(&self.amounts) {
            amounts[item.rank] = *lots;
        }
        let chosen = self.stage.items.iter().filter(|item| amounts[item.rank] > 0);
        let value = chosen.map(|item| item.worth * i64::from(amounts[item.rank]) - 1).sum();
        List { value, amounts }
    }

    /// Moves as many lots as pay, if any do.
    fn moves(&mut self, giver: usize, taker: usize) -> bool {
        let (from, to) = (&self.stage.items[giver], &self.stage.items[taker]);
        let (has, had) = (self.amounts[giver], self.amounts[taker]);
        if giver == taker || has == 0 || from.worth > to.worth {
            return false;
        }
        let room = to.most - had;
        let part = room.min(has.saturating_sub(from.least));
        let all = (has <= room && !from.must).then_some(has);
        let least = to.least.saturating_sub(had).max(1);
        let gain = |lots: Lots| {
            let fewer = i64::from(lots == has) - i64::from(had == 0);
            (to.worth - from.worth) * i64::from(lots) + fewer
        };
        let pays = |lots: &Lots| *lots >= least && gain(*lots) > 0;
        let all = all.filter(pays).filter(|lots| self.keeps(giver, taker, *lots));
        let Some(lots) = all.or_else(|| self.most(giver, taker, least, part).filter(pays)) else { return false };
        self.shift(giver, taker, lots);
        true
    }

    /// The most lots from `least` to `most` that keep the terms: those that do are one stretch.
    fn most(&mut self, giver: usize, taker: usize, least: Lots, most: Lots) -> Option<Lots> {
        if least > most || !self.keeps(giver, taker, least) {
            return None;
        }
        let (mut low, mut high) = (least, most);
        while low < high {
            let middle = high - (high - low) / 2;
            if self.keeps(giver, taker, middle) { low = middle } else { high = middle - 1 }
        }
        Some(low)
    }

    /// Whether the terms are kept after a move.
    fn keeps(&mut self, giver: usize, taker: usize, lots: Lots) -> bool {
        self.shift(giver, taker, lots);
        let to = &self.stage.items[taker];
        let kept = self.obligors[to.obligor] <= self.stage.obligor_cap
            && to.industry.is_none_or(|industry| self.industries[industry] <= self.stage.industry_cap)
            && self.chosen >= self.stage.least_obligors
            && self.keeps_top();
        self.shift(taker, giver, lots);
        kept
    }

    fn keeps_top(&self) -> bool {
        let Some(top) = self.stage.top else { return true };
        let mut sums: Vec<Lots> = self.obligors.iter().copied().filter(|lots| *lots > 0).collect();
        let count = (top.obligors as usize).min(sums.len());
        if count < sums.len() {
            sums.select_nth_unstable_by_key(count, |lots| Reverse(*lots));
        }
        sums[..count].iter().sum::<Lots>() <= top.cap
    }

    fn shift(&mut self, giver: usize, taker: usize, lots: Lots) {
        let stage = self.stage;
        self.amounts[giver] -= lots;
        self.amounts[taker] += lots;
        self.add(&stage.items[giver], -i64::from(lots));
        self.add(&stage.items[taker], i64::from(lots));
    }

    fn add(&mut self, item: &Item, lots: i64) {
        let sum = &mut self.obligors[item.obligor];
        let before = *sum;
        *sum = sum.saturating_add_signed(lots as i32);
        match (before, *sum) {
            (0, 1..) => self.chosen += 1,
            (1.., 0) => self.chosen -= 1,
            _ => {}
        }
        if let Some(industry) = item.industry {
            let sum = &mut self.industries[industry];
            *sum = sum.saturating_add_signed(lots as i32);
        }
    }
}
