//! Tells from a number format whether a number is meant as a date.
//!
//! Owns: the built-in ids that are dates and the scan of custom codes.
//! Facts: ECMA-376 part 1, 18.8.30; ids 27-36 and 50-58 are the East Asian dates, which every
//! Chinese edition uses. A file may give a built-in id a meaning of its own, and then that decides.

/// Tells whether a built-in format id shows dates or times.
pub(super) fn builtin_is_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Tells whether a custom format code shows dates or times.
///
/// Quoted, escaped and bracketed characters do not count. A bare 年, 月 or 日 counts only where no
/// digit is asked for, since `0年` is a number of years.
pub(super) fn code_is_date(code: &str) -> bool {
    if code.eq_ignore_ascii_case("general") || code.eq_ignore_ascii_case("standard") {
        return false;
    }
    let mut characters = code.chars();
    let (mut letter, mut hanzi, mut digit) = (false, false, false);
    while let Some(character) = characters.next() {
        match character {
            '"' => skip_past(&mut characters, '"'),
            '[' => {
                let inside = characters.as_str();
                letter |= is_elapsed(inside);
                skip_past(&mut characters, ']');
            }
            '\\' | '_' | '*' => {
                characters.next();
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => letter = true,
            '年' | '月' | '日' => hanzi = true,
            '0' | '#' | '?' => digit = true,
            // `General` may stand inside a code, as in `General"元"`.
            'G' | 'g' if starts_with_ignoring_case(characters.as_str(), "eneral") => {
                characters.nth("eneral".len() - 1);
            }
            _ => {}
        }
    }
    letter || (hanzi && !digit)
}

/// Tells whether a bracket holds elapsed hours, minutes or seconds: `[h]`, `[mm]`, `[s]`.
fn is_elapsed(inside: &str) -> bool {
    let Some((inside, _)) = inside.split_once(']') else {
        return false;
    };
    let inside = inside.to_ascii_lowercase();
    ["h", "m", "s"].iter().any(|unit| !inside.is_empty() && inside.trim_matches(|c: char| unit.contains(c)).is_empty())
}

/// Steps behind the next such character.
fn skip_past(characters: &mut std::str::Chars<'_>, stop: char) {
    for character in characters.by_ref() {
        if character == stop {
            return;
        }
    }
}

/// Compares the beginning of a text without regard to case.
fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_recognized() {
        for code in [
            "yyyy-mm-dd",
            "yyyy/m/d",
            "m/d/yy h:mm",
            "yyyy\"年\"m\"月\"d\"日\"",
            "[$-804]yyyy年m月d日",
            "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
            "[h]:mm:ss",
            "[mm]:ss",
            "[DBNum1]yyyy年",
            "h:mm AM/PM",
            "yyyy年",
            "mmm-yy",
            "ss.0",
            "yyyy-mm-dd;@",
            "[红色]yyyy",
        ] {
            assert!(code_is_date(code), "{code}");
        }
        assert!([14, 22, 27, 36, 45, 58].into_iter().all(builtin_is_date));
    }

    #[test]
    fn look_alikes_are_not() {
        for code in [
            "General",
            "G/通用格式",
            "0\"年\"",
            "0年",
            "0\\d",
            "[DBNum2]0",
            "0_d",
            "#,##0.00",
            "0.00%",
            "[Red]-0.00",
            "\"day\"0",
            "@",
            "0*d",
            "[$¥-804]#,##0.00",
            "General\"months\"",
            "[>=1000]0",
            "0.00E+00",
            "",
        ] {
            assert!(!code_is_date(code), "{code}");
        }
        assert!([0, 1, 4, 9, 11, 23, 37, 44, 48, 49, 59].into_iter().all(|id| !builtin_is_date(id)));
    }
}
