//! One edit: what it means, what it found in each file, and how that was before.

use super::overview::{EditLine, edits};
use super::published::Outcomes;
use super::{Published, Quality, ShownRun, open};
use crate::config::Config;
use crate::finding::Catalogue;
use crate::model::words::Lang;
use crate::portal::error::PortalError;
use crate::stages::publish::disclosure::{edit_judges_statistics, edit_reads_statistics, sends_statistics};
use indexmap::IndexMap;
use serde::Serialize;

/// What an edit came to in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = FileOutcome)]
pub struct EditInFile {
    /// The bureau.
    pub bureau: String,
    /// The file; empty for all files of a source of statistics together, where the closed edition may not be seen.
    pub file: String,
    /// Its counts; nothing where statistics are closed that they rest on.
    pub counts: Option<FileCounts>,
}

/// Counts of an edit in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FileCounts {
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
    /// Findings in the run; nothing of a run that did not note which may be told.
    pub findings: Option<u64>,
    /// Whether outcomes are held back.
    pub held_back: bool,
    /// Files with records that it judges, most findings first.
    pub files: Vec<EditInFile>,
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
    /// Findings; nothing if they were not published, or it was not noted which may be told.
    pub findings: Option<u64>,
    /// Whether outcomes are held back.
    pub held_back: bool,
}

/// An edit by its code; `closed` says whether the closed edition may be seen.
///
/// # Errors
/// There is no such edit.
pub async fn edit(quality: &Quality, shown: &ShownRun, code: &str, closed: bool) -> Result<EditQuality, PortalError> {
    let config = shown.published.under(&quality.config);
    let catalogue = Catalogue::of(config);
    let known = catalogue.get(code).filter(|e| !e.code.starts_with("ERR-") && !e.code.starts_with("CFG-"));
    let entry = known.ok_or(PortalError::NotFound)?;
    let mut trend = Vec::new();
    for run in &shown.runs {
        if let Some(published) = open(quality, &run.id).await? {
            let EditLine { outcomes, findings, held_back, .. } =
                line(&catalogue, published.under(&quality.config), &published, code, closed);
            let findings = findings.filter(|_| published.findings.is_some());
            trend.push(EditMoment { run: run.id.clone(), finished: run.finished.clone(), outcomes, findings, held_back });
        }
    }
    let own = config.edit.get(code);
    let now = line(&catalogue, config, &shown.published, code, closed);
    let text = |words: &crate::model::words::Words| words.get(Lang::Zh).to_owned();
    Ok(EditQuality {
        code: code.to_owned(),
        name: text(&entry.name),
        severity: entry.severity.id().to_owned(),
        explain: text(&entry.explain),
        help: text(&entry.help),
        forms: own.map(|e| e.dataset.iter().map(|d| super::overview::form_name(config, d)).collect()).unwrap_or_default(),
        files: files(config, &shown.published, &now, closed),
        outcomes: now.outcomes,
        findings: now.findings,
        held_back: now.held_back,
        trend,
    })
}

/// An edit as the overview tells it; nothing found, if it is not there.
fn line(catalogue: &Catalogue, config: &Config, run: &Published, code: &str, closed: bool) -> EditLine {
    let found = edits(catalogue, config, run, closed).into_iter().find(|line| line.code == code);
    found.unwrap_or_else(|| EditLine { code: code.to_owned(), findings: Some(0), ..EditLine::default() })
}

fn findings(run: &Published, code: &str, file: &str, closed: bool) -> u64 {
    let own = run.findings.iter().flatten().filter(|(p, _)| p.code == code && p.file == file);
    own.filter_map(|(_, tally)| tally.told(closed)).sum()
}

