//! What a cell can hold.
//!
//! Owns the cell values. Money never passes through a binary float here: amounts, counts and ratios are integers with a
//! fixed scale, so not-a-number and infinity cannot be expressed.

use crate::finding::word;
use crate::model::severity::Severity;
use crate::model::words::Lang;
use chrono::NaiveDate;

/// Holds one cell as the caller sees it; the column decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// An empty, bordered cell.
    Blank,
    /// Text, written as text whatever it begins with.
    Text(&'a str),
    /// Money in 1/10000 yuan; shown in the unit of its column.
    Amount(i128),
    /// A whole number.
    Count(i64),
    /// A share in 1/10000: 2500 is 25.00 %.
    Ratio(i64),
    /// Any other decimal: `unscaled` / 10^`scale`.
    Number {
        /// The digits as a whole number.
        unscaled: i128,
        /// Number of decimal places, at most 38.
        scale: u8,
    },
    /// A calendar date.
    Date(NaiveDate),
    /// A verdict or severity in its own word and fill.
    Mark(Mark),
    /// A verdict or severity in the caller's word, with the fill of the mark.
    Marked(Mark, &'a str),
    /// A live formula together with its result.
    Formula(Formula<'a>),
}

/// Names what a mark says; each has a word and a fill, so that it also reads in black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// 符合: the criterion is met, the edit holds.
    Met,
    /// 不符合: the criterion is not met, the edit is broken.
    NotMet,
    /// 无法判断: a figure is missing.
    Unjudged,
    /// 强制性: severity error.
    Error,
    /// 核实性: severity explain.
    Explain,
    /// 提示性: severity note.
    Note,
}

impl Mark {
    /// Number of marks.
    pub(super) const COUNT: usize = 6;

    /// All marks, in the order of their variants.
    pub(super) const ALL: [Self; Self::COUNT] = [Self::Met, Self::NotMet, Self::Unjudged, Self::Error, Self::Explain, Self::Note];

    /// Gives the word that stands in the cell.
    pub(super) fn word(self, lang: Lang) -> &'static str {
        word(
            lang,
            match self {
                Self::Met => "verdict.met",
                Self::NotMet => "verdict.not_met",
                Self::Unjudged => "verdict.unjudged",
                Self::Error => Severity::Error.label_key(),
                Self::Explain => Severity::Explain.label_key(),
                Self::Note => Severity::Note.label_key(),
            },
        )
    }
}

/// A live formula and what it gives.
///
/// The expression is executed by whoever opens the workbook, so it must come from the program, never from data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formula<'a> {
    /// The expression in English function names, with or without the leading `=`.
    pub expression: &'static str,
    /// The result that readers see which do not calculate.
    pub result: Outcome,
    /// Fills `{0}`, `{1}`, … of the expression; each must be a cell address or range such as `C5` or `C5:C9`.
    pub cells: &'a [CellRange],
}

/// What a formula gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A whole number.
    Count(i64),
    /// Money in 1/10000 yuan; the formula gives it in the unit of its column.
    Amount(i128),
    /// A share in 1/10000.
    Ratio(i64),
}

impl Outcome {
    /// The same as a value of its own.
    pub(super) fn value(self) -> Value<'static> {
        match self {
            Self::Count(count) => Value::Count(count),
            Self::Amount(amount) => Value::Amount(amount),
            Self::Ratio(ratio) => Value::Ratio(ratio),
        }
    }
}

/// A rectangle of cells, counted from 0, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRange {
    /// First row.
    pub first_row: u32,
    /// First column.
    pub first_column: u16,
    /// Last row.
    pub last_row: u32,
    /// Last column.
    pub last_column: u16,
}

impl CellRange {
    /// Names one cell.
    pub fn cell(row: u32, column: u16) -> Self {
        Self { first_row: row, first_column: column, last_row: row, last_column: column }
    }

    /// Gives the address as spreadsheets write it, such as `C5` or `C5:C9`.
    pub fn address(&self) -> String {
        let first = rust_xlsxwriter::utility::row_col_to_cell(self.first_row, self.first_column);
        if self.first_row == self.last_row && self.first_column == self.last_column {
            return first;
        }
        let last = rust_xlsxwriter::utility::row_col_to_cell(self.last_row, self.last_column);
        format!("{first}:{last}")
    }
}

impl Formula<'_> {
    /// Gives the expression with its cells filled in.
    pub(super) fn filled(&self) -> String {
        let mut text = self.expression.to_owned();
        for (index, range) in self.cells.iter().enumerate() {
            text = text.replace(&format!("{{{index}}}"), &range.address());
        }
        text
    }
}

/// A cell kept for later, while a table's first rows are measured.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Plain(Value<'static>),
    Text(String),
    Marked(Mark, String),
    Formula { expression: &'static str, result: Outcome, cells: Vec<CellRange> },
}

impl Kept {
    /// Copies a value.
    pub(super) fn new(value: &Value<'_>) -> Self {
        match *value {
            Value::Blank => Self::Plain(Value::Blank),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Amount(amount) => Self::Plain(Value::Amount(amount)),
            Value::Count(count) => Self::Plain(Value::Count(count)),
            Value::Ratio(ratio) => Self::Plain(Value::Ratio(ratio)),
            Value::Number { unscaled, scale } => Self::Plain(Value::Number { unscaled, scale }),
            Value::Date(date) => Self::Plain(Value::Date(date)),
            Value::Mark(mark) => Self::Plain(Value::Mark(mark)),
            Value::Marked(mark, text) => Self::Marked(mark, text.to_owned()),
            Value::Formula(formula) => {
                Self::Formula { expression: formula.expression, result: formula.result, cells: formula.cells.to_vec() }
            }
        }
    }

    /// Lends the value out again.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Plain(value) => *value,
            Self::Text(text) => Value::Text(text),
            Self::Marked(mark, text) => Value::Marked(*mark, text),
            Self::Formula { expression, result, cells } => Value::Formula(Formula { expression, result: *result, cells }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_in_order() {
        for (index, mark) in Mark::ALL.into_iter().enumerate() {
            assert_eq!(mark as usize, index);
        }
    }

    #[test]
    fn formula_cells_are_filled_in() {
        let cells = [CellRange { first_row: 4, first_column: 2, last_row: 8, last_column: 2 }, CellRange::cell(1, 27)];
        let formula = Formula { expression: "SUM({0})*{1}", result: Outcome::Count(0), cells: &cells };
        assert_eq!(formula.filled(), "SUM(C5:C9)*AB2");
    }

    #[test]
    fn kept_values_come_back_equal() {
        let cells = [CellRange::cell(0, 0)];
        let values = [
            Value::Blank,
            Value::Text("甲"),
            Value::Number { unscaled: 5, scale: 1 },
            Value::Marked(Mark::Met, "通过"),
            Value::Formula(Formula { expression: "{0}", result: Outcome::Count(1), cells: &cells }),
        ];
        for value in &values {
            assert_eq!(Kept::new(value).value(), *value);
        }
    }
}
