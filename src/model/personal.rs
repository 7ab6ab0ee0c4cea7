//! Personal data that stands where none belongs: residents' ID numbers, telephones, mail addresses.
//!
//! Takes: the text of a cell. Gives: the same text with such data replaced by [`MASK`]. What is looked for is narrow: an ID
//! number has its region, its day of birth and its check character (GB 11643-1999); a unified social credit code that is right
//! and no ID number, a registration number or a patent number is none.
//! Invariant: masking twice equals once.

use super::text::is_blank;
use super::{registration, uscc};
use chrono::NaiveDate;

/// What stands in the place of personal data.
pub const MASK: &str = "［已隐去］";
/// Digits of the shortest number that may be personal.
const FEWEST_DIGITS: usize = 7;
/// First two digits of an ID number: the provinces of GB/T 2260.
const PROVINCES: [u32; 34] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
];
/// Words behind which a number of seven digits or more is a telephone.
const PHONE_WORDS: [&str; 8] = ["电话", "手机", "联系方式", "座机", "TEL", "Tel", "tel", "传真"];

/// What kind of personal data was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonalKind {
    /// A resident's ID number 公民身份号码.
    IdNumber,
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
}

impl PersonalKind {
    /// Its word in the catalogue.
    pub const fn word(self) -> &'static str {
        match self {
            Self::IdNumber => "@personal.id",
            Self::Phone => "@personal.phone",
            Self::Mail => "@personal.mail",
        }
    }
}

/// A text without its personal data, and the kind of what was found first; nothing if it holds none.
pub fn mask(text: &str) -> Option<(String, PersonalKind)> {
    masked(text, |_| true)
}

/// As [`mask`], but only of ID numbers: a figure may look like a telephone.
pub fn mask_id_numbers(text: &str) -> Option<(String, PersonalKind)> {
    masked(text, |kind| kind == PersonalKind::IdNumber)
}

fn masked(text: &str, wanted: impl Fn(PersonalKind) -> bool) -> Option<(String, PersonalKind)> {
    // Digits and @ in either width; those of full width begin with EF.
    let bytes = text.as_bytes();
    let may = bytes.iter().filter(|b| b.is_ascii_digit()).count() >= FEWEST_DIGITS
        || memchr::memchr2(b'@', 0xEF, bytes).is_some() && (text.contains(['@', '＠']) || digits(text) >= FEWEST_DIGITS);
    if !may {
        return None;
    }
    let chars: Vec<char> = text.chars().map(narrow).collect();
    let original: Vec<char> = text.chars().collect();
    let (mut out, mut first, mut at) = (String::with_capacity(text.len()), None, 0);
    while at < chars.len() {
        match found(&chars, at).filter(|(_, kind)| wanted(*kind)) {
            Some((length, kind)) => {
                out.push_str(MASK);
                first = first.or(Some(kind));
                at += length;
            }
            None => {
                out.push(original[at]);
                at += 1;
            }
        }
    }
    first.map(|kind| (out, kind))
}

/// How many digits of either width a text has.
fn digits(text: &str) -> usize {
    text.chars().map(narrow).filter(char::is_ascii_digit).count()
}

/// The personal data that begin at a place: how many characters, and their kind.
fn found(chars: &[char], at: usize) -> Option<(usize, PersonalKind)> {
    let before = at.checked_sub(1).map(|i| chars[i]);
    if chars[at].is_ascii_digit() || chars[at] == '+' || chars[at] == '(' {
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return None;
        }
        return id_number(chars, at).or_else(|| phone(chars, at));
    }
    if is_mail_char(chars[at]) && !before.is_some_and(is_mail_char) {
        return mail(chars, at);
    }
    None
}

/// An ID number, its groups perhaps apart by blanks or hyphens.
fn id_number(chars: &[char], at: usize) -> Option<(usize, PersonalKind)> {
    let (mut number, mut end) = (String::new(), at);
    for (place, c) in chars.iter().enumerate().skip(at) {
        match c {
            '0'..='9' | 'X' | 'x' if number.len() < 19 => {
                number.push(c.to_ascii_uppercase());
                end = place + 1;
            }
            c if (is_blank(*c) || *c == '-') && place == end => {}
            _ => break,
        }
        // Groups apart: a number that is whole ends here where another would begin.
        let whole = matches!(number.len(), 15 | 18) && end == place + 1;
        if whole && !chars.get(end).is_some_and(char::is_ascii_alphanumeric) && is_id_number(&number) {
            return Some((end - at, PersonalKind::IdNumber));
        }
    }
    None
}

/// Whether digits are a resident's ID number: of eighteen characters with the right check, or with a wrong one and no right code of a
/// body; of fifteen as they were issued up to 1999; or of eighteen that a spreadsheet kept as a number.
fn is_id_number(number: &str) -> bool {
    let province = number.get(..2).and_then(|p| p.parse().ok()).is_some_and(|p: u32| PROVINCES.contains(&p));
    let day = |text: Option<&str>| text.and_then(|t| NaiveDate::parse_from_str(t, "%Y%m%d").ok());
    match number.len() {
        18 if province && number.as_bytes()[..17].iter().all(u8::is_ascii_digit) => {
            let born = day(number.get(6..14)).is_some_and(|d| (1900..2100).contains(&chrono::Datelike::year(&d)));
            born && (number.ends_with(check_character(number)) || uscc::check(number).is_err())
        }
        15 if province && number.bytes().all(|b| b.is_ascii_digit()) => {
            day(number.get(6..12).map(|d| format!("19{d}")).as_deref()).is_some() && registration::check(number).is_err()
        }
        _ => false,
    }
}

