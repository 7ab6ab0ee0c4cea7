//! The one comparison of two runs: who entered the pool, who left it and why, which figures are others.
//!
//! Covers count it, the portal's page shows as much of it as an edition may, `huichi diff` prints it. Values are compared as
//! the texts of data files, so that a run which published CSV alone is compared as exactly as one that published Parquet.

use super::published::PublishedRun;
use super::record::{Differences, PublishedDataset};
use super::text::cell;
use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchReader, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashMap;
use std::sync::Arc;

/// The files that hold a run's enterprises, the better one first.
pub const ENTERPRISES: [&str; 2] = ["data/enterprises.parquet", "data/enterprises.csv"];

/// Columns that follow from all criteria together.
const DERIVED: [&str; 3] = ["score", "score_missing", "rank"];
/// What begins the names of columns that a criterion gives.
const OF_CRITERIA: [&str; 4] = ["figure_", "bound_", "margin_", "points_"];

/// Why the enterprises of a run cannot be read.
pub type Unread = Box<dyn std::error::Error + Send + Sync>;

/// The enterprises of a run.
pub struct Enterprises {
    rows: RecordBatch,
    /// Columns that hold amounts, counts or ratios, as far as the run says so.
    figures: Vec<String>,
    places: HashMap<String, usize>,
}

/// What differs between two runs, by rows of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference<'a> {
    /// An enterprise entered the pool; the older run may not know it.
    Entered {
        /// Its row in the older run.
        was: Option<usize>,
        /// Its row in the newer.
        is: usize,
    },
    /// An enterprise left the pool; the newer run may not know it.
    Left {
        /// Its row in the older run.
        was: usize,
        /// Its row in the newer.
        is: Option<usize>,
    },
    /// A value of an enterprise that both runs know.
    Figure {
        /// Its row in the older run.
        was: usize,
        /// Its row in the newer.
        is: usize,
        /// The column.
        column: &'a str,
        /// Whether the enterprise is in both pools.
        pooled: bool,
    },
}

/// A criterion that two runs judge otherwise; a run without it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejudged {
    /// The criterion.
    pub criterion: String,
    /// The verdict of the older run.
    pub was: Option<String>,
    /// The verdict of the newer.
    pub is: Option<String>,
}

