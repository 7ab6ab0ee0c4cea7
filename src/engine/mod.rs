//! The engine: one DataFusion session, the SQL that edits and criteria may be written in, and datasets on disk.
//!
//! Owns: how a session is built, what an expression may name and call, how datasets are written and read. Knows nothing of
//! stages.
//! Invariants: decimal literals are decimals, never doubles; every function is registered here, so a plan built by a
//! stage runs wherever the session runs.

pub mod expression;
pub mod functions;
mod quotient;
mod session;
pub mod store;

pub use session::{Engine, EngineError};
