//! `/` in edits and criteria: a decimal, of whole numbers too.
//!
//! The engine's own division leaves whole numbers whole (1 / 2 is 0), gives as many decimals as the types suggest, and ends
//! a plan by a zero. Here every quotient of numbers has ten decimals, further ones cut off; it is null where there is none.
//! Binary floats, which only a cast of the author's makes, stay what they are.

use datafusion::arrow::array::{ArrayRef, ArrowNativeTypeOp, AsArray, Decimal128Array, Float64Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Float64Type, i256};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;
use std::sync::Arc;

/// The name under which plans call it; nobody writes it.
pub const NAME: &str = "quotient";

/// Decimals of a quotient.
const SCALE: i8 = 10;
/// Digits of a quotient.
const PRECISION: u8 = 38;
/// The first whole number of too many digits.
const TOO_LARGE: u128 = 10_u128.pow(38);

/// `quotient(dividend, divisor)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Quotient {
    signature: Signature,
}

impl Default for Quotient {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Quotient {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        if types.len() != 2 {
            return plan_err!("a quotient is of two numbers");
        }
        if types.iter().any(DataType::is_floating) {
            return Ok(vec![DataType::Float64; 2]);
        }
        types.iter().map(decimal).collect()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let floats = types.iter().any(DataType::is_floating);
        Ok(if floats { DataType::Float64 } else { DataType::Decimal128(PRECISION, SCALE) })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = arguments.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let [dividends, divisors] = arrays.as_slice() else { return exec_err!("a quotient is of two numbers") };
        let quotients = quotients(dividends, divisors)?;
        Ok(if constant { ColumnarValue::Scalar(ScalarValue::try_from_array(&quotients, 0)?) } else { ColumnarValue::Array(quotients) })
    }
}

/// The decimal that holds all values of a type of numbers.
fn decimal(data_type: &DataType) -> Result<DataType> {
    match data_type {
        DataType::Decimal128(..) => Ok(data_type.clone()),
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => Ok(DataType::Decimal128(*precision, *scale)),
        DataType::Decimal256(_, scale) => Ok(DataType::Decimal128(PRECISION, (*scale).min(SCALE))),
        DataType::Null => Ok(DataType::Decimal128(PRECISION, 0)),
        whole if whole.is_integer() => Ok(DataType::Decimal128(20, 0)),
        other => plan_err!("{other} is no number"),
    }
}

fn quotients(dividends: &ArrayRef, divisors: &ArrayRef) -> Result<ArrayRef> {
    if let (Some(dividends), Some(divisors)) = (dividends.as_primitive_opt::<Float64Type>(), divisors.as_primitive_opt::<Float64Type>()) {
        let pairs = dividends.iter().zip(divisors);
        let finite = pairs.map(|(dividend, divisor)| Some(dividend? / divisor?).filter(|q| q.is_finite()));
        return Ok(Arc::new(finite.collect::<Float64Array>()));
    }
    let (Some(of), Some(by)) = (dividends.as_primitive_opt::<Decimal128Type>(), divisors.as_primitive_opt::<Decimal128Type>()) else {
        return exec_err!("a quotient is of two numbers");
    };
    let shift = i32::from(SCALE) - i32::from(of.scale()) + i32::from(by.scale());
    let pairs = of.iter().zip(by);
    let quotients = pairs.map(|(dividend, divisor)| quotient(dividend?, divisor?, shift));
    Ok(Arc::new(quotients.collect::<Decimal128Array>().with_precision_and_scale(PRECISION, SCALE)?))
}

/// The dividend times ten to the power of the shift by the divisor, cut off towards zero; nothing where there is none.
fn quotient(dividend: i128, divisor: i128, shift: i32) -> Option<i128> {
    let power = i256::from_i128(10).pow_checked(shift.unsigned_abs()).ok()?;
    let (mut dividend, mut divisor) = (i256::from_i128(dividend), i256::from_i128(divisor));
    let scaled = if shift < 0 { &mut divisor } else { &mut dividend };
    *scaled = scaled.mul_checked(power).ok()?;
    dividend.div_checked(divisor).ok()?.to_i128().filter(|q| q.unsigned_abs() < TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_are_cut_off_after_ten_decimals_and_null_where_there_is_none() {
        let tenth = 10_i128.pow(9);
        for (dividend, divisor, shift, want) in [
            (1, 2, 10, Some(5 * tenth)),
            (1, 3, 10, Some(3_333_333_333)),
            (-2, 3, 10, Some(-6_666_666_666)),
            (0, 3, 10, Some(0)),
            (1, 0, 10, None),
            (0, 0, 10, None),
            // 10,000.0000 by 4 at scale 4 by scale 0, and a dividend that has more decimals than the quotient.
            (100_000_000, 4, 6, Some(2_500 * 10 * tenth)),
            (10_i128.pow(14), 2, -4, Some(5 * tenth)),
            (10_i128.pow(37), 1, 10, None),
            (i128::MAX, 1, 60, None),
            (i128::MIN, -1, 0, None),
        ] {
            assert_eq!(quotient(dividend, divisor, shift), want, "{dividend} / {divisor}");
        }
    }
}
