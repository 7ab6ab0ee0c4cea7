//! For whoever operates the portal: alive, ready, counters.

use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::web::error::PageError;
use crate::web::form::same;
use crate::web::listing::Access;
use crate::web::metrics::Metrics;
use crate::web::routes::Routes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::response::IntoResponse;
use std::sync::Arc;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/healthz", Access::Open, async || "ok").get("/readyz", Access::Open, ready).get("/metrics", Access::Open, metrics)
}

/// Ready if the ledger answers.
async fn ready(State(books): State<Books>) -> Result<&'static str, PageError> {
    books.read(|l| l.sessions()).await?;
    Ok("ready")
}

/// Counters, for whoever has the word for them: they tell how much is going on, and when.
async fn metrics(
    State(books): State<Books>,
    State(metrics): State<Arc<Metrics>>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, PageError> {
    let wanted = books.config.portal.metrics_token.as_ref().and_then(|token| token.read().ok()).unwrap_or_default();
    let said = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default();
    if !same(said, &wanted) {
        return Err(PortalError::NotFound.into());
    }
    let tallies = books.read(|l| l.tallies()).await?;
    let bytes = ["ledger.sqlite", "ledger.sqlite-wal"].map(|name| std::fs::metadata(books.folder().join(name)).map_or(0, |m| m.len()));
    metrics.take_over(&tallies, bytes.iter().sum());
    let text = metrics.text().map_err(|e| PortalError::bug(e.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
