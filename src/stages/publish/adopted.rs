//! The adopted run (定稿) as later runs name it: what has changed since.
//!
//! Values are compared as the texts of data files, so that a run which published CSV alone is compared as exactly as one
//! that published Parquet.

use super::data::cell;
use super::published::PublishedRun;
use crate::engine::Engine;
use crate::error::Error;
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use hyper::body::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;
use std::collections::HashMap;

/// An adopted run, to be named on covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// The run.
    pub run: String,
    /// The day on which it was adopted.
    #[serde(serialize_with = "as_text")]
    pub adopted: NaiveDate,
    /// What has changed since; nothing if it left no data to compare with.
    pub since: Option<Differences>,
}

fn as_text<S: serde::Serializer>(date: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

/// What has changed since a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Enterprises that were not in its pool and are now.
    pub entered: u64,
    /// Enterprises that were in its pool and are not now.
    pub left: u64,
    /// Enterprises in both pools of which a figure differs.
    pub enterprises: u64,
    /// Figures of theirs that differ.
    pub figures: u64,
}

/// The files that hold a run's enterprises, the better one first.
pub const ENTERPRISES: [&str; 2] = ["data/enterprises.parquet", "data/enterprises.csv"];

/// Between the figures of an enterprise.
const APART: char = '\u{1f}';

/// Figures by enterprise, for those in the pool.
type Pool = HashMap<String, String>;

/// Compares the enterprises of this run with those of another; nothing if it left none that can be read.
pub fn compare(run: &PublishedRun, engine: &Engine) -> Result<Option<Differences>, Error> {
    let (schema, batches) = engine.contents("enterprises");
    let Some((columns, mut before)) = read(run, &figures(&schema)) else { return Ok(None) };
    let mut found = Differences::default();
    for batch in &batches {
        for (enterprise, values) in rows(batch, &columns) {
            match before.remove(&enterprise) {
                None => found.entered += 1,
                Some(old) => {
                    let differ = old.split(APART).zip(values.split(APART)).filter(|(a, b)| a != b).count() as u64;
                    found.figures += differ;
                    found.enterprises += u64::from(differ > 0);
                }
            }
        }
    }
    found.left = before.len() as u64;
    Ok(Some(found))
}

/// Columns that hold figures: amounts, counts and ratios, not the numbers of records.
fn figures(schema: &Schema) -> Vec<String> {
    let is_figure = |kind: &DataType| matches!(kind, DataType::Int32 | DataType::Int64 | DataType::Decimal128(..));
    let fields = schema.fields().iter().filter(|f| is_figure(f.data_type()) && !f.name().contains("_record"));
    fields.map(|f| f.name().clone()).collect()
}

/// The pool of a run, and those of the figures that it has.
fn read(run: &PublishedRun, figures: &[String]) -> Option<(Vec<String>, Pool)> {
    let file = ENTERPRISES.into_iter().find(|file| run.sha256(file).is_some())?;
    let read = match run.read(file) {
        Ok(content) if file == ENTERPRISES[0] => of_parquet(content?, figures),
        Ok(content) => of_csv(&content?, figures),
        Err(flaw) => Err(flaw.into()),
    };
    read.map_err(|error| tracing::warn!(%error, "the adopted run's data cannot be read")).ok()
}

type Unread = Box<dyn std::error::Error>;

fn of_parquet(content: Vec<u8>, figures: &[String]) -> Result<(Vec<String>, Pool), Unread> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))?;
    let schema = builder.schema().clone();
    let columns: Vec<String> = figures.iter().filter(|f| schema.column_with_name(f).is_some()).cloned().collect();
    let wanted = ["enterprise", "pooled"].into_iter().chain(columns.iter().map(String::as_str));
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    let mut pool = Pool::new();
    for batch in builder.with_projection(mask).build()? {
        pool.extend(rows(&batch?, &columns));
    }
    Ok((columns, pool))
}

fn of_csv(content: &[u8], figures: &[String]) -> Result<(Vec<String>, Pool), Unread> {
    let mut reader = csv::Reader::from_reader(content);
    let head: Vec<String> = reader.headers()?.iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    let place = |name: &str| head.iter().position(|h| h == name);
    let (key, pooled) = place("enterprise").zip(place("pooled")).ok_or("no column of enterprises")?;
    let columns: Vec<(String, usize)> = figures.iter().filter_map(|f| Some((f.clone(), place(f)?))).collect();
    let mut pool = Pool::new();
    for record in reader.records() {
        let record = record?;
        if record.get(pooled) == Some("true") {
            let values: Vec<&str> = columns.iter().map(|(_, i)| record.get(*i).unwrap_or_default()).collect();
            pool.insert(record.get(key).unwrap_or_default().to_owned(), values.join(&APART.to_string()));
        }
    }
    Ok((columns.into_iter().map(|(name, _)| name).collect(), pool))
}

