//! `huichi explain ENTERPRISE COLUMN` and `huichi explain 备选池!F12`: the way back of values, to the cells that hold them.

use super::enterprise::sought;
use crate::cli::args::{Cli, Format};
use crate::cli::output::{Paint, lang, say};
use crate::cli::site;
use crate::cli::user::line;
use crate::config::{Bound, Workbook};
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, find_word, with_unit, word};
use crate::model::text::cut;
use crate::model::words::Lang;
use crate::pipeline::{self, Asked, Book, KeptRun, Way, WayCell, WaysBack};
use serde_json::{Value, json};

/// Cells of a count that are printed, at most; all are in the JSON.
const PRINTED: usize = 20;
/// Characters of a formula that are printed, at most.
const LONGEST: usize = 200;
/// Columns that an error names, at most.
const NEAREST: usize = 40;

/// Whether something is written as a cell of a workbook.
pub fn is_cell(text: &str) -> bool {
    text.contains('!')
}

/// Prints the way back of cells of the pool workbook.
pub fn cells(cli: &Cli, cells: &[&str], workbook: Workbook, run: &str) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let kept = pipeline::kept(&today, &ledger, run)?;
    let mut ways = WaysBack::open(&today, &ledger, &kept, lang)?;
    let unread = |reason: String| Error::new(ErrorKind::System, "ERR-096").with("run", kept.id.clone()).with("reason", reason);
    let content = kept.published.read(workbook.file_name()).map_err(|flaw| unread(flaw.flaw.to_string()))?;
    let content = content.ok_or_else(|| unread("@way.no_workbook".to_owned()))?;
    let mut book = Book::open(content).map_err(|error| unread(error.to_string()))?;
    let mut asked = Vec::new();
    for cell in cells {
        let refused = |not: pipeline::NotShown| {
            let reason = word(lang, &format!("way.{}", not.0));
            Error::new(ErrorKind::Usage, "ERR-108").with("found", *cell).with("reason", reason)
        };
        asked.push(((*cell).to_owned(), book.shown(&ways.config, &ways.enterprises, cell).map_err(refused)?));
    }
    ways.gather(asked.iter().filter_map(|(_, asked)| asked.row()))?;
    tell(cli, lang, &kept, &ways, &asked)
}

/// Prints the way back of columns of an enterprise.
pub fn columns(cli: &Cli, named: &str, columns: &[&str], run: &str) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let kept = pipeline::kept(&today, &ledger, run)?;
    let mut ways = WaysBack::open(&today, &ledger, &kept, lang)?;
    let row = sought(&ways.enterprises, &kept.id, named)?;
    let mut asked = Vec::new();
    for column in columns {
        let unknown = || {
            let known = ways.labels().into_iter().take(NEAREST).collect::<Vec<_>>().join("、");
            Error::new(ErrorKind::Usage, "ERR-109").with("found", *column).with("expected", known)
        };
        let found = ways.column(column).ok_or_else(unknown)?;
        asked.push(((*column).to_owned(), Asked::Column { row, column: found }));
    }
    ways.gather([row])?;
    tell(cli, lang, &kept, &ways, &asked)
}

fn tell(cli: &Cli, lang: Lang, kept: &KeptRun, ways: &WaysBack<'_>, asked: &[(String, Asked)]) -> Result<u8, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut told: Vec<Value> = Vec::new();
    let paint = Paint::stdout();
    if cli.format == Format::Text {
        say(line(lang, "enterprise.run", &[&kept.id]));
    }
    for (text, asked) in asked {
        let way = runtime.block_on(ways.follow(asked))?;
        match cli.format {
            Format::Json => told.push(json!({ "asked": text, "way": way })),
            Format::Text => {
                let head = if is_cell(text) { format!("{text}  ") } else { String::new() };
                say(format!("\n{head}{}  {}  {}", paint.text("1", &way.label), way.name, way.enterprise));
                Teller { lang, paint: &paint, catalogue: &Catalogue::of(&ways.config) }.print(&way, 1);
            }
        }
    }
    if cli.format == Format::Json {
        say(json!({ "run": kept.id, "values": told }));
    }
    Ok(0)
}

struct Teller<'a> {
    lang: Lang,
    paint: &'a Paint,
    catalogue: &'a Catalogue,
}

