//! Dates as bureaus write them, with the precision that was written.
//!
//! Takes: a date cell's text. Gives: the first day of what was written, and whether that was a day, a month or a year;
//! [`last_day`] gives the last one, for dates that end something.
//! Read: `2023-5`, `2023.05.31`, `20230531`, `202305`, `2023年5月`, `2023/5/31`, `2023`, a serial number as text
//! (`45077`, base 1900), `二〇二三年五月`, ISO with a time, full-width digits. A moment that states its offset from UTC is a day in
//! Beijing (UTC+8): `2026-06-29T16:00:00Z` is 30 June.
//! Refused: two-digit years and day-first spellings (ambiguous), impossible days, and the first month of 1900, which is
//! what a spreadsheet shows for a small number in a date cell. Serials of base 1904 cannot be told from text alone.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::model::amount::is_mark;
use crate::model::code::all_digits;
use crate::model::text;

/// The days that decide what holds in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceDates {
    /// The reference date: the day on which something is in force or over.
    pub as_of: NaiveDate,
    /// The day until which a patent must be protected to be pledged: the term of the issue and a margin after the reference date.
    pub pledge_end: NaiveDate,
}

impl ReferenceDates {
    /// A reference date, and so many months after it.
    pub fn of(as_of: NaiveDate, months: u32) -> Self {
        Self { as_of, pledge_end: as_of.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX) }
    }
}

/// How much of a date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// Year, month and day.
    Day,
    /// Year and month; the date is the first of the month.
    Month,
    /// The year alone; the date is the first of January.
    Year,
}

/// A reason why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateProblem {
    /// Blank, or a mark for a missing value (`-`, `无`).
    Missing,
    /// Without an end: 长期, or the year 9999.
    OpenEnded,
    /// Day zero of a spreadsheet's calendar: 1899-12-30 to 1900-01-31.
    SpreadsheetZero,
    /// Written like a date, but there is no such day, or its year is not between 1900 and 2199.
    Impossible,
    /// No spelling of a date that is known.
    Form,
}

/// Reads a date in any known spelling.
pub fn parse(text: &str) -> Result<(NaiveDate, Precision), DateProblem> {
    let folded = text::fold(text);
    let folded = folded.trim().trim_start_matches('\'');
    if is_mark(folded) {
        return Err(DateProblem::Missing);
    }
    if let Some(moment) = in_beijing(folded) {
        return Ok((moment, Precision::Day));
    }
    let day = without_time(folded).ok_or(DateProblem::Form)?;
    let mut day: String = day.chars().filter(|&c| !text::is_blank(c)).collect();
    if matches!(day.as_str(), "长期" | "长期有效" | "永久" | "永久有效" | "无固定期限" | "无期限" | "至长期") {
        return Err(DateProblem::OpenEnded);
    }
    if day.chars().any(|c| text::numeral(c).is_some() || c == '十') {
        day = arabic(&day).ok_or(DateProblem::Form)?;
    }
    if day.contains('.')
        && let Some((whole, fraction)) = day.split_once('.')
        && whole.len() == 5
        && all_digits(whole)
        && all_digits(fraction)
    {
        return serial(whole);
    }
    if all_digits(&day) { compact(&day) } else { separated(&day) }
}

/// Reads digits without separators: year, year and month, year month and day, or a serial number.
fn compact(digits: &str) -> Result<(NaiveDate, Precision), DateProblem> {
    match digits.len() {
        4 => dated(digits, None, None),
        5 => serial(digits),
        6 => dated(&digits[..4], Some(&digits[4..]), None),
        8 => dated(&digits[..4], Some(&digits[4..6]), Some(&digits[6..])),
        _ => Err(DateProblem::Form),
    }
}

/// Reads a date that a spreadsheet stored as a plain number: a serial, `20230531`, `2023.05`.
///
/// `2013.1` is January, or October typed as `2013.10`, whose last nought a number does not keep: that is no date.
pub fn parse_stored(number: &str) -> Result<(NaiveDate, Precision), DateProblem> {
    let number = text::shortest(number);
    if number.len() == "2013.1".len() && number.ends_with(".1") {
        return Err(DateProblem::Form);
    }
    parse(&number)
}

/// Gives the last day of what was written: of a month its last, of a year 31 December.
pub fn last_day(first: NaiveDate, precision: Precision) -> NaiveDate {
    let months = match precision {
        Precision::Day => return first,
        Precision::Month => 1,
        Precision::Year => 12,
    };
    first.checked_add_months(Months::new(months)).and_then(|next| next.pred_opt()).unwrap_or(first)
}

