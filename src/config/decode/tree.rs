//! Places in a TOML tree: which entry an error means, where a path stands, and how an entry is taken out.
//!
//! A table's span is that of its header, not of its contents, and some entries share a span: a list of tables with its
//! first table, a dotted key's table with that key. The [`Aim`] says which is meant.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Segment {
    /// A key of a table.
    Key(String),
    /// A place in a list, counted from 0.
    Index(usize),
}

/// The way from the root to an entry.
pub(super) type Path = Vec<Segment>;

/// Which of several entries with one span is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// The entry with that key.
    Key,
    /// The outermost with that value.
    Outermost,
    /// The innermost with that value.
    Innermost,
}

/// Characters of a value that a problem shows.
const SNIPPET_CHARS: usize = 60;

/// Gives the line of a byte, counted from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let end = offset.min(text.len());
    text.as_bytes()[..end].iter().filter(|&&b| b == b'\n').count() + 1
}

/// Gives the text of a span as one short line.
pub(super) fn snippet(text: &str, span: &Range<usize>) -> String {
    let written = text.get(span.clone()).unwrap_or("");
    let first = written.lines().next().unwrap_or("");
    let mut shown: String = first.chars().take(SNIPPET_CHARS).collect();
    if shown.len() < written.len() {
        shown.push('…');
    }
    shown
}

/// Writes a path as people write it: `source.tax.http[0].url`; keys with odd characters in quotation marks.
pub(super) fn render(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                if key.is_empty() || key.contains(|c: char| matches!(c, '.' | '[' | ']' | '"') || c.is_whitespace()) {
                    text.push_str(&format!("{key:?}"));
                } else {
                    text.push_str(key);
                }
            }
        }
    }
    text
}

/// Finds the entry that a span belongs to; nothing if that is the root or nowhere.
pub(super) fn locate(root: &DeTable<'_>, span: &Range<usize>, aim: Aim) -> Option<Path> {
    let mut search = Search { span, aim, exact: None, around: None };
    search.table(root, &mut Vec::new());
    search.exact.or(search.around.map(|(_, path)| path))
}

struct Search<'a> {
    span: &'a Range<usize>,
    aim: Aim,
    exact: Option<Path>,
    /// The smallest span around the one sought, for errors inside a value.
    around: Option<(usize, Path)>,
}

impl Search<'_> {
    fn table(&mut self, table: &DeTable<'_>, path: &mut Path) {
        for (key, value) in table.iter() {
            path.push(Segment::Key(key.get_ref().to_string()));
            if self.aim == Aim::Key {
                self.compare(&key.span(), path);
            } else {
                self.compare(&value.span(), path);
            }
            self.below(value, path);
            path.pop();
        }
    }

    fn below(&mut self, value: &Spanned<DeValue<'_>>, path: &mut Path) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, path),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Segment::Index(index));
                    self.compare(&item.span(), path);
                    self.below(item, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn compare(&mut self, candidate: &Range<usize>, path: &[Segment]) {
        if candidate == self.span {
            // Entries are visited from the outside in.
            let keep = self.exact.as_ref().is_some_and(|found| match self.aim {
                Aim::Outermost => found.len() <= path.len(),
                Aim::Key | Aim::Innermost => found.len() > path.len(),
            });
            if !keep {
                self.exact = Some(path.to_vec());
            }
        } else if candidate.start <= self.span.start && self.span.end <= candidate.end && !self.span.is_empty() {
            let length = candidate.len();
            if self.around.as_ref().is_none_or(|(found, _)| length <= *found) {
                self.around = Some((length, path.to_vec()));
            }
        }
    }
}

/// Gives the entry at a path for changing; the root is none.
pub(super) fn get_mut<'t, 'i>(root: &'t mut DeTable<'i>, path: &[Segment]) -> Option<&'t mut Spanned<DeValue<'i>>> {
    let (Segment::Key(first), rest) = path.split_first()? else {
        return None;
    };
    let mut place = root.get_mut(first.as_str())?;
    for segment in rest {
        place = match (segment, place.get_mut()) {
            (Segment::Key(key), DeValue::Table(table)) => table.get_mut(key.as_str())?,
            (Segment::Index(index), DeValue::Array(items)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    Some(place)
}

/// Takes the entry at a path out; nothing if there is none.
pub(super) fn remove(root: &mut DeTable<'_>, path: &[Segment]) -> Option<()> {
    let (last, parent) = path.split_last()?;
    match last {
        Segment::Key(key) => table_mut(root, parent)?.remove(key.as_str()).map(|_| ()),
        Segment::Index(index) => {
            let list = get_mut(root, parent)?.get_mut();
            // `DeArray` has no removal of its own: it is taken apart and put together again.
            match std::mem::replace(list, DeValue::Boolean(false)) {
                DeValue::Array(items) => {
                    let kept = items.into_iter().enumerate().filter(|(at, _)| at != index);
                    *list = DeValue::Array(kept.map(|(_, item)| item).collect());
                    Some(())
                }
                other => {
                    *list = other;
                    None
                }
            }
        }
    }
}

/// Puts an entry into the table at a path.
pub(super) fn insert<'i>(root: &mut DeTable<'i>, table: &[Segment], key: String, value: Spanned<DeValue<'i>>) -> Option<()> {
    let span = value.span();
    table_mut(root, table)?.insert(Spanned::new(span, key.into()), value);
    Some(())
}

fn table_mut<'t, 'i>(root: &'t mut DeTable<'i>, path: &[Segment]) -> Option<&'t mut DeTable<'i>> {
    if path.is_empty() {
        return Some(root);
    }
    match get_mut(root, path)?.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// Gives the line on which a path stands, counted from 1.
///
/// The path is written as in [`super::Problem::path`]; keys with dots need no quotation marks. If only its last key is
/// not in the text, as when something is missing, it is the line of the table that lacks it; otherwise nothing.
pub fn line_of(text: &str, path: &str) -> Option<usize> {
    let (root, _) = DeTable::parse_recoverable(text);
    let root = DeValue::Table(root.into_inner());
    let mut best = None;
    follow(&root, path, &mut best, 0);
    let (offset, rest) = best?;
    let is_last_key = rest.is_empty() || !rest.trim_start_matches('.').contains(['.', '[']);
    is_last_key.then(|| line_at(text, offset))
}

/// Follows a path as far as it goes and keeps the furthest place with the rest of the path.
fn follow<'p>(value: &DeValue<'_>, rest: &'p str, best: &mut Option<(usize, &'p str)>, depth: usize) {
    let mut step = |offset: usize, value: &DeValue<'_>, after: &'p str| {
        if best.is_none_or(|(_, rest)| after.len() < rest.len()) {
            *best = Some((offset, after));
        }
        if !after.is_empty() && depth < 64 {
            follow(value, after, best, depth + 1);
        }
    };
    match value {
        DeValue::Table(table) => {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            for (key, value) in table.iter() {
                let name = key.get_ref().as_ref();
                let quoted = format!("{name:?}");
                let after = rest.strip_prefix(name).or_else(|| rest.strip_prefix(quoted.as_str()));
                if let Some(after) = after.filter(|after| after.is_empty() || after.starts_with(['.', '['])) {
                    step(key.span().start, value.get_ref(), after);
                }
            }
        }
        DeValue::Array(items) => {
            let Some((index, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
                return;
            };
            if let Some(item) = index.parse().ok().and_then(|index: usize| items.get(index)) {
                step(item.span().start, item.get_ref(), after);
            }
        }
        _ => {}
    }
}
