//! Business registration number 营业执照注册号, GS 15-2006: fifteen digits, in use before the unified code.
//!
//! Six digits of the registering office, eight of sequence, one check digit by ISO 7064 MOD 11,10.
//! Numbers of thirteen digits are older than 2007 and carry no check (unconfirmed); they are a wrong length here.

pub use crate::model::code::normalize;
use crate::model::code::{self, CodeProblem};

/// Checks a registration number in machine form (fifteen digits, see [`normalize`]).
pub fn check(number: &str) -> Result<(), CodeProblem> {
    if code::is_exponent_form(number) {
        return Err(CodeProblem::DigitsLost);
    }
    code::require_length(number, 15)?;
    code::refuse(number, |_, c| c.is_ascii_digit())?;
    match check_digit(&number[..14]) {
        Some(expected) if number.ends_with(expected) => Ok(()),
        Some(expected) => Err(CodeProblem::Check { expected }),
        None => Err(CodeProblem::Length { found: 15 }),
    }
}

/// Computes the check digit for the first fourteen digits, or nothing if they are not fourteen digits.
pub fn check_digit(body14: &str) -> Option<char> {
    if body14.len() != 14 || !code::all_digits(body14) {
        return None;
    }
    let mut product = 10;
    for byte in body14.bytes() {
        let sum = match (product + u32::from(byte - b'0')) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    char::from_digit((11 - product) % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_published_numbers() {
        for number in ["440301103097413", "440301103448669", "110108012660422"] {
            assert_eq!(check(number), Ok(()), "{number}");
        }
    }

    #[test]
    fn refuses_wrong_numbers() {
        assert_eq!(check("440301103097414"), Err(CodeProblem::Check { expected: '3' }));
        for number in ["330108000014576", "440301104001819"] {
            assert!(matches!(check(number), Err(CodeProblem::Check { .. })), "{number}");
        }
        assert_eq!(check("4403011030974"), Err(CodeProblem::Length { found: 13 }));
        assert_eq!(check("44030110309741X"), Err(CodeProblem::Alphabet { found: 'X', position: 15 }));
        assert_eq!(check("4.40301E+14"), Err(CodeProblem::DigitsLost));
    }

    proptest! {
        #[test]
        fn check_digit_makes_valid(body in "[0-9]{14}") {
            let digit = check_digit(&body).expect("fourteen digits have a check digit");
            prop_assert_eq!(check(&format!("{body}{digit}")), Ok(()));
        }

        #[test]
        fn single_substitutions_are_caught(body in "[0-9]{14}", at in 0..15_usize, shift in 1..10_u8) {
            let digit = check_digit(&body).expect("fourteen digits have a check digit");
            let mut bytes = format!("{body}{digit}").into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + shift) % 10;
            let wrong = String::from_utf8(bytes).expect("digits");
            let caught = matches!(check(&wrong), Err(CodeProblem::Check { .. }));
            prop_assert!(caught, "{}", wrong);
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (check(&text), check_digit(&text));
        }
    }
}
