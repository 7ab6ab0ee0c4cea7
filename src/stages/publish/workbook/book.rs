//! The workbook as a whole.
//!
//! Owns the file, the names of the sheets and the account of what could not be shown as given.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::finding::word;
use crate::model::words::Lang;
use chrono::NaiveDateTime;
use rust_xlsxwriter::{DocProperties, Workbook, Worksheet};

use super::error::WorkbookError;
use super::page;

/// Rows that a sheet can have in the xlsx format.
pub const SHEET_ROWS: u32 = 1_048_576;

/// Places remembered by name in the report; the rest are only counted.
const PLACES: usize = 100;

/// Describes a workbook.
#[derive(Clone, Debug)]
pub struct BookProperties {
    /// Title in the file's properties and in the footers.
    pub title: String,
    /// Subject in the file's properties.
    pub subject: String,
    /// Author in the file's properties.
    pub author: String,
    /// Time of creation; fixed by the caller so that equal content gives equal bytes.
    pub created: NaiveDateTime,
    /// Rows that a sheet may have, at most [`SHEET_ROWS`]; smaller ones are for tests.
    pub sheet_rows: u32,
    /// Language of the kit's own words.
    pub lang: Lang,
}

/// Says what became of a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookReport {
    /// The sheets in their order.
    pub sheets: Vec<SheetReport>,
    /// Texts that were too long for a cell and were cut.
    pub cut_texts: u64,
    /// Cells of the first 100 cut texts, as `sheet!A1`.
    pub cut_places: Vec<String>,
    /// Texts in which control characters were replaced by pictures.
    pub replaced_texts: u64,
    /// Numbers of more than 15 significant digits, written as text.
    pub exact_texts: u64,
}

/// Says what a sheet holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetReport {
    /// Name of the sheet as it stands in the workbook.
    pub name: String,
    /// Rows of data; 0 for covers and overviews.
    pub rows: u64,
}

impl BookReport {
    /// Notes a text that was cut.
    pub(super) fn note_cut(&mut self, sheet: &str, row: u32, column: u16) {
        self.cut_texts += 1;
        if self.cut_places.len() < PLACES {
            let cell = rust_xlsxwriter::utility::row_col_to_cell(row, column);
            self.cut_places.push(format!("{sheet}!{cell}"));
        }
    }
}

/// Builds a workbook sheet by sheet; nothing is on disk under its name before [`Book::finish`].
pub struct Book {
    path: PathBuf,
    pub(super) workbook: Workbook,
    pub(super) lang: Lang,
    names: HashSet<String>,
    pub(super) report: BookReport,
    pub(super) footer: String,
    pub(super) sheet_rows: u32,
}

impl Book {
    /// Begins a workbook that will be written to `path`.
    ///
    /// Rows are spooled to unnamed temporary files in the folder of `path`.
    ///
    /// # Errors
    /// [`WorkbookError::Io`] if nothing can be written in that folder.
    pub fn create(path: &Path, properties: BookProperties) -> Result<Self, WorkbookError> {
        let mut workbook = Workbook::new();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        workbook.set_tempdir(folder)?;
        // Level 2 takes a third of the time of the default 6 and makes the file about a tenth larger.
        workbook.set_zip_compression_level(2);
        workbook.set_properties(
            &DocProperties::new()
                .set_title(plain(&properties.title))
                .set_subject(plain(&properties.subject))
                .set_author(plain(&properties.author))
                .set_creation_datetime(&created(properties.created)?),
        );
        Ok(Self {
            path: path.to_owned(),
            workbook,
            names: HashSet::new(),
            report: BookReport::default(),
            footer: page::footer(&properties.title, word(properties.lang, "workbook.page_footer")),
            sheet_rows: properties.sheet_rows.min(SHEET_ROWS),
            lang: properties.lang,
        })
    }

    /// Writes the file and says what is in it.
    ///
    /// # Errors
    /// [`WorkbookError::Io`] if the file cannot be written.
    pub fn finish(mut self) -> Result<BookReport, WorkbookError> {
        let file = BufWriter::with_capacity(1 << 16, File::create(&self.path)?);
        self.workbook.save_to_writer(file)?;
        Ok(self.report)
    }

    /// Takes a sheet name, with a number behind it if it is taken: a long table goes on over several sheets.
    pub(super) fn take_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2_u32;
        while !self.names.insert(name.clone()) {
            name = format!("{wanted}({number})");
            number = number.saturating_add(1);
        }
        name
    }

    /// Adds a finished sheet.
    pub(super) fn push(&mut self, sheet: Worksheet, name: &str, rows: u64) {
        self.workbook.push_worksheet(sheet);
        self.report.sheets.push(SheetReport { name: name.to_owned(), rows });
    }
}

/// Drops what XML properties cannot carry.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() && !matches!(letter, '\u{FFFE}' | '\u{FFFF}')).take(255).collect()
}

fn created(at: NaiveDateTime) -> Result<rust_xlsxwriter::ExcelDateTime, WorkbookError> {
    let stamp = at.format("%Y-%m-%dT%H:%M:%S").to_string();
    Ok(rust_xlsxwriter::ExcelDateTime::parse_from_str(&stamp)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{POOL_SHEETS, QUALITY_SHEETS};

    /// Names come from the catalogue alone, so a test holds them to the rules that every spreadsheet has.
    #[test]
    fn sheet_names_are_allowed_and_differ() {
        for (lang, sheets) in [Lang::Zh, Lang::En].into_iter().flat_map(|lang| [(lang, &POOL_SHEETS[..]), (lang, &QUALITY_SHEETS[..])]) {
            let mut taken = HashSet::new();
            for name in sheets.iter().map(|id| word(lang, &format!("sheet.{id}"))) {
                assert!(!name.contains(['[', ']', ':', '*', '?', '/', '\\', '\'']), "{name}");
                assert!(name.encode_utf16().count() + "(999)".len() <= 31, "{name}");
                assert!(taken.insert(name.to_lowercase()), "{name}");
            }
        }
    }
}
