//! Signing in and out, changing a password, and the first administrator.

use crate::ledger::{Account, By, NewAccount};
use crate::model::account_name;
use crate::model::role::Role;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::password;
use crate::portal::people::lapsed_before;
use crate::portal::text::portal;
use crate::stages::acquire::hash_text;
use crate::web::door::address::ClientAddress;
use crate::web::door::guard::Guard;
use crate::web::door::known::Known;
use crate::web::door::tries;
use crate::web::error::PageError;
use crate::web::form::{Asking, Named, Nothing, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::{Access, Listing};
use crate::web::routes::Routes;
use crate::web::session;
use crate::web::visitor::Visitor;
use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tower_sessions::Session;
use validator::Validate;

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
#[template(path = "sign_in.html", config = "src/web/askama.toml")]
struct SignInPage {
    frame: Frame,
    name: String,
    next: String,
    problem: String,
    /// For so long a one-time password counts.
    hours: u32,
}

fn sign_in_page(books: &Books, frame: Frame, name: String, next: String, problem: String) -> SignInPage {
    SignInPage { frame, name, next, problem, hours: books.config.portal.one_time_hours }
}

#[derive(Deserialize)]
struct SignInQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: Option<String>,
}

async fn form(
    State(books): State<Books>,
    State(frames): State<Frames>,
    Extension(listing): Extension<Listing>,
    visitor: Visitor,
    Asking(wanted): Asking<SignInQuery>,
) -> Response {
    if visitor.0.is_some() {
        return Redirect::to("/").into_response();
    }
    let frame = frames.of(None, "").said(wanted.done.as_deref());
    let next = within(&listing, &wanted.next).to_owned();
    Page(sign_in_page(&books, frame, String::new(), next, String::new())).into_response()
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
    State(books): State<Books>,
    State(guard): State<Guard>,
    State(frames): State<Frames>,
    Extension(listing): Extension<Listing>,
    (address, headers): (ClientAddress, HeaderMap),
    session: Session,
    Posted(form): Posted<Credentials>,
) -> Result<Response, PageError> {
    let name = form.name.trim().to_owned();
    let asked = name.clone();
    let (account, key) = books.read(move |l| Ok((l.account_named(&asked)?, l.browser_key()?))).await?;
    let now = books.clock.now();
    let known = Known::new(key, now);
    let mark = account.as_ref().and_then(|a| known.mark(&headers, a.id));
    let counted = mark.map_or_else(|| tries::from_place(&name, &address.place()), |mark| tries::from_browser(&mark));
    guard.try_password(&counted)?;
    // What takes time is the same whether somebody has the name or not, and so is what is answered.
    let kept = account.as_ref().map_or_else(|| password::NOBODY.to_owned(), |a| a.password.clone());
    let right = verified(&guard, form.password, kept).await?;
    let lapsed = lapsed_before(&books.config, now);
    // What nobody is called may be a password in the wrong field: it is kept nowhere.
    let unknown = || (String::new(), format!("unknown={}", books.mark(&name)));
    let (tried, unknown) = account.as_ref().map_or_else(unknown, |a| (a.name.clone(), String::new()));
    let Some(account) = account.filter(|a| right && !a.disabled && !a.lapsed(&lapsed)) else {
        books.note_stranger(&address.0, "sign_in_failed", &tried, &unknown).await?;
        let problem = portal("sign_in_wrong").to_owned();
        let next = within(&listing, &form.next).to_owned();
        let page = Page(sign_in_page(&books, frames.of(None, ""), name, next, problem));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    guard.limits.tries.right(&counted);
    // Nobody is signed in without an entry.
    books.note(&as_actor(&account), &address.0, "sign_in", &account.name, "").await?;
    session::begin(&session, &account).await?;
    let next = if account.must_change { "/password" } else { within(&listing, &form.next) };
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().extend(known.cookie(account.id, books.config.portal.secure()).map(|cookie| (SET_COOKIE, cookie)));
    Ok(response)
}

/// Whether a password is the one kept; it waits for its turn.
async fn verified(guard: &Guard, typed: String, kept: String) -> Result<bool, PageError> {
    let _turn = guard.limits.password_turn().await?;
    Ok(tokio::task::spawn_blocking(move || password::verify(&typed, &kept)).await.map_err(|e| PortalError::bug(e.to_string()))?)
}

/// A path of this portal; anything else is the first page.
fn within<'a>(listing: &Listing, next: &'a str) -> &'a str {
    if listing.is_own_page(next) { next } else { "/" }
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

