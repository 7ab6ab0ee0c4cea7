//! What the sheets of a workbook are written from: gathered once, shared by both editions of the pool.
//!
//! Owns: the queries, which enterprises have consented, and what an edition may show. Only what the sheets asked for
//! need is computed. Writing itself needs no engine, so workbooks can be written side by side.

use super::Publication;
use super::cells::{Reader, Shape, Vocabulary, shape_of};
use super::held_back::{HeldBack, RestsOn};
use super::pool::{finances, patents};
use super::provenance::{SHARED, Sources};
use super::workbook::{Column, Value};
use crate::config::Workbook;
use crate::error::Error;
use crate::finding::word;
use crate::model::few::is_few;
use crate::model::place::file_sql;
use crate::model::words::{Lang, fill};
use chrono::{Datelike, NaiveDate};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use std::collections::{HashMap, HashSet};

/// What came in of a file and dataset, counted before anything was withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The dataset.
    pub dataset: String,
    /// Ordinal of the file.
    pub file: usize,
    /// Records.
    pub rows: u64,
    /// Their money, yuan at scale 4.
    pub amount: i128,
}

/// How many findings there are of an enterprise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FindingCount {
    /// All of them.
    pub all: i64,
    /// Those that rest on no statistics: as many as an edition without consent may count.
    pub open: i64,
}

/// Everything that sheets show, beside what the publication itself holds.
pub struct Gathered<'a> {
    /// Enterprises in the order of the registry.
    pub enterprises: Vec<RecordBatch>,
    /// Where their values come from.
    pub sources: Sources,
    /// Enterprises whose consent is on record at the reference date.
    pub consenting: &'a HashSet<String>,
    /// What is held back of counts in the operator's edition.
    pub held_back: &'a HeldBack,
    /// Whom findings rest on.
    pub rests: &'a RestsOn<'a>,
    /// Findings by enterprise.
    pub findings: HashMap<&'a str, FindingCount>,
    /// Figures of the years, one row an enterprise with any; pooled ones first.
    pub finances: Vec<RecordBatch>,
    /// Patents by owner; those without one last.
    pub patents: Vec<RecordBatch>,
    /// What came in.
    pub stated: Vec<Stated>,
    /// Enterprises in the pool.
    pub pooled: u64,
    /// Enterprises that no criterion excludes, but one cannot be judged for.
    pub unjudged: u64,
}

impl<'a> Gathered<'a> {
    /// Gathers for the workbooks asked for.
    pub async fn gather(
        p: &Publication<'a>,
        consenting: &'a HashSet<String>,
        held_back: &'a HeldBack,
        rests: &'a RestsOn<'a>,
    ) -> Result<Gathered<'a>, Error> {
        let pool = [Workbook::Pool, Workbook::PoolOperator].iter().any(|w| p.config.output.workbooks.contains(w));
        let wanted = |id: &str| pool && asked(&p.config.output.pool_sheets, id);
        let sources = Sources::of(p);
        let enterprises = sources.enterprises(p.engine).await?;
        let mut findings: HashMap<&str, FindingCount> = HashMap::new();
        for (finding, enterprise) in p.findings.iter().filter_map(|f| Some((f, f.enterprise.as_deref()?))) {
            let count = findings.entry(enterprise).or_default();
            count.all += 1;
            count.open += i64::from(!rests.is_of_statistics(finding));
        }
        let mut gathered = Gathered {
            sources,
            consenting,
            held_back,
            rests,
            findings,
            finances: if wanted("finances") { finances::gather(p).await? } else { Vec::new() },
            patents: if wanted("patents") && p.has("patents") { patents::gather(p).await? } else { Vec::new() },
            stated: if wanted("accounting") { stated(p).await? } else { Vec::new() },
            enterprises,
            pooled: 0,
            unjudged: 0,
        };
        (gathered.pooled, gathered.unjudged) = conclusions(p, &gathered.enterprises);
        Ok(gathered)
    }

    /// Enterprises of the registry.
    pub fn total(&self) -> u64 {
        self.enterprises.iter().map(|b| b.num_rows() as u64).sum()
    }
}

/// Whether a sheet is asked for; no list asks for all.
pub fn asked(sheets: &[String], id: &str) -> bool {
    sheets.is_empty() || sheets.iter().any(|s| s == id)
}

/// Enterprises of whose consent, or of its date, any source says something that is withheld or unreadable: another
/// source's older yes does not outweigh what may be a withdrawal, and nobody can say that the day has come.
async fn unclear(p: &Publication<'_>) -> Result<HashSet<String>, Error> {
    let sources = p.merged.columns.iter().filter(|c| ["consent", "consent_on"].contains(&c.name.as_str())).flat_map(|c| &c.sources);
    let mut unclear = HashSet::new();
    for (record, field) in sources {
        let Some((_, dataset)) = SHARED.iter().find(|(r, _)| r == record) else { continue };
        let sql = format!(
            "SELECT e.enterprise FROM enterprises e JOIN {dataset} d ON d.record = e.{record}
             WHERE d.\"{field}\" IS NULL AND CAST(d.\"{field}_state\" AS VARCHAR) NOT IN ('blank', 'mark')"
        );
        let (_, batches) = p.engine.query("consent", &sql).await?;
        unclear.extend(batches.iter().flat_map(|b| b.column(0).as_string::<i32>()).flatten().map(str::to_owned));
    }
    Ok(unclear)
}

