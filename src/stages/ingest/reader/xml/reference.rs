//! Resolves the references in texts and attribute values.
//!
//! Invariants: only the five predefined entities and numbered characters are known, so nothing can
//! expand; what makes no sense is kept as it stands and reported.

use memchr::{memchr, memchr2};

/// Appends a text with its references resolved; false when a byte or a reference made no sense.
///
/// Line ends become `\n` as XML asks. What makes no sense is kept as it stands.
pub(in super::super) fn decode(raw: &[u8], out: &mut String) -> bool {
    let mut rest = raw;
    let mut sound = true;
    while let Some(found) = memchr2(b'&', b'\r', rest) {
        sound &= push_utf8(&rest[..found], out);
        if rest[found] == b'\r' {
            out.push('\n');
            let skip = usize::from(rest.get(found + 1) == Some(&b'\n'));
            rest = &rest[found + 1 + skip..];
            continue;
        }
        let reference = &rest[found + 1..];
        match memchr(b';', &reference[..reference.len().min(12)]) {
            Some(length) if resolve(&reference[..length], out) => rest = &reference[length + 1..],
            _ => {
                sound = false;
                out.push('&');
                rest = reference;
            }
        }
    }
    sound & push_utf8(rest, out)
}

/// Appends bytes; false when they are no UTF-8 and were replaced.
pub(in super::super) fn push_utf8(raw: &[u8], out: &mut String) -> bool {
    match std::str::from_utf8(raw) {
        Ok(text) => {
            out.push_str(text);
            true
        }
        Err(_) => {
            out.push_str(&String::from_utf8_lossy(raw));
            false
        }
    }
}

/// Appends the character that a reference stands for; false when it stands for none.
fn resolve(name: &[u8], out: &mut String) -> bool {
    let character = match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        _ => match name.strip_prefix(b"#") {
            Some(number) => numbered(number),
            None => None,
        },
    };
    out.extend(character);
    character.is_some()
}

/// Returns the character of `#123` or `#x7B`, without its `#`.
fn numbered(digits: &[u8]) -> Option<char> {
    let (digits, radix) = match digits {
        [b'x' | b'X', hex @ ..] => (hex, 16),
        decimal => (decimal, 10),
    };
    if !digits.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let text = std::str::from_utf8(digits).ok()?;
    char::from_u32(u32::from_str_radix(text, radix).ok()?)
}
