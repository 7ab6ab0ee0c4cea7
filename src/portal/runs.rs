//! What there is to tell of runs: their history, one of them in full, and who may take which file.

use super::actor::Actor;
use super::books::Books;
use super::error::PortalError;
use super::flaws::Flaws;
use super::integrity;
use super::night::{Current, Night};
use super::quality::FoundBySeverity;
use crate::config::{Config, Workbook};
use crate::content::Verified;
use crate::ledger::{Adoption, Cause, HistoryLine, Outcome, RecordedRun};
use crate::model::account::Place;
use crate::model::role::Right;
use crate::pipeline::Summary;
use crate::run::{Differences, HeldBack, PublishedRun, RunRecord, SETTINGS};
use crate::stages::publish::disclosure::sends_statistics;
use chrono::DateTime;
use serde::Serialize;
use std::fs;

/// Lines of a page of the history.
pub const LINES: u64 = 30;

/// A page of the history.
#[derive(Debug, Clone, Serialize)]
pub struct History {
    /// Lines from the newest.
    pub lines: Vec<Attempt>,
    /// Lines in all.
    pub all: u64,
    /// This page, from 1.
    pub page: u64,
    /// Pages in all.
    pub pages: u64,
}

/// A line of the history.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Attempt {
    /// Number of the attempt; nothing for a run of the command line.
    pub attempt: Option<i64>,
    /// Why it was started.
    pub cause: Cause,
    /// Who started it.
    pub account: Option<String>,
    /// When it began.
    pub started: String,
    /// When it ended.
    pub finished: Option<String>,
    /// How many seconds it took.
    pub seconds: Option<i64>,
    /// How it ended; nothing while it runs.
    pub outcome: Option<Outcome>,
    /// The run that stands after it.
    pub run: Option<String>,
    /// Why it failed, for those who can do something about it.
    pub message: Option<String>,
    /// The run's figures.
    pub summary: Option<RunNumbers>,
    /// Whether the run is adopted.
    pub adopted: bool,
}

/// A run's figures as they may be told to whoever sees runs: counts, and no money.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Numbers)]
pub struct RunNumbers {
    /// Inputs read, those of statistics only for whoever may see the closed edition; nothing of a run that did not note which.
    pub files: Option<u64>,
    /// Inputs that could not be read.
    pub refused: Option<u64>,
    /// Enterprises of the registry.
    pub enterprises: u64,
    /// Enterprises that meet every criterion.
    pub pooled: u64,
    /// Enterprises that no criterion excludes, but one cannot be judged for.
    pub unjudged: u64,
    /// Patents credited to enterprises, co-owners counted each.
    pub patent_credits: u64,
    /// Findings.
    pub findings: FoundBySeverity,
}

impl RunNumbers {
    fn of(summary: &Summary, held: &HeldBack) -> Self {
        let Summary { files, refused, enterprises, pooled, unjudged, patent_credits, findings, .. } = *summary;
        let (files, refused) = (files.checked_sub(held.closed_files[0]), refused.checked_sub(held.closed_files[1]));
        let findings = FoundBySeverity::told(findings, held.closed_findings);
        Self { files, refused, enterprises, pooled, unjudged, patent_credits, findings }
    }
}

/// A run in full.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Run)]
pub struct WholeRun {
    /// Its id.
    pub id: String,
    /// Reference date.
    pub as_of: String,
    /// When it began.
    pub started: String,
    /// How many seconds it took.
    pub seconds: Option<i64>,
    /// Why it was started, and by whom.
    pub cause: Cause,
    /// Who started it.
    pub account: Option<String>,
    /// Its figures.
    pub summary: RunNumbers,
    /// What its folder says; nothing if the folder is gone.
    pub file: Option<RunFile>,
    /// Files that this reader may take.
    pub downloads: Vec<WrittenFile>,
    /// Its adoption.
    pub adoption: Option<ShownAdoption>,
    /// Records by dataset and place.
    pub accounts: Vec<Accounted>,
}

