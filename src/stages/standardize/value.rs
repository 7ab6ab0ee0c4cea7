//! What one cell states: its value, or the reason why there is none.
//!
//! Takes: a cell as stored. Gives: [`Stated`], one function for each kind of field.
//! Invariants: nothing is guessed. A text about a number (`约50`) is no number, a percentage is a number only where the
//! field's label says `%`, and then `3.5%` is 3.5; a mark such as `—` is absent, whatever the kind, unless the field's
//! code list knows it.

use super::schema::state;
use crate::config::FieldOptions;
use crate::model::amount::{Number, Unit, is_error_word, is_mark, parse_double, parse_number, plain_to_units, to_units_rounded};
use crate::model::date::{self, DateProblem, Precision};
use crate::model::field::FieldKind;
use crate::model::raw::{CellType, RawCell};
use crate::model::{code, name, patent_number, text};
use chrono::NaiveDate;
use std::borrow::Cow;
use std::collections::HashMap;

/// A value, or the state that says why there is none.
pub type Stated<T> = Result<T, i8>;

/// The state of a value or of its absence.
pub fn state_of<T>(stated: &Stated<T>) -> i8 {
    stated.as_ref().err().copied().unwrap_or(state::STATED)
}

/// The state of a number, of which zero has one of its own.
pub fn number_state(stated: &Stated<(i128, Unit)>) -> i8 {
    if matches!(stated, Ok((0, _))) { state::ZERO } else { state_of(stated) }
}

/// The cell, if there is anything in it that can be read.
pub fn present(cell: Option<RawCell<'_>>) -> Stated<RawCell<'_>> {
    match cell {
        None => Err(state::BLANK),
        Some(RawCell { doubt: Some(doubt), .. }) => Err(state::doubtful(doubt)),
        Some(c) if c.kind == CellType::Error || is_error_word(c.text) => Err(state::ERROR_CELL),
        Some(c) if c.text.trim().is_empty() => Err(state::BLANK),
        Some(c) => Ok(c),
    }
}

/// How the numbers of a column are read.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    /// The unit, where the cell states none; plain numbers count in ones.
    pub unit: Option<Unit>,
    /// Whether a percent sign may follow.
    percent: bool,
}

impl Numbers {
    /// Takes the field and the unit that its column or table states.
    pub fn new(field: &FieldOptions, unit: Option<Unit>) -> Self {
        let plain = field.kind == FieldKind::Number;
        Self { unit: if plain { Some(Unit::Yuan) } else { unit }, percent: plain && field.label.contains(['%', '％']) }
    }

    /// Reads a number: its value at scale 4, in yuan if it is an amount, and the unit that applied.
    ///
    /// More than four decimals of a yuan are rounded half away from zero.
    pub fn read(self, cell: RawCell<'_>) -> Stated<(i128, Unit)> {
        if matches!(cell.kind, CellType::Date | CellType::Bool) {
            return Err(state::UNREADABLE);
        }
        let headed = cell.unit.or(self.unit);
        if let Some(unit) = headed
            && cell.power == 0
            && let Some(value) = plain_to_units(cell.text, unit)
        {
            return Ok((value, unit));
        }
        // Only a workbook's own numbers carry a double's noise; a text means each of its digits.
        match if cell.kind == CellType::Number { parse_double(cell.text) } else { parse_number(cell.text) } {
            Number::Mark => Err(state::MARK),
            Number::NotANumber => Err(state::UNREADABLE),
            Number::TooLarge => Err(state::TOO_LARGE),
            Number::Stated { percent: true, .. } if !self.percent => Err(state::UNREADABLE),
            Number::Stated { value, unit, .. } => {
                let shown = cell.kind == CellType::Number && (cell.power > 0 || unit.is_some());
                if shown && !agree(unit, headed, cell.power) {
                    return Err(state::SHOWN_OTHERWISE);
                }
                let unit = unit.or(headed).ok_or(state::NO_UNIT)?;
                to_units_rounded(&value, unit).map(|value| (value, unit)).ok_or(state::TOO_LARGE)
            }
        }
    }
}

/// Whether what a number format makes of a stored number can only mean one amount: `written` is the unit that the format writes,
/// `headed` that of the heading, `power` how many places the format moves the point to the left.
///
/// Who shows yuan in 万元 under the heading 万元 means what is shown; under 千元 nobody knows whether what is stored or what is shown
/// is meant.
fn agree(written: Option<Unit>, headed: Option<Unit>, power: u8) -> bool {
    let divided = 10_i64.checked_pow(u32::from(power));
    match (written, headed) {
        // No unit anywhere: absent for that reason.
        (None, None) => true,
        (None, Some(headed)) => divided == Some(headed.yuan()),
        (Some(_), None) => true,
        (Some(written), Some(headed)) => {
            written == headed && (power == 0 || divided == Some(headed.yuan()))
                || divided.and_then(|divided| headed.yuan().checked_mul(divided)) == Some(written.yuan())
        }
    }
}

