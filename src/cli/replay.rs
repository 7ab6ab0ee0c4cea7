//! `huichi replay RUN`

use super::args::{Cli, Format};
use super::output::{Paint, lang, say};
use super::run::Shown;
use super::site;
use super::user::line;
use crate::error::Error;
use crate::finding::reference;
use crate::model::words::Lang;
use crate::pipeline::{self, Fate, Replayed, Silent};

/// The exit code of a run that was made again otherwise than it was published.
pub const DIFFERS: u8 = 7;

/// Makes a run again and says of each of its files whether it is equal to the byte.
pub fn run(cli: &Cli, named: &str) -> Result<u8, Error> {
    let (config, _) = site::looked(cli)?;
    let lang = lang(cli, &config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let replayed = match cli.format {
        Format::Json => runtime.block_on(pipeline::replay(&config, named, &Silent))?,
        Format::Text => runtime.block_on(pipeline::replay(&config, named, &Shown::new(lang)))?,
    };
    let equal = replayed.is_equal();
    if cli.format == Format::Json {
        let mut told = serde_json::to_value(&replayed)?;
        told["equal"] = equal.into();
        say(told);
    } else {
        print(lang, &replayed);
    }
    Ok(if equal { 0 } else { DIFFERS })
}

fn print(lang: Lang, replayed: &Replayed) {
    let paint = Paint::stdout();
    let tell = |key: &str, values: &[&str]| line(lang, &format!("replay.{key}"), values);
    for file in &replayed.files {
        let (style, said) = match &file.fate {
            Fate::Equal => ("1;32", tell("equal", &[])),
            other => ("1;31", told(lang, other)),
        };
        say(format!("  {}  {}", paint.text(style, &said), file.path));
    }
    let known = |build: &str| if build.is_empty() { tell("unknown_build", &[]) } else { build.to_owned() };
    say(format!("  {}", tell("builds", &[&known(&replayed.made_by), &known(&replayed.replayed_by)])));
    let (all, differing) = (replayed.files.len(), replayed.files.iter().filter(|file| file.fate != Fate::Equal).count());
    if differing == 0 {
        say(paint.text("1;32", &tell("all_equal", &[&replayed.run, &all.to_string()])));
    } else {
        say(paint.text("1;31", &tell("some_differ", &[&replayed.run, &all.to_string(), &differing.to_string()])));
    }
}

/// What differs, in words.
fn told(lang: Lang, fate: &Fate) -> String {
    let tell = |key: &str, values: &[&str]| line(lang, &format!("replay.{key}"), values);
    match fate {
        Fate::Equal => tell("equal", &[]),
        Fate::Altered { flaw, replayed } => tell(if *replayed { "altered_only" } else { "altered" }, &[&reference(lang, flaw)]),
        Fate::Lacking => tell("lacking", &[]),
        Fate::Added => tell("added", &[]),
        Fate::Differs { line: Some(line), column: Some(column), .. } => tell("differs_cell", &[&line.to_string(), column]),
        Fate::Differs { line: Some(line), .. } => tell("differs_line", &[&line.to_string()]),
        Fate::Differs { bytes: [then, now], sha256: [was, is], .. } => {
            let short = |hash: &String| hash.chars().take(8).collect::<String>();
            tell("differs", &[&then.to_string(), &now.to_string(), &short(was), &short(is)])
        }
    }
}
