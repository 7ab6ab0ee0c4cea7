//! Numbers as text: what counts as one, and the text of a double.
//!
//! Owns: the grammar of a stored number and the shortest plain decimal of a double.
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

#[cfg(test)]
mod tests {
    use super::*;

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
