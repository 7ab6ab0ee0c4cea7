//! Makes lines countable before the csv reader sees them.
//!
//! Owns: quotes and line ends of a text table. The csv reader drops blank lines and takes any end
//! of file for the end of a field; so blank lines get an empty quoted field here, all line ends
//! become `\n`, and what the file ends in is remembered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::rc::Rc;

use memchr::memchr3;

use super::super::transcode::Transcoder;

/// Bytes taken from the source at a time.
const PIECE_BYTES: usize = 32 << 10;

/// What a file ended in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct End {
    /// Row of a quotation mark that was never closed.
    pub(super) unclosed_quote: Option<u32>,
    /// Whether the last row had a line end.
    pub(super) line_end: bool,
}

/// Where in a field the scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    LineStart,
    FieldStart,
    Field,
    Quoted,
    QuoteInQuoted,
}

/// A text table whose every row is one record.
pub(super) struct Lines<'r> {
    source: Transcoder<'r>,
    delimiter: u8,
    piece: Vec<u8>,
    out: Vec<u8>,
    taken: usize,
    state: State,
    after_return: bool,
    row: u32,
    quoted_since: u32,
    finished: bool,
    end: Rc<Cell<End>>,
    /// Whether the first line ended in a carriage return and a line feed.
    returns: Option<bool>,
    lone: Rc<RefCell<BTreeSet<u32>>>,
}

impl<'r> Lines<'r> {
    /// Makes the lines of a text.
    pub(super) fn new(source: Transcoder<'r>, delimiter: u8) -> Self {
        Self {
            source,
            delimiter,
            piece: vec![0; PIECE_BYTES],
            out: Vec::with_capacity(2 * PIECE_BYTES),
            taken: 0,
            state: State::LineStart,
            after_return: false,
            row: 1,
            quoted_since: 0,
            finished: false,
            end: Rc::default(),
            returns: None,
            lone: Rc::default(),
        }
    }

    /// Returns where the end will be told once the text was read.
    pub(super) fn end(&self) -> Rc<Cell<End>> {
        Rc::clone(&self.end)
    }

    /// Returns where the rows are told that end in a line feed alone though the first line ended in a carriage return and one.
    pub(super) fn lone_feeds(&self) -> Rc<RefCell<BTreeSet<u32>>> {
        Rc::clone(&self.lone)
    }

    /// Takes some bytes.
    fn take(&mut self, count: usize) {
        let piece = std::mem::take(&mut self.piece);
        let mut rest = &piece[..count];
        while let Some(byte) = rest.first().copied() {
            let plain = self.plain_length(rest);
            if plain > 0 {
                self.after_return = false;
                self.out.extend_from_slice(&rest[..plain]);
                rest = &rest[plain..];
                continue;
            }
            self.byte(byte);
            rest = &rest[1..];
        }
        self.piece = piece;
    }

    /// Returns how many bytes change nothing.
    fn plain_length(&self, bytes: &[u8]) -> usize {
        let stop = match self.state {
            State::Field => memchr3(b'\n', b'\r', self.delimiter, bytes),
            State::Quoted => memchr3(b'\n', b'\r', b'"', bytes),
            _ => return 0,
        };
        stop.unwrap_or(bytes.len())
    }

    /// Takes one byte.
    fn byte(&mut self, byte: u8) {
        let follows_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        if byte == b'\n' && follows_return {
            self.returns = self.returns.or(Some(true));
            return;
        }
        if byte == b'\n' && self.state != State::Quoted {
            if self.returns == Some(true) {
                self.lone.borrow_mut().insert(self.row);
            }
            self.returns = self.returns.or(Some(false));
        }
        let byte = if byte == b'\r' { b'\n' } else { byte };
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
            (State::Quoted, _) => {}
            (State::QuoteInQuoted, b'"') => self.state = State::Quoted,
            (State::LineStart, b'\n') => {
                self.out.extend_from_slice(b"\"\"");
                self.row = self.row.saturating_add(1);
            }
            (_, b'\n') => {
                self.state = State::LineStart;
                self.row = self.row.saturating_add(1);
            }
            (_, byte) if byte == self.delimiter => self.state = State::FieldStart,
            (State::LineStart | State::FieldStart, b'"') => {
                self.state = State::Quoted;
                self.quoted_since = self.row;
            }
            _ => self.state = State::Field,
        }
        self.out.push(byte);
    }

    /// Remembers what the text ended in.
    fn finish(&mut self) {
        self.finished = true;
        self.end.set(End {
            unclosed_quote: (self.state == State::Quoted).then_some(self.quoted_since),
            line_end: self.state == State::LineStart,
        });
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.out.len() {
            if self.finished {
                return Ok(0);
            }
            self.out.clear();
            self.taken = 0;
            match self.source.read(&mut self.piece)? {
                0 => self.finish(),
                count => self.take(count),
            }
        }
        let rest = &self.out[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}
