//! The milestones of the plan: phases with who is responsible and when, and what of each is done.

use crate::model::day::Day;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How a milestone, or a phase of them, stands at the reference date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneState {
    /// 已完成
    Done,
    /// 未开始: its phase has not begun, and nothing of it is there.
    Ahead,
    /// 进行中: there is still time, or no day was set.
    Open,
    /// 已逾期: it was to be done before the reference date.
    Late,
}

impl MilestoneState {
    /// Its word in data files and in the catalogue.
    pub fn id(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ahead => "ahead",
            Self::Open => "open",
            Self::Late => "late",
        }
    }

    /// How something stands that is done or not, with the days between which it is to be.
    pub fn at(as_of: NaiveDate, done: bool, begun: bool, (from, until): (Option<Day>, Option<Day>)) -> Self {
        match (until, from) {
            _ if done => Self::Done,
            (Some(until), _) if as_of > until.0 => Self::Late,
            (_, Some(from)) if as_of < from.0 && !begun => Self::Ahead,
            _ => Self::Open,
        }
    }
}

/// Who lacks something that a milestone takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The enterprise's key.
    pub enterprise: String,
    /// Its name.
    pub name: String,
    /// The forms in which it has no record.
    pub forms: Vec<String>,
}

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its id in the settings.
    pub id: String,
    /// What is to be done.
    pub name: String,
    /// Who does it.
    pub responsible: Vec<String>,
    /// The last day for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// How it stands.
    pub state: MilestoneState,
    /// The day on which it was done, where somebody stated it or the ledger knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_on: Option<Day>,
    /// What shows it: `stated`, `forms` that came, `enterprises` of the list that are in them, `pool`, `scale`, `adopted`.
    pub shown_by: String,
    /// How much of it is there, and of how much: forms, enterprises, or yuan of the scale.
    pub reached: u64,
    /// All of it.
    pub of: u64,
    /// Forms that nobody sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<String>,
    /// Enterprises that lack something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

/// A phase of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// Its id in the settings.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who is responsible for it.
    pub responsible: Vec<String>,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
    /// How it stands: done where all of it is.
    pub state: MilestoneState,
    /// Its milestones.
    pub milestones: Vec<Milestone>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_ahead_and_open_follows_from_the_days() {
        let day = |text: &str| text.parse::<NaiveDate>().ok().map(Day);
        let days = (day("2026-05-01"), day("2026-06-30"));
        let state = |as_of: &str, done, begun| MilestoneState::at(day(as_of).expect("a day").0, done, begun, days);
        assert_eq!(state("2026-04-30", false, false), MilestoneState::Ahead);
        assert_eq!(state("2026-04-30", false, true), MilestoneState::Open);
        assert_eq!(state("2026-06-30", false, false), MilestoneState::Open);
        assert_eq!(state("2026-07-01", false, true), MilestoneState::Late);
        assert_eq!(state("2026-07-01", true, true), MilestoneState::Done);
        assert_eq!(MilestoneState::at(day("2026-07-01").expect("a day").0, false, false, (None, None)), MilestoneState::Open);
    }
}
