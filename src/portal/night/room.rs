//! The room of runs, as its functions take it.

use super::active::Active;
use super::progress::Current;
use crate::portal::books::Books;
use crate::portal::notices::Notices;
use crate::portal::reserve::Reserve;
use std::ops::Deref;
use std::sync::Arc;

/// The runs of the portal over its books; clones share what runs.
#[derive(Clone)]
pub struct Night {
    books: Books,
    pub(super) notices: Notices,
    /// Room for how a run ended.
    pub(super) reserve: Reserve,
    pub(super) active: Arc<Active>,
}

impl Deref for Night {
    type Target = Books;

    fn deref(&self) -> &Books {
        &self.books
    }
}

impl Night {
    /// Nothing runs yet.
    pub fn new(books: Books, notices: Notices, reserve: Reserve) -> Self {
        Self { books, notices, reserve, active: Arc::default() }
    }

    /// What runs, and how far it is.
    pub fn current(&self) -> Option<Current> {
        self.active.current.borrow().clone()
    }

    /// When the run began that failed, while none succeeded after it.
    pub fn failed(&self) -> Option<String> {
        self.active.failed.read().map(|f| f.clone()).unwrap_or_default()
    }
}
