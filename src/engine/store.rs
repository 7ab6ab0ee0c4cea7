//! Record batches on disk, as Arrow IPC files: the hand-over between processes and the cache between runs.

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, new_null_array};
use datafusion::arrow::compute::kernels::cast::cast;
use datafusion::arrow::datatypes::{Field, Int64Type, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::FileReader;
use datafusion::arrow::ipc::writer::FileWriter;
use std::fs::File;
use std::io::{self, BufWriter, Cursor};
use std::path::Path;
use std::sync::Arc;

/// Writes one table.
pub struct TableWriter(FileWriter<BufWriter<File>>);

impl TableWriter {
    /// Starts a file.
    pub fn create(path: &Path, schema: &Schema) -> io::Result<Self> {
        FileWriter::try_new(BufWriter::new(File::create(path)?), schema).map(Self).map_err(other)
    }

    /// Adds a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.0.write(batch).map_err(other)
    }

    /// Completes the file.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.finish().map_err(other)
    }
}

/// Writes batches of one schema as a file.
pub fn write(path: &Path, schema: &Schema, batches: &[RecordBatch]) -> io::Result<()> {
    let mut writer = TableWriter::create(path, schema)?;
    batches.iter().try_for_each(|b| writer.write(b))?;
    writer.finish()
}

/// Reads the content of a file whole.
pub fn read(content: Vec<u8>) -> io::Result<(SchemaRef, Vec<RecordBatch>)> {
    let reader = FileReader::try_new(Cursor::new(content), None).map_err(other)?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(other)?;
    Ok((schema, batches))
}

/// The row of a file's content whose first column holds a number; batches are read one by one until it is found.
pub fn row_with(content: Vec<u8>, number: i64) -> io::Result<Option<RecordBatch>> {
    for batch in FileReader::try_new(Cursor::new(content), None).map_err(other)? {
        let batch = batch.map_err(other)?;
        let Some(numbers) = batch.column(0).as_primitive_opt::<Int64Type>() else { return Ok(None) };
        if let Some(row) = numbers.values().iter().position(|n| *n == number) {
            return Ok(Some(batch.slice(row, 1)));
        }
    }
    Ok(None)
}

fn other(error: ArrowError) -> io::Error {
    io::Error::other(error)
}

/// One schema that holds the columns of all, in the order of their first appearance.
pub fn union_schema<'a>(schemas: impl IntoIterator<Item = &'a Schema>) -> SchemaRef {
    let mut fields: Vec<Field> = Vec::new();
    for schema in schemas {
        for field in schema.fields() {
            if !fields.iter().any(|f| f.name() == field.name()) {
                fields.push(field.as_ref().clone());
            }
        }
    }
    Arc::new(Schema::new(fields))
}

/// Brings a batch to a wider schema; columns that it lacks are null.
pub fn widen(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Ok(column.clone()),
            Some(column) => cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(schema.clone(), columns)
}