impl Enterprises {
    /// The enterprises of a run under way.
    ///
    /// # Errors
    /// The batches are of different shapes.
    pub fn of(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self, ArrowError> {
        Ok(Self::in_one(concat_batches(schema, batches)?, None))
    }

    /// The enterprises of a run that was published; nothing if it published none.
    ///
    /// # Errors
    /// Their file is gone, not as it was written, or of another shape.
    pub fn read(run: &PublishedRun) -> Result<Option<Self>, Unread> {
        let Some(file) = ENTERPRISES.into_iter().find(|file| run.sha256(file).is_some()) else { return Ok(None) };
        let Some(content) = run.read(file)? else { return Ok(None) };
        let rows = if file == ENTERPRISES[0] { of_parquet(content)? } else { of_csv(&content)? };
        if rows.column_by_name("enterprise").is_none() || rows.column_by_name("pooled").is_none() {
            return Err("no column of enterprises".into());
        }
        Ok(Some(Self::in_one(rows, run.record().datasets.iter().find(|d| d.name == "enterprises"))))
    }

    /// Enterprises that stand in one batch already; `described` says what columns hold whose type does not tell.
    pub fn in_one(rows: RecordBatch, described: Option<&PublishedDataset>) -> Self {
        let said = described.map_or_else(|| PublishedDataset::of("", &rows.schema()), PublishedDataset::clone);
        let is_figure = |kind: &str| matches!(kind, "integer" | "decimal");
        // Numbers of records are ours, and findings are told by themselves.
        // What criteria make of figures changes with these.
        let judged = |name: &str| DERIVED.contains(&name) || OF_CRITERIA.iter().any(|start| name.starts_with(start));
        let ours = |name: &str| name.starts_with("findings") || name.ends_with("_record") || name.contains("_record_") || judged(name);
        let figures = said.columns.into_iter().filter(|(name, kind)| is_figure(kind) && !ours(name)).map(|(name, _)| name);
        let mut own = Self { figures: figures.collect(), places: HashMap::with_capacity(rows.num_rows()), rows };
        own.places = (0..own.rows.num_rows()).map(|row| (own.text("enterprise", row), row)).collect();
        own
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of all columns.
    pub fn columns(&self) -> Vec<String> {
        self.rows.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A value as data files have it; empty where there is none.
    pub fn text(&self, column: &str, row: usize) -> String {
        let mut text = String::new();
        if let Some(column) = self.rows.column_by_name(column) {
            cell(column, row, &mut text);
        }
        text
    }

    /// Whether an enterprise is in the pool.
    pub fn is_pooled(&self, row: usize) -> bool {
        self.text("pooled", row) == "true"
    }

    /// Whether an enterprise has consented.
    pub fn has_consented(&self, row: usize) -> bool {
        self.text("consented", row) == "true"
    }

    /// The criteria judged, in their order.
    fn criteria(&self) -> Vec<String> {
        let schema = self.rows.schema();
        schema.fields().iter().filter_map(|f| f.name().strip_prefix("verdict_")).map(str::to_owned).collect()
    }
}

/// Columns of figures that both runs have, in the order of the newer.
pub fn figures_of_both(old: &Enterprises, new: &Enterprises) -> Vec<String> {
    let schema = new.rows.schema();
    let names = schema.fields().iter().map(|f| f.name()).filter(|name| old.rows.column_by_name(name).is_some());
    names.filter(|name| new.figures.contains(name) || old.figures.contains(name)).cloned().collect()
}

/// Tells all that differs, enterprise by enterprise in the order of the newer run, then those that it does not know; of
/// values those in the given columns.
pub fn compare<'a>(old: &Enterprises, new: &Enterprises, columns: &'a [String], mut tell: impl FnMut(Difference<'a>)) {
    let pairs: Vec<(&str, &ArrayRef, &ArrayRef)> =
        columns.iter().filter_map(|name| Some((name.as_str(), old.rows.column_by_name(name)?, new.rows.column_by_name(name)?))).collect();
    let (mut one, mut other) = (String::new(), String::new());
    for is in 0..new.len() {
        let was = old.places.get(&new.text("enterprise", is)).copied();
        let (pooled, pooled_before) = (new.is_pooled(is), was.is_some_and(|was| old.is_pooled(was)));
        match (was, pooled, pooled_before) {
            (_, true, false) => tell(Difference::Entered { was, is }),
            (Some(was), false, true) => tell(Difference::Left { was, is: Some(is) }),
            _ => {}
        }
        let Some(was) = was else { continue };
        for (column, before, after) in &pairs {
            one.clear();
            other.clear();
            cell(before, was, &mut one);
            cell(after, is, &mut other);
            if one != other {
                tell(Difference::Figure { was, is, column, pooled: pooled && pooled_before });
            }
        }
    }
    let gone = (0..old.len()).filter(|was| old.is_pooled(*was) && !new.places.contains_key(&old.text("enterprise", *was)));
    gone.for_each(|was| tell(Difference::Left { was, is: None }));
}

/// Counts what differs between the pools of two runs, as covers tell it: of figures those that are shown, by their column and
/// the rows of the enterprise.
pub fn counted(old: &Enterprises, new: &Enterprises, shows: impl Fn(&str, usize, usize) -> bool) -> Differences {
    let (columns, mut found, mut last) = (figures_of_both(old, new), Differences::default(), None);
    compare(old, new, &columns, |difference| match difference {
        Difference::Entered { .. } => found.entered += 1,
        Difference::Left { .. } => found.left += 1,
        Difference::Figure { was, is, column, pooled: true } if shows(column, was, is) => {
            found.figures += 1;
            found.enterprises += u64::from(last.replace(is) != Some(is));
        }
        Difference::Figure { .. } => {}
    });
    found
}

/// The criteria that judge an enterprise otherwise, those of the newer run first.
pub fn rejudged((old, was): (&Enterprises, usize), (new, is): (&Enterprises, usize)) -> Vec<Rejudged> {
    let (before, mut criteria) = (old.criteria(), new.criteria());
    let known = criteria.clone();
    criteria.extend(before.iter().filter(|c| !known.contains(c)).cloned());
    let verdict = |of: &Enterprises, own: &[String], criterion: &String, row: usize| {
        own.contains(criterion).then(|| of.text(&format!("verdict_{criterion}"), row))
    };
    let judged = criteria.into_iter().map(|criterion| {
        let (was, is) = (verdict(old, &before, &criterion, was), verdict(new, &known, &criterion, is));
        Rejudged { criterion, was, is }
    });
    judged.filter(|judged| judged.was != judged.is).collect()
}

/// All columns but those that say how a value was stated.
fn of_parquet(content: Vec<u8>) -> Result<RecordBatch, Unread> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|f| f.name().clone()).filter(|n| !n.ends_with("_state")).collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), names.iter().map(String::as_str));
    let reader = builder.with_projection(mask).build()?;
    let schema = reader.schema();
    Ok(concat_batches(&schema, &reader.collect::<Result<Vec<_>, _>>()?)?)
}

