//! The pool workbook: what is in its sheets.
//!
//! Two editions of one content. 封闭版 shows everything and stays with the office; 运营版 shows figures of statistics
//! only of enterprises whose consent is on record, else in a word. To add a sheet: its id in `config::POOL_SHEETS`, its
//! name in `[sheet]` of the words, one file here and one line in [`write()`].

mod accounting;
mod candidates;
mod columns;
mod conflicts;
mod cost;
mod cover;
mod feasibility;
mod finances;
mod funnel;
mod list;
mod milestones;
mod needs;
mod patents;
mod scores;
mod verdicts;

pub use conflicts::Names;

use super::desk::Desk;
use super::gathered::asked;
use super::workbook::Book;
use crate::error::Error;

/// Writes one sheet.
type Writer = fn(&mut Book, &Desk<'_>) -> Result<(), Error>;

/// Writes the sheets asked for.
pub fn write(book: &mut Book, desk: &Desk<'_>) -> Result<(), Error> {
    let sheets: [(&str, Writer); 17] = [
        ("cover", cover::cover),
        ("pool", candidates::pool),
        ("verdicts", verdicts::verdicts),
        ("feasibility", feasibility::feasibility),
        ("funnel", funnel::funnel),
        ("near", funnel::near),
        ("scores", scores::scores),
        ("list", list::list),
        ("terms", list::terms),
        ("cost", cost::cost),
        ("milestones", milestones::milestones),
        ("patents", patents::patents),
        ("finances", finances::finances),
        ("needs", needs::needs),
        ("conflicts", conflicts::conflicts),
        ("provenance", candidates::provenance),
        ("accounting", accounting::accounting),
    ];
    for (id, sheet) in sheets {
        if asked(&desk.publication.config.output.pool_sheets, id) {
            sheet(book, desk)?;
        }
    }
    Ok(())
}
