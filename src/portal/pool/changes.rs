//! What changed between the run before and the latest: who entered, who left, which figures are others.

use super::columns::ShownKind;
use super::data::PoolData;
use super::edition::Edition;
use super::show::ShownValue;
use crate::finding::word;
use crate::model::words::Lang;
use crate::portal::text::{portal, say};
use crate::run::{self, Difference, Enterprises};
use std::sync::Arc;

/// Enterprises named in a list, and changed figures kept, at most; all are counted.
const NAMED: usize = 500;
const FIGURES: usize = 20_000;

/// Changes made ready, for the two runs and the edition.
pub type KeptChanges = ((String, String, Edition), Arc<PoolChanges>);

/// Changes between two runs, as an edition shows them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PoolChanges {
    /// The run before.
    pub previous: String,
    /// Its reference date.
    pub previous_as_of: String,
    /// The latest run.
    pub latest: String,
    /// Its reference date.
    pub latest_as_of: String,
    /// Who entered the pool.
    pub entered: Bounded<Moved>,
    /// Who left it.
    pub left: Bounded<Moved>,
    /// Figures of enterprises that both runs know.
    pub figures: Bounded<Changed>,
}

/// A list that is bounded, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Part)]
pub struct Bounded<T> {
    /// The first of them.
    pub listed: Vec<T>,
    /// All of them.
    pub total: usize,
}

impl<T> Bounded<T> {
    fn new() -> Self {
        Self { listed: Vec::new(), total: 0 }
    }

    fn add(&mut self, most: usize, item: impl FnOnce() -> T) {
        if self.total < most {
            self.listed.push(item());
        }
        self.total += 1;
    }
}

/// An enterprise that entered or left.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Moved {
    /// The id of its page; empty if the latest run does not know it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its code.
    pub uscc: String,
    /// Why: the verdicts that changed, in words.
    pub reasons: Vec<String>,
}

/// A figure that changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Changed {
    /// The id of the enterprise's page.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The column.
    pub label: String,
    /// Its unit.
    pub unit: String,
    /// What it was.
    pub old: ShownValue,
    /// What it is.
    pub new: ShownValue,
}

/// Compares two runs. A figure of statistics counts as changed only where consent was and is on record.
pub fn compare(old: &PoolData, new: &PoolData, edition: Edition) -> PoolChanges {
    let (mut entered, mut left, mut figures) = (Bounded::new(), Bounded::new(), Bounded::new());
    let (before, after) = (old.compared(), new.compared());
    let columns = columns_of_both(old, new);
    run::compare(&before, &after, &columns, |difference| match difference {
        Difference::Entered { was, is } => {
            entered.add(NAMED, || moved(new, is, new.id(is), reasons((old, &before, was), (new, &after, Some(is)))));
        }
        Difference::Left { was, is: Some(is) } => {
            left.add(NAMED, || moved(new, is, new.id(is), reasons((old, &before, Some(was)), (new, &after, Some(is)))));
        }
        Difference::Left { was, is: None } => {
            left.add(NAMED, || moved(old, was, String::new(), reasons((old, &before, Some(was)), (new, &after, None))));
        }
        Difference::Figure { was, is, column, .. } => {
            let (Some(from), Some(to)) = (old.column(column), new.column(column)) else { return };
            if old.shows(edition, from, was) && new.shows(edition, to, is) {
                figures.add(FIGURES, || Changed {
                    id: new.id(is),
                    name: new.text("name", is).to_owned(),
                    label: to.label.clone(),
                    unit: to.unit.clone(),
                    old: old.shown(edition, from, was),
                    new: new.shown(edition, to, is),
                });
            }
        }
    });
    PoolChanges {
        previous: old.run.clone(),
        previous_as_of: old.as_of.clone(),
        latest: new.run.clone(),
        latest_as_of: new.as_of.clone(),
        entered,
        left,
        figures,
    }
}

fn moved(data: &PoolData, row: usize, id: String, reasons: Vec<String>) -> Moved {
    Moved { id, name: data.text("name", row).to_owned(), uscc: data.text("uscc", row).to_owned(), reasons }
}

/// Columns that both runs show; verdicts and conclusions are told as reasons.
fn columns_of_both(old: &PoolData, new: &PoolData) -> Vec<String> {
    let told = |kind: ShownKind| matches!(kind, ShownKind::Verdict | ShownKind::Conclusion);
    let both = new.columns.iter().filter(|c| !told(c.kind) && c.id != "findings" && old.column(&c.id).is_some());
    both.map(|c| c.id.clone()).collect()
}

/// A run with its enterprises, and the row of one of them.
type Of<'a> = (&'a PoolData, &'a Enterprises, Option<usize>);

/// Why an enterprise entered or left: the criteria that judge it otherwise.
fn reasons((old, before, was): Of<'_>, (new, after, is): Of<'_>) -> Vec<String> {
    let (Some(was), Some(is)) = (was, is) else {
        return vec![portal(if is.is_some() { "change_listed" } else { "change_unlisted" }).to_owned()];
    };
    let said =
        |v: &Option<String>| v.as_ref().map_or(portal("change_no_criterion"), |v| word(Lang::Zh, &format!("verdict.{v}"))).to_owned();
    let told = run::rejudged((before, was), (after, is)).into_iter().filter_map(|judged| {
        let id = format!("verdict_{}", judged.criterion);
        let column = new.column(&id).or_else(|| old.column(&id))?;
        Some(say("portal.change_verdict", &[column.label.clone(), said(&judged.was), said(&judged.is)]))
    });
    told.collect()
}
