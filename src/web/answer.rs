//! How failures are answered: as pages, and for programs as JSON.

use super::error::PageError;
use super::frame::{Frame, Frames, Page};
use super::listing::Listing;
use super::visitor::Visitor;
use crate::portal::error::PortalError;
use crate::portal::text::{quoted, say};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

/// Turns failures into pages, and for programs into JSON.
pub async fn render(State((frames, listing)): State<(Frames, Listing)>, mut request: Request, next: Next) -> Response {
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
    if let PageError::Portal(PortalError::Bug(reason)) = &error {
        tracing::error!(reason, "request failed");
    }
    if for_programs {
        let body = serde_json::json!({ "error": error.words().0, "message": error.message() });
        let mut answer = (error.status(), Json(body)).into_response();
        if error == PageError::SignIn {
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return waiting(&error, answer);
    }
    match error {
        PageError::SignIn => {
            let way_back = reading && back != "/" && listing.is_own_page(&back);
            let next = if way_back { format!("/sign-in?next={}", quoted(&back)) } else { "/sign-in".to_owned() };
            Redirect::to(&next).into_response()
        }
        PageError::ChangePassword => Redirect::to("/password").into_response(),
        error => {
            let mut page = Page(ErrorPage {
                frame: frames.of(visitor.0.as_ref(), ""),
                title: say(&format!("status.{}", error.status().as_u16()), &[]),
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
#[template(path = "error.html", config = "src/web/askama.toml")]
struct ErrorPage {
    frame: Frame,
    title: String,
    message: String,
}
