//! The page of one enterprise: verdicts, figures of years, patents, needs, conflicts and returns, as an edition shows them.

use super::columns::{ShownColumn, ShownKind, column, field_label, shown, words, words_of_field};
use super::data::PoolData;
use super::desk::{EnterpriseDesk, ROWS, Returned};
use super::edition::Edition;
use super::lists::{Disagreement, EnterpriseFinding, Return};
use super::load_error::LoadError;
use super::records::{place, text};
use super::show::{ShownValue, value};
use crate::config::{Bound, Config, CriterionOptions};
use crate::finding::{figure_in_words, find_word, threshold};
use crate::model::field::FieldKind;
use crate::model::patent_fact::{self, FACTS, PatentFact};
use crate::model::words::Lang;
use crate::portal::text::{quoted, say};
use crate::stages::publish::disclosure::{closes_margin, judges_statistics};
use crate::stages::publish::enterprise_column::EnterpriseColumn;
use crate::stages::publish::follows::columns_behind;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};

/// Patents of a page.
pub const PATENTS: usize = 50;
/// An enterprise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Enterprise)]
pub struct Profile {
    /// The id of its page.
    pub id: String,
    /// The run that it is shown of.
    pub run: String,
    /// Its reference date.
    pub as_of: String,
    /// Its name.
    pub name: String,
    /// Its key, for the audit log.
    #[serde(skip)]
    pub key: String,
    /// What all verdicts come to.
    pub conclusion: ShownValue,
    /// Whether figures of statistics are shown.
    pub disclosed: bool,
    /// Criteria with what they say.
    pub verdicts: Vec<Judged>,
    /// What is known beside figures.
    pub facts: Vec<Fact>,
    /// Years of figures, ascending.
    pub years: Vec<i32>,
    /// Those of them that the page draws.
    #[serde(skip)]
    pub drawn: Vec<Drawn>,
    /// Figures by year.
    pub figures: Vec<FigureByYear>,
    /// Shares of the last year.
    pub ratios: Vec<Fact>,
    /// Its patents, this page of them.
    pub patents: Vec<Vec<Fact>>,
    /// By patent, the place of its record.
    #[serde(skip)]
    pub patent_places: Vec<String>,
    /// Its patents in all.
    pub patents_total: usize,
    /// This page of patents, from 1.
    pub patents_page: usize,
    /// Pages of patents.
    pub patents_pages: usize,
    /// Where sources disagree.
    pub conflicts: Vec<Disagreement>,
    /// What edits found in its records.
    pub findings: Vec<EnterpriseFinding>,
    /// Returns that speak of it.
    pub returns: Vec<Return>,
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Judged {
    /// The criterion.
    pub name: String,
    /// Met, not met or unjudged.
    pub verdict: ShownValue,
    /// The figure that was judged.
    pub figure: Fact,
    /// What it takes, in words.
    pub threshold: String,
    /// What it decides: `hard`, `scored` or `informational`.
    pub effect: String,
    /// How far the figure is on the right side of the bound, in words; empty without a bound, or where it is not shown.
    pub margin: String,
}

/// A value with its name and the way to its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Fact {
    /// The column or field.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The unit, or nothing.
    pub unit: String,
    /// The value.
    pub value: ShownValue,
    /// The query that leads to its source; empty if no cell holds it.
    pub source: String,
    /// Whether it stands on the right.
    pub number: bool,
}

/// A figure over years.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Figures)]
pub struct FigureByYear {
    /// What people call it.
    pub label: String,
    /// Its unit.
    pub unit: String,
    /// One value a year.
    pub years: Vec<Fact>,
}

/// A figure to be drawn: yuan at scale 4 by year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// What people call it.
    pub title: String,
    /// What each year states.
    pub years: Vec<(i32, Option<i128>)>,
}

