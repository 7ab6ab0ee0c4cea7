//! Packages: how parts are found, and which packages are refused.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::super::super::row::CellKind::{Number, Text};
use super::super::super::row::Span;
use super::super::super::testing::{archive, read_bytes, refused, replace};
use super::{OFFICE, Parts};

const ONE_CELL: &str = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c></row>";

#[test]
fn parts_are_found_through_relations() {
    let strict = "http://purl.oclc.org/ooxml/officeDocument/relationships";
    let parts = [
        ("_rels/.rels", format!("<Relationships><Relationship Id=\"a\" Type=\"{strict}/officeDocument\" Target=\"/buch/mappe.xml\"/></Relationships>")),
        ("buch/mappe.xml", "<x:workbook xmlns:x=\"m\" xmlns:q=\"n\"><x:sheets><x:sheet name=\"A&amp;B\" sheetId=\"9\" state=\"veryHidden\" q:id=\"z\"/></x:sheets></x:workbook>".to_owned()),
        ("buch/_rels/mappe.xml.rels", format!("<Relationships><Relationship Id=\"z\" Type=\"{strict}/worksheet\" Target=\"../blatt.xml\"/><Relationship Id=\"s\" Type=\"{strict}/sharedStrings\" Target=\"t\\texte.xml\"/></Relationships>")),
        ("buch\\t\\texte.xml", "<sst><si><t>甲</t></si><si><t>乙</t></si></sst>".to_owned()),
        ("Blatt.xml", format!("<x:worksheet xmlns:x=\"m\"><x:sheetData>{}</x:sheetData><x:mergeCells><x:mergeCell ref=\"A1:B2\"/></x:mergeCells></x:worksheet>", ONE_CELL)),
    ];
    let parts: Vec<_> = parts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let seen = read_bytes(&archive(&parts)).expect("readable");
    assert_eq!(seen.at(1, 0), Some((Text, "乙")));
    let head = &seen.heads[0];
    assert_eq!((head.name.as_str(), head.visible), ("A&B", false));
    let span = Span { first_row: 1, last_row: 2, first_column: 0, last_column: 1 };
    assert_eq!(head.merged.as_deref(), Some(&[span][..]));
}

#[test]
fn what_stands_around_the_rows_is_known_before_them() {
    let mut parts = Parts::with_rows("");
    parts.sheet = b"<worksheet><cols><col min=\"2\" max=\"3\" hidden=\"1\"/><col min=\"5\" max=\"5\"/>\
        <col min=\"20000\" max=\"30000\" hidden=\"1\"/></cols><sheetData>\
        <row r=\"1\" hidden=\"true\"><c r=\"A1\"><v>1</v></c></row><row r=\"2\"><c r=\"A2\"><!-- </sheetData> --><v>2</v></c></row></sheetData >\
        <mergeCells><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"rubbish\"/></mergeCells></worksheet>"
        .to_vec();
    let seen = read_bytes(&parts.build()).expect("readable");
    assert_eq!(seen.heads[0].hidden_columns.as_deref(), Some(&[(1, 2)][..]));
    assert_eq!(seen.heads[0].merged.as_ref().map(Vec::len), Some(1));
    assert_eq!(seen.hidden_rows, [1]);
    assert_eq!(seen.at(2, 0), Some((Number, "2")));
    assert_eq!(seen.codes(), ["CEL-232"]);
}

#[test]
fn parts_in_utf16_are_read() {
    for big in [false, true] {
        let mut parts = Parts::with_rows(ONE_CELL);
        let text = format!("\u{FEFF}{}", String::from_utf8(parts.sheet.clone()).expect("text"));
        parts.sheet = text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect();
        assert_eq!(read_bytes(&parts.build()).expect("readable").at(1, 0), Some((Text, "乙")));
    }
}

