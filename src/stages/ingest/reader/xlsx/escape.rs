//! Undoes the `_xHHHH_` escapes of texts.
//!
//! Facts: ECMA-376 part 1, 22.9.2.19 (ST_Xstring): a character that XML cannot hold is written as
//! `_x` with four hexadecimal digits of its UTF-16 unit and `_`; a literal `_x0041_` has its first
//! underscore written as `_x005F_`.

/// Replaces the escapes in a text from a byte offset on.
pub(super) fn unescape(text: &mut String, from: usize) {
    let Some(tail) = text.get(from..).filter(|tail| tail.contains("_x")) else {
        return;
    };
    let mut plain = String::with_capacity(tail.len());
    let mut rest = tail;
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match character(rest) {
            Some((character, length)) => {
                plain.push(character);
                rest = &rest[length..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[2..];
            }
        }
    }
    plain.push_str(rest);
    text.truncate(from);
    text.push_str(&plain);
}

/// Returns the character of the escape at the start of a text, and the length of what stood for it.
fn character(text: &str) -> Option<(char, usize)> {
    let first = unit(text)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 7));
    }
    let second = unit(text.get(7..)?)?;
    let pair = char::decode_utf16([first, second]).next()?.ok()?;
    Some((pair, 14))
}

/// Returns the UTF-16 unit of the escape at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let bytes = text.as_bytes().get(..7)?;
    let digits = bytes.strip_prefix(b"_x")?.strip_suffix(b"_")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (stored, meant) in [
            ("a_x000D_b", "a\rb"),
            ("_x0000_", "\0"),
            ("_x005F_x0041_", "_x0041_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "_xD83D_"),
            ("_x12", "_x12"),
            ("_x12汇_", "_x12汇_"),
            ("汇_x0041_池", "汇A池"),
        ] {
            let mut text = format!("_x0041_{stored}");
            unescape(&mut text, 7);
            assert_eq!(text, format!("_x0041_{meant}"));
        }
    }
}
