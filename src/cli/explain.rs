//! `huichi explain CODE`

use super::args::{Cli, Format};
use super::output::{Paint, configuration, lang, say};
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, word};

/// Prints what a code means, or all codes.
pub fn run(cli: &Cli, code: Option<&str>) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let lang = lang(cli, &config);
    let catalogue = Catalogue::of(&config);
    let paint = Paint::stdout();
    let Some(code) = code else {
        for entry in catalogue.iter() {
            let severity = word(lang, entry.severity.label_key());
            say(format!("{}  {severity}  {}", paint.text("1", &format!("{:<8}", entry.code)), entry.name.get(lang)));
        }
        return Ok(0);
    };
    let Some(entry) = catalogue.get(&code.to_ascii_uppercase()) else {
        let near: Vec<&str> = catalogue.iter().map(|e| e.code.as_str()).filter(|c| c.split('-').next() == code.split('-').next()).collect();
        return Err(Error::new(ErrorKind::Usage, "ERR-010").with("found", code).with("nearest", near.join("、")));
    };
    let edit = config.edit.get(&entry.code);
    if cli.format == Format::Json {
        let explained = serde_json::json!({
            "code": entry.code, "severity": entry.severity, "name": entry.name.get(lang), "message": entry.message.get(lang),
            "help": entry.help.get(lang), "explain": entry.explain.get(lang), "edit": edit,
        });
        say(explained);
        return Ok(0);
    }
    say(format!("{}  {}（{}）", paint.text("1", &entry.code), entry.name.get(lang), word(lang, entry.severity.label_key())));
    say(format!("\n{}\n", entry.explain.get(lang)));
    say(format!("{}  {}", word(lang, "explain.message"), entry.message.get(lang)));
    say(format!("{}  {}", word(lang, "explain.help"), entry.help.get(lang)));
    if let Some(edit) = edit {
        say(format!("{}  {}", word(lang, "explain.dataset"), edit.dataset.join("、")));
        say(format!("{}  {}", word(lang, "explain.holds"), edit.holds));
    }
    Ok(0)
}
