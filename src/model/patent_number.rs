//! Patent application numbers 申请号 (and 专利号, which is `ZL` with the same digits), ZC 0006-2003.
//!
//! | Filed | Form |
//! |---|---|
//! | to 2003-09-30 | year 2, kind 1, sequence 5, `.`, check |
//! | from 2003-10-01 | year 4, kind 1, sequence 7, `.`, check |
//!
//! Check: weights 2 to 9, then 2 to 5 again; sum modulo 11, where 10 is X. The check is not part of the number proper,
//! so a number without it is whole: number cells drop a check of 0 together with its dot.
//! The year is that of acceptance; a divisional application's filing date is older (unconfirmed), so a difference to
//! the filing date proves nothing. Publication numbers (`CN105418762B`) are recognized and refused: they name another
//! thing. Deliberately absent: whether a year lies in the future (an edit, which knows the day).

use std::fmt;

use chrono::{Months, NaiveDate};

use crate::model::code::{self, all_digits};

/// The three kinds of patent; international applications count as the kind they seek.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PatentKind {
    /// Invention 发明 (digits 1 and 8).
    Invention,
    /// Utility model 实用新型 (digits 2 and 9).
    UtilityModel,
    /// Design 外观设计 (digit 3).
    Design,
}

impl PatentKind {
    fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            b'1' | b'8' => Some(Self::Invention),
            b'2' | b'9' => Some(Self::UtilityModel),
            b'3' => Some(Self::Design),
            _ => None,
        }
    }
}

/// An application number whose form, year, kind and (if written) check are right.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PatentNumber {
    /// Year of acceptance, four digits.
    pub year: u16,
    /// What kind of patent was applied for.
    pub kind: PatentKind,
    /// The eight or twelve digits before the check.
    pub digits: String,
    /// The check character as written, if it was.
    pub check: Option<char>,
}

/// A reason why a text is no application number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatentNumberProblem {
    /// Neither eight nor twelve digits with an optional check.
    Form,
    /// The text is a publication number 公开(公告)号, which names a document and not an application.
    Publication,
    /// The year cannot occur in a number of this form.
    Year,
    /// The kind digit is none of 1, 2, 3, 8, 9.
    Kind,
    /// The check character is wrong.
    Check {
        /// The character that the digits call for.
        expected: char,
    },
}

impl PatentNumber {
    /// Gives the one spelling used for keys: `202210123456.X`, the check computed when it was not written.
    pub fn canonical(&self) -> String {
        match self.check.or_else(|| check_digit(&self.digits)) {
            Some(check) => format!("{}.{check}", self.digits),
            None => self.digits.clone(),
        }
    }
}

impl fmt::Display for PatentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

/// Reads an application or patent number in any of its spellings.
///
/// `ZL` and `CN` in front, blanks, full-width characters and a missing dot are accepted.
pub fn parse(text: &str) -> Result<PatentNumber, PatentNumberProblem> {
    parse_folded(&strip(text))
}

/// Gives one spelling for display and for finding duplicates, even of numbers that are wrong.
///
/// A right number becomes canonical; a wrong check stays, behind its dot; a publication number gets its `CN`.
pub fn normalize(text: &str) -> String {
    let folded = strip(text);
    match parse_folded(&folded) {
        Ok(number) => number.canonical(),
        Err(PatentNumberProblem::Publication) => format!("CN{folded}"),
        Err(PatentNumberProblem::Form) => folded,
        Err(_) => match split(&folded) {
            Some((digits, Some(check))) => format!("{digits}.{check}"),
            _ => folded,
        },
    }
}

