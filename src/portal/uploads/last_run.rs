//! What the last run found in a bureau's returns: those of folders and addresses too, which no check looks at.
//!
//! The run's findings are read one after another, and a page of them is kept. What rests on another bureau's statistics is
//! not told here any more than by a check.

use crate::config::Config;
use crate::ledger::{Explanation, Ledger, LedgerError};
use crate::model::role::Role;
use crate::model::severity::Severity;
use crate::pipeline::Rests;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::flaws::Flaws;
use crate::portal::integrity;
use crate::portal::text::shown;
use crate::run::{Input, PublishedRun};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Findings on a page.
const FINDINGS: usize = 50;

/// A finding of the last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RunFinding)]
pub struct RunFinding {
    /// Stable code.
    pub code: String,
    /// What it means for the data.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// The upload, if it was one.
    pub upload: Option<String>,
    /// The sheet.
    pub sheet: String,
    /// The cell.
    pub cell: String,
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
    /// Tells it from others, in whichever version of a file.
    pub key: String,
    /// What the bureau said of it, if the run took that into account.
    pub explanation: Option<Explanation>,
}

/// A page of what the last run found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LastRun {
    /// The run; nothing before the first.
    pub run: Option<String>,
    /// When it ended.
    pub finished: String,
    /// The findings: errors, then what asks for an explanation, then notes.
    pub findings: Vec<RunFinding>,
    /// How many there are, by severity, the gravest first.
    pub counts: [u64; 3],
    /// How many of those that ask are explained.
    pub explained: u64,
    /// Which page, from 1.
    pub page: usize,
    /// How many pages.
    pub pages: usize,
}

/// The columns of findings that are read, in the order in which they are named here.
const COLUMNS: [&str; 13] =
    ["bureau", "file", "code", "severity", "sheet", "cell", "field", "found", "expected", "message", "help", "key", "explained"];

/// A page of what the last run found in the returns that an actor may see.
pub async fn last_run(books: &Books, flaws: &Flaws, actor: &Actor, page: usize) -> Result<LastRun, PortalError> {
    let Some(run) = books.read(|l| l.finished_runs(1)).await?.pop() else { return Ok(LastRun::default()) };
    if !books.config.outputs.join(&run.id).exists() {
        return Ok(LastRun::default());
    }
    let published = integrity::open(books, flaws, &run.id).await?;
    let source = (actor.role == Role::Clerk).then(|| actor.source.clone().unwrap_or_default());
    let today = books.config_today();
    let found = tokio::task::spawn_blocking(move || Found::read(&today, &published, source.as_deref(), page));
    let Found { rows, inputs, mut told } = found.await.map_err(|e| PortalError::bug(e.to_string()))??;
    told.findings = books.read(move |l| rows.into_iter().map(|row| finding(l, &inputs, row)).collect()).await?;
    Ok(LastRun { run: Some(run.id), finished: shown(&run.finished), ..told })
}

/// A page's rows, the inputs that they stand in, and the counts.
struct Found {
    rows: Vec<Vec<String>>,
    inputs: Vec<Input>,
    told: LastRun,
}

impl Found {
    /// Reads the findings twice: to count them, then for those of the page.
    fn read(today: &Config, run: &PublishedRun, source: Option<&str>, page: usize) -> Result<Self, PortalError> {
        let config = run.known_settings(today)?;
        let config = config.as_ref().unwrap_or(today);
        let own = |input: &&Input| source.is_none_or(|source| input.source == source);
        let inputs: Vec<Input> = run.record().inputs.iter().filter(own).cloned().collect();
        let files: HashSet<(&str, &str)> = inputs.iter().map(|i| (i.bureau.as_str(), i.path.as_str())).collect();
        let rests = Rests::of(config);
        let forms = |source: &str| config.source.get(source).map(|s| s.forms.clone()).unwrap_or_default();
        let speaks = |code: &str| source.is_none_or(|source| forms(source).iter().all(|form| rests.speaks_to(source, form, code)));
        let mut spoken: HashMap<String, bool> = HashMap::new();
        let mut place = |row: &[String]| {
            let told =
                files.contains(&(row[0].as_str(), row[1].as_str())) && *spoken.entry(row[2].clone()).or_insert_with(|| speaks(&row[2]));
            Severity::ALL.into_iter().position(|s| told && s.id() == row[3])
        };
        let mut told = LastRun::default();
        let Some(rows) = run.rows("findings")? else { return Ok(Self { rows: Vec::new(), inputs, told }) };
        rows.each(&COLUMNS, |row| {
            if let Some(place) = place(&row) {
                told.counts[place] += 1;
                told.explained += u64::from(!row[12].is_empty());
            }
        })?;
        let total = usize::try_from(told.counts.iter().sum::<u64>()).unwrap_or(usize::MAX);
        told.pages = total.div_ceil(FINDINGS).max(1);
        told.page = page.clamp(1, told.pages);
        // The gravest stand first, so that each severity begins where the graver ones end.
        let mut next = [0, told.counts[0], told.counts[0] + told.counts[1]];
        let wanted = ((told.page - 1) * FINDINGS) as u64..(told.page * FINDINGS) as u64;
        let mut page = Vec::new();
        if let Some(rows) = run.rows("findings")? {
            rows.each(&COLUMNS, |row| {
                let Some(place) = place(&row) else { return };
                if wanted.contains(&next[place]) {
                    page.push((next[place], row));
                }
                next[place] += 1;
            })?;
        }
        page.sort_by_key(|(at, _)| *at);
        Ok(Self { rows: page.into_iter().map(|(_, row)| row).collect(), told, inputs })
    }
}

/// A row as a finding, with the upload that it stands in and what was said of it.
fn finding(ledger: &Ledger, inputs: &[Input], row: Vec<String>) -> Result<RunFinding, LedgerError> {
    let input = inputs.iter().find(|i| i.bureau == row[0] && i.path == row[1]);
    let number = input.and_then(|i| i.upload.as_ref()).map(|u| u.number);
    let upload = number.map(|number| ledger.numbered_upload(number)).transpose()?.flatten().map(|u| u.id);
    let explanation = row[12].parse().ok().map(|number| ledger.explanation(number)).transpose()?.flatten();
    let severity = Severity::ALL.into_iter().find(|s| s.id() == row[3]).unwrap_or(Severity::Note);
    let mut texts = row.into_iter().skip(1);
    let mut text = || texts.next().unwrap_or_default();
    let (file, code) = (text(), text());
    // The severity's word.
    text();
    let [sheet, cell, field, found, expected, message, help, key] = std::array::from_fn(|_| text());
    Ok(RunFinding { code, severity, file, upload, sheet, cell, field, found, expected, message, help, key, explanation })
}
