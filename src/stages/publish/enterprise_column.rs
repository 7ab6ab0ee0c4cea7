//! What a column of enterprises is, by its name alone: workbooks, data files and portal ask here.
//!
//! Everything follows from the declarations: `[merge.field]` and `[enterprise]`, and the fields of forms that they name.

use super::cells::Shape;
use crate::config::{Config, FormOptions, GivenOptions, SurvivorshipOptions, Taken, YearOf, field_of};
use crate::engine::expression::Expression;
use crate::finding::{find_word, word};
use crate::model::field::{FieldKind, PeriodKind};
use crate::model::words::{Label, Lang, fill};

/// A share is a formula in this unit.
const SHARE: &str = "%";

/// Who declares a column.
#[derive(Clone, Copy)]
pub enum Declared<'a> {
    /// A rule of survivorship.
    Merged(&'a SurvivorshipOptions),
    /// A value that a form gives, or a formula.
    Given(&'a GivenOptions),
}

/// A column of enterprises that is declared.
#[derive(Clone, Copy)]
pub struct EnterpriseColumn<'a> {
    config: &'a Config,
    /// The id of its declaration.
    pub id: &'a str,
    /// Which year's value it holds, of one with a value for each.
    pub year: Option<YearOf>,
    /// Its declaration.
    pub declared: Declared<'a>,
}

impl<'a> EnterpriseColumn<'a> {
    /// Finds the declaration of a column, in small letters: `revenue_2025`, `debt_ratio`.
    pub fn of(config: &'a Config, name: &str) -> Option<Self> {
        if let Some((id, rule)) = config.merge.field.get_key_value(name) {
            return Some(Self { config, id, year: None, declared: Declared::Merged(rule) });
        }
        if let Some((id, given)) = config.enterprise.get_key_value(name) {
            return Some(Self { config, id, year: None, declared: Declared::Given(given) });
        }
        let (id, given) = config.enterprise.get_key_value(field_of(name)).filter(|(_, given)| given.per == PeriodKind::Year)?;
        Some(Self { config, id, year: YearOf::split(name).map(|(_, year)| year), declared: Declared::Given(given) })
    }

    /// The type of its values.
    pub fn kind(&self) -> Option<FieldKind> {
        match self.declared {
            Declared::Given(given) => self.config.kind_of(given),
            Declared::Merged(rule) => self.field(rule.sources().next()?).map(|field| field.kind),
        }
    }

    /// What its cells show.
    pub fn shape(&self) -> Shape {
        match self.kind() {
            _ if self.is_share() => Shape::Ratio,
            Some(FieldKind::Amount) => Shape::Amount,
            Some(FieldKind::Number) => Shape::Number,
            Some(FieldKind::Code) => Shape::Word,
            _ => Shape::Plain,
        }
    }

    fn is_share(&self) -> bool {
        matches!(self.declared, Declared::Given(given) if given.formula.is_some() && given.unit.as_ref().is_some_and(|u| u.0.zh == SHARE))
    }

    /// What people call it, the year aside.
    pub fn label(&self, lang: Lang) -> String {
        match self.declared {
            Declared::Given(given) => given.label.get(lang).to_owned(),
            Declared::Merged(SurvivorshipOptions { label: Some(label), .. }) => label.get(lang).to_owned(),
            Declared::Merged(rule) => {
                let english = find_word(Lang::En, &format!("column.{}", self.id)).filter(|_| lang == Lang::En);
                let field = rule.sources().next().and_then(|source| self.field(source));
                english.map(str::to_owned).or_else(|| field.map(|f| f.label.clone())).unwrap_or_else(|| self.id.to_owned())
            }
        }
    }

