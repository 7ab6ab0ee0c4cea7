//! From parsed files to the datasets of a run: versions decided, columns brought together.

use super::gather::ParsedFile;
use super::keys::{holdings, periods};
use super::receipts::Receipts;
use super::versions::{self, Lost, Taken};
use crate::config::Config;
use crate::engine::store::{union_schema, widen};
use crate::error::{Error, ErrorKind};
use crate::finding::Seed;
use crate::ledger::{Holding, Part};
use crate::model::account::Account;
use crate::model::field::FieldKind;
use crate::model::place::{Address, FileName, MAX_FILES, Places, file_base};
use crate::stages::merge;
use crate::stages::standardize::{field_columns, names_schema, sums_schema};
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::kernels::numeric::add;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A dataset: one schema, its batches.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its records, in the order of files, tables and rows.
    pub batches: Vec<RecordBatch>,
}

impl Dataset {
    /// Records in it.
    pub fn rows(&self) -> u64 {
        self.batches.iter().map(|b| b.num_rows() as u64).sum()
    }
}

/// The datasets of a run, by form, and what belongs to all of them.
pub struct Loaded {
    /// By form.
    pub forms: BTreeMap<String, Dataset>,
    /// Sum rows of all tables.
    pub sums: Dataset,
    /// The single names of cells that hold several.
    pub names: Dataset,
    /// By form, what its tables were made from: file ordinals with keys of the cache.
    pub keys: BTreeMap<String, String>,
    /// By file, the forms and periods that it holds, before versions are decided.
    pub parts: BTreeMap<usize, Vec<Part>>,
    /// Files and tables.
    pub places: Places,
    /// Findings about files, by file ordinal.
    pub seeds: Vec<(usize, Seed)>,
    /// What each form's tables brought in, before versions are decided.
    pub incoming: BTreeMap<String, Totals>,
    /// What of it belongs to superseded versions.
    pub outgoing: BTreeMap<String, Totals>,
    /// Records of superseded versions, by file.
    pub superseded: Vec<Account>,
    /// Which records do not stand, and whose count instead.
    pub taken: Vec<Taken>,
    /// Amounts that went out of use with older versions.
    pub lost: Vec<Lost>,
    /// Files of folders and addresses by source and path, with what they hold before versions are decided.
    pub filed: Vec<(String, String, Vec<Holding>)>,
    /// By file ordinal, its place in the order of receipt among those of its source.
    pub order: Vec<u32>,
}

impl Loaded {
    fn note_part(&mut self, file: usize, form: &str, period: Option<i32>, rows: u64) {
        let parts = self.parts.entry(file).or_default();
        match parts.iter_mut().find(|p| p.form == form && p.period == period) {
            Some(part) => part.rows += rows,
            None => parts.push(Part { form: form.to_owned(), period, rows }),
        }
    }

    /// Which of two records that repeat each other counts: of one source that of the later receipt, else the first.
    pub fn counts(&self, one: i64, other: i64) -> i64 {
        let (first, second) = (one.min(other), one.max(other));
        let [a, b] = [first, second].map(|record| Address::of(record).file);
        let source = |file: usize| self.places.files.get(file).map(|f| f.source.as_str());
        let later = source(a) == source(b) && self.place(a) < self.place(b);
        if later { second } else { first }
    }

    /// A file's place in the order of receipt among those of its source.
    pub fn place(&self, file: usize) -> u32 {
        self.order.get(file).copied().unwrap_or_default()
    }
}

/// Records, and the sum of each column of amounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records.
    pub rows: u64,
    /// Sums at scale 4, by column; amounts are bounded, so that no sum of them can wrap.
    pub amounts: BTreeMap<String, i128>,
}

impl Totals {
    /// Adds a batch.
    pub fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            if let Some(amounts) = column.as_primitive_opt::<Decimal128Type>() {
                *self.amounts.entry(field.name().clone()).or_default() += amounts.iter().flatten().sum::<i128>();
            }
        }
    }
}

impl merge::Datasets for Loaded {
    fn schema(&self, dataset: &str) -> Option<&Schema> {
        self.forms.get(dataset).map(|d| d.schema.as_ref())
    }
}

/// A table as its file holds it.
pub struct Table {
    /// Ordinal of the file.
    pub file: usize,
    /// Its number in the file.
    pub number: u16,
    /// Its form.
    pub form: String,
    period: Option<i32>,
    schema: SchemaRef,
    /// Its records.
    pub batches: Vec<RecordBatch>,
}

