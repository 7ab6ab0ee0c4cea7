//! Comparisons with constants that leave a value no room.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use std::cmp::Ordering;

/// Whether a lower bound lies above an upper one, as far as both are constants.
pub(super) fn is_empty(low: &Expr, high: &Expr) -> bool {
    constant(low).zip(constant(high)).is_some_and(|(low, high)| low.partial_cmp(&high) == Some(Ordering::Greater))
}

/// Whether comparisons of one value with constants, all of which must hold, exclude each other.
pub(super) fn exclude_each_other(conjunction: &Expr) -> bool {
    let bounds: Vec<Bound<'_>> = split_conjunction(conjunction).into_iter().filter_map(Bound::of).collect();
    let pairs = bounds.iter().enumerate().flat_map(|(i, one)| bounds[i + 1..].iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| one.of == other.of).any(|(one, other)| one.excludes(other) || other.excludes(one))
}

/// One comparison: of what, how, with which constant.
struct Bound<'a> {
    of: &'a Expr,
    op: Operator,
    with: ScalarValue,
}

impl<'a> Bound<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return None };
        if !matches!(op, Operator::Eq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq) {
            return None;
        }
        match (constant(left), constant(right)) {
            (None, Some(with)) => Some(Self { of: left, op: *op, with }),
            (Some(with), None) => Some(Self { of: right, op: op.swap()?, with }),
            _ => None,
        }
    }

    /// Whether nothing that is above this (or equals it) is below the other (or equals it).
    fn excludes(&self, other: &Self) -> bool {
        use Operator::{Eq, Gt, GtEq, Lt, LtEq};
        let reaches_equal = |op: Operator| matches!(op, Eq | GtEq | LtEq);
        matches!(self.op, Eq | Gt | GtEq)
            && matches!(other.op, Eq | Lt | LtEq)
            && match self.with.partial_cmp(&other.with) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => !(reaches_equal(self.op) && reaches_equal(other.op)),
                _ => false,
            }
    }
}

/// A constant in a form in which numbers, dates and texts compare with their like.
fn constant(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) if value.is_null() => None,
        Expr::Literal(value, _) if value.data_type().is_numeric() => value.cast_to(&DataType::Decimal128(38, 10)).ok(),
        // A text that is a date is mostly held against dates, which do not sort as texts do.
        Expr::Literal(value, _) => Some(value.cast_to(&DataType::Date32).unwrap_or_else(|_| value.clone())),
        Expr::Cast(cast) if *cast.field.data_type() == DataType::Date32 => constant(&cast.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    #[test]
    fn what_leaves_no_room_is_known() {
        let (x, y) = (|| col("x"), || col("y"));
        for impossible in [
            x().gt(lit(5)).and(x().lt(lit(3))),
            x().lt(lit(3)).and(y().gt(lit(0))).and(x().gt_eq(lit(3))),
            x().eq(lit("a")).and(x().eq(lit("b"))),
            lit(5).lt(x()).and(lit(3).gt(x())),
            x().gt(lit(5)).and(x().lt(lit(5))),
            x().gt(lit("2020-10-01")).and(x().lt(lit("2020-09-01"))),
        ] {
            assert!(exclude_each_other(&impossible), "{impossible}");
        }
        for possible in [
            x().gt(lit(3)).and(x().lt(lit(5))),
            x().gt(lit(5)).and(y().lt(lit(3))),
            x().gt_eq(lit(5)).and(x().lt_eq(lit(5))),
            x().gt(lit(5)).or(x().lt(lit(3))),
            x().not_eq(lit(5)).and(x().eq(lit(3))),
            x().gt(lit("2020-9-1")).and(x().lt(lit("2020-10-01"))),
        ] {
            assert!(!exclude_each_other(&possible), "{possible}");
        }
        assert!(is_empty(&lit(5), &lit(3)) && !is_empty(&lit(3), &lit(3)) && !is_empty(&x(), &lit(3)));
    }
}
