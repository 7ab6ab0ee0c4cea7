//! What addresses and forms say: whatever cannot be read is answered like every other refusal, never in the framework's words.
//!
//! Forms are checked for the word of the session, then for what each field may hold.

use super::error::PageError;
use super::visitor::Visitor;
use crate::portal::error::PortalError;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use validator::Validate;

/// Bytes of a form at most; files are sent otherwise.
const LARGEST: usize = 64 << 10;

/// Parameters of a path; what cannot be read names nothing.
pub struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        Path::from_request_parts(parts, state).await.map(|Path(named)| Self(named)).map_err(|_| PortalError::NotFound.into())
    }
}

/// A query.
pub struct Asking<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asking<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let asked = Query::from_request_parts(parts, state).await;
        asked.map(|Query(asked)| Self(asked)).map_err(|_| PortalError::Refused("query", Vec::new()).into())
    }
}

/// A posted form. Its word `csrf` was that of the session; nobody being signed in, there is none to check.
pub struct Posted<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for Posted<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let expected = request.extensions().get::<Visitor>().and_then(|v| v.0.as_ref()).map(|a| a.csrf.clone());
        let body = to_bytes(request.into_body(), LARGEST).await.map_err(|_| PortalError::Refused("form", Vec::new()))?;
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).map_err(|_| PortalError::Refused("form", Vec::new()))?;
        if let Some(expected) = expected {
            let sent = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
            if !same(sent.unwrap_or_default(), &expected) {
                return Err(PageError::Forged);
            }
        }
        let form: T = serde_urlencoded::from_bytes(&body).map_err(|_| PortalError::Refused("form", Vec::new()))?;
        form.validate().map_err(|problems| PortalError::Refused("fields", vec![named(&problems)]))?;
        Ok(Self(form))
    }
}

/// A form that only carries the word of its session.
#[derive(Deserialize, Validate)]
pub struct Nothing {}

/// An option of a list to choose from.
pub struct ListOption {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// Compares without giving away how far two words agree; an empty one is never right.
pub fn same(sent: &str, expected: &str) -> bool {
    let difference = sent.bytes().zip(expected.bytes()).fold(0_u8, |d, (a, b)| d | (a ^ b));
    sent.len() == expected.len() && !expected.is_empty() && difference == 0
}

/// The fields that cannot be taken, as people call them.
fn named(problems: &validator::ValidationErrors) -> String {
    let mut fields: Vec<String> = problems.errors().keys().map(|f| crate::portal::text::portal(&format!("field_{f}")).to_owned()).collect();
    fields.sort();
    fields.join("、")
}
