//! What a pilot could carry: patents and needs of the directory and the pool, by industry and place, and the greatest issue.
//!
//! Shapes: amounts are in ten-thousandths of a yuan. Nothing here is a figure of statistics, so that every edition shows it.

use super::patent_state::{IN_FORCE, STATES};
use serde::{Deserialize, Serialize};

/// Patents of enterprises of the directory of one kind, each once however many own it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatentKind {
    /// The kind's code; empty where none is stated.
    pub kind: String,
    /// By state, in the order of [`STATES`].
    pub states: [u64; STATES.len()],
}

impl PatentKind {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.states.iter().sum()
    }

    /// Those in force.
    pub fn in_force(&self) -> u64 {
        self.states[..IN_FORCE].iter().sum()
    }
}

/// What some enterprises have together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What they have in common: an industry, a place; empty where it is not stated.
    pub name: String,
    /// How many they are.
    pub enterprises: u64,
    /// How many of them are in the pool.
    pub pooled: u64,
    /// Their patents in force, each once for each owner.
    pub in_force: u64,
    /// Those of them that are free.
    pub free: u64,
    /// Those of them that are pledged.
    pub pledged: u64,
    /// How many of them ask for money.
    pub asking: u64,
    /// How much all of them ask for.
    pub need: i128,
    /// How much those of the pool ask for.
    pub pooled_need: i128,
}

impl Group {
    /// Takes others in.
    pub fn add(&mut self, others: &Self) {
        self.enterprises += others.enterprises;
        self.pooled += others.pooled;
        self.in_force += others.in_force;
        self.free += others.free;
        self.pledged += others.pledged;
        self.asking += others.asking;
        self.need += others.need;
        self.pooled_need += others.pooled_need;
    }
}

/// The greatest issue that the pool could carry under the terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Enterprises that can be chosen.
    pub candidates: u64,
    /// What they ask for.
    pub need: i128,
    /// The greatest total that was found.
    pub reached: i128,
    /// What no list exceeds; nothing where there is too much to look through.
    pub bound: Option<i128>,
}

impl Capacity {
    /// Whether no list issues more than what was found.
    pub fn is_proven(&self) -> bool {
        self.bound == Some(self.reached)
    }
}

/// What a pilot could carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feasibility {
    /// Patents by kind.
    pub patents: Vec<PatentKind>,
    /// All enterprises together.
    pub total: Group,
    /// By industry, those with most in the pool first.
    pub industries: Vec<Group>,
    /// By place, those with most enterprises first.
    pub places: Vec<Group>,
    /// The greatest issue.
    pub capacity: Capacity,
}
