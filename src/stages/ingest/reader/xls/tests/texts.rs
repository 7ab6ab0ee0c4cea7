//! Texts: tables of strings that miscount, code pages that are missing or wrong.

use super::*;

/// A table of strings that says it has so many.
fn table(stated: u32, texts: &[&str]) -> Vec<u8> {
    let strings: Vec<u8> = texts.iter().flat_map(|text| wide(text)).collect();
    [&(texts.len() as u32).to_le_bytes()[..], &stated.to_le_bytes(), &strings].concat()
}

fn shared(count: u16) -> Vec<u8> {
    let cells: Vec<_> = (0..count).map(|index| (0x00FD, cell(index, 0, 0, &u32::from(index).to_le_bytes()))).collect();
    sheet_of(&cells)
}

#[test]
fn a_table_of_strings_that_miscounts_is_read_by_what_is_there() {
    for stated in [0, 1, 3, 75_730, u32::MAX] {
        let strings = table(stated, &["甲", "乙", "丙"]);
        let seen = read_bytes(&container("Workbook", &stream(&[(0x00FC, &strings)], &[shared(3)]))).expect("readable");
        assert_eq!((seen.at(1, 0), seen.at(3, 0)), (Some((Text, "甲")), Some((Text, "丙"))), "{stated}");
        assert_eq!(seen.codes(), [""; 0]);
    }
}

#[test]
fn strings_behind_an_empty_continuation_are_read() {
    let strings = table(3, &["甲", "乙", "丙"]);
    let (first, rest) = strings.split_at(13);
    let globals: [(u16, &[u8]); 3] = [(0x00FC, first), (0x003C, &[]), (0x003C, rest)];
    let seen = read_bytes(&container("Workbook", &stream(&globals, &[shared(3)]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.at(3, 0)), (Some((Text, "甲")), Some((Text, "丙"))));
}

#[test]
fn a_string_whose_numbers_are_spread_over_two_records_is_read() {
    // A character with a run of fonts and a phonetic part, of which the lengths stand in front.
    let numbers = [&halves(&[1])[..], &[0x0C], &halves(&[1]), &4_u32.to_le_bytes()].concat();
    let strings = [&1_u32.to_le_bytes()[..], &1_u32.to_le_bytes(), &numbers, b"a", &[0; 8]].concat();
    for cut in 8..8 + numbers.len() {
        let (first, rest) = strings.split_at(cut);
        let globals: [(u16, &[u8]); 2] = [(0x00FC, first), (0x003C, rest)];
        let seen = read_bytes(&container("Workbook", &stream(&globals, &[shared(1)]))).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "a")), vec![]), "cut at {cut}");
    }
}

#[test]
fn a_table_of_strings_that_breaks_off_costs_its_own_cells_only() {
    let mut strings = table(3, &["甲", "乙", "丙"]);
    strings[15] = 0xFF;
    let seen = read_bytes(&container("Workbook", &stream(&[(0x00FC, &strings)], &[shared(3)]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.at(2, 0)), (Some((Text, "甲")), None));
    assert_eq!(seen.codes(), ["CEL-240", "CEL-242", "CEL-242"]);
}

/// A text of eight bits without flags, as before Excel 97.
fn narrow(row: u16, bytes: &[u8]) -> (u16, Vec<u8>) {
    (0x0204, cell(row, 0, 0, &[&(bytes.len() as u16).to_le_bytes(), bytes].concat()))
}

#[test]
fn chinese_of_a_workbook_without_a_code_page_is_chinese_and_told() {
    let (bytes, ..) = encoding_rs::GBK.encode("统一社会信用代码");
    let page = |page: u16| page.to_le_bytes().to_vec();
    for stated in [None, Some(page(1_252)), Some(page(0x8001)), Some(page(0))] {
        let globals: Vec<(u16, &[u8])> = stated.iter().map(|body| (0x0042, &body[..])).collect();
        let book = stream_of(BIFF5, &globals, &[sheet_of(&[narrow(0, &bytes)])]);
        let seen = read_bytes(&container("Book", &book)).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "统一社会信用代码")), vec!["CEL-222"]), "{stated:?}");
    }
    let page = page(936);
    let seen = read_bytes(&container("Book", &stream_of(BIFF5, &[(0x0042, &page)], &[sheet_of(&[narrow(0, &bytes)])]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "统一社会信用代码")), vec![]));
}

#[test]
fn chinese_bytes_in_place_of_utf_16_are_chinese_and_told() {
    let (bytes, ..) = encoding_rs::GBK.encode("企业名称");
    let label = (0x0204, cell(0, 0, 0, &[&(bytes.len() as u16).to_le_bytes()[..], &[0], &bytes].concat()));
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet_of(&[label])]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "企业名称")), vec!["CEL-222"]));
}

#[test]
fn characters_that_nobody_can_tell_are_withheld_at_their_cells() {
    for page in [None, Some(10_029_u16.to_le_bytes())] {
        let globals: Vec<(u16, &[u8])> = page.iter().map(|body| (0x0042, &body[..])).collect();
        let cells = [narrow(0, &[0xE8, 0xF2, 0xEE, 0xE3, 0xEE]), narrow(1, b"12 kg")];
        let seen = read_bytes(&container("Book", &stream_of(BIFF5, &globals, &[sheet_of(&cells)]))).expect("readable");
        assert_eq!((seen.at(1, 0), seen.at(2, 0)), (None, Some((Text, "12 kg"))));
        assert_eq!(seen.codes(), ["CEL-243"]);
    }
}

#[test]
fn a_code_page_beside_utf_16_changes_nothing() {
    let page = 1_252_u16.to_le_bytes();
    let label = (0x0204, cell(0, 0, 0, &[&[5, 0, 0][..], b"Click"].concat()));
    let seen = read_bytes(&container("Workbook", &stream(&[(0x0042, &page)], &[sheet_of(&[label])]))).expect("readable");
    assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "Click")), vec![]));
}

#[test]
fn units_in_number_formats_are_read_by_the_code_page() {
    let (code, ..) = encoding_rs::GBK.encode("0\"万元\"");
    let format = [&[165, 0, code.len() as u8][..], &code].concat();
    let style = halves(&[0, 165, 0, 0, 0, 0, 0, 0]);
    let globals: [(u16, &[u8]); 3] = [(0x0042, &936_u16.to_le_bytes()), (0x041E, &format), (0x00E0, &style)];
    let book = stream_of(BIFF5, &globals, &[sheet_of(&[(0x0203, cell(0, 0, 0, &12_f64.to_le_bytes()))])]);
    let seen = read_bytes(&container("Book", &book)).expect("readable");
    assert_eq!(seen.at(1, 0), Some((Number, "12万元")));
}
