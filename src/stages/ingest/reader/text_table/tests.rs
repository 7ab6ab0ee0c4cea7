//! Tests of the text table reader.

use encoding_rs::{BIG5, GB18030, WINDOWS_1252};

use super::super::row::CellKind::Text;
use super::super::row::FileKind;
use super::super::testing::{Recorder, read_bytes, read_named, refused};

const TABLE: &str = "统一社会信用代码,企业名称,营业收入\r\n91440300MATLEFWY8M,深圳市思辰汽车零部件有限公司,1E5\r\n000123456789012345,广州市发展实业公司,2024-01\r\n";

fn check(seen: &Recorder) {
    assert_eq!(seen.at(1, 1), Some((Text, "企业名称")));
    assert_eq!(seen.at(2, 1), Some((Text, "深圳市思辰汽车零部件有限公司")));
    assert_eq!(seen.at(2, 2), Some((Text, "1E5")));
    assert_eq!(seen.at(3, 0), Some((Text, "000123456789012345")));
    assert_eq!(seen.at(3, 2), Some((Text, "2024-01")));
    assert_eq!(seen.cells.len(), 9);
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn utf32(text: &str, big: bool) -> Vec<u8> {
    text.chars().map(u32::from).flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn every_encoding_gives_the_same_cells() {
    let marked = format!("\u{FEFF}{TABLE}");
    let (gb, _, _) = GB18030.encode(TABLE);
    for (bytes, encoding, guessed) in [
        (TABLE.as_bytes().to_vec(), "UTF-8", false),
        (marked.as_bytes().to_vec(), "UTF-8", false),
        (utf16(&marked, false), "UTF-16LE", false),
        (utf16(&marked, true), "UTF-16BE", false),
        (utf16(TABLE, false), "UTF-16LE", true),
        (utf16(TABLE, true), "UTF-16BE", true),
        (utf32(&marked, false), "UTF-32LE", false),
        (utf32(&marked, true), "UTF-32BE", false),
        (gb.to_vec(), "gb18030", true),
    ] {
        let (facts, seen) = read_named("名录.txt", &bytes).unwrap_or_else(|refusal| panic!("{encoding}: {refusal}"));
        assert_eq!((facts.kind, facts.encoding, facts.sheets), (FileKind::Csv, Some(encoding), 1));
        assert_eq!(seen.heads[0].name, "名录");
        check(&seen);
        assert_eq!(seen.codes(), if guessed { vec!["CEL-222"] } else { vec![] }, "{encoding}");
    }
}

#[test]
fn what_only_decodes_is_refused() {
    let french = "Société,Générale\r\nÉvêché,àéîôù\r\n".repeat(20);
    let (latin, _, _) = WINDOWS_1252.encode(&french);
    assert_eq!(refused(&latin), "FIL-135");
    let (big5, _, unmappable) = BIG5.encode("公司名稱,營業收入\r\n台灣積體電路製造股份有限公司,壹佰萬元整\r\n");
    assert!(!unmappable);
    assert_eq!(refused(&big5), "FIL-135");
}

#[test]
fn binary_is_refused() {
    let noise: Vec<u8> = (0..4_096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(refused(&noise), "FIL-136");
    assert_eq!(refused(b"a,b\n\x01\x02\x03\x04\x05"), "FIL-136");
}

#[test]
fn blank_lines_and_broken_fields_keep_row_numbers() {
    let seen = read_bytes(b"\n\na,b\r\n\r\n\"x\r\ny\",2\rlast,3\n").expect("readable");
    assert_eq!(seen.at(3, 0), Some((Text, "a")));
    assert_eq!(seen.at(5, 0), Some((Text, "x\ny")));
    assert_eq!(seen.at(6, 0), Some((Text, "last")));
    assert!(seen.notes.is_empty(), "{:?}", seen.notes);
}

#[test]
fn widths_may_differ_and_quotes_inside_fields_are_kept() {
    let seen = read_bytes("a,b,c\n1\n5\" pipe,x,y,z\n\"say \"\"hi\"\"\",,尾\n".as_bytes()).expect("readable");
    assert_eq!(seen.at(3, 0), Some((Text, "5\" pipe")));
    assert_eq!(seen.at(3, 3), Some((Text, "z")));
    assert_eq!(seen.at(4, 0), Some((Text, "say \"hi\"")));
    assert_eq!((seen.at(4, 1), seen.at(4, 2)), (None, Some((Text, "尾"))));
}

#[test]
fn an_unclosed_quote_is_noted_where_it_opens() {
    let mut text = "a,b\n1,\"x\n".to_owned();
    text.push_str(&"2,y\n".repeat(50));
    let seen = read_bytes(text.as_bytes()).expect("readable");
    let note = seen.notes.iter().find(|note| note.code == "CEL-220").expect("noted");
    assert_eq!(note.row, Some(2));
    assert!(seen.codes().contains(&"CEL-225"));
}

#[test]
fn every_cut_inside_a_row_is_noted() {
    let whole = "代码,名称,数值\n1,甲公司,10\n2,\"乙,公司\",20\n3,丙公司,30\n";
    for length in 1..whole.len() {
        let cut = &whole.as_bytes()[..length];
        let at_row_end = cut.ends_with(b"\n");
        match read_bytes(cut) {
            Ok(seen) => assert_eq!(seen.notes.is_empty(), at_row_end, "cut at {length}: {:?}", seen.notes),
            Err(refusal) => assert!(!at_row_end, "{refusal}"),
        }
    }
}

#[test]
fn a_short_last_row_and_damage_are_noted() {
    let seen = read_bytes(b"a,b,c\n1,2,3\n4,5").expect("readable");
    assert_eq!(seen.codes(), ["CEL-221", "CEL-226"]);
    let seen = read_bytes(b"a,b,c\n1,2,3,4\n4,5,6\n").expect("readable");
    assert_eq!(seen.codes(), [""; 0], "as long as most rows");
    let mut bytes = "名称,数值\n".repeat(200).into_bytes();
    bytes[1] = b'x';
    let seen = read_bytes(&bytes).expect("readable");
    assert_eq!(seen.codes(), ["CEL-224"]);
}

#[test]
fn control_characters_are_noted() {
    let seen = read_bytes(format!("a,b\n{}x\0y,2\n", "1,2\n".repeat(100)).as_bytes()).expect("readable");
    assert_eq!(seen.at(102, 0), Some((Text, "x\0y")));
    assert_eq!(seen.codes(), ["CEL-211"]);
}

#[test]
fn separators_beside_values_are_no_part_of_them() {
    let seen = read_bytes("代码,数值\n\u{1F}123456789012345678,\u{1F}1\u{1E}00\n".as_bytes()).expect("readable");
    assert_eq!((seen.at(2, 0), seen.at(2, 1)), (Some((Text, "123456789012345678")), Some((Text, "100"))));
    assert_eq!(seen.codes(), ["CEL-253", "CEL-253"]);
}

#[test]
fn a_code_dressed_as_a_formula_is_the_text_within() {
    let seen = read_bytes(b"a,b\n=\"0123\",1\n\"=\"\"0456\"\"\",2\n=\"1\"&\"2\",3\n").expect("readable");
    assert_eq!((seen.at(2, 0), seen.at(3, 0)), (Some((Text, "0123")), Some((Text, "0456"))));
    assert_eq!(seen.at(4, 0), Some((Text, "=\"1\"&\"2\"")), "a formula that is more is left as it is");
}

#[test]
fn a_line_feed_alone_inside_a_field_breaks_no_row() {
    let seen = read_bytes("代码,名称,数值\r\n1,甲\n公司,10\r\n2,乙公司,20\r\n".as_bytes()).expect("readable");
    assert_eq!((seen.at(2, 1), seen.at(2, 2)), (Some((Text, "甲\n公司")), Some((Text, "10"))));
    assert_eq!(seen.at(4, 1), Some((Text, "乙公司")), "rows keep the numbers that a spreadsheet shows");
    let seen = read_bytes("代码,名称,数值\r\n1,甲公司,10\n2,乙公司,20\r\n".as_bytes()).expect("readable");
    assert_eq!(seen.at(3, 1), Some((Text, "乙公司")), "a whole row ends where it is whole");
    let seen = read_bytes("代码,名称,数值\n1,甲\n2,乙公司,20\n".as_bytes()).expect("readable");
    assert_eq!(seen.at(3, 0), Some((Text, "2")), "line feeds end all rows of this file");
}
