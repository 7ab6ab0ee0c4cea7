//! The state of a site, as commands beside `run` and `serve` use it.

use super::args::Cli;
use super::output::configuration;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::ledger::{By, Ledger, is_sealed};
use crate::portal::clock::Clock;
use std::path::PathBuf;

/// Who acts on the command line, as the audit log keeps it.
pub const ACTOR: &str = "command_line";

/// Refuses a site whose restore was cut off.
pub fn ready(config: &Config) -> Result<(), Error> {
    match crate::backup::interrupted(&config.outputs) {
        Some(_) => Err(Error::new(ErrorKind::Usage, "ERR-042").with("path", config.outputs.display().to_string())),
        None => Ok(()),
    }
}

/// The settings and the ledger; it is made if there is none.
pub fn open(cli: &Cli) -> Result<(Config, Ledger), Error> {
    let config = configuration(cli)?;
    ready(&config)?;
    let state = crate::outputs::open(&config.outputs)?;
    let ledger = Ledger::open(&state.join("ledger.sqlite"))?;
    Ok((config, ledger))
}

/// The settings, and where the ledger lies, which must be there.
fn found(cli: &Cli) -> Result<(Config, PathBuf), Error> {
    let config = configuration(cli)?;
    ready(&config)?;
    let path = config.outputs.join(".huichi").join("ledger.sqlite");
    if !path.is_file() {
        return Err(Error::new(ErrorKind::Usage, "ERR-046").with("path", config.outputs.display().to_string()));
    }
    Ok((config, path))
}

/// The settings and the ledger, which must be there.
pub fn existing(cli: &Cli) -> Result<(Config, Ledger), Error> {
    let (config, path) = found(cli)?;
    let ledger = Ledger::open(&path)?;
    Ok((config, ledger))
}

/// The same for reading alone: nothing is written to the state.
pub fn looked(cli: &Cli) -> Result<(Config, Ledger), Error> {
    let (config, path) = found(cli)?;
    let ledger = Ledger::look(&path)?;
    Ok((config, ledger))
}

/// The ledger of a state that can be written to; nothing of one that can only be read.
pub fn writable(config: &Config) -> Result<Option<Ledger>, Error> {
    let state = config.outputs.join(".huichi");
    let path = state.join("ledger.sqlite");
    for part in [&state, &path] {
        if std::fs::metadata(part)?.permissions().readonly() {
            return Ok(None);
        }
    }
    match Ledger::open(&path) {
        Ok(ledger) => Ok(Some(ledger)),
        Err(error) if is_sealed(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The moment of a command.
pub fn now() -> String {
    Clock::new(None).stamp()
}

/// The command line as the author of a change.
pub fn by(at: &str) -> By<'_> {
    By { account: ACTOR, role: "", address: "", at }
}
