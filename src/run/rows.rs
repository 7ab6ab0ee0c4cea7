//! The rows of a dataset that a run published, one after another: a run may have found a million things.

use super::published::{FileFlaw, PublishedRun};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io::{self, BufReader};

/// A dataset on disk, in either of its formats.
pub struct Rows {
    file: File,
    is_parquet: bool,
}

impl PublishedRun {
    /// The rows of a dataset; nothing if it was not published.
    ///
    /// # Errors
    /// The file is gone or not as it was written.
    pub fn rows(&self, name: &str) -> Result<Option<Rows>, FileFlaw> {
        for is_parquet in [true, false] {
            let path = format!("data/{name}.{}", if is_parquet { "parquet" } else { "csv" });
            if let Some(file) = self.file(&path)? {
                let file = file.open().map_err(|flaw| FileFlaw { path, flaw })?;
                return Ok(Some(Rows { file, is_parquet }));
            }
        }
        Ok(None)
    }
}

impl Rows {
    /// Gives some columns of each row; one that the run did not write is empty.
    ///
    /// # Errors
    /// It does not read as what it is called.
    pub fn each(self, columns: &[&str], mut each: impl FnMut(Vec<String>)) -> io::Result<()> {
        if self.is_parquet { from_parquet(self.file, columns, &mut each) } else { from_csv(self.file, columns, &mut each) }
    }
}

fn from_parquet(file: File, columns: &[&str], each: &mut dyn FnMut(Vec<String>)) -> io::Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(io::Error::other)?;
    let wanted = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    for batch in builder.with_projection(wanted).build().map_err(io::Error::other)? {
        let batch = batch.map_err(io::Error::other)?;
        let cell = |column: &str, row: usize| match batch.column_by_name(column) {
            Some(values) if values.is_null(row) => String::new(),
            Some(values) if *values.data_type() == DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
            Some(values) if *values.data_type() == DataType::Int32 => values.as_primitive::<Int32Type>().value(row).to_string(),
            Some(values) => values.as_string_opt::<i32>().map_or_else(String::new, |v| v.value(row).to_owned()),
            None => String::new(),
        };
        (0..batch.num_rows()).for_each(|row| each(columns.iter().map(|c| cell(c, row)).collect()));
    }
    Ok(())
}

fn from_csv(file: File, columns: &[&str], each: &mut dyn FnMut(Vec<String>)) -> io::Result<()> {
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    let heads: Vec<String> =
        reader.headers().map_err(io::Error::other)?.iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    let places: Vec<Option<usize>> = columns.iter().map(|c| heads.iter().position(|h| h == c)).collect();
    for record in reader.records() {
        let record = record.map_err(io::Error::other)?;
        each(places.iter().map(|p| p.and_then(|p| record.get(p)).unwrap_or_default().to_owned()).collect());
    }
    Ok(())
}
