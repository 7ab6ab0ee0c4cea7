//! The proposed asset list in words: sheets, pages and terminal say the same.

use super::{in_unit, word};
use crate::config::Config;
use crate::model::proposal::{Cost, Listed, Measure, Proof, Proposal};
use crate::model::words::{Lang, fill};

/// Money is told in this many yuan.
const TEN_THOUSAND: i64 = 10_000;

/// What the list comes to, in sentences: amounts and score, what is proven, what clashes, who cannot be chosen.
pub fn summary(config: &Config, lang: Lang, proposal: &Proposal) -> Vec<String> {
    let issue = &config.issue;
    let chosen = proposal.chosen().count().to_string();
    let mean = proposal.score.map_or_else(|| "—".to_owned(), score);
    let head = [money(issue.scale.units()), issue.term_months.to_string(), money(proposal.total), chosen, mean];
    let mut lines = vec![tell(lang, "list_head", &head)];
    lines.push(match &proposal.proof {
        Proof::Optimal => tell(lang, "proof_optimal", &[]),
        Proof::BestValue => tell(lang, "proof_best_value", &[proposal.steps.to_string()]),
        Proof::Gap { total, score: bound } => tell(lang, "proof_gap", &[proposal.steps.to_string(), money(*total), score(*bound)]),
        Proof::Infeasible => tell(lang, "proof_infeasible", &[]),
        Proof::TooLarge => tell(lang, "proof_too_large", &[]),
    });
    let joined = |parts: Vec<String>| parts.join(say(lang, "between"));
    if !proposal.clash.is_empty() {
        let terms = proposal.clash.iter().map(|id| say(lang, &format!("term_{id}")).to_owned()).collect();
        lines.push(tell(lang, "list_clash", &[joined(terms)]));
    }
    let excluded = proposal.excluded().into_iter().filter(|(_, number)| *number > 0);
    let excluded: Vec<String> =
        excluded.map(|(reason, number)| tell(lang, &format!("excluded_{}", reason.id()), &[number.to_string()])).collect();
    if !excluded.is_empty() {
        lines.push(tell(lang, "list_excluded", &[joined(excluded)]));
    }
    lines
}

/// What it costs to choose an enterprise, in a sentence.
pub fn cost_in_words(lang: Lang, cost: &Cost) -> String {
    let leaves = match cost.leaves.is_empty() {
        true => say(lang, "cost_nobody").to_owned(),
        false => cost.leaves.join(say(lang, "between")),
    };
    let key = match (cost.total, cost.score) {
        (1.., _) => "cost_total",
        (_, 1..) => "cost_score",
        _ => "cost_none",
    };
    tell(lang, key, &[money(cost.total), in_unit(cost.score, 1), leaves])
}

/// The criteria of the list that cannot be judged yet of an enterprise; empty where there is none.
pub fn pending_in_words(config: &Config, lang: Lang, listed: &Listed) -> String {
    let names = listed.pending.iter().map(|id| config.criterion.get(id).map_or(id.as_str(), |criterion| criterion.name.get(lang)));
    names.collect::<Vec<_>>().join(say(lang, "between"))
}

/// A number of a term with its unit.
pub fn measure_in_words(lang: Lang, measure: Measure) -> String {
    match measure {
        Measure::Amount(units) => tell(lang, "measure_amount", &[money(units)]),
        Measure::Share(units) => format!("{}%", in_unit(units * 100, 1)),
        Measure::Count(number) => tell(lang, "measure_count", &[number.to_string()]),
    }
}

/// Ten-thousandths of a yuan in 万元.
pub fn money(units: i128) -> String {
    in_unit(units, TEN_THOUSAND)
}

/// A score with two decimals at most.
pub fn score(units: i128) -> String {
    in_unit((units + 50).div_euclid(100) * 100, 1)
}

fn say(lang: Lang, key: &str) -> &'static str {
    word(lang, &format!("publish.{key}"))
}

fn tell(lang: Lang, key: &str, values: &[String]) -> String {
    fill(say(lang, key), |place| values.get(place.parse::<usize>().ok()?).cloned()).into_owned()
}
