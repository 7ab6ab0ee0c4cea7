//! Uploads as pages and the API show them.

use super::changes::compared;
use super::checks;
use super::list::CodeCount;
use super::own::own;
use super::present::Present;
use super::relation::{PartStanding, Related};
use super::result::{Among, Found};
use super::room::Uploads;
use super::shown::{Key, Shown};
use super::standing::{Standings, Used};
use crate::ledger::{Explanation, Upload, Verdict};
use crate::model::severity::Severity;
use crate::pipeline::Changes;
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::text::shown;
use serde::Serialize;
use std::collections::HashMap;
use std::io;

/// Uploads on a page of the list, findings on a page of an upload.
const ITEMS: u32 = 50;
const FINDINGS: usize = 50;

/// A form that an upload holds, by its title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Part)]
pub struct Titled {
    /// The form's title.
    pub title: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// Records.
    pub rows: u64,
    /// How it stands; nothing where none of it is known.
    pub standing: Option<PartStanding>,
}

/// An upload in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Upload)]
pub struct Item {
    /// Number of its receipt.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// The bureau.
    pub bureau: String,
    /// Its name.
    pub name: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Which version of its return it is.
    pub version: u32,
    /// When it was received.
    pub received: String,
    /// Who sent it.
    pub account: String,
    /// What became of it; nothing until it is checked.
    pub verdict: Option<Verdict>,
    /// Whether none of its forms is in use: later sendings took their places, or they wait.
    pub out_of_use: bool,
    /// Whether what it is to an earlier upload is guessed until somebody says it.
    pub undecided: bool,
    /// Whether what stands beside it has changed since its check, which is made again when somebody looks at it.
    pub outdated: bool,
    /// What the last run made of it; nothing if it was not among its inputs.
    pub used: Option<Used>,
    /// When it was checked.
    pub checked: Option<String>,
    /// Records read.
    pub rows: u64,
    /// Error findings.
    pub errors: u64,
    /// Explain findings.
    pub explains: u64,
    /// Explain findings still open.
    pub open: u64,
    /// Notes.
    pub notes: u64,
    /// Forms found.
    pub parts: Vec<Titled>,
}

impl Item {
    fn of(uploads: &Uploads, (standings, present): (&Standings, &Present), upload: &Upload) -> Self {
        let standing = standings.of(upload);
        let (out_of_use, undecided) = (standing.is_out(), standing.open);
        let mut of_parts = standing.parts.into_iter();
        let tally = &upload.tally;
        let title = |form: &str| uploads.config.form.get(form).map_or_else(|| form.to_owned(), |f| f.title.clone());
        Self {
            number: upload.number,
            id: upload.id.clone(),
            bureau: uploads.config.source.get(&upload.source).map_or_else(|| upload.source.clone(), |s| s.bureau.clone()),
            name: upload.name.clone(),
            sha256: upload.sha256.clone(),
            bytes: upload.bytes,
            version: upload.version,
            received: shown(&upload.received),
            account: upload.account.clone(),
            verdict: upload.verdict,
            out_of_use,
            undecided,
            outdated: !out_of_use && present.outdates(upload),
            used: standings.used(upload),
            checked: upload.checked.as_deref().map(shown),
            rows: tally.rows,
            errors: tally.errors,
            explains: tally.explains,
            open: tally.open,
            notes: tally.notes,
            parts: tally
                .parts
                .iter()
                .map(|p| Titled { title: title(&p.form), period: p.period, rows: p.rows, standing: of_parts.next() })
                .collect(),
        }
    }

    /// Whether some form of it waits.
    pub fn waits(&self) -> bool {
        self.parts.iter().any(|p| p.standing.as_ref().is_some_and(PartStanding::waits))
    }

    /// Whether later sendings count in place of some of it.
    pub fn is_superseded(&self) -> bool {
        let by_later = |s: &PartStanding| !s.waits() && *s != PartStanding::InUse;
        self.parts.iter().any(|p| p.standing.as_ref().is_some_and(by_later))
    }

