//! Sessions in the ledger, and who is behind a request.

use super::error::PageError;
use super::visitor::Visitor;
use crate::ledger::{Account, KeptSession};
use crate::portal::actor::Actor;
use crate::portal::books::Books;
use crate::portal::people::session_limits;
use crate::stages::acquire::hash_text;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use std::collections::HashMap;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session, SessionStore};

/// Keys of a session's values.
mod key {
    pub const ACCOUNT: &str = "account";
    pub const CSRF: &str = "csrf";
    /// What the account was at sign-in: a change of password, role, source or state ends its sessions.
    pub const GENERATION: &str = "generation";
}

/// The store of sessions.
#[derive(Debug, Clone)]
pub struct LedgerStore(pub Books);

/// Seconds between two notes that a session is in use.
const TOUCHED_S: i64 = 60;

fn hashed(id: &Id) -> String {
    hash_text(&id.to_string())
}

fn encoded(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|e| Error::Encode(e.to_string()))
}

fn backend(error: impl std::fmt::Debug) -> Error {
    Error::Backend(format!("{error:?}"))
}

#[async_trait::async_trait]
impl SessionStore for LedgerStore {
    /// A new session has a new id: 128 random bits, and never one that a browser brought.
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.id = Id::default();
        let (id, data, seen) = (hashed(&record.id), encoded(record)?, self.0.clock.now().timestamp());
        let expires = seen + i64::from(self.0.config.portal.session_hours) * 3600;
        self.0.ledger(move |l| l.begin_session(&id, &KeptSession { data, expires, seen })).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (id, data) = (hashed(&record.id), encoded(record)?);
        self.0.ledger(move |l| l.keep_session(&id, &data)).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let (hash, (now, idle)) = (hashed(id), session_limits(&self.0));
        let asked = hash.clone();
        let Some(kept) = self.0.read(move |l| l.session(&asked, now, idle)).await.map_err(backend)? else { return Ok(None) };
        if now - kept.seen >= TOUCHED_S {
            // A page that only reads hardly waits and never fails because the ledger takes no writes; a later one notes it.
            let touched = self.0.ledger_at_once(move |l| l.touch_session(&hash, now)).await;
            let _ = touched.inspect_err(|error| tracing::warn!(?error, "the use of a session could not be noted"));
        }
        let data: HashMap<String, serde_json::Value> = serde_json::from_str(&kept.data).map_err(|e| Error::Decode(e.to_string()))?;
        let expiry_date = tower_sessions::cookie::time::OffsetDateTime::from_unix_timestamp(kept.expires).map_err(backend)?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let id = hashed(id);
        self.0.ledger(move |l| l.end_session(&id)).await.map_err(backend)
    }
}

/// Finds out who is behind a request: a session of the browser, or the token of a program.
pub async fn identify(State(books): State<Books>, session: Session, mut request: Request, next: Next) -> Response {
    let bearer = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let found = match bearer {
        Some(token) => by_token(&books, token).await,
        None => by_session(&books, &session).await,
    };
    let actor = found.unwrap_or_else(|error| {
        request.extensions_mut().insert(error);
        None
    });
    if let Some(actor) = &actor {
        tracing::Span::current().record("actor.role", actor.role.id());
    }
    request.extensions_mut().insert(Visitor(actor));
    next.run(request).await
}

async fn by_token(books: &Books, token: &str) -> std::result::Result<Option<Actor>, PageError> {
    let (hash, now) = (hash_text(token), books.clock.stamp());
    let token = books.read(move |l| l.token(&hash, &now)).await?;
    Ok(token.map(|t| Actor {
        // A colon stands in no account's name, so the log never takes a program for a person.
        name: format!("token:{}", t.label),
        display: t.label,
        role: t.role,
        source: t.source,
        account: None,
        must_change: false,
        csrf: String::new(),
    }))
}

async fn by_session(books: &Books, session: &Session) -> std::result::Result<Option<Actor>, PageError> {
    let Some(id) = session.get::<i64>(key::ACCOUNT).await? else { return Ok(None) };
    let csrf: String = session.get(key::CSRF).await?.unwrap_or_default();
    let generation = session.get::<i64>(key::GENERATION).await?;
    let account = books.read(move |l| l.account(id)).await?;
    Ok(account.filter(|a| !a.disabled && Some(a.generation) == generation).map(|a| Actor {
        name: a.name,
        display: a.display,
        role: a.role,
        source: a.source,
        account: Some(a.id),
        must_change: a.must_change,
        csrf,
    }))
}

/// Begins a session for an account, under a new id; nothing of what the browser brought goes on.
pub async fn begin(session: &Session, account: &Account) -> std::result::Result<(), PageError> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(key::ACCOUNT, account.id).await?;
    session.insert(key::CSRF, crate::portal::password::secret()).await?;
    session.insert(key::GENERATION, account.generation).await?;
    // Here, where a ledger that is busy can still be told of; after the answer it no longer can.
    session.save().await?;
    Ok(())
}

/// Ends a session in whose name its owner leaves, with the entry in the audit log.
pub async fn leave(books: &Books, session: &Session, actor: &Actor, address: &str) -> std::result::Result<(), PageError> {
    // A program that is let in by a token has none.
    let id = session.id().map(|id| hashed(&id)).unwrap_or_default();
    books.change(actor, address, move |l, by| l.sign_out(&id, by)).await?;
    // Nothing is left to be ended but what the browser keeps.
    Ok(session.flush().await?)
}

/// Ends the session that a browser brought, if any.
pub async fn end(session: &Session) -> std::result::Result<(), PageError> {
    if session.id().is_some() {
        session.flush().await?;
    }
    Ok(())
}

/// Keeps this session when its own account changed its password.
pub async fn keep(session: &Session, account: &Account) -> std::result::Result<(), PageError> {
    session.cycle_id().await?;
    session.insert(key::GENERATION, account.generation).await?;
    Ok(session.save().await?)
}