async fn sign_out(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    session: Session,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    session::leave(&books, &session, &actor, &address).await?;
    Ok(Redirect::to("/sign-in?done=signed_out"))
}

#[derive(Template)]
#[template(path = "password.html", config = "src/web/askama.toml")]
struct PasswordPage {
    frame: Frame,
    forced: bool,
    shortest: u64,
    problem: String,
}

async fn password_form(State(frames): State<Frames>, actor: Actor) -> impl IntoResponse {
    let frame = frames.of(Some(&actor), "");
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
    State(books): State<Books>,
    State(guard): State<Guard>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    session: Session,
    Posted(form): Posted<NewPassword>,
) -> Result<Response, PageError> {
    let Some(id) = actor.account else { return Err(PortalError::NotFound.into()) };
    let account = books.read(move |l| l.account(id)).await?.ok_or(PageError::SignIn)?;
    let problem = problem_of(&form.new, &form.again, &actor.name, bureau(&books, &actor))
        .or_else(|| (form.new == form.old).then_some("password_same"));
    let counted = tries::from_within(id);
    guard.try_password(&counted)?;
    let turn = guard.limits.password_turn().await?;
    let checked = tokio::task::spawn_blocking(move || {
        let right = password::verify(&form.old, &account.password);
        right.then(|| password::hash(&form.new)).transpose()
    });
    let hashed = checked.await.map_err(|e| PortalError::bug(e.to_string()))??;
    drop(turn);
    if hashed.is_some() {
        guard.limits.tries.right(&counted);
    }
    let problem = problem.or_else(|| hashed.is_none().then_some("password_wrong"));
    if let Some(problem) = problem {
        let frame = frames.of(Some(&actor), "");
        let problem = portal(problem).to_owned();
        let page = PasswordPage { frame, forced: actor.must_change, shortest: password::SHORTEST, problem };
        let mut response = Page(page).into_response();
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let hashed = hashed.unwrap_or_default();
    let account = books.change(&actor, &address, move |l, by| l.change_password(id, &hashed, by)).await?.map_err(|_| PageError::SignIn)?;
    session::keep(&session, &account).await?;
    Ok(Redirect::to("/").into_response())
}

/// What people call the bureau of a clerk, and its id.
fn bureau<'a>(books: &'a Books, actor: &'a Actor) -> Option<[&'a str; 2]> {
    let id = actor.source.as_deref()?;
    Some([id, books.config.source.get(id).map_or(id, |source| source.bureau.as_str())])
}

/// Why a new password cannot be taken: a key of the portal's words.
fn problem_of(new: &str, again: &str, name: &str, bureau: Option<[&str; 2]>) -> Option<&'static str> {
    let letters = new.chars().filter(|c| c.is_alphabetic()).count();
    let holds = |word: &str| new.to_lowercase().contains(&word.to_lowercase());
    match () {
        () if (new.chars().count() as u64) < password::SHORTEST => Some("password_short"),
        () if letters == 0 || letters == new.chars().count() => Some("password_plain"),
        () if holds(name.trim()) => Some("password_name"),
        () if bureau.is_some_and(|words| words.into_iter().any(holds)) => Some("password_bureau"),
        () if password::is_common(new) => Some("password_common"),
        () if new != again => Some("password_differs"),
        () => None,
    }
}

