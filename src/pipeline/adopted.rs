//! The adopted run (定稿) that a new run is compared with; it is an input like any other.

use super::summary::Summary;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::run::{Adopted, ENTERPRISES, Enterprises, PublishedRun, counted};
use crate::stages::publish::enterprise_column::{EnterpriseColumn, is_statistics};
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
        let published = published(config, ledger, &adoption.run)?;
        let adopted = adoption.adopted.get(..10).and_then(|d| d.parse().ok()).unwrap_or_default();
        Ok(Some(Self { run: adoption.run, adopted, published }))
    }

    /// The adopted run that counted when a run was made. What could not be compared with then is not compared with now;
    /// nothing if it is no longer what it was.
    pub fn recorded(config: &Config, ledger: &Ledger, adopted: &Adopted) -> Result<Option<Self>, Error> {
        let published = if adopted.since.is_some() { published(config, ledger, &adopted.run)? } else { None };
        let own = Self { run: adopted.run.clone(), adopted: adopted.adopted, published };
        Ok(Some(own).filter(|own| adopted.since.is_none() || own.digest() == adopted.enterprises))
    }

    /// The day of the adoption.
    pub fn adopted(&self) -> NaiveDate {
        self.adopted
    }

    /// The hash of its enterprises; empty if they are not there.
    fn digest(&self) -> &str {
        self.published.as_ref().and_then(|run| ENTERPRISES.into_iter().find_map(|file| run.sha256(file))).unwrap_or_default()
    }

    /// What decides what covers say of it.
    pub fn identity(&self) -> String {
        format!("{}\t{}\t{}", self.run, self.adopted, self.digest())
    }

    /// Compares the new run with it, as far as each edition shows figures.
    pub fn compared(&self, config: &Config, engine: &Engine) -> Result<Adopted, Error> {
        let unread = |error: crate::run::Unread| tracing::warn!(%error, "the adopted run's data cannot be read");
        let before = self.published.as_ref().and_then(|run| Enterprises::read(run).map_err(unread).ok().flatten());
        let compared = |before: Enterprises| {
            let now = engine.dataset("enterprises");
            let now = Enterprises::of(now.schema(), &now.collect()?)?;
            // Consent must have been there for what was, and be there for what is.
            let open = |column: &str, was, is| !is_closed(config, column) || before.has_consented(was) && now.has_consented(is);
            Ok::<_, Error>((counted(&before, &now, |_, _, _| true), counted(&before, &now, open)))
        };
        let (since, open) = before.map(compared).transpose()?.unzip();
        let enterprises = if since.is_some() { self.digest().to_owned() } else { String::new() };
        Ok(Adopted { run: self.run.clone(), adopted: self.adopted, enterprises, since, open })
    }
}

/// Whether a column of figures is closed without consent; what nobody declares may rest on anything.
fn is_closed(config: &Config, column: &str) -> bool {
    is_statistics(config, column) || EnterpriseColumn::of(config, column).is_none()
}

/// A run whose enterprises are there as they were written.
fn published(config: &Config, ledger: &Ledger, run: &str) -> Result<Option<PublishedRun>, Error> {
    let recorded = ledger.run(run)?.and_then(|r| serde_json::from_str::<Summary>(&r.summary).ok());
    let record = recorded.map(|s| s.record_sha256).unwrap_or_default();
    let sound = PublishedRun::open(&config.outputs.join(run), &record).and_then(|run| {
        let data = ENTERPRISES.into_iter().find(|file| run.sha256(file).is_some());
        data.map(|data| run.file(data)).transpose().map(|_| run)
    });
    Ok(sound.inspect_err(|flaw| tracing::warn!(run, %flaw, "the adopted run is not as it was written")).ok())
}
