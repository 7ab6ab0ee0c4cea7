//! `[criterion.<id>]`: an entry criterion (入库标准) or a risk indicator (风控指标); `[screen]`: which built-in sets of them count.
//!
//! A criterion is a condition over an enterprise's record, or a figure and a bound, of which the condition follows. What a bound
//! is may differ by variant (industry, title); which enterprises it is for, and from when to when it counts, is data too.

use super::Config;
use crate::model::amount::{Unit, plain_to_units};
use crate::model::day::Day;
use crate::model::words::Label;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::Validate;

/// What stands for the bound in a condition.
const BOUND: &str = "{bound}";

/// `[screen]`
#[derive(Debug, Clone, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenOptions {
    /// The built-in sets of criteria that count, beside a site's own criteria.
    pub sets: Vec<String>,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        Self { sets: ["pilot", "score"].map(str::to_owned).to_vec() }
    }
}

/// What a criterion decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 硬性: who does not meet it is not in the pool.
    #[default]
    Hard,
    /// 清单: who does not meet it is in the pool, and not on the list that is issued.
    Listed,
    /// 计分: it gives points, by which the pool is ranked.
    Scored,
    /// 提示: it is told, and decides nothing.
    Informational,
}

impl Effect {
    /// Its word in settings and data files.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Listed => "listed",
            Self::Scored => "scored",
            Self::Informational => "informational",
        }
    }
}

/// Of what a criterion speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 入库标准
    #[default]
    Entry,
    /// 风控指标
    Risk,
}

/// `[criterion.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CriterionOptions {
    /// The criterion's name.
    pub name: Label,
    /// What it decides.
    #[serde(skip_serializing_if = "is_default")]
    pub effect: Effect,
    /// Of what it speaks.
    #[serde(skip_serializing_if = "is_default")]
    pub part: Part,
    /// The set that it belongs to; one without a set is a site's own, and counts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub set: String,
    /// Where it comes from: a document, a clause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// SQL over the enterprise record: true met, false not met, null unjudged. `{bound}` stands for the bound. Without it, that
    /// the figure keeps to the bound.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub met: String,
    /// SQL that gives the figure judged.
    pub figure: String,
    /// The least that the figure must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Bound>,
    /// The most that the figure may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Bound>,
    /// Other bounds for some enterprises; the first whose condition is true counts.
    #[validate(nested)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantOptions>,
    /// SQL: only enterprises for which it is true are judged; to the others it does not apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How far from the bound a miss is near: a share of it (`"10%"`) or an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near: Option<Nearness>,
    /// What no form states, so that it cannot be judged: why, and who must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unjudged: Option<Label>,
    /// The threshold in words; of a figure and a bound it follows from these.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub threshold: String,
    /// Points of one that is scored: what it gives at most.
    #[validate(range(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// SQL that gives points from 0 to the weight, `{bound}` in it too; without it all where it is met, else none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<String>,
    /// The first reference date for which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Day>,
    /// The last reference date for which it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Whether figure and threshold are statistics (masked in the operator's edition without consent).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub statistics: bool,
    /// A disabled criterion is not judged.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// `[[criterion.<id>.variants]]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct VariantOptions {
    /// For whom it is, in words.
    pub name: Label,
    /// SQL: the enterprises that it is for.
    #[validate(length(min = 1))]
    pub when: String,
    /// Their bound.
    pub bound: Bound,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A bound: ten-thousandths of a yuan, of one, or of a share, as frames hold them. Written as a number, or as people do:
/// `"2000万元"`, `"50%"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound(i128);

impl Bound {
    /// So many ten-thousandths.
    pub fn of_units(units: i128) -> Self {
        Self(units)
    }

    /// In ten-thousandths.
    pub fn units(self) -> i128 {
        self.0
    }

    /// Reads a number with at most four decimals, one with a unit of money, or a percentage.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace(',', "");
        if let Some(share) = text.strip_suffix('%') {
            return plain_to_units(share.trim_end(), Unit::Yuan).filter(|units| units % 100 == 0).map(|units| Self(units / 100));
        }
        let unit = Unit::ALL.into_iter().rev().find(|unit| *unit != Unit::Yuan && text.ends_with(unit.label_zh()));
        let unit = unit.or_else(|| text.ends_with('元').then_some(Unit::Yuan));
        let number = unit.map_or(text.as_str(), |unit| text.trim_end_matches(unit.label_zh()).trim_end());
        plain_to_units(number, unit.unwrap_or(Unit::Yuan)).map(Self)
    }

    /// The same as SQL.
    pub fn sql(self) -> String {
        format!("CAST({} AS DECIMAL(28,4))", self.plain())
    }

    /// The number without separators.
    pub fn plain(self) -> String {
        let (sign, units) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let fraction = format!("{:04}", units % 10_000);
        match fraction.trim_end_matches('0') {
            "" => format!("{sign}{}", units / 10_000),
            fraction => format!("{sign}{}.{fraction}", units / 10_000),
        }
    }
}

/// How a number may be written, for messages.
const NUMBERS: &str = "2000、\"2000万元\"、\"50%\"";

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Number)
            .and_then(|text| Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("wanted {NUMBERS}"))))
    }
}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.plain())
    }
}

/// A number of TOML as its text.
struct Number;

impl serde::de::Visitor<'_> for Number {
    type Value = String;

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(NUMBERS)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    /// The shortest decimal that is this double is what stands in the file.
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