/// An adoption as pages show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Adopted)]
pub struct ShownAdoption {
    /// Who adopted it.
    pub account: String,
    /// When.
    pub adopted: String,
    /// What was said about it.
    pub note: String,
}

/// Records of a dataset, by where they ended.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Accounted {
    /// The dataset.
    pub dataset: String,
    /// Records in the order of [`Place::ALL`]; nothing where they would tell of fewer than three enterprises.
    pub rows: Vec<Option<u64>>,
    /// Records in all.
    pub total: Option<u64>,
}

/// As much of a run's record as is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RunFile {
    /// First characters of the hash of all that decided the run.
    pub key: String,
    /// Reference date.
    pub as_of: String,
    /// Version of the program.
    pub huichi: String,
    /// SHA-256 of the settings in force.
    pub settings: String,
    /// Inputs.
    pub inputs: Vec<RunInput>,
    /// Files written, `run.json` aside; not every reader may take, or know of, each.
    #[serde(skip_serializing)]
    pub files: Vec<WrittenFile>,
    /// The run that was adopted when this one was made.
    pub adopted: Option<ComparedWith>,
}

impl From<&RunRecord> for RunFile {
    fn from(record: &RunRecord) -> Self {
        let input = |input: &crate::run::Input| RunInput {
            path: input.path.clone(),
            source: input.source.clone(),
            bureau: input.bureau.clone(),
            sha256: input.sha256.clone(),
            bytes: input.bytes,
            rows: Some(input.rows),
            refused: input.refused,
        };
        let file = |file: &crate::run::Written| WrittenFile { path: file.path.clone(), bytes: file.bytes, sha256: file.sha256.clone() };
        let with = |adopted: &crate::run::Adopted| ComparedWith {
            run: adopted.run.clone(),
            adopted: adopted.adopted.to_string(),
            since: adopted.since.map(|since| ChangesSince::of(since, Some(since))),
            open: adopted.since.map(|since| ChangesSince::of(since, adopted.open)),
        };
        Self {
            key: record.key.clone(),
            as_of: record.as_of.to_string(),
            huichi: record.huichi.clone(),
            settings: record.settings.clone(),
            inputs: record.inputs.iter().map(input).collect(),
            files: record.files.iter().map(file).collect(),
            adopted: record.adopted.as_ref().map(with),
        }
    }
}

/// An input of a run.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = InputFile)]
pub struct RunInput {
    /// Path below the inputs root; empty for all files of a source of statistics together, where the closed edition may not be seen.
    pub path: String,
    /// The source.
    #[serde(skip_serializing)]
    pub source: String,
    /// The bureau; empty for a file of no source.
    pub bureau: String,
    /// SHA-256; empty for files told together.
    pub sha256: String,
    /// Bytes; 0 for files told together.
    pub bytes: u64,
    /// Records in it; nothing where so few would speak of one enterprise.
    pub rows: Option<u64>,
    /// Whether it could not be read; of files told together, whether none could.
    pub refused: bool,
}

/// A file that a run wrote.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WrittenFile {
    /// Path below the run's folder.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

/// The adopted run that a run was compared with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ComparedWith {
    /// The run.
    pub run: String,
    /// The day on which it was adopted.
    pub adopted: String,
    /// What has changed since, as far as the reader may see figures; nothing if it left no data to compare with.
    pub since: Option<ChangesSince>,
    /// The same as far as the operator's edition shows it.
    #[serde(skip)]
    open: Option<ChangesSince>,
}

/// What has changed between two runs.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChangesSince {
    /// Enterprises that entered the pool.
    pub entered: u64,
    /// Enterprises that left it.
    pub left: u64,
    /// Enterprises in both of which a figure differs that the reader may see; nothing of a run that did not tell those apart.
    pub enterprises: Option<u64>,
    /// Figures that differ.
    pub figures: Option<u64>,
}

impl ChangesSince {
    fn of(since: Differences, figures: Option<Differences>) -> Self {
        let (enterprises, figures) = figures.map(|found| (found.enterprises, found.figures)).unzip();
        Self { entered: since.entered, left: since.left, enterprises, figures }
    }
}

