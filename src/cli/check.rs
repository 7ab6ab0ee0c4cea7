//! `huichi check`

use super::args::{Check, Cli, Format};
use super::output::{Paint, configuration, lang, say};
use crate::config::Config;
use crate::error::Error;
use crate::finding::{Catalogue, Renderer, word};
use crate::model::severity::Severity;
use crate::model::words::{Lang, fill};
use crate::pipeline::{self, Checked, Excerpt};
use std::collections::BTreeMap;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest cell of an excerpt, in columns of the terminal.
const CELL_WIDTH: usize = 20;

/// Ranges of rows that are told of a kind.
const RANGES: usize = 12;

/// Checks files, or the configuration.
pub fn run(cli: &Cli, arguments: &Check) -> Result<u8, Error> {
    let config = configuration(cli)?;
    let lang = lang(cli, &config);
    if arguments.files.is_empty() {
        let values = [config.source.len(), config.form.len(), config.edit.len(), config.criterion.len()];
        say(sentence(lang, "config.good", &values.map(|n| n.to_string())));
        return Ok(0);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let checked = runtime.block_on(pipeline::check(&config, &arguments.files, arguments.source.as_deref()))?;
    let catalogue = Catalogue::of(&config);
    let renderer = Renderer { catalogue: &catalogue, config: &config, places: &checked.places, lang };
    match cli.format {
        Format::Json => say(json(&renderer, &checked)),
        Format::Text => print(&renderer, &checked, arguments),
    }
    Ok(exit_code(&config, &checked))
}

fn exit_code(config: &Config, checked: &Checked) -> u8 {
    let errors = checked.count(Severity::Error) as u64;
    match config.run.fail_above {
        _ if checked.refused == checked.places.files.len() => 4,
        Some(limit) if errors > limit => 3,
        _ => 0,
    }
}

fn sentence(lang: Lang, key: &str, values: &[String]) -> String {
    fill(word(lang, key), |i| i.parse::<usize>().ok().and_then(|i| values.get(i).cloned())).into_owned()
}

fn json(renderer: &Renderer<'_>, checked: &Checked) -> serde_json::Value {
    let findings: Vec<serde_json::Value> = checked
        .findings
        .iter()
        .map(|finding| {
            let shown = renderer.render(finding);
            serde_json::json!({
                "code": finding.code, "severity": finding.severity.id(), "file": shown.file, "sheet": shown.sheet, "cell": shown.cell,
                "related": shown.related, "field": shown.field, "found": shown.found, "expected": shown.expected,
                "message": shown.message, "help": shown.help, "excerpt": checked.excerpt(finding),
            })
        })
        .collect();
    let tables: Vec<serde_json::Value> = checked
        .places
        .tables()
        .map(|(address, table)| {
            let aside = table.aside.iter().map(|(kind, rows)| (kind.id(), rows.ranges())).collect::<BTreeMap<_, _>>();
            let file = checked.places.files.get(address.file).map(|f| &f.path);
            serde_json::json!({ "file": file, "sheet": table.sheet, "form": table.form, "period": table.period, "rows": table.rows, "set_aside": aside })
        })
        .collect();
    let counts = Severity::ALL.map(|s| (s.id(), checked.count(s))).into_iter().collect::<BTreeMap<_, _>>();
    serde_json::json!({ "rows": checked.rows, "refused": checked.refused, "counts": counts, "tables": tables, "findings": findings })
}

/// Says of each table what of it is no record, and where it stands.
fn tell_tables(renderer: &Renderer<'_>, checked: &Checked, most: usize) {
    let (lang, paint) = (renderer.lang, Paint::stdout());
    for (address, table) in checked.places.tables().filter(|(_, table)| !table.aside.is_empty()).take(most) {
        let file = checked.places.files.get(address.file).map_or("", |f| f.path.as_str());
        let form = renderer.config.form.get(&table.form).map_or(table.form.as_str(), |f| f.title.as_str());
        let count: u64 = table.aside.values().map(|rows| rows.count()).sum();
        let values = [file.to_owned(), table.sheet.clone(), form.to_owned(), table.rows.to_string(), count.to_string()];
        say(sentence(lang, "check.table", &values));
        for (kind, rows) in &table.aside {
            let (shown, left_out) = rows.shown(RANGES);
            let shown = if left_out > 0 { sentence(lang, "publish.rows_more", &[shown, left_out.to_string()]) } else { shown };
            let values = [word(lang, &format!("aside.{}", kind.id())).to_owned(), rows.count().to_string(), shown];
            say(format!("  {} {}", paint.text("1;34", "-"), sentence(lang, "check.aside", &values)));
        }
    }
}

/// The gravest first; past the number asked for, only how many there are.
fn print(renderer: &Renderer<'_>, checked: &Checked, arguments: &Check) {
    let lang = renderer.lang;
    let paint = Paint::stdout();
    let mut findings: Vec<_> = checked.findings.iter().collect();
    findings.sort_by_key(|f| f.severity);
    for finding in findings.iter().take(arguments.most) {
        let shown = renderer.render(finding);
        let style = match finding.severity {
            Severity::Error => "1;31",
            Severity::Explain => "1;33",
            Severity::Note => "1;36",
        };
        let head = format!("{} {}", word(lang, finding.severity.label_key()), finding.code);
        say(format!("{}: {}", paint.text(style, &head), shown.message));
        let sheet = if shown.sheet.is_empty() { String::new() } else { format!(" [{}]", shown.sheet) };
        let cells = [shown.cell.as_str(), shown.related.as_str()].into_iter().filter(|c| !c.is_empty()).collect::<Vec<_>>().join(";");
        say(format!("  {} {}{sheet} {cells}", paint.text("1;34", "-->"), shown.file));
        if let Some(excerpt) = checked.excerpt(finding) {
            draw(&excerpt, paint, style);
        }
        say(format!("   {} {}\n", paint.text("1;34", "="), shown.help));
    }
    if findings.len() > arguments.most {
        let rest = findings.len() - arguments.most;
        say(sentence(lang, "check.more", &[rest.to_string(), findings.len().to_string()]));
    }
    tell_tables(renderer, checked, arguments.most);
    let counts = Severity::ALL.map(|s| checked.count(s).to_string());
    let files = checked.places.files.len();
    let mut values = vec![files.to_string(), checked.refused.to_string(), checked.rows.to_string()];
    values.extend(counts);
    let key = if findings.is_empty() { "check.clean" } else { "check.done" };
    say(paint.text(if checked.count(Severity::Error) > 0 { "1;31" } else { "1;32" }, &sentence(lang, key, &values)));
}

/// Draws an excerpt with row and column heads, the judged cells underlined.
fn draw(excerpt: &Excerpt, paint: Paint, style: &str) {
    let head: Vec<String> = excerpt.columns.iter().map(|(letters, label)| format!("{letters} {}", last_words(label))).collect();
    let rows: Vec<(u32, Vec<String>)> = excerpt.rows.iter().map(|(row, cells)| (*row, cells.iter().map(|c| cut(c)).collect())).collect();
    let widths: Vec<usize> =
        (0..head.len()).map(|i| rows.iter().map(|(_, cells)| cells[i].width()).chain([head[i].width(), 2]).max().unwrap_or(2)).collect();
    let line = |cells: &[String]| -> String {
        cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell}{} ", " ".repeat(width - cell.width()))).collect::<Vec<_>>().join("|")
    };
    let bar = paint.text("1;34", "|");
    say(format!("       {bar}{}", paint.text("2", &line(&head))));
    for (row, cells) in &rows {
        say(format!("{} {bar}{}", paint.text("1;34", &format!("{row:>6}")), line(cells)));
        if *row == excerpt.marked.0 {
            let marks: Vec<String> = widths.iter().enumerate().map(|(i, width)| mark(excerpt, i, cells, *width)).collect();
            say(format!("       {bar}{}", paint.text(style, line(&marks).replace('|', " ").trim_end())));
        }
    }
}

/// `^^^` below the finding's own cell, `~~~` below the others that it judges.
fn mark(excerpt: &Excerpt, column: usize, cells: &[String], width: usize) -> String {
    match excerpt.marked.1.iter().position(|c| *c == column) {
        None => String::new(),
        Some(place) => (if place == 0 { "^" } else { "~" }).repeat(cells[column].width().clamp(1, width)),
    }
}

/// A text on one line, cut to the widest cell.
fn cut(text: &str) -> String {
    let text = one_line(text);
    if text.width() <= CELL_WIDTH { text } else { within(text.chars(), CELL_WIDTH) + "…" }
}

/// The end of a column's head: its last level says most.
fn last_words(label: &str) -> String {
    let label = one_line(label);
    let width = CELL_WIDTH - 4;
    if label.width() <= width { label } else { format!("…{}", within(label.chars().rev(), width).chars().rev().collect::<String>()) }
}

/// The first characters that leave room for a sign of omission.
fn within(text: impl Iterator<Item = char>, most: usize) -> String {
    let mut width = 0;
    text.take_while(|c| {
        width += c.width().unwrap_or(0);
        width < most
    })
    .collect()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
