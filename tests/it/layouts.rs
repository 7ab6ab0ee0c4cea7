//! The same content in other clothes gives the same pool and the same findings at the cells where they then are.

use crate::city;
use crate::util::{Site, tests};
use calamine::{Data, Reader, open_workbook_auto};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Rows of the pool by enterprise.
type Pool = BTreeMap<String, Vec<(String, String)>>;

fn workbooks() -> Vec<PathBuf> {
    let folder = fs::read_dir(tests().join("city")).expect("the city");
    let mut all: Vec<PathBuf> =
        folder.map(|e| e.expect("an entry").path()).filter(|p| p.extension().is_some_and(|e| e == "xlsx")).collect();
    all.sort();
    all
}

/// The cells of each sheet as they are shown; dates as ISO.
fn sheets(path: &std::path::Path) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut book = open_workbook_auto(path).expect("a workbook");
    book.sheet_names()
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).expect("a sheet");
            let rows = range.rows().map(<[Data]>::to_vec).collect();
            (name, rows)
        })
        .collect()
}

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

/// The city's findings about cells and its pool, as the other layouts are to give them.
static ORIGINAL: LazyLock<(Vec<String>, Pool)> = LazyLock::new(|| {
    let site = city::site("");
    site.run();
    (cells(&site), pool(&site))
});

/// Findings about cells, without those about files and tables.
fn cells(site: &Site) -> Vec<String> {
    site.findings().into_iter().filter(|f| !["SRC", "TBL", "CEL"].iter().any(|p| f.starts_with(p))).collect()
}

#[test]
fn xls_and_ods_give_the_same_pool_and_findings() {
    let (findings, enterprises) = &*ORIGINAL;
    for folder in ["xls", "ods"] {
        let other = city::site(folder);
        other.run();
        assert_eq!(cells(&other), *findings, "{folder}");
        assert_eq!(pool(&other), *enterprises, "{folder}");
    }
}

#[test]
fn one_gb18030_text_table_per_sheet_gives_the_same_but_for_cell_types() {
    let (findings, enterprises) = &*ORIGINAL;
    let other = Site::new("2024-06-30", "");
    for path in workbooks() {
        let stem = path.file_stem().expect("a stem").to_string_lossy().into_owned();
        for (sheet, rows) in sheets(&path) {
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

#[test]
fn reordered_columns_and_renamed_sheets_move_the_cells_and_nothing_else() {
    let (findings, enterprises) = &*ORIGINAL;
    let other = Site::new("2024-06-30", "");
    // Where each column of each sheet went.
    let mut moved: BTreeMap<(String, String), String> = BTreeMap::new();
    for path in workbooks() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut book = rust_xlsxwriter::Workbook::new();
        for (number, (sheet, rows)) in sheets(&path).into_iter().enumerate() {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            let renamed = format!("{}{number}", &name.chars().take(3).collect::<String>());
            for column in 0..width {
                let letter = |c: usize| char::from(b'A' + u8::try_from(c).expect("few columns"));
                moved.insert((sheet.clone(), letter(column).to_string()), format!("{renamed} {}", letter(width - 1 - column)));
            }
            let target = book.add_worksheet().set_name(&renamed).expect("a name");
            write_reversed(target, &rows, width);
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

/// Writes a sheet with its columns in reverse order, types kept.
fn write_reversed(sheet: &mut rust_xlsxwriter::Worksheet, rows: &[Vec<Data>], width: usize) {
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (row, cells) in (0u32..).zip(rows) {
        for (column, cell) in cells.iter().enumerate() {
            let column = u16::try_from(width - 1 - column).expect("few columns");
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
