//! Amounts: the unit a table states, the numbers in its cells, and money as whole ten-thousandths of a yuan.
//!
//! Owns: `unit` (元 to 亿元 and how a heading names them), `mark` (what stands for a missing value), `number` (the one
//! strict grammar of numbers), `money` (exact conversion to yuan at scale 4).
//! Invariants: no binary floats; an amount is converted exactly or not at all; what is ambiguous is not guessed.

mod mark;
mod money;
mod number;
mod unit;

pub use mark::is_mark;
pub use money::{MONEY_SCALE, plain_to_units, to_units, to_units_rounded};
pub use number::{Number, parse_number};
pub use unit::Unit;
