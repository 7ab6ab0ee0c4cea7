//! How uploads stand to each other and to the files of folders and addresses: the rule of standing over what the ledger
//! knows, and what somebody says of two.

use super::own::own;
use super::relation::{OtherSending, PartStanding, Related, RelatedPart, SaidShown, Standing};
use super::room::Uploads;
use crate::config::Config;
use crate::ledger::{FiledReturn, Ledger, LedgerError, Pairs, Upload, UploadPart, Verdict};
use crate::model::standing::{Choice, Decision, Fate, Meeting, Overlap, Relation, Sending, decide};
use crate::pipeline::{ReceiptUse, missing};
use crate::portal::actor::Actor;
use crate::portal::error::PortalError;
use crate::portal::night;
use crate::portal::text::shown;
use crate::stages::acquire::{Received, order};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use validator::Validate;

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

/// Source, form and period: what two sendings must share to be versions of one return.
type ReturnKey = (String, String, Option<i32>);

/// Records of a sending of which later ones count: so many, of which.
struct Corrected {
    count: u64,
    by: Vec<i64>,
}

/// All uploads of some sources and the files of their folders and addresses, with how they stand.
pub struct Standings {
    pairs: Pairs,
    uploads: HashMap<i64, Upload>,
    files: HashMap<i64, FiledReturn>,
    decided: BTreeMap<ReturnKey, Decision>,
    corrected: HashMap<(i64, ReturnKey), Corrected>,
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
        let files: HashMap<i64, FiledReturn> = ledger.filed(source)?.into_iter().map(|f| (f.number, f)).collect();
        let mut sent: BTreeMap<ReturnKey, Vec<Sending>> = BTreeMap::new();
        for (id, order) in ordered(ledger, &uploads, &files)? {
            let of_upload = uploads.get(&id).map(|u| (&u.source, u.tally.parts.iter().map(|p| (p.form.clone(), p.period)).collect()));
            let of_file = || files.get(&id).map(|f| (&f.source, pairs.held.get(&id).cloned().unwrap_or_default()));
            let Some::<(&String, Vec<_>)>((source, parts)) = of_upload.or_else(of_file) else { continue };
            for (form, period) in parts {
                sent.entry((source.clone(), form, period)).or_default().push(Sending { order, id });
            }
        }
        let decide = |(group, sendings): (ReturnKey, Vec<Sending>)| {
            let (_, form, period) = &group;
            let compare = |older, newer| {
                (overlap(&pairs, &uploads, (older, newer), form, *period), pairs.said.of((older, newer), form, *period).map(|s| s.choice))
            };
            let decision = decide(&sendings, compare);
            (group, decision)
        };
        let decided: BTreeMap<_, _> = sent.into_iter().map(decide).collect();
        Ok(Self { corrected: corrected(ledger, &decided)?, decided, used: used(ledger)?, pairs, uploads, files })
    }

    /// How an upload stands.
    pub fn of(&self, upload: &Upload) -> Standing {
        let mut standing = Standing::default();
        for (part, decision) in self.groups(upload) {
            standing.parts.push(match decision.fate(upload.number) {
                Fate::Stands => self.corrections_of(upload, part),
                Fate::Replaced { by } => self.other(by).map_or(PartStanding::InUse, |by| PartStanding::Replaced { by }),
                Fate::Waits { behind } => self.other(behind).map_or(PartStanding::InUse, |behind| PartStanding::Waits { behind }),
            });
            standing.open |= decision.meetings.iter().any(|m| m.newer == upload.number && decision.asks(m));
        }
        standing
    }

    /// How a form of an upload stands whose place nobody took: others may count of some of its records.
    fn corrections_of(&self, upload: &Upload, part: &UploadPart) -> PartStanding {
        let group = (upload.source.clone(), part.form.clone(), part.period);
        let of = |meeting: &Meeting| if meeting.older == upload.number { meeting.overlap.older } else { 0 };
        let of = self.decided.get(&group).and_then(|d| d.meetings.iter().map(of).max()).unwrap_or_default();
        match self.corrected.get(&(upload.number, group)) {
            Some(Corrected { count, by }) => {
                PartStanding::Corrected { corrected: *count, of, by: by.iter().filter_map(|number| self.other(*number)).collect() }
            }
            None => PartStanding::InUse,
        }
    }

    /// A sending by its number.
    fn other(&self, number: i64) -> Option<OtherSending> {
        let upload = self.uploads.get(&number).map(|u| (Some(u.id.clone()), u.name.clone(), &u.received));
        let file = || self.files.get(&number).map(|f| (None, f.path.clone(), &f.received));
        let (id, name, received) = upload.or_else(file)?;
        Some(OtherSending { number, id, name, received: shown(received) })
    }

    /// An upload with those that took its place, if all of it is out of use: what a new version of it is to replace. One
    /// that was refused took nothing's place: what it was to replace is still there.
    pub fn with_successors(&self, upload: &Upload) -> Vec<i64> {
        let mut numbers = vec![upload.number];
        let mut next = 0;
        while let Some(number) = numbers.get(next) {
            let standing = self.uploads.get(number).map(|u| self.of(u)).filter(Standing::is_out).unwrap_or_default();
            let successor = |part| if let PartStanding::Replaced { by } = part { Some(by.number) } else { None };
            let meant = self.pairs.said.replaced_by(*number).filter(|_| !self.uploads.contains_key(number));
            let mut new: Vec<i64> =
                standing.parts.into_iter().filter_map(successor).chain(meant).filter(|n| !numbers.contains(n)).collect();
            new.sort_unstable();
            new.dedup();
            numbers.extend(new);
            next += 1;
        }
        numbers
    }

    /// What the last run made of an upload; nothing if it was not among its inputs.
    pub fn used(&self, upload: &Upload) -> Option<Used> {
        self.used.get(&upload.number).cloned()
    }

    /// Whether another took the place of a form and period of an upload.
    pub fn is_replaced(&self, upload: &Upload, part: &UploadPart) -> bool {
        let decision = self.decided.get(&(upload.source.clone(), part.form.clone(), part.period));
        decision.is_some_and(|d| matches!(d.fate(upload.number), Fate::Replaced { .. }))
    }

    fn groups<'a>(&'a self, upload: &'a Upload) -> impl Iterator<Item = (&'a UploadPart, &'a Decision)> {
        let checked = upload.verdict.is_some_and(|v| v != Verdict::Refused);
        let parts = if checked { upload.tally.parts.as_slice() } else { &[] };
        parts.iter().filter_map(|part| {
            let group = (upload.source.clone(), part.form.clone(), part.period);
            Some((part, self.decided.get(&group)?))
        })
    }

    /// The earlier sendings to which an upload is something, the newest first, uploads before files of folders.
    pub fn related(&self, config: &Config, upload: &Upload) -> Vec<Related> {
        let mut found: BTreeMap<i64, Vec<RelatedPart>> = BTreeMap::new();
        for (part, decision) in self.groups(upload) {
            let mine = decision.meetings.iter().filter(|m| m.newer == upload.number);
            for meeting in mine.filter(|m| m.overlap.common > 0 || m.relation == Relation::Replaces || m.said.is_some()) {
                found.entry(meeting.older).or_default().push(self.related_part(config, part, (decision, meeting)));
            }
        }
        let related = |(number, parts)| Some(Related { other: self.other(number)?, parts });
        found.into_iter().rev().filter_map(related).collect()
    }

    fn related_part(&self, config: &Config, part: &UploadPart, (decision, meeting): (&Decision, &Meeting)) -> RelatedPart {
        let Overlap { older, newer, common, losses } = &meeting.overlap;
        let said = self.pairs.said.of((meeting.older, meeting.newer), &part.form, part.period);
        let waits_behind = if let Fate::Waits { behind } = decision.fate(meeting.newer) { self.other(behind) } else { None };
        let likely = if meeting.relation == Relation::Replaces && waits_behind.is_none() { Choice::Replace } else { Choice::Supplement };
        RelatedPart {
            form: part.form.clone(),
            title: config.form.get(&part.form).map_or_else(|| part.form.clone(), |f| f.title.clone()),
            period: part.period,
            relation: meeting.relation,
            waits_behind,
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

/// Sendings with their places in the order of receipt, as runs order them.
fn ordered(ledger: &Ledger, uploads: &HashMap<i64, Upload>, files: &HashMap<i64, FiledReturn>) -> Result<Vec<(i64, u32)>, LedgerError> {
    let mut numbers: Vec<i64> = uploads.keys().chain(files.keys()).copied().collect();
    numbers.sort_unstable();
    let seen: HashMap<i64, String> =
        files.values().map(|f| Ok((f.number, ledger.seen_before(&f.received)?))).collect::<Result<_, LedgerError>>()?;
    let received = |number: &i64| {
        let upload = uploads.get(number).map(|u| Received { source: &u.source, name: &u.name, number: Some(u.number), at: &u.received });
        let file = || files.get(number).map(|f| Received { source: &f.source, name: f.name(), number: None, at: &seen[number] });
        upload.or_else(file)
    };
    let received: Vec<Received<'_>> = numbers.iter().filter_map(received).collect();
    Ok(numbers.iter().copied().zip(order(&received)).collect())
}

/// What two sendings share. Of uploads whose records are not read again yet, versions of one name are taken for the same.
fn overlap(pairs: &Pairs, uploads: &HashMap<i64, Upload>, pair: (i64, i64), form: &str, period: Option<i32>) -> Overlap {
    let series = |number: i64| uploads.get(&number).map(|u| &u.series);
    let unread = !pairs.held.contains_key(&pair.0) || !pairs.held.contains_key(&pair.1);
    if unread && series(pair.0).is_some() && series(pair.0) == series(pair.1) {
        return Overlap { older: 1, newer: 1, common: 1, ..Overlap::default() };
    }
    pairs.overlaps.get(&(pair, form.to_owned(), period)).cloned().unwrap_or(Overlap { older: 1, newer: 1, ..Overlap::default() })
}

/// Of which records later sendings count, by sending and return.
fn corrected(ledger: &Ledger, decided: &BTreeMap<ReturnKey, Decision>) -> Result<HashMap<(i64, ReturnKey), Corrected>, LedgerError> {
    let mut corrected = HashMap::new();
    for (group, decision) in decided {
        let mut by: BTreeMap<i64, Vec<&Meeting>> = BTreeMap::new();
        decision.corrections().for_each(|meeting| by.entry(meeting.older).or_default().push(meeting));
        for (older, meetings) in by {
            let by: Vec<i64> = meetings.iter().map(|m| m.newer).collect();
            // What one later sending holds is counted already; several may hold the same.
            let count = match meetings.as_slice() {
                [only] => only.overlap.common,
                _ => ledger.held_by(older, &by, &group.1, group.2)?,
            };
            corrected.insert((older, group.clone()), Corrected { count, by });
        }
    }
    Ok(corrected)
}

/// What the last run made of its uploads, by number.
fn used(ledger: &Ledger) -> Result<HashMap<i64, Used>, LedgerError> {
    let Some(run) = ledger.finished_runs(1)?.pop() else { return Ok(HashMap::new()) };
    let receipts = serde_json::from_str::<Summary>(&run.summary).map(|s| s.receipts).unwrap_or_default();
    let used = |records: ReceiptUse| (records.number, Used { run: run.id.clone(), finished: shown(&run.finished), records });
    Ok(receipts.into_iter().map(used).collect())
}

/// What somebody says of an upload and an earlier sending.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
pub struct Choosing {
    /// Id of the earlier upload; of a file of a folder or an address, the number of its receipt, which is below zero.
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

/// Keeps what an actor says of a form of an upload and of an earlier sending of the same source.
pub async fn choose(uploads: &Uploads, (actor, address): (&Actor, &str), id: &str, said: Choosing) -> Result<(), PortalError> {
    let Choosing { older, form, period, choice } = said;
    let newer = own(uploads, actor, id).await?;
    let older = match older.parse::<i64>().ok().filter(|number| *number < 0) {
        Some(number) => number,
        None => earlier(uploads, actor, &older, &newer).await?,
    };
    if newer.verdict.is_none_or(|v| v == Verdict::Refused) {
        return Err(PortalError::Conflict("unchecked"));
    }
    let source = newer.source.clone();
    let standings = uploads.read(move |l| Standings::read(l, Some(&source))).await?;
    let group = (newer.source.clone(), form.clone(), period);
    if !standings.decided.get(&group).is_some_and(|decision| decision.precedes(older, newer.number)) {
        return Err(PortalError::NotFound);
    }
    uploads.change(actor, address, move |l, by| l.choose((older, &newer), (&form, period), choice, by)).await?;
    night::arrived(&uploads.night);
    Ok(())
}

/// The number of an upload of the same source that was received before another.
async fn earlier(uploads: &Uploads, actor: &Actor, id: &str, newer: &Upload) -> Result<i64, PortalError> {
    let older = own(uploads, actor, id).await?;
    if newer.source != older.source || older.number >= newer.number {
        return Err(PortalError::NotFound);
    }
    if older.verdict.is_none_or(|v| v == Verdict::Refused) {
        return Err(PortalError::Conflict("unchecked"));
    }
    Ok(older.number)
}
