//! Answers of plans and files made of datasets, kept between runs.
//!
//! What a plan answers follows from its text, from the reference date and from the content of the datasets that it reads.
//! Under the hash of these it is kept, and read instead of computed. So of a changed file only what depends on it is done
//! again, and of that no more than up to the plan whose answer comes out as before: whatever reads that finds its own
//! answer kept.

use super::dataset::Dataset;
use super::scan::DatasetTable;
use crate::cache::Cache;
use crate::model::date::ReferenceDates;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The file of an entry.
const FILE: &str = "kept";

/// Bytes from which on what is read takes longer to compute with than to hash.
const LEAST: u64 = 1 << 18;

/// The answers and files kept under a session.
#[derive(Clone)]
pub(super) struct KeptAnswers {
    cache: Arc<Cache>,
    dates: ReferenceDates,
}

impl KeptAnswers {
    /// What a cache keeps of sessions of these days.
    pub fn new(cache: Arc<Cache>, dates: ReferenceDates) -> Self {
        Self { cache, dates }
    }

    /// The key of a plan's answer; none for a plan that reads too little to be worth it, or something that is no dataset.
    pub fn key(&self, text: &str, plan: &LogicalPlan) -> Result<Option<String>, DataFusionError> {
        let Some(read) = read_by(plan)? else { return Ok(None) };
        if read.values().map(Dataset::bytes).sum::<u64>() < LEAST {
            return Ok(None);
        }
        let mut parts = vec![self.dates.as_of.to_string(), self.dates.pledge_end.to_string(), text.to_owned()];
        for (name, dataset) in &read {
            parts.extend([name.clone(), dataset.identity()?]);
        }
        Ok(Some(self.cache.key("plan", &parts.iter().map(String::as_str).collect::<Vec<_>>())))
    }

    /// The answer of a key, if it is kept as it was.
    pub fn answer(&self, key: &str) -> Option<Dataset> {
        let entry = self.cache.get(key)?;
        let answer = Dataset::at(&entry.verified(FILE).ok()??).ok()?;
        answer.known_as(entry.sha256(FILE)?);
        Some(answer)
    }

    /// Keeps an answer.
    pub fn keep(&self, key: &str, answer: &Dataset) -> Result<(), DataFusionError> {
        let folder = self.cache.begin()?;
        answer.put_at(&folder.path().join(FILE))?;
        // The answer of a plan has all columns of its file.
        if let Some(sha256) = self.cache.keep(key, folder)?.sha256(FILE) {
            answer.known_as(sha256);
        }
        Ok(())
    }

    /// Puts a file that follows from a dataset and a word alone in its place: a copy of that kept, else what `make` makes.
    pub fn file<E: From<io::Error>>(
        &self,
        word: &str,
        from: &Dataset,
        to: &Path,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(), E> {
        if from.bytes() < LEAST {
            return make(to);
        }
        let key = self.cache.key("file", &[word, &from.identity()?]);
        // A copy, never a link: whoever opens one run's file and saves it there changes no other's.
        if let Some(kept) = self.cache.get(&key).and_then(|entry| entry.verified(FILE).ok()?) {
            std::fs::copy(kept, to)?;
            return Ok(());
        }
        make(to)?;
        let folder = self.cache.begin()?;
        std::fs::copy(to, folder.path().join(FILE))?;
        self.cache.keep(&key, folder)?;
        Ok(())
    }
}

/// The datasets that a plan reads, each by its name; none if it reads anything else.
fn read_by(plan: &LogicalPlan) -> Result<Option<BTreeMap<String, Dataset>>, DataFusionError> {
    let (mut read, mut all) = (BTreeMap::new(), true);
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            match source_as_provider(&scan.source)?.downcast_ref::<DatasetTable>() {
                Some(table) => _ = read.insert(scan.table_name.to_string(), table.dataset.clone()),
                None => all = false,
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(all.then_some(read))
}
