//! What a request is answered when it cannot be answered: the only place that knows status codes of failures.

use crate::model::role::Right;
use crate::portal::error::PortalError;
use crate::portal::text::say;
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
    /// The form carries no word of this session, or came from elsewhere.
    Forged,
    /// More was sent than is taken: the limit in MiB.
    TooLarge(u64),
    /// A form, or what a program says, is larger than any can be.
    FormTooLarge,
    /// The body came too slowly.
    TooSlow,
    /// Too many tries; wait so many seconds.
    TooMany(u64),
    /// The portal did not do it.
    Portal(PortalError),
}

impl PageError {
    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            PageError::SignIn => StatusCode::UNAUTHORIZED,
            PageError::ChangePassword | PageError::Forbidden(_) | PageError::Forged => StatusCode::FORBIDDEN,
            PageError::TooLarge(_) | PageError::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            PageError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            PageError::Portal(PortalError::NotFound) => StatusCode::NOT_FOUND,
            PageError::Portal(PortalError::Refused(..)) => StatusCode::UNPROCESSABLE_ENTITY,
            PageError::Portal(PortalError::Conflict(_)) => StatusCode::CONFLICT,
            PageError::Portal(PortalError::Overloaded) => StatusCode::SERVICE_UNAVAILABLE,
            PageError::Portal(PortalError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            PageError::Portal(PortalError::Bug(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its key among the words `refused.*`, and their arguments.
    pub fn words(&self) -> (&'static str, Vec<String>) {
        match self {
            PageError::SignIn => ("sign_in", Vec::new()),
            PageError::ChangePassword => ("change_password", Vec::new()),
            PageError::Forbidden(_) => ("forbidden", Vec::new()),
            PageError::Forged => ("forged", Vec::new()),
            PageError::TooLarge(mib) => ("too_large", vec![mib.to_string()]),
            PageError::FormTooLarge => ("form_large", Vec::new()),
            PageError::TooSlow => ("too_slow", Vec::new()),
            PageError::TooMany(seconds) => ("too_many", vec![seconds.to_string()]),
            PageError::Portal(error) => error.words(),
        }
    }

    /// Seconds after which it is worth trying again.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            PageError::TooMany(seconds) => Some(*seconds),
            PageError::Portal(PortalError::Overloaded) => Some(5),
            _ => None,
        }
    }

    /// What people read.
    pub fn message(&self) -> String {
        let (key, arguments) = self.words();
        say(&format!("refused.{key}"), &arguments)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<PortalError> for PageError {
    fn from(error: PortalError) -> Self {
        PageError::Portal(error)
    }
}

impl From<std::io::Error> for PageError {
    fn from(error: std::io::Error) -> Self {
        PortalError::from(error).into()
    }
}

impl From<tower_sessions::session::Error> for PageError {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session::Error, session_store};
        let error = match error {
            // The store of sessions can say no more than a text.
            Error::Store(session_store::Error::Backend(said)) => [PortalError::Overloaded, PortalError::Full]
                .into_iter()
                .find(|error| said == format!("{error:?}"))
                .unwrap_or(PortalError::Bug(said)),
            error => PortalError::bug(error.to_string()),
        };
        error.into()
    }
}
