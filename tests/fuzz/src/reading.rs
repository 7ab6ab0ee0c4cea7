//! Reads a file as the parsing child does, from bytes to standardized records, and holds every step to what it promises.

use huichi::config::{Config, FormOptions, load_defaults};
use huichi::model::raw::{PartStart, RawCell, SumKind, TableMeta};
use huichi::stages::ingest::reader::{self, FileKind, Note, Row, SheetHead, Sink};
use huichi::stages::ingest::{self, Limits, OtherForm, RecordSink, Source};
use huichi::stages::standardize::Standardizer;
use indexmap::IndexMap;
use libfuzzer_sys::Corpus;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::LazyLock;

/// The name of the file, which may tell the year.
const FILE_NAME: &str = "企业经营情况_2025年.dat";
/// Rows and columns of a sheet in every current format.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u32 = 16_384;

/// The product's limits, those lowered that a small file can exhaust by repetition: what is slow or large in kind shows below them too.
static LIMITS: LazyLock<Limits> = LazyLock::new(|| Limits {
    inflated_bytes: 64 << 20,
    cells: 200_000,
    cell_text_bytes: 16 << 10,
    row_text_bytes: 1 << 20,
    total_text_bytes: 16 << 20,
    dense_cells: 200_000,
    notes_per_code: 20,
    ..Limits::default()
});

static CONFIG: LazyLock<Config> = LazyLock::new(|| load_defaults(Path::new("")).expect("the defaults"));

/// Senders whose file it may be: one of every form, and one that knows the others' forms from theirs.
static SENDERS: LazyLock<[Sender; 2]> = LazyLock::new(|| [Sender::of(|_| true), Sender::of(|form| form == "returns")]);

/// What a sender may send.
struct Sender {
    forms: IndexMap<String, FormOptions>,
    source: Source<'static>,
}

impl Sender {
    fn of(sends: impl Fn(&str) -> bool) -> Self {
        let (own, others): (IndexMap<_, _>, IndexMap<_, _>) = CONFIG.form.clone().into_iter().partition(|(id, _)| sends(id));
        let beside: Vec<OtherForm> = others.into_values().map(|form| OtherForm { form, bureau: "工信局".to_owned() }).collect();
        Self { source: Source::new(FILE_NAME, &own).beside(&beside), forms: own }
    }
}

/// Reads bytes as a file that should be of this kind; what another reader takes is none of ours.
pub fn read(kind: FileKind, bytes: &[u8]) -> Corpus {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("written");
    let path = path(&file);
    let path = Path::new(&path);
    if reader::sniff(path).is_ok_and(|found| found != kind) {
        return Corpus::Reject;
    }
    let mut watch = Watch::default();
    let cells = reader::read(path, &LIMITS, &mut watch);
    if let Ok(facts) = &cells {
        assert!(!watch.open, "the last sheet ends");
        assert_eq!((facts.sheets, facts.cells), (watch.sheets, watch.cells), "what was handed out is what was counted");
    }
    let sender = &SENDERS[bytes.len() % SENDERS.len()];
    let mut tables = Tables::new(&sender.forms);
    let records = ingest::read(path, &sender.source, &LIMITS, &mut tables);
    match (cells, records) {
        (Ok(facts), Ok(outcome)) => {
            assert_eq!(facts, outcome.facts, "a file reads the same twice");
            tables.check(&outcome.tables);
        }
        (Err(first), Err(second)) => assert_eq!(first, second, "a file is refused for the same reason twice"),
        (Ok(_), Err(refusal)) => assert_eq!(refusal.code, "FIL-119", "only too many tables are refused behind the reader"),
        (Err(refusal), Ok(_)) => panic!("refused once: {refusal}"),
    }
    Corpus::Keep
}

