//! The pool: its table, an enterprise, the cell of a figure, changes since the run before.

use crate::finding::word;
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::pool::{self, Asked, Edition, Latest, Origins, Pool, PoolChanges, PoolData, PoolPage, Profile, Query};
use crate::portal::text::{grouped, portal, severity};
use crate::web::door::address::ClientAddress;
use crate::web::error::PageError;
use crate::web::form::{Asking, ListOption, Named};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use crate::web::svg::{YearChart, draw_years};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let access = Access::Right(Right::SeePool);
    routes.get("/pool", access, table).get("/pool/changes", access, changes).get("/pool/{enterprise}", access, enterprise).get(
        "/pool/{enterprise}/source",
        access,
        source,
    )
}

#[derive(Template)]
#[template(path = "pool_empty.html", config = "src/web/askama.toml")]
struct EmptyPage {
    frame: Frame,
    ran: bool,
    may_start: bool,
}

/// The pool, or the page that says why there is none.
async fn ready(pool: &Pool, frames: &Frames, actor: &Actor) -> Result<Result<Arc<PoolData>, Response>, PageError> {
    let ran = match pool::latest(pool).await? {
        Latest::Ready(data) => return Ok(Ok(data)),
        Latest::NotWritten => true,
        Latest::NoRun => false,
    };
    let frame = frames.of(Some(actor), "/pool");
    Ok(Err(Page(EmptyPage { frame, ran, may_start: actor.may(Right::StartRuns) }).into_response()))
}

fn choices(all: impl Iterator<Item = (String, String)>, chosen: &str) -> Vec<ListOption> {
    all.map(|(value, label)| ListOption { chosen: value == chosen, value, label }).collect()
}

/// A filter with its choices.
struct FilterChoices {
    name: String,
    label: String,
    choices: Vec<ListOption>,
}

/// A range with what was typed.
struct Range {
    name: String,
    label: String,
    from: String,
    to: String,
}

/// A page to go to.
struct Step {
    number: usize,
    link: String,
    here: bool,
    /// Whether pages before it are left out.
    gap: bool,
}

/// The head of a column with the link that orders by it.
struct Sorter {
    label: String,
    unit: String,
    number: bool,
    link: String,
    /// `ascending`, `descending` or nothing.
    sorted: &'static str,
}

#[derive(Template)]
#[template(path = "pool.html", config = "src/web/askama.toml")]
struct TablePage {
    frame: Frame,
    found: PoolPage,
    query: Query,
    filters: Vec<FilterChoices>,
    ranges: Vec<Range>,
    sizes: Vec<ListOption>,
    heads: Vec<Sorter>,
    steps: Vec<Step>,
    previous: String,
    next: String,
    numbers: [String; 5],
    first: usize,
}

async fn table(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(pairs): Asking<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let data = match ready(&pool, &frames, &actor).await? {
        Ok(data) => data,
        Err(empty) => return Ok(empty),
    };
    let (query, edition) = (Query::of(&pairs), Edition::of(actor.role));
    let (asked, shared) = (query.clone(), data.clone());
    let found = tokio::task::spawn_blocking(move || pool::page(&shared, edition, &asked)).await;
    let found = found.map_err(|e| PortalError::bug(e.to_string()))?;
    let [pooled, not_pooled, unjudged] = found.conclusions;
    let numbers = [found.total, pooled, not_pooled, unjudged, found.matched].map(|n| grouped(n as u64));
    let to = |page: usize| format!("/pool{}", query.with(|q| q.page = page).link());
    let page = TablePage {
        frame: frames.of(Some(&actor), "/pool"),
        filters: filters(&data, &query),
        ranges: ranges(&data, &query),
        sizes: choices(pool::SIZES.iter().map(|s| (s.to_string(), s.to_string())), &query.size.to_string()),
        heads: heads(&found, &query),
        steps: steps(found.page, found.pages, to),
        previous: if found.page > 1 { to(found.page - 1) } else { String::new() },
        next: if found.page < found.pages { to(found.page + 1) } else { String::new() },
        numbers,
        first: (found.page - 1) * query.size + 1,
        found,
        query,
    };
    Ok(Page(page).into_response())
}

