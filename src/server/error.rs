//! What a page answers when it cannot answer: the only place that knows status codes of failures.

use super::text::say;
use crate::error::{Error, ErrorKind};
use crate::ledger::LedgerError;
use crate::model::role::Right;
use crate::run::FileFlaw;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A failure of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// Nobody is signed in.
    SignIn,
    /// The password must be changed first.
    ChangePassword,
    /// The role lacks a right.
    Forbidden(Right),
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// The form carries no word of this session, or came from elsewhere.
    Forged,
    /// What was sent cannot be taken: a key of the words `refused.*`, and its arguments.
    Refused(&'static str, Vec<String>),
    /// More was sent than is taken: the limit in MiB.
    TooLarge(u64),
    /// A form, or what a program says, is larger than any can be.
    FormTooLarge,
    /// The body came too slowly.
    TooSlow,
    /// Too much is asked of the portal at the moment.
    Overloaded,
    /// Too many tries; wait so many seconds.
    TooMany(u64),
    /// Something else must end first: a key of the words `refused.*`.
    Conflict(&'static str),
    /// The disk is full, or takes no writes; what is stored stands.
    Full,
    /// Ours; the text goes to the log alone.
    Bug(String),
}

impl PageError {
    /// A broken invariant, or a failure of the system below.
    pub fn bug(reason: impl Into<String>) -> Self {
        Self::Bug(reason.into())
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            PageError::SignIn => StatusCode::UNAUTHORIZED,
            PageError::ChangePassword | PageError::Forbidden(_) | PageError::Forged => StatusCode::FORBIDDEN,
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::Refused(..) => StatusCode::UNPROCESSABLE_ENTITY,
            PageError::TooLarge(_) | PageError::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            PageError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            PageError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            PageError::Conflict(_) => StatusCode::CONFLICT,
            PageError::Full => StatusCode::INSUFFICIENT_STORAGE,
            PageError::Bug(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its words in the catalogue, and their arguments.
    pub fn words(&self) -> (String, Vec<String>) {
        let (key, arguments) = match self {
            PageError::SignIn => ("sign_in", Vec::new()),
            PageError::ChangePassword => ("change_password", Vec::new()),
            PageError::Forbidden(_) => ("forbidden", Vec::new()),
            PageError::NotFound => ("not_found", Vec::new()),
            PageError::Forged => ("forged", Vec::new()),
            PageError::Refused(key, arguments) => (*key, arguments.clone()),
            PageError::TooLarge(mib) => ("too_large", vec![mib.to_string()]),
            PageError::FormTooLarge => ("form_large", Vec::new()),
            PageError::TooSlow => ("too_slow", Vec::new()),
            PageError::Overloaded => ("overloaded", Vec::new()),
            PageError::TooMany(seconds) => ("too_many", vec![seconds.to_string()]),
            PageError::Conflict(key) => (*key, Vec::new()),
            PageError::Full => ("full", Vec::new()),
            PageError::Bug(_) => ("bug", Vec::new()),
        };
        (format!("refused.{key}"), arguments)
    }

    /// Seconds after which it is worth trying again.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            PageError::TooMany(seconds) => Some(*seconds),
            PageError::Overloaded => Some(5),
            _ => None,
        }
    }

    /// What people read.
    pub fn message(&self) -> String {
        let (key, arguments) = self.words();
        say(&key, &arguments)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LedgerError> for PageError {
    fn from(error: LedgerError) -> Self {
        match () {
            () if crate::ledger::is_unwritable(&error) => {
                tracing::error!(%error, "the ledger takes no writes");
                PageError::Full
            }
            () if crate::ledger::is_busy(&error) => PageError::Overloaded,
            () => PageError::bug(error.to_string()),
        }
    }
}

impl From<std::io::Error> for PageError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => PageError::Full,
            _ => PageError::bug(error.to_string()),
        }
    }
}

impl From<FileFlaw> for PageError {
    fn from(flaw: FileFlaw) -> Self {
        tracing::error!(%flaw, "a published file is not as it was written");
        PageError::Conflict("run_flawed")
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::System if error.code == "ERR-060" => PageError::Conflict("original_flawed"),
            ErrorKind::Busy if error.code == "ERR-080" => PageError::Overloaded,
            ErrorKind::Busy => PageError::Conflict("busy"),
            _ if error.is_no_room() => PageError::Full,
            _ => PageError::bug(error.to_string()),
        }
    }
}

impl From<tower_sessions::session::Error> for PageError {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session::Error, session_store};
        match error {
            // The store of sessions can say no more than a text.
            Error::Store(session_store::Error::Backend(said)) => [PageError::Overloaded, PageError::Full]
                .into_iter()
                .find(|error| said == format!("{error:?}"))
                .unwrap_or(PageError::Bug(said)),
            error => PageError::bug(error.to_string()),
        }
    }
}
