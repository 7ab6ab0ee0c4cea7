//! What a run published, as counts: of datasets only the columns that say which edit, file and bureau.

use crate::config::Config;
use crate::model::account::Account;
use crate::portal::error::PortalError;
use crate::run::{HeldBack, Input, PublishedRun};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Outcomes of an edit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Outcomes {
    /// Held or broken.
    pub judged: u64,
    /// Holds 通过.
    pub held: u64,
    /// Broken 不通过.
    pub broken: u64,
    /// Unjudged 无法判断.
    pub unjudged: u64,
}

/// Findings of one code in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingPlace {
    /// The code.
    pub code: String,
    /// Its severity.
    pub severity: String,
    /// The bureau.
    pub bureau: String,
    /// The file.
    pub file: String,
}

/// Findings counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub all: u64,
    /// Those that rest on statistics of nobody without consent; nothing of a run that did not note it.
    pub open: Option<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { all: 0, open: Some(0) }
    }
}

impl Tally {
    /// Takes in another count.
    pub fn absorb(&mut self, other: Self) {
        self.all += other.all;
        self.open = self.open.zip(other.open).map(|(sum, more)| sum + more);
    }

    /// As many as may be told; `closed` says whether the closed edition may be seen.
    pub fn told(self, closed: bool) -> Option<u64> {
        if closed { Some(self.all) } else { self.open }
    }
}

/// What a run published.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The settings under which it was made, as far as it kept them.
    pub settings: Option<Arc<Config>>,
    /// Its inputs.
    pub inputs: Vec<Input>,
    /// What came in and what became of it.
    pub accounts: Vec<Account>,
    /// What is held back of counts where statistics are closed; nothing of runs of builds that did not note it.
    pub held_back: Option<HeldBack>,
    /// Findings; nothing if the configuration does not ask for that dataset.
    pub findings: Option<BTreeMap<FindingPlace, Tally>>,
    /// Outcomes by code; nothing if the configuration does not ask for that dataset.
    pub edits: Option<BTreeMap<String, Outcomes>>,
    /// Records that could not be judged because of another finding, by code and file.
    pub unjudged: Option<BTreeMap<(String, String), u64>>,
}

impl Published {
    /// Reads what a run published.
    pub fn read(run: &PublishedRun, today: &Config) -> Result<Self, PortalError> {
        let (record, settings) = (run.record(), run.known_settings(today)?.map(Arc::new));
        let (inputs, accounts, held_back) = (record.inputs.clone(), record.accounts.clone(), record.held_back.clone());
        let findings = rows(run, "findings", &["code", "severity", "bureau", "file", "rests_on"])?
            .map(|rows| tallied(rows.into_iter().filter_map(|row| row.try_into().ok()), held_back.is_some()));
        let edits = rows(run, "edits", &["code", "judged", "held", "broken", "unjudged"])?.map(|rows| {
            let number = |text: &String| text.parse().unwrap_or(0);
            let outcomes =
                |r: &[String]| Outcomes { judged: number(&r[1]), held: number(&r[2]), broken: number(&r[3]), unjudged: number(&r[4]) };
            rows.iter().map(|row| (row[0].clone(), outcomes(row))).collect()
        });
        let unjudged = rows(run, "unjudged", &["code", "file"])?
            .map(|rows| counted(rows.into_iter().filter_map(|row| <[String; 2]>::try_from(row).ok()).map(|[code, file]| (code, file))));
        Ok(Self { settings, inputs, accounts, held_back, findings, edits, unjudged })
    }

    /// The settings to show it under: its own, or today's where it kept none.
    pub fn under<'a>(&'a self, today: &'a Config) -> &'a Config {
        self.settings.as_deref().unwrap_or(today)
    }

    /// What is held back of its counts: nothing where the closed edition may be seen.
    pub fn held_back(&self, config: &Config, closed: bool) -> HeldBack {
        if closed { HeldBack::default() } else { self.held_back.clone().unwrap_or_else(|| HeldBack::unknown(config)) }
    }

    /// The datasets that a file holds.
    pub fn datasets_of(&self, file: usize) -> Vec<&str> {
        let mut datasets: Vec<&str> = self.accounts.iter().filter(|a| a.file == file).map(|a| a.dataset.as_str()).collect();
        datasets.dedup();
        datasets
    }

    /// The ordinal of a file.
    pub fn ordinal(&self, path: &str) -> Option<usize> {
        self.inputs.iter().position(|i| i.path == path)
    }
}

