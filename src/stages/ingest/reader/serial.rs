//! Dates as spreadsheets store them: a count of days.
//!
//! Owns: the way from a serial to `YYYY-MM-DD`, and the check of dates written out in ISO 8601.
//! Facts: serial 1 is 1900-01-01 and serial 60 the day 1900-02-29 that never was (ECMA-376 part 1,
//! 18.17.4.1), so nothing before serial 61 is certain; in the 1904 system serial 0 is 1904-01-01,
//! serial 1462 of the other. The last day is 9999-12-31.

use crate::model::date;
use std::fmt::Write as _;

/// 1900-03-01, the first day on which all programs agree.
const FIRST_SERIAL: i64 = 61;
/// 9999-12-31.
const LAST_SERIAL: i64 = 2_958_465;
/// Days from 1899-12-30 to 1970-01-01.
const UNIX_EPOCH_SERIAL: i64 = 25_569;
/// Serial, in the 1900 system, of the first day of the 1904 system.
const EPOCH_1904: i64 = 1_462;
/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// Appends the date of a serial; false, with nothing appended, when it is outside 1900-03-01..9999-12-31.
pub(super) fn push_date(serial: f64, epoch_1904: bool, out: &mut String) -> bool {
    if !serial.is_finite() || serial.abs() > 1e7 {
        return false;
    }
    let mut day = serial.floor() as i64;
    let mut second = ((serial - serial.floor()) * DAY_SECONDS as f64).round() as i64;
    if second == DAY_SECONDS {
        second = 0;
        day += 1;
    }
    if epoch_1904 {
        day += EPOCH_1904;
    }
    if !(FIRST_SERIAL..=LAST_SERIAL).contains(&day) {
        return false;
    }
    let (year, month, day) = civil(day - UNIX_EPOCH_SERIAL);
    // Writing into a `String` cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}");
    if second != 0 {
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let _ = write!(out, " {hour:02}:{minute:02}:{:02}", second % 60);
    }
    true
}

/// Turns days since 1970-01-01 into year, month and day of the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Returns a date written in ISO 8601 in the reader's own form, or nothing if there is no such day.
///
/// Takes `2024-02-29`, `2024-02-29T08:30:00` and fractions of a second; with an offset from UTC it is the time in Beijing.
pub(super) fn iso_date(text: &str) -> Option<String> {
    if let Some(moment) = date::beijing_time(text) {
        return iso_date(&moment.format("%Y-%m-%dT%H:%M:%S").to_string());
    }
    let text = text.trim();
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let in_range = (1900..=9999).contains(&year) && (year, month) >= (1900, 3);
    if !in_range || day < 1 || day > month_days(year, month) {
        return None;
    }
    let time = match time {
        Some(time) => iso_time(time)?,
        None => (0, 0, 0),
    };
    let mut out = date.to_owned();
    if time != (0, 0, 0) {
        let _ = write!(out, " {:02}:{:02}:{:02}", time.0, time.1, time.2);
    }
    Some(out)
}

/// Reads `08:30`, `08:30:00` or `08:30:00.000`.
fn iso_time(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = match parts.next() {
        Some(second) => digits(second.split(['.', ',']).next()?, 2)?,
        None => 0,
    };
    let sound = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    sound.then_some((hour, minute, second))
}

/// Reads exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u32> {
    let sound = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| text.parse().ok()).flatten()
}

/// Returns the days of a month.
fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(serial: f64, epoch_1904: bool) -> Option<String> {
        let mut out = String::new();
        push_date(serial, epoch_1904, &mut out).then_some(out)
    }

    #[test]
    fn serials_of_both_systems() {
        assert_eq!(date(61.0, false).as_deref(), Some("1900-03-01"));
        assert_eq!(date(45_077.0, false).as_deref(), Some("2023-05-31"));
        assert_eq!(date(43_615.0, true).as_deref(), Some("2023-05-31"));
        assert_eq!(date(0.0, true).as_deref(), Some("1904-01-01"));
        assert_eq!(date(45_351.0, false).as_deref(), Some("2024-02-29"));
        assert_eq!(date(2_958_465.0, false).as_deref(), Some("9999-12-31"));
        assert_eq!(date(45_077.5, false).as_deref(), Some("2023-05-31 12:00:00"));
        // A second that rounds up to midnight belongs to the next day.
        assert_eq!(date(45_077.999_999_9, false).as_deref(), Some("2023-06-01"));
    }

    #[test]
    fn serials_out_of_range_give_nothing() {
        for serial in [0.0, 0.5, 60.0, -1.0, 2_958_466.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(date(serial, false), None, "{serial}");
        }
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let mut last = (1900, 2, 28);
        for serial in FIRST_SERIAL..=LAST_SERIAL {
            let next = civil(serial - UNIX_EPOCH_SERIAL);
            let follows = next == (last.0, last.1, last.2 + 1) || next == (last.0, last.1 + 1, 1) || next == (last.0 + 1, 1, 1);
            assert!(follows, "{last:?} then {next:?}");
            last = next;
        }
    }

    #[test]
    fn iso_dates_are_checked() {
        assert_eq!(iso_date("2024-02-29").as_deref(), Some("2024-02-29"));
        assert_eq!(iso_date("2024-01-31T00:00:00").as_deref(), Some("2024-01-31"));
        assert_eq!(iso_date("2024-01-31T08:30:00.000Z").as_deref(), Some("2024-01-31 16:30:00"), "in Beijing");
        for wrong in ["2024-02-30", "2023-02-29", "2024-13-01", "1900-01-05", "24-01-01", "2024-1-1", "2024-01-01T25:00", ""] {
            assert_eq!(iso_date(wrong), None, "{wrong}");
        }
    }
}
