//! `[phase.<id>]` and `[milestone.<id>]`: the plan's phases and what is to be done in each.

use crate::model::day::Day;
use crate::model::words::Label;
use serde::{Deserialize, Serialize};

/// `[phase.<id>]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhaseOptions {
    /// Its name.
    pub name: Label,
    /// Who is responsible.
    pub responsible: Vec<String>,
    /// Its first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// A disabled phase is not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// `[milestone.<id>]`
///
/// What shows that it is done is one of `forms`, `pool`, `scale`, `adopted`; of one without any somebody states the day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MilestoneOptions {
    /// The phase.
    pub phase: String,
    /// What is to be done.
    pub name: Label,
    /// Who does it; those of the phase if nobody is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responsible: Vec<String>,
    /// The last day for it; the phase's if none is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// These forms came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// For whom they are to come.
    #[serde(skip_serializing_if = "is_anybody")]
    pub from: AskedOf,
    /// The pool is not empty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pool: bool,
    /// The proposed list reaches the scale.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub scale: bool,
    /// A run was adopted (定稿).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// The day on which it was done, stated by somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_on: Option<Day>,
    /// A disabled milestone is not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// For whom forms are to come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedOf {
    /// For anybody.
    #[default]
    Anybody,
    /// For each enterprise on the proposed list.
    List,
}

fn is_anybody(asked: &AskedOf) -> bool {
    *asked == AskedOf::Anybody
}

impl MilestoneOptions {
    /// What shows that it is done, in the order in which it is looked at: `forms`, `pool`, `scale`, `adopted`; none of what somebody
    /// states.
    pub fn shown_by(&self) -> Vec<&'static str> {
        let named = [("forms", !self.forms.is_empty()), ("pool", self.pool), ("scale", self.scale), ("adopted", self.adopted)];
        named.into_iter().filter(|(_, named)| *named).map(|(name, _)| name).collect()
    }
}
