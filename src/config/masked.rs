//! What of a site's file is never repeated: secrets, and addresses that hold one, also where they stand by mistake.

use super::decode::{Problem, ProblemKind};
use crate::model::url;
use toml::{Table, Value};

/// What stands for a text that is not repeated.
const HIDDEN: &str = "…";

/// Whether a key's value is known to its service alone.
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["secret", "password", "passwd", "token"].iter().any(|word| key.contains(word))
}

/// Whether a key is an address, whose query or path may be a key.
fn is_address(key: &str) -> bool {
    key == "url" || key.ends_with("_url")
}

/// A value in force as people may read it; `path` is where it stands.
pub(super) fn masked(path: &str, value: &Value) -> Value {
    let key = path.rsplit('.').next().unwrap_or(path);
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| masked(path, item)).collect()),
        // Where a secret stands is none.
        Value::Table(table) => Value::Table(table.iter().map(|(k, v)| (k.clone(), masked(&format!("{path}.{k}"), v))).collect::<Table>()),
        Value::String(_) if is_secret(key) => Value::String(HIDDEN.to_owned()),
        Value::String(address) if is_address(key) => Value::String(address_of(path, address)),
        other => other.clone(),
    }
}

/// An address of a notice is shown without its path, which may be a key.
fn address_of(path: &str, address: &str) -> String {
    if path.starts_with("notice") { url::place(address) } else { url::shown(address) + if url::has_query(address) { "?…" } else { "" } }
}

/// Takes what may be secret out of a problem.
pub(super) fn mask(problem: &mut Problem) {
    let key = problem.path.rsplit('.').next().unwrap_or_default();
    let value = !matches!(problem.kind, ProblemKind::UnknownKey | ProblemKind::MissingKey | ProblemKind::DuplicateKey);
    if value && (is_secret(key) || is_address(key)) || holds_secret(&problem.found) {
        problem.found = HIDDEN.to_owned();
    }
    if holds_secret(&problem.expected.concat()) {
        problem.expected.clear();
    }
}

/// A line of a site's file as an error may repeat it.
pub fn masked_line(line: &str, problem: &Problem) -> String {
    let among_secrets = problem.path.starts_with("notice") || problem.path.contains(".http");
    let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key, Some(value)));
    let plain =
        |value: &str| value.trim().starts_with('{') && ["env", "file"].iter().any(|form| value.contains(form)) && !holds_secret(value);
    match value {
        Some(value) if (among_secrets || is_secret(key) || is_address(key.trim())) && !plain(value) => format!("{key}= {HIDDEN}"),
        _ if holds_secret(line) => HIDDEN.to_owned(),
        _ => line.to_owned(),
    }
}

/// Whether a text holds an address with something before its host or after its path, or names a secret beside a value.
fn holds_secret(text: &str) -> bool {
    let named = text.split_once('=').is_some_and(|(key, value)| is_secret(key) && !SAFE.iter().any(|form| value.contains(form)));
    let address = text.split_once("://").is_some_and(|(_, rest)| rest.contains(['@', '?']));
    named || address
}

/// How a value begins that says where a secret stands.
const SAFE: [&str; 2] = ["env =", "file ="];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_repeated_without_what_it_must_not_tell() {
        let of = |path: &str, kind| Problem { line: 1, path: path.into(), kind, found: String::new(), expected: Vec::new() };
        for (path, line) in [
            ("notice[0].secret", "secret = \"geheim\""),
            ("notice[0].secrte", "secrte = \"geheim\""),
            ("source.market.http[0].url", "url = \"https://u:geheim@a/\""),
            ("", "password = \"geheim"),
            ("", "url = “https://a/?geheim”"),
            ("source.market.http", "http = [{ url = \"https://u:geheim@a\", name = 5 }]"),
        ] {
            let shown = masked_line(line, &of(path, ProblemKind::WrongType));
            assert!(!shown.contains("geheim"), "{shown}");
        }
        for (path, line) in [("source.tax.bureau", "bureau = 5"), ("notice[0].secret", "secret = { env = \"NAME\", file = \"b\" }")] {
            assert_eq!(masked_line(line, &of(path, ProblemKind::WrongType)), line);
        }
    }
}
