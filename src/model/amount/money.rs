//! Money as whole ten-thousandths of a yuan, the number inside a frame's `Decimal128(28, 4)`.
//!
//! What a yuan's ten-thousandths cannot hold is rounded half away from zero, and an amount beyond all reason is refused.

use rust_decimal::Decimal;

use super::unit::Unit;

/// Four decimal places of a yuan are kept.
const ONE_YUAN: i128 = 10_000;
/// Ten quadrillion yuan, far beyond any enterprise: larger amounts are mistakes.
const LARGEST: i128 = 10_i128.pow(16) * ONE_YUAN;

/// Converts an amount to ten-thousandths of a yuan, rounding half away from zero.
///
/// Nothing if it exceeds 10^16 yuan either way.
pub fn to_units_rounded(value: &Decimal, unit: Unit) -> Option<i128> {
    let (units, rest, divisor) = divide(value, unit)?;
    let carry = if rest.abs() >= divisor - rest.abs() { rest.signum() } else { 0 };
    within(units + carry)
}

/// Reads a plain number (`-1234.5`, ASCII, no separators) straight to ten-thousandths of a yuan.
///
/// Nothing means only that the text is not that plain or does not fit exactly; [`super::parse_number`] then says more.
pub fn plain_to_units(text: &str, unit: Unit) -> Option<i128> {
    let (mantissa, places) = plain(text.as_bytes())?;
    let units = i128::from(mantissa) * i128::from(unit.yuan()) * ONE_YUAN;
    let divisor = 10_i128.pow(places);
    (units % divisor == 0).then(|| units / divisor).and_then(within)
}

/// Reads an optional minus, digits and an optional fraction, fifteen digits in all: mantissa and decimal places.
pub(super) fn plain(text: &[u8]) -> Option<(i64, u32)> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    if digits.len() > 16 || !digits.first()?.is_ascii_digit() || !digits.last()?.is_ascii_digit() {
        return None;
    }
    let (mut mantissa, mut count, mut places) = (0_i64, 0_u32, None);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                count += 1;
                places = places.map(|places| places + 1);
            }
            b'.' if places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    let mantissa = if negative { -mantissa } else { mantissa };
    (count <= 15).then_some((mantissa, places.unwrap_or(0)))
}

/// Gives the quotient, rest and divisor of the amount in ten-thousandths of a yuan.
fn divide(value: &Decimal, unit: Unit) -> Option<(i128, i128, i128)> {
    let units = value.mantissa().checked_mul(i128::from(unit.yuan()))?.checked_mul(ONE_YUAN)?;
    let divisor = 10_i128.checked_pow(value.scale())?;
    Some((units / divisor, units % divisor, divisor))
}

fn within(units: i128) -> Option<i128> {
    (units.abs() <= LARGEST).then_some(units)
}

#[cfg(test)]
mod tests {
    use super::super::number::{Number, parse_number};
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn converts_exactly_and_rounds_half_away_from_zero() {
        for (text, unit, units) in [
            ("1", Unit::Yuan, Some(10_000)),
            ("-12.34", Unit::Yuan, Some(-123_400)),
            ("1234.5", Unit::TenThousand, Some(123_450_000_000)),
            ("0.00000001", Unit::TenThousand, Some(1)),
            ("0.00010", Unit::Yuan, Some(1)),
            ("0.00005", Unit::Yuan, Some(1)),
            ("-0.00005", Unit::Yuan, Some(-1)),
            ("0.000049", Unit::Yuan, Some(0)),
            ("12.3333333333333", Unit::TenThousand, Some(1_233_333_333)),
            ("10000000000000000", Unit::Yuan, Some(LARGEST)),
            ("10000000000000001", Unit::Yuan, None),
            ("100000000", Unit::HundredMillion, Some(LARGEST)),
            ("100000001", Unit::HundredMillion, None),
            ("79228162514264337593543950335", Unit::HundredMillion, None),
        ] {
            assert_eq!(to_units_rounded(&decimal(text), unit), units, "{text} {unit:?}");
        }
    }

    #[test]
    fn a_text_of_any_length_can_be_converted() {
        for (text, units) in
            [("0.333333333333333333333333333333333333", 333_333_333_333), ("99999999.1234567890123456789", 99_999_999_123_456_789_012)]
        {
            let Number::Stated { value, .. } = parse_number(text) else { panic!("{text} is a number") };
            assert_eq!(to_units_rounded(&value, Unit::HundredMillion), Some(units), "{text}");
        }
    }

    #[test]
    fn reads_plain_numbers_directly() {
        assert_eq!(plain_to_units("0", Unit::Yuan), Some(0));
        assert_eq!(plain_to_units("-1234.50", Unit::Thousand), Some(-12_345_000_000));
        assert_eq!(plain_to_units("999999999999999", Unit::Yuan), Some(9_999_999_999_999_990_000));
        for text in ["", "-", ".", "1.", ".5", "1,234", "1e5", "+1", "１", "0.00001", "1234567890123456", "1.2.3"] {
            assert_eq!(plain_to_units(text, Unit::Yuan), None, "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_tenths_are_ten_thousand() {
        let tenth = plain_to_units("0.1", Unit::Yuan).expect("plain");
        let sum: i128 = (0..100_000).map(|_| tenth).sum();
        assert_eq!(sum, 10_000 * ONE_YUAN);
    }

    proptest! {
        #[test]
        fn both_ways_agree(text in "-?[0-9]{1,9}(\\.[0-9]{1,6})?", index in 0..5_usize) {
            let unit = Unit::ALL[index];
            if let Some(units) = plain_to_units(&text, unit) {
                prop_assert_eq!(Some(units), to_units_rounded(&decimal(&text), unit));
            }
        }

        #[test]
        fn never_panics(text in any::<String>(), lo in any::<u32>(), mid in any::<u32>(), hi in any::<u32>(), scale in 0..29_u32) {
            let value = Decimal::from_parts(lo, mid, hi, true, scale);
            let _ = (plain_to_units(&text, Unit::Million), to_units_rounded(&value, Unit::Yuan));
        }
    }
}
