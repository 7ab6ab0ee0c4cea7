//! Feasibility in words: sheet, page and terminal say the same.

use super::proposal::money;
use super::{find_word, word};
use crate::config::Config;
use crate::model::feasibility::Capacity;
use crate::model::words::{Lang, fill};

/// The greatest issue that the pool could carry, in a sentence.
pub fn capacity_in_words(config: &Config, lang: Lang, capacity: &Capacity) -> String {
    let scale = config.issue.scale.units();
    let arguments = [capacity.candidates.to_string(), money(capacity.need), money(capacity.reached), money(scale)];
    let carried = match capacity.bound {
        None => tell(lang, "capacity_unknown", &arguments),
        Some(_) if capacity.is_proven() => tell(lang, "capacity_proven", &arguments),
        Some(bound) => tell(lang, "capacity_between", &[&arguments[..], &[money(bound)]].concat()),
    };
    let key = match capacity.bound {
        _ if capacity.reached >= scale => "capacity_enough",
        Some(bound) if bound < scale => "capacity_short",
        _ => "capacity_open",
    };
    format!("{carried}{}", tell(lang, key, &arguments))
}

/// A kind of patents; what is not stated is said so.
pub fn kind_in_words(config: &Config, lang: Lang, kind: &str) -> String {
    if kind.is_empty() {
        return say(lang, "kind_unstated").to_owned();
    }
    let spelled = config.codes.values().find_map(|codes| codes.get(kind)).and_then(|spellings| spellings.first());
    find_word(lang, &format!("value.{kind}")).map(str::to_owned).or_else(|| spelled.cloned()).unwrap_or_else(|| kind.to_owned())
}

/// An industry by the first characters of its code.
pub fn industry_in_words(config: &Config, lang: Lang, code: &str) -> String {
    if code.is_empty() {
        return say(lang, "industry_unstated").to_owned();
    }
    // Divisions of GB/T 4754-2017; a code cut elsewhere is told as it is.
    let division = (config.issue.industry_digits == 3).then(|| find_word(lang, &format!("division.{code}"))).flatten();
    division.map_or_else(|| code.to_owned(), |division| format!("{code} {division}"))
}

/// A place; one that no address names is said so.
pub fn place_in_words(lang: Lang, place: &str) -> String {
    if place.is_empty() { say(lang, "place_unstated").to_owned() } else { place.to_owned() }
}

fn say(lang: Lang, key: &str) -> &'static str {
    word(lang, &format!("feasibility.{key}"))
}

fn tell(lang: Lang, key: &str, values: &[String]) -> String {
    fill(say(lang, key), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
}
