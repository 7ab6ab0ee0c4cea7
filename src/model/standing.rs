//! Which sending of a return stands: the one rule, for pages and for runs.
//!
//! Sendings of one source, form and period are judged in the order of their receipt, each against those before it:
//! - the same records nearly all: it replaces the former;
//! - none of them: it stands beside it (supplements);
//! - in between it is open, and the likely one applies until somebody says otherwise: a file about as large as the former
//!   that repeats most of it replaces it, any other stands beside it. Of records that both hold, the later counts.
//!
//! One more law: where most of what a former states of any one amount would be lost because the newer's cannot be read
//! (no unit, say), the newer waits and the former stands, until a better one comes or somebody says that it replaces it.
//! If the former goes out meanwhile, the newer is decided again.
//! The newest word counts, but nothing sound goes out for want of a unit.

use super::record_key::{Amounts, KeySet, RecordKey};
use serde::{Deserialize, Serialize};

/// What somebody said of two sendings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The newer takes the older's place.
    Replace,
    /// Both stand; of records in both the newer's count.
    Supplement,
}

impl Choice {
    /// The word in the ledger.
    pub fn id(self) -> &'static str {
        match self {
            Choice::Replace => "replace",
            Choice::Supplement => "supplement",
        }
    }

    /// Parses that word.
    pub fn from_id(id: &str) -> Option<Self> {
        [Choice::Replace, Choice::Supplement].into_iter().find(|c| c.id() == id)
    }
}

/// What a sending is to an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The older is out of use.
    Replaces,
    /// Nearly all of its records are in the older, whose others stay in use.
    Corrects,
    /// Both are in use.
    Supplements,
}

/// An amount of a form that some records of an older sending hold and a newer's of the same enterprises do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The place of the field among the amount fields of its form.
    pub field: usize,
    /// Records that state it in the older, while the newer's cell holds something that cannot be read.
    pub withheld: u64,
    /// Records of which it is used in the older, and in the newer is not, for whatever reason.
    pub missing: u64,
}

/// The records of two sendings, compared: enterprises or patents, not rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Enterprises (or patents) of the older that can be found again.
    pub older: u64,
    /// Those of the newer.
    pub newer: u64,
    /// Those of the older that the newer holds too.
    pub common: u64,
    /// What those lose of amounts, in the order of the form's fields.
    pub losses: Vec<Loss>,
}

/// Whether a part is nearly the whole.
fn nearly(part: u64, whole: u64) -> bool {
    part * 10 >= whole * 9
}

impl Overlap {
    /// Compares the records of two sendings, each enterprise once however many rows it has.
    pub fn between(older: &Keyed, newer: &Keyed) -> Self {
        let mut found = Self { older: older.count(), newer: newer.count(), ..Self::default() };
        let mut losses: [Loss; 64] = std::array::from_fn(|field| Loss { field, ..Loss::default() });
        for key in &older.each {
            let Some(now) = newer.all.find(key) else { continue };
            found.common += 1;
            let (withheld, missing) = (key.amounts.stated & now.withheld, key.amounts.used & !now.used);
            if withheld | missing != 0 {
                for loss in &mut losses {
                    let bit = Amounts::bit(loss.field);
                    loss.withheld += u64::from(withheld & bit != 0);
                    loss.missing += u64::from(missing & bit != 0);
                }
            }
        }
        found.losses = losses.into_iter().filter(|loss| loss.withheld + loss.missing > 0).collect();
        found
    }

    /// Whether both may be meant: they share some records, and not nearly all of the older's.
    pub fn is_open(&self) -> bool {
        self.common > 0 && !nearly(self.common, self.older)
    }

    /// What the newer is to the older, given what was said of it.
    pub fn relation(&self, said: Option<Choice>) -> Relation {
        let beside = || if self.common > 0 && nearly(self.common, self.newer) { Relation::Corrects } else { Relation::Supplements };
        match said {
            Some(Choice::Replace) => Relation::Replaces,
            Some(Choice::Supplement) => beside(),
            None if self.replaces() => Relation::Replaces,
            None => beside(),
        }
    }

