//! Pages of returns: the list with its drop area, one upload with its findings, downloads, 情况说明.

use crate::model::role::Right;
use crate::model::severity::Severity;
use crate::model::standing::{Choice, Relation};
use crate::pipeline::Excerpt;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::flaws::Flaws;
use crate::portal::integrity;
use crate::portal::text::{grouped, portal, say, shown};
use crate::portal::uploads::{self, Detail, LastRun, ListPage, PartStanding, Uploads};
use crate::web::door::address::ClientAddress;
use crate::web::download;
use crate::web::error::PageError;
use crate::web::form::{Asking, Named, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::posting::{self, Parts};
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use validator::Validate;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let see = Access::Right(Right::SeeReturns);
    let send = Access::Right(Right::SendReturns);
    routes
        .get("/uploads", see, list)
        // The body is counted while it is streamed; the framework's own limit is for bodies held in memory.
        .files("/uploads", send, receive.layer(DefaultBodyLimit::disable()))
        .get("/uploads/last-run", see, last_run)
        .get("/uploads/{id}", see, detail)
        .get("/uploads/{id}/findings.xlsx", see, findings)
        .get("/uploads/{id}/original", see, original)
        .post("/uploads/{id}/explanations", send, explain)
        .post("/uploads/{id}/choices", send, choose)
}

#[derive(Deserialize)]
struct UploadsQuery {
    #[serde(default)]
    page: u32,
    #[serde(default)]
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "uploads.html", config = "src/web/askama.toml")]
struct UploadsPage {
    frame: Frame,
    list: ListPage,
    sends: bool,
    mib: u64,
    files: usize,
    /// Titles of the forms that the source may send.
    forms: Vec<String>,
    checking: bool,
}

async fn list(
    State(books): State<Books>,
    State(uploads): State<Uploads>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<UploadsQuery>,
) -> Result<impl IntoResponse, PageError> {
    let list = uploads::list(&uploads, &actor, wanted.page).await?;
    let own = actor.source.as_ref().and_then(|s| books.config.source.get(s));
    let titles = own.into_iter().flat_map(|s| &s.forms).filter_map(|f| books.config.form.get(f));
    Ok(Page(UploadsPage {
        frame: frames.of(Some(&actor), "/uploads").said(wanted.done.as_deref()),
        checking: list.items.iter().any(|i| i.verdict.is_none()),
        sends: actor.may(Right::SendReturns) && own.is_some(),
        mib: books.config.portal.upload_mib.min(books.config.limits.file_mib),
        files: books.config.portal.upload_files,
        forms: titles.map(|f| f.title.clone()).collect(),
        list,
    }))
}

#[derive(Template)]
#[template(path = "last_run.html", config = "src/web/askama.toml")]
struct LastRunPage {
    frame: Frame,
    told: LastRun,
    /// Findings by severity, and those explained.
    numbers: [String; 4],
    sends: bool,
}

async fn last_run(
    State(books): State<Books>,
    State(flaws): State<Flaws>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<UploadsQuery>,
) -> Result<impl IntoResponse, PageError> {
    let told = uploads::last_run(&books, &flaws, &actor, wanted.page as usize).await?;
    let frame = frames.of(Some(&actor), "/uploads");
    let [errors, asking, notes] = told.counts;
    let numbers = [errors, asking, notes, told.explained].map(grouped);
    Ok(Page(LastRunPage { frame, told, numbers, sends: actor.may(Right::SendReturns) }))
}

async fn receive(
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    headers: HeaderMap,
    body: Result<Parts, MultipartRejection>,
) -> Result<Redirect, PageError> {
    let sent = posting::receive(&uploads, &actor, &address, (headers, body)).await?;
    Ok(Redirect::to(&match sent.as_slice() {
        [one] if one.new => format!("/uploads/{}?done=upload_received", one.id),
        [one] => format!("/uploads/{}?done=upload_again", one.id),
        _ => "/uploads?done=uploads_received".to_owned(),
    }))
}

/// A cell of an excerpt with its look.
struct Cell {
    text: String,
    class: &'static str,
}

/// An excerpt as its table is drawn.
struct Grid {
    columns: Vec<(String, String)>,
    rows: Vec<(u32, Vec<Cell>)>,
}

/// A finding as the page shows it.
struct FindingRow {
    told: uploads::Told,
    grid: Option<Grid>,
    explained: Option<String>,
}

/// Findings of one severity.
struct Group {
    severity: Severity,
    name: &'static str,
    total: u64,
    rows: Vec<FindingRow>,
}