/// The same of CSV, as texts.
fn of_csv(content: &[u8]) -> Result<RecordBatch, Unread> {
    let mut reader = csv::Reader::from_reader(content);
    let names: Vec<String> = reader.headers()?.iter().map(|h| h.trim_start_matches('\u{feff}').to_owned()).collect();
    let mut columns: Vec<Vec<String>> = names.iter().map(|_| Vec::new()).collect();
    for record in reader.records() {
        columns.iter_mut().zip(&record?).for_each(|(column, value)| column.push(value.to_owned()));
    }
    let schema = Schema::new(names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect::<Vec<_>>());
    let columns = columns.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::hash_bytes;
    use datafusion::arrow::array::{BooleanArray, Decimal128Array, Int64Array};
    use parquet::arrow::ArrowWriter;
    use std::fs::{self, File};

    /// Enterprises: key, in the pool or not, revenue in ten-thousandths, patents.
    fn table(rows: &[(&str, bool, Option<i128>, i64)]) -> RecordBatch {
        let revenue = Decimal128Array::from(rows.iter().map(|r| r.2).collect::<Vec<_>>()).with_precision_and_scale(28, 4).expect("a scale");
        let verdict = |r: &(&str, bool, Option<i128>, i64)| if r.1 { "met" } else { "not_met" };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("enterprise", Arc::new(StringArray::from(rows.iter().map(|r| r.0).collect::<Vec<_>>()))),
            ("pooled", Arc::new(BooleanArray::from(rows.iter().map(|r| r.1).collect::<Vec<_>>()))),
            ("revenue_last", Arc::new(revenue)),
            ("patents", Arc::new(Int64Array::from(rows.iter().map(|r| r.3).collect::<Vec<_>>()))),
            ("returns_record", Arc::new(Int64Array::from(vec![rows.len() as i64; rows.len()]))),
            ("verdict_title", Arc::new(StringArray::from(rows.iter().map(verdict).collect::<Vec<_>>()))),
        ];
        RecordBatch::try_from_iter(columns).expect("a batch")
    }

    fn parquet(path: &std::path::Path, rows: &RecordBatch) {
        let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), rows.schema(), None).expect("a writer");
        writer.write(rows).expect("written");
        writer.close().expect("closed");
    }

    fn csv(path: &std::path::Path, rows: &RecordBatch) {
        let mut text = format!("\u{feff}{}\r\n", rows.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(","));
        for row in 0..rows.num_rows() {
            for (i, column) in rows.columns().iter().enumerate() {
                text.push_str(if i == 0 { "" } else { "," });
                cell(column, row, &mut text);
            }
            text.push_str("\r\n");
        }
        fs::write(path, text).expect("written");
    }

    #[test]
    fn entered_left_and_changed_are_told_from_either_format() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let before = table(&[("A", true, Some(10_000), 1), ("B", true, None, 2), ("C", false, None, 3), ("D", true, Some(5), 4)]);
        let after =
            [("A", true, Some(10_001), 2), ("B", false, None, 1), ("C", true, None, 3), ("D", true, Some(5), 4), ("E", true, None, 0)];
        let new = Enterprises::in_one(table(&after), None);
        for (write, file) in [(parquet as fn(&std::path::Path, &RecordBatch), ENTERPRISES[0]), (csv, ENTERPRISES[1])] {
            let folder = tempfile::tempdir()?;
            let opened = |listed: &str| {
                fs::write(folder.path().join("run.json"), format!("{{\"inputs\":[],\"files\":[{listed}]}}"))?;
                Ok::<_, Unread>(PublishedRun::open(folder.path(), "")?)
            };
            assert!(Enterprises::read(&opened("")?)?.is_none(), "no data, no comparison");
            fs::create_dir(folder.path().join("data"))?;
            write(&folder.path().join(file), &before);
            let content = fs::read(folder.path().join(file))?;
            let run = opened(&format!("{{\"path\":\"{file}\",\"bytes\":{},\"sha256\":\"{}\"}}", content.len(), hash_bytes(&content)))?;
            let old = Enterprises::read(&run)?.ok_or("enterprises")?;
            assert_eq!(counted(&old, &new, |_, _, _| true), Differences { entered: 2, left: 1, enterprises: 1, figures: 2 }, "{file}");
            let open = counted(&old, &new, |column, _, _| column != "revenue_last");
            assert_eq!(open, Differences { entered: 2, left: 1, enterprises: 1, figures: 1 }, "{file}");
            let columns = figures_of_both(&old, &new);
            assert_eq!(columns, ["revenue_last", "patents"], "{file}");
            let mut told = Vec::new();
            compare(&old, &new, &columns, |difference| told.push(difference));
            let figure = |was, is, column, pooled| Difference::Figure { was, is, column, pooled };
            let entered = |was, is| Difference::Entered { was, is };
            let left = Difference::Left { was: 1, is: Some(1) };
            let (revenue, patents) = (figure(0, 0, "revenue_last", true), figure(0, 0, "patents", true));
            assert_eq!(told, [revenue, patents, left, figure(1, 1, "patents", false), entered(Some(2), 2), entered(None, 4)]);
            let judged = rejudged((&old, 1), (&new, 1));
            assert_eq!(judged, [Rejudged { criterion: "title".into(), was: Some("met".into()), is: Some("not_met".into()) }]);
            fs::write(folder.path().join(file), &content[1..])?;
            assert!(Enterprises::read(&run).is_err(), "what is not as it was written is not compared with");
        }
        Ok(())
    }
}
