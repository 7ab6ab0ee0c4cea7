//! Returns for programs: sent, listed, one of them with its findings, explained, and what is due.

use super::answers::{ChangeAnswers, FileAnswers, ReadAnswers};
use super::asking::{Asking, JsonBody, Named, Paged};
use super::program::Program;
use crate::model::role::Right;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::calendar::{self, Calendar};
use crate::portal::flaws::Flaws;
use crate::portal::integrity;
use crate::portal::uploads::{self, Item, LastRun, ListPage, Related, Sent, Told, Uploads, Version};
use crate::web::door::address::ClientAddress;
use crate::web::download;
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::posting::{self, Parts};
use crate::web::routes::Routes;
use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let see = Access::Right(Right::SeeReturns);
    let send = Access::Right(Right::SendReturns);
    routes
        .get("/api/v1/uploads", see, list_uploads)
        .files("/api/v1/uploads", send, send_files.layer(DefaultBodyLimit::disable()))
        .get("/api/v1/uploads/last-run", see, show_last_run)
        .get("/api/v1/uploads/{id}", see, show_upload)
        .get("/api/v1/uploads/{id}/findings", see, list_findings)
        .get("/api/v1/uploads/{id}/versions", see, list_versions)
        .get("/api/v1/uploads/{id}/original", see, take_original)
        .post("/api/v1/uploads/{id}/explanations", send, explain_finding)
        .get("/api/v1/uploads/{id}/related", see, list_related)
        .post("/api/v1/uploads/{id}/related", send, choose_relation)
        .get("/api/v1/calendar", Access::Right(Right::SeeCalendar), show_calendar)
}

/// The uploads that the token may see, newest first.
#[utoipa::path(get, path = "/api/v1/uploads", tag = "uploads", params(Paged), responses((status = 200, body = ListPage), ReadAnswers))]
pub async fn list_uploads(State(uploads): State<Uploads>, actor: Actor, Asking(paged): Asking<Paged>) -> Result<Json<ListPage>, PageError> {
    Ok(Json(uploads::list(&uploads, &actor, paged.page()).await?))
}

/// Files to be taken in.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described; a multipart body is read as it comes")]
pub struct Files {
    /// The files, each a part of this name.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
    /// The upload that the only file replaces.
    replaces: Option<String>,
}

/// A file that was taken in, and its receipt.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// Number of the receipt.
    pub number: i64,
    #[serde(flatten)]
    sent: Sent,
}

/// Files that were taken in.
#[derive(Serialize, ToSchema)]
#[schema(as = Received)]
pub struct ReceivedUploads {
    /// One each, in their order.
    pub uploads: Vec<Receipt>,
}

/// Takes in files of the token's source. Once this answers 201, the files are stored and their receipts are kept; the
/// checks go on behind it.
#[utoipa::path(post, path = "/api/v1/uploads", tag = "uploads", request_body(content = Files, content_type = "multipart/form-data"),
    responses((status = 201, body = ReceivedUploads), ChangeAnswers))]
pub async fn send_files(
    State(books): State<Books>,
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    Program(actor): Program,
    headers: HeaderMap,
    body: Result<Parts, MultipartRejection>,
) -> Result<(StatusCode, Json<ReceivedUploads>), PageError> {
    let sent = posting::receive(&uploads, &actor, &address, (headers, body)).await?;
    let mut received = Vec::new();
    for sent in sent {
        let number = uploads::own(&books, &actor, &sent.id).await?.number;
        received.push(Receipt { number, sent });
    }
    Ok((StatusCode::CREATED, Json(ReceivedUploads { uploads: received })))
}

/// What the last run found in the returns that the token may see, those of folders and addresses too. What rests on another
/// bureau's statistics is not among it.
#[utoipa::path(get, path = "/api/v1/uploads/last-run", tag = "uploads", params(Paged), responses((status = 200, body = LastRun), ReadAnswers))]
pub async fn show_last_run(
    State(books): State<Books>,
    State(flaws): State<Flaws>,
    actor: Actor,
    Asking(paged): Asking<Paged>,
) -> Result<Json<LastRun>, PageError> {
    Ok(Json(uploads::last_run(&books, &flaws, &actor, paged.page() as usize).await?))
}

/// One upload; its verdict is null until it is checked.
#[utoipa::path(get, path = "/api/v1/uploads/{id}", tag = "uploads", params(("id" = String, Path)), responses((status = 200, body = Item), ReadAnswers))]
pub async fn show_upload(State(uploads): State<Uploads>, actor: Actor, Named(id): Named<String>) -> Result<Json<Item>, PageError> {
    Ok(Json(uploads::one(&uploads, &actor, &id).await?))
}

/// A page of an upload's findings.
#[derive(Serialize, ToSchema)]
pub struct Findings {
    /// The upload; without a verdict it has no findings yet.
    pub upload: Item,
    /// Errors, then what asks for an explanation, then notes.
    pub findings: Vec<Told>,
    /// This page, from 1.
    pub page: usize,
    /// Pages in all.
    pub pages: usize,
    /// Findings in all.
    pub total: usize,
    /// Among what the upload was judged.
    pub among: uploads::Among,
    /// Edits that rest on another bureau's statistics, and so are judged by runs alone.
    pub left_out: u64,
}

