//! What every page shares: head, places to go, who is signed in, what must be said on all pages.

use super::error::PageError;
use super::state::App;
use crate::finding::find_word;
use crate::model::role::{Right, Role};
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::flaws::Flaws;
use crate::portal::night::Night;
use crate::portal::text::{portal, say, shown};
use askama::Template;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

/// What stands around a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Places to go, as far as the role may.
    pub places: Vec<NavigationEntry>,
    /// Who is signed in: name and role.
    pub person: Option<(String, String)>,
    /// The word that forms carry.
    pub csrf: String,
    /// What must be said on every page: the last run failed, this is a demo.
    pub banners: Vec<Banner>,
    /// What was just done.
    pub done: String,
}

/// An entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavigationEntry {
    /// Its address.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether this page is it.
    pub here: bool,
}

/// Something that must be said on every page.
#[derive(Debug, Clone)]
pub struct Banner {
    /// `demo` or `failed`: its look.
    pub kind: &'static str,
    /// Its text.
    pub text: String,
}

/// All places, with the right that each needs.
const PLACES: [(&str, &str, Right); 8] = [
    ("/uploads", "place_uploads", Right::SeeReturns),
    ("/calendar", "place_calendar", Right::SeeCalendar),
    ("/pool", "place_pool", Right::SeePool),
    ("/quality", "place_quality", Right::SeeQuality),
    ("/runs", "place_runs", Right::SeeRuns),
    ("/accounts", "place_accounts", Right::ManageAccounts),
    ("/tokens", "place_tokens", Right::ManageAccounts),
    ("/audit", "place_audit", Right::SeeAudit),
];

/// What frames are made of.
#[derive(Clone)]
pub struct Frames {
    books: Books,
    night: Night,
    flaws: Flaws,
}

impl FromRef<App> for Frames {
    fn from_ref(app: &App) -> Self {
        Self { books: app.books.clone(), night: app.night.clone(), flaws: app.flaws.clone() }
    }
}

impl Frames {
    /// The frame of a page below the place `here`.
    pub fn of(&self, actor: Option<&Actor>, here: &str) -> Frame {
        let places = actor.map_or_else(Vec::new, |actor| {
            let open = PLACES.iter().filter(|(_, _, right)| actor.may(*right) && !actor.must_change);
            open.map(|(path, name, _)| NavigationEntry { path, name: portal(name), here: *path == here }).collect()
        });
        Frame {
            places,
            person: actor.map(|a| (a.display.clone(), portal(&format!("role_{}", a.role.id())).to_owned())),
            csrf: actor.map(|a| a.csrf.clone()).unwrap_or_default(),
            banners: self.banners(actor),
            done: String::new(),
        }
    }

    /// What must be said on every page; of damaged files to those who can mend them.
    fn banners(&self, actor: Option<&Actor>) -> Vec<Banner> {
        let mut banners = Vec::new();
        if self.books.demo {
            banners.push(Banner { kind: "demo", text: portal("banner_demo").to_owned() });
        }
        if let Some(failed) = self.night.failed() {
            banners.push(Banner { kind: "failed", text: say("portal.banner_failed", &[shown(&failed)]) });
        }
        if actor.is_some_and(|a| matches!(a.role, Role::Operator | Role::Administrator)) {
            banners.extend(self.flaws.told().map(|text| Banner { kind: "failed", text }));
        }
        banners
    }
}

impl Frame {
    /// Says what was just done, by its key among the words `done.*`; an unknown key says nothing.
    pub fn said(mut self, key: Option<&str>) -> Self {
        let known = key.filter(|k| k.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        self.done = known.and_then(|k| find_word(Lang::Zh, &format!("done.{k}"))).unwrap_or_default().to_owned();
        self
    }
}

/// A page to be answered.
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => (StatusCode::OK, Html(html)).into_response(),
            Err(error) => PageError::from(PortalError::bug(error.to_string())).into_response(),
        }
    }
}
