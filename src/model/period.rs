//! The period that figures speak of.
//!
//! Takes: a title, heading or sheet name. Gives: the year it states, unless it is the day a form was filled in, a span
//! of years, or digits of something else.

use std::fmt;

use crate::model::text;

/// The period of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Period {
    /// No period is stated.
    #[default]
    Unstated,
    /// A calendar year.
    Year(i32),
}

impl Period {
    /// Reads the period that a title or heading states.
    pub fn find(heading: &str) -> Self {
        find_year(heading).map_or(Self::Unstated, Self::Year)
    }

    /// Gives the year, if the period is within one.
    pub fn year(self) -> Option<i32> {
        match self {
            Self::Unstated => None,
            Self::Year(year) => Some(year),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unstated => Ok(()),
            Self::Year(year) => write!(f, "{year}"),
        }
    }
}

/// Words of dates that say when a form was made, sent or valid, not what it speaks of.
const OTHER_DATES: [&str; 2] = ["有效期", "申请日"];
/// Words behind which, in the same cell, a year is the day that something was done.
const DAYS: [[char; 2]; 2] = [['日', '期'], ['时', '间']];

/// Finds the year that a title or heading states: `2023年度`, `年报表(2021年)`, `FY2023`, `2023年1-12月`.
///
/// Nothing for a date of filling in, two different years, a span (`2021-2023年`), or digits that are no year.
pub fn find_year(heading: &str) -> Option<i32> {
    let folded: Vec<char> = text::fold(heading).chars().filter(|&c| !text::is_blank(c)).map(plain_digit).collect();
    if folded.len() < 4 {
        return None;
    }
    let whole: String = text::fold(heading).chars().filter(|&c| !text::is_blank(c)).collect();
    if OTHER_DATES.iter().any(|word| whole.contains(word)) {
        return None;
    }
    let days_from = folded.windows(2).position(|pair| DAYS.iter().any(|word| word == pair)).unwrap_or(folded.len());
    let mut found = None;
    let mut at = 0;
    while at < folded.len() {
        let length = folded[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if length == 0 {
            at += 1;
            continue;
        }
        let (before, after) = (&folded[..at], &folded[at + length..]);
        if length == 4
            && let Some(year) = year(&folded[at..at + length])
            && is_period(before, after)
            && at < days_from
        {
            if is_span(before) || found.is_some_and(|other| other != year) {
                return None;
            }
            found = Some(year);
        }
        at += length;
    }
    found
}

/// Words of a part of a year, and of the whole that look like one.
const PARTS: [&str; 13] = ["季度", "上半年", "下半年", "半年度", "半年报", "前半年", "季报", "月报", "Q1", "Q2", "Q3", "H1", "H2"];
const WHOLES: [&str; 6] = ["前四季度", "前4季度", "四个季度", "4个季度", "一至四季度", "1-4季度"];

/// Finds the words that say that figures are of some months and not of the year: `2025年前三季度`, `1-9月`, `2025年6月`, `9月末`.
///
/// Nothing for 1-12月, for the end of December, for a day (`2025年6月30日`), and for what stands behind 日期 or 时间.
pub fn part_of_year(heading: &str) -> Option<String> {
    let mut folded: Vec<char> = text::fold(heading).chars().filter(|&c| !text::is_blank(c)).collect();
    let days_from = folded.windows(2).position(|pair| DAYS.iter().any(|word| word == pair)).unwrap_or(folded.len());
    folded.truncate(days_from);
    let text: String = folded.iter().collect();
    if OTHER_DATES.iter().any(|word| text.contains(word)) {
        return None;
    }
    let without = WHOLES.iter().fold(text, |text, whole| text.replace(whole, ""));
    if let Some(word) = PARTS.iter().find(|word| without.contains(*word)) {
        return Some(quarter(&without, word));
    }
    months(&without)
}

/// Whether a heading says that it is of the whole year: 1-12月, 年度, 年报, 全年.
pub fn is_whole_year(heading: &str) -> bool {
    let folded: String = text::fold(heading).chars().filter(|&c| !text::is_blank(c)).collect();
    let said = ["1-12月", "1至12月", "1—12月", "一至十二月", "全年", "年度", "年报"].iter().any(|word| folded.contains(word));
    said && !folded.contains("半年") && part_of_year(heading).is_none()
}

/// The word of a part with the number before it: 前三季度.
fn quarter(text: &str, word: &str) -> String {
    let before = text.split(word).next().unwrap_or_default();
    let number: Vec<char> =
        before.chars().rev().take_while(|c| "第前一二三四1234至-".contains(*c)).collect::<Vec<_>>().into_iter().rev().collect();
    number.into_iter().collect::<String>() + word
}

/// The months that a text names, unless they are the whole year or its end: 1-9月, 6月.
fn months(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| **c == '月') {
        let Some((last, from)) = number_before(&chars[..at]) else { continue };
        // 6月30日 is a day, 12月 closes the year.
        let day = chars[at + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
        if day > 0 && matches!(chars.get(at + 1 + day), Some('日' | '号')) {
            continue;
        }
        // 1月至6月: the months end further on.
        if is_joint(chars.get(at + 1)) && chars.get(at + 2).is_some_and(is_number_char) {
            continue;
        }
        let joined = is_joint(from.checked_sub(1).map(|i| &chars[i]));
        let first = if joined { number_before(chars[..from - 1].strip_suffix(&['月']).unwrap_or(&chars[..from - 1])) } else { None };
        match first {
            Some((first, start)) if (first, last) != (1, 12) && (1..=12).contains(&first) => {
                return Some(chars[start..=at].iter().collect());
            }
            None if !joined && last != 12 && is_month_of_year(&chars[..from], &chars[at + 1..]) => {
                return Some(chars[from..=at].iter().collect());
            }
            _ => {}
        }
    }
    None
}

/// Whether a month stands alone as what figures are of: behind a year, or at its end (9月末), and not a span of time (36月).
fn is_month_of_year(before: &[char], after: &[char]) -> bool {
    before.last() == Some(&'年') || before.is_empty() && matches!(after.first(), Some('末' | '底' | '份'))
}

/// Whether a character joins the first and last of several.
fn is_joint(c: Option<&char>) -> bool {
    matches!(c, Some('-' | '~' | '—' | '–' | '至' | '到'))
}

fn is_number_char(c: &char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十".contains(*c)
}

/// The number of one or two digits or numerals that ends a text, if it is that of a month, and where it begins.
fn number_before(chars: &[char]) -> Option<(u32, usize)> {
    let length = chars.iter().rev().take_while(|c| is_number_char(c)).count();
    let from = chars.len() - length;
    let number: String = chars[from..].iter().collect();
    let value = match number.as_str() {
        "十" => 10,
        "十一" => 11,
        "十二" => 12,
        other => other.chars().try_fold(0, |value, c| Some(value * 10 + c.to_digit(10).or_else(|| text::numeral(c))?))?,
    };
    ((1..=12).contains(&value) && length <= 2).then_some((value, from))
}

/// Writes a Chinese numeral of a year as a digit.
fn plain_digit(c: char) -> char {
    text::numeral(c).and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

fn year(digits: &[char]) -> Option<i32> {
    let year: i32 = digits.iter().collect::<String>().parse().ok()?;
    (1949..=2099).contains(&year).then_some(year)
}

/// Tells from their surroundings whether four digits state a period.
fn is_period(before: &[char], after: &[char]) -> bool {
    if before.last() == Some(&'.') {
        return false;
    }
    if after.first() == Some(&'年') {
        return !is_day(&after[1..]);
    }
    let fiscal = before.len() >= 2
        && before[before.len() - 2..].iter().collect::<String>().eq_ignore_ascii_case("FY")
        && !before.len().checked_sub(3).is_some_and(|at| before[at].is_ascii_alphabetic());
    let alone = before.is_empty() && after.is_empty();
    let bracketed = matches!(before.last(), Some('(' | '[' | '【' | '〔')) && matches!(after, [')' | ']' | '】']) && before.len() > 1;
    (fiscal && !after.first().is_some_and(char::is_ascii_alphanumeric)) || alone || bracketed
}

/// Tells whether a month and a day follow: that is a date, except the last day of a year, which closes one.
fn is_day(after: &[char]) -> bool {
    let text: String = after.iter().take(6).collect();
    let Some((month, rest)) = text.split_once('月') else {
        return false;
    };
    let day: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_number = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    is_number(month) && is_number(&day) && (month, day.as_str()) != ("12", "31")
}

/// Tells whether another year or number stands before, joined by a dash: `2021-2023年`.
fn is_span(before: &[char]) -> bool {
    match before {
        [.., digit, '-' | '~' | '至' | '到' | '—' | '–'] => digit.is_ascii_digit() || *digit == '年',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_years() {
        for (heading, year) in [
            ("2023年", 2023),
            ("2023年度", 2023),
            ("规模以上企业经营情况年报表(2021年)", 2021),
            ("FY2023", 2023),
            ("营业收入 fy2023", 2023),
            ("２０２３年营业收入", 2023),
            ("二〇二三年度营业收入", 2023),
            ("2023 年 1-12 月", 2023),
            ("2023年12月", 2023),
            ("截至2023年12月31日", 2023),
            ("2023", 2023),
            ("营业收入(2023)", 2023),
            ("2023年营业收入，2023年利润", 2023),
            ("2023年度 填报日期：2024年3月", 2023),
        ] {
            assert_eq!(find_year(heading), Some(year), "{heading}");
        }
    }

    #[test]
    fn leaves_other_digits_alone() {
        for heading in [
            "",
            "营业收入",
            "填报日期：2024年3月15日",
            "填报日期：2024-03-15",
            "填表日期 2024年3月",
            "上报时间：2024年3月",
            "数据提取时间 2024年",
            "2024-03-15",
            "2024年3月15日",
            "20240315",
            "联系电话：13820231234",
            "0797-20231234",
            "电话 0797-3512023年",
            "本年",
            "23年",
            "2021-2023年",
            "2021年至2023年",
            "2023年比2022年增长",
            "1023年",
            "国统字〔2017〕213号",
            "SFY2023",
            "编号2023",
            "有效期至：2024年6月",
        ] {
            assert_eq!(find_year(heading), None, "{heading}");
        }
    }

    #[test]
    fn some_months_are_not_the_year() {
        for (heading, part) in [
            ("规模以上工业企业经营情况（2025年前三季度）", "前三季度"),
            ("2025年第一季度", "第一季度"),
            ("2025年1季度", "1季度"),
            ("2025年上半年经营情况", "上半年"),
            ("企业经营情况_2025年半年报", "半年报"),
            ("2025年1-9月", "1-9月"),
            ("2025年１—９月", "1-9月"),
            ("2025年1至3月", "1至3月"),
            ("2025年一至九月", "一至九月"),
            ("2025年1月至6月", "1月至6月"),
            ("2025年6月", "6月"),
            ("2025年11月末", "11月"),
            ("1-11月", "1-11月"),
            ("9月末", "9月"),
            ("2025Q3", "Q3"),
            ("2025年四季度", "四季度"),
        ] {
            let found = part_of_year(heading);
            assert!(found.as_deref().is_some_and(|f| f.replace('—', "-") == part), "{heading}: {found:?}");
        }
        for heading in [
            "2025年",
            "2025年度",
            "2025年1-12月",
            "2025年1至12月",
            "2025年一至十二月",
            "2025年12月",
            "2025年12月末",
            "截至2025年12月31日",
            "2025年6月30日",
            "填报日期：2025年6月",
            "2025年度 上报时间：2026年3月",
            "有效期至2025年6月",
            "2025年前四季度",
            "融资期限（月）",
            "36月",
            "期限6个月",
            "本年",
            "",
            "月",
        ] {
            assert_eq!(part_of_year(heading), None, "{heading}");
        }
    }

    #[test]
    fn periods_say_their_year() {
        assert_eq!(Period::find("2023年度").year(), Some(2023));
        assert_eq!(Period::find("本年"), Period::Unstated);
        assert_eq!(Period::Year(2023).to_string(), "2023");
        assert_eq!(Period::default().to_string(), "");
    }

    proptest! {
        #[test]
        fn never_panics(heading in any::<String>()) {
            let _ = (find_year(&heading), part_of_year(&heading));
        }

        #[test]
        fn never_panics_near_years(heading in "[0-9一二十前年月末日季度至FY(){}-]{0,16}") {
            let _ = (find_year(&heading), part_of_year(&heading));
        }
    }
}
