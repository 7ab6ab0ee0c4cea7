//! SQL functions of edits and criteria.
//!
//! | function | gives |
//! |---|---|
//! | `as_of()` | the reference date |
//! | `pledge_end()` | the day until which a patent must be protected to be pledged for the issue |
//! | `uscc_valid(code)` | whether both check characters are right |
//! | `uscc_expected(code)` | what is wrong, as a catalogue reference |
//! | `org_code_valid(code)` | whether a nine-character organisation code's check character is right |
//! | `registration_valid(code)` | whether it is a registration number of fifteen digits with the right check digit |
//! | `patent_number_problem(number)` | `form`, `publication`, `year`, `kind`, `check`, or null if it is right |
//! | `patent_number_expected(number)` | what is wrong, as a catalogue reference |
//! | `patent_year(number)`, `patent_kind(number)` | what the number says |
//! | `term_end(kind, filed)` | last day of protection |
//! | `protected_until(stated, precision, state, kind, filed, precision)` | last day of protection: as stated, but never after the lawful term; by that alone where none is stated; null where what is stated cannot be read |
//! | `whole_months(day, precision, until)` | whole months from a day, or the last of a month or year, until another; 0 where that lies before it |
//! | `tolerance(unit, …)` | half of each unit, summed, in yuan |
//! | `unit_slip(value, reference)` | whether the ratio is within 1/3 to 3 times a power of ten of at least 100 |
//! | `low_median(amounts)` | the median of the positive ones, the lower middle of an even number |
//! | `off_median(amount, amounts)` | whether it is a unit slip against the middle, or both middles, of at least three positive ones |
//! | `positive(amount)` | the amount if it is above zero, else null |
//! | `earlier(a, precision, b, precision)` | whether a day, month or year lies wholly before another, as far as both are stated |
//! | `has_wide(text)` | whether it holds full-width letters, digits or blanks |
//!
//! To add one: a function below, a line in [`register`] and its name in `OWN`. Of the engine's own functions those may be
//! called that give the same for equal arguments and work on what the datasets hold: none asks a clock, chance or the
//! session, none makes binary floats of amounts or texts of any length.

use super::quotient::Quotient;
use crate::model::code::CodeProblem;
use crate::model::date::{self, Precision, ReferenceDates, whole_months};
use crate::model::patent_number::{PatentKind, PatentNumberProblem, last_day, parse};
use crate::model::{name, org_code, registration, uscc};
use chrono::{Datelike, NaiveDate};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, SimpleScalarUDF, Volatility};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

const MONEY: DataType = DataType::Decimal128(28, 4);

/// The functions below.
const OWN: [&str; 20] = [
    "as_of",
    "pledge_end",
    "uscc_valid",
    "uscc_expected",
    "org_code_valid",
    "registration_valid",
    "patent_number_problem",
    "patent_number_expected",
    "patent_year",
    "patent_kind",
    "term_end",
    "protected_until",
    "whole_months",
    "tolerance",
    "unit_slip",
    "low_median",
    "off_median",
    "positive",
    "earlier",
    "has_wide",
];

/// The engine's functions of one row, under each of their names; none that makes texts of any length of short ones.
const OF_A_ROW: [&str; 55] = [
    "abs",
    "ceil",
    "floor",
    "round",
    "trunc",
    "signum",
    "coalesce",
    "nvl",
    "ifnull",
    "nvl2",
    "nullif",
    "greatest",
    "least",
    "ascii",
    "bit_length",
    "btrim",
    "trim",
    "ltrim",
    "rtrim",
    "character_length",
    "char_length",
    "length",
    "octet_length",
    "concat",
    "concat_ws",
    "contains",
    "ends_with",
    "starts_with",
    "find_in_set",
    "initcap",
    "left",
    "right",
    "levenshtein",
    "lower",
    "upper",
    "position",
    "instr",
    "strpos",
    "reverse",
    "split_part",
    "substr",
    "substring",
    "substr_index",
    "substring_index",
    "translate",
    "regexp_like",
    "regexp_count",
    "date_part",
    "datepart",
    "date_trunc",
    "datetrunc",
    "make_date",
    "to_date",
    "to_char",
    "date_format",
];

