//! What `validator` finds in a value that was read, as problems with paths and lines.
//!
//! `validator` names fields as the Rust type does. A key that serde renames is not found by that name, so its problem
//! stands at the line of the table around it.

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::tree::line_of;
use super::{Problem, ProblemKind};

/// Folds the errors of a value at the path `prefix` (empty for the root) into problems, in the order of lines.
pub fn validation_problems(text: &str, prefix: &str, errors: &ValidationErrors) -> Vec<Problem> {
    let mut problems = Vec::new();
    collect(text, prefix, errors, &mut problems);
    problems.sort_by(|a, b| (a.line, &a.path).cmp(&(b.line, &b.path)));
    problems
}

fn collect(text: &str, prefix: &str, errors: &ValidationErrors, problems: &mut Vec<Problem>) {
    for (field, kind) in errors.errors() {
        // Checks of a whole struct stand under this name.
        let path = match (prefix, field.as_ref()) {
            (_, "__all__") => prefix.to_owned(),
            ("", field) => field.to_owned(),
            (prefix, field) => format!("{prefix}.{field}"),
        };
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(text, &path, inner, problems),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(text, &format!("{path}[{index}]"), inner, problems);
                }
            }
            ValidationErrorsKind::Field(errors) => {
                problems.extend(errors.iter().map(|error| problem(text, &path, error)));
            }
        }
    }
}

fn problem(text: &str, path: &str, error: &ValidationError) -> Problem {
    let parameter = |name: &str| error.params.get(name).map(write);
    let found = parameter("value").unwrap_or_default();
    let (kind, expected) = match error.code.as_ref() {
        "length" if is_empty(error.params.get("value")) => (ProblemKind::Empty, bounds(error)),
        "length" => (ProblemKind::BadLength, bounds(error)),
        "range" => (ProblemKind::OutOfRange, bounds(error)),
        "required" => (ProblemKind::MissingKey, Vec::new()),
        code => {
            let said = error.message.as_ref().map_or(code, |message| message.as_ref());
            (ProblemKind::BadValue, vec![said.to_owned()])
        }
    };
    Problem { line: line_of(text, path).unwrap_or(0), path: path.to_owned(), kind, found, expected }
}

/// Writes the bounds of a length or range: `1–10`, `≥ 1`, `≤ 10`, `= 64`, with `<` and `>` where the bound is excluded.
fn bounds(error: &ValidationError) -> Vec<String> {
    let parameter = |name: &str| error.params.get(name).map(write);
    let text = match (parameter("min"), parameter("max")) {
        (Some(min), Some(max)) if min == max => format!("= {min}"),
        (Some(min), Some(max)) => format!("{min}–{max}"),
        (Some(min), None) => format!("≥ {min}"),
        (None, Some(max)) => format!("≤ {max}"),
        (None, None) => match (parameter("equal"), parameter("exclusive_min"), parameter("exclusive_max")) {
            (Some(equal), _, _) => format!("= {equal}"),
            (_, Some(min), Some(max)) => format!("> {min}, < {max}"),
            (_, Some(min), None) => format!("> {min}"),
            (_, None, Some(max)) => format!("< {max}"),
            _ => return Vec::new(),
        },
    };
    vec![text]
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        _ => false,
    }
}

/// Writes a parameter as a person would: texts bare, whole numbers without a fraction.
fn write(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        }
        other => other.to_string(),
    }
}