/// What the check found, with excerpts of the sheet and explanations.
#[utoipa::path(get, path = "/api/v1/uploads/{id}/findings", tag = "uploads", params(("id" = String, Path), Paged),
    responses((status = 200, body = Findings), ReadAnswers))]
pub async fn list_findings(
    State(uploads): State<Uploads>,
    actor: Actor,
    Named(id): Named<String>,
    Asking(paged): Asking<Paged>,
) -> Result<Json<Findings>, PageError> {
    let found = uploads::detail(&uploads, &actor, &id, paged.page() as usize).await?;
    let uploads::Detail { item, findings, page, pages, total, among, left_out, .. } = found;
    Ok(Json(Findings { upload: item, findings, page, pages, total, among, left_out }))
}

/// The versions of a return.
#[derive(Serialize, ToSchema)]
pub struct Versions {
    /// Newest first.
    pub versions: Vec<Version>,
}

/// All versions of the return that an upload is one of, with what changed from one to the next.
#[utoipa::path(get, path = "/api/v1/uploads/{id}/versions", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, body = Versions), ReadAnswers))]
pub async fn list_versions(State(uploads): State<Uploads>, actor: Actor, Named(id): Named<String>) -> Result<Json<Versions>, PageError> {
    Ok(Json(Versions { versions: uploads::detail(&uploads, &actor, &id, 1).await?.versions }))
}

/// The file as it was sent.
#[utoipa::path(get, path = "/api/v1/uploads/{id}/original", tag = "uploads", params(("id" = String, Path)), responses(FileAnswers))]
pub async fn take_original(
    State(books): State<Books>,
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
) -> Result<Response, PageError> {
    let upload = uploads::own(&books, &actor, &id).await?;
    books.note(&actor, &address, "download", &upload.id, "original").await?;
    download::verified(integrity::original(&uploads.intake.store, &upload.sha256).await?, &upload.name).await
}

/// 情况说明 on a finding.
#[derive(Deserialize, Validate, ToSchema)]
pub struct Explaining {
    /// The key of the finding.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64)]
    finding: String,
    /// What is said, in ten characters or more.
    #[validate(length(max = 500))]
    #[schema(min_length = 10, max_length = 500)]
    text: String,
    /// Whether it is said of all open findings of the same code.
    #[serde(default)]
    alike: bool,
}

/// What came of an explanation.
#[derive(Serialize, ToSchema)]
pub struct Explained {
    /// Findings that it explains.
    pub explained: usize,
    /// The upload, whose verdict may have changed.
    pub upload: Item,
}

/// Explains a finding that asks for it.
#[utoipa::path(post, path = "/api/v1/uploads/{id}/explanations", tag = "uploads", params(("id" = String, Path)),
    request_body = Explaining, responses((status = 200, body = Explained), ChangeAnswers))]
pub async fn explain_finding(
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    Program(actor): Program,
    Named(id): Named<String>,
    JsonBody(said): JsonBody<Explaining>,
) -> Result<Json<Explained>, PageError> {
    let explained = uploads::explain(&uploads, (&actor, &address), &id, &said.finding, &said.text, said.alike).await?;
    Ok(Json(Explained { explained, upload: uploads::one(&uploads, &actor, &id).await? }))
}

/// Earlier uploads to which an upload is something.
#[derive(Serialize, ToSchema)]
pub struct AllRelated {
    /// Newest first.
    pub related: Vec<Related>,
}

/// The earlier uploads of the same source with which an upload shares records, what it is to each, and what follows.
#[utoipa::path(get, path = "/api/v1/uploads/{id}/related", tag = "uploads", params(("id" = String, Path)),
    responses((status = 200, body = AllRelated), ReadAnswers))]
pub async fn list_related(State(uploads): State<Uploads>, actor: Actor, Named(id): Named<String>) -> Result<Json<AllRelated>, PageError> {
    Ok(Json(AllRelated { related: uploads::related(&uploads, &actor, &id).await? }))
}

/// Says what an upload is to an earlier one of the same source, of one form and period; the last word counts.
#[utoipa::path(post, path = "/api/v1/uploads/{id}/related", tag = "uploads", params(("id" = String, Path)),
    request_body = uploads::Choosing, responses((status = 200, body = AllRelated), ChangeAnswers))]
pub async fn choose_relation(
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    Program(actor): Program,
    Named(id): Named<String>,
    JsonBody(said): JsonBody<uploads::Choosing>,
) -> Result<Json<AllRelated>, PageError> {
    uploads::choose(&uploads, (&actor, &address), &id, said).await?;
    Ok(Json(AllRelated { related: uploads::related(&uploads, &actor, &id).await? }))
}

/// Which year.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfYear {
    /// The year in which forms are due; this year if it is not said or cannot be shown.
    year: Option<i32>,
}

/// What is due, received and overdue in a year.
#[utoipa::path(get, path = "/api/v1/calendar", tag = "uploads", params(OfYear), responses((status = 200, body = Calendar), ReadAnswers))]
pub async fn show_calendar(State(books): State<Books>, actor: Actor, Asking(asked): Asking<OfYear>) -> Result<Json<Calendar>, PageError> {
    Ok(Json(calendar::calendar(&books, &actor, asked.year).await?))
}
