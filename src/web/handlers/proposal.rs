//! The proposed asset list, what-ifs, and waivers.

use crate::finding::proposal::{cost_in_words, measure_in_words, money, score, summary};
use crate::finding::{threshold, word};
use crate::ledger::WaiverState;
use crate::model::proposal::{Proposal, Standing};
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::pipeline::{Judged, Moved, Tried};
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::pool::{self, Edition, Pool};
use crate::portal::text::{portal, say, shown};
use crate::portal::waivers::{self, Decision, Wish};
use crate::web::door::address::ClientAddress;
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
        .get("/pool/waivers", see, waived)
        .post("/pool/waivers", ask, ask_waiver)
        .post("/pool/waivers/{number}/grant", grant, grant_waiver)
        .post("/pool/waivers/{number}/refuse", grant, refuse_waiver)
        .post("/pool/waivers/{number}/withdraw", grant, withdraw_waiver)
}

/// An enterprise on the list or its reserve.
struct ListedRow {
    id: String,
    name: String,
    chosen: bool,
    standing: &'static str,
    amount: String,
    need: String,
    score: String,
    obligor: String,
    industry: String,
    cost: String,
}

/// A term and how the list keeps to it.
struct TermRow {
    name: &'static str,
    limit: String,
    reached: String,
    tight: &'static str,
    binding: &'static str,
}

/// A list with all that is said of it.
struct ListShown {
    summary: Vec<String>,
    rows: Vec<ListedRow>,
    terms: Vec<TermRow>,
}

impl ListShown {
    fn of(judged: &Judged) -> Self {
        let proposal = &judged.proposal;
        Self { summary: summary(&judged.config, Lang::Zh, proposal), rows: rows(proposal), terms: terms(proposal) }
    }
}

fn rows(proposal: &Proposal) -> Vec<ListedRow> {
    let shown = proposal.listed.iter().filter(|l| matches!(l.standing, Standing::Chosen(_) | Standing::Reserve));
    let row = |l: &crate::model::proposal::Listed| ListedRow {
        id: pool::id_of(&l.enterprise),
        name: l.name.clone(),
        chosen: l.standing.amount().is_some(),
        standing: word(Lang::Zh, &format!("publish.standing_{}", l.standing.id())),
        amount: l.standing.amount().map(money).unwrap_or_default(),
        need: l.need.map(money).unwrap_or_default(),
        score: l.score.map(score).unwrap_or_default(),
        obligor: if l.obligor == l.enterprise { String::new() } else { l.obligor.clone() },
        industry: l.industry.clone(),
        cost: l.cost.as_ref().map(|cost| cost_in_words(Lang::Zh, cost)).unwrap_or_default(),
    };
    shown.map(row).collect()
}

fn terms(proposal: &Proposal) -> Vec<TermRow> {
    let publish = |key: &str| word(Lang::Zh, &format!("publish.{key}"));
    let term = |t: &crate::model::proposal::Term| TermRow {
        name: publish(&format!("term_{}", t.id)),
        limit: measure_in_words(Lang::Zh, t.limit),
        reached: measure_in_words(Lang::Zh, t.reached),
        tight: publish(if t.tight { "tight_yes" } else { "tight_no" }),
        binding: publish(match t.binding {
            Some(true) => "binding_yes",
            Some(false) => "binding_no",
            None => "binding_unknown",
        }),
    };
    proposal.terms.iter().map(term).collect()
}

#[derive(Template)]
#[template(path = "list.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    run: String,
    list: Option<ListShown>,
    may_try: bool,
}

async fn list(
    State(books): State<Books>,
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
) -> Result<Response, PageError> {
    let proposed = pool::proposed(&pool).await?;
    let (run, list) = proposed.map_or((String::new(), None), |(run, judged)| (run, Some(ListShown::of(&judged))));
    if list.is_some() {
        books.note(&actor, &address, "view_list", &run, "").await?;
    }
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(ListPage { frame, run, list, may_try: actor.may(Right::SeeClosed) }).into_response())
}

#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    set: String,
}

/// An enterprise that would enter or leave.
struct MovedRow {
    id: String,
    name: String,
    reasons: String,
}

/// A criterion as the form and the funnel tell it.
struct CriterionRow {
    id: String,
    name: String,
    threshold: String,
    counts: bool,
}

