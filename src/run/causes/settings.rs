//! Which settings differ between two runs, by path.

use toml::{Table, Value};

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Where it stands: `criterion.revenue.at_least`.
    pub path: String,
    /// What it was; empty if it was not there.
    pub was: String,
    /// What it is; empty if it is not there.
    pub is: String,
}

/// What a setting is shown as, at most.
const SHOWN: usize = 60;
/// Keys whose values are names given by people: what stands right below is no word of the settings.
const NAMING: [&str; 7] = ["source", "form", "field", "codes", "enterprise", "edit", "criterion"];
/// Words for people, and what shows a value: no value rests on them.
const WORDS: [&str; 15] = [
    "label",
    "heading",
    "group",
    "title",
    "name",
    "help",
    "message",
    "explain",
    "source",
    "threshold",
    "unjudged",
    "hidden",
    "adds",
    "severity_name",
    "unit",
];
/// Sections, and parts of them, that decide nothing of an enterprise.
const ASIDE: [&str; 6] = ["output", "cost", "run.lang", "pool.sheet", "pool.table", "pool.page"];
/// Keys of sources that decide nothing of one.
const OF_SOURCES: [&str; 4] = ["bureau", "legal_basis", "purpose", "catalogue_item"];

impl Setting {
    /// Whether it stands at a path, below it, or holds it.
    pub fn is_at(&self, path: &str) -> bool {
        let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        below(&self.path, path) || below(path, &self.path)
    }
}

/// The settings that differ, words for people aside; of texts that do not parse none.
pub fn differing(older: &str, newer: &str) -> Vec<Setting> {
    let parsed = |text: &str| text.parse::<Table>().unwrap_or_default();
    let mut found = Vec::new();
    walk(&mut Vec::new(), &parsed(older), &parsed(newer), &mut found);
    found
}

fn walk(path: &mut Vec<String>, older: &Table, newer: &Table, found: &mut Vec<Setting>) {
    let added = newer.keys().filter(|key| !older.contains_key(*key));
    for key in older.keys().chain(added) {
        path.push(key.clone());
        match (older.get(key), newer.get(key)) {
            (Some(Value::Table(older)), Some(Value::Table(newer))) => walk(path, older, newer, found),
            (was, is) if was != is && counts(path) => {
                found.push(Setting { path: path.join("."), was: shown(was), is: shown(is) });
            }
            _ => {}
        }
        path.pop();
    }
}

/// Whether anything of an enterprise may rest on what stands at a path.
fn counts(path: &[String]) -> bool {
    let whole = path.join(".");
    let aside = ASIDE.iter().any(|aside| whole.strip_prefix(aside).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
    let of_source = path.len() == 3 && path[0] == "source" && OF_SOURCES.contains(&path[2].as_str());
    // The label of a form's field is what its header is known by.
    let of_field = path.len() > 4 && path[0] == "form" && path[2] == "field";
    let is_name = |place: usize| place == 0 || NAMING.contains(&path[place - 1].as_str()) && place <= 3;
    let words = (0..path.len()).any(|place| !is_name(place) && WORDS.contains(&path[place].as_str()));
    !aside && !of_source && (of_field || !words)
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Table(_)) => "{…}".to_owned(),
        Some(other) => other.to_string(),
    };
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > SHOWN { text.chars().take(SHOWN).chain(['…']).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_by_path_and_words_are_not() {
        let older = "[criterion.a]\nname = 'A'\nat_least = '5万元'\n[edit.F1]\nholds = 'x'\n[form.f.field.label]\nlabel = '标签'\n[output]\ndata = ['csv']\n";
        let newer = "[criterion.a]\nname = 'B'\nat_least = '6万元'\n[edit.F1]\nholds = 'x'\ndisabled = true\n[form.f.field.label]\nlabel = '标牌'\n[criterion.b]\nmet = 'true'\n";
        let told: Vec<String> = differing(older, newer).into_iter().map(|s| format!("{}: {} -> {}", s.path, s.was, s.is)).collect();
        let expected = [
            "criterion.a.at_least: 5万元 -> 6万元",
            "criterion.b:  -> {…}",
            "edit.F1.disabled:  -> true",
            "form.f.field.label.label: 标签 -> 标牌",
        ];
        assert_eq!(told, expected);
        let at = |path: &str| Setting { path: path.to_owned(), was: String::new(), is: String::new() };
        assert!(at("criterion.a.at_least").is_at("criterion.a") && at("criterion.b").is_at("criterion.b.met"));
        assert!(!at("criterion.ab").is_at("criterion.a"));
    }
}