/// Everything that an edition shows of an enterprise; reads from disk.
///
/// # Errors
/// A dataset cannot be read.
pub fn profile(data: &PoolData, config: &Config, edition: Edition, row: usize, patents_page: usize) -> Result<Profile, LoadError> {
    let desk = EnterpriseDesk { data, config, edition, row, disclosed: data.discloses(edition, row), cited: data.cited(row)? };
    let returns = desk.returned()?;
    let figures = desk.figures(&returns);
    let PatentPage { patents, places: patent_places, total: patents_total, page: patents_page } = desk.patents(patents_page)?;
    Ok(Profile {
        id: data.id(row),
        run: data.run.clone(),
        as_of: data.as_of.clone(),
        name: data.text("name", row).to_owned(),
        key: data.text("enterprise", row).to_owned(),
        conclusion: desk.column("conclusion").map(|c| data.shown(edition, &c, row)).unwrap_or_default(),
        disclosed: desk.disclosed,
        verdicts: desk.verdicts()?,
        facts: desk.facts(shown(config, &config.pool.page, &data.years)),
        years: data.years.clone(),
        drawn: config.pool.drawn.iter().filter_map(|field| desk.drawn(field, &returns)).collect(),
        figures,
        ratios: desk.facts(shown(config, &config.pool.shares, &data.years)),
        patents,
        patent_places,
        patents_total,
        patents_page,
        patents_pages: patents_total.div_ceil(PATENTS).max(1),
        conflicts: desk.conflicts()?,
        findings: desk.findings()?,
        returns: desk.list_returns(&returns),
    })
}

