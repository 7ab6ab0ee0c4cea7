//! A run's quality per bureau, form and edit, and what became of every record.

use super::published::Outcomes;
use super::{Found, Published};
use crate::config::Config;
use crate::finding::{Catalogue, Lang, find_word, word};
use crate::model::account::Place;
use indexmap::IndexMap;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use std::collections::BTreeMap;

/// The quality of what a bureau sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BureauQuality {
    /// Its name; empty for files of no bureau.
    pub bureau: String,
    /// Files.
    pub files: u64,
    /// Of these, such as could not be read.
    pub refused: u64,
    /// Records.
    pub records: u64,
    /// Findings.
    pub found: Found,
}

/// The quality of a form's records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FormQuality {
    /// Its id; empty for findings about files and sheets that hold several forms or none.
    pub dataset: String,
    /// Its name.
    pub name: String,
    /// Records.
    pub records: u64,
    /// Findings.
    pub found: Found,
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
    /// Findings; a record may be one or several, sheets side by side share one.
    pub findings: u64,
}

/// Records of one bureau and form, and where they ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OriginOfRecords)]
pub struct Origin {
    /// The bureau.
    pub bureau: String,
    /// The form's name.
    pub form: String,
    /// Records in each place, in the order of [`Place::ALL`].
    pub places: [u64; Place::ALL.len()],
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
pub struct Overview {
    /// Per bureau, in the order of the configuration.
    pub bureaus: Vec<BureauQuality>,
    /// Per form, in the order of the configuration.
    pub forms: Vec<FormQuality>,
    /// Per edit, most findings first, then those that found nothing.
    pub edits: Vec<EditLine>,
    /// Where records ended.
    pub origins: Vec<Origin>,
    /// Whether findings were published, so that they can be told by bureau, form and edit.
    pub told: bool,
}

impl Overview {
    /// All bureaus together.
    pub fn sums(&self) -> BureauQuality {
        let mut all = BureauQuality::default();
        for bureau in &self.bureaus {
            all.files += bureau.files;
            all.refused += bureau.refused;
            all.records += bureau.records;
            all.found.error += bureau.found.error;
            all.found.explain += bureau.found.explain;
            all.found.note += bureau.found.note;
        }
        all
    }

    /// Whether there is any money to be shown.
    pub fn has_money(&self) -> bool {
        self.origins.iter().any(|o| o.money.is_some())
    }
}

impl Origin {
    /// Records that came in.
    pub fn came(&self) -> u64 {
        self.places.iter().sum()
    }
}

/// A run's quality; money only for whoever may see the closed edition.
pub fn overview(config: &Config, run: &Published, closed: bool) -> Overview {
    Overview {
        bureaus: bureaus(config, run),
        forms: forms(config, run),
        edits: edits(&Catalogue::of(config), config, run),
        origins: origins(config, run, closed),
        told: run.findings.is_some(),
    }
}

/// A form's name.
pub fn form_name(config: &Config, dataset: &str) -> String {
    let known = config.form.get(dataset).map(|f| f.title.as_str());
    known.or_else(|| find_word(Lang::Zh, &format!("dataset.{dataset}"))).unwrap_or(dataset).to_owned()
}

fn bureaus(config: &Config, run: &Published) -> Vec<BureauQuality> {
    let mut bureaus: IndexMap<&str, BureauQuality> =
        config.source.values().filter(|s| !s.disabled).map(|s| (s.bureau.as_str(), BureauQuality::default())).collect();
    for input in &run.inputs {
        let bureau = bureaus.entry(&input.bureau).or_default();
        bureau.files += 1;
        // A file of no source was never opened.
        bureau.refused += u64::from(input.refused && !input.source.is_empty());
        bureau.records += input.rows;
    }
    for (place, number) in run.findings.iter().flatten() {
        bureaus.entry(&place.bureau).or_default().found.add(&place.severity, *number);
    }
    bureaus.into_iter().map(|(name, quality)| BureauQuality { bureau: name.to_owned(), ..quality }).collect()
}

fn forms(config: &Config, run: &Published) -> Vec<FormQuality> {
    let mut forms: IndexMap<&str, FormQuality> = config.form.keys().map(|id| (id.as_str(), FormQuality::default())).collect();
    for account in &run.accounts {
        forms.entry(&account.dataset).or_default().records += account.rows;
    }
    for (place, number) in run.findings.iter().flatten() {
        forms.entry(form_of(config, run, &place.code, &place.file)).or_default().found.add(&place.severity, *number);
    }
    let filled = forms.into_iter().filter(|(_, f)| f.records > 0 || f.found.total() > 0);
    filled.map(|(id, form)| FormQuality { dataset: id.to_owned(), name: form_name(config, id), ..form }).collect()
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

fn edits(catalogue: &Catalogue, config: &Config, run: &Published) -> Vec<EditLine> {
    let mut lines: BTreeMap<&str, EditLine> = BTreeMap::new();
    for (place, number) in run.findings.iter().flatten() {
        let line = lines.entry(&place.code).or_default();
        line.findings += number;
        line.severity.clone_from(&place.severity);
    }
    for (code, outcomes) in run.edits.iter().flatten() {
        lines.entry(code).or_default().outcomes = Some(*outcomes);
    }
    let mut lines: Vec<EditLine> = lines
        .into_iter()
        .map(|(code, line)| {
            let entry = catalogue.get(code);
            let severity =
                if line.severity.is_empty() { entry.map_or("note", |e| e.severity.id()).to_owned() } else { line.severity.clone() };
            let name = entry.map_or_else(String::new, |e| e.name.get(Lang::Zh).to_owned());
            EditLine { code: code.to_owned(), name, severity, ..line }
        })
        .collect();
    let order = |line: &EditLine| config.edit.get_index_of(&line.code).unwrap_or(usize::MAX);
    lines.sort_by_key(|l| (std::cmp::Reverse(l.findings), order(l)));
    lines
}

fn origins(config: &Config, run: &Published, closed: bool) -> Vec<Origin> {
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
    let origin = |((bureau, dataset), sums): ((&str, &str), [(u64, i128); Place::ALL.len()])| Origin {
        bureau: bureau.to_owned(),
        form: form_name(config, dataset),
        places: sums.map(|s| s.0),
        money: money(dataset, &sums.map(|s| s.1)).filter(|_| closed),
    };
    sums.into_iter().map(origin).collect()
}

fn money(dataset: &str, amounts: &[i128; Place::ALL.len()]) -> Option<Money> {
    let of = match dataset {
        "returns" => "column.revenue",
        "needs" | "directory" => "column.need",
        _ => return None,
    };
    if amounts.iter().all(|a| *a == 0) {
        return None;
    }
    Some(Money { of: word(Lang::Zh, of).to_owned(), came: ten_thousands(amounts.iter().sum()), places: amounts.map(ten_thousands) })
}

/// Yuan at scale 4 as 万元 with two decimals: `1,234.50`.
fn ten_thousands(amount: i128) -> String {
    let Ok(exact) = Decimal::try_from_i128_with_scale(amount, 8) else { return "—".to_owned() };
    let mut rounded = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    let text = rounded.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, "00"));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), crate::server::frame::grouped);
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    format!("{sign}{whole}.{part}")
}