/// What runs just now, if anything does. How many records it has read only for whoever may see the closed edition: nobody
/// can say yet how many enterprises they are of.
pub fn current(night: &Night, actor: &Actor) -> Option<Current> {
    let mut current = night.current()?;
    if !actor.may(Right::SeeClosed) {
        current.stages.iter_mut().for_each(|stage| stage.rows = None);
    }
    Some(current)
}

/// A page of the history, from 1.
pub async fn history(books: &Books, actor: &Actor, page: u64) -> Result<History, PortalError> {
    let page = page.clamp(1, 1 << 32);
    let (lines, all, adoptions) = books
        .read(move |l| {
            let (lines, all) = l.history((page - 1) * LINES, LINES)?;
            Ok((lines, all, l.adoptions()?))
        })
        .await?;
    let told = actor.may(Right::StartRuns) || actor.may(Right::SeeClosed);
    let numbers = |summary: &Summary| RunNumbers::of(summary, &summary.held_back(&books.config, actor.may(Right::SeeClosed)));
    let lines = lines.into_iter().map(|l| line(l, (told, actor.may(Right::SeeClosed)), &adoptions, numbers)).collect();
    Ok(History { lines, all, page, pages: all.div_ceil(LINES).max(1) })
}

fn line(line: HistoryLine, (told, names): (bool, bool), adoptions: &[Adoption], numbers: impl Fn(&Summary) -> RunNumbers) -> Attempt {
    Attempt {
        attempt: line.attempt,
        cause: line.cause,
        account: line.account,
        seconds: line.finished.as_deref().and_then(|finished| seconds(&line.started, finished)),
        started: line.started,
        finished: line.finished,
        outcome: line.outcome,
        adopted: adoptions.iter().any(|a| Some(&a.run) == line.run.as_ref()),
        run: line.run,
        // Below what failed it names files: a bureau may send one an enterprise and name it so.
        message: line.message.filter(|_| told).and_then(|m| if names { Some(m) } else { m.lines().next().map(str::to_owned) }),
        summary: line.summary.and_then(|s| serde_json::from_str(&s).ok()).map(|s: Summary| numbers(&s)),
    }
}

/// Seconds between two moments of the ledger.
fn seconds(from: &str, to: &str) -> Option<i64> {
    let moment = |text: &str| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").ok();
    Some((moment(to)? - moment(from)?).num_seconds())
}

/// What the ledger knows of a run.
///
/// # Errors
/// There is no such run.
pub async fn recorded(books: &Books, id: &str) -> Result<RecordedRun, PortalError> {
    let id = id.to_owned();
    books.read(move |l| l.run(&id)).await?.ok_or(PortalError::NotFound)
}

/// A run in full, as far as the reader may see it.
///
/// # Errors
/// There is no such run.
pub async fn run(books: &Books, actor: &Actor, id: &str) -> Result<WholeRun, PortalError> {
    let recorded = recorded(books, id).await?;
    let asked = id.to_owned();
    let (line, adoption) = books.read(move |l| Ok((l.history_of(&asked)?, l.adoption(&asked)?))).await?;
    let summary: Summary = serde_json::from_str(&recorded.summary).map_err(|e| PortalError::bug(e.to_string()))?;
    let (mut file, settings) = run_file(books, id, &summary.record_sha256).await?.unzip();
    let settings = settings.flatten();
    let config = settings.as_ref().unwrap_or(&books.config);
    let held = summary.held_back(config, actor.may(Right::SeeClosed));
    if let Some(file) = file.as_mut().filter(|_| !actor.may(Right::SeeClosed)) {
        file.inputs = told_together(config, std::mem::take(&mut file.inputs), &held);
        file.adopted.iter_mut().for_each(|with| with.since = with.open.take());
    }
    let known = file.as_ref().map(|f| f.files.clone()).unwrap_or_default();
    let downloads = known.into_iter().filter(|f| summary.written.contains(&f.path) && actor.may(right_for(&f.path))).collect();
    Ok(WholeRun {
        id: id.to_owned(),
        as_of: recorded.as_of,
        seconds: seconds(&recorded.started, &recorded.finished),
        started: recorded.started,
        cause: line.as_ref().map_or(Cause::Command, |l| l.cause),
        account: line.and_then(|l| l.account),
        accounts: accounted(&summary, &held),
        summary: RunNumbers::of(&summary, &held),
        file,
        downloads,
        adoption: adoption.map(|a| ShownAdoption { account: a.account, adopted: a.adopted, note: a.note }),
    })
}

