//! The proposed asset list (资产清单): which enterprises of the pool, with what amounts, and what decided it.

use serde::{Deserialize, Serialize};

/// Why an enterprise of the pool cannot be on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// Its consent is not on record: nobody may be told of its figures.
    NoConsent,
    /// It states no amount that it needs, or one that is withheld.
    NoNeed,
    /// What it needs is less than a lot, or than the least amount of an enterprise.
    TooSmall,
    /// It does not meet a criterion of the list, or none may wait for what is not known yet.
    Unfit,
}

impl Excluded {
    /// All reasons, in the order in which they are looked at.
    pub const ALL: [Self; 4] = [Self::NoConsent, Self::NoNeed, Self::TooSmall, Self::Unfit];

    /// Its word in data files and in the catalogue.
    pub fn id(self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::NoNeed => "no_need",
            Self::TooSmall => "too_small",
            Self::Unfit => "unfit",
        }
    }
}

/// Where an enterprise of the pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// On the list, with this amount in ten-thousandths of a yuan.
    Chosen(i128),
    /// On the reserve list.
    Reserve,
    /// It could be chosen, and is not.
    Eligible,
    /// It cannot be chosen.
    Excluded(Excluded),
}

impl Standing {
    /// Its word in data files and in the catalogue.
    pub fn id(self) -> &'static str {
        match self {
            Self::Chosen(_) => "chosen",
            Self::Reserve => "reserve",
            Self::Eligible => "eligible",
            Self::Excluded(_) => "excluded",
        }
    }

    /// The amount, if it is chosen.
    pub fn amount(self) -> Option<i128> {
        match self {
            Self::Chosen(amount) => Some(amount),
            _ => None,
        }
    }
}

/// An enterprise of the pool, as the list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its key.
    pub enterprise: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub standing: Standing,
    /// What it needs, in ten-thousandths of a yuan.
    pub need: Option<i128>,
    /// Its score, in ten-thousandths.
    pub score: Option<i128>,
    /// Whom it is one obligor with: a text that related enterprises share, its key if none.
    pub obligor: String,
    /// Its industry; empty where none is stated.
    pub industry: String,
    /// Criteria of the list that cannot be judged yet, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
    /// Of one on the reserve list, what choosing it would cost.
    pub cost: Option<Cost>,
}

/// What it costs to have another enterprise on the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// How much less would be issued, in ten-thousandths of a yuan.
    pub total: i128,
    /// How much lower the score per yuan issued would be: the loss of score times amount, over the scale, in ten-thousandths.
    pub score: i128,
    /// Names of those who would leave the list.
    pub leaves: Vec<String>,
}

/// A term of the issue and how the list keeps to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its word in data files and in the catalogue: `scale`, `largest_share` …
    pub id: String,
    /// What it allows.
    pub limit: Measure,
    /// What the list comes to.
    pub reached: Measure,
    /// Whether the list has reached it.
    pub tight: bool,
    /// Whether the list would be better without it, by the least that it can be loosened by; unknown where the search ended early.
    pub binding: Option<bool>,
}

/// A number of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Money, in ten-thousandths of a yuan.
    Amount(i128),
    /// A share, in ten-thousandths.
    Share(i128),
    /// A number of obligors.
    Count(u64),
}

/// How much is proven of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// No list is better.
    Optimal,
    /// No list issues more, or as much with a higher score; one of fewer enterprises may be.
    BestValue,
    /// The search ended after its steps: no list is better than this total (ten-thousandths of a yuan) and mean score (ten-thousandths).
    Gap {
        /// No list issues more.
        total: i128,
        /// No list of that total has a higher mean score.
        score: i128,
    },
    /// No list keeps to all terms.
    Infeasible,
    /// There are more candidates, lots or groups than the search can hold: no list was looked for.
    TooLarge,
}

impl Proof {
    /// Its word for programs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::BestValue => "best_value",
            Self::Gap { .. } => "gap",
            Self::Infeasible => "infeasible",
            Self::TooLarge => "too_large",
        }
    }
}

/// The proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The enterprises of the pool: those chosen by amount, the reserve in its order, then the others by score; each by key at last.
    pub listed: Vec<Listed>,
    /// What is issued, in ten-thousandths of a yuan.
    pub total: i128,
    /// The mean score of what is issued, weighted by amounts, in ten-thousandths; none of nothing.
    pub score: Option<i128>,
    /// The terms that are stated.
    pub terms: Vec<Term>,
    /// How much is proven.
    pub proof: Proof,
    /// Steps that the search took.
    pub steps: u64,
    /// Where the scale is not reached: a smallest set of terms that cannot hold together.
    pub clash: Vec<String>,
}

impl Proposal {
    /// The enterprises on the list.
    pub fn chosen(&self) -> impl Iterator<Item = &Listed> {
        self.listed.iter().filter(|listed| listed.standing.amount().is_some())
    }

    /// How many of the pool cannot be chosen, by reason.
    pub fn excluded(&self) -> [(Excluded, usize); 4] {
        Excluded::ALL.map(|reason| (reason, self.listed.iter().filter(|l| l.standing == Standing::Excluded(reason)).count()))
    }
}
