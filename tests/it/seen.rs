//! What users see of a small city, whole: every sheet of the workbooks, the datasets, `run.json`, the command line. A change of any of
//! it shows in a diff.

use crate::util::{Site, redacted, small, text};
use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use std::fs;
use std::path::Path;

#[test]
fn all_that_a_run_leaves() {
    let site = small();
    insta::assert_snapshot!("the_run_as_the_terminal_shows_it", redacted(&text(&site.run().stdout)));
    for book in ["备选池", "备选池_运营版", "数据质量报告"] {
        insta::assert_snapshot!(book, redacted(&sheets(&site.path(&format!("outputs/latest/{book}.xlsx")))));
    }
    datasets_and_record(&site);
    for row in site.table("dictionary") {
        assert!(!row["label"].is_empty() && !row["type"].is_empty(), "{row:?}");
    }
    assert_eq!(site.table("enterprises").len(), 6, "the twin of the pool has a line for each enterprise");
}

fn datasets_and_record(site: &Site) {
    let latest = site.path("outputs/latest");
    let mut names: Vec<_> = fs::read_dir(latest.join("data")).expect("data").map(|e| e.expect("an entry").path()).collect();
    names.retain(|path| path.extension().is_some_and(|e| e == "csv"));
    names.sort();
    let datasets: String = names
        .iter()
        .map(|path| {
            let content = fs::read_to_string(path).expect("a dataset");
            format!("== {}\n{}\n", path.file_stem().expect("a name").display(), content.trim_start_matches('\u{feff}'))
        })
        .collect();
    insta::assert_snapshot!("datasets", redacted(&datasets));
    insta::assert_snapshot!("run_json", redacted(&fs::read_to_string(latest.join("run.json")).expect("run.json")));
}

#[test]
fn what_the_command_line_says_of_itself() {
    let site = small();
    for arguments in [["--help"].as_slice(), &["run", "--help"], &["check", "--help"], &["serve", "--help"], &["explain"]] {
        let name = arguments.join("_").replace("--", "");
        insta::assert_snapshot!(name, redacted(&text(&site.huichi(arguments).stdout)));
    }
}

/// A workbook as text: each sheet's name, and its rows with the cells that hold something, each under its letters.
fn sheets(path: &Path) -> String {
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let names = book.sheet_names();
    let mut all = String::new();
    for name in names {
        let range = book.worksheet_range(&name).expect("a sheet");
        all.push_str(&format!("== {name}\n{}\n", grid(&range)));
    }
    all
}

fn grid(range: &Range<Data>) -> String {
    let (top, left) = range.start().unwrap_or_default();
    let line = |(row, cells): (u32, &[Data])| {
        let filled = (left..).zip(cells).filter(|(_, cell)| **cell != Data::Empty);
        let shown: Vec<String> = filled.map(|(column, cell)| format!("{}={}", letters(column), value(cell))).collect();
        (!shown.is_empty()).then(|| format!("{:>3} {}", row + 1, shown.join(" ¦ ")))
    };
    (top..).zip(range.rows()).filter_map(line).collect::<Vec<_>>().join("\n")
}

/// A cell's value; texts in quotation marks, so that a number kept as text shows.
fn value(cell: &Data) -> String {
    match cell {
        Data::String(text) => format!("“{}”", text.replace('\n', "⏎")),
        other => other.to_string(),
    }
}

fn letters(column: u32) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    if column < 26 { last.to_string() } else { format!("{}{last}", letters(column / 26 - 1)) }
}
