//! Tests of the .xls reader on containers made here.

mod damage;
mod odd_records;
mod texts;

use proptest::prelude::*;

use super::super::row::CellKind::{Bool, Date, Error, Number, Text};
use super::super::row::{FileKind, Span};
use super::super::testing::{read_bytes, read_named, refused};

const SECTOR: usize = 512;
/// Version of Excel 97 and later.
const BIFF8: u16 = 0x0600;
/// Version before.
const BIFF5: u16 = 0x0500;

/// Appends a record.
fn record(out: &mut Vec<u8>, id: u16, body: &[u8]) {
    out.extend(id.to_le_bytes());
    out.extend((body.len() as u16).to_le_bytes());
    out.extend(body);
}

fn halves(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A cell's body: row, column, style, value.
fn cell(row: u16, column: u16, style: u16, value: &[u8]) -> Vec<u8> {
    [halves(&[row, column, style]), value.to_vec()].concat()
}

/// A counted text of UTF-16.
fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    [halves(&[units.len() as u16]), vec![1], halves(&units)].concat()
}

/// Makes the records of one sheet.
fn sheet() -> Vec<u8> {
    sheet_with(&[])
}

fn sheet_with(extra: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 0x0809, &halves(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0]));
    record(&mut out, 0x007D, &halves(&[2, 3, 0, 0, 1, 0]));
    record(&mut out, 0x0208, &halves(&[0, 0, 4, 0, 0, 0, 0, 0]));
    record(&mut out, 0x0208, &halves(&[1, 0, 9, 0, 0, 0, 0x20, 0]));
    record(&mut out, 0x0204, &cell(0, 0, 0, &wide("企业")));
    record(&mut out, 0x0203, &cell(0, 1, 0, &0.1_f64.to_le_bytes()));
    record(&mut out, 0x0203, &cell(0, 2, 1, &45_077_f64.to_le_bytes()));
    record(&mut out, 0x0203, &cell(0, 3, 2, &212.06_f64.to_le_bytes()));
    record(&mut out, 0x0205, &cell(1, 0, 0, &[1, 0]));
    record(&mut out, 0x0205, &cell(1, 1, 0, &[0x2A, 1]));
    let tokens = [0_u8, 0, 0, 0, 0, 0, 3, 0, 0x1E, 25, 0];
    record(&mut out, 0x0006, &cell(1, 2, 0, &[&25_f64.to_le_bytes()[..], &tokens].concat()));
    for (id, body) in extra {
        record(&mut out, *id, body);
    }
    record(&mut out, 0x00E5, &halves(&[1, 0, 1, 0, 2]));
    record(&mut out, 0x000A, &[]);
    out
}

/// Makes a sheet of these records and nothing else.
fn sheet_of(records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    record(&mut out, 0x0809, &halves(&[0x0600, 0x0010, 0, 0, 0, 0, 0, 0]));
    for (id, body) in records {
        record(&mut out, *id, body);
    }
    record(&mut out, 0x000A, &[]);
    out
}

/// Makes the stream of a workbook; each sheet begins at the offset that is given for it.
fn stream(extra: &[(u16, &[u8])], sheets: &[Vec<u8>]) -> Vec<u8> {
    stream_of(BIFF8, extra, sheets)
}

fn stream_of(version: u16, extra: &[(u16, &[u8])], sheets: &[Vec<u8>]) -> Vec<u8> {
    let globals = |offsets: &[u32]| {
        let mut out = Vec::new();
        record(&mut out, 0x0809, &halves(&[version, 0x0005, 0, 0, 0, 0, 0, 0]));
        for (id, body) in extra {
            record(&mut out, *id, body);
        }
        for (format, code) in [(14, "0.00"), (164, "yyyy-mm-dd")] {
            let length = code.len() as u8;
            let count = if version == BIFF8 { vec![length, 0, 0] } else { vec![length] };
            record(&mut out, 0x041E, &[halves(&[format]), count, code.as_bytes().to_vec()].concat());
        }
        for format in [0, 164, 14, 10] {
            record(&mut out, 0x00E0, &halves(&[0, format, 0, 0, 0, 0, 0, 0, 0, 0]));
        }
        for (index, offset) in offsets.iter().enumerate() {
            let flags: &[u8] = if version == BIFF8 { &[0] } else { &[] };
            let name = [&[1], flags, &[b'A' + index as u8]].concat();
            record(&mut out, 0x0085, &[offset.to_le_bytes().to_vec(), vec![0, 0], name].concat());
        }
        record(&mut out, 0x000A, &[]);
        out
    };
    let mut at = globals(&vec![0; sheets.len()]).len() as u32;
    let mut offsets = Vec::new();
    for sheet in sheets {
        offsets.push(at);
        at += sheet.len() as u32;
    }
    [globals(&offsets), sheets.concat()].concat()
}

