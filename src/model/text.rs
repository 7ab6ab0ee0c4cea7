//! Character classes and foldings that codes, names, dates and numbers share.
//!
//! Owns: which characters are blank, which are invisible, which are hanzi; the compatibility fold of one character;
//! which texts a spreadsheet would run.
//! Invariant: the fold works character by character, so folding twice equals folding once. It never maps a letter
//! to a look-alike of another script: a Greek capital Mu stays Greek.

use super::ideograph::unified;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// A text of at most so many characters; a longer one ends in a sign of omission.
pub fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Tells whether a character prints nothing: zero-width marks, byte order mark, soft hyphen, direction marks, variation selectors.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}')
        || (c.is_control() && !c.is_whitespace())
}

/// Tells whether a character is a blank of any width, a line break or a tab.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
}

/// Tells whether a character is a Chinese character (any block, including the private ones of old fonts).
pub fn is_hanzi(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{E000}'..='\u{F8FF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' | '〇')
}

/// Tells whether a spreadsheet would take a text for a formula, on opening it or once somebody edits its cell.
///
/// Its first visible character is `=`, `+`, `-` or `@` in any width. A dash alone and a plain number run nothing.
pub fn looks_live(text: &str) -> bool {
    let shown = text.trim_matches(|c| is_blank(c) || is_invisible(c));
    let mut rest = shown.chars();
    match rest.next() {
        Some('=' | '@' | '＝' | '＠' | '＋') => true,
        Some('-' | '－') if rest.as_str().is_empty() => false,
        Some('+' | '-') => !is_plain_number(rest.as_str()),
        first => first == Some('－'),
    }
}

/// The text, with an apostrophe in front if a spreadsheet would run it.
pub fn neutral(text: &str) -> Cow<'_, str> {
    if looks_live(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Digits, with commas between them and one decimal point at most: nothing else is certain to be no formula.
fn is_plain_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    whole.split(',').all(digits) && digits(fraction)
}

/// Gives the half-width form of a full-width letter or digit, and any other character unchanged.
pub fn half_width(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// Tells whether a character is a full-width letter or digit.
pub fn is_wide_alphanumeric(c: char) -> bool {
    half_width(c) != c
}

/// Folds each character to its compatibility form (NFKC), look-alikes of ideographs to these, and leaves invisible ones out.
///
/// Blanks of all widths become plain blanks, but stay; line breaks and tabs stay as they are. So do raised, lowered and enclosed digits
/// (¹ ₁ ① ⒈), which are marks beside a value: folded they would become digits of it.
pub fn fold(text: &str) -> String {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            if !is_invisible(c) {
                folded.push(c);
            }
        } else if is_mark_digit(c) {
            folded.push(c);
        } else if !is_invisible(c) {
            folded.extend(std::iter::once(unified(c)).nfkc().filter(|&c| !is_invisible(c)));
        }
    }
    folded
}

/// Tells whether a character is a digit only in form: raised, lowered, enclosed, with a point, of a fraction.
fn is_mark_digit(c: char) -> bool {
    half_width(c) == c && !c.is_ascii() && std::iter::once(c).nfkc().any(|folded| folded.is_ascii_digit())
}

/// Gives the shortest decimal that reads back to the same double: `201310699744.20001` is 201310699744.2.
///
/// For codes and dates that a spreadsheet stored as numbers; a text that is none stays as it is. No amount goes this way.
pub fn shortest(number: &str) -> Cow<'_, str> {
    if !number.contains(['.', 'E', 'e']) {
        return Cow::Borrowed(number);
    }
    match number.parse::<f64>() {
        Ok(value) if value.abs() < 1e21 => Cow::Owned(value.to_string()),
        _ => Cow::Borrowed(number),
    }
}

/// Gives the value of a Chinese numeral from zero to nine, as used in written-out years.
pub fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' | '◯' => 0,
        '一' | '壹' => 1,
        '二' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// Gives bytes, such as a hash, as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_width_and_drops_the_invisible() {
        assert_eq!(fold("９１（Ａ）\u{200B}\u{FEFF}x\u{3000}y"), "91(A)x y");
        assert_eq!(fold("Μ"), "Μ", "a Greek letter stays Greek");
        assert_eq!(fold("１2500¹ ₁①⒈⑴"), "12500¹ ₁①⒈⑴", "marks are no digits");
        assert_eq!(fold("a\nb"), "a\nb");
        assert_eq!(fold("a\0b"), "ab");
    }

    #[test]
    fn formulas_are_told_from_numbers_and_dashes() {
        for live in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd",
            "@SUM(A1)",
            "＝1+1",
            "＋1",
            "－1",
            "＠A1",
            "\t=1",
            "\r=1",
            " =1",
            "\u{3000}=1",
            "\u{200B}=1",
            "\u{FEFF}-A1",
            "-A1",
            "+A1",
            "+",
            "--",
            "-1-2",
            "-1.2.3",
            "-1,",
            "-1E5",
            "-inf",
        ] {
            assert!(looks_live(live), "{live:?}");
        }
        for plain in ["", " ", "-", "－", " - ", "—", "-12.5", "+12.5", "-1,234", "-1,234.50", "a=b", "甲=乙", "1-2", "'=1", "江西某公司"]
        {
            assert!(!looks_live(plain), "{plain:?}");
        }
    }

    #[test]
    fn knows_rare_hanzi() {
        assert!(is_hanzi('㬎') && is_hanzi('䶮') && is_hanzi('𠮷'));
        assert!(!is_hanzi('A') && !is_hanzi('（') && !is_hanzi('　'));
    }

    #[test]
    fn numbers_are_as_short_as_the_double_allows() {
        for (stored, short) in [
            ("201310699744.20001", "201310699744.2"),
            ("2.0131069974420001E11", "201310699744.2"),
            ("9.1440300192203802E+17", "914403001922038000"),
            ("201310699744", "201310699744"),
            ("1E999", "1E999"),
            ("无", "无"),
        ] {
            assert_eq!(shortest(stored), short);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_equals_once(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
