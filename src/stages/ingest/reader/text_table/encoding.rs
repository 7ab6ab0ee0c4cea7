//! Finds the encoding of a text table, or finds that there is no telling.
//!
//! Owns: the decision, in this order: a mark; strict UTF-8; UTF-16 by the share and place of NULs;
//! GB18030 if what comes out looks like Chinese. That bytes decode as GB18030 proves nothing, since
//! Latin-1 and Big5 mostly do; so most pairs must be level-1 hanzi of GB 2312 (lead bytes B0 to D7,
//! the 3,755 common ones) or its punctuation, and in longer texts the commonest hanzi must occur.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::super::archive::unreadable;
use super::super::row::Refusal;

/// Bytes taken at a time.
const PIECE_BYTES: usize = 64 << 10;
/// Pairs of bytes from which the commonest hanzi are expected.
const LONG_TEXT_PAIRS: u64 = 300;
/// Hanzi of which some occur in any Chinese table of enterprises.
const COMMONEST: &str = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长企业司限市号区路科技术产专利名称代码省单位金额元万收入合计月统局信发明新型实用";

/// How bytes become characters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Charset {
    Known(&'static Encoding),
    Utf32 { big_endian: bool },
}

impl Charset {
    /// Returns the name to put on record.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Known(encoding) => encoding.name(),
            Self::Utf32 { big_endian: true } => "UTF-32BE",
            Self::Utf32 { big_endian: false } => "UTF-32LE",
        }
    }
}

/// The decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detection {
    pub(super) charset: Charset,
    /// Whether it rests on plausibility.
    pub(super) guessed: bool,
    /// Places that do not decode.
    pub(super) damaged: u64,
}

/// Decides on the encoding of a file.
pub(super) fn detect(path: &Path) -> Result<Detection, Refusal> {
    let mut counts = Counts::default();
    each_piece(path, |piece| counts.take(piece))?;
    counts.finish();
    let verdict = |charset, guessed, damaged| Detection { charset, guessed, damaged };
    let known = |encoding| verdict(Charset::Known(encoding), false, 0);
    match counts.head[..counts.head_length] {
        [0xFF, 0xFE, 0, 0] => return Ok(verdict(Charset::Utf32 { big_endian: false }, false, 0)),
        [0, 0, 0xFE, 0xFF] => return Ok(verdict(Charset::Utf32 { big_endian: true }, false, 0)),
        [0xFF, 0xFE, ..] => return Ok(known(UTF_16LE)),
        [0xFE, 0xFF, ..] => return Ok(known(UTF_16BE)),
        _ => {}
    }
    if let Some(encoding) = counts.utf16() {
        return Ok(verdict(Charset::Known(encoding), true, 0));
    }
    if counts.is_binary() {
        return Err(Refusal::new("FIL-136"));
    }
    if counts.bad == 0 {
        return Ok(known(UTF_8));
    }
    // A cut file ends inside a character; one with a few damaged places is still UTF-8.
    if counts.bad.saturating_mul(200) <= counts.wide || (counts.bad == 1 && counts.bad_at_end) {
        return Ok(verdict(Charset::Known(UTF_8), false, counts.bad));
    }
    let mut gb = GbCounts::default();
    each_piece(path, |piece| gb.take(piece))?;
    if gb.plausible() {
        return Ok(verdict(Charset::Known(GB18030), true, gb.bad));
    }
    Err(Refusal::new("FIL-135"))
}