    fn replaces(&self) -> bool {
        match self.older {
            // Nothing tells records without keys apart.
            0 => self.newer == 0,
            older => nearly(self.common, older) || (self.common * 2 >= older && nearly(self.newer, older)),
        }
    }

    /// Whether an amount that the older states would be lost for half of the records or more, since it cannot be read.
    pub fn is_hollow(&self) -> bool {
        self.losses.iter().any(|loss| loss.withheld > 0 && loss.withheld * 2 >= self.common)
    }
}

/// The records of a sending, for looking up.
#[derive(Debug, Clone, Default)]
pub struct Keyed {
    /// Each enterprise once.
    each: Vec<RecordKey>,
    /// All of them.
    pub all: KeySet,
}

impl Keyed {
    /// The records of a sending.
    pub fn of(keys: &[RecordKey]) -> Self {
        Self { each: RecordKey::distinct(keys), all: KeySet::of(keys) }
    }

    /// How many enterprises can be found again.
    pub fn count(&self) -> u64 {
        self.each.len() as u64
    }

    /// How many of them later sendings hold between them.
    pub fn held_by(&self, later: &[Self]) -> u64 {
        self.each.iter().filter(|key| later.iter().any(|sending| sending.all.contains(key))).count() as u64
    }
}

/// A sending of one form and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sending {
    /// Its place in the order of receipt; equal where nobody can tell.
    pub order: u32,
    /// What the caller calls it: a file's ordinal, a receipt's number.
    pub id: i64,
}

/// What is to become of a sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its records are in use, but for those that a later one corrects.
    Stands,
    /// Another took its place.
    Replaced {
        /// Which one.
        by: i64,
    },
    /// It would make amounts of a sound one unreadable, which stands meanwhile.
    Waits {
        /// Which one.
        behind: i64,
    },
}

/// Two sendings that met, the older in use when the newer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// The older.
    pub older: i64,
    /// The newer.
    pub newer: i64,
    /// What the newer is to it.
    pub relation: Relation,
    /// Their records.
    pub overlap: Overlap,
    /// What was said of them.
    pub said: Option<Choice>,
}

impl Meeting {
    /// Whether the answer is guessed.
    pub fn is_open(&self) -> bool {
        self.said.is_none() && self.overlap.is_open()
    }

    /// Whether most of an amount of the older would be lost, and nobody said that the newer takes its place all the same.
    fn spoils(&self) -> bool {
        let touches = self.relation != Relation::Supplements || self.overlap.common > 0;
        touches && self.overlap.is_hollow() && self.said != Some(Choice::Replace)
    }
}

/// What stands of the sendings of one form and period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The fate of each, in the order of receipt.
    pub fates: Vec<(Sending, Fate)>,
    /// Which met, in the order of the newer's receipt.
    pub meetings: Vec<Meeting>,
    /// Pairs that stand, that nobody can order, and that share most of the smaller's records: so many.
    pub undecided: Vec<(i64, i64, u64)>,
}

impl Decision {
    /// The fate of a sending.
    pub fn fate(&self, id: i64) -> Fate {
        self.fates.iter().find(|(sending, _)| sending.id == id).map_or(Fate::Stands, |(_, fate)| *fate)
    }

    /// Whether both are among the sendings, the one received before the other.
    pub fn precedes(&self, older: i64, newer: i64) -> bool {
        let order = |id| self.fates.iter().find(|(sending, _)| sending.id == id).map(|(sending, _)| sending.order);
        order(older).is_some_and(|older| order(newer).is_some_and(|newer| older < newer))
    }

