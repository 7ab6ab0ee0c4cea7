//! A run's quality per bureau, form and edit, and what became of every record.

use super::published::{Outcomes, Tally};
use super::{FoundBySeverity, Published};
use crate::config::Config;
use crate::finding::{Catalogue, find_word};
use crate::model::account::Place;
use crate::model::severity::Severity;
use crate::model::words::Lang;
use crate::run::HeldBack;
use crate::stages::publish::disclosure::{edit_judges_statistics, sends_statistics};
use indexmap::IndexMap;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The quality of what a bureau sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BureauQuality {
    /// Its name; empty for files of no bureau.
    pub bureau: String,
    /// Files; nothing of a bureau that sends statistics, where they are closed: it may send one an enterprise. All of them are
    /// then those of the others.
    pub files: Option<u64>,
    /// Of these, such as could not be read.
    pub refused: Option<u64>,
    /// Records; nothing where so few enterprises would be told of.
    pub records: Option<u64>,
    /// Findings.
    pub found: FoundBySeverity,
}

/// The quality of a form's records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FormQuality {
    /// Its id; empty for findings about files and sheets that hold several forms or none.
    pub dataset: String,
    /// Its name.
    pub name: String,
    /// Records; nothing where so few enterprises would be told of.
    pub records: Option<u64>,
    /// Findings.
    pub found: FoundBySeverity,
}

/// An edit, or a check of files and tables, with its outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EditLine {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `error`, `explain` or `note`.
    pub severity: String,
    /// Its outcomes; checks of files and tables have none.
    pub outcomes: Option<Outcomes>,
    /// Findings; a record may be one or several, sheets side by side share one. Nothing of a run that did not note which may
    /// be told.
    pub findings: Option<u64>,
    /// Whether outcomes are held back.
    pub held_back: bool,
}

/// Records of one bureau and form, and where they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OriginOfRecords {
    /// The bureau.
    pub bureau: String,
    /// The form's name.
    pub form: String,
    /// Records that came in; nothing where so few enterprises would be told of.
    pub came: Option<u64>,
    /// Records in each place, in the order of [`Place::ALL`]; nothing where so few would be, or where a difference would tell.
    pub places: [Option<u64>; Place::ALL.len()],
    /// Their money; nothing for forms without any, and for whoever may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// Sums of money, 万元 with two decimals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Money {
    /// What it is: 营业收入, 融资需求.
    pub of: String,
    /// What came in.
    pub came: String,
    /// What ended in each place, in the order of [`Place::ALL`].
    pub places: [String; Place::ALL.len()],
}

/// A run's quality.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Overview)]
pub struct QualityOverview {
    /// Per bureau, in the order of the configuration.
    pub bureaus: Vec<BureauQuality>,
    /// All bureaus together, without a name.
    pub all: BureauQuality,
    /// Per form, in the order of the configuration.
    pub forms: Vec<FormQuality>,
    /// Per edit, most findings first, then those that found nothing.
    pub edits: Vec<EditLine>,
    /// Where records ended.
    pub origins: Vec<OriginOfRecords>,
    /// Whether findings were published, so that they can be told by bureau, form and edit.
    pub told: bool,
}

impl QualityOverview {
    /// Whether there is any money to be shown.
    pub fn has_money(&self) -> bool {
        self.origins.iter().any(|o| o.money.is_some())
    }
}

/// A run's quality. Money, records that rest on fewer than three enterprises without consent, and what edits found of any of
/// them only for whoever may see the closed edition.
pub fn overview(config: &Config, run: &Published, closed: bool) -> QualityOverview {
    let held = run.held_back(config, closed);
    let (bureaus, all) = bureaus(config, run, &held, closed);
    QualityOverview {
        bureaus,
        all,
        forms: forms(config, run, &held, closed),
        edits: edits(&Catalogue::of(config), config, run, closed),
        origins: origins(config, run, &held, closed),
        told: run.findings.is_some(),
    }
}

/// Findings by severity, in the order of [`Severity::ALL`].
type Tallies = [Tally; 3];

fn add(tallies: &mut Tallies, severity: &str, more: &Tally) {
    let place = Severity::ALL.iter().position(|s| s.id() == severity).unwrap_or(Severity::ALL.len() - 1);
    tallies[place].absorb(*more);
}

/// As many of them as may be told.
fn told(tallies: &Tallies, closed: bool) -> FoundBySeverity {
    FoundBySeverity::of(tallies.map(|tally| tally.told(closed)))
}

