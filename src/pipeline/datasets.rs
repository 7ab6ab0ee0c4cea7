//! From parsed files to the datasets of a run: versions decided, columns brought together.

use super::gather::ParsedFile;
use super::keys::{holdings, key_columns, keys, periods};
use super::receipts::Receipts;
use super::versions::{self, Lost, Taken};
use crate::config::{Config, FormOptions};
use crate::engine::union::{union_schema, widen};
use crate::engine::{Batches, Dataset, Scratch};
use crate::error::{Error, ErrorKind};
use crate::finding::Seed;
use crate::ledger::{Holding, UploadPart};
use crate::model::account::Account;
use crate::model::field::FieldKind;
use crate::model::place::{Address, FileName, MAX_FILES, Places, file_base};
use crate::model::raw::TableMeta;
use crate::model::record_key::KeySet;
use crate::stages::merge;
use crate::stages::standardize::{field_columns, names_schema, sums_schema};
use datafusion::arrow::array::{AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::kernels::numeric::add;
use datafusion::arrow::compute::{filter_record_batch, not};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema, SchemaRef};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// The datasets of a run, by form, and what belongs to all of them.
pub struct Loaded {
    /// By form what was stated, in the order of files, tables and rows.
    pub forms: BTreeMap<String, Dataset>,
    /// By form the columns of what is left once its records are judged; before, those that were stated.
    pub schemas: BTreeMap<String, SchemaRef>,
    /// Sum rows of all tables but those out of use.
    pub sums: Dataset,
    /// Tables of whose records none is left, by file and number.
    pub unsummed: HashSet<(usize, u16)>,
    /// The single names of cells that hold several.
    pub names: Dataset,
    /// By form, what its tables were made from: file ordinals with keys of the cache.
    pub keys: BTreeMap<String, String>,
    /// By file, the forms and periods that it holds, before versions are decided.
    pub parts: BTreeMap<usize, Vec<UploadPart>>,
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
            None => parts.push(UploadPart { form: form.to_owned(), period, rows }),
        }
    }

    /// Records of the largest dataset.
    pub fn most(&self) -> u64 {
        self.forms.values().map(Dataset::rows).max().unwrap_or_default()
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
    /// What is read of records to add them up.
    pub fn columns(schema: &Schema) -> Vec<&str> {
        let added = |field: &&Arc<Field>| field.name() == "record" || matches!(field.data_type(), DataType::Decimal128(..));
        schema.fields().iter().filter(added).map(|field| field.name().as_str()).collect()
    }

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
        self.schemas.get(dataset).map(AsRef::as_ref)
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
    /// How many of its records are of each period: one, unless years stand in its rows.
    pub periods: BTreeMap<Option<i32>, u64>,
    records: Dataset,
    /// Which of its records do not stand.
    out: Vec<Out>,
}

/// Records that are taken out of a table: those of a period, or of these the ones with certain keys.
#[derive(Clone)]
pub struct Out {
    /// The period.
    pub period: Option<i32>,
    /// The keys; none takes all of the period.
    pub only: Option<Arc<KeySet>>,
}

impl Out {
    /// By row, whether it is taken out.
    pub fn of(&self, form: Option<&FormOptions>, batch: &RecordBatch) -> BooleanArray {
        let mut keys = keys(form, batch, self.period, &[]).into_iter();
        let of_period = periods(batch).into_iter().map(|p| p == self.period);
        of_period.map(|ours| Some(ours && keys.next().is_some_and(|k| self.only.as_ref().is_none_or(|only| only.contains(&k))))).collect()
    }
}

impl Table {
    fn of(file: usize, meta: &TableMeta, records: &Dataset) -> Result<Self, Error> {
        let mut periods = BTreeMap::new();
        for batch in records.columns(&["record", "period"]) {
            self::periods(&batch?).into_iter().for_each(|period| *periods.entry(period).or_default() += 1);
        }
        Ok(Self { file, number: meta.number, form: meta.form.clone(), periods, records: records.clone(), out: Vec::new() })
    }

