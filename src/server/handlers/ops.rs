//! For whoever operates the portal: alive, ready, counters.

use crate::server::error::PageError;
use crate::server::router::{Access, Routes};
use crate::server::state::App;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/healthz", Access::Open, async || "ok").get("/readyz", Access::Open, ready).get("/metrics", Access::Open, metrics)
}

/// Ready if the ledger answers.
async fn ready(State(app): State<App>) -> Result<&'static str, PageError> {
    app.read(|l| l.session("", 0)).await?;
    Ok("ready")
}

async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, PageError> {
    let tallies = app.read(|l| l.tallies()).await?;
    let bytes = ["ledger.sqlite", "ledger.sqlite-wal"].map(|name| std::fs::metadata(app.folder().join(name)).map_or(0, |m| m.len()));
    app.metrics.take_over(&tallies, bytes.iter().sum());
    let text = app.metrics.text().map_err(|e| PageError::bug(e.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
