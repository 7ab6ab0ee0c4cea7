//! `huichi explain ENTERPRISE`: why it is in the pool or not: every criterion with its figure, threshold, margin and source cells.

use crate::cli::args::{Cli, Format};
use crate::cli::output::{Paint, lang, say};
use crate::cli::site;
use crate::cli::user::line;
use crate::config::{Bound, Config, CriterionOptions, Effect, YearOf};
use crate::engine::expression::Expression;
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, figure_in_words, find_word, threshold, word};
use crate::model::name::match_key;
use crate::model::verdict::Verdict;
use crate::model::words::Lang;
use crate::pipeline::{self, KeptRun};
use crate::run::Enterprises;
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Names that are alike, in an error.
const ALIKE: usize = 5;

/// What a criterion says of an enterprise, as it is printed.
#[derive(Serialize)]
struct Said {
    criterion: String,
    name: String,
    effect: Effect,
    verdict: String,
    figure: String,
    threshold: String,
    margin: String,
    /// Why it cannot be judged: the values that it lacks, and why each does.
    lacks: Vec<String>,
    /// The cells that it rests on.
    cells: Vec<String>,
    source: String,
    waiver: Option<crate::model::waiver::Waiver>,
}

/// Prints why an enterprise is in the pool or not.
pub fn run(cli: &Cli, named: &str, run: &str) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let kept = pipeline::kept(&today, &ledger, run)?;
    let (config, enterprises) = pipeline::enterprises_of(&today, &kept.published)?;
    let row = sought(&enterprises, &kept.id, named)?;
    let cells = cells(&kept, &enterprises.text("enterprise", row))?;
    let told = Told { config: &config, lang, enterprises: &enterprises, row, cells, last_year: last_year(&config) };
    let said: Vec<Said> = config.criteria().map(|(id, options)| told.said(&kept, id, options)).collect();
    let of = |column: &str| enterprises.text(column, row);
    if cli.format == Format::Json {
        say(serde_json::json!({
            "run": kept.id, "enterprise": of("enterprise"), "name": of("name"), "conclusion": of("conclusion"), "score": of("score"),
            "rank": of("rank"), "criteria": said,
        }));
        return Ok(0);
    }
    print(lang, &kept.id, &enterprises, row, &said);
    Ok(0)
}

/// The row of an enterprise by its code or name.
pub fn sought(enterprises: &Enterprises, run: &str, named: &str) -> Result<usize, Error> {
    let wanted = match_key(named);
    let key = |row: usize| [enterprises.text("enterprise", row), enterprises.text("name", row)].map(|text| match_key(&text));
    let mut rows = (0..enterprises.len()).filter(|row| key(*row).contains(&wanted));
    if let Some(row) = rows.next().filter(|_| !wanted.is_empty() && rows.next().is_none()) {
        return Ok(row);
    }
    let alike = (0..enterprises.len()).filter(|row| !wanted.is_empty() && key(*row).iter().any(|key| key.contains(&wanted)));
    let mut alike: Vec<String> = alike.take(ALIKE).map(|row| enterprises.text("name", row)).collect();
    if alike.is_empty() {
        alike.push("—".to_owned());
    }
    Err(Error::new(ErrorKind::Usage, "ERR-102").with("run", run).with("found", named).with("nearest", alike.join("、")))
}

/// The cells behind an enterprise's values, by column.
fn cells(kept: &KeptRun, enterprise: &str) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut cells: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let unread = |reason: String| Error::new(ErrorKind::System, "ERR-096").with("run", kept.id.clone()).with("reason", reason);
    if let Some(rows) = kept.published.rows("provenance").map_err(|flaw| unread(flaw.flaw.to_string()))? {
        rows.each(&["enterprise", "column", "cell"], |row| {
            if let [of, column, cell] = row.as_slice()
                && of == enterprise
            {
                cells.entry(column.clone()).or_default().push(cell.clone());
            }
        })?;
    }
    Ok(cells)
}

