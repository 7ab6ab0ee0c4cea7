//! Links beside the records whose they are, both in the order of records.

use super::subject::links_of;
use crate::engine::{Batches, Dataset, EngineError};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::error::ArrowError;

/// One link: of a record, or of one owner of it.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Its place among the links of the record, from 1.
    pub number: i64,
    /// The enterprise; none where nobody was found.
    pub enterprise: Option<String>,
    /// The name that the record gives, where nobody was found.
    pub name: Option<String>,
    /// Why nobody was found, a reference into the catalogue.
    pub not_linked: Option<String>,
    /// Whether several enterprises answer to it.
    pub doubtful: bool,
}

/// Goes through the links of a dataset beside whoever goes through its records; holds a batch of them.
pub struct Walk {
    dataset: String,
    batches: Batches,
    rows: std::vec::IntoIter<(i64, Link)>,
    next: Option<(i64, Link)>,
    last: i64,
}

impl Walk {
    /// Begins with the first link of a dataset; of what `columns` does not name nothing is read.
    pub fn of(dataset: &str, links: &Dataset, columns: &[&str]) -> Self {
        let columns: Vec<&str> = ["record", "number"].into_iter().chain(columns.iter().copied()).collect();
        Self { dataset: links_of(dataset), batches: links.columns(&columns), rows: Vec::new().into_iter(), next: None, last: i64::MIN }
    }

    /// The links of a record, in their order; each call asks for a later one.
    ///
    /// # Errors
    /// The links cannot be read, or do not stand in the order of records.
    pub fn to(&mut self, record: i64) -> Result<Vec<Link>, EngineError> {
        let mut found = Vec::new();
        while let Some((whose, link)) = self.take()? {
            if whose > record {
                self.next = Some((whose, link));
                break;
            }
            if whose == record {
                found.push(link);
            }
        }
        Ok(found)
    }

    fn take(&mut self) -> Result<Option<(i64, Link)>, EngineError> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        loop {
            if let Some((record, link)) = self.rows.next() {
                if record < self.last {
                    let error = ArrowError::ComputeError("links that do not stand in the order of records".into());
                    return Err(EngineError::of(self.dataset.clone(), error));
                }
                self.last = record;
                return Ok(Some((record, link)));
            }
            let Some(batch) = self.batches.next() else { return Ok(None) };
            self.rows = rows(&batch?).map_err(|e| EngineError::of(self.dataset.clone(), e))?.into_iter();
        }
    }
}

/// The rows of links, each with its record.
fn rows(batch: &RecordBatch) -> Result<Vec<(i64, Link)>, ArrowError> {
    let [records, numbers] = ["record", "number"].map(|column| cast(&batch[column], &DataType::Int64));
    let (records, numbers) = (records?, numbers?);
    let [records, numbers] = [&records, &numbers].map(|column| column.as_primitive::<Int64Type>());
    let [enterprise, name, not_linked] = ["enterprise", "name", "not_linked"].map(|column| {
        let texts = batch.column_by_name(column).and_then(|c| c.as_string_opt::<i32>());
        move |row: usize| texts.filter(|t| t.is_valid(row)).map(|t| t.value(row).to_owned())
    });
    let flags = batch.column_by_name("doubtful").and_then(|c| c.as_boolean_opt());
    let link = |row: usize| Link {
        number: numbers.value(row),
        enterprise: enterprise(row),
        name: name(row),
        not_linked: not_linked(row),
        doubtful: flags.is_some_and(|f| f.is_valid(row) && f.value(row)),
    };
    Ok((0..batch.num_rows()).map(|row| (records.value(row), link(row))).collect())
}
