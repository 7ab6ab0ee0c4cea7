//! The pool of the latest run in memory.

use super::changes::KeptChanges;
use super::data::PoolData;
use crate::portal::books::Books;
use crate::portal::flaws::Flaws;
use std::ops::Deref;
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

/// The pool over the books of the portal; clones share what is read of it.
#[derive(Clone)]
pub struct Pool {
    books: Books,
    pub(super) flaws: Flaws,
    pub(super) memory: Arc<Memory>,
}

impl Deref for Pool {
    type Target = Books;

    fn deref(&self) -> &Books {
        &self.books
    }
}

impl Pool {
    /// Nothing is read yet; what is found damaged is added to the flaws.
    pub fn new(books: Books, flaws: Flaws) -> Self {
        Self { books, flaws, memory: Arc::default() }
    }
}

/// The pool of the latest run, kept until another run is the latest.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) kept: RwLock<Option<(String, Latest)>>,
    pub(super) compared: RwLock<Option<KeptChanges>>,
    pub(super) loading: tokio::sync::Mutex<()>,
    pub(super) following: tokio::sync::Mutex<()>,
}

impl Memory {
    /// What was kept of a run.
    pub(super) fn kept(&self, run: &str) -> Option<Latest> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(id, _)| id == run).map(|(_, latest)| latest.clone())
    }
}