impl Table {
    /// The periods of its records: one, unless years stand in its rows.
    pub fn periods(&self) -> BTreeSet<Option<i32>> {
        if self.period.is_some() { BTreeSet::from([self.period]) } else { self.batches.iter().flat_map(periods).collect() }
    }

    /// How many records are of each period.
    fn rows_by_period(&self) -> BTreeMap<Option<i32>, u64> {
        let mut rows = BTreeMap::new();
        for period in self.batches.iter().flat_map(periods) {
            *rows.entry(period).or_default() += 1;
        }
        rows
    }
}

/// Loads the tables of all files and takes out the records that do not stand.
///
/// # Errors
/// There are more files than record numbers can tell apart, or what a parser left cannot be read.
pub fn load(config: &Config, parsed: &[ParsedFile], receipts: &Receipts) -> Result<Loaded, Error> {
    if parsed.len() > MAX_FILES {
        let error = Error::new(ErrorKind::Unreadable, "ERR-062");
        return Err(error.with("count", parsed.len().to_string()).with("limit", MAX_FILES.to_string()));
    }
    let mut loaded = Loaded {
        forms: BTreeMap::new(),
        sums: Dataset { schema: Arc::new(sums_schema()), batches: Vec::new() },
        names: Dataset { schema: Arc::new(names_schema()), batches: Vec::new() },
        keys: BTreeMap::new(),
        parts: BTreeMap::new(),
        places: Places::default(),
        seeds: Vec::new(),
        incoming: BTreeMap::new(),
        outgoing: BTreeMap::new(),
        superseded: Vec::new(),
        taken: Vec::new(),
        lost: Vec::new(),
        filed: Vec::new(),
        order: receipts.places().to_vec(),
    };
    let mut tables = Vec::new();
    for (ordinal, file) in parsed.iter().enumerate() {
        let source = &file.input.file.source;
        let bureau = config.source.get(source).map(|s| s.bureau.clone()).unwrap_or_default();
        loaded.places.files.push(FileName { path: file.input.file.path.clone(), bureau, source: source.clone() });
        loaded.places.add_tables(ordinal, &file.manifest.tables);
        loaded.seeds.extend(file.input.seeds.iter().chain(&file.manifest.seeds).map(|s| (ordinal, s.clone())));
        let Some(read) = &file.tables else { continue };
        for meta in &file.manifest.tables {
            for (batches, dataset) in [(read.sums(meta.number), &mut loaded.sums), (read.names(meta.number), &mut loaded.names)] {
                dataset.batches.extend(rebased(batches, ordinal)?);
            }
            loaded.keys.entry(meta.form.clone()).or_default().push_str(&format!(
                "{ordinal}:{source}:{}{} ",
                read.key,
                receipts.text(ordinal)
            ));
            let Some((schema, batches)) = read.records(meta.number).filter(|_| meta.rows > 0) else {
                loaded.note_part(ordinal, &meta.form, meta.period, 0);
                continue;
            };
            let totals = loaded.incoming.entry(meta.form.clone()).or_default();
            batches.iter().for_each(|b| totals.add(b));
            let rows: u64 = batches.iter().map(|b| b.num_rows() as u64).sum();
            if rows != meta.rows {
                return Err(Error::bug(format!("a table of {} records came in with {rows}", meta.rows)));
            }
            let (schema, batches) = (schema.clone(), rebased(batches, ordinal)?);
            let table = Table { file: ordinal, number: meta.number, form: meta.form.clone(), period: meta.period, schema, batches };
            for (period, rows) in table.rows_by_period() {
                loaded.note_part(ordinal, &meta.form, period, rows);
            }
            tables.push(table);
        }
    }
    loaded.filed = filed(config, parsed, &tables);
    versions::settle(config, parsed, receipts, &mut tables, &mut loaded)?;
    join(config, tables, &mut loaded)?;
    Ok(loaded)
}

/// What each file of a folder or an address holds; uploads were asked when they were checked.
fn filed(config: &Config, parsed: &[ParsedFile], tables: &[Table]) -> Vec<(String, String, Vec<Holding>)> {
    let mut held: BTreeMap<usize, BTreeMap<&str, Vec<RecordBatch>>> = BTreeMap::new();
    for table in tables.iter().filter(|t| parsed[t.file].input.file.upload.is_none()) {
        held.entry(table.file).or_default().entry(&table.form).or_default().extend(table.batches.iter().cloned());
    }
    let filed = |(file, of_form): (usize, BTreeMap<&str, Vec<RecordBatch>>)| {
        let file = &parsed[file].input.file;
        let holdings = of_form.into_iter().flat_map(|(form, batches)| holdings(config, form, &batches)).collect();
        (file.source.clone(), file.path.clone(), holdings)
    };
    held.into_iter().map(filed).collect()
}