/// Enterprises that consent, with a date of consent, where one is stated, not after the reference date.
pub async fn consenting(p: &Publication<'_>) -> Result<HashSet<String>, Error> {
    let (as_of, unclear) = (p.config.as_of, unclear(p).await?);
    let mut consenting = HashSet::new();
    for batch in &p.engine.contents("enterprises").1 {
        let [key, consent, on] = ["enterprise", "consent", "consent_on"].map(|c| Reader::of(batch, c, Shape::Plain));
        let given = (0..batch.num_rows()).filter(|row| consent.is_true(*row) && on.date(*row).is_none_or(|d| d <= as_of));
        consenting.extend(given.map(|row| key.text(row)).filter(|key| !unclear.contains(*key)).map(str::to_owned));
    }
    Ok(consenting)
}

/// How many are in the pool, and how many cannot be judged.
fn conclusions(p: &Publication<'_>, enterprises: &[RecordBatch]) -> (u64, u64) {
    let (mut pooled, mut unjudged) = (0, 0);
    for batch in enterprises {
        let verdicts = Verdicts::of(p, batch);
        for row in 0..batch.num_rows() {
            match verdicts.conclusion(row) {
                Conclusion::Pooled => pooled += 1,
                Conclusion::Unjudged => unjudged += 1,
                Conclusion::NotPooled => {}
            }
        }
    }
    (pooled, unjudged)
}

/// Counts what came in from the datasets themselves, so that the account is checked and not merely repeated.
async fn stated(p: &Publication<'_>) -> Result<Vec<Stated>, Error> {
    let mut all = Vec::new();
    for dataset in p.datasets {
        let table = format!("stated_{dataset}");
        let (schema, _) = p.engine.contents(&table);
        let accounted = p.config.form.get(dataset).and_then(|form| form.accounted.as_deref());
        let money = accounted.filter(|c| schema.column_with_name(c).is_some());
        let money = money.map_or("CAST(0 AS DECIMAL(28,4))".to_owned(), |c| format!("\"{c}\""));
        let sql = format!(
            "SELECT file, count(*) AS n, CAST(sum(money) AS DECIMAL(38,4)) AS money
             FROM (SELECT {} AS file, {money} AS money FROM {table}) AS s GROUP BY file ORDER BY file",
            file_sql("record")
        );
        let (_, batches) = p.engine.query(&table, &sql).await?;
        for batch in &batches {
            let (files, rows) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
            let money = batch.column(2).as_primitive::<Decimal128Type>();
            all.extend((0..batch.num_rows()).map(|row| Stated {
                dataset: dataset.clone(),
                file: usize::try_from(files.value(row)).unwrap_or_default(),
                rows: rows.value(row).unsigned_abs(),
                amount: if money.is_null(row) { 0 } else { money.value(row) },
            }));
        }
    }
    Ok(all)
}

/// What a verdict says of an enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Met.
    Met,
    /// Not met.
    NotMet,
    /// A figure is missing.
    Unjudged,
}

/// What all verdicts together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// All met.
    Pooled,
    /// One not met.
    NotPooled,
    /// None not met, one unjudged.
    Unjudged,
}

/// The verdicts of a batch of enterprises, by criterion.
pub struct Verdicts<'a> {
    words: Vec<(&'a str, Reader<'a>)>,
    pooled: Reader<'a>,
}

impl<'a> Verdicts<'a> {
    /// Finds them in a batch of `enterprises`.
    pub fn of(p: &Publication<'a>, batch: &'a RecordBatch) -> Self {
        let criteria = p.config.criterion.iter().filter(|(_, c)| !c.disabled);
        let words = criteria.map(|(id, _)| (id.as_str(), Reader::of(batch, &format!("verdict_{id}"), Shape::Plain)));
        Self { words: words.collect(), pooled: Reader::of(batch, "pooled", Shape::Plain) }
    }

    /// The verdict of a criterion.
    pub fn get(&self, criterion: &str, row: usize) -> Verdict {
        let word = self.words.iter().find(|(id, _)| *id == criterion).map_or("", |(_, r)| r.text(row));
        match word {
            "met" => Verdict::Met,
            "not_met" => Verdict::NotMet,
            _ => Verdict::Unjudged,
        }
    }

    /// Whether the enterprise is in the pool.
    pub fn pooled(&self, row: usize) -> bool {
        self.pooled.is_true(row)
    }

    /// What they come to.
    pub fn conclusion(&self, row: usize) -> Conclusion {
        if self.pooled(row) {
            Conclusion::Pooled
        } else if self.words.iter().any(|(_, r)| r.text(row) == "not_met") {
            Conclusion::NotPooled
        } else {
            Conclusion::Unjudged
        }
    }
}

