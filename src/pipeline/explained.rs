//! What bureaus explained of findings (情况说明), as an input of runs: that it was explained, and by which explanation.
//!
//! The explanation's text never enters a run: it may hold whatever a clerk wrote. Its number leads to it in the ledger.

use super::datasets::Loaded;
use super::gather::InputFile;
use super::keys::{keys, periods};
use crate::config::Config;
use crate::engine::EngineError;
use crate::finding::Finding;
use crate::ledger::{Ledger, LedgerError};
use crate::model::finding_key::FindingKey;
use crate::model::place::Address;
use crate::model::severity::Severity;
use crate::run::{Explained as Recorded, RunRecord};
use datafusion::arrow::array::{AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use std::collections::{BTreeMap, HashMap, HashSet};

/// By file and finding, the number of the explanation that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained(BTreeMap<(usize, FindingKey), i64>);

impl Explained {
    /// What is explained of the uploads among a run's inputs; the last word on a finding counts.
    pub fn of(ledger: &Ledger, inputs: &[InputFile]) -> Result<Self, LedgerError> {
        let mut explained = BTreeMap::new();
        for (ordinal, upload) in inputs.iter().enumerate().filter_map(|(ordinal, i)| Some((ordinal, i.file.upload.as_ref()?))) {
            for (finding, number) in ledger.explained(upload.number)? {
                explained.extend(FindingKey::of(&finding).map(|key| ((ordinal, key), number)));
            }
        }
        Ok(Self(explained))
    }

    /// The same as a run's record keeps it.
    pub fn recorded(record: &RunRecord) -> Self {
        let kept = |e: &Recorded| Some(((e.input, FindingKey::of(&e.finding)?), e.number));
        Self(record.explained.iter().filter_map(kept).collect())
    }

    /// As a run's record keeps it.
    pub fn record(&self) -> Vec<Recorded> {
        let kept =
            |((input, key), number): (&(usize, FindingKey), &i64)| Recorded { input: *input, finding: key.to_string(), number: *number };
        self.0.iter().map(kept).collect()
    }

    /// All of it as one text: equal texts decide alike.
    pub fn identity(&self) -> String {
        self.0.iter().map(|((input, key), number)| format!("explained\t{input}\t{key}\t{number}\n")).collect()
    }

    /// Notes with each finding that asks by which explanation it is answered, if it is.
    pub fn answer(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|f| f.severity == Severity::Explain) {
            let file = finding.record.map(|record| Address::of(record).file).or(finding.file);
            finding.explained = file.and_then(|file| self.0.get(&(file, finding.key)).copied());
        }
    }
}

/// Gives each finding the key that tells it from others whichever file it stands in.
///
/// # Errors
/// A dataset cannot be read.
pub fn assign_keys(config: &Config, loaded: &Loaded, findings: &mut [Finding]) -> Result<(), EngineError> {
    let mut records: HashMap<i64, (String, Option<i32>)> = HashMap::new();
    for (form, dataset) in &loaded.forms {
        let wanted: HashSet<i64> = findings.iter().filter(|f| f.dataset.as_ref() == form).filter_map(|f| f.record).collect();
        for batch in dataset.batches().filter(|_| !wanted.is_empty()) {
            let Some(batch) = only(&batch?, &wanted) else { continue };
            let numbers = batch.column(0).as_primitive::<Int64Type>().values();
            let of_rows = periods(&batch);
            let distinct: HashSet<Option<i32>> = of_rows.iter().copied().collect();
            for period in distinct {
                let rows = numbers.iter().zip(&of_rows).filter(|(_, of_row)| **of_row == period);
                let keyed = keys(config.form.get(form), &batch, period, &[]);
                records.extend(rows.zip(keyed).map(|((record, _), key)| (*record, (key.text(), period))));
            }
        }
    }
    for finding in findings {
        let table = finding.record.and_then(|record| loaded.places.table(record));
        let (record, period) = finding.record.and_then(|record| records.get(&record).cloned()).unwrap_or_default();
        let period = period.or_else(|| table.and_then(|t| t.period)).map(|p| p.to_string()).unwrap_or_default();
        // What stands in no record is told by what is said of it.
        let said: Vec<&str> = match record.is_empty() {
            true => finding.args.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect(),
            false => Vec::new(),
        };
        let form = table.map_or("", |t| t.form.as_str());
        let told = [finding.code.as_ref(), &finding.dataset, form, &record, &period, &finding.found];
        finding.key = FindingKey::of_parts(told.into_iter().chain(finding.fields.iter().map(String::as_str)).chain(said));
    }
    Ok(())
}

/// The records of a batch that are wanted; nothing if none is.
fn only(batch: &RecordBatch, wanted: &HashSet<i64>) -> Option<RecordBatch> {
    let records = batch.column(0).as_primitive::<Int64Type>().values();
    let mask: BooleanArray = records.iter().map(|record| Some(wanted.contains(record))).collect();
    // As many flags as there are rows.
    filter_record_batch(batch, &mask).ok().filter(|batch| batch.num_rows() > 0)
}
