//! The engine: one DataFusion session, the SQL that edits and criteria may be written in, and datasets on disk.
//!
//! Owns: how a session is built, what an expression may name and call, how datasets are written and read. Knows nothing of
//! stages.
//! Invariants: decimal literals are decimals, never doubles; every function is registered here, so a plan built by a
//! stage runs wherever the session runs.

mod dataset;
pub mod expression;
mod failure;
pub mod functions;
mod kept;
mod large_joins;
mod quotient;
mod scan;
mod session;
pub mod union;

pub use dataset::writer::DatasetWriter;
pub use dataset::{BATCH_ROWS, Batches, Dataset, Scratch};
pub use failure::{Cause, EngineError};
pub use session::{Answer, Engine, Resources, not_in};
