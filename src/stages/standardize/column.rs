//! One field's columns, filled cell by cell.

use super::schema::{PRECISIONS, state, words};
use crate::config::FieldKind;
use crate::model::amount::{Number, Unit, parse_number, plain_to_units, to_units_rounded};
use crate::model::date::{DateProblem, Precision};
use crate::model::raw::{CellType, RawCell};
use crate::model::{code, date, name, patent_number, text};
use datafusion::arrow::array::{ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, Int64Builder, StringBuilder};
use datafusion::arrow::error::ArrowError;
use std::collections::HashMap;
use std::sync::Arc;

/// Spellings of a code list, folded, to their canonical value.
pub type CodeList = HashMap<String, String>;

/// Folds a spelling of a code list: no blanks, brackets and quotes do not count.
pub fn code_key(spelling: &str) -> String {
    name::match_key(spelling).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The value column by kind.
enum Values {
    Text(StringBuilder),
    Decimal(Decimal128Builder),
    Year(Int32Builder),
    Date(Date32Builder),
    Flag(BooleanBuilder),
}

/// The columns of one field.
pub struct FieldColumn {
    kind: FieldKind,
    codes: CodeList,
    column_unit: Option<Unit>,
    values: Values,
    states: Vec<Option<i8>>,
    raw: StringBuilder,
    cells: Vec<Option<i8>>,
    units: Int64Builder,
    keys: StringBuilder,
    precisions: Vec<Option<i8>>,
}

impl FieldColumn {
    /// Starts the columns of a field of a table.
    pub fn new(kind: FieldKind, codes: CodeList, column_unit: Option<Unit>) -> Self {
        let values = match kind {
            FieldKind::Amount | FieldKind::Number => Values::Decimal(Decimal128Builder::new()),
            FieldKind::Year => Values::Year(Int32Builder::new()),
            FieldKind::Date => Values::Date(Date32Builder::new()),
            FieldKind::Flag => Values::Flag(BooleanBuilder::new()),
            _ => Values::Text(StringBuilder::new()),
        };
        Self {
            kind,
            codes,
            column_unit,
            values,
            states: Vec::new(),
            raw: StringBuilder::new(),
            cells: Vec::new(),
            units: Int64Builder::new(),
            keys: StringBuilder::new(),
            precisions: Vec::new(),
        }
    }

    /// Takes a cell; returns the amount read, for the check of sum rows.
    pub fn push(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let raw = cell.map(|c| c.text);
        if self.kind != FieldKind::Text {
            self.raw.append_option(raw);
            self.cells.push(cell.map(|c| c.kind as i8));
        }
        let cell = cell.filter(|c| !c.text.trim().is_empty());
        match self.kind {
            FieldKind::Amount | FieldKind::Number => self.push_number(cell),
            FieldKind::Year => self.push_year(cell),
            FieldKind::Date => self.push_date(cell),
            FieldKind::Flag => self.push_flag(cell),
            _ => self.push_text(cell),
        }
    }

    fn push_number(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let (state, value, unit) = read_number(cell, self.kind, self.column_unit);
        self.states.push(Some(state));
        self.units.append_option(value.and(unit).map(Unit::yuan));
        if let Values::Decimal(values) = &mut self.values {
            values.append_option(value);
        }
        match (value, state) {
            (Some(value), _) => Reading::Value(value),
            (None, state::BLANK | state::MARK) => Reading::Absent,
            _ => Reading::Unreadable,
        }
    }

    fn push_year(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let year = cell.and_then(|c| {
            let folded = text::fold(c.text);
            match parse_number(folded.trim().trim_end_matches(['度', '年'])) {
                Number::Stated { value, unit: None, percent: false, .. } if value.fract().is_zero() => {
                    i32::try_from(value.trunc().mantissa() / 10_i128.pow(value.trunc().scale())).ok().filter(|y| (1000..10_000).contains(y))
                }
                _ => None,
            }
        });
        self.states.push(Some(match cell {
            None => state::BLANK,
            Some(c) if c.kind == CellType::Error => state::ERROR_CELL,
            Some(_) if year.is_some() => state::STATED,
            Some(_) => state::UNREADABLE,
        }));
        if let Values::Year(values) = &mut self.values {
            values.append_option(year);
        }
        Reading::Absent
    }

    fn push_date(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let (state, value) = match cell {
            None => (state::BLANK, None),
            Some(c) if c.kind == CellType::Error => (state::ERROR_CELL, None),
            Some(c) => match date::parse(c.text) {
                Ok(found) => (state::STATED, Some(found)),
                Err(DateProblem::Missing) => (state::MARK, None),
                Err(DateProblem::OpenEnded) => (state::OPEN, None),
                Err(_) => (state::UNREADABLE, None),
            },
        };
        self.states.push(Some(state));
        self.precisions.push(value.map(|(_, precision)| match precision {
            Precision::Day => 0,
            Precision::Month => 1,
            Precision::Year => 2,
        }));
        if let Values::Date(values) = &mut self.values {
            let epoch = chrono::NaiveDate::default();
            values.append_option(value.and_then(|(day, _)| i32::try_from((day - epoch).num_days()).ok()));
        }
        Reading::Absent
    }

    fn push_flag(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let flag = cell.map(|c| read_flag(c.text));
        self.states.push(Some(match flag {
            None => state::BLANK,
            Some(None) => state::UNREADABLE,
            Some(Some(_)) => state::STATED,
        }));
        if let Values::Flag(values) = &mut self.values {
            values.append_option(flag.flatten());
        }
        Reading::Absent
    }

    fn push_text(&mut self, cell: Option<RawCell<'_>>) -> Reading {
        let mut state = if cell.is_some() { state::STATED } else { state::BLANK };
        let Values::Text(values) = &mut self.values else { return Reading::Absent };
        match (self.kind, cell) {
            (_, None) => values.append_null(),
            (_, Some(c)) if c.kind == CellType::Error => {
                state = state::ERROR_CELL;
                values.append_null();
            }
            (FieldKind::Uscc | FieldKind::OrgCode, Some(c)) => {
                let folded = code::normalize(c.text);
                if folded.is_empty() || crate::model::amount::is_mark(&folded) {
                    state = state::BLANK;
                    values.append_null();
                } else {
                    values.append_value(folded);
                }
            }
            (FieldKind::PatentNumber, Some(c)) => values.append_value(patent_number::normalize(c.text)),
            (FieldKind::Name, Some(c)) => values.append_value(name::clean(c.text)),
            (FieldKind::Code, Some(c)) => match self.codes.get(&code_key(c.text)) {
                Some(value) => values.append_value(value),
                None => {
                    state = state::NOT_IN_LIST;
                    values.append_null();
                }
            },
            (_, Some(c)) => values.append_value(c.text.trim()),
        }
        self.states.push(Some(state));
        if self.kind == FieldKind::Name {
            self.keys.append_option(cell.filter(|_| state == state::STATED).map(|c| name::match_key(c.text)));
        }
        Reading::Absent
    }

    /// Hands over the columns, in the order of [`super::field_columns`], and starts anew.
    pub fn finish(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let value: ArrayRef = match &mut self.values {
            Values::Text(b) => Arc::new(b.finish()),
            Values::Decimal(b) => Arc::new(b.finish().with_precision_and_scale(28, 4)?),
            Values::Year(b) => Arc::new(b.finish()),
            Values::Date(b) => Arc::new(b.finish()),
            Values::Flag(b) => Arc::new(b.finish()),
        };
        let mut columns = vec![value, words(std::mem::take(&mut self.states), &state::WORDS)];
        if self.kind == FieldKind::Text {
            return Ok(columns);
        }
        columns.push(Arc::new(self.raw.finish()));
        columns.push(words(std::mem::take(&mut self.cells), &CellType::WORDS));
        match self.kind {
            FieldKind::Amount | FieldKind::Number => columns.push(Arc::new(self.units.finish())),
            FieldKind::Name => columns.push(Arc::new(self.keys.finish())),
            FieldKind::Date => columns.push(words(std::mem::take(&mut self.precisions), &PRECISIONS)),
            _ => {}
        }
        Ok(columns)
    }
}

/// What a numeric cell gave, for adding up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Yuan (or plain units) at scale 4.
    Value(i128),
    /// Nothing stated.
    Absent,
    /// Something that is no number.
    Unreadable,
}