/// The most months that can be added to a day without passing another; none where that lies before it.
pub fn whole_months(from: NaiveDate, until: NaiveDate) -> u32 {
    let started = (until.year() - from.year()) * 12 + until.month().cast_signed() - from.month().cast_signed();
    let Ok(started) = u32::try_from(started) else { return 0 };
    let is_whole = from.checked_add_months(Months::new(started)).is_some_and(|day| day <= until);
    if is_whole { started } else { started.saturating_sub(1) }
}

/// Counts days from the base of the 1900 calendar; five digits begin in 1927, well past its false leap day.
fn serial(digits: &str) -> Result<(NaiveDate, Precision), DateProblem> {
    let days: u64 = digits.parse().map_err(|_| DateProblem::Form)?;
    if days < 10_000 {
        return Err(DateProblem::Form);
    }
    NaiveDate::from_ymd_opt(1899, 12, 30)
        .and_then(|base| base.checked_add_days(Days::new(days)))
        .map(|date| (date, Precision::Day))
        .ok_or(DateProblem::Impossible)
}

/// Reads parts between 年 月 日, or between one kind of separator.
fn separated(day: &str) -> Result<(NaiveDate, Precision), DateProblem> {
    if let Some((year, rest)) = day.split_once('年') {
        let rest = rest.strip_prefix('度').unwrap_or(rest);
        if rest.is_empty() {
            return dated(year, None, None);
        }
        let (month, rest) = match rest.split_once('月') {
            Some((month, rest)) => (month, rest.strip_prefix('份').unwrap_or(rest)),
            None => (rest, ""),
        };
        let written = rest.strip_suffix(['日', '号']).unwrap_or(rest);
        return match (rest.is_empty(), written.is_empty()) {
            (true, _) => dated(year, Some(month), None),
            (false, true) => Err(DateProblem::Form),
            (false, false) => dated(year, Some(month), Some(written)),
        };
    }
    let day: String = day.chars().map(plain_separator).collect();
    let separator = day.chars().find(|c| matches!(c, '-' | '/' | '.')).ok_or(DateProblem::Form)?;
    let mut parts = day.split(separator);
    let (year, month, day) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    match parts.next() {
        None => dated(year, month, day),
        Some(_) => Err(DateProblem::Form),
    }
}

fn plain_separator(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\\' => '/',
        '。' | '·' => '.',
        other => other,
    }
}

/// Builds the date from its parts; a part that is given must be digits.
fn dated(year: &str, month: Option<&str>, day: Option<&str>) -> Result<(NaiveDate, Precision), DateProblem> {
    let part = |text: Option<&str>| match text {
        None => Ok(None),
        Some(text) if all_digits(text) && text.len() <= 2 => text.parse::<u32>().map(Some).map_err(|_| DateProblem::Form),
        Some(_) => Err(DateProblem::Form),
    };
    if year.len() != 4 || !all_digits(year) {
        return Err(DateProblem::Form);
    }
    let year: i32 = year.parse().map_err(|_| DateProblem::Form)?;
    let (month, day) = (part(month)?, part(day)?);
    let precision = match (month, day) {
        (None, _) => Precision::Year,
        (_, None) => Precision::Month,
        _ => Precision::Day,
    };
    let date = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1)).ok_or(DateProblem::Impossible)?;
    let is_zero = (year == 1899 && month == Some(12) && day >= Some(30)) || (year == 1900 && month == Some(1));
    match year {
        _ if is_zero => Err(DateProblem::SpreadsheetZero),
        9999 => Err(DateProblem::OpenEnded),
        1900..=2199 => Ok((date, precision)),
        _ => Err(DateProblem::Impossible),
    }
}

/// Hours by which Beijing is ahead of UTC, in seconds.
const BEIJING: i32 = 8 * 3600;

/// The day in Beijing of a moment with its offset from UTC: `Z`, `+00:00`, `-0530`, `+08`.
pub fn in_beijing(text: &str) -> Option<NaiveDate> {
    beijing_time(text).map(|moment| moment.date()).filter(|day| (1900..2200).contains(&day.year()))
}

