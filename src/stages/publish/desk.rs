//! What the sheets of a workbook are written with: words, looks, and what an edition may show of what was gathered.

use super::cells::{Shape, Vocabulary};
use super::enterprise_column::shape_of;
use super::gathered::Gathered;
use super::publication::Publication;
use super::workbook::{Column, Value};
use crate::finding::{find_word, word};
use crate::model::verdict::Verdict;
use crate::model::words::{Lang, fill};
use chrono::{Datelike, NaiveDate};

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

    /// The word of a verdict.
    pub fn verdict(&self, verdict: Verdict) -> &'static str {
        word(self.lang(), &format!("verdict.{}", verdict.id()))
    }

    /// The name of a sheet.
    pub fn sheet(&self, id: &str) -> String {
        word(self.lang(), &format!("sheet.{id}")).to_owned()
    }

    /// The header of a column.
    pub fn header(&self, id: &str) -> &'static str {
        word(self.lang(), &format!("column.{id}"))
    }

    /// The name of a yearly figure.
    pub fn field(&self, id: &str) -> &'a str {
        let english = find_word(Lang::En, &format!("column.{id}")).filter(|_| self.lang() == Lang::En);
        let field = self.publication.config.figures().and_then(|(_, form)| form.field.get(id));
        english.or_else(|| field.map(|f| f.label.as_str())).unwrap_or_default()
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

    /// Says that rows of enterprises without consent are left out, in the edition that leaves them out. Of how many they are
    /// would tell, beside the list of all, how many have none.
    pub fn left_out(&self) -> Option<String> {
        (self.edition == Edition::Operator).then(|| self.say("left_out").to_owned())
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
        self.publication.merged.last_year()
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