impl EnterpriseDesk<'_> {
    fn column(&self, id: &str) -> Option<ShownColumn> {
        column(self.config, &self.data.enterprises.schema(), id, self.data.last_year())
    }

    /// The query that leads to the source of a column, if a cell is known.
    fn source(&self, id: &str) -> String {
        let known = |column: &str| self.cited.iter().any(|(c, _)| c == column);
        if columns_behind(self.config, id, self.data.last_year()).iter().any(|c| known(c)) {
            format!("?field={}", quoted(id))
        } else {
            String::new()
        }
    }

    fn fact(&self, column: &ShownColumn) -> Fact {
        let value = self.data.shown(self.edition, column, self.row);
        // Beside the cell its page shows the whole row, other figures too.
        let closed = !self.disclosed && EnterpriseColumn::of(self.config, &column.id).is_some_and(|c| c.is_of_statistical_form());
        let source = if closed || value.masked || value.text.is_empty() { String::new() } else { self.source(&column.id) };
        Fact {
            id: column.id.clone(),
            label: column.label.clone(),
            unit: column.unit.clone(),
            value,
            source,
            number: column.kind.is_number(),
        }
    }

    fn facts(&self, ids: impl IntoIterator<Item = String>) -> Vec<Fact> {
        ids.into_iter().filter_map(|id| self.column(&id)).map(|c| self.fact(&c)).collect()
    }

    fn verdicts(&self) -> Result<Vec<Judged>, LoadError> {
        let mut thresholds = Vec::new();
        if let Some(records) = self.data.datasets.get("verdicts") {
            let (_, batch) = records.of(self.row, &self.data.ordinals, &["criterion", "threshold"], (0, ROWS))?;
            thresholds = (0..batch.num_rows()).map(|i| (text(&batch, "criterion", i), text(&batch, "threshold", i))).collect();
        }
        let judged = self.data.criteria.iter().filter_map(|criterion| {
            let options = self.config.criterion.get(criterion);
            let verdict = self.column(&format!("verdict_{criterion}"))?;
            // The figure's own column tells more than its text: unit, words, source.
            let own = options.map(|c| c.figure.trim().to_lowercase()).and_then(|figure| match figure.strip_suffix("_last") {
                Some(field) => self.column(&format!("{field}_{}", self.data.last_year())),
                None => self.column(&figure),
            });
            let mut figure = own.or_else(|| self.column(&format!("figure_{criterion}")))?;
            figure.statistics = figure.statistics || options.is_none_or(|c| judges_statistics(self.config, c));
            figure.criterion = None;
            let closed = |c: &CriterionOptions| !self.disclosed && (figure.statistics || closes_margin(self.config, c));
            let margin = options.filter(|c| !closed(c)).and_then(|c| Some((c, self.margin(criterion)?)));
            let stated = thresholds.iter().find(|(id, _)| id == criterion).map(|(_, t)| t.clone());
            Some(Judged {
                name: verdict.label.clone(),
                verdict: self.data.shown(self.edition, &verdict, self.row),
                figure: self.fact(&figure),
                effect: options.map_or("hard", |c| c.effect.id()).to_owned(),
                margin: margin.map(|(c, margin)| figure_in_words(self.config, c, Bound::of_units(margin), Lang::Zh)).unwrap_or_default(),
                threshold: stated.or_else(|| options.map(|c| threshold(self.config, c, Lang::Zh))).unwrap_or_default(),
            })
        });
        Ok(judged.collect())
    }

    /// The margin of a criterion, in ten-thousandths.
    fn margin(&self, criterion: &str) -> Option<i128> {
        let column = self.data.enterprises.column_by_name(&format!("margin_{criterion}"))?;
        let margins = column.as_primitive_opt::<Decimal128Type>()?;
        margins.is_valid(self.row).then(|| margins.value(self.row))
    }

    fn returned(&self) -> Result<Returned, LoadError> {
        self.data.returned(self.config, self.row, &self.cited)
    }

    /// The figures of returns over the years: those that any year states, in the order of the form.
    fn figures(&self, returns: &Returned) -> Vec<FigureByYear> {
        let Some((id, form)) = self.config.figures().filter(|_| self.disclosed) else { return Vec::new() };
        let fields = form.field.iter().filter(|(_, f)| matches!(f.kind, FieldKind::Amount | FieldKind::Number));
        let figures = fields.filter_map(|(field, options)| {
            let years: Vec<Fact> =
                self.data.years.iter().enumerate().map(|(i, year)| self.figure(field, options.kind, *year, i, returns)).collect();
            let unit = if options.kind == FieldKind::Amount { crate::finding::word(Lang::Zh, "unit.10000") } else { "" };
            let stated = years.iter().any(|f| !f.value.text.is_empty());
            stated.then(|| FigureByYear { label: field_label(self.config, id, field), unit: unit.to_owned(), years })
        });
        figures.collect()
    }

    fn figure(&self, field: &str, kind: FieldKind, year: i32, place: usize, returns: &Returned) -> Fact {
        let kind = if kind == FieldKind::Amount { ShownKind::Amount } else { ShownKind::Number };
        let id = format!("{field}_{year}");
        let counted = returns.counted.get(place).copied().flatten();
        let found = returns.batch.as_ref().zip(counted).and_then(|(batch, i)| {
            let index = batch.schema().index_of(field).ok()?;
            Some(value(batch, index, &plain(&id, kind), i))
        });
        // Without the dataset of returns the figures of the enterprise itself are what there is.
        let shown = found.unwrap_or_else(|| match self.column(&id) {
            Some(own) => self.data.shown(self.edition, &own, self.row),
            None => ShownValue::default(),
        });
        let source = if shown.text.is_empty() { String::new() } else { format!("?field={}", quoted(&id)) };
        Fact { label: say("portal.of_year_head", &[year.to_string()]), id, unit: String::new(), value: shown, source, number: true }
    }

    fn drawn(&self, field: &str, returns: &Returned) -> Option<Drawn> {
        let batch = returns.batch.as_ref().filter(|_| self.disclosed)?;
        let amounts = batch.column_by_name(field)?.as_primitive_opt::<Decimal128Type>()?;
        let of = |i: usize| returns.counted[i].filter(|row| amounts.is_valid(*row)).map(|row| amounts.value(row));
        let years = self.data.years.iter().enumerate().map(|(i, year)| (*year, of(i))).collect();
        Some(Drawn { title: field_label(self.config, &self.config.pool.figures, field), years })
    }

    /// A page of patents: number, title, kind, dates, status, pledge, what they come to, and facts.
    pub(super) fn patents(&self, page: usize) -> Result<PatentPage, LoadError> {
        let known = self.config.rights().zip(self.data.patents.as_ref());
        let Some(((form, _, right), records)) = known else {
            return Ok(PatentPage { patents: Vec::new(), places: Vec::new(), total: 0, page: 1 });
        };
        let shown = [
            (right.number.as_str(), ShownKind::Code),
            (&right.title, ShownKind::Text),
            (&right.kind, ShownKind::Word),
            (&right.filed_on, ShownKind::Date),
            (&right.granted_on, ShownKind::Date),
            ("term_end", ShownKind::Date),
            (&right.status, ShownKind::Word),
            (&right.pledged, ShownKind::Flag),
            ("state", ShownKind::Word),
        ];
        let total = records.count(self.row, &self.data.ordinals)?;
        let page = page.clamp(1, total.div_ceil(PATENTS).max(1));
        let why = format!("{}_why", right.number);
        let mut names: Vec<&str> = shown.iter().map(|(name, _)| *name).chain([why.as_str(), &right.expires_on]).collect();
        names.extend(patent_fact::columns());
        names.extend(["file", "sheet", "row"]);
        let (rows, batch) = records.of(self.row, &self.data.ordinals, &names, ((page - 1) * PATENTS, PATENTS))?;
        let schema = batch.schema();
        let columns: Vec<(ShownColumn, Option<usize>)> = shown
            .iter()
            .map(|(name, kind)| {
                let words = match (*name, kind) {
                    ("state", _) => words(self.config, name),
                    (name, ShownKind::Word) => words_of_field(self.config, form, name),
                    _ => Default::default(),
                };
                let label = field_label(self.config, form, name);
                (ShownColumn { label, words, ..plain(name, *kind) }, schema.index_of(name).ok())
            })
            .collect();
        let expiry = batch.column_by_name(&right.expires_on);
        let cell = |(column, index): &(ShownColumn, Option<usize>), i: usize| {
            let value = index.map_or_else(ShownValue::default, |index| value(&batch, index, column, i));
            let value = if column.kind == ShownKind::Code { value.failing(&text(&batch, &format!("{}_why", column.id), i)) } else { value };
            let source = stated_field(&column.id, expiry.filter(|e| e.is_valid(i)).map(|_| right.expires_on.as_str()))
                .filter(|_| !value.text.is_empty());
            let source = source.map_or_else(String::new, |field| format!("?dataset=patents&row={}&field={field}", rows[i]));
            Fact { id: column.id.clone(), label: column.label.clone(), value, source, ..Fact::default() }
        };
        // Runs of builds that computed no facts have none.
        let facts: Vec<PatentFact> = FACTS.into_iter().filter(|fact| schema.index_of(fact.state).is_ok()).collect();
        let line = |i: usize| columns.iter().map(|c| cell(c, i)).chain(facts.iter().map(|fact| of_patent(&batch, *fact, i))).collect();
        let patents = (0..batch.num_rows()).map(line).collect();
        let in_words = |i: usize| {
            let (file, sheet, row) = place(&batch, i);
            say("portal.finding_place", &[file, sheet, row.to_string()])
        };
        Ok(PatentPage { patents, places: (0..batch.num_rows()).map(in_words).collect(), total, page })
    }
}

