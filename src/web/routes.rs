//! What a room needs to list its routes, and what it takes to be let in.

use super::door::body;
use super::error::PageError;
use super::listing::{Access, Listed, RouteKind};
use super::state::App;
use super::visitor::Visitor;
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodFilter, on};

/// Routes under construction: none can be added without saying what it takes to be let in.
pub struct Routes {
    /// Where they lead.
    pub router: Router<App>,
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
        self.add((Method::GET, MethodFilter::GET), path, (access, RouteKind::Page), handler)
    }

    /// A route that changes something.
    pub fn post<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::POST, MethodFilter::POST), path, (access, RouteKind::Page), handler)
    }

    /// A route that takes files: it counts their bytes itself, and takes as long as they do.
    pub fn files<H: Handler<T, App>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add((Method::POST, MethodFilter::POST), path, (access, RouteKind::Files), handler)
    }

    fn add<H: Handler<T, App>, T: 'static>(
        mut self,
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        (access, kind): (Access, RouteKind),
        handler: H,
    ) -> Self {
        self.table.push(Listed { method, path, access, kind });
        let route = on(filter, handler);
        let bounded = match kind {
            RouteKind::Page => route.layer(from_fn(body::small)),
            RouteKind::Files => route.layer(from_fn(body::files)),
        };
        let guarded = bounded.layer(from_fn(move |request: Request, next: Next| guard(access, request, next)));
        self.router = self.router.route(path, guarded);
        self
    }
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
