//! `huichi explain CODE`, `huichi explain ENTERPRISE [COLUMN…]` and `huichi explain CELL…`

mod enterprise;
mod value;

pub use enterprise::sought;

use super::args::{Cli, Explain, Format};
use super::output::{Paint, configuration, lang, say};
use crate::config::load_defaults;
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, word};
use std::path::Path;

/// Codes of edits are shorter than those of enterprises.
const LONGEST_CODE: usize = 15;

/// Prints what a code means, or all codes; of what is written like no code, why that enterprise is in the pool or not; of its
/// columns, or of cells of the pool workbook, where their values come from.
pub fn run(cli: &Cli, asked: &Explain) -> Result<u8, Error> {
    let (code, columns, run) = (asked.code.as_deref(), &asked.columns, asked.run.as_str());
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    match code {
        Some(cell) if value::is_cell(cell) => {
            let cells: Vec<&str> = std::iter::once(cell).chain(columns).collect();
            return value::cells(cli, &cells, asked.workbook.into(), run);
        }
        Some(named) if !columns.is_empty() => return value::columns(cli, named, &columns, run),
        Some(named) if !is_like_a_code(named) => return enterprise::run(cli, named, run),
        _ => {}
    }
    // What a code means can be asked anywhere; a site's own edits need its file.
    let config =
        if cli.config.exists() { configuration(cli)? } else { load_defaults(Path::new(".")).map_err(|_| Error::bug("defaults"))? };
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
    let Some(entry) = catalogue.iter().find(|e| e.code.eq_ignore_ascii_case(code)) else {
        let family = |c: &str| c.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase();
        let mut near: Vec<&str> = catalogue.iter().map(|e| e.code.as_str()).filter(|c| family(c) == family(code)).collect();
        if near.is_empty() {
            near.push("—");
        }
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

/// Whether something is written as codes of edits and errors are; names of enterprises and their codes of eighteen characters are not.
fn is_like_a_code(text: &str) -> bool {
    text.is_ascii() && text.len() < LONGEST_CODE
}
