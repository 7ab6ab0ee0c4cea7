//! The format has no checksum: what it says twice stands in for one.

use super::*;

/// A sheet of thirty rows of two numbers and a shared text, with a range and rows as programs write them.
fn regular() -> Vec<(u16, Vec<u8>)> {
    let mut records = vec![(0x0200, [&30_u64.rotate_left(32).to_le_bytes()[..], &halves(&[0, 3, 0])].concat())];
    records.extend((0..30).map(|row| (0x0208, halves(&[row, 0, 3, 0, 0, 0, 0, 0]))));
    for row in 0..30 {
        records.push((0x00FD, cell(row, 0, 0, &u32::from(row).to_le_bytes())));
        records.push((0x0203, cell(row, 1, 0, &f64::from(row).to_le_bytes())));
        records.push((0x027E, cell(row, 2, 0, &(u32::from(row) << 2 | 2).to_le_bytes())));
    }
    records
}

/// Makes the workbook of such a sheet.
fn workbook(records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let strings: Vec<u8> = (0..30).flat_map(|row| wide(&format!("企业{row}"))).collect();
    let table = [&30_u32.to_le_bytes()[..], &30_u32.to_le_bytes(), &strings].concat();
    container("Workbook", &stream(&[(0x00FC, &table)], &[sheet_of(records)]))
}

/// The codes of the notes about a sheet after a change.
fn told(change: impl FnOnce(&mut Vec<(u16, Vec<u8>)>)) -> Vec<&'static str> {
    let mut records = regular();
    change(&mut records);
    read_bytes(&workbook(&records)).expect("readable").codes()
}

/// Where the cells of a row begin among the records.
fn at(row: usize) -> usize {
    31 + 3 * row
}

#[test]
fn a_sound_sheet_is_told_nothing() {
    assert_eq!(told(|_| {}), [""; 0]);
}

#[test]
fn a_changed_record_is_told() {
    let id = |place: usize, id: u16| move |records: &mut Vec<(u16, Vec<u8>)>| records[place].0 = id;
    let byte = |place: usize, at: usize, value: u8| move |records: &mut Vec<(u16, Vec<u8>)>| records[place].1[at] = value;
    assert_eq!(told(id(at(5) + 1, 0x0243)), ["CEL-240"], "a kind that there is not");
    assert_eq!(told(id(at(5) + 1, 0x0086)), ["CEL-240"], "a kind that does not stand among cells");
    assert_eq!(told(id(at(5) + 1, 0x0201)), ["CEL-240"], "a blank of a wrong length");
    assert_eq!(told(byte(at(5), 6, 9)), ["CEL-240"], "another string: one is used no more");
    assert_eq!(told(byte(at(5) + 1, 0, 200)), ["CEL-240", "CEL-242"], "a row that is not stated");
    assert_eq!(told(byte(at(5) + 1, 2, 77)), ["CEL-240", "CEL-242"], "a column beyond the row");
    assert_eq!(told(byte(at(5) + 1, 2, 0)), ["CEL-202"], "a column that is taken");
    assert_eq!(told(|records| drop(records.remove(at(5)))), ["CEL-240"], "a text less than stated");
}

#[test]
fn habits_of_programs_are_no_damage() {
    assert_eq!(told(|records| drop(records.drain(1..31))), [""; 0], "no rows are stated");
    assert_eq!(told(|records| records[0].1.fill(0)), [""; 0], "no range is stated");
    assert_eq!(told(|records| records[1..31].iter_mut().for_each(|row| row.1[4] = 1)), [""; 0], "rows stated too short");
}

#[test]
fn a_sheet_that_breaks_off_is_lost_as_a_whole_and_told() {
    let mut broken = sheet_of(&regular());
    let zeros = broken.len() / 2;
    broken[zeros..zeros + 100].fill(0);
    let seen = read_bytes(&container("Workbook", &stream(&[], &[sheet(), broken]))).expect("readable");
    assert_eq!((seen.cells.len(), seen.heads.len()), (7, 1));
    assert!(seen.codes().contains(&"CEL-241"), "{:?}", seen.codes());
}

#[test]
fn streams_beside_the_workbook_may_be_unsound() {
    let mut bytes = container("Workbook", &stream(&[], &[sheet()]));
    let other = entry("\u{5}SummaryInformation", 2, 77, 200, u32::MAX);
    bytes[2 * SECTOR + 256..2 * SECTOR + 384].copy_from_slice(&other);
    let seen = read_bytes(&bytes).expect("readable");
    assert_eq!((seen.cells.len(), seen.codes()), (7, vec!["CEL-240"]));
}
