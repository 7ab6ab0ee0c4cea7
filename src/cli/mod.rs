//! The command line: the only place that wires things.
//!
//! Exit codes: 0 done, with or without findings; 1 our bug; 2 command line or configuration; 3 done, but more error
//! findings than `[run] fail_above`; 4 nothing could be read; 5 another run is active; 6 disk, database or network.

mod args;
mod check;
mod config;
mod explain;
mod output;
mod run;
mod sample;

use crate::error::Error;
use crate::finding::Lang;
use args::{Cli, Command};
use clap::{CommandFactory, FromArgMatches};

/// Runs the command line; gives the exit code.
pub fn main() -> u8 {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    crate::telemetry::start(cli.format == args::Format::Json);
    let lang = cli.lang.map_or(Lang::Zh, Lang::from);
    let result = match cli.command.clone().unwrap_or_default() {
        Command::Run(run) => run::run(&cli, &run),
        Command::Check(check) => check::run(&cli, &check),
        Command::Explain { code } => explain::run(&cli, code.as_deref()),
        Command::Config => config::run(&cli),
        Command::Sample(sample) => sample::run(&cli, &sample),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "huichi", &mut std::io::stdout());
            Ok(0)
        }
    };
    result.unwrap_or_else(|error| failed(&cli, lang, &error))
}

/// Clap's own texts are English; ours follow `--lang`, which is looked for before parsing.
fn parse() -> Result<Cli, clap::Error> {
    let english = std::env::args().collect::<Vec<_>>().windows(2).any(|w| w[0] == "--lang" && w[1] == "en")
        || std::env::args().any(|a| a == "--lang=en");
    let command = args::localized(Cli::command(), if english { Lang::En } else { Lang::Zh });
    Cli::from_arg_matches(&command.try_get_matches()?)
}

fn failed(cli: &Cli, lang: Lang, error: &Error) -> u8 {
    tracing::info!(error.code = error.code, error.kind = ?error.kind, "command failed");
    output::error(cli, lang, error);
    error.kind.exit_code()
}
