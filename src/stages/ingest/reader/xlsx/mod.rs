//! Reads .xlsx and .xlsm as a stream.
//!
//! Owns: the way from package relations to workbook, strings, styles and sheets.
//! Takes: a checked archive. Gives: sheets in the order of their tabs.
//! Invariants: every needed part has been read to its end, and so has had its checksum compared,
//! before the first row is handed out; a sheet is parsed on a second reading, because its merged
//! regions are written behind its rows. Parts are found through relations, never by name.
//! Deliberately absent: formulas (only their stored results count), charts, macros, pivot tables.

mod address;
mod escape;
mod package;
mod sheet;
mod stored_type;
mod strings;
mod styles;
mod survey;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use self::package::{SheetKind, SheetRef, Workbook};
use self::sheet::SheetReader;
use self::strings::SharedStrings;
use self::styles::Styles;
use self::survey::Survey;
use super::archive::Archive;
use super::feed::{Feed, too_much};
use super::row::{Refusal, SheetHead};

pub(super) use self::package::{Relations, WORKSHEET, workbook_part};

/// Reads a workbook whose workbook part is known.
pub(super) fn read(archive: &mut Archive<'_>, part: &str, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let workbook = Workbook::read(archive, part, feed.limits)?;
    if workbook.sheets.len() > feed.limits.sheets {
        return Err(too_much("sheets", feed.limits.sheets));
    }
    let styles = match present(archive, workbook.styles.as_deref(), feed) {
        Some(part) => Styles::read(archive, part, feed.limits)?,
        None => Styles::default(),
    };
    // Without a table each cell that refers to it is told.
    let strings = match workbook.strings.as_deref().filter(|part| archive.has(part)) {
        Some(part) => SharedStrings::read(archive, part, feed.limits)?,
        None => SharedStrings::default(),
    };
    let surveys = survey_all(archive, &workbook, feed)?;
    feed.epoch = workbook.epoch;
    for (sheet, survey) in &surveys {
        read_sheet(archive, (sheet, survey), (&strings, &styles), feed)?;
    }
    Ok(())
}

/// Returns the part of the number formats; one that is named but missing is told, since dates are numbers without it.
pub(super) fn present<'p>(archive: &Archive<'_>, part: Option<&'p str>, feed: &mut Feed<'_>) -> Option<&'p str> {
    let missing = part.filter(|part| !archive.has(part));
    if let Some(part) = missing {
        feed.sheet_note("CEL-239", vec![("part", part.to_owned())]);
    }
    part.filter(|_| missing.is_none())
}

/// Reads every sheet part to its end once; sheets that are no worksheets, or whose part is missing, are noted and left out.
fn survey_all<'w>(archive: &mut Archive<'_>, workbook: &'w Workbook, feed: &mut Feed<'_>) -> Result<Vec<(&'w SheetRef, Survey)>, Refusal> {
    let mut surveys = Vec::new();
    let mut missing = None;
    let (mut parts, mut names) = (HashSet::new(), HashSet::new());
    for sheet in &workbook.sheets {
        if !names.insert(sheet.name.to_lowercase()) {
            feed.note_about(&sheet.name, "CEL-230", Vec::new());
        }
        let part = sheet.part.as_deref().unwrap_or_default();
        if sheet.kind == SheetKind::Other {
            feed.note_about(&sheet.name, "CEL-231", Vec::new());
            continue;
        }
        if !archive.has(part) {
            missing.get_or_insert_with(|| format!("{} {part}", sheet.name));
            feed.note_about(&sheet.name, "CEL-238", vec![("part", part.to_owned())]);
            continue;
        }
        if !parts.insert(archive.place(part)) {
            return Err(Refusal::new("FIL-117").with("part", part));
        }
        let survey = Survey::read(archive, part, feed.limits)?;
        if survey.worksheet {
            surveys.push((sheet, survey));
        } else {
            feed.note_about(&sheet.name, "CEL-231", Vec::new());
        }
    }
    match missing {
        Some(part) if surveys.is_empty() => Err(Refusal::new("FIL-115").with("part", part)),
        _ => Ok(surveys),
    }
}

/// Hands out one sheet.
fn read_sheet(
    archive: &mut Archive<'_>,
    (sheet, survey): (&SheetRef, &Survey),
    (strings, styles): (&SharedStrings, &Styles),
    feed: &mut Feed<'_>,
) -> Result<(), Refusal> {
    let part = sheet.part.as_deref().unwrap_or_default();
    feed.begin_sheet(&SheetHead {
        index: sheet.index,
        name: sheet.name.clone(),
        visible: sheet.visible,
        merged: Some(survey.merged.clone()),
        hidden_columns: Some(survey.hidden_columns.ranges()),
    });
    for text in &survey.odd_regions {
        feed.sheet_note("CEL-232", vec![("text", text.clone())]);
    }
    let scanner = archive.xml(part, false)?;
    SheetReader::new(scanner, part, strings, styles, feed).read()?;
    feed.end_sheet();
    Ok(())
}
