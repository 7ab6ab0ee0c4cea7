//! One criterion over batches of enterprises: verdict, figure, bound, margin and points.

use crate::config::{Bound, CriterionOptions, Effect, Nearness};
use crate::engine::expression::{Computation, Kind, Reach, Reading, Refusal, Surroundings, TableSchemas};
use crate::engine::{Engine, EngineError};
use crate::model::verdict::Verdict;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use datafusion::arrow::error::ArrowError;
use std::sync::Arc;

static NO_TABLES: TableSchemas = TableSchemas::new();

/// What bounds and margins are held as; figures of money, counts and shares alike.
const FIGURE: DataType = DataType::Decimal128(28, 4);
/// What points are held as.
pub(super) const POINTS: DataType = DataType::Decimal128(18, 4);
/// A point, as held.
pub(super) const POINT: i128 = 10_000;

/// A criterion that is ready to be computed.
pub struct Criterion<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its declaration.
    pub options: &'a CriterionOptions,
    met: Option<Computation>,
    figure: Option<Computation>,
    when: Option<Computation>,
    bound: Option<Computation>,
    margin: Option<Computation>,
    points: Option<Computation>,
}

/// Part of a criterion that cannot be computed: the key of its declaration, what stands there, and why not.
#[derive(Debug)]
pub struct Unreadable {
    /// The key: `met`, `figure`, `variants[0].when`.
    pub key: String,
    /// The expression.
    pub sql: String,
    /// Why it cannot stand there.
    pub refusal: Refusal,
}

impl<'a> Criterion<'a> {
    /// Reads a criterion over the columns of `enterprises`.
    ///
    /// # Errors
    /// The first of its expressions that cannot be computed.
    pub fn read(engine: &Engine, id: &'a str, options: &'a CriterionOptions, enterprises: &Schema) -> Result<Self, Box<Unreadable>> {
        let place = || Surroundings::new("enterprises", enterprises, &NO_TABLES, Reach::Row).map_err(Refusal::from);
        let prepared = |reading: Reading| {
            let computation = engine.prepare(&reading, enterprises).map_err(|e| Refusal::Engine(e.source))?;
            computation.attempt(enterprises).map_err(|e| Refusal::Engine(e.source))?;
            Ok(computation)
        };
        let condition = |sql: &str| prepared(engine.read_condition(sql, &place()?)?);
        let value = |sql: &str| prepared(engine.read(sql, &place()?)?);
        // A number of the settings is held against a number, and the margin is one.
        let number = |sql: &str| {
            let reading = engine.read(sql, &place()?)?;
            match Kind::of(&reading.data_type).filter(|kind| *kind != Kind::Number) {
                Some(is) => Err(Refusal::Unfit { part: sql.to_owned(), value: sql.to_owned(), is, wanted: Kind::Number }),
                None => prepared(reading),
            }
        };
        let at = |key: &str, sql: &str| {
            let (key, sql) = (key.to_owned(), sql.to_owned());
            move |refusal: Refusal| Box::new(Unreadable { key, sql, refusal })
        };
        // What a variant states is tried by itself, so that a mistake is told at its line and not in what follows from it.
        for (i, variant) in options.variants.iter().enumerate() {
            condition(&variant.when).map_err(at(&format!("variants[{i}].when"), &variant.when))?;
        }
        let optional = |key: &str, sql: Option<&str>, read: &dyn Fn(&str) -> Result<Computation, Refusal>| {
            sql.filter(|sql| !sql.is_empty()).map(|sql| read(sql).map_err(at(key, sql))).transpose()
        };
        let bounded = options.bound().is_some();
        let figure = match bounded {
            true => optional("figure", Some(&options.figure), &number)?,
            false => optional("figure", Some(&options.figure), &value)?,
        };
        let stated = !options.met.is_empty() || bounded;
        Ok(Self {
            id,
            options,
            met: optional("met", stated.then(|| options.met_sql()).as_deref(), &condition)?,
            figure,
            when: optional("when", options.when.as_deref(), &condition)?,
            bound: optional("figure", options.bound_sql().as_deref(), &number)?,
            margin: optional("figure", options.margin_sql().as_deref(), &number)?,
            points: optional("points", options.points_sql().as_deref(), &number)?,
        })
    }

