//! Tokens of programs: list, add, withdraw.

use super::accounts::{Done, SecretPage, bureau, number, role_word, roles, sources};
use crate::model::role::{Right, Role};
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::people::{self, LONGEST_DAYS, ProgramToken, Wish, WishProblem};
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

const HERE: &str = "/tokens";

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let manage = Access::Right(Right::ManageAccounts);
    routes.get("/tokens", manage, list).post("/tokens", manage, add).post("/tokens/{id}/revoke", manage, revoke)
}

#[derive(Template)]
#[template(path = "tokens.html", config = "src/web/askama.toml")]
struct TokensPage {
    frame: Frame,
    programs: Vec<ProgramRow>,
    wish: Wish,
    days: u32,
    longest: u32,
    roles: Vec<ListOption>,
    sources: Vec<ListOption>,
    problem: &'static str,
}

struct ProgramRow {
    program: ProgramToken,
    role: &'static str,
    bureau: String,
    state: &'static str,
}

async fn page(
    (books, frames): (&Books, &Frames),
    actor: &Actor,
    said: Option<&str>,
    wish: Wish,
    days: u32,
    problem: Option<WishProblem>,
) -> Result<Response, PageError> {
    let show = |program: ProgramToken| ProgramRow {
        role: role_word(program.role),
        bureau: bureau(books, program.source.as_deref()),
        state: portal(&format!("state_{}", program.state)),
        program,
    };
    let page = TokensPage {
        frame: frames.of(Some(actor), HERE).said(said),
        programs: people::programs(books).await?.into_iter().map(show).collect(),
        roles: roles(&wish.role, true),
        sources: sources(books, &wish.source),
        wish,
        days,
        longest: LONGEST_DAYS,
        problem: problem.map_or("", WishProblem::text),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Page(page)).into_response())
}

async fn list(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(said): Asking<Done>,
) -> Result<Response, PageError> {
    let wish = Wish { role: Role::Operator.id().to_owned(), ..Wish::default() };
    page((&books, &frames), &actor, said.done.as_deref(), wish, 90, None).await
}

/// What a form sends of a token.
#[derive(Deserialize, Validate)]
struct TokenForm {
    #[validate(length(max = 64))]
    label: String,
    #[validate(length(max = 32))]
    role: String,
    #[serde(default)]
    #[validate(length(max = 64))]
    source: String,
    #[validate(length(max = 8))]
    days: String,
}

async fn add(
    State(books): State<Books>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(sent): Posted<TokenForm>,
) -> Result<Response, PageError> {
    let wish = Wish { name: sent.label, role: sent.role, source: sent.source, ..Wish::default() };
    // What is no number is no number of days that a token may count.
    let days = sent.days.trim().parse().unwrap_or(0);
    match people::add_token(&books, &actor, &address, &wish, days).await? {
        Ok(made) => Ok(SecretPage::answer(&frames, &actor, "token_added", made, HERE)),
        Err(problem) => page((&books, &frames), &actor, None, wish, days, Some(problem)).await,
    }
}

async fn revoke(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    people::revoke(&books, &actor, &address, number(&id)?).await?;
    Ok(Redirect::to("/tokens?done=token_revoked"))
}