/// Puts a stream of this name into a container; it is padded to a size beyond the mini stream.
fn container(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut data = stream.to_vec();
    data.resize(data.len().max(4_096).next_multiple_of(SECTOR), 0);
    let sectors = data.len() / SECTOR;
    let mut header = vec![0; SECTOR];
    header[..8].copy_from_slice(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
    for (at, value) in [(0x18, 0x3E_u16), (0x1A, 3), (0x1C, 0xFFFE), (0x1E, 9), (0x20, 6), (0x2C, 1)] {
        header[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    // Sector 0 is the table, sector 1 the directory, the stream follows.
    for (at, value) in [(0x30, 1_u32), (0x38, 4_096), (0x3C, 0xFFFF_FFFE), (0x44, 0xFFFF_FFFE), (0x4C, 0)] {
        header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    header[0x50..].fill(0xFF);
    let mut table = vec![0xFFFF_FFFF_u32; SECTOR / 4];
    (table[0], table[1]) = (0xFFFF_FFFD, 0xFFFF_FFFE);
    for sector in 0..sectors {
        table[sector + 2] = if sector + 1 == sectors { 0xFFFF_FFFE } else { sector as u32 + 3 };
    }
    let table: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    let mut directory = entry("Root Entry", 5, 0xFFFF_FFFE, 0, 1);
    directory.extend(entry(name, 2, 2, data.len() as u32, u32::MAX));
    directory.resize(SECTOR, 0);
    [header, table, directory, data].concat()
}

/// Makes a directory entry.
fn entry(name: &str, kind: u8, start: u32, size: u32, child: u32) -> Vec<u8> {
    let mut out = vec![0; 128];
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    out[..units.len()].copy_from_slice(&units);
    out[64..66].copy_from_slice(&(units.len() as u16 + 2).to_le_bytes());
    (out[66], out[67]) = (kind, 1);
    out[68..76].fill(0xFF);
    out[76..80].copy_from_slice(&child.to_le_bytes());
    out[116..120].copy_from_slice(&start.to_le_bytes());
    out[120..124].copy_from_slice(&size.to_le_bytes());
    out
}

#[test]
fn everything_arrives() {
    let bytes = container("Workbook", &stream(&[], &[sheet()]));
    let (facts, seen) = read_named("表.xlsx", &bytes).expect("readable");
    assert_eq!((facts.kind, facts.sheets, facts.cells), (FileKind::Xls, 1, 7));
    assert_eq!(seen.at(1, 0), Some((Text, "企业")));
    assert_eq!(seen.at(1, 1), Some((Number, "0.1")));
    assert_eq!(seen.at(1, 2), Some((Date, "2023-05-31")));
    assert_eq!(seen.at(1, 3), Some((Number, "212.06")), "the file gives format 14 its own meaning");
    assert_eq!(seen.at(2, 0), Some((Bool, "TRUE")));
    assert_eq!(seen.at(2, 1), Some((Error, "#N/A")));
    assert_eq!(seen.cells[&(0, 2, 2)], (Number, true, "25".to_owned()));
    assert_eq!(seen.hidden_rows, [2]);
    let span = Span { first_row: 1, last_row: 2, first_column: 0, last_column: 2 };
    assert_eq!(seen.heads[0].merged.as_deref(), Some(&[span][..]));
    assert_eq!(seen.heads[0].hidden_columns.as_deref(), Some(&[(2, 3)][..]));
    assert!(seen.notes.is_empty());
}

#[test]
fn a_number_shown_as_a_percentage_is_that_percentage() {
    let share = (0x0203, cell(1, 3, 3, &0.035_f64.to_le_bytes()));
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&[share])]))).expect("readable");
    assert_eq!(seen.at(2, 3), Some((Number, "3.5%")));
}

