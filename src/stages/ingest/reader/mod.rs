//! Reads spreadsheets and text tables as a stream of rows of cells.
//!
//! Owns: every byte of a bureau's file until it is a cell with its text as stored.
//! Takes: a path and [`Limits`]. Gives: sheets, rows and notes to a [`Sink`], and [`FileFacts`] or a
//! [`Refusal`] in the end; after a refusal everything received before is void.
//! Invariants: the format is found from the content; an archive is checked, and each needed part's
//! checksum compared, before its first row leaves; nothing from outside makes it panic; values are
//! never changed: a number of an .xlsx is the text in the file, a double of the other formats its
//! shortest decimal; where its format shows a date or a percentage, it is that.
//! Runs in a child process with a bounded address space, since calamine (.xls) could
//! panic or ask for memory without bound on hostile files.
//! Deliberately absent: finding tables and headers, units, any meaning of a text.

mod archive;
mod error_value;
mod feed;
#[cfg(test)]
mod fuzz;
mod hidden;
mod limits;
mod number;
mod number_format;
mod ods;
mod row;
mod serial;
mod signature;
#[cfg(test)]
mod testing;
mod text_table;
mod transcode;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

use std::path::Path;

use self::archive::Archive;
use self::feed::Feed;
use self::signature::Container;

pub use self::limits::Limits;
pub use self::row::{Cell, CellKind, FileFacts, FileKind, Note, Refusal, Row, SheetHead, Sink, Span};

/// What the content of a file turned out to be.
enum Content<'a> {
    Xlsx(Archive<'a>, String),
    Xlsb(Archive<'a>, String),
    Ods(Archive<'a>),
    Xls,
    Csv,
}

impl Content<'_> {
    /// Returns the format.
    fn kind(&self) -> FileKind {
        match self {
            Self::Xlsx(..) => FileKind::Xlsx,
            Self::Xlsb(..) => FileKind::Xlsb,
            Self::Ods(_) => FileKind::Ods,
            Self::Xls => FileKind::Xls,
            Self::Csv => FileKind::Csv,
        }
    }
}

/// Tells the format of a file from its content, without reading its rows.
///
/// # Errors
/// A [`Refusal`] with its code `FIL-1xx` when the file is no table or its archive is unsound.
pub fn sniff(path: &Path) -> Result<FileKind, Refusal> {
    content(path, &Limits::default()).map(|content| content.kind())
}

/// Reads a file into a sink.
///
/// # Errors
/// A [`Refusal`] with its code `FIL-1xx` when the file is no table, damaged, or beyond the limits.
pub fn read(path: &Path, limits: &Limits, sink: &mut dyn Sink) -> Result<FileFacts, Refusal> {
    let mut content = content(path, limits)?;
    let kind = content.kind();
    let mut feed = Feed::new(sink, limits);
    let mut encoding = None;
    match &mut content {
        Content::Xlsx(archive, part) => xlsx::read(archive, part, &mut feed)?,
        Content::Xlsb(archive, part) => xlsb::read(archive, part, &mut feed)?,
        Content::Ods(archive) => ods::read(archive, &mut feed)?,
        Content::Xls => xls::read(path, &mut feed)?,
        Content::Csv => encoding = Some(text_table::read(path, &mut feed)?),
    }
    let (sheets, cells) = feed.totals();
    Ok(FileFacts { kind, encoding, sheets, cells })
}

/// Finds out what a file is, by its signature and, in an archive, by its parts.
fn content<'a>(path: &Path, limits: &'a Limits) -> Result<Content<'a>, Refusal> {
    let mut archive = match signature::container(path, limits)? {
        Container::Ole => return Ok(Content::Xls),
        Container::Text => return Ok(Content::Csv),
        Container::Archive => Archive::open(path, limits)?,
    };
    if archive.has("mimetype") {
        let kind = archive.small("mimetype")?;
        let kind = kind.trim_ascii();
        if kind.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
            return Ok(Content::Ods(archive));
        }
        if kind.starts_with(b"application/vnd.oasis.opendocument.") {
            return Err(Refusal::new("FIL-130"));
        }
    }
    const WORKBOOK: &str = "xl/workbook.xml";
    let main = match xlsx::workbook_part(&mut archive, limits) {
        // The package's relations only say where the workbook is, and mostly it is at one place; some programs leave them out.
        Ok(None) if archive.has(WORKBOOK) => Some(WORKBOOK.to_owned()),
        Ok(Some(part)) if !archive.has(&part) && archive.has(WORKBOOK) => Some(WORKBOOK.to_owned()),
        Err(refusal) if refusal.code == "FIL-114" && archive.has(WORKBOOK) => Some(WORKBOOK.to_owned()),
        other => other?,
    };
    match main {
        Some(part) if part.to_ascii_lowercase().ends_with(".bin") => Ok(Content::Xlsb(archive, part)),
        Some(part) => Ok(Content::Xlsx(archive, part)),
        None if ods::is_spreadsheet(&mut archive)? => Ok(Content::Ods(archive)),
        None if archive.has("Index/Document.iwa") => Err(Refusal::new("FIL-138")),
        None => Err(Refusal::new("FIL-129")),
    }
}