/// Reads a year of four digits: `2023`, `2023年`, `2023年度`.
pub fn year(cell: RawCell<'_>) -> Stated<i32> {
    let folded = text::fold(cell.text);
    match parse_number(folded.trim().trim_end_matches(['度', '年'])) {
        Number::Mark => Err(state::MARK),
        Number::Stated { value, unit: None, percent: false, .. } if value.fract().is_zero() => {
            i32::try_from(value).ok().filter(|year| (1000..10_000).contains(year)).ok_or(state::UNREADABLE)
        }
        _ => Err(state::UNREADABLE),
    }
}

/// Reads a date; one that ends something is the last day of what is written, any other the first.
pub fn date(cell: RawCell<'_>, ends: bool) -> Stated<(NaiveDate, Precision)> {
    let read = if cell.kind == CellType::Number { date::parse_stored } else { date::parse };
    match read(cell.text) {
        Ok((first, precision)) if ends => Ok((date::last_day(first, precision), precision)),
        Ok(found) => Ok(found),
        Err(DateProblem::Missing) => Err(state::MARK),
        Err(DateProblem::OpenEnded) => Err(state::OPEN),
        Err(_) => Err(state::UNREADABLE),
    }
}

/// Beginnings of texts that say that a patent is pledged, and to whom or how far.
const PLEDGED: [&str; 5] = ["已质押", "部分质押", "质押给", "质押登记生效", "质押中"];
/// Beginnings of texts that say that a pledge is over.
const RELEASED: [&str; 5] = ["质押已注销", "质押已解除", "质押登记注销", "已解除质押", "已注销质押"];
/// Words that tell of a pledge's end.
const OVER: [&str; 4] = ["解除", "注销", "终止", "到期"];

/// Reads yes or no. In such a column 无 says no, while a stroke says nothing.
pub fn flag(cell: RawCell<'_>) -> Stated<bool> {
    let folded = name::match_key(cell.text);
    match folded.as_str() {
        "是" | "有" | "Y" | "YES" | "TRUE" | "1" | "√" | "质押" | "同意" | "已授权" | "授权" => return Ok(true),
        "否" | "无" | "没有" | "暂无" | "N" | "NO" | "FALSE" | "0" | "×" | "未质押" | "无质押" | "不同意" | "未同意" | "未授权"
        | "不授权" | "已解除" | "解除" | "撤回" | "已撤回" | "撤回授权" | "已撤回授权" | "撤销" | "已撤销" | "撤销授权" | "已撤销授权"
        | "取消授权" | "已取消授权" => return Ok(false),
        mark if is_mark(mark) => return Err(state::MARK),
        _ => {}
    }
    let begins = |words: &[&str]| words.iter().any(|word| folded.starts_with(word));
    let says = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    match (begins(&PLEDGED), begins(&RELEASED)) {
        (true, _) if !says(&OVER) => Ok(true),
        (_, true) if !says(&PLEDGED) => Ok(false),
        // Pledged and released in one text: nobody but the bureau knows the order.
        _ => Err(state::UNREADABLE),
    }
}

/// Spellings of a code list, folded, to their canonical value.
pub type CodeList = HashMap<String, String>;

/// Folds a spelling of a code list: blanks, brackets and quotes do not count; a percent sign does.
pub fn code_key(spelling: &str) -> String {
    name::match_key(spelling).chars().filter(|c| c.is_alphanumeric() || *c == '%').collect()
}

/// Reads a text in the form of its kind.
///
/// Plain text keeps even its marks, since no raw text stands beside it.
pub fn words<'a>(kind: FieldKind, codes: &'a CodeList, cell: RawCell<'a>) -> Stated<Cow<'a, str>> {
    match kind {
        FieldKind::Uscc | FieldKind::OrgCode => machine_form(cell, code::normalize),
        FieldKind::PatentNumber => machine_form(cell, patent_number::normalize),
        FieldKind::Name => unless_mark(name::clean(cell.text).into()),
        FieldKind::Names => unless_mark(cell.text.trim().into()),
        // Most spellings are as the list has them, so they are looked up before they are folded.
        FieldKind::Code => match codes.get(cell.text).or_else(|| codes.get(&code_key(cell.text))) {
            Some(value) => Ok(value.into()),
            None if is_mark(cell.text) => Err(state::MARK),
            None => Err(state::NOT_IN_LIST),
        },
        _ => Ok(cell.text.trim().into()),
    }
}

