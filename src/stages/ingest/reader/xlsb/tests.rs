//! Tests of the .xlsb reader, with calamine as the second reader.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsb};

use super::super::row::CellKind::{Bool, Date, Error, Number, Text};
use super::super::row::{FileKind, Span};
use super::super::testing::{archive, read_bytes, read_named, refused};
use super::records::id;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Appends a record.
fn record(out: &mut Vec<u8>, id: u32, body: &[u8]) {
    match u8::try_from(id) {
        Ok(id) if id < 0x80 => out.push(id),
        _ => out.extend([(id & 0x7F) as u8 | 0x80, (id >> 7) as u8]),
    }
    let mut length = body.len();
    while length >= 0x80 {
        out.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(body);
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [numbers(&[units.len() as u32 / 2]), units].concat()
}

/// Makes a cell's body: column, style, value.
fn cell(column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    [numbers(&[column, style]), value.to_vec()].concat()
}

/// Makes a row's body.
fn row(number: u32, hidden: bool) -> Vec<u8> {
    [numbers(&[number, 0]), vec![0, 0, 0, if hidden { 0x10 } else { 0 }, 0, 0, 0, 0, 0]].concat()
}

/// Makes the sheet's part.
fn sheet() -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 129, &[]);
    record(&mut out, 148, &numbers(&[0, 9, 0, 9]));
    record(&mut out, 390, &[]);
    record(&mut out, id::COLUMNS, &[numbers(&[2, 3, 0, 0]), vec![1, 0]].concat());
    record(&mut out, 391, &[]);
    record(&mut out, id::BEGIN_DATA, &[]);
    record(&mut out, id::ROW, &row(0, false));
    record(&mut out, id::SHARED, &cell(0, 0, &numbers(&[1])));
    record(&mut out, id::RK, &cell(1, 0, &numbers(&[(1_234 << 2) | 3])));
    record(&mut out, id::RK, &cell(2, 1, &numbers(&[(45_077 << 2) | 2])));
    record(&mut out, id::REAL, &cell(3, 0, &0.1_f64.to_le_bytes()));
    record(&mut out, id::BOOL, &cell(4, 0, &[1]));
    record(&mut out, 6, &cell(5, 0, &wide("直接")));
    record(&mut out, id::ROW, &row(4, true));
    record(&mut out, id::ERROR, &cell(0, 0, &[0x2A]));
    let formula = [0, 0, 1, 0, 0, 0, 0x1D, 0, 0, 0, 0];
    record(&mut out, id::FORMULA_REAL, &cell(1, 0, &[&25_f64.to_le_bytes()[..], &formula].concat()));
    record(&mut out, id::FORMULA_ERROR, &cell(2, 0, &[&[0x07][..], &formula].concat()));
    record(&mut out, id::END_DATA, &[]);
    record(&mut out, id::MERGED, &numbers(&[0, 1, 0, 2]));
    record(&mut out, id::END_SHEET, &[]);
    out
}

/// Makes the workbook with this sheet.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    workbook_of(2, &[("rId1", "表一")], sheet)
}

/// Makes the workbook with this number of strings stated, and with these relations and names of sheets listed.
fn workbook_of(stated: u32, sheets: &[(&str, &str)], sheet: &[u8]) -> Vec<u8> {
    let (mut book, mut strings, mut styles) = (Vec::new(), Vec::new(), Vec::new());
    for (relation, name) in sheets {
        record(&mut book, id::BUNDLE_SHEET, &[numbers(&[0, 1]), wide(relation), wide(name)].concat());
    }
    record(&mut book, 144, &[]);
    record(&mut book, 132, &[]);
    record(&mut strings, id::BEGIN_STRINGS, &numbers(&[stated, stated]));
    for text in ["甲", "乙"] {
        record(&mut strings, id::STRING, &[vec![0], wide(text)].concat());
    }
    record(&mut strings, id::END_STRINGS, &[]);
    record(&mut styles, 615, &numbers(&[1]));
    record(&mut styles, id::FORMAT, &[vec![164, 0], wide("yyyy-mm-dd")].concat());
    record(&mut styles, id::BEGIN_CELL_STYLES, &numbers(&[3]));
    for format in [0, 164, 10] {
        record(&mut styles, id::STYLE, &[0, 0, format, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    record(&mut styles, id::END_CELL_STYLES, &[]);
    let root =
        format!("<Relationships><Relationship Id=\"a\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.bin\"/></Relationships>");
    let relations = format!(
        "<Relationships><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.bin\"/>\
         <Relationship Id=\"rId9\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet9.bin\"/>\
         <Relationship Id=\"rId2\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.bin\"/>\
         <Relationship Id=\"rId3\" Type=\"{OFFICE}/styles\" Target=\"styles.bin\"/></Relationships>"
    );
    archive(&[
        ("_rels/.rels", root.as_bytes()),
        ("xl/_rels/workbook.bin.rels", relations.as_bytes()),
        ("xl/workbook.bin", &book),
        ("xl/sharedStrings.bin", &strings),
        ("xl/styles.bin", &styles),
        ("xl/worksheets/sheet1.bin", sheet),
    ])
}

/// Makes a workbook in which every kind of cell stands.
pub(in super::super) fn sound() -> Vec<u8> {
    workbook(&sheet())
}

#[test]
fn everything_arrives() {
    let (facts, seen) = read_named("表.xlsb", &workbook(&sheet())).expect("readable");
    assert_eq!((facts.kind, facts.cells), (FileKind::Xlsb, 9));
    assert_eq!(seen.at(1, 0), Some((Text, "乙")));
    assert_eq!(seen.at(1, 1), Some((Number, "12.34")));
    assert_eq!(seen.at(1, 2), Some((Date, "2023-05-31")));
    assert_eq!(seen.at(1, 3), Some((Number, "0.1")));
    assert_eq!(seen.at(1, 4), Some((Bool, "TRUE")));
    assert_eq!(seen.at(1, 5), Some((Text, "直接")));
    assert_eq!(seen.at(5, 0), Some((Error, "#N/A")));
    assert_eq!(seen.cells[&(0, 5, 1)], (Number, true, "25".to_owned()));
    assert_eq!(seen.cells[&(0, 5, 2)], (Error, true, "#DIV/0!".to_owned()));
    assert_eq!(seen.hidden_rows, [5]);
    let head = &seen.heads[0];
    let span = Span { first_row: 1, last_row: 2, first_column: 0, last_column: 2 };
    assert_eq!((head.name.as_str(), head.visible), ("表一", true));
    assert_eq!(head.merged.as_deref(), Some(&[span][..]));
    assert_eq!(head.hidden_columns.as_deref(), Some(&[(2, 3)][..]));
    assert!(seen.notes.is_empty(), "{:?}", seen.notes);
}

#[test]
fn strings_are_counted_by_what_is_there() {
    for stated in [0, 1, 75_730, u32::MAX] {
        let seen = read_bytes(&workbook_of(stated, &[("rId1", "表一")], &sheet())).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "乙")), vec![]), "{stated}");
    }
}

