//! One edit: what it means, what it found in each file, and how that was before.

use super::published::Outcomes;
use super::{Published, Shown, open};
use crate::config::Config;
use crate::finding::{Catalogue, Lang};
use crate::server::error::PageError;
use crate::server::state::App;
use serde::Serialize;

/// What an edit came to in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FileOutcome {
    /// The bureau.
    pub bureau: String,
    /// The file.
    pub file: String,
    /// Records of the forms that it judges.
    pub records: u64,
    /// Findings.
    pub findings: u64,
    /// Records that could not be judged because of another finding.
    pub unjudged: u64,
}

/// An edit in a run and before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EditQuality {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `error`, `explain` or `note`.
    pub severity: String,
    /// Why it is asked.
    pub explain: String,
    /// What to do.
    pub help: String,
    /// The forms that it judges; none for checks of files and tables.
    pub forms: Vec<String>,
    /// Its outcomes in the run; checks of files and tables have none.
    pub outcomes: Option<Outcomes>,
    /// Findings in the run.
    pub findings: u64,
    /// Files with records that it judges, most findings first.
    pub files: Vec<FileOutcome>,
    /// Findings over time, oldest first: id of the run, when it ended, outcomes and findings.
    pub trend: Vec<EditMoment>,
}

/// An edit in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EditMoment {
    /// The run.
    pub run: String,
    /// When it ended.
    pub finished: String,
    /// Its outcomes.
    pub outcomes: Option<Outcomes>,
    /// Findings; nothing if they were not published.
    pub findings: Option<u64>,
}

/// An edit by its code.
///
/// # Errors
/// There is no such edit.
pub async fn edit(app: &App, shown: &Shown, code: &str) -> Result<EditQuality, PageError> {
    let catalogue = Catalogue::of(&app.config);
    let known = catalogue.get(code).filter(|e| !e.code.starts_with("ERR-") && !e.code.starts_with("CFG-"));
    let entry = known.ok_or(PageError::NotFound)?;
    let mut trend = Vec::new();
    for run in &shown.runs {
        if let Some(published) = open(app, &run.id).await? {
            trend.push(EditMoment {
                run: run.id.clone(),
                finished: run.finished.clone(),
                outcomes: outcomes(&published, code),
                findings: published.findings.is_some().then(|| findings(&published, code, None)),
            });
        }
    }
    let own = app.config.edit.get(code);
    let text = |words: &crate::finding::Words| words.get(Lang::Zh).to_owned();
    Ok(EditQuality {
        code: code.to_owned(),
        name: text(&entry.name),
        severity: entry.severity.id().to_owned(),
        explain: text(&entry.explain),
        help: text(&entry.help),
        forms: own.map(|e| e.dataset.iter().map(|d| super::overview::form_name(&app.config, d)).collect()).unwrap_or_default(),
        outcomes: outcomes(&shown.published, code),
        findings: findings(&shown.published, code, None),
        files: files(&app.config, &shown.published, code),
        trend,
    })
}

fn outcomes(run: &Published, code: &str) -> Option<Outcomes> {
    run.edits.as_ref()?.get(code).copied()
}

fn findings(run: &Published, code: &str, file: Option<&str>) -> u64 {
    let own = |p: &&super::published::Place| p.code == code && file.is_none_or(|f| p.file == f);
    run.findings.iter().flatten().filter(|(p, _)| own(p)).map(|(_, n)| n).sum()
}

/// Files that the edit looks into; of a check of files and tables, those in which it found something.
fn files(config: &Config, run: &Published, code: &str) -> Vec<FileOutcome> {
    let judged = config.edit.get(code).map(|e| e.dataset.as_slice()).unwrap_or_default();
    let any = judged.iter().any(|d| d == "sum_rows");
    let mut files: Vec<FileOutcome> = run
        .inputs
        .iter()
        .enumerate()
        .map(|(ordinal, input)| FileOutcome {
            bureau: input.bureau.clone(),
            file: input.path.clone(),
            records: run.accounts.iter().filter(|a| a.file == ordinal && (any || judged.contains(&a.dataset))).map(|a| a.rows).sum(),
            findings: findings(run, code, Some(&input.path)),
            unjudged: run.unjudged.iter().flatten().filter(|((c, f), _)| c == code && *f == input.path).map(|(_, n)| n).sum(),
        })
        .filter(|f| f.records > 0 || f.findings > 0)
        .collect();
    files.sort_by_key(|f| std::cmp::Reverse(f.findings));
    files
}
