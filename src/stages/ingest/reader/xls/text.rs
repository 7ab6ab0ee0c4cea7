//! Texts as the records hold them.
//!
//! Owns: the layout of counted texts, whole or spread over records that prolong each other.
//! Facts: MS-XLS 2.5.293 and 2.5.294; since Excel 97 a text is UTF-16, of which the upper bytes may be left out; before, it is
//! bytes of the workbook's code page. A text that goes on in the next record says there anew whether upper bytes follow.

use std::borrow::Cow;

use super::bytes::{halves, u16_at};

/// Flag of a text: upper bytes are there.
const UPPER: u8 = 1;
/// Flag of a text: a phonetic part follows.
const PHONETIC: u8 = 4;
/// Flag of a text: runs of fonts follow.
const RUNS: u8 = 8;

/// A text before its bytes are characters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RawText<'a> {
    /// One byte each.
    Eight(Cow<'a, [u8]>),
    /// UTF-16.
    Sixteen(Vec<u16>),
}

impl RawText<'_> {
    /// The bytes whose meaning is not certain: those of eight bits that are no ASCII.
    pub(super) fn uncertain(&self) -> Option<&[u8]> {
        match self {
            Self::Eight(bytes) if !bytes.is_ascii() => Some(bytes),
            _ => None,
        }
    }
}

/// Reads on through bodies of records that prolong each other.
#[derive(Debug)]
pub(super) struct Cursor<'a, 'b> {
    bodies: &'b [&'a [u8]],
    body: usize,
    at: usize,
    /// Whether something that belongs together was split between two records.
    pub(super) split: bool,
}

impl<'a, 'b> Cursor<'a, 'b> {
    /// Begins at an offset of the first body.
    pub(super) fn new(bodies: &'b [&'a [u8]], at: usize) -> Self {
        Self { bodies, body: 0, at, split: false }
    }

    /// What is left of the body that is read, after moving on from one that is used up.
    fn rest(&mut self) -> &'a [u8] {
        loop {
            let Some(body) = self.bodies.get(self.body) else {
                return &[];
            };
            match body.get(self.at..) {
                Some(rest) if !rest.is_empty() => return rest,
                _ => (self.body, self.at) = (self.body + 1, 0),
            }
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.rest().is_empty()
    }

    /// Where it stands: the body, and the offset in it.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.body, self.at)
    }

    /// Takes a few bytes.
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut out = [0; N];
        if let Some(whole) = self.rest().get(..N) {
            out.copy_from_slice(whole);
            self.at += N;
            return Some(out);
        }
        self.split = true;
        for byte in &mut out {
            *byte = *self.rest().first()?;
            self.at += 1;
        }
        Some(out)
    }

    /// Passes over bytes.
    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let step = self.rest().len().min(count);
            if step == 0 {
                return None;
            }
            self.at += step;
            count -= step;
        }
        Some(())
    }

    /// Reads characters, of which each body says anew whether they have upper bytes.
    fn characters(&mut self, mut count: usize, mut upper: bool) -> Option<RawText<'a>> {
        let mut units: Vec<u16> = Vec::new();
        let mut eight: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        loop {
            // Not `rest`: behind the end of a body stands a flag.
            let rest = self.bodies.get(self.body).and_then(|body| body.get(self.at..)).unwrap_or_default();
            let here = if upper { rest.len() / 2 } else { rest.len() }.min(count);
            let piece = &rest[..if upper { 2 * here } else { here }];
            if !upper && units.is_empty() {
                if eight.is_empty() { eight = Cow::Borrowed(piece) } else { eight.to_mut().extend_from_slice(piece) }
            } else {
                units.extend(eight.iter().map(|byte| u16::from(*byte)));
                eight = Cow::Borrowed(&[]);
                if upper { units.extend(halves(piece)) } else { units.extend(piece.iter().map(|byte| u16::from(*byte))) }
            }
            self.at += piece.len();
            count -= here;
            if count == 0 {
                return Some(if units.is_empty() { RawText::Eight(eight) } else { RawText::Sixteen(units) });
            }
            // A character of two bytes is never split.
            (self.body, self.at) = (self.body + 1, 1);
            let flag = self.bodies.get(self.body)?.first()?;
            if rest.len() != piece.len() || *flag > UPPER {
                return None;
            }
            upper = *flag == UPPER;
        }
    }

    /// Reads a text of Excel 97 and later, with what follows it; nothing if it makes no sense.
    pub(super) fn rich_text(&mut self) -> Option<RawText<'a>> {
        let [low, high, flags] = self.bytes()?;
        let begun_in = self.body;
        if flags & !(UPPER | PHONETIC | RUNS) != 0 {
            return None;
        }
        let runs = if flags & RUNS != 0 { u16::from_le_bytes(self.bytes()?) } else { 0 };
        let phonetic = if flags & PHONETIC != 0 { u32::from_le_bytes(self.bytes()?) } else { 0 };
        // Also where one of these numbers ends with its record and the next one begins the record behind.
        self.split |= self.body != begun_in;
        let text = self.characters(usize::from(u16::from_le_bytes([low, high])), flags & UPPER != 0)?;
        self.skip(4 * usize::from(runs))?;
        self.skip(usize::try_from(phonetic).ok()?)?;
        Some(text)
    }
}

/// Reads the text of a cell: its count has 16 bits.
pub(super) fn cell_text<'a>(bodies: &[&'a [u8]], at: usize, wide: bool) -> Option<RawText<'a>> {
    let first = *bodies.first()?;
    let count = usize::from(u16_at(first, at)?);
    if count == 0 {
        return Some(RawText::Eight(Cow::Borrowed(&[])));
    }
    if wide {
        let flags = *first.get(at + 2)?;
        return Cursor::new(bodies, at + 3).characters(count, flags & UPPER != 0).filter(|_| flags & !(UPPER | PHONETIC | RUNS) == 0);
    }
    if let Some(whole) = first.get(at + 2..at + 2 + count) {
        return Some(RawText::Eight(Cow::Borrowed(whole)));
    }
    // Before Excel 97 a text just goes on.
    let mut bytes = first.get(at + 2..)?.to_vec();
    bodies[1..].iter().for_each(|body| bytes.extend_from_slice(body));
    bytes.truncate(count);
    (bytes.len() == count).then_some(RawText::Eight(Cow::Owned(bytes)))
}

/// Reads the name of a sheet or of a font: its count has 8 bits.
pub(super) fn short_text(body: &[u8], wide: bool) -> Option<RawText<'_>> {
    let count = usize::from(*body.first()?);
    if wide {
        let flags = *body.get(1)?;
        return Cursor::new(&[body], 2).characters(count, flags & UPPER != 0);
    }
    Some(RawText::Eight(Cow::Borrowed(body.get(1..1 + count)?)))
}