#[test]
fn a_sheet_whose_part_or_relation_is_missing_costs_no_other() {
    for relation in ["rId8", "rId9"] {
        let seen = read_bytes(&workbook_of(2, &[(relation, "宏"), ("rId1", "表一")], &sheet())).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "乙")), vec!["CEL-238"]));
        assert_eq!(refused(&workbook_of(2, &[(relation, "宏")], &sheet())), "FIL-115");
    }
}

#[test]
fn a_number_shown_as_a_percentage_is_that_percentage() {
    let mut sheet = Vec::new();
    record(&mut sheet, id::BEGIN_DATA, &[]);
    record(&mut sheet, id::ROW, &row(0, false));
    record(&mut sheet, id::REAL, &cell(0, 2, &0.035_f64.to_le_bytes()));
    record(&mut sheet, id::RK, &cell(1, 2, &numbers(&[(7 << 2) | 3])));
    record(&mut sheet, id::END_DATA, &[]);
    record(&mut sheet, id::END_SHEET, &[]);
    let seen = read_bytes(&workbook(&sheet)).expect("readable");
    assert_eq!(seen.at(1, 0), Some((Number, "3.5%")));
    assert_eq!(seen.at(1, 1), Some((Number, "7%")));
}

#[test]
fn calamine_agrees_but_for_failed_formulas() {
    let bytes = workbook(&sheet());
    let ours = read_bytes(&bytes).expect("readable");
    let mut theirs = Xlsb::new(Cursor::new(bytes)).expect("readable by calamine");
    let range = theirs.worksheet_range("表一").expect("a range");
    for ((_, row, column), (kind, _, text)) in &ours.cells {
        let value = range.get_value((row - 1, *column)).unwrap_or(&Data::Empty);
        match value {
            Data::Float(number) => assert_eq!(&number.to_string(), text),
            Data::DateTime(date) => assert_eq!((date.as_f64(), *kind), (45_077.0, Date)),
            Data::String(theirs) => assert_eq!(theirs, text),
            Data::Bool(theirs) => assert_eq!(theirs.to_string().to_uppercase(), *text),
            Data::Error(theirs) => assert_eq!(theirs.to_string(), *text),
            // The reason why this reader is our own; when it fails, calamine has been mended.
            Data::Empty => assert_eq!((*row, *column), (5, 2)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn damage_is_refused_or_harmless() {
    damage_of_each(29);
}

#[test]
#[ignore = "thousands of files: run by .ci/run"]
fn damage_of_any_byte_is_refused_or_harmless() {
    damage_of_each(1);
}

/// Damages each so many bytes, one after another.
fn damage_of_each(step: usize) {
    let whole = sheet();
    assert_eq!(refused(&workbook(&whole[..whole.len() / 2])), "FIL-114");
    let sound = workbook(&whole);
    let expected = read_bytes(&sound).expect("sound");
    for at in (0..sound.len()).step_by(step) {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        if let Ok(seen) = read_bytes(&damaged) {
            assert!(seen == expected, "byte {at} changed a value");
        }
        // Three bytes of a signature are a text.
        assert!(at < 4 || read_bytes(&sound[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn short_records_are_refused_without_a_panic() {
    short_records(13);
}

#[test]
#[ignore = "thousands of files: run by .ci/run"]
fn a_short_record_anywhere_is_refused_without_a_panic() {
    short_records(1);
}

/// Overwrites each so many bytes, one after another.
fn short_records(step: usize) {
    let whole = sheet();
    for at in (0..whole.len()).step_by(step) {
        for value in [0, 0x7F, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            // Whatever it gives, it must not panic.
            let _ = read_bytes(&workbook(&damaged));
        }
    }
}
