//! What is asked and what is answered: terms, candidates, choices.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Lots are counted in this; a scale has at most [`LARGEST_SCALE`] of them.
pub type Lots = u32;

/// A choice's amounts by code; who is not chosen is not in it.
pub type Amounts = BTreeMap<String, Lots>;

/// The largest scale: tables have one row for each lot.
pub const LARGEST_SCALE: Lots = 1 << 20;
/// The largest numerator and denominator of a share, so that a share of a total is exact in 64 bits here and in a decimal there.
pub const LARGEST_PART: u64 = 1 << 40;
/// Score × scale × candidates × (industries + groups), each plus a few, must stay below this: no sum of values overflows 64 bits.
pub const LARGEST_VALUE: u64 = 1 << 59;

/// An exact share of the total issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub numerator: u64,
    /// Of so many; not zero.
    pub denominator: u64,
}

impl Share {
    /// The most whole lots that are at most this share of a total; a share of one or more never binds.
    pub(crate) fn of(self, total: Lots) -> Lots {
        let lots = u128::from(self.numerator) * u128::from(total) / u128::from(self.denominator);
        Lots::try_from(lots).unwrap_or(Lots::MAX).min(total)
    }
}

/// How much the largest obligors may have together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Top {
    /// How many obligors are looked at; not zero.
    pub obligors: u32,
    /// Their share at most.
    pub share: Share,
}

/// The terms of an issue; a term that is absent does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The total asked for; what is issued may be less, never more.
    pub scale: Lots,
    /// The least amount of an enterprise that is chosen.
    pub firm_minimum: Option<Lots>,
    /// The greatest amount of an enterprise.
    pub firm_maximum: Option<Lots>,
    /// At least so many distinct obligors.
    pub least_obligors: Option<u32>,
    /// The share of each obligor at most.
    pub largest: Option<Share>,
    /// The share of the largest obligors together at most.
    pub top: Option<Top>,
    /// The share of each industry at most; candidates without one are not bound by it.
    pub industry: Option<Share>,
}

/// What has been decided about a candidate beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Forced {
    /// Nothing.
    #[default]
    No,
    /// It must be chosen.
    In,
    /// It must not be chosen.
    Out,
}

/// An enterprise that may be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Unique; ties are decided in the order of codes.
    pub code: String,
    /// Candidates of one group are one obligor; without a group each is its own.
    pub group: Option<String>,
    /// The industry, if it is known.
    pub industry: Option<String>,
    /// What it takes at least if it is chosen: a fact about it, beside the terms' minimum.
    pub least: Lots,
    /// What it needs at most: a fact about it, beside the terms' maximum.
    pub need: Lots,
    /// Per lot, as a whole number (scores with decimals are passed times a power of ten).
    pub score: u64,
    /// What has been decided beforehand.
    pub forced: Forced,
}

/// A kind of constraint, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// The total is the scale (in a recheck: at most the scale).
    Scale,
    /// At least so many obligors.
    LeastObligors,
    /// No obligor above its share.
    Largest,
    /// The largest obligors together not above their share.
    Top,
    /// No industry above its share.
    Industry,
    /// Nobody chosen below the terms' minimum.
    FirmMinimum,
    /// Nobody above the terms' maximum.
    FirmMaximum,
    /// The candidate of this code is chosen.
    ForcedIn(String),
    /// The candidate of this code is not chosen.
    ForcedOut(String),
    /// A candidate's own least amount and need.
    Need,
}

/// How much is proven of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is better: at no level of the objective.
    Optimal,
    /// The nodes ran out. Nothing is better than these bounds, which hold one after the other, like the objective.
    Gap(Bounds),
    /// No list meets the terms, of any total up to the scale.
    Infeasible,
}

/// What no list exceeds. Where all three equal what was found, only the order by code is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// No list has a greater total.
    pub total: Lots,
    /// No list of that total has a greater score.
    pub score: u128,
    /// No list of that total and score has fewer enterprises.
    pub enterprises: u32,
}

/// The answer: the best list found, and how much of that is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Lots by code; empty where no list was found.
    pub amounts: Amounts,
    /// Their sum.
    pub total: Lots,
    /// The sum of score × lots.
    pub score: u128,
    /// How many partial lists were looked at.
    pub nodes: u64,
    /// How much is proven.
    pub standing: Standing,
}

impl Choice {
    /// What is compared first: more in total, then the better score.
    pub(crate) fn merit(&self) -> (Lots, u128) {
        (self.total, self.score)
    }

    /// The merit that no list exceeds.
    pub(crate) fn best_merit(&self) -> (Lots, u128) {
        match &self.standing {
            Standing::Gap(bounds) => (bounds.total, bounds.score),
            Standing::Optimal | Standing::Infeasible => self.merit(),
        }
    }

    /// Whether there is a list at all; the empty one counts where the terms allow it.
    pub fn is_found(&self) -> bool {
        match &self.standing {
            Standing::Optimal => true,
            Standing::Gap(_) => !self.amounts.is_empty(),
            Standing::Infeasible => false,
        }
    }
}

/// Input that no answer can be given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Two candidates have this code.
    Twice(String),
    /// A share is of zero, or its parts exceed [`LARGEST_PART`].
    Share,
    /// The largest obligors are none.
    TopOfNone,
    /// The scale exceeds [`LARGEST_SCALE`].
    Scale,
    /// Scores, lots, candidates and their groups together exceed [`LARGEST_VALUE`].
    Value,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice(code) => write!(f, "two candidates have the code {code}"),
            Self::Share => write!(f, "a share is of zero, or its parts exceed {LARGEST_PART}"),
            Self::TopOfNone => write!(f, "the largest obligors are none"),
            Self::Scale => write!(f, "the scale exceeds {LARGEST_SCALE} lots"),
            Self::Value => write!(f, "scores, lots and candidates together exceed {LARGEST_VALUE}"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Refuses what the arithmetic cannot hold, and codes that would not decide ties.
pub(crate) fn fit(terms: &Terms, candidates: &[Candidate]) -> Result<(), Unfit> {
    let mut codes = BTreeSet::new();
    if let Some(twice) = candidates.iter().find(|c| !codes.insert(&c.code)) {
        return Err(Unfit::Twice(twice.code.clone()));
    }
    let shares = [terms.largest, terms.top.map(|top| top.share), terms.industry];
    if shares.iter().flatten().any(|share| share.denominator == 0 || share.denominator.max(share.numerator) > LARGEST_PART) {
        return Err(Unfit::Share);
    }
    if terms.top.is_some_and(|top| top.obligors == 0) {
        return Err(Unfit::TopOfNone);
    }
    if terms.scale > LARGEST_SCALE {
        return Err(Unfit::Scale);
    }
    let score = candidates.iter().map(|c| c.score).max().unwrap_or(0);
    let industries = candidates.iter().flat_map(|c| &c.industry).collect::<BTreeSet<_>>().len();
    let groups = candidates.iter().flat_map(|c| &c.group).collect::<BTreeSet<_>>().len();
    let factors = [u128::from(terms.scale) + 1, candidates.len() as u128 + 1, (industries + groups) as u128 + 4, u128::from(score) + 1];
    let value = factors.into_iter().try_fold(1, u128::checked_mul);
    if value.is_none_or(|value| value > u128::from(LARGEST_VALUE)) { Err(Unfit::Value) } else { Ok(()) }
}
