//! Header words: from a label in a sheet to a field of a form.

use crate::config::{FieldKind, FormOptions};
use crate::model::period;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;

/// Words below a heading that mean this period's figure.
const CURRENT: [&str; 9] = ["本年", "本期", "本年累计", "本年实际", "本期金额", "期末", "年末", "期末余额", "全年"];
/// Words below a heading that mean the figure of a year ago.
const PRIOR: [&str; 6] = ["上年同期", "上年", "上期", "去年同期", "上年实际", "上期金额"];
/// Shortest label that may be mended by one letter.
const MENDABLE_CHARS: usize = 4;

/// A form's header words.
#[derive(Debug)]
pub struct Labels {
    /// Field ids in the form's order.
    pub fields: Vec<String>,
    /// The kinds of the fields.
    pub kinds: Vec<FieldKind>,
    by_key: HashMap<String, usize>,
    skip: HashSet<String>,
}

/// What a label turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A field, by its index.
    Field(usize),
    /// A field, after mending one letter; the label that was meant.
    Mended(usize, String),
    /// Known and skipped.
    Skip,
    /// Unknown.
    Unknown,
}

impl Labels {
    /// Indexes the words of a form.
    pub fn new(form: &FormOptions) -> Self {
        let fields: Vec<String> = form.field.keys().cloned().collect();
        let mut by_key = HashMap::new();
        for (index, field) in form.field.values().enumerate() {
            for base in bases(form, field) {
                for word in with_qualifiers(&base, field.prior_of.is_some()) {
                    by_key.entry(key(&word)).or_insert(index);
                }
            }
            if field.prior_of.is_none() {
                by_key.insert(key(&field.label), index);
            }
        }
        Self { kinds: form.field.values().map(|f| f.kind).collect(), skip: form.skip.iter().map(|s| key(s)).collect(), fields, by_key }
    }

    /// Whether a text is exactly one of the form's header words.
    pub fn knows(&self, text: &str) -> bool {
        let key = key(text);
        self.by_key.contains_key(&key) || self.skip.contains(&key)
    }

    /// Finds the field of a column from its levels, top down, by its exact words.
    pub fn find(&self, levels: &[&str]) -> Match {
        let named: Vec<&str> = levels.iter().copied().filter(|l| year_of(l).is_none()).collect();
        for start in 0..named.len() {
            let joined = named[start..].concat();
            for candidate in [key(&joined), key(&without_brackets(&joined))] {
                if let Some(&index) = self.by_key.get(&candidate) {
                    return Match::Field(index);
                }
                if self.skip.contains(&candidate) {
                    return Match::Skip;
                }
            }
        }
        Match::Unknown
    }

    /// Finds the field of an unknown label that is one letter off a known word, if there is just one.
    pub fn mend(&self, leaf: &str) -> Match {
        let label = key(&without_brackets(leaf));
        if label.chars().count() < MENDABLE_CHARS {
            return Match::Unknown;
        }
        let mut near: Vec<(&String, usize)> =
            self.by_key.iter().filter(|(word, _)| one_letter_apart(word, &label)).map(|(w, i)| (w, *i)).collect();
        near.sort();
        match near.as_slice() {
            [] => Match::Unknown,
            [(word, index), rest @ ..] if rest.iter().all(|(_, i)| i == index) => Match::Mended(*index, (*word).clone()),
            _ => Match::Unknown,
        }
    }
}

/// The words that name a field: its own, or its base field's if it repeats the year before.
fn bases(form: &FormOptions, field: &crate::config::FieldOptions) -> Vec<String> {
    let own = std::iter::once(field.label.clone()).chain(field.aliases.iter().cloned());
    match field.prior_of.as_deref().and_then(|base| form.field.get(base)) {
        Some(base) => std::iter::once(base.label.clone()).chain(base.aliases.iter().cloned()).collect(),
        None => own.collect(),
    }
}

fn with_qualifiers(base: &str, prior: bool) -> Vec<String> {
    let words: &[&str] = if prior { &PRIOR } else { &CURRENT };
    let mut all: Vec<String> = words.iter().flat_map(|w| [format!("{base}{w}"), format!("{w}{base}")]).collect();
    if !prior {
        all.push(base.to_owned());
    }
    all
}

/// The year that a header level states, if that is all it states.
pub fn year_of(label: &str) -> Option<i32> {
    let short = key(label);
    (short.chars().count() <= 6 && short.starts_with(|c: char| c.is_ascii_digit())).then(|| period::find_year(label)).flatten()
}

/// Folds a label: compatibility forms, no blanks, no punctuation, no leading numbering or 其中.
pub fn key(label: &str) -> String {
    let folded: String = label.nfkc().filter(|c| !c.is_whitespace()).collect();
    let mut rest = folded.as_str();
    if let Some(end) = rest.find(['、', '.']) {
        let (head, tail) = rest.split_at(end);
        let numbering = head.trim_start_matches('(').trim_end_matches(')');
        if !numbering.is_empty() && numbering.chars().all(|c| c.is_ascii_digit() || "一二三四五六七八九十".contains(c)) {
            rest = tail.trim_start_matches(['、', '.']);
        }
    }
    rest = rest.strip_prefix("其中").unwrap_or(rest);
    rest.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// The label without its bracketed parts, such as a unit.
fn without_brackets(label: &str) -> String {
    let mut depth = 0usize;
    label
        .chars()
        .filter(|c| match c {
            '(' | '（' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | '）' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

/// Whether two words differ by one replaced, added or missing letter.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (a.len() - head - tail, b.len() - head - tail);
    (rest_a, rest_b) != (0, 0) && rest_a <= 1 && rest_b <= 1
}

/// The labels of each form that a source may send.
pub fn index(forms: &IndexMap<String, FormOptions>) -> IndexMap<String, Labels> {
    forms.iter().map(|(id, form)| (id.clone(), Labels::new(form))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FieldOptions;

    fn form() -> FormOptions {
        let field = |label: &str, prior: Option<&str>| FieldOptions {
            label: label.into(),
            kind: FieldKind::Amount,
            prior_of: prior.map(Into::into),
            ..Default::default()
        };
        FormOptions {
            field: IndexMap::from([
                ("revenue".into(), field("营业收入", None)),
                ("main_revenue".into(), field("主营业务收入", None)),
                ("revenue_prior".into(), field("营业收入（上年同期）", Some("revenue"))),
            ]),
            skip: vec!["序号".into()],
            ..Default::default()
        }
    }

    #[test]
    fn labels_find_their_fields_through_levels_units_and_numbering() {
        let labels = Labels::new(&form());
        let cases: [(&[&str], Match); 9] = [
            (&["经营情况", "营业收入"], Match::Field(0)),
            (&["营业收入（千元）"], Match::Field(0)),
            (&["一、营业收入"], Match::Field(0)),
            (&["其中：主营业务收入"], Match::Field(1)),
            (&["营业收入", "本年"], Match::Field(0)),
            (&["营业收入", "上年同期"], Match::Field(2)),
            (&["2023年", "营 业 收 入"], Match::Field(0)),
            (&["营业收人"], Match::Unknown),
            (&["序 号"], Match::Skip),
        ];
        for (levels, want) in cases {
            assert_eq!(labels.find(levels), want, "{levels:?}");
        }
        assert_eq!(labels.mend("营业收人"), Match::Mended(0, "营业收入".into()));
        assert_eq!(labels.mend("营业支出"), Match::Unknown);
    }
}
