//! What was found of files that are not as they were kept, in words.

use super::text::say;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Flaws that are named; the rest are counted.
const NAMED: usize = 3;

/// Flaws found since everything was compared last; clones share them.
#[derive(Clone, Default)]
pub struct Flaws(Arc<RwLock<BTreeSet<String>>>);

impl Flaws {
    /// Adds one.
    pub fn add(&self, flaw: String) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(flaw);
    }

    /// Takes these instead of all that were found before.
    pub fn replace(&self, found: BTreeSet<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// Whether all that is kept was as it was kept when it was looked at last.
    pub fn is_clean(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What those are told who can mend it; nothing if there is nothing to mend.
    pub fn told(&self) -> Option<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return None;
        }
        let named = known.iter().take(NAMED).cloned().collect::<Vec<_>>().join("；");
        Some(say("portal.banner_flaws", &[known.len().to_string(), named]))
    }
}
