//! What of a run's counts is held back where statistics are closed: decided once, when the run is published.
//!
//! Workbook and pages ask here alone. The rule is `model/few`'s; here stands on whom counts rest.

use super::disclosure::{StatisticsFindings, sends_statistics};
use super::publication::Publication;
use crate::config::Config;
use crate::finding::Finding;
use crate::model::account::Place;
use crate::model::few::{LEAST, Resting, held_back};
use crate::model::place::Address;
use crate::model::severity::Severity;
use crate::run::{HeldBack, HeldRecords};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Places where records end.
const PLACES: usize = Place::ALL.len();

impl HeldBack {
    /// All of statistics: of a run that did not say on whom its counts rest.
    pub fn unknown(config: &Config) -> Self {
        let closed = config.source.iter().filter(|(id, _)| sends_statistics(config, id));
        let forms = closed.flat_map(|(id, source)| source.forms.iter().map(move |form| (id, form)));
        let records = forms.map(|(id, form)| HeldRecords { source: id.clone(), dataset: form.clone(), places: [true; PLACES], all: true });
        Self { records: records.collect(), findings: [true; Severity::ALL.len()], few_outcomes: u64::MAX }
    }
}

/// Whom findings rest on.
pub struct RestsOn<'a> {
    statistics: StatisticsFindings<'a>,
    consenting: &'a HashSet<String>,
    /// Files of statistics of few enterprises, or of nobody knows whom.
    few: HashSet<usize>,
}

/// Stands for an enterprise that nobody knows; of two such findings it may be the same one.
const SOMEBODY: &str = "?";

impl RestsOn<'_> {
    /// The enterprise without consent whom a finding speaks of; nothing if it rests on no statistics, or on a file of many.
    pub fn whom<'f>(&self, finding: &'f Finding) -> Option<&'f str> {
        if !self.statistics.has(finding) {
            return None;
        }
        if let Some(enterprise) = &finding.enterprise {
            return Some(enterprise.as_str()).filter(|e| !self.consenting.contains(*e));
        }
        let file = finding.record.map(|record| Address::of(record).file).or(finding.file);
        // A sum row speaks of its table, as a finding without a cell does of its file.
        let of_row = (finding.record.is_some() || finding.cell.is_some()) && finding.dataset.as_ref() != "sum_rows";
        let of_one = of_row || file.is_some_and(|file| self.few.contains(&file));
        of_one.then_some(SOMEBODY)
    }

    /// Whether a finding rests on statistics at all.
    pub fn is_of_statistics(&self, finding: &Finding) -> bool {
        self.statistics.has(finding)
    }
}

/// Finds on whom the counts of a run rest, and what is held back of them.
pub fn held<'a>(p: &Publication<'a>, consenting: &'a HashSet<String>) -> (HeldBack, RestsOn<'a>) {
    let source = |file: usize| p.places.files.get(file).map_or("", |f| f.source.as_str());
    let closed = |file: &usize| sends_statistics(p.config, source(*file));
    let mut forms: BTreeMap<(&str, &str), [Resting<&str>; PLACES]> = BTreeMap::new();
    let mut files: BTreeMap<usize, Resting<&str>> = (0..p.places.files.len()).filter(closed).map(|f| (f, Resting::default())).collect();
    let mut judged: HashMap<&str, u64> = HashMap::new();
    for account in p.accounts.iter().filter(|a| closed(&a.file)) {
        let parts = forms.entry((source(account.file), &account.dataset)).or_default();
        parts[index(account.place)].number += account.rows;
        files.entry(account.file).or_default().number += account.rows;
    }
    for (dataset, file, place, own) in p.whose.iter() {
        let part = &mut forms.entry((source(file), dataset)).or_default()[index(place)];
        for (enterprise, records) in own {
            *judged.entry(enterprise).or_default() += if place == Place::Superseded { 0 } else { records };
            if !consenting.contains(enterprise) {
                part.on.insert(enterprise);
                files.entry(file).or_default().on.insert(enterprise);
            }
        }
    }
    let few = files.iter().filter(|(_, rests)| rests.number == 0 || rests.is_few()).map(|(file, _)| *file).collect();
    let rests = RestsOn { statistics: StatisticsFindings::new(p.config, p.places), consenting, few };
    let mut found = Severity::ALL.map(|_| Resting::default());
    for (finding, whom) in p.findings.iter().filter_map(|f| Some((f, rests.whom(f)?))) {
        let place = Severity::ALL.iter().position(|s| *s == finding.severity).unwrap_or_default();
        found[place].on.insert(whom);
    }
    let records = forms.into_iter().map(|((source, dataset), parts)| {
        let (places, all) = held_back(&parts);
        let places = std::array::from_fn(|i| places[i]);
        HeldRecords { source: source.to_owned(), dataset: dataset.to_owned(), places, all }
    });
    let most = judged.values().copied().max().unwrap_or_default();
    let back = HeldBack {
        records: records.filter(|held| held.all || held.places.contains(&true)).collect(),
        findings: found.map(|rests| rests.is_few()),
        few_outcomes: most.max(1) * (LEAST as u64 - 1),
    };
    (back, rests)
}

fn index(place: Place) -> usize {
    Place::ALL.iter().position(|p| *p == place).unwrap_or_default()
}
