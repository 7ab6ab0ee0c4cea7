//! The usual shapes of a cell, read in one step.
//!
//! Owns: `<c r=".." s=".." t="..">` with `<v>..</v>` or `<is><t>..</t></is>` inside, or nothing.
//! Whatever is shaped otherwise (formulas, rich text, comments, other attributes), or does not lie
//! whole in the buffer, gives `None`, and the token reader takes over.

use memchr::memchr;

use super::super::stored_type::StoredType;
use super::address;

/// A cell of a usual shape.
pub(super) struct Plain<'a> {
    /// Address, empty if not written.
    pub(super) address: &'a [u8],
    pub(super) style: usize,
    pub(super) stored: StoredType,
    /// Raw value, empty for a blank cell.
    pub(super) value: &'a [u8],
    /// Bytes of the whole element.
    pub(super) length: usize,
}

/// Reads a cell at the start of the bytes.
#[inline]
pub(super) fn cell(ahead: &[u8]) -> Option<Plain<'_>> {
    let mut rest = ahead.strip_prefix(b"<c")?;
    let mut plain = Plain { address: b"", style: 0, stored: StoredType::Number, value: b"", length: 0 };
    loop {
        match rest {
            [b' ', name, b'=', b'"', tail @ ..] => {
                let end = memchr(b'"', tail)?;
                let value = &tail[..end];
                match name {
                    b'r' if !value.is_empty() => plain.address = value,
                    b's' => plain.style = address::row(value)? as usize,
                    b't' => plain.stored = StoredType::of(value),
                    _ => return None,
                }
                rest = &tail[end + 1..];
            }
            [b'>', tail @ ..] => {
                rest = tail;
                break;
            }
            [b'/', b'>', tail @ ..] => {
                plain.length = ahead.len() - tail.len();
                return Some(plain);
            }
            _ => return None,
        }
    }
    let tail = match plain.stored {
        StoredType::Number | StoredType::Shared | StoredType::FormulaText => {
            let (value, tail) = until_tag(rest.strip_prefix(b"<v>")?)?;
            plain.value = value;
            tail.strip_prefix(b"</v></c>")?
        }
        StoredType::Inline => {
            let text = rest.strip_prefix(b"<is><t")?;
            let text = text.strip_prefix(b" xml:space=\"preserve\"").unwrap_or(text);
            let (value, tail) = until_tag(text.strip_prefix(b">")?)?;
            plain.value = value;
            tail.strip_prefix(b"</t></is></c>")?
        }
        _ => return None,
    };
    plain.length = ahead.len() - tail.len();
    // A number or an index with a reference in it is for the token reader.
    let indirect = plain.stored != StoredType::Inline && memchr(b'&', plain.value).is_some();
    (!indirect).then_some(plain)
}

/// Splits bytes before the next tag.
#[inline]
fn until_tag(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    memchr(b'<', bytes).map(|end| bytes.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_shapes() {
        let bytes = b"<c r=\"B2\" s=\"3\" t=\"s\"><v>17</v></c><c";
        let plain = cell(bytes).expect("a usual shape");
        assert_eq!((plain.address, plain.style, plain.value), (&b"B2"[..], 3, &b"17"[..]));
        assert_eq!(plain.stored, StoredType::Shared);
        assert_eq!(&bytes[plain.length..], b"<c");

        let plain = cell(b"<c r=\"A1\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> a&amp;b</t></is></c>");
        assert_eq!(plain.expect("inline").value, b" a&amp;b");
        assert_eq!(cell(b"<c r=\"A1\" s=\"1\"/>").expect("blank").value, b"");
    }

    #[test]
    fn other_shapes_are_left_to_the_token_reader() {
        for bytes in [
            &b"<c r=\"A1\"><f>1+1</f><v>2</v></c>"[..],
            b"<c r=\"A1\"><v>1<!-- -->2</v></c>",
            b"<c r=\"A1\"><v>1&#50;</v></c>",
            b"<c r=\"A1\" cm=\"1\"><v>1</v></c>",
            b"<c r='A1'><v>1</v></c>",
            b"<cols/>",
            b"<c r=\"A1\"><v>1</v>",
            b"<c",
            b"",
        ] {
            assert!(cell(bytes).is_none());
        }
    }
}
