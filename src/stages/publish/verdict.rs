//! What the criteria say of an enterprise, and what that comes to.

use super::cells::{Reader, Shape};
use super::publication::Publication;
use datafusion::arrow::array::RecordBatch;

/// What a verdict says of an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CriterionVerdict {
    /// Met.
    Met,
    /// Not met.
    NotMet,
    /// A figure is missing.
    Unjudged,
}

/// What all verdicts together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// All met.
    Pooled,
    /// One not met.
    NotPooled,
    /// None not met, one unjudged.
    Unjudged,
}

/// The verdicts of a batch of enterprises, by criterion.
pub struct Verdicts<'a> {
    words: Vec<(&'a str, Reader<'a>)>,
    pooled: Reader<'a>,
}

impl<'a> Verdicts<'a> {
    /// Finds them in a batch of `enterprises`.
    pub fn of(p: &Publication<'a>, batch: &'a RecordBatch) -> Self {
        let criteria = p.config.criterion.iter().filter(|(_, c)| !c.disabled);
        let words = criteria.map(|(id, _)| (id.as_str(), Reader::of(batch, &format!("verdict_{id}"), Shape::Plain)));
        Self { words: words.collect(), pooled: Reader::of(batch, "pooled", Shape::Plain) }
    }

    /// The verdict of a criterion.
    pub fn get(&self, criterion: &str, row: usize) -> CriterionVerdict {
        let word = self.words.iter().find(|(id, _)| *id == criterion).map_or("", |(_, r)| r.text(row));
        match word {
            "met" => CriterionVerdict::Met,
            "not_met" => CriterionVerdict::NotMet,
            _ => CriterionVerdict::Unjudged,
        }
    }

    /// Whether the enterprise is in the pool.
    pub fn pooled(&self, row: usize) -> bool {
        self.pooled.is_true(row)
    }

    /// What they come to.
    pub fn conclusion(&self, row: usize) -> Conclusion {
        if self.pooled(row) {
            Conclusion::Pooled
        } else if self.words.iter().any(|(_, r)| r.text(row) == "not_met") {
            Conclusion::NotPooled
        } else {
            Conclusion::Unjudged
        }
    }
}
