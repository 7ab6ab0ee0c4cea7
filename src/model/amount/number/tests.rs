//! Every spelling that the grammar accepts, and those it must not.

use super::*;
use proptest::prelude::*;

fn plain_number(text: &str) -> Option<(String, u32)> {
    match parse_number(text) {
        Number::Stated { value, places, unit: None, percent: false } => Some((value.to_string(), places)),
        _ => None,
    }
}

#[test]
fn reads_plain_and_wide_numbers() {
    for (text, value, places) in [
        ("0", "0", 0),
        ("-0", "0", 0),
        ("1234", "1234", 0),
        ("0012", "12", 0),
        ("12.30", "12.30", 2),
        ("-12.5", "-12.5", 1),
        ("+12.5", "12.5", 1),
        (".5", "0.5", 1),
        ("5.", "5", 0),
        ("１，２３４．５０", "1234.50", 2),
        ("1,234,567.8", "1234567.8", 1),
        ("1 234 567", "1234567", 0),
        ("1\u{A0}234", "1234", 0),
        (" 12 ", "12", 0),
        ("'12", "12", 0),
        ("12\u{200B}", "12", 0),
        ("¥1,234", "1234", 0),
        ("￥1,234", "1234", 0),
        ("人民币 12", "12", 0),
        ("999999999999999", "999999999999999", 0),
        ("9007199254740993", "9007199254740993", 0),
        ("10000000000000000", "10000000000000000", 0),
    ] {
        assert_eq!(plain_number(text), Some((value.to_owned(), places)), "{text:?}");
    }
}

#[test]
fn reads_negatives() {
    for text in [
        "-1234",
        "－1234",
        "－１２３４",
        "−1234",
        "—1234",
        "△1234",
        "▲1,234",
        "(1,234)",
        "（1234）",
        "(1234)",
        "负1234",
        "- 1234",
        "-¥1234",
        "¥-1234",
        "¥(1,234)",
    ] {
        assert_eq!(plain_number(text), Some(("-1234".to_owned(), 0)), "{text}");
    }
}

#[test]
fn reads_exponents() {
    for (text, value, places) in
        [("1E5", "100000", 0), ("1.5E+5", "150000", 0), ("1.5e-3", "0.0015", 4), ("1E16", "10000000000000000", 0), ("0E99", "0", 0)]
    {
        assert_eq!(plain_number(text), Some((value.to_owned(), places)), "{text}");
    }
    assert_eq!(parse_number("1E17"), Number::TooLarge);
    assert_eq!(parse_number("1E999"), Number::TooLarge);
    assert_eq!(plain_number("1E-999").map(|(value, _)| value.trim_end_matches('0').to_owned()), Some("0.".to_owned()));
}

#[test]
fn rounds_the_noise_of_doubles_away() {
    let rounded = |text: &str| match parse_double(text) {
        Number::Stated { value, places, .. } => Some((value.to_string(), places)),
        _ => None,
    };
    for (text, value, places) in [
        ("0.30000000000000004", "0.3", 1),
        ("12.339999999999999", "12.34", 2),
        ("1234567.8900000001", "1234567.89", 2),
        ("-0.30000000000000004", "-0.3", 1),
        ("0.333333333333333333333333333333333333", "0.333333333333333", 15),
        ("9.9999999999999999", "10", 0),
        ("2.2737367544323206E-13", "0.000000000000227373675443232", 27),
        ("1.2339999999999999E1", "12.34", 2),
        ("0.1000000000000000055511151231257827", "0.1", 1),
    ] {
        assert_eq!(rounded(text), Some((value.to_owned(), places)), "{text}");
    }
}

#[test]
fn reads_a_text_to_its_last_digit() {
    for (text, value, places) in [
        ("100000000000.1234", "100000000000.1234", 4),
        ("1234567890123.4567", "1234567890123.4567", 4),
        ("0.30000000000000004", "0.30000000000000004", 17),
        ("0.333333333333333333333333333333333333", "0.333333333333333333333333", 24),
    ] {
        assert_eq!(plain_number(text), Some((value.to_owned(), places)), "{text}");
    }
}

