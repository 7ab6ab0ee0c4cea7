//! The pool for programs, in the edition of the token's role.

use super::answers::ReadAnswers;
use super::asking::{Asking, Named, Paged};
use crate::model::role::Right;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::pool::{
    self, Asked, AskedTerms, Bounded, Changed, Changes, CostEstimate, Edition, Moved, Origins, PlanStanding, Pool, PoolPage, Profile,
    ProposedList, Query, ShownFeasibility, WhatIf,
};
use crate::web::door::address::ClientAddress;
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let access = Access::Right(Right::SeePool);
    routes
        .get("/api/v1/pool", access, show_pool)
        .get("/api/v1/pool/changes", access, list_changes)
        .get("/api/v1/pool/list", access, show_list)
        .get("/api/v1/pool/cost", access, estimate_cost)
        .get("/api/v1/pool/feasibility", access, survey)
        .get("/api/v1/pool/milestones", access, list_milestones)
        .get("/api/v1/pool/whatif", Access::Right(Right::SeeClosed), try_changes)
        .get("/api/v1/pool/{enterprise}", access, show_enterprise)
        .get("/api/v1/pool/{enterprise}/source", access, follow_value)
}

/// A page of the pool's table. Beside the parameters listed here, `v_<criterion>` asks for an outcome of a criterion: `met`,
/// `not_met` or `unjudged`. What cannot be meant is not asked.
#[utoipa::path(get, path = "/api/v1/pool", tag = "pool",
    params(
        ("q" = Option<String>, Query, description = "Part of a name, a former name or a code."),
        ("conclusion" = Option<String>, Query, description = "`pooled`, `not_pooled` or `unjudged`."),
        ("title" = Option<String>, Query, description = "A code of the title's list; `-` asks for those without."),
        ("industry" = Option<String>, Query, description = "A division of industries such as `C35`."),
        ("revenue_min" = Option<String>, Query, description = "Revenue of the last year from, in ten thousand yuan; `<word>_min` and `<word>_max` for every word of `[pool] ranges`."),
        ("revenue_max" = Option<String>, Query, description = "The same, until."),
        ("need_min" = Option<String>, Query, description = "Need of financing from, in ten thousand yuan."),
        ("need_max" = Option<String>, Query, description = "The same, until."),
        ("sort" = Option<String>, Query, description = "The id of the column to order by."),
        ("desc" = Option<String>, Query, description = "`1` for the greatest first."),
        ("page" = Option<String>, Query, description = "The page, from 1."),
        ("size" = Option<String>, Query, description = "Rows of a page: 20, 50 or 100."),
    ),
    responses((status = 200, body = PoolPage), ReadAnswers))]
pub async fn show_pool(
    State(pool): State<Pool>,
    actor: Actor,
    Asking(pairs): Asking<Vec<(String, String)>>,
) -> Result<Json<PoolPage>, PageError> {
    let data = pool::written(&pool).await?;
    let (query, edition) = (Query::of(&pairs), Edition::of(actor.role));
    let found = tokio::task::spawn_blocking(move || pool::page(&data, edition, &query)).await;
    Ok(Json(found.map_err(|e| PortalError::bug(e.to_string()))?))
}

/// An enterprise: verdicts, figures, patents, conflicts and returns.
#[utoipa::path(get, path = "/api/v1/pool/{enterprise}", tag = "pool", params(("enterprise" = String, Path), Paged),
    responses((status = 200, body = Profile), ReadAnswers))]
pub async fn show_enterprise(
    State(books): State<Books>,
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Asking(paged): Asking<Paged>,
) -> Result<Json<Profile>, PageError> {
    let data = pool::written(&pool).await?;
    let (row, edition) = (pool::find(&data, &id)?, Edition::of(actor.role));
    let read = tokio::task::spawn_blocking(move || pool::profile(&data, &data.config, edition, row, paged.page() as usize)).await;
    let profile = read.map_err(|e| PortalError::bug(e.to_string()))?.map_err(PortalError::from)?;
    books.note(&actor, &address, "view_enterprise", &profile.key, &profile.run).await?;
    Ok(Json(profile))
}

/// The cells that a value of an enterprise comes from.
#[utoipa::path(get, path = "/api/v1/pool/{enterprise}/source", tag = "pool", params(("enterprise" = String, Path), Asked),
    responses((status = 200, body = Origins), ReadAnswers))]
pub async fn follow_value(
    State(books): State<Books>,
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Asking(asked): Asking<Asked>,
) -> Result<Json<Origins>, PageError> {
    let data = pool::written(&pool).await?;
    let (row, field) = (pool::find(&data, &id)?, asked.field.clone());
    let origins = pool::origins(&pool, &data, Edition::of(actor.role), row, asked).await?;
    books.note(&actor, &address, "view_source", &origins.key, &field).await?;
    Ok(Json(origins))
}

