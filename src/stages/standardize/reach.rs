//! Which records a sum row adds up.
//!
//! A total is that of the table. A sub-total may stand below its group or above it, on one level or on several, and pages
//! and headings may lie between, so the word does not tell its reach: its figures do. Of the reaches that a layout may have,
//! the one that most of its figures agree with is its own, and where none agrees it is the nearest group, so that a wrong
//! figure is found. Where no records lie next to it and nothing agrees, its reach cannot be told.

use super::mark::{Line, Mark, SumPosition, What};
use crate::model::raw::{PartStart, SumKind};

/// Marks looked at, up and down, where the group of a sum row may begin or end.
const NEAR: usize = 64;

/// The marks of a table between its start and its end.
pub struct Reaches<'s> {
    marks: &'s [Mark],
    start: &'s SumPosition,
    end: &'s SumPosition,
    /// By mark, where the records next to it begin: behind the sum or heading before it; likewise where they end.
    begins: Vec<&'s SumPosition>,
    ends: Vec<&'s SumPosition>,
    /// By mark, where its page begins.
    pages: Vec<&'s SumPosition>,
    /// Whether sub-totals stand above their groups.
    heads_first: bool,
}

/// The records between two places.
#[derive(Clone, Copy)]
pub struct Reach<'s> {
    from: &'s SumPosition,
    to: &'s SumPosition,
}

impl Reach<'_> {
    /// The sum of a column, unless a cell in it could not be read.
    pub fn sum(&self, field: usize) -> Option<i128> {
        let (from, to) = (&self.from.tallies[field], &self.to.tallies[field]);
        if from.lost == to.lost { to.sum.checked_sub(from.sum) } else { None }
    }

    fn holds_records(&self) -> bool {
        self.to.records > self.from.records
    }

    /// How many figures agree, if at least half of those that can be compared do.
    fn agreement(&self, lines: &[Line]) -> usize {
        let agrees = |line: &Line| {
            let difference = line.stated.1?.checked_sub(self.sum(line.field)?)?;
            Some(difference.abs() <= line.tolerance())
        };
        let judged: Vec<bool> = lines.iter().filter_map(agrees).collect();
        let agree = judged.iter().filter(|agrees| **agrees).count();
        if agree * 2 >= judged.len() { agree } else { 0 }
    }
}

impl<'s> Reaches<'s> {
    /// Over the marks of a table.
    pub fn new(marks: &'s [Mark], start: &'s SumPosition, end: &'s SumPosition) -> Self {
        let last_before = |bounds: fn(&Mark) -> bool, marks: &mut dyn Iterator<Item = &'s Mark>, first: &'s SumPosition| {
            let next =
                |last: &mut &'s SumPosition, mark: &'s Mark| Some(std::mem::replace(last, if bounds(mark) { &mark.at } else { *last }));
            marks.scan(first, next).collect::<Vec<_>>()
        };
        let mut ends = last_before(bounds_group, &mut marks.iter().rev(), end);
        ends.reverse();
        let begins = last_before(bounds_group, &mut marks.iter(), start);
        let pages = last_before(begins_page, &mut marks.iter(), start);
        let mut table = Self { marks, start, end, begins, ends, pages, heads_first: false };
        table.heads_first = table.is_heads_first();
        table
    }

