//! Data quality in counts, for programs.

use super::answers::ReadAnswers;
use super::asking::{Asking, Named};
use crate::model::role::Right;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::quality::{self, EditQuality, Moment, Quality, QualityOverview};
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let access = Access::Right(Right::SeeQuality);
    routes.get("/api/v1/quality", access, show_quality).get("/api/v1/quality/{code}", access, show_edit)
}

/// Which run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfRun {
    /// The run; the last one if none is named.
    run: Option<String>,
}

/// The quality of a run.
#[derive(Serialize, ToSchema)]
#[schema(as = Quality)]
pub struct RunQuality {
    /// The run.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// When it ended.
    pub finished: String,
    /// Per bureau, form and edit, and where records ended.
    pub overview: QualityOverview,
    /// Runs over time, oldest first.
    pub trend: Vec<Moment>,
}

/// The quality of a run per bureau, form and edit; sums of money only for roles that may see the closed edition; for others counts that
/// rest on fewer than three enterprises without consent, and those whose difference would tell them, are null.
#[utoipa::path(get, path = "/api/v1/quality", tag = "quality", params(OfRun), responses((status = 200, body = RunQuality), ReadAnswers))]
pub async fn show_quality(
    State(books): State<Books>,
    State(quality): State<Quality>,
    actor: Actor,
    Asking(asked): Asking<OfRun>,
) -> Result<Json<RunQuality>, PageError> {
    let shown = quality::shown(&quality, asked.run.as_deref()).await?.ok_or(PortalError::NotFound)?;
    tracing::Span::current().record("run.id", &shown.run.id);
    let overview = quality::overview(shown.published.under(&books.config), &shown.published, actor.may(Right::SeeClosed));
    let trend = quality::moments(&quality.config, &shown.runs, actor.may(Right::SeeClosed))?;
    let run = shown.run;
    Ok(Json(RunQuality { run: run.id, as_of: run.as_of, finished: run.finished, overview, trend }))
}

/// One edit: what it means, what it found in each file, and how that was before. For roles that may not see the closed edition,
/// files of a source of statistics are told together, without their names, and counts of few enterprises are null.
#[utoipa::path(get, path = "/api/v1/quality/{code}", tag = "quality", params(("code" = String, Path), OfRun),
    responses((status = 200, body = EditQuality), ReadAnswers))]
pub async fn show_edit(
    State(quality): State<Quality>,
    actor: Actor,
    Named(code): Named<String>,
    Asking(asked): Asking<OfRun>,
) -> Result<Json<EditQuality>, PageError> {
    let shown = quality::shown(&quality, asked.run.as_deref()).await?.ok_or(PortalError::NotFound)?;
    tracing::Span::current().record("run.id", &shown.run.id);
    Ok(Json(quality::edit(&quality, &shown, &code, actor.may(Right::SeeClosed)).await?))
}