    /// What people call it, with the year that it is of.
    pub fn full_label(&self, lang: Lang) -> String {
        let told = |key: &str, year: String| {
            let values = [self.label(lang), year];
            fill(word(lang, key), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
        };
        match self.year {
            Some(YearOf::Calendar(year)) => told("portal.of_year", year.to_string()),
            Some(YearOf::Last) => told("portal.of_last_year", String::new()),
            Some(YearOf::Before) | None => self.label(lang),
        }
    }

    /// What it is called below the heading of its group.
    pub fn heading(&self, lang: Lang) -> String {
        let own = match self.declared {
            Declared::Given(given) => given.heading.as_ref(),
            Declared::Merged(rule) => rule.heading.as_ref(),
        };
        own.map_or_else(|| self.label(lang), |heading| heading.get(lang).to_owned())
    }

    /// The heading that it shares with the columns beside it.
    pub fn group(&self, lang: Lang, last_year: i32) -> Option<String> {
        let group = match self.declared {
            Declared::Given(given) => given.group.as_ref(),
            Declared::Merged(rule) => rule.group.as_ref(),
        };
        group.map(|group| fill(group.get(lang), |place| (place == "year").then(|| last_year.to_string())).into_owned())
    }

    /// The unit of its numbers, where one is stated.
    pub fn unit(&self) -> Option<&'a Label> {
        match self.declared {
            Declared::Given(given) => given.unit.as_ref(),
            Declared::Merged(rule) => rule.unit.as_ref(),
        }
    }

    /// Whether the sum of its counts says something.
    pub fn adds(&self) -> bool {
        matches!(self.declared, Declared::Given(given) if given.adds)
    }

    /// Whether it tells of the patents that are credited to an enterprise.
    pub fn is_of_patents(&self) -> bool {
        matches!(self.declared, Declared::Given(given) if self.config.is_of_patents(given))
    }

    /// The form and the field whose values it hands on as they are.
    pub fn sole_field(&self) -> Option<(&'a str, String)> {
        match self.declared {
            Declared::Given(given) => given.sole_field(),
            Declared::Merged(rule) => rule.sources().next().map(|(form, field)| (form, field.to_owned())),
        }
    }

    /// The columns that a formula names, with the years that they are of, in the order in which it names them first.
    pub fn operands(&self, last_year: i32) -> Vec<String> {
        let of_year = |name: &str| match YearOf::split(name).filter(|(id, _)| self.config.given(id).is_some()) {
            Some((id, year)) => format!("{id}_{}", year.calendar(last_year)),
            None => name.to_owned(),
        };
        self.parts().iter().map(|name| of_year(name)).collect()
    }

    /// The columns declared before that a formula names.
    fn parts(&self) -> Vec<String> {
        let Declared::Given(GivenOptions { formula: Some(formula), .. }) = self.declared else { return Vec::new() };
        let Ok(expression) = Expression::parse(formula) else { return Vec::new() };
        let place = |id: &str| self.config.enterprise.get_index_of(id);
        let own = place(self.id);
        let before = |name: &&String| match Self::of(self.config, name) {
            Some(Self { declared: Declared::Merged(_), .. }) => true,
            // Formulas are computed in their order; others are there before all of them.
            Some(Self { id, declared: Declared::Given(given), .. }) => given.formula.is_none() || place(id) < own,
            None => false,
        };
        let mut parts: Vec<String> = expression.names().iter().filter(before).cloned().collect();
        parts.sort_by_key(|name| formula.to_lowercase().find(name.as_str()));
        parts
    }

    /// Whether it holds a figure of statistics.
    pub fn is_statistics(&self) -> bool {
        match self.declared {
            Declared::Merged(rule) => {
                rule.sources().any(|(form, field)| self.config.form.get(form).is_some_and(|form| takes_statistics(form, field)))
            }
            Declared::Given(GivenOptions { formula: Some(formula), .. }) => self.names_statistics(formula),
            Declared::Given(given) => self.config.form.get(&given.from).is_some_and(|form| gives_statistics(given, form)),
        }
    }

