//! What is not sure about the cells of a record.
//!
//! Takes: a row below a header. Gives: the row as it is read, that is with what is merged over it and without personal data, the cells
//! that are in doubt, and what is to be told of them. Invariant: no cell loses its value without a finding at it or its row.

use super::alignment::{Alignment, Misalignment};
use super::merged::MergedDown;
use super::reader::{CellKind, Row};
use super::units::{MoneyColumns, RowMoney};
use crate::model::amount::Unit;
use crate::model::field::FieldKind;
use crate::model::personal::{self, MASK, PersonalKind};
use crate::model::raw::Doubt;
use crate::model::{cell, text};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::HashMap;

/// What must be known of a table to see what is doubtful in its rows.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// What each column holds that names a field.
    pub kinds: HashMap<u32, FieldKind>,
    /// Columns of the key fields.
    pub keys: Vec<u32>,
    /// How long its rows are, if it is a text table.
    pub alignment: Alignment,
    /// Columns that say a record's unit and currency.
    pub money: MoneyColumns,
    /// Regions merged downwards.
    pub merged: MergedDown,
}

/// A row as it is read.
#[derive(Debug, Clone)]
pub struct DoubtedRow<'r> {
    /// Its cells, what is merged over it among them, and nothing personal.
    pub row: Cow<'r, Row>,
    /// Cells in doubt by column.
    cells: Vec<(u32, Doubt)>,
    misaligned: Option<Misalignment>,
    /// The unit that it states for its amounts, and the column that says so.
    pub unit: Option<(Unit, u32)>,
    foreign: bool,
    /// What is to be told of it, if it is a record.
    pub told: Vec<Told>,
}

/// Something to be told of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Code in the catalogue.
    pub code: &'static str,
    /// Column, 0-based.
    pub column: Option<u32>,
    /// Values of the message's placeholders.
    pub args: Vec<(&'static str, String)>,
}

impl DoubtedRow<'_> {
    /// The row with its cells its own.
    pub fn into_owned(self) -> DoubtedRow<'static> {
        DoubtedRow { row: Cow::Owned(self.row.into_owned()), ..self }
    }

    /// Why a cell of a field of this kind is in doubt.
    pub fn doubt(&self, column: u32, kind: FieldKind) -> Option<Doubt> {
        let own = self.cells.iter().find(|(c, _)| *c == column).map(|(_, doubt)| *doubt);
        let misaligned = || self.misaligned.and_then(|m| m.from).filter(|from| *from <= column).map(|_| Doubt::Misaligned);
        let foreign = || (self.foreign && kind == FieldKind::Amount).then_some(Doubt::Currency);
        own.or_else(misaligned).or_else(foreign)
    }

    fn tell(&mut self, code: &'static str, column: Option<u32>, args: Vec<(&'static str, String)>) {
        self.told.push(Told { code, column, args });
    }
}