/// The engine's functions of several rows.
const OF_ROWS: [&str; 21] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "mean",
    "median",
    "bool_and",
    "bool_or",
    "array_agg",
    "first_value",
    "last_value",
    "nth_value",
    "row_number",
    "rank",
    "dense_rank",
    "ntile",
    "lag",
    "lead",
    "percent_rank",
    "cume_dist",
];

/// What edits and criteria may call.
pub fn allowed() -> impl Iterator<Item = &'static str> {
    OWN.into_iter().chain(OF_A_ROW).chain(OF_ROWS)
}

/// Whether edits and criteria may call a function.
pub fn is_allowed(name: &str) -> bool {
    allowed().any(|allowed| allowed == name)
}

/// Makes every function known to a session whose days are given.
pub fn register(context: &SessionContext, dates: ReferenceDates) {
    for (name, day) in [("as_of", dates.as_of), ("pledge_end", dates.pledge_end)] {
        let days = i32::try_from((day - NaiveDate::default()).num_days()).ok();
        let date = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Date32(days)));
        let nothing = Signature::nullary(Volatility::Stable);
        context.register_udf(ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, nothing, DataType::Date32, Arc::new(date))));
    }
    let text = || vec![DataType::Utf8];
    let add = |name: &str, takes: Vec<DataType>, gives: DataType, run: fn(&[ArrayRef]) -> Result<ArrayRef>| {
        context.register_udf(function(name, Signature::exact(takes, Volatility::Immutable), gives, run));
    };
    add("uscc_valid", text(), DataType::Boolean, |a| Ok(booleans(&a[0], |code| uscc::check(code).is_ok())));
    add("uscc_expected", text(), DataType::Utf8, |a| Ok(texts(&a[0], uscc_expected)));
    add("org_code_valid", text(), DataType::Boolean, |a| Ok(booleans(&a[0], |code| org_code::check(code).is_ok())));
    add("registration_valid", text(), DataType::Boolean, |a| Ok(booleans(&a[0], |code| registration::check(code).is_ok())));
    add("patent_number_problem", text(), DataType::Utf8, |a| {
        Ok(texts(&a[0], |number| parse(number).err().map(|p| patent_problem(p).0.to_owned())))
    });
    add("patent_number_expected", text(), DataType::Utf8, |a| Ok(texts(&a[0], |number| parse(number).err().map(|p| patent_problem(p).1))));
    add("patent_year", text(), DataType::Int32, |a| {
        let years = a[0].as_string::<i32>().iter().map(|n| n.and_then(|n| parse(n).ok()).map(|n| i32::from(n.year)));
        Ok(Arc::new(years.collect::<Int32Array>()))
    });
    add("patent_kind", text(), DataType::Utf8, |a| Ok(texts(&a[0], |number| parse(number).ok().map(|n| kind_word(n.kind).to_owned()))));
    add("has_wide", text(), DataType::Boolean, |a| Ok(booleans(&a[0], name::has_wide)));
    add("term_end", vec![DataType::Utf8, DataType::Date32], DataType::Date32, term_end);
    let stated = vec![DataType::Date32, DataType::Utf8, DataType::Utf8, DataType::Utf8, DataType::Date32, DataType::Utf8];
    add("protected_until", stated, DataType::Date32, protected_until);
    add("whole_months", vec![DataType::Date32, DataType::Utf8, DataType::Date32], DataType::Int64, months_between);
    add("unit_slip", vec![MONEY, MONEY], DataType::Boolean, unit_slip);
    let amounts = DataType::new_list(MONEY, true);
    add("low_median", vec![amounts.clone()], MONEY, low_median);
    add("off_median", vec![MONEY, amounts], DataType::Boolean, off_median);
    add("positive", vec![MONEY], MONEY, positive);
    add("earlier", vec![DataType::Date32, DataType::Utf8, DataType::Date32, DataType::Utf8], DataType::Boolean, earlier);
    let units = Signature::variadic(vec![DataType::Int64], Volatility::Immutable);
    context.register_udf(function("tolerance", units, MONEY, tolerance));
    context.register_udf(ScalarUDF::from(Quotient::default()));
}

