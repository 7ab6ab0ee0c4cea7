//! Data quality in counts, for operator, leading group, members and auditors.

use crate::finding::word;
use crate::model::account::Place;
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::quality::{self, EditQuality, Moment, Quality, QualityOverview, ShownRun};
use crate::portal::text::{self, grouped, severity};
use crate::web::charts;
use crate::web::error::PageError;
use crate::web::form::{Asking, Named};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const HERE: &str = "/quality";

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let access = Access::Right(Right::SeeQuality);
    routes.get(HERE, access, overview).get("/quality/{code}", access, edit)
}

#[derive(Deserialize)]
struct QualityQuery {
    /// The run; the last one if none is named.
    run: Option<String>,
}

#[derive(Template)]
#[template(path = "quality_none.html", config = "src/web/askama.toml")]
struct NonePage {
    frame: Frame,
    starts: bool,
}

#[derive(Template)]
#[template(path = "quality.html", config = "src/web/askama.toml")]
struct OverviewPage {
    frame: Frame,
    run: RunLine,
    /// Whether some counts may be held back.
    masked: bool,
    seen: QualityOverview,
    /// The run's figures.
    now: Moment,
    /// Newest first, for the table.
    moments: Vec<Moment>,
    charts: Charts,
}

struct Charts {
    flow: String,
    bureaus: String,
    forms: String,
    edits: String,
    trend: String,
}

/// The run that a page is about.
struct RunLine {
    id: String,
    as_of: String,
    finished: String,
    /// Whether it is not the last one; links then name it.
    earlier: bool,
}

impl RunLine {
    fn of(shown: &ShownRun) -> Self {
        Self {
            id: shown.run.id.clone(),
            as_of: shown.run.as_of.clone(),
            finished: text::shown(&shown.run.finished),
            earlier: shown.runs.last().is_some_and(|last| last.id != shown.run.id),
        }
    }

    /// What links to pages of the same run carry.
    fn query(&self) -> String {
        if self.earlier { format!("?run={}", self.id) } else { String::new() }
    }
}

#[derive(Template)]
#[template(path = "quality_edit.html", config = "src/web/askama.toml")]
struct EditPage {
    frame: Frame,
    run: RunLine,
    edit: EditQuality,
    chart: String,
}

async fn overview(
    State(books): State<Books>,
    State(quality): State<Quality>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(wanted): Asking<QualityQuery>,
) -> Result<Response, PageError> {
    let frame = frames.of(Some(&actor), HERE);
    let Some(shown) = quality::shown(&quality, wanted.run.as_deref()).await? else {
        return Ok(Page(NonePage { frame, starts: actor.may(Right::StartRuns) }).into_response());
    };
    tracing::Span::current().record("run.id", &shown.run.id);
    let seen = quality::overview(shown.published.under(&books.config), &shown.published, actor.may(Right::SeeClosed));
    let mut moments = quality::moments(&quality.config, &shown.runs, actor.may(Right::SeeClosed))?;
    let charts = Charts {
        flow: charts::flow_chart(&seen.origins),
        bureaus: charts::bureau_chart(&seen.bureaus),
        forms: charts::form_chart(&seen.forms),
        edits: charts::edit_chart(&seen),
        trend: charts::trend_chart(&moments),
    };
    moments.reverse();
    let now = moments.iter().find(|m| m.run == shown.run.id).cloned().unwrap_or_default();
    let masked = !actor.may(Right::SeeClosed);
    Ok(Page(OverviewPage { frame, run: RunLine::of(&shown), masked, seen, now, moments, charts }).into_response())
}

async fn edit(
    State(quality): State<Quality>,
    State(frames): State<Frames>,
    actor: Actor,
    Named(code): Named<String>,
    Asking(wanted): Asking<QualityQuery>,
) -> Result<Response, PageError> {
    let frame = frames.of(Some(&actor), HERE);
    let shown = quality::shown(&quality, wanted.run.as_deref()).await?.ok_or(PortalError::NotFound)?;
    tracing::Span::current().record("run.id", &shown.run.id);
    let mut edit = quality::edit(&quality, &shown, &code, actor.may(Right::SeeClosed)).await?;
    let chart = charts::edit_trend_chart(&edit);
    edit.trend.reverse();
    Ok(Page(EditPage { frame, run: RunLine::of(&shown), edit, chart }).into_response())
}

/// The names of the places where records end, in the order of the figures.
fn places() -> [&'static str; Place::ALL.len()] {
    Place::ALL.map(|p| word(Lang::Zh, &format!("place.{}", p.id())))
}

fn count(number: &u64) -> String {
    grouped(*number)
}

/// A count, or the word for one that is held back.
fn told(number: &Option<u64>) -> String {
    text::told(*number)
}

/// A number of files, or a dash where it is not told.
fn files(number: &Option<u64>) -> String {
    number.map_or_else(|| "—".to_owned(), grouped)
}

/// The words for outcomes that are held back.
fn held_back() -> &'static str {
    text::portal("quality_closed")
}

fn bureau(name: &str) -> String {
    charts::bureau_name(name)
}
