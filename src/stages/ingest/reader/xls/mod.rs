//! Reads .xls: calamine for the values, our own walk over the records for what it does not tell.
//!
//! Owns: the check of the container before calamine sees it, and the joining of both readings.
//! Invariants: calamine only gets containers whose sector chains end, whose sheet offsets are
//! distinct, and whose grids are of bearable size; whether a number is a date or a percentage is decided by
//! the file's own format table, not by calamine, which gives redefined built-in ids their usual meaning.
//! Deliberately absent: formulas' texts; checksums, since the format has none.

mod biff;
mod ole;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Range, Reader as _, SheetVisible, Xls, XlsError};

use self::biff::{Globals, SheetFacts, SheetType};
use self::ole::Compound;
use super::archive::unreadable;
use super::feed::{Feed, too_much};
use super::number;
use super::number_format::Format;
use super::row::{CellKind, Refusal, SheetHead};

/// Reads an old workbook.
pub(super) fn read(path: &Path, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if length > feed.limits.xls_bytes {
        return Err(too_much("xls bytes", feed.limits.xls_bytes));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    let stream = workbook_stream(&bytes)?;
    let (globals, facts) = survey(&stream, feed)?;
    drop(stream);
    feed.epoch = globals.epoch;
    let mut workbook = Xls::new(Cursor::new(bytes)).map_err(|error| xls_refusal(&error))?;
    let metadata = workbook.sheets_metadata().to_vec();
    if metadata.len() != globals.sheets.len() {
        return Err(Refusal::new("FIL-132").with("what", "sheet list"));
    }
    for (index, (sheet, facts)) in metadata.iter().zip(&facts).enumerate() {
        let Some(facts) = facts else {
            feed.note_about(&sheet.name, "CEL-231", Vec::new());
            continue;
        };
        feed.begin_sheet(&SheetHead {
            index,
            name: sheet.name.clone(),
            visible: sheet.visible == SheetVisible::Visible,
            merged: Some(facts.merged.clone()),
            hidden_columns: Some(facts.hidden_columns.clone()),
        });
        let range = workbook.worksheet_range(&sheet.name).map_err(|error| xls_refusal(&error))?;
        rows(&range, &globals, facts, feed)?;
        feed.end_sheet();
    }
    Ok(())
}

/// Checks the container and takes the workbook's stream out of it.
fn workbook_stream(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let compound = Compound::open(bytes)?;
    if compound.has("EncryptedPackage") || compound.has("EncryptionInfo") {
        return Err(Refusal::new("FIL-139"));
    }
    for name in ["Workbook", "Book"] {
        if let Some(stream) = compound.stream(name)? {
            return Ok(stream);
        }
    }
    let document = ["WordDocument", "PowerPoint Document"].iter().any(|name| compound.has(name));
    Err(Refusal::new(if document { "FIL-130" } else { "FIL-131" }))
}

/// Walks over all records and bounds what calamine will make of them.
fn survey(stream: &[u8], feed: &mut Feed<'_>) -> Result<(Globals, Vec<Option<SheetFacts>>), Refusal> {
    let globals = Globals::read(stream)?;
    if globals.sheets.len() > feed.limits.sheets {
        return Err(too_much("sheets", feed.limits.sheets));
    }
    let (mut offsets, mut names) = (HashSet::new(), HashSet::new());
    let mut dense: u64 = 0;
    let mut facts = Vec::with_capacity(globals.sheets.len());
    for sheet in &globals.sheets {
        if !offsets.insert(sheet.offset) || !names.insert(&sheet.name) {
            return Err(Refusal::new("FIL-132").with("what", "sheets share an offset or a name"));
        }
        let sheet_facts = SheetFacts::read(stream, sheet.offset, feed.limits)?;
        dense = dense.saturating_add(sheet_facts.area());
        if dense > feed.limits.dense_cells {
            return Err(too_much("used range cells", feed.limits.dense_cells));
        }
        facts.push((sheet.kind == SheetType::Work).then_some(sheet_facts));
    }
    if globals.sheets.is_empty() {
        return Err(Refusal::new("FIL-116"));
    }
    Ok((globals, facts))
}

/// Hands out the cells that calamine read, with what the records say of them.
fn rows(range: &Range<Data>, globals: &Globals, facts: &SheetFacts, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let Some((first_row, first_column)) = range.start() else {
        return Ok(());
    };
    let mut text = String::new();
    for (row, cells) in (first_row..).zip(range.rows()) {
        feed.begin_row(row + 1, facts.hidden_rows.contains(&row));
        for (column, value) in (first_column..).zip(cells) {
            let record = facts.cell(row, column);
            let formula = record.is_some_and(|record| record.formula);
            if matches!(value, Data::Empty) {
                if formula {
                    feed.cell_note("CEL-201", column, Vec::new());
                }
                continue;
            }
            feed.count()?;
            match value {
                Data::Int(_) | Data::Float(_) | Data::DateTime(_) => {
                    let Some(number) = double(value) else {
                        continue;
                    };
                    text.clear();
                    number::shortest(number, &mut text);
                    let format = match record {
                        Some(record) => globals.format(record.style),
                        None if matches!(value, Data::DateTime(_)) => &Format::Date,
                        None => &Format::Plain,
                    };
                    feed.number(column, formula, text.as_bytes(), format)?;
                }
                Data::String(text) => feed.text(column, formula, text)?,
                Data::DateTimeIso(text) | Data::DurationIso(text) => feed.text(column, formula, text)?,
                Data::Bool(value) => {
                    let text = if *value { "TRUE" } else { "FALSE" };
                    feed.cell(column, CellKind::Bool, formula, text)?;
                }
                Data::Error(error) => feed.cell(column, CellKind::Error, formula, &error.to_string())?,
                Data::Empty => {}
            }
        }
        feed.end_row()?;
    }
    Ok(())
}

/// Returns the double that a number or a date is stored as.
fn double(value: &Data) -> Option<f64> {
    match value {
        // Integers come from 30-bit records, so they fit a double.
        Data::Int(value) => i32::try_from(*value).ok().map(f64::from),
        Data::Float(value) => Some(*value),
        Data::DateTime(value) => Some(value.as_f64()),
        _ => None,
    }
}

/// Makes the refusal of a workbook that calamine gives up on.
fn xls_refusal(error: &XlsError) -> Refusal {
    match error {
        XlsError::Password => Refusal::new("FIL-139"),
        other => Refusal::new("FIL-133").with("reason", other),
    }
}
