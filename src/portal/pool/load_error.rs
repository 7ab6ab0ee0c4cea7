//! Why the datasets of a run cannot be read.

use crate::portal::error::PortalError;
use crate::run::{FileFlaw, Untraced};
use datafusion::arrow::error::ArrowError;
use parquet::errors::ParquetError;

/// Why datasets cannot be read.
#[derive(Debug)]
pub enum LoadError {
    /// The disk.
    Io(std::io::Error),
    /// A file that is no sound Parquet.
    Parquet(ParquetError),
    /// Columns that do not fit.
    Arrow(ArrowError),
    /// A file is gone, or is not as the run wrote it.
    Flawed(FileFlaw),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::Io(e) => e.fmt(f),
            LoadError::Parquet(e) => e.fmt(f),
            LoadError::Arrow(e) => e.fmt(f),
            LoadError::Flawed(e) => e.fmt(f),
        }
    }
}

macro_rules! from {
    ($($variant:ident: $error:ty),*) => { $(impl From<$error> for LoadError { fn from(e: $error) -> Self { LoadError::$variant(e) } })* };
}
from!(Io: std::io::Error, Parquet: ParquetError, Arrow: ArrowError, Flawed: FileFlaw);

impl From<Untraced> for LoadError {
    fn from(error: Untraced) -> Self {
        match error {
            Untraced::Flaw(flaw) => Self::Flawed(flaw),
            Untraced::Io(error) => Self::Io(error),
        }
    }
}

impl From<LoadError> for PortalError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Flawed(flaw) => flaw.into(),
            other => Self::bug(other.to_string()),
        }
    }
}
