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
    let styles = match &workbook.styles {
        Some(part) => Styles::read(archive, part, feed.limits)?,
        None => Styles::default(),
    };
    let strings = match &workbook.strings {
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

/// Reads every sheet part to its end once; sheets that are no worksheets are noted and left out.
fn survey_all<'w>(archive: &mut Archive<'_>, workbook: &'w Workbook, feed: &mut Feed<'_>) -> Result<Vec<(&'w SheetRef, Survey)>, Refusal> {
    let mut surveys = Vec::new();
    let (mut parts, mut names) = (HashSet::new(), HashSet::new());
    for sheet in &workbook.sheets {
        if !names.insert(sheet.name.to_lowercase()) {
            feed.note_about(&sheet.name, "CEL-230", Vec::new());
        }
        let Some(part) = sheet.part.as_deref().filter(|part| archive.has(part)) else {
            let part = sheet.part.clone().unwrap_or_default();
            return Err(Refusal::new("FIL-115").with("part", format!("{} {part}", sheet.name)));
        };
        if !parts.insert(part.to_lowercase()) {
            return Err(Refusal::new("FIL-117").with("part", part));
        }
        if sheet.kind == SheetKind::Other {
            feed.note_about(&sheet.name, "CEL-231", Vec::new());
            continue;
        }
        let survey = Survey::read(archive, part, feed.limits)?;
        if survey.worksheet {
            surveys.push((sheet, survey));
        } else {
            feed.note_about(&sheet.name, "CEL-231", Vec::new());
        }
    }
    Ok(surveys)
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
        hidden_columns: Some(survey.hidden_columns.clone()),
    });
    for text in &survey.odd_regions {
        feed.sheet_note("CEL-232", vec![("text", text.clone())]);
    }
    let scanner = archive.xml(part, false)?;
    SheetReader::new(scanner, part, strings, styles, feed).read()?;
    feed.end_sheet();
    Ok(())
}
