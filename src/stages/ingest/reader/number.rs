//! Numbers as text: what counts as one, and the text of a double.
//!
//! Owns: the grammar of a stored number, the shortest plain decimal of a double, and that of a percentage.
//! Invariants: no value changes on its way; nothing here adds or multiplies amounts.

use std::fmt::Write as _;

/// Tells whether a text is a plain decimal number: sign, digits, point, exponent.
///
/// `NaN`, `INF`, hexadecimal and thousands separators are none, and neither is a number beyond the
/// range of a double, since a spreadsheet cannot have meant it.
#[inline]
pub(super) fn is_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'-' | b'+', rest @ ..] => rest,
        rest => rest,
    };
    // Up to 17 digits without anything else: by far the most frequent case.
    if !digits.is_empty() && digits.len() <= 17 && digits.iter().all(u8::is_ascii_digit) {
        return true;
    }
    is_decimal(digits)
}

/// Checks a number in full, its sign already taken off.
fn is_decimal(text: &[u8]) -> bool {
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut points = 0;
    let mut digits = 0;
    for byte in mantissa {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => points += 1,
            _ => return false,
        }
    }
    if digits == 0 || points > 1 {
        return false;
    }
    let Some(exponent) = exponent else {
        return digits <= 300 || finite(text);
    };
    let exponent = match exponent {
        [b'-' | b'+', rest @ ..] => rest,
        rest => rest,
    };
    !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit) && finite(text)
}

/// Tells whether a number fits a double.
fn finite(text: &[u8]) -> bool {
    parse(text).is_some()
}

/// Reads a finite double.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Writes the shortest plain decimal that reads back to the same double.
///
/// From 10^21 on, and below 10^-9, the exponent form is used, as spreadsheets do.
pub(super) fn shortest(value: f64, out: &mut String) {
    let size = value.abs();
    // Writing into a `String` cannot fail.
    let _ = if value == 0.0 {
        out.write_str("0")
    } else if (1e-9..1e21).contains(&size) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:E}")
    };
}

/// Writes the percentage that a share is, in place of what `out` holds: 0.035 is `3.5%`.
pub(super) fn percentage(share: f64, out: &mut String) {
    moved(share, 2, out);
    out.push('%');
}

/// Writes a number with its point moved so many places to the right (to the left, if below zero), in place of what `out` holds.
///
/// The point of the number's shortest decimal moves; nothing is multiplied, so no digit changes.
pub(super) fn moved(value: f64, places: i32, out: &mut String) {
    out.clear();
    // Writing into a `String` cannot fail; of a zero its sign is left out.
    let _ = write!(out, "{}", if value == 0.0 { 0.0 } else { value.abs() });
    let point = out.find('.').unwrap_or(out.len());
    if point < out.len() {
        out.remove(point);
    }
    let mut point = i32::try_from(point).unwrap_or(i32::MAX).saturating_add(places);
    while point < 1 {
        out.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).unwrap_or(usize::MAX);
    while out.len() < point {
        out.push('0');
    }
    if out.len() > point {
        out.insert(point, '.');
        out.truncate(out.trim_end_matches('0').trim_end_matches('.').len());
    }
    let zeros = out[..point.min(out.len()) - 1].bytes().take_while(|byte| *byte == b'0').count();
    out.drain(..zeros);
    if value < 0.0 {
        out.insert(0, '-');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_moves_and_no_digit_changes() {
        let of = |value, places| {
            let mut out = String::new();
            moved(value, places, &mut out);
            out
        };
        for (value, places, shown) in [
            (12_500_000.0, -4, "1250"),
            (12_500_123.0, -4, "1250.0123"),
            (-800_000.0, -3, "-800"),
            (5.0, -4, "0.0005"),
            (0.0, -4, "0"),
            (0.035, 2, "3.5"),
            (1.0, 2, "100"),
            (0.1, -4, "0.00001"),
        ] {
            assert_eq!(of(value, places), shown);
        }
    }

    #[test]
    fn tells_numbers_from_look_alikes() {
        for number in [
            "0",
            "-1",
            "+5",
            "0.1",
            "1.",
            ".5",
            "1E5",
            "1e-7",
            "110101199003078515",
            "0.30000000000000004",
            "1.7976931348623157E+308",
            "123456789012345678901234567890",
        ] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for other in ["", "-", ".", "1,234", "NaN", "INF", "Infinity", "1E309", "-1E999", "0x10", "1 2", "1e", "1e+", "1.2.3", "１"] {
            assert!(!is_number(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_percentage_has_the_digits_of_its_share() {
        for (share, text) in [
            (0.035, "3.5%"),
            (0.07, "7%"),
            (0.1 + 0.2, "30.000000000000004%"),
            (1.0, "100%"),
            (0.5, "50%"),
            (-0.0005, "-0.05%"),
            (-12.5, "-1250%"),
            (0.01, "1%"),
            (0.001, "0.1%"),
            (1e-7, "0.00001%"),
            (0.0, "0%"),
            (-0.0, "0%"),
            (1e21, "100000000000000000000000%"),
        ] {
            let mut out = "before".to_owned();
            percentage(share, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn doubles_read_back() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000"),
            (-0.0, "0"),
            (1e21, "1E21"),
            (1.5e-12, "1.5E-12"),
            (45077.0, "45077"),
        ] {
            let mut out = String::new();
            shortest(value, &mut out);
            assert_eq!(out, text);
            assert_eq!(out.parse::<f64>().expect("a number"), value);
        }
    }
}
