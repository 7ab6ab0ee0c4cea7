//! The findings of one file by themselves, as a workbook for whoever corrects it.

use super::desk::text_or_blank;
use super::quality::mark;
use super::workbook::{Book, BookProperties, Column, Tab, Table, Value};
use crate::error::Error;
use crate::finding::word;
use crate::model::severity::Severity;
use crate::model::words::Lang;
use chrono::NaiveDateTime;
use std::io;
use std::path::Path;

/// A file's findings.
pub struct Slip<'a> {
    /// Title above the table.
    pub title: &'a str,
    /// Lines below it.
    pub subtitle: Vec<String>,
    /// Time of the check.
    pub created: NaiveDateTime,
    /// How many findings there are.
    pub expected_rows: u64,
    /// Language of the heads.
    pub lang: Lang,
}

/// A finding in words.
pub struct SlipRow {
    /// What it means for the data.
    pub severity: Severity,
    /// Code, sheet, cell, field, found, expected, message and help.
    pub texts: [String; 8],
    /// What the bureau says of it.
    pub explanation: String,
}

/// Writes the workbook, one finding after another.
///
/// # Errors
/// A finding cannot be had, or the disk takes no more.
pub fn write_slip(path: &Path, slip: &Slip<'_>, rows: impl Iterator<Item = io::Result<SlipRow>>) -> Result<(), Error> {
    let say = |key: &str| word(slip.lang, &format!("publish.{key}"));
    let head = |key: &str| word(slip.lang, &format!("column.{key}"));
    let properties = BookProperties {
        title: slip.title.to_owned(),
        subject: slip.subtitle.first().cloned().unwrap_or_default(),
        author: say("author").to_owned(),
        created: slip.created,
        sheet_rows: u32::MAX,
        lang: slip.lang,
    };
    let mut book = Book::create(path, properties)?;
    let mut table = book.table(Table {
        sheet: word(slip.lang, "sheet.findings").to_owned(),
        title: slip.title.to_owned(),
        subtitle: slip.subtitle.clone(),
        columns: vec![
            Column::verdict(head("severity")),
            Column::code(head("code")),
            Column::text(head("sheet")).wide(12.0),
            Column::code(head("cell_address")),
            Column::text(head("field")).wide(18.0),
            Column::text(head("found")).wide(20.0),
            Column::text(head("expected")).wide(20.0),
            Column::text(head("message")).wide(44.0),
            Column::text(head("help")).wide(34.0),
            Column::text(head("explanation")).wide(30.0),
        ],
        frozen_columns: 2,
        empty_text: say("findings_empty").to_owned(),
        expected_rows: Some(slip.expected_rows),
        tab: Tab::Action,
        ..Table::default()
    })?;
    for row in rows {
        let row = row?;
        let [code, sheet, cell, field, found, expected, message, help] = row.texts.each_ref().map(|t| text_or_blank(t));
        let severity = Value::Mark(mark(row.severity));
        table.row(&[severity, code, sheet, cell, field, found, expected, message, help, text_or_blank(&row.explanation)])?;
    }
    table.finish()?;
    book.finish()?;
    Ok(())
}