/// Date and time in Beijing of a moment with its offset from UTC.
pub fn beijing_time(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.trim().split_once(['T', 't', ' '])?;
    let time = time.trim();
    let zoned = time.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = (time[..zoned].trim(), &time[zoned..]);
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(day, "%Y/%m/%d")).ok()?;
    let time = ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
    let offset = match offset {
        "Z" | "z" => 0,
        offset => seconds_of(offset)?,
    };
    day.and_time(time).checked_add_signed(TimeDelta::seconds(i64::from(BEIJING - offset)))
}

/// Seconds of `+08:00`, `+0800`, `-05`, at most 14 hours either way.
fn seconds_of(offset: &str) -> Option<i32> {
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    if !all_digits(&digits) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, if minutes.is_empty() { 0 } else { minutes.parse().ok()? });
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Takes a time of day off the end, or gives nothing if what stands there is no time.
fn without_time(text: &str) -> Option<&str> {
    if !text.contains(':') {
        return Some(text);
    }
    let at = text.find(['T', 't', ' '])?;
    let (day, time) = (&text[..at], text[at + 1..].trim_start());
    let hour = time.split(':').next()?;
    let is_time = all_digits(hour)
        && hour.parse::<u32>().is_ok_and(|hour| hour <= 24)
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    is_time.then_some(day)
}

/// Writes Chinese numerals as digits: years digit by digit, months and days also as 十, 十二, 三十一.
fn arabic(day: &str) -> Option<String> {
    let mut written = String::with_capacity(day.len());
    let mut run = String::new();
    for c in day.chars().chain(std::iter::once('\0')) {
        if text::numeral(c).is_some() || c == '十' {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            written.push_str(&numerals(&run)?);
            run.clear();
        }
        if c != '\0' {
            written.push(c);
        }
    }
    Some(written)
}