/// Computes the check character for eight or twelve digits, or nothing if there are not as many.
pub fn check_digit(digits: &str) -> Option<char> {
    if !matches!(digits.len(), 8 | 12) || !all_digits(digits) {
        return None;
    }
    let sum: u32 = digits.bytes().zip((2..=9).cycle()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    match sum % 11 {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}

/// Gives the years of protection from the filing date: invention 20, utility model 10, design 15.
///
/// A design filed before 2021-06-01, when the amended law came into force, has 10 (unconfirmed). Term compensation for
/// inventions can lengthen the 20, so an expiry date stated in a sheet outranks this.
pub fn term_years(kind: PatentKind, filed: NaiveDate) -> u32 {
    match kind {
        PatentKind::Invention => 20,
        PatentKind::UtilityModel => 10,
        PatentKind::Design if NaiveDate::from_ymd_opt(2021, 6, 1).is_some_and(|law| filed < law) => 10,
        PatentKind::Design => 15,
    }
}

/// Gives the last day of protection: filed 1999-09-06 for ten years ends on 2009-09-06, whatever the weekday.
///
/// Nothing for dates beyond the calendar's end.
pub fn last_day(kind: PatentKind, filed: NaiveDate) -> Option<NaiveDate> {
    filed.checked_add_months(Months::new(12 * term_years(kind, filed)))
}

/// Folds to machine form, sets plain dots and takes off what is written around a number: its label, its prefixes, a remark in brackets
/// or words behind it.
fn strip(text: &str) -> String {
    let mut folded = code::normalize(text);
    if !folded.is_ascii() {
        folded = folded.replace(is_middle_dot, ".");
        folded = bare(&folded).to_owned();
    } else if folded.contains(['(', '[', ':']) {
        folded = bare(&folded).to_owned();
    }
    let mut rest = folded.as_str();
    while let Some(shorter) = rest.strip_prefix("ZL").or_else(|| rest.strip_prefix("CN")) {
        rest = shorter.trim_start_matches(['.', ':']);
    }
    rest.to_owned()
}

/// A dot that is typed or printed in the place of the one before the check character.
fn is_middle_dot(c: char) -> bool {
    matches!(c, '。' | '·' | '•' | '‧' | '・' | '∙' | '⋅' | '․' | '﹒' | '．')
}

/// A folded number without the words around it: 专利号:, (发明), 发明专利. Where digits stand in them it stays as it is.
fn bare(folded: &str) -> &str {
    let is_around = |c: char| !c.is_ascii_alphanumeric() && c != '.';
    let mut rest = folded.trim_start_matches(is_around);
    loop {
        let open = rest.rfind(['(', '[', '【', '〔']).filter(|at| !rest[*at..].contains(|c: char| c.is_ascii_digit()) && *at > 0);
        let shorter = open.map_or(rest, |at| &rest[..at]).trim_end_matches(is_around);
        if shorter == rest || shorter.is_empty() {
            return if shorter.is_empty() { folded } else { shorter };
        }
        rest = shorter;
    }
}

fn parse_folded(folded: &str) -> Result<PatentNumber, PatentNumberProblem> {
    if is_publication(folded) {
        return Err(PatentNumberProblem::Publication);
    }
    let (digits, check) = split(folded).ok_or(PatentNumberProblem::Form)?;
    let (year, kind_at) =
        if digits.len() == 12 { (digits[..4].parse().ok().filter(|year| (2003..=2099).contains(year)), 4) } else { (old_year(digits), 2) };
    let year = year.ok_or(PatentNumberProblem::Year)?;
    let kind = PatentKind::from_digit(digits.as_bytes()[kind_at]).ok_or(PatentNumberProblem::Kind)?;
    let expected = check_digit(digits).ok_or(PatentNumberProblem::Form)?;
    match check {
        Some(found) if found != expected => Err(PatentNumberProblem::Check { expected }),
        _ => Ok(PatentNumber { year, kind, digits: digits.to_owned(), check }),
    }
}

/// Parts the digits from the check; nothing if the form is neither of the two.
fn split(folded: &str) -> Option<(&str, Option<char>)> {
    let (digits, check) = match folded.split_once('.') {
        Some((digits, check)) => (digits, Some(check)),
        None if matches!(folded.len(), 9 | 13) && folded.is_ascii() => {
            let (digits, check) = folded.split_at(folded.len() - 1);
            (digits, Some(check))
        }
        None => (folded, None),
    };
    if !matches!(digits.len(), 8 | 12) || !all_digits(digits) {
        return None;
    }
    match check {
        None => Some((digits, None)),
        Some(check) => {
            let mut chars = check.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) if c.is_ascii_digit() || c == 'X' => Some((digits, Some(c))),
                _ => None,
            }
        }
    }
}

/// Seven to nine digits with a document letter (not X), or nine bare digits that start with no old year.
fn is_publication(folded: &str) -> bool {
    if folded.len() == 9 && all_digits(folded) {
        return old_year(folded).is_none();
    }
    let bare = folded.trim_end_matches(|c: char| c.is_ascii_digit());
    let (letter, digits) = match bare.char_indices().next_back() {
        Some((at, letter)) if folded.len() - bare.len() <= 1 => (letter, &folded[..at]),
        _ => return false,
    };
    letter.is_ascii_uppercase() && letter != 'X' && (7..=9).contains(&digits.len()) && all_digits(digits)
}