    /// What is left of its records, with the file's ordinal in their numbers.
    pub fn batches<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = Result<RecordBatch, Error>> + 'a {
        self.left(config, self.records.batches())
    }

    /// The same with the columns alone that make keys of records.
    pub fn keyed<'a>(&'a self, config: &'a Config) -> impl Iterator<Item = Result<RecordBatch, Error>> + 'a {
        let columns = key_columns(config, &self.form);
        self.left(config, self.records.columns(&columns.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    fn left<'a>(&'a self, config: &'a Config, batches: Batches) -> impl Iterator<Item = Result<RecordBatch, Error>> + 'a {
        let form = config.form.get(&self.form);
        batches.map(move |batch| {
            let mut batch = rebase(&batch?, self.file)?;
            for out in &self.out {
                batch = filter_record_batch(&batch, &not(&out.of(form, &batch))?)?;
            }
            Ok(batch)
        })
    }

    /// Takes records out, and looks at them as they go.
    pub fn take_out(&mut self, config: &Config, out: Out, mut gone: impl FnMut(&RecordBatch)) -> Result<(), Error> {
        let form = config.form.get(&self.form);
        let mut periods = BTreeMap::new();
        for batch in self.batches(config) {
            let batch = batch?;
            let taken = out.of(form, &batch);
            gone(&filter_record_batch(&batch, &taken)?);
            let left = filter_record_batch(&batch, &not(&taken)?)?;
            self::periods(&left).into_iter().for_each(|period| *periods.entry(period).or_default() += 1);
        }
        self.periods = periods;
        self.out.push(out);
        Ok(())
    }
}

/// Loads the tables of all files and takes out the records that do not stand.
///
/// # Errors
/// There are more files than record numbers can tell apart, or what a parser left cannot be read.
pub fn load(config: &Config, scratch: &Scratch, parsed: &[ParsedFile], receipts: &Receipts) -> Result<Loaded, Error> {
    if parsed.len() > MAX_FILES {
        let error = Error::new(ErrorKind::Unreadable, "ERR-062");
        return Err(error.with("count", parsed.len().to_string()).with("limit", MAX_FILES.to_string()));
    }
    let mut loaded = Loaded {
        forms: BTreeMap::new(),
        schemas: BTreeMap::new(),
        sums: Dataset::empty(Arc::new(sums_schema())),
        names: Dataset::empty(Arc::new(names_schema())),
        unsummed: HashSet::new(),
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
            loaded.keys.entry(meta.form.clone()).or_default().push_str(&format!(
                "{ordinal}:{source}:{}{} ",
                read.key,
                receipts.text(ordinal)
            ));
            let Some(records) = read.records(meta.number).filter(|_| meta.rows > 0) else {
                loaded.note_part(ordinal, &meta.form, meta.period, 0);
                continue;
            };
            let totals = loaded.incoming.entry(meta.form.clone()).or_default();
            for batch in records.columns(&Totals::columns(records.schema())) {
                totals.add(&batch?);
            }
            if records.rows() != meta.rows {
                return Err(Error::bug(format!("a table of {} records came in with {}", meta.rows, records.rows())));
            }
            let table = Table::of(ordinal, meta, records)?;
            for (period, rows) in &table.periods {
                loaded.note_part(ordinal, &meta.form, *period, *rows);
            }
            tables.push(table);
        }
    }
    loaded.filed = filed(config, parsed, &tables)?;
    versions::settle(config, parsed, receipts, &mut tables, &mut loaded)?;
    join(config, scratch, tables, &mut loaded)?;
    beside(scratch, parsed, &mut loaded)?;
    Ok(loaded)
}

/// What each file of a folder or an address holds; uploads were asked when they were checked.
fn filed(config: &Config, parsed: &[ParsedFile], tables: &[Table]) -> Result<Vec<(String, String, Vec<Holding>)>, Error> {
    let mut held: BTreeMap<usize, BTreeMap<&str, Vec<&Table>>> = BTreeMap::new();
    for table in tables.iter().filter(|t| parsed[t.file].input.file.upload.is_none()) {
        held.entry(table.file).or_default().entry(&table.form).or_default().push(table);
    }
    let mut filed = Vec::new();
    for (file, of_form) in held {
        let file = &parsed[file].input.file;
        let mut found = Vec::new();
        for (form, tables) in of_form {
            found.extend(holdings(config, form, tables.into_iter().flat_map(|table| table.keyed(config)))?);
        }
        filed.push((file.source.clone(), file.path.clone(), found));
    }
    Ok(filed)
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
fn join(config: &Config, scratch: &Scratch, tables: Vec<Table>, loaded: &mut Loaded) -> Result<(), Error> {
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
        let schema = union_schema(std::iter::once(&first).chain(own.iter().map(|t| t.records.schema().as_ref())).chain([&always]));
        let mut writer = scratch.writer(schema.clone());
        for batch in own.iter().flat_map(|table| table.batches(config)) {
            writer.write(&widen(&batch?, &schema)?)?;
        }
        loaded.forms.insert(id.clone(), writer.finish()?);
        loaded.schemas.insert(id.clone(), schema);
    }
    Ok(())
}

/// Brings together what tables hold beside their records: their sum rows, and the single names of cells that hold several.
fn beside(scratch: &Scratch, parsed: &[ParsedFile], loaded: &mut Loaded) -> Result<(), Error> {
    let (mut sums, mut names) = (scratch.writer(loaded.sums.schema().clone()), scratch.writer(loaded.names.schema().clone()));
    for (file, read) in parsed.iter().enumerate().filter_map(|(file, p)| Some((file, p.tables.as_ref()?))) {
        for meta in &parsed[file].manifest.tables {
            // Sum rows of a table out of use are not judged.
            let summed = read.sums(meta.number).filter(|_| !loaded.unsummed.contains(&(file, meta.number)));
            for (dataset, writer) in [(summed, &mut sums), (read.names(meta.number), &mut names)] {
                for batch in dataset.into_iter().flat_map(Dataset::batches) {
                    writer.write(&rebase(&batch?, file)?)?;
                }
            }
        }
    }
    (loaded.sums, loaded.names) = (sums.finish()?, names.finish()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::BATCH_ROWS;
    use crate::pipeline::gather::InputFile;
    use crate::pipeline::parser::Manifest;
    use crate::pipeline::tables::ParsedTables;
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
        let scratch = Scratch::below(folder.path(), BATCH_ROWS).expect("a folder");
        last.tables = Some(ParsedTables::of_records(0, scratch.dataset(schema, [&batch]).expect("a dataset")));
        all.push(last);
        let config = crate::config::load_defaults(folder.path()).expect("the defaults");
        let loaded = load(&config, &scratch, &all, &Receipts::by_names(&all)).expect("loaded");
        let record = loaded.forms["patents"].collect().expect("batches")[0]
            .column(0)
            .as_primitive::<datafusion::arrow::datatypes::Int64Type>()
            .value(0);
        assert_eq!(Address::of(record), Address { file: 65_536, table: 0, row: 2 });
        let place = loaded.places.place(record, &[]).expect("a place");
        assert_eq!((place.file.path.as_str(), place.sheet, place.cell.as_str()), ("last.csv", "清单", "2"));
    }
}
