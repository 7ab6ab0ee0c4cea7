//! All routes, each with what it takes to be let in.

use super::actor::Visitor;
use super::error::{self, PageError};
use super::handlers;
use super::intake;
use super::limits;
use super::metrics;
use super::session::{LedgerStore, identify};
use super::state::App;
use crate::model::role::Right;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

/// What it takes to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// To be signed in.
    SignedIn,
    /// A right of the role.
    Right(Right),
}

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or a form: a small body, and an answer soon.
    Page,
    /// Files, which it counts itself.
    Files,
}

/// A route as the table lists it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Method.
    pub method: Method,
    /// Path with its parameters.
    pub path: &'static str,
    /// What it takes to be let in.
    pub access: Access,
    /// What it takes.
    pub kind: Kind,
}

/// Routes under construction: none can be added without saying what it takes to be let in.
pub struct Routes {
    router: Router<App>,
    /// What was added.
    pub table: Vec<Listed>,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self { router: Router::new(), table: Vec::new() }
    }

    /// A route that reads.
    pub fn get<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::GET, MethodFilter::GET), path, (access, Kind::Page), handler)
    }

    /// A route that changes something.
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::POST, MethodFilter::POST), path, (access, Kind::Page), handler)
    }

    /// A route that takes files: it counts their bytes itself, and takes as long as they do.
    pub fn files<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::POST, MethodFilter::POST), path, (access, Kind::Files), handler)
    }

    fn add<H: Handler<T, App>, T: 'static>(
        mut self,
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        (access, kind): (Access, Kind),
        handler: H,
    ) -> Self {
        self.table.push(Listed { method, path, access, kind });
        let route = on(filter, handler);
        let bounded = match kind {
            Kind::Page => route.layer(from_fn(intake::small)),
            Kind::Files => route.layer(from_fn(intake::files)),
        };
        let guarded = bounded.layer(from_fn(move |request: Request, next: Next| guard(access, request, next)));
        self.router = self.router.route(path, guarded);
        self
    }
}

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
    let routes = handlers::accounts::routes(routes);
    let routes = handlers::tokens::routes(routes);
    let routes = handlers::audit::routes(routes);
    let routes = handlers::uploads::routes(routes);
    let routes = handlers::calendar::routes(routes);
    handlers::sign_in::routes(routes)
}

/// Whether a route takes files.
pub fn takes_files(path: &str) -> bool {
    static TAKING: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let taking = || routes().table.into_iter().filter(|l| l.kind == Kind::Files).map(|l| l.path).collect();
    TAKING.get_or_init(taking).contains(path)
}

/// Letters of a path to which somebody is sent on.
const LONGEST_WAY: usize = 2000;

/// Whether what a browser asks for leads to one of our own pages, written as browsers write it: nobody is sent anywhere else.
pub fn is_own_page(target: &str) -> bool {
    static PAGES: OnceLock<Vec<&'static str>> = OnceLock::new();
    let of_people = |l: &Listed| l.method == Method::GET && l.access != Access::Open && !l.path.starts_with("/api/");
    let pages = PAGES.get_or_init(|| routes().table.into_iter().filter(of_people).map(|l| l.path).collect());
    let plain = target.len() <= LONGEST_WAY && target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let path = target.split(['?', '#']).next().unwrap_or_default();
    plain && pages.iter().any(|page| leads_to(path, page))
}

/// Whether a path is one of a route's.
fn leads_to(path: &str, route: &str) -> bool {
    let (parts, names) = (path.split('/'), route.split('/'));
    let dots = |part: &str| part.to_ascii_lowercase().replace("%2e", ".").trim_matches('.').is_empty();
    path.split('/').count() == route.split('/').count()
        && parts.zip(names).all(|(part, name)| part == name || name.starts_with('{') && !dots(part))
}

/// Lets in who may come in.
async fn guard(access: Access, request: Request, next: Next) -> Result<Response, PageError> {
    let actor = request.extensions().get::<Visitor>().and_then(|v| v.0.as_ref());
    match (access, actor) {
        (Access::Open, _) => {}
        (_, None) => return Err(PageError::SignIn),
        (_, Some(actor)) if actor.must_change && !["/password", "/sign-out"].contains(&request.uri().path()) => {
            return Err(PageError::ChangePassword);
        }
        (Access::SignedIn, Some(_)) => {}
        (Access::Right(right), Some(actor)) if !actor.may(right) => return Err(PageError::Forbidden(right)),
        (Access::Right(_), Some(_)) => {}
    }
    Ok(next.run(request).await)
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
async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "-".to_owned(), |m| m.as_str().to_owned());
    let response = next.run(request).await;
    let labels = metrics::Request { method, route, status: response.status().as_u16() };
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(http.status = labels.status, http.seconds = seconds, "answered");
    app.metrics.requests.get_or_create(&labels).inc();
    app.metrics.request_seconds.observe(seconds);
    response
}

/// No script, style, font, picture or frame from elsewhere, and none within a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The whole service. `secure` where browsers reach it by TLS.
pub fn service(app: &App, secure: bool) -> Router {
    let sessions = SessionManagerLayer::new(LedgerStore(app.clone()))
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
    let tls_is_ours = app.config.portal.certificate.is_some();
    let strict = tls_is_ours.then(|| fixed(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    routes
        .router
        .fallback(async || PageError::NotFound)
        .method_not_allowed_fallback(async || PageError::NotFound)
        .layer(from_fn(same_site))
        .layer(from_fn_with_state(app.clone(), limits::often))
        .layer(from_fn_with_state(app.clone(), error::render))
        .layer(from_fn_with_state(app.clone(), identify))
        .layer(sessions)
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), measure))
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
