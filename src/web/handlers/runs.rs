//! Runs: what runs, what ran, one run in full, its files, and its adoption.

use crate::finding::word;
use crate::ledger::{Cause, Outcome};
use crate::model::account::Place;
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::adoption;
use crate::portal::books::Books;
use crate::portal::clock::Clock;
use crate::portal::flaws::Flaws;
use crate::portal::night::{self, Current, Night};
use crate::portal::runs::{self, ComparedWith, History, RunNumbers, WholeRun};
use crate::portal::text::{grouped, portal, say, shown, told};
use crate::web::door::address::ClientAddress;
use crate::web::download;
use crate::web::error::PageError;
use crate::web::form::{Asking, Named, Nothing, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use validator::Validate;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes
        .get("/runs", Access::Right(Right::SeeRuns), list)
        .get("/runs/progress", Access::Right(Right::SeeRuns), progress)
        .post("/runs/start", Access::Right(Right::StartRuns), start)
        .post("/runs/cancel", Access::Right(Right::StartRuns), cancel)
        .get("/runs/{id}", Access::Right(Right::SeeRuns), one)
        .get("/runs/{id}/files/{*file}", Access::Right(Right::SeePool), file)
        .post("/runs/{id}/adopt", Access::Right(Right::Adopt), adopt)
}

#[derive(Template)]
#[template(path = "runs.html", config = "src/web/askama.toml")]
struct RunsPage {
    frame: Frame,
    may_start: bool,
    part: Option<ProgressPart>,
    next: String,
    history: History,
    lines: Vec<LineText>,
}

/// A line of the history in words.
struct LineText {
    started: String,
    run: Option<String>,
    cause: &'static str,
    account: String,
    outcome: &'static str,
    mark: &'static str,
    message: String,
    figures: Option<FiguresText>,
    taken: String,
    adopted: bool,
}

/// A run's figures in words.
struct FiguresText {
    inputs: String,
    refused: u64,
    enterprises: String,
    pooled: String,
    unjudged: String,
    patents: String,
    errors: String,
    explains: String,
    notes: String,
}

impl FiguresText {
    fn of(summary: &RunNumbers) -> Self {
        Self {
            inputs: summary.files.map_or_else(|| "—".to_owned(), grouped),
            refused: summary.refused.unwrap_or_default(),
            enterprises: grouped(summary.enterprises),
            pooled: grouped(summary.pooled),
            unjudged: grouped(summary.unjudged),
            patents: grouped(summary.patent_credits),
            errors: told(summary.findings.error),
            explains: told(summary.findings.explain),
            notes: told(summary.findings.note),
        }
    }
}

impl LineText {
    fn of(line: &runs::Attempt) -> Self {
        Self {
            started: shown(&line.started),
            run: line.run.clone(),
            cause: cause(line.cause),
            account: line.account.clone().unwrap_or_default(),
            outcome: line.outcome.map_or_else(|| portal("outcome_running"), |o| portal(&format!("outcome_{}", o.id()))),
            mark: line.outcome.map_or("running", mark),
            message: line.message.clone().unwrap_or_default(),
            figures: line.summary.as_ref().map(FiguresText::of),
            taken: line.seconds.map(taken).unwrap_or_default(),
            adopted: line.adopted,
        }
    }
}

fn cause(cause: Cause) -> &'static str {
    portal(&format!("cause_{}", cause.id()))
}

/// The look of an outcome.
fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed | Outcome::Died => "failed",
        Outcome::Unchanged | Outcome::Cancelled | Outcome::Parked => "quiet",
    }
}

/// A duration in words.
fn taken(seconds: i64) -> String {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    if minutes > 0 {
        say("portal.taken_minutes", &[minutes.to_string(), seconds.to_string()])
    } else {
        say("portal.taken_seconds", &[seconds.to_string()])
    }
}

#[derive(Deserialize)]
struct RunsQuery {
    #[serde(default)]
    page: Option<u64>,
    #[serde(default)]
    done: Option<String>,
}

