//! Accounts of people and tokens of programs: what may be, and the changes themselves.

use super::actor::Actor;
use super::books::Books;
use super::clock::Clock;
use super::error::PortalError;
use super::password::{self, secret};
use super::text::{portal, shown};
use crate::config::Config;
use crate::ledger::{Account, AccountChange, By, NewAccount, NotMade, Token};
use crate::model::account_name;
use crate::model::role::Role;
use crate::stages::acquire::hash_text;
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Serialize;

/// Days that a token may count at most.
pub const LONGEST_DAYS: u32 = 365;
/// What a token's text begins with, so that a leaked one is told at sight.
const PREFIX: &str = "hc_";

/// Why an account or token cannot be as wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WishProblem {
    /// The name holds what no name may.
    Name,
    /// The name is taken.
    Taken,
    /// There is no such role, or none that a token may have.
    Role,
    /// A clerk needs a source that there is.
    Source,
    /// Only a clerk has a source.
    Needless,
    /// Nobody could manage accounts any more.
    LastAdministrator,
    /// A token counts a year at most.
    Days,
    /// What people read is missing or too long.
    Display,
}

impl WishProblem {
    /// What people read.
    pub fn text(self) -> &'static str {
        portal(match self {
            WishProblem::Name => "account_name",
            WishProblem::Taken => "account_taken",
            WishProblem::Role => "account_role",
            WishProblem::Source => "account_source",
            WishProblem::Needless => "account_needless",
            WishProblem::LastAdministrator => "account_last",
            WishProblem::Days => "token_days",
            WishProblem::Display => "account_display",
        })
    }
}

/// An account as pages and programs see it.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// Number.
    pub id: i64,
    /// What is typed to sign in.
    pub name: String,
    /// What pages show.
    pub display: String,
    /// Role.
    pub role: Role,
    /// The source whose returns a clerk sends.
    pub source: Option<String>,
    /// `active`, `waiting` (for a password of one's own), `lapsed` (waited too long) or `disabled`.
    pub state: &'static str,
}

/// A token as pages and programs see it.
#[derive(Debug, Clone, Serialize)]
pub struct ProgramToken {
    /// Number.
    pub id: i64,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub role: Role,
    /// The source, if it acts as a clerk.
    pub source: Option<String>,
    /// Last moment at which it counts.
    pub expires: String,
    /// Who made it.
    pub created_by: String,
    /// `active`, `expired` or `revoked`.
    pub state: &'static str,
}

/// The present, and the moment after which a session was used that goes on.
pub fn session_limits(books: &Books) -> (i64, i64) {
    let now = books.clock.now().timestamp();
    (now, now - i64::from(books.config.portal.idle_minutes) * 60)
}

/// What an account or token is to be, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Name, or label of a token.
    pub name: String,
    /// What pages show.
    pub display: String,
    /// Role.
    pub role: String,
    /// Source.
    pub source: String,
    /// Whether the account may not sign in.
    pub disabled: bool,
}

/// What was made, with the word that is shown once.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    /// Number.
    pub id: i64,
    /// Name, or label of a token.
    pub name: String,
    /// One-time password, or text of the token.
    pub secret: String,
}