fn numerals(run: &str) -> Option<String> {
    let Some((tens, ones)) = run.split_once('十') else {
        return run.chars().map(|c| char::from_digit(text::numeral(c)?, 10)).collect();
    };
    let digit = |text: &str, blank: u32| {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (None, _) => Some(blank),
            (Some(c), None) => text::numeral(c),
            _ => None,
        }
    };
    Some((digit(tens, 1)? * 10 + digit(ones, 0)?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    #[test]
    fn a_moment_is_a_day_in_beijing() {
        for text in [
            "2026-06-29T16:00:00Z",
            "2026-06-29T16:00:00.000Z",
            "2026-06-29 16:00:00+00:00",
            "2026-06-30T00:00:00+08:00",
            "2026-06-30T00:00+0800",
            "2026-06-29T11:00:00 -05",
            "2026/06/29 16:30:00Z",
            "２０２６-06-29T16:00:00Z",
        ] {
            assert_eq!(parse(text), Ok((day(2026, 6, 30), Precision::Day)), "{text}");
        }
        assert_eq!(parse("2026-06-29T15:59:59Z"), Ok((day(2026, 6, 29), Precision::Day)));
        assert_eq!(parse("2026-06-29 16:00:00"), Ok((day(2026, 6, 29), Precision::Day)), "no offset is local time");
        assert_eq!(parse("2026-06-29T16:00:00+25:00"), Err(DateProblem::Form), "no such offset");
    }

    #[test]
    fn reads_every_spelling_of_a_day() {
        for text in [
            "2023-05-31",
            "2023-5-31",
            "2023.05.31",
            "20230531",
            "2023/5/31",
            "2023年5月31日",
            "2023年05月31",
            "2023年5月31号",
            "2023 年 5 月 31 日",
            "45077",
            "45077.4375",
            "２０２３－０５－３１",
            "２０２３年５月３１日",
            "二〇二三年五月三十一日",
            "二○二三年五月三十一日",
            "2023-05-31T10:20:30",
            "2023-05-31T10:20:30.000+08:00",
            "2023-05-31 00:00:00",
            "2023/5/31 9:05",
            "'2023-05-31",
            "\u{FEFF}2023—05—31 ",
        ] {
            assert_eq!(parse(text), Ok((day(2023, 5, 31), Precision::Day)), "{text}");
        }
    }

    #[test]
    fn keeps_the_precision_written() {
        for text in ["2023-5", "2023.05", "202305", "2023年5月", "2023年5月份", "二〇二三年五月", "2023/05"] {
            assert_eq!(parse(text), Ok((day(2023, 5, 1), Precision::Month)), "{text}");
        }
        for text in ["2023", "2023年", "2023年度", "二〇二三年"] {
            assert_eq!(parse(text), Ok((day(2023, 1, 1), Precision::Year)), "{text}");
        }
        assert_eq!(parse("二〇二〇年十二月二十日"), Ok((day(2020, 12, 20), Precision::Day)));
        assert_eq!(parse("二〇二〇年十月"), Ok((day(2020, 10, 1), Precision::Month)));
    }

    #[test]
    fn what_ends_something_ends_with_its_last_day() {
        for (text, last) in [
            ("2024年6月", day(2024, 6, 30)),
            ("2024年2月", day(2024, 2, 29)),
            ("2024年12月", day(2024, 12, 31)),
            ("2024年", day(2024, 12, 31)),
            ("2024-06-15", day(2024, 6, 15)),
        ] {
            let (first, precision) = parse(text).expect("a date");
            assert_eq!(last_day(first, precision), last, "{text}");
        }
    }

    #[test]
    fn months_are_whole_and_never_negative() {
        for (from, until, months) in [
            ((2024, 6, 30), (2034, 6, 30), 120),
            ((2024, 6, 30), (2034, 6, 29), 119),
            ((2024, 1, 31), (2024, 2, 29), 1),
            ((2024, 1, 31), (2024, 2, 28), 0),
            ((2024, 2, 29), (2025, 2, 28), 12),
            ((2024, 6, 30), (2024, 6, 30), 0),
            ((2024, 6, 30), (2024, 6, 1), 0),
            ((2024, 6, 30), (2014, 6, 30), 0),
        ] {
            let [from, until] = [from, until].map(|(y, m, d)| day(y, m, d));
            assert_eq!(whole_months(from, until), months, "{from} {until}");
            let reached = (1..150).filter(|months| ReferenceDates::of(from, *months).pledge_end <= until).count();
            assert_eq!(reached, months as usize, "what is long enough to be pledged has as many months: {from} {until}");
        }
    }

    #[test]
    fn a_number_that_lost_its_last_nought_is_no_date() {
        assert_eq!(parse_stored("2013.1"), Err(DateProblem::Form));
        assert_eq!(parse_stored("2013.0999999999999"), Err(DateProblem::Form));
        assert_eq!(parse_stored("2013.05"), Ok((day(2013, 5, 1), Precision::Month)));
        assert_eq!(parse_stored("2013.1199999999999"), Ok((day(2013, 12, 1), Precision::Month)));
        assert_eq!(parse_stored("45077"), Ok((day(2023, 5, 31), Precision::Day)));
        assert_eq!(parse_stored("20230531"), Ok((day(2023, 5, 31), Precision::Day)));
        assert_eq!(parse("2013.1"), Ok((day(2013, 1, 1), Precision::Month)), "a text is what was typed");
    }

    #[test]
    fn refuses_what_is_no_date() {
        use DateProblem::*;
        for (text, problem) in [
            ("长期", OpenEnded),
            ("长期有效", OpenEnded),
            ("9999-12-31", OpenEnded),
            ("1900-01-01", SpreadsheetZero),
            ("1900-01-31", SpreadsheetZero),
            ("1900年1月", SpreadsheetZero),
            ("1899-12-30", SpreadsheetZero),
            ("1900-02-29", Impossible),
            ("2023-02-29", Impossible),
            ("2023-13-01", Impossible),
            ("20230532", Impossible),
            ("202313", Impossible),
            ("1066-10-14", Impossible),
            ("", Missing),
            ("无", Missing),
            ("—", Missing),
            ("23-5-31", Form),
            ("5/31/2023", Form),
            ("2023-5/31", Form),
            ("2023-05-31-1", Form),
            ("2023年第一季度", Form),
            ("100", Form),
            ("00045", Form),
            ("2023-05-31 25:00", Form),
            ("2023-05-31 上午9:00", Form),
            ("2023年5月日", Form),
            ("2023-", Form),
            ("十十", Form),
            ("龙南", Form),
        ] {
            assert_eq!(parse(text), Err(problem), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn never_panics_near_dates(text in "[0-9年月日十二〇./ :T-]{0,14}") {
            let _ = parse(&text);
        }

        #[test]
        fn all_spellings_agree(days in 10_000_u64..99_999) {
            let date = day(1899, 12, 30) + Days::new(days);
            let read = Ok((date, Precision::Day));
            for format in ["%Y-%m-%d", "%Y%m%d", "%Y年%-m月%-d日", "%Y.%-m.%-d", "%Y/%m/%d"] {
                prop_assert_eq!(parse(&date.format(format).to_string()), read);
            }
            prop_assert_eq!(parse(&days.to_string()), read);
        }
    }
}
