//! Orders of the table: one for each column, made when it is first asked for, so that a page costs one walk.

use super::columns::{Column, Kind};
use super::data::PoolData;
use super::edition::Edition;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};

/// All rows in the order of a column: first those with a value, ascending, then the others; equals as in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    rows: Vec<u32>,
    present: usize,
}

impl Order {
    /// Orders the rows of a column as an edition shows it.
    pub fn of(data: &PoolData, edition: Edition, column: &Column) -> Self {
        let array = column.index_in(edition).map(|i| data.enterprises.column(i));
        let valid = |row: usize| array.is_none_or(|a| a.is_valid(row));
        match (column.kind, array) {
            (Kind::Conclusion, _) => Self::by(data.len(), |_| true, |row| data.conclusions[row]),
            (Kind::Verdict, Some(array)) => {
                let words = array.as_string::<i32>();
                let rank = |row: usize| ["met", "not_met"].iter().position(|w| *w == words.value(row)).unwrap_or(2);
                Self::by(data.len(), valid, rank)
            }
            (Kind::Word, Some(array)) => {
                let codes = array.as_string::<i32>();
                let rank = |row: usize| column.words.get(codes.value(row)).map_or(usize::MAX, |(rank, _)| *rank);
                Self::by(data.len(), valid, |row| (rank(row), codes.value(row)))
            }
            (Kind::Name | Kind::Code | Kind::Text, Some(array)) => {
                let texts = array.as_string::<i32>();
                Self::by(data.len(), valid, |row| texts.value(row))
            }
            (Kind::Amount | Kind::Number | Kind::Ratio, Some(array)) => {
                let decimals = array.as_primitive::<Decimal128Type>();
                Self::by(data.len(), valid, |row| decimals.value(row))
            }
            (Kind::Count, Some(array)) => {
                let numbers = array.as_primitive::<Int64Type>();
                Self::by(data.len(), valid, |row| numbers.value(row))
            }
            (Kind::Date, Some(array)) => {
                let days = array.as_primitive::<Date32Type>();
                Self::by(data.len(), valid, |row| days.value(row))
            }
            (Kind::Flag, Some(array)) => {
                let flags = array.as_boolean();
                Self::by(data.len(), valid, |row| flags.value(row))
            }
            (_, None) => Self::by(data.len(), |_| false, |_| 0),
        }
    }

    fn by<K: Ord>(rows: usize, present: impl Fn(usize) -> bool, key: impl Fn(usize) -> K) -> Self {
        let (mut ordered, absent): (Vec<u32>, Vec<u32>) =
            (0..u32::try_from(rows).unwrap_or(u32::MAX)).partition(|row| present(*row as usize));
        ordered.sort_by_cached_key(|row| (key(*row as usize), *row));
        let present = ordered.len();
        ordered.extend(absent);
        Self { rows: ordered, present }
    }

    /// All rows in this order or, but for those without a value, the reverse; rows that `seen` denies come last, in the
    /// order of the registry, so that where one stands says nothing of its figure.
    pub fn walk(&self, descending: bool, seen: impl Fn(usize) -> bool) -> impl Iterator<Item = usize> {
        let (present, absent) = self.rows.split_at(self.present);
        let mut walk: Vec<u32> = Vec::with_capacity(self.rows.len());
        if descending {
            walk.extend(present.iter().rev());
        } else {
            walk.extend(present);
        }
        walk.extend(absent);
        let (mut walk, mut hidden): (Vec<u32>, Vec<u32>) = walk.into_iter().partition(|row| seen(*row as usize));
        hidden.sort_unstable();
        walk.append(&mut hidden);
        walk.into_iter().map(|row| row as usize)
    }
}
