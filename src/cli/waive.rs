//! `huichi waive`: criteria that need not be met by an enterprise: asked by one person, granted by another.
//!
//! On the command line people are named by their accounts, since whoever may open a terminal here may act for all of them; the audit
//! log says that it was the command line.

use super::args::{Cli, Format, Waive};
use super::output::{lang, say};
use super::site;
use super::user::line;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::finding::word;
use crate::ledger::{By, Ledger, NotDecided, WaiverRecord, WaiverRequest};
use crate::model::role::Right;
use crate::model::words::Lang;
use crate::outputs;
use crate::pipeline::kept;
use crate::run::Enterprises;

/// Asks, grants, refuses, withdraws or lists.
pub fn run(cli: &Cli, action: &Waive) -> Result<u8, Error> {
    let (config, mut ledger) = site::existing(cli)?;
    let lang = lang(cli, &config);
    let now = site::now();
    match action {
        Waive::Ask { enterprise, criterion, reason, until, by } => {
            known_criterion(&config, criterion)?;
            let account = person(&ledger, by, Right::AskWaivers, lang)?;
            let (key, name) = find(&config, &ledger, enterprise)?;
            let until = until.to_string();
            let request = WaiverRequest { enterprise: &key, name: &name, criterion, reason, until: &until };
            let number = ledger.ask_waiver(&request, By { account: &account.0, role: account.1, address: "", at: &now })?;
            say(line(lang, "waive.asked", &[&number.to_string(), &name]));
        }
        Waive::Grant { number, by } => decide(&mut ledger, lang, &now, (*number, Some(true)), by)?,
        Waive::Refuse { number, by } => decide(&mut ledger, lang, &now, (*number, Some(false)), by)?,
        Waive::Withdraw { number, by } => decide(&mut ledger, lang, &now, (*number, None), by)?,
        Waive::List => list(cli, &config, lang, &ledger)?,
    }
    Ok(0)
}

/// Grants, refuses or withdraws.
fn decide(ledger: &mut Ledger, lang: Lang, now: &str, (number, granted): (i64, Option<bool>), by: &str) -> Result<(), Error> {
    let account = person(ledger, by, Right::GrantWaivers, lang)?;
    let by = By { account: &account.0, role: account.1, address: "", at: now };
    let (decided, key) = match granted {
        Some(true) => (ledger.decide_waiver(number, true, by)?, "waive.granted"),
        Some(false) => (ledger.decide_waiver(number, false, by)?, "waive.refused"),
        None => (ledger.withdraw_waiver(number, by)?, "waive.withdrawn"),
    };
    decided.map_err(|not| not_made(lang, not, number))?;
    say(line(lang, key, &[&number.to_string()]));
    Ok(())
}

fn not_made(lang: Lang, not: NotDecided, number: i64) -> Error {
    let key = match not {
        NotDecided::Unknown => "waive.unknown",
        NotDecided::Decided => "waive.decided",
        NotDecided::SamePerson => "waive.same_person",
    };
    Error::new(ErrorKind::Usage, "ERR-103").with("reason", line(lang, key, &[&number.to_string()]))
}

/// An account that may do this: its name and role.
fn person(ledger: &Ledger, name: &str, right: Right, lang: Lang) -> Result<(String, &'static str), Error> {
    let account = ledger.account_named(name)?.ok_or_else(|| Error::new(ErrorKind::Usage, "ERR-033").with("found", name))?;
    if account.disabled || !account.role.may(right) {
        return Err(Error::new(ErrorKind::Usage, "ERR-103").with("reason", line(lang, "waive.no_right", &[name])));
    }
    Ok((account.name, account.role.id()))
}

fn known_criterion(config: &Config, criterion: &str) -> Result<(), Error> {
    let known = || config.criteria().map(|(id, _)| id.as_str()).collect::<Vec<_>>();
    if known().contains(&criterion) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, "ERR-098").with("found", criterion).with("expected", known().join("、")))
}

/// The key and name of an enterprise of the last run.
fn find(config: &Config, ledger: &Ledger, sought: &str) -> Result<(String, String), Error> {
    let kept = kept(config, ledger, "latest")?;
    let unread = |reason: String| Error::new(ErrorKind::System, "ERR-096").with("run", kept.id.clone()).with("reason", reason);
    let enterprises = Enterprises::read(&kept.published).map_err(|e| unread(e.to_string()))?;
    let enterprises = enterprises.ok_or_else(|| unread("@diff.no_enterprises".to_owned()))?;
    let row = super::explain::sought(&enterprises, &kept.id, sought)?;
    Ok((enterprises.text("enterprise", row), enterprises.text("name", row)))
}

fn list(cli: &Cli, config: &Config, lang: Lang, ledger: &Ledger) -> Result<(), Error> {
    let all = ledger.waivers()?;
    if cli.format == Format::Json {
        say(serde_json::json!(all));
        return Ok(());
    }
    if all.is_empty() {
        say(word(lang, "waive.none"));
    }
    for WaiverRecord { waiver, name, state, .. } in &all {
        let criterion = config.criterion.get(&waiver.criterion).map_or(waiver.criterion.as_str(), |c| c.name.get(lang));
        let state = word(lang, &format!("waive.state_{}", state.id()));
        let granted = if waiver.granted_by.is_empty() { "—" } else { &waiver.granted_by };
        let (number, until) = (waiver.number.to_string(), waiver.until.to_string());
        say(line(lang, "waive.line", &[&number, state, name, criterion, &until, &waiver.asked_by, granted, &waiver.reason]));
    }
    // Only a folder with a run can have waivers that count.
    if outputs::latest(&config.outputs).is_none() {
        say(word(lang, "waive.no_run"));
    }
    Ok(())
}
