//! Reads .ods as a stream.
//!
//! Owns: the tables of `content.xml` (OpenDocument 1.3, part 3, section 9). Written here because
//! calamine parses the whole document at opening, repeated cells and all, and tells neither merged
//! regions nor hidden rows.
//! Invariants: repeats are counted before they are made; `content.xml` is read to its end, and all
//! merged regions known, before the first row leaves. Comments and change tracking are left out.

mod cell;
mod element;
mod rows;
mod survey;
#[cfg(test)]
mod tests;

use self::rows::{CONTENT, TableReader};
use self::survey::Survey;
use super::archive::Archive;
use super::feed::{Feed, too_much};
use super::row::Refusal;

/// The part that lists the others.
const MANIFEST: &str = "META-INF/manifest.xml";

/// Tells whether an archive without a statement of its type calls itself a spreadsheet in its manifest.
pub(super) fn is_spreadsheet(archive: &mut Archive<'_>) -> Result<bool, Refusal> {
    if !archive.has(CONTENT) || !archive.has(MANIFEST) {
        return Ok(false);
    }
    let manifest = archive.small(MANIFEST)?;
    Ok(memchr::memmem::find(&manifest, b"application/vnd.oasis.opendocument.spreadsheet").is_some())
}

/// Reads a spreadsheet.
pub(super) fn read(archive: &mut Archive<'_>, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    if archive.has(MANIFEST) {
        let manifest = archive.small(MANIFEST)?;
        if memchr::memmem::find(&manifest, b"encryption-data").is_some() {
            return Err(Refusal::new("FIL-139"));
        }
    }
    let survey = Survey::read(archive, CONTENT, feed.limits)?;
    if survey.tables.is_empty() {
        return Err(Refusal::new("FIL-116"));
    }
    if survey.tables.len() > feed.limits.sheets {
        return Err(too_much("sheets", feed.limits.sheets));
    }
    let scanner = archive.xml(CONTENT, false)?;
    TableReader::new(scanner, &survey, feed).read()
}
