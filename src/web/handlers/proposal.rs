//! The proposed asset list, what-ifs, the cost estimate, and waivers.

use crate::finding::word;
use crate::ledger::WaiverState;
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::pool::{
    self, AskedTerms, AssetList, Changes, CostEstimate, CostRange, CostTotal, PlanStanding, Pool, ProposedList, ShownFeasibility, WhatIf,
};
use crate::portal::text::shown;
use crate::portal::waivers::{self, Decision, Wish};
use crate::web::door::address::ClientAddress;
use crate::web::download;
use crate::web::error::PageError;
use crate::web::form::{Asking, Named, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use validator::Validate;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let (see, closed) = (Access::Right(Right::SeePool), Access::Right(Right::SeeClosed));
    let (ask, grant) = (Access::Right(Right::AskWaivers), Access::Right(Right::GrantWaivers));
    routes
        .get("/pool/list", see, list)
        .get("/pool/whatif", closed, whatif)
        .get("/pool/dossiers", see, dossiers)
        .get("/pool/{id}/dossier", see, dossier)
        .get("/pool/cost", see, cost)
        .get("/pool/feasibility", see, feasibility)
        .get("/pool/milestones", see, milestones)
        .get("/pool/waivers", see, waived)
        .post("/pool/waivers", ask, ask_waiver)
        .post("/pool/waivers/{number}/grant", grant, grant_waiver)
        .post("/pool/waivers/{number}/refuse", grant, refuse_waiver)
        .post("/pool/waivers/{number}/withdraw", grant, withdraw_waiver)
}

#[derive(Template)]
#[template(path = "list.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    proposed: Option<ProposedList>,
    may_try: bool,
}

async fn list(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
) -> Result<Response, PageError> {
    let proposed = pool::list(&pool, &actor, &address).await?;
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(ListPage { frame, proposed, may_try: actor.may(Right::SeeClosed) }).into_response())
}

#[derive(Template)]
#[template(path = "whatif.html", config = "src/web/askama.toml")]
struct WhatifPage {
    frame: Frame,
    set: String,
    tried: WhatIf,
}

impl WhatifPage {
    /// Both lists under their names.
    fn lists(&self) -> [(&'static str, &AssetList); 2] {
        [("list.before", &self.tried.before), ("list.after", &self.tried.after)].map(|(key, list)| (word(Lang::Zh, key), list))
    }
}

async fn whatif(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Asking(changes): Asking<Changes>,
) -> Result<Response, PageError> {
    let tried = pool::whatif(&pool, &actor, &address, &changes).await?.ok_or(PortalError::NotFound)?;
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(WhatifPage { frame, set: changes.set, tried }).into_response())
}

#[derive(Template)]
#[template(path = "cost.html", config = "src/web/askama.toml")]
struct CostPage {
    frame: Frame,
    asked: AskedTerms,
    estimate: CostEstimate,
}

impl CostPage {
    /// A total by rates and as quoted, under its name.
    fn totals(&self) -> Vec<(&'static str, &str, &str)> {
        let (by_rate, by_quote) = (&self.estimate.by_rate, self.estimate.by_quote.as_ref());
        let row = |key: &str, of: fn(&CostTotal) -> &CostRange| {
            (word(Lang::Zh, &format!("cost.{key}")), of(by_rate).text.as_str(), by_quote.map_or("", |total| of(total).text.as_str()))
        };
        let interest = self.estimate.interest.text.as_str();
        vec![
            row("guarantee", |total| &total.guarantee),
            row("services", |total| &total.services),
            row("fees", |total| &total.fees),
            (word(Lang::Zh, "cost.interest"), interest, if by_quote.is_some() { interest } else { "" }),
            row("all", |total| &total.all),
            row("all_rate", |total| &total.rate),
        ]
    }
}

async fn cost(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(asked): Asking<AskedTerms>,
) -> Result<Response, PageError> {
    let estimate = pool::cost(&pool, &asked)?;
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(CostPage { frame, asked, estimate }).into_response())
}

#[derive(Template)]
#[template(path = "milestones.html", config = "src/web/askama.toml")]
struct MilestonesPage {
    frame: Frame,
    standing: Option<PlanStanding>,
}

async fn milestones(State(pool): State<Pool>, State(frames): State<Frames>, actor: Actor) -> Result<Response, PageError> {
    let standing = pool::milestones(&pool).await?;
    Ok(Page(MilestonesPage { frame: frames.of(Some(&actor), "/pool"), standing }).into_response())
}

async fn dossier(
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
) -> Result<Response, PageError> {
    let taken = pool::dossier::take(&pool, &actor, &address, &id).await?;
    download::file(&taken.folder.path().join(pool::dossier::FILE), &taken.name).await
}

async fn dossiers(State(pool): State<Pool>, ClientAddress(address): ClientAddress, actor: Actor) -> Result<Response, PageError> {
    let taken = pool::dossier::take_list(&pool, &actor, &address).await?;
    download::file(&taken.folder.path().join(pool::dossier::FILE), &taken.name).await
}