/// A one-time password: 80 random bits in groups that can be read out.
pub fn one_time_password() -> String {
    let letters: Vec<char> = secret().chars().take(16).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Whether a role and a source can go together.
pub fn role_and_source(config: &Config, role: &str, source: &str) -> Result<(Role, Option<String>), WishProblem> {
    let role = Role::from_id(role).ok_or(WishProblem::Role)?;
    match (role, source) {
        (Role::Clerk, source) if config.source.get(source).is_some_and(|s| !s.disabled) => Ok((role, Some(source.to_owned()))),
        (Role::Clerk, _) => Err(WishProblem::Source),
        (_, "") => Ok((role, None)),
        _ => Err(WishProblem::Needless),
    }
}

/// What pages show of an account: as typed, its name if nothing was.
pub fn shown_name(typed: &str, name: &str) -> Result<String, WishProblem> {
    let shown = if typed.trim().is_empty() { name } else { typed.trim() };
    if shown.chars().count() > 64 || shown.chars().any(char::is_control) { Err(WishProblem::Display) } else { Ok(shown.to_owned()) }
}

fn problem(not: NotMade) -> Result<WishProblem, PortalError> {
    match not {
        NotMade::Taken => Ok(WishProblem::Taken),
        NotMade::LastAdministrator => Ok(WishProblem::LastAdministrator),
        NotMade::Unknown => Err(PortalError::NotFound),
    }
}

/// Asks the ledger for a change in an actor's name.
async fn change<T: Send + 'static>(
    books: &Books,
    actor: &Actor,
    address: &str,
    make: impl FnOnce(&mut crate::ledger::Ledger, By<'_>) -> crate::ledger::Made<T> + Send + 'static,
) -> Result<Result<T, WishProblem>, PortalError> {
    match books.change(actor, address, make).await? {
        Ok(made) => Ok(Ok(made)),
        Err(not) => Ok(Err(problem(not)?)),
    }
}

/// Hashes away from the threads that serve pages.
async fn hashed(password: String) -> Result<String, PortalError> {
    tokio::task::spawn_blocking(move || password::hash(&password)).await.map_err(|e| PortalError::bug(e.to_string()))?
}

/// The moment before which one-time passwords and links were given that no longer count.
pub fn lapsed_before(config: &Config, now: DateTime<FixedOffset>) -> String {
    Clock::text(now - TimeDelta::hours(i64::from(config.portal.one_time_hours)))
}

/// An account as pages and programs see it; `lapsed` is the moment of [`lapsed_before`].
pub fn person(account: Account, lapsed: &str) -> Person {
    let state = match &account {
        a if a.disabled => "disabled",
        a if a.lapsed(lapsed) => "lapsed",
        a if a.must_change => "waiting",
        _ => "active",
    };
    Person { id: account.id, name: account.name, display: account.display, role: account.role, source: account.source, state }
}

/// All accounts, by name.
pub async fn people(books: &Books) -> Result<Vec<Person>, PortalError> {
    let lapsed = lapsed_before(&books.config, books.clock.now());
    Ok(books.read(|l| l.accounts()).await?.into_iter().map(|a| person(a, &lapsed)).collect())
}

/// One account.
pub async fn one(books: &Books, id: i64) -> Result<Person, PortalError> {
    let lapsed = lapsed_before(&books.config, books.clock.now());
    Ok(person(books.read(move |l| l.account(id)).await?.ok_or(PortalError::NotFound)?, &lapsed))
}

/// Makes an account with a one-time password.
pub async fn add(books: &Books, actor: &Actor, address: &str, wish: &Wish) -> Result<Result<Made, WishProblem>, PortalError> {
    let name = wish.name.trim().to_owned();
    let checked = account_name::may_be_carried(&name)
        .then_some(())
        .ok_or(WishProblem::Name)
        .and_then(|()| Ok((role_and_source(&books.config, &wish.role, &wish.source)?, shown_name(&wish.display, &name)?)));
    let ((role, source), display) = match checked {
        Ok(checked) => checked,
        Err(problem) => return Ok(Err(problem)),
    };
    let secret = one_time_password();
    let password = hashed(secret.clone()).await?;
    let added = change(books, actor, address, {
        let name = name.clone();
        move |l, by| {
            let source = source.as_deref();
            l.create_account(&NewAccount { name: &name, display: &display, role, source, password: &password, must_change: true }, by)
        }
    });
    Ok(added.await?.map(|id| Made { id, name, secret }))
}

/// Changes what an account is.
pub async fn edit(books: &Books, actor: &Actor, address: &str, id: i64, wish: &Wish) -> Result<Result<(), WishProblem>, PortalError> {
    let account = one(books, id).await?;
    let checked = role_and_source(&books.config, &wish.role, &wish.source).and_then(|r| Ok((r, shown_name(&wish.display, &account.name)?)));
    let ((role, source), display) = match checked {
        Ok(checked) => checked,
        Err(problem) => return Ok(Err(problem)),
    };
    let disabled = wish.disabled;
    let changed = change(books, actor, address, move |l, by| {
        l.change_account(id, &AccountChange { display: &display, role, source: source.as_deref(), disabled }, by)
    });
    Ok(changed.await?.map(|_| ()))
}

/// Gives an account a one-time password.
pub async fn reset(books: &Books, actor: &Actor, address: &str, id: i64) -> Result<Made, PortalError> {
    let secret = one_time_password();
    let password = hashed(secret.clone()).await?;
    let account = change(books, actor, address, move |l, by| l.reset_account(id, &password, by)).await?;
    let account = account.map_err(|problem| PortalError::bug(format!("{problem:?}")))?;
    Ok(Made { id, name: account.name, secret })
}

/// A token as pages and programs see it at a moment of the ledger.
pub fn program(token: Token, now: &str) -> ProgramToken {
    let state = match &token {
        t if t.revoked => "revoked",
        t if t.expires.as_str() <= now => "expired",
        _ => "active",
    };
    let Token { id, label, role, source, expires, created_by, .. } = token;
    ProgramToken { id, label, role, source, expires: shown(&expires), created_by, state }
}

/// All tokens, newest first.
pub async fn programs(books: &Books) -> Result<Vec<ProgramToken>, PortalError> {
    let now = books.clock.stamp();
    Ok(books.read(|l| l.tokens()).await?.into_iter().map(|t| program(t, &now)).collect())
}

/// A token to be made, and its text, which is kept nowhere.
pub fn new_token(config: &Config, clock: &Clock, by: &str, wish: &Wish, days: u32) -> Result<(Token, String), WishProblem> {
    let label = wish.name.trim().to_owned();
    let (role, source) = role_and_source(config, &wish.role, &wish.source)?;
    match () {
        () if !account_name::may_be_carried(&label) => return Err(WishProblem::Name),
        // Who manages accounts is a person.
        () if role == Role::Administrator => return Err(WishProblem::Role),
        () if !(1..=LONGEST_DAYS).contains(&days) => return Err(WishProblem::Days),
        () => {}
    }
    let expires = Clock::text(clock.now() + TimeDelta::days(i64::from(days)));
    Ok((Token { id: 0, label, role, source, expires, created_by: by.to_owned(), revoked: false }, format!("{PREFIX}{}", secret())))
}

/// Makes a token.
pub async fn add_token(
    books: &Books,
    actor: &Actor,
    address: &str,
    wish: &Wish,
    days: u32,
) -> Result<Result<Made, WishProblem>, PortalError> {
    let (token, secret) = match new_token(&books.config, &books.clock, &actor.name, wish, days) {
        Ok(made) => made,
        Err(problem) => return Ok(Err(problem)),
    };
    let (hash, name) = (hash_text(&secret), token.label.clone());
    let added = change(books, actor, address, move |l, by| l.create_token(&hash, &token, by)).await?;
    Ok(added.map(|id| Made { id, name, secret }))
}

/// Withdraws a token.
pub async fn revoke(books: &Books, actor: &Actor, address: &str, id: i64) -> Result<(), PortalError> {
    let revoked = change(books, actor, address, move |l, by| l.revoke_token(id, by)).await?;
    revoked.map(|_| ()).map_err(|problem| PortalError::bug(format!("{problem:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_defaults;
    use std::path::Path;

    #[test]
    fn clerks_have_a_source_and_nobody_else_has() {
        let config = load_defaults(Path::new(".")).expect("the defaults");
        let of = |role, source| role_and_source(&config, role, source);
        assert_eq!(of("clerk", "statistics"), Ok((Role::Clerk, Some("statistics".to_owned()))));
        assert_eq!(of("operator", ""), Ok((Role::Operator, None)));
        assert_eq!(of("clerk", ""), Err(WishProblem::Source));
        assert_eq!(of("clerk", "tax"), Err(WishProblem::Source));
        assert_eq!(of("operator", "statistics"), Err(WishProblem::Needless));
        assert_eq!(of("root", ""), Err(WishProblem::Role));
    }

    #[test]
    fn tokens_count_a_year_at_most_and_manage_no_accounts() {
        let config = load_defaults(Path::new(".")).expect("the defaults");
        let token = |name: &str, role: &str, days| {
            let wish = Wish { name: name.into(), role: role.into(), ..Wish::default() };
            new_token(&config, &Clock::new(None), "root", &wish, days).map(|(_, text)| text)
        };
        assert!(token("nightly", "operator", 365).is_ok_and(|text| text.starts_with("hc_") && text.len() > 30));
        assert_eq!(token("nightly", "operator", 366), Err(WishProblem::Days));
        assert_eq!(token("nightly", "operator", 0), Err(WishProblem::Days));
        assert_eq!(token("nightly", "administrator", 1), Err(WishProblem::Role));
        assert_eq!(token("a b", "operator", 1), Err(WishProblem::Name));
    }

    #[test]
    fn one_time_passwords_can_be_read_out() {
        let password = one_time_password();
        assert_eq!((password.len(), password.matches('-').count()), (19, 3));
        assert_ne!(password, one_time_password());
    }
}
