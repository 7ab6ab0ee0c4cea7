//! What a check found, in words and with excerpts, as it is kept beside the ledger.

use crate::config::Config;
use crate::finding::{Catalogue, Finding, Lang, Renderer, Severity};
use crate::ledger::{Part, Tally, Upload, Verdict};
use crate::pipeline::{Checked, Excerpt};
use crate::stages::acquire::hash_text;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Excerpts kept of each severity; a file with more findings of a kind is wrong as a whole.
const EXCERPTS: usize = 1000;

/// A finding in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Finding)]
pub struct Shown {
    /// Tells it from others of its return: equal as long as code, sheet, cell and found value are.
    pub key: String,
    /// Stable code.
    pub code: String,
    /// What it means for the data.
    pub severity: Severity,
    /// The sheet.
    pub sheet: String,
    /// The cell.
    pub cell: String,
    /// Cells of the other fields judged, separated by `;`.
    pub related: String,
    /// Label of the field judged first.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// The sentence.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The sheet around the cell.
    pub excerpt: Option<Excerpt>,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Whether the file is unreadable or holds none of the forms that its source may send.
    pub refused: bool,
    /// Records read.
    pub rows: u64,
    /// Forms found.
    pub parts: Vec<Part>,
    /// Findings, the gravest first.
    pub findings: Vec<Shown>,
}

impl Shown {
    /// Whether its place is a whole row.
    pub fn is_of_row(&self) -> bool {
        !self.cell.is_empty() && self.cell.bytes().all(|b| b.is_ascii_digit())
    }
}

impl CheckResult {
    /// Puts a check into words.
    pub fn of(config: &Config, checked: &Checked) -> Self {
        let catalogue = Catalogue::of(config);
        let renderer = Renderer { catalogue: &catalogue, config, places: &checked.places, lang: Lang::Zh };
        let mut findings: Vec<&Finding> = checked.findings.iter().collect();
        findings.sort_by_key(|f| f.severity);
        let mut excerpts = [0; Severity::ALL.len()];
        let mut show = |finding: &Finding| {
            let count = &mut excerpts[finding.severity as usize];
            *count += 1;
            let excerpt = if *count <= EXCERPTS { checked.excerpt(finding) } else { None };
            shown(&renderer, finding, checked.sheetless, excerpt)
        };
        Self {
            refused: checked.refused > 0 || checked.parts.is_empty(),
            rows: checked.rows,
            parts: checked.parts.clone(),
            findings: findings.into_iter().map(&mut show).collect(),
        }
    }

    /// The verdict and the numbers, given which findings are explained.
    pub fn verdict(&self, explained: &HashSet<String>) -> (Verdict, Tally) {
        let count = |severity| self.findings.iter().filter(|f| f.severity == severity).count() as u64;
        let open = self.findings.iter().filter(|f| f.severity == Severity::Explain && !explained.contains(&f.key)).count() as u64;
        let (errors, explains, notes) = (count(Severity::Error), count(Severity::Explain), count(Severity::Note));
        let verdict = match () {
            () if self.refused => Verdict::Refused,
            () if errors == 0 && open == 0 => Verdict::Accepted,
            () => Verdict::NeedsCorrection,
        };
        (verdict, Tally { rows: self.rows, errors, explains, open, notes, parts: self.parts.clone() })
    }
}

fn shown(renderer: &Renderer<'_>, finding: &Finding, sheetless: bool, excerpt: Option<Excerpt>) -> Shown {
    let r = renderer.render(finding);
    // The sheet of a text table is called as its file is, which a correction may rename.
    let sheet = if sheetless { "" } else { &r.sheet };
    // Lengths go before the fields, so that no two different findings give the same text.
    let said = [finding.code.as_ref(), sheet, &r.cell, &r.found];
    let key: String = said.iter().map(|s| format!("{}:{s}", s.len())).collect();
    Shown {
        key: hash_text(&key)[..32].to_owned(),
        code: finding.code.to_string(),
        severity: finding.severity,
        sheet: r.sheet,
        cell: r.cell,
        related: r.related,
        field: r.field,
        found: r.found,
        expected: r.expected,
        message: r.message,
        help: r.help,
        excerpt,
    }
}

/// All that decides a check besides the content and its source. `stated` are the settings as they were read, whose text
/// for hashing is at hand.
pub fn settings(stated: &Config, today: &Config, upload: &Upload) -> String {
    let all = format!("{}\n{}\n{}\n{}", env!("CARGO_PKG_VERSION"), stated.fingerprint(), today.as_of, upload.name);
    hash_text(&all)[..16].to_owned()
}

/// The name of the file of a result.
pub fn file_name(upload: &Upload, settings: &str) -> String {
    let source: String = upload.source.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
    format!("{}-{source}-{settings}.json", upload.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(key: &str, severity: Severity) -> Shown {
        let none = String::new;
        Shown {
            key: key.into(),
            code: "F1".into(),
            severity,
            sheet: none(),
            cell: none(),
            related: none(),
            field: none(),
            found: none(),
            expected: none(),
            message: none(),
            help: none(),
            excerpt: None,
        }
    }

    #[test]
    fn what_asks_must_be_answered_and_what_fails_must_be_corrected() {
        let verdict = |findings: Vec<Shown>, refused, explained: &[&str]| {
            let explained = explained.iter().map(|k| (*k).to_owned()).collect();
            let (verdict, tally) = CheckResult { refused, findings, ..CheckResult::default() }.verdict(&explained);
            (verdict, tally.open)
        };
        let asks = || finding("a", Severity::Explain);
        assert_eq!(verdict(vec![finding("n", Severity::Note)], false, &[]), (Verdict::Accepted, 0));
        assert_eq!(verdict(vec![asks()], false, &[]), (Verdict::NeedsCorrection, 1));
        assert_eq!(verdict(vec![asks()], false, &["a"]), (Verdict::Accepted, 0));
        assert_eq!(verdict(vec![asks(), finding("e", Severity::Error)], false, &["a", "e"]), (Verdict::NeedsCorrection, 0));
        assert_eq!(verdict(vec![], true, &[]), (Verdict::Refused, 0));
    }
}
