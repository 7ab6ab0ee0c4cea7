//! What an error of serde says, as data.
//!
//! serde and the TOML reader give sentences, not data; their forms are fixed (`unknown field`, `invalid type` ...) and
//! are taken apart here. A sentence of another form, as a type's own reading gives it, becomes a bad value.

use super::tree::Aim;

/// One complaint about a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Complaint {
    /// A key that the type does not have.
    UnknownKey { key: String, expected: Vec<String> },
    /// A word that is none of an enum's.
    UnknownValue { value: String, expected: Vec<String> },
    /// A key that the type must have.
    Missing { key: String },
    /// A value of another type.
    WrongType { of_list: bool, expected: Vec<String> },
    /// A value of the right type that cannot be used.
    BadValue { expected: Vec<String> },
}

impl Complaint {
    /// Takes a message apart.
    pub(super) fn read(message: &str) -> Self {
        if let Some((key, expected)) = named(message, "unknown field `") {
            return Self::UnknownKey { key, expected };
        }
        if let Some((value, expected)) = named(message, "unknown variant `") {
            return Self::UnknownValue { value, expected };
        }
        if let Some(rest) = message.strip_prefix("missing field `") {
            return Self::Missing { key: rest.trim_end().trim_end_matches('`').to_owned() };
        }
        let expected = match message.rsplit_once(", expected ") {
            Some((_, expected)) => shape(expected),
            None => match message.strip_prefix("wanted ") {
                Some(expected) => shape(expected),
                None => vec![message.to_owned()],
            },
        };
        if message.starts_with("invalid type: ") || message.starts_with("wanted ") {
            let of_list = message.starts_with("invalid type: sequence");
            Self::WrongType { of_list, expected }
        } else {
            Self::BadValue { expected }
        }
    }

    /// Tells which entry is meant where several have the same span.
    pub(super) fn aim(&self) -> Aim {
        match self {
            Self::UnknownKey { .. } => Aim::Key,
            // A list of tables begins where its first table begins.
            Self::WrongType { of_list: true, .. } => Aim::Outermost,
            _ => Aim::Innermost,
        }
    }
}

/// Reads "unknown ... `x`, expected one of `a`, `b`".
fn named(message: &str, beginning: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix(beginning)?;
    let (name, expected) = match rest.rsplit_once("`, expected ") {
        Some((name, expected)) => (name, expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()),
        None => (rest.rsplit_once("`, there are no ")?.0, Vec::new()),
    };
    Some((name.to_owned(), expected))
}

/// Writes serde's name of a type as a pattern that needs no language: `"…"`, `[…]`, `0–255`.
fn shape(expected: &str) -> Vec<String> {
    let patterns: &[&str] = match expected.trim() {
        "a string" | "string" | "a borrowed string" | "a character" => &["\"…\""],
        "a boolean" => &["true", "false"],
        "u8" | "a nonzero u8" => &["0–255"],
        "u16" | "a nonzero u16" => &["0–65535"],
        "u32" | "u64" | "u128" | "usize" | "a nonzero u32" | "a nonzero u64" | "a nonzero usize" => &["0, 1, 2 …"],
        "i8" => &["-128–127"],
        "i16" => &["-32768–32767"],
        "i32" | "i64" | "i128" | "isize" => &["… -1, 0, 1 …"],
        "f32" | "f64" => &["0.5"],
        "a sequence" => &["[…]"],
        "a map" => &["{ … }"],
        "string or table" => &["\"…\"", "{ … }"],
        "a TOML datetime" | "a formatted date string" => &["2026-01-31"],
        other if other.starts_with("struct ") => &["{ … }"],
        other => return vec![other.to_owned()],
    };
    patterns.iter().map(|&pattern| pattern.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_messages_apart() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (message, complaint) in [
            (
                "unknown field `globb`, expected one of `id`, `glob`",
                Complaint::UnknownKey { key: "globb".into(), expected: names(&["id", "glob"]) },
            ),
            ("unknown field `a`, expected `b`", Complaint::UnknownKey { key: "a".into(), expected: names(&["b"]) }),
            ("unknown field `a`, there are no fields", Complaint::UnknownKey { key: "a".into(), expected: vec![] }),
            ("unknown variant `x`, expected `zh` or `en`", Complaint::UnknownValue { value: "x".into(), expected: names(&["zh", "en"]) }),
            ("missing field `id`", Complaint::Missing { key: "id".into() }),
            ("invalid type: string \"a, expected b\", expected u8", Complaint::WrongType { of_list: false, expected: names(&["0–255"]) }),
            ("invalid type: sequence, expected a map", Complaint::WrongType { of_list: true, expected: names(&["{ … }"]) }),
            ("wanted string or table", Complaint::WrongType { of_list: false, expected: names(&["\"…\"", "{ … }"]) }),
            ("invalid value: integer `-1`, expected u64", Complaint::BadValue { expected: names(&["0, 1, 2 …"]) }),
            ("no such day", Complaint::BadValue { expected: names(&["no such day"]) }),
        ] {
            assert_eq!(Complaint::read(message), complaint, "{message}");
        }
    }
}