impl Doubts {
    /// Reads a row; rows come from top to bottom.
    pub fn read<'r>(&mut self, row: &'r Row) -> DoubtedRow<'r> {
        self.merged.enter(row);
        let misaligned = self.alignment.of(row);
        let mut read = DoubtedRow { row: Cow::Borrowed(row), cells: Vec::new(), misaligned, unit: None, foreign: false, told: Vec::new() };
        if let Some(Misalignment { found, expected, from }) = misaligned {
            let args = vec![("found", found.to_string()), ("expected", expected.to_string())];
            read.tell(if from.is_some() { Doubt::Misaligned.code() } else { "CEL-229" }, from, args);
        }
        if self.merged.is_open() {
            self.fill(&mut read);
        }
        self.money(&mut read);
        self.hide_personal(&mut read);
        read
    }

    /// Fills in what is merged over the row, and doubts figures that are.
    fn fill(&self, read: &mut DoubtedRow<'_>) {
        let number = read.row.number;
        let is_figure = |column: u32| matches!(self.kinds.get(&column), Some(FieldKind::Amount | FieldKind::Number));
        let one_record = |region| self.merged.is_one_record(region, &self.keys);
        // A figure that its record's own rows share stands in the first of them.
        let wanted = |region: super::reader::Span| {
            self.kinds.contains_key(&region.first_column) && !(is_figure(region.first_column) && one_record(region))
        };
        if let Some(filled) = self.merged.filled(&read.row, wanted) {
            read.row = Cow::Owned(filled);
        }
        let columns: Vec<u32> = read.row.cells.iter().map(|c| c.column).filter(|c| is_figure(*c)).collect();
        for column in columns {
            let Some(region) = self.merged.at(column).filter(|region| !one_record(*region)) else { continue };
            read.cells.push((column, Doubt::Merged));
            let area =
                format!("{}:{}", cell::address(region.first_column, region.first_row), cell::address(region.last_column, region.last_row));
            let first = number == region.first_row;
            read.tell(Doubt::Merged.code(), Some(column), vec![("area", area), ("first", first.to_string())]);
        }
    }

    /// Reads the row's own unit and currency.
    fn money(&self, read: &mut DoubtedRow<'_>) {
        let said = |column: Option<u32>| {
            let cell = read.row.cells.iter().find(|c| Some(c.column) == column)?;
            Some((cell.column, read.row.text(cell).to_owned()))
        };
        let unit = said(self.money.unit).and_then(|(column, text)| Some((column, RowMoney::of_unit(&text)?, text)));
        let currency = said(self.money.currency).and_then(|(column, text)| Some((column, RowMoney::of_currency(&text)?, text)));
        for (column, money, text) in unit.into_iter().chain(currency) {
            match money {
                RowMoney::Unit(unit) => read.unit = Some((unit, column)),
                RowMoney::Foreign => {
                    read.foreign = true;
                    read.tell(Doubt::Currency.code(), Some(column), vec![("found", text)]);
                }
            }
        }
    }

    /// Takes personal data out of the row.
    fn hide_personal(&self, read: &mut DoubtedRow<'_>) {
        let mut hidden: Vec<(u32, PersonalKind, String, bool)> = Vec::new();
        for cell in &read.row.cells {
            let kind = self.kinds.get(&cell.column).copied();
            let Some((masked, what)) = personal_in(read.row.text(cell), cell.kind, kind) else { continue };
            let rest = masked.replace(MASK, "");
            // A name beside a telephone is still the name, and an address without one still the address.
            let kept = matches!(kind, None | Some(FieldKind::Text | FieldKind::Name | FieldKind::Names))
                && rest.chars().filter(|c| text::is_hanzi(*c)).count() > 1;
            let is_name = matches!(kind, Some(FieldKind::Name | FieldKind::Names));
            hidden.push((cell.column, what, if kept && is_name { rest.trim().to_owned() } else { masked }, kept));
        }
        if hidden.is_empty() {
            return;
        }
        let mut clean = Row::new();
        (clean.number, clean.hidden, clean.fields) = (read.row.number, read.row.hidden, read.row.fields);
        // Both are in the order of columns, and there may be as many of these as of cells.
        let mut masked = hidden.iter().peekable();
        for cell in &read.row.cells {
            match masked.next_if(|(column, ..)| *column == cell.column) {
                Some((column, _, rest, _)) => clean.push(*column, CellKind::Text, cell.formula, rest),
                None => {
                    clean.push(cell.column, cell.kind, cell.formula, read.row.text(cell));
                    clean.scale_last(cell.power);
                }
            }
        }
        read.row = Cow::Owned(clean);
        for (column, what, _, kept) in hidden.into_iter().filter(|(column, ..)| self.kinds.contains_key(column)) {
            if !kept {
                read.cells.push((column, Doubt::Personal));
            }
            read.tell(Doubt::Personal.code(), Some(column), vec![("reason", what.word().to_owned())]);
        }
    }
}

/// The text of a cell without its personal data, if it holds any.
fn personal_in(text: &str, cell: CellKind, kind: Option<FieldKind>) -> Option<(String, PersonalKind)> {
    match cell {
        CellKind::Date | CellKind::Bool | CellKind::Error => None,
        // A spreadsheet keeps fifteen digits of a longer number.
        CellKind::Number if text.len() > 11 => {
            let whole = Decimal::from_scientific(&text.to_ascii_lowercase()).ok().map(|d| d.normalize().to_string());
            personal::mask_id_numbers(whole.as_deref().unwrap_or(text))
        }
        CellKind::Number if matches!(kind, None | Some(FieldKind::Amount | FieldKind::Number | FieldKind::Date | FieldKind::Year)) => None,
        CellKind::Number => personal::mask(text),
        CellKind::Text if matches!(kind, Some(FieldKind::Amount | FieldKind::Number)) => personal::mask_id_numbers(text),
        CellKind::Text => personal::mask(text),
    }
}
