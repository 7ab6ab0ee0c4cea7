//! From parsed files to the datasets of a run: versions decided, columns brought together.

use super::gather::ParsedFile;
use crate::config::{Config, FieldKind};
use crate::engine::store::{union_schema, widen};
use crate::error::{Error, ErrorKind};
use crate::finding::Seed;
use crate::ledger::Part;
use crate::model::account::{Account, Place};
use crate::model::place::{Address, FileName, MAX_FILES, Places, file_base};
use crate::model::uscc;
use crate::stages::acquire::{Candidate, KeySet, Older, RecordKey, Superseded, supersede};
use crate::stages::merge;
use crate::stages::standardize::{field_columns, names_schema, sums_schema};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::compute::kernels::numeric::add;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Int32Type, Int64Type, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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
}

impl Loaded {
    fn note_part(&mut self, file: usize, form: &str, period: Option<i32>, rows: u64) {
        let parts = self.parts.entry(file).or_default();
        match parts.iter_mut().find(|p| p.form == form && p.period == period) {
            Some(part) => part.rows += rows,
            None => parts.push(Part { form: form.to_owned(), period, rows }),
        }
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

/// Source, form and period: what two files must share to be versions of one return.
type ReturnKey = (String, String, Option<i32>);

/// A table as its file holds it.
struct Table {
    file: usize,
    number: u16,
    form: String,
    period: Option<i32>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Table {
    /// The periods of its records: one, unless years stand in its rows.
    fn periods(&self) -> BTreeSet<Option<i32>> {
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

/// Loads the tables of all files and takes superseded records out.
///
/// # Errors
/// There are more files than record numbers can tell apart, or what a parser left cannot be read.
pub fn load(config: &Config, parsed: &[ParsedFile]) -> Result<Loaded, Error> {
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
            loaded.keys.entry(meta.form.clone()).or_default().push_str(&format!("{ordinal}:{source}:{}{} ", read.key, said(file)));
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
    versions(config, parsed, &mut tables, &mut loaded)?;
    join(config, tables, &mut loaded)?;
    Ok(loaded)
}

/// What of an upload decides which version counts; of other files the entry's key already says it.
fn said(file: &ParsedFile) -> String {
    file.input.file.upload.as_ref().map_or_else(String::new, |_| format!("{:?}", file.input.file.version()))
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

/// Takes superseded records out and says so.
fn versions(config: &Config, parsed: &[ParsedFile], tables: &mut Vec<Table>, loaded: &mut Loaded) -> Result<(), Error> {
    let returns = |t: &Table| {
        let (source, form) = (parsed[t.file].input.file.source.clone(), t.form.clone());
        t.periods().into_iter().map(move |period| (source.clone(), form.clone(), period))
    };
    let mut groups: HashMap<ReturnKey, HashSet<usize>> = HashMap::new();
    for table in tables.iter() {
        returns(table).for_each(|key| _ = groups.entry(key).or_default().insert(table.file));
    }
    let mut candidates: BTreeMap<(usize, ReturnKey), Candidate> = BTreeMap::new();
    for table in tables.iter() {
        for group in returns(table).filter(|key| groups.get(key).is_some_and(|files| files.len() > 1)) {
            let keys: Vec<RecordKey> = table.batches.iter().flat_map(|b| keys(b, group.2)).collect();
            let (part, rank) = parsed[table.file].input.file.version();
            let candidate = candidates.entry((table.file, group.clone())).or_insert_with(|| Candidate {
                file: table.file,
                tables: Vec::new(),
                group,
                part,
                rank,
                keys: Vec::new(),
            });
            candidate.tables.push(table.number);
            candidate.keys.extend(keys);
        }
    }
    let candidates: Vec<Candidate> = candidates.into_values().collect();
    let name = |file: usize| parsed[file].input.file.path.clone();
    for decision in supersede(&candidates) {
        match decision {
            Superseded::Whole { older, by } => take_out(tables, &older, None, &name(by), loaded)?,
            Superseded::Partly { older, by, keys } => take_out(tables, &older, Some(&keys), &name(by), loaded)?,
            Superseded::Undecided { one, other, group: (_, form, period), common } => {
                let args = vec![
                    ("other".to_owned(), name(one)),
                    ("count".to_owned(), common.to_string()),
                    ("form".to_owned(), config.form.get(&form).map(|f| f.title.clone()).unwrap_or_default()),
                    ("period".to_owned(), period.map(|p| format!(" {p}")).unwrap_or_default()),
                ];
                loaded.seeds.push((other, Seed::of_file("SRC-002", args)));
            }
        }
    }
    Ok(())
}

/// Removes the records of an older version, or those of them with the given keys.
fn take_out(tables: &mut Vec<Table>, older: &Older, only: Option<&KeySet>, by: &str, loaded: &mut Loaded) -> Result<(), Error> {
    let mut rows = 0;
    for table in tables.iter_mut().filter(|t| t.file == older.file && older.tables.contains(&t.number)) {
        for batch in &mut table.batches {
            let mut keys = keys(batch, older.period).into_iter();
            let of_period = periods(batch).into_iter().map(|p| p == older.period);
            let out: BooleanArray =
                of_period.map(|ours| Some(ours && keys.next().is_some_and(|k| only.is_none_or(|only| only.contains(&k))))).collect();
            let gone = filter_record_batch(batch, &out)?;
            *batch = filter_record_batch(batch, &datafusion::arrow::compute::not(&out)?)?;
            rows += gone.num_rows();
            loaded.outgoing.entry(table.form.clone()).or_default().add(&gone);
            loaded.superseded.push(Account {
                dataset: table.form.clone(),
                file: table.file,
                place: Place::Superseded,
                reason: String::new(),
                rows: gone.num_rows() as u64,
                amount: amount(&gone),
            });
        }
    }
    let empty = |t: &Table| t.batches.iter().all(|b| b.num_rows() == 0);
    let gone: HashSet<(usize, u16)> = tables.iter().filter(|t| empty(t)).map(|t| (t.file, t.number)).collect();
    tables.retain(|t| !empty(t));
    if rows > 0 {
        let args = vec![("other".to_owned(), by.to_owned()), ("rows".to_owned(), rows.to_string())];
        loaded.seeds.push((older.file, Seed::of_file("SRC-003", args)));
    }
    // Sum rows of a table out of use are not judged; if some of its records still count, theirs was a partial correction.
    if only.is_none() && !gone.is_empty() {
        for batch in std::mem::take(&mut loaded.sums.batches) {
            let keep: BooleanArray = records(&batch).iter().map(|r| Some(!gone.contains(&Address::of(*r).in_table()))).collect();
            loaded.sums.batches.push(filter_record_batch(&batch, &keep)?);
        }
    }
    Ok(())
}

fn records(batch: &RecordBatch) -> Vec<i64> {
    batch.column(0).as_primitive::<Int64Type>().values().to_vec()
}

pub use crate::model::account::BALANCED;

/// The sum of the balanced column, in yuan at scale 4.
fn amount(batch: &RecordBatch) -> i128 {
    let column = BALANCED.iter().find_map(|name| batch.column_by_name(name));
    column.map_or(0, |c| c.as_primitive::<Decimal128Type>().iter().flatten().sum())
}

/// The period of each record.
fn periods(batch: &RecordBatch) -> Vec<Option<i32>> {
    batch.column(1).as_primitive::<Int32Type>().iter().collect()
}

/// The keys of the records of one period: code or patent number, and name.
fn keys(batch: &RecordBatch, period: Option<i32>) -> Vec<RecordKey> {
    let texts = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
    let (number, uscc, name) = (texts("patent_number"), texts("uscc"), texts("name_key"));
    let text = |column: Option<&StringArray>, row: usize| column.filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned());
    let rows = periods(batch).into_iter().enumerate().filter(|(_, p)| *p == period);
    rows.map(|(row, _)| row)
        .map(|row| match text(number, row) {
            Some(number) => RecordKey { code: Some(number), code_ok: true, name: None },
            None => {
                let code = text(uscc, row);
                RecordKey { code_ok: code.as_deref().is_some_and(|c| uscc::check(c).is_ok()), code, name: text(name, row) }
            }
        })
        .collect()
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
        let loaded = load(&config, &all).expect("loaded");
        let record = records(&loaded.forms["patents"].batches[0])[0];
        assert_eq!(Address::of(record), Address { file: 65_536, table: 0, row: 2 });
        let place = loaded.places.place(record, &[]).expect("a place");
        assert_eq!((place.file.path.as_str(), place.sheet, place.cell.as_str()), ("last.csv", "清单", "2"));
    }
}