async fn list(
    State(books): State<Books>,
    State(night): State<Night>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<RunsQuery>,
) -> Result<impl IntoResponse, PageError> {
    // What runs is read first: a run that ends in between shows twice rather than not at all.
    let part = runs::current(&night, &actor).map(|c| ProgressPart::of(&c));
    let history = runs::history(&books, &actor, wanted.page.unwrap_or(1)).await?;
    Ok(Page(RunsPage {
        frame: frames.of(Some(&actor), "/runs").said(wanted.done.as_deref()),
        may_start: actor.may(Right::StartRuns),
        part,
        next: night::next_due(&night).map(|due| shown(&Clock::text(due))).unwrap_or_default(),
        lines: history.lines.iter().map(LineText::of).collect(),
        history,
    }))
}

/// What runs, stage by stage.
#[derive(Template)]
#[template(path = "runs_progress.html", config = "src/web/askama.toml")]
struct ProgressPart {
    started: String,
    cause: &'static str,
    person: String,
    now: String,
    cancelling: bool,
    waiting: bool,
    stages: Vec<StageText>,
}

struct StageText {
    name: &'static str,
    mark: &'static str,
    state: &'static str,
    steps: u64,
    total: u64,
    rows: String,
    taken: String,
}

impl ProgressPart {
    fn of(current: &Current) -> Self {
        let stages = current.stages.iter().map(|s| StageText {
            name: word(Lang::Zh, s.stage.key()),
            mark: s.state.id(),
            state: portal(&format!("stage_{}", s.state.id())),
            steps: s.steps,
            total: s.total.unwrap_or_default(),
            rows: s.rows.map(grouped).unwrap_or_default(),
            taken: s.milliseconds.map(|ms| say("portal.taken_tenths", &[format!("{}.{}", ms / 1000, ms % 1000 / 100)])).unwrap_or_default(),
        });
        let stages: Vec<StageText> = stages.collect();
        Self {
            started: shown(&current.started),
            cause: cause(current.cause),
            person: current.person.clone().unwrap_or_default(),
            now: stages.iter().find(|s| s.mark == "running").map_or_else(String::new, |s| s.name.to_owned()),
            cancelling: current.cancelling,
            waiting: current.waiting,
            stages,
        }
    }
}

