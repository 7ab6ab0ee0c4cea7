//! Ingest: from a file's bytes to records whose every cell keeps its file, sheet, address and text.
//!
//! Owns: signatures, archive checks, cell readers ([`reader`]), and finding tables in the mess of real sheets.
//! Takes: a path and what its source may send. Gives: records to a [`RecordSink`], and what is to be said of the file.
//! Invariants: runs in the parsing child, single-threaded; never guesses a unit or a period; a sum row is never a
//! record; cells of personal columns are dropped before anybody sees them.

mod header;
mod labels;
pub mod reader;
mod sheet;

pub use labels::Labels;
pub use reader::{FileFacts, Limits, Refusal};

use crate::config::{FieldKind, FormOptions, PeriodKind};
use crate::finding::Seed;
use crate::model::amount::Unit;
use crate::model::raw::{RawCell, SumKind, TableMeta};
use indexmap::IndexMap;
use reader::{FileKind, Note, Row, SheetHead, Sink};
use sheet::SheetReader;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Receives what a file holds, in reading order.
pub trait RecordSink {
    /// A table begins.
    fn table(&mut self, meta: &TableMeta);
    /// A record; `cells` has one place for each field of the form.
    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]);
    /// A sum row, to be checked and never loaded.
    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, label: &str, cells: &[Option<RawCell<'_>>]);
    /// A table ends.
    fn end_table(&mut self, meta: &TableMeta);
}

/// What a source may send, prepared for reading one of its files.
pub struct Source<'a> {
    /// The file's name, which may tell the year.
    pub file_name: &'a str,
    labels: IndexMap<String, Labels>,
    keys: IndexMap<String, Vec<String>>,
    periods: HashMap<String, PeriodKind>,
    units: HashMap<(String, String), Unit>,
    words: HashSet<String>,
    expected: HashMap<String, Vec<(String, String)>>,
}

impl<'a> Source<'a> {
    /// Prepares the header words of the given forms.
    pub fn new(file_name: &'a str, forms: &IndexMap<String, FormOptions>) -> Self {
        let mut units = HashMap::new();
        let mut words = HashSet::new();
        let mut expected: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (id, form) in forms {
            for (name, field) in &form.field {
                if let Some(unit) = field.unit.as_deref().and_then(Unit::find).filter(|_| field.kind == FieldKind::Amount) {
                    units.insert((id.clone(), name.clone()), unit);
                }
                if form.key.contains(name) {
                    words.insert(field.label.clone());
                    words.extend(field.aliases.iter().cloned());
                }
                if field.expected {
                    expected.entry(id.clone()).or_default().push((name.clone(), field.label.clone()));
                }
            }
        }
        Self {
            file_name,
            labels: labels::index(forms),
            keys: forms.iter().map(|(id, f)| (id.clone(), f.key.clone())).collect(),
            periods: forms.iter().map(|(id, f)| (id.clone(), f.period)).collect(),
            units,
            words,
            expected,
        }
    }

    /// The file's name without its extension: the one sheet of a text table.
    fn stem(&self) -> &str {
        self.file_name.rsplit_once('.').map_or(self.file_name, |(stem, _)| stem)
    }

    fn expected(&self, form: &str) -> Vec<(String, String)> {
        self.expected.get(form).cloned().unwrap_or_default()
    }
}

/// What is to be said of a file that was read.
#[derive(Debug)]
pub struct FileOutcome {
    /// Kind, encoding, sheets, cells.
    pub facts: FileFacts,
    /// Its tables.
    pub tables: Vec<TableMeta>,
    /// Findings about file, sheets and cells.
    pub seeds: Vec<Seed>,
}

/// Reads one file into the sink.
///
/// # Errors
/// A [`Refusal`] says why the file cannot be used at all; what the sink got so far must then be thrown away.
pub fn read<S: RecordSink>(path: &Path, source: &Source<'_>, limits: &Limits, sink: &mut S) -> Result<FileOutcome, Refusal> {
    let text_table = reader::sniff(path)? == FileKind::Csv;
    let mut gather = Gather { source, sink, text_table, open: None, tables: Vec::new(), seeds: Vec::new() };
    let facts = reader::read(path, limits, &mut gather)?;
    gather.close();
    let Gather { tables, mut seeds, .. } = gather;
    if tables.is_empty() {
        // One finding says it for all sheets.
        seeds.retain(|s| s.code != "TBL-201");
        seeds.push(Seed { code: "TBL-200".into(), sheet: None, row: None, column: None, found: String::new(), args: Vec::new() });
    }
    Ok(FileOutcome { facts, tables, seeds })
}

/// Runs a [`SheetReader`] for each visible sheet and counts what hidden ones hold.
struct Gather<'a, 's, S> {
    source: &'a Source<'a>,
    sink: &'s mut S,
    text_table: bool,
    open: Option<Open<'a>>,
    tables: Vec<TableMeta>,
    seeds: Vec<Seed>,
}

enum Open<'a> {
    Shown(SheetReader<'a>),
    Hidden { name: String, rows: u64 },
}

impl<S: RecordSink> Gather<'_, '_, S> {
    fn close(&mut self) {
        match self.open.take() {
            Some(Open::Shown(sheet)) => {
                let outcome = sheet.finish(self.sink);
                self.tables.extend(outcome.tables);
                self.seeds.extend(outcome.seeds);
            }
            Some(Open::Hidden { name, rows }) if rows > 0 => self.seeds.push(Seed {
                code: "TBL-206".into(),
                sheet: Some(name),
                row: None,
                column: None,
                found: String::new(),
                args: vec![("rows".into(), rows.to_string())],
            }),
            _ => {}
        }
    }
}

impl<S: RecordSink> Sink for Gather<'_, '_, S> {
    fn begin_sheet(&mut self, head: &SheetHead) {
        self.close();
        let mut head = head.clone();
        if self.text_table {
            // The reader knows the store's name only.
            self.source.stem().clone_into(&mut head.name);
        }
        self.open = Some(if head.visible == Some(false) {
            Open::Hidden { name: head.name.clone(), rows: 0 }
        } else {
            let next = self.tables.last().map_or(0, |t| t.number + 1);
            Open::Shown(SheetReader::new(self.source, &head, self.text_table, next))
        });
    }

    fn row(&mut self, row: &Row) {
        match &mut self.open {
            Some(Open::Shown(sheet)) => sheet.row(row, self.sink),
            Some(Open::Hidden { rows, .. }) => *rows += u64::from(!row.cells.is_empty()),
            None => {}
        }
    }

    fn end_sheet(&mut self) {
        self.close();
    }

    fn note(&mut self, note: Note) {
        let found = note.args.iter().find(|(k, _)| *k == "found").map(|(_, v)| v.clone()).unwrap_or_default();
        self.seeds.push(Seed {
            code: note.code.to_owned(),
            sheet: if self.text_table { Some(self.source.stem().to_owned()) } else { note.sheet },
            row: note.row,
            column: note.column,
            found,
            args: note.args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        });
    }
}
