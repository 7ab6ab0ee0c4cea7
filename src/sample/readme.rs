//! The list of what the sample holds.
//!
//! Takes: the report and the wording. Gives: `README.md` of the inputs folder, Chinese and English.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::fault::{Bilingual, Wording};
use super::report::SampleReport;

/// Renders the list; writing to a `String` cannot fail.
pub(super) fn render(report: &SampleReport, wording: &Wording) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "# {}\n", both(&wording.title));
    let _ = writeln!(text, "{}\n\n{}\n", wording.intro.zh, wording.intro.en);
    files(&mut text, report, wording);
    counts(&mut text, report, wording);
    faults(&mut text, report, wording);
    text
}

fn files(text: &mut String, report: &SampleReport, wording: &Wording) {
    let _ = writeln!(text, "## {}\n", both(&wording.files));
    heading(text, wording, &["file", "records", "bytes"]);
    for file in &report.files {
        let records = file.records.map(|count| count.to_string());
        row(text, &[&code(&file.path), &records.unwrap_or_default(), &file.bytes.to_string()]);
    }
    text.push('\n');
}

fn counts(text: &mut String, report: &SampleReport, wording: &Wording) {
    let _ = writeln!(text, "## {} ({})\n", both(&wording.faults), report.faults.len());
    heading(text, wording, &["kind", "count"]);
    let mut counts = BTreeMap::new();
    for fault in &report.faults {
        *counts.entry(fault.kind).or_insert(0usize) += 1;
    }
    for (kind, count) in counts {
        let name = wording.kinds.get(&kind).map(both).unwrap_or_default();
        row(text, &[&name, &count.to_string()]);
    }
    text.push('\n');
}

fn faults(text: &mut String, report: &SampleReport, wording: &Wording) {
    let columns = ["number", "file", "sheet", "cell", "kind", "found", "right"];
    heading(text, wording, &columns);
    for (index, fault) in report.faults.iter().enumerate() {
        let name = wording.kinds.get(&fault.kind).map(both).unwrap_or_default();
        row(
            text,
            &[
                &(index + 1).to_string(),
                &fault.file,
                fault.sheet.as_deref().unwrap_or_default(),
                fault.cell.as_deref().unwrap_or_default(),
                &name,
                &code(&fault.found),
                &code(&fault.right),
            ],
        );
    }
}

fn heading(text: &mut String, wording: &Wording, columns: &[&str]) {
    let names: Vec<String> = columns.iter().map(|column| wording.columns.get(*column).map(both).unwrap_or_default()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    row(text, &names);
    row(text, &vec!["---"; columns.len()]);
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn both(words: &Bilingual) -> String {
    format!("{} {}", words.zh, words.en)
}

fn code(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!("`{}`", value.replace('|', "\\|")) }
}
