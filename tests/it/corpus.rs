//! A corpus of hostile files, made on the spot: each kind that stalls or kills a spreadsheet library. All lie in the inputs of one run
//! beside a sound file; no parser dies, fails, or works longer than it may, and the sound file is published.

use crate::util::{Site, code, directory, tests};
use std::io::{Cursor, Write as _};
use zip::write::SimpleFileOptions;

/// CPU seconds that a parser may take. Without optimisation our readers are about ten times slower, and machines that test differ by two.
const CPU_S: u32 = if cfg!(debug_assertions) { 30 } else { 5 };

/// What a part holds: pieces, each so many times.
type Pieces<'a> = &'a [(&'a [u8], usize)];

/// An archive of parts that are written piece by piece.
fn archive(parts: &[(&str, Pieces<'_>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, pieces) in parts {
        writer.start_file(*name, SimpleFileOptions::default().large_file(true)).expect("a part");
        for (piece, times) in *pieces {
            let block = piece.repeat((64 << 10) / piece.len().max(1) + 1);
            let (mut left, whole) = (piece.len() * times, block.len() / piece.len().max(1) * piece.len());
            while left > 0 {
                let length = left.min(whole);
                writer.write_all(&block[..length]).expect("written");
                left -= length;
            }
        }
    }
    writer.finish().expect("an archive").into_inner()
}

/// A workbook of one sheet, whose data are these pieces, with this table of shared strings.
fn xlsx(data: Pieces<'_>, strings: Pieces<'_>) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let root =
        format!("<Relationships><Relationship Id=\"a\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{OFFICE}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
    );
    let book = format!("<workbook xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"表\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>");
    let sheet: Vec<(&[u8], usize)> = [&[(&b"<worksheet><sheetData>"[..], 1)], data, &[(&b"</sheetData></worksheet>"[..], 1)]].concat();
    archive(&[
        ("_rels/.rels", &[(root.as_bytes(), 1)]),
        ("xl/workbook.xml", &[(book.as_bytes(), 1)]),
        ("xl/_rels/workbook.xml.rels", &[(relations.as_bytes(), 1)]),
        ("xl/worksheets/sheet1.xml", &sheet),
        ("xl/sharedStrings.xml", strings),
    ])
}

fn ods(rows: Pieces<'_>) -> Vec<u8> {
    const HEAD: &[u8] = b"<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:spreadsheet><table:table table:name=\"t\">";
    let content: Vec<(&[u8], usize)> =
        [&[(HEAD, 1)], rows, &[(&b"</table:table></office:spreadsheet></office:body></office:document-content>"[..], 1)]].concat();
    archive(&[("mimetype", &[(b"application/vnd.oasis.opendocument.spreadsheet", 1)]), ("content.xml", &content)])
}

/// The kinds, each with a name that says what it does.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let none: Pieces<'_> = &[(b"<sst/>", 1)];
    let xls = std::fs::read(tests().join("fixtures/workbooks/需求.xls")).expect("a fixture");
    let sectors = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = xls.clone();
        change(&mut bytes);
        bytes
    };
    let entries: Vec<String> = (0..60_000).map(|i| format!("x{i}")).collect();
    let many: Vec<(&str, Pieces<'_>)> = entries.iter().map(|name| (name.as_str(), &[][..])).collect();
    let nested: Pieces<'_> = &[(b"<a>", 200_000), (b"</a>", 200_000)];
    let laughs = b"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><sst><si><t>&c;</t></si></sst>";
    vec![
        ("远角.xlsx", xlsx(&[(b"<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>", 1)], none)),
        ("对角.xlsx", {
            let rows: String = (1..=16_000).map(|i| format!("<row r=\"{i}\"><c r=\"{}{i}\"><v>1</v></c></row>", column(i - 1))).collect();
            xlsx(&[(rows.as_bytes(), 1)], none)
        }),
        ("声称亿条.xlsx", xlsx(&[], &[(b"<sst count=\"4294967295\" uniqueCount=\"4294967295\"><si><t>a</t></si></sst>", 1)])),
        ("共享公式.xlsx", xlsx(&[(b"<row r=\"1\"><c r=\"A1\"><f t=\"shared\" si=\"4294967295\" ref=\"A1:A2\">1</f><v>1</v></c></row>", 1)], none)),
        ("十亿字.xlsx", xlsx(&[], &[(b"<sst><si><t>", 1), (b"a", 1 << 30), (b"</t></si></sst>", 1)])),
        ("四千万串.xlsx", xlsx(&[], &[(b"<sst>", 1), (b"<si><t>a</t></si>", 40_000_000), (b"</sst>", 1)])),
        ("一串多用.xlsx", {
            let cells: String = (1..=25_000).map(|i| format!("<row r=\"{i}\"><c r=\"A{i}\" t=\"s\"><v>0</v></c></row>")).collect();
            xlsx(&[(cells.as_bytes(), 1)], &[(b"<sst><si><t>", 1), (b"a", 1 << 20), (b"</t></si></sst>", 1)])
        }),
        ("三千万行.xlsx", xlsx(&[(b"<row/>", 33_000_000)], none)),
        ("两亿空格.xlsx", xlsx(&[(b"<row r=\"1\">", 1), (b"<c/>", 20_000_000), (b"</row>", 1)], none)),
        ("百万空行.xlsx", xlsx(&[(b"<row s=\"1\" customFormat=\"1\"><c s=\"1\"/></row>", 1_000_000)], none)),
        ("嵌套.xlsx", xlsx(nested, none)),
        ("十万属性.xlsx", xlsx(&[(b"<row ", 1), (b"a=\"b\" ", 100_000), (b"/>", 1)], none)),
        ("实体.xlsx", xlsx(&[], &[(laughs, 1)])),
        ("六万文件.zip.xlsx", archive(&many)),
        ("上级目录.xlsx", archive(&[("../../etc/passwd", &[(b"x", 1)]), ("xl/workbook.xml", &[(b"<workbook/>", 1)])])),
        ("重复行列.ods", ods(&[(b"<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell table:number-columns-repeated=\"16384\"><text:p>a</text:p></table:table-cell></table:table-row>", 1)])),
        ("长文重复.ods", ods(&[(b"<table:table-row><table:table-cell table:number-columns-repeated=\"16000\"><text:p>", 1), (b"a", 1_000_000), (b"</text:p></table:table-cell></table:table-row>", 1)])),
        ("空格展开.ods", ods(&[(b"<table:table-row><table:table-cell><text:p><text:s text:c=\"4294967295\"/></text:p></table:table-cell></table:table-row>", 1)])),
        ("扇区自环.xls", sectors(&|b| {
            let at = 512 + u32::from_le_bytes([b[76], b[77], b[78], b[79]]) as usize * 512;
            (0..128_u32).for_each(|i| b[at + i as usize * 4..][..4].copy_from_slice(&i.to_le_bytes()));
        })),
        ("后半为零.xls", sectors(&|b| {
            let half = b.len() / 2;
            b[half..].fill(0);
        })),
        ("半截.xls", sectors(&|b| b.truncate(b.len() / 2 + 100))),
        ("长行.csv", [b"a,".repeat(20 << 20), b"\n".to_vec()].concat()),
        ("空行.csv", b"\n".repeat(16 << 20)),
        ("未闭引号.csv", [b"a,b\n\"".to_vec(), b"1,2\n".repeat(4 << 20)].concat()),
        ("满是零.csv", vec![0; 8 << 20]),
        ("深引号.csv", b"\"\"\"\"\"\",".repeat(4 << 20)),
    ]
}

/// The letters of a column, 0-based.
fn column(mut index: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.insert(0, b'A' + (index % 26) as u8);
        if index < 26 {
            return String::from_utf8(letters).expect("letters");
        }
        index = index / 26 - 1;
    }
}

#[test]
#[ignore = "a gigabyte inflated: run by .ci/run"]
fn no_hostile_file_kills_or_stalls_its_parser() {
    let site = Site::new("2026-06-30", &format!("[limits]\nparser_cpu_s = {CPU_S}\n"));
    site.input("工信局/名录.csv", directory(1));
    let kinds = kinds();
    for (name, bytes) in &kinds {
        site.input(&format!("市监局/{name}"), bytes);
    }
    site.run();
    let findings = site.table("findings");
    // Memory, failure, time, ended by the system: what would be ours.
    let ours: Vec<String> = findings
        .iter()
        .filter(|r| ["FIL-120", "FIL-121", "FIL-122", "FIL-137"].contains(&r["code"].as_str()))
        .map(|r| format!("{} {}", r["file"], r["code"]))
        .collect();
    assert!(ours.is_empty(), "{ours:?}");
    for (name, _) in &kinds {
        assert!(findings.iter().any(|r| r["file"].ends_with(name)), "{name} ends without a word");
    }
    assert!(site.table("enterprises").iter().any(|r| r["uscc"] == code(1)), "the sound file is published");
}
