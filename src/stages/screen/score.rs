//! Points of the scored criteria as a score of each enterprise, the rank in the pool, and how far each weight moves it.
//!
//! The score is the points of an enterprise in hundredths of what the criteria that apply to it give at most. What cannot be judged
//! gives nothing and is told beside it (`score_missing`): the score is what is certain, and with what is missing it is what could be.
//! Equal scores share a rank. To see what a rank rests on, each weight in turn is halved and increased by half.

use super::criterion::{Criterion, POINT, POINTS, failed};
use crate::engine::{Dataset, Engine, EngineError};
use crate::model::verdict::Conclusion;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// A whole score, as held.
const WHOLE: i128 = 100 * POINT;
/// Weights are moved by this share of themselves, in halves.
const HALVES: [i128; 3] = [1, 2, 3];

/// The points of enterprises, as they are judged batch by batch.
pub struct Scores<'a> {
    criteria: Vec<(&'a str, i128)>,
    /// Of all criteria their place among the columns that a batch gets, and of scored ones those of verdict and points.
    places: Vec<(usize, usize)>,
    pooled: Vec<Scored>,
}

/// A pooled enterprise.
struct Scored {
    enterprise: String,
    name: String,
    parts: Vec<Points>,
}

/// What a criterion gives an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Points {
    /// So many, in ten-thousandths.
    Given(i128),
    /// It cannot be judged.
    Missing,
    /// It does not apply.
    Idle,
}

