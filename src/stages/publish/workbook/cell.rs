//! One value into one cell.
//!
//! Owns the only calls that put text, numbers and formulas into a sheet of values.
//!
//! Invariants: text goes through `write_string`, so it is never live; a formula is written together with its result; a
//! number is written as number only if it reads back exactly.

use std::borrow::Cow;

use crate::model::text::looks_live;
use crate::model::words::Lang;
use rust_xlsxwriter::{Format, Worksheet};

use super::book::BookReport;
use super::error::WorkbookError;
use super::look::RowLook;
use super::number::{Decimal, date_serial};
use super::table::ColumnKind;
use super::text::cell_text;
use super::value::{Formula, Value};

/// Writes values into the cells of one sheet.
pub(super) struct CellWriter<'a> {
    pub(super) sheet: &'a mut Worksheet,
    pub(super) name: &'a str,
    pub(super) look: &'a RowLook,
    pub(super) lang: Lang,
    pub(super) report: &'a mut BookReport,
    /// Cells in the column's own format need not name it: the column does. This saves a look-up per cell.
    pub(super) inherit: bool,
}

/// What a number looks like once the column's unit is applied.
struct Figure {
    unscaled: i128,
    scale: u8,
    /// Decimal places shown if it has to be text.
    decimals: usize,
    /// The value is of the column's own kind.
    own: bool,
    /// How it looks in a column of another kind.
    like: Like,
}

#[derive(Clone, Copy)]
enum Like {
    Amount,
    Count,
    Ratio,
}

impl CellWriter<'_> {
    /// Writes a value.
    pub(super) fn put(&mut self, row: u32, column: u16, kind: ColumnKind, value: &Value<'_>) -> Result<(), WorkbookError> {
        let look = &self.look.columns[usize::from(column)];
        match *value {
            Value::Blank => {
                self.sheet.write_blank(row, column, &look.own)?;
                Ok(())
            }
            Value::Text(text) => self.text(row, column, kind, text),
            Value::Mark(mark) => self.marked(row, column, &look.marks[mark as usize], mark.word(self.lang)),
            Value::Marked(mark, text) => self.marked(row, column, &look.marks[mark as usize], text),
            Value::Formula(formula) => self.formula(row, column, kind, &formula),
            Value::Date(date) => {
                let own = kind == ColumnKind::Date;
                let format = if own { &look.own } else { &self.look.date };
                match date_serial(date) {
                    Some(serial) if kind != ColumnKind::Code => self.number(row, column, serial.into(), format, own),
                    _ => self.text(row, column, kind, &date.to_string()),
                }
            }
            Value::Amount(_) | Value::Count(_) | Value::Ratio(_) | Value::Number { .. } => self.figure(row, column, kind, value),
        }
    }

    fn figure(&mut self, row: u32, column: u16, kind: ColumnKind, value: &Value<'_>) -> Result<(), WorkbookError> {
        let Some(figure) = Figure::new(kind, value) else {
            return Ok(());
        };
        let decimal = figure.decimal();
        if kind == ColumnKind::Code {
            return self.text(row, column, kind, decimal.as_str());
        }
        match decimal.number() {
            Some(number) => {
                let format = figure.format(self.look, column);
                self.number(row, column, number, format, figure.own)
            }
            None => self.exact_text(row, column, &decimal.grouped(figure.decimals)),
        }
    }

    fn number(&mut self, row: u32, column: u16, number: f64, format: &Format, own: bool) -> Result<(), WorkbookError> {
        if own && self.inherit {
            self.sheet.write_number(row, column, number)?;
        } else {
            self.sheet.write_number_with_format(row, column, number, format)?;
        }
        Ok(())
    }

    /// Writes a number that no double holds.
    fn exact_text(&mut self, row: u32, column: u16, text: &str) -> Result<(), WorkbookError> {
        self.report.exact_texts += 1;
        let format = &self.look.columns[usize::from(column)].exact_text;
        self.sheet.write_string_with_format(row, column, text, format)?;
        Ok(())
    }

    fn text(&mut self, row: u32, column: u16, kind: ColumnKind, text: &str) -> Result<(), WorkbookError> {
        let text = self.fit(row, column, text);
        let look = &self.look.columns[usize::from(column)];
        if looks_live(&text) {
            self.sheet.write_string_with_format(row, column, text, &look.guarded)?;
        } else if self.inherit && matches!(kind, ColumnKind::Text | ColumnKind::Code) && !text.is_empty() {
            self.sheet.write_string(row, column, text)?;
        } else {
            self.sheet.write_string_with_format(row, column, text, &look.text)?;
        }
        Ok(())
    }

    fn marked(&mut self, row: u32, column: u16, format: &Format, text: &str) -> Result<(), WorkbookError> {
        let text = self.fit(row, column, text);
        self.sheet.write_string_with_format(row, column, text, format)?;
        Ok(())
    }

    /// Writes a formula with its result: the only place where anything live is written.
    fn formula(&mut self, row: u32, column: u16, kind: ColumnKind, formula: &Formula<'_>) -> Result<(), WorkbookError> {
        let Some(figure) = Figure::new(kind, &formula.result.value()) else {
            return Ok(());
        };
        let decimal = figure.decimal();
        if decimal.number().is_none() {
            // A spreadsheet would calculate a rounded sum; the exact one stands as text.
            return self.exact_text(row, column, &decimal.grouped(figure.decimals));
        }
        let live = rust_xlsxwriter::Formula::new(formula.filled()).set_result(decimal.as_str());
        let format = figure.format(self.look, column);
        self.sheet.write_formula_with_format(row, column, live, format)?;
        Ok(())
    }

    fn fit<'t>(&mut self, row: u32, column: u16, text: &'t str) -> Cow<'t, str> {
        let fit = cell_text(text, self.lang);
        self.report.replaced_texts += u64::from(fit.replaced);
        if fit.cut {
            self.report.note_cut(self.name, row, column);
        }
        fit.text
    }
}

impl Figure {
    /// Applies the column's unit; none for values that are no numbers.
    fn new(kind: ColumnKind, value: &Value<'_>) -> Option<Self> {
        let (unscaled, scale, decimals, own, like) = match *value {
            Value::Amount(amount) => {
                // Yuan at scale 4 is 万元 at scale 8; beside other kinds an amount stays in yuan.
                let own = kind == ColumnKind::Amount;
                (amount, if own { 8 } else { 4 }, 2, own, Like::Amount)
            }
            Value::Count(count) => (count.into(), 0, 0, kind == ColumnKind::Count, Like::Count),
            Value::Ratio(ratio) => (ratio.into(), 4, 4, kind == ColumnKind::Ratio, Like::Ratio),
            Value::Number { unscaled, scale } => {
                let own = matches!(kind, ColumnKind::Number { .. });
                (unscaled, scale, 0, own, Like::Amount)
            }
            _ => return None,
        };
        Some(Self { unscaled, scale, decimals, own, like })
    }

    fn decimal(&self) -> Decimal {
        Decimal::new(self.unscaled, self.scale)
    }

    fn format<'l>(&self, look: &'l RowLook, column: u16) -> &'l Format {
        match self.like {
            _ if self.own => &look.columns[usize::from(column)].own,
            Like::Amount => &look.amount,
            Like::Count => &look.count,
            Like::Ratio => &look.ratio,
        }
    }
}
