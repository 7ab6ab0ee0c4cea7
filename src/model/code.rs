//! What all identifiers have in common: the fold to machine form, and the problems a check can find.
//!
//! Takes: a code as typed. Gives: its machine form, or a [`CodeProblem`] as data.
//! Invariant: letters are never mapped to look-alikes; `O` stays `O`, Greek Mu stays Greek, so a wrong letter is found.

use crate::model::text;

/// A reason why a code cannot be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeProblem {
    /// The code has the wrong number of characters.
    Length {
        /// Characters found.
        found: usize,
    },
    /// A character may not stand at its position.
    Alphabet {
        /// The character found.
        found: char,
        /// Its position, counted from 1.
        position: usize,
    },
    /// The registering department and category (the first two characters) do not exist.
    Department,
    /// The check character of the whole code is wrong.
    Check {
        /// The character that the rest of the code calls for.
        expected: char,
    },
    /// The check character of the organization code inside (position 17) is wrong.
    OrgCheck {
        /// The character that positions 9 to 16 call for.
        expected: char,
    },
    /// A spreadsheet kept the code as a number, and its last digits are gone.
    DigitsLost,
}

/// Gives the machine form of a code: half-width, upper case, without blanks, invisible marks, apostrophes and hyphens.
pub fn normalize(code: &str) -> String {
    if code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return code.to_owned();
    }
    let mut normal = text::fold(code);
    normal.retain(|c| !text::is_blank(c) && !is_apostrophe(c) && !is_hyphen(c));
    normal.make_ascii_uppercase();
    normal
}

/// Finds the first character that `allowed` refuses; positions are counted from 1.
pub(crate) fn refuse(code: &str, allowed: impl Fn(usize, char) -> bool) -> Result<(), CodeProblem> {
    let wrong = code.chars().enumerate().map(|(index, found)| (index + 1, found)).find(|&(position, found)| !allowed(position, found));
    match wrong {
        Some((position, found)) => Err(CodeProblem::Alphabet { found, position }),
        None => Ok(()),
    }
}

/// Checks the number of characters.
pub(crate) fn require_length(code: &str, length: usize) -> Result<(), CodeProblem> {
    let found = code.chars().count();
    if found == length { Ok(()) } else { Err(CodeProblem::Length { found }) }
}

/// Tells whether a text is a number in exponent form, as a spreadsheet shows a long code: `9.14403E+17`.
pub(crate) fn is_exponent_form(code: &str) -> bool {
    let Some((mantissa, exponent)) = code.split_once(['E', 'e']) else {
        return false;
    };
    let Some(exponent) = exponent.strip_prefix('+') else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    whole.len() == 1 && all_digits(whole) && fraction.bytes().all(|b| b.is_ascii_digit()) && all_digits(exponent)
}

/// Tells whether a text is one or more ASCII digits.
pub(crate) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '\u{02B9}'..='\u{02BC}' | '\u{2018}'..='\u{201B}' | '\u{2032}')
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn normalizes_width_blanks_case_and_marks() {
        for text in [
            "914403001922038216",
            "９１４４０３００１９２２０３８２１６",
            "9144 0300 1922 0382 16",
            "'914403001922038216",
            "’914403001922038216\u{200B}",
            "\u{FEFF}91440300-19220382-1\u{3000}6\n",
        ] {
            assert_eq!(normalize(text), "914403001922038216", "{text:?}");
        }
        assert_eq!(normalize("ma35lghk7k"), "MA35LGHK7K");
        assert_eq!(normalize("Μo"), "ΜO", "no look-alike is mapped");
    }

    #[test]
    fn knows_the_exponent_form() {
        for text in ["9.14403E+17", "9E+17", "9.1440300192203E+17"] {
            assert!(is_exponent_form(text), "{text}");
        }
        for text in ["9.14403", "E+17", "91E+17", "9.1E17", "9.1E+", "9.1X+17"] {
            assert!(!is_exponent_form(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn normalizing_twice_equals_once(text in any::<String>()) {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