/// Who may see what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// 封闭版: everything; stays with the office.
    Closed,
    /// 运营版: statistics only of enterprises with consent on record.
    Operator,
}

impl Edition {
    /// Its id in the catalogue of words.
    pub fn id(self) -> &'static str {
        match self {
            Edition::Closed => "closed",
            Edition::Operator => "operator",
        }
    }
}

/// What a workbook is written from.
pub struct Desk<'a> {
    /// What the stages left.
    pub publication: &'a Publication<'a>,
    /// What was gathered for sheets.
    pub gathered: &'a Gathered<'a>,
    /// Words of coded values.
    pub words: Vocabulary<'a>,
    /// Who may see it.
    pub edition: Edition,
}

impl<'a> Desk<'a> {
    /// Prepares for a workbook.
    pub fn new(publication: &'a Publication<'a>, gathered: &'a Gathered<'a>, edition: Edition) -> Self {
        let words = Vocabulary::new(publication.config, publication.config.run.lang);
        Self { publication, gathered, words, edition }
    }

    /// The language of the run.
    pub fn lang(&self) -> Lang {
        self.publication.config.run.lang
    }

    /// A word or sentence of `[publish]`.
    pub fn say(&self, key: &str) -> &'static str {
        word(self.lang(), &format!("publish.{key}"))
    }

    /// A sentence of `[publish]` with its places filled.
    pub fn tell(&self, key: &str, values: &[&str]) -> String {
        fill(self.say(key), |place| place.parse::<usize>().ok().and_then(|i| values.get(i)).map(|v| (*v).to_owned())).into_owned()
    }

    /// The name of a sheet.
    pub fn sheet(&self, id: &str) -> String {
        word(self.lang(), &format!("sheet.{id}")).to_owned()
    }

    /// The header of a column.
    pub fn header(&self, id: &str) -> &'static str {
        word(self.lang(), &format!("column.{id}"))
    }

    /// The name of a dataset; in Chinese the form's own title.
    pub fn dataset(&self, id: &str) -> &'a str {
        let config = self.publication.config;
        match (self.lang(), config.form.get(id)) {
            (Lang::Zh, Some(form)) => &form.title,
            _ => word(self.lang(), &format!("dataset.{id}")),
        }
    }

    /// A date in full.
    pub fn date(&self, date: NaiveDate) -> String {
        self.tell("date", &[&date.year().to_string(), &date.month().to_string(), &date.day().to_string()])
    }

    /// The line below every title: reference date and run.
    pub fn as_of(&self) -> String {
        self.tell("as_of", &[&self.date(self.publication.config.as_of), self.publication.key])
    }

    /// Whether figures of statistics of an enterprise may be shown.
    pub fn discloses(&self, enterprise: &str) -> bool {
        self.edition == Edition::Closed || self.gathered.consenting.contains(enterprise)
    }

    /// How many findings of an enterprise may be counted.
    pub fn findings_of(&self, enterprise: &str) -> i64 {
        let count = self.gathered.findings.get(enterprise).copied().unwrap_or_default();
        if self.discloses(enterprise) { count.all } else { count.open }
    }

    /// Says how many rows of how many enterprises are left out, in the edition that leaves any out.
    pub fn left_out(&self, rows: u64, enterprises: usize) -> Option<String> {
        let told = || if is_few(enterprises) { self.say("left_out_few").to_owned() } else { self.tell("left_out", &[&grouped(rows)]) };
        (self.edition == Edition::Operator).then(told)
    }

    /// A count, or in the operator's edition the word for one that would speak of an enterprise.
    pub fn count_unless(&self, held: bool, count: u64) -> String {
        if held && self.edition == Edition::Operator { self.say("held_back").to_owned() } else { grouped(count) }
    }

    /// Code, name and whether pooled: the columns with which most sheets begin.
    pub fn identity_columns(&self) -> Vec<Column> {
        vec![Column::code(self.header("uscc")), Column::text(self.header("name")), Column::verdict(self.header("pooled"))]
    }

    /// The last year of figures.
    pub fn last_year(&self) -> i32 {
        self.publication.merged.years.last().copied().unwrap_or_default()
    }

    /// What a column of `enterprises` holds.
    pub fn shape(&self, column: &str) -> Shape {
        shape_of(self.publication.config, column)
    }
}

/// A whole number with its digits in threes.
pub fn grouped(number: u64) -> String {
    crate::finding::in_unit(i128::from(number) * 10_000, 1)
}

/// A word in a cell, or nothing.
pub fn text_or_blank(text: &str) -> Value<'_> {
    if text.is_empty() { Value::Blank } else { Value::Text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_asks_for_every_sheet() {
        assert!(asked(&[], "pool"));
        assert!(asked(&["pool".into()], "pool"));
        assert!(!asked(&["pool".into()], "cover"));
    }
}
