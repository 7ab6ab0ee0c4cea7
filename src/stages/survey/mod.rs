//! Survey: what the directory and the pool have, by industry and place, for the question whether a pilot is feasible (可行性).
//!
//! Takes: `enterprises` as screened, `patent_states` and the credits of patents. Gives: a [`Feasibility`] but for its capacity.
//! Invariant: no figure of statistics enters it, so that every edition shows all of it.

use crate::config::Config;
use crate::engine::{Engine, EngineError};
use crate::model::address::town;
use crate::model::feasibility::{Feasibility, Group, PatentKind};
use crate::model::patent_state::STATES;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The kinds of patents in the order in which they are told; others come behind.
const KINDS: [&str; 3] = ["invention", "utility_model", "design"];

/// Surveys enterprises and patents.
///
/// # Errors
/// A dataset cannot be read.
pub async fn survey(engine: &Engine, config: &Config, datasets: &[String]) -> Result<Feasibility, EngineError> {
    let mut told = Feasibility { patents: patents(engine, config, datasets).await?, ..Feasibility::default() };
    let (mut industries, mut places) = (BTreeMap::new(), BTreeMap::new());
    for batch in engine.dataset("enterprises").batches() {
        let batch = &batch?;
        let columns = Columns { batch, config };
        for row in 0..batch.num_rows() {
            let one = columns.group(row);
            told.total.add(&one);
            industries.entry(columns.industry(row)).or_insert_with(Group::default).add(&one);
            places.entry(columns.place(row)).or_insert_with(Group::default).add(&one);
        }
    }
    let named = |groups: BTreeMap<String, Group>| groups.into_iter().map(|(name, group)| Group { name, ..group }).collect::<Vec<_>>();
    (told.industries, told.places) = (named(industries), named(places));
    // What is not stated comes last.
    told.industries.sort_by_key(|group| (group.name.is_empty(), Reverse((group.pooled, group.enterprises))));
    told.places.sort_by_key(|group| (group.name.is_empty(), Reverse((group.enterprises, group.pooled))));
    Ok(told)
}

/// Patents that are credited to an enterprise of the directory, each once.
async fn patents(engine: &Engine, config: &Config, datasets: &[String]) -> Result<Vec<PatentKind>, EngineError> {
    let Some((form, _, right)) = config.rights().filter(|(form, ..)| datasets.contains(form)) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT kind, state, count(*) AS patents FROM (
            SELECT DISTINCT s.record, coalesce(CAST(d.{kind} AS VARCHAR), '') AS kind, CAST(s.state AS VARCHAR) AS state
            FROM patent_states s JOIN {form} d ON d.record = s.record JOIN credits_{form} c ON c.record = s.record) AS p GROUP BY kind, state ORDER BY kind, state",
        kind = right.kind
    );
    let (_, batches) = engine.query("patents_by_kind", &sql).await?;
    let mut kinds: BTreeMap<(usize, String), [u64; STATES.len()]> = BTreeMap::new();
    for batch in &batches {
        let (kind, state) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let number = batch.column(2).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let place = KINDS.iter().position(|known| *known == kind.value(row)).unwrap_or(KINDS.len());
            let states = kinds.entry((place, kind.value(row).to_owned())).or_default();
            if let Some(state) = STATES.iter().position(|known| *known == state.value(row)) {
                states[state] += number.value(row).unsigned_abs();
            }
        }
    }
    Ok(kinds.into_iter().map(|((_, kind), states)| PatentKind { kind, states }).collect())
}

/// The columns of a batch that a survey reads.
struct Columns<'a> {
    batch: &'a RecordBatch,
    config: &'a Config,
}

impl Columns<'_> {
    fn text(&self, name: &str, row: usize) -> &str {
        let column = self.batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        column.filter(|c| c.is_valid(row)).map_or("", |c| c.value(row).trim())
    }

    /// A count; none of what is not there.
    fn count(&self, name: Option<&String>, row: usize) -> u64 {
        let column = name.and_then(|name| self.batch.column_by_name(name)).and_then(|c| c.as_primitive_opt::<Int64Type>());
        column.filter(|c| c.is_valid(row)).map_or(0, |c| c.value(row).unsigned_abs())
    }

    fn need(&self, row: usize) -> Option<i128> {
        let column = self.batch.column_by_name(self.config.pool.needs.first()?)?.as_primitive_opt::<Decimal128Type>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn industry(&self, row: usize) -> String {
        self.text(&self.config.pool.industry, row).chars().take(self.config.issue.industry_digits as usize).collect()
    }

    fn place(&self, row: usize) -> String {
        town(self.text(&self.config.pool.place, row)).unwrap_or_default().to_owned()
    }

    /// An enterprise as a group of one.
    fn group(&self, row: usize) -> Group {
        let pooled = self.batch.column_by_name("pooled").and_then(|c| c.as_boolean_opt()).is_some_and(|c| c.is_valid(row) && c.value(row));
        let need = self.need(row);
        // The whole, then the free and the pledged: `[pool] in_force`.
        let in_force = &self.config.pool.in_force;
        Group {
            name: String::new(),
            enterprises: 1,
            pooled: u64::from(pooled),
            in_force: self.count(in_force.first(), row),
            free: self.count(in_force.get(1), row),
            pledged: self.count(in_force.get(2), row),
            asking: u64::from(need.is_some()),
            need: need.unwrap_or_default(),
            pooled_need: need.filter(|_| pooled).unwrap_or_default(),
        }
    }
}
