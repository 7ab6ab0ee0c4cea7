//! Hands out the rows of a sheet whose cells were read twice.
//!
//! Invariants: a value leaves only where calamine's reading and ours are the same, or where ours stands alone because calamine was not given
//! the cell; all else is a finding at the cell.

use calamine::{Data, Range};

use super::super::error_value;
use super::super::feed::{Feed, shown};
use super::super::number;
use super::super::row::{CellKind, Refusal};
use super::cells::{Cell, Kind};
use super::globals::Globals;
use super::handover;
use super::sheet::SheetFacts;

/// A sheet, as both readings have it.
pub(super) struct SheetRows<'a> {
    pub(super) stream: &'a [u8],
    pub(super) globals: &'a Globals<'a>,
    pub(super) facts: &'a SheetFacts,
    /// What calamine made of it.
    pub(super) second: Option<&'a Range<Data>>,
}

/// A value of our own reading.
enum Value<'a> {
    Number(f64),
    Text(std::borrow::Cow<'a, str>),
    Bool(bool),
    Error(&'static str),
}

impl SheetRows<'_> {
    /// Hands out all rows.
    pub(super) fn hand_out(&self, feed: &mut Feed<'_>) -> Result<(), Refusal> {
        for row in self.facts.cells.chunk_by(|a, b| a.row == b.row) {
            let number = u32::from(row[0].row);
            feed.begin_row(number + 1, self.facts.hidden_rows.contains(&number));
            for same_place in row.chunk_by(|a, b| a.column == b.column) {
                for cell in same_place {
                    self.cell(cell, same_place.len() == 1, feed)?;
                }
            }
            feed.end_row()?;
        }
        Ok(())
    }

    /// Hands out a cell, which is `alone` at its place.
    fn cell(&self, cell: &Cell, alone: bool, feed: &mut Feed<'_>) -> Result<(), Refusal> {
        feed.count()?;
        let column = u32::from(cell.column);
        let (value, certain) = match self.value(cell) {
            Some(value) => value,
            None => {
                match cell.kind {
                    Kind::Awaited => feed.cell_note("CEL-201", column, Vec::new()),
                    Kind::Empty => {}
                    _ => feed.cell_note("CEL-242", column, Vec::new()),
                }
                return Ok(());
            }
        };
        if let (false, Value::Text(text)) = (certain, &value) {
            feed.cell_note("CEL-243", column, vec![("text", shown(text))]);
            return Ok(());
        }
        if let Some(second) = self.second.filter(|_| alone && handover::is_common(cell, self.stream, self.globals)) {
            let second = second.get_value((u32::from(cell.row), column)).unwrap_or(&Data::Empty);
            if !value.equals(second) {
                feed.cell_note("CEL-245", column, vec![("first", value.shown()), ("second", shown(&second.to_string()))]);
                return Ok(());
            }
        }
        match value {
            Value::Number(value) => {
                let mut text = String::new();
                number::shortest(value, &mut text);
                feed.number(column, cell.formula, text.as_bytes(), self.globals.format(cell.style))
            }
            Value::Text(text) => feed.text(column, cell.formula, &text),
            Value::Bool(value) => feed.cell(column, CellKind::Bool, cell.formula, if value { "TRUE" } else { "FALSE" }),
            Value::Error(text) => feed.cell(column, CellKind::Error, cell.formula, text),
        }
    }

    /// Reads a cell's value, and tells whether its characters are certain; nothing if it has none.
    fn value(&self, cell: &Cell) -> Option<(Value<'_>, bool)> {
        let value = match cell.kind {
            Kind::Number => Value::Number(f64::from_bits(cell.bits)),
            Kind::Bool => Value::Bool(cell.bits != 0),
            Kind::Error => Value::Error(error_value::text(u8::try_from(cell.bits).ok()?)?),
            Kind::Shared => {
                let (text, certain) = self.globals.strings.get(cell.bits)?;
                return Some((Value::Text(text.into()), certain));
            }
            Kind::Inline => {
                let (text, certain) = self.globals.charset.decode(&cell.inline(self.stream, self.globals)?.0);
                return Some((Value::Text(text.into()), certain));
            }
            Kind::Awaited | Kind::Empty | Kind::Broken => return None,
        };
        Some((value, true))
    }
}

impl Value<'_> {
    /// Whether calamine read the same.
    fn equals(&self, second: &Data) -> bool {
        match (self, second) {
            (Self::Number(value), Data::Float(second)) => value == second || (value.is_nan() && second.is_nan()),
            (Self::Text(text), Data::String(second)) => text == second,
            (Self::Text(text), Data::Empty) => text.is_empty(),
            (Self::Bool(value), Data::Bool(second)) => value == second,
            // Calamine shortens the last of them.
            (Self::Error(text), Data::Error(second)) => *text == second.to_string().replace("#DATA!", "#GETTING_DATA"),
            _ => false,
        }
    }

    /// The value for a note.
    fn shown(&self) -> String {
        match self {
            Self::Number(value) => value.to_string(),
            Self::Text(text) => shown(text),
            Self::Bool(value) => value.to_string(),
            Self::Error(text) => (*text).to_owned(),
        }
    }
}