/// Findings by code, severity, bureau and file. Of a run that did not note whom a finding rests on, nobody knows which are open.
fn tallied(rows: impl Iterator<Item = [String; 5]>, noted: bool) -> BTreeMap<FindingPlace, Tally> {
    let mut tallies: BTreeMap<FindingPlace, Tally> = BTreeMap::new();
    for [code, severity, bureau, file, rests_on] in rows {
        let open = noted.then_some(u64::from(rests_on.is_empty()));
        tallies.entry(FindingPlace { code, severity, bureau, file }).or_default().absorb(Tally { all: 1, open });
    }
    tallies
}

fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Some columns of a dataset; nothing if it was not published.
fn rows(run: &PublishedRun, name: &str, columns: &[&str]) -> Result<Option<Vec<Vec<String>>>, PortalError> {
    let Some(found) = run.rows(name)? else { return Ok(None) };
    let mut rows = Vec::new();
    found.each(columns, |row| rows.push(row))?;
    Ok(Some(rows))
}

/// Runs that were read; they never change.
#[derive(Default)]
pub struct Shelf(Mutex<VecDeque<(String, Arc<Published>)>>);

/// Runs kept: those of a trend and a few more.
const KEPT: usize = 32;

impl Shelf {
    /// What a run published; nothing if its folder is gone. The id is one of the ledger's, which keeps the record's hash.
    pub fn open(&self, today: &Config, id: &str, record_sha256: &str) -> Result<Option<Arc<Published>>, PortalError> {
        let held = |shelf: &Self| {
            let kept = shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().find(|(kept, _)| kept == id).map(|(_, published)| published.clone())
        };
        let folder = today.outputs.join(id);
        if let Some(published) = held(self).filter(|_| folder.exists()) {
            return Ok(Some(published));
        }
        if !folder.exists() {
            return Ok(None);
        }
        let published = Arc::new(Published::read(&PublishedRun::open(&folder, record_sha256)?, today)?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| other != id);
        kept.push_back((id.to_owned(), published.clone()));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(Some(published))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_as_counts_and_a_dataset_may_be_absent() -> Result<(), Box<dyn std::error::Error>> {
        let outputs = tempfile::tempdir()?;
        let data = outputs.path().join("r1/data");
        std::fs::create_dir_all(&data)?;
        let findings = "\u{feff}code,severity,bureau,file,found\r\nA-1,error,甲局,a.xlsx,秘密\r\nA-1,error,甲局,a.xlsx,\"两\r\n行\"\r\nB-2,note,甲局,a.xlsx,\r\n";
        let listed = format!(
            r#""files": [{{"path": "data/findings.csv", "bytes": {}, "sha256": "{}"}}], "#,
            findings.len(),
            crate::content::hash_text(findings)
        );
        let run = r#"{"format": 1, "inputs": [{"path": "a.xlsx", "source": "s", "bureau": "甲局", "rows": 3, "refused": false, "sha256": "x"}],
            "accounts": [{"dataset": "returns", "file": 0, "place": "pooled", "reason": "", "rows": 3, "amount": "70000"}]}"#;
        std::fs::write(outputs.path().join("r1/run.json"), run.replacen('{', &format!("{{{listed}"), 1))?;
        std::fs::write(data.join("findings.csv"), findings.replace("A-1", "A-2"))?;
        let shelf = Shelf::default();
        let mut today = crate::config::load_defaults(outputs.path()).map_err(|p| format!("{p:?}"))?;
        today.outputs = outputs.path().to_owned();
        let open = |shelf: &Shelf| shelf.open(&today, "r1", "").map_err(|e| format!("{e:?}"));
        assert!(open(&shelf).is_err(), "what is not as it was written is not counted");
        std::fs::write(data.join("findings.csv"), findings)?;
        let published = open(&shelf)?.ok_or("the run is there")?;
        let findings = published.findings.as_ref().ok_or("findings are there")?;
        assert_eq!(findings.iter().map(|(p, n)| (p.code.as_str(), n.all)).collect::<Vec<_>>(), [("A-1", 2), ("B-2", 1)]);
        assert!(!format!("{published:?}").contains("秘密"), "what a cell holds is not read");
        assert_eq!(published.edits, None);
        assert_eq!(published.datasets_of(0), ["returns"]);
        std::fs::remove_dir_all(outputs.path().join("r1"))?;
        assert!(open(&shelf)?.is_none(), "a run that is gone is gone");
        Ok(())
    }
}
