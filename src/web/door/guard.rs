//! Refuses what is asked too often, and counts that.

use super::address::{Peer, place};
use super::limits::DoorLimits;
use super::tries::Counted;
use crate::web::error::PageError;
use crate::web::listing::Listing;
use crate::web::metrics::{Metrics, RefusedLabels};
use crate::web::visitor::Visitor;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;

/// Keeps the limits of the portal; clones share them.
#[derive(Clone)]
pub struct Guard {
    /// The limits.
    pub limits: Arc<DoorLimits>,
    metrics: Arc<Metrics>,
}

impl Guard {
    /// Nobody has asked for anything yet; who is refused is counted.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { limits: Arc::default(), metrics }
    }

    /// Takes a try at a password, unless it must wait.
    ///
    /// # Errors
    /// It must wait.
    pub fn try_password(&self, counted: &[Counted]) -> Result<(), PageError> {
        self.limits.tries.begin(counted, Instant::now()).map_err(|wait| self.refused("sign_in", wait))
    }

    fn refused(&self, kind: &str, wait: u64) -> PageError {
        self.metrics.refused.get_or_create(&RefusedLabels { kind: kind.to_owned() }).inc();
        PageError::TooMany(wait)
    }
}

/// Refuses what is asked too often.
pub async fn refuse(State((guard, listing)): State<(Guard, Listing)>, request: Request, next: Next) -> Result<Response, PageError> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let address = request.extensions().get::<Peer>().map(|Peer(p)| place(p.ip())).unwrap_or_default();
    let who = request.extensions().get::<Visitor>().and_then(|v| v.0.as_ref()).map_or_else(|| address.clone(), |a| a.name.clone());
    let posted = request.method() == Method::POST;
    let allowance = match () {
        () if posted && listing.takes_files(&path) => Some(("upload", &guard.limits.upload)),
        () if path.starts_with("/api/") => Some(("program", &guard.limits.program)),
        () => None,
    };
    if let Some((kind, allowance)) = allowance {
        allowance.take(&who, Instant::now()).map_err(|wait| guard.refused(kind, wait))?;
    }
    Ok(next.run(request).await)
}
