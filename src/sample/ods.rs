//! Writes a book as `.ods`.
//!
//! Owns: the little of OpenDocument that a plain table with merged heads needs. Takes: a [`Book`]. Gives: its bytes.
//! Invariants: the archive begins with the stored `mimetype`, as the format demands, and all times are fixed.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::sheet::{Book, Line, LineKind, Sheet, Value};

const MIME: &str = "application/vnd.oasis.opendocument.spreadsheet";

const MANIFEST: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">"#,
    r#"<manifest:file-entry manifest:full-path="/" manifest:version="1.2" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>"#,
    r#"<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>"#,
    r#"</manifest:manifest>"#,
);

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    r#"<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0""#,
    r#" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0""#,
    r#" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0""#,
    r#" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0""#,
    r#" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.2">"#,
    r#"<office:automatic-styles>"#,
    r#"<style:style style:name="title" style:family="table-cell"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="16pt" style:font-size-asian="16pt"/></style:style>"#,
    r#"<style:style style:name="right" style:family="table-cell"><style:paragraph-properties fo:text-align="end"/></style:style>"#,
    r#"<style:style style:name="row" style:family="table-row"><style:table-row-properties style:row-height="6mm" style:use-optimal-row-height="false"/></style:style>"#,
    r#"<style:style style:name="plain" style:family="table-cell"/>"#,
    r#"<style:style style:name="head" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #000000" fo:wrap-option="wrap" style:vertical-align="middle"/><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-weight="bold" style:font-weight-asian="bold"/></style:style>"#,
    r#"<style:style style:name="body" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #000000"/></style:style>"#,
);

/// Writes the workbook.
pub(super) fn write(book: &Book) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o600);
    let stored = options.compression_method(CompressionMethod::Stored);
    let deflated = options.compression_method(CompressionMethod::Deflated);
    archive.start_file("mimetype", stored)?;
    archive.write_all(MIME.as_bytes())?;
    archive.start_file("META-INF/manifest.xml", deflated)?;
    archive.write_all(MANIFEST.as_bytes())?;
    archive.start_file("content.xml", deflated)?;
    archive.write_all(content(book).as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

fn content(book: &Book) -> String {
    let mut xml = HEAD.to_owned();
    for (number, sheet) in book.sheets.iter().enumerate() {
        for (index, column) in sheet.columns.iter().enumerate() {
            // About 2 mm a character; writing to a String cannot fail.
            let _ = write!(
                xml,
                r#"<style:style style:name="c{number}_{index}" style:family="table-column"><style:table-column-properties style:column-width="{}mm"/></style:style>"#,
                column.width * 2
            );
        }
    }
    xml.push_str("</office:automatic-styles><office:body><office:spreadsheet>");
    for (number, sheet) in book.sheets.iter().enumerate() {
        table(&mut xml, number, sheet);
    }
    xml.push_str("</office:spreadsheet></office:body></office:document-content>");
    xml
}

fn table(xml: &mut String, number: usize, sheet: &Sheet) {
    let _ = write!(xml, r#"<table:table table:name="{}">"#, escape(&sheet.name));
    for index in 0..sheet.columns.len() {
        let _ = write!(xml, r#"<table:table-column table:style-name="c{number}_{index}"/>"#);
    }
    for (row, line) in sheet.lines.iter().enumerate() {
        xml.push_str(r#"<table:table-row table:style-name="row">"#);
        for (column, value) in line.cells.iter().enumerate() {
            cell(xml, sheet, line, (row, column), value);
        }
        xml.push_str("</table:table-row>");
    }
    xml.push_str("</table:table>");
}

fn cell(xml: &mut String, sheet: &Sheet, line: &Line, place: (usize, usize), value: &Value) {
    let (row, column) = place;
    let covered = sheet.merges.iter().any(|merge| merge.covers(row, column));
    if covered {
        xml.push_str("<table:covered-table-cell/>");
        return;
    }
    let style = match line.kind {
        LineKind::Title => "title",
        LineKind::Caption if column > 0 => "right",
        LineKind::Caption | LineKind::Footer => "plain",
        LineKind::Head | LineKind::Numbering => "head",
        LineKind::Body | LineKind::Total => "body",
    };
    let _ = write!(xml, r#"<table:table-cell table:style-name="{style}""#);
    let start = |merge: &&super::sheet::Merge| (merge.first_row, merge.first_column) == (row, column);
    if let Some(merge) = sheet.merges.iter().find(start) {
        let _ = write!(
            xml,
            r#" table:number-columns-spanned="{}" table:number-rows-spanned="{}""#,
            merge.last_column - merge.first_column + 1,
            merge.last_row - merge.first_row + 1
        );
    }
    let shown = escape(&value.shown());
    let kind = match value {
        Value::Blank => {
            xml.push_str("/>");
            return;
        }
        Value::Integer(_) | Value::Tenths(_) => {
            format!(r#" office:value-type="float" office:value="{shown}""#)
        }
        Value::Date(_) => format!(r#" office:value-type="date" office:date-value="{shown}""#),
        Value::Text(_) | Value::Formula { .. } => r#" office:value-type="string""#.to_owned(),
    };
    let _ = write!(xml, "{kind}><text:p>{shown}</text:p></table:table-cell>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
