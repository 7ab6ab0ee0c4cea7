//! The one grammar of numbers in cells.
//!
//! ```text
//! number   = [currency] [sign] [currency] digits [fraction] [exponent] [percent | unit]
//!          | [currency] "(" digits [fraction] ")" [unit]
//! currency = ¥ 人民币 RMB CNY                             sign = - + △ ▲ 负
//! digits   = plain, or in threes between commas or blanks  unit = 元 千元 万[元] 百万[元] 亿[元] …整
//! ```
//! Widths are folded first. `1,2345`, ranges (`100-200`), foreign money and what is only about a number (`约50`, `~50`,
//! `>100`, `50左右`) are no numbers: what is ambiguous is not guessed, what is inexact is not made exact.
//!
//! A text is read to the last digit written. A number that a spreadsheet stored is a binary double, which carries
//! fifteen decimal digits (IEEE 754); what is printed beyond them is noise and rounded away, half away from zero, so
//! `0.30000000000000004` is 0.3. Whole numbers are kept to the digit either way.

use rust_decimal::Decimal;

use super::mark::is_mark;
use super::money::plain;
use super::unit::Unit;
use crate::model::text;

/// What a cell of a numeric column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// A number.
    Stated {
        /// The value before its unit or percent sign is applied.
        value: Decimal,
        /// Decimal places as written; of a spreadsheet's double, those that are left after rounding.
        places: u32,
        /// The unit written behind it, which outranks the column's.
        unit: Option<Unit>,
        /// Whether a percent sign follows.
        percent: bool,
    },
    /// Blank, or a mark for a missing value.
    Mark,
    /// Something else.
    NotANumber,
    /// A number beyond 10^16.
    TooLarge,
}

/// The largest absolute value accepted.
const LARGEST: i128 = 10_i128.pow(16);
/// Decimal digits that a binary double carries.
const DOUBLE_DIGITS: u32 = 15;
/// Digits that hold ten quadrillion yuan to the ten-thousandth in any unit, with room to convert them.
const MOST_DIGITS: u32 = 24;
/// Decimal places that a [`Decimal`] can hold.
const MOST_PLACES: i64 = 28;

/// Reads the text of a numeric cell.
pub fn parse_number(text: &str) -> Number {
    parse(text, false)
}

/// Reads a number that a spreadsheet stored as a double.
pub fn parse_double(text: &str) -> Number {
    parse(text, true)
}

fn parse(text: &str, double: bool) -> Number {
    if let Some((mantissa, places)) = plain(text.as_bytes()) {
        return Number::Stated { value: Decimal::new(mantissa, places), places, unit: None, percent: false };
    }
    if is_mark(text) {
        return Number::Mark;
    }
    let folded = text::fold(text);
    let folded = folded.trim();
    if is_mark(folded) {
        return Number::Mark;
    }
    stated(folded.trim_start_matches('\''), double).unwrap_or(Number::NotANumber)
}

/// Reads a number with all that may stand around it; nothing if it is none.
fn stated(text: &str, double: bool) -> Option<Number> {
    let (rest, paid) = strip_any(text, &["¥", "人民币", "RMB", "CNY"]);
    let (negative, rest) = match rest.chars().next()? {
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '△' | '▲' | '负' => (true, without_first(rest)),
        '+' => (false, without_first(rest)),
        _ => (false, rest),
    };
    let rest = if paid { rest } else { strip_any(rest, &["¥", "RMB", "CNY"]).0 };
    let (figure, tail, negative) = match rest.strip_prefix('(') {
        Some(inner) if !negative => {
            let (figure, tail) = inner.split_once(')')?;
            (figure.trim(), tail, true)
        }
        Some(_) => return None,
        None => {
            let (figure, tail) = rest.split_at(figure_length(rest));
            (figure.trim_end(), tail, negative)
        }
    };
    let (percent, unit) = suffix(tail.trim())?;
    let mut figure = Figure::read(figure)?;
    if double {
        figure.round_double();
    } else {
        figure.cut();
    }
    Some(figure.number(negative, percent, unit))
}

/// Takes the first of the given beginnings off, and the blanks behind it.
fn strip_any<'a>(text: &'a str, beginnings: &[&str]) -> (&'a str, bool) {
    match beginnings.iter().find_map(|word| text.strip_prefix(word)) {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    }
}

fn without_first(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str().trim_start()
}

/// Measures digits, separators, point and exponent at the beginning, in bytes.
fn figure_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(&byte) = bytes.get(length) {
        let sign_of_exponent = matches!(byte, b'+' | b'-') && length > 0 && matches!(bytes[length - 1], b'E' | b'e');
        if !(byte.is_ascii_digit() || matches!(byte, b',' | b' ' | b'.' | b'E' | b'e') || sign_of_exponent) {
            break;
        }
        length += 1;
    }
    length
}

/// Reads what follows the figure: percent sign, unit or nothing.
fn suffix(tail: &str) -> Option<(bool, Option<Unit>)> {
    match tail {
        "" => return Some((false, None)),
        "%" => return Some((true, None)),
        _ => {}
    }
    let bare = tail.strip_suffix('整').unwrap_or(tail);
    let bare = bare.strip_prefix("人民币").unwrap_or(bare);
    let prefix: String = match bare.strip_suffix(['元', '圆']) {
        Some(prefix) => prefix.chars().filter(|&c| c != ' ').collect(),
        // Without 元 only the multipliers that cannot be anything else.
        None if matches!(bare, "万" | "百万" | "亿") => bare.to_owned(),
        None => return None,
    };
    Unit::from_prefix(&prefix).map(|unit| (false, Some(unit)))
}

