//! What all requests share: the books, and what each room has in memory.

use super::books::Books;
use super::clock::Clock;
use super::flaws::Flaws;
use super::limits::Limits;
use super::metrics::Metrics;
use super::night::Night;
use super::pool::Room;
use super::quality::Shelf;
use super::reserve::Reserve;
use super::uploads::Intake;
use crate::config::Config;
use crate::error::Error;
use axum::extract::FromRef;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;

/// The portal's state; clones share it.
#[derive(Clone)]
pub struct App(Arc<Rooms>);

/// What [`App`] shares.
pub struct Rooms {
    /// Settings, clock and ledger.
    pub books: Books,
    /// Where uploads come in and are checked.
    pub intake: Intake,
    /// Counters.
    pub metrics: Metrics,
    /// How often somebody may ask for what costs much.
    pub limits: Limits,
    /// Runs whose counts were read.
    pub shelf: Shelf,
    /// Runs.
    pub night: Night,
    /// Wakes the task that sends notices.
    pub notices: Notify,
    /// The pool of the latest run.
    pub pool: Room,
    /// Room for how a run ended.
    pub reserve: Reserve,
    /// What was found of files that are not as they were kept.
    pub flaws: Flaws,
}

impl FromRef<App> for Books {
    fn from_ref(app: &App) -> Self {
        app.books.clone()
    }
}

impl Deref for App {
    type Target = Rooms;

    fn deref(&self) -> &Rooms {
        &self.0
    }
}

impl Deref for Rooms {
    type Target = Books;

    fn deref(&self) -> &Books {
        &self.books
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

impl App {
    /// Opens the state below `<outputs>/.huichi/`.
    pub fn open(config: Config, config_path: PathBuf, clock: Clock, demo: bool) -> Result<Self, Error> {
        let folder = config.outputs.join(".huichi");
        std::fs::create_dir_all(&folder)?;
        let books = Books::open(config, config_path, clock, demo)?;
        let intake = Intake::open(&books.config, &folder)?;
        Ok(Self(Arc::new(Rooms {
            books,
            intake,
            metrics: Metrics::default(),
            limits: Limits::default(),
            shelf: Shelf::default(),
            night: Night::default(),
            notices: Notify::new(),
            pool: Room::default(),
            reserve: Reserve::keep(folder.join("reserve")),
            flaws: Flaws::default(),
        })))
    }
}