    /// The columns that it gives, in the order of [`Self::over`].
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::new(format!("verdict_{}", self.id), DataType::Utf8, false),
            Field::new(format!("figure_{}", self.id), DataType::Utf8, true),
        ];
        if self.bound.is_some() {
            fields.push(Field::new(format!("bound_{}", self.id), FIGURE, true));
            fields.push(Field::new(format!("margin_{}", self.id), FIGURE, true));
        }
        if self.is_scored() {
            fields.push(Field::new(format!("points_{}", self.id), POINTS, true));
        }
        fields
    }

    /// Whether it gives points.
    pub fn is_scored(&self) -> bool {
        self.options.effect == Effect::Scored
    }

    /// Whether it decides who is in the pool.
    pub fn decides(&self) -> bool {
        self.options.effect == Effect::Hard
    }

    /// The word of what it decides, in data files.
    pub fn effect(&self) -> &'static str {
        self.options.effect.id()
    }

    /// Judges a batch; `waived` says of which rows it is waived.
    ///
    /// # Errors
    /// An expression cannot be computed at all.
    pub fn over(&self, batch: &RecordBatch, waived: impl Fn(usize) -> bool) -> Result<(Vec<Verdict>, Vec<ArrayRef>), EngineError> {
        let rows = batch.num_rows();
        let flags = |computation: &Option<Computation>| -> Result<BooleanArray, EngineError> {
            let computed = computation.as_ref().map(|c| self.cast_to(&c.over(batch)?, &DataType::Boolean)).transpose()?;
            Ok(computed.map_or_else(|| BooleanArray::new_null(rows), |array| array.as_boolean().clone()))
        };
        let met = flags(&self.met)?;
        let applies = if self.when.is_some() { flags(&self.when)? } else { BooleanArray::from(vec![true; rows]) };
        let verdict = |row: usize| match (value(&applies, row), value(&met, row)) {
            (Some(false), _) => Verdict::NotApplicable,
            (_, Some(true)) => Verdict::Met,
            _ if waived(row) => Verdict::Waived,
            (Some(true), Some(false)) => Verdict::NotMet,
            _ => Verdict::Unjudged,
        };
        let verdicts: Vec<Verdict> = (0..rows).map(verdict).collect();
        let figure = match &self.figure {
            Some(figure) => self.cast_to(&figure.over(batch)?, &DataType::Utf8)?,
            None => new_null_array(&DataType::Utf8, rows),
        };
        let mut columns: Vec<ArrayRef> = vec![Arc::new(verdicts.iter().map(|v| Some(v.id())).collect::<StringArray>()), figure];
        for computation in [&self.bound, &self.margin].into_iter().flatten() {
            columns.push(self.cast_to(&computation.over(batch)?, &FIGURE)?);
        }
        if self.is_scored() {
            columns.push(self.points(batch, &verdicts)?);
        }
        Ok((verdicts, columns))
    }

    /// Points of each row; none where it does not apply or nobody knows.
    fn points(&self, batch: &RecordBatch, verdicts: &[Verdict]) -> Result<ArrayRef, EngineError> {
        let most = i128::from(self.options.weight.unwrap_or(1)) * POINT;
        let stated = self.points.as_ref().map(|points| self.cast_to(&points.over(batch)?, &POINTS)).transpose()?;
        let stated = stated.as_ref().map(|array| array.as_primitive::<Decimal128Type>());
        let points = verdicts.iter().enumerate().map(|(row, verdict)| match (verdict, stated) {
            (Verdict::NotApplicable, _) => None,
            (Verdict::Waived, _) => Some(most),
            (_, Some(stated)) => stated.is_valid(row).then(|| stated.value(row).clamp(0, most)),
            (Verdict::Met, None) => Some(most),
            (Verdict::NotMet, None) => Some(0),
            (Verdict::Unjudged, None) => None,
        });
        let points: Decimal128Array = points.collect();
        points.with_precision_and_scale(18, 4).map(|array| Arc::new(array) as ArrayRef).map_err(|e| self.failed(e))
    }

    /// SQL over `enterprises` that says whether it is not met, and by how little.
    pub fn near_sql(&self) -> String {
        let id = self.id;
        let allowed = match self.options.near.unwrap_or_default() {
            Nearness::Share(share) => format!("abs(\"bound_{id}\") * {}", Bound::of_units(share).sql()),
            Nearness::Amount(amount) => amount.sql(),
        };
        format!("\"verdict_{id}\" = 'not_met' AND coalesce(\"margin_{id}\" < 0 AND -\"margin_{id}\" <= {allowed}, false)")
    }

    fn cast_to(&self, array: &ArrayRef, to: &DataType) -> Result<ArrayRef, EngineError> {
        cast(array, to).map_err(|e| self.failed(e))
    }

    fn failed(&self, error: ArrowError) -> EngineError {
        failed(&format!("criterion {}", self.id), error)
    }
}

fn value(flags: &BooleanArray, row: usize) -> Option<bool> {
    flags.is_valid(row).then(|| flags.value(row))
}

/// An error of the engine's arrays.
pub(super) fn failed(what: &str, error: ArrowError) -> EngineError {
    EngineError { what: what.to_owned(), source: Box::new(error.into()) }
}
