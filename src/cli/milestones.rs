//! `huichi milestones`: what of the plan is done, due and late, and with whom it lies.

use super::args::{Cli, Format};
use super::output::{Paint, lang, say};
use super::site;
use crate::error::Error;
use crate::finding::milestone::{reached_in_words, remaining_in_words, state_in_words};
use crate::finding::word;
use crate::model::milestone::MilestoneState;
use crate::pipeline::{kept, phases_of};

/// Prints the milestones of a run.
pub fn run(cli: &Cli, run: &str) -> Result<u8, Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let kept = kept(&today, &ledger, run)?;
    let (config, phases) = phases_of(&today, &kept.published)?;
    if cli.format == Format::Json {
        say(serde_json::json!({ "run": kept.id, "as_of": config.as_of.to_string(), "phases": phases }));
        return Ok(0);
    }
    let paint = Paint::stdout();
    let colour = |state: MilestoneState| match state {
        MilestoneState::Done => "32",
        MilestoneState::Late => "1;31",
        MilestoneState::Open => "33",
        MilestoneState::Ahead => "2",
    };
    if phases.is_empty() {
        say(word(lang, "publish.milestones_empty"));
    }
    let between = word(lang, "milestone.and");
    for phase in &phases {
        let state = state_in_words(lang, phase.state, phase.until, config.as_of);
        say(format!("{}  {}  {}", paint.text("1", &phase.name), paint.text(colour(phase.state), &state), phase.responsible.join(between)));
        for milestone in &phase.milestones {
            let state = state_in_words(lang, milestone.state, milestone.until, config.as_of);
            let told = [reached_in_words(lang, milestone), remaining_in_words(&config, lang, milestone)];
            let told = told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ");
            say(format!("  {}  {}  {}", paint.text(colour(milestone.state), &state), milestone.name, milestone.responsible.join(between)));
            if !told.is_empty() {
                say(format!("      {}", paint.text("2", &told)));
            }
        }
    }
    Ok(0)
}