/// The digits of a number without its sign.
struct Figure {
    /// Whole digits and fraction as one number; the fraction's digits beyond what fits are dropped.
    mantissa: i128,
    /// Decimal places of the mantissa; negative after an exponent.
    places: i64,
    /// Whether the value was cut or is beyond what fits.
    too_large: bool,
    /// Whether a fraction or an exponent was written.
    fractional: bool,
}

impl Figure {
    /// Reads digits in threes or plain, fraction and exponent.
    fn read(text: &str) -> Option<Self> {
        let (base, exponent) = match text.split_once(['E', 'e']) {
            Some((base, exponent)) => (base, Some(read_exponent(exponent)?)),
            None => (text, None),
        };
        let (whole, fraction) = base.split_once('.').unwrap_or((base, ""));
        if !fraction.bytes().all(|b| b.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        if !is_grouped_well(whole) {
            return None;
        }
        let mut figure = Self { mantissa: 0, places: 0, too_large: false, fractional: !fraction.is_empty() || exponent.is_some() };
        for byte in whole.bytes().filter(u8::is_ascii_digit) {
            figure.push(byte);
        }
        figure.too_large = figure.mantissa >= 10_i128.pow(30);
        for byte in fraction.bytes() {
            // Thirty digits are twice what a double carries; what follows cannot matter.
            if figure.mantissa < 10_i128.pow(30) {
                figure.push(byte);
                figure.places += 1;
            }
        }
        figure.places -= exponent.unwrap_or(0);
        Some(figure)
    }

    fn push(&mut self, digit: u8) {
        if self.mantissa < 10_i128.pow(30) {
            self.mantissa = self.mantissa * 10 + i128::from(digit - b'0');
        }
    }

    /// Builds the number: the value is fitted into a decimal.
    fn number(mut self, negative: bool, percent: bool, unit: Option<Unit>) -> Number {
        if self.too_large {
            return Number::TooLarge;
        }
        if self.mantissa == 0 {
            self.places = self.places.clamp(0, MOST_PLACES);
        }
        while self.places < 0 {
            self.mantissa *= 10;
            self.places += 1;
            if self.mantissa > LARGEST {
                return Number::TooLarge;
            }
        }
        if self.places > MOST_PLACES {
            // Beyond the 28th place only the noise of a spreadsheet's zero is left.
            let drop = u32::try_from(self.places - MOST_PLACES).unwrap_or(u32::MAX);
            self.mantissa = round_off(self.mantissa, drop);
            self.places = MOST_PLACES;
        }
        let places = u32::try_from(self.places).unwrap_or(0);
        if self.mantissa > LARGEST * 10_i128.pow(places.min(20)) {
            return Number::TooLarge;
        }
        let mantissa = if negative { -self.mantissa } else { self.mantissa };
        match Decimal::try_from_i128_with_scale(mantissa, places) {
            Ok(value) => Number::Stated { value, places, unit, percent },
            Err(_) => Number::TooLarge,
        }
    }

    /// Leaves out decimal places that no amount needs, so that the value can still be converted.
    fn cut(&mut self) {
        let places = u32::try_from(self.places).unwrap_or(0);
        let drop = count_digits(self.mantissa).saturating_sub(MOST_DIGITS).min(places);
        self.mantissa = round_off(self.mantissa, drop);
        self.places -= i64::from(drop);
    }

    /// Rounds more than fifteen significant digits to fifteen, if a fraction or an exponent was printed.
    fn round_double(&mut self) {
        let digits = count_digits(self.mantissa);
        if !self.fractional || digits <= DOUBLE_DIGITS {
            return;
        }
        let drop = digits - DOUBLE_DIGITS;
        if self.mantissa % 10_i128.pow(drop) == 0 && self.places <= MOST_PLACES - i64::from(drop) {
            return;
        }
        self.mantissa = round_off(self.mantissa, drop);
        self.places -= i64::from(drop);
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
    }
}

/// Reads a signed exponent of at most three digits.
fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Tells whether whole digits are plain, or in threes between commas or blanks (one kind only).
fn is_grouped_well(whole: &str) -> bool {
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        return true;
    };
    if !matches!(separator, ',' | ' ') {
        return false;
    }
    whole.split(separator).enumerate().all(|(index, group)| {
        let digits = group.bytes().all(|b| b.is_ascii_digit());
        digits && if index == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 }
    })
}

fn count_digits(mantissa: i128) -> u32 {
    mantissa.checked_ilog10().map_or(0, |log| log + 1)
}

/// Drops the last digits, rounding half up (the sign is not here, so that is away from zero).
fn round_off(mantissa: i128, drop: u32) -> i128 {
    match 10_i128.checked_pow(drop) {
        Some(divisor) => mantissa / divisor + i128::from(mantissa % divisor >= divisor / 2 && drop > 0),
        None => 0,
    }
}

#[cfg(test)]
mod tests;