impl Teller<'_> {
    fn line(&self, depth: usize, key: &str, values: &[&str]) {
        say(format!("{}{}", "  ".repeat(depth), self.paint.text("2", &line(self.lang, &format!("way.{key}"), values))));
    }

    /// Prints what a value is and comes of, further in for each thing that it is computed of.
    fn print(&self, way: &Way, depth: usize) {
        say(format!("{}{}", "  ".repeat(depth), line(self.lang, "way.value", &[&self.value(way)]).trim_end()));
        if !way.withheld.is_empty() {
            let name = self.catalogue.get(&way.withheld).map_or("", |entry| entry.name.get(self.lang));
            say(format!("{}{}", "  ".repeat(depth), line(self.lang, "enterprise.withheld", &[&way.withheld, name])));
        }
        for waiver in &way.waivers {
            let (number, until) = (waiver.number.to_string(), waiver.until.to_string());
            let said = line(self.lang, "enterprise.waiver", &[&number, &waiver.asked_by, &waiver.granted_by, &until, &waiver.reason]);
            say(format!("{}{}", "  ".repeat(depth), said));
        }
        if way.composed {
            self.line(depth, "composed", &[]);
        }
        if !way.criterion.is_empty() {
            self.line(depth, "criterion", &[&way.criterion]);
        }
        if !way.formula.is_empty() {
            self.line(depth, "formula", &[&cut(way.formula.clone(), LONGEST)]);
        }
        if let Some(counted) = &way.counted {
            let records = counted.records.to_string();
            let only = if counted.only.is_empty() { "—" } else { &counted.only };
            self.line(depth, if counted.exact { "counted" } else { "counted_among" }, &[&counted.form, &counted.taken, only, &records]);
        }
        if let Some(rule) = &way.survivorship {
            self.line(depth, "survivorship", &[&rule.setting, &rule.from.join(" > "), &rule.used]);
            rule.others.iter().for_each(|other| self.line(depth, "other", &[&other.cell, &other.stored]));
        }
        for found in way.findings.iter().take(PRINTED) {
            self.line(depth, "finding", &[&found.code, &found.cell]);
        }
        way.cells.iter().take(PRINTED).for_each(|cell| self.cell(cell, depth));
        if way.cells.len() > PRINTED {
            self.line(depth, "more", &[&(way.cells.len() - PRINTED).to_string()]);
        }
        for part in &way.parts {
            say(format!("{}{}", "  ".repeat(depth), line(self.lang, "way.part", &[&part.label])));
            self.print(part, depth + 1);
        }
    }

    /// A value as people read it.
    fn value(&self, way: &Way) -> String {
        let share = || Some(percent(Bound::parse(&way.value)?.units())).filter(|_| way.is_share());
        let word = find_word(self.lang, &format!("value.{}", way.value)).map(str::to_owned);
        match share().or(word) {
            _ if way.value.is_empty() => "—".to_owned(),
            Some(text) => text,
            None => format!("{} {}", way.value, way.unit).trim_end().to_owned(),
        }
    }

    fn cell(&self, cell: &WayCell, depth: usize) {
        let stored = cell.stored.as_ref().map(|stored| with_unit(self.lang, stored, cell.unit_yuan));
        let place = format!("{}[{}]{}", cell.file, cell.sheet, cell.cell);
        match &stored {
            Some(stored) => self.line(depth, "cell", &[&place, &cell.label, stored]),
            None => self.line(depth, "cell_alone", &[&place]),
        }
        if let Some(unit) = cell.unit_yuan.filter(|unit| *unit != 1) {
            self.line(depth + 1, "unit", &[&unit.to_string()]);
        }
        let place = (cell.place + 1).to_string();
        match &cell.upload {
            Some(sent) => {
                let number = sent.number.to_string();
                self.line(depth + 1, "version_uploaded", &[&cell.bureau, &cell.sha256, &number, &sent.account, &cell.received]);
            }
            None => self.line(depth + 1, "version", &[&cell.bureau, &cell.sha256, &place, &cell.received]),
        }
        if let Some(by) = find_word(self.lang, &format!("way.linked_{}", cell.linked_by)) {
            self.line(depth + 1, "linked", &[by]);
        }
        for said in &cell.said {
            let choice = word(self.lang, &format!("cause.said_{}", said.choice.id()));
            self.line(depth + 1, if said.newer { "said_newer" } else { "said_older" }, &[&said.other, choice, &said.account, &said.at]);
        }
        for explained in &cell.explained {
            self.line(depth + 1, "explained", &[&explained.code, &explained.account, &explained.at, &explained.text]);
        }
    }
}

/// A share, held in ten-thousandths, in hundredths.
fn percent(units: i128) -> String {
    let (whole, rest) = (units.abs() / 100, units.abs() % 100);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{whole}.{rest:02}%")
}