/// A page of patents.
pub(super) struct PatentPage {
    pub(super) patents: Vec<Vec<Fact>>,
    /// By patent, the place of its record.
    pub(super) places: Vec<String>,
    total: usize,
    page: usize,
}

/// A fact of a patent: its months, or the word for why there are none.
fn of_patent(batch: &RecordBatch, fact: PatentFact, row: usize) -> Fact {
    let word = |key: &str| find_word(Lang::Zh, &format!("column.{key}")).unwrap_or_default().to_owned();
    let months = fact.figure.and_then(|figure| batch.column_by_name(figure)?.as_primitive_opt::<Int64Type>());
    let unit = if fact.figure.is_some() { word("unit_months") } else { String::new() };
    let told = || ShownValue::verdict(&text(batch, fact.state, row));
    let value = match months {
        Some(months) if months.is_valid(row) => ShownValue::plain(months.value(row).to_string()),
        // A word is no exact figure.
        Some(_) => ShownValue { exact: None, ..told() },
        None => told(),
    };
    Fact { id: fact.id().to_owned(), label: word(fact.id()), number: fact.figure.is_some(), unit, value, source: String::new() }
}

/// The field of a patent's cell that a value is followed to: what is computed has none, an end of term if it is stated.
fn stated_field<'a>(id: &'a str, expiry: Option<&'a str>) -> Option<&'a str> {
    match id {
        "state" => None,
        "term_end" => expiry,
        id => Some(id),
    }
}

/// A column of a dataset other than the enterprises.
fn plain(id: &str, kind: ShownKind) -> ShownColumn {
    ShownColumn {
        id: id.to_owned(),
        label: String::new(),
        unit: String::new(),
        kind,
        statistics: false,
        criterion: None,
        index: None,
        open: None,
        words: Default::default(),
    }
}