/// What a run's folder says, and the settings to show it under; nothing if it is gone, or is not as it was written.
async fn run_file(books: &Books, id: &str, record_sha256: &str) -> Result<Option<(RunFile, Option<Config>)>, PortalError> {
    let (own, folder, record) = (books.clone(), books.config.outputs.join(id), record_sha256.to_owned());
    let opened = tokio::task::spawn_blocking(move || {
        let run = PublishedRun::open(&folder, &record).ok()?;
        // Settings that are not as they were written are a flaw like any other: by today's something might be told that was closed.
        Some((RunFile::from(run.record()), run.known_settings(&own.config).ok()?))
    });
    opened.await.map_err(|e| PortalError::bug(e.to_string()))
}

/// Inputs where the closed edition may not be seen: files of a source of statistics stand together in one line, since a bureau
/// may send a file an enterprise and name it so.
fn told_together(config: &Config, inputs: Vec<RunInput>, held: &HeldBack) -> Vec<RunInput> {
    let mut told: Vec<RunInput> = Vec::new();
    for input in inputs {
        if !sends_statistics(config, &input.source) {
            told.push(input);
        } else if let Some(sum) = told.iter_mut().find(|t| t.path.is_empty() && t.source == input.source) {
            sum.rows = Some(sum.rows.unwrap_or_default() + input.rows.unwrap_or_default());
            sum.refused &= input.refused;
        } else {
            told.push(RunInput { path: String::new(), sha256: String::new(), bytes: 0, ..input });
        }
    }
    let few = |source: &str| source.is_empty() || held.of(|s, _| s == source).1;
    told.iter_mut().filter(|t| t.path.is_empty() && few(&t.source)).for_each(|t| t.rows = None);
    told
}

fn accounted(summary: &Summary, held: &HeldBack) -> Vec<Accounted> {
    let mut all: Vec<Accounted> = Vec::new();
    for account in &summary.accounts {
        let place = Place::ALL.iter().position(|p| *p == account.place).unwrap_or_default();
        let index = all.iter().position(|a| a.dataset == account.dataset).unwrap_or_else(|| {
            all.push(Accounted { dataset: account.dataset.clone(), rows: vec![Some(0); Place::ALL.len()], total: Some(0) });
            all.len() - 1
        });
        let accounted = &mut all[index];
        for sum in accounted.rows[place].iter_mut().chain(&mut accounted.total) {
            *sum += account.rows;
        }
    }
    for accounted in &mut all {
        let (places, total) = held.of(|_, dataset| dataset == accounted.dataset);
        accounted.rows.iter_mut().zip(places).filter(|(rows, held)| *held && **rows != Some(0)).for_each(|(rows, _)| *rows = None);
        accounted.total = accounted.total.filter(|_| !total);
    }
    all
}

/// The right that a file of a run needs. Only the operator's edition leaves out what enterprises have not consented to;
/// datasets are written in no such edition. The settings are the operator's own.
pub fn right_for(file: &str) -> Right {
    match file {
        SETTINGS => Right::StartRuns,
        _ if file == Workbook::PoolOperator.file_name() => Right::SeePool,
        _ => Right::SeeClosed,
    }
}