#[derive(Template)]
#[template(path = "setup.html", config = "src/web/askama.toml")]
struct SetupPage {
    frame: Frame,
    secret: String,
    shortest: u64,
    problem: String,
}

async fn setup_form(
    State(books): State<Books>,
    State(frames): State<Frames>,
    Named(secret): Named<String>,
) -> Result<impl IntoResponse, PageError> {
    let (hash, lapsed) = (hash_text(&secret), lapsed_before(&books.config, books.clock.now()));
    if !books.read(move |l| l.setup_link_counts(&hash, &lapsed)).await? {
        return Err(PortalError::NotFound.into());
    }
    Ok(Page(SetupPage { frame: frames.of(None, ""), secret, shortest: password::SHORTEST, problem: String::new() }))
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
    State(books): State<Books>,
    State(guard): State<Guard>,
    State(frames): State<Frames>,
    address: ClientAddress,
    session: Session,
    Named(secret): Named<String>,
    Posted(form): Posted<FirstAccount>,
) -> Result<Response, PageError> {
    let counted = [tries::from_anywhere(&address.place())];
    guard.try_password(&counted)?;
    let (link, lapsed) = (hash_text(&secret), lapsed_before(&books.config, books.clock.now()));
    let asked = (link.clone(), lapsed.clone());
    if !books.read(move |l| l.setup_link_counts(&asked.0, &asked.1)).await? {
        return Err(PortalError::NotFound.into());
    }
    guard.limits.tries.right(&counted);
    let named = (!account_name::may_be_carried(form.name.trim())).then_some("account_name");
    if let Some(problem) = named.or_else(|| problem_of(&form.new, &form.again, &form.name, None)) {
        let problem = portal(problem).to_owned();
        let mut response = Page(SetupPage { frame: frames.of(None, ""), secret, shortest: password::SHORTEST, problem }).into_response();
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(response);
    }
    let new = form.new.clone();
    let turn = guard.limits.password_turn().await?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&new)).await.map_err(|e| PortalError::bug(e.to_string()))??;
    drop(turn);
    let (name, at, from) = (form.name.trim().to_owned(), books.clock.stamp(), address.0.clone());
    let added = books
        .ledger(move |l| {
            let by = By { account: "system", role: "", address: &from, at: &at };
            let new =
                NewAccount { name: &name, display: &name, role: Role::Administrator, source: None, password: &hashed, must_change: false };
            l.create_first(&link, &lapsed, &new, by)
        })
        .await?;
    if added.is_err() {
        return Err(PortalError::NotFound.into());
    }
    // Whoever was signed in before there were accounts is nobody now.
    session::end(&session).await?;
    Ok(Redirect::to("/sign-in?done=set_up").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sign_in_one_stays_within_the_portal() {
        let listing = Listing::new(crate::web::router::routes().table);
        let within = |next| within(&listing, next);
        assert_eq!(["/pool?q=1", "//evil", "https://evil", "/\\evil", ""].map(within), ["/pool?q=1", "/", "/", "/", "/"]);
    }

    #[test]
    fn passwords_that_are_guessed_first_are_not_taken() {
        let of = |new: &str, again: &str| problem_of(new, again, "wang", Some(["statistics", "统计局"]));
        assert_eq!(of("short1", "short1"), Some("password_short"));
        assert_eq!(of("abcdefghijk", "abcdefghijk"), Some("password_plain"));
        assert_eq!(of("WANG-2026-07", "WANG-2026-07"), Some("password_name"));
        assert_eq!(of("我在统计局-2026", "我在统计局-2026"), Some("password_bureau"));
        assert_eq!(of("Password-2026", "Password-2026"), Some("password_common"));
        assert_eq!(of("horse-42-pool", "horse-43-pool"), Some("password_differs"));
        assert_eq!(of("horse-42-pool", "horse-42-pool"), None);
    }
}
