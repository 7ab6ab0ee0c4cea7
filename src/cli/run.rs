//! `huichi run`

use super::args::{Cli, Format, Run};
use super::output::{Paint, complain, configuration, lang, say};
use crate::error::{Error, ErrorKind};
use crate::finding::word;
use crate::model::words::{Lang, fill};
use crate::pipeline::{self, Progress, ProgressEvent, RunOutcome, Silent, Stage};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Instant;

/// Runs and prints the closing summary.
pub fn run(cli: &Cli, arguments: &Run) -> Result<u8, Error> {
    let config = configuration(cli)?;
    super::site::ready(&config)?;
    let lang = lang(cli, &config);
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = if arguments.events {
        end_with_input();
        runtime.block_on(pipeline::run(&config, &Told))?
    } else if arguments.quiet || cli.format == Format::Json {
        runtime.block_on(pipeline::run(&config, &Silent))?
    } else {
        runtime.block_on(pipeline::run(&config, &Shown::new(lang)))?
    };
    let errors = outcome.summary.findings.error;
    if cli.format == Format::Json {
        let summary = serde_json::json!({
            "run": outcome.id, "folder": outcome.folder, "unchanged": outcome.unchanged, "summary": outcome.summary,
        });
        say(summary);
    } else {
        print(lang, &config, &outcome, started);
    }
    Ok(if config.run.fail_above.is_some_and(|limit| errors > limit) { 3 } else { 0 })
}

fn print(lang: Lang, config: &crate::config::Config, outcome: &RunOutcome, started: Instant) {
    let paint = Paint::stdout();
    let line = |key: &str, values: &[String]| {
        fill(word(lang, &format!("run.{key}")), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned())).into_owned()
    };
    let summary = &outcome.summary;
    say("");
    if outcome.unchanged {
        say(paint.text("1;32", &line("unchanged", std::slice::from_ref(&outcome.id))));
    } else {
        let seconds = format!("{:.1}", started.elapsed().as_secs_f64());
        say(paint.text("1;32", &line("done", &[outcome.id.clone(), seconds])));
    }
    say(format!("  {}", line("as_of", &[config.as_of.to_string()])));
    say(format!("  {}", line("inputs", &[summary.files.to_string(), summary.refused.to_string()])));
    let pool = [summary.enterprises, summary.pooled, summary.unjudged].map(|n| n.to_string());
    say(format!("  {}", line("pool", &pool)));
    say(format!("  {}", line("patents", &[summary.patent_credits.to_string()])));
    let found = [summary.findings.error, summary.findings.explain, summary.findings.note].map(|n| n.to_string());
    say(format!("  {}", line("findings", &found)));
    say(format!("  {}", line("accounts", &[places(lang, outcome)])));
    let latest = config.outputs.join("latest");
    let latest = latest.strip_prefix(".").unwrap_or(&latest);
    for file in summary.written.iter().filter(|f| f.ends_with(".xlsx")) {
        say(format!("  {} {}", paint.text("1;36", "→"), latest.join(file).display()));
    }
    if let Some(data) = summary.written.iter().find(|f| f.starts_with("data/")) {
        let folder = latest.join(data);
        say(format!("  {} {}", paint.text("1;36", "→"), folder.parent().unwrap_or(&folder).display()));
    }
}

/// Where records ended, in one line.
fn places(lang: Lang, outcome: &RunOutcome) -> String {
    let total: u64 = outcome.summary.accounts.iter().map(|a| a.rows).sum();
    let parts: Vec<String> = crate::model::account::Place::ALL
        .into_iter()
        .filter_map(|place| {
            let rows: u64 = outcome.summary.accounts.iter().filter(|a| a.place == place).map(|a| a.rows).sum();
            (rows > 0).then(|| format!("{} {rows}", word(lang, &format!("place.{}", place.id()))))
        })
        .collect();
    format!("{total} = {}", parts.join(" + "))
}

/// Ends this process when whoever started it is gone, however that ended: only it holds the other end of the input.
///
/// A run may end at any moment: what it has not finished does not count, and the next one clears it away.
fn end_with_input() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(ErrorKind::System.exit_code().into());
    });
}

/// A line for each event, as [`crate::pipeline::ProgressEvent`].
struct Told;

impl Progress for Told {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        say(serde_json::json!(ProgressEvent::Begin { stage, total }));
    }

    fn step(&self, stage: Stage) {
        say(serde_json::json!(ProgressEvent::Step { stage }));
    }

    fn end(&self, stage: Stage, rows: Option<u64>) {
        say(serde_json::json!(ProgressEvent::End { stage, rows }));
    }
}

/// Bars on a terminal, plain lines elsewhere.
pub(super) struct Shown {
    lang: Lang,
    open: Mutex<Option<(ProgressBar, Instant)>>,
    terminal: bool,
}

impl Shown {
    /// Progress in a language.
    pub fn new(lang: Lang) -> Self {
        Self { lang, open: Mutex::default(), terminal: std::io::stderr().is_terminal() }
    }
}

impl Progress for Shown {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let bar = if self.terminal { ProgressBar::new(total.unwrap_or(0)) } else { ProgressBar::hidden() };
        let template = if total.is_some() { "{msg} {wide_bar} {pos}/{len}" } else { "{msg} {spinner}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(word(self.lang, stage.key()));
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        if let Ok(mut open) = self.open.lock() {
            *open = Some((bar, Instant::now()));
        }
    }

    fn step(&self, _: Stage) {
        if let Ok(open) = self.open.lock()
            && let Some((bar, _)) = open.as_ref()
        {
            bar.inc(1);
        }
    }

    fn end(&self, stage: Stage, rows: Option<u64>) {
        let Some((bar, started)) = self.open.lock().ok().and_then(|mut o| o.take()) else { return };
        bar.finish_and_clear();
        let rows = rows.map(|r| r.to_string()).unwrap_or_default();
        let name = word(self.lang, stage.key());
        // A hanzi is two columns wide, so four of them fill eight.
        let pad = " ".repeat(10_usize.saturating_sub(unicode_width::UnicodeWidthStr::width(name)));
        complain(format!("{name}{pad}{rows:>9}  {:>6.2} s", started.elapsed().as_secs_f64()));
    }
}
