//! What is a figure of statistics, so that an edition without consent can leave it out.
//!
//! Workbooks and portal ask here alone: what one of them hides, the other must not show.

use crate::config::{Config, CriterionOptions, FieldKind};
use crate::finding::Finding;
use crate::model::place::Places;
use std::collections::HashSet;

/// Figures of statistics that are computed, not stated.
pub const RATIOS: [&str; 3] = ["revenue_growth", "profit_margin", "debt_ratio"];

/// Looks for names of figures in any case, since SQL does not tell cases apart.
pub fn reads_statistics(config: &Config, sql: &str) -> bool {
    let fields = config.form.get("returns").into_iter().flat_map(|f| &f.field);
    let figures: HashSet<String> =
        fields.filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number)).map(|(name, _)| name.to_lowercase()).collect();
    let sql = sql.to_lowercase();
    let mut words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| RATIOS.contains(&word) || figures.contains(field_of(word)))
}

/// Whether a source sends statistics; one that nobody knows is taken for one.
pub fn sends_statistics(config: &Config, source: &str) -> bool {
    config.source.get(source).is_none_or(|s| s.forms.iter().any(|f| f == "returns"))
}

/// Tells findings that rest on statistics: of an enterprise without consent not even their number may be known.
pub struct StatisticsFindings<'a> {
    config: &'a Config,
    places: &'a Places,
    /// Edits that read figures of returns, whatever dataset they judge.
    edits: HashSet<&'a str>,
}

impl<'a> StatisticsFindings<'a> {
    /// Reads the conditions of all edits.
    pub fn new(config: &'a Config, places: &'a Places) -> Self {
        let reads = |sql: &str| {
            let tables = sql.to_lowercase();
            let mut words = tables.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == "returns" || word.ends_with("_returns")) || reads_statistics(config, sql)
        };
        let edits = config.edit.iter().filter(|(_, edit)| {
            let texts = [Some(&edit.holds), edit.when.as_ref(), edit.expected.as_ref(), edit.because.as_ref()];
            texts.into_iter().flatten().chain(edit.with.values()).chain(&edit.fields).chain(&edit.reads).any(|sql| reads(sql))
        });
        Self { config, places, edits: edits.map(|(code, _)| code.as_str()).collect() }
    }

    /// Whether a finding is one of them: in a return, in a file of a source that sends returns, or of an edit that reads them.
    pub fn has(&self, finding: &Finding) -> bool {
        let file = match finding.record {
            Some(record) => self.places.file(record),
            None => finding.file.and_then(|file| self.places.files.get(file)),
        };
        ["returns", "sum_rows"].contains(&finding.dataset.as_ref())
            || file.is_none_or(|file| sends_statistics(self.config, &file.source))
            || self.edits.contains(finding.code.as_ref())
    }
}

/// The field of a column that holds its figure for a year: `revenue` of `revenue_2025` and `revenue_last`.
pub fn field_of(column: &str) -> &str {
    match column.rsplit_once('_') {
        Some((field, year)) if year == "last" || year.parse::<i32>().is_ok() => field,
        _ => column,
    }
}

/// Whether the figure of a criterion is one of statistics, said so or read so.
pub fn judges_statistics(config: &Config, criterion: &CriterionOptions) -> bool {
    criterion.statistics || reads_statistics(config, &criterion.figure)
}

/// The criterion whose figure is this very column of `enterprises`, if one is.
pub fn judged_by<'a>(config: &'a Config, column: &str, last_year: i32) -> Option<&'a str> {
    let criteria = config.criterion.iter().filter(|(_, c)| !c.disabled);
    let judges = |figure: &str| figure == column || figure.strip_suffix("last").is_some_and(|f| format!("{f}{last_year}") == column);
    criteria.filter(|(_, c)| judges(&c.figure.trim().to_lowercase())).map(|(id, _)| id.as_str()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_known_in_any_case() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        for sql in ["staff", "STAFF", "e.Revenue_Last / 10000", "\"REVENUE_2025\"", "Debt_Ratio", "coalesce(Paid_In_Capital,0)"] {
            assert!(reads_statistics(&config, sql), "{sql}");
        }
        for sql in ["patents_free", "TITLE_LEVEL", "need_amount", "'x'"] {
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
