//! Rows of text tables that have more or fewer fields than their header.
//!
//! A number written 1,020.00 without quotation marks is two fields, and all behind it stand one column too far right. What is read where
//! is sure only up to the first field that may be the beginning of such a number or name.
//! Deliberately absent: mending. What was meant is for a person to say.

use super::reader::{CellKind, Row};
use crate::model::amount::{Number, is_mark, parse_number};
use crate::model::field::FieldKind;
use crate::model::{date, text, uscc};

/// A row that is not as long as the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misalignment {
    /// Fields of the row.
    pub found: u32,
    /// Fields of the header.
    pub expected: u32,
    /// The first column whose value may belong to another; nothing if only what stands behind the header's columns is too much.
    pub from: Option<u32>,
}

/// The columns of a text table, by which its rows are measured.
#[derive(Debug, Clone, Default)]
pub struct Alignment {
    /// What each column of the header holds, if it is known.
    kinds: Vec<Option<FieldKind>>,
}

impl Alignment {
    /// By the columns of the header up to the last that has a label.
    pub fn new(kinds: Vec<Option<FieldKind>>) -> Self {
        Self { kinds }
    }

    /// Measures a row by its fields; nothing if it is as long as the header.
    pub fn of(&self, row: &Row) -> Option<Misalignment> {
        let width = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        let last = row.cells.last().map_or(0, |cell| cell.column + 1);
        // Delimiters at the end of each row are a habit of some programs, and no fields.
        let found = if last > width { last } else { row.fields.min(width) };
        if found == width || row.fields == 0 || width == 0 {
            return None;
        }
        let from = if found > width { self.first_split(row) } else { self.first_unsure(row) };
        Some(Misalignment { found, expected: width, from })
    }

    /// Where a row that is too long may first have been split: a field that makes, with the next one, a value of its column. Without
    /// such a field and with all fields right for their columns, what is too much stands at the end.
    fn first_split(&self, row: &Row) -> Option<u32> {
        let columns = 0..self.kinds.len();
        let split = columns.clone().find(|at| self.may_be_split(row, *at));
        let misfit = || columns.clone().find(|at| !self.fits(row, *at));
        split.or_else(misfit).and_then(|at| u32::try_from(at).ok())
    }

    fn may_be_split(&self, row: &Row, at: usize) -> bool {
        let (one, next) = (field(row, at), field(row, at + 1));
        match self.kinds[at] {
            Some(FieldKind::Amount | FieldKind::Number) => splits_number(one, next),
            Some(kind) if is_worded(kind) || kind == FieldKind::Code => {
                !one.is_empty() && !next.is_empty() && !self.is_in_place(row, at + 1)
            }
            None => !one.is_empty() && !next.is_empty() && !self.is_in_place(row, at + 1),
            Some(_) => false,
        }
    }

    /// Whether a field is right for its column and cannot be part of a text before it.
    fn is_in_place(&self, row: &Row, at: usize) -> bool {
        match self.kinds.get(at) {
            Some(Some(FieldKind::Amount | FieldKind::Number)) => self.fits(row, at) || is_numeral(field(row, at)),
            Some(Some(FieldKind::Date | FieldKind::Year | FieldKind::Uscc)) => self.fits(row, at),
            Some(Some(kind)) if is_worded(*kind) => !looks_like_number(field(row, at)),
            Some(_) => true,
            None => looks_like_number(field(row, at)),
        }
    }

    /// The first column of a row that is too short whose value nothing proves to be its own.
    fn first_unsure(&self, row: &Row) -> Option<u32> {
        let proven = |at: &usize| match self.kinds[*at] {
            Some(FieldKind::Uscc) => uscc::check(&crate::model::code::normalize(field(row, *at))).is_ok(),
            Some(FieldKind::Name) => field(row, *at).chars().filter(|c| text::is_hanzi(*c)).count() > 1,
            None => *at == 0,
            Some(_) => false,
        };
        (0..self.kinds.len()).find(|at| !proven(at)).and_then(|at| u32::try_from(at).ok())
    }

    /// Whether a field may be a value of its column.
    fn fits(&self, row: &Row, at: usize) -> bool {
        let text = field(row, at);
        if text.is_empty() || is_mark(text) {
            return true;
        }
        match self.kinds[at] {
            Some(FieldKind::Amount | FieldKind::Number) => matches!(parse_number(text), Number::Stated { .. }),
            Some(FieldKind::Date) => date::parse(text).is_ok() || !looks_like_number(text),
            Some(FieldKind::Year) => looks_like_number(text.trim_end_matches(['年', '度'])),
            Some(FieldKind::Uscc) => text.chars().count() > 8 && text.chars().all(|c| !text::is_hanzi(c)),
            Some(FieldKind::Name | FieldKind::Names) => !looks_like_number(text),
            _ => true,
        }
    }
}

