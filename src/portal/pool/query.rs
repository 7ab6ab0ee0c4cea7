//! What is asked of the table: search, filters, order and page, all of it in the query string.

use super::columns::{ShownColumn, column};
use super::data::{Conclusion, PoolData, industry_of};
use super::edition::Edition;
use crate::model::amount::{Unit, plain_to_units};
use crate::model::name::match_key;
use crate::portal::text::quoted;
use datafusion::arrow::array::{Array, AsArray, Decimal128Array, StringArray};
use datafusion::arrow::datatypes::Decimal128Type;
use std::collections::BTreeMap;

/// Rows of a page, to choose from.
pub const SIZES: [usize; 3] = [20, 50, 100];
/// Ranges of figures taken of one query string.
const RANGES: usize = 16;
/// Outcomes of a criterion.
pub const VERDICTS: [&str; 5] = ["met", "not_met", "unjudged", "waived", "not_applicable"];

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Part of a name, a former name or a code.
    pub q: String,
    /// What all verdicts come to.
    pub conclusion: Option<Conclusion>,
    /// A code of the title's list; `-` asks for those without.
    pub title: String,
    /// A division of industries.
    pub industry: String,
    /// Outcome by criterion.
    pub verdicts: BTreeMap<String, String>,
    /// From and to, as typed, in ten thousand yuan, by the word for the figure (`[pool] ranges`).
    pub ranges: BTreeMap<String, (String, String)>,
    /// The column to order by; empty for the order of the registry.
    pub sort: String,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Page, from 1.
    pub page: usize,
    /// Rows of a page.
    pub size: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            q: String::new(),
            conclusion: None,
            title: String::new(),
            industry: String::new(),
            verdicts: BTreeMap::new(),
            ranges: BTreeMap::new(),
            sort: String::new(),
            descending: false,
            page: 1,
            size: SIZES[0],
        }
    }
}

impl Query {
    /// Reads the pairs of a query string; what cannot be meant is not asked.
    pub fn of(pairs: &[(String, String)]) -> Self {
        let mut query = Self::default();
        for (key, value) in pairs {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match key.as_str() {
                "q" => query.q = value.chars().take(100).collect(),
                "conclusion" => query.conclusion = Conclusion::ALL.into_iter().find(|c| c.id() == value),
                "title" => query.title = value.to_owned(),
                "industry" => query.industry = value.to_owned(),
                "sort" => query.sort = value.to_owned(),
                "desc" => query.descending = value == "1",
                "page" => query.page = value.parse().unwrap_or(1).max(1),
                "size" => query.size = value.parse().ok().filter(|s| SIZES.contains(s)).unwrap_or(SIZES[0]),
                key => query.further(key, value),
            }
        }
        query
    }

    fn further(&mut self, key: &str, value: &str) {
        if let Some(criterion) = key.strip_prefix("v_").filter(|_| VERDICTS.contains(&value)) {
            self.verdicts.insert(criterion.to_owned(), value.to_owned());
        }
        let typed: String = value.chars().take(24).collect();
        let is_word = |word: &&str| word.len() <= 40 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let bound = |end: &str| key.strip_suffix(end).filter(is_word).map(str::to_owned);
        let known = |word: &String| self.ranges.len() < RANGES || self.ranges.contains_key(word);
        match (bound("_min").filter(known), bound("_max").filter(known)) {
            (Some(word), _) => self.ranges.entry(word).or_default().0 = typed,
            (_, Some(word)) => self.ranges.entry(word).or_default().1 = typed,
            _ => {}
        }
    }

    /// The query string that asks this, with its question mark; empty if nothing is asked.
    pub fn link(&self) -> String {
        let mut pairs: Vec<(String, String)> = vec![("q".into(), self.q.clone())];
        pairs.extend(self.conclusion.map(|c| ("conclusion".to_owned(), c.id().to_owned())));
        pairs.extend([("title".to_owned(), self.title.clone()), ("industry".to_owned(), self.industry.clone())]);
        pairs.extend(self.verdicts.iter().map(|(c, v)| (format!("v_{c}"), v.clone())));
        for (figure, (from, to)) in &self.ranges {
            pairs.extend([(format!("{figure}_min"), from.clone()), (format!("{figure}_max"), to.clone())]);
        }
        pairs.push(("sort".into(), self.sort.clone()));
        if self.descending {
            pairs.push(("desc".into(), "1".into()));
        }
        if self.size != SIZES[0] {
            pairs.push(("size".into(), self.size.to_string()));
        }
        if self.page > 1 {
            pairs.push(("page".into(), self.page.to_string()));
        }
        let asked: Vec<String> = pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{}={}", quoted(k), quoted(v))).collect();
        if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) }
    }

    /// The same with something changed, from its first page.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut query = Self { page: 1, ..self.clone() };
        change(&mut query);
        query
    }

    /// Whether anything narrows the table.
    pub fn narrows(&self) -> bool {
        let all = Self { sort: self.sort.clone(), descending: self.descending, page: self.page, size: self.size, ..Self::default() };
        *self != all
    }

    /// Ranges that are no numbers.
    pub fn unreadable(&self) -> bool {
        self.ranges.values().any(|(from, to)| [from, to].iter().any(|t| !t.is_empty() && amount(t).is_none()))
    }
}