/// What changed between the run before and the latest.
#[derive(Serialize, ToSchema)]
#[schema(as = PoolChanges)]
pub struct PoolChangesPage {
    /// The run before.
    pub previous: String,
    /// Its reference date.
    pub previous_as_of: String,
    /// The latest run.
    pub latest: String,
    /// Its reference date.
    pub latest_as_of: String,
    /// Who entered the pool.
    pub entered: Bounded<Moved>,
    /// Who left it.
    pub left: Bounded<Moved>,
    /// Figures that are others, this page of them.
    pub figures: Bounded<Changed>,
    /// This page of figures, from 1.
    pub page: usize,
    /// Pages of figures.
    pub pages: usize,
}

/// Who entered, who left, and which figures are others since the run before; not found where there is no run before.
#[utoipa::path(get, path = "/api/v1/pool/changes", tag = "pool", params(Paged), responses((status = 200, body = PoolChangesPage), ReadAnswers))]
pub async fn list_changes(
    State(pool): State<Pool>,
    actor: Actor,
    Asking(paged): Asking<Paged>,
) -> Result<Json<PoolChangesPage>, PageError> {
    let data = pool::written(&pool).await?;
    let changes = pool::changes(&pool, &data, Edition::of(actor.role)).await?.ok_or(PortalError::NotFound)?;
    let pages = changes.figures.listed.len().div_ceil(pool::CHANGES_PAGE).max(1);
    let page = (paged.page() as usize).min(pages);
    let listed = changes.figures.listed.iter().skip((page - 1) * pool::CHANGES_PAGE).take(pool::CHANGES_PAGE);
    Ok(Json(PoolChangesPage {
        previous: changes.previous.clone(),
        previous_as_of: changes.previous_as_of.clone(),
        latest: changes.latest.clone(),
        latest_as_of: changes.latest_as_of.clone(),
        entered: changes.entered.clone(),
        left: changes.left.clone(),
        figures: Bounded { listed: listed.cloned().collect(), total: changes.figures.total },
        page,
        pages,
    }))
}

/// The asset list that the latest run proposes, with its reserve and how it keeps to the terms of the issue; not found before the
/// first run. Only enterprises with consent on record are on it, so that every role sees the same.
#[utoipa::path(get, path = "/api/v1/pool/list", tag = "pool", responses((status = 200, body = ProposedList), ReadAnswers))]
pub async fn show_list(
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
) -> Result<Json<ProposedList>, PageError> {
    Ok(Json(pool::list(&pool, &actor, &address).await?.ok_or(PortalError::NotFound)?))
}

/// The latest run judged with other criteria and terms: who would enter the pool and who would leave it, and the list before and after.
/// Nothing is kept but the entry in the audit log. For whoever sees the closed edition alone.
#[utoipa::path(get, path = "/api/v1/pool/whatif", tag = "pool", params(Changes), responses((status = 200, body = WhatIf), ReadAnswers))]
pub async fn try_changes(
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Asking(changes): Asking<Changes>,
) -> Result<Json<WhatIf>, PageError> {
    Ok(Json(pool::whatif(&pool, &actor, &address, &changes).await?.ok_or(PortalError::NotFound)?))
}

/// What an issue of the terms asked for costs: each item by its stated rate and as quoted, where the two clash, who pays, all-in.
#[utoipa::path(get, path = "/api/v1/pool/cost", tag = "pool", params(AskedTerms), responses((status = 200, body = CostEstimate), ReadAnswers))]
pub async fn estimate_cost(
    State(pool): State<Pool>,
    _actor: Actor,
    Asking(asked): Asking<AskedTerms>,
) -> Result<Json<CostEstimate>, PageError> {
    Ok(Json(pool::cost(&pool, &asked)?))
}

/// What of the plan is done, due and late by the latest run, phase by phase, and with whom it lies; not found before the first run.
#[utoipa::path(get, path = "/api/v1/pool/milestones", tag = "pool", responses((status = 200, body = PlanStanding), ReadAnswers))]
pub async fn list_milestones(State(pool): State<Pool>, _actor: Actor) -> Result<Json<PlanStanding>, PageError> {
    Ok(Json(pool::milestones(&pool).await?.ok_or(PortalError::NotFound)?))
}

/// What the pilot could carry by the latest run: patents by kind and state, enterprises and needs by industry and place, and the greatest
/// issue under the terms; not found before the first run.
#[utoipa::path(get, path = "/api/v1/pool/feasibility", tag = "pool", responses((status = 200, body = ShownFeasibility), ReadAnswers))]
pub async fn survey(State(pool): State<Pool>, _actor: Actor) -> Result<Json<ShownFeasibility>, PageError> {
    Ok(Json(pool::feasibility(&pool).await?.ok_or(PortalError::NotFound)?))
}
