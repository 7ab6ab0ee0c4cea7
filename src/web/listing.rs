//! The list of all routes, for whoever must know what a path is.

use crate::model::role::Right;
use axum::http::Method;
use std::sync::Arc;

/// Letters of a path to which somebody is sent on.
const LONGEST_WAY: usize = 2000;

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
pub enum RouteKind {
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
    pub kind: RouteKind,
}

/// All routes of the portal; clones share them.
#[derive(Debug, Clone)]
pub struct Listing(Arc<[Listed]>);

impl Listing {
    /// Of these routes.
    pub fn new(table: Vec<Listed>) -> Self {
        Self(table.into())
    }

    /// Whether a route takes files.
    pub fn takes_files(&self, path: &str) -> bool {
        self.0.iter().any(|l| l.kind == RouteKind::Files && l.path == path)
    }

    /// Whether what a browser asks for leads to one of our own pages, written as browsers write it: nobody is sent anywhere else.
    pub fn is_own_page(&self, target: &str) -> bool {
        let of_people = |l: &&Listed| l.method == Method::GET && l.access != Access::Open && !l.path.starts_with("/api/");
        let plain = target.len() <= LONGEST_WAY && target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let path = target.split(['?', '#']).next().unwrap_or_default();
        plain && self.0.iter().filter(of_people).any(|page| leads_to(path, page.path))
    }
}

/// Whether a path is one of a route's.
fn leads_to(path: &str, route: &str) -> bool {
    let (parts, names) = (path.split('/'), route.split('/'));
    let dots = |part: &str| part.to_ascii_lowercase().replace("%2e", ".").trim_matches('.').is_empty();
    path.split('/').count() == route.split('/').count()
        && parts.zip(names).all(|(part, name)| part == name || name.starts_with('{') && !dots(part))
}
