//! The room of uploads, as its functions take it.

use super::intake::Intake;
use crate::portal::books::Books;
use crate::portal::night::Night;
use std::ops::Deref;
use std::sync::Arc;

/// Uploads over the books of the portal; clones share what is under way.
#[derive(Clone)]
pub struct Uploads {
    books: Books,
    /// Where they come in and are checked.
    pub intake: Arc<Intake>,
    /// The runs that they begin.
    pub(super) night: Night,
}

impl Deref for Uploads {
    type Target = Books;

    fn deref(&self) -> &Books {
        &self.books
    }
}

impl Uploads {
    /// Takes them in by an intake; what is accepted begins runs.
    pub fn new(books: Books, intake: Intake, night: Night) -> Self {
        Self { books, intake: Arc::new(intake), night }
    }
}
