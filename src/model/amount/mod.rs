//! Amounts: the unit a table states, the numbers in its cells, and money as whole ten-thousandths of a yuan.
//!
//! Owns: `unit` (元 to 亿元 and how a heading names them), `mark` (what stands for a missing value), `number` (the one
//! strict grammar of numbers), `money` (conversion to yuan at scale 4).
//! Invariants: no binary floats; amounts are exact to the ten-thousandth of a yuan; what is ambiguous is not guessed.

mod mark;
mod money;
mod number;
mod unit;

pub use mark::{is_error_word, is_mark};
pub use money::{plain_to_units, to_units_rounded};
pub use number::{Number, parse_double, parse_number};
pub use unit::{Unit, is_foreign};
