//! The records that a count of patents speaks of, or the one whose day is the latest.

use super::super::resources;
use super::super::whatif::unread;
use crate::config::{Config, GivenOptions, Taken};
use crate::engine::{Engine, Scratch};
use crate::error::Error;
use crate::run::PublishedRun;
use bytes::Bytes;
use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchReader};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Where a record stands: file, sheet and row.
pub type RecordPlace = (String, String, u32);

/// The records of a form that speak for an enterprise, and whether they are just those; nothing if the run published none.
///
/// # Errors
/// What it published is not as it was written.
pub async fn spoken(
    config: &Config,
    run: &PublishedRun,
    given: &GivenOptions,
    enterprise: &str,
    value: &str,
) -> Result<Option<(Vec<RecordPlace>, bool)>, Error> {
    let form = &given.from;
    let Some(own) = records(run, form, enterprise)? else { return Ok(None) };
    let scratch = Scratch::below(&std::env::temp_dir(), config.engine.batch_rows)?;
    let engine = Engine::new(config.reference_dates(), &resources(config, 0), scratch)?;
    let Some(schema) = own.first().map(RecordBatch::schema) else { return Ok(Some((Vec::new(), true))) };
    engine.table(form, schema, &own)?;
    let mut conditions: Vec<String> = given.only.iter().map(|only| format!("({only})")).collect();
    if let Some(Taken::Latest(field)) = given.taken() {
        conditions.push(format!("\"{field}\" = CAST('{}' AS DATE)", value.replace('\'', "''")));
    }
    let all = format!("SELECT file, sheet, \"row\" FROM {form}");
    let order = "ORDER BY file, sheet, \"row\"";
    let sql = if conditions.is_empty() { format!("{all} {order}") } else { format!("{all} WHERE {} {order}", conditions.join(" AND ")) };
    // What a condition may name beside what is published is known within a run alone.
    let (answer, exact) = match engine.query("spoken", &sql).await {
        Ok(answer) => (answer, true),
        Err(_) => (engine.query("spoken", &format!("{all} {order}")).await?, false),
    };
    let mut found = Vec::new();
    for batch in &answer.1 {
        let [file, sheet] = [0, 1].map(|column| batch.column(column).as_string::<i32>());
        let rows = batch.column(2).as_primitive::<Int64Type>();
        let place = |i: usize| Some((file.value(i).to_owned(), sheet.value(i).to_owned(), u32::try_from(rows.value(i)).ok()?));
        found.extend((0..batch.num_rows()).filter_map(place));
    }
    Ok(Some((found, exact)))
}

/// The records of an enterprise as a run published them.
fn records(run: &PublishedRun, form: &str, enterprise: &str) -> Result<Option<Vec<RecordBatch>>, Error> {
    let path = format!("data/{form}.parquet");
    let Some(content) = run.read(&path).map_err(|flaw| unread(run, flaw.flaw.to_string()))? else { return Ok(None) };
    let read = || -> Result<Vec<RecordBatch>, Box<dyn std::error::Error + Send + Sync>> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))?.build()?;
        let schema = reader.schema();
        let key = if schema.column_with_name("enterprise").is_some() { "enterprise" } else { "uscc" };
        let mut own = vec![RecordBatch::new_empty(schema)];
        for batch in reader {
            let batch = batch?;
            let keys = batch.column_by_name(key).and_then(|column| column.as_string_opt::<i32>());
            let is_own: BooleanArray = (0..batch.num_rows())
                .map(|row| Some(keys.is_some_and(|keys| keys.is_valid(row) && keys.value(row) == enterprise)))
                .collect();
            own.push(filter_record_batch(&batch, &is_own)?);
        }
        Ok(own)
    };
    read().map(Some).map_err(|error| unread(run, error.to_string()))
}