/// A form's name.
pub fn form_name(config: &Config, dataset: &str) -> String {
    let known = config.form.get(dataset).map(|f| f.title.as_str());
    known.or_else(|| find_word(Lang::Zh, &format!("dataset.{dataset}"))).unwrap_or(dataset).to_owned()
}

fn bureaus(config: &Config, run: &Published, held: &HeldBack, closed: bool) -> (Vec<BureauQuality>, BureauQuality) {
    let mut bureaus: IndexMap<&str, ([u64; 3], Tallies)> =
        config.source.values().filter(|s| !s.disabled).map(|s| (s.bureau.as_str(), Default::default())).collect();
    for input in &run.inputs {
        let ([files, refused, records], _) = bureaus.entry(&input.bureau).or_default();
        *files += 1;
        // A file of no source was never opened.
        *refused += u64::from(input.refused && !input.source.is_empty());
        *records += input.rows;
    }
    for (place, number) in run.findings.iter().flatten() {
        add(&mut bureaus.entry(&place.bureau).or_default().1, &place.severity, number);
    }
    let sends = |name: &str| !closed && run.inputs.iter().any(|input| input.bureau == name && sends_statistics(config, &input.source));
    let mut sum = Tallies::default();
    bureaus.values().for_each(|(.., own)| sum.iter_mut().zip(own).for_each(|(sum, own)| sum.absorb(*own)));
    let bureaus: Vec<BureauQuality> = bureaus
        .into_iter()
        .map(|(name, (numbers, tallies))| {
            let [files, refused] = [numbers[0], numbers[1]].map(|number| Some(number).filter(|_| !sends(name)));
            let records = Some(numbers[2]).filter(|_| !held.of(|source, _| bureau_of(config, source) == name).1);
            BureauQuality { bureau: name.to_owned(), files, refused, records, found: told(&tallies, closed) }
        })
        .collect();
    let records = bureaus.iter().map(|bureau| bureau.records).sum();
    let [files, refused] = [|b: &BureauQuality| b.files, |b: &BureauQuality| b.refused].map(|of| Some(bureaus.iter().filter_map(of).sum()));
    let all = BureauQuality { bureau: String::new(), files, refused, records, found: told(&sum, closed) };
    (bureaus, all)
}

fn bureau_of<'a>(config: &'a Config, source: &str) -> &'a str {
    config.source.get(source).map_or("", |s| s.bureau.as_str())
}

fn forms(config: &Config, run: &Published, held: &HeldBack, closed: bool) -> Vec<FormQuality> {
    let mut forms: IndexMap<&str, (u64, Tallies)> = config.form.keys().map(|id| (id.as_str(), Default::default())).collect();
    for account in &run.accounts {
        forms.entry(&account.dataset).or_default().0 += account.rows;
    }
    for (place, number) in run.findings.iter().flatten() {
        add(&mut forms.entry(form_of(config, run, &place.code, &place.file)).or_default().1, &place.severity, number);
    }
    let forms = forms.into_iter().map(|(id, (records, tallies))| (id, records, told(&tallies, closed)));
    forms
        .filter(|(_, records, found)| *records > 0 || found.any())
        .map(|(id, records, found)| {
            let records = Some(records).filter(|_| !held.of(|_, dataset| dataset == id).1);
            FormQuality { dataset: id.to_owned(), name: form_name(config, id), records, found }
        })
        .collect()
}

/// The form that a finding is about: the one that its edit judges, or the only one in its file; empty if neither tells.
fn form_of<'a>(config: &'a Config, run: &'a Published, code: &str, file: &str) -> &'a str {
    let judged: Vec<&str> = config.edit.get(code).map(|e| e.dataset.iter().map(String::as_str).collect()).unwrap_or_default();
    if let [only] = judged[..]
        && only != "sum_rows"
    {
        return only;
    }
    let held = run.ordinal(file).map(|f| run.datasets_of(f)).unwrap_or_default();
    let both: Vec<&str> = held.iter().copied().filter(|d| judged.is_empty() || judged == ["sum_rows"] || judged.contains(d)).collect();
    if let [only] = both[..] { only } else { "" }
}

