//! Invented codes with valid check characters.
//!
//! Owns: which ranges the sample draws codes from. Gives: unified social credit codes (GB 32100-2015, with the inner
//! check of GB 11714-1997) and patent application numbers (ZC 0006-2003).
//! Invariants: organisation bodies begin with `MAYY` or `9990`, sequences of patents with 9: ranges that are not
//! assigned, so that no code of the sample belongs to anyone. No code is given out twice.

use std::collections::BTreeSet;

use crate::model::{org_code, patent_number, uscc};

use super::draw::Draw;

const BODY_SYMBOLS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const DIGITS: &[u8] = b"0123456789";

/// Hands out codes, each once.
#[derive(Default)]
pub(super) struct Codes {
    given: BTreeSet<String>,
}

impl Codes {
    /// Invents the code of an enterprise registered at that authority (six digits).
    pub(super) fn enterprise(&mut self, draw: &mut Draw, authority: &str) -> String {
        self.first_new(draw, |draw| compose(authority, &body(draw, "MAYY", BODY_SYMBOLS)))
    }

    /// Invents a code of digits only, which a spreadsheet would take for a number.
    pub(super) fn digits_only(&mut self, draw: &mut Draw, authority: &str) -> String {
        self.first_new(draw, |draw| {
            compose(authority, &body(draw, "9990", DIGITS)).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }

    /// Invents an application number in its full form, `202210123456.7` with the check; `kind` is 1, 2 or 3.
    pub(super) fn application(&mut self, draw: &mut Draw, year: i32, kind: u8) -> String {
        self.first_new(draw, |draw| {
            let digits = format!("{year}{kind}9{:06}", draw.below(1_000_000));
            let check = patent_number::check_digit(&digits)?;
            Some(format!("{digits}.{check}"))
        })
    }

    /// Draws until a valid code comes that was not given before; the ranges are far larger than any sample.
    fn first_new(&mut self, draw: &mut Draw, mut invent: impl FnMut(&mut Draw) -> Option<String>) -> String {
        loop {
            if let Some(code) = invent(draw)
                && self.given.insert(code.clone())
            {
                return code;
            }
        }
    }
}

fn body(draw: &mut Draw, prefix: &str, symbols: &[u8]) -> String {
    let mut body = prefix.to_owned();
    while body.len() < 8 {
        body.push(char::from(*draw.pick(symbols)));
    }
    body
}

/// Puts an enterprise's code together: department 9, category 1, authority, organisation code, check.
fn compose(authority: &str, body8: &str) -> Option<String> {
    let inner = org_code::check_digit(body8)?;
    let body17 = format!("91{authority}{body8}{inner}");
    let outer = uscc::check_digit(&body17)?;
    Some(format!("{body17}{outer}"))
}

/// Replaces the check character by another of the same kind, so that the code is wrong in nothing else.
pub(super) fn with_wrong_check(code: &str) -> String {
    let (head, check) = code.split_at(code.len().saturating_sub(1));
    let wrong = match check {
        "1" => '7',
        "X" => '4',
        _ => '1',
    };
    format!("{head}{wrong}")
}

/// Replaces the first nought of a code by the letter O.
pub(super) fn with_letter_o(code: &str) -> String {
    code.replacen('0', "O", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_carry_both_checks_and_differ() {
        let mut draw = Draw::new(3, 0);
        let mut codes = Codes::default();
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let code = codes.enterprise(&mut draw, "360783");
            assert_eq!(code.len(), 18);
            assert_eq!(uscc::check_digit(&code[..17]), code.chars().last());
            assert_eq!(org_code::check_digit(&code[8..16]), code.chars().nth(16));
            assert!(code.starts_with("91360783MAYY"));
            assert!(seen.insert(code));
        }
        let digits = codes.digits_only(&mut draw, "360727");
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(digits.starts_with("913607279990"));
    }

    #[test]
    fn application_numbers_carry_their_check() {
        let number = Codes::default().application(&mut Draw::new(4, 0), 2021, 2);
        let (digits, check) = number.split_once('.').expect("a dot");
        assert!(digits.starts_with("202129") && digits.len() == 12);
        assert_eq!(patent_number::check_digit(digits).map(String::from), Some(check.to_owned()));
    }

    #[test]
    fn a_wrong_check_is_always_wrong() {
        for code in ["91360783MAYY0000X1", "201910123456.X", "201910123456.0"] {
            let wrong = with_wrong_check(code);
            assert_ne!(wrong, code);
            assert_eq!(wrong.len(), code.len());
        }
        assert_eq!(with_letter_o("913607"), "9136O7");
    }
}
