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
    fn periods_say_their_year() {
        assert_eq!(Period::find("2023年度").year(), Some(2023));
        assert_eq!(Period::find("本年"), Period::Unstated);
        assert_eq!(Period::Year(2023).to_string(), "2023");
        assert_eq!(Period::default().to_string(), "");
    }

    proptest! {
        #[test]
        fn never_panics(heading in any::<String>()) {
            let _ = find_year(&heading);
        }

        #[test]
        fn never_panics_near_years(heading in "[0-9年月日FY(){}-]{0,16}") {
            let _ = find_year(&heading);
        }
    }
}
