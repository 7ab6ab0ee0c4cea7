//! What a page answers when it cannot answer: the only place that knows status codes of failures.

use super::actor::Visitor;
use super::frame::{Frame, Page};
use super::state::App;
use crate::error::{Error, ErrorKind};
use crate::ledger::LedgerError;
use crate::model::role::Right;
use crate::stages::publish::FileFlaw;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

/// A failure of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// Nobody is signed in.
    SignIn,
    /// The password must be changed first.
    ChangePassword,
    /// The role lacks a right.
    Forbidden(Right),
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// The form carries no word of this session, or came from elsewhere.
    Forged,
    /// What was sent cannot be taken: a key of the words `refused.*`, and its arguments.
    Refused(&'static str, Vec<String>),
    /// More was sent than is taken: the limit in MiB.
    TooLarge(u64),
    /// A form, or what a program says, is larger than any can be.
    FormTooLarge,
    /// The body came too slowly.
    TooSlow,
    /// Too much is asked of the portal at the moment.
    Overloaded,
    /// Too many tries; wait so many seconds.
    TooMany(u64),
    /// Something else must end first: a key of the words `refused.*`.
    Conflict(&'static str),
    /// The disk is full, or takes no writes; what is stored stands.
    Full,
    /// Ours; the text goes to the log alone.
    Bug(String),
}

impl PageError {
    /// A broken invariant, or a failure of the system below.
    pub fn bug(reason: impl Into<String>) -> Self {
        Self::Bug(reason.into())
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        match self {
            PageError::SignIn => StatusCode::UNAUTHORIZED,
            PageError::ChangePassword | PageError::Forbidden(_) | PageError::Forged => StatusCode::FORBIDDEN,
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::Refused(..) => StatusCode::UNPROCESSABLE_ENTITY,
            PageError::TooLarge(_) | PageError::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            PageError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            PageError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            PageError::Conflict(_) => StatusCode::CONFLICT,
            PageError::Full => StatusCode::INSUFFICIENT_STORAGE,
            PageError::Bug(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Its words in the catalogue, and their arguments.
    fn words(&self) -> (String, Vec<String>) {
        let (key, arguments) = match self {
            PageError::SignIn => ("sign_in", Vec::new()),
            PageError::ChangePassword => ("change_password", Vec::new()),
            PageError::Forbidden(_) => ("forbidden", Vec::new()),
            PageError::NotFound => ("not_found", Vec::new()),
            PageError::Forged => ("forged", Vec::new()),
            PageError::Refused(key, arguments) => (*key, arguments.clone()),
            PageError::TooLarge(mib) => ("too_large", vec![mib.to_string()]),
            PageError::FormTooLarge => ("form_large", Vec::new()),
            PageError::TooSlow => ("too_slow", Vec::new()),
            PageError::Overloaded => ("overloaded", Vec::new()),
            PageError::TooMany(seconds) => ("too_many", vec![seconds.to_string()]),
            PageError::Conflict(key) => (*key, Vec::new()),
            PageError::Full => ("full", Vec::new()),
            PageError::Bug(_) => ("bug", Vec::new()),
        };
        (format!("refused.{key}"), arguments)
    }

    /// Seconds after which it is worth trying again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            PageError::TooMany(seconds) => Some(*seconds),
            PageError::Overloaded => Some(5),
            _ => None,
        }
    }

    /// What people read.
    pub fn message(&self) -> String {
        let (key, arguments) = self.words();
        super::text::say(&key, &arguments)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LedgerError> for PageError {
    fn from(error: LedgerError) -> Self {
        match () {
            () if crate::ledger::is_unwritable(&error) => {
                tracing::error!(%error, "the ledger takes no writes");
                PageError::Full
            }
            () if crate::ledger::is_busy(&error) => PageError::Overloaded,
            () => PageError::bug(error.to_string()),
        }
    }
}

impl From<std::io::Error> for PageError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => PageError::Full,
            _ => PageError::bug(error.to_string()),
        }
    }
}

impl From<FileFlaw> for PageError {
    fn from(flaw: FileFlaw) -> Self {
        tracing::error!(%flaw, "a published file is not as it was written");
        PageError::Conflict("run_flawed")
    }
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::System if error.code == "ERR-060" => PageError::Conflict("original_flawed"),
            ErrorKind::Busy if error.code == "ERR-080" => PageError::Overloaded,
            ErrorKind::Busy => PageError::Conflict("busy"),
            _ if error.is_no_room() => PageError::Full,
            _ => PageError::bug(error.to_string()),
        }
    }
}

impl From<tower_sessions::session::Error> for PageError {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session::Error, session_store};
        match error {
            // The store of sessions can say no more than a text.
            Error::Store(session_store::Error::Backend(said)) => [PageError::Overloaded, PageError::Full]
                .into_iter()
                .find(|error| said == format!("{error:?}"))
                .unwrap_or(PageError::Bug(said)),
            error => PageError::bug(error.to_string()),
        }
    }
}

/// Turns failures into pages, and for programs into JSON.
pub async fn render(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let for_programs = path.starts_with("/api/");
    let visitor = request.extensions().get::<Visitor>().cloned().unwrap_or(Visitor(None));
    let back = request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    let reading = request.method() == axum::http::Method::GET;
    // Who is behind the request could not be found out.
    let response = match request.extensions_mut().remove::<PageError>() {
        Some(error) => error.into_response(),
        None => next.run(request).await,
    };
    let Some(error) = response.extensions().get::<PageError>().cloned() else { return response };
    if let PageError::Bug(reason) = &error {
        tracing::error!(reason, "request failed");
    }
    if for_programs {
        let body = serde_json::json!({ "error": error.words().0.trim_start_matches("refused."), "message": error.message() });
        let mut answer = (error.status(), Json(body)).into_response();
        if error == PageError::SignIn {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return waiting(&error, answer);
    }
    match error {
        PageError::SignIn => {
            let way_back = reading && back != "/" && super::router::is_own_page(&back);
            let next = if way_back { format!("/sign-in?next={}", super::text::quoted(&back)) } else { "/sign-in".to_owned() };
            Redirect::to(&next).into_response()
        }
        PageError::ChangePassword => Redirect::to("/password").into_response(),
        error => {
            let mut page = Page(ErrorPage {
                frame: Frame::new(&app, visitor.0.as_ref(), ""),
                title: super::text::say(&format!("status.{}", error.status().as_u16()), &[]),
                message: error.message(),
            })
            .into_response();
            *page.status_mut() = error.status();
            waiting(&error, page)
        }
    }
}

/// Says after how long it is worth trying again.
fn waiting(error: &PageError, mut response: Response) -> Response {
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

#[derive(askama::Template)]
#[template(path = "error.html", config = "src/server/askama.toml")]
struct ErrorPage {
    frame: Frame,
    title: String,
    message: String,
}
