//! Whether what a check was made among still stands: no verdict of yesterday's data is shown as today's.

use super::result::is_among;
use crate::config::Config;
use crate::ledger::{Ledger, LedgerError, Upload, Verdict};
use crate::pipeline::Beside;
use std::collections::HashMap;

/// By source, what stands beside its uploads now.
#[derive(Debug, Clone, Default)]
pub struct Present(HashMap<String, String>);

impl Present {
    /// Reads it for the sources of some uploads.
    pub fn read(config: &Config, ledger: &Ledger, uploads: &[Upload]) -> Result<Self, LedgerError> {
        let mut found = HashMap::new();
        for upload in uploads.iter().filter(|u| counts(u)) {
            if !found.contains_key(&upload.source) {
                found.insert(upload.source.clone(), Beside::find(config, ledger, upload)?.key());
            }
        }
        Ok(Self(found))
    }

    /// Whether an upload was checked among something else than stands beside it now.
    pub fn outdates(&self, upload: &Upload) -> bool {
        let now = self.0.get(&upload.source).filter(|_| counts(upload));
        upload.result.as_deref().zip(now).is_some_and(|(result, now)| !is_among(result, now))
    }
}

/// Whether runs take an upload in; what is refused is so whatever stands beside it.
fn counts(upload: &Upload) -> bool {
    upload.verdict.is_some_and(|verdict| verdict != Verdict::Refused)
}
