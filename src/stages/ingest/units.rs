//! Units of money that a table states, where they are said, and where two of them are said of one figure.
//!
//! Takes: the rows above a table, corners of its header, and what is said below it, which is known once the file was read to its end.
//! Gives: the one unit, or the two places that disagree. Invariant: of several units none is chosen.

use super::folding;
use super::head::HeadRow;
use crate::model::amount::{Unit, is_foreign, is_mark};
use crate::model::{cell, name};
use std::collections::BTreeMap;

/// Characters of a cell that a message shows.
const SHOWN_CHARS: usize = 24;

/// A unit of money, and where it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSaid {
    /// The unit.
    pub unit: Unit,
    /// Whether it is said to be the unit: 单位：千元.
    pub said: bool,
    /// Row, 1-based.
    pub row: u32,
    /// Column, 0-based.
    pub column: u32,
    /// The cell's text.
    pub text: String,
}

impl UnitSaid {
    /// The units that a row states.
    pub fn of(row: &HeadRow) -> impl Iterator<Item = Self> {
        row.units().map(|(column, unit, said)| {
            let text = row.get(column).map(|cell| cell.text.clone()).unwrap_or_default();
            Self { unit, said, row: row.number, column, text }
        })
    }

    /// Whether it speaks of a column by name.
    pub fn names(&self, label: &str) -> bool {
        let label = folding::bare(label, true);
        label.chars().count() > 1 && folding::key(&self.text).contains(&label)
    }

    /// The unit of a label over a column.
    pub fn heading(row: u32, column: u32, unit: Unit, label: &str) -> Self {
        Self { unit, said: true, row, column, text: label.to_owned() }
    }

    /// Where it is said, and how: A1“单位：万元”.
    pub fn quoted(&self) -> String {
        let mut text: String = self.text.chars().take(SHOWN_CHARS).collect();
        if text.len() < self.text.len() {
            text.push('…');
        }
        format!("{}“{text}”", cell::address(self.column, self.row))
    }
}

/// What is said below tables, by the number of the table.
pub type UnitsBelow = BTreeMap<u32, Vec<UnitSaid>>;

/// What a table says of its unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TableUnit {
    /// Nothing.
    #[default]
    Unstated,
    /// One unit.
    Stated(Unit),
    /// Two units, each with its place.
    Disputed(Box<[UnitSaid; 2]>),
}

impl TableUnit {
    /// Reads what is said above the columns `from..to`, or if there is nothing, anywhere above, and below.
    ///
    /// Who says 单位 means it; other mentions of a unit count where nobody does.
    pub fn read(above: &[HeadRow], below: &[UnitSaid], from: u32, to: u32) -> Self {
        let open = |row: &HeadRow| {
            let cell = row.cells.iter().find(|c| c.open_units.is_some() && (from..to).contains(&c.column))?;
            Some(cell.open_units?.map(|unit| UnitSaid::heading(row.number, cell.column, unit, &cell.text)))
        };
        if let Some(places) = above.iter().find_map(open) {
            return Self::Disputed(Box::new(places));
        }
        let all: Vec<UnitSaid> = above.iter().flat_map(UnitSaid::of).collect();
        let own = |said: &UnitSaid| (from..to).contains(&said.column);
        let mut units: Vec<UnitSaid> = if all.iter().any(own) { all.into_iter().filter(own).collect() } else { all };
        units.extend(below.iter().cloned());
        let said = units.iter().any(|u| u.said);
        units.retain(|u| u.said == said);
        let Some(first) = units.first() else { return Self::Unstated };
        match units.iter().find(|other| other.unit != first.unit) {
            Some(other) => Self::Disputed(Box::new([first.clone(), other.clone()])),
            None => Self::Stated(first.unit),
        }
    }

    /// The unit, if there is just one.
    pub fn one(&self) -> Option<Unit> {
        if let Self::Stated(unit) = self { Some(*unit) } else { None }
    }
}

/// What a record's row says of its own money, in columns for that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MoneyColumns {
    /// The column of units: 单位, 金额单位.
    pub unit: Option<u32>,
    /// The column of currencies: 币种.
    pub currency: Option<u32>,
}

/// What a cell of such a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowMoney {
    /// Yuan in this unit.
    Unit(Unit),
    /// Another currency.
    Foreign,
}

