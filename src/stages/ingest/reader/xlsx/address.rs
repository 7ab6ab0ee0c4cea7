//! Reads cell addresses and ranges.

use super::super::row::Span;

/// Reads `D17` or `$D$17`: column from 0, row from 1; numbers too large stick at the largest.
#[inline]
pub(super) fn parse(text: &[u8]) -> Option<(u32, u32)> {
    let mut rest = strip_dollar(text);
    let mut column: u32 = 0;
    let mut letters = 0;
    while let Some(byte) = rest.first().filter(|byte| byte.is_ascii_alphabetic()) {
        let digit = u32::from(byte.to_ascii_uppercase() - b'A') + 1;
        column = column.saturating_mul(26).saturating_add(digit);
        letters += 1;
        rest = &rest[1..];
    }
    let rest = strip_dollar(rest);
    if letters == 0 {
        return None;
    }
    row(rest).filter(|row| *row > 0).map(|row| (column - 1, row))
}

/// Reads a row number; one too large sticks at the largest.
#[inline]
pub(super) fn row(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let mut number: u32 = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
    }
    Some(number)
}

/// Reads `A1:C3`, or `A1` alone, with its corners in any order.
pub(super) fn range(text: &[u8]) -> Option<Span> {
    let (first, second) = match memchr::memchr(b':', text) {
        Some(colon) => (&text[..colon], &text[colon + 1..]),
        None => (text, text),
    };
    let (one, other) = (parse(first)?, parse(second)?);
    Some(Span {
        first_row: one.1.min(other.1),
        last_row: one.1.max(other.1),
        first_column: one.0.min(other.0),
        last_column: one.0.max(other.0),
    })
}

/// Takes a leading `$` off.
#[inline]
fn strip_dollar(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"$").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(parse(b"A1"), Some((0, 1)));
        assert_eq!(parse(b"$AB$12"), Some((27, 12)));
        assert_eq!(parse(b"XFD1048576"), Some((16_383, 1_048_576)));
        assert_eq!(parse(b"A99999999999"), Some((0, u32::MAX)));
        for wrong in [&b""[..], b"A", b"1", b"A0", b"A1B", b"A-1", "甲1".as_bytes()] {
            assert_eq!(parse(wrong), None);
        }
    }

    #[test]
    fn ranges_are_put_in_order() {
        let span = range(b"C3:A1").expect("a range");
        assert_eq!((span.first_row, span.last_row), (1, 3));
        assert_eq!((span.first_column, span.last_column), (0, 2));
        assert_eq!(range(b"A1:"), None);
    }
}
