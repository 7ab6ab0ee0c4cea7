//! The order of a column's values.

use super::columns::{ShownColumn, ShownKind};
use super::data::PoolData;
use super::edition::Edition;
use super::order::Order;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};

/// Orders the rows of a column as an edition shows it.
pub fn order_of(data: &PoolData, edition: Edition, column: &ShownColumn) -> Order {
    let array = column.index_in(edition).map(|i| data.enterprises.column(i));
    let valid = |row: usize| array.is_none_or(|a| a.is_valid(row));
    match (column.kind, array) {
        (ShownKind::Conclusion, _) => Order::by(data.len(), |_| true, |row| data.conclusions[row]),
        (ShownKind::Verdict, Some(array)) => {
            let words = array.as_string::<i32>();
            let rank = |row: usize| ["met", "not_met"].iter().position(|w| *w == words.value(row)).unwrap_or(2);
            Order::by(data.len(), valid, rank)
        }
        (ShownKind::Word, Some(array)) => {
            let codes = array.as_string::<i32>();
            let rank = |row: usize| column.words.get(codes.value(row)).map_or(usize::MAX, |(rank, _)| *rank);
            Order::by(data.len(), valid, |row| (rank(row), codes.value(row)))
        }
        (ShownKind::Name | ShownKind::Code | ShownKind::Text, Some(array)) => {
            let texts = array.as_string::<i32>();
            Order::by(data.len(), valid, |row| texts.value(row))
        }
        (ShownKind::Amount | ShownKind::Number | ShownKind::Ratio, Some(array)) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            Order::by(data.len(), valid, |row| decimals.value(row))
        }
        (ShownKind::Count, Some(array)) => {
            let numbers = array.as_primitive::<Int64Type>();
            Order::by(data.len(), valid, |row| numbers.value(row))
        }
        (ShownKind::Date, Some(array)) => {
            let days = array.as_primitive::<Date32Type>();
            Order::by(data.len(), valid, |row| days.value(row))
        }
        (ShownKind::Flag, Some(array)) => {
            let flags = array.as_boolean();
            Order::by(data.len(), valid, |row| flags.value(row))
        }
        (_, None) => Order::by(data.len(), |_| false, |_| 0),
    }
}
