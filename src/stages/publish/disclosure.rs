//! What is a figure of statistics, so that an edition without consent can leave it out.
//!
//! Workbooks and portal ask here alone: what one of them hides, the other must not show.

use super::enterprise_column::is_statistics;
use crate::config::{Config, CriterionOptions, EditOptions, Effect};
use crate::engine::expression::Expression;
use crate::finding::Finding;
use crate::model::place::Places;
use std::collections::HashSet;

/// Whether an expression of a criterion rests on figures of statistics.
///
/// Every name in it counts, in any case and wherever it stands; what does not parse, or asks tables, may rest on anything.
pub fn reads_statistics(config: &Config, sql: &str) -> bool {
    let Ok(expression) = Expression::parse(sql) else { return true };
    expression.has_subquery() || expression.names().iter().any(|name| is_statistics(config, &name.to_lowercase()))
}

/// Whether a source sends statistics; one that nobody knows is taken for one.
pub fn sends_statistics(config: &Config, source: &str) -> bool {
    config.source.get(source).is_none_or(|s| s.forms.iter().any(|form| config.is_statistical(form)))
}

/// Tells findings that rest on statistics: of an enterprise without consent not even their number may be known.
pub struct StatisticsFindings<'a> {
    config: &'a Config,
    places: &'a Places,
    /// Edits that read figures of statistics, whatever dataset they judge.
    edits: HashSet<&'a str>,
}

impl<'a> StatisticsFindings<'a> {
    /// Reads the conditions of all edits.
    pub fn new(config: &'a Config, places: &'a Places) -> Self {
        let edits = config.edit.iter().filter(|(_, edit)| reads(config, edit));
        Self { config, places, edits: edits.map(|(code, _)| code.as_str()).collect() }
    }

    /// Whether a finding is one of them: in a table of statistics, in a file of a source that sends such, or of an edit that reads them.
    pub fn has(&self, finding: &Finding) -> bool {
        let file = match finding.record {
            Some(record) => self.places.file(record),
            None => finding.file.and_then(|file| self.places.files.get(file)),
        };
        self.config.is_statistical(&finding.dataset)
            || file.is_none_or(|file| sends_statistics(self.config, &file.source))
            || self.edits.contains(finding.code.as_ref())
    }
}

/// Whether the outcomes of an edit rest on statistics: it judges some, or reads them.
pub fn edit_judges_statistics(config: &Config, code: &str) -> bool {
    let judges = |edit: &EditOptions| edit.dataset.iter().any(|dataset| config.is_statistical(dataset));
    config.edit.get(code).is_some_and(judges) || edit_reads_statistics(config, code)
}

/// Whether an edit reads statistics, whatever it judges.
pub fn edit_reads_statistics(config: &Config, code: &str) -> bool {
    config.edit.get(code).is_some_and(|edit| reads(config, edit))
}

/// Whether any expression of an edit reads figures of statistics.
fn reads(config: &Config, edit: &EditOptions) -> bool {
    let texts = [Some(&edit.holds), edit.when.as_ref(), edit.expected.as_ref(), edit.because.as_ref()];
    let fields = edit.fields.iter().chain(&edit.reads).filter(|field| !field.starts_with('@'));
    texts.into_iter().flatten().chain(edit.with.values()).chain(fields).any(|sql| edit_reads(config, sql))
}

/// Whether an expression of an edit names a figure of statistics, or asks a table of them. What stands for fields of its dataset
/// (`{f}`, `{@uscc}`) reads those alone.
fn edit_reads(config: &Config, sql: &str) -> bool {
    let Ok(expression) = Expression::parse(&EditOptions::unbound(sql)) else { return true };
    let of_statistics =
        |table: &String| config.form.iter().any(|(id, f)| f.is_statistical() && (table == id || table.ends_with(&format!("_{id}"))));
    expression.tables().iter().any(of_statistics) || expression.names().iter().any(|name| is_statistics(config, &name.to_lowercase()))
}

/// Whether more than the verdict of a criterion tells of statistics: its figure, or by the bound that counts the side of another
/// on which one of them is.
pub fn closes_margin(config: &Config, criterion: &CriterionOptions) -> bool {
    judges_statistics(config, criterion) || criterion.variants.iter().any(|variant| reads_statistics(config, &variant.when))
}

/// Whether the figure of a criterion is one of statistics, said so or read so.
pub fn judges_statistics(config: &Config, criterion: &CriterionOptions) -> bool {
    criterion.statistics || !criterion.figure.is_empty() && reads_statistics(config, &criterion.figure)
}

/// Whether the verdict of a criterion of an enterprise without consent stays closed: it would tell of a figure of statistics, and
/// decides nothing that must be told.
pub fn closes_verdict(config: &Config, criterion: &CriterionOptions) -> bool {
    criterion.effect != Effect::Hard && (judges_statistics(config, criterion) || reads_statistics(config, &criterion.conditions()))
}

/// The hard criterion whose figure is this very column of `enterprises`, if one is.
pub fn judged_by<'a>(config: &'a Config, column: &str, last_year: i32) -> Option<&'a str> {
    // Without consent the operator is told what decides entry, and of no other bound on which side of it a figure is.
    let criteria = config.hard_criteria();
    let judges = |figure: &str| figure == column || figure.strip_suffix("last").is_some_and(|f| format!("{f}{last_year}") == column);
    let sole = |c: &CriterionOptions| Expression::parse(&c.figure).ok().and_then(|figure| figure.sole_column());
    criteria.filter(|(_, c)| sole(c).is_some_and(|figure| judges(&figure.to_lowercase()))).map(|(id, _)| id.as_str()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_known_in_any_case() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        let hidden = [
            "staff",
            "STAFF",
            "e.Revenue_Last / 10000",
            "\"REVENUE_2025\"",
            "Debt_Ratio",
            "coalesce(Paid_In_Capital,0)",
            "CASE WHEN title_level = 'srdi' THEN 1 WHEN revenue_last > 5 THEN 2 END",
            "revenue_last_why",
            "profit_margin_why",
            "(SELECT count(*) FROM returns)",
            "patents_free + (SELECT max(r.x) FROM needs r)",
            "not even SQL (",
        ];
        for sql in hidden {
            assert!(reads_statistics(&config, sql), "{sql}");
        }
        for sql in ["patents_free", "TITLE_LEVEL", "need_amount", "'x'", "title_level <> 'revenue'", "'staff' || name -- revenue"] {
            assert!(!reads_statistics(&config, sql), "{sql}");
        }
    }

    #[test]
    fn a_column_knows_the_criterion_that_judges_it() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        assert_eq!(judged_by(&config, "revenue_2025", 2025), Some("revenue_stated"));
        assert_eq!(judged_by(&config, "revenue_2024", 2025), None);
        assert!(judges_statistics(&config, &config.criterion["profit_stated"]));
        assert!(!judges_statistics(&config, &config.criterion["patent_free"]));
    }
}
