//! A cell of an old workbook, as its record holds it.

use super::globals::Globals;
use super::records::{Records, id};
use super::text::{RawText, cell_text};

/// What the bits of a [`Cell`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A double.
    Number,
    /// The index of a shared string.
    Shared,
    /// The offset of the record that holds the text.
    Inline,
    /// 0 or 1.
    Bool,
    /// The code of an error.
    Error,
    /// A formula's text that never came.
    Awaited,
    /// A formula's empty text.
    Empty,
    /// Nothing: the record contradicts itself.
    Broken,
}

/// A cell; many are held at a time, so it is small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) bits: u64,
    pub(super) row: u16,
    pub(super) column: u16,
    pub(super) style: u16,
    pub(super) kind: Kind,
    pub(super) formula: bool,
}

impl Cell {
    /// Gives a formula that waits for its text the record that holds it; a broken one stays broken.
    pub(super) fn text_at(&mut self, record: usize) {
        if self.kind == Kind::Awaited {
            (self.kind, self.bits) = (Kind::Inline, record as u64);
        }
    }

    /// The text of a cell that holds it itself, and whether it is spread over several records.
    pub(super) fn inline<'a>(&self, stream: &'a [u8], globals: &Globals<'_>) -> Option<(RawText<'a>, bool)> {
        let at = usize::try_from(self.bits).ok()?;
        let mut records = Records::from(stream, at);
        let record = records.next()?;
        let bodies = records.prolonged(record.body);
        let text = cell_text(&bodies, if record.id == id::STRING { 0 } else { 6 }, globals.wide)?;
        Some((text, bodies.len() > 1))
    }
}
