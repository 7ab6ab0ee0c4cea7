//! Datasets as files: Parquet exact and typed, CSV for spreadsheets and scripts.
//!
//! CSV is UTF-8 with mark, CRLF. A text or column name that a spreadsheet would take for a formula gets an apostrophe in
//! front; numbers stay numbers.

use crate::config::DataFormat;
use crate::engine::Dataset;
use crate::error::Error;
use crate::model::text::neutral;
use crate::run::cell;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows of a group: what a writer holds until it is full.
const GROUP_ROWS: usize = 1 << 15;

/// Writes a dataset.
pub fn write(format: DataFormat, path: &Path, dataset: &Dataset) -> Result<(), Error> {
    match format {
        DataFormat::Parquet => parquet(path, dataset),
        DataFormat::Csv => csv(path, dataset),
    }
}

fn parquet(path: &Path, dataset: &Dataset) -> Result<(), Error> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by("huichi".into())
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, dataset.schema().clone(), Some(properties)).map_err(Error::bug)?;
    for batch in dataset.batches() {
        writer.write(&batch?).map_err(Error::bug)?;
    }
    writer.close().map_err(Error::bug)?;
    Ok(())
}

fn csv(path: &Path, dataset: &Dataset) -> Result<(), Error> {
    let mut file = BufWriter::with_capacity(1 << 18, File::create(path)?);
    file.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    writer.write_record(dataset.schema().fields().iter().map(|f| neutral(f.name()).into_owned())).map_err(Error::bug)?;
    let mut text = String::new();
    for batch in dataset.batches() {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                text.clear();
                cell(column, row, &mut text);
                writer.write_field(text.as_bytes()).map_err(Error::bug)?;
            }
            writer.write_record(None::<&[u8]>).map_err(Error::bug)?;
        }
    }
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{BATCH_ROWS, Scratch};
    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::array::{Array, ArrayRef, Decimal128Array, StringArray};
    use datafusion::arrow::datatypes::{Field, Schema};
    use std::sync::Arc;

    fn written(columns: Vec<(&str, ArrayRef)>) -> String {
        let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).expect("a batch");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let scratch = Scratch::below(folder.path(), BATCH_ROWS).expect("a folder");
        csv(&path, &scratch.dataset(schema, [&batch]).expect("a dataset")).expect("written");
        std::fs::read_to_string(path).expect("text")
    }

    #[test]
    fn neither_texts_nor_column_names_are_live() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["-A1", "-12.5", "\t=1"]));
        assert_eq!(written(vec![("=1+1", texts)]), "\u{feff}'=1+1\r\n'-A1\r\n-12.5\r\n'\t=1\r\n");
    }

    #[test]
    fn decimals_lose_needless_zeros_only() {
        let values = Decimal128Array::from(vec![12_3400, -5, 100_0000, 0]).with_precision_and_scale(28, 4).expect("a scale");
        assert_eq!(written(vec![("a", Arc::new(values))]), "\u{feff}a\r\n12.34\r\n-0.0005\r\n100\r\n0\r\n");
        let whole = Decimal128Array::from(vec![1_200]).with_precision_and_scale(28, 0).expect("a scale");
        assert_eq!(written(vec![("a", Arc::new(whole))]), "\u{feff}a\r\n1200\r\n");
    }
}
