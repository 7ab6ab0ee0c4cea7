//! Who is behind a request, as `session` found out.

use super::error::PageError;
use crate::portal::actor::Actor;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The actor of a request; routes that are open may have none.
#[derive(Debug, Clone)]
pub struct Visitor(pub Option<Actor>);

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Visitor>().and_then(|v| v.0.clone()).ok_or(PageError::SignIn)
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        Ok(parts.extensions.get::<Visitor>().cloned().unwrap_or(Visitor(None)))
    }
}