/// The path of a file that has no name, and so leaves nothing behind when a process is ended.
fn path(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Watches what the reader hands out.
#[derive(Debug, Default)]
struct Watch {
    open: bool,
    last_row: u32,
    sheets: usize,
    cells: u64,
    text_table: bool,
}

impl Sink for Watch {
    fn begin_sheet(&mut self, head: &SheetHead) {
        assert!(!self.open, "a sheet begins inside another");
        (self.open, self.last_row) = (true, 0);
        self.sheets += 1;
        // Only a text table knows neither merged regions nor what is hidden.
        self.text_table = head.merged.is_none() && head.hidden_columns.is_none();
        for span in head.merged.iter().flatten() {
            assert!(0 < span.first_row && span.first_row <= span.last_row && span.first_column <= span.last_column, "{span:?}");
        }
        let hidden = head.hidden_columns.as_deref().unwrap_or_default();
        assert!(hidden.iter().all(|(first, last)| first <= last && *last < MAX_COLUMNS), "{hidden:?}");
        assert!(hidden.windows(2).all(|pair| pair[0].1 < pair[1].0), "ranges are in order: {hidden:?}");
    }

    fn row(&mut self, row: &Row) {
        assert!(self.open && !row.cells.is_empty(), "a row stands in a sheet and holds something");
        assert!(row.number > self.last_row, "row {} comes after row {}", row.number, self.last_row);
        self.last_row = row.number;
        assert!(self.text_table || row.number <= MAX_ROWS, "row {}", row.number);
        assert!(row.cells.windows(2).all(|pair| pair[0].column < pair[1].column), "columns ascend");
        for cell in &row.cells {
            assert!(self.text_table || cell.column < MAX_COLUMNS, "column {}", cell.column);
            let text = row.text(cell);
            assert!(!text.is_empty(), "no cell is blank");
            assert!(text.len() <= LIMITS.cell_text_bytes, "a long text is cut");
        }
        self.cells += row.cells.len() as u64;
    }

    fn end_sheet(&mut self) {
        assert!(self.open);
        self.open = false;
    }

    fn note(&mut self, note: Note) {
        assert!(note.row.is_some() || note.column.is_none(), "a cell has a row: {note:?}");
    }
}

/// Standardizes records as the parsing child does, and watches what ingest hands over.
struct Tables<'a> {
    forms: &'a IndexMap<String, FormOptions>,
    standardizer: Standardizer<'a>,
    /// Rows of the records of each table that began.
    records: BTreeMap<u16, Vec<u32>>,
    ended: HashSet<u16>,
}

impl<'a> Tables<'a> {
    fn new(forms: &'a IndexMap<String, FormOptions>) -> Self {
        Self { forms, standardizer: Standardizer::new(forms, &CONFIG.codes), records: BTreeMap::new(), ended: HashSet::new() }
    }

    /// A row is a cell for each field of its form, in a table that is open.
    fn check_row(&self, meta: &TableMeta, cells: &[Option<RawCell<'_>>]) {
        assert!(self.records.contains_key(&meta.number) && !self.ended.contains(&meta.number), "the table is open");
        assert_eq!(cells.len(), self.forms[&meta.form].field.len());
        assert!(cells.iter().flatten().all(|cell| !cell.text.is_empty()), "no cell is blank");
    }

    /// Every table that is told began and ended, and of its rows each is header, record or set aside.
    fn check(&self, tables: &[TableMeta]) {
        let told: HashSet<u16> = tables.iter().map(|table| table.number).collect();
        assert_eq!(told.len(), tables.len(), "a table is told once");
        assert_eq!(told, self.ended, "tables told are tables handed over");
        for table in tables {
            let records = &self.records[&table.number];
            assert_eq!(table.rows, records.len() as u64);
            let mut rows: Vec<u32> = records.clone();
            rows.extend(table.header_rows.0..=table.header_rows.1);
            rows.extend(table.aside.values().flat_map(|rows| rows.iter()));
            rows.sort_unstable();
            assert!(rows.windows(2).all(|pair| pair[0] < pair[1]), "a row is one thing only: {table:?}, records {records:?}");
        }
    }
}

impl RecordSink for Tables<'_> {
    fn restart(&mut self) {
        self.standardizer.restart();
        self.records.clear();
        self.ended.clear();
    }

    fn table(&mut self, meta: &TableMeta) {
        assert!(self.records.insert(meta.number, Vec::new()).is_none(), "a table begins once");
        self.standardizer.table(meta);
    }

    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]) {
        self.check_row(meta, cells);
        let rows = self.records.get_mut(&meta.number).expect("the table began");
        assert!(rows.last().is_none_or(|last| *last < row), "records come from top to bottom");
        rows.push(row);
        self.standardizer.record(meta, row, cells).expect("a batch");
    }

    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]) {
        self.check_row(meta, cells);
        self.standardizer.sum_row(meta, row, kind, label, cells);
    }

    fn part(&mut self, meta: &TableMeta, start: PartStart) {
        self.standardizer.part(meta, start);
    }

    fn end_table(&mut self, meta: &TableMeta) {
        assert!(self.records.contains_key(&meta.number) && self.ended.insert(meta.number), "a table ends once");
        self.standardizer.end_table(meta).expect("its records");
    }
}
