//! Which returns are faulty, and how.
//!
//! Owns: the faults of the statistics bureau's tables. Takes: the enterprises and the roster. Gives: a [`Plan`] that
//! puts each fault into the line of its enterprise and year.
//! Invariants: the faulty cell is one that no other edit compares, so one fault breaks one edit.

use std::collections::BTreeMap;

use super::codes::{with_letter_o, with_wrong_check};
use super::enterprise::{Enterprise, FIRST_YEAR, LAST_YEAR, Purpose, Roster};
use super::fault::FaultKind as F;
use super::finance::Indicator as I;
use super::returns_form::{Content, Form};
use super::sheet::{Line, Mark, Value};

/// Faults per year: kind and how many.
const FAULTS: [(i32, F, usize); 26] = [
    (2023, F::CodeCheck, 1),
    (2023, F::CodeMissing, 1),
    (2023, F::NumberAsText, 2),
    (2023, F::NoValueMark, 1),
    (2023, F::NotANumber, 1),
    (2023, F::BalanceBroken, 1),
    (2023, F::ProfitBroken, 1),
    (2023, F::MainExceedsTotal, 1),
    (2023, F::WrongYear, 2),
    (2023, F::DuplicateRecord, 1),
    (2024, F::CodeCheck, 1),
    (2024, F::CodeLetterO, 1),
    (2024, F::NameFullWidth, 1),
    (2024, F::NumberAsText, 1),
    (2024, F::BalanceBroken, 1),
    (2024, F::ProfitBroken, 1),
    (2024, F::MainExceedsTotal, 1),
    (2024, F::FormulaCell, 1),
    (2024, F::ErrorCell, 1),
    (2024, F::HiddenRow, 1),
    (2024, F::PriorYearMismatch, 2),
    (2024, F::DuplicateRecord, 1),
    (2025, F::CodeMissing, 1),
    (2025, F::NoValueMark, 1),
    (2025, F::PriorYearMismatch, 1),
    (2025, F::UnitSlip, 2),
];

/// How many enterprises have their values corrected by the later file.
const SUPERSEDED: usize = 3;

/// The planned faults of the returns.
pub(super) struct Plan {
    /// By year and enterprise: the fault, and which of its kind it is.
    faults: BTreeMap<(i32, usize), (F, usize)>,
    /// Enterprises whose return of the last year was corrected.
    pub(super) superseded: Vec<usize>,
    /// The enterprises whose revenue is negative.
    pub(super) negative: Vec<usize>,
}

impl Plan {
    /// Chooses the enterprises; none if the sample is too small for all faults.
    pub(super) fn new(enterprises: &[Enterprise], roster: &mut Roster, town: &str) -> Option<Self> {
        let mut plan = Self { faults: BTreeMap::new(), superseded: Vec::new(), negative: Vec::new() };
        let plain = |index: usize| enterprises[index].purpose == Purpose::Plain;
        let apart = |index: usize| enterprises[index].town == town;
        let reports = |index: usize, year: i32| enterprises[index].reports_from == Some(year);
        plan.negative = roster.take(2, |i| plain(i) && !apart(i) && reports(i, LAST_YEAR));
        let negative = plan.negative.clone();
        plan.set(LAST_YEAR, F::NegativeRevenue, &negative, 2)?;
        let of_town = roster.take(1, |i| plain(i) && apart(i) && reports(i, FIRST_YEAR));
        plan.set(LAST_YEAR, F::BalanceBroken, &of_town, 1)?;
        let regular = |i: usize| plain(i) && !apart(i) && reports(i, FIRST_YEAR);
        for (year, kind, count) in FAULTS {
            let chosen = roster.take(count, regular);
            plan.set(year, kind, &chosen, count)?;
        }
        plan.superseded = roster.take(SUPERSEDED, regular);
        (plan.superseded.len() == SUPERSEDED).then_some(plan)
    }

    fn set(&mut self, year: i32, kind: F, chosen: &[usize], count: usize) -> Option<()> {
        for (number, &index) in chosen.iter().enumerate() {
            self.faults.insert((year, index), (kind, number));
        }
        (chosen.len() == count).then_some(())
    }

    /// Plants the fault of that enterprise and year; gives the line, or twice if it is doubled.
    pub(super) fn apply(&self, year: i32, index: usize, form: &Form, mut line: Line) -> Vec<Line> {
        let Some(&(kind, number)) = self.faults.get(&(year, index)) else {
            return vec![line];
        };
        if kind == F::DuplicateRecord {
            let mut double = line.clone();
            double.mark(kind);
            return vec![line, double];
        }
        plant(&mut line, form, kind, year, number);
        vec![line]
    }
}

