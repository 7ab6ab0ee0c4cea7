//! The cost estimate in words: sheet, page and terminal say the same.

use super::word;
use crate::model::cost::{Basis, Estimate, Item, Line, Payers, Range};
use crate::model::words::{Lang, fill};
use rust_decimal::{Decimal, RoundingStrategy};

/// Money is told in this many yuan.
const TEN_THOUSAND: i64 = 10_000;

/// The terms of an estimate, in a sentence.
pub fn terms_in_words(lang: Lang, estimate: &Estimate) -> String {
    let terms = &estimate.terms;
    let scale = money(Range::of(terms.scale), lang);
    tell(lang, "head", &[scale, terms.months.to_string(), percent(terms.coupon, lang), terms.bridge_days.to_string()])
}

/// Where rates and quotes clash, and for what terms quotes hold, a sentence each.
pub fn clashes_in_words(lang: Lang, estimate: &Estimate) -> Vec<String> {
    let clashes: Vec<String> = estimate.lines.iter().filter_map(|line| clash_in_words(lang, line)).collect();
    let mut told = match clashes.len() {
        0 => vec![say(lang, "no_clash").to_owned()],
        number => vec![tell(lang, "clashes", &[number.to_string()])],
    };
    told.extend(clashes);
    told
}

/// What else is to be known of an estimate, a sentence each.
pub fn notes_in_words(lang: Lang, estimate: &Estimate) -> Vec<String> {
    let mut notes = Vec::new();
    if estimate.quoted().is_none() {
        let quoted = &estimate.quoted_terms;
        notes.push(tell(lang, "quoted_elsewhere", &[money(Range::of(quoted.scale), lang), quoted.months.to_string()]));
    }
    if estimate.payers().iter().all(|(payer, _)| payer.is_none()) {
        notes.push(say(lang, "nobody").to_owned());
    }
    notes.push(say(lang, "taxes").to_owned());
    notes
}

/// How an item's rate and quote clash; nothing where they do not.
pub fn clash_in_words(lang: Lang, line: &Line) -> Option<String> {
    let clash = line.clash?;
    let key = match (line.item.basis, clash.apart) {
        (Basis::Cap, _) => "clash_cap",
        (_, true) => "clash_apart",
        (_, false) => "clash_beyond",
    };
    let by_rate = if line.item.basis == Basis::Cap { Range::of(clash.by_rate.high) } else { clash.by_rate };
    let implied = clash.implied.map(|implied| percent(implied, lang)).unwrap_or_default();
    let told = tell(lang, key, &[line.item.name.clone(), money(clash.quote, lang), money(by_rate, lang), implied]);
    Some(match clash.coupon {
        Some(coupon) => tell(lang, "clash_coupon", &[told, percent(coupon, lang)]),
        None => told,
    })
}

/// What an item is charged on.
pub fn basis_in_words(lang: Lang, item: &Item) -> &'static str {
    say(lang, &format!("basis_{}", item.basis.id()))
}

/// The stated rate of an item, or of a cap the amount; empty where it has none.
pub fn rate_in_words(lang: Lang, item: &Item) -> String {
    match (item.rate, item.basis) {
        (Some(cap), Basis::Cap) => tell(lang, "cap", &[money(cap, lang)]),
        (Some(rate), _) => percent(rate, lang),
        (None, _) => String::new(),
    }
}

/// Who pays something, with shares.
pub fn payers_in_words(lang: Lang, payers: &Payers) -> String {
    let paid = payers.iter().map(|(payer, share)| tell(lang, "paid_share", &[payer.clone(), percent(Range::of(*share), lang)]));
    let told: Vec<String> = paid.collect();
    if told.is_empty() { say(lang, "open").to_owned() } else { told.join(word(lang, "publish.between")) }
}

/// Yuan in 万元 with two decimals, a range where they differ.
pub fn money(amount: Range, lang: Lang) -> String {
    range(amount, lang, |yuan| grouped(yuan / Decimal::from(TEN_THOUSAND), 2))
}

/// A fraction in per cent, to a thousandth of one.
pub fn percent(fraction: Range, lang: Lang) -> String {
    range(fraction, lang, |fraction| format!("{}%", rounded(fraction * Decimal::ONE_HUNDRED, 3).normalize()))
}

/// A fraction in per cent with two decimals.
pub fn rate(fraction: Range, lang: Lang) -> String {
    range(fraction, lang, |fraction| format!("{:.2}%", rounded(fraction * Decimal::ONE_HUNDRED, 2)))
}

fn range(of: Range, lang: Lang, told: impl Fn(Decimal) -> String) -> String {
    let (low, high) = (told(of.low), told(of.high));
    if low == high { low } else { tell(lang, "between", &[low, high]) }
}

/// Rounded once, where it is shown.
fn rounded(figure: Decimal, places: u32) -> Decimal {
    figure.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

fn grouped(figure: Decimal, places: u32) -> String {
    let text = format!("{:.*}", places as usize, rounded(figure, places));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = super::in_unit(whole.parse::<i128>().unwrap_or_default() * 10_000, 1);
    format!("{whole}.{fraction}")
}

fn say(lang: Lang, key: &str) -> &'static str {
    word(lang, &format!("cost.{key}"))
}

fn tell(lang: Lang, key: &str, values: &[String]) -> String {
    fill(say(lang, key), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
}
