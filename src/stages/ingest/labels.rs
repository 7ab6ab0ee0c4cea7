//! Header words: from a label in a sheet to a field of a form.

use super::folding::{CURRENT, OPENING, PRIOR, is_current, key};
use super::head::{HeadCell, HeadRow};
use crate::config::{FieldOptions, FormOptions};
use crate::model::field::FieldKind;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// Shortest label that may be mended by one letter.
const MENDABLE_CHARS: usize = 4;

/// A form's header words.
#[derive(Debug)]
pub struct Labels {
    /// Field ids in the form's order.
    pub fields: Vec<String>,
    /// The kinds of the fields.
    pub kinds: Vec<FieldKind>,
    /// Fields that identify a record.
    pub keys: HashSet<usize>,
    /// Fields that a table of the form should have.
    pub expected: Vec<usize>,
    by_key: HashMap<String, usize>,
    skip: HashSet<String>,
    /// Bytes of the longest known word.
    longest: usize,
    /// How the words of key fields end: what the lowest level of such a column says.
    key_endings: HashSet<String>,
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
        let mut by_key = HashMap::new();
        for (index, field) in form.field.values().enumerate() {
            for word in words(form, field) {
                by_key.entry(key(&word)).or_insert(index);
            }
            if field.prior_of.is_none() {
                by_key.insert(key(&field.label), index);
            }
        }
        let mut skip: HashSet<String> = form.skip.iter().map(|s| key(s)).collect();
        // Another period's figure of a known field is known, and never this period's.
        for field in form.field.values().filter(|f| matches!(f.kind, FieldKind::Amount | FieldKind::Number)) {
            let other = own_words(field).flat_map(|base| qualified(&base, &[&PRIOR[..], &OPENING[..]].concat()));
            skip.extend(other.map(|word| key(&word)).filter(|word| !by_key.contains_key(word)));
        }
        let fields: Vec<String> = form.field.keys().cloned().collect();
        let keys: HashSet<usize> = form.key.iter().filter_map(|k| form.field.get_index_of(k)).collect();
        let endings = |word: &String| word.char_indices().map(|(at, _)| word[at..].to_owned()).collect::<Vec<_>>();
        Self {
            key_endings: by_key.iter().filter(|(_, i)| keys.contains(*i)).flat_map(|(w, _)| endings(w)).collect(),
            expected: form.field.values().enumerate().filter(|(_, f)| f.expected).map(|(i, _)| i).collect(),
            longest: by_key.keys().chain(&skip).map(String::len).max().unwrap_or(0),
            kinds: form.field.values().map(|f| f.kind).collect(),
            keys,
            skip,
            fields,
            by_key,
        }
    }

    /// Whether a row may name a key field, perhaps together with the levels above it.
    pub fn may_name_key(&self, row: &HeadRow) -> bool {
        row.cells.iter().any(|c| self.key_endings.contains(&c.key) || self.key_endings.contains(&c.bare))
    }

    /// Whether a row reads like (the first row of) a header: it names a key field and something else of the form.
    pub fn is_header(&self, row: &HeadRow) -> bool {
        let keyed = |c: &HeadCell| matches!(self.find(&[c]), Match::Field(i) if self.keys.contains(&i));
        row.cells.iter().any(keyed) && self.known(row) >= 2
    }

    /// How many cells of a row are header words of the form.
    pub fn known(&self, row: &HeadRow) -> usize {
        row.cells.iter().filter(|c| c.is_year() || self.find(&[c]) != Match::Unknown).count()
    }

    /// Finds the field of a column from its levels, top down, by its exact words; 本年 over all columns says nothing of one.
    pub fn find(&self, levels: &[&HeadCell]) -> Match {
        let named: Vec<&HeadCell> = levels.iter().copied().filter(|l| !l.is_year()).collect();
        let lasting: Vec<&HeadCell> = named.iter().copied().filter(|l| !is_current(&l.key)).collect();
        match self.of_words(&named) {
            Match::Unknown if (1..named.len()).contains(&lasting.len()) => self.of_words(&lasting),
            found => found,
        }
    }

    /// What words mean together, or the last of them.
    fn of_words(&self, named: &[&HeadCell]) -> Match {
        if let [word] = named {
            return self.exact(&word.key).or_else(|| self.exact(&word.bare)).unwrap_or(Match::Unknown);
        }
        for start in 0..named.len() {
            let joined: String = named[start..].iter().map(|l| l.key.as_str()).collect();
            let bare: String = named[start..].iter().map(|l| l.bare.as_str()).collect();
            if let Some(found) = self.exact(&joined).or_else(|| self.exact(&bare)) {
                return found;
            }
        }
        Match::Unknown
    }

    /// What a folded word means, if it is known.
    fn exact(&self, word: &str) -> Option<Match> {
        if word.len() > self.longest {
            return None;
        }
        let field = self.by_key.get(word).map(|index| Match::Field(*index));
        field.or_else(|| self.skip.contains(word).then_some(Match::Skip))
    }

    /// Finds the field of an unknown label that is one letter off a known word, if there is just one.
    pub fn mend(&self, leaf: &HeadCell) -> Match {
        let label = &leaf.bare;
        if label.chars().count() < MENDABLE_CHARS {
            return Match::Unknown;
        }
        let mut near: Vec<(&String, usize)> =
            self.by_key.iter().filter(|(word, _)| one_letter_apart(word, label)).map(|(w, i)| (w, *i)).collect();
        near.sort();
        match near.as_slice() {
            [] => Match::Unknown,
            [(word, index), rest @ ..] if rest.iter().all(|(_, i)| i == index) => Match::Mended(*index, (*word).clone()),
            _ => Match::Unknown,
        }
    }
}

