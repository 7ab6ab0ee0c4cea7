//! How uploads stand to each other: the rule of standing over what the ledger knows, and what somebody says of two.

use super::view::own;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Pairs, Part, Upload, Verdict};
use crate::model::standing::{Choice, Decision, Fate, Meeting, Overlap, Relation, Sending, decide};
use crate::pipeline::ReceiptUse;
use crate::server::clock::shown;
use crate::server::error::PageError;
use crate::server::night;
use crate::server::session::Actor;
use crate::server::state::App;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What somebody said of two uploads, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Said)]
pub struct SaidShown {
    /// What the newer is to the older.
    pub choice: Choice,
    /// Who said it.
    pub account: String,
    /// When.
    pub at: String,
}

/// A form and period that two uploads hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RelatedPart {
    /// The form's title.
    pub title: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// What the newer is to the older.
    pub relation: Relation,
    /// Whether it waits instead: amounts of the older would be lost, since the newer's cannot be read.
    pub waits: bool,
    /// Whether the relation is guessed until somebody says it.
    pub open: bool,
    /// Records of the older.
    pub older: u64,
    /// Records of the newer.
    pub newer: u64,
    /// Records that both hold.
    pub common: u64,
    /// Records of the older that are out of use if the newer replaces it, since the newer has none like them.
    pub dropped: u64,
    /// Enterprises of both whose amounts are used in the older and in the newer are not.
    pub missing: u64,
}

/// An earlier upload with which an upload shares records, or of which something was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Related)]
pub struct Related {
    /// Id of the earlier upload.
    pub id: String,
    /// Number of its receipt.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// When it was received.
    pub received: String,
    /// The forms and periods that both hold.
    pub parts: Vec<RelatedPart>,
    /// What applies: what was said, else the likely.
    pub applies: Choice,
    /// What was said last.
    pub said: Option<SaidShown>,
}

impl Related {
    /// Whether what applies is guessed.
    pub fn is_open(&self) -> bool {
        self.parts.iter().any(|p| p.open)
    }
}

/// How an upload stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Receipts that took the place of all or some of its forms.
    pub replaced_by: Vec<i64>,
    /// Sound receipts behind which all or some of its forms wait.
    pub waits_behind: Vec<i64>,
    /// Whether none of its forms is in use.
    pub out: bool,
    /// Whether a relation of it is guessed.
    pub open: bool,
}

/// What a run made of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Used {
    /// The run.
    pub run: String,
    /// When it ended.
    pub finished: String,
    /// Records by what became of them.
    #[serde(flatten)]
    pub records: ReceiptUse,
}

/// All uploads of some sources, with how they stand.
pub struct Standings {
    pairs: Pairs,
    uploads: HashMap<i64, Upload>,
    decided: BTreeMap<(String, String, Option<i32>), Decision>,
    used: HashMap<i64, Used>,
}

/// As much of a run's summary as is read here.
#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    receipts: Vec<ReceiptUse>,
}

impl Standings {
    /// Reads them, of one source or of all.
    pub fn read(ledger: &Ledger, source: Option<&str>) -> Result<Self, LedgerError> {
        let pairs = ledger.pairs(source)?;
        let standing = ledger.standing_uploads()?.into_iter().filter(|u| source.is_none_or(|s| u.source == s));
        let uploads: HashMap<i64, Upload> = standing.map(|u| (u.number, u)).collect();
        let mut sent: BTreeMap<(String, String, Option<i32>), Vec<Sending>> = BTreeMap::new();
        let mut places: Vec<i64> = uploads.keys().copied().collect();
        places.sort_unstable();
        for (order, number) in places.into_iter().enumerate() {
            let upload = &uploads[&number];
            for part in &upload.tally.parts {
                let group = (upload.source.clone(), part.form.clone(), part.period);
                sent.entry(group).or_default().push(Sending { order: order as u32, id: number });
            }
        }
        let decide = |(group, sendings): (_, Vec<Sending>)| {
            let (_, form, period): &(String, String, Option<i32>) = &group;
            let compare = |older, newer| {
                (overlap(&pairs, &uploads, (older, newer), form, *period), pairs.said.get(&(older, newer)).map(|s| s.choice))
            };
            let decision = decide(&sendings, compare);
            (group, decision)
        };
        let decided = sent.into_iter().map(decide).collect();
        Ok(Self { decided, used: used(ledger)?, pairs, uploads })
    }

    /// How an upload stands.
    pub fn of(&self, upload: &Upload) -> Standing {
        let mut standing = Standing { out: self.groups(upload).next().is_some(), ..Standing::default() };
        for (_, decision) in self.groups(upload) {
            match decision.fate(upload.number) {
                Fate::Stands => standing.out = false,
                Fate::Replaced { by } => standing.replaced_by.push(by),
                Fate::Waits { behind } => standing.waits_behind.push(behind),
            }
            standing.open |= decision.meetings.iter().any(|m| m.newer == upload.number && m.is_open());
        }
        for numbers in [&mut standing.replaced_by, &mut standing.waits_behind] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        standing
    }

