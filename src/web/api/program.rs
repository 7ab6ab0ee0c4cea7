//! Programs, which show a token; a browser's session is not taken for one.

use crate::portal::actor::Actor;
use crate::web::error::PageError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// A program: an actor that shows a token.
pub struct Program(pub Actor);

impl<S: Sync> FromRequestParts<S> for Program {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let actor = Actor::from_request_parts(parts, state).await?;
        if actor.account.is_some() { Err(PageError::Forged) } else { Ok(Self(actor)) }
    }
}
