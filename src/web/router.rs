//! All routes, each with what it takes to be let in.

use super::answer;
use super::door::guard;
use super::error::PageError;
use super::frame::Frames;
use super::handlers;
use super::listing::{Listed, Listing};
use super::metrics::{self, Metrics};
use super::routes::Routes;
use super::session::{LedgerStore, identify};
use super::state::App;
use crate::portal::error::PortalError;
use axum::extract::{FromRef, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

/// All routes.
pub fn routes() -> Routes {
    let routes = Routes::new();
    let routes = handlers::assets::routes(routes);
    let routes = handlers::ops::routes(routes);
    let routes = handlers::home::routes(routes);
    let routes = super::api::routes(routes);
    let routes = handlers::quality::routes(routes);
    let routes = handlers::runs::routes(routes);
    let routes = handlers::pool::routes(routes);
    let routes = handlers::proposal::routes(routes);
    let routes = handlers::accounts::routes(routes);
    let routes = handlers::tokens::routes(routes);
    let routes = handlers::audit::routes(routes);
    let routes = handlers::uploads::routes(routes);
    let routes = handlers::calendar::routes(routes);
    handlers::sign_in::routes(routes)
}

/// There is no such page.
async fn nowhere() -> PageError {
    PortalError::NotFound.into()
}

/// Refuses what another site's page sends in a browser's name; browsers say where a request comes from.
async fn same_site(request: Request, next: Next) -> Result<Response, PageError> {
    let reading = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if !reading && foreign(&request) {
        return Err(PageError::Forged);
    }
    Ok(next.run(request).await)
}

fn foreign(request: &Request) -> bool {
    let said = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let host = said("host").or_else(|| request.uri().authority().map(|a| a.as_str()));
    said("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site))
        || said("origin").is_some_and(|origin| origin.split_once("://").map(|(_, h)| h) != host)
}

/// Counts requests and how long they take, and writes the line of the access log; what stands in a path or query, and who
/// asked, is the audit log's.
async fn measure(State(counters): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |m| m.as_str().to_owned());
    let response = next.run(request).await;
    let labels = metrics::RequestLabels { method, route, status: response.status().as_u16() };
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(http.status = labels.status, http.seconds = seconds, "answered");
    counters.requests.get_or_create(&labels).inc();
    counters.request_seconds.observe(seconds);
    response
}

/// No script, style, font, picture or frame from elsewhere, and none within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The whole service. `secure` where browsers reach it by TLS.
pub fn service(app: &App, secure: bool) -> Router {
    let sessions = SessionManagerLayer::new(LedgerStore(app.books.clone()))
        .with_name("huichi")
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        // When a session ends is the ledger's to say; the browser forgets it when it is closed.
        .with_expiry(Expiry::OnSessionEnd);
    let fixed = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let id = HeaderName::from_static("x-request-id");
    let trace = TraceLayer::new_for_http().make_span_with(|request: &Request| {
        let id = request.headers().get("x-request-id").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let route = request.extensions().get::<MatchedPath>().map_or("-", |m| m.as_str());
        tracing::info_span!("request", request.id = id, http.method = %request.method(), http.route = route, actor.role = tracing::field::Empty, run.id = tracing::field::Empty)
    });
    let routes = routes();
    for Listed { method, path, access, kind } in &routes.table {
        tracing::debug!(http.method = %method, http.route = path, ?access, ?kind, "route");
    }
    let listing = Listing::new(routes.table);
    let tls_is_ours = app.books.config.portal.certificate.is_some();
    let strict = tls_is_ours.then(|| fixed(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    routes
        .router
        .fallback(nowhere)
        .method_not_allowed_fallback(nowhere)
        .layer(Extension(listing.clone()))
        .layer(from_fn(same_site))
        .layer(from_fn_with_state((app.guard.clone(), listing.clone()), guard::refuse))
        .layer(from_fn_with_state((Frames::from_ref(app), listing), answer::render))
        .layer(from_fn_with_state(app.books.clone(), identify))
        .layer(sessions)
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.metrics.clone(), measure))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .layer(tower::util::option_layer(strict))
        .layer(trace)
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(SetRequestIdLayer::new(id, MakeRequestUuid))
        .with_state(app.clone())
}

#[cfg(test)]
mod tests;
