//! Why a value of one run is another in the next, and why an enterprise entered the pool or left it.
//!
//! A cause is shown, not guessed: it follows from what two runs recorded of themselves (inputs and their hashes, decisions,
//! waivers, settings, reference date, build) and from the cells and records that a value rests on in each. A value computed of others
//! has the causes of those that differ. Where nothing of a value's own differs, whatever else does is told as possible, and
//! is certain where it is the only thing.

mod cause;
mod find;
mod follows;
mod inputs;
mod runs;
mod sent;
mod settings;
mod trace;

#[cfg(test)]
mod tests;

pub use cause::{Cause, Named};
pub use find::{Causes, Moved};
pub use follows::Follows;
pub use runs::Side;
pub use trace::Untraced;