/// The enterprises of a batch that are in the pool, each with its figures.
fn rows(batch: &RecordBatch, columns: &[String]) -> Vec<(String, String)> {
    let arrays: Vec<_> = columns.iter().map(|c| batch.column_by_name(c)).collect();
    let (Some(key), Some(pooled)) = (batch.column_by_name("enterprise"), batch.column_by_name("pooled")) else { return Vec::new() };
    let text = |array, row| {
        let mut text = String::new();
        cell(array, row, &mut text);
        text
    };
    let in_pool = (0..batch.num_rows()).filter(|row| text(pooled, *row) == "true");
    in_pool
        .map(|row| {
            let values: Vec<String> = arrays.iter().map(|a| a.map_or_else(String::new, |a| text(a, row))).collect();
            (text(key, row), values.join(&APART.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataFormat;
    use crate::stages::publish::data::write;
    use datafusion::arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array, StringArray};
    use datafusion::arrow::datatypes::{Field, SchemaRef};
    use std::sync::Arc;

    /// Enterprises: key, in the pool or not, revenue in ten-thousandths, patents.
    fn table(rows: &[(&str, bool, Option<i128>, i64)]) -> (SchemaRef, Vec<RecordBatch>) {
        let revenue = Decimal128Array::from(rows.iter().map(|r| r.2).collect::<Vec<_>>()).with_precision_and_scale(28, 4).expect("a scale");
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("enterprise", Arc::new(StringArray::from(rows.iter().map(|r| r.0).collect::<Vec<_>>()))),
            ("pooled", Arc::new(BooleanArray::from(rows.iter().map(|r| r.1).collect::<Vec<_>>()))),
            ("revenue_last", Arc::new(revenue)),
            ("patents", Arc::new(Int64Array::from(rows.iter().map(|r| r.3).collect::<Vec<_>>()))),
            ("returns_record", Arc::new(Int64Array::from(vec![rows.len() as i64; rows.len()]))),
        ];
        let schema = Arc::new(Schema::new(columns.iter().map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, a)| a).collect()).expect("a batch");
        (schema, vec![batch])
    }

    #[test]
    fn entered_left_and_changed_are_counted_from_either_format() -> Result<(), Box<dyn std::error::Error>> {
        let (schema, before) = table(&[("A", true, Some(10_000), 1), ("B", true, None, 2), ("C", false, None, 3), ("D", true, Some(5), 4)]);
        let after =
            [("A", true, Some(10_001), 2), ("B", false, None, 2), ("C", true, None, 3), ("D", true, Some(5), 4), ("E", true, None, 0)];
        let engine = Engine::new(NaiveDate::default());
        let (new_schema, after) = table(&after);
        engine.table("enterprises", new_schema, after)?;
        for (format, file) in [(DataFormat::Parquet, ENTERPRISES[0]), (DataFormat::Csv, ENTERPRISES[1])] {
            let folder = tempfile::tempdir()?;
            let opened = |listed: &str| {
                std::fs::write(folder.path().join("run.json"), format!("{{\"files\":[{listed}]}}"))?;
                Ok::<_, Box<dyn std::error::Error>>(PublishedRun::open(folder.path(), "")?)
            };
            assert_eq!(compare(&opened("")?, &engine)?, None, "no data, no comparison");
            std::fs::create_dir(folder.path().join("data"))?;
            write(format, &folder.path().join(file), &schema, &before)?;
            let content = std::fs::read(folder.path().join(file))?;
            let sha256 = crate::content::hash_bytes(&content);
            let run = opened(&format!("{{\"path\":\"{file}\",\"bytes\":{},\"sha256\":\"{sha256}\"}}", content.len()))?;
            let expected = Differences { entered: 2, left: 1, enterprises: 1, figures: 2 };
            assert_eq!(compare(&run, &engine)?, Some(expected), "{file}");
            std::fs::write(folder.path().join(file), &content[1..])?;
            assert_eq!(compare(&run, &engine)?, None, "what is not as it was written is not compared with");
        }
        Ok(())
    }
}