#[cfg(test)]
mod tests {
    use super::super::published::{InputFile, Place as At};
    use super::*;
    use crate::model::account::Account;

    fn run() -> Published {
        let input = |path: &str, bureau: &str, rows| InputFile {
            path: path.into(),
            bureau: bureau.into(),
            rows,
            refused: bureau.is_empty(),
            ..InputFile::default()
        };
        let account = |dataset: &str, file, place, rows, amount| Account {
            dataset: dataset.into(),
            file,
            place,
            reason: String::new(),
            rows,
            amount,
        };
        let at = |code: &str, severity: &str, bureau: &str, file: &str| At {
            code: code.into(),
            severity: severity.into(),
            bureau: bureau.into(),
            file: file.into(),
        };
        Published {
            inputs: vec![input("a", "工信局", 10), input("b", "统计局", 20), input("odd", "", 0)],
            accounts: vec![
                account("directory", 0, Place::Pooled, 10, 0),
                account("returns", 1, Place::Pooled, 15, 123_456_789_000),
                account("returns", 1, Place::NotLinked, 5, -50_000_000),
            ],
            findings: Some(BTreeMap::from([
                (at("F1", "error", "统计局", "b"), 3),
                (at("TBL-206", "explain", "工信局", "a"), 1),
                (at("FIL-001", "note", "", "odd"), 2),
            ])),
            edits: Some(BTreeMap::from([("F1".to_owned(), Outcomes { judged: 18, held: 15, broken: 3, unjudged: 2 })])),
            unjudged: None,
        }
    }

    #[test]
    fn findings_are_told_by_bureau_form_and_edit() {
        let config = crate::config::load("[run]\nas_of = \"2026-06-30\"\n", std::path::Path::new("/nowhere")).expect("the defaults load");
        let seen = overview(&config, &run(), false);
        let bureau = |name: &str| seen.bureaus.iter().find(|b| b.bureau == name).expect("a bureau");
        assert_eq!((bureau("统计局").records, bureau("统计局").found.error), (20, 3));
        assert_eq!((bureau("工信局").found.explain, bureau("").found.note), (1, 2));
        assert_eq!((bureau("").files, bureau("").refused), (1, 0), "what belongs to nobody was not opened");
        let form = |id: &str| seen.forms.iter().find(|f| f.dataset == id).expect("a form").found.total();
        assert_eq!((form("returns"), form("directory"), form("")), (3, 1, 2), "a file of one form tells its form");
        assert_eq!(seen.edits[0].code, "F1");
        assert_eq!(seen.edits[0].outcomes.map(|o| o.judged), Some(18));
        assert_eq!(seen.origins.iter().map(Origin::came).sum::<u64>(), 30);
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
