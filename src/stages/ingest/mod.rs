//! Ingest: from a file's bytes to records whose every cell keeps its file, sheet, address and text.
//!
//! Owns: signatures, archive checks, cell readers ([`reader`]), and finding tables in the mess of real sheets.
//! Takes: a path and what its source may send. Gives: records to a [`RecordSink`], and what is to be said of the file.
//! Invariants: runs in the parsing child, single-threaded; never guesses a unit or a period; a sum row is never a
//! record; cells of personal columns are dropped before anybody sees them.

mod alignment;
mod doubts;
mod folding;
mod head;
mod header;
mod labels;
mod layout;
mod lines;
mod lookout;
mod merged;
mod numbering;
mod opening;
pub mod reader;
mod sheet;
mod sides;
mod sink;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod units;

pub use labels::Labels;
pub use reader::{FileFacts, Limits, Refusal};
pub use sink::RecordSink;
pub use source::{OtherForm, Source};

use crate::finding::Seed;
use crate::model::place::MAX_TABLES;
use crate::model::raw::TableMeta;
use reader::{FileKind, Note, Row, SheetHead, Sink};
use sheet::SheetReader;
use std::path::Path;
use units::UnitsBelow;

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
    read_from(0, path, source, limits, sink)
}

/// Reads a file whose first table has this number.
fn read_from<S: RecordSink>(
    next_table: u32,
    path: &Path,
    source: &Source<'_>,
    limits: &Limits,
    sink: &mut S,
) -> Result<FileOutcome, Refusal> {
    let mut below = UnitsBelow::new();
    let (mut facts, mut pass) = one_pass(next_table, path, source, limits, &below, sink)?;
    if !pass.said_below.is_empty() {
        // What stands below a table holds for its first row as well.
        below = std::mem::take(&mut pass.said_below);
        sink.restart();
        (facts, pass) = one_pass(next_table, path, source, limits, &below, sink)?;
    }
    let Found { tables, mut seeds, next_table, hiding_unknown, .. } = pass;
    if next_table > MAX_TABLES {
        return Err(Refusal::new("FIL-119").with("what", "tables").with("limit", MAX_TABLES));
    }
    if hiding_unknown && !tables.is_empty() {
        seeds.push(Seed::of_file("TBL-209", Vec::new()));
    }
    if tables.is_empty() {
        // One finding says it for all sheets.
        seeds.retain(|s| s.code != "TBL-201");
        if !seeds.iter().any(|s| s.code == "TBL-223") {
            seeds.push(Seed::of_file("TBL-200", Vec::new()));
        }
    }
    seeds.iter_mut().for_each(Seed::hide_personal);
    Ok(FileOutcome { facts, tables, seeds })
}

/// Reads a file once, with what is known to be said below its tables.
fn one_pass<S: RecordSink>(
    next_table: u32,
    path: &Path,
    source: &Source<'_>,
    limits: &Limits,
    below: &UnitsBelow,
    sink: &mut S,
) -> Result<(FileFacts, Found), Refusal> {
    let text_table = reader::sniff(path)? == FileKind::Csv;
    let mut gather = Gather { source, sink, text_table, below, open: None, found: Found { next_table, ..Found::default() } };
    let facts = reader::read(path, limits, &mut gather)?;
    gather.close();
    Ok((facts, gather.found))
}

/// What the sheets of a file gave so far.
#[derive(Default)]
struct Found {
    next_table: u32,
    tables: Vec<TableMeta>,
    seeds: Vec<Seed>,
    /// Whether a sheet comes from a format that does not tell what is hidden.
    hiding_unknown: bool,
    /// Units said below tables.
    said_below: UnitsBelow,
}

/// Runs a [`SheetReader`] for each visible sheet and counts what hidden ones hold.
struct Gather<'a, 's, S> {
    source: &'a Source<'a>,
    sink: &'s mut S,
    text_table: bool,
    below: &'a UnitsBelow,
    open: Option<Open<'a>>,
    found: Found,
}

enum Open<'a> {
    Shown(Box<SheetReader<'a>>),
    Hidden { name: String, rows: u64 },
}

impl<S: RecordSink> Gather<'_, '_, S> {
    fn close(&mut self) {
        match self.open.take() {
            Some(Open::Shown(sheet)) => {
                let outcome = sheet.finish(self.sink);
                self.found.next_table = outcome.next_table;
                self.found.tables.extend(outcome.tables);
                self.found.seeds.extend(outcome.seeds);
                self.found.said_below.extend(outcome.below);
            }
            Some(Open::Hidden { name, rows }) if rows > 0 => {
                let args = vec![("rows".into(), rows.to_string())];
                self.found.seeds.push(Seed { sheet: Some(name), ..Seed::of_file("TBL-206", args) });
            }
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
        self.found.hiding_unknown |= head.hidden_columns.is_none();
        self.open = Some(if head.visible {
            Open::Shown(Box::new(SheetReader::new(self.source, &head, self.text_table, self.found.next_table, self.below)))
        } else {
            Open::Hidden { name: head.name, rows: 0 }
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
        let quoted = ["found", "text", "serial", "address", "first"];
        let found = quoted.iter().find_map(|name| note.args.iter().find(|(k, _)| k == name)).map(|(_, v)| v.clone()).unwrap_or_default();
        let seed = Seed {
            code: note.code.to_owned(),
            sheet: if self.text_table { Some(self.source.stem().to_owned()) } else { note.sheet },
            row: note.row,
            column: note.column,
            found,
            args: note.args.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        };
        match &mut self.open {
            // Whether a cell may be quoted is known once its row was read.
            Some(Open::Shown(sheet)) => sheet.note(seed),
            Some(Open::Hidden { .. }) => self.found.seeds.push(table::unquoted(seed)),
            None => self.found.seeds.push(seed),
        }
    }
}
