//! The states of a patent at the reference date, of which each patent is in exactly one.

/// All states, those in force first.
pub const STATES: [&str; 8] = ["free", "pledged", "late_fee", "in_force_unclear", "expired", "unclear", "not_granted", "not_in_force"];

/// How many of [`STATES`] are in force.
pub const IN_FORCE: usize = 4;