/// The check character of seventeen digits, ISO 7064 MOD 11-2.
fn check_character(number: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = number.bytes().zip(WEIGHTS).map(|(b, weight)| u32::from(b - b'0') * weight).sum();
    char::from(b"10X98765432"[(sum % 11) as usize])
}

/// A mobile number, a landline with its area, or any number behind a word for telephones.
fn phone(chars: &[char], at: usize) -> Option<(usize, PersonalKind)> {
    let mut place = at;
    let mut groups: Vec<String> = vec![String::new()];
    let mut end = at;
    while let Some(&c) = chars.get(place) {
        match c {
            '0'..='9' => {
                groups.last_mut()?.push(c);
                end = place + 1;
            }
            '+' if place == at => {}
            '(' if place == at => {}
            ')' | '-' | ' ' if end == place && groups.len() < 4 => groups.push(String::new()),
            _ => break,
        }
        place += 1;
    }
    if chars.get(end).is_some_and(char::is_ascii_alphanumeric) {
        return None;
    }
    groups.retain(|g| !g.is_empty());
    let plain = groups.concat();
    let lengths: Vec<usize> = groups.iter().map(String::len).collect();
    let national = plain.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&plain);
    let mobile = national.len() == 11 && national.starts_with('1') && matches!(national.as_bytes()[1], b'3'..=b'9');
    let area = groups.first().is_some_and(|g| g.starts_with('0') && matches!(g.len(), 3 | 4));
    let landline = area && matches!(lengths[..], [_, 7 | 8] | [_, 7 | 8, 1..=5]);
    let before: String = chars[at.saturating_sub(8)..at].iter().collect();
    let before = before.trim_end_matches(|c: char| is_blank(c) || matches!(c, ':' | '：' | '.' | '号' | '码'));
    let called = PHONE_WORDS.iter().any(|word| before.ends_with(word)) && (FEWEST_DIGITS..=13).contains(&plain.len());
    let first_alone = || {
        // Two numbers beside each other: the first ends before the blank.
        let first = groups.first()?;
        let mobile = first.len() == 11 && first.starts_with('1') && matches!(first.as_bytes()[1], b'3'..=b'9');
        mobile.then(|| (at..).take_while(|i| chars.get(*i).is_some_and(|c| c.is_ascii_digit())).count())
    };
    match mobile || landline || called {
        true => Some((end - at, PersonalKind::Phone)),
        false => first_alone().map(|length| (length, PersonalKind::Phone)),
    }
}

/// A mail address.
fn mail(chars: &[char], at: usize) -> Option<(usize, PersonalKind)> {
    let local = chars[at..].iter().take_while(|c| is_mail_char(**c)).count();
    if chars.get(at + local) != Some(&'@') {
        return None;
    }
    let host: String = chars[at + local + 1..].iter().take_while(|c| is_mail_char(**c)).collect();
    let host = host.trim_end_matches(['.', '-']);
    let named = host.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.len() >= 2);
    named.then_some((local + 1 + host.len(), PersonalKind::Mail))
}

/// The half-width form of whatever ASCII has.
fn narrow(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

fn is_mail_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(text: &str) -> Option<PersonalKind> {
        mask(text).map(|(_, kind)| kind)
    }

    #[test]
    fn id_numbers_are_found_wherever_they_stand() {
        for text in [
            "36999919900101008X",
            "36999919900101008x",
            "３６９９９９１９９００１０１００８Ｘ",
            "369999 19900101 008X",
            "369999-19900101-008X",
            "经办人36999919900101008X",
            "369999199001010087",
            "369999900101008",
            "369999199001010000",
        ] {
            let (masked, kind) = mask(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(kind, PersonalKind::IdNumber, "{text}");
            assert!(masked.ends_with(MASK) && !masked.contains("1990"), "{masked}");
        }
    }

    #[test]
    fn telephones_and_mail_addresses_are_found() {
        for text in ["13800000000", "138-0000-0000", "138 0000 0000", "+86 13800000000", "8613800000000", "0797-3512345", "(0797)3512345"] {
            assert_eq!(kind(text), Some(PersonalKind::Phone), "{text}");
        }
        assert_eq!(mask("王某 13800000000").map(|m| m.0), Some(format!("王某 {MASK}")));
        assert_eq!(mask("13800000000 13900000000").map(|m| m.0), Some(format!("{MASK} {MASK}")));
        assert_eq!(mask("试验路1号，电话：3512345").map(|m| m.0), Some(format!("试验路1号，电话：{MASK}")));
        assert_eq!(mask("a.b@mail.example.cn，试验路").map(|m| m.0), Some(format!("{MASK}，试验路")));
        assert_eq!(kind("a＠example.cn"), Some(PersonalKind::Mail));
    }

    #[test]
    fn codes_numbers_and_figures_are_none() {
        for text in [
            "914403001922038216",
            "91440300192203821X",
            "440301103097413",
            "2013106997442",
            "201310699744.2",
            "ZL201910123456.X",
            "192203821",
            "12500000",
            "20260630",
            "2026-06-30",
            "2026-06-30 12:00:00",
            "000123456789012345",
            "C3982",
            "12,500,000.00",
            "第13800000000A号",
            "x@",
            "@x.cn",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
        assert_eq!(mask_id_numbers("13800000000"), None);
        assert!(mask_id_numbers("36999919900101008X").is_some());
    }

    proptest! {
        #[test]
        fn masking_twice_equals_once(text in "[0-9Xx @.+()a-c电话号-]{0,40}") {
            if let Some((once, _)) = mask(&text) {
                prop_assert_eq!(mask(&once), None, "{}", once);
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = mask(&text);
        }
    }
}
