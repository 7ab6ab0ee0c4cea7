//! What of a run's counts is held back where statistics are closed: decided once, when the run is published.
//!
//! Workbook and pages ask here alone. The rule is `model/few`'s; here stands on whom counts rest. Records are told in numbers, of
//! three enterprises at least, and so are the differences between nights. What edits find depends on figures, so that one more of
//! them would tell of whoever changed: findings and outcomes of statistics without consent are not counted.

use super::disclosure::{StatisticsFindings, sends_statistics};
use super::publication::Publication;
use crate::config::Config;
use crate::finding::Finding;
use crate::model::account::Place;
use crate::model::few::{LEAST, Resting, Told, held_back};
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
        let records = forms.map(|(id, form)| HeldRecords {
            source: id.clone(),
            dataset: form.clone(),
            places: [true; PLACES],
            all: true,
            told: Vec::new(),
        });
        let (closed_findings, closed_files) = ([u64::MAX; Severity::ALL.len()], [u64::MAX; 2]);
        Self { records: records.collect(), closed_findings, closed_files, few_records: u64::MAX }
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
    let mut forms: BTreeMap<(&str, &str), Records<'_>> = BTreeMap::new();
    let mut files: BTreeMap<usize, Resting<&str>> = (0..p.places.files.len()).filter(closed).map(|f| (f, Resting::default())).collect();
    for account in p.accounts.iter().filter(|a| closed(&a.file)) {
        let records = forms.entry((source(account.file), &account.dataset)).or_default();
        records.parts[index(account.place)].number += account.rows;
        files.entry(account.file).or_default().number += account.rows;
    }
    for (dataset, file, place, own) in p.whose.iter() {
        let records = forms.entry((source(file), dataset)).or_default();
        for (enterprise, number) in own {
            *records.of_one.entry(enterprise).or_default() += number;
            if consenting.contains(enterprise) {
                records.consented[index(place)] += number;
            } else {
                records.parts[index(place)].on.insert(enterprise);
                files.entry(file).or_default().on.insert(enterprise);
            }
        }
    }
    let few = files.iter().filter(|(_, rests)| rests.number == 0 || rests.is_few()).map(|(file, _)| *file).collect();
    let rests = RestsOn { statistics: StatisticsFindings::new(p.config, p.places), consenting, few };
    let closed_findings =
        Severity::ALL.map(|severity| p.findings.iter().filter(|f| f.severity == severity && rests.whom(f).is_some()).count() as u64);
    let most = forms.values().flat_map(|records| records.of_one.values()).copied().max().unwrap_or_default();
    let few_records = (most.max(1) * (LEAST as u64 - 1)).max(p.told.as_ref().map_or(0, |earlier| earlier.few_records));
    let mut records: Vec<HeldRecords> =
        forms.iter().map(|((source, dataset), records)| records.held((source, dataset), few_records, p.told.as_ref())).collect();
    // What was told of a form that is not there tonight is not forgotten.
    let known = |held: &HeldRecords| forms.contains_key(&(held.source.as_str(), held.dataset.as_str()));
    let gone = p.told.iter().flat_map(|earlier| &earlier.records).filter(|held| !known(held));
    records.extend(gone.map(|held| HeldRecords { places: [false; PLACES], all: false, ..held.clone() }));
    let of_statistics = || p.inputs.iter().filter(|input| sends_statistics(p.config, &input.source));
    let read = of_statistics().filter(|input| !input.unread && !input.refused).count() as u64;
    let refused = of_statistics().filter(|input| input.refused && !input.source.is_empty()).count() as u64;
    (HeldBack { records, closed_findings, closed_files: [read, refused], few_records }, rests)
}

/// The records of one form from one source of statistics.
#[derive(Default)]
struct Records<'a> {
    /// By the place where they ended.
    parts: [Resting<&'a str>; PLACES],
    /// How many in each place are of enterprises that consent.
    consented: [u64; PLACES],
    /// How many are of one enterprise.
    of_one: HashMap<&'a str, u64>,
}

impl Records<'_> {
    /// What is held back of them: what is few, and all of them where few have come or gone since any night that told of them.
    fn held(&self, (source, dataset): (&str, &str), few: u64, earlier: Option<&HeldBack>) -> HeldRecords {
        let (mut places, mut all) = held_back(&self.parts);
        let closed: [u64; PLACES] = std::array::from_fn(|i| self.parts[i].number.saturating_sub(self.consented[i]));
        let now = Told::of(&closed, (&places, all));
        let own = |held: &&HeldRecords| held.source == source && held.dataset == dataset;
        let mut told = earlier.and_then(|earlier| earlier.records.iter().find(own)).map(|held| held.told.clone()).unwrap_or_default();
        if told.iter().any(|then| now.differs_by_few(then, few)) {
            (places, all) = (self.parts.iter().map(|part| part.number > 0).collect(), true);
        } else if !told.contains(&now) {
            told.push(now);
        }
        let places = std::array::from_fn(|i| places[i]);
        HeldRecords { source: source.to_owned(), dataset: dataset.to_owned(), places, all, told }
    }
}

fn index(place: Place) -> usize {
    Place::ALL.iter().position(|p| *p == place).unwrap_or_default()
}
