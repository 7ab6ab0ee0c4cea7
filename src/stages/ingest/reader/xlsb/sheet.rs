//! Reads a sheet of binary records, twice: for what stands around its rows, and for the rows.

use super::super::archive::Archive;
use super::super::error_value;
use super::super::feed::{Feed, column_exists, too_much};
use super::super::hidden::HiddenColumns;
use super::super::limits::Limits;
use super::super::number;
use super::super::row::{CellKind, Refusal, Span};
use super::records::{Records, f64_at, id, u16_at, u32_at, wide_text};
use super::tables::CellTables;

/// What stands around the rows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) merged: Vec<Span>,
    pub(super) hidden_columns: HiddenColumns,
}

impl Survey {
    /// Reads a sheet's part to its end.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let reader = archive.part(part, true)?;
        let mut records = Records::new(Box::new(reader), part);
        let mut survey = Self::default();
        let mut ended = false;
        while let Some((id, body)) = records.next()? {
            match id {
                id::COLUMNS => {
                    if let Some((first, last)) = hidden(body) {
                        survey.hidden_columns.add(first, last);
                    }
                }
                id::MERGED => survey.merged.extend(span(body)),
                id::END_SHEET => ended = true,
                _ => {}
            }
            if survey.merged.len() > limits.merged_regions {
                return Err(too_much("merged regions", limits.merged_regions));
            }
        }
        if ended { Ok(survey) } else { Err(records.malformed()) }
    }
}

/// Reads a range of columns, if it is hidden.
fn hidden(body: &[u8]) -> Option<(u32, u32)> {
    let (first, last) = (u32_at(body, 0)?, u32_at(body, 4)?);
    let hidden = u16_at(body, 16)? & 1 != 0;
    hidden.then_some((first, last))
}

/// Reads a merged region.
fn span(body: &[u8]) -> Option<Span> {
    let span = Span {
        first_row: u32_at(body, 0)?.checked_add(1)?,
        last_row: u32_at(body, 4)?.checked_add(1)?,
        first_column: u32_at(body, 8)?,
        last_column: u32_at(body, 12)?,
    };
    (span.first_row <= span.last_row && span.first_column <= span.last_column && column_exists(span.last_column)).then_some(span)
}

/// Hands out the rows of a sheet.
pub(super) fn rows(archive: &mut Archive<'_>, part: &str, tables: &CellTables, feed: &mut Feed<'_>) -> Result<(), Refusal> {
    let reader = archive.part(part, false)?;
    let mut records = Records::new(Box::new(reader), part);
    let (mut inside, mut open) = (false, false);
    while let Some((id, body)) = records.next()? {
        match id {
            id::BEGIN_DATA => inside = true,
            id::END_DATA => break,
            id::ROW if inside => {
                if open {
                    feed.end_row()?;
                }
                let Some(row) = u32_at(body, 0) else {
                    return Err(records.malformed());
                };
                let hidden = body.get(11).is_some_and(|flags| flags & 0x10 != 0);
                feed.begin_row(row.saturating_add(1), hidden);
                open = true;
            }
            id::RK..=id::FORMULA_ERROR | id::RICH_TEXT if open => {
                feed.count()?;
                if cell(id, body, tables, feed)?.is_none() {
                    return Err(records.malformed());
                }
            }
            _ => {}
        }
    }
    if open {
        feed.end_row()?;
    }
    Ok(())
}

/// Hands out a cell; nothing if its record is too short.
fn cell(id: u32, body: &[u8], tables: &CellTables, feed: &mut Feed<'_>) -> Result<Option<()>, Refusal> {
    let (Some(column), Some(style)) = (u32_at(body, 0), u32_at(body, 4)) else {
        return Ok(None);
    };
    // The upper byte holds flags.
    let style = style & 0x00FF_FFFF;
    if !column_exists(column) {
        feed.cell_note("CEL-203", column, vec![("address", column.to_string())]);
        return Ok(Some(()));
    }
    let value = body.get(8..).unwrap_or_default();
    let formula = (id::FORMULA_TEXT..=id::FORMULA_ERROR).contains(&id);
    match id {
        id::RK | id::REAL | id::FORMULA_REAL => {
            let stored = if id == id::RK { u32_at(value, 0).map(packed) } else { f64_at(value, 0) };
            let Some(stored) = stored else {
                return Ok(None);
            };
            let mut text = String::new();
            number::shortest(stored, &mut text);
            feed.number(column, formula, text.as_bytes(), tables.format(style))?;
        }
        id::ERROR | id::FORMULA_ERROR => {
            let Some(code) = value.first() else {
                return Ok(None);
            };
            let text = error_value::text(*code).map_or_else(|| format!("#ERROR{code}!"), str::to_owned);
            feed.cell(column, CellKind::Error, formula, &text)?;
        }
        id::BOOL | id::FORMULA_BOOL => {
            let Some(code) = value.first() else {
                return Ok(None);
            };
            let text = if *code == 0 { "FALSE" } else { "TRUE" };
            feed.cell(column, CellKind::Bool, formula, text)?;
        }
        id::SHARED => {
            let Some(index) = u32_at(value, 0) else {
                return Ok(None);
            };
            match tables.strings.get(index as usize) {
                Some(text) => feed.text(column, formula, text)?,
                None => feed.cell_note("CEL-207", column, vec![("text", index.to_string())]),
            }
        }
        _ => {
            let value = if id == id::RICH_TEXT { value.get(1..).unwrap_or_default() } else { value };
            let Some((text, _)) = wide_text(value) else {
                return Ok(None);
            };
            feed.text(column, formula, &text)?;
        }
    }
    Ok(Some(()))
}

/// Unpacks a number of 30 bits (MS-XLSB 2.5.122): an integer or the top of a double, perhaps in hundredths.
fn packed(raw: u32) -> f64 {
    let number = if raw & 2 == 0 { f64::from_bits(u64::from(raw & !3) << 32) } else { f64::from(raw.cast_signed() >> 2) };
    // The format defines the value as this division, so nothing is lost by it.
    if raw & 1 == 0 { number } else { number / 100.0 }
}