#[test]
fn reads_units_and_percent() {
    let stated = |text: &str| match parse_number(text) {
        Number::Stated { value, unit, percent, .. } => Some((value.to_string(), unit, percent)),
        _ => None,
    };
    let number = |value: &str, unit, percent| Some((value.to_owned(), unit, percent));
    assert_eq!(stated("1,234.5万元"), number("1234.5", Some(Unit::TenThousand), false));
    assert_eq!(stated("500万"), number("500", Some(Unit::TenThousand), false));
    assert_eq!(stated("1.2亿"), number("1.2", Some(Unit::HundredMillion), false));
    assert_eq!(stated("3 百万元"), number("3", Some(Unit::Million), false));
    assert_eq!(stated("88元"), number("88", Some(Unit::Yuan), false));
    assert_eq!(stated("88元整"), number("88", Some(Unit::Yuan), false));
    assert_eq!(stated("20千元"), number("20", Some(Unit::Thousand), false));
    assert_eq!(stated("(20)千元"), number("-20", Some(Unit::Thousand), false));
    assert_eq!(stated("12.5%"), number("12.5", None, true));
    assert_eq!(stated("-3.1％"), number("-3.1", None, true));
}

#[test]
fn tells_marks_from_values() {
    for text in ["", "  ", "-", "—", "——", "－", "/", "\\", "无", "暂无", "未填", "不详", "N/A", "……", "…", "*", "#", "\u{200B}-", "NaN"]
    {
        assert_eq!(parse_number(text), Number::Mark, "{text:?}");
    }
}

#[test]
fn refuses_what_is_no_number() {
    for text in [
        "1,2345",
        "12,34",
        ",123",
        "1,,234",
        "1234,567",
        "1 2",
        "12\n34",
        "100-200",
        "1.2.3",
        "abc",
        "1E",
        "E5",
        "1E1E1",
        "--5",
        "-(5)",
        "(5",
        "5)",
        "()",
        "万",
        "500万美元",
        "$5",
        "5‰",
        "1亿2000万",
        "3千万元",
        "5人",
        "一千",
        "#REF!",
        "2023-05",
        "INF",
        "12500¹",
        "12500₁",
        "12500⒈",
        "12500❶",
        "12500㊀",
        "12500⑴",
        "①12500",
        "12500½",
        "0x10",
        "1_000",
        "%",
        "约",
        "约500",
        "近500",
        "≈500",
        "~500万",
        "～500",
        "500万元左右",
        "500以上",
        ">100",
        "≥100",
        "<100",
        "1.5.",
    ] {
        assert_eq!(parse_number(text), Number::NotANumber, "{text:?}");
    }
}

#[test]
fn refuses_what_is_too_large() {
    for text in [
        "10000000000000001",
        "-10000000000000001",
        "914403001922038216",
        "99999999999999999999999999999999999999999999",
        "10000000000000900.5",
        "99999999999999999999999999999999999999999999.5",
    ] {
        assert_eq!(parse_number(text), Number::TooLarge, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = (parse_number(&text), parse_double(&text));
    }

    #[test]
    fn never_panics_near_numbers(text in "[~约]?[-+(△]?[0-9,. ]{0,45}(E[-+]?[0-9]{0,4})?[)%万元亿]{0,3}") {
        let _ = (parse_number(&text), parse_double(&text));
    }

    #[test]
    fn separators_and_width_change_nothing(whole in 0..10_i64.pow(14), cents in 0..10_u32) {
        let text = format!("{whole}.{cents}");
        let wide: String = text.chars().map(|c| match c {
            '0'..='9' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            _ => c,
        }).collect();
        let mut grouped = whole.to_string();
        let mut at = grouped.len();
        while at > 3 {
            at -= 3;
            grouped.insert(at, ',');
        }
        let plain = parse_number(&text);
        let is_stated = matches!(plain, Number::Stated { .. });
        prop_assert!(is_stated);
        prop_assert_eq!(&parse_number(&wide), &plain);
        prop_assert_eq!(&parse_number(&format!("{grouped}.{cents}")), &plain);
    }

    #[test]
    fn doubles_come_back_as_typed(mantissa in 1..10_i64.pow(12), places in 1..5_u32) {
        // What a spreadsheet stores for a typed decimal, printed with seventeen digits.
        let typed = Decimal::new(mantissa, places);
        let double: f64 = typed.to_string().parse().expect("a number");
        match parse_double(&format!("{double:.16e}")) {
            Number::Stated { value, .. } => prop_assert_eq!(value, typed),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
