//! Names of enterprises and patent owners: tidy form, match key, and lists of owners in one cell.
//!
//! Takes: a name as typed. Gives: the tidy name that is shown (its brackets as written) and the key by which names are
//! compared; a key proposes a match, it never proves one.
//! Invariants: tidying and keying twice equal once; names that are tidy already cost one scan and one copy.

use unicode_normalization::UnicodeNormalization;

use crate::model::ideograph::unified;
use crate::model::text::{half_width, is_blank, is_hanzi, is_invisible, is_wide_alphanumeric};

/// Gives the tidy form: trimmed, letters and digits half-width, no blanks beside hanzi, nothing invisible, and for what only
/// looks like an ideograph the ideograph.
///
/// Between Latin words one blank stays. Brackets and other punctuation stay as written.
pub fn clean(name: &str) -> String {
    if name.chars().all(|c| !is_blank(c) && !is_invisible(c) && !is_wide_alphanumeric(c) && unified(c) == c) {
        return name.to_owned();
    }
    let mut tidy = String::with_capacity(name.len());
    let mut last: Option<char> = None;
    let mut blank = false;
    for c in name.chars().filter(|&c| !is_invisible(c)).map(|c| unified(half_width(c))) {
        if is_blank(c) {
            blank = true;
            continue;
        }
        if blank && last.is_some_and(is_narrow) && is_narrow(c) {
            tidy.push(' ');
        }
        blank = false;
        tidy.push(c);
        last = Some(c);
    }
    tidy
}

/// Gives the key by which names are compared: compatibility forms folded (so brackets agree), upper case, no blanks.
pub fn match_key(name: &str) -> String {
    // Hanzi with Chinese brackets are by far the most.
    if name.chars().all(|c| is_key_char(c) || matches!(c, '（' | '）')) {
        return name.replace('（', "(").replace('）', ")");
    }
    let mut key = fold_once(name);
    // Leaving a mark out or changing case can bring characters together that compose anew; twice is nearly always enough.
    for _ in 0..4 {
        if key.chars().all(is_key_char) {
            break;
        }
        let again = fold_once(&key);
        if again == key {
            break;
        }
        key = again;
    }
    key
}

/// Tells whether a name holds full-width letters or digits, or a full-width blank.
pub fn has_wide(name: &str) -> bool {
    name.chars().any(|c| c == '\u{3000}' || is_wide_alphanumeric(c))
}

/// Splits a cell of several owners at 、 ； ; | ， , and line breaks, at / beside hanzi, and at blanks behind a name that is whole; parts
/// are trimmed, empty ones left out.
///
/// A comma between Latin words, as in "Co., Ltd", does not split, nor does a line break inside a name: 某某科技⏎有限公司.
pub fn split_owners(cell: &str) -> Vec<&str> {
    let mut owners = Vec::new();
    let mut start = 0;
    for (at, c) in cell.char_indices() {
        let (before, after) = (&cell[start..at], &cell[at + c.len_utf8()..]);
        let splits = match c {
            ',' | '，' => !joins_latin(before, after),
            '、' | '；' | ';' | '|' | '｜' => true,
            '\n' | '\r' | '\u{2028}' => !is_broken_name(before, after),
            '/' | '／' => before.ends_with(is_of_hanzi) || after.trim_start().starts_with(is_hanzi),
            c if is_blank(c) => is_whole_name(before) && is_other_name(after),
            _ => false,
        };
        if splits {
            push_owner(&mut owners, before);
            start = at + c.len_utf8();
        }
    }
    push_owner(&mut owners, &cell[start..]);
    owners
}

/// How names of bodies end.
const BODIES: [&str; 28] = [
    "公司",
    "集团",
    "厂",
    "大学",
    "学院",
    "学校",
    "中学",
    "研究院",
    "研究所",
    "设计院",
    "科学院",
    "中心",
    "医院",
    "银行",
    "合作社",
    "事务所",
    "协会",
    "学会",
    "委员会",
    "管理局",
    "工作室",
    "商行",
    "经营部",
    "门市部",
    "林场",
    "农场",
    "合伙)",
    "合伙）",
];
/// How the rest of a name begins that a line break or a blank left behind.
const RESTS: [&str; 12] = ["有限", "股份", "公司", "集团", "责任", "科技", "(", "（", "分公司", "技术", "实业", "工业"];
/// Ends of a part of a body, which is written behind its name.
const BRANCHES: [&str; 6] = ["分公司", "分厂", "分院", "分所", "分行", "支行"];

