//! Names that a site gives to forms and fields: conditions write them as they are, so they must read as names there.

use crate::config::{Config, Problem, ProblemKind, line_of};
use crate::engine::expression::Expression;

/// Names that the site states and the language of conditions takes for something else, such as `interval`.
pub fn unusable(config: &Config, text: &str) -> Vec<Problem> {
    let stated = |section: &str| config.site.get(section).and_then(|v| v.as_table()).into_iter().flatten();
    let forms = stated("form").map(|(id, _)| (format!("form.{id}"), id));
    let fields = stated("form").flat_map(|(id, form)| {
        let fields = form.get("field").and_then(|f| f.as_table()).into_iter().flatten();
        fields.map(move |(name, _)| (format!("form.{id}.field.{name}"), name))
    });
    let given = stated("enterprise").map(|(id, _)| (format!("enterprise.{id}"), id));
    let unusable = forms.chain(fields).chain(given).filter(|(_, name)| !reads_as_name(name));
    unusable
        .map(|(path, name)| Problem {
            line: line_of(text, &path).unwrap_or(0),
            path,
            kind: ProblemKind::BadName,
            found: name.clone(),
            expected: Vec::new(),
        })
        .collect()
}

/// Whether a name alone is a column, and behind FROM a table.
fn reads_as_name(name: &str) -> bool {
    let column = Expression::parse(name).ok().and_then(|e| e.sole_column());
    let table = Expression::parse(&format!("(SELECT count(*) FROM {name} n) > 0"));
    column.as_deref() == Some(name) && table.is_ok_and(|e| e.tables().iter().eq([name]))
}

#[cfg(test)]
mod tests {
    use super::reads_as_name;

    #[test]
    fn words_of_the_language_are_no_names() {
        for name in ["kwh", "loan_amount", "meter", "year", "level", "value", "date", "name", "m1"] {
            assert!(reads_as_name(name), "{name}");
        }
        for name in ["null", "true", "interval", "exists", "struct", "table", "a b", "1st", "year()"] {
            assert!(!reads_as_name(name), "{name}");
        }
    }
}
