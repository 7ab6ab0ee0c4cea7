//! Two runs with what they noted of the enterprises that are compared.

use super::inputs::{Fate, fates};
use super::trace::{Trace, Untraced};
use crate::config::Config;
use crate::run::compare::Enterprises;
use crate::run::published::PublishedRun;
use std::collections::HashSet;

/// A run that is compared.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The run.
    pub run: &'a PublishedRun,
    /// Its enterprises.
    pub enterprises: &'a Enterprises,
    /// The settings under which it was made.
    pub config: &'a Config,
    /// What identifies the build that made it; empty if nobody noted it.
    pub build: &'a str,
}

/// A value in both runs: its column in each, and the row of its enterprise.
#[derive(Debug, Clone, Copy)]
pub struct Value<'c> {
    /// The column in each.
    pub columns: [&'c str; 2],
    /// The row in each.
    pub rows: [Option<usize>; 2],
}

/// Two runs, the older first.
pub struct Runs<'a> {
    /// What they published.
    pub sides: [Side<'a>; 2],
    /// What each noted.
    pub traces: [Trace; 2],
    /// What each of a run's inputs is to the other.
    pub fates: [Vec<Fate>; 2],
}

impl<'a> Runs<'a> {
    /// Reads what they noted of the enterprises asked for.
    ///
    /// # Errors
    /// What a run published is not as it was written.
    pub fn read(sides: [Side<'a>; 2], wanted: &HashSet<String>) -> Result<Self, Untraced> {
        let read = |side: &Side<'_>| Trace::read(side.run, side.config, wanted);
        let [one, other] = sides.map(|side| side.run.record());
        Ok(Self { traces: [read(&sides[0])?, read(&sides[1])?], fates: [fates(one, other), fates(other, one)], sides })
    }

    /// A value of a run; empty where there is none.
    pub fn text(&self, side: usize, column: &str, row: Option<usize>) -> String {
        row.map(|row| self.sides[side].enterprises.text(column, row)).unwrap_or_default()
    }

    /// The enterprise of a value.
    pub fn enterprise(&self, value: Value<'_>) -> String {
        let of = |side: usize| Some(self.text(side, "enterprise", value.rows[side])).filter(|key| !key.is_empty());
        of(1).or_else(|| of(0)).unwrap_or_default()
    }
}