fn last_year(config: &Config) -> i32 {
    chrono::Datelike::year(&config.as_of) - 1
}

struct Told<'a> {
    config: &'a Config,
    lang: Lang,
    enterprises: &'a Enterprises,
    row: usize,
    cells: BTreeMap<String, Vec<String>>,
    last_year: i32,
}

impl Told<'_> {
    fn text(&self, column: &str) -> String {
        self.enterprises.text(column, self.row)
    }

    fn said(&self, kept: &KeptRun, id: &str, options: &CriterionOptions) -> Said {
        let verdict = Verdict::of(&self.text(&format!("verdict_{id}")));
        let words = |units: i128| figure_in_words(self.config, options, Bound::of_units(units), self.lang);
        let units = |column: &str| Bound::parse(&self.text(&format!("{column}_{id}"))).map(Bound::units);
        let figure = match (units("bound"), units("margin")) {
            (Some(bound), Some(margin)) => words(if options.at_most.is_some() { bound - margin } else { bound + margin }),
            _ => self.figure(id, options),
        };
        let columns = columns(options);
        let enterprise = self.text("enterprise");
        Said {
            criterion: id.to_owned(),
            name: options.name.get(self.lang).to_owned(),
            effect: options.effect,
            verdict: verdict.id().to_owned(),
            figure,
            threshold: threshold(self.config, options, self.lang),
            margin: units("margin").map(words).unwrap_or_default(),
            lacks: if verdict == Verdict::Unjudged { self.lacks(options, &columns) } else { Vec::new() },
            cells: self.behind(&columns),
            source: options.source.as_ref().map(|source| source.get(self.lang).to_owned()).unwrap_or_default(),
            waiver: kept.published.record().waivers.iter().find(|w| w.enterprise == enterprise && w.criterion == id).cloned(),
        }
    }

    /// A figure without a bound: its own column in words.
    fn figure(&self, id: &str, options: &CriterionOptions) -> String {
        let stated = self.text(&format!("figure_{id}"));
        if let Some(units) = Bound::parse(&stated).filter(|_| stated.contains('.')) {
            return figure_in_words(self.config, options, units, self.lang);
        }
        find_word(self.lang, &format!("value.{stated}")).map_or(stated, str::to_owned)
    }

    /// Why a criterion cannot be judged: what has no value, what the criterion itself says, or what it looked at.
    fn lacks(&self, options: &CriterionOptions, columns: &[String]) -> Vec<String> {
        let lacking: Vec<String> = columns.iter().filter_map(|column| self.lack(column)).collect();
        let said = options.unjudged.as_ref().map(|reason| reason.get(self.lang).to_owned());
        if !lacking.is_empty() || said.is_some() {
            return lacking.into_iter().chain(said).collect();
        }
        let seen = columns.iter().filter_map(|column| {
            let declared = EnterpriseColumn::of(self.config, column)?;
            Some(line(self.lang, "enterprise.seen", &[&declared.full_label(self.lang), &self.text(column)]))
        });
        seen.collect()
    }

    /// Why a column that a criterion names has no value.
    fn lack(&self, column: &str) -> Option<String> {
        if !self.text(column).is_empty() {
            return None;
        }
        let declared = EnterpriseColumn::of(self.config, column)?;
        let why = self.text(&format!("{column}_why"));
        let reason = match why.is_empty() {
            true => word(self.lang, "enterprise.not_stated").to_owned(),
            false => {
                let catalogue = Catalogue::of(self.config);
                let name = catalogue.get(&why).map_or("", |entry| entry.name.get(self.lang));
                line(self.lang, "enterprise.withheld", &[&why, name])
            }
        };
        Some(line(self.lang, "enterprise.lacks", &[&declared.full_label(self.lang), &reason]))
    }

    /// The cells that columns rest on, those of formulas through their parts.
    fn behind(&self, columns: &[String]) -> Vec<String> {
        let mut cells = BTreeSet::new();
        for column in columns {
            let operands = EnterpriseColumn::of(self.config, column).map(|c| c.operands(self.last_year)).unwrap_or_default();
            for name in operands.iter().chain([column]) {
                let year = match YearOf::split(name) {
                    Some((id, year)) if self.config.given(id).is_some() => format!("{id}_{}", year.calendar(self.last_year)),
                    _ => name.clone(),
                };
                cells.extend([name, &year].into_iter().filter_map(|name| self.cells.get(name)).flatten().cloned());
            }
        }
        cells.into_iter().collect()
    }
}