/// Files that the edit looks into; of a check of files and tables, those in which it found something.
///
/// A bureau may send a file an enterprise and name it so. Where the closed edition may not be seen, files of a source of
/// statistics are told together, and of an edit that judges statistics without counts; so are other files of one that reads them.
fn files(config: &Config, run: &Published, edit: &EditLine, closed: bool) -> Vec<EditInFile> {
    let code = edit.code.as_str();
    let judged = config.edit.get(code).map(|e| e.dataset.as_slice()).unwrap_or_default();
    let any = judged.iter().any(|d| d == "sum_rows");
    let reads = !closed && edit_reads_statistics(config, code);
    let mut files: Vec<EditInFile> = Vec::new();
    let mut together: IndexMap<&str, (&str, FileCounts)> = IndexMap::new();
    for (ordinal, input) in run.inputs.iter().enumerate() {
        let counts = FileCounts {
            records: run.accounts.iter().filter(|a| a.file == ordinal && (any || judged.contains(&a.dataset))).map(|a| a.rows).sum(),
            findings: findings(run, code, &input.path, closed),
            unjudged: run.unjudged.iter().flatten().filter(|((c, f), _)| c == code && *f == input.path).map(|(_, n)| n).sum(),
        };
        if counts.records == 0 && counts.findings == 0 {
            continue;
        }
        if closed || !sends_statistics(config, &input.source) {
            let counts = Some(counts).filter(|_| edit.findings.is_some() && !reads);
            files.push(EditInFile { bureau: input.bureau.clone(), file: input.path.clone(), counts });
            continue;
        }
        let (_, sum) = together.entry(&input.source).or_insert((&input.bureau, FileCounts::default()));
        sum.findings += counts.findings;
    }
    files.extend(together.into_values().map(|(bureau, sum)| EditInFile {
        bureau: bureau.to_owned(),
        file: String::new(),
        counts: Some(sum).filter(|_| edit.findings.is_some() && !edit_judges_statistics(config, code)),
    }));
    files.sort_by_key(|f| std::cmp::Reverse(f.counts.map(|c| c.findings)));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::{Account, Place};
    use crate::portal::quality::published::{FindingPlace, Tally};
    use crate::run::Input;

    /// A run of three returns and a directory, a record in each, and a finding of an edit in the first file of each kind.
    fn run(code: &str) -> Published {
        let input = |path: &str, source: &str, bureau: &str| Input {
            path: path.into(),
            source: source.into(),
            bureau: bureau.into(),
            rows: 1,
            ..Input::default()
        };
        let returns = ["甲公司.csv", "乙公司.csv", "丙公司.csv"];
        let mut inputs: Vec<Input> = returns.iter().map(|name| input(name, "statistics", "统计局")).collect();
        inputs.push(input("名录.csv", "industry", "工信局"));
        let accounts = inputs.iter().enumerate().map(|(file, input)| Account {
            dataset: if file < 3 { "returns" } else { "directory" }.into(),
            file,
            place: Place::Pooled,
            reason: String::new(),
            rows: input.rows,
            amount: 0,
        });
        let at = |bureau: &str, file: &str| FindingPlace {
            code: code.into(),
            severity: "error".into(),
            bureau: bureau.into(),
            file: file.into(),
        };
        let open = Tally { all: 1, open: Some(1) };
        let findings = [(at("统计局", "甲公司.csv"), open), (at("工信局", "名录.csv"), open)].into();
        Published { accounts: accounts.collect(), inputs, findings: Some(findings), ..Published::default() }
    }

    #[test]
    fn files_of_statistics_are_told_together_where_they_are_closed() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        let told = |code, closed| -> Vec<(String, Option<u64>)> {
            let run = run(code);
            let files = files(&config, &run, &line(&Catalogue::of(&config), &config, &run, code, closed), closed);
            files.into_iter().map(|f| (format!("{} {}", f.bureau, f.file), f.counts.map(|c| c.records))).collect()
        };
        let listed = |name: &str, records| (name.to_owned(), records);
        assert_eq!(told("KEY-001", true).len(), 4, "all of them");
        assert_eq!(told("KEY-001", false), [listed("工信局 名录.csv", Some(1)), listed("统计局 ", None)], "it judges both");
        assert_eq!(told("F7", false), [listed("工信局 名录.csv", None), listed("统计局 ", None)], "it reads figures");
    }
}
