//! What is odd beside the values costs no value.

use super::*;

/// A formula with the number 25 as its result and these tokens, whose length is claimed.
fn formula(row: u16, column: u16, claimed: u16, tokens: &[u8]) -> (u16, Vec<u8>) {
    let head = [&25_f64.to_le_bytes()[..], &[0; 6], &claimed.to_le_bytes()].concat();
    (0x0006, cell(row, column, 0, &[&head, tokens].concat()))
}

#[test]
fn formulas_that_make_no_sense_keep_their_results() {
    let choose = [0x19, 0x04, 0xFF, 0xFF, 0, 0];
    let odd = [formula(2, 0, 500, &[0x1E]), formula(2, 1, 6, &choose), formula(2, 2, 3, &[0x44, 0]), formula(2, 3, 2, &[0x17, 200])];
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&odd)]))).expect("readable");
    for column in 0..4 {
        assert_eq!(seen.cells[&(0, 3, column)], (Number, true, "25".to_owned()));
    }
    assert_eq!(seen.cells.len(), 11, "and all others are there");
}

#[test]
fn a_formula_record_of_an_older_kind_gives_its_result() {
    for id in [0x0206, 0x0406] {
        let (_, body) = formula(2, 0, 3, &[0x1E, 25, 0]);
        let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&[(id, body)])]))).expect("readable");
        assert_eq!(seen.at(3, 0), Some((Number, "25")));
        assert_eq!(seen.codes(), [""; 0]);
    }
}

#[test]
fn odd_names_links_and_regions_cost_no_value() {
    let name = [&[0, 0, 0, 200, 0xFF, 0xFF][..], &[0; 3]].concat();
    let globals: [(u16, &[u8]); 3] = [(0x0018, &name), (0x0017, &[0xFF, 0xFF, 1]), (0x0018, &[])];
    let regions = (0x00E5, halves(&[60_000, 0, 1, 0, 2]));
    let seen = read_bytes(&container("Workbook", &stream(&globals, &[sheet_with(&[regions])]))).expect("readable");
    assert_eq!(seen.cells.len(), 7);
    assert_eq!(seen.codes(), ["CEL-240"], "a number of regions that is not there is told");
}

#[test]
fn columns_that_no_sheet_has_hide_nothing() {
    let columns = [(300, 60_000), (4, 3), (250, 300), (4, 4)].map(|(first, last)| (0x007D, halves(&[first, last, 0, 0, 1, 0])));
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&columns)]))).expect("readable");
    assert_eq!(seen.heads[0].hidden_columns.as_deref(), Some(&[(2, 4), (250, 255)][..]));
}

#[test]
fn a_text_does_not_mend_the_broken_cell_of_its_formula() {
    let awaited = [0_u8, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 3, 0, 0x1E, 25, 0];
    for (column, style, codes) in [(3, 0, vec![]), (300, 0, vec!["CEL-242"]), (3, 999, vec!["CEL-240", "CEL-242"])] {
        let formula = [(0x0006, cell(2, column, style, &awaited)), (0x0207, wide("甲"))];
        let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&formula)]))).expect("readable");
        assert_eq!((seen.cells.len(), seen.codes()), (if codes.is_empty() { 8 } else { 7 }, codes), "column {column}, style {style}");
    }
}

#[test]
fn a_sheet_that_is_not_where_it_should_be_costs_no_other() {
    for offset in [u32::MAX, 100_000, 4] {
        let mut bytes = stream(&[], &[sheet(), sheet()]);
        let entries: Vec<usize> = memchr::memmem::find_iter(&bytes, &[0x85, 0x00, 0x09, 0x00]).collect();
        bytes[entries[1] + 4..entries[1] + 8].copy_from_slice(&offset.to_le_bytes());
        let seen = read_bytes(&container("Workbook", &bytes)).expect("readable");
        assert_eq!((seen.cells.len(), seen.codes()), (7, vec!["CEL-241"]));
        assert_eq!(seen.notes[0].sheet.as_deref(), Some("B"));
    }
}

#[test]
fn a_macro_sheet_and_a_chart_are_passed_over() {
    for kind in [0x0040, 0x0020] {
        let mut other = sheet();
        other[6..8].copy_from_slice(&u16::to_le_bytes(kind));
        let mut bytes = stream(&[], &[sheet(), other]);
        let entries: Vec<usize> = memchr::memmem::find_iter(&bytes, &[0x85, 0x00, 0x09, 0x00]).collect();
        bytes[entries[1] + 9] = if kind == 0x0040 { 1 } else { 2 };
        let seen = read_bytes(&container("Workbook", &bytes)).expect("readable");
        assert_eq!((seen.heads.len(), seen.codes()), (1, vec!["CEL-231"]));
    }
}

