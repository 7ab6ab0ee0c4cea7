//! `huichi config`

use super::args::{Cli, Format};
use super::output::{Paint, configuration, lang, say};
use crate::config::{Origin, layered};
use crate::error::Error;
use crate::finding::word;

/// Prints every setting in force with its origin.
pub fn run(cli: &Cli) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let lang = lang(cli, &config);
    let paint = Paint::stdout();
    for (key, value, origin) in layered(&config.typed, &config.site, &config.merged) {
        let (name, word) = match origin {
            Origin::Default => ("default", word(lang, "config.default")),
            Origin::Site => ("site", word(lang, "config.site")),
            Origin::Command => ("command", word(lang, "config.command")),
        };
        if cli.format == Format::Json {
            say(serde_json::json!({ "key": key, "value": value, "origin": name }));
        } else {
            let mark = if origin != Origin::Default { paint.text("1;32", word) } else { word.to_owned() };
            say(format!("{mark}  {key} = {value}"));
        }
    }
    Ok(0)
}
