//! The stages, in the order in which a record travels. No stage imports another; the pipeline runs them.

#[cfg(not(fuzzing))]
pub mod acquire;
#[cfg(not(fuzzing))]
pub mod compose;
pub mod ingest;
#[cfg(not(fuzzing))]
pub mod link;
#[cfg(not(fuzzing))]
pub mod merge;
#[cfg(not(fuzzing))]
pub mod publish;
#[cfg(not(fuzzing))]
pub mod screen;
pub mod standardize;
#[cfg(not(fuzzing))]
pub mod survey;
#[cfg(not(fuzzing))]
pub mod track;
#[cfg(not(fuzzing))]
pub mod validate;
