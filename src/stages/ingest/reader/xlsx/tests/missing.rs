//! What is missing or miscounted costs itself and nothing else.

use super::super::super::row::CellKind::{Number, Text};
use super::super::super::testing::{archive, read_bytes, refused};
use super::{OFFICE, Parts};

const ROW: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>丙</t></is></c><c r=\"C1\" s=\"1\"><v>45077</v></c></row>";

#[test]
fn strings_are_counted_by_what_is_there() {
    for stated in ["0", "1", "3", "75730", "18446744073709551615", "-1", "x"] {
        let mut parts = Parts::with_rows(ROW);
        parts.strings = parts.strings.replace("uniqueCount=\"2\"", &format!("count=\"{stated}\" uniqueCount=\"{stated}\""));
        let seen = read_bytes(&parts.build()).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "乙")), vec![]), "{stated}");
    }
}

#[test]
fn without_the_table_of_strings_only_its_cells_are_left_out() {
    let seen = read_bytes(&Parts::with_rows(ROW).build_without("xl/sharedStrings.xml")).expect("readable");
    assert_eq!((seen.at(1, 0), seen.at(1, 1)), (None, Some((Text, "丙"))));
    assert_eq!(seen.codes(), ["CEL-207"]);
}

#[test]
fn number_formats_that_are_missing_are_told() {
    let seen = read_bytes(&Parts::with_rows(ROW).build_without("xl/styles.xml")).expect("readable");
    assert_eq!((seen.at(1, 2), seen.codes()), (Some((Number, "45077")), vec!["CEL-239"]));
}

#[test]
fn a_sheet_whose_part_or_relation_is_missing_costs_no_other() {
    let lost = format!("<Relationship Id=\"r9\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet9.xml\"/></Relationships>");
    for relations in [lost.as_str(), "</Relationships>"] {
        let mut parts = Parts::with_rows(ROW);
        parts.workbook = parts.workbook.replace("<sheets>", "<sheets><sheet name=\"宏\" sheetId=\"9\" r:id=\"r9\"/>");
        parts.workbook_relations = parts.workbook_relations.replace("</Relationships>", relations);
        let seen = read_bytes(&parts.build()).expect("readable");
        assert_eq!((seen.at(1, 0), seen.codes()), (Some((Text, "乙")), vec!["CEL-238"]));
        assert_eq!((seen.notes[0].sheet.as_deref(), seen.heads[0].index), (Some("宏"), 1));
    }
    assert_eq!(refused(&Parts::with_rows(ROW).build_without("xl/worksheets/sheet1.xml")), "FIL-115", "nothing would be left");
}

#[test]
fn a_workbook_at_its_usual_place_is_found_without_the_relations_of_the_package() {
    let parts = Parts::with_rows(ROW);
    let mut broken = Parts::with_rows(ROW);
    broken.root_relations.truncate(40);
    let mut lost = Parts::with_rows(ROW);
    lost.root_relations = lost.root_relations.replace("workbook.xml", "mappe.xml");
    for bytes in [parts.build_without("_rels/.rels"), broken.build(), lost.build()] {
        assert_eq!(read_bytes(&bytes).expect("readable").at(1, 0), Some((Text, "乙")));
    }
}

#[test]
fn of_names_that_differ_in_case_the_one_that_the_relation_writes_counts() {
    let parts = Parts::with_rows(ROW);
    let other = Parts::with_rows("<row r=\"1\"><c r=\"A1\"><v>7</v></c></row>");
    for before in [true, false] {
        let mut list = parts.list();
        list.insert(if before { 0 } else { list.len() }, ("xl/worksheets/Sheet1.xml", &other.sheet));
        assert_eq!(read_bytes(&archive(&list)).expect("readable").at(1, 0), Some((Text, "乙")));
    }
    let mut list = other.list();
    list.retain(|(name, _)| !name.ends_with("sheet1.xml"));
    list.extend([("xl/worksheets/Sheet1.xml", &other.sheet[..]), ("xl/worksheets/SHEET1.xml", &other.sheet)]);
    assert_eq!(refused(&archive(&list)), "FIL-107", "which one is meant nobody can tell");
}

#[test]
fn two_sheets_whose_parts_differ_in_case_are_two() {
    let mut parts = Parts::with_rows(ROW);
    parts.workbook = parts.workbook.replace("</sheets>", "<sheet name=\"又\" sheetId=\"2\" r:id=\"r9\"/></sheets>");
    let second = format!("<Relationship Id=\"r9\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/Sheet1.xml\"/></Relationships>");
    parts.workbook_relations = parts.workbook_relations.replace("</Relationships>", &second);
    let other = Parts::with_rows("<row r=\"1\"><c r=\"A1\"><v>7</v></c></row>");
    let mut list = parts.list();
    list.push(("xl/worksheets/Sheet1.xml", &other.sheet));
    let seen = read_bytes(&archive(&list)).expect("readable");
    assert_eq!((seen.at_sheet(0, 1, 0), seen.at_sheet(1, 1, 0)), (Some((Text, "乙")), Some((Number, "7"))));
}