/// The words that name a field: its own, with and without the period; a field that repeats the year before is also
/// named by the words of its base with that period.
fn words(form: &FormOptions, field: &FieldOptions) -> Vec<String> {
    match field.prior_of.as_deref().and_then(|base| form.field.get(base)) {
        Some(base) => own_words(field).chain(own_words(base).flat_map(|word| qualified(&word, &PRIOR))).collect(),
        None => own_words(field).chain(own_words(field).flat_map(|word| qualified(&word, &CURRENT))).collect(),
    }
}

fn own_words(field: &FieldOptions) -> impl Iterator<Item = String> {
    std::iter::once(field.label.clone()).chain(field.aliases.iter().cloned())
}

fn qualified(base: &str, periods: &[&str]) -> Vec<String> {
    periods.iter().flat_map(|w| [format!("{base}{w}"), format!("{w}{base}")]).collect()
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
    use crate::stages::ingest::head;
    use crate::stages::ingest::reader::CellKind;

    fn word(text: &str) -> HeadCell {
        head::cell(0, text, CellKind::Text)
    }

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
                (
                    "revenue_prior".into(),
                    FieldOptions { aliases: vec!["上年营收".into()], ..field("营业收入（上年同期）", Some("revenue")) },
                ),
            ]),
            skip: vec!["序号".into()],
            ..Default::default()
        }
    }

    #[test]
    fn labels_find_their_fields_through_levels_units_and_numbering() {
        let labels = Labels::new(&form());
        let cases: [(&[&str], Match); 15] = [
            (&["经营情况", "营业收入"], Match::Field(0)),
            (&["营业收入（千元）"], Match::Field(0)),
            (&["一、营业收入"], Match::Field(0)),
            (&["其中：主营业务收入"], Match::Field(1)),
            (&["营业收入", "本年"], Match::Field(0)),
            (&["营业收入", "上年同期"], Match::Field(2)),
            (&["2023年", "营 业 收 入"], Match::Field(0)),
            (&["2023年1-12月", "营业收入/千元"], Match::Field(0)),
            (&["2023年营业收入（千元）"], Match::Field(0)),
            (&["营业收入万元"], Match::Field(0)),
            (&["主营业务收入", "年初数"], Match::Skip),
            (&["主营业务收入", "上年同期"], Match::Skip),
            (&["上年营收"], Match::Field(2)),
            (&["营业收人"], Match::Unknown),
            (&["序 号"], Match::Skip),
        ];
        for (levels, want) in cases {
            let cells: Vec<HeadCell> = levels.iter().map(|l| word(l)).collect();
            assert_eq!(labels.find(&cells.iter().collect::<Vec<_>>()), want, "{levels:?}");
        }
        assert_eq!(labels.mend(&word("营业收人")), Match::Mended(0, "营业收入".into()));
        assert_eq!(labels.mend(&word("营业支出")), Match::Unknown);
    }
}
