//! References to words within texts of ours.

use super::word::word;
use crate::model::words::{Lang, fill};

/// Words, or what a catalogue reference `@key|argument` says; several references are apart by U+001E.
pub fn reference(lang: Lang, text: &str) -> String {
    if !text.starts_with('@') {
        return text.to_owned();
    }
    let said = text.split('\u{1e}').map(|reference| {
        let mut parts = reference.trim_start_matches('@').split('|');
        let sentence = word(lang, parts.next().unwrap_or_default());
        let arguments: Vec<&str> = parts.collect();
        fill(sentence, |place| place.parse::<usize>().ok().and_then(|i| arguments.get(i)).map(|a| (*a).to_owned())).into_owned()
    });
    said.collect::<Vec<_>>().join(word(lang, "link.also"))
}
