//! Text on its way into a cell.
//!
//! Owns what may stand in a cell: no control character that XML readers refuse, no more than a cell can hold. Gives
//! back the text itself wherever nothing has to change.

use crate::finding::word;
use crate::model::words::Lang;
use std::borrow::Cow;

/// UTF-16 units that a cell can hold.
const CELL_UNITS: usize = 32_767;

/// A text that is fit for a cell, and what had to be done to it.
pub(super) struct CellText<'a> {
    pub(super) text: Cow<'a, str>,
    /// Control characters that were replaced.
    pub(super) replaced: bool,
    /// The end was cut off.
    pub(super) cut: bool,
}

/// Makes a text fit for a cell; one that is too long ends in words that say so.
pub(super) fn cell_text(text: &str, lang: Lang) -> CellText<'_> {
    let (text, replaced) = visible(text);
    // No text has more UTF-16 units than bytes.
    if text.len() <= CELL_UNITS || text.encode_utf16().count() <= CELL_UNITS {
        return CellText { text, replaced, cut: false };
    }
    let cut_mark = word(lang, "workbook.cut_mark");
    let room = CELL_UNITS - cut_mark.encode_utf16().count().min(CELL_UNITS);
    let mut kept = head_of(&text, room).to_owned();
    kept.push_str(cut_mark);
    CellText { text: Cow::Owned(kept), replaced, cut: true }
}

/// Gives the longest head of at most `units` UTF-16 units.
fn head_of(text: &str, units: usize) -> &str {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += letter.len_utf16();
        if used > units {
            return &text[..at];
        }
    }
    text
}

/// Shows control characters that XML cannot carry, or that readers refuse.
fn visible(text: &str) -> (Cow<'_, str>, bool) {
    // 0xC2 begins the C1 controls and 0xEF the noncharacters; both also begin ordinary text.
    let suspect = |byte: u8| (byte < 0x20 && byte != b'\n') || byte == 0x7F || byte == 0xC2 || byte == 0xEF;
    if !text.bytes().any(suspect) {
        return (Cow::Borrowed(text), false);
    }
    if !text.contains('\r') && !text.chars().any(|letter| shown(letter).is_some()) {
        return (Cow::Borrowed(text), false);
    }
    let mut replaced = false;
    let mut out = String::with_capacity(text.len());
    // Both line ends of other systems become the one that cells use.
    for letter in text.replace("\r\n", "\n").chars() {
        let letter = if letter == '\r' { '\n' } else { letter };
        replaced |= shown(letter).is_some();
        out.push(shown(letter).unwrap_or(letter));
    }
    (Cow::Owned(out), replaced)
}

/// Gives the picture of a control character; none for all others.
fn shown(letter: char) -> Option<char> {
    match letter {
        '\t' | '\n' | '\r' => None,
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(letter)),
        '\u{7F}' => Some('\u{2421}'),
        '\u{80}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => Some('\u{FFFD}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_lent() {
        for text in ["", "龙南市（360783）", "a\tb\nc", "·é"] {
            assert!(matches!(cell_text(text, Lang::Zh).text, Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_characters_become_visible() {
        let fit = cell_text("a\0b\u{1B}c\u{7F}d\u{85}e\u{FFFF}", Lang::Zh);
        assert_eq!(fit.text, "a␀b␛c␡d\u{FFFD}e\u{FFFD}");
        assert!(fit.replaced && !fit.cut);
        assert_eq!(cell_text("一\r\n二\r三", Lang::Zh).text, "一\n二\n三");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let long = "😀".repeat(20_000);
        let fit = cell_text(&long, Lang::Zh);
        let mark = word(Lang::Zh, "workbook.cut_mark");
        assert!(fit.cut && fit.text.ends_with(&format!("😀{mark}")));
        assert!((CELL_UNITS - 1..=CELL_UNITS).contains(&fit.text.encode_utf16().count()));
        assert!(!cell_text(&"汉".repeat(CELL_UNITS), Lang::Zh).cut);
    }
}