/// Whether a text is the whole name of a body.
fn is_whole_name(text: &str) -> bool {
    let text = text.trim_end_matches(is_blank);
    BODIES.iter().any(|end| text.ends_with(end))
}

/// Whether a text up to its first separator is a name of its own and no branch of the body before it.
fn is_other_name(text: &str) -> bool {
    let part = text.trim_start_matches(is_blank).split(is_separator).next().unwrap_or("").trim_end_matches(is_blank);
    let first = part.split(is_blank).next().unwrap_or("");
    let body = is_whole_name(part) || is_whole_name(first);
    body && !RESTS.iter().any(|rest| part.starts_with(rest)) && !BRANCHES.iter().any(|end| first.ends_with(end) || part.ends_with(end))
}

/// Whether a line break stands inside one name: before it the name is not whole, and behind it is its rest.
fn is_broken_name(before: &str, after: &str) -> bool {
    const FEWEST: usize = 5;
    let before = before.trim_matches(is_blank);
    let part = after.trim_start_matches(is_blank).split(is_separator).next().unwrap_or("").trim_end_matches(is_blank);
    if before.is_empty() || part.is_empty() || is_whole_name(before) || !before.ends_with(is_of_hanzi) {
        return false;
    }
    let rest = RESTS.iter().any(|rest| part.starts_with(rest));
    // A person's name is shorter.
    rest || before.chars().count() >= FEWEST && is_whole_name(part) && part.chars().count() < 2 * FEWEST
}

/// Whether a character ends a Chinese name.
fn is_of_hanzi(c: char) -> bool {
    is_hanzi(c) || matches!(c, ')' | '）')
}

fn push_owner<'a>(owners: &mut Vec<&'a str>, part: &'a str) {
    let part = part.trim_matches(|c| is_blank(c) || is_invisible(c));
    if !part.is_empty() {
        owners.push(part);
    }
}

fn is_separator(c: char) -> bool {
    is_comma(c) || matches!(c, '、' | '；' | ';' | '|' | '｜' | '\n' | '\r' | '\u{2028}')
}

fn is_comma(c: char) -> bool {
    matches!(c, ',' | '，')
}

/// Tells whether a comma stands after a Latin word and before a part without hanzi that begins with a Latin letter.
fn joins_latin(before: &str, after: &str) -> bool {
    let part = after.split(is_separator).next().unwrap_or("").trim();
    before.trim_end().ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ')'))
        && part.starts_with(|c: char| c.is_ascii_alphabetic())
        && !part.chars().any(is_hanzi)
}

/// Tells whether a blank beside the character can be one between words.
fn is_narrow(c: char) -> bool {
    u32::from(c) < 0x2E80
}

/// Characters that are already what a key holds.
fn is_key_char(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '!'..='`' | '{'..='~') && bracket(c) == c
}

/// The round bracket of a bracket of any form: who types 【 or 〔 means it.
fn bracket(c: char) -> char {
    match c {
        '[' | '【' | '〔' | '〖' | '{' => '(',
        ']' | '】' | '〕' | '〗' | '}' => ')',
        other => other,
    }
}