fn function(name: &str, signature: Signature, gives: DataType, run: fn(&[ArrayRef]) -> Result<ArrayRef>) -> ScalarUDF {
    let body = move |arguments: &[ColumnarValue]| {
        let value = run(&ColumnarValue::values_to_arrays(arguments)?)?;
        // Constants give one value, however many rows there are.
        let constant = arguments.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        Ok(if constant { ColumnarValue::Scalar(ScalarValue::try_from_array(&value, 0)?) } else { ColumnarValue::Array(value) })
    };
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, gives, Arc::new(body)))
}

fn booleans(array: &ArrayRef, test: impl Fn(&str) -> bool) -> ArrayRef {
    Arc::new(array.as_string::<i32>().iter().map(|v| v.map(&test)).collect::<BooleanArray>())
}

fn texts(array: &ArrayRef, of: impl Fn(&str) -> Option<String>) -> ArrayRef {
    Arc::new(array.as_string::<i32>().iter().map(|v| v.and_then(&of)).collect::<StringArray>())
}

/// What is wrong with a code, if anything, as a catalogue reference: `@key|argument`.
fn uscc_expected(code: &str) -> Option<String> {
    Some(match uscc::check(code).err()? {
        CodeProblem::Length { found: 15 } if registration::check(code).is_ok() => "@code.registration".to_owned(),
        CodeProblem::Length { found } => format!("@code.length|{found}"),
        CodeProblem::Alphabet { found, position } => format!("@code.alphabet|{position}|{found}"),
        CodeProblem::Department => "@code.department".to_owned(),
        CodeProblem::Check { expected } => format!("@code.check|{expected}"),
        CodeProblem::OrgCheck { expected } => format!("@code.org_check|{expected}"),
        CodeProblem::DigitsLost => match uscc::candidates(code).as_slice() {
            [] => "@code.digits_lost".to_owned(),
            candidates => format!("@code.candidates|{}", candidates.join("、")),
        },
    })
}

fn patent_problem(problem: PatentNumberProblem) -> (&'static str, String) {
    match problem {
        PatentNumberProblem::Form => ("form", "@patent.form".to_owned()),
        PatentNumberProblem::Publication => ("publication", "@patent.publication".to_owned()),
        PatentNumberProblem::Year => ("year", "@patent.year".to_owned()),
        PatentNumberProblem::Kind => ("kind", "@patent.kind".to_owned()),
        PatentNumberProblem::Check { expected } => ("check", format!("@patent.check|{expected}")),
    }
}

fn kind_word(kind: PatentKind) -> &'static str {
    match kind {
        PatentKind::Invention => "invention",
        PatentKind::UtilityModel => "utility_model",
        PatentKind::Design => "design",
    }
}

fn term_end(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (kinds, filed) = (arguments[0].as_string::<i32>(), arguments[1].as_primitive::<Date32Type>());
    let epoch = NaiveDate::default();
    let ends = kinds.iter().zip(filed.iter()).map(|(kind, filed)| {
        let kind = match kind? {
            "invention" => PatentKind::Invention,
            "utility_model" => PatentKind::UtilityModel,
            "design" => PatentKind::Design,
            _ => return None,
        };
        let filed = epoch.checked_add_signed(chrono::TimeDelta::days(i64::from(filed?)))?;
        i32::try_from((last_day(kind, filed)? - epoch).num_days()).ok()
    });
    Ok(Arc::new(ends.collect::<Date32Array>()))
}

