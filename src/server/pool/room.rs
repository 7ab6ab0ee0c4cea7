//! The pool of the latest run in memory.

use super::changes::Kept;
use super::data::PoolData;
use std::sync::{Arc, PoisonError, RwLock};

/// What there is to show.
#[derive(Clone)]
pub enum Latest {
    /// A pool.
    Ready(Arc<PoolData>),
    /// No run has ended yet.
    NoRun,
    /// The last run wrote no datasets that can be read here.
    NotWritten,
}

/// The pool of the latest run, kept until another run is the latest.
#[derive(Default)]
pub struct Room {
    pub(super) kept: RwLock<Option<(String, Latest)>>,
    pub(super) compared: RwLock<Option<Kept>>,
    pub(super) loading: tokio::sync::Mutex<()>,
    pub(super) following: tokio::sync::Mutex<()>,
}

impl Room {
    /// What was kept of a run.
    pub(super) fn kept(&self, run: &str) -> Option<Latest> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(id, _)| id == run).map(|(_, latest)| latest.clone())
    }
}
