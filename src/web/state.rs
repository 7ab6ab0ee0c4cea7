//! What all requests share: the rooms of the portal and what stands at the door, of which each handler takes what it needs.

use super::door::guard::Guard;
use super::metrics::Metrics;
use crate::config::Config;
use crate::error::Error;
use crate::portal::books::Books;
use crate::portal::clock::Clock;
use crate::portal::flaws::Flaws;
use crate::portal::night::Night;
use crate::portal::notices::Notices;
use crate::portal::pool::Pool;
use crate::portal::quality::Quality;
use crate::portal::reserve::Reserve;
use crate::portal::retention::House;
use crate::portal::uploads::{Intake, Uploads};
use axum::extract::FromRef;
use std::path::PathBuf;
use std::sync::Arc;

/// The portal's rooms; clones share them.
#[derive(Clone)]
pub struct App {
    /// Settings, clock and ledger.
    pub books: Books,
    /// Returns that bureaus send.
    pub uploads: Uploads,
    /// Runs.
    pub night: Night,
    /// The pool of the latest run.
    pub pool: Pool,
    /// What runs found.
    pub quality: Quality,
    /// What is told to the services of `[[notice]]`.
    pub notices: Notices,
    /// What was found of files that are not as they were kept.
    pub flaws: Flaws,
    /// Room for how a run ended.
    pub reserve: Reserve,
    /// How often somebody may ask for what costs much.
    pub guard: Guard,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

macro_rules! slices {
    ($($field:ident: $slice:ty),*) => {
        $(impl FromRef<App> for $slice {
            fn from_ref(app: &App) -> Self {
                app.$field.clone()
            }
        })*
    };
}
slices!(
    books: Books, uploads: Uploads, night: Night, pool: Pool, quality: Quality, flaws: Flaws, guard: Guard, metrics: Arc<Metrics>
);

impl App {
    /// What is kept in order while the portal runs.
    pub fn house(&self) -> House {
        House {
            books: self.books.clone(),
            store: self.uploads.intake.store.clone(),
            flaws: self.flaws.clone(),
            reserve: self.reserve.clone(),
        }
    }

    /// Opens the state below `<outputs>/.huichi/`.
    pub fn open(config: Config, config_path: PathBuf, clock: Clock, demo: bool) -> Result<Self, Error> {
        let folder = config.outputs.join(".huichi");
        std::fs::create_dir_all(&folder)?;
        let books = Books::open(config, config_path, clock, demo)?;
        let (flaws, metrics) = (Flaws::default(), Arc::<Metrics>::default());
        let (notices, reserve) = (Notices::new(books.clone()), Reserve::keep(folder.join("reserve")));
        let intake = Intake::open(&books.config, &folder)?;
        let night = Night::new(books.clone(), notices.clone(), reserve.clone());
        Ok(Self {
            uploads: Uploads::new(books.clone(), intake, night.clone()),
            pool: Pool::new(books.clone(), flaws.clone()),
            quality: Quality::new(books.clone(), flaws.clone()),
            guard: Guard::new(metrics.clone()),
            books,
            night,
            notices,
            flaws,
            reserve,
            metrics,
        })
    }
}
