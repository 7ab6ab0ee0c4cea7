//! Signing in and out, changing a password, and the first administrator.

use crate::ledger::{Account, NewAccount};
use crate::model::account_name;
use crate::model::role::Role;
use crate::server::address::Address;
use crate::server::clock::Clock;
use crate::server::error::PageError;
use crate::server::form::Posted;
use crate::server::frame::{Frame, Page};
use crate::server::password;
use crate::server::router::{Access, Routes};
use crate::server::session::{self, Actor, Visitor};
use crate::server::state::App;
use crate::stages::acquire::hash_text;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use tower_sessions::Session;
use validator::Validate;

/// Failures in a row before an account rests, and how long it does.
const TRIES: u32 = 5;
const REST_MINUTES: i64 = 15;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/sign-in", Access::Open, form)
        .post("/sign-in", Access::Open, sign_in)
        .post("/sign-out", Access::SignedIn, sign_out)
        .get("/password", Access::SignedIn, password_form)
        .post("/password", Access::SignedIn, change_password)
        .get("/setup/{secret}", Access::Open, setup_form)
        .post("/setup/{secret}", Access::Open, setup)
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "src/server/askama.toml")]
struct SignInPage {
    frame: Frame,
    name: String,
    next: String,
    problem: String,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: Option<String>,
}

async fn form(State(app): State<App>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    if visitor.0.is_some() {
        return Redirect::to("/").into_response();
    }
    let frame = Frame::new(&app, None, "").said(wanted.done.as_deref());
    Page(SignInPage { frame, name: String::new(), next: wanted.next, problem: String::new() }).into_response()
}

#[derive(Deserialize, Validate)]
struct Credentials {
    #[validate(length(min = 1, max = 64))]
    name: String,
    #[validate(length(min = 1, max = 256))]
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    Address(address): Address,
    session: Session,
    Posted(form): Posted<Credentials>,
) -> Result<Response, PageError> {
    let name = form.name.trim().to_owned();
    let asked = name.clone();
    let account = app.read(move |l| l.account_named(&asked)).await?;
    let now = app.clock.now();
    let resting = account.as_ref().and_then(|a| a.locked_until.as_deref()).is_some_and(|until| until > Clock::text(now).as_str());
    // The password is checked even where nobody has the name, so that the time taken does not tell.
    let typed = form.password.clone();
    let kept = account.as_ref().map_or_else(|| NOBODY.to_owned(), |a| a.password.clone());
    let turn = app.limits.password_turn().await?;
    let right = tokio::task::spawn_blocking(move || password::verify(&typed, &kept)).await.map_err(|e| PageError::bug(e.to_string()))?;
    drop(turn);
    let (known, at) = (account.as_ref().filter(|a| right && !resting && !a.disabled).map(|a| a.id), Clock::text(now));
    // Tries beside this one may have locked the account while the password was checked.
    let passes = app.ledger(move |l| known.map_or(Ok(false), |id| l.note_success(id, &at))).await?;
    match account {
        Some(account) if passes => {
            session::begin(&session, &account).await?;
            app.note(&as_actor(&account), &address, "sign_in", &account.name, "").await?;
            let next = if account.must_change { "/password" } else { within(&form.next) };
            Ok(Redirect::to(next).into_response())
        }
        account => {
            // What nobody is called may be a password in the wrong field: it is kept nowhere.
            let unknown = || (String::new(), format!("unknown={}", app.mark(&name)));
            let (tried, mark) = account.as_ref().map_or_else(unknown, |a| (a.name.clone(), String::new()));
            if let Some(account) = account.filter(|_| !resting) {
                let until = Clock::text(now + TimeDelta::minutes(REST_MINUTES));
                app.ledger(move |l| l.note_failure(account.id, TRIES, &until)).await?;
            }
            app.note_stranger(&address, "sign_in_failed", &tried, &mark).await?;
            let problem = crate::server::frame::portal(if resting { "sign_in_resting" } else { "sign_in_wrong" }).to_owned();
            let page = SignInPage { frame: Frame::new(&app, None, ""), name, next: form.next, problem };
            let mut response = Page(page).into_response();
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(response)
        }
    }
}

/// The hash of a password that nobody has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A path of this portal; anything else is the first page.
fn within(next: &str) -> &str {
    let inside = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if inside { next } else { "/" }
}

fn as_actor(account: &Account) -> Actor {
    Actor {
        name: account.name.clone(),
        display: account.display.clone(),
        role: account.role,
        source: account.source.clone(),
        account: Some(account.id),
        must_change: account.must_change,
        csrf: String::new(),
    }
}

#[derive(Deserialize, Validate)]
struct Nothing {}

async fn sign_out(
    State(app): State<App>,
    Address(address): Address,
    actor: Actor,
    session: Session,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    session.flush().await?;
    app.note(&actor, &address, "sign_out", &actor.name, "").await?;
    Ok(Redirect::to("/sign-in?done=signed_out"))
}

#[derive(Template)]
#[template(path = "password.html", config = "src/server/askama.toml")]
struct PasswordPage {
    frame: Frame,
    forced: bool,
    shortest: u64,
    problem: String,
}

async fn password_form(State(app): State<App>, actor: Actor) -> impl IntoResponse {
    let frame = Frame::new(&app, Some(&actor), "");
    Page(PasswordPage { frame, forced: actor.must_change, shortest: password::SHORTEST, problem: String::new() })
}

#[derive(Deserialize, Validate)]
struct NewPassword {
    #[validate(length(max = 256))]
    old: String,
    #[validate(length(max = 256))]
    new: String,
    #[validate(length(max = 256))]
    again: String,
}