/// Protection ends on the day stated or by law, whichever is earlier in the coarser of their precisions: no statement
/// extends it. Where the day stated cannot be read it may be an earlier one, so that none is known.
fn protected_until(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let [stated, stated_precision, state, kind, filed, filed_precision] = arguments else {
        return exec_err!("protected_until takes six arguments");
    };
    let lawful = term_end(&[kind.clone(), filed.clone()])?;
    let extended = earlier(&[lawful.clone(), filed_precision.clone(), stated.clone(), stated_precision.clone()])?;
    let (extended, states) = (extended.as_boolean(), state.as_string::<i32>());
    let day = |days: &ArrayRef, row: usize| Some(days.as_primitive::<Date32Type>()).filter(|d| d.is_valid(row)).map(|d| d.value(row));
    let ends = (0..stated.len()).map(|row| match day(stated, row) {
        Some(_) if extended.is_valid(row) && extended.value(row) => day(&lawful, row),
        Some(stated) => Some(stated),
        None if states.is_null(row) || matches!(states.value(row), "blank" | "mark") => day(&lawful, row),
        None => None,
    });
    Ok(Arc::new(ends.collect::<Date32Array>()))
}

/// Of a month or a year the last day counts, so that no more months are told than there are for sure.
fn months_between(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let [from, until] = [0, 2].map(|i: usize| arguments[i].as_primitive::<Date32Type>());
    let precisions = arguments[1].as_string::<i32>();
    let day = |days: i32| NaiveDate::default() + chrono::TimeDelta::days(i64::from(days));
    let months = from.iter().zip(precisions).zip(until).map(|((from, precision), until)| {
        let precision = match precision? {
            "year" => Precision::Year,
            "month" => Precision::Month,
            _ => Precision::Day,
        };
        Some(i64::from(whole_months(date::last_day(day(from?), precision), day(until?))))
    });
    Ok(Arc::new(months.collect::<Int64Array>()))
}

/// Compares two dates in the coarser of their precisions: 2021 is not earlier than 2021-05-01.
fn earlier(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let date = |i: usize| arguments[i].as_primitive::<Date32Type>();
    let precision = |i: usize| arguments[i].as_string::<i32>();
    let (one, other) = ((date(0), precision(1)), (date(2), precision(3)));
    let part = |days: i32, coarse: bool, coarser: bool| {
        let day = NaiveDate::default() + chrono::TimeDelta::days(i64::from(days));
        (day.year(), if coarser { 0 } else { day.month() }, if coarse { 0 } else { day.day() })
    };
    let word = |(_, words): (_, &StringArray), row: usize, word: &str| words.is_valid(row) && words.value(row) == word;
    let results = (0..one.0.len()).map(|row| {
        if one.0.is_null(row) || other.0.is_null(row) {
            return None;
        }
        let (a, b) = (one.0.value(row), other.0.value(row));
        if a >= b {
            return Some(false);
        }
        let either = |name: &str| word(one, row, name) || word(other, row, name);
        let coarser = either("year");
        let coarse = coarser || either("month");
        Some(part(a, coarse, coarser) < part(b, coarse, coarser))
    });
    Ok(Arc::new(results.collect::<BooleanArray>()))
}

/// Ratio of the larger to the smaller within [10^k / 3, 3 · 10^k] for some k of at least 2, in integers.
fn unit_slip(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (values, references) = (arguments[0].as_primitive::<Decimal128Type>(), arguments[1].as_primitive::<Decimal128Type>());
    let slips = values.iter().zip(references.iter()).map(|(value, reference)| Some(slipped(value?, reference?)));
    Ok(Arc::new(slips.collect::<BooleanArray>()))
}

fn slipped(value: i128, reference: i128) -> bool {
    if value <= 0 || reference <= 0 {
        return false;
    }
    let (large, small) = (value.max(reference), value.min(reference));
    // Amounts stay below 10^20 at scale 4, so no product here comes near 2^127.
    (2..16).map(|k| 10_i128.pow(k)).any(|power| 3 * large >= power * small && large <= 3 * power * small)
}

/// The middle of the positive amounts of a row's list, twice where their number is odd; nothing if there are none.
fn middles(list: &ArrayRef, row: usize) -> Option<(usize, i128, i128)> {
    let list = list.as_list::<i32>();
    let values = list.is_valid(row).then(|| list.value(row))?;
    let mut amounts: Vec<i128> = values.as_primitive::<Decimal128Type>().iter().flatten().filter(|v| *v > 0).collect();
    amounts.sort_unstable();
    let count = amounts.len();
    (count > 0).then(|| (count, amounts[(count - 1) / 2], amounts[count / 2]))
}

