//! Decimals on their way into a cell.
//!
//! Owns the rule when a decimal may become a spreadsheet number. Takes integers with a scale, gives decimal text and,
//! where it is safe, the double that spreadsheets store.
//!
//! Invariants: a double comes from parsing decimal text and from nothing else; it is given only for decimals of at most
//! 15 significant digits, which every IEEE 754 double brings back unchanged and every spreadsheet shows in full.

use chrono::{Datelike, NaiveDate};

/// Spreadsheets show no more significant digits than this.
const SIGNIFICANT_DIGITS: usize = 15;

/// Sign, the 39 digits of an i128, decimal point, and a nought before it.
const CAPACITY: usize = 48;

/// Holds the shortest exact decimal text of a number, without allocating.
pub(super) struct Decimal {
    bytes: [u8; CAPACITY],
    start: usize,
    end: usize,
    significant: usize,
}

impl Decimal {
    /// Writes `unscaled` / 10^`scale` as text; there is room for 38 decimal places.
    pub(super) fn new(unscaled: i128, scale: u8) -> Self {
        debug_assert!(scale <= 38, "scales are constants of this program");
        let mut rest = unscaled.unsigned_abs();
        let mut scale = usize::from(scale);
        // Trailing noughts of the fraction say nothing.
        while scale > 0 && rest.is_multiple_of(10) {
            rest /= 10;
            scale -= 1;
        }
        let mut decimal = Self { bytes: [0; CAPACITY], start: CAPACITY, end: CAPACITY, significant: 0 };
        let mut digits = 0;
        let mut trailing_noughts = 0;
        while rest > 0 || digits <= scale {
            if digits == scale && scale > 0 {
                decimal.push(b'.');
            }
            let (digit, quotient) = split_digit(rest);
            if digit == 0 && digits == trailing_noughts && rest > 0 {
                trailing_noughts += 1;
            }
            if rest > 0 {
                decimal.significant = digits + 1 - trailing_noughts;
            }
            decimal.push(b'0' + digit);
            rest = quotient;
            digits += 1;
        }
        if unscaled < 0 {
            decimal.push(b'-');
        }
        decimal
    }

    fn push(&mut self, byte: u8) {
        if self.start > 0 {
            self.start -= 1;
            self.bytes[self.start] = byte;
        }
    }

    /// Gives the decimal text.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..self.end]).unwrap_or_default()
    }

    /// Gives the double that reads back as exactly this decimal; none if there is no such double.
    pub(super) fn number(&self) -> Option<f64> {
        if self.significant > SIGNIFICANT_DIGITS {
            return None;
        }
        self.as_str().parse().ok()
    }

    /// Gives the text in groups of three with at least `decimals` decimal places, as number formats show it.
    pub(super) fn grouped(&self, decimals: usize) -> String {
        let text = self.as_str();
        let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut out = String::with_capacity(CAPACITY + 16);
        out.push_str(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        if decimals > 0 || !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
            out.extend(std::iter::repeat_n('0', decimals.saturating_sub(fraction.len())));
        }
        out
    }
}

/// Splits off the last digit; most numbers fit 64 bits, where division is far cheaper.
fn split_digit(rest: u128) -> (u8, u128) {
    match u64::try_from(rest) {
        Ok(small) => ((small % 10) as u8, u128::from(small / 10)),
        Err(_) => ((rest % 10) as u8, rest / 10),
    }
}

/// Gives the serial number of a date in the 1900 system; none where spreadsheets disagree or stop.
///
/// Dates before 1900-03-01 are none, since Excel counts a 29 February 1900 that never was.
pub(super) fn date_serial(date: NaiveDate) -> Option<u32> {
    const EPOCH_DAYS_FROM_CE: i32 = 693_594;
    const FIRST: u32 = 61;
    const LAST: u32 = 2_958_465;
    let serial = u32::try_from(date.num_days_from_ce() - EPOCH_DAYS_FROM_CE).ok()?;
    (FIRST..=LAST).contains(&serial).then_some(serial)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(unscaled: i128, scale: u8) -> String {
        Decimal::new(unscaled, scale).as_str().to_owned()
    }

    #[test]
    fn decimal_text_is_shortest() {
        assert_eq!(text(0, 4), "0");
        assert_eq!(text(12_345_000, 4), "1234.5");
        assert_eq!(text(-1, 4), "-0.0001");
        assert_eq!(text(1_000_000, 0), "1000000");
        assert_eq!(text(i128::MIN, 0), "-170141183460469231731687303715884105728");
        assert_eq!(text(1, 38), "0.00000000000000000000000000000000000001");
    }

    #[test]
    fn fifteen_significant_digits_are_the_limit() {
        let number = |unscaled, scale| Decimal::new(unscaled, scale).number();
        assert_eq!(number(999_999_999_999_999, 2), Some(9_999_999_999_999.99));
        assert_eq!(number(1_000_000_000_000_001, 2), None);
        assert_eq!(number(1_000_000_000_000_000_000, 4), Some(1e14));
        assert_eq!(number(0, 4), Some(0.0));
    }

    #[test]
    fn grouped_text_shows_every_digit() {
        let grouped = |unscaled, scale, decimals| Decimal::new(unscaled, scale).grouped(decimals);
        assert_eq!(grouped(-123_456_789_012_345_678_900, 4, 2), "-12,345,678,901,234,567.89");
        assert_eq!(grouped(100, 0, 0), "100");
        assert_eq!(grouped(1_000_000, 4, 2), "100.00");
        assert_eq!(grouped(1, 4, 2), "0.0001");
    }

    #[test]
    fn dates_count_as_spreadsheets_do() {
        let serial = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).and_then(date_serial);
        assert_eq!(serial(1900, 2, 28), None);
        assert_eq!(serial(1900, 3, 1), Some(61));
        assert_eq!(serial(2026, 11, 24), Some(46_350));
        assert_eq!(serial(9999, 12, 31), Some(2_958_465));
        assert_eq!(serial(10000, 1, 1), None);
    }

    proptest! {
        #[test]
        fn a_number_reads_back_as_its_decimal(unscaled in any::<i64>(), shift in 0_u32..60, scale in 0_u8..12) {
            let unscaled = i128::from(unscaled >> shift);
            let decimal = Decimal::new(unscaled, scale);
            if let Some(number) = decimal.number() {
                prop_assert_eq!(format!("{number}"), decimal.as_str());
            } else {
                let digits = decimal.as_str().bytes().filter(u8::is_ascii_digit).count();
                prop_assert!(digits > 15);
            }
        }

        #[test]
        fn text_keeps_the_value(unscaled in any::<i128>(), scale in 0_u8..=38) {
            let text = text(unscaled, scale);
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let padded = format!("{whole}{fraction}{}", "0".repeat(usize::from(scale) - fraction.len()));
            prop_assert_eq!(padded.parse::<i128>().ok(), Some(unscaled));
        }
    }
}
