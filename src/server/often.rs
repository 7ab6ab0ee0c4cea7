//! Refuses what is asked too often, and counts that.

use super::actor::Visitor;
use super::address::{Peer, place};
use super::error::PageError;
use super::listing::Listing;
use super::metrics;
use super::state::App;
use super::tries::Counted;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Takes a try at a password, unless it must wait.
///
/// # Errors
/// It must wait.
pub fn try_password(app: &App, counted: &[Counted]) -> Result<(), PageError> {
    app.limits.tries.begin(counted, Instant::now()).map_err(|wait| {
        app.metrics.refused.get_or_create(&metrics::Refused { kind: "sign_in".to_owned() }).inc();
        PageError::TooMany(wait)
    })
}

/// Refuses what is asked too often.
pub async fn refuse(State((app, listing)): State<(App, Listing)>, request: Request, next: Next) -> Result<Response, PageError> {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let address = request.extensions().get::<Peer>().map(|Peer(p)| place(p.ip())).unwrap_or_default();
    let who = request.extensions().get::<Visitor>().and_then(|v| v.0.as_ref()).map_or_else(|| address.clone(), |a| a.name.clone());
    let posted = request.method() == Method::POST;
    let refused = |kind: &str| {
        let kind = kind.to_owned();
        app.metrics.refused.get_or_create(&metrics::Refused { kind }).inc();
    };
    let allowance = match () {
        () if posted && listing.takes_files(&path) => Some(("upload", &app.limits.upload)),
        () if path.starts_with("/api/") => Some(("program", &app.limits.program)),
        () => None,
    };
    if let Some((kind, allowance)) = allowance {
        allowance.take(&who, Instant::now()).map_err(|wait| {
            refused(kind);
            PageError::TooMany(wait)
        })?;
    }
    Ok(next.run(request).await)
}