fn plant(line: &mut Line, form: &Form, kind: F, year: i32, number: usize) {
    let Some(column) = form.column(target(kind)) else {
        return;
    };
    let old = line.cells.get(column).cloned().unwrap_or(Value::Blank);
    let text = old.shown();
    let amount = old.amount();
    let new = match kind {
        F::CodeCheck => Value::Text(with_wrong_check(&text)),
        F::CodeLetterO => Value::Text(with_letter_o(&text)),
        F::CodeMissing => Value::Blank,
        F::NameFullWidth => Value::Text(widen(&text)),
        F::WrongYear => Value::Integer(i64::from(year) - 1),
        F::NumberAsText => as_text(amount, number),
        F::NoValueMark => Value::text(if year == FIRST_YEAR { "—" } else { "无" }),
        F::NotANumber => Value::text("待核实"),
        F::ProfitBroken if year > FIRST_YEAR => Value::Integer(-amount),
        F::BalanceBroken | F::ProfitBroken => same_kind(&old, misread(amount, year)),
        F::MainExceedsTotal => {
            let revenue = form.column(Content::Figure(I::Revenue));
            let revenue = revenue.and_then(|column| line.cells.get(column));
            Value::Integer(revenue.map_or(0, Value::amount) * 104 / 100)
        }
        F::PriorYearMismatch => Value::Integer(amount * 97 / 100),
        F::ErrorCell => Value::Formula { formula: "=NA()".into(), result: "#N/A".into() },
        F::FormulaCell => Value::Formula { formula: format!("={}+{}", amount - amount / 3, amount / 3), result: text },
        F::HiddenRow => {
            line.hidden = true;
            line.mark(kind);
            return;
        }
        F::NegativeRevenue => {
            line.mark_cell(kind, column, "");
            return;
        }
        F::UnitSlip => return slip_unit(line, form),
        _ => return,
    };
    line.plant(kind, column, new);
}

/// Gives the column that a fault of that kind is put into.
fn target(kind: F) -> Content {
    match kind {
        F::CodeCheck | F::CodeLetterO | F::CodeMissing => Content::Code,
        F::NameFullWidth => Content::Name,
        F::WrongYear => Content::Year,
        F::NoValueMark | F::NotANumber => Content::Figure(I::Research),
        F::BalanceBroken => Content::Figure(I::Equity),
        F::ProfitBroken => Content::Figure(I::OperatingProfit),
        F::MainExceedsTotal => Content::Figure(I::MainRevenue),
        F::PriorYearMismatch => Content::Prior(I::Revenue),
        F::ErrorCell => Content::Figure(I::Inventory),
        F::NegativeRevenue | F::UnitSlip => Content::Figure(I::Revenue),
        _ => Content::Figure(I::Cost),
    }
}

/// Multiplies all amounts of the year by a thousand, as if typed in yuan; the prior year is filled in by the form.
fn slip_unit(line: &mut Line, form: &Form) {
    let columns: Vec<usize> = I::ALL
        .into_iter()
        .filter(|&indicator| indicator != I::Employees)
        .filter_map(|indicator| form.column(Content::Figure(indicator)))
        .collect();
    let (Some(&first), Some(&last)) = (columns.first(), columns.last()) else {
        return;
    };
    let right = line.cells[first].shown();
    for column in columns {
        line.cells[column] = Value::Integer(line.cells[column].amount() * 1000);
    }
    line.marks.push(Mark { kind: F::UnitSlip, columns: Some((first, last)), right });
}

/// Makes a slip that people make: in the first year two digits swapped, in the second a nought too many, then a lost sign.
fn misread(amount: i64, year: i32) -> i64 {
    match year {
        2024 => amount * 10,
        2025 => -amount,
        _ => swap_digits(amount),
    }
}

/// Swaps the first two neighboring digits that differ.
pub(super) fn swap_digits(amount: i64) -> i64 {
    let mut digits: Vec<u8> = amount.unsigned_abs().to_string().into_bytes();
    // From the second digit on, so that the size stays about right.
    let differing = (1..digits.len().saturating_sub(1)).find(|&at| digits[at] != digits[at + 1]);
    let Some(at) = differing else {
        return amount + 90;
    };
    digits.swap(at, at + 1);
    let size = digits.iter().fold(0, |size, digit| size * 10 + i64::from(digit - b'0'));
    size * amount.signum()
}

fn same_kind(like: &Value, amount: i64) -> Value {
    match like {
        Value::Tenths(_) => Value::Tenths(amount),
        _ => Value::Integer(amount),
    }
}

fn as_text(amount: i64, number: usize) -> Value {
    let plain = amount.to_string();
    Value::Text(match number {
        0 => with_separators(&plain),
        _ => plain.chars().map(wide).collect(),
    })
}

fn with_separators(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Gives the full-width form of an ASCII letter or digit.
pub(super) fn wide(symbol: char) -> char {
    if symbol.is_ascii_alphanumeric() { char::from_u32(symbol as u32 + 0xFEE0).unwrap_or(symbol) } else { symbol }
}

/// Writes a name with full-width letters, or with an ideographic space if it has no letters.
pub(super) fn widen(name: &str) -> String {
    if name.chars().any(|symbol| symbol.is_ascii_alphanumeric()) {
        return name.chars().map(wide).collect();
    }
    // After the place's name: 龙南, or 龙南市.
    let is_city = name.chars().nth(2).is_some_and(|symbol| "市县".contains(symbol));
    let place = if is_city { 3 } else { 2 };
    let mut ends = name.char_indices().map(|(at, _)| at);
    let (head, tail) = name.split_at(ends.nth(place).unwrap_or(name.len()));
    format!("{head}\u{3000}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_change_the_value() {
        assert_eq!(swap_digits(12_345), 13_245);
        assert_eq!(swap_digits(-12_345), -13_245);
        assert_eq!(swap_digits(777), 867);
        assert_eq!(misread(50, 2024), 500);
        assert_eq!(misread(50, 2025), -50);
    }

    #[test]
    fn numbers_and_names_in_other_widths() {
        assert_eq!(with_separators("1234567"), "1,234,567");
        assert_eq!(with_separators("123"), "123");
        assert_eq!(as_text(45, 1).shown(), "４５");
        assert_eq!(widen("龙南KTX电子"), "龙南ＫＴＸ电子");
        assert_eq!(widen("龙南珩达电子"), "龙南\u{3000}珩达电子");
        assert_eq!(widen("龙南市珩达电子"), "龙南市\u{3000}珩达电子");
    }
}
