//! `huichi sample`

use super::args::{Cli, Sample};
use super::output::say;
use crate::error::{Error, ErrorKind};
use crate::finding::word;
use crate::model::words::{Lang, fill};
use crate::sample::{BUNDLED_SEED, SampleError, SampleOptions, write};
use std::path::Path;

/// Writes the sample inputs.
pub fn run(cli: &Cli, arguments: &Sample) -> Result<u8, Error> {
    let lang = cli.lang.map_or(Lang::Zh, Lang::from);
    let folder = cli.inputs.as_deref().unwrap_or(Path::new("inputs"));
    let options = SampleOptions {
        seed: arguments.seed.unwrap_or(BUNDLED_SEED),
        enterprises: arguments.enterprises,
        patents: arguments.patents,
        overwrite: arguments.overwrite,
    };
    let report = write(folder, &options).map_err(told)?;
    let values = [report.files.len().to_string(), report.faults.len().to_string(), folder.display().to_string()];
    say(fill(word(lang, "sample.done"), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned())));
    Ok(0)
}

/// Whose fault it is that there is no sample.
pub fn told(error: SampleError) -> Error {
    let usage = |code| Error::new(ErrorKind::Usage, code);
    match error {
        SampleError::Exists(path) => usage("ERR-019").with("path", path.display().to_string()),
        SampleError::Scale { option, found, least, most } => usage("ERR-020")
            .with("option", format!("--{option}"))
            .with("found", found.to_string())
            .with("least", least.to_string())
            .with("most", most.to_string()),
        SampleError::Crowded => usage("ERR-021"),
        SampleError::Write { path, source } => {
            Error::new(ErrorKind::System, "ERR-011").with("path", path.display().to_string()).from_io(source)
        }
        other => Error::bug(other),
    }
}
