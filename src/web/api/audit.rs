//! The audit log for programs.

use super::answers::ReadAnswers;
use super::asking::Asking;
use crate::model::role::Right;
use crate::portal::audit::{self, AuditEntry, Chain, ROWS, Wanted};
use crate::portal::books::Books;
use crate::portal::error::PortalError;
use crate::web::error::PageError;
use crate::web::listing::Access;
use crate::web::routes::Routes;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Routes of this room.
pub fn routes(routes: Routes) -> Routes {
    routes.get("/api/v1/audit", Access::Right(Right::SeeAudit), list_audit)
}

/// Which entries.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct OfLog {
    /// Of this person or program.
    who: String,
    /// Of this action.
    action: String,
    /// With this in object, facts or address.
    text: String,
    /// From this day.
    #[param(format = Date)]
    from: String,
    /// Until this day, the day included.
    #[param(format = Date)]
    until: String,
    /// The page, from 1.
    page: u32,
}

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Whether the chain of entries holds.
    pub chain: Chain,
    /// This page, from 1.
    pub page: u64,
    /// Pages in all.
    pub pages: u64,
    /// Entries in all.
    pub total: u64,
}

impl OfLog {
    fn wanted(&self) -> Result<Wanted, PageError> {
        let cut = |text: &str| text.chars().take(100).collect::<String>();
        let day = |text: &str| match text {
            "" => Ok(None),
            text => text.parse::<NaiveDate>().map(Some).map_err(|_| PortalError::Refused("query", Vec::new())),
        };
        let (from, until) = (day(&self.from)?, day(&self.until)?);
        Ok(Wanted { who: cut(&self.who), action: cut(&self.action), text: cut(&self.text), from, until })
    }
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(OfLog), responses((status = 200, body = AuditLog), ReadAnswers))]
pub async fn list_audit(State(books): State<Books>, Asking(asked): Asking<OfLog>) -> Result<Json<AuditLog>, PageError> {
    let page = u64::from(asked.page.max(1));
    let (entries, _) = audit::entries(&books, &asked.wanted()?, page).await?;
    let chain = audit::chain(&books, false).await?;
    Ok(Json(AuditLog { chain, page, pages: entries.total.div_ceil(ROWS).max(1), total: entries.total, entries: entries.rows }))
}
