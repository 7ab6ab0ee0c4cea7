//! What went wrong, in the portal's own words; how that is answered is not its business.

use crate::error::{Error, ErrorKind};
use crate::ledger::LedgerError;
use crate::run::FileFlaw;

/// Why the portal did not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalError {
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// What was said cannot be taken: a key of the words `refused.*`, and its arguments.
    Refused(&'static str, Vec<String>),
    /// Something else must end first: a key of the words `refused.*`.
    Conflict(&'static str),
    /// Too much is asked of the portal at the moment.
    Overloaded,
    /// The disk is full, or takes no writes; what is stored stands.
    Full,
    /// Ours; the text goes to the log alone.
    Bug(String),
}

impl PortalError {
    /// A broken invariant, or a failure of the system below.
    pub fn bug(reason: impl Into<String>) -> Self {
        Self::Bug(reason.into())
    }

    /// Its key among the words `refused.*`, and their arguments.
    pub fn words(&self) -> (&'static str, Vec<String>) {
        match self {
            PortalError::NotFound => ("not_found", Vec::new()),
            PortalError::Refused(key, arguments) => (key, arguments.clone()),
            PortalError::Conflict(key) => (key, Vec::new()),
            PortalError::Overloaded => ("overloaded", Vec::new()),
            PortalError::Full => ("full", Vec::new()),
            PortalError::Bug(_) => ("bug", Vec::new()),
        }
    }
}

impl From<LedgerError> for PortalError {
    fn from(error: LedgerError) -> Self {
        match () {
            () if crate::ledger::is_unwritable(&error) => {
                tracing::error!(%error, "the ledger takes no writes");
                PortalError::Full
            }
            () if crate::ledger::is_busy(&error) => PortalError::Overloaded,
            () => PortalError::bug(error.to_string()),
        }
    }
}

impl From<std::io::Error> for PortalError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => PortalError::Full,
            _ => PortalError::bug(error.to_string()),
        }
    }
}

impl From<FileFlaw> for PortalError {
    fn from(flaw: FileFlaw) -> Self {
        tracing::error!(%flaw, "a published file is not as it was written");
        PortalError::Conflict("run_flawed")
    }
}

impl From<Error> for PortalError {
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::System if error.code == "ERR-060" => PortalError::Conflict("original_flawed"),
            ErrorKind::Busy if error.code == "ERR-080" => PortalError::Overloaded,
            ErrorKind::Busy => PortalError::Conflict("busy"),
            _ if error.is_no_room() => PortalError::Full,
            _ => PortalError::bug(error.to_string()),
        }
    }
}

impl From<PortalError> for Error {
    fn from(error: PortalError) -> Self {
        match error {
            PortalError::Full => std::io::Error::from(std::io::ErrorKind::StorageFull).into(),
            PortalError::Overloaded => Error::new(ErrorKind::Busy, "ERR-080"),
            other => Error::bug(format!("{other:?}")),
        }
    }
}