#[test]
fn a_formula_without_its_text_result_is_noted() {
    let awaited = [0_u8, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    let empty = [3_u8, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    let tokens = [0_u8, 0, 0, 0, 0, 0, 3, 0, 0x1E, 25, 0];
    let formula = |result: [u8; 8]| (0x0006, cell(1, 3, 0, &[&result[..], &tokens].concat()));
    for (result, notes) in [(awaited, vec!["CEL-201"]), (empty, Vec::new())] {
        let bytes = container("Workbook", &stream(&[], &[sheet_with(&[formula(result)])]));
        let (_, seen) = read_named("表.xls", &bytes).expect("readable");
        assert_eq!(seen.codes(), notes);
        assert_eq!(seen.at(2, 3), None);
    }
}

#[test]
fn chains_without_end_are_refused() {
    let sound = container("Workbook", &stream(&[], &[sheet()]));
    let mut looped = sound.clone();
    // The stream's second sector leads back to its first.
    looped[SECTOR + 12..SECTOR + 16].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(refused(&looped), "FIL-132");
    let mut zeros = sound.clone();
    let half = zeros.len() / 2;
    zeros[half..].fill(0);
    assert!(read_bytes(&zeros).is_err() || read_bytes(&sound).is_ok());
    let mut table = sound.clone();
    table[SECTOR..2 * SECTOR].fill(0);
    assert_eq!(refused(&table), "FIL-132");
    for length in [8, 100, 512, 1_000, 1_536, 2_000, sound.len() - SECTOR] {
        assert!(read_bytes(&sound[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn other_containers_are_told_apart() {
    for (name, code) in [("EncryptedPackage", "FIL-139"), ("WordDocument", "FIL-130"), ("Other", "FIL-131")] {
        assert_eq!(refused(&container(name, b"x")), code);
    }
    let password = stream(&[(0x002F, &[0; 6])], &[sheet()]);
    assert_eq!(refused(&container("Workbook", &password)), "FIL-139");
    assert_eq!(refused(&container("Workbook", &stream(&[], &[]))), "FIL-116");
}

#[test]
fn cells_in_opposite_corners_are_read_without_the_grid_between_them() {
    let number = |row, column| (0x0203, cell(row, column, 0, &1_f64.to_le_bytes()));
    let corners = sheet_of(&[number(0, 0), number(65_535, 255)]);
    let seen = read_bytes(&container("Workbook", &stream(&[], &[corners]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.at(65_536, 255)), (Some((Number, "1")), Some((Number, "1"))));
    assert_eq!(seen.codes(), ["CEL-244"], "calamine would make that grid, so the reading stands alone");
}

#[test]
fn sheets_sharing_an_offset_are_refused() {
    let mut bytes = stream(&[], &[sheet(), sheet()]);
    let entries: Vec<usize> = memchr::memmem::find_iter(&bytes, &[0x85, 0x00, 0x09, 0x00]).collect();
    let first: Vec<u8> = bytes[entries[0] + 4..entries[0] + 8].to_vec();
    bytes[entries[1] + 4..entries[1] + 8].copy_from_slice(&first);
    assert_eq!(refused(&container("Workbook", &bytes)), "FIL-132");
}

proptest! {
    #[test]
    fn damaged_containers_never_panic(at in any::<prop::sample::Index>(), run in prop::collection::vec(any::<u8>(), 1..8)) {
        let mut bytes = container("Workbook", &stream(&[], &[sheet(), sheet()]));
        // The stream is short; what follows it is padding.
        let start = at.index(3 * SECTOR + 700);
        bytes[start..start + run.len()].copy_from_slice(&run);
        // With calamine, which gets nothing of what is damaged.
        let _ = read_bytes(&bytes);
    }
}
