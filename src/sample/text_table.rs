//! Writes a book as a text table.
//!
//! Takes: a [`Book`] of one sheet. Gives: comma-separated bytes as office programs save them: CR LF, quotes only where
//! needed, in GB18030 or in UTF-8 with its mark.

use csv::{Terminator, WriterBuilder};
use encoding_rs::GB18030;

use super::sheet::{Book, Format, Value};

/// Writes the table.
pub(super) fn write(book: &Book) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for line in book.sheets.iter().flat_map(|sheet| &sheet.lines) {
        writer.write_record(line.cells.iter().map(Value::shown))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(match book.format {
        // GB18030 covers all of Unicode: nothing can be lost here.
        Format::CsvGb18030 => {
            let text = String::from_utf8_lossy(&bytes);
            GB18030.encode(&text).0.into_owned()
        }
        _ => [b"\xEF\xBB\xBF".as_slice(), &bytes].concat(),
    })
}