/// Reads a number: its state, its value at scale 4 in yuan, and the unit that applied.
///
/// More than four decimals of a yuan are rounded half away from zero.
pub fn read_number(cell: Option<RawCell<'_>>, kind: FieldKind, column_unit: Option<Unit>) -> (i8, Option<i128>, Option<Unit>) {
    let Some(cell) = cell else { return (state::BLANK, None, None) };
    match cell.kind {
        CellType::Error => return (state::ERROR_CELL, None, None),
        CellType::Date | CellType::Bool => return (state::UNREADABLE, None, None),
        CellType::Number | CellType::Text | CellType::Csv => {}
    }
    let column_unit = if kind == FieldKind::Number { Some(Unit::Yuan) } else { column_unit };
    let stated = |value: i128, unit: Unit| (if value == 0 { state::ZERO } else { state::STATED }, Some(value), Some(unit));
    if let Some(value) = column_unit.and_then(|u| plain_to_units(cell.text, u)) {
        return stated(value, column_unit.unwrap_or(Unit::Yuan));
    }
    match parse_number(cell.text) {
        Number::Mark => (state::MARK, None, None),
        Number::NotANumber => (state::UNREADABLE, None, None),
        Number::TooLarge => (state::TOO_LARGE, None, None),
        Number::Stated { percent: true, .. } if kind == FieldKind::Amount => (state::UNREADABLE, None, None),
        Number::Stated { value, unit, .. } => match unit.or(column_unit) {
            None => (state::NO_UNIT, None, None),
            Some(unit) => match to_units_rounded(&value, unit) {
                Some(value) => stated(value, unit),
                None => (state::TOO_LARGE, None, None),
            },
        },
    }
}

/// Reads yes or no; nothing if it is neither.
fn read_flag(cell: &str) -> Option<bool> {
    let folded = name::match_key(cell);
    match folded.as_str() {
        "是" | "有" | "Y" | "YES" | "TRUE" | "1" | "√" | "已质押" | "质押" | "质押中" | "同意" | "已授权" | "授权" => {
            Some(true)
        }
        "否" | "无" | "N" | "NO" | "FALSE" | "0" | "×" | "未质押" | "无质押" | "不同意" | "未授权" | "-" | "—" | "已解除" | "解除" => {
            Some(false)
        }
        _ => None,
    }
}