fn filters(data: &PoolData, query: &Query) -> Vec<FilterChoices> {
    let conclusions = pool::Conclusion::ALL.map(|c| (c.id().to_owned(), portal(&format!("conclusion_{}", c.id())).to_owned()));
    let mut filters = vec![FilterChoices {
        name: "conclusion".into(),
        label: portal("filter_conclusion").to_owned(),
        choices: choices(conclusions.into_iter(), query.conclusion.map_or("", |c| c.id())),
    }];
    if let Some(title) = data.columns.iter().find(|c| c.id == data.config.pool.title) {
        let mut words: Vec<_> = title.words.iter().collect();
        words.sort_by_key(|(_, (rank, _))| *rank);
        let all = words.into_iter().map(|(code, (_, word))| (code.clone(), word.clone()));
        let all = all.chain([("-".to_owned(), portal("filter_blank").to_owned())]);
        filters.push(FilterChoices { name: "title".into(), label: title.label.clone(), choices: choices(all, &query.title) });
    }
    for column in data.columns.iter().filter(|c| c.id.starts_with("verdict_")) {
        let name = column.id.replacen("verdict_", "v_", 1);
        let asked = query.verdicts.get(&name[2..]).map_or("", String::as_str);
        let all = pool::VERDICTS.iter().map(|v| ((*v).to_owned(), crate::finding::word(Lang::Zh, &format!("verdict.{v}")).to_owned()));
        filters.push(FilterChoices { label: column.label.clone(), choices: choices(all, asked), name });
    }
    if !data.industries.is_empty() {
        let all = data.industries.iter().map(|(code, count)| (code.clone(), format!("{code}（{}）", grouped(*count))));
        filters.push(FilterChoices {
            name: "industry".into(),
            label: portal("filter_industry").to_owned(),
            choices: choices(all, &query.industry),
        });
    }
    filters
}

fn ranges(data: &PoolData, query: &Query) -> Vec<Range> {
    let range = |name: &String| {
        let (from, to) = query.ranges.get(name).cloned().unwrap_or_default();
        pool::range_column(data, name).map(|column| Range { name: name.clone(), label: column.label.clone(), from, to })
    };
    data.config.pool.ranges.keys().filter_map(range).collect()
}

fn heads(found: &PoolPage, query: &Query) -> Vec<Sorter> {
    let head = |head: &pool::TableColumn| {
        let here = query.sort == head.id;
        // Figures are looked at from the greatest down, names from the first on.
        let descending = if here { !query.descending } else { head.kind.is_number() };
        let link = query.with(|q| (q.sort, q.descending) = (head.id.clone(), descending)).link();
        let sorted = match (here, query.descending) {
            (true, true) => "descending",
            (true, false) => "ascending",
            (false, _) => "",
        };
        Sorter { label: head.label.clone(), unit: head.unit.clone(), number: head.kind.is_number(), link: format!("/pool{link}"), sorted }
    };
    found.columns.iter().map(head).collect()
}

/// Pages to go to: the first, the last, and those around this one.
fn steps(page: usize, pages: usize, to: impl Fn(usize) -> String) -> Vec<Step> {
    let shown = (1..=pages).filter(|p| *p == 1 || *p == pages || p.abs_diff(page) <= 2);
    let mut last = 0;
    shown
        .map(|number| {
            let gap = number > last + 1;
            last = number;
            Step { number, link: to(number), here: number == page, gap }
        })
        .collect()
}

#[derive(Deserialize)]
struct PoolPaged {
    #[serde(default)]
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "enterprise.html", config = "src/web/askama.toml")]
struct EnterprisePage {
    frame: Frame,
    profile: Profile,
    charts: Vec<YearChart>,
    edition: &'static str,
    heads: Vec<String>,
    facts_note: &'static str,
    patents_total: String,
    may_ask: bool,
}

