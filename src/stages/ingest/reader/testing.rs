//! What the reader's tests share: a sink that remembers, archives and files made on the spot.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::feed::column_exists;
use super::row::{CellKind, FileFacts, Note, Refusal, Row, SheetHead, Sink};
use super::{Limits, read};

/// A cell that was handed out.
pub(super) type Seen = (CellKind, bool, String);

/// Remembers everything.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Recorder {
    pub(super) heads: Vec<SheetHead>,
    /// By sheet, row and column.
    pub(super) cells: BTreeMap<(usize, u32, u32), Seen>,
    pub(super) hidden_rows: Vec<u32>,
    pub(super) notes: Vec<Note>,
    open: bool,
}

impl Sink for Recorder {
    fn begin_sheet(&mut self, head: &SheetHead) {
        assert!(!self.open, "a sheet begins inside another");
        let hidden = head.hidden_columns.as_deref().unwrap_or_default();
        assert!(hidden.iter().all(|(first, last)| first <= last && column_exists(*last)), "{hidden:?}");
        assert!(hidden.windows(2).all(|pair| pair[0].1 < pair[1].0), "{hidden:?}");
        self.open = true;
        self.heads.push(head.clone());
    }

    fn row(&mut self, row: &Row) {
        assert!(self.open && !row.cells.is_empty());
        assert!(row.cells.windows(2).all(|pair| pair[0].column < pair[1].column));
        if row.hidden {
            self.hidden_rows.push(row.number);
        }
        for cell in &row.cells {
            let text = row.text(cell).to_owned();
            assert!(!text.is_empty());
            let place = (self.heads.len() - 1, row.number, cell.column);
            self.cells.insert(place, (cell.kind, cell.formula, text));
        }
    }

    fn end_sheet(&mut self) {
        assert!(self.open);
        self.open = false;
    }

    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
}

impl Recorder {
    /// Returns kind and text of a cell of the first sheet.
    pub(super) fn at(&self, row: u32, column: u32) -> Option<(CellKind, &str)> {
        self.at_sheet(0, row, column)
    }

    /// Returns kind and text of a cell.
    pub(super) fn at_sheet(&self, sheet: usize, row: u32, column: u32) -> Option<(CellKind, &str)> {
        self.cells.get(&(sheet, row, column)).map(|(kind, _, text)| (*kind, text.as_str()))
    }

    /// Returns the codes of all notes.
    pub(super) fn codes(&self) -> Vec<&'static str> {
        self.notes.iter().map(|note| note.code).collect()
    }
}

/// Reads bytes as a file of this name.
pub(super) fn read_named(name: &str, bytes: &[u8]) -> Result<(FileFacts, Recorder), Refusal> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let mut recorder = Recorder::default();
    read(&path, &Limits::default(), &mut recorder).map(|facts| (facts, recorder))
}

/// Reads bytes as a file, whatever it is.
pub(super) fn read_bytes(bytes: &[u8]) -> Result<Recorder, Refusal> {
    read_named("表.dat", bytes).map(|(_, recorder)| recorder)
}

/// Returns the code with which bytes are refused.
pub(super) fn refused(bytes: &[u8]) -> &'static str {
    read_bytes(bytes).expect_err("must be refused").code
}

/// Makes an archive of parts.
pub(super) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Puts bytes in place of the first occurrence of others of the same length.
pub(super) fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    let at = memchr::memmem::find(bytes, old).expect("present");
    bytes[at..at + new.len()].copy_from_slice(new);
}