/// Gives the year that two digits mean in the old form: 85 to 99 and 00 to 03.
fn old_year(digits: &str) -> Option<u16> {
    match digits.get(..2)?.parse().ok()? {
        year @ 85..=99 => Some(1900 + year),
        year @ 0..=3 => Some(2000 + year),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_published_numbers() {
        for text in [
            "2022220292799",
            "2022215620558",
            "2022207869427",
            "2021230211632",
            "2020224325275",
            "2020226489481",
            "2022219221561",
            "201310699744.2",
            "95115608.X",
            "97101765.4",
            "90101673.X",
        ] {
            let number = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert!(number.check.is_some(), "{text}");
        }
    }

    #[test]
    fn refuses_wrong_numbers() {
        use PatentNumberProblem::*;
        for (text, problem) in [
            ("201910123456.7", Check { expected: 'X' }),
            ("2019101234567", Check { expected: 'X' }),
            ("89103229.2", Check { expected: '0' }),
            ("201940123456.1", Kind),
            ("65115608.X", Year),
            ("199910123456", Year),
            ("CN105418762B", Publication),
            ("CN1030001A", Publication),
            ("CN1003001B", Publication),
            ("CN2030001U", Publication),
            ("CN3003001S", Publication),
            ("CN101234567B2", Publication),
            ("105418762", Publication),
            ("", Form),
            ("无", Form),
            ("20191012345", Form),
            ("201910123456.XX", Form),
            ("201910123456.", Form),
            ("2.01910E+11", Form),
        ] {
            assert_eq!(parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn reads_every_spelling() {
        for text in [
            "ZL 2019 1 0123456.X",
            "ZL201910123456.X",
            "201910123456.X",
            "201910123456X",
            "201910123456x",
            "CN201910123456.X",
            "CN201910123456",
            "201910123456",
            "ＺＬ２０１９１０１２３４５６．Ｘ",
            "201910123456。X",
            "ZL.201910123456.X",
            "ZL201910123456.X（发明）",
            "专利号：ZL201910123456.X",
            "专利号 ZL 201910123456.X",
            "申请号:201910123456.X",
            "201910123456·X",
            "ZL201910123456•X",
            "201910123456・X",
            "ZL201910123456.X发明专利",
            "【ZL201910123456.X】",
            "ZL201910123456.X [已授权]",
        ] {
            let number = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert_eq!(number.canonical(), "201910123456.X", "{text}");
            assert_eq!((number.year, number.kind), (2019, PatentKind::Invention));
        }
        for text in ["95115608.X", "95115608X", "95115608"] {
            let number = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
            assert_eq!(number.canonical(), "95115608.X", "{text}");
            assert_eq!(number.year, 1995);
        }
        assert_eq!(parse("201910123456").map(|n| n.check), Ok(None));
        let pct = parse("200880101234").map(|n| n.kind);
        assert_eq!(pct, Ok(PatentKind::Invention));
        assert_eq!(parse("03234567").map(|n| (n.year, n.kind)), Ok((2003, PatentKind::UtilityModel)));
    }

    #[test]
    fn normalizes_even_what_is_wrong() {
        for (text, normal) in [
            ("2019101234567", "201910123456.7"),
            ("zl 2019101 23456.7", "201910123456.7"),
            ("105418762B", "CN105418762B"),
            ("CN105418762B", "CN105418762B"),
            ("201910123456", "201910123456.X"),
            ("65115608X", "65115608.X"),
            ("abc", "ABC"),
        ] {
            assert_eq!(normalize(text), normal, "{text}");
        }
    }

    #[test]
    fn terms_run_from_the_filing_date() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).expect("a date");
        assert_eq!(term_years(PatentKind::Invention, day(2001, 1, 1)), 20);
        assert_eq!(term_years(PatentKind::UtilityModel, day(2022, 1, 1)), 10);
        assert_eq!(term_years(PatentKind::Design, day(2021, 5, 31)), 10);
        assert_eq!(term_years(PatentKind::Design, day(2021, 6, 1)), 15);
        assert_eq!(last_day(PatentKind::UtilityModel, day(1999, 9, 6)), Some(day(2009, 9, 6)));
        assert_eq!(last_day(PatentKind::Design, day(2024, 2, 29)), Some(day(2039, 2, 28)));
    }

    proptest! {
        #[test]
        fn check_digit_makes_valid(digits in "20(0[4-9]|1[0-9]|2[0-9])[12389][0-9]{7}") {
            let check = check_digit(&digits).expect("twelve digits have a check");
            let number = parse(&format!("ZL{digits}{check}")).expect("a right check is accepted");
            prop_assert_eq!(number.canonical(), format!("{digits}.{check}"));
        }

        #[test]
        fn single_substitutions_are_caught(digits in "20[12][0-9][123][0-9]{7}", at in 0..12_usize, shift in 1..10_u8) {
            let check = check_digit(&digits).expect("twelve digits have a check");
            let mut bytes = digits.into_bytes();
            bytes[at] = b'0' + (bytes[at] - b'0' + shift) % 10;
            let wrong = format!("{}.{check}", String::from_utf8(bytes).expect("digits"));
            prop_assert!(parse(&wrong).is_err(), "{}", wrong);
        }

        #[test]
        fn normalizing_twice_equals_once(text in any::<String>()) {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }

        #[test]
        fn normalizing_codes_twice_equals_once(text in "(ZL|CN|zl )?[0-9]{6,14}[.。]?[0-9A-Zx]{0,2}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