/// Folds a code; what a spreadsheet stored as a number is first written as it was typed.
fn machine_form<'a>(cell: RawCell<'_>, fold: fn(&str) -> String) -> Stated<Cow<'a, str>> {
    let typed = if cell.kind == CellType::Number { text::shortest(cell.text) } else { cell.text.into() };
    if is_mark(&typed) {
        return Err(state::MARK);
    }
    // A row of strokes among blanks or quotes folds to nothing.
    unless_mark(fold(&typed).into())
}

fn unless_mark(text: Cow<'_, str>) -> Stated<Cow<'_, str>> {
    if is_mark(&text) { Err(state::MARK) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(kind: CellType, text: &str) -> RawCell<'_> {
        RawCell::new(kind, text)
    }

    fn typed(text: &str) -> RawCell<'_> {
        cell(CellType::Text, text)
    }

    fn field(kind: FieldKind, label: &str) -> FieldOptions {
        FieldOptions { kind, label: label.to_owned(), ..FieldOptions::default() }
    }

    #[test]
    fn a_text_means_each_digit_and_a_number_what_a_double_carries() {
        let yuan = Numbers::new(&field(FieldKind::Amount, "营业收入"), Some(Unit::Yuan));
        let read = |kind, text| yuan.read(cell(kind, text)).map(|(value, _)| value);
        assert_eq!(read(CellType::Csv, "100000000000.1234"), Ok(1_000_000_000_001_234));
        assert_eq!(read(CellType::Text, "100,000,000,000.1234"), Ok(1_000_000_000_001_234));
        assert_eq!(read(CellType::Number, "1234567890.1299999"), Ok(12_345_678_901_300));
        assert_eq!(read(CellType::Text, "约50"), Err(state::UNREADABLE));
    }

    #[test]
    fn what_a_format_shows_counts_where_it_agrees_with_the_heading() {
        let amount = field(FieldKind::Amount, "营业收入");
        let read = |headed, text, power| {
            let shown = RawCell { power, ..RawCell::new(CellType::Number, text) };
            Numbers::new(&amount, headed).read(shown).map(|(value, _)| value / 10_000)
        };
        let (yuan, thousand, wan) = (Some(Unit::Yuan), Some(Unit::Thousand), Some(Unit::TenThousand));
        assert_eq!(read(wan, "1250", 4), Ok(12_500_000));
        assert_eq!(read(thousand, "800", 3), Ok(800_000));
        assert_eq!(read(None, "1250万元", 0), Ok(12_500_000), "the format's unit is the cell's own");
        assert_eq!(read(wan, "1250万元", 0), Ok(12_500_000));
        assert_eq!(read(yuan, "1250万元", 4), Ok(12_500_000), "yuan shown in 万元");
        assert_eq!(read(wan, "1250万元", 4), Ok(12_500_000));
        assert_eq!(read(None, "1250", 4), Err(state::NO_UNIT));
        for (headed, text, power) in
            [(yuan, "1250", 4), (thousand, "1250", 4), (wan, "12500", 3), (thousand, "1250万元", 0), (wan, "1250元", 0)]
        {
            assert_eq!(read(headed, text, power), Err(state::SHOWN_OTHERWISE), "{headed:?} {text} {power}");
        }
        assert_eq!(
            Numbers::new(&amount, thousand).read(typed("1250万元")).map(|(v, _)| v / 10_000),
            Ok(12_500_000),
            "what is typed is meant"
        );
        assert_eq!(read(wan, "$1250", 0), Err(state::UNREADABLE));
    }

    #[test]
    fn words_of_programs_are_no_values() {
        let codes = CodeList::new();
        for text in ["#N/A", "####", "#NAME?", "inf"] {
            assert_eq!(present(Some(typed(text))), Err(state::ERROR_CELL), "{text}");
        }
        for (kind, text) in
            [(FieldKind::Uscc, "nan"), (FieldKind::Name, "[NULL]"), (FieldKind::OrgCode, "<NA>"), (FieldKind::PatentNumber, "undefined")]
        {
            assert_eq!(words(kind, &codes, typed(text)), Err(state::MARK), "{text}");
        }
        assert_eq!(date(typed("NaT"), true), Err(state::MARK));
    }

    #[test]
    fn a_percentage_is_a_number_where_the_label_says_so() {
        let read = |kind, label, text| Numbers::new(&field(kind, label), Some(Unit::Yuan)).read(typed(text)).map(|(value, _)| value);
        assert_eq!(read(FieldKind::Number, "可接受年化成本（%）", "3.5%"), Ok(35_000));
        assert_eq!(read(FieldKind::Number, "可接受年化成本（%）", "3.5"), Ok(35_000));
        assert_eq!(read(FieldKind::Number, "从业人数", "3.5%"), Err(state::UNREADABLE));
        assert_eq!(read(FieldKind::Amount, "增长（%）", "3.5%"), Err(state::UNREADABLE));
        let rate = Numbers::new(&field(FieldKind::Number, "可接受年化成本（%）"), None);
        assert_eq!(rate.read(cell(CellType::Number, "30.000000000000004%")).map(|(value, _)| value), Ok(300_000));
    }

    #[test]
    fn a_number_shown_as_a_percentage_is_no_year_day_flag_or_code() {
        let number = |text| cell(CellType::Number, text);
        assert_eq!(year(number("202300%")), Err(state::UNREADABLE));
        for text in ["4507700%", "2013070100%", "202300%"] {
            assert_eq!(date(number(text), false), Err(state::UNREADABLE), "{text}");
        }
        assert_eq!(flag(number("100%")), Err(state::UNREADABLE));
        let codes = CodeList::from([("1".to_owned(), "one".to_owned()), ("100".to_owned(), "hundred".to_owned())]);
        assert_eq!(words(FieldKind::OrgCode, &codes, number("19220382100%")), Ok("19220382100%".into()), "judged as it is shown");
        assert_eq!(words(FieldKind::Code, &codes, number("100%")), Err(state::NOT_IN_LIST));
    }

    #[test]
    fn a_date_that_ends_something_is_its_last_day() {
        let until = |text, ends| date(typed(text), ends).map(|(day, _)| day.to_string());
        assert_eq!(until("2024年6月", true), Ok("2024-06-30".to_owned()));
        assert_eq!(until("2024年", true), Ok("2024-12-31".to_owned()));
        assert_eq!(until("2024年6月", false), Ok("2024-06-01".to_owned()));
        assert_eq!(date(cell(CellType::Number, "2013.1"), false), Err(state::UNREADABLE));
    }

    #[test]
    fn flags_say_yes_or_no_or_nothing() {
        for text in ["是", "已质押", "部分质押给农行", "已质押给建行（2024年）", "质押给某某银行", "质押登记生效(PE01)"]
        {
            assert_eq!(flag(typed(text)), Ok(true), "{text}");
        }
        for text in ["否", "无", "未质押", "解除", "质押已注销（PC01）", "已撤回", "撤回授权"] {
            assert_eq!(flag(typed(text)), Ok(false), "{text}");
        }
        for text in ["/", "——", "—", "-", "不详"] {
            assert_eq!(flag(typed(text)), Err(state::MARK), "{text}");
        }
        for text in ["已质押，后解除", "质押已解除，又已质押", "农行", "2024年"] {
            assert_eq!(flag(typed(text)), Err(state::UNREADABLE), "{text}");
        }
    }

    #[test]
    fn marks_are_absent_in_every_kind_unless_the_code_list_knows_them() {
        let codes = CodeList::from([("无".to_owned(), "none".to_owned())]);
        let kinds = [FieldKind::Uscc, FieldKind::OrgCode, FieldKind::PatentNumber, FieldKind::Name, FieldKind::Names, FieldKind::Code];
        for (kind, text) in kinds.into_iter().flat_map(|k| ["—", "——", "/", "N/A"].map(|t| (k, t))) {
            assert_eq!(words(kind, &codes, typed(text)), Err(state::MARK), "{kind:?} {text}");
        }
        assert_eq!(words(FieldKind::Name, &codes, typed("无")), Err(state::MARK));
        assert_eq!(words(FieldKind::Code, &codes, typed("无")), Ok("none".into()));
        assert_eq!(words(FieldKind::Code, &codes, typed("别的")), Err(state::NOT_IN_LIST));
        assert_eq!(words(FieldKind::Text, &codes, typed("无")), Ok("无".into()));
    }

    #[test]
    fn a_code_kept_as_a_number_is_read_as_it_was_typed() {
        let codes = CodeList::new();
        let number = |kind, text| words(kind, &codes, cell(CellType::Number, text)).map(Cow::into_owned);
        assert_eq!(number(FieldKind::PatentNumber, "201310699744.20001"), Ok("201310699744.2".to_owned()));
        assert_eq!(number(FieldKind::PatentNumber, "2013106997442"), Ok("201310699744.2".to_owned()));
        assert_eq!(number(FieldKind::OrgCode, "1.92203821E8"), Ok("192203821".to_owned()));
    }
}