#[derive(Template)]
#[template(path = "upload.html", config = "src/web/askama.toml")]
struct UploadPage {
    frame: Frame,
    detail: Detail,
    groups: Vec<Group>,
    sends: bool,
    /// What it was judged among, and what is left to runs.
    among: String,
    shortest: usize,
    /// Findings that one explanation may answer.
    most: usize,
}

async fn detail(
    State(uploads): State<Uploads>,
    State(frames): State<Frames>,
    actor: Actor,
    Named(id): Named<String>,
    Asking(wanted): Asking<UploadsQuery>,
) -> Result<impl IntoResponse, PageError> {
    let mut detail = uploads::detail(&uploads, &actor, &id, wanted.page as usize).await?;
    let item = &detail.item;
    let totals = [item.errors, item.explains, item.notes];
    let mut groups: Vec<Group> = Vec::new();
    for told in std::mem::take(&mut detail.findings) {
        let severity = told.finding.severity;
        if groups.last().is_none_or(|g| g.severity != severity) {
            let (name, total) = (portal(&format!("findings_{}", severity.id())), totals[severity as usize]);
            groups.push(Group { severity, name, total, rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            let explained = told.explanation.as_ref().map(|e| shown(&e.written));
            group.rows.push(FindingRow { grid: told.finding.excerpt.as_ref().map(grid), explained, told });
        }
    }
    Ok(Page(UploadPage {
        frame: frames.of(Some(&actor), "/uploads").said(wanted.done.as_deref()),
        // What is about to change is not answered.
        sends: actor.may(Right::SendReturns) && !detail.item.outdated,
        among: among(&detail),
        shortest: uploads::SHORTEST,
        most: uploads::MOST_AT_ONCE,
        groups,
        detail,
    }))
}

fn among(detail: &Detail) -> String {
    let among = portal(&format!("among_{}", detail.among.id())).to_owned();
    if detail.left_out == 0 { among } else { among + &say("portal.among_left_out", &[detail.left_out.to_string()]) }
}

fn grid(excerpt: &Excerpt) -> Grid {
    let class = |row: u32, column: usize| match excerpt.marked.1.iter().position(|c| *c == column) {
        Some(0) if row == excerpt.marked.0 => "hit",
        Some(_) if row == excerpt.marked.0 => "with",
        _ => "",
    };
    let cells =
        |row: u32, cells: &[String]| cells.iter().enumerate().map(|(i, text)| Cell { text: text.clone(), class: class(row, i) }).collect();
    Grid { columns: excerpt.columns.clone(), rows: excerpt.rows.iter().map(|(row, texts)| (*row, cells(*row, texts))).collect() }
}

async fn findings(
    State(books): State<Books>,
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
) -> Result<Response, PageError> {
    let (path, name) = uploads::findings_workbook(&uploads, &actor, &id).await?;
    books.note(&actor, &address, "download", &id, "findings").await?;
    let answer = download::file(&path, &name).await;
    // An open file is read to its end though its name goes.
    let _ = std::fs::remove_file(&path);
    answer
}

async fn original(
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

#[derive(Deserialize, Validate)]
struct ExplanationForm {
    #[validate(length(min = 1, max = 64))]
    key: String,
    #[validate(length(max = 500))]
    text: String,
    #[serde(default)]
    alike: Option<String>,
    #[serde(default)]
    page: u32,
}

async fn explain(
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(said): Posted<ExplanationForm>,
) -> Result<Redirect, PageError> {
    uploads::explain(&uploads, (&actor, &address), &id, &said.key, &said.text, said.alike.is_some()).await?;
    Ok(Redirect::to(&format!("/uploads/{id}?done=explained&page={}#f-{}", said.page.max(1), crate::portal::text::quoted(&said.key))))
}

/// What a form of the page says of one part; no period is an empty field.
#[derive(Deserialize, Validate)]
struct ChoiceForm {
    #[validate(length(min = 1, max = 64))]
    older: String,
    #[validate(length(min = 1, max = 64))]
    form: String,
    #[serde(default)]
    period: String,
    choice: Choice,
}

async fn choose(
    State(uploads): State<Uploads>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(chosen): Posted<ChoiceForm>,
) -> Result<Redirect, PageError> {
    let ChoiceForm { older, form, period, choice } = chosen;
    let period = Some(period).filter(|p| !p.is_empty()).map(|p| p.parse().map_err(|_| PortalError::NotFound)).transpose()?;
    uploads::choose(&uploads, (&actor, &address), &id, uploads::Choosing { older, form, period, choice }).await?;
    Ok(Redirect::to(&format!("/uploads/{id}?done=chosen")))
}
