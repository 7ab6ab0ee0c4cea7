//! Organization code 组织机构代码, GB 11714-1997: eight characters and a check character.
//!
//! Weights 3 7 9 10 5 8 4 2; check = 11 - (sum mod 11), where 10 is written X and 11 is written 0.
//! Letters count A = 10 to Z = 35, all 36 symbols. This table differs from the 31-symbol one of the unified social
//! credit code around it ([`crate::model::uscc`]); sharing one table would refuse most real codes.
//! The standard's hyphen before the check character is left out in machine form.

pub use crate::model::code::normalize;
use crate::model::code::{self, CodeProblem};

const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Checks an organization code in machine form (nine characters, see [`normalize`]).
///
/// A head office that a census counts as a local unit carries `B` as its ninth character; that is a wrong check
/// character like any other.
pub fn check(code: &str) -> Result<(), CodeProblem> {
    if code::is_exponent_form(code) {
        return Err(CodeProblem::DigitsLost);
    }
    code::require_length(code, 9)?;
    code::refuse(code, |_, c| c.is_ascii_digit() || c.is_ascii_uppercase())?;
    match check_digit(&code[..8]) {
        Some(expected) if code.ends_with(expected) => Ok(()),
        Some(expected) => Err(CodeProblem::Check { expected }),
        None => Err(CodeProblem::Length { found: 9 }),
    }
}

/// Computes the check character for the first eight characters, or nothing if they are no code.
pub fn check_digit(body8: &str) -> Option<char> {
    if body8.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in body8.bytes().zip(WEIGHTS) {
        sum += weight * value(byte)?;
    }
    Some(match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10)?,
    })
}

fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_published_codes() {
        for text in ["19220382-1", "71526726-X", "D2143569-X", "M000100Y-4"] {
            assert_eq!(check(&normalize(text)), Ok(()), "{text}");
        }
    }

    #[test]
    fn refuses_wrong_codes() {
        assert_eq!(check(&normalize("19220382-2")), Err(CodeProblem::Check { expected: '1' }));
        assert_eq!(check("1922038"), Err(CodeProblem::Length { found: 7 }));
        assert_eq!(check("1922038Μ1"), Err(CodeProblem::Alphabet { found: 'Μ', position: 8 }));
        assert_eq!(check("1.92204E+8"), Err(CodeProblem::DigitsLost));
    }

    proptest! {
        #[test]
        fn check_digit_makes_valid(body in "[0-9A-Z]{8}") {
            let check_char = check_digit(&body).expect("a body of the alphabet has a check character");
            prop_assert_eq!(check(&format!("{body}{check_char}")), Ok(()));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (check(&text), check_digit(&text));
        }
    }
}