#[derive(Template)]
#[template(path = "feasibility.html", config = "src/web/askama.toml")]
struct FeasibilityPage {
    frame: Frame,
    told: Option<ShownFeasibility>,
    may_try: bool,
}

async fn feasibility(State(pool): State<Pool>, State(frames): State<Frames>, actor: Actor) -> Result<Response, PageError> {
    let told = pool::feasibility(&pool).await?;
    Ok(Page(FeasibilityPage { frame: frames.of(Some(&actor), "/pool"), told, may_try: actor.may(Right::SeeClosed) }).into_response())
}

/// A waiver as the page lists it.
struct WaiverRow {
    number: i64,
    id: String,
    name: String,
    criterion: String,
    reason: String,
    until: String,
    asked_by: String,
    asked: String,
    decided_by: String,
    state: &'static str,
    mark: &'static str,
    may_decide: bool,
    may_grant: bool,
    may_withdraw: bool,
}

#[derive(Template)]
#[template(path = "waivers.html", config = "src/web/askama.toml")]
struct WaiversPage {
    frame: Frame,
    waivers: Vec<WaiverRow>,
    criteria: Vec<(String, String)>,
    asked: Option<(String, String)>,
    may_ask: bool,
}

#[derive(Deserialize)]
struct AskedFor {
    #[serde(default)]
    enterprise: String,
}

async fn waived(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(asked): Asking<AskedFor>,
) -> Result<Response, PageError> {
    let config = pool.config_today();
    let may_grant = actor.may(Right::GrantWaivers);
    let row = |record: crate::ledger::WaiverRecord| {
        let (waiver, state) = (record.waiver, record.state);
        let criterion = config.criterion.get(&waiver.criterion).map_or(waiver.criterion.clone(), |c| c.name.get(Lang::Zh).to_owned());
        WaiverRow {
            number: waiver.number,
            id: pool::id_of(&waiver.enterprise),
            name: record.name,
            criterion,
            reason: waiver.reason,
            until: waiver.until.to_string(),
            may_decide: may_grant && state == WaiverState::Asked,
            may_grant: may_grant && state == WaiverState::Asked && waiver.asked_by != actor.name,
            may_withdraw: may_grant && state == WaiverState::Granted,
            asked_by: waiver.asked_by,
            asked: shown(&record.asked),
            decided_by: waiver.granted_by,
            state: word(Lang::Zh, &format!("waive.state_{}", state.id())),
            mark: match state {
                WaiverState::Granted => "good",
                WaiverState::Asked => "explain",
                WaiverState::Refused | WaiverState::Withdrawn => "quiet",
            },
        }
    };
    let waivers = waivers::all(&pool).await?.into_iter().map(row).collect();
    let enterprise = match asked.enterprise.is_empty() {
        true => None,
        false => {
            let data = pool::written(&pool).await?;
            let row = pool::find(&data, &asked.enterprise)?;
            Some((asked.enterprise, data.text("name", row).to_owned()))
        }
    };
    let criteria = config.criteria().map(|(id, c)| (id.clone(), c.name.get(Lang::Zh).to_owned())).collect();
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(WaiversPage { frame, waivers, criteria, asked: enterprise, may_ask: actor.may(Right::AskWaivers) }).into_response())
}

#[derive(Deserialize, Validate)]
struct WaiverForm {
    #[validate(length(min = 1, max = 40))]
    enterprise: String,
    #[validate(length(min = 1, max = 100))]
    criterion: String,
    #[validate(length(min = 2, max = 500))]
    reason: String,
    #[validate(length(min = 10, max = 10))]
    until: String,
}

async fn ask_waiver(
    State(pool): State<Pool>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(form): Posted<WaiverForm>,
) -> Result<Redirect, PageError> {
    let WaiverForm { enterprise, criterion, reason, until } = form;
    waivers::ask(&pool, &actor, &address, Wish { enterprise, criterion, reason, until }).await?;
    Ok(Redirect::to("/pool/waivers?done=waiver_asked"))
}

/// A form with nothing but its word.
#[derive(Deserialize, Validate)]
struct NoFields {}

async fn grant_waiver(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(number): Named<i64>,
    Posted(NoFields {}): Posted<NoFields>,
) -> Result<Redirect, PageError> {
    waivers::decide(&books, &actor, &address, number, Decision::Grant).await?;
    Ok(Redirect::to("/pool/waivers?done=waiver_granted"))
}

async fn refuse_waiver(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(number): Named<i64>,
    Posted(NoFields {}): Posted<NoFields>,
) -> Result<Redirect, PageError> {
    waivers::decide(&books, &actor, &address, number, Decision::Refuse).await?;
    Ok(Redirect::to("/pool/waivers?done=waiver_refused"))
}

async fn withdraw_waiver(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(number): Named<i64>,
    Posted(NoFields {}): Posted<NoFields>,
) -> Result<Redirect, PageError> {
    waivers::decide(&books, &actor, &address, number, Decision::Withdraw).await?;
    Ok(Redirect::to("/pool/waivers?done=waiver_withdrawn"))
}
