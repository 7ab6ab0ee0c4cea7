//! Why the engine could not compute something.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use std::io;

/// A failure of a plan; its text names the statement.
#[derive(Debug)]
pub struct EngineError {
    /// What was being computed.
    pub what: String,
    /// What the engine says.
    pub source: Box<DataFusionError>,
}

impl EngineError {
    /// A task that ended without an answer.
    pub fn of(what: String, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what, source: Box::new(DataFusionError::External(Box::new(error))) }
    }
}

/// Why a plan failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The disk does not take or give what is put down on it.
    Disk(io::ErrorKind),
    /// It needs more memory than plans may take, and cannot put it down.
    Memory,
    /// Something else: of our making.
    Plan,
}

impl EngineError {
    /// Why it failed.
    pub fn cause(&self) -> Cause {
        let mut error: Option<&(dyn std::error::Error + 'static)> = Some(self.source.as_ref());
        while let Some(one) = error {
            if let Some(DataFusionError::ResourcesExhausted(_)) = one.downcast_ref() {
                return Cause::Memory;
            }
            if let Some(own) = one.downcast_ref::<io::Error>() {
                return Cause::Disk(own.kind());
            }
            if let Some(ArrowError::IoError(_, own)) = one.downcast_ref() {
                return Cause::Disk(own.kind());
            }
            error = one.source();
        }
        Cause::Plan
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "failed to compute {}: {}", self.what, self.source)
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}
