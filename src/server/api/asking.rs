//! What programs send, read so that whatever cannot be read is answered like every other refusal.

use crate::server::error::PageError;
use crate::server::intake::LARGEST;
use crate::server::state::App;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Parameters of a path; what cannot be read names nothing.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        Path::from_request_parts(parts, app).await.map(|Path(named)| Self(named)).map_err(|_| PageError::NotFound)
    }
}

/// A query.
pub struct Asking<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asking<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        let asked = Query::from_request_parts(parts, app).await;
        asked.map(|Query(asked)| Self(asked)).map_err(|_| PageError::Refused("query", Vec::new()))
    }
}

/// A body of JSON.
pub struct Said<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest<App> for Said<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &App) -> Result<Self, PageError> {
        let refused = || PageError::Refused("json", Vec::new());
        let largest = usize::try_from(LARGEST).unwrap_or(usize::MAX);
        let body = to_bytes(request.into_body(), largest).await.map_err(|_| refused())?;
        let said: T = serde_json::from_slice(&body).map_err(|_| refused())?;
        said.validate().map_err(|_| refused())?;
        Ok(Self(said))
    }
}

/// A page of a list; beyond its end, the last.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paged {
    /// The page, from 1.
    #[serde(default)]
    page: u32,
}

impl Paged {
    /// The page, from 1.
    pub fn page(self) -> u32 {
        self.page.max(1)
    }
}