    /// The word of its state: of the verdict, or that it waits.
    pub fn state(&self) -> &'static str {
        self.verdict.map_or("waiting", Verdict::id)
    }
}

/// A page of the list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Uploads)]
pub struct ListPage {
    /// The uploads, newest first.
    pub items: Vec<Item>,
    /// Which page, from 1.
    pub page: u32,
    /// How many pages.
    pub pages: u32,
    /// How many uploads in all.
    pub total: u32,
}

/// The uploads that an actor may see.
pub async fn list(uploads: &Uploads, actor: &Actor, page: u32) -> Result<ListPage, PortalError> {
    // A clerk without a source sees nothing: no source has an empty id.
    let source = (actor.role == crate::model::role::Role::Clerk).then(|| actor.source.clone().unwrap_or_default());
    let config = uploads.config_today();
    let (listed, known, total, page) = uploads
        .read(move |l| {
            let total = l.count_uploads(source.as_deref())?;
            let page = page.clamp(1, total.div_ceil(ITEMS).max(1));
            let uploads = l.uploads(source.as_deref(), (page - 1) * ITEMS, ITEMS)?;
            let known = (Standings::read(l, source.as_deref())?, Present::read(&config, l, &uploads)?);
            Ok((uploads, known, total, page))
        })
        .await?;
    let items = listed.iter().map(|u| Item::of(uploads, (&known.0, &known.1), u)).collect();
    Ok(ListPage { items, page, pages: total.div_ceil(ITEMS).max(1), total })
}

/// An upload by its id, in short; its check is begun if it has none and nobody is at it.
pub async fn one(uploads: &Uploads, actor: &Actor, id: &str) -> Result<Item, PortalError> {
    let upload = own(uploads, actor, id).await?;
    let (standings, present) = (standings(uploads, &upload).await?, present(uploads, &upload).await?);
    let item = Item::of(uploads, (&standings, &present), &upload);
    if item.verdict.is_none() || item.outdated {
        checks::begin(uploads, upload);
    }
    Ok(item)
}

/// What stands beside the uploads of an upload's source now.
async fn present(uploads: &Uploads, upload: &Upload) -> Result<Present, PortalError> {
    let (config, upload) = (uploads.config_today(), upload.clone());
    uploads.read(move |l| Present::read(&config, l, std::slice::from_ref(&upload))).await
}

/// How the uploads of an upload's source stand.
pub async fn standings(uploads: &Uploads, upload: &Upload) -> Result<Standings, PortalError> {
    let source = upload.source.clone();
    uploads.read(move |l| Standings::read(l, Some(&source))).await
}

/// The earlier uploads to which an upload is something, the newest first.
pub async fn related(uploads: &Uploads, actor: &Actor, id: &str) -> Result<Vec<Related>, PortalError> {
    let upload = own(uploads, actor, id).await?;
    Ok(standings(uploads, &upload).await?.related(&uploads.config, &upload))
}

/// A finding with what was said of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Told {
    /// The finding.
    pub finding: Shown,
    /// What the bureau says of it.
    pub explanation: Option<Explanation>,
    /// How many other open findings of the same code there are.
    pub alike: usize,
}

/// A version of a return, with what changed from the one before.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Version {
    /// The upload.
    pub item: Item,
    /// Number of the receipt that it is compared with.
    pub before: Option<i64>,
    /// What changed; nothing while it is compared.
    pub changes: Option<Changes>,
}

/// All about an upload.
#[derive(Debug, Clone, Serialize)]
pub struct Detail {
    /// The upload.
    pub item: Item,
    /// A page of its findings: errors, then what asks, then notes.
    pub findings: Vec<Told>,
    /// How many findings in all.
    pub total: usize,
    /// Which page of findings, from 1.
    pub page: usize,
    /// How many pages.
    pub pages: usize,
    /// How many findings there are of each code, the gravest first.
    pub codes: Vec<CodeCount>,
    /// Among what it was judged.
    pub among: Among,
    /// Edits that rest on another bureau's statistics, and so are judged by runs alone.
    pub left_out: u64,
    /// All versions, newest first.
    pub versions: Vec<Version>,
    /// The earlier uploads to which it is something, the newest first.
    pub related: Vec<Related>,
}