/// The edits with what they found; where statistics are closed, without outcomes of those that judge or read them, and without
/// findings that rest on anybody without consent.
pub fn edits(catalogue: &Catalogue, config: &Config, run: &Published, closed: bool) -> Vec<EditLine> {
    let mut found: BTreeMap<&str, (&str, Tally)> = BTreeMap::new();
    for (place, number) in run.findings.iter().flatten().filter(|(_, number)| number.told(closed) != Some(0)) {
        let (severity, tally) = found.entry(&place.code).or_default();
        tally.absorb(*number);
        *severity = &place.severity;
    }
    let codes: BTreeSet<&str> = found.keys().copied().chain(run.edits.iter().flatten().map(|(code, _)| code.as_str())).collect();
    let line = |code: &str| {
        let (severity, tally) = found.get(code).copied().unwrap_or_default();
        let entry = catalogue.get(code);
        let severity = if severity.is_empty() { entry.map_or("note", |e| e.severity.id()) } else { severity };
        let name = entry.map_or_else(String::new, |e| e.name.get(Lang::Zh).to_owned());
        let outcomes = run.edits.as_ref().and_then(|edits| edits.get(code)).copied();
        let held_back = !closed && outcomes.is_some() && edit_judges_statistics(config, code);
        EditLine {
            code: code.to_owned(),
            name,
            severity: severity.to_owned(),
            outcomes: outcomes.filter(|_| !held_back),
            findings: tally.told(closed),
            held_back,
        }
    };
    let mut lines: Vec<EditLine> = codes.into_iter().map(line).collect();
    let order = |line: &EditLine| config.edit.get_index_of(&line.code).unwrap_or(usize::MAX);
    lines.sort_by_key(|l| (std::cmp::Reverse(l.findings), order(l)));
    lines
}

fn origins(config: &Config, run: &Published, held: &HeldBack, closed: bool) -> Vec<OriginOfRecords> {
    let mut sums: IndexMap<(&str, &str), [(u64, i128); Place::ALL.len()]> = IndexMap::new();
    for account in &run.accounts {
        let bureau = run.inputs.get(account.file).map_or("", |i| i.bureau.as_str());
        let place = Place::ALL.iter().position(|p| *p == account.place).unwrap_or_default();
        let sum = &mut sums.entry((bureau, &account.dataset)).or_default()[place];
        sum.0 += account.rows;
        sum.1 += account.amount;
    }
    let order = |bureau: &str, dataset: &str| {
        (
            config.form.get_index_of(dataset).unwrap_or(usize::MAX),
            config.source.values().position(|s| s.bureau == bureau).unwrap_or(usize::MAX),
        )
    };
    sums.sort_by(|a, _, b, _| order(a.0, a.1).cmp(&order(b.0, b.1)));
    let origin = |((bureau, dataset), sums): ((&str, &str), [(u64, i128); Place::ALL.len()])| {
        let (places, all) = held.of(|source, form| form == dataset && bureau_of(config, source) == bureau);
        OriginOfRecords {
            bureau: bureau.to_owned(),
            form: form_name(config, dataset),
            came: Some(sums.iter().map(|s| s.0).sum()).filter(|_| !all),
            places: std::array::from_fn(|i| Some(sums[i].0).filter(|n| *n == 0 || !places[i])),
            money: money(config, dataset, &sums.map(|s| s.1)).filter(|_| closed),
        }
    };
    sums.into_iter().map(origin).collect()
}

fn money(config: &Config, dataset: &str, amounts: &[i128; Place::ALL.len()]) -> Option<Money> {
    let of = config.form.get(dataset)?.accounted()?;
    if amounts.iter().all(|a| *a == 0) {
        return None;
    }
    Some(Money { of: of.to_owned(), came: ten_thousands(amounts.iter().sum()), places: amounts.map(ten_thousands) })
}

/// Yuan at scale 4 as 万元 with two decimals: `1,234.50`.
fn ten_thousands(amount: i128) -> String {
    let Ok(exact) = Decimal::try_from_i128_with_scale(amount, 8) else { return "—".to_owned() };
    let mut rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    let text = rounded.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, "00"));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), crate::portal::text::grouped);
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    format!("{sign}{whole}.{part}")
}

#[cfg(test)]
mod tests {
    use super::super::published::FindingPlace;
    use super::*;
    use crate::model::account::Account;
    use crate::run::Input;

    fn tally(all: u64, open: u64) -> Tally {
        Tally { all, open: Some(open) }
    }