    /// What the sum row at a mark adds up, if it can be told.
    pub fn of(&self, at: usize) -> Option<Reach<'s>> {
        let What::Sum { kind, lines, .. } = &self.marks[at].what else { return None };
        let so_far = Reach { from: self.start, to: &self.marks[at].at };
        let whole = Reach { from: self.start, to: self.end };
        let (nearest, others) = match kind {
            SumKind::Total if self.is_one_of_several(at) => (whole, self.farther_above(at)),
            SumKind::Total => (whole, Vec::new()),
            SumKind::Running => (so_far, vec![whole]),
            SumKind::Page => (Reach { from: self.pages[at], ..so_far }, self.farther_above(at)),
            SumKind::Subtotal if self.heads_first => (self.group_below(at), self.farther_below(at)),
            SumKind::Subtotal => (self.group_above(at), self.farther_above(at)),
        };
        let best = others.into_iter().fold((nearest, nearest.agreement(lines)), |best, reach| {
            let agreement = reach.agreement(lines);
            if agreement > best.1 { (reach, agreement) } else { best }
        });
        let is_of_part = matches!(kind, SumKind::Subtotal | SumKind::Page);
        (!is_of_part || best.0.holds_records()).then_some(best.0)
    }

    /// Whether more sub-totals agree with the records below them than with those above; in doubt where the first stands.
    fn is_heads_first(&self) -> bool {
        let subtotals: Vec<(usize, &[Line])> = (0..self.marks.len())
            .filter_map(|at| match &self.marks[at].what {
                What::Sum { kind: SumKind::Subtotal, lines, .. } => Some((at, lines.as_slice())),
                _ => None,
            })
            .collect();
        let agree = |group: &dyn Fn(usize) -> Reach<'s>| {
            subtotals.iter().filter(|(at, lines)| group(*at).holds_records() && group(*at).agreement(lines) > 0).count()
        };
        let (above, below) = (agree(&|at| self.group_above(at)), agree(&|at| self.group_below(at)));
        below > above || below == above && subtotals.first().is_some_and(|(at, _)| self.marks[*at].at.records == 0)
    }

    /// Whether records follow a total, and another one.
    fn is_one_of_several(&self, at: usize) -> bool {
        let is_total = |mark: &Mark| matches!(mark.what, What::Sum { kind: SumKind::Total | SumKind::Running, .. });
        Reach { from: &self.marks[at].at, to: self.end }.holds_records() && self.marks[at + 1..].iter().any(is_total)
    }

    /// The records from the sum or heading before a mark.
    fn group_above(&self, at: usize) -> Reach<'s> {
        Reach { from: self.begins[at], to: &self.marks[at].at }
    }

    /// The records up to the sum or heading behind a mark.
    fn group_below(&self, at: usize) -> Reach<'s> {
        Reach { from: &self.marks[at].at, to: self.ends[at] }
    }

    /// Groups that end at a mark and begin farther up, nearest first.
    fn farther_above(&self, at: usize) -> Vec<Reach<'s>> {
        let near = self.marks[..at].iter().rev();
        let beyond = self.beyond(at, near, self.group_above(at).holds_records(), self.start);
        beyond.into_iter().map(|from| Reach { from, to: &self.marks[at].at }).collect()
    }

    /// Groups that begin at a mark and end farther down, nearest first.
    fn farther_below(&self, at: usize) -> Vec<Reach<'s>> {
        let near = self.marks[at + 1..].iter();
        let beyond = self.beyond(at, near, self.group_below(at).holds_records(), self.end);
        beyond.into_iter().map(|to| Reach { from: &self.marks[at].at, to }).collect()
    }

    /// Places where a group may end, going away from a sum: beyond another sum of its class only if no records lie between.
    fn beyond(&self, at: usize, away: impl Iterator<Item = &'s Mark>, records: bool, last: &'s SumPosition) -> Vec<&'s SumPosition> {
        let own = class(&self.marks[at]);
        let mut places = Vec::new();
        for mark in away.take(NEAR) {
            places.push(&mark.at);
            if records && own.is_some() && class(mark) == own {
                return places;
            }
        }
        places.push(last);
        places
    }
}

/// Whether a group may begin or end at a mark; pages and sums so far lie across groups.
fn bounds_group(mark: &Mark) -> bool {
    !begins_page(mark) && !matches!(mark.what, What::Sum { kind: SumKind::Running, .. })
}

fn begins_page(mark: &Mark) -> bool {
    matches!(mark.what, What::Part(PartStart::Page) | What::Sum { kind: SumKind::Page, .. })
}

/// How the label of a sum ends, which tells sums of towns from those of counties: 小计, 合计, 镇, 县.
fn class(mark: &Mark) -> Option<String> {
    let What::Sum { label, .. } = &mark.what else { return None };
    if !bounds_group(mark) {
        return None;
    }
    let mut letters = label.split(['(', '（']).next().unwrap_or_default().chars().rev().filter(|c| c.is_alphanumeric());
    let last = letters.next()?;
    Some(if matches!(last, '计' | '計') { letters.next().into_iter().chain([last]).collect() } else { last.to_string() })
}
