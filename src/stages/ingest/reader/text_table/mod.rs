//! Reads delimited text (.csv, .txt, .tsv).
//!
//! Owns: encoding, delimiter, quotes, rows of text tables.
//! Invariants: everything is text, digit for digit; row numbers are those a spreadsheet would show,
//! blank lines counted; the encoding is certain (a mark, strict UTF-8) or plausible beyond doubt and
//! noted, else the file is refused. Two readings: one to find the encoding, one to hand out rows.

mod delimiter;
mod encoding;
mod lines;
mod rows;
#[cfg(test)]
mod tests;
mod widths;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(super) use self::encoding::GbCounts;
use self::encoding::{Charset, Detection};
use self::lines::Lines;
use self::rows::Rows;
use self::widths::Widths;
use super::archive::unreadable;
use super::feed::{Feed, shown};
use super::row::{Refusal, SheetHead};
use super::transcode::Transcoder;

/// Bytes of decoded text from which the delimiter is found.
const SAMPLE_BYTES: u64 = 64 << 10;

/// Reads a text table; gives the name of its encoding.
pub(super) fn read(path: &Path, feed: &mut Feed<'_>) -> Result<&'static str, Refusal> {
    let verdict = encoding::detect(path)?;
    let mut sample = String::new();
    // A sample may end inside a character, so it is decoded with loss.
    let mut bytes = Vec::new();
    open(path, verdict.charset)?.take(SAMPLE_BYTES).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    sample.push_str(&String::from_utf8_lossy(&bytes));
    let delimiter = delimiter::find(&sample);

    feed.max_rows = u32::MAX;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    feed.begin_sheet(&SheetHead { index: 0, name: name.into_owned(), visible: true, merged: None, hidden_columns: None });
    note_verdict(&verdict, &sample, feed);
    let lines = Lines::new(open(path, verdict.charset)?, delimiter);
    Rows::new(Widths::of(&sample, delimiter), feed).hand_out(lines, delimiter)?;
    feed.end_sheet();
    Ok(verdict.charset.name())
}

/// Opens the file as UTF-8, whatever it is in.
fn open(path: &Path, charset: Charset) -> Result<Transcoder<'static>, Refusal> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    Ok(match charset {
        Charset::Known(encoding) => Transcoder::new(Box::new(file), encoding),
        Charset::Utf32 { big_endian } => Transcoder::utf32(Box::new(file), big_endian),
    })
}

/// Notes what is not certain about the encoding.
fn note_verdict(verdict: &Detection, sample: &str, feed: &mut Feed<'_>) {
    if verdict.guessed {
        let first = sample.split(['\n', '\r', ',', '\t', ';']).find(|field| !field.is_ascii()).unwrap_or_default();
        let args = vec![("encoding", verdict.charset.name().to_owned()), ("preview", shown(first.trim()))];
        feed.sheet_note("CEL-222", args);
    }
    if verdict.damaged > 0 {
        feed.sheet_note("CEL-224", vec![("count", verdict.damaged.to_string())]);
    }
}
