//! `huichi check`

use super::args::{Check, Cli};
use super::output::{configuration, lang, say};
use crate::error::Error;
use crate::finding::{fill, word};

/// Checks files, or the configuration.
pub fn run(cli: &Cli, arguments: &Check) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let lang = lang(cli, &config);
    if arguments.files.is_empty() {
        let values = [config.source.len(), config.form.len(), config.edit.len(), config.criterion.len()].map(|n| n.to_string());
        say(fill(word(lang, "config.good"), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned())));
    }
    Ok(0)
}
