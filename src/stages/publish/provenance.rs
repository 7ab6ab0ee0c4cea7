//! The way back: which cell a value of an enterprise comes from.
//!
//! A field that several sources may state (survivorship) comes from the first of them that has a value. The merged
//! record keeps only the value, so the query asks the sources once more which of them it was. A value that a form gives by
//! declaration may rest on many cells: every field that it reads, in every record that speaks for the enterprise.

use super::cells::{Reader, Shape};
use super::publication::Publication;
use crate::engine::{Dataset, Engine, EngineError};
use crate::model::merged::Given;
use crate::model::place::Places;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The column of `enterprises` with the number of the directory's record.
const DIRECTORY_RECORD: &str = "directory_record";

/// The sources of all columns.
#[derive(Debug, Clone)]
pub struct Sources {
    columns: Vec<(String, Vec<(String, String)>)>,
    given: HashMap<String, Records>,
    /// Columns of numbers of records, each with the form whose they are.
    records: Vec<(String, String)>,
}

/// The fields that a column reads, and the records in which it does.
#[derive(Debug, Clone)]
struct Records {
    fields: Vec<String>,
    year: Option<i32>,
    spoken: Arc<Vec<Spoken>>,
}

/// A record that speaks for an enterprise, by the directory's record of it, in the order of both; with its period.
type Spoken = (i64, i64, Option<i32>);

impl Records {
    /// Those of an enterprise.
    fn of(&self, enterprise: i64) -> impl Iterator<Item = i64> + '_ {
        let first = self.spoken.partition_point(|(whose, ..)| *whose < enterprise);
        let own = self.spoken[first..].iter().take_while(move |(whose, ..)| *whose == enterprise);
        own.filter(|(.., period)| self.year.is_none_or(|year| *period == Some(year))).map(|(_, record, _)| *record)
    }
}

/// The records that a declared value rests on: 32 bytes each.
async fn spoken(p: &Publication<'_>, id: &str) -> Result<Vec<Spoken>, EngineError> {
    let mut spoken = Vec::new();
    let sql =
        format!("SELECT r.record, b.record AS by_record, b.period FROM given_by_{id} b JOIN registry r ON r.enterprise = b.enterprise");
    for batch in p.engine.spool(id, &sql).await?.batches() {
        let batch = batch?;
        let [whose, by] = [0, 1].map(|place| batch.column(place).as_primitive::<Int64Type>().values());
        let periods = batch.column(2).as_primitive::<Int32Type>().iter();
        spoken.extend(whose.iter().zip(by).zip(periods).map(|((whose, record), period)| (*whose, *record, period)));
    }
    spoken.sort_unstable();
    Ok(spoken)
}

impl Sources {
    /// Takes them from what merging left.
    ///
    /// # Errors
    /// The engine cannot tell them.
    pub async fn of(p: &Publication<'_>) -> Result<Self, EngineError> {
        let mut by_id: HashMap<&str, Arc<Vec<Spoken>>> = HashMap::new();
        for given in p.merged.given.iter().filter(|given| given.there) {
            if !by_id.contains_key(given.id.as_str()) {
                by_id.insert(&given.id, Arc::new(spoken(p, &given.id).await?));
            }
        }
        let records = |given: &Given| Records {
            fields: given.fields.clone(),
            year: given.year,
            spoken: by_id.get(given.id.as_str()).cloned().unwrap_or_default(),
        };
        Ok(Self {
            columns: p.merged.columns.iter().map(|c| (c.name.clone(), c.sources.clone())).collect(),
            given: p.merged.given.iter().map(|given| (given.name.clone(), records(given))).collect(),
            records: p.merged.records.clone(),
        })
    }

    /// All enterprises in the order of the registry, with a column for each source that may have no value.
    ///
    /// # Errors
    /// The query cannot be computed.
    pub async fn enterprises(&self, engine: &Engine) -> Result<Dataset, EngineError> {
        let mut columns = BTreeSet::new();
        let mut joins = BTreeSet::new();
        for (record, field) in self.columns.iter().filter(|(_, s)| s.len() > 1).flat_map(|(_, s)| s) {
            if let Some((_, dataset)) = self.records.iter().find(|(r, _)| r == record) {
                columns.insert(format!(", {dataset}.\"{field}\" IS NOT NULL AS \"{}\"", stated(record, field)));
                joins.insert(format!(" LEFT JOIN {dataset} ON {dataset}.record = e.{record}"));
            }
        }
        if joins.is_empty() {
            // The table is in that order already; a plan would copy it.
            return Ok(engine.dataset("enterprises"));
        }
        let (columns, joins): (String, String) = (columns.into_iter().collect(), joins.into_iter().collect());
        let sql = format!("SELECT e.*{columns} FROM enterprises e{joins} ORDER BY e.directory_record");
        engine.spool("enterprises", &sql).await
    }

    /// Finds the source cells of a column in a batch of that query.
    pub fn cells<'a>(&'a self, places: &'a Places, batch: &'a RecordBatch, column: &str) -> SourceCells<'a> {
        let sources = self.columns.iter().find(|(name, _)| name == column).map_or(&[][..], |(_, s)| s);
        let sources = sources.iter().map(|(record, field)| {
            let [number, has] = [record, &stated(record, field)].map(|c| Reader::of(batch, c, Shape::Plain));
            (number, has, field.as_str())
        });
        let given = self.given.get(column).map(|records| (Reader::of(batch, DIRECTORY_RECORD, Shape::Plain), records));
        SourceCells { places, sources: sources.collect(), given }
    }
}

/// The name of the column that says whether a source states a field.
fn stated(record: &str, field: &str) -> String {
    format!("stated:{record}:{field}")
}

/// The source cells of one column of a batch.
pub struct SourceCells<'a> {
    places: &'a Places,
    sources: Vec<(Reader<'a>, Reader<'a>, &'a str)>,
    given: Option<(Reader<'a>, &'a Records)>,
}

impl SourceCells<'_> {
    /// Every cell that the value rests on, in the order of records and fields.
    pub fn cells(&self, row: usize) -> Vec<String> {
        let Some((key, records)) = &self.given else { return self.cite(row).into_iter().collect() };
        let own = key.whole(row).into_iter().flat_map(|enterprise| records.of(enterprise));
        own.flat_map(|record| records.fields.iter().filter_map(move |field| self.places.cite(record, field))).collect()
    }

    /// The cell of the first source that states a value, as `file[sheet]D17`.
    pub fn cite(&self, row: usize) -> Option<String> {
        self.sources.iter().find_map(|(record, stated, field)| {
            let states = matches!(stated, Reader::Missing) || stated.is_true(row);
            record.whole(row).filter(|_| states).and_then(|record| self.places.cite(record, field))
        })
    }
}
