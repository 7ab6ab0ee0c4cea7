//! The way back: which cell a value of an enterprise comes from.
//!
//! A field that several sources may state (survivorship) comes from the first of them that has a value. The merged
//! record keeps only the value, so the query asks the sources once more which of them it was. A value that a form gives by
//! declaration may rest on many cells: every field that it reads, in every record that speaks for the enterprise.

use super::cells::{Reader, Shape};
use super::publication::Publication;
use crate::engine::{Engine, EngineError};
use crate::model::merged::Given;
use crate::model::place::Places;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use std::collections::{BTreeSet, HashMap};

/// The sources of all columns.
#[derive(Debug, Clone)]
pub struct Sources {
    columns: Vec<(String, Vec<(String, String)>)>,
    given: HashMap<String, Records>,
    /// Columns of numbers of records, each with the form whose they are.
    records: Vec<(String, String)>,
}

/// The fields that a column reads, and by enterprise the records in which it does.
#[derive(Debug, Clone, Default)]
struct Records {
    fields: Vec<String>,
    by_enterprise: HashMap<String, Vec<i64>>,
}

impl Records {
    fn of(p: &Publication<'_>, given: &Given) -> Self {
        let mut by_enterprise: HashMap<String, Vec<i64>> = HashMap::new();
        for batch in &p.engine.contents(&format!("given_by_{}", given.id)).1 {
            let (enterprises, records) = (batch.column(0).as_string::<i32>(), batch.column(2).as_primitive::<Int64Type>());
            let periods = batch.column(1).as_primitive::<Int32Type>();
            let of_year = |row: &usize| given.year.is_none_or(|year| periods.is_valid(*row) && periods.value(*row) == year);
            for row in (0..batch.num_rows()).filter(of_year) {
                by_enterprise.entry(enterprises.value(row).to_owned()).or_default().push(records.value(row));
            }
        }
        Self { fields: given.fields.clone(), by_enterprise }
    }
}

impl Sources {
    /// Takes them from what merging left.
    pub fn of(p: &Publication<'_>) -> Self {
        Self {
            columns: p.merged.columns.iter().map(|c| (c.name.clone(), c.sources.clone())).collect(),
            given: p.merged.given.iter().map(|given| (given.name.clone(), Records::of(p, given))).collect(),
            records: p.merged.records.clone(),
        }
    }

    /// All enterprises in the order of the registry, with a column for each source that may have no value.
    pub async fn enterprises(&self, engine: &Engine) -> Result<Vec<RecordBatch>, EngineError> {
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
            return Ok(engine.contents("enterprises").1);
        }
        let (columns, joins): (String, String) = (columns.into_iter().collect(), joins.into_iter().collect());
        let sql = format!("SELECT e.*{columns} FROM enterprises e{joins} ORDER BY e.directory_record");
        Ok(engine.query("enterprises", &sql).await?.1)
    }

    /// Finds the source cells of a column in a batch of that query.
    pub fn cells<'a>(&'a self, places: &'a Places, batch: &'a RecordBatch, column: &str) -> SourceCells<'a> {
        let sources = self.columns.iter().find(|(name, _)| name == column).map_or(&[][..], |(_, s)| s);
        let sources = sources.iter().map(|(record, field)| {
            let [number, has] = [record, &stated(record, field)].map(|c| Reader::of(batch, c, Shape::Plain));
            (number, has, field.as_str())
        });
        let given = self.given.get(column).map(|records| (Reader::of(batch, "enterprise", Shape::Plain), records));
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
        let own = records.by_enterprise.get(key.text(row)).into_iter().flatten();
        own.flat_map(|record| records.fields.iter().filter_map(|field| self.places.cite(*record, field))).collect()
    }

    /// The cell of the first source that states a value, as `file[sheet]D17`.
    pub fn cite(&self, row: usize) -> Option<String> {
        self.sources.iter().find_map(|(record, stated, field)| {
            let states = matches!(stated, Reader::Missing) || stated.is_true(row);
            record.whole(row).filter(|_| states).and_then(|record| self.places.cite(record, field))
        })
    }
}