async fn enterprise(
    State(books): State<Books>,
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Asking(paged): Asking<PoolPaged>,
) -> Result<Response, PageError> {
    let data = match ready(&pool, &frames, &actor).await? {
        Ok(data) => data,
        Err(_) => return Err(PortalError::NotFound.into()),
    };
    let (row, edition) = (pool::find(&data, &id)?, Edition::of(actor.role));
    let read = tokio::task::spawn_blocking(move || pool::profile(&data, &data.config, edition, row, paged.page.unwrap_or(1))).await;
    let profile = read.map_err(|e| PortalError::bug(e.to_string()))?.map_err(PortalError::from)?;
    books.note(&actor, &address, "view_enterprise", &profile.key, &profile.run).await?;
    let head = |fact: &pool::Fact| if fact.unit.is_empty() { fact.label.clone() } else { format!("{}（{}）", fact.label, fact.unit) };
    let heads = profile.patents.first().map(|patent| patent.iter().map(head).collect()).unwrap_or_default();
    let charts = profile.drawn.iter().filter_map(|figure| draw_years(&figure.title, &figure.years)).collect();
    let patents_total = grouped(profile.patents_total as u64);
    let frame = frames.of(Some(&actor), "/pool");
    let may_ask = actor.may(Right::AskWaivers);
    let facts_note = word(Lang::Zh, "publish.patents_facts");
    Ok(Page(EnterprisePage { frame, charts, profile, edition: edition.id(), heads, facts_note, patents_total, may_ask }).into_response())
}

#[derive(Template)]
#[template(path = "source.html", config = "src/web/askama.toml")]
struct SourcePage {
    frame: Frame,
    origins: Origins,
}

async fn source(
    State(books): State<Books>,
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Named(id): Named<String>,
    Asking(asked): Asking<Asked>,
) -> Result<Response, PageError> {
    let data = match ready(&pool, &frames, &actor).await? {
        Ok(data) => data,
        Err(_) => return Err(PortalError::NotFound.into()),
    };
    let row = pool::find(&data, &id)?;
    let field = asked.field.clone();
    let origins = pool::origins(&pool, &data, Edition::of(actor.role), row, asked).await?;
    books.note(&actor, &address, "view_source", &origins.key, &field).await?;
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(SourcePage { frame, origins }).into_response())
}

#[derive(Template)]
#[template(path = "changes.html", config = "src/web/askama.toml")]
struct ChangesPage {
    frame: Frame,
    edition: &'static str,
    changes: Option<Arc<PoolChanges>>,
    numbers: [String; 3],
    lists: Vec<Movement>,
    page: usize,
    pages: usize,
    figures: Vec<pool::Changed>,
}

/// Who entered, or who left.
struct Movement {
    entered: bool,
    total: String,
    whole: bool,
    listed: Vec<pool::Moved>,
}

async fn changes(
    State(pool): State<Pool>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(paged): Asking<PoolPaged>,
) -> Result<Response, PageError> {
    let data = match ready(&pool, &frames, &actor).await? {
        Ok(data) => data,
        Err(empty) => return Ok(empty),
    };
    let edition = Edition::of(actor.role);
    let changes = pool::changes(&pool, &data, edition).await?;
    let listed = changes.as_ref().map_or(0, |c| c.figures.listed.len());
    let pages = listed.div_ceil(pool::CHANGES_PAGE).max(1);
    let page = paged.page.unwrap_or(1).clamp(1, pages);
    let figures = changes.iter().flat_map(|c| &c.figures.listed).skip((page - 1) * pool::CHANGES_PAGE).take(pool::CHANGES_PAGE);
    let figures = figures.cloned().collect();
    let numbers = changes.as_ref().map_or([0; 3], |c| [c.entered.total, c.left.total, c.figures.total]).map(|n| grouped(n as u64));
    let lists = changes.iter().flat_map(|c| [(true, &c.entered), (false, &c.left)]).map(|(entered, part)| Movement {
        entered,
        total: grouped(part.total as u64),
        whole: part.listed.len() == part.total,
        listed: part.listed.clone(),
    });
    let lists = lists.collect();
    let frame = frames.of(Some(&actor), "/pool");
    Ok(Page(ChangesPage { frame, edition: edition.id(), changes, numbers, lists, page, pages, figures }).into_response())
}