/// A file of a run as it was written, and the name to keep it under, which says which run it is of.
///
/// # Errors
/// There is no such run, it did not write such a file, or the reader may not take it: all the same to the reader. Or the
/// file is not as it was written.
pub async fn file((books, flaws): (&Books, &Flaws), actor: &Actor, id: &str, file: &str) -> Result<(Verified, String), PortalError> {
    let recorded = recorded(books, id).await?;
    let summary: Summary = serde_json::from_str(&recorded.summary).map_err(|e| PortalError::bug(e.to_string()))?;
    let written = summary.written.iter().find(|w| *w == file).filter(|w| actor.may(right_for(w))).ok_or(PortalError::NotFound)?;
    let name = written.rsplit('/').next().unwrap_or(written);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let name = format!("{stem}_{id}.{extension}");
    let (folder, path, record) = (books.config.outputs.join(id), written.clone(), summary.record_sha256.clone());
    if fs::symlink_metadata(&folder).is_err() {
        return Err(PortalError::NotFound);
    }
    let opened = tokio::task::spawn_blocking(move || PublishedRun::open(&folder, &record)?.file(&path));
    match opened.await.map_err(|e| PortalError::bug(e.to_string()))? {
        Ok(file) => Ok((file.ok_or(PortalError::NotFound)?, name)),
        Err(flaw) => {
            integrity::tell(flaws, id, &flaw);
            Err(flaw.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::Role;
    use crate::run::HeldRecords;

    #[test]
    fn only_the_operators_edition_goes_to_those_who_may_not_see_all() {
        let files = ["备选池.xlsx", "备选池_运营版.xlsx", "数据质量报告.xlsx", "data/enterprises.csv", "data/edits.parquet", "run.json"];
        let may = |role: Role| files.map(|f| role.may(right_for(f)));
        for role in Role::ALL {
            let expected = match role {
                Role::Leader | Role::Auditor => [true; 6],
                Role::Operator | Role::Member => [false, true, false, false, false, false],
                Role::Clerk | Role::Administrator => [false; 6],
            };
            assert_eq!(may(role), expected, "{}", role.id());
        }
    }

    #[test]
    fn inputs_of_statistics_are_told_together_where_they_are_closed() {
        let config = crate::config::load_defaults(std::path::Path::new(".")).expect("the built-in settings");
        let input = |path: &str, source: &str, rows, refused| RunInput {
            path: path.to_owned(),
            source: source.to_owned(),
            bureau: source.to_owned(),
            sha256: "ab".to_owned(),
            bytes: 9,
            rows: Some(rows),
            refused,
        };
        let told = |rows: u64| {
            let inputs = vec![
                input("名录.csv", "industry", 1, false),
                input("甲公司.csv", "statistics", rows, false),
                input("乙公司.csv", "statistics", 1, true),
                input("丙公司的说明.csv", "", 0, true),
            ];
            let few = rows < 2;
            let records =
                HeldRecords { source: "statistics".into(), dataset: "returns".into(), places: [few; 6], all: few, told: Vec::new() };
            let told = told_together(&config, inputs, &HeldBack { records: vec![records], ..HeldBack::default() });
            told.into_iter().map(|i| (i.path, i.source, i.sha256, i.bytes, i.rows, i.refused)).collect::<Vec<_>>()
        };
        let line = |path: &str, source: &str, (sha256, bytes): (&str, u64), rows, refused| {
            (path.to_owned(), source.to_owned(), sha256.to_owned(), bytes, rows, refused)
        };
        let registry = line("名录.csv", "industry", ("ab", 9), Some(1), false);
        let stray = line("", "", ("", 0), None, true);
        assert_eq!(told(2), [registry.clone(), line("", "statistics", ("", 0), Some(3), false), stray.clone()]);
        assert_eq!(told(1), [registry, line("", "statistics", ("", 0), None, false), stray]);
    }

    #[test]
    fn durations_are_those_between_the_stamps() {
        assert_eq!(seconds("2026-07-01T02:00:00+0800", "2026-07-01T02:01:05+0800"), Some(65));
        assert_eq!(seconds("2026-07-01", "x"), None);
    }
}
