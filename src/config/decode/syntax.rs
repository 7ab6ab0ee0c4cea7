//! Errors of a text that is no TOML, told so that a person at an office can mend them.
//!
//! The reader recovers after an error, so one slip can be followed by complaints about what comes after it: one
//! problem is kept per line, and beside a bracket or quotation mark that is never closed, nothing else counts. Some
//! errors keep the reader from looking at the rest: it looks again without the wrong lines, and of what it then finds
//! only slips that stand for themselves are kept.

use toml::de::{DeTable, Error};

use super::tree::{line_at, snippet};
use super::{Problem, ProblemKind};

/// Problems shown of a text that is no TOML.
const MOST: usize = 50;

/// Full-width characters that are typed for TOML's own, and those.
const FULL_WIDTH: [(char, &str); 16] = [
    ('“', "\""),
    ('”', "\""),
    ('＂', "\""),
    ('‘', "'"),
    ('’', "'"),
    ('＇', "'"),
    ('＝', "="),
    ('，', ","),
    ('、', ","),
    ('．', "."),
    ('。', "."),
    ('［', "["),
    ('］', "]"),
    ('【', "["),
    ('】', "]"),
    ('＃', "#"),
];

/// Lists the problems of the syntax, and tells whether the tree can be read all the same (only keys stated twice).
pub(super) fn problems(text: &str, errors: &[Error]) -> (Vec<Problem>, bool) {
    let mut problems: Vec<Problem> = errors.iter().map(|error| problem(text, error)).collect();
    let readable = problems.iter().all(|problem| problem.kind == ProblemKind::DuplicateKey);
    problems.sort_by_key(|problem| problem.line);
    let is_wide = problems.iter().any(|problem| problem.kind == ProblemKind::FullWidth);
    if let Some(unclosed) = problems.iter().position(|problem| problem.kind == ProblemKind::Unclosed)
        && !is_wide
    {
        return (vec![problems.swap_remove(unclosed)], false);
    }
    // On one line, the general complaint comes last and is dropped.
    problems.sort_by_key(|problem| (problem.line, problem.kind == ProblemKind::Syntax));
    problems.dedup_by_key(|problem| problem.line);
    if !readable {
        look_again(text, &mut problems);
        problems.truncate(MOST);
    }
    (problems, readable)
}

/// Adds the slips that show when the wrong lines are left out.
fn look_again(text: &str, problems: &mut Vec<Problem>) {
    for _ in 0..MOST {
        let mut rest = String::with_capacity(text.len());
        for (index, line) in text.lines().enumerate() {
            if !problems.iter().any(|problem| problem.line == index + 1) {
                rest.push_str(line);
            }
            rest.push('\n');
        }
        let (_, errors) = DeTable::parse_recoverable(&rest);
        let known = problems.len();
        for error in &errors {
            let found = problem(&rest, error);
            let is_slip = matches!(found.kind, ProblemKind::FullWidth | ProblemKind::Unquoted);
            if is_slip && !problems.iter().any(|problem| problem.line == found.line) {
                problems.push(found);
            }
        }
        if problems.len() == known {
            break;
        }
    }
    problems.sort_by_key(|problem| problem.line);
}

fn problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    // That something is unclosed is noticed at the end of the text; what is mended is its opening.
    let start = opening(text, error.message()).unwrap_or(span.start);
    let line = line_at(text, start);
    let written = text.lines().nth(line - 1).unwrap_or("");
    let path = written.split_once(['=', '＝']).map_or("", |(key, _)| key).trim().to_owned();
    let (kind, found, expected) = if let Some((found, meant)) = full_width(written) {
        (ProblemKind::FullWidth, found.to_string(), vec![meant.to_owned()])
    } else {
        kind(error.message(), written, snippet(text, &span))
    };
    Problem { line, path, kind, found, expected }
}

fn kind(message: &str, written: &str, at: String) -> (ProblemKind, String, Vec<String>) {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let line = || snippet(written, &(0..written.len()));
    if what.starts_with("duplicate key") {
        (ProblemKind::DuplicateKey, at, Vec::new())
    } else if what.starts_with("string values must be quoted") {
        let quoted = format!("\"{at}\"");
        (ProblemKind::Unquoted, at, vec![quoted])
    } else if what.starts_with("unclosed") || (what.contains("string") && expected.starts_with(['`', '\''])) {
        (ProblemKind::Unclosed, line(), Vec::new())
    } else {
        (ProblemKind::Syntax, line(), vec![message.to_owned()])
    }
}

/// Finds where the text, list or table begins that is never closed, if the message is about one over several lines.
fn opening(text: &str, message: &str) -> Option<usize> {
    if message.contains("multi-line basic") {
        return text.rfind("\"\"\"");
    }
    if message.contains("multi-line literal") {
        return text.rfind("'''");
    }
    if !message.starts_with("unclosed") {
        return None;
    }
    let mut open = Vec::new();
    let (mut quote, mut comment) = (None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (_, '\n') => (quote, comment) = (None, false),
            _ if comment => {}
            (Some(mark), c) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') => comment = true,
            (None, '[' | '{') => open.push(at),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.first().copied()
}

/// Finds the first full-width character outside texts and comments, and what was meant by it.
fn full_width(line: &str) -> Option<(char, &'static str)> {
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '#') => return None,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, c) => {
                if let Some(&found) = FULL_WIDTH.iter().find(|(wide, _)| *wide == c) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}