/// A page of findings.
#[derive(Default)]
struct FindingsPage {
    findings: Vec<Told>,
    total: usize,
    page: usize,
    pages: usize,
    codes: Vec<CodeCount>,
    among: Among,
    left_out: u64,
}

/// A page of the findings of an upload with what was said of them; nothing until it is checked.
async fn told(uploads: &Uploads, upload: &Upload, page: usize) -> Result<Option<FindingsPage>, PortalError> {
    let Some(name) = upload.result.clone() else { return Ok(None) };
    let (shared, series) = (uploads.clone(), upload.series.clone());
    let explanations = uploads.read(move |l| l.explanations(&series)).await?;
    let told = tokio::task::spawn_blocking(move || shared.intake.found(&name).and_then(|found| page_of(&found, explanations, page).ok()));
    told.await.map_err(|e| PortalError::bug(e.to_string()))
}

fn page_of(found: &Found, explanations: Vec<Explanation>, page: usize) -> io::Result<FindingsPage> {
    // The last word on a finding counts.
    let said: HashMap<Key, Explanation> = explanations.into_iter().filter_map(|e| Some((Key::of(&e.finding)?, e))).collect();
    let open = found.open_by_code(&said.keys().copied().collect())?;
    let total = usize::try_from(found.result.counts.iter().sum::<u64>()).unwrap_or(usize::MAX);
    let pages = total.div_ceil(FINDINGS).max(1);
    let page = page.clamp(1, pages);
    let findings = found.list().page(|key| said.contains_key(key), ((page - 1) * FINDINGS) as u64, FINDINGS as u64)?;
    let codes = &found.result.codes;
    let tell = |finding: Shown| {
        let asks = finding.severity == Severity::Explain;
        let explanation = Key::of(&finding.key).filter(|_| asks).and_then(|k| said.get(&k).cloned());
        let open = codes.iter().position(|c| c.code == finding.code).and_then(|place| open.get(place).copied()).unwrap_or(0);
        let alike = if asks && explanation.is_none() { usize::try_from(open.saturating_sub(1)).unwrap_or(usize::MAX) } else { 0 };
        Told { finding, explanation, alike }
    };
    let (among, left_out) = (found.result.among, found.result.left_out);
    Ok(FindingsPage { findings: findings.into_iter().map(tell).collect(), total, page, pages, codes: codes.clone(), among, left_out })
}

/// All about an upload that the actor may see.
pub async fn detail(uploads: &Uploads, actor: &Actor, id: &str, page: usize) -> Result<Detail, PortalError> {
    let upload = own(uploads, actor, id).await?;
    let found = told(uploads, &upload, page).await?;
    let (standings, present) = (standings(uploads, &upload).await?, present(uploads, &upload).await?);
    let mut item = Item::of(uploads, (&standings, &present), &upload);
    if found.is_none() || item.outdated {
        // Not checked yet, or among other data; or what the check found is gone from the disk and is found again.
        checks::begin(uploads, upload.clone());
    }
    if found.is_none() {
        item.verdict = None;
    }
    let series = upload.series.clone();
    let versions = uploads.read(move |l| l.versions(&series)).await?;
    let related = standings.related(&uploads.config, &upload);
    let version = |v: &Upload| {
        let compared = compared(uploads, &versions, v);
        let before = compared.as_ref().map(|(number, _)| *number);
        Version { item: Item::of(uploads, (&standings, &present), v), before, changes: compared.and_then(|(_, changes)| changes) }
    };
    let versions: Vec<Version> = versions.iter().rev().map(version).collect();
    let none = FindingsPage { page: 1, pages: 1, ..FindingsPage::default() };
    let FindingsPage { findings, total, page, pages, codes, among, left_out } = found.unwrap_or(none);
    Ok(Detail { item, findings, total, page, pages, codes, among, left_out, versions, related })
}
