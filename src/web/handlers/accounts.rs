//! Accounts: list, add, change, reset a password.

use crate::model::role::{Right, Role};
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::people::{self, Made, Person, Wish, WishProblem};
use crate::portal::text::portal;
use crate::web::door::address::ClientAddress;
use crate::web::error::PageError;
use crate::web::form::{Asking, ListOption, Named, Nothing, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use validator::Validate;

const HERE: &str = "/accounts";

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let manage = Access::Right(Right::ManageAccounts);
    routes
        .get("/accounts", manage, list)
        .get("/accounts/new", manage, form)
        .post("/accounts/new", manage, add)
        .get("/accounts/{id}", manage, one)
        .post("/accounts/{id}", manage, change)
        .post("/accounts/{id}/password", manage, reset)
}

/// The roles, those of people or those of programs.
pub fn roles(chosen: &str, programs: bool) -> Vec<ListOption> {
    let roles = Role::ALL.into_iter().filter(|r| !programs || *r != Role::Administrator);
    roles.map(|r| ListOption { value: r.id().to_owned(), label: role_word(r).to_owned(), chosen: r.id() == chosen }).collect()
}

/// The sources that clerks can send; one that is no longer in force stays visible where it is chosen.
pub fn sources(books: &Books, chosen: &str) -> Vec<ListOption> {
    let open = books.config.source.iter().filter(|(id, s)| !s.disabled || *id == chosen);
    open.map(|(id, s)| ListOption { value: id.clone(), label: s.bureau.clone(), chosen: id == chosen }).collect()
}

/// A role as people call it.
pub fn role_word(role: Role) -> &'static str {
    portal(&format!("role_{}", role.id()))
}

/// A source as people call it.
pub fn bureau(books: &Books, source: Option<&str>) -> String {
    source.map(|s| books.config.source.get(s).map_or_else(|| s.to_owned(), |found| found.bureau.clone())).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "accounts.html", config = "src/web/askama.toml")]
struct AccountsPage {
    frame: Frame,
    people: Vec<AccountRow>,
    enabled: usize,
}

struct AccountRow {
    person: Person,
    role: &'static str,
    bureau: String,
    state: &'static str,
}

/// What was just done, as an address says it.
#[derive(Deserialize)]
pub struct Done {
    /// Its key among the words `done.*`.
    #[serde(default)]
    pub done: Option<String>,
}

async fn list(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(said): Asking<Done>,
) -> Result<impl IntoResponse, PageError> {
    let people: Vec<AccountRow> = people::people(&books).await?.into_iter().map(|person| show(&books, person)).collect();
    let enabled = people.iter().filter(|p| p.person.state != "disabled").count();
    Ok(Page(AccountsPage { frame: frames.of(Some(&actor), HERE).said(said.done.as_deref()), people, enabled }))
}

fn show(books: &Books, person: Person) -> AccountRow {
    let state = portal(&format!("state_{}", person.state));
    AccountRow { role: role_word(person.role), bureau: bureau(books, person.source.as_deref()), state, person }
}

#[derive(Template)]
#[template(path = "account.html", config = "src/web/askama.toml")]
struct AccountPage {
    frame: Frame,
    /// The account, unless it is to be made.
    known: Option<AccountRow>,
    wish: Wish,
    roles: Vec<ListOption>,
    sources: Vec<ListOption>,
    problem: &'static str,
}

impl AccountPage {
    fn answer(
        (books, frames): (&Books, &Frames),
        actor: &Actor,
        known: Option<Person>,
        wish: Wish,
        problem: Option<WishProblem>,
    ) -> Response {
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = Self {
            frame: frames.of(Some(actor), HERE),
            known: known.map(|person| show(books, person)),
            roles: roles(&wish.role, false),
            sources: sources(books, &wish.source),
            wish,
            problem: problem.map_or("", WishProblem::text),
        };
        (status, Page(page)).into_response()
    }
}

async fn form(State(books): State<Books>, State(frames): State<Frames>, actor: Actor) -> Response {
    AccountPage::answer((&books, &frames), &actor, None, Wish { role: Role::Clerk.id().to_owned(), ..Wish::default() }, None)
}

/// What a form sends of an account.
#[derive(Deserialize, Validate)]
struct AccountForm {
    #[serde(default)]
    #[validate(length(max = 64))]
    name: String,
    #[serde(default)]
    #[validate(length(max = 64))]
    display: String,
    #[validate(length(max = 32))]
    role: String,
    #[serde(default)]
    #[validate(length(max = 64))]
    source: String,
    #[serde(default)]
    disabled: Option<String>,
}

impl From<AccountForm> for Wish {
    fn from(sent: AccountForm) -> Self {
        let disabled = sent.disabled.is_some();
        Wish { name: sent.name, display: sent.display, role: sent.role, source: sent.source, disabled }
    }
}

/// A page that shows a word for the only time.
#[derive(Template)]
#[template(path = "secret.html", config = "src/web/askama.toml")]
pub struct SecretPage {
    frame: Frame,
    title: &'static str,
    lead: &'static str,
    made: Made,
    back: &'static str,
}

impl SecretPage {
    /// The page below the place `back`; its words are `<kind>_title` and `<kind>_lead`.
    pub fn answer(frames: &Frames, actor: &Actor, kind: &str, made: Made, back: &'static str) -> Response {
        let (title, lead) = (portal(&format!("{kind}_title")), portal(&format!("{kind}_lead")));
        Page(SecretPage { frame: frames.of(Some(actor), back), title, lead, made, back }).into_response()
    }
}

async fn add(
    State(books): State<Books>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(sent): Posted<AccountForm>,
) -> Result<Response, PageError> {
    let wish = Wish::from(sent);
    Ok(match people::add(&books, &actor, &address, &wish).await? {
        Ok(made) => SecretPage::answer(&frames, &actor, "account_added", made, HERE),
        Err(problem) => AccountPage::answer((&books, &frames), &actor, None, wish, Some(problem)),
    })
}

async fn one(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Named(id): Named<String>,
) -> Result<Response, PageError> {
    let person = people::one(&books, number(&id)?).await?;
    let wish = Wish {
        name: person.name.clone(),
        display: person.display.clone(),
        role: person.role.id().to_owned(),
        source: person.source.clone().unwrap_or_default(),
        disabled: person.state == "disabled",
    };
    Ok(AccountPage::answer((&books, &frames), &actor, Some(person), wish, None))
}

async fn change(
    State(books): State<Books>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(sent): Posted<AccountForm>,
) -> Result<Response, PageError> {
    let (id, wish) = (number(&id)?, Wish::from(sent));
    Ok(match people::edit(&books, &actor, &address, id, &wish).await? {
        Ok(()) => Redirect::to("/accounts?done=account_changed").into_response(),
        Err(problem) => AccountPage::answer((&books, &frames), &actor, Some(people::one(&books, id).await?), wish, Some(problem)),
    })
}

async fn reset(
    State(books): State<Books>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Response, PageError> {
    let made = people::reset(&books, &actor, &address, number(&id)?).await?;
    Ok(SecretPage::answer(&frames, &actor, "account_reset", made, HERE))
}

/// A number of a path; what is none is not there.
pub fn number(id: &str) -> Result<i64, PageError> {
    id.parse().map_err(|_| PortalError::NotFound.into())
}