    /// Whether a formula names a figure of statistics, or what says something of one.
    fn names_statistics(&self, formula: &str) -> bool {
        let Ok(expression) = Expression::parse(formula) else { return true };
        let place = |id: &str| self.config.enterprise.get_index_of(id);
        let own = place(self.id);
        expression.names().iter().any(|name| {
            let name = name.to_lowercase();
            let beside = BESIDE.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
            match Self::of(self.config, beside) {
                // Formulas are computed in their order; one that names itself or a later one is refused.
                Some(Self { id, declared: Declared::Given(GivenOptions { formula: Some(_), .. }), .. }) if place(id) >= own => false,
                Some(column) => column.is_statistics(),
                None => is_of_statistical_record(self.config, beside),
            }
        })
    }

    /// Whether a form of statistics says anything of it: a page of one of its rows shows figures.
    pub fn is_of_statistical_form(&self) -> bool {
        match self.declared {
            Declared::Merged(rule) => rule.sources().any(|(form, _)| self.config.is_statistical(form)),
            Declared::Given(given) if given.formula.is_some() => {
                self.parts().iter().any(|part| Self::of(self.config, part).is_some_and(|column| column.is_of_statistical_form()))
            }
            Declared::Given(given) => self.config.is_statistical(&given.from),
        }
    }

    fn field(&self, (form, field): (&str, &str)) -> Option<&'a crate::config::FieldOptions> {
        self.config.form.get(form)?.field.get(field)
    }
}

/// What a name gets that stands beside a figure.
const BESIDE: [&str; 3] = ["_why", "_state", "_raw"];

/// Whether a column of `enterprises`, or a field of a form, holds a figure of statistics, or says something of one.
pub fn is_statistics(config: &Config, column: &str) -> bool {
    // What stands beside a figure is called like it and more: revenue_last_why.
    let beside = BESIDE.iter().find_map(|end| column.strip_suffix(end)).unwrap_or(column);
    let field = field_of(beside);
    let of_form = |form: &FormOptions| form.field.keys().any(|name| name.eq_ignore_ascii_case(field) && form.holds_statistics(name));
    EnterpriseColumn::of(config, beside).is_some_and(|column| column.is_statistics())
        || is_of_statistical_record(config, beside)
        || config.form.values().any(of_form)
}

/// Whether a column holds the numbers of a form's records of statistics, which say who has one.
fn is_of_statistical_record(config: &Config, column: &str) -> bool {
    column.split_once("_record").is_some_and(|(form, _)| config.form.contains_key(form) && config.is_statistical(form))
}

/// Whether a field of a form that is handed on is statistics: as it says itself, else all of a form of statistics.
fn takes_statistics(form: &FormOptions, field: &str) -> bool {
    form.field.get(field).and_then(|f| f.statistics).unwrap_or(form.statistics)
}

/// Whether what a form gives is statistics: by the field that it takes, what of a form of statistics is counted, and by what
/// chooses the records.
fn gives_statistics(given: &GivenOptions, form: &FormOptions) -> bool {
    let taken = match given.taken() {
        Some(Taken::Field(field) | Taken::Latest(field) | Taken::Sum(field, _)) => {
            // Of many columns the first speaks for all.
            takes_statistics(form, form.lists.get(&field).and_then(|members| members.first()).unwrap_or(&field))
        }
        Some(Taken::Count) | None => form.statistics,
    };
    let chosen = given.only.as_deref().map(Expression::parse);
    let by_statistics = |expression: Expression| expression.names().iter().any(|name| form.holds_statistics(name));
    taken || chosen.is_some_and(|parsed| parsed.map_or(true, by_statistics))
}

/// What a column of `enterprises` holds.
pub fn shape_of(config: &Config, column: &str) -> Shape {
    EnterpriseColumn::of(config, column).map_or(Shape::Plain, |column| column.shape())
}

/// The columns of a list of `[pool]`; one with a value for each year stands for those of the years in the order given.
pub fn listed<'a>(config: &'a Config, list: &'a [String], years: &[i32]) -> Vec<String> {
    let of_years = |id: &String| config.enterprise.get(id).is_some_and(|given| given.per == PeriodKind::Year);
    let columns = config.listed(list).flat_map(|id| match of_years(id) {
        true => years.iter().map(|year| format!("{id}_{year}")).collect(),
        false => vec![id.clone()],
    });
    columns.collect()
}
