//! The same content in other clothes gives the same pool and the same findings at the cells where they then are.

use crate::city;
use crate::util::{Site, tests};
use calamine::{Data, Reader, open_workbook_auto};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Rows of the pool by enterprise.
type Pool = BTreeMap<String, Vec<(String, String)>>;

/// A workbook's name, and the cells of each of its sheets as they are shown.
type Book = (String, Vec<(String, Vec<Vec<Data>>)>);

/// The city's workbooks, of each sheet so many rows.
fn books(rows: usize) -> Vec<Book> {
    let folder = fs::read_dir(tests().join("city")).expect("the city").map(|e| e.expect("an entry").path());
    let mut paths: Vec<PathBuf> = folder.filter(|p| p.extension().is_some_and(|e| e == "xlsx")).collect();
    paths.sort();
    let book = |path: PathBuf| {
        let mut book = open_workbook_auto(&path).expect("a workbook");
        let sheets = book.worksheets().into_iter().map(|(name, range)| (name, range.rows().take(rows).map(<[Data]>::to_vec).collect()));
        (path.file_name().expect("a name").to_string_lossy().into_owned(), sheets.collect())
    };
    paths.into_iter().map(book).collect()
}

/// A cell as text; dates as ISO.
fn plain(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    }
}

/// The pool, without what depends on cell types.
fn pool(site: &Site) -> Pool {
    let row = |r: crate::util::Row| r.into_iter().filter(|(k, _)| !["findings", "findings_open"].contains(&k.as_str())).collect::<Vec<_>>();
    site.table("enterprises").into_iter().map(|r| (r["enterprise"].clone(), row(r))).collect()
}

/// Findings about cells, without those about files and tables.
fn cells(site: &Site) -> Vec<String> {
    site.findings().into_iter().filter(|f| !["SRC", "TBL", "CEL"].iter().any(|p| f.starts_with(p))).collect()
}

/// Rows of each sheet that are enough to tell layouts apart.
const FEW: usize = 200;

#[test]
fn text_tables_and_other_columns_give_the_same_pool_and_findings() {
    let original = Site::new("2024-06-30", "");
    for (name, sheets) in books(FEW) {
        let mut book = rust_xlsxwriter::Workbook::new();
        for (sheet, rows) in sheets {
            write(book.add_worksheet().set_name(&sheet).expect("a name"), &rows, |column| column);
        }
        original.input(&name, book.save_to_buffer().expect("bytes"));
    }
    original.run();
    let (findings, enterprises) = (cells(&original), pool(&original));
    assert!(findings.len() > 10 && enterprises.len() > 150, "{} findings of {}", findings.len(), enterprises.len());
    one_gb18030_text_table_per_sheet_gives(&findings, &enterprises, FEW);
    reordered_columns_and_renamed_sheets_give(&findings, &enterprises, FEW);
}

#[test]
#[ignore = "five runs over 1,200 enterprises: run by .ci/run"]
fn a_city_is_the_same_in_every_kind_of_file() {
    let original = city::site("");
    original.run();
    let (findings, enterprises) = (cells(&original), pool(&original));
    for folder in ["xls", "ods"] {
        let other = city::site(folder);
        other.run();
        assert_eq!(cells(&other), findings, "{folder}");
        assert_eq!(pool(&other), enterprises, "{folder}");
    }
    one_gb18030_text_table_per_sheet_gives(&findings, &enterprises, usize::MAX);
    reordered_columns_and_renamed_sheets_give(&findings, &enterprises, usize::MAX);
}

/// The same pool, and the same findings but for those about cell types.
fn one_gb18030_text_table_per_sheet_gives(findings: &[String], enterprises: &Pool, rows: usize) {
    let other = Site::new("2024-06-30", "");
    for (name, sheets) in books(rows) {
        let stem = name.trim_end_matches(".xlsx");
        for (sheet, rows) in sheets {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            for row in rows {
                writer.write_record(row.iter().map(plain)).expect("a record");
            }
            let text = String::from_utf8(writer.into_inner().expect("bytes")).expect("text");
            let (bytes, _, unmappable) = encoding_rs::GB18030.encode(&text);
            assert!(!unmappable);
            other.input(&format!("{stem}_{sheet}.csv"), bytes);
        }
    }
    other.run();
    let without_sheet = |f: &String| {
        let mut parts = f.split(' ');
        let (code, sheet, cell) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        format!("{code} {} {cell}", sheet.rsplit('_').next().unwrap_or(""))
    };
    let mut want: Vec<String> = findings.iter().filter(|f| !f.starts_with("FMT-103")).map(without_sheet).collect();
    let mut found: Vec<String> = cells(&other).iter().map(without_sheet).collect();
    want.sort();
    found.sort();
    assert_eq!(found, want);
    assert_eq!(pool(&other), *enterprises);
}

/// The cells move, and nothing else.
fn reordered_columns_and_renamed_sheets_give(findings: &[String], enterprises: &Pool, rows: usize) {
    let other = Site::new("2024-06-30", "");
    // Where each column of each sheet went.
    let mut moved: BTreeMap<(String, String), String> = BTreeMap::new();
    for (name, sheets) in books(rows) {
        let mut book = rust_xlsxwriter::Workbook::new();
        for (number, (sheet, rows)) in sheets.into_iter().enumerate() {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            let renamed = format!("{}{number}", &name.chars().take(3).collect::<String>());
            for column in 0..width {
                let letter = |c: usize| char::from(b'A' + u8::try_from(c).expect("few columns"));
                moved.insert((sheet.clone(), letter(column).to_string()), format!("{renamed} {}", letter(width - 1 - column)));
            }
            let target = book.add_worksheet().set_name(&renamed).expect("a name");
            write(target, &rows, |column| width - 1 - column);
        }
        other.input(&name, book.save_to_buffer().expect("bytes"));
    }
    other.run();
    let mut want: Vec<String> = findings
        .iter()
        .map(|f| {
            let parts: Vec<&str> = f.split(' ').collect();
            let digits = parts[2].find(|c: char| c.is_ascii_digit()).expect("a row");
            let (column, row) = parts[2].split_at(digits);
            format!("{} {}{row}", parts[0], moved[&(parts[1].to_owned(), column.to_owned())])
        })
        .collect();
    want.sort();
    assert_eq!(cells(&other), want);
    assert_eq!(pool(&other), *enterprises);
}

/// Writes a sheet with each column where it is to be, types kept.
fn write(sheet: &mut rust_xlsxwriter::Worksheet, rows: &[Vec<Data>], place: impl Fn(usize) -> usize) {
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in cells.iter().enumerate() {
            let column = u16::try_from(place(column)).expect("few columns");
            let written = match cell {
                Data::Empty => continue,
                Data::Float(number) => sheet.write_number(row, column, *number),
                Data::Int(number) => sheet.write_number(row, column, *number as f64),
                Data::DateTime(day) => sheet.write_number_with_format(row, column, day.as_f64(), &date),
                other => sheet.write_string(row, column, other.to_string()),
            };
            written.expect("a cell");
        }
    }
}
