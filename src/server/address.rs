//! The address that a request comes from, as the audit log keeps it.

use super::accept::Peer;
use super::error::PageError;
use super::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The address of whoever asks: the other end of the connection, or, behind a proxy by configuration, whom it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub String);

impl FromRequestParts<App> for Address {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, PageError> {
        Ok(Self(parts.extensions.get::<Peer>().map(|p| p.0.ip().to_string()).unwrap_or_default()))
    }
}
