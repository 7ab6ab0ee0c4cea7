//! Unified social credit code 统一社会信用代码, GB 32100-2015: eighteen characters.
//!
//! | Position | Content |
//! |---|---|
//! | 1 | registering department 登记管理部门 (9: market regulation) |
//! | 2 | category of body within the department (91: enterprise) |
//! | 3-8 | region of the registering authority, GB/T 2260, digits |
//! | 9-17 | organization code with its own check, GB 11714 ([`crate::model::org_code`]) |
//! | 18 | check character |
//!
//! The outer alphabet has 31 symbols, without I O S V Z; weights are powers of 3 modulo 31. The inner check counts
//! letters by the 36-symbol table. 31 is prime, so one wrong character or one swap of neighbors is always caught.
//! A department's categories are only checked where they are known (1, 5, 9, N and Y).

pub use crate::model::code::{CodeProblem, normalize};
use crate::model::{code, org_code};

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Checks a code in machine form (eighteen characters, see [`normalize`]).
///
/// Problems are looked for in this order: digits lost to a spreadsheet's exponent form, length, alphabet, department,
/// outer check, inner check. A failed check on eighteen digits that a spreadsheet's number could have left behind is
/// [`CodeProblem::DigitsLost`].
pub fn check(code: &str) -> Result<(), CodeProblem> {
    if code::is_exponent_form(code) {
        return Err(CodeProblem::DigitsLost);
    }
    code::require_length(code, 18)?;
    code::refuse(code, |position, c| match position {
        3..=8 => c.is_ascii_digit(),
        _ => value(c).is_some(),
    })?;
    if !is_known_body(code) {
        return Err(CodeProblem::Department);
    }
    match wrong_check(code) {
        None => Ok(()),
        Some(_) if is_number_remnant(code) && !is_swapped(code) => Err(CodeProblem::DigitsLost),
        Some(problem) => Err(problem),
    }
}

/// Computes the check character for the first seventeen characters, or nothing if they are no code.
pub fn check_digit(body17: &str) -> Option<char> {
    if body17.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (c, weight) in body17.chars().zip(WEIGHTS) {
        sum += weight * value(c)?;
    }
    let index = (31 - sum % 31) % 31;
    ALPHABET.get(index as usize).map(|&b| char::from(b))
}

/// Lists the valid all-digit codes that a spreadsheet could have turned into this number, at most ten.
///
/// They are proposals for a person to choose from by name; nothing but a name can tell them apart. Empty unless the
/// text is eighteen digits.
pub fn candidates(lost: &str) -> Vec<String> {
    if lost.len() != 18 || !code::all_digits(lost) {
        return Vec::new();
    }
    let valid = |code: String| (code::all_digits(&code) && check(&code) == Ok(())).then_some(code);
    if lost.ends_with("000") {
        // Typed into a number cell: fifteen digits are kept, the rest is nought.
        return (0..10).filter_map(|digit| complete(&format!("{}{digit}", &lost[..15]))).filter_map(valid).collect();
    }
    // Printed from a double: every code that rounds to the same double is possible.
    let Ok(number) = lost.parse::<u64>() else {
        return Vec::new();
    };
    (number.saturating_sub(128)..=number + 128)
        .filter(|&other| other as f64 == number as f64)
        .filter_map(|other| valid(other.to_string()))
        .take(10)
        .collect()
}

/// Adds both check characters to the first sixteen characters.
fn complete(body16: &str) -> Option<String> {
    let inner = org_code::check_digit(body16.get(8..)?)?;
    let body17 = format!("{body16}{inner}");
    let outer = check_digit(&body17)?;
    Some(format!("{body17}{outer}"))
}

/// Looks at both check characters of a code whose length and alphabet are right; the outer one speaks first.
fn wrong_check(code: &str) -> Option<CodeProblem> {
    let expected = check_digit(code.get(..17)?)?;
    if !code.ends_with(expected) {
        return Some(CodeProblem::Check { expected });
    }
    let expected = org_code::check_digit(code.get(8..16)?)?;
    if !code.get(8..17)?.ends_with(expected) {
        return Some(CodeProblem::OrgCheck { expected });
    }
    None
}

/// Tells whether eighteen digits look like what is left of a code that was stored as a number.
///
/// Three spellings occur: the last three digits nought (typed into a spreadsheet, which keeps fifteen), the exact
/// value of the nearest double, and that double's shortest spelling. About one typing error in sixty looks the same.
fn is_number_remnant(code: &str) -> bool {
    if code.ends_with("000") && code::all_digits(code) {
        return true;
    }
    let Ok(number) = code.parse::<u64>() else {
        return false;
    };
    let double = number as f64;
    double as u64 == number || double.to_string() == code
}

/// Tells whether a right code has two neighbours swapped here: somebody typed it.
fn is_swapped(code: &str) -> bool {
    let bytes = code.as_bytes();
    (1..bytes.len()).filter(|at| bytes[at - 1] != bytes[*at]).any(|at| {
        let mut other = bytes.to_vec();
        other.swap(at - 1, at);
        String::from_utf8(other).is_ok_and(|other| is_known_body(&other) && wrong_check(&other).is_none())
    })
}

