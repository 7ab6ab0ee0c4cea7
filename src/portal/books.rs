//! What every room of the portal needs: the settings, the clock, the ledger with the audit log.

use super::actor::Actor;
use super::anchors::anchors;
use super::clock::Clock;
use super::connections::{Connections, LONG_PATIENCE, NO_PATIENCE, PATIENCE};
use super::error::PortalError;
use super::followed::Followed;
use super::password::secret;
use crate::config::Config;
use crate::ledger::{Anchors, By, Ledger, LedgerError, NewEntry};
use crate::stages::acquire::hash_text;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Digits of a mark.
const MARK: usize = 8;

/// The books of a portal; clones share them.
#[derive(Clone)]
pub struct Books(Arc<SharedBooks>);

/// What [`Books`] share.
pub struct SharedBooks {
    /// Settings in force.
    pub config: Config,
    /// The file that they come from, for the child processes that run.
    pub config_path: PathBuf,
    /// The portal's clock.
    pub clock: Clock,
    /// Whether this is a throw-away site to try.
    pub demo: bool,
    /// How far the audit log was found to hold.
    pub followed: Followed,
    /// What the audit log must fit.
    pub anchors: Anchors,
    address: OnceLock<String>,
    secret: String,
    connections: Connections,
}

impl Deref for Books {
    type Target = SharedBooks;

    fn deref(&self) -> &SharedBooks {
        &self.0
    }
}

impl std::fmt::Debug for Books {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Books")
    }
}

impl Books {
    /// Opens the ledger in the folder of the state.
    pub fn open(config: Config, config_path: PathBuf, clock: Clock, demo: bool) -> Result<Self, crate::error::Error> {
        let connections = Connections::open(&folder(&config).join("ledger.sqlite"))?;
        let anchors = anchors(&config)?;
        Ok(Self(Arc::new(SharedBooks {
            config,
            config_path,
            clock,
            demo,
            followed: Followed::default(),
            anchors,
            address: OnceLock::new(),
            secret: secret(),
            connections,
        })))
    }

    /// The folder of the ledger, the store and what belongs to them.
    pub fn folder(&self) -> PathBuf {
        folder(&self.config)
    }

    /// The settings in force today: a portal runs for months, and so may not keep the day of its start.
    pub fn config_today(&self) -> Arc<Config> {
        let mut config = self.config.clone();
        let typed = config.typed.get("run").and_then(|run| run.get("as_of"));
        if config.run.as_of == "today" && typed.is_none() {
            config.override_with(None, None, Some(self.clock.now().date_naive()), None);
        }
        Arc::new(config)
    }

    /// Asks the ledger in order to change it; whoever waits too long is told to come again.
    pub async fn ledger<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        self.write(PATIENCE, ask).await
    }

    /// The same for what a page can do without: it does not wait to speak of.
    pub async fn ledger_at_once<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        self.connections.write(NO_PATIENCE, ask).await
    }

    /// The same for what the portal does by itself, which nobody would do again.
    pub async fn ledger_patiently<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        self.write(LONG_PATIENCE, ask).await
    }

    async fn write<T: Send + 'static>(
        &self,
        patience: Duration,
        ask: impl FnOnce(&mut Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let known = self.followed.clone();
        let followed = move |l: &mut Ledger| {
            let asked = ask(l)?;
            // What was asked is done, whatever comes of this.
            if let Err(error) = known.follow(l) {
                tracing::warn!(%error, "the audit log could not be followed");
            }
            Ok(asked)
        };
        self.connections.write(patience, followed).await
    }

    /// Reads the ledger, past whoever writes to it.
    pub async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        self.connections.read(ask).await
    }

    /// Reads the ledger for long, over a connection of its own.
    pub async fn read_apart<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        self.connections.read_apart(ask).await
    }

    /// Changes the ledger in an actor's name; the change brings its entry in the audit log with it.
    pub async fn change<T: Send + 'static>(
        &self,
        actor: &Actor,
        address: &str,
        make: impl FnOnce(&mut Ledger, By<'_>) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let (account, role, address, at) = (actor.name.clone(), actor.role.id(), address.to_owned(), self.clock.stamp());
        self.ledger(move |l| make(l, By { account: &account, role, address: &address, at: &at })).await
    }

    /// Notes in the audit log what an actor did.
    pub async fn note(&self, actor: &Actor, address: &str, action: &'static str, object: &str, detail: &str) -> Result<(), PortalError> {
        let (name, role, at) = (actor.name.clone(), actor.role.id(), self.clock.stamp());
        let (address, object, detail) = (address.to_owned(), object.to_owned(), detail.to_owned());
        self.ledger(move |l| l.note(&NewEntry { account: &name, role, action, object: &object, detail: &detail, address: &address }, &at))
            .await
    }

    /// Notes what somebody who is not signed in tried.
    pub async fn note_stranger(&self, address: &str, action: &'static str, object: &str, detail: &str) -> Result<(), PortalError> {
        self.note_unsigned(PATIENCE, address, action, object, detail).await
    }

    /// Notes what the portal itself did.
    pub async fn note_system(&self, address: &str, action: &'static str, object: &str, detail: &str) -> Result<(), PortalError> {
        self.note_unsigned(LONG_PATIENCE, address, action, object, detail).await
    }

    async fn note_unsigned(
        &self,
        patience: Duration,
        address: &str,
        action: &'static str,
        object: &str,
        detail: &str,
    ) -> Result<(), PortalError> {
        let at = self.clock.stamp();
        let (address, object, detail) = (address.to_owned(), object.to_owned(), detail.to_owned());
        let note = move |l: &mut Ledger| {
            let entry = NewEntry { account: "system", role: "", action, object: &object, detail: &detail, address: &address };
            l.note(&entry, &at)
        };
        self.write(patience, note).await
    }

    /// A mark by which the same text can be told again while the portal runs, and from which nobody can tell the text.
    pub fn mark(&self, text: &str) -> String {
        hash_text(&format!("{}\n{text}", self.secret)).chars().take(MARK).collect()
    }

    /// Remembers the address that the portal listens on.
    pub fn set_address(&self, url: &str) {
        let _ = self.address.set(url.to_owned());
    }

    /// The address that people open.
    pub fn address(&self) -> String {
        self.config.portal.public_url.clone().or_else(|| self.address.get().cloned()).unwrap_or_default()
    }
}

/// The folder of a site's state.
fn folder(config: &Config) -> PathBuf {
    config.outputs.join(".huichi")
}