/// A criterion on entry before and after.
struct FunnelRow {
    name: String,
    remaining: [u64; 2],
    alone: [u64; 2],
}

#[derive(Template)]
#[template(path = "whatif.html", config = "src/web/askama.toml")]
struct WhatifPage {
    frame: Frame,
    run: String,
    set: String,
    criteria: Vec<CriterionRow>,
    pooled: [u64; 2],
    entered: Vec<MovedRow>,
    left: Vec<MovedRow>,
    funnel: Vec<FunnelRow>,
    lists: Vec<(&'static str, ListShown)>,
}

async fn whatif(
    State(books): State<Books>,
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Asking(changes): Asking<Changes>,
) -> Result<Response, PageError> {
    // No edition but the closed one: thresholds tried one after another would find out any figure.
    if Edition::of(actor.role) != Edition::Closed {
        return Err(PageError::Forbidden(Right::SeeClosed));
    }
    let Some((run, tried)) = pool::tried(&pool, &changes.set).await? else { return Err(PortalError::NotFound.into()) };
    books.note(&actor, &address, "whatif", &run, &changes.set.lines().collect::<Vec<_>>().join("; ")).await?;
    let config = &tried.before.config;
    let counts: Vec<&String> = config.criteria().map(|(id, _)| id).collect();
    let criteria = config.criterion.iter().map(|(id, c)| CriterionRow {
        id: id.clone(),
        name: c.name.get(Lang::Zh).to_owned(),
        threshold: threshold(config, c, Lang::Zh),
        counts: counts.contains(&id),
    });
    let page = WhatifPage {
        frame: frames.of(Some(&actor), "/pool"),
        run,
        set: changes.set,
        criteria: criteria.collect(),
        pooled: [tried.before.pooled, tried.after.pooled],
        entered: moved(&tried, &tried.entered),
        left: moved(&tried, &tried.left),
        funnel: funnel(&tried),
        lists: [("list.before", &tried.before), ("list.after", &tried.after)]
            .map(|(key, judged)| (word(Lang::Zh, key), ListShown::of(judged)))
            .into_iter()
            .collect(),
    };
    Ok(Page(page).into_response())
}

fn moved(tried: &Tried, moved: &[Moved]) -> Vec<MovedRow> {
    let said = |verdict: &Option<String>| match verdict {
        Some(verdict) => word(Lang::Zh, &format!("verdict.{verdict}")).to_owned(),
        None => portal("change_no_criterion").to_owned(),
    };
    let reason = |judged: &crate::run::Rejudged| {
        let known = tried.after.config.criterion.get(&judged.criterion);
        let name = known.map_or(judged.criterion.clone(), |c| c.name.get(Lang::Zh).to_owned());
        say("portal.change_verdict", &[name, said(&judged.was), said(&judged.is)])
    };
    let row = |moved: &Moved| MovedRow {
        id: pool::id_of(&moved.enterprise),
        name: moved.name.clone(),
        reasons: moved.reasons.iter().map(reason).collect::<Vec<_>>().join(word(Lang::Zh, "link.also")),
    };
    moved.iter().map(row).collect()
}

/// The hard criteria of either side, with what they do before and after.
fn funnel(tried: &Tried) -> Vec<FunnelRow> {
    let of = |judged: &Judged| -> Vec<(String, String, u64, u64)> {
        let steps = judged.config.hard_criteria().zip(&judged.funnel.steps);
        steps.map(|((id, c), step)| (id.clone(), c.name.get(Lang::Zh).to_owned(), step.remaining, step.alone)).collect()
    };
    let (before, after) = (of(&tried.before), of(&tried.after));
    let only_before = before.iter().filter(|(id, ..)| after.iter().all(|(other, ..)| other != id));
    let find = |side: &[(String, String, u64, u64)], id: &str| side.iter().find(|(other, ..)| other == id).map_or((0, 0), |s| (s.2, s.3));
    let row = |(id, name, ..): &(String, String, u64, u64)| {
        let (was, is) = (find(&before, id), find(&after, id));
        FunnelRow { name: name.clone(), remaining: [was.0, is.0], alone: [was.1, is.1] }
    };
    after.iter().chain(only_before).map(row).collect()
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
