//! The command line: the only place that wires things.
//!
//! Exit codes: 0 done, with or without findings; 1 our bug; 2 command line or configuration; 3 done, but more error
//! findings than `[run] fail_above`; 4 nothing could be read; 5 another run is active, or another program holds the
//! ledger; 6 disk, database or network, and an audit log, original, run or backup that is no longer what it was; 7 a run
//! that was made again otherwise than it was published.

mod args;
mod audit;
mod backup;
mod check;
mod config;
mod cost;
mod diff;
mod dossier;
mod explain;
mod list;
mod milestones;
mod output;
mod replay;
mod run;
mod sample;
mod serve;
mod site;
mod token;
mod user;
mod waive;

use crate::error::{Error, ErrorKind};
use crate::model::words::Lang;
use args::{Cli, Command};
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};
use std::io::Write;

/// Runs the command line; gives the exit code.
pub fn main() -> u8 {
    // Language and format of a message about the command line itself; names of files need not be text.
    let words: Vec<String> = std::env::args_os().map(|w| w.to_string_lossy().into_owned()).collect();
    let typed = |option: &str, value: &str| {
        words.windows(2).any(|w| w[0] == option && w[1] == value) || words.iter().any(|w| *w == format!("{option}={value}"))
    };
    let lang = if typed("--lang", "en") { Lang::En } else { Lang::Zh };
    let format = if typed("--format", "json") { args::Format::Json } else { args::Format::Text };
    let parsed = args::localized(Cli::command(), lang).try_get_matches().and_then(|m| Cli::from_arg_matches(&m));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            output::speak(format, lang);
            output::heard(error.print().and_then(|()| std::io::stdout().flush()));
            return 0;
        }
        // A command that only has others below it: what they are is the answer.
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ErrorKind::Usage.exit_code();
        }
        Err(error) => {
            let error = usage(&error);
            output::error(format, lang, &error);
            return error.kind.exit_code();
        }
    };
    output::speak(cli.format, output::site_lang(&cli));
    crate::telemetry::start(cli.format == args::Format::Json);
    let result = match cli.command.clone().unwrap_or_default() {
        Command::Run(run) => run::run(&cli, &run),
        Command::Check(check) => check::run(&cli, &check),
        Command::Explain(asked) => explain::run(&cli, &asked),
        Command::List { run } => list::list(&cli, &run),
        Command::Whatif { changes, run } => list::whatif(&cli, &run, &changes),
        Command::Cost(cost) => cost::run(&cli, &cost),
        Command::Dossier(dossier) => dossier::run(&cli, &dossier),
        Command::Milestones { run } => milestones::run(&cli, &run),
        Command::Waive { action } => waive::run(&cli, &action),
        Command::Config => config::run(&cli),
        Command::Sample(sample) => sample::run(&cli, &sample),
        Command::Serve(serve) => serve::run(&cli, &serve),
        Command::User { action } => user::run(&cli, &action),
        Command::Token { action } => token::run(&cli, &action),
        Command::Audit { action } => audit::run(&cli, &action),
        Command::Backup { to } => backup::take(&cli, &to),
        Command::Restore { from } => backup::restore(&cli, &from),
        Command::Replay { run } => replay::run(&cli, &run),
        Command::Diff { older, newer } => diff::run(&cli, &older, &newer),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut args::localized(Cli::command(), lang), "huichi", &mut script);
            output::say(String::from_utf8_lossy(&script).trim_end());
            Ok(0)
        }
    };
    result.unwrap_or_else(|error| failed(&cli, &error))
}

/// Tells in our own words what clap says in English.
fn usage(error: &clap::Error) -> Error {
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join("、")),
        _ => None,
    };
    let expected = context(ContextKind::ValidSubcommand)
        .or_else(|| context(ContextKind::ValidValue))
        .or_else(|| context(ContextKind::SuggestedSubcommand))
        .or_else(|| context(ContextKind::SuggestedArg))
        .unwrap_or_else(|| "—".to_owned());
    let argument = context(ContextKind::InvalidArg);
    match (context(ContextKind::InvalidValue), context(ContextKind::InvalidSubcommand), argument) {
        (Some(found), _, Some(argument)) => {
            Error::new(ErrorKind::Usage, "ERR-015").with("found", found).with("argument", argument).with("expected", expected)
        }
        (_, Some(found), _) => Error::new(ErrorKind::Usage, "ERR-014").with("found", found).with("expected", expected),
        (_, _, Some(argument)) if error.kind() == clap::error::ErrorKind::MissingRequiredArgument => {
            Error::new(ErrorKind::Usage, "ERR-016").with("argument", argument)
        }
        (_, _, found) => Error::new(ErrorKind::Usage, "ERR-014").with("found", found.unwrap_or_default()).with("expected", expected),
    }
}

fn failed(cli: &Cli, error: &Error) -> u8 {
    tracing::info!(error.code = error.code, error.kind = ?error.kind, "command failed");
    output::error(cli.format, output::site_lang(cli), error);
    error.kind.exit_code()
}
