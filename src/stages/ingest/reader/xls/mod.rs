//! Reads .xls: calamine and our own walk over the records, each for itself; a value counts where both say the same.
//!
//! Owns: the check of the container, the joining of both readings, and the telling of what does not agree.
//! Invariants: calamine only gets the values, in a container of our own making (`handover`), so nothing odd beside them costs a
//! value; a cell whose record contradicts itself, whose characters nobody can tell, or on which the readings differ is withheld with a
//! finding at the cell; whether a number is a date or a percentage is decided by the file's own format table.
//! Deliberately absent: formulas' texts; checksums, since the format has none: what the file says twice stands in for one (`oddities`).

mod bytes;
mod cells;
mod charset;
mod globals;
mod handover;
mod oddities;
mod ole;
mod records;
mod rows;
mod sheet;
mod strings;
#[cfg(test)]
mod tests;
mod text;

use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;

use calamine::{Reader as _, Xls};

use self::bytes::damaged;
use self::cells::{Cell, Kind};
use self::globals::Globals;
use self::oddities::{Oddities, Oddity};
use self::ole::Compound;
use self::records::{Records, id};
use self::rows::SheetRows;
use self::sheet::Sheet;
use super::archive::unreadable;
use super::feed::{Feed, too_much};
use super::row::{Refusal, SheetHead};

/// Memory that calamine may take for its grids and texts, in bytes; beyond, our own reading stands alone.
const SECOND_READING_BYTES: u64 = 384 << 20;
/// Memory that calamine takes for a place of a grid, which it makes twice, and for a cell before.
const PLACE_BYTES: u64 = 24 + 24 + 32;

/// Reads an old workbook.
pub(super) fn read(path: &Path, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if length > feed.limits.xls_bytes {
        return Err(too_much("xls bytes", feed.limits.xls_bytes));
    }
    let mut oddities = Oddities::default();
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let stream = workbook_stream(&bytes, &mut oddities)?;
    drop(bytes);
    let globals = Globals::read(&stream, feed.limits, &mut oddities)?;
    let sheets = survey(&stream, &globals, feed, &mut oddities)?;
    feed.epoch = globals.epoch;
    let mut second = second_reading(&stream, &globals, &sheets, feed);
    oddities.tell(feed);
    if let Some((encoding, preview)) = &globals.charset.inferred {
        feed.sheet_note("CEL-222", vec![("encoding", (*encoding).to_owned()), ("preview", super::feed::shown(preview))]);
    }
    for (index, (entry, sheet)) in globals.sheets.iter().zip(&sheets).enumerate() {
        let facts = match sheet {
            Sheet::Work(facts) => facts,
            Sheet::Other => {
                feed.note_about(&entry.name, "CEL-231", Vec::new());
                continue;
            }
            Sheet::Lost => {
                feed.note_about(&entry.name, "CEL-241", Vec::new());
                continue;
            }
        };
        feed.begin_sheet(&SheetHead {
            index,
            name: entry.name.clone(),
            visible: entry.visible,
            merged: Some(facts.merged.clone()),
            hidden_columns: Some(facts.hidden_columns.ranges()),
        });
        let range = second.as_mut().and_then(|workbook| workbook.worksheet_range(&handover::sheet_name(index)).ok());
        SheetRows { stream: &stream, globals: &globals, facts, second: range.as_ref() }.hand_out(feed)?;
        feed.end_sheet();
    }
    Ok(())
}

/// Checks the container and takes the workbook's stream out of it.
fn workbook_stream(bytes: &[u8], oddities: &mut Oddities) -> Result<Vec<u8>, Refusal> {
    if bytes.starts_with(&id::BOF.to_le_bytes()) {
        return Ok(bytes.to_vec());
    }
    let compound = Compound::open(bytes)?;
    if compound.has("EncryptedPackage") || compound.has("EncryptionInfo") {
        return Err(Refusal::new("FIL-139"));
    }
    (0..compound.unsound).for_each(|_| oddities.add(Oddity::Container));
    let (newer, older) = (compound.stream("Workbook"), compound.stream("Book"));
    // A workbook may be there twice, for Excel 97 and for the ones before; some programs fill the older one only.
    if let (Ok(Some(newer)), Ok(Some(older))) = (&newer, &older)
        && !has_cells(newer)
        && has_cells(older)
    {
        oddities.add(Oddity::Container);
        return Ok(older.clone());
    }
    match (newer, older) {
        (Ok(Some(stream)), _) | (Ok(None), Ok(Some(stream))) => return Ok(stream),
        (Err(refusal), _) | (_, Err(refusal)) => return Err(refusal),
        (Ok(None), Ok(None)) => {}
    }
    let document = ["WordDocument", "PowerPoint Document"].iter().any(|name| compound.has(name));
    Err(Refusal::new(if document { "FIL-130" } else { "FIL-131" }))
}

