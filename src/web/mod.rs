//! The portal in the browser and over its API: what bureaus, operator, leading group and auditor open, and what programs ask.
//!
//! Owns: how the portal is served (`serve`), the rooms that all requests share (`state`), routes (`router` over `routes` and their
//! `listing`) and who may take them, the door, sessions, forms, pages, answers. What is asked is done by the rooms of `portal`.
//! Invariants: every route says what it takes to be let in (`routes::Routes`); what is another bureau's is answered as
//! if it did not exist; everything that a person did is in the audit log before it is answered; no word of a file's
//! content goes to the log.

mod answer;
mod api;
mod charts;
mod door;
mod download;
mod error;
mod form;
mod frame;
mod handlers;
mod listing;
mod metrics;
mod posting;
mod router;
mod routes;
mod session;
mod state;
mod stream;
mod svg;
mod visitor;

use crate::config::{Config, Secret, Unread};
use crate::error::{Error, ErrorKind};
use crate::ledger::Cause;
use crate::lock::{self, Work};
use crate::portal::books::Books;
use crate::portal::clock::Clock;
use crate::portal::error::PortalError;
use crate::portal::password::secret;
use crate::portal::{audit, demo, night, notices, pool, retention, uploads};
use chrono::{DateTime, FixedOffset};
use door::{accept, tls};
use state::App;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How a portal is to be started.
#[derive(Debug, Clone)]
pub struct Start {
    /// Settings in force.
    pub config: Config,
    /// The file that they come from.
    pub config_path: PathBuf,
    /// Where to listen, instead of the configuration's.
    pub listen: Option<SocketAddr>,
    /// What the clock shows at the start, for trials.
    pub now: Option<DateTime<FixedOffset>>,
    /// Whether this is a throw-away site to try.
    pub demo: bool,
}

/// What the portal tells whoever started it, once it listens.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Listening {
    /// Its address.
    pub url: String,
    /// The one-time link of a first start.
    pub setup: Option<String>,
    /// Accounts of a demo: name, role and password.
    pub accounts: Vec<(String, String, String)>,
}

/// Serves until the process is asked to end; `tell` is called once it listens.
///
/// # Errors
/// The address cannot be had, the state cannot be opened, or the TLS files cannot be read.
pub async fn serve(start: Start, tell: impl FnOnce(&Listening)) -> Result<(), Error> {
    let clock = Clock::new(start.now);
    let _lock = lock(&start.config.outputs)?;
    let app = App::open(start.config, start.config_path, clock, start.demo)?;
    app.uploads.intake.sweep()?;
    let books = app.books.clone();
    let portal = &books.config.portal;
    let address = match start.listen {
        Some(address) => address,
        None => portal.listen.parse().map_err(|_| Error::new(ErrorKind::Usage, "ERR-022").with("found", portal.listen.clone()))?,
    };
    if !portal.may_listen(address) {
        return Err(Error::new(ErrorKind::Usage, "ERR-051").with("found", address.to_string()));
    }
    secrets(&books.config)?;
    let tls = tls::acceptor(portal)?;
    let secure = portal.secure();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| Error::new(ErrorKind::System, "ERR-023").with("found", address.to_string()).from_io(e))?;
    let address = listener.local_addr()?;
    let url = format!("{}://{address}", if tls.is_some() { "https" } else { "http" });
    let (accounts, setup) = if start.demo {
        (demo::accounts(&books).await?, None)
    } else {
        (Vec::new(), setup_link(&books).await?.map(|secret| format!("{url}/setup/{secret}")))
    };
    uploads::resume(&app.uploads).await?;
    let (stop, stopped) = watch::channel(false);
    let ended = ended();
    tokio::spawn(async move {
        ended.await;
        let _ = stop.send(true);
    });
    books.set_address(&url);
    night::open(&app.night).await?;
    tokio::spawn(pool::warm(app.pool.clone()));
    tell(&Listening { url, setup, accounts });
    tracing::info!(server.address = %address, "listening");
    tokio::spawn(notices::keep(app.notices.clone(), stopped.clone()));
    tokio::spawn(retention::keep(app.house(), stopped.clone()));
    tokio::spawn(audit::keep(books.clone(), stopped.clone()));
    tokio::spawn(night::keep(app.night.clone(), stopped.clone()));
    tokio::spawn(night::follow_arrivals(app.night.clone(), stopped.clone()));
    if start.demo {
        night::start(&app.night, Cause::First, None, None).await?;
    }
    let served = accept::serve((books.clone(), app.metrics.clone()), listener, tls, router::service(&app, secure), stopped).await;
    night::park(&app.night).await;
    audit::anchor(books).await;
    served
}

/// Secrets that only the portal uses must be at hand when it starts; those of sources their runs tell of.
fn secrets(config: &Config) -> Result<(), Error> {
    let lacking =
        |key: String, unread: &Unread| Error::new(ErrorKind::Usage, "ERR-052").with("key", key).with("reason", unread.to_string());
    for (i, notice) in config.notice.iter().enumerate() {
        notice.url.read().map_err(|e| lacking(format!("notice[{i}].url"), &e))?;
        notice.secret.as_ref().map(Secret::read).transpose().map_err(|e| lacking(format!("notice[{i}].secret"), &e))?;
    }
    config.portal.metrics_token.as_ref().map(Secret::read).transpose().map_err(|e| lacking("portal.metrics_token".to_owned(), &e))?;
    Ok(())
}

/// One portal at a time over a state.
fn lock(outputs: &Path) -> Result<File, Error> {
    let taken = || Error::new(ErrorKind::Busy, "ERR-024").with("path", outputs.join(".huichi").display().to_string());
    crate::outputs::open(outputs)?;
    lock::take(outputs, Work::Serve)?.ok_or_else(taken)
}

/// A one-time link by which the first administrator is made, while there is no account.
async fn setup_link(books: &Books) -> Result<Option<String>, PortalError> {
    let (secret, now) = (secret(), books.clock.stamp());
    let hash = crate::stages::acquire::hash_text(&secret);
    let wanted = books
        .ledger(move |l| {
            let wanted = l.accounts()?.is_empty();
            if wanted {
                l.keep_setup_link(&hash, &now)?;
            }
            Ok(wanted)
        })
        .await?;
    Ok(wanted.then_some(secret))
}

/// Waits until the process is asked to end; it is listened for from the call on.
fn ended() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        let listened = [signal(SignalKind::terminate()), signal(SignalKind::interrupt())];
        async move {
            match listened {
                [Ok(mut terminate), Ok(mut interrupt)] => {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                }
                _ => std::future::pending().await,
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    terminate
}