    /// An upload with those that took its place, if all of it is out of use: what a new version of it is to replace.
    pub fn with_successors(&self, upload: &Upload) -> Vec<i64> {
        let mut numbers = vec![upload.number];
        let mut next = 0;
        while let Some(number) = numbers.get(next) {
            let standing = self.uploads.get(number).map(|u| self.of(u)).filter(|s| s.out).unwrap_or_default();
            let new: Vec<i64> = standing.replaced_by.into_iter().filter(|n| !numbers.contains(n)).collect();
            numbers.extend(new);
            next += 1;
        }
        numbers
    }

    /// What the last run made of an upload; nothing if it was not among its inputs.
    pub fn used(&self, upload: &Upload) -> Option<Used> {
        self.used.get(&upload.number).cloned()
    }

    /// An upload by its number.
    pub fn upload(&self, number: i64) -> Option<&Upload> {
        self.uploads.get(&number)
    }

    fn groups<'a>(&'a self, upload: &'a Upload) -> impl Iterator<Item = (&'a Part, &'a Decision)> {
        let checked = upload.verdict.is_some_and(|v| v != Verdict::Refused);
        let parts = if checked { upload.tally.parts.as_slice() } else { &[] };
        parts.iter().filter_map(|part| {
            let group = (upload.source.clone(), part.form.clone(), part.period);
            Some((part, self.decided.get(&group)?))
        })
    }

    /// The earlier uploads to which an upload is something, the newest first.
    pub fn related(&self, config: &Config, upload: &Upload) -> Vec<Related> {
        let mut found: BTreeMap<i64, Vec<RelatedPart>> = BTreeMap::new();
        for (part, decision) in self.groups(upload) {
            let waits = matches!(decision.fate(upload.number), Fate::Waits { .. });
            let mine = decision.meetings.iter().filter(|m| m.newer == upload.number);
            for meeting in mine.filter(|m| m.overlap.common > 0 || m.relation == Relation::Replaces || m.said.is_some()) {
                let title = config.form.get(&part.form).map_or_else(|| part.form.clone(), |f| f.title.clone());
                found.entry(meeting.older).or_default().push(related_part(title, part.period, waits, meeting));
            }
        }
        let related = |(number, parts): (i64, Vec<RelatedPart>)| {
            let older = self.uploads.get(&number)?;
            let said = self.pairs.said.get(&(number, upload.number));
            let replaces = parts.iter().any(|p| p.relation == Relation::Replaces && !p.waits);
            Some(Related {
                id: older.id.clone(),
                number,
                name: older.name.clone(),
                received: shown(&older.received),
                applies: said.map_or(if replaces { Choice::Replace } else { Choice::Supplement }, |s| s.choice),
                said: said.map(|s| SaidShown { choice: s.choice, account: s.account.clone(), at: shown(&s.at) }),
                parts,
            })
        };
        found.into_iter().rev().filter_map(related).collect()
    }
}

fn related_part(title: String, period: Option<i32>, waits: bool, meeting: &Meeting) -> RelatedPart {
    let Overlap { older, newer, common, missing, .. } = meeting.overlap;
    RelatedPart {
        title,
        period,
        relation: meeting.relation,
        waits: waits && meeting.overlap.is_hollow(),
        open: meeting.is_open(),
        older,
        newer,
        common,
        dropped: older.saturating_sub(common),
        missing,
    }
}

/// What two uploads share. Of those whose records are not read again yet, versions of one name are taken for the same.
fn overlap(pairs: &Pairs, uploads: &HashMap<i64, Upload>, pair: (i64, i64), form: &str, period: Option<i32>) -> Overlap {
    let unread = !pairs.held.contains(&pair.0) || !pairs.held.contains(&pair.1);
    if unread && uploads[&pair.0].series == uploads[&pair.1].series {
        return Overlap { older: 1, newer: 1, common: 1, ..Overlap::default() };
    }
    pairs.overlaps.get(&(pair, form.to_owned(), period)).copied().unwrap_or(Overlap { older: 1, newer: 1, ..Overlap::default() })
}

/// What the last run made of its uploads, by number.
fn used(ledger: &Ledger) -> Result<HashMap<i64, Used>, LedgerError> {
    let Some(run) = ledger.finished_runs(1)?.pop() else { return Ok(HashMap::new()) };
    let receipts = serde_json::from_str::<Summary>(&run.summary).map(|s| s.receipts).unwrap_or_default();
    let used = |records: ReceiptUse| (records.number, Used { run: run.id.clone(), finished: shown(&run.finished), records });
    Ok(receipts.into_iter().map(used).collect())
}

/// Keeps what an actor says of an upload and an earlier one of the same source.
pub async fn choose(app: &App, (actor, address): (&Actor, &str), id: &str, older: &str, choice: Choice) -> Result<(), PageError> {
    let (newer, older) = (own(app, actor, id).await?, own(app, actor, older).await?);
    let taken = |u: &Upload| u.verdict.is_some_and(|v| v != Verdict::Refused);
    if newer.source != older.source || older.number >= newer.number {
        return Err(PageError::NotFound);
    }
    if !taken(&newer) || !taken(&older) {
        return Err(PageError::Conflict("unchecked"));
    }
    app.change(actor, address, move |l, by| l.choose(&newer, &older, choice, by)).await?;
    night::arrived(app);
    Ok(())
}
