//! Mistakes of `pipeline.toml` in words.

use super::reference;
use crate::config::Problem;
use crate::model::words::Lang;

/// What is expected where a problem is, in words.
pub fn expected(problem: &Problem, lang: Lang) -> Vec<String> {
    problem.expected.iter().map(|expected| reference(lang, expected)).collect()
}

/// The value of a placeholder in a problem's message: `key`, `found`, `expected`, `nearest`, or `0`, `1` … for one of what
/// is expected and `1…` for it and all behind it; a dash if there is none.
pub fn argument(problem: &Problem, lang: Lang, name: &str) -> Option<String> {
    let text = match name {
        "key" => problem.path.clone(),
        "found" => problem.found.clone(),
        "expected" => expected(problem, lang).join(", "),
        "nearest" => problem.nearest().unwrap_or_default().to_owned(),
        _ => {
            let place: usize = name.trim_end_matches('…').parse().ok()?;
            let of = expected(problem, lang).into_iter().skip(place);
            of.take(if name.ends_with('…') { usize::MAX } else { 1 }).collect::<Vec<_>>().join(", ")
        }
    };
    Some(if text.is_empty() { "—".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProblemKind;

    #[test]
    fn placeholders_have_values() {
        let expected = ["title", "limits"].map(String::from).to_vec();
        let problem = Problem { line: 1, path: "titel".into(), kind: ProblemKind::UnknownKey, found: "titel".into(), expected };
        let argument = |name| argument(&problem, Lang::Zh, name);
        assert_eq!(argument("key").as_deref(), Some("titel"));
        assert_eq!(argument("nearest").as_deref(), Some("title"));
        assert_eq!(argument("expected").as_deref(), Some("title, limits"));
        assert_eq!(argument("1").as_deref(), Some("limits"));
        assert_eq!(argument("2…").as_deref(), Some("—"));
        assert_eq!(argument("other"), None);
    }
}
