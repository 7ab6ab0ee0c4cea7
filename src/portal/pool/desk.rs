//! What the page of one enterprise is made from, and the returns that speak of it.

use super::data::PoolData;
use super::edition::Edition;
use super::load_error::LoadError;
use super::records::{place, text};
use crate::config::Config;
use crate::model::field::FieldKind;
use crate::pipeline::OriginCell;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int32Type;

/// Rows of the smaller lists, at most.
pub const ROWS: usize = 200;

/// What the page of one enterprise is made from.
pub struct EnterpriseDesk<'a> {
    /// The pool of the run.
    pub data: &'a PoolData,
    /// Settings in force.
    pub config: &'a Config,
    /// For whom it is made.
    pub edition: Edition,
    /// Place of the enterprise.
    pub row: usize,
    /// Whether figures of statistics are shown.
    pub disclosed: bool,
    /// Where its values come from: column and cell in words.
    pub cited: Vec<(String, String)>,
}

/// The returns of an enterprise: numbers of their rows, and which is counted for each year.
pub struct Returned {
    /// The rows.
    pub batch: Option<RecordBatch>,
    /// By year of figures, the place in `batch` of the one that counts.
    pub counted: Vec<Option<usize>>,
}

impl PoolData {
    /// Where the values of an enterprise come from: column and cell in words.
    pub fn cited(&self, row: usize) -> Result<Vec<(String, String)>, LoadError> {
        let Some(records) = self.datasets.get("provenance") else { return Ok(Vec::new()) };
        let (_, batch) = records.of(row, &self.ordinals, &["column", "cell"], (0, usize::MAX))?;
        Ok((0..batch.num_rows()).map(|i| (text(&batch, "column", i), text(&batch, "cell", i))).collect())
    }

    /// The returns of an enterprise. Which counts for a year is known by the cells that the year's figures come from.
    pub fn returned(&self, config: &Config, row: usize, cited: &[(String, String)]) -> Result<Returned, LoadError> {
        let Some(records) = &self.figures else {
            return Ok(Returned { batch: None, counted: vec![None; self.years.len()] });
        };
        let figures = config.figures().into_iter().flat_map(|(_, form)| &form.field);
        let mut columns = vec!["file", "sheet", "row", "period"];
        columns.extend(figures.filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number)).map(|(name, _)| name.as_str()));
        let (rows, batch) = records.of(row, &self.ordinals, &columns, (0, ROWS))?;
        let periods = batch.column_by_name("period").and_then(|c| c.as_primitive_opt::<Int32Type>());
        let of_year = |year: i32| (0..rows.len()).filter(move |i| periods.is_some_and(|p| p.is_valid(*i) && p.value(*i) == year));
        let counted = self.years.iter().map(|year| {
            let last = *year == self.last_year();
            let cells = cited.iter().filter(|(column, _)| match column.rsplit_once('_').and_then(|(_, y)| y.parse::<i32>().ok()) {
                Some(own) => own == *year,
                None => last,
            });
            let places: Vec<_> = cells.filter_map(|(_, cell)| OriginCell::cited(&self.inputs, cell)).collect();
            let is_cited = |i: &usize| {
                let (file, sheet, row) = place(&batch, *i);
                places.iter().any(|c| c.path == file && c.sheet == sheet && i64::from(c.row) == row)
            };
            let found = of_year(*year).find(is_cited);
            found.or_else(|| of_year(*year).next().filter(|_| of_year(*year).count() == 1))
        });
        let counted = counted.collect();
        Ok(Returned { batch: Some(batch), counted })
    }
}
