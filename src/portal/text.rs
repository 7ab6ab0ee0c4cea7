//! Words, counts and moments as pages say them, and texts as addresses carry them.

use crate::finding::{find_word, word};
use crate::model::words::{Lang, fill};

/// A word of the portal.
pub fn portal(key: &str) -> &'static str {
    word(Lang::Zh, &format!("portal.{key}"))
}

/// A sentence of the catalogue with its arguments.
pub fn say(key: &str, arguments: &[String]) -> String {
    fill(word(Lang::Zh, key), |i| i.parse::<usize>().ok().and_then(|i| arguments.get(i).cloned())).into_owned()
}

/// What a severity is called.
pub fn severity(id: &str) -> &'static str {
    find_word(Lang::Zh, &format!("severity.{id}")).unwrap_or_default()
}

/// A text within a query: everything but letters, digits and `-._~/` is escaped.
pub fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A count, or the word for one that is held back.
pub fn told(number: Option<u64>) -> String {
    number.map_or_else(|| word(Lang::Zh, "publish.held_back").to_owned(), grouped)
}

/// A number with its thousands apart: `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A moment of the ledger as pages show it: `2026-07-01 02:00`.
pub fn shown(stamp: &str) -> String {
    stamp.get(..16).map_or_else(|| stamp.to_owned(), |s| s.replace('T', " "))
}
