//! Cuts a binary part into records.
//!
//! Facts: MS-XLSB 2.1.4: the id takes one or two bytes and the length one to four, seven bits each,
//! the highest bit telling that another byte follows.

use std::io::{BufReader, ErrorKind, Read};

use super::super::archive::stream_refusal;
use super::super::row::Refusal;

/// Record ids (MS-XLSB 2.3.2).
pub(super) mod id {
    pub(in super::super) const ROW: u32 = 0;
    pub(in super::super) const RK: u32 = 2;
    pub(in super::super) const ERROR: u32 = 3;
    pub(in super::super) const BOOL: u32 = 4;
    pub(in super::super) const REAL: u32 = 5;
    pub(in super::super) const SHARED: u32 = 7;
    pub(in super::super) const FORMULA_TEXT: u32 = 8;
    pub(in super::super) const FORMULA_REAL: u32 = 9;
    pub(in super::super) const FORMULA_BOOL: u32 = 10;
    pub(in super::super) const FORMULA_ERROR: u32 = 11;
    pub(in super::super) const STRING: u32 = 19;
    pub(in super::super) const FORMAT: u32 = 44;
    pub(in super::super) const STYLE: u32 = 47;
    pub(in super::super) const COLUMNS: u32 = 60;
    pub(in super::super) const RICH_TEXT: u32 = 62;
    pub(in super::super) const END_SHEET: u32 = 130;
    pub(in super::super) const BEGIN_DATA: u32 = 145;
    pub(in super::super) const END_DATA: u32 = 146;
    pub(in super::super) const WORKBOOK_PROPERTIES: u32 = 153;
    pub(in super::super) const BUNDLE_SHEET: u32 = 156;
    pub(in super::super) const BEGIN_STRINGS: u32 = 159;
    pub(in super::super) const END_STRINGS: u32 = 160;
    pub(in super::super) const MERGED: u32 = 176;
    pub(in super::super) const BEGIN_CELL_STYLES: u32 = 617;
    pub(in super::super) const END_CELL_STYLES: u32 = 618;
}

/// Longest record taken, in bytes.
const RECORD_BYTES: usize = 8 << 20;

/// Reads records one after the other.
pub(super) struct Records<'r> {
    source: BufReader<Box<dyn Read + 'r>>,
    part: &'r str,
    body: Vec<u8>,
    offset: u64,
}

impl<'r> Records<'r> {
    /// Makes a reader of a part.
    pub(super) fn new(source: Box<dyn Read + 'r>, part: &'r str) -> Self {
        Self { source: BufReader::with_capacity(64 << 10, source), part, body: Vec::new(), offset: 0 }
    }

    /// Returns the next record, or nothing at the end of the part.
    pub(super) fn next(&mut self) -> Result<Option<(u32, &[u8])>, Refusal> {
        let Some(first) = self.byte()? else {
            return Ok(None);
        };
        let mut id = u32::from(first & 0x7F);
        if first & 0x80 != 0 {
            let second = self.byte()?.ok_or_else(|| self.malformed())?;
            id |= u32::from(second & 0x7F) << 7;
        }
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?.ok_or_else(|| self.malformed())?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        if length > RECORD_BYTES {
            return Err(self.malformed());
        }
        self.body.resize(length, 0);
        let read = self.source.read_exact(&mut self.body);
        match read {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(self.malformed()),
            Err(error) => return Err(stream_refusal(self.part, &error)),
        }
        self.offset += length as u64;
        Ok(Some((id, &self.body)))
    }

    /// Makes the refusal of a part that ends inside a record.
    pub(super) fn malformed(&self) -> Refusal {
        Refusal::new("FIL-114").with("part", self.part).with("offset", self.offset)
    }

    /// Reads a byte, or nothing at the end.
    fn byte(&mut self) -> Result<Option<u8>, Refusal> {
        let mut byte = [0];
        loop {
            match self.source.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => {
                    self.offset += 1;
                    return Ok(Some(byte[0]));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(stream_refusal(self.part, &error)),
            }
        }
    }
}

/// Reads a number of 16 bits.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

/// Reads a number of 32 bits.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// Reads a double.
pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    let eight = bytes.get(at..at + 8)?;
    eight.try_into().ok().map(f64::from_le_bytes)
}

/// Reads a counted text of UTF-16; gives the text and the bytes it took. An absent one is empty.
pub(super) fn wide_text(bytes: &[u8]) -> Option<(String, usize)> {
    let count = u32_at(bytes, 0)?;
    if count == u32::MAX {
        return Some((String::new(), 4));
    }
    let length = usize::try_from(count).ok()?.checked_mul(2)?;
    let units = bytes.get(4..length.checked_add(4)?)?;
    let units = units.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some((text, 4 + length))
}