async fn change_password(
    State(app): State<App>,
    Address(address): Address,
    actor: Actor,
    session: Session,
    Posted(form): Posted<NewPassword>,
) -> Result<Response, PageError> {
    let Some(id) = actor.account else { return Err(PageError::NotFound) };
    let account = app.read(move |l| l.account(id)).await?.ok_or(PageError::SignIn)?;
    let problem = problem_of(&form.new, &form.again, &actor.name).or_else(|| (form.new == form.old).then_some("password_same"));
    let turn = app.limits.password_turn().await?;
    let checked = tokio::task::spawn_blocking(move || {
        let right = password::verify(&form.old, &account.password);
        right.then(|| password::hash(&form.new)).transpose()
    });
    let hashed = checked.await.map_err(|e| PageError::bug(e.to_string()))??;
    drop(turn);
    let problem = problem.or_else(|| hashed.is_none().then_some("password_wrong"));
    if let Some(problem) = problem {
        let frame = Frame::new(&app, Some(&actor), "");
        let problem = crate::server::frame::portal(problem).to_owned();
        let page = PasswordPage { frame, forced: actor.must_change, shortest: password::SHORTEST, problem };
        let mut response = Page(page).into_response();
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let hashed = hashed.unwrap_or_default();
    let account = app
        .ledger(move |l| {
            l.set_password(id, &hashed, false)?;
            l.account(id)
        })
        .await?
        .ok_or(PageError::SignIn)?;
    session::keep(&session, &account).await?;
    app.note(&actor, &address, "password", &actor.name, "").await?;
    Ok(Redirect::to("/").into_response())
}

/// Why a new password cannot be taken: a key of the portal's words.
fn problem_of(new: &str, again: &str, name: &str) -> Option<&'static str> {
    let letters = new.chars().filter(|c| c.is_alphabetic()).count();
    match () {
        () if (new.chars().count() as u64) < password::SHORTEST => Some("password_short"),
        () if letters == 0 || letters == new.chars().count() => Some("password_plain"),
        () if new.to_lowercase().contains(&name.to_lowercase()) => Some("password_name"),
        () if new != again => Some("password_differs"),
        () => None,
    }
}

#[derive(Template)]
#[template(path = "setup.html", config = "src/server/askama.toml")]
struct SetupPage {
    frame: Frame,
    secret: String,
    shortest: u64,
    problem: String,
}

async fn setup_form(State(app): State<App>, Path(secret): Path<String>) -> Result<impl IntoResponse, PageError> {
    let hash = hash_text(&secret);
    if !app.read(move |l| l.setup_link_counts(&hash)).await? {
        return Err(PageError::NotFound);
    }
    Ok(Page(SetupPage { frame: Frame::new(&app, None, ""), secret, shortest: password::SHORTEST, problem: String::new() }))
}

#[derive(Deserialize, Validate)]
struct FirstAccount {
    #[validate(length(min = 2, max = 32))]
    name: String,
    #[validate(length(max = 256))]
    new: String,
    #[validate(length(max = 256))]
    again: String,
}

async fn setup(
    State(app): State<App>,
    Address(address): Address,
    Path(secret): Path<String>,
    Posted(form): Posted<FirstAccount>,
) -> Result<Response, PageError> {
    let link = hash_text(&secret);
    let asked = link.clone();
    if !app.read(move |l| l.setup_link_counts(&asked)).await? {
        return Err(PageError::NotFound);
    }
    let named = (!account_name::may_be_carried(form.name.trim())).then_some("account_name");
    if let Some(problem) = named.or_else(|| problem_of(&form.new, &form.again, &form.name)) {
        let problem = crate::server::frame::portal(problem).to_owned();
        let mut response =
            Page(SetupPage { frame: Frame::new(&app, None, ""), secret, shortest: password::SHORTEST, problem }).into_response();
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let new = form.new.clone();
    let hashed = tokio::task::spawn_blocking(move || password::hash(&new)).await.map_err(|e| PageError::bug(e.to_string()))??;
    let (name, now) = (form.name.trim().to_owned(), app.clock.stamp());
    let made = name.clone();
    let added = app
        .ledger(move |l| {
            if !l.setup_link_counts(&link)? {
                return Ok(None);
            }
            l.use_setup_links()?;
            let new =
                NewAccount { name: &made, display: &made, role: Role::Administrator, source: None, password: &hashed, must_change: false };
            l.add_account(&new, &now)
        })
        .await?;
    if added.is_none() {
        return Err(PageError::NotFound);
    }
    app.note_system(&address, "account_added", &name, "role=administrator").await?;
    Ok(Redirect::to("/sign-in?done=set_up").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sign_in_one_stays_within_the_portal() {
        assert_eq!(["/pool?q=1", "//evil", "https://evil", "/\\evil", ""].map(within), ["/pool?q=1", "/", "/", "/", "/"]);
    }

    #[test]
    fn passwords_that_are_guessed_first_are_not_taken() {
        assert_eq!(problem_of("short1", "short1", "wang"), Some("password_short"));
        assert_eq!(problem_of("abcdefghijk", "abcdefghijk", "wang"), Some("password_plain"));
        assert_eq!(problem_of("WANG-2026-07", "WANG-2026-07", "wang"), Some("password_name"));
        assert_eq!(problem_of("horse-42-pool", "horse-43-pool", "wang"), Some("password_differs"));
        assert_eq!(problem_of("horse-42-pool", "horse-42-pool", "wang"), None);
    }
}
