//! What changed between the run before and the latest: who entered, who left, which figures are others.

use super::columns::ShownKind;
use super::data::PoolData;
use super::edition::Edition;
use super::load_error::LoadError;
use super::show::ShownValue;
use crate::config::Config;
use crate::finding::word;
use crate::model::words::Lang;
use crate::portal::text::{portal, say};
use crate::run::{self, Cause, Causes, Difference, Enterprises, Named, PublishedRun, Side};
use crate::stages::publish::disclosure::{edit_judges_statistics, judges_statistics, reads_statistics};
use crate::stages::publish::follows::follows;
use std::collections::HashSet;
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
    /// What made them change; nothing of what is only tried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<ToldCause>,
}

/// The cause of a change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ChangeCause)]
pub struct ToldCause {
    /// Its kind: `new_return`, `correction`, `gone`, `withheld`, `released`, `rule`, `waiver`, `decision`, `time`, `build`, `others`,
    /// `closed` (statistics that this edition does not show) or `unknown`.
    pub kind: &'static str,
    /// Whether it is shown; else it is one of those that may be.
    pub certain: bool,
    /// It in words.
    pub words: String,
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
    /// Why it changed.
    pub causes: Vec<ToldCause>,
}

/// A run that is compared: what it published, and the build that made it.
pub struct Compared<'a> {
    /// Its pool.
    pub data: &'a PoolData,
    /// Its folder.
    pub published: &'a PublishedRun,
    /// Its build.
    pub build: &'a str,
}

/// The rows of what is listed, in both runs.
type Rows = (Option<usize>, Option<usize>);

/// Compares two runs. A figure of statistics counts as changed only where consent was and is on record, and so is its cause told.
///
/// # Errors
/// What a run published is not as it was written.
pub fn compare(older: &Compared<'_>, newer: &Compared<'_>, edition: Edition) -> Result<PoolChanges, LoadError> {
    let (old, new) = (older.data, newer.data);
    let (mut entered, mut left, mut figures) = (Bounded::new(), Bounded::new(), Bounded::new());
    let (mut rows_entered, mut rows_left, mut rows_changed) = (Vec::new(), Vec::new(), Vec::new());
    let (before, after) = (old.compared(), new.compared());
    let columns = columns_of_both(old, new);
    run::compare(&before, &after, &columns, |difference| match difference {
        Difference::Entered { was, is } => {
            entered.add(NAMED, || {
                rows_entered.push((was, Some(is)));
                moved(new, is, new.id(is), reasons((old, &before, was), (new, &after, Some(is))))
            });
        }
        Difference::Left { was, is } => {
            left.add(NAMED, || {
                rows_left.push((Some(was), is));
                let reasons = reasons((old, &before, Some(was)), (new, &after, is));
                match is {
                    Some(is) => moved(new, is, new.id(is), reasons),
                    None => moved(old, was, String::new(), reasons),
                }
            });
        }
        Difference::Figure { was, is, column, .. } => {
            let (Some(from), Some(to)) = (old.column(column), new.column(column)) else { return };
            if old.shows(edition, from, was) && new.shows(edition, to, is) {
                figures.add(FIGURES, || {
                    rows_changed.push((column.to_owned(), was, is));
                    Changed {
                        id: new.id(is),
                        name: new.text("name", is).to_owned(),
                        label: to.label.clone(),
                        unit: to.unit.clone(),
                        old: old.shown(edition, from, was),
                        new: new.shown(edition, to, is),
                        causes: Vec::new(),
                    }
                });
            }
        }
    });
    let mut wanted: HashSet<String> = HashSet::new();
    for (was, is) in rows_entered.iter().chain(&rows_left).copied().chain(rows_changed.iter().map(|(_, was, is)| (Some(*was), Some(*is)))) {
        wanted.extend(was.map(|row| old.text("enterprise", row).to_owned()));
        wanted.extend(is.map(|row| new.text("enterprise", row).to_owned()));
    }
    let causes = Causes::between([of_side(older, &before), of_side(newer, &after)], &wanted, &follows)?;
    let told = Teller { old, new, edition, causes: &causes };
    for (moved, rows) in [(&mut entered, &rows_entered), (&mut left, &rows_left)] {
        moved.listed.iter_mut().zip(rows).for_each(|(moved, rows)| moved.causes = told.of_move(*rows));
    }
    figures.listed.iter_mut().zip(&rows_changed).for_each(|(changed, (column, was, is))| {
        changed.causes = told.told(causes.of_value(column, Some(*was), Some(*is)), told.discloses((Some(*was), Some(*is))));
    });
    Ok(PoolChanges {
        previous: old.run.clone(),
        previous_as_of: old.as_of.clone(),
        latest: new.run.clone(),
        latest_as_of: new.as_of.clone(),
        entered,
        left,
        figures,
    })
}