/// The part of the page that changes while a run is active; nothing once it has ended.
async fn progress(State(night): State<Night>, actor: Actor) -> Response {
    match runs::current(&night, &actor) {
        Some(current) => Page(ProgressPart::of(&current)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn start(
    State(night): State<Night>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    night::start(&night, Cause::Manual, Some((&actor, &address)), None).await?;
    Ok(Redirect::to("/runs?done=run_started"))
}

async fn cancel(
    State(night): State<Night>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    night::cancel(&night, &actor, &address).await?;
    Ok(Redirect::to("/runs?done=run_cancelled"))
}

#[derive(Template)]
#[template(path = "run.html", config = "src/web/askama.toml")]
struct RunPage {
    frame: Frame,
    run: WholeRun,
    started: String,
    taken: String,
    cause: &'static str,
    figures: FiguresText,
    inputs: Vec<InputText>,
    places: Vec<&'static str>,
    accounts: Vec<AccountText>,
    workbooks: Vec<DownloadText>,
    data: Vec<DownloadText>,
    compared: String,
    may_adopt: bool,
    adopted_at: String,
}

struct InputText {
    path: String,
    bureau: String,
    rows: String,
    refused: bool,
    sha256: String,
}

struct AccountText {
    dataset: &'static str,
    rows: Vec<String>,
    total: String,
}

struct DownloadText {
    path: String,
    href: String,
    size: String,
    sha256: String,
}

async fn one(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Named(id): Named<String>,
    Asking(wanted): Asking<RunsQuery>,
) -> Result<impl IntoResponse, PageError> {
    let run = runs::run(&books, &actor, &id).await?;
    let inputs = run.file.iter().flat_map(|f| &f.inputs).map(|i| InputText {
        path: i.path.clone(),
        bureau: if i.bureau.is_empty() { portal("no_source").to_owned() } else { i.bureau.clone() },
        // What belongs to no source was not opened.
        rows: if i.bureau.is_empty() { "—".to_owned() } else { told(i.rows) },
        refused: i.refused && !i.bureau.is_empty(),
        sha256: i.sha256.clone(),
    });
    let accounts = run.accounts.iter().map(|a| AccountText {
        dataset: word(Lang::Zh, &format!("dataset.{}", a.dataset)),
        rows: a.rows.iter().map(|n| told(*n)).collect(),
        total: told(a.total),
    });
    let offered = run.downloads.iter().map(|f| DownloadText {
        path: f.path.clone(),
        href: format!("/runs/{}/files/{}", run.id, crate::portal::text::quoted(&f.path)),
        size: size(f.bytes),
        sha256: f.sha256.clone(),
    });
    let adopted = run.file.as_ref().and_then(|f| f.adopted.as_ref());
    let (workbooks, data) = offered.partition(|f: &DownloadText| !f.path.starts_with("data/"));
    Ok(Page(RunPage {
        frame: frames.of(Some(&actor), "/runs").said(wanted.done.as_deref()),
        started: shown(&run.started),
        taken: run.seconds.map(taken).unwrap_or_default(),
        cause: cause(run.cause),
        figures: FiguresText::of(&run.summary),
        inputs: inputs.collect(),
        places: Place::ALL.map(|p| word(Lang::Zh, &format!("place.{}", p.id()))).to_vec(),
        accounts: accounts.collect(),
        workbooks,
        data,
        compared: adopted.map(|with| compared(with, actor.may(Right::SeeClosed))).unwrap_or_default(),
        may_adopt: actor.may(Right::Adopt) && run.adoption.is_none() && run.file.is_some(),
        adopted_at: run.adoption.as_ref().map(|a| shown(&a.adopted)).unwrap_or_default(),
        run,
    }))
}

/// What the run's cover says of the adopted one, in the closed edition or the operator's.
fn compared(with: &ComparedWith, closed: bool) -> String {
    let mut arguments = vec![with.run.clone(), with.adopted.clone()];
    let Some(since) = &with.since else { return say("publish.fact_adopted_alone", &arguments) };
    let counts = [Some(since.entered), Some(since.left), since.enterprises, since.figures];
    if closed && counts == [Some(0); 4] {
        return say("publish.fact_adopted_same", &arguments);
    }
    arguments.extend([since.entered, since.left].map(grouped));
    let Some((enterprises, figures)) = since.enterprises.zip(since.figures) else { return say("publish.fact_adopted_moved", &arguments) };
    arguments.extend([enterprises, figures].map(grouped));
    say(if closed { "publish.fact_adopted_value" } else { "publish.fact_adopted_open" }, &arguments)
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} B"),
        1024..=1_048_575 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20),
    }
}

async fn file(
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

#[derive(Deserialize, Validate)]
struct AdoptionForm {
    #[validate(length(min = 2, max = 500))]
    note: String,
}

async fn adopt(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Posted(form): Posted<AdoptionForm>,
) -> Result<Redirect, PageError> {
    adoption::adopt(&books, &actor, &address, &id, form.note.trim()).await?;
    Ok(Redirect::to(&format!("/runs/{id}?done=adopted")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_well() {
        assert_eq!([10, 1500, 5 << 20, (5 << 20) + (1 << 19)].map(size), ["10 B", "2 KiB", "5.0 MiB", "5.5 MiB"]);
        assert_eq!([5, 65].map(taken), ["5 秒", "1 分 5 秒"]);
    }

    #[test]
    fn every_cause_and_outcome_has_its_words() {
        assert!(Cause::ALL.into_iter().all(|c| !cause(c).is_empty() && cause(c) != format!("portal.cause_{}", c.id())));
        let keys = Outcome::ALL.map(|o| format!("portal.outcome_{}", o.id()));
        assert!(keys.iter().all(|key| crate::finding::find_word(Lang::Zh, key).is_some()), "{keys:?}");
    }
}
