//! Waivers as the portal lists, asks for and decides them.

use super::actor::Actor;
use super::books::Books;
use super::error::PortalError;
use super::pool::{self, Pool};
use crate::ledger::{NotDecided, WaiverRecord, WaiverRequest};
use chrono::NaiveDate;

/// All that was asked, the last first.
pub async fn all(books: &Books) -> Result<Vec<WaiverRecord>, PortalError> {
    books.read(|l| l.waivers()).await
}

/// A request as it is posted.
pub struct Wish {
    /// The id of the enterprise's page.
    pub enterprise: String,
    /// The criterion.
    pub criterion: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: String,
}

/// Asks for a waiver of a criterion that counts, for an enterprise of the latest run.
///
/// # Errors
/// There is no such enterprise or criterion, or no such day.
pub async fn ask(pool: &Pool, actor: &Actor, address: &str, wish: Wish) -> Result<(), PortalError> {
    let data = pool::written(pool).await?;
    let row = pool::find(&data, &wish.enterprise)?;
    let config = pool.config_today();
    if !config.criteria().any(|(id, _)| *id == wish.criterion) {
        return Err(PortalError::NotFound);
    }
    let until: NaiveDate = wish.until.trim().parse().map_err(|_| PortalError::Refused("day", vec![wish.until.clone()]))?;
    let (key, name) = (data.text("enterprise", row).to_owned(), data.text("name", row).to_owned());
    let (criterion, reason, until) = (wish.criterion, wish.reason.trim().to_owned(), until.to_string());
    pool.change(actor, address, move |l, by| {
        let request = WaiverRequest { enterprise: &key, name: &name, criterion: &criterion, reason: &reason, until: &until };
        l.ask_waiver(&request, by)
    })
    .await?;
    Ok(())
}

/// What is decided of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is granted.
    Grant,
    /// It is refused.
    Refuse,
    /// It is withdrawn.
    Withdraw,
}

/// Grants, refuses or withdraws.
///
/// # Errors
/// There is no such waiver, it is decided, or who asked would grant.
pub async fn decide(books: &Books, actor: &Actor, address: &str, number: i64, decision: Decision) -> Result<(), PortalError> {
    let decided = books.change(actor, address, move |l, by| match decision {
        Decision::Grant => l.decide_waiver(number, true, by),
        Decision::Refuse => l.decide_waiver(number, false, by),
        Decision::Withdraw => l.withdraw_waiver(number, by),
    });
    decided.await?.map_err(|not| match not {
        NotDecided::Unknown => PortalError::NotFound,
        NotDecided::Decided => PortalError::Conflict("waiver_decided"),
        NotDecided::SamePerson => PortalError::Conflict("waiver_same_person"),
    })
}
