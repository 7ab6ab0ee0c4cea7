//! Makes lines countable before the csv reader sees them.
//!
//! Owns: quotes and line ends of a text table. The csv reader drops blank lines and takes any end
//! of file for the end of a field; so blank lines are counted here, all line ends become `\n`, fields
//! far beyond the last column of any spreadsheet are left out, and what the file ends in is remembered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

use memchr::{memchr2, memchr3};

use super::super::limits::MAX_COLUMNS;
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
    /// Behind the last column that there can be.
    Beyond,
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
    told: Rc<RefCell<Told>>,
    /// Fields of the current row that have ended.
    fields: u32,
}

/// What is to be known of lines that the csv reader does not see.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Rows that end in a line feed alone though the first line ended in a carriage return and one.
    pub(super) lone_feeds: VecDeque<u32>,
    /// Rows before which blank lines stand, and how many.
    pub(super) blank: VecDeque<(u32, u32)>,
}

impl Told {
    /// The number of the row that follows another, blank lines between them counted.
    pub(super) fn next_row(&mut self, row: u32) -> u32 {
        let next = row.saturating_add(1);
        match self.blank.front() {
            Some((after, count)) if after.saturating_sub(*count) == next => {
                let after = *after;
                self.blank.pop_front();
                after
            }
            _ => next,
        }
    }

    /// Whether a row ended in a line feed that may have broken it; rows are asked for in their order.
    pub(super) fn is_broken(&mut self, row: u32) -> bool {
        while self.lone_feeds.front().is_some_and(|lone| *lone < row) {
            self.lone_feeds.pop_front();
        }
        self.lone_feeds.front() == Some(&row)
    }
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
            told: Rc::default(),
            fields: 0,
        }
    }

    /// Returns where the end will be told once the text was read.
    pub(super) fn end(&self) -> Rc<Cell<End>> {
        Rc::clone(&self.end)
    }

    /// Returns where it is told what the csv reader does not see; it is told of a row before that row can be read.
    pub(super) fn told(&self) -> Rc<RefCell<Told>> {
        Rc::clone(&self.told)
    }

    /// Takes some bytes.
    fn take(&mut self, count: usize) {
        let piece = std::mem::take(&mut self.piece);
        let mut rest = &piece[..count];
        while let Some(byte) = rest.first().copied() {
            if self.state == State::Beyond {
                let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                rest = &rest[end..];
                if let Some(byte) = rest.first().copied() {
                    self.byte(byte);
                    rest = &rest[1..];
                }
                continue;
            }
            let blank = if self.state == State::LineStart { rest.iter().take_while(|byte| **byte == b'\n').count() } else { 0 };
            if blank > 0 && !self.after_return {
                self.blank(blank);
                rest = &rest[blank..];
                continue;
            }
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
            State::LineStart => return 0,
            State::Beyond => return 0,
            State::FieldStart | State::QuoteInQuoted => return 0,
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
                self.told.borrow_mut().lone_feeds.push_back(self.row);
            }
            self.returns = self.returns.or(Some(false));
        }
        let byte = if byte == b'\r' { b'\n' } else { byte };
        match (self.state, byte) {
            (State::Quoted, b'"') => self.state = State::QuoteInQuoted,
            (State::Quoted, _) => {}
            (State::QuoteInQuoted, b'"') => self.state = State::Quoted,
            (State::LineStart, b'\n') => {
                self.blank(1);
                return;
            }
            (_, b'\n') => {
                self.state = State::LineStart;
                self.fields = 0;
                self.row = self.row.saturating_add(1);
            }
            (State::Beyond, _) => return,
            (_, byte) if byte == self.delimiter => {
                self.fields += 1;
                // One field more than there can be is handed on, so that it is told.
                if self.fields > MAX_COLUMNS {
                    self.state = State::Beyond;
                    return;
                }
                self.state = State::FieldStart;
            }
            (State::LineStart | State::FieldStart, b'"') => {
                self.state = State::Quoted;
                self.quoted_since = self.row;
            }
            _ => self.state = State::Field,
        }
        self.out.push(byte);
    }

    /// Counts blank lines before the next row.
    fn blank(&mut self, lines: usize) {
        let lines = u32::try_from(lines).unwrap_or(u32::MAX);
        let mut told = self.told.borrow_mut();
        self.row = self.row.saturating_add(lines);
        match told.blank.back_mut() {
            Some((row, count)) if row.saturating_add(lines) == self.row => (*row, *count) = (self.row, count.saturating_add(lines)),
            _ => told.blank.push_back((self.row, lines)),
        }
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