impl<'a> Scores<'a> {
    /// None yet.
    pub fn of(criteria: &[Criterion<'a>]) -> Self {
        let mut places = Vec::new();
        let mut place = 0;
        for criterion in criteria {
            let columns = criterion.fields().len();
            if criterion.is_scored() {
                places.push((place, place + columns - 1));
            }
            place += columns;
        }
        let weight = |c: &Criterion<'a>| i128::from(c.options.weight.unwrap_or(1));
        let criteria = criteria.iter().filter(|c| c.is_scored()).map(|c| (c.id, weight(c))).collect();
        Self { criteria, places, pooled: Vec::new() }
    }

    /// The columns of enterprises, the rank aside until all are judged; none without a scored criterion.
    pub fn fields(&self) -> Vec<Field> {
        let columns = [Field::new("score", POINTS, true), Field::new("score_missing", POINTS, true)];
        if self.criteria.is_empty() { Vec::new() } else { columns.to_vec() }
    }

    /// The scores of a batch, whose columns of criteria begin behind its own.
    pub fn over(&mut self, columns: &[ArrayRef], batch: &RecordBatch, conclusions: &[Conclusion]) -> Result<Vec<ArrayRef>, EngineError> {
        if self.criteria.is_empty() {
            return Ok(Vec::new());
        }
        let own = batch.num_columns();
        let read: Vec<_> = self
            .places
            .iter()
            .map(|(v, p)| (columns[own + v].as_string::<i32>(), columns[own + p].as_primitive::<Decimal128Type>()))
            .collect();
        let part = |(verdicts, points): &(&StringArray, &Decimal128Array), row: usize| match verdicts.value(row) {
            "not_applicable" => Points::Idle,
            _ if points.is_valid(row) => Points::Given(points.value(row)),
            _ => Points::Missing,
        };
        let text = |name: &str, row: usize| {
            let column = batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
            column.filter(|c| c.is_valid(row)).map(|c| c.value(row).to_owned()).unwrap_or_default()
        };
        let weights: Vec<i128> = self.criteria.iter().map(|(_, weight)| *weight).collect();
        let (mut scores, mut missing) = (Vec::with_capacity(batch.num_rows()), Vec::with_capacity(batch.num_rows()));
        for (row, conclusion) in conclusions.iter().enumerate() {
            let parts: Vec<Points> = read.iter().map(|columns| part(columns, row)).collect();
            let (score, lacks) = score(&parts, &weights, &weights);
            scores.push(score);
            missing.push(lacks);
            if *conclusion == Conclusion::Pooled {
                self.pooled.push(Scored { enterprise: text("enterprise", row), name: text("name", row), parts });
            }
        }
        [scores, missing].map(decimals).into_iter().collect()
    }

    /// Gives each pooled enterprise its rank, and tells what it rests on as `scores`.
    pub fn rank(self, engine: &Engine, enterprises: &Dataset) -> Result<(), EngineError> {
        if self.criteria.is_empty() {
            return Ok(());
        }
        let weights: Vec<i128> = self.criteria.iter().map(|(_, weight)| *weight).collect();
        let ranks = self.ranks(&weights, &weights);
        let mut fields: Vec<Arc<Field>> = enterprises.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("rank", DataType::Int64, true)));
        let schema = Arc::new(Schema::new(fields));
        let of: HashMap<&str, i64> = self.pooled.iter().zip(&ranks).map(|(scored, rank)| (scored.enterprise.as_str(), *rank)).collect();
        let ranked = |batch: RecordBatch| {
            let keys = batch.column_by_name("enterprise").map(|c| c.as_string::<i32>());
            let ranks: Int64Array = (0..batch.num_rows()).map(|row| of.get(keys?.value(row)).copied()).collect();
            let columns = batch.columns().iter().cloned().chain([Arc::new(ranks) as ArrayRef]).collect();
            RecordBatch::try_new(schema.clone(), columns).map_err(|e| failed("ranked", e))
        };
        engine.map("enterprises", enterprises, schema.clone(), ranked)?;
        let table = self.table(&weights, &ranks)?;
        engine.table("scores", table.schema(), &[table])
    }

    /// One row per pooled enterprise and criterion: points, weight, and the ranks at half and at one and a half of that weight.
    fn table(&self, weights: &[i128], ranks: &[i64]) -> Result<RecordBatch, EngineError> {
        // With the weights doubled one can be halved or increased by half and stays whole.
        let moved = |criterion: usize, halves: i128| {
            let weighed = weights.iter().enumerate().map(|(i, weight)| weight * if i == criterion { halves } else { HALVES[1] });
            self.ranks(weights, &weighed.collect::<Vec<_>>())
        };
        let less: Vec<Vec<i64>> = (0..weights.len()).map(|criterion| moved(criterion, HALVES[0])).collect();
        let more: Vec<Vec<i64>> = (0..weights.len()).map(|criterion| moved(criterion, HALVES[2])).collect();
        let rows =
            || self.pooled.iter().enumerate().flat_map(|(row, scored)| (0..weights.len()).map(move |criterion| (row, scored, criterion)));
        let texts = |of: &dyn Fn(&Scored) -> String| -> ArrayRef { Arc::new(rows().map(|(_, s, _)| Some(of(s))).collect::<StringArray>()) };
        let whole =
            |of: &dyn Fn(usize, usize) -> i64| -> ArrayRef { Arc::new(rows().map(|(row, _, c)| Some(of(row, c))).collect::<Int64Array>()) };
        let points = rows().map(|(_, scored, criterion)| match scored.parts[criterion] {
            Points::Given(points) => Some(points),
            Points::Missing | Points::Idle => None,
        });
        let state = rows().map(|(_, scored, criterion)| match scored.parts[criterion] {
            Points::Given(_) => "given",
            Points::Missing => "missing",
            Points::Idle => "not_applicable",
        });
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("enterprise", texts(&|s| s.enterprise.clone())),
            ("name", texts(&|s| s.name.clone())),
            ("criterion", Arc::new(rows().map(|(_, _, c)| Some(self.criteria[c].0)).collect::<StringArray>())),
            ("points", decimals(points.collect())?),
            ("state", Arc::new(state.map(Some).collect::<StringArray>())),
            ("weight", whole(&|_, c| i64::try_from(weights[c]).unwrap_or(i64::MAX))),
            ("rank", whole(&|row, _| ranks[row])),
            ("rank_weight_halved", whole(&|row, c| less[c][row])),
            ("rank_weight_raised", whole(&|row, c| more[c][row])),
        ];
        RecordBatch::try_from_iter(columns).map_err(|e| failed("scores", e))
    }

    /// The ranks of the pooled enterprises under some weights.
    fn ranks(&self, most: &[i128], weights: &[i128]) -> Vec<i64> {
        let scores: Vec<i128> = self.pooled.iter().map(|scored| score(&scored.parts, most, weights).0.unwrap_or(-1)).collect();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by_key(|row| std::cmp::Reverse(scores[*row]));
        let mut ranks = vec![0; scores.len()];
        let mut last = (None, 0);
        for (place, row) in (1..).zip(order) {
            if last.0 != Some(scores[row]) {
                last = (Some(scores[row]), place);
            }
            ranks[row] = last.1;
        }
        ranks
    }
}

