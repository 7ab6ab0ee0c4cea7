//! For whoever operates the portal: alive, ready, counters.

use crate::server::error::PageError;
use crate::server::form::same;
use crate::server::listing::Access;
use crate::server::routes::Routes;
use crate::server::state::App;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::response::IntoResponse;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/healthz", Access::Open, async || "ok").get("/readyz", Access::Open, ready).get("/metrics", Access::Open, metrics)
}

/// Ready if the ledger answers.
async fn ready(State(app): State<App>) -> Result<&'static str, PageError> {
    app.read(|l| l.sessions()).await?;
    Ok("ready")
}

/// Counters, for whoever has the word for them: they tell how much is going on, and when.
async fn metrics(State(app): State<App>, headers: HeaderMap) -> Result<impl IntoResponse, PageError> {
    let wanted = app.config.portal.metrics_token.as_ref().and_then(|token| token.read().ok()).unwrap_or_default();
    let said = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default();
    if !same(said, &wanted) {
        return Err(PageError::NotFound);
    }
    let tallies = app.read(|l| l.tallies()).await?;
    let bytes = ["ledger.sqlite", "ledger.sqlite-wal"].map(|name| std::fs::metadata(app.folder().join(name)).map_or(0, |m| m.len()));
    app.metrics.take_over(&tallies, bytes.iter().sum());
    let text = app.metrics.text().map_err(|e| PageError::bug(e.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
