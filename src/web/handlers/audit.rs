//! The audit log: read, filter, verify, take along.

use crate::model::role::Right;
use crate::model::words::Lang;
use crate::portal::actor::Actor;
use crate::portal::audit::{self, Chain, Entries, ROWS, Wanted};
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::portal::text::{grouped, portal, quoted};
use crate::web::door::address::ClientAddress;
use crate::web::error::PageError;
use crate::web::form::{Asking, Nothing, Posted};
use crate::web::frame::{Frame, Frames, Page};
use crate::web::listing::Access;
use crate::web::routes::Routes;
use crate::web::stream;
use askama::Template;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

const HERE: &str = "/audit";

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    let see = Access::Right(Right::SeeAudit);
    routes.get("/audit", see, list).post("/audit/verify", see, verify).get("/audit/export.csv", see, export)
}

/// The filter as it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct AuditQuery {
    who: String,
    action: String,
    text: String,
    from: String,
    until: String,
    page: String,
    done: Option<String>,
}

impl AuditQuery {
    fn wanted(&self) -> Result<Wanted, PageError> {
        let day = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| PortalError::Refused("fields", vec![portal("field_day").to_owned()])),
        };
        let cut = |text: &str| text.chars().take(100).collect::<String>();
        let (from, until) = (day(&self.from)?, day(&self.until)?);
        Ok(Wanted { who: cut(&self.who), action: cut(&self.action), text: cut(&self.text), from, until })
    }

    /// The filter as part of an address.
    fn query(&self) -> String {
        let all = [("who", &self.who), ("action", &self.action), ("text", &self.text), ("from", &self.from), ("until", &self.until)];
        all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", quoted(v))).collect::<Vec<_>>().join("&")
    }
}

#[derive(Template)]
#[template(path = "audit.html", config = "src/web/askama.toml")]
struct AuditPage {
    frame: Frame,
    asked: AuditQuery,
    query: String,
    entries: Entries,
    actions: Vec<(String, String)>,
    chain: Chain,
    total: String,
    page: u64,
    pages: u64,
}

async fn list(
    State(books): State<Books>,
    State(frames): State<Frames>,
    actor: Actor,
    Asking(asked): Asking<AuditQuery>,
) -> Result<impl IntoResponse, PageError> {
    let page = asked.page.parse().unwrap_or(1).max(1);
    let (entries, actions) = audit::entries(&books, &asked.wanted()?, page).await?;
    let chain = audit::chain(&books, false).await?;
    Ok(Page(AuditPage {
        frame: frames.of(Some(&actor), HERE).said(asked.done.as_deref()),
        query: asked.query(),
        total: grouped(entries.total),
        pages: entries.total.div_ceil(ROWS).max(1),
        asked,
        entries,
        actions,
        chain,
        page,
    }))
}

async fn verify(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Posted(Nothing {}): Posted<Nothing>,
) -> Result<Redirect, PageError> {
    let chain = audit::chain(&books, true).await?;
    books.note(&actor, &address, "audit_verified", &chain.number.to_string(), if chain.holds { "holds" } else { "broken" }).await?;
    Ok(Redirect::to(if chain.holds { "/audit?done=audit_verified" } else { "/audit" }))
}

async fn export(
    State(books): State<Books>,
    ClientAddress(address): ClientAddress,
    actor: Actor,
    Asking(asked): Asking<AuditQuery>,
) -> Result<Response, PageError> {
    let wanted = asked.wanted()?;
    books.note(&actor, &address, "audit_exported", "", &wanted.facts()).await?;
    let path = books.folder().join("ledger.sqlite");
    let body = stream::written(move |to| {
        let ledger = crate::ledger::Ledger::reader(&path).map_err(std::io::Error::other)?;
        audit::write_table(&ledger, &wanted, Lang::Zh, to).map(|_| ())
    });
    let name = format!("audit-{}.csv", books.clock.now().format("%Y%m%d-%H%M%S"));
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, body).into_response())
}