fn low_median(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let medians = (0..arguments[0].len()).map(|row| middles(&arguments[0], row).map(|(_, low, _)| low));
    Ok(Arc::new(medians.collect::<Decimal128Array>().with_precision_and_scale(28, 4)?))
}

/// With two years neither can be blamed, so fewer than three give null.
fn off_median(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let values = arguments[0].as_primitive::<Decimal128Type>();
    let judged = values.iter().enumerate().map(|(row, value)| {
        let (count, low, high) = middles(&arguments[1], row)?;
        let value = value.filter(|_| count >= 3)?;
        Some(slipped(value, low) && slipped(value, high))
    });
    Ok(Arc::new(judged.collect::<BooleanArray>()))
}

fn positive(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let values = arguments[0].as_primitive::<Decimal128Type>();
    let kept = values.iter().map(|v| v.filter(|v| *v > 0));
    Ok(Arc::new(kept.collect::<Decimal128Array>().with_precision_and_scale(28, 4)?))
}

fn tolerance(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let rows = arguments.first().map_or(0, |a| a.len());
    let units: Vec<_> = arguments.iter().map(|a| a.as_primitive::<Int64Type>()).collect();
    // Half a unit at scale 4 is 5,000 times the unit; a unit that is not known adds nothing.
    let sums = (0..rows).map(|row| Some(units.iter().filter(|u| u.is_valid(row)).map(|u| i128::from(u.value(row)) * 5_000).sum::<i128>()));
    Ok(Arc::new(sums.collect::<Decimal128Array>().with_precision_and_scale(28, 4)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_called_is_known_and_gives_the_same_for_the_same() {
        let context = SessionContext::new();
        register(&context, ReferenceDates::of(NaiveDate::default(), 0));
        let state = context.state();
        let volatility = |name: &str| {
            let of_a_row = state.scalar_functions().get(name).map(|f| f.signature().volatility);
            let of_rows = || state.aggregate_functions().get(name).map(|f| f.signature().volatility);
            of_a_row.or_else(of_rows).or_else(|| state.window_functions().get(name).map(|f| f.signature().volatility))
        };
        for name in allowed() {
            let stable = if ["as_of", "pledge_end"].contains(&name) { Volatility::Stable } else { Volatility::Immutable };
            assert_eq!(volatility(name), Some(stable), "{name}");
        }
        let refused = ["random", "rand", "now", "current_date", "today", "current_time", "current_timestamp", "uuid", "version"];
        refused.iter().for_each(|name| assert!(!is_allowed(name) && volatility(name).is_some(), "{name}"));
    }

    #[test]
    fn what_is_wrong_with_a_code_is_told_as_well_as_can_be() {
        assert_eq!(uscc_expected("914403001922038216"), None);
        assert_eq!(uscc_expected("914403001922038217").as_deref(), Some("@code.check|6"));
        assert_eq!(uscc_expected("440301103097413").as_deref(), Some("@code.registration"));
        assert_eq!(uscc_expected("440301103097414").as_deref(), Some("@code.length|15"));
        assert_eq!(uscc_expected("9.14403E+17").as_deref(), Some("@code.digits_lost"));
        let lost = uscc_expected("914403001922038000").expect("wrong");
        assert!(lost.starts_with("@code.candidates|") && lost.contains("914403001922038216"), "{lost}");
    }

    #[test]
    fn unit_slips_are_powers_of_ten_within_a_factor_of_three() {
        let yuan = 10_000;
        for (value, reference, want) in [
            (1_000, 1, true),
            (100, 3, true),
            (33, 1, false),
            (34, 1, true),
            (300, 1, true),
            (320, 1, false),
            (334, 1, true),
            (1, 1_000, true),
            (5, 4, false),
            (-1_000, 1, false),
        ] {
            assert_eq!(slipped(value * yuan, reference * yuan), want, "{value} / {reference}");
        }
    }
}
