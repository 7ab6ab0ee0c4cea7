//! Runs for programs: started, cancelled, listed, one of them in full, and its files.

use super::answers::{ChangeAnswers, FileAnswers, ReadAnswers};
use super::asking::{Asking, Named, Paged};
use super::program::Program;
use crate::ledger::Cause;
use crate::model::role::Right;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::flaws::Flaws;
use crate::portal::night::{self, Current, Night};
use crate::portal::runs::{self, Attempt, WholeRun};
use crate::web::door::address::ClientAddress;
use crate::web::download;
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/api/v1/runs", Access::Right(Right::SeeRuns), list_runs)
        .post("/api/v1/runs", Access::Right(Right::StartRuns), start_run)
        .post("/api/v1/runs/cancel", Access::Right(Right::StartRuns), cancel_run)
        .get("/api/v1/runs/{id}", Access::Right(Right::SeeRuns), show_run)
        .get("/api/v1/runs/{id}/files/{*file}", Access::Right(Right::SeePool), take_run_file)
}

/// A page of the history.
#[derive(Serialize, ToSchema)]
#[schema(as = Runs)]
pub struct RunsListed {
    /// What runs just now, stage by stage.
    pub current: Option<Current>,
    /// Attempts, newest first.
    pub runs: Vec<Attempt>,
    /// This page, from 1.
    pub page: u64,
    /// Pages in all.
    pub pages: u64,
    /// Attempts in all.
    pub total: u64,
}

/// What runs and what ran, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(Paged), responses((status = 200, body = RunsListed), ReadAnswers))]
pub async fn list_runs(
    State(books): State<Books>,
    State(night): State<Night>,
    actor: Actor,
    Asking(paged): Asking<Paged>,
) -> Result<Json<RunsListed>, PageError> {
    // What runs is read first: a run that ends in between shows twice rather than not at all.
    let current = runs::current(&night, &actor);
    let history = runs::history(&books, &actor, paged.page().into()).await?;
    Ok(Json(RunsListed { current, runs: history.lines, page: history.page, pages: history.pages, total: history.all }))
}

/// A run that was started.
#[derive(Serialize, ToSchema)]
pub struct Started {
    /// Number of the attempt.
    pub attempt: i64,
}

/// Starts a run.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", responses((status = 202, body = Started), ChangeAnswers))]
pub async fn start_run(
    State(night): State<Night>,
    ClientAddress(address): ClientAddress,
    Program(actor): Program,
) -> Result<(StatusCode, Json<Started>), PageError> {
    let attempt = night::start(&night, Cause::Manual, Some((&actor, &address)), None).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { attempt })))
}

/// Stops the run that is active.
#[utoipa::path(post, path = "/api/v1/runs/cancel", tag = "runs",
    responses((status = 202, description = "It is being stopped; what stood before it stands."), ChangeAnswers))]
pub async fn cancel_run(
    State(night): State<Night>,
    ClientAddress(address): ClientAddress,
    Program(actor): Program,
) -> Result<StatusCode, PageError> {
    night::cancel(&night, &actor, &address).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A run in full.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = String, Path)), responses((status = 200, body = WholeRun), ReadAnswers))]
pub async fn show_run(State(books): State<Books>, actor: Actor, Named(id): Named<String>) -> Result<Json<WholeRun>, PageError> {
    Ok(Json(runs::run(&books, &actor, &id).await?))
}

/// A file of a run, if the role may take it.
#[utoipa::path(get, path = "/api/v1/runs/{id}/files/{file}", tag = "runs",
    params(("id" = String, Path), ("file" = String, Path, description = "Its path as `downloads` of the run has it.")),
    responses(FileAnswers))]
pub async fn take_run_file(
    State(books): State<Books>,
    State(flaws): State<Flaws>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named((id, file)): Named<(String, String)>,
) -> Result<Response, PageError> {
    let (content, name) = runs::file((&books, &flaws), &actor, &id, &file).await?;
    let response = download::verified(content, &name).await?;
    books.note(&actor, &address, "download", &format!("{id}/{file}"), "").await?;
    Ok(response)
}
