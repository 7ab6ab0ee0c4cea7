//! `huichi serve`

use super::args::{Cli, Format, Serve};
use super::output::{Paint, configuration, say};
use super::sample::told;
use crate::config::{Config, load};
use crate::error::Error;
use crate::finding::word;
use crate::model::words::{Lang, fill};
use crate::sample::{BUNDLED_SEED, SampleOptions, write};
use crate::web::{self, Listening, Start};
use std::path::{Path, PathBuf};

/// The settings of a demo: the sample's reference date and the forms of its service agencies, all else built in.
const DEMO: &str = "[run]\nas_of = \"2026-06-30\"\npacks = [\"issuance\"]\n";

/// Serves until the process is asked to end.
pub fn run(cli: &Cli, arguments: &Serve) -> Result<u8, Error> {
    // The folder of a demo goes when the portal ends.
    let folder = arguments.demo.then(tempfile::tempdir).transpose()?;
    let (config, config_path) = match &folder {
        Some(folder) => demo(folder.path())?,
        None => (configuration(cli)?, cli.config.clone()),
    };
    super::site::ready(&config)?;
    let lang = cli.lang.map_or(config.run.lang, Lang::from);
    let start = Start { config, config_path, listen: arguments.listen, now: arguments.clock, demo: arguments.demo };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(web::serve(start, |listening| tell(lang, cli.format, listening)))?;
    Ok(0)
}

/// Writes the sample and a configuration into a folder of their own.
fn demo(folder: &Path) -> Result<(Config, PathBuf), Error> {
    let options = SampleOptions { seed: BUNDLED_SEED, enterprises: 300, patents: 2700, overwrite: false };
    write(&folder.join("inputs"), &options).map_err(told)?;
    let path = folder.join("pipeline.toml");
    std::fs::write(&path, DEMO)?;
    let config = load(DEMO, folder).map_err(|problems| Error::bug(format!("{problems:?}")))?;
    Ok((config, path))
}

fn tell(lang: Lang, format: Format, listening: &Listening) {
    if format == Format::Json {
        return say(serde_json::json!(listening));
    }
    let paint = Paint::stdout();
    let line = |key: &str, value: &str| fill(word(lang, &format!("serve.{key}")), |_| Some(value.to_owned())).into_owned();
    say(paint.text("1;32", &line("listening", &listening.url)));
    if let Some(setup) = &listening.setup {
        say(line("setup", setup));
    }
    if let Some((_, _, password)) = listening.accounts.first() {
        say(paint.text("1;33", word(lang, "serve.demo")));
        for (name, role, _) in &listening.accounts {
            say(format!("  {name:<16}{}", word(lang, &format!("portal.role_{role}"))));
        }
        say(line("password", password));
    }
    say(word(lang, "serve.end"));
}
