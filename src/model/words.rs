//! Texts in the two languages, and their placeholders.

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Language of what people read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese (zh-CN).
    #[default]
    Zh,
    /// English.
    En,
}

/// One text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The text in a language; the other one where it is missing.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh if !self.zh.is_empty() => &self.zh,
            Lang::En if self.en.is_empty() => &self.zh,
            _ => &self.en,
        }
    }
}

/// What people read in one language or in both: `"用电量"`, or `{ zh = "用电量", en = "electricity" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label(pub Words);

impl Label {
    /// The text in a language; the other one where it is missing.
    pub fn get(&self, lang: Lang) -> &str {
        self.0.get(lang)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.en.is_empty() { to.serialize_str(&self.0.zh) } else { self.0.serialize(to) }
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Label;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a text or { zh, en }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Label, E> {
                Ok(Label(Words { zh: text.to_owned(), en: String::new() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Label, A::Error> {
                Words::deserialize(MapAccessDeserializer::new(map)).map(Label)
            }
        }
        from.deserialize_any(Either)
    }
}

/// Fills `{name}` placeholders; one without a value stays as it is, so that a gap is seen.
pub fn fill<'a>(template: &'a str, value: impl Fn(&str) -> Option<String>) -> Cow<'a, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let tail = &rest[open..];
        let Some(close) = tail.find('}') else {
            out.push_str(tail);
            return Cow::Owned(out);
        };
        match value(&tail[1..close]) {
            Some(text) => out.push_str(&text),
            None => out.push_str(&tail[..=close]),
        }
        rest = &tail[close + 1..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_gaps_stay_visible() {
        let text = fill("{a} 与 {b} 不符，{c", |k| (k == "a").then(|| "甲".to_owned()));
        assert_eq!(text, "甲 与 {b} 不符，{c");
        assert_eq!(fill("无占位", |_| None), "无占位");
    }
}
