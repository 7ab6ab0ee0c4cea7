//! What the criteria say of an enterprise, and what that comes to.

use super::cells::{Reader, Shape};
use super::publication::Publication;
use crate::model::verdict::{Conclusion, Verdict};
use datafusion::arrow::array::RecordBatch;

/// The verdicts of a batch of enterprises, by criterion.
pub struct Verdicts<'a> {
    words: Vec<(&'a str, Reader<'a>)>,
    conclusion: Reader<'a>,
}

impl<'a> Verdicts<'a> {
    /// Finds them in a batch of `enterprises`.
    pub fn of(p: &Publication<'a>, batch: &'a RecordBatch) -> Self {
        let words = p.config.criteria().map(|(id, _)| (id.as_str(), Reader::of(batch, &format!("verdict_{id}"), Shape::Plain)));
        Self { words: words.collect(), conclusion: Reader::of(batch, "conclusion", Shape::Plain) }
    }

    /// The verdict of a criterion.
    pub fn get(&self, criterion: &str, row: usize) -> Verdict {
        self.words.iter().find(|(id, _)| *id == criterion).map_or(Verdict::Unjudged, |(_, reader)| Verdict::of(reader.text(row)))
    }

    /// Whether the enterprise is in the pool.
    pub fn pooled(&self, row: usize) -> bool {
        self.conclusion(row) == Conclusion::Pooled
    }

    /// What those on entry come to.
    pub fn conclusion(&self, row: usize) -> Conclusion {
        Conclusion::find(self.conclusion.text(row)).unwrap_or(Conclusion::Unjudged)
    }
}
