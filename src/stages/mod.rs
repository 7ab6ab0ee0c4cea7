//! The stages, in the order in which a record travels. No stage imports another; the pipeline runs them.

pub mod acquire;
pub mod compose;
pub mod ingest;
pub mod link;
pub mod merge;
pub mod publish;
pub mod screen;
pub mod standardize;
pub mod validate;
