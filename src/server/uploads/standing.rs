//! How uploads stand to each other: the rule of standing over what the ledger knows, and what somebody says of two.

use super::view::own;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Pairs, Part, Upload, Verdict};
use crate::model::standing::{Choice, Decision, Fate, Meeting, Overlap, Relation, Sending, decide};
use crate::pipeline::{Missing, ReceiptUse, missing};
use crate::server::clock::shown;
use crate::server::error::PageError;
use crate::server::night;
use crate::server::session::Actor;
use crate::server::state::App;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use validator::Validate;

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
    /// The form.
    pub form: String,
    /// The form's title.
    pub title: String,
    /// The year, for forms of a year.
    pub period: Option<i32>,
    /// What the newer is to the older.
    pub relation: Relation,
    /// Whether it waits instead: amounts of an older would be lost, since the newer's cannot be read.
    pub waits: bool,
    /// What applies: what was said, else the likely.
    pub applies: Choice,
    /// What was said last.
    pub said: Option<SaidShown>,
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
    /// Amounts that are used in the older and in the newer are not, with the enterprises of both which so lose them.
    pub missing: Vec<Missing>,
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
                (overlap(&pairs, &uploads, (older, newer), form, *period), pairs.said.of((older, newer), form, *period).map(|s| s.choice))
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
            standing.open |= decision.meetings.iter().any(|m| m.newer == upload.number && decision.asks(m));
        }
        for numbers in [&mut standing.replaced_by, &mut standing.waits_behind] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        standing
    }

    /// An upload with those that took its place, if all of it is out of use: what a new version of it is to replace. One
    /// that was refused took nothing's place: what it was to replace is still there.
    pub fn with_successors(&self, upload: &Upload) -> Vec<i64> {
        let mut numbers = vec![upload.number];
        let mut next = 0;
        while let Some(number) = numbers.get(next) {
            let standing = self.uploads.get(number).map(|u| self.of(u)).filter(|s| s.out).unwrap_or_default();
            let meant = self.pairs.said.replaced_by(*number).filter(|_| !self.uploads.contains_key(number));
            let new: Vec<i64> = standing.replaced_by.into_iter().chain(meant).filter(|n| !numbers.contains(n)).collect();
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

    /// Whether another took the place of a form and period of an upload.
    pub fn is_replaced(&self, upload: &Upload, part: &Part) -> bool {
        let decision = self.decided.get(&(upload.source.clone(), part.form.clone(), part.period));
        decision.is_some_and(|d| matches!(d.fate(upload.number), Fate::Replaced { .. }))
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
            let mine = decision.meetings.iter().filter(|m| m.newer == upload.number);
            for meeting in mine.filter(|m| m.overlap.common > 0 || m.relation == Relation::Replaces || m.said.is_some()) {
                found.entry(meeting.older).or_default().push(self.related_part(config, part, (decision, meeting)));
            }
        }
        let related = |(number, parts): (i64, Vec<RelatedPart>)| {
            let older = self.uploads.get(&number)?;
            Some(Related { id: older.id.clone(), number, name: older.name.clone(), received: shown(&older.received), parts })
        };
        found.into_iter().rev().filter_map(related).collect()
    }

    fn related_part(&self, config: &Config, part: &Part, (decision, meeting): (&Decision, &Meeting)) -> RelatedPart {
        let Overlap { older, newer, common, losses } = &meeting.overlap;
        let said = self.pairs.said.of((meeting.older, meeting.newer), &part.form, part.period);
        let waits = matches!(decision.fate(meeting.newer), Fate::Waits { .. });
        let likely = if meeting.relation == Relation::Replaces && !waits { Choice::Replace } else { Choice::Supplement };
        RelatedPart {
            form: part.form.clone(),
            title: config.form.get(&part.form).map_or_else(|| part.form.clone(), |f| f.title.clone()),
            period: part.period,
            relation: meeting.relation,
            waits,
            applies: said.map_or(likely, |s| s.choice),
            said: said.map(|s| SaidShown { choice: s.choice, account: s.account.clone(), at: shown(&s.at) }),
            open: decision.asks(meeting),
            older: *older,
            newer: *newer,
            common: *common,
            dropped: older.saturating_sub(*common),
            missing: missing(config, &part.form, losses),
        }
    }
}

/// What two uploads share. Of those whose records are not read again yet, versions of one name are taken for the same.
fn overlap(pairs: &Pairs, uploads: &HashMap<i64, Upload>, pair: (i64, i64), form: &str, period: Option<i32>) -> Overlap {
    let unread = !pairs.held.contains(&pair.0) || !pairs.held.contains(&pair.1);
    if unread && uploads[&pair.0].series == uploads[&pair.1].series {
        return Overlap { older: 1, newer: 1, common: 1, ..Overlap::default() };
    }
    pairs.overlaps.get(&(pair, form.to_owned(), period)).cloned().unwrap_or(Overlap { older: 1, newer: 1, ..Overlap::default() })
}

/// What the last run made of its uploads, by number.
fn used(ledger: &Ledger) -> Result<HashMap<i64, Used>, LedgerError> {
    let Some(run) = ledger.finished_runs(1)?.pop() else { return Ok(HashMap::new()) };
    let receipts = serde_json::from_str::<Summary>(&run.summary).map(|s| s.receipts).unwrap_or_default();
    let used = |records: ReceiptUse| (records.number, Used { run: run.id.clone(), finished: shown(&run.finished), records });
    Ok(receipts.into_iter().map(used).collect())
}

/// What somebody says of an upload and an earlier one.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
pub struct Choosing {
    /// Id of the earlier upload.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub older: String,
    /// The form of which it is said.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    pub form: String,
    /// The year, for forms of a year.
    #[serde(default)]
    pub period: Option<i32>,
    /// Whether the upload takes its place, or both stand and the upload's records count where both hold them.
    pub choice: Choice,
}

/// Keeps what an actor says of a form of an upload and of an earlier one of the same source.
pub async fn choose(app: &App, (actor, address): (&Actor, &str), id: &str, said: Choosing) -> Result<(), PageError> {
    let Choosing { older, form, period, choice } = said;
    let older = older.as_str();
    let (newer, older) = (own(app, actor, id).await?, own(app, actor, older).await?);
    let taken = |u: &Upload| u.verdict.is_some_and(|v| v != Verdict::Refused);
    if newer.source != older.source || older.number >= newer.number {
        return Err(PageError::NotFound);
    }
    if !taken(&newer) || !taken(&older) {
        return Err(PageError::Conflict("unchecked"));
    }
    let holds = |u: &Upload| u.tally.parts.iter().any(|p| p.form == form && p.period == period);
    if !holds(&newer) || !holds(&older) {
        return Err(PageError::NotFound);
    }
    app.change(actor, address, move |l, by| l.choose((&older, &newer), (&form, period), choice, by)).await?;
    night::arrived(app);
    Ok(())
}
