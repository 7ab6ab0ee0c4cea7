//! `huichi list` and `huichi whatif`: the proposed asset list of a run, and what would come of other criteria and terms.

use super::args::{Cli, Format};
use super::output::{Paint, lang, say};
use super::site;
use super::user::line;
use crate::config::Config;
use crate::error::Error;
use crate::finding::proposal::{cost_in_words, measure_in_words, money, pending_in_words, score, summary};
use crate::finding::word;
use crate::model::proposal::{Listed, Proof, Proposal, Standing, Term};
use crate::model::words::Lang;
use crate::pipeline::{self, Judged, KeptRun, Moved, Tried, kept};
use serde_json::{Value, json};

/// Prints the list of a run.
pub fn list(cli: &Cli, run: &str) -> Result<u8, Error> {
    let (today, kept, lang) = opened(cli, run)?;
    let pipeline::Proposed { config, proposal } = pipeline::proposed(&today, &kept.published)?;
    if cli.format == Format::Json {
        say(json!({ "run": kept.id, "list": of_proposal(&proposal) }));
        return Ok(0);
    }
    let paint = Paint::stdout();
    summary(&config, lang, &proposal).iter().for_each(say);
    print_list(&config, lang, &paint, &proposal);
    say(String::new());
    for term in &proposal.terms {
        say(term_line(lang, term));
    }
    Ok(0)
}

/// Prints who would enter and leave, and both lists.
pub fn whatif(cli: &Cli, run: &str, changes: &[String]) -> Result<u8, Error> {
    let (today, kept, lang) = opened(cli, run)?;
    let tried = pipeline::whatif(&today, &kept.published, changes)?;
    if cli.format == Format::Json {
        let moved = |moved: &[Moved]| -> Value { moved.iter().map(|m| json!({ "enterprise": m.enterprise, "name": m.name })).collect() };
        let side = |judged: &Judged| json!({ "pooled": judged.pooled, "list": of_proposal(&judged.proposal) });
        say(json!({
            "run": kept.id, "changes": changes, "entered": moved(&tried.entered), "left": moved(&tried.left),
            "before": side(&tried.before), "after": side(&tried.after),
        }));
        return Ok(0);
    }
    print_tried(lang, &tried);
    Ok(0)
}

fn opened(cli: &Cli, run: &str) -> Result<(Config, KeptRun, Lang), Error> {
    let (today, ledger) = site::looked(cli)?;
    let lang = lang(cli, &today);
    let kept = kept(&today, &ledger, run)?;
    Ok((today, kept, lang))
}

fn print_list(config: &Config, lang: Lang, paint: &Paint, proposal: &Proposal) {
    let shown = proposal.listed.iter().filter(|l| matches!(l.standing, Standing::Chosen(_) | Standing::Reserve));
    for (number, listed) in (1..).zip(shown) {
        let standing = word(lang, &format!("publish.standing_{}", listed.standing.id()));
        let amount = listed.standing.amount();
        let (mark, key) = if amount.is_some() { ("1;32", "list.chosen") } else { ("2", "list.reserve") };
        let cost = listed.cost.as_ref().map(|cost| format!("  {}", cost_in_words(lang, cost))).unwrap_or_default();
        let scored = listed.score.map_or_else(|| "—".to_owned(), score);
        let pending = pending_in_words(config, lang, listed);
        let pending = if pending.is_empty() { pending } else { format!("  {}", line(lang, "list.pending", &[&pending])) };
        let told = [number.to_string(), listed.enterprise.clone(), listed.name.clone(), amount.map(money).unwrap_or_default(), scored];
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        say(format!("{}  {}{cost}{pending}", paint.text(mark, standing), line(lang, key, &told)));
    }
}

fn term_line(lang: Lang, term: &Term) -> String {
    let name = word(lang, &format!("publish.term_{}", term.id));
    let tight = word(lang, if term.tight { "publish.tight_yes" } else { "publish.tight_no" });
    let binding = word(
        lang,
        match term.binding {
            Some(true) => "publish.binding_yes",
            Some(false) => "publish.binding_no",
            None => "publish.binding_unknown",
        },
    );
    let [limit, reached] = [term.limit, term.reached].map(|measure| measure_in_words(lang, measure));
    line(lang, "list.term", &[name, &limit, &reached, tight, binding])
}

fn print_tried(lang: Lang, tried: &Tried) {
    let paint = Paint::stdout();
    let (before, after) = (&tried.before, &tried.after);
    let numbers = [before.pooled, after.pooled, tried.entered.len() as u64, tried.left.len() as u64].map(|n| n.to_string());
    say(paint.text("1", &line(lang, "list.tried", &numbers.each_ref().map(String::as_str))));
    for (key, moved) in [("diff.entered", &tried.entered), ("diff.left", &tried.left)] {
        if !moved.is_empty() {
            say(format!("\n{}", paint.text("1", &line(lang, key, &[&moved.len().to_string()]))));
        }
        for moved in moved {
            let told = moved.reasons.iter().map(|judged| {
                let known = after.config.criterion.get(&judged.criterion);
                let name = known.map_or(judged.criterion.as_str(), |criterion| criterion.name.get(lang));
                let said = |verdict: &Option<String>| match verdict {
                    Some(verdict) => word(lang, &format!("verdict.{verdict}")),
                    None => word(lang, "portal.change_no_criterion"),
                };
                line(lang, "portal.change_verdict", &[name, said(&judged.was), said(&judged.is)])
            });
            say(format!("  {}  {}  {}", moved.enterprise, moved.name, told.collect::<Vec<_>>().join(word(lang, "link.also"))));
        }
    }
    for (key, judged) in [("list.before", before), ("list.after", after)] {
        say(format!("\n{}", paint.text("1", word(lang, key))));
        summary(&judged.config, lang, &judged.proposal).iter().for_each(say);
        print_list(&judged.config, lang, &paint, &judged.proposal);
    }
}

/// A list for programs: amounts in yuan.
fn of_proposal(proposal: &Proposal) -> Value {
    let units = |units: i128| crate::config::Bound::of_units(units).plain();
    let listed = |l: &Listed| {
        json!({
            "enterprise": l.enterprise, "name": l.name, "standing": l.standing.id(), "amount": l.standing.amount().map(units),
            "need": l.need.map(units), "score": l.score.map(units), "obligor": l.obligor, "industry": l.industry, "pending": l.pending,
            "cost": l.cost.as_ref().map(|c| json!({ "total": units(c.total), "score": units(c.score), "leaves": c.leaves })),
        })
    };
    json!({
        "total": units(proposal.total), "score": proposal.score.map(units), "steps": proposal.steps, "clash": proposal.clash,
        "proof": match &proposal.proof {
            Proof::Gap { total, score } => json!({ "total": units(*total), "score": units(*score) }),
            proof => json!(proof.id()),
        },
        "listed": proposal.listed.iter().map(listed).collect::<Vec<_>>(),
        "terms": proposal.terms.iter().map(|t| json!({ "term": t.id, "tight": t.tight, "binding": t.binding })).collect::<Vec<_>>(),
    })
}