#[test]
fn sheets_without_cells_are_skipped_by_type() {
    let mut parts = Parts::with_rows(ONE_CELL);
    parts.workbook = "<workbook><sheets><sheet name=\"图\" sheetId=\"2\" r:id=\"r9\"/><sheet name=\"表\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".to_owned();
    parts.workbook_relations = parts.workbook_relations.replace(
        "</Relationships>",
        &format!("<Relationship Id=\"r9\" Type=\"{OFFICE}/chartsheet\" Target=\"styles.xml\"/></Relationships>"),
    );
    let seen = read_bytes(&parts.build()).expect("readable");
    assert_eq!(seen.codes(), ["CEL-231"]);
    assert_eq!((seen.heads.len(), seen.heads[0].index), (1, 1));
}

#[test]
fn unsound_workbooks_are_refused() {
    let edited = |edit: fn(&mut Parts)| {
        let mut parts = Parts::with_rows(ONE_CELL);
        edit(&mut parts);
        refused(&parts.build())
    };
    assert_eq!(edited(|parts| parts.sheet.splice(0..0, *b"<!DOCTYPE x [<!ENTITY a 'b'>]>").for_each(drop)), "FIL-113");
    assert_eq!(edited(|parts| parts.sheet.truncate(60)), "FIL-114");
    assert_eq!(edited(|parts| parts.strings.truncate(40)), "FIL-114");
    assert_eq!(edited(|parts| parts.workbook = "<workbook><sheets/></workbook>".to_owned()), "FIL-116");
    assert_eq!(edited(|parts| parts.workbook = "<document></document>".to_owned()), "FIL-130");
    assert_eq!(edited(|parts| parts.workbook_relations = "<Relationships></Relationships>".to_owned()), "FIL-115");
    assert_eq!(
        edited(|parts| {
            let again = "<sheet name=\"又\" sheetId=\"2\" r:id=\"r1\"/></sheets>";
            parts.workbook = parts.workbook.replace("</sheets>", again);
        }),
        "FIL-117"
    );
}

#[test]
fn unsound_archives_are_refused() {
    let sound = Parts::with_rows(ONE_CELL).build();
    let text: &[u8] = b"<a></a>";
    assert_eq!(refused(&archive(&[("readme.txt", text)])), "FIL-129");

    let mut renamed = archive(&[("xl/a.xml", text), ("xl/b.xml", text)]);
    let directory = memchr::memmem::rfind(&renamed, b"xl/b.xml").expect("present");
    renamed[directory + 3] = b'a';
    assert_eq!(refused(&renamed), "FIL-107", "two entries of one name");

    let mut disagreeing = sound.clone();
    replace(&mut disagreeing, b"xl/styles.xml", b"xl/stylus.xml");
    assert_eq!(refused(&disagreeing), "FIL-109");

    let many: Vec<_> = (0..2_001).map(|index| format!("a/{index}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), text)).collect();
    assert_eq!(refused(&archive(&many)), "FIL-106");

    let mut encrypted = sound.clone();
    let directory = memchr::memmem::find(&encrypted, b"PK\x01\x02").expect("present");
    encrypted[directory + 8] |= 1;
    assert_eq!(refused(&encrypted), "FIL-108");
}

#[test]
fn inflating_too_much_is_refused() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let parts = Parts::with_rows("");
    let blank = vec![b' '; 1 << 20];
    for (name, text) in [
        ("_rels/.rels", &parts.root_relations),
        ("xl/workbook.xml", &parts.workbook),
        ("xl/_rels/workbook.xml.rels", &parts.workbook_relations),
        ("xl/styles.xml", &parts.styles),
        ("xl/sharedStrings.xml", &parts.strings),
    ] {
        writer.start_file(name, SimpleFileOptions::default()).expect("a part");
        writer.write_all(text.as_bytes()).expect("written");
    }
    writer.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).expect("a part");
    writer.write_all(b"<worksheet><sheetData>").expect("written");
    for _ in 0..40 {
        writer.write_all(&blank).expect("written");
    }
    writer.write_all(b"</sheetData></worksheet>").expect("written");
    assert_eq!(refused(&writer.finish().expect("an archive").into_inner()), "FIL-112");
}