fn fold_once(name: &str) -> String {
    name.chars()
        .filter(|&c| !is_invisible(c))
        .map(unified)
        .nfkc()
        .filter(|&c| !is_blank(c) && !is_invisible(c))
        .flat_map(char::to_uppercase)
        .nfkc()
        .filter(|&c| !is_blank(c) && !is_invisible(c))
        .map(bracket)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleans_names() {
        for (name, tidy) in [
            ("江西志浩电子科技有限公司", "江西志浩电子科技有限公司"),
            (" 江西 志浩\u{3000}电子\u{200B}科技\n有限公司 ", "江西志浩电子科技有限公司"),
            ("江西ＡＢＣ１２３有限公司", "江西ABC123有限公司"),
            ("志浩（江西）有限公司", "志浩（江西）有限公司"),
            ("志浩 (江西) 有限公司", "志浩(江西)有限公司"),
            ("Samsung  Electronics\u{A0}Co., Ltd", "Samsung Electronics Co., Ltd"),
            ("", ""),
            (" \u{3000} ", ""),
        ] {
            assert_eq!(clean(name), tidy, "{name:?}");
        }
    }

    #[test]
    fn keys_fold_brackets_width_and_case() {
        let key = match_key("志浩(江西)ABC有限公司");
        assert_eq!(key, "志浩(江西)ABC有限公司");
        for name in [
            "志浩【江西】ABC有限公司",
            "志浩〔江西〕ABC有限公司",
            "志浩[江西]ABC有限公司",
            "志浩（江西）ABC有限公司",
            " 志浩 (江西)ａｂｃ有限公司\u{FEFF}",
            "志浩(江西) Abc 有限公司",
        ] {
            assert_eq!(match_key(name), key, "{name:?}");
        }
    }

    #[test]
    fn look_alikes_of_ideographs_are_the_ideographs() {
        let copied = "\u{2EF0}南市\u{2F72}瑞电子有限公司\u{E0100}";
        assert_eq!(clean(copied), "龙南市禾瑞电子有限公司");
        assert_eq!(match_key(copied), match_key("龙南市禾瑞电子有限公司"));
    }

    #[test]
    fn sees_wide_characters() {
        assert!(has_wide("Ａ") && has_wide("９") && has_wide("甲\u{3000}乙"));
        assert!(!has_wide("志浩（江西）ABC 9"));
    }

    #[test]
    fn splits_owners() {
        assert_eq!(
            split_owners("甲公司、乙公司；丙公司;丁公司|戊公司，己公司,庚公司\n辛公司"),
            ["甲公司", "乙公司", "丙公司", "丁公司", "戊公司", "己公司", "庚公司", "辛公司"]
        );
        assert_eq!(split_owners("Samsung Electronics Co., Ltd.; 甲公司"), ["Samsung Electronics Co., Ltd.", "甲公司"]);
        assert_eq!(split_owners("甲ABC,XYZ公司"), ["甲ABC", "XYZ公司"]);
        assert_eq!(split_owners("甲公司、、 ;"), ["甲公司"]);
        assert!(split_owners("").is_empty());
        for (cell, owners) in [
            ("甲有限公司/乙有限公司", &["甲有限公司", "乙有限公司"][..]),
            ("甲有限公司／ABC Inc.", &["甲有限公司", "ABC Inc."]),
            ("张三/李四", &["张三", "李四"]),
            ("Maersk A/S", &["Maersk A/S"]),
            ("甲有限公司\u{3000}乙有限公司", &["甲有限公司", "乙有限公司"]),
            ("甲有限公司  乙研究院 丙大学", &["甲有限公司", "乙研究院", "丙大学"]),
            ("江西\u{3000}志浩电子 科技有限公司", &["江西\u{3000}志浩电子 科技有限公司"]),
            ("龙南甲有限公司 龙南分公司", &["龙南甲有限公司 龙南分公司"]),
            ("龙南澄砚电路科技\n有限公司", &["龙南澄砚电路科技\n有限公司"]),
            ("龙南澄砚电路\r\n科技有限公司；乙大学", &["龙南澄砚电路\r\n科技有限公司", "乙大学"]),
            ("甲有限公司\n乙有限公司", &["甲有限公司", "乙有限公司"]),
            ("张三\n李四\n甲有限公司", &["张三", "李四", "甲有限公司"]),
        ] {
            assert_eq!(split_owners(cell), owners, "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_equals_once(name in any::<String>()) {
            let once = clean(&name);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn keying_twice_equals_once(name in any::<String>()) {
            let once = match_key(&name);
            prop_assert_eq!(match_key(&once), once);
        }

        #[test]
        fn owners_are_parts_without_blanks_around(cell in any::<String>()) {
            for owner in split_owners(&cell) {
                prop_assert!(!owner.is_empty() && cell.contains(owner) && owner.trim() == owner);
            }
        }

        #[test]
        fn a_tidy_name_keeps_its_key(name in "[甲乙丙 A-Za-z（）()\u{3000}]{0,12}") {
            prop_assert_eq!(match_key(&clean(&name)), match_key(&name));
        }
    }
}