    fn run() -> Published {
        let input = |path: &str, bureau: &str, rows| Input {
            path: path.into(),
            bureau: bureau.into(),
            rows,
            refused: bureau.is_empty(),
            ..Input::default()
        };
        let account = |dataset: &str, file, place, rows, amount| Account {
            dataset: dataset.into(),
            file,
            place,
            reason: String::new(),
            rows,
            amount,
        };
        let at = |code: &str, severity: &str, bureau: &str, file: &str| FindingPlace {
            code: code.into(),
            severity: severity.into(),
            bureau: bureau.into(),
            file: file.into(),
        };
        Published {
            settings: None,
            inputs: vec![input("a", "工信局", 10), input("b", "统计局", 20), input("odd", "", 0)],
            accounts: vec![
                account("directory", 0, Place::Pooled, 10, 0),
                account("returns", 1, Place::Pooled, 15, 123_456_789_000),
                account("returns", 1, Place::NotLinked, 5, -50_000_000),
            ],
            held_back: Some(HeldBack::default()),
            findings: Some(BTreeMap::from([
                (at("F1", "error", "统计局", "b"), tally(3, 2)),
                (at("TBL-206", "explain", "工信局", "a"), tally(1, 1)),
                (at("FIL-001", "note", "", "odd"), tally(2, 2)),
            ])),
            edits: Some(BTreeMap::from([("F1".to_owned(), Outcomes { judged: 18, held: 15, broken: 3, unjudged: 2 })])),
            unjudged: None,
        }
    }

    #[test]
    fn findings_are_told_by_bureau_form_and_edit() {
        let config = crate::config::load("[run]\nas_of = \"2026-06-30\"\n", std::path::Path::new("/nowhere")).expect("the defaults load");
        let seen = overview(&config, &run(), true);
        let bureau = |name: &str| seen.bureaus.iter().find(|b| b.bureau == name).expect("a bureau");
        assert_eq!((bureau("统计局").records, bureau("统计局").found.error), (Some(20), Some(3)));
        assert_eq!((bureau("工信局").found.explain, bureau("").found.note), (Some(1), Some(2)));
        assert_eq!((bureau("").files, bureau("").refused), (Some(1), Some(0)), "what belongs to nobody was not opened");
        let form = |id: &str| seen.forms.iter().find(|f| f.dataset == id).expect("a form").found.numbers().iter().flatten().sum::<u64>();
        assert_eq!((form("returns"), form("directory"), form("")), (3, 1, 2), "a file of one form tells its form");
        assert_eq!(seen.edits[0].code, "F1");
        assert_eq!(seen.edits[0].outcomes.map(|o| o.judged), Some(18));
        assert_eq!(seen.origins.iter().filter_map(|o| o.came).sum::<u64>(), 30);
    }

    #[test]
    fn what_rests_on_anybody_without_consent_is_found_by_nobody_else() {
        let config = crate::config::load("[run]\nas_of = \"2026-06-30\"\n", std::path::Path::new("/nowhere")).expect("the defaults load");
        let seen = overview(&config, &run(), false);
        assert_eq!((seen.all.found.error, seen.all.found.explain), (Some(2), Some(1)), "one of three is of somebody without consent");
        let edit = seen.edits.iter().find(|edit| edit.code == "F1").expect("an edit");
        assert_eq!((edit.findings, edit.outcomes, edit.held_back), (Some(2), None, true));
        let mut run = run();
        run.findings.iter_mut().flat_map(|findings| findings.values_mut()).for_each(|tally| tally.open = Some(0));
        let seen = overview(&config, &run, false);
        assert!(seen.edits.iter().all(|edit| edit.code == "F1"), "a check that has no outcomes is not told to have found anything");
    }

    #[test]
    fn money_is_for_the_closed_edition_alone() {
        let config = crate::config::load("[run]\nas_of = \"2026-06-30\"\n", std::path::Path::new("/nowhere")).expect("the defaults load");
        let open = serde_json::to_string(&overview(&config, &run(), false)).expect("JSON");
        assert!(!open.contains("money"), "{open}");
        let closed = overview(&config, &run(), true);
        let money: Vec<&Money> = closed.origins.iter().filter_map(|o| o.money.as_ref()).collect();
        assert_eq!(money.len(), 1, "a directory without needs has none");
        assert_eq!((money[0].came.as_str(), money[0].places[0].as_str(), money[0].places[2].as_str()), ("1,234.07", "1,234.57", "-0.50"));
    }
}