    /// Whether an answer would change anything: the newer is in use, and the older is or would be but for the newer.
    pub fn asks(&self, meeting: &Meeting) -> bool {
        let older = self.fate(meeting.older);
        meeting.is_open()
            && self.fate(meeting.newer) == Fate::Stands
            && (older == Fate::Stands || older == Fate::Replaced { by: meeting.newer })
    }

    /// What stands when a sending takes the place of those which it replaces, or waits.
    fn place(&mut self, newer: i64) {
        let mut open = vec![newer];
        while let Some(newer) = open.pop() {
            if matches!(self.fate(newer), Fate::Replaced { .. }) {
                continue;
            }
            let mine = || self.meetings.iter().filter(|m| m.newer == newer);
            let sound = mine().rev().find(|m| m.spoils() && self.fate(m.older) == Fate::Stands);
            if let Some(behind) = sound.map(|m| m.older) {
                self.settle(newer, Fate::Waits { behind });
                continue;
            }
            let gone: Vec<i64> = mine()
                .filter(|m| m.relation == Relation::Replaces && !matches!(self.fate(m.older), Fate::Replaced { .. }))
                .map(|m| m.older)
                .collect();
            self.settle(newer, Fate::Stands);
            for older in &gone {
                self.settle(*older, Fate::Replaced { by: newer });
            }
            // What waited behind one that went out is decided again.
            let freed = |fate: &Fate| matches!(fate, Fate::Waits { behind } if gone.contains(behind));
            open.extend(self.fates.iter().filter(|(_, fate)| freed(fate)).map(|(sending, _)| sending.id));
        }
    }

    fn settle(&mut self, id: i64, fate: Fate) {
        self.fates.iter_mut().filter(|(sending, _)| sending.id == id).for_each(|(_, old)| *old = fate);
    }

    /// Pairs of which the newer's records take the place of the older's, where both stand.
    pub fn corrections(&self) -> impl Iterator<Item = &Meeting> {
        let stands = |id| self.fate(id) == Fate::Stands;
        self.meetings.iter().filter(move |m| m.relation == Relation::Corrects && stands(m.older) && stands(m.newer))
    }
}

/// Decides over the sendings of one source, form and period; `compare` tells of an older and a newer one what their
/// records have in common and what was said of them. The order in which the sendings are given decides nothing.
pub fn decide(sendings: &[Sending], compare: impl Fn(i64, i64) -> (Overlap, Option<Choice>)) -> Decision {
    let mut ordered = sendings.to_vec();
    ordered.sort_unstable();
    let mut decision = Decision::default();
    for newer in ordered {
        let meet = |(older, fate): &(Sending, Fate)| {
            let met = older.order < newer.order && !matches!(fate, Fate::Replaced { .. });
            met.then(|| {
                let (overlap, said) = compare(older.id, newer.id);
                Meeting { older: older.id, newer: newer.id, relation: overlap.relation(said), overlap, said }
            })
        };
        let met: Vec<Meeting> = decision.fates.iter().filter_map(meet).collect();
        decision.fates.push((newer, Fate::Stands));
        decision.meetings.extend(met);
        decision.place(newer.id);
    }
    decision.undecided = undecided(&decision.fates, compare);
    decision
}

/// Pairs that nobody can order.
fn undecided(fates: &[(Sending, Fate)], compare: impl Fn(i64, i64) -> (Overlap, Option<Choice>)) -> Vec<(i64, i64, u64)> {
    let standing: Vec<Sending> = fates.iter().filter(|(_, fate)| *fate == Fate::Stands).map(|(sending, _)| *sending).collect();
    let mut out = Vec::new();
    for (i, one) in standing.iter().enumerate() {
        for other in standing[i + 1..].iter().filter(|other| other.order == one.order) {
            let (overlap, _) = compare(one.id, other.id);
            // A few in common are repeated records; most of the smaller file in common is the same return sent twice.
            if overlap.common > 0 && overlap.common * 2 >= overlap.older.min(overlap.newer) {
                out.push((one.id, other.id, overlap.common));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