/// Whether a column holds words.
fn is_worded(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Name | FieldKind::Names | FieldKind::Text | FieldKind::Personal)
}

/// A field's text, empty where it has none.
fn field(row: &Row, at: usize) -> &str {
    let place = row.cells.binary_search_by(|cell| (cell.column as usize).cmp(&at));
    let cell = place.map(|place| &row.cells[place]).ok().filter(|cell| cell.kind == CellKind::Text);
    cell.map_or("", |cell| row.text(cell).trim())
}

fn looks_like_number(text: &str) -> bool {
    matches!(parse_number(text), Number::Stated { .. })
}

/// Whether a text is made of digits and signs only: half of a number.
fn is_numeral(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic)
}

/// Whether two fields may be one number with a comma for the thousands: 9 and 800, -1 and 020.00.
fn splits_number(one: &str, next: &str) -> bool {
    let head = one.trim_start_matches(['-', '+', '(', '（', '¥', '￥']);
    let (whole, rest) = next.split_at(next.find(|c: char| !c.is_ascii_digit()).unwrap_or(next.len()));
    (1..=3).contains(&head.len())
        && head.bytes().all(|b| b.is_ascii_digit())
        && whole.len() == 3
        && rest.trim_end_matches([')', '）']).strip_prefix('.').unwrap_or("").bytes().all(|b| b.is_ascii_digit())
        && (rest.is_empty() || rest.starts_with(['.', ')', '）']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [FieldKind; 5] = [FieldKind::Uscc, FieldKind::Name, FieldKind::Amount, FieldKind::Amount, FieldKind::Text];
    const CODE: &str = "914403001922038216";

    fn measured(fields: &[&str]) -> Option<Misalignment> {
        let mut row = Row::new();
        row.fields = u32::try_from(fields.len()).expect("few");
        for (column, text) in (0..).zip(fields).filter(|(_, text)| !text.is_empty()) {
            row.push(column, CellKind::Text, false, text);
        }
        Alignment::new(KINDS.map(Some).to_vec()).of(&row)
    }

    fn from(fields: &[&str]) -> Option<u32> {
        measured(fields).expect("of another length").from
    }

    #[test]
    fn a_row_as_long_as_the_header_is_aligned() {
        assert_eq!(measured(&[CODE, "甲公司", "1", "2", "注"]), None);
        assert_eq!(measured(&[CODE, "甲公司", "1", "", ""]), None);
        assert_eq!(measured(&[CODE, "甲公司", "1", "2", "注", "", ""]), None, "delimiters at the end");
    }

    #[test]
    fn a_number_in_two_fields_is_doubtful_from_its_first() {
        let found = measured(&[CODE, "甲公司", "9", "800", "610", "注"]);
        assert_eq!(found, Some(Misalignment { found: 6, expected: 5, from: Some(2) }));
        assert_eq!(from(&[CODE, "甲公司", "500", "1", "020.00", "注"]), Some(3), "the first figure is whole");
        assert_eq!(from(&[CODE, "甲公司", "(9", "800)", "610", "注"]), Some(2));
        assert_eq!(from(&[CODE, "龙南", "甲公司", "500", "610", "注"]), Some(1), "a name in two fields");
    }

    #[test]
    fn what_is_too_much_at_the_end_moves_nothing() {
        assert_eq!(from(&[CODE, "甲公司", "5000", "610", "注", "见附件"]), Some(4), "the last text may be in two");
        assert_eq!(from(&[CODE, "甲公司", "500", "610", "", "见附件"]), Some(2), "or the two figures one");
        let row = measured(&[CODE, "甲公司", "5000", "610", "", "见附件"]);
        assert_eq!(row.and_then(|r| r.from), None);
    }

    #[test]
    fn of_a_short_row_only_codes_and_names_prove_themselves() {
        let found = measured(&[CODE, "甲公司", "500", "注"]);
        assert_eq!(found, Some(Misalignment { found: 4, expected: 5, from: Some(2) }));
        assert_eq!(from(&["甲公司", "500", "610", "注"]), Some(0));
    }
}