/// Whether there is any cell that holds something in a workbook's stream.
fn has_cells(stream: &[u8]) -> bool {
    let filled = [id::NUMBER, id::RK, id::MUL_RK, id::LABEL, id::LABEL_SST, id::RSTRING, id::BOOL_ERR, id::FORMULA];
    Records::from(stream, 0).any(|record| filled.contains(&record.id))
}

/// Walks over the records of all sheets.
fn survey(stream: &[u8], globals: &Globals<'_>, feed: &mut Feed<'_>, oddities: &mut Oddities) -> Result<Vec<Sheet>, Refusal> {
    if globals.sheets.is_empty() {
        return Err(Refusal::new("FIL-116"));
    }
    if globals.sheets.len() > feed.limits.sheets {
        return Err(too_much("sheets", feed.limits.sheets));
    }
    let (mut offsets, mut names) = (HashSet::new(), HashSet::new());
    let mut sheets = Vec::with_capacity(globals.sheets.len());
    let mut cells = 0;
    for entry in &globals.sheets {
        if !offsets.insert(entry.offset) {
            return Err(damaged("sheets share an offset"));
        }
        if !names.insert(entry.name.to_lowercase()) {
            feed.note_about(&entry.name, "CEL-230", Vec::new());
        }
        let sheet = Sheet::read(stream, (entry.offset, entry.worksheet), globals, feed.limits, oddities)?;
        if let Sheet::Work(facts) = &sheet {
            cells += facts.cells.len() as u64;
        }
        if cells > feed.limits.dense_cells {
            return Err(too_much("cells", feed.limits.dense_cells));
        }
        sheets.push(sheet);
    }
    let cells = sheets.iter().flat_map(|sheet| if let Sheet::Work(facts) = sheet { &facts.cells[..] } else { &[] });
    if !sheets.iter().any(|sheet| matches!(sheet, Sheet::Lost)) {
        globals.strings.check_uses(cells.filter(|cell| cell.kind == Kind::Shared).map(|cell| cell.bits), oddities);
    }
    if sheets.iter().all(|sheet| !matches!(sheet, Sheet::Work(_))) && sheets.iter().any(|sheet| matches!(sheet, Sheet::Lost)) {
        return Err(damaged("sheets"));
    }
    Ok(sheets)
}

/// Lets calamine read the values; nothing, with a note, where that would take too much or fails.
fn second_reading(stream: &[u8], globals: &Globals<'_>, sheets: &[Sheet], feed: &mut Feed<'_>) -> Option<Xls<Cursor<Vec<u8>>>> {
    let cells: Vec<&[Cell]> = sheets.iter().map(|sheet| if let Sheet::Work(facts) = sheet { &facts.cells[..] } else { &[] }).collect();
    let grids: u64 = sheets.iter().map(|sheet| if let Sheet::Work(facts) = sheet { facts.area() } else { 0 }).sum();
    let text = |cell: &Cell| match cell.kind {
        Kind::Shared => globals.strings.get(cell.bits).map_or(0, |(text, _)| text.len() as u64),
        _ => 0,
    };
    let texts: u64 = cells.iter().flat_map(|cells| cells.iter()).map(text).sum();
    let table = (globals.strings.len() * 2 * size_of::<String>() + globals.strings.bytes()) as u64;
    let takes = grids.saturating_mul(PLACE_BYTES).saturating_add(2 * texts).saturating_add(table);
    let workbook =
        if takes > SECOND_READING_BYTES { None } else { Xls::new(Cursor::new(handover::container(stream, globals, &cells))).ok() };
    if workbook.is_none() {
        feed.sheet_note("CEL-244", Vec::new());
    }
    workbook
}