/// How far from its bound a miss is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// Within this share of the bound, in ten-thousandths.
    Share(i128),
    /// Within this much of the figure.
    Amount(Bound),
}

impl Default for Nearness {
    /// A tenth of the bound.
    fn default() -> Self {
        Self::Share(1_000)
    }
}

impl<'de> Deserialize<'de> for Nearness {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = from.deserialize_any(Number)?;
        let bound = Bound::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("wanted {NUMBERS}")))?;
        Ok(if text.trim_end().ends_with('%') { Self::Share(bound.0) } else { Self::Amount(bound) })
    }
}

impl Serialize for Nearness {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Share(share) => to.serialize_str(&format!("{}%", Bound(share * 100).plain())),
            Self::Amount(amount) => amount.serialize(to),
        }
    }
}

impl CriterionOptions {
    /// The bound of most enterprises.
    pub fn bound(&self) -> Option<Bound> {
        self.at_least.or(self.at_most)
    }

    /// The same criterion with another bound for all.
    pub fn with_bound(&self, bound: Bound) -> Self {
        let (at_least, at_most) = if self.at_most.is_some() { (None, Some(bound)) } else { (Some(bound), None) };
        Self { at_least, at_most, variants: Vec::new(), ..self.clone() }
    }

    /// SQL that gives an enterprise's bound.
    pub fn bound_sql(&self) -> Option<String> {
        let usual = self.bound()?.sql();
        if self.variants.is_empty() {
            return Some(usual);
        }
        let cases: String = self.variants.iter().map(|v| format!("WHEN ({}) THEN {} ", v.when, v.bound.sql())).collect();
        Some(format!("CASE {cases}ELSE {usual} END"))
    }

    /// SQL of the condition.
    pub fn met_sql(&self) -> String {
        let bound = self.bound_sql();
        match (&bound, self.met.is_empty()) {
            (Some(bound), true) => format!("({}) {} ({bound})", self.figure, if self.at_most.is_some() { "<=" } else { ">=" }),
            (Some(bound), false) => self.met.replace(BOUND, &format!("({bound})")),
            (None, false) => self.met.clone(),
            (None, true) => "CAST(NULL AS BOOLEAN)".to_owned(),
        }
    }

    /// SQL of the points.
    pub fn points_sql(&self) -> Option<String> {
        let points = self.points.as_ref()?;
        Some(self.bound_sql().map_or_else(|| points.clone(), |bound| points.replace(BOUND, &format!("({bound})"))))
    }

    /// SQL of how far the figure is on the right side of the bound; negative on the wrong one.
    pub fn margin_sql(&self) -> Option<String> {
        let bound = self.bound_sql()?;
        Some(match self.at_most {
            Some(_) => format!("({bound}) - ({})", self.figure),
            None => format!("({}) - ({bound})", self.figure),
        })
    }

    /// Whether a miss by so much, in ten-thousandths below nought, is near the bound.
    pub fn is_near(&self, bound: Bound, margin: i128) -> bool {
        let allowed = match self.near.unwrap_or_default() {
            Nearness::Share(share) => bound.0.abs() * share / 10_000,
            Nearness::Amount(amount) => amount.0.abs(),
        };
        margin < 0 && -margin <= allowed
    }

    /// Every expression that it states, each under its key.
    pub fn expressions(&self) -> Vec<(String, &str)> {
        let stated = [
            ("met", Some(self.met.as_str())),
            ("figure", Some(&self.figure)),
            ("when", self.when.as_deref()),
            ("points", self.points.as_deref()),
        ];
        let own = stated.into_iter().filter_map(|(key, sql)| Some((key.to_owned(), sql.filter(|sql| !sql.is_empty())?)));
        own.chain(self.variants.iter().enumerate().map(|(i, v)| (format!("variants[{i}].when"), v.when.as_str()))).collect()
    }

    /// Everything that decides its verdict, as one expression.
    pub fn conditions(&self) -> String {
        match &self.when {
            Some(when) => format!("({when}) AND ({})", self.met_sql()),
            None => self.met_sql(),
        }
    }
}

impl Config {
    /// The criteria that count at the reference date, in the order of the settings.
    pub fn criteria(&self) -> impl Iterator<Item = (&String, &CriterionOptions)> {
        let counts = |c: &CriterionOptions| c.set.is_empty() || self.screen.sets.contains(&c.set);
        let valid = |c: &CriterionOptions| {
            c.valid_from.is_none_or(|day| day.0 <= self.as_of) && c.valid_until.is_none_or(|day| self.as_of <= day.0)
        };
        self.criterion.iter().filter(move |(_, c)| !c.disabled && counts(c) && valid(c))
    }

    /// Those that decide who is in the pool.
    pub fn hard_criteria(&self) -> impl Iterator<Item = (&String, &CriterionOptions)> {
        self.criteria().filter(|(_, c)| c.effect == Effect::Hard)
    }

    /// Those that give points.
    pub fn scored_criteria(&self) -> impl Iterator<Item = (&String, &CriterionOptions)> {
        self.criteria().filter(|(_, c)| c.effect == Effect::Scored)
    }
}

/// The sets that criteria belong to, in the order of the settings, each with how many.
pub fn sets(criteria: &IndexMap<String, CriterionOptions>) -> IndexMap<&str, usize> {
    let mut sets = IndexMap::new();
    criteria.values().filter(|c| !c.set.is_empty()).for_each(|c| *sets.entry(c.set.as_str()).or_default() += 1);
    sets
}