/// Calls back for each piece of a file.
fn each_piece(path: &Path, mut take: impl FnMut(&[u8])) -> Result<(), Refusal> {
    let mut file = File::open(path).map_err(|error| unreadable(&error))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => take(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

/// What the bytes of a file look like.
#[derive(Debug, Default)]
struct Counts {
    head: [u8; 4],
    head_length: usize,
    bytes: u64,
    /// NULs at even and odd offsets.
    nuls: [u64; 2],
    controls: u64,
    /// Characters beyond ASCII in valid UTF-8.
    wide: u64,
    /// Places that are no UTF-8.
    bad: u64,
    bad_at_end: bool,
    /// Bytes of a character that the last piece cut in two.
    rest: Vec<u8>,
}

impl Counts {
    /// Takes a piece.
    fn take(&mut self, piece: &[u8]) {
        let wanted = (4 - self.head_length).min(piece.len());
        self.head[self.head_length..self.head_length + wanted].copy_from_slice(&piece[..wanted]);
        self.head_length += wanted;
        for (offset, byte) in piece.iter().enumerate() {
            match byte {
                0 => self.nuls[((self.bytes + offset as u64) % 2) as usize] += 1,
                // Separators of files, groups, records and units stand in text tables, beside each value even.
                1..=8 | 0x0E..=0x19 | 0x1B => self.controls += 1,
                _ => {}
            }
        }
        self.bytes += piece.len() as u64;
        if self.rest.is_empty() {
            self.validate(piece);
        } else {
            let mut joined = std::mem::take(&mut self.rest);
            joined.extend_from_slice(piece);
            self.validate(&joined);
        }
    }

    /// Counts characters beyond ASCII and places that are no UTF-8.
    fn validate(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.wide += wide(text.as_bytes());
                    return;
                }
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    self.wide += wide(valid);
                    let Some(length) = error.error_len() else {
                        self.rest = rest.to_vec();
                        return;
                    };
                    self.bad += 1;
                    bytes = &rest[length..];
                }
            }
        }
    }

    /// Counts a character that the end of the file cut.
    fn finish(&mut self) {
        if !self.rest.is_empty() {
            self.bad += 1;
            self.bad_at_end = true;
        }
    }

    /// Recognizes UTF-16 without a mark: many NULs, nearly all on one side.
    fn utf16(&self) -> Option<&'static Encoding> {
        let [even, odd] = self.nuls;
        let many = (even + odd).saturating_mul(50) >= self.bytes && even + odd > 1;
        if !many || self.bytes % 2 == 1 {
            return None;
        }
        if odd >= even.saturating_mul(20) {
            Some(UTF_16LE)
        } else if even >= odd.saturating_mul(20) {
            Some(UTF_16BE)
        } else {
            None
        }
    }

    /// Tells whether there is too much in it that no text has.
    fn is_binary(&self) -> bool {
        let nuls = self.nuls[0] + self.nuls[1];
        nuls.saturating_mul(100) > self.bytes || (self.controls + nuls).saturating_mul(50) > self.bytes
    }
}

/// Counts the characters beyond ASCII in valid UTF-8.
fn wide(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte >= 0xC0).count() as u64
}

/// What the bytes look like as GB18030.
#[derive(Debug, Default)]
pub(in super::super) struct GbCounts {
    lead: Option<u8>,
    pairs: u64,
    /// Level-1 hanzi and punctuation of GB 2312.
    usual: u64,
    commonest: u64,
    bad: u64,
    /// Byte pairs of [`COMMONEST`], sorted.
    table: Vec<[u8; 2]>,
}

impl GbCounts {
    /// Takes a piece.
    pub(in super::super) fn take(&mut self, piece: &[u8]) {
        if self.table.is_empty() {
            let (bytes, _, _) = GB18030.encode(COMMONEST);
            self.table = bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            self.table.sort_unstable();
        }
        for byte in piece {
            match (self.lead.take(), byte) {
                (None, 0x80 | 0xFF) => self.bad += 1,
                (None, 0x81..=0xFE) => self.lead = Some(*byte),
                (None, _) => {}
                // Four-byte forms are rare; their halves look like a lead and a digit.
                (Some(_), 0x30..=0x39) => {}
                (Some(lead), 0x40..=0x7E | 0x80..=0xFE) => self.pair(lead, *byte),
                (Some(_), _) => self.bad += 1,
            }
        }
    }

    /// Counts a pair.
    fn pair(&mut self, lead: u8, trail: u8) {
        self.pairs += 1;
        let usual_lead = matches!(lead, 0xA1..=0xA3 | 0xB0..=0xD7);
        self.usual += u64::from(usual_lead && trail >= 0xA1);
        self.commonest += u64::from(self.table.binary_search(&[lead, trail]).is_ok());
    }

    /// Tells whether this is Chinese.
    pub(in super::super) fn plausible(&self) -> bool {
        let usual = self.usual * 10 >= self.pairs * 7;
        let common = self.pairs < LONG_TEXT_PAIRS || self.commonest * 20 >= self.pairs;
        let sound = self.bad.saturating_mul(200) <= self.pairs || (self.bad <= 1 && self.pairs >= 4);
        self.pairs > 0 && usual && common && sound
    }
}