fn of_side<'a>(run: &Compared<'a>, enterprises: &'a Enterprises) -> Side<'a> {
    Side { run: run.published, enterprises, config: &run.data.config, build: run.build }
}

/// Tells causes as an edition shows them.
struct Teller<'a> {
    old: &'a PoolData,
    new: &'a PoolData,
    edition: Edition,
    causes: &'a Causes<'a>,
}

impl Teller<'_> {
    /// Whether the edition shows an enterprise's figures of statistics in both runs.
    fn discloses(&self, (was, is): Rows) -> bool {
        was.is_none_or(|row| self.old.discloses(self.edition, row)) && is.is_none_or(|row| self.new.discloses(self.edition, row))
    }

    /// Why an enterprise entered or left: of criteria that read statistics, which are not shown, that alone.
    fn of_move(&self, rows: Rows) -> Vec<ToldCause> {
        let disclosed = self.discloses(rows);
        let mut told: Vec<ToldCause> = Vec::new();
        for moved in self.causes.of_move(rows.0, rows.1) {
            let closed = !disclosed && moved.criterion.as_ref().is_some_and(|id| self.reads_statistics(id));
            let causes = if closed { vec![Named { cause: Cause::Closed, certain: true }] } else { moved.causes };
            told.extend(self.told(causes, disclosed).into_iter().filter(|cause| !told.contains(cause)).collect::<Vec<_>>());
        }
        told
    }

    /// Whether a criterion reads statistics in either run; one that nobody knows may.
    fn reads_statistics(&self, id: &str) -> bool {
        let reads = |config: &Config| {
            config
                .criterion
                .get(id)
                .map(|criterion| judges_statistics(config, criterion) || reads_statistics(config, &criterion.conditions()))
        };
        let [old, new] = [self.old, self.new].map(|data| reads(&data.config));
        old.or(new).is_none_or(|_| old == Some(true) || new == Some(true))
    }

    /// Causes in words; an edit of statistics is not named where these are not shown.
    fn told(&self, causes: Vec<Named>, disclosed: bool) -> Vec<ToldCause> {
        let config = &self.new.config;
        let hidden = |cause: &Cause| match cause {
            Cause::Withheld { edit } | Cause::Released { edit } => {
                [self.old, self.new].iter().any(|d| edit_judges_statistics(&d.config, edit))
            }
            _ => false,
        };
        let shown = causes.into_iter().map(|named| match hidden(&named.cause) && !disclosed {
            true => Named { cause: Cause::Closed, certain: true },
            false => named,
        });
        shown.map(|n| ToldCause { kind: n.cause.kind(), certain: n.certain, words: n.in_words(config, Lang::Zh) }).collect()
    }
}

fn moved(data: &PoolData, row: usize, id: String, reasons: Vec<String>) -> Moved {
    Moved { id, name: data.text("name", row).to_owned(), uscc: data.text("uscc", row).to_owned(), reasons, causes: Vec::new() }
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