/// The columns that a criterion names, in small letters.
fn columns(options: &CriterionOptions) -> Vec<String> {
    let all = options.expressions();
    let names = all.iter().filter_map(|(_, sql)| Expression::parse(&sql.replace("{bound}", "0")).ok());
    let names: BTreeSet<String> = names.flat_map(|e| e.names().iter().map(|n| n.to_lowercase()).collect::<Vec<_>>()).collect();
    names.into_iter().filter(|name| !["_why", "_state"].iter().any(|end| name.ends_with(end))).collect()
}

fn print(lang: Lang, run: &str, enterprises: &Enterprises, row: usize, said: &[Said]) {
    let paint = Paint::stdout();
    let of = |column: &str| enterprises.text(column, row);
    let conclusion = word(lang, &format!("portal.conclusion_{}", of("conclusion")));
    say(format!("{}  {}  {}", paint.text("1", &of("name")), of("enterprise"), paint.text("1", conclusion)));
    say(line(lang, "enterprise.run", &[run]));
    let score = Bound::parse(&of("score")).map(|score| crate::finding::proposal::score(score.units()));
    if let Some(score) = score {
        let rank = of("rank");
        let key = if rank.is_empty() { "enterprise.score" } else { "enterprise.rank" };
        let missing = Bound::parse(&of("score_missing")).map(|m| crate::finding::proposal::score(m.units())).unwrap_or_default();
        say(line(lang, key, &[&score, &missing, &rank]));
    }
    for effect in [Effect::Hard, Effect::Listed, Effect::Scored, Effect::Informational] {
        let mut of_effect = said.iter().filter(|s| s.effect == effect).peekable();
        if of_effect.peek().is_some() {
            say(format!("\n{}", paint.text("1", word(lang, &format!("enterprise.{}", effect.id())))));
        }
        of_effect.for_each(|said| print_criterion(lang, &paint, said));
    }
}

fn print_criterion(lang: Lang, paint: &Paint, said: &Said) {
    let colour = match Verdict::of(&said.verdict) {
        Verdict::NotMet => "31",
        Verdict::Unjudged => "33",
        Verdict::Met | Verdict::Waived | Verdict::NotApplicable => "32",
    };
    let verdict = word(lang, &format!("verdict.{}", said.verdict));
    let shown = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let values = [said.name.clone(), shown(&said.figure), shown(&said.threshold)];
    say(format!("  {}  {}", paint.text(colour, verdict), line(lang, "enterprise.criterion", &values.each_ref().map(String::as_str))));
    let mut below = Vec::new();
    if !said.margin.is_empty() {
        below.push(line(lang, "enterprise.margin", &[&said.margin]));
    }
    below.extend(said.lacks.iter().cloned());
    if let Some(w) = &said.waiver {
        below.push(line(lang, "enterprise.waiver", &[&w.number.to_string(), &w.asked_by, &w.granted_by, &w.until.to_string(), &w.reason]));
    }
    if !said.cells.is_empty() {
        below.push(line(lang, "enterprise.cells", &[&said.cells.join(word(lang, "link.also"))]));
    }
    if !said.source.is_empty() {
        below.push(line(lang, "enterprise.source", &[&said.source]));
    }
    below.iter().for_each(|text| say(format!("      {}", paint.text("2", text))));
}
