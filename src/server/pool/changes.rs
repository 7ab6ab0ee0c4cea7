//! What changed between the run before and the latest: who entered, who left, which figures are others.

use super::columns::Kind;
use super::data::{Conclusion, PoolData};
use super::edition::Edition;
use super::load_error::LoadError;
use super::show::Shown;
use crate::finding::word;
use crate::model::words::Lang;
use crate::server::text::{portal, say};
use std::sync::Arc;

/// Enterprises named in a list, and changed figures kept, at most; all are counted.
const NAMED: usize = 500;
const FIGURES: usize = 20_000;

/// Changes made ready, for the two runs and the edition.
pub type Kept = ((String, String, Edition), Arc<Changes>);

/// Changes between two runs, as an edition shows them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Changes {
    /// The run before.
    pub previous: String,
    /// Its reference date.
    pub previous_as_of: String,
    /// The latest run.
    pub latest: String,
    /// Its reference date.
    pub latest_as_of: String,
    /// Who entered the pool.
    pub entered: Part<Moved>,
    /// Who left it.
    pub left: Part<Moved>,
    /// Figures of enterprises that both runs know.
    pub figures: Part<Changed>,
}

/// A list that is bounded, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Part<T> {
    /// The first of them.
    pub listed: Vec<T>,
    /// All of them.
    pub total: usize,
}

impl<T> Part<T> {
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
    pub old: Shown,
    /// What it is.
    pub new: Shown,
}

/// Compares two runs. A figure of statistics counts as changed only where consent was and is on record.
pub fn compare(old: &PoolData, new: &PoolData, edition: Edition) -> Result<Changes, LoadError> {
    let (mut entered, mut left, mut figures) = (Part::new(), Part::new(), Part::new());
    let before = |row: usize| old.ordinals.get(new.text("enterprise", row)).map(|r| *r as usize);
    let pairs = columns_of_both(old, new);
    for row in 0..new.len() {
        let was = before(row);
        let (pooled, pooled_before) = (is_pooled(new, row), was.is_some_and(|w| is_pooled(old, w)));
        if pooled && !pooled_before {
            entered.add(NAMED, || moved(new, row, new.id(row), reasons(old, was, new, Some(row))));
        }
        if !pooled && pooled_before {
            left.add(NAMED, || moved(new, row, new.id(row), reasons(old, was, new, Some(row))));
        }
        let Some(was) = was else { continue };
        for (from, to) in &pairs {
            let (from, to) = (&old.columns[*from], &new.columns[*to]);
            if !(old.shows(edition, from, was) && new.shows(edition, to, row)) {
                continue;
            }
            let (one, other) = (old.shown(edition, from, was), new.shown(edition, to, row));
            if one.exact != other.exact {
                let (id, name) = (new.id(row), new.text("name", row).to_owned());
                figures.add(FIGURES, || Changed { id, name, label: to.label.clone(), unit: to.unit.clone(), old: one, new: other });
            }
        }
    }
    let gone = (0..old.len()).filter(|row| is_pooled(old, *row) && !new.ordinals.contains_key(old.text("enterprise", *row)));
    gone.for_each(|row| left.add(NAMED, || moved(old, row, String::new(), reasons(old, Some(row), new, None))));
    Ok(Changes {
        previous: old.run.clone(),
        previous_as_of: old.as_of.clone(),
        latest: new.run.clone(),
        latest_as_of: new.as_of.clone(),
        entered,
        left,
        figures,
    })
}

fn is_pooled(data: &PoolData, row: usize) -> bool {
    data.conclusions[row] == Conclusion::Pooled
}

fn moved(data: &PoolData, row: usize, id: String, reasons: Vec<String>) -> Moved {
    Moved { id, name: data.text("name", row).to_owned(), uscc: data.text("uscc", row).to_owned(), reasons }
}

/// Columns that both runs have; verdicts and conclusions are told as reasons.
fn columns_of_both(old: &PoolData, new: &PoolData) -> Vec<(usize, usize)> {
    let told = |kind: Kind| matches!(kind, Kind::Verdict | Kind::Conclusion);
    let both = new.columns.iter().enumerate().filter(|(_, c)| !told(c.kind) && c.id != "findings");
    both.filter_map(|(to, column)| old.columns.iter().position(|c| c.id == column.id).map(|from| (from, to))).collect()
}

/// Why an enterprise entered or left: the criteria that judge it otherwise.
fn reasons(old: &PoolData, was: Option<usize>, new: &PoolData, row: Option<usize>) -> Vec<String> {
    let (Some(was), Some(row)) = (was, row) else {
        return vec![portal(if row.is_some() { "change_listed" } else { "change_unlisted" }).to_owned()];
    };
    let verdict = |data: &PoolData, criterion: &str, row: usize| {
        let known = data.criteria.iter().any(|c| c == criterion);
        known.then(|| data.text(&format!("verdict_{criterion}"), row).to_owned())
    };
    let mut criteria: Vec<&String> = new.criteria.iter().collect();
    criteria.extend(old.criteria.iter().filter(|c| !new.criteria.contains(c)));
    let said =
        |v: &Option<String>| v.as_ref().map_or(portal("change_no_criterion"), |v| word(Lang::Zh, &format!("verdict.{v}"))).to_owned();
    let changed = criteria.into_iter().filter_map(|criterion| {
        let (one, other) = (verdict(old, criterion, was), verdict(new, criterion, row));
        let column = new.columns.iter().chain(&old.columns).find(|c| c.id.strip_prefix("verdict_") == Some(criterion))?;
        (one != other).then(|| say("portal.change_verdict", &[column.label.clone(), said(&one), said(&other)]))
    });
    changed.collect()
}
