//! The quality workbook: what is in its sheets.
//!
//! To add a sheet: its id in `config::QUALITY_SHEETS`, its name in `[sheet]` of the words, one file here and one line
//! in [`write()`].

mod edits;
mod findings;
mod inputs;
mod overview;
mod set_aside;
mod tally;

use super::desk::Desk;
use super::gathered::asked;
use super::workbook::Book;
use crate::error::Error;
use tally::Tally;

pub use tally::mark;

/// Writes the sheets asked for.
pub fn write(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let tally = Tally::of(desk);
    let wanted = |id: &str| asked(&desk.publication.config.output.quality_sheets, id);
    if wanted("overview") {
        overview::overview(book, desk, &tally)?;
    }
    if wanted("inputs") {
        inputs::inputs(book, desk, &tally)?;
    }
    if wanted("findings") {
        findings::findings(book, desk)?;
    }
    if wanted("unjudged") {
        findings::unjudged(book, desk)?;
    }
    if wanted("set_aside") {
        set_aside::set_aside(book, desk)?;
    }
    if wanted("edits") {
        edits::edits(book, desk, &tally)?;
    }
    Ok(())
}