impl MoneyColumns {
    /// Takes a column of a header by the lowest of its labels, if it is one of these.
    pub fn take(&mut self, column: u32, label: &str) {
        const UNITS: [&str; 5] = ["单位", "计量单位", "金额单位", "货币单位", "数据单位"];
        const CURRENCIES: [&str; 6] = ["币种", "币别", "货币", "货币种类", "货币名称", "货币类型"];
        let label = folding::bare(label, false);
        if UNITS.contains(&label.as_str()) {
            self.unit = self.unit.or(Some(column));
        } else if CURRENCIES.contains(&label.as_str()) {
            self.currency = self.currency.or(Some(column));
        }
    }
}

impl RowMoney {
    /// What a unit's cell says; nothing for 人, 台, blanks, or an enterprise.
    pub fn of_unit(text: &str) -> Option<Self> {
        if is_foreign(text) {
            return Some(Self::Foreign);
        }
        Self::yuan(&name::match_key(text)).map(Self::Unit)
    }

    /// What a currency's cell says; nothing for yuan and for marks.
    pub fn of_currency(text: &str) -> Option<Self> {
        const YUAN: [&str; 9] = ["人民币", "RMB", "CNY", "元", "￥", "¥", "156", "本币", "YUAN"];
        let folded = name::match_key(text);
        let yuan = YUAN.contains(&folded.as_str()) || folded.contains("人民币") || folded.contains("CNY") || Self::yuan(&folded).is_some();
        let says = folded.chars().any(char::is_alphanumeric) && !is_mark(text);
        (says && (!yuan || is_foreign(text))).then_some(Self::Foreign)
    }

    /// The unit of yuan that a folded text is.
    fn yuan(folded: &str) -> Option<Unit> {
        let bare = folded.strip_prefix("人民币").unwrap_or(folded).trim_matches(['(', ')']);
        Unit::ALL.into_iter().find(|unit| bare == unit.label_zh() || bare.chars().count() > 0 && format!("{bare}元") == unit.label_zh())
    }
}

#[cfg(test)]
mod tests {
    use super::super::head;
    use super::super::reader::CellKind;
    use super::*;

    fn row(number: u32, cells: &[(u32, &str)]) -> HeadRow {
        HeadRow { number, cells: cells.iter().map(|(c, t)| head::cell(*c, t, CellKind::Text)).collect() }
    }

    #[test]
    fn one_unit_is_stated_and_two_are_disputed() {
        let above = [row(1, &[(0, "2000万元以上企业"), (4, "单位：千元")])];
        assert_eq!(TableUnit::read(&above, &[], 0, 9).one(), Some(Unit::Thousand));
        let below: Vec<UnitSaid> = UnitSaid::of(&row(9, &[(0, "说明：融资需求以元为单位填报。")])).collect();
        assert_eq!(TableUnit::read(&[], &below, 0, 9).one(), Some(Unit::Yuan));
        let TableUnit::Disputed(places) = TableUnit::read(&above, &below, 0, 9) else { panic!("two units") };
        assert_eq!(places.map(|p| p.quoted()), ["E1“单位：千元”".to_owned(), "A9“说明：融资需求以元为单位填报。”".to_owned()]);
        assert_eq!(TableUnit::read(&[], &[], 0, 9), TableUnit::Unstated);
    }

    #[test]
    fn a_row_says_its_unit_or_another_currency() {
        assert_eq!(RowMoney::of_unit("万元"), Some(RowMoney::Unit(Unit::TenThousand)));
        assert_eq!(RowMoney::of_unit("人民币元"), Some(RowMoney::Unit(Unit::Yuan)));
        assert_eq!(RowMoney::of_unit("万美元"), Some(RowMoney::Foreign));
        for text in ["人", "台", "", "—"] {
            assert_eq!(RowMoney::of_unit(text), None, "{text}");
        }
        for text in ["人民币", "CNY", "人民币（万元）", "RMB", "元", "万元", "", "—"] {
            assert_eq!(RowMoney::of_currency(text), None, "{text}");
        }
        for text in ["美元", "USD", "港币", "欧元", "泰铢"] {
            assert_eq!(RowMoney::of_currency(text), Some(RowMoney::Foreign), "{text}");
        }
    }
}
