//! What goes to the terminal: errors, summaries, and the same as JSON.

use super::args::{Cli, Format};
use crate::config::{Config, Problem, masked_line, read};
use crate::error::{Error, ErrorKind};
use crate::finding::{Catalogue, problem, reference};
use crate::model::words::{Lang, fill};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

/// Colors of a terminal; none where output goes elsewhere or `NO_COLOR` is set.
#[derive(Debug, Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// For standard output.
    pub fn stdout() -> Self {
        Self(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// For standard error.
    pub fn stderr() -> Self {
        Self(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// A text in a style: SGR numbers such as `1;31`.
    pub fn text(self, style: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// In which form and language it is told that what was printed is lost.
static HEARD: OnceLock<(Format, Lang)> = OnceLock::new();

/// Says in which form and language the user is spoken to where nobody else knows.
pub fn speak(format: Format, lang: Lang) {
    let _ = HEARD.set((format, lang));
}

/// Prints a line. A reader that went away (a closed pipe) is no reason to stop: what the program does counts, and its exit
/// code says that. Where a line is lost for another reason, somebody waits for it, so that is the end.
pub fn say(line: impl std::fmt::Display) {
    heard(writeln!(std::io::stdout(), "{line}"));
}

/// Ends the program if what was printed is lost, but for a reader that went away.
pub fn heard(printed: io::Result<()>) {
    let Err(lost) = printed else { return };
    if lost.kind() == io::ErrorKind::BrokenPipe {
        return;
    }
    let (format, lang) = HEARD.get().copied().unwrap_or((Format::Text, Lang::default()));
    let lost = Error::new(ErrorKind::System, "ERR-083").from_io(lost);
    error(format, lang, &lost);
    std::process::exit(lost.kind.exit_code().into());
}

/// Prints a sentence about what is done and not quite as it should be.
pub fn warn(format: Format, sentence: &str) {
    match format {
        Format::Json => complain(serde_json::json!({ "warning": sentence })),
        Format::Text => complain(Paint::stderr().text("1;33", sentence)),
    }
}

/// Prints a line to standard error; nobody may be there to read it.
pub fn complain(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The language of a run: what was typed, else what the configuration says.
pub fn lang(cli: &Cli, config: &Config) -> Lang {
    cli.lang.map_or(config.run.lang, Lang::from)
}

/// The language before a configuration is read, or after it could not be: what was typed, else what the file says.
pub fn site_lang(cli: &Cli) -> Lang {
    let stated = || {
        let table: toml::Table = std::fs::read_to_string(&cli.config).ok()?.parse().ok()?;
        (table.get("run")?.get("lang")?.as_str()? == "en").then_some(Lang::En)
    };
    cli.lang.map(Lang::from).or_else(stated).unwrap_or_default()
}

/// Reads the configuration that the command line names.
///
/// # Errors
/// Every problem was printed; the error says how many.
pub fn configuration(cli: &Cli) -> Result<Config, Error> {
    let path = &cli.config;
    let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unread = |code| Error::new(ErrorKind::Usage, code).with("path", path.display().to_string());
    let bytes = std::fs::read(path).map_err(|e| unread("ERR-013").from_io(e))?;
    let text = String::from_utf8(bytes).map_err(|_| unread("ERR-018"))?;
    let (config, mut problems) = read(&text, root);
    if let Some(mut config) = config {
        config.override_with(cli.inputs.clone(), cli.outputs.clone(), cli.as_of, cli.lang.map(Lang::from));
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let conditions = runtime.block_on(crate::pipeline::problems(&config, &text, &problems));
        problems.extend(conditions);
        if problems.is_empty() {
            return Ok(config);
        }
        problems.sort_by_key(|p| p.line);
    }
    Err(refuse(cli, &text, &problems))
}

fn refuse(cli: &Cli, text: &str, problems: &[Problem]) -> Error {
    print_problems(cli, text, problems);
    let path = cli.config.display().to_string();
    Error::new(ErrorKind::Usage, "ERR-002").with("path", path).with("count", problems.len().to_string())
}

fn print_problems(cli: &Cli, text: &str, problems: &[Problem]) {
    let lang = site_lang(cli);
    let paint = Paint::stderr();
    for problem in problems {
        let Some(entry) = Catalogue::builtin().get(problem.kind.code()) else { continue };
        let argument = |name: &str| problem::argument(problem, lang, name);
        let message = fill(entry.message.get(lang), argument);
        let help = fill(entry.help.get(lang), argument);
        if cli.format == Format::Json {
            let line = serde_json::json!({
                "code": problem.kind.code(), "line": problem.line, "path": problem.path, "found": problem.found,
                "expected": problem::expected(problem, lang), "message": message, "help": help,
            });
            complain(line);
            continue;
        }
        complain(format!("{}: {message}", paint.text("1;31", &format!("{} {}", problem.kind.code(), entry.name.get(lang)))));
        if problem.line > 0 {
            complain(format!("  {} {}:{}", paint.text("1;34", "-->"), cli.config.display(), problem.line));
            if let Some(line) = text.lines().nth(problem.line - 1) {
                let line = masked_line(line, problem);
                complain(format!("   {} {line}", paint.text("1;34", &format!("{:>4} |", problem.line))));
            }
        } else if !problem.path.is_empty() {
            complain(format!("  {} {}", paint.text("1;34", "-->"), problem.path));
        }
        complain(format!("   {} {help}\n", paint.text("1;36", "=")));
    }
}

/// An error's sentence.
pub fn message(lang: Lang, error: &Error) -> String {
    Catalogue::builtin().get(error.code).map_or_else(|| error.to_string(), |entry| filled(lang, entry.message.get(lang), error))
}

/// A text of an error's entry with its arguments.
fn filled(lang: Lang, text: &str, error: &Error) -> String {
    let argument =
        |name: &str| Some(error.args.iter().find(|(k, _)| *k == name).map_or_else(|| "—".to_owned(), |(_, v)| reference(lang, v)));
    fill(text, argument).into_owned()
}

/// Prints an error as people read it.
pub fn error(format: Format, lang: Lang, error: &Error) {
    let Some(entry) = Catalogue::builtin().get(error.code) else {
        complain(error);
        return;
    };
    let (message, help) = (message(lang, error), filled(lang, entry.help.get(lang), error));
    if format == Format::Json {
        complain(serde_json::json!({ "error": error.code, "message": message, "help": help, "findings": error.findings }));
        return;
    }
    let paint = Paint::stderr();
    complain(format!("{}: {message}", paint.text("1;31", &format!("{} {}", error.code, entry.name.get(lang)))));
    complain(format!("   {} {help}", paint.text("1;36", "=")));
    for line in &error.findings {
        complain(format!("   {} {line}", paint.text("1;34", "-")));
    }
}
