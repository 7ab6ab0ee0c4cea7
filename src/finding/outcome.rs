//! Outcomes of edits: counted for all, named where another finding is the reason.

use super::Finding;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Outcomes of one edit, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Holds 通过.
    pub held: u64,
    /// Broken 不通过.
    pub broken: u64,
    /// Unjudged 无法判断.
    pub unjudged: u64,
}

/// An edit that could not be judged because another finding withholds its operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// The edit.
    pub code: Arc<str>,
    /// The record.
    pub record: i64,
    /// The field that is withheld.
    pub field: String,
    /// The edit that withholds it.
    pub because: String,
}

/// What judging gave.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Broken edits.
    pub findings: Vec<Finding>,
    /// Edits without an outcome because of another finding.
    pub unjudged: Vec<Unjudged>,
    /// Outcomes by code.
    pub counts: IndexMap<Arc<str>, Counts>,
    /// Edits that could not be computed of the data at hand.
    pub uncomputed: BTreeSet<Arc<str>>,
}

impl Judgement {
    /// The counts of an edit.
    pub fn count(&mut self, code: &Arc<str>) -> &mut Counts {
        self.counts.entry(code.clone()).or_default()
    }

    /// Takes over what another judgement found.
    pub fn absorb(&mut self, other: Judgement) {
        self.findings.extend(other.findings);
        self.unjudged.extend(other.unjudged);
        self.uncomputed.extend(other.uncomputed);
        for (code, counts) in other.counts {
            let sum = self.counts.entry(code).or_default();
            sum.held += counts.held;
            sum.broken += counts.broken;
            sum.unjudged += counts.unjudged;
        }
    }
}