/// The score of points, and how much of a whole one is missing; nothing where no criterion applies. `most` is what each criterion
/// gives at most, `weights` how much that is to count.
fn score(parts: &[Points], most: &[i128], weights: &[i128]) -> (Option<i128>, Option<i128>) {
    let (mut reached, mut missing, mut whole) = (0, 0, 0);
    for ((part, most), weight) in parts.iter().zip(most).zip(weights) {
        match part {
            // Points are of `most`: at another weight they count so much more or less.
            Points::Given(points) => (reached, whole) = (reached + points * weight / most, whole + weight * POINT),
            Points::Missing => (missing, whole) = (missing + weight * POINT, whole + weight * POINT),
            Points::Idle => {}
        }
    }
    let share = |part: i128| (whole > 0).then(|| (part * WHOLE + whole / 2) / whole);
    (share(reached), share(missing))
}

fn decimals(values: Vec<Option<i128>>) -> Result<ArrayRef, EngineError> {
    let array = Decimal128Array::from(values).with_precision_and_scale(18, 4).map_err(|e| failed("scores", e))?;
    Ok(Arc::new(array))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_apart_from_nought() {
        let weights = [20, 30, 50];
        let of = |parts: &[Points]| score(parts, &weights, &weights);
        assert_eq!(of(&[Points::Given(20 * POINT), Points::Given(0), Points::Given(25 * POINT)]), (Some(45 * POINT), Some(0)));
        assert_eq!(of(&[Points::Given(20 * POINT), Points::Missing, Points::Given(25 * POINT)]), (Some(45 * POINT), Some(30 * POINT)));
        // What does not apply is left out of the whole: 45 of 70.
        assert_eq!(of(&[Points::Given(20 * POINT), Points::Idle, Points::Given(25 * POINT)]), (Some(642_857), Some(0)));
        assert_eq!(of(&[Points::Idle; 3]), (None, None));
    }

    #[test]
    fn a_weight_moves_the_ranks_of_those_who_rest_on_it() {
        let scored = |name: &str, parts: [i128; 2]| Scored {
            enterprise: name.into(),
            name: name.into(),
            parts: parts.iter().map(|p| Points::Given(p * POINT)).collect(),
        };
        let scores = Scores {
            criteria: vec![("a", 50), ("b", 50)],
            places: Vec::new(),
            pooled: vec![scored("A", [50, 0]), scored("B", [0, 45]), scored("C", [0, 45])],
        };
        let at = |weights: [i128; 2]| scores.ranks(&[50, 50], &weights);
        assert_eq!(at([50, 50]), [1, 2, 2], "equal scores share a rank");
        assert_eq!(at([25, 50]), [3, 1, 1]);
        let table = scores.table(&[50, 50], &[1, 2, 2]).expect("a table");
        let column = |name: &str| {
            table.column_by_name(name).expect("a column").as_primitive::<datafusion::arrow::datatypes::Int64Type>().values().to_vec()
        };
        assert_eq!(column("rank_weight_halved"), [3, 1, 1, 2, 1, 2]);
        assert_eq!(column("rank_weight_raised"), [1, 3, 2, 1, 2, 1]);
    }
}