fn rebased(batches: &[RecordBatch], file: usize) -> Result<Vec<RecordBatch>, Error> {
    batches.iter().map(|b| rebase(b, file)).collect()
}

/// Puts the file's ordinal into the record numbers.
fn rebase(batch: &RecordBatch, file: usize) -> Result<RecordBatch, Error> {
    if file == 0 {
        return Ok(batch.clone());
    }
    let base = Int64Array::new_scalar(file_base(file));
    let mut columns = batch.columns().to_vec();
    columns[0] = add(batch.column(0), &base)?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// The sum of the column that a form's row accounting carries, in yuan at scale 4.
pub fn amount(config: &Config, form: &str, batch: &RecordBatch) -> i128 {
    let column = config.form.get(form).and_then(|form| batch.column_by_name(form.accounted.as_deref()?));
    column.map_or(0, |c| c.as_primitive::<Decimal128Type>().iter().flatten().sum())
}

/// Brings the tables of a form to one schema.
///
/// Every column that is no figure is there, null if no table has it, so that edits and links can name it; figures that
/// no table has are left out, and edits over them are unjudged as a whole.
fn join(config: &Config, tables: Vec<Table>, loaded: &mut Loaded) -> Result<(), Error> {
    for (id, form) in &config.form {
        let own: Vec<&Table> = tables.iter().filter(|t| t.form == *id).collect();
        if own.is_empty() {
            continue;
        }
        let always = Schema::new(
            form.field
                .iter()
                .filter(|(_, f)| !matches!(f.kind, FieldKind::Amount | FieldKind::Number | FieldKind::Personal))
                .flat_map(|(name, f)| field_columns(name, f.kind))
                .collect::<Vec<Field>>(),
        );
        let first = Schema::new(vec![Field::new("record", DataType::Int64, false), Field::new("period", DataType::Int32, true)]);
        let schema = union_schema(std::iter::once(&first).chain(own.iter().map(|t| t.schema.as_ref())).chain([&always]));
        let batches =
            own.iter().flat_map(|t| &t.batches).filter(|b| b.num_rows() > 0).map(|b| widen(b, &schema)).collect::<Result<Vec<_>, _>>()?;
        loaded.forms.insert(id.clone(), Dataset { schema, batches });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::raw::TableMeta;
    use crate::pipeline::gather::InputFile;
    use crate::pipeline::parser::Manifest;
    use crate::pipeline::tables::Tables;
    use crate::stages::acquire::SourceFile;

    fn parsed(path: String) -> ParsedFile {
        let file = SourceFile { source: "market".into(), path, sha256: String::new(), bytes: 0, upload: None };
        ParsedFile { input: InputFile { file, seeds: Vec::new(), readable: false }, manifest: Manifest::default(), tables: None }
    }

    #[test]
    fn records_of_the_65537th_file_are_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let fields = vec![Field::new("record", DataType::Int64, false), Field::new("period", DataType::Int32, true)];
        let schema = Arc::new(Schema::new(fields));
        let record = Address { file: 0, table: 0, row: 2 }.record();
        let columns: Vec<datafusion::arrow::array::ArrayRef> =
            vec![Arc::new(Int64Array::from(vec![record])), Arc::new(datafusion::arrow::array::Int32Array::from(vec![None]))];
        let batch = RecordBatch::try_new(schema.clone(), columns).expect("a batch");
        let mut all: Vec<ParsedFile> = (0..65_536).map(|i| parsed(format!("{i}.csv"))).collect();
        let mut last = parsed("last.csv".to_owned());
        let meta = TableMeta { form: "patents".into(), sheet: "清单".into(), rows: 1, ..TableMeta::default() };
        last.manifest.tables.push(meta);
        last.tables = Some(Tables::of_records(0, (schema, vec![batch])));
        all.push(last);
        let config = crate::config::load_defaults(folder.path()).expect("the defaults");
        let loaded = load(&config, &all, &Receipts::by_names(&all)).expect("loaded");
        let record = loaded.forms["patents"].batches[0].column(0).as_primitive::<datafusion::arrow::datatypes::Int64Type>().value(0);
        assert_eq!(Address::of(record), Address { file: 65_536, table: 0, row: 2 });
        let place = loaded.places.place(record, &[]).expect("a place");
        assert_eq!((place.file.path.as_str(), place.sheet, place.cell.as_str()), ("last.csv", "清单", "2"));
    }
}
