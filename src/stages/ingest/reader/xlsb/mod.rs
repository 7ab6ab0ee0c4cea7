//! Reads .xlsb as a stream of binary records.
//!
//! Owns: workbook, strings, styles and sheets in their binary form (MS-XLSB), found through the same
//! relations as in .xlsx. Written here because calamine loses formulas whose result is an error and
//! has no merged regions; calamine serves as the second reader in the tests.
//! Invariants: as for .xlsx; every needed part is read to its end before the first row leaves.

mod records;
mod sheet;
mod tables;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{HashMap, HashSet};

use self::records::{Records, id, u16_at, u32_at, wide_text};
use self::sheet::Survey;
use self::tables::CellTables;
use super::archive::Archive;
use super::feed::{Epoch, Feed, too_much};
use super::number_format::Format;
use super::row::{Refusal, SheetHead};
use super::xlsx::{Relations, WORKSHEET, present};

/// A sheet as the workbook lists it.
struct SheetEntry {
    name: String,
    visible: bool,
    /// Its part; none where the workbook names a relation that there is not.
    part: Option<String>,
    worksheet: bool,
}

/// Reads a workbook whose workbook part is known.
pub(super) fn read(archive: &mut Archive<'_>, part: &str, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let relations = Relations::of(archive, part, feed.limits)?;
    let mut tables = CellTables::default();
    let sheets = workbook(archive, part, &relations, feed)?;
    if sheets.is_empty() {
        return Err(Refusal::new("FIL-116"));
    }
    if sheets.len() > feed.limits.sheets {
        return Err(too_much("sheets", feed.limits.sheets));
    }
    if let Some(part) = present(archive, relations.by_kind("styles"), feed) {
        tables.formats = styles(archive, part)?;
    }
    if let Some(part) = relations.by_kind("sharedStrings").filter(|part| archive.has(part)) {
        tables.strings = strings(archive, part, feed)?;
    }
    let mut parts = HashSet::new();
    let mut surveys = Vec::with_capacity(sheets.len());
    for sheet in &sheets {
        let part = sheet.part.as_deref().filter(|part| sheet.worksheet && archive.has(part));
        if part.is_some_and(|part| !parts.insert(archive.place(part))) {
            return Err(Refusal::new("FIL-117").with("part", part.unwrap_or_default()));
        }
        surveys.push(part.map(|part| Survey::read(archive, part, feed.limits)).transpose()?);
    }
    let missing = sheets.iter().zip(&surveys).find(|(sheet, survey)| sheet.worksheet && survey.is_none());
    if let (Some((sheet, _)), true) = (missing, surveys.iter().all(Option::is_none)) {
        return Err(Refusal::new("FIL-115").with("part", format!("{} {}", sheet.name, sheet.part.as_deref().unwrap_or_default())));
    }
    for (index, (sheet, survey)) in sheets.iter().zip(surveys).enumerate() {
        let part = sheet.part.as_deref().unwrap_or_default();
        let Some(survey) = survey else {
            let (code, args) = if sheet.worksheet { ("CEL-238", vec![("part", part.to_owned())]) } else { ("CEL-231", Vec::new()) };
            feed.note_about(&sheet.name, code, args);
            continue;
        };
        feed.begin_sheet(&SheetHead {
            index,
            name: sheet.name.clone(),
            visible: sheet.visible,
            merged: Some(survey.merged),
            hidden_columns: Some(survey.hidden_columns.ranges()),
        });
        sheet::rows(archive, part, &tables, feed)?;
        feed.end_sheet();
    }
    Ok(())
}

/// Reads the list of sheets, and which day dates are counted from.
fn workbook(archive: &mut Archive<'_>, part: &str, relations: &Relations, feed: &mut Feed<'_>) -> Result<Vec<SheetEntry>, Refusal> {
    let mut sheets = Vec::new();
    let bytes = archive.small(part)?;
    let mut records = Records::new(Box::new(bytes.as_slice()), part);
    while let Some((id, body)) = records.next()? {
        match id {
            id::WORKBOOK_PROPERTIES => {
                let late = u32_at(body, 0).is_some_and(|flags| flags & 1 != 0);
                feed.epoch = if late { Epoch::Of1904 } else { Epoch::Of1900 };
            }
            id::BUNDLE_SHEET => {
                let entry = bundle_sheet(body, relations);
                sheets.push(entry.ok_or_else(|| Refusal::new("FIL-115").with("part", part))?);
            }
            _ => {}
        }
    }
    Ok(sheets)
}

/// Reads an entry of the list of sheets.
fn bundle_sheet(body: &[u8], relations: &Relations) -> Option<SheetEntry> {
    let visible = u32_at(body, 0)? == 0;
    let (relation, used) = wide_text(body.get(8..)?)?;
    let (name, _) = wide_text(body.get(8 + used..)?)?;
    let found = relations.get(&relation);
    let worksheet = found.is_none_or(|(kind, _)| kind == WORKSHEET);
    Some(SheetEntry { name, visible, part: found.map(|(_, part)| part.to_owned()), worksheet })
}

/// Reads the number formats of the cell styles.
fn styles(archive: &mut Archive<'_>, part: &str) -> Result<Vec<Format>, Refusal> {
    let bytes = archive.small(part)?;
    let mut records = Records::new(Box::new(bytes.as_slice()), part);
    let mut formats = HashMap::new();
    let mut styles = Vec::new();
    let mut inside = false;
    while let Some((id, body)) = records.next()? {
        match id {
            id::FORMAT => {
                if let (Some(format), Some((code, _))) = (u16_at(body, 0), body.get(2..).and_then(wide_text)) {
                    formats.insert(format, Format::of_code(&code));
                }
            }
            id::BEGIN_CELL_STYLES => inside = true,
            id::END_CELL_STYLES => inside = false,
            id::STYLE if inside => {
                let format = u16_at(body, 2).unwrap_or(0);
                let known = formats.get(&format).cloned();
                styles.push(known.unwrap_or_else(|| Format::of_builtin(u32::from(format))));
            }
            _ => {}
        }
    }
    Ok(styles)
}

/// Reads the shared strings.
fn strings(archive: &mut Archive<'_>, part: &str, feed: &Feed<'_>) -> Result<Vec<String>, Refusal> {
    let reader = archive.part(part, true)?;
    let mut records = Records::new(Box::new(reader), part);
    let mut strings: Vec<String> = Vec::new();
    let mut bytes = 0;
    // How many there are it says at the beginning; many programs miscount. Where they end is sure.
    let mut ended = false;
    while let Some((id, body)) = records.next()? {
        match id {
            id::STRING => {
                let (text, _) = body
                    .get(1..)
                    .and_then(wide_text)
                    .ok_or_else(|| Refusal::new("FIL-114").with("part", part).with("offset", strings.len()))?;
                bytes += text.len() + size_of::<String>();
                if bytes > feed.limits.shared_text_bytes {
                    return Err(too_much("shared string bytes", feed.limits.shared_text_bytes));
                }
                strings.push(text);
            }
            id::BEGIN_STRINGS | id::END_STRINGS => ended = id == id::END_STRINGS,
            _ => {}
        }
    }
    if ended { Ok(strings) } else { Err(records.malformed()) }
}
