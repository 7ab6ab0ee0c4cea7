//! Validate: edits (审核关系) over datasets.
//!
//! Owns: how an edit of `packs/*.toml` or `pipeline.toml` becomes an expression over batches or a plan, and what its three
//! outcomes lead to.
//! Takes: standardized datasets. Gives: the same datasets with withheld values nulled (`f_why` names the edit), findings,
//! unjudged edits with the finding that withheld their operand, and counts.
//! Invariants: values are never changed, only withheld; a null operand is unjudged, never broken; nothing removes a
//! record or a link.
//!
//! # How to add an edit
//! One entry in `packs/*.toml` (or, for one site, in its `pipeline.toml`) and a folder
//! `tests/fixtures/edits/<CODE>/`. Only new SQL functions are Rust: `engine/functions.rs`.

mod compile;
mod finding_reader;
mod group_edits;
mod named;
mod record_edits;
#[cfg(test)]
mod tests;

pub use compile::{Compiled, EditedDataset, Fault, compile, doubted, tables_read, whole_table};
pub use group_edits::{judge_groups, try_groups};
pub use named::{Named, named};
pub use record_edits::{RecordJudge, RecordRecall};
