//! Personal data enter no dataset, workbook, cache or message, however a bureau writes them down.

use crate::util::{Site, code, text};
use std::io::Read;
use std::path::Path;

/// The parts of an archive, or the file itself.
fn contents(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).expect("a file");
    let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) else { return vec![bytes] };
    let mut parts = vec![Vec::new(); archive.len()];
    for (i, part) in parts.iter_mut().enumerate() {
        archive.by_index(i).expect("a part").read_to_end(part).expect("its content");
    }
    parts
}

#[test]
fn footers_and_odd_cells_leave_no_trace_of_a_person() {
    let site = Site::new("2024-06-30", "");
    let (a, b) = (code(1), code(2));
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{a},龙南市甲有限公司,专精特新中小企业\n"));
    for (year, footer) in [
        (2021, "填表人：,张某某,联系电话：,13912345678"),
        (2022, "填 报 人：张某某,,经办,张某某\n张某某,李某某,张某某,13912345678"),
        (2023, "备注：,张某某,13912345678,审核：李某某"),
    ] {
        let head = format!("经营情况（{year}年）单位：千元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n");
        site.input(&format!("统计局/{year}.csv"), format!("{head}{a},龙南市甲有限公司,100,10\n{footer}\n"));
    }
    // Control characters make the reader quote a cell, unless it is a person's.
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let rows = [
        ["统一社会信用代码", "企业名称", "融资需求（万元）", "联系人", "联系电话"],
        [b.as_str(), "龙南市乙\u{1}有限公司", "500", "李\u{1}某某", "139\u{1}12345678"],
        ["联系人：李\u{1}某某", "", "", "", ""],
    ];
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).expect("a cell");
        }
    }
    site.input("工信局/需求.xlsx", book.save_to_buffer().expect("bytes"));
    let output = site.run();

    assert_eq!(site.table("returns").len(), 3, "no footer is a record");
    assert_eq!(site.table("needs").len(), 1);
    let quoted: Vec<String> = site.table("findings").into_iter().filter(|r| r["code"] == "CEL-211").map(|r| r["found"].clone()).collect();
    assert_eq!(quoted.iter().filter(|f| !f.is_empty()).count(), 1, "the name of an enterprise may be quoted: {quoted:?}");
    let mut seen = vec![("the terminal".to_owned(), vec![output.stdout, output.stderr])];
    for entry in walkdir::WalkDir::new(site.path("outputs")).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file()) {
        // The store keeps the originals as they came. The dictionary says the same as CSV; as Parquet it numbers its texts,
        // and numbers in a row, a byte each, are digits too.
        let apart = |c: std::path::Component<'_>| ["store", "dictionary.parquet"].iter().any(|name| c.as_os_str() == *name);
        if !entry.path().components().any(apart) {
            seen.push((entry.path().display().to_string(), contents(entry.path())));
        }
    }
    for (name, parts) in seen {
        let all: String = parts.iter().map(|p| text(p).replace('\u{1}', "").replace("_x0001_", "")).collect();
        for person in ["张某某", "李某某", "12345678"] {
            assert!(!all.contains(person), "{name} holds {person}");
        }
    }
}
