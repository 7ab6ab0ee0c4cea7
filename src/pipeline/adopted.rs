//! The adopted run (定稿) that a new run is compared with; it is an input like any other.

use super::summary::Summary;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::stages::publish::{Adopted, ENTERPRISES, PublishedRun, compare};
use chrono::NaiveDate;

/// The adopted run that counts when a run begins.
#[derive(Debug, Clone)]
pub struct Standing {
    run: String,
    adopted: NaiveDate,
    /// Its folder, if its enterprises are there as they were written.
    published: Option<PublishedRun>,
}

impl Standing {
    /// The last adopted run.
    pub fn find(config: &Config, ledger: &Ledger) -> Result<Option<Self>, Error> {
        let Some(adoption) = ledger.adoptions()?.into_iter().next() else { return Ok(None) };
        let recorded = ledger.run(&adoption.run)?.and_then(|r| serde_json::from_str::<Summary>(&r.summary).ok());
        let record = recorded.map(|s| s.record_sha256).unwrap_or_default();
        let sound = PublishedRun::open(&config.outputs.join(&adoption.run), &record).and_then(|run| {
            let data = ENTERPRISES.into_iter().find(|file| run.sha256(file).is_some());
            data.map(|data| run.file(data)).transpose().map(|_| run)
        });
        let published =
            sound.inspect_err(|flaw| tracing::warn!(run = adoption.run, %flaw, "the adopted run is not as it was written")).ok();
        let adopted = adoption.adopted.get(..10).and_then(|d| d.parse().ok()).unwrap_or_default();
        Ok(Some(Self { run: adoption.run, adopted, published }))
    }

    /// What decides what covers say of it.
    pub fn identity(&self) -> String {
        let digest = self.published.as_ref().and_then(|run| ENTERPRISES.into_iter().find_map(|file| run.sha256(file)));
        format!("{}\t{}\t{}", self.run, self.adopted, digest.unwrap_or_default())
    }

    /// Compares the new run with it.
    pub fn compared(&self, engine: &Engine) -> Result<Adopted, Error> {
        let since = self.published.as_ref().map(|run| compare(run, engine)).transpose()?.flatten();
        Ok(Adopted { run: self.run.clone(), adopted: self.adopted, since })
    }
}
