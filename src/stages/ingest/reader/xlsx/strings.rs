//! The table of shared strings.
//!
//! Owns: all texts of the table, end to end in one buffer.
//! Invariants: memory is reserved by what is there, never by what the file says is there; rich runs
//! are joined, blanks kept; phonetic runs, what is struck out and footnote marks are left out, the latter two with a note.
//! Facts: ECMA-376 part 1, 18.4.

use super::super::archive::{Archive, xml_refusal};
use super::super::feed::too_much;
use super::super::limits::Limits;
use super::super::row::Refusal;
use super::super::xml::{Scanner, Token, XmlError};
use super::escape::unescape;

/// All shared strings.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
    /// Strings in which bytes had to be replaced, or that hold control characters; ascending.
    odd: Vec<(u32, Oddity)>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Oddity {
    /// Bytes or references made no sense.
    pub(super) damaged: bool,
    /// It holds control characters.
    pub(super) control: bool,
    /// Runs that are struck out or footnote marks were left out.
    pub(super) shortened: bool,
}

impl SharedStrings {
    /// Reads the table to its end.
    pub(super) fn read(archive: &mut Archive<'_>, part: &str, limits: &Limits) -> Result<Self, Refusal> {
        let mut scanner = archive.xml(part, true)?;
        let mut strings = Self::default();
        let refuse = |error| xml_refusal(part, &error);
        let mut ended = false;
        loop {
            let offset = scanner.offset();
            match scanner.next().map_err(refuse)? {
                // How many there are it says there, too; many programs miscount.
                Token::Start(tag) if tag.name == b"sst" => ended = tag.empty,
                Token::Start(tag) if tag.name == b"si" => {
                    let runs = if tag.empty { Runs::WHOLE } else { text_runs(&mut scanner, b"si", &mut strings.text).map_err(refuse)? };
                    strings.close(runs, limits)?;
                }
                Token::End(b"sst") => ended = true,
                Token::Eof if ended => return Ok(strings),
                Token::Eof => return Err(refuse(XmlError::Malformed(offset))),
                _ => {}
            }
        }
    }

    /// Ends the string whose text was appended.
    fn close(&mut self, runs: Runs, limits: &Limits) -> Result<(), Refusal> {
        let start = self.ends.last().map_or(0, |end| *end as usize);
        unescape(&mut self.text, start);
        if self.text.len() > limits.shared_text_bytes {
            return Err(too_much("shared string bytes", limits.shared_text_bytes));
        }
        if self.ends.len() >= limits.shared_strings {
            return Err(too_much("shared strings", limits.shared_strings));
        }
        let oddity = Oddity { damaged: !runs.sound, control: has_control(&self.text[start..]), shortened: runs.shortened };
        let (Ok(index), Ok(end)) = (u32::try_from(self.ends.len()), u32::try_from(self.text.len())) else {
            return Err(too_much("shared string bytes", u32::MAX));
        };
        if oddity != Oddity::default() {
            self.odd.push((index, oddity));
        }
        self.ends.push(end);
        Ok(())
    }

    /// Returns a string and what is wrong with it.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<(&str, Oddity)> {
        let end = *self.ends.get(index)? as usize;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before] as usize,
            None => 0,
        };
        let oddity = if self.odd.is_empty() { Oddity::default() } else { self.oddity(index) };
        self.text.get(start..end).map(|text| (text, oddity))
    }

    /// Looks up what is wrong with a string.
    fn oddity(&self, index: usize) -> Oddity {
        self.odd.binary_search_by_key(&index, |(odd, _)| *odd as usize).map(|place| self.odd[place].1).unwrap_or_default()
    }
}

/// Tells whether a text holds control characters other than tab and line ends.
fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
}

/// What joining the runs of a text came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Runs {
    /// Whether all bytes and references made sense.
    pub(super) sound: bool,
    /// Whether runs were left out.
    pub(super) shortened: bool,
}

impl Runs {
    /// A text as it stands.
    pub(super) const WHOLE: Self = Self { sound: true, shortened: false };
}

/// Characters of the longest footnote mark: `注12)`.
const LONGEST_MARK: usize = 6;

/// Joins the `t` elements up to the end of `si` or `is`, without phonetic runs, what is struck out, and footnote marks.
///
/// Raised or lowered characters are a footnote mark behind a digit or a hanzi and part of the text behind a Latin letter: CO₂, m².
pub(super) fn text_runs(scanner: &mut Scanner<'_>, name: &[u8], out: &mut String) -> Result<Runs, XmlError> {
    let from = out.len();
    let mut runs = Runs::WHOLE;
    let mut phonetic = false;
    let (mut raised, mut struck) = (false, false);
    loop {
        let offset = scanner.offset();
        match scanner.next()? {
            Token::Start(tag) if tag.name == b"rPh" => phonetic = !tag.empty,
            Token::End(b"rPh") => phonetic = false,
            Token::Start(tag) if tag.name == b"r" => (raised, struck) = (false, false),
            Token::Start(tag) if tag.name == b"vertAlign" => {
                raised = matches!(tag.attribute(b"val"), Some(b"superscript" | b"subscript"));
            }
            // Without a value the element itself says so.
            Token::Start(tag) if tag.name == b"strike" => struck = tag.attribute(b"val").is_none() || tag.flag(b"val"),
            Token::Start(tag) if tag.name == b"t" && !tag.empty && !phonetic => {
                let start = out.len();
                runs.sound &= scanner.text_until_end(b"t", out)?;
                if struck || (raised && is_footnote_mark(&out[from..start], &out[start..])) {
                    runs.shortened |= out.len() > start;
                    out.truncate(start);
                }
            }
            Token::End(end) if end == name => return Ok(runs),
            Token::Eof => return Err(XmlError::Malformed(offset)),
            _ => {}
        }
    }
}

/// Whether raised or lowered characters behind a text are a mark that leads to a footnote.
fn is_footnote_mark(before: &str, raised: &str) -> bool {
    raised.chars().count() <= LONGEST_MARK && !before.ends_with(|c: char| c.is_ascii_alphabetic())
}