/// An amount typed in ten thousand yuan.
fn amount(typed: &str) -> Option<i128> {
    let plain: String = typed.chars().map(crate::model::text::half_width).filter(|c| !matches!(c, ',' | ' ')).collect();
    plain_to_units(&plain, Unit::TenThousand)
}

/// A column of words that is asked for.
struct Words<'a> {
    column: ShownColumn,
    texts: &'a StringArray,
}

/// A query made ready for a pool and an edition.
pub struct Filter<'a> {
    data: &'a PoolData,
    edition: Edition,
    sought: Option<memchr::memmem::Finder<'static>>,
    conclusion: Option<Conclusion>,
    title: Option<(Words<'a>, &'a str)>,
    industry: Option<(Words<'a>, &'a str)>,
    verdicts: Vec<(Words<'a>, &'a str)>,
    ranges: Vec<(&'a ShownColumn, &'a Decimal128Array, Option<i128>, Option<i128>)>,
}

impl<'a> Filter<'a> {
    /// Prepares; criteria and columns that this pool does not have narrow nothing.
    pub fn of(data: &'a PoolData, edition: Edition, query: &'a Query) -> Self {
        let schema = data.enterprises.schema();
        let words = |name: &str| {
            let texts = data.enterprises.column_by_name(name)?.as_string_opt::<i32>()?;
            Some(Words { column: column(&data.config, &schema, name, data.last_year())?, texts })
        };
        let asked = |name: &str, value: &'a str| words(name).filter(|_| !value.is_empty()).map(|c| (c, value));
        let key = match_key(&query.q);
        let ranges = query.ranges.iter().filter_map(|(figure, (from, to))| {
            let column = range_column(data, figure)?;
            let decimals = data.enterprises.column(column.index?).as_primitive_opt::<Decimal128Type>()?;
            let bounds = (amount(from), amount(to));
            (bounds.0.is_some() || bounds.1.is_some()).then_some((column, decimals, bounds.0, bounds.1))
        });
        Self {
            data,
            edition,
            sought: (!key.is_empty()).then(|| memchr::memmem::Finder::new(key.as_bytes()).into_owned()),
            conclusion: query.conclusion,
            title: asked(&data.config.pool.title, &query.title),
            industry: asked(&data.config.pool.industry, &query.industry),
            verdicts: query.verdicts.iter().filter_map(|(c, v)| Some((words(&format!("verdict_{c}"))?, v.as_str()))).collect(),
            ranges: ranges.collect(),
        }
    }

    /// Whether an enterprise is among what is asked. One of which a value is not shown is found by none of it.
    pub fn keeps(&self, row: usize) -> bool {
        let text = |words: &Words<'a>| {
            let shown = self.data.shows(self.edition, &words.column, row);
            shown.then(|| if words.texts.is_valid(row) { words.texts.value(row) } else { "" })
        };
        self.conclusion.is_none_or(|c| self.data.conclusions[row] == c)
            && self.title.iter().all(|(c, v)| text(c) == Some(if *v == "-" { "" } else { v }))
            && self.industry.iter().all(|(c, v)| text(c).is_some_and(|code| industry_of(code) == *v))
            && self.verdicts.iter().all(|(c, v)| text(c) == Some(*v))
            && self.ranges.iter().all(|range| self.within(range, row))
            && self.sought.as_ref().is_none_or(|finder| finder.find(self.data.sought[row].as_bytes()).is_some())
    }

    fn within(&self, (column, decimals, from, to): &(&ShownColumn, &Decimal128Array, Option<i128>, Option<i128>), row: usize) -> bool {
        let value = decimals.is_valid(row).then(|| decimals.value(row)).filter(|_| self.data.shows(self.edition, column, row));
        value.is_some_and(|v| from.is_none_or(|from| from <= v) && to.is_none_or(|to| v <= to))
    }
}

/// The column that a range speaks of.
pub fn range_column<'a>(data: &'a PoolData, figure: &str) -> Option<&'a ShownColumn> {
    let id = data.config.pool.ranges.get(figure)?;
    let of_last_year = format!("{id}_{}", data.last_year());
    data.columns.iter().find(|c| c.id == *id || c.id == of_last_year)
}