/// Tells whether the department exists and, where its categories are known, the category too.
fn is_known_body(code: &str) -> bool {
    let mut chars = code.chars();
    let (Some(department), Some(category)) = (chars.next(), chars.next()) else {
        return false;
    };
    match department {
        '1' | '5' | '9' | 'N' => matches!(category, '1' | '2' | '3' | '9'),
        'Y' => category == '1',
        '2' | '3' | '4' | '6' | '7' | '8' | 'A' => matches!(category, '1'..='9'),
        _ => false,
    }
}

fn value(c: char) -> Option<u32> {
    let byte = u8::try_from(c).ok()?;
    let index = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 10,
        b'J'..=b'N' => byte - b'J' + 18,
        b'P'..=b'R' => byte - b'P' + 23,
        b'T' | b'U' => byte - b'T' + 26,
        b'W'..=b'Y' => byte - b'W' + 28,
        _ => return None,
    };
    Some(u32::from(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: [&str; 10] = [
        "914403001922038216",
        "9144030071526726XG",
        "91330100799655058B",
        "91110108551385082Q",
        "91360727MA35LGHK7K",
        "91310115MA1K3BTP2B",
        "91110000600037341L",
        "51420000MJH2003604",
        "121200004013590816",
        "91350100M000100Y43",
    ];

    #[test]
    fn accepts_published_codes() {
        for code in VALID {
            assert_eq!(check(code), Ok(()), "{code}");
        }
    }

    #[test]
    fn refuses_wrong_codes() {
        use CodeProblem::*;
        for (code, problem) in [
            ("914403001922038217", Check { expected: '6' }),
            ("91440300192203821O", Alphabet { found: 'O', position: 18 }),
            ("91350100M000100Y4Z", Alphabet { found: 'Z', position: 18 }),
            ("9133010057462616XH", Check { expected: '9' }),
            ("914403001922038229", OrgCheck { expected: '1' }),
            ("914403001922038000", DigitsLost),
            ("914403001922038272", DigitsLost),
            ("914403001922038300", DigitsLost),
            ("9.14403E+17", DigitsLost),
            ("91360727ΜA35LGHK7K", Alphabet { found: 'Μ', position: 9 }),
            ("", Length { found: 0 }),
            ("91440300192203821", Length { found: 17 }),
            ("014403001922038216", Department),
            ("944403001922038216", Department),
            ("91A403001922038216", Alphabet { found: 'A', position: 3 }),
        ] {
            assert_eq!(check(code), Err(problem), "{code}");
        }
        assert!(matches!(check("914403001922038261"), Err(Check { .. })));
    }

    #[test]
    fn outer_and_inner_check_use_different_tables() {
        assert_eq!(check_digit("91350100M000100Y4"), Some('3'));
        assert_eq!(org_code::check_digit("M000100Y"), Some('4'));
        assert_eq!(org_code::check_digit("57462616"), Some('8'));
    }

    #[test]
    fn normalizes_to_valid() {
        for text in
            ["９１４４０３００１９２２０３８２１６", "91440300 1922 0382 16", "'914403001922038216", "9144\u{200B}03001922038216\u{FEFF}"]
        {
            assert_eq!(check(&normalize(text)), Ok(()), "{text:?}");
        }
        assert_eq!(check(&normalize("91360727ma35lghk7k")), Ok(()));
    }

    #[test]
    fn alphabet_and_values_agree() {
        for (index, &byte) in ALPHABET.iter().enumerate() {
            assert_eq!(value(char::from(byte)), Some(index as u32));
        }
        for c in ['I', 'O', 'S', 'V', 'Z', 'a', '-', 'Μ'] {
            assert_eq!(value(c), None);
        }
    }

    #[test]
    fn lists_candidates_for_lost_digits() {
        let typed = candidates("914403001922038000");
        assert_eq!(typed.len(), 3);
        assert!(typed.contains(&VALID[0].to_owned()));
        for printed in ["914403001922038272", "914403001922038300"] {
            assert!(candidates(printed).contains(&VALID[0].to_owned()), "{printed}");
        }
        assert!(candidates("9.14403E+17").is_empty());
    }

    #[test]
    fn every_substitution_and_swap_is_caught() {
        for code in VALID {
            let bytes = code.as_bytes();
            for at in 0..18 {
                for &symbol in ALPHABET {
                    let mut wrong = bytes.to_vec();
                    wrong[at] = symbol;
                    if wrong != bytes {
                        assert_ne!(check(&String::from_utf8_lossy(&wrong)), Ok(()));
                    }
                }
                let mut swapped = bytes.to_vec();
                if at > 0 && swapped[at] != swapped[at - 1] {
                    swapped.swap(at, at - 1);
                    assert_ne!(check(&String::from_utf8_lossy(&swapped)), Ok(()));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn check_digits_make_valid(head in "9[123]360783", body in "[0-9A-HJ-NP-RTUWXY]{8}") {
            let code = complete(&format!("{head}{body}")).expect("a body of the alphabet can be completed");
            prop_assert_eq!(check(&code), Ok(()));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (check(&text), check_digit(&text), candidates(&text));
        }

        #[test]
        fn never_panics_on_digits(text in "[0-9]{18}") {
            let candidates = candidates(&text);
            prop_assert!(candidates.len() <= 10);
            prop_assert!(candidates.iter().all(|code| check(code) == Ok(())));
        }
    }
}
