//! Figures as people read them, by whole-number arithmetic alone.

use chrono::NaiveDate;

/// Ten-thousandths of a yuan in ten thousand yuan.
const TEN_THOUSAND_YUAN: i128 = 100_000_000;

/// An amount (yuan at scale 4) in ten thousand yuan, two decimals, halves away from zero, digits in threes.
pub fn money(amount: i128) -> String {
    let hundredth = TEN_THOUSAND_YUAN / 100;
    let rounded = (amount.abs() + hundredth / 2) / hundredth;
    let minus = if amount < 0 && rounded != 0 { "-" } else { "" };
    format!("{minus}{}.{:02}", grouped(rounded / 100), rounded % 100)
}

/// An amount (yuan at scale 4) in yuan as it is, without needless zeros.
pub fn yuan(amount: i128) -> String {
    let minus = if amount < 0 { "-" } else { "" };
    let fraction = format!("{:04}", amount.abs() % 10_000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{minus}{}{point}{fraction}", grouped(amount.abs() / 10_000))
}

/// A share (scale 4) in per cent, two decimals, digits in threes.
pub fn percent(ratio: i128) -> String {
    let minus = if ratio < 0 { "-" } else { "" };
    format!("{minus}{}.{:02}", grouped(ratio.abs() / 100), ratio.abs() % 100)
}

/// A day, counted from 1970, as `2026-06-30`.
pub fn day(days: i32) -> String {
    let date = NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(days)));
    date.map(|d| d.to_string()).unwrap_or_default()
}

fn grouped(number: i128) -> String {
    crate::portal::text::grouped(u64::try_from(number).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn money_is_rounded_by_whole_numbers() {
        for (amount, want) in [
            (0, "0.00"),
            (1_074_760_000_000, "10,747.60"),
            (49_9999, "0.00"),
            (50_0000, "0.01"),
            (-50_0000, "-0.01"),
            (-49_9999, "0.00"),
            (149_9999, "0.01"),
            (99_999_500_000, "1,000.00"),
            (99_999_499_999, "999.99"),
            (10_i128.pow(20), "1,000,000,000,000.00"),
        ] {
            assert_eq!(money(amount), want, "{amount}");
        }
    }

    #[test]
    fn yuan_and_shares_lose_nothing() {
        assert_eq!(yuan(1_074_760_000_000), "107,476,000");
        assert_eq!(yuan(-5), "-0.0005");
        assert_eq!(yuan(12_3400), "12.34");
        assert_eq!([3851, -21, 12_345_678].map(percent), ["38.51", "-0.21", "123,456.78"]);
        assert_eq!(day(20_634), "2026-06-30");
    }

    proptest! {
        #[test]
        fn shown_money_is_within_half_a_hundredth(amount in -10_i128.pow(20)..10_i128.pow(20)) {
            let shown: i128 = money(amount).replace([',', '.'], "").parse().expect("digits");
            prop_assert!((shown * 1_000_000 - amount).abs() * 2 <= 1_000_000);
        }
    }
}