#[test]
fn a_sheet_of_cells_that_is_listed_as_a_chart_is_read_and_told() {
    let mut bytes = stream(&[], &[sheet(), sheet()]);
    let entries: Vec<usize> = memchr::memmem::find_iter(&bytes, &[0x85, 0x00, 0x09, 0x00]).collect();
    bytes[entries[1] + 9] = 2;
    let seen = read_bytes(&container("Workbook", &bytes)).expect("readable");
    assert_eq!((seen.cells.len(), seen.codes()), (14, vec!["CEL-240"]));
}

#[test]
fn a_record_that_contradicts_itself_is_withheld_at_its_cell() {
    let odd = [
        (0x0203, cell(2, 0, 0, &[0; 4])),
        (0x00FD, cell(2, 1, 0, &7_u32.to_le_bytes())),
        (0x0205, cell(2, 2, 0, &[9, 0])),
        (0x0205, cell(2, 3, 0, &[0x99, 1])),
        (0x00BD, halves(&[2, 4, 0, 0, 0x4000, 9])),
        (0x0203, cell(2, 5, 99, &1_f64.to_le_bytes())),
        (0x0203, cell(2, 6, 0, &f64::from_bits(3).to_le_bytes())),
        (0x0204, cell(2, 7, 0, &[200, 0, 1, 65, 0])),
    ];
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&odd)]))).expect("readable");
    assert_eq!(seen.cells.len(), 7, "the others are there");
    let withheld: Vec<_> = seen.notes.iter().filter(|note| note.code == "CEL-242").map(|note| (note.row, note.column)).collect();
    assert_eq!(withheld, (0..8).map(|column| (Some(3), Some(column))).collect::<Vec<_>>());
}

#[test]
fn a_text_result_that_goes_on_in_the_next_record_is_whole() {
    let result = [&[0, 0, 0, 0, 0, 0, 0xFF, 0xFF][..], &[0; 6], &[3, 0, 0x1E, 25, 0]].concat();
    let text = [&[6, 0, 0][..], b"abc"].concat();
    let records = [(0x0006, cell(2, 0, 0, &result)), (0x0207, text), (0x003C, [&[1][..], &halves(&[0x4F01, 0x4E1A, 0x8868])].concat())];
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&records)]))).expect("readable");
    assert_eq!(seen.at(3, 0), Some((Text, "abc企业表")));
}

#[test]
fn a_workbook_without_a_container_is_read() {
    let seen = read_bytes(&stream(&[], &[sheet()])).expect("readable");
    assert_eq!((seen.cells.len(), seen.codes()), (7, vec![]));
    assert_eq!(refused(&sheet()), "FIL-134", "a sheet alone is of Excel 5 or before");
}

#[test]
fn the_older_of_two_workbooks_is_read_when_the_newer_is_empty() {
    let mut bytes = container("Workbook", &stream(&[], &[sheet_of(&[])]));
    let place = (bytes.len() / SECTOR - 1) as u32;
    let mut older = stream_of(BIFF5, &[], &[sheet_of(&[(0x0203, cell(0, 0, 0, &1_f64.to_le_bytes()))])]);
    older.resize(4_096, 0);
    bytes[2 * SECTOR + 256..2 * SECTOR + 384].copy_from_slice(&entry("Book", 2, place, 4_096, u32::MAX));
    for sector in place..place + 8 {
        let next = if sector == place + 7 { 0xFFFF_FFFE } else { sector + 1 };
        let at = SECTOR + 4 * sector as usize;
        bytes[at..at + 4].copy_from_slice(&next.to_le_bytes());
    }
    bytes.extend(older);
    let seen = read_bytes(&bytes).expect("readable");
    assert_eq!((seen.at(1, 0), seen.codes()), (Some((Number, "1")), vec!["CEL-240"]));
}

#[test]
fn numbers_side_by_side_behind_the_last_column_are_told() {
    let two = [halves(&[2, 0xFFFF, 0, 0, 0, 0, 0, 0]), halves(&[0])].concat();
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_with(&[(0x00BD, two)])]))).expect("readable");
    assert_eq!(seen.at(3, 0), None);
    assert!(seen.codes().contains(&"CEL-240"), "{:?}", seen.codes());
}
