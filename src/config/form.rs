//! `[form.<id>]`: what a table is, whose its records are, and what its columns hold.

use super::pool::RightOptions;
use crate::model::field::{FieldKind, PeriodKind, Role};
use crate::model::words::Label;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// `[form.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct FormOptions {
    /// The table's name in reports.
    #[validate(length(min = 1))]
    pub title: String,
    /// Whether the table is for a year (`year`) or a standing list (`none`).
    pub period: PeriodKind,
    /// Fields that identify a record; at least one must be in a header.
    #[validate(length(min = 1))]
    pub key: Vec<String>,
    /// Whether its records are the enterprises; exactly one form's are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub registry: bool,
    /// How its records find their enterprises.
    pub links: Links,
    /// What together makes one record: `enterprise`, `year` for the period, and fields. Empty means the enterprise, and
    /// the period where the table has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub record: Vec<String>,
    /// What a record means that repeats another.
    pub repeats: Repeats,
    /// Whether its figures are statistics under the Statistics Law, and so subject to consent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub statistics: bool,
    /// The amount that row accounting carries beside its records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounted: Option<String>,
    /// The table's columns.
    pub field: IndexMap<String, FieldOptions>,
    /// Header words that are known and skipped, e.g. 序号.
    pub skip: Vec<String>,
    /// Of the directory, the field beside the code that tells enterprises of one name apart, such as the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
    /// Its records are patents: the fields that say of each what its state goes by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<RightOptions>,
    /// A disabled form is nobody's; what only it gives is not there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// By name of a field with many columns, the fields of these.
    #[serde(skip)]
    pub lists: IndexMap<String, Vec<String>>,
}

impl FormOptions {
    /// Whether it has one record for each enterprise, or of a form of years for each enterprise and year: of others that
    /// repeat it the one received last counts.
    pub fn is_one_each(&self) -> bool {
        let identity = self.identity();
        let parts = if self.period == PeriodKind::Year {
            vec![IdentityPart::Enterprise, IdentityPart::Period]
        } else {
            vec![IdentityPart::Enterprise]
        };
        self.links == Links::Own && self.repeats == Repeats::First && identity == parts
    }

    /// Whether any of it is statistics.
    pub fn is_statistical(&self) -> bool {
        self.statistics || self.field.values().any(|field| field.statistics == Some(true))
    }

    /// Whether a field is statistics: as it says itself, else every figure of a form of statistics.
    pub fn holds_statistics(&self, field: &str) -> bool {
        self.field.get(field).is_some_and(|f| f.statistics.unwrap_or(self.statistics && f.role() == Role::Figure))
    }

    /// The first field of a type.
    pub fn first_of(&self, kind: FieldKind) -> Option<&str> {
        self.field.iter().find(|(_, field)| field.kind == kind).map(|(name, _)| name.as_str())
    }

    /// The label of the amount that row accounting carries.
    pub fn accounted(&self) -> Option<&str> {
        self.field.get(self.accounted.as_deref()?).map(|field| field.label.as_str())
    }

    /// What makes one record.
    pub fn identity(&self) -> Vec<IdentityPart<'_>> {
        let part = |name: &String| match name.as_str() {
            IdentityPart::ENTERPRISE => IdentityPart::Enterprise,
            IdentityPart::YEAR => IdentityPart::Period,
            field => match self.field.get_key_value(field) {
                Some((name, field)) if field.kind != FieldKind::Year => IdentityPart::Field(name),
                _ => IdentityPart::Period,
            },
        };
        match (self.record.is_empty(), self.period) {
            (false, _) => self.record.iter().map(part).collect(),
            (true, PeriodKind::None) => vec![IdentityPart::Enterprise],
            (true, PeriodKind::Year) => vec![IdentityPart::Enterprise, IdentityPart::Period],
        }
    }

    /// The field that names a record where its enterprise does not.
    pub fn own_key(&self) -> Option<&str> {
        let identity = self.identity();
        let field = identity.iter().find_map(|part| if let IdentityPart::Field(name) = part { Some(*name) } else { None });
        field.filter(|_| !identity.contains(&IdentityPart::Enterprise))
    }
}

/// A part of what makes one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityPart<'a> {
    /// The enterprise.
    Enterprise,
    /// The year of which the record speaks.
    Period,
    /// The value of a field.
    Field(&'a str),
}

impl IdentityPart<'_> {
    /// The word for the enterprise.
    pub const ENTERPRISE: &'static str = "enterprise";
    /// The word for the period.
    pub const YEAR: &'static str = "year";

    /// The word for it in the settings.
    pub fn id(&self) -> &str {
        match self {
            IdentityPart::Enterprise => Self::ENTERPRISE,
            IdentityPart::Period => Self::YEAR,
            IdentityPart::Field(name) => name,
        }
    }
}

/// How records find their enterprises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Links {
    /// By their own code, organisation code and name.
    #[default]
    Own,
    /// By a list of names in a field of type `names`: one record may be of several enterprises.
    Holders,
    /// Not at all.
    None,
}

/// What a record means that repeats another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repeats {
    /// The one received last counts, of one file the first.
    #[default]
    First,
    /// Where their values differ none of them counts.
    Conflict,
}

/// `[form.<id>.field.<field>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct FieldOptions {
    /// The field's name in reports.
    #[validate(length(min = 1))]
    pub label: String,
    /// What the cells hold.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Further header words that mean this field.
    pub aliases: Vec<String>,
    /// The headings of many columns beside each other that are this one field: `1月..12月`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<String>,
    /// Code list, for fields of type `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes: Option<String>,
    /// The field whose value of the year before this column repeats (上年同期).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_of: Option<String>,
    /// What it is to its record: amounts and numbers are figures, codes and names identifiers, all else attributes, unless said
    /// otherwise (a meter's number is an identifier).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it means, for the dictionary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Label>,
    /// Whether it is statistics under the Statistics Law; if not stated, every figure of a form of statistics is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics: Option<bool>,
    /// A table without this column gets a finding.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expected: bool,
    /// For dates: the date ends something, so the last day of what is written counts (`2024年6月` is 2024-06-30).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ends: bool,
    /// For amounts: the unit if the form fixes one (a table that says otherwise wins).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl FieldOptions {
    /// What it is to its record.
    pub fn role(&self) -> Role {
        self.role.unwrap_or(self.kind.role())
    }
}
