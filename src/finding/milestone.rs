//! The plan's milestones in words: sheet, page and terminal say the same.

use super::{in_unit, word};
use crate::config::Config;
use crate::model::day::Day;
use crate::model::milestone::{Milestone, MilestoneState};
use crate::model::words::{Lang, fill};
use chrono::NaiveDate;

/// Enterprises that are named; all are counted.
const NAMED: usize = 5;

/// How something stands; of what is late, for how many days.
pub fn state_in_words(lang: Lang, state: MilestoneState, until: Option<Day>, as_of: NaiveDate) -> String {
    let days = until.map_or(0, |until| (as_of - until.0).num_days());
    match state {
        MilestoneState::Late if days > 0 => tell(lang, "state_late_days", &[days.to_string()]),
        MilestoneState::Open if days <= 0 && until.is_some() => tell(lang, "state_open_days", &[(-days).to_string()]),
        _ => say(lang, &format!("state_{}", state.id())).to_owned(),
    }
}

/// How much of a milestone is there; empty of one that is there or not.
pub fn reached_in_words(lang: Lang, milestone: &Milestone) -> String {
    match milestone.shown_by.as_str() {
        unit @ ("forms" | "enterprises") => {
            tell(lang, &format!("reached_{unit}"), &[milestone.reached.to_string(), milestone.of.to_string()])
        }
        "scale" => {
            let money = |yuan: u64| in_unit(i128::from(yuan) * 10_000, 10_000);
            tell(lang, "reached_scale", &[money(milestone.reached), money(milestone.of)])
        }
        _ => String::new(),
    }
}

/// What a milestone still takes, and from whom; empty of one that is done.
pub fn remaining_in_words(config: &Config, lang: Lang, milestone: &Milestone) -> String {
    if milestone.state == MilestoneState::Done {
        return String::new();
    }
    let title = |form: &String| config.form.get(form).map_or(form.as_str(), |form| form.title.as_str()).to_owned();
    let comma = say(lang, "and");
    let senders = |form: &String| {
        let sources = config.source.values().filter(|source| !source.disabled && source.forms.contains(form));
        sources.map(|source| source.bureau.clone()).collect::<Vec<_>>().join(comma)
    };
    let mut told = Vec::new();
    if !milestone.unsent.is_empty() {
        let unsent = milestone.unsent.iter().map(|form| tell(lang, "unsent_form", &[title(form), senders(form)]));
        told.push(tell(lang, "unsent", &[unsent.collect::<Vec<_>>().join(comma)]));
    }
    let lacking: Vec<&str> =
        milestone.missing.iter().filter(|m| m.forms.iter().any(|form| !milestone.unsent.contains(form))).map(|m| m.name.as_str()).collect();
    if !lacking.is_empty() {
        let named = lacking.iter().take(NAMED).copied().collect::<Vec<_>>().join(comma);
        let key = if lacking.len() > NAMED { "lacking_more" } else { "lacking" };
        told.push(tell(lang, key, &[lacking.len().to_string(), named]));
    }
    if told.is_empty() {
        told.push(say(lang, &format!("remaining_{}", milestone.shown_by)).to_owned());
    }
    told.join(say(lang, "also"))
}

fn say(lang: Lang, key: &str) -> &'static str {
    word(lang, &format!("milestone.{key}"))
}

fn tell(lang: Lang, key: &str, values: &[String]) -> String {
    fill(say(lang, key), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
}
