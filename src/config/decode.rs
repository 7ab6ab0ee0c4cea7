//! Reads TOML into a type and tells everything that is wrong with it at once, each with its line.
//!
//! Owns: the reading of syntax errors, unknown keys, wrong types and values; the lines of paths; the fold of
//! `validator`'s findings. Takes: the text. Gives: the value and a list of [`Problem`]s, which are data; a catalogue
//! (`CFG-001` and on) makes sentences of them.
//! How: the text becomes a tree that remembers places. The tree is read into the type; on an error the offending entry
//! is noted and cut out, or a missing one is put in provisionally, and the tree is read again until it fits. What only
//! follows from a cut is not reported.
//! Invariants: never panics; every round removes or replaces an entry and the rounds are bounded; lines count from 1.
//! To add a kind: a variant of [`ProblemKind`], its line in `code`, its entry in `config.toml` of the catalogue.

mod message;
mod nearest;
mod problem;
mod syntax;
mod tree;
mod validation;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use message::Complaint;
use tree::{Aim, Path};

pub use nearest::nearest;
pub use problem::{Problem, ProblemKind};
pub use tree::line_of;
pub use validation::validation_problems;

/// Rounds of reading before giving up; each round finds one problem.
const MOST_ROUNDS: usize = 400;

/// Values tried in turn in the place of a missing entry, so that reading can go on behind it.
const STAND_INS: [&str; 7] = ["\"\"", "0", "false", "[]", "{}", "0.0", "1970-01-01"];

/// Reads a text into a type and lists all problems in the order of their lines.
///
/// With problems, the value is what could be read without the wrong entries; there is none if the text is no TOML or
/// a key that has no default is missing or wrong.
pub fn decode<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<Problem>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let (mut problems, readable) = syntax::problems(text, &errors);
    if !readable {
        return (None, problems);
    }
    let mut reading = Reading::new(text, root);
    let value = reading.run();
    problems.append(&mut reading.problems);
    problems.sort_by_key(|problem| problem.line);
    (value, problems)
}

/// One text being read in rounds.
struct Reading<'a> {
    text: &'a str,
    /// The tree as written: paths and lines come from here.
    written: Spanned<DeTable<'a>>,
    /// The tree that is read, without what was cut and with stand-ins.
    tree: Spanned<DeTable<'a>>,
    /// Entries cut out, by their written path: that they are missing is a consequence.
    cut: HashSet<Path>,
    /// Stand-ins in the tree by the start of their made-up span (behind the text): which one was tried last.
    stand_ins: HashMap<usize, usize>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, root: Spanned<DeTable<'a>>) -> Self {
        Self { text, written: root.clone(), tree: root, cut: HashSet::new(), stand_ins: HashMap::new(), problems: Vec::new() }
    }

    /// Reads until it fits; a value with stand-ins in it is not given out.
    fn run<T: DeserializeOwned>(&mut self) -> Option<T> {
        for _ in 0..MOST_ROUNDS {
            match T::deserialize(toml::de::Deserializer::from(self.tree.clone())) {
                Ok(value) => return self.stand_ins.is_empty().then_some(value),
                Err(error) => {
                    let span = error.span().unwrap_or(0..0);
                    self.settle(Complaint::read(error.message()), &span)?;
                }
            }
        }
        None
    }

    /// Notes one problem and changes the tree so that the next round gets past it; nothing if that is impossible.
    fn settle(&mut self, complaint: Complaint, span: &Range<usize>) -> Option<()> {
        if let Complaint::Missing { key } = complaint {
            return self.fill(span, key);
        }
        let here = tree::locate(self.tree.get_ref(), span, complaint.aim());
        if let Some(here) = here.as_ref().filter(|_| self.is_stand_in(span)) {
            return self.replace_stand_in(here, span, &complaint);
        }
        // A complaint about the whole text has no path; it is told, and ends the reading.
        let path = tree::locate(self.written.get_ref(), span, complaint.aim()).unwrap_or_default();
        self.problems.push(self.problem(complaint, span, &path));
        let here = here?;
        tree::remove(self.tree.get_mut(), &here)?;
        self.cut.insert(path);
        Some(())
    }

    /// Notes a missing key, unless it was cut out, and puts a stand-in in its place.
    fn fill(&mut self, span: &Range<usize>, key: String) -> Option<()> {
        let table = tree::locate(self.tree.get_ref(), span, Aim::Innermost).unwrap_or_default();
        if !self.is_stand_in(span) {
            let mut path = tree::locate(self.written.get_ref(), span, Aim::Innermost).unwrap_or_default();
            path.push(tree::Segment::Key(key.clone()));
            if !self.cut.contains(&path) {
                self.problems.push(Problem {
                    line: tree::line_at(self.text, span.start),
                    path: tree::render(&path),
                    kind: ProblemKind::MissingKey,
                    found: String::new(),
                    expected: vec![key.clone()],
                });
            }
        }
        let start = self.text.len() + 1 + 2 * self.stand_ins.len();
        self.stand_ins.insert(start, 0);
        let value = DeValue::parse(STAND_INS[0]).ok()?.into_inner();
        tree::insert(self.tree.get_mut(), &table, key, Spanned::new(start..start + 1, value))
    }

    fn is_stand_in(&self, span: &Range<usize>) -> bool {
        self.stand_ins.contains_key(&span.start)
    }

    /// Tries the next value in the place of a missing entry; when none fits, the table that lacks it is cut out.
    fn replace_stand_in(&mut self, here: &Path, span: &Range<usize>, complaint: &Complaint) -> Option<()> {
        let tried = self.stand_ins.get_mut(&span.start)?;
        *tried += 1;
        let value = match complaint {
            Complaint::UnknownValue { expected, .. } if *tried < STAND_INS.len() => {
                // A choice: the first name of it will do.
                *tried = STAND_INS.len();
                DeValue::String(expected.first()?.clone().into())
            }
            _ => match STAND_INS.get(*tried) {
                Some(text) => DeValue::parse(text).ok()?.into_inner(),
                None => {
                    let parent = &here[..here.len().checked_sub(1)?];
                    return tree::remove(self.tree.get_mut(), parent);
                }
            },
        };
        let place = tree::get_mut(self.tree.get_mut(), here)?;
        *place = Spanned::new(span.clone(), value);
        Some(())
    }

    fn problem(&self, complaint: Complaint, span: &Range<usize>, path: &Path) -> Problem {
        let as_written = tree::snippet(self.text, span);
        let (kind, found, expected) = match complaint {
            Complaint::UnknownKey { key, expected } => (ProblemKind::UnknownKey, key, expected),
            Complaint::UnknownValue { value, expected } => (ProblemKind::UnknownValue, value, expected),
            Complaint::Missing { key } => (ProblemKind::MissingKey, String::new(), vec![key]),
            Complaint::WrongType { expected, .. } => (ProblemKind::WrongType, as_written, expected),
            Complaint::BadValue { expected } => (ProblemKind::BadValue, as_written, expected),
        };
        Problem { line: tree::line_at(self.text, span.start), path: tree::render(path), kind, found, expected }
    }
}

#[cfg(test)]
mod tests;
