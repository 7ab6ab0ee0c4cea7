//! The words of reports and terminal. To add one: a line in `catalogue/words.toml`.

use crate::model::words::{Lang, Words};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A word or sentence of reports and terminal, from `words.toml`; a question mark where it is missing.
pub fn word(lang: Lang, key: &str) -> &'static str {
    find_word(lang, key).unwrap_or_else(|| {
        tracing::error!(word.key = key, "word is missing in the catalogue");
        "?"
    })
}

/// An amount as its cell states it, with the unit that applies to it; many cells say their unit themselves.
pub fn with_unit(lang: Lang, stated: &str, yuan: Option<i64>) -> String {
    let unit = yuan.filter(|_| stated.ends_with(|c: char| c.is_ascii_digit())).and_then(|yuan| find_word(lang, &format!("unit.{yuan}")));
    unit.map_or_else(|| stated.to_owned(), |unit| format!("{stated} {unit}"))
}

/// A word of `words.toml`, if it is there: values of code lists may be a site's own.
pub fn find_word(lang: Lang, key: &str) -> Option<&'static str> {
    static WORDS: OnceLock<HashMap<String, Words>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        toml::from_str::<HashMap<String, HashMap<String, Words>>>(include_str!("catalogue/words.toml"))
            .map(|sections| {
                sections
                    .into_iter()
                    .flat_map(|(section, words)| words.into_iter().map(move |(k, w)| (format!("{section}.{k}"), w)))
                    .collect()
            })
            .unwrap_or_default()
    });
    words.get(key).map(|words| words.get(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_row_set_aside_has_a_name() {
        use crate::model::aside::AsideKind;
        for kind in AsideKind::ALL {
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.id().into()));
            for lang in [Lang::Zh, Lang::En] {
                assert!(find_word(lang, &format!("aside.{}", kind.id())).is_some_and(|name| !name.is_empty()), "{kind:?}");
            }
        }
    }
}
