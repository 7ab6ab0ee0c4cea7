//! What programs send, read so that whatever cannot be read is answered like every other refusal.

use crate::portal::error::PortalError;
use crate::web::door::body::LARGEST;
use crate::web::error::PageError;
pub use crate::web::form::{Asking, Named};
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// A body of JSON.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for JsonBody<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let refused = || PortalError::Refused("json", Vec::new());
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
