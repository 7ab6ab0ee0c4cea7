//! Workbooks written by a program of its own, as bureaus send them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::super::super::row::CellKind::{Bool, Date, Number, Text};
use super::super::super::row::{FileKind, Span};
use super::super::super::testing::read_named;

/// Makes a workbook of everything; texts in the cells themselves or in the table of strings.
pub(super) fn workbook(constant_memory: bool) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = if constant_memory { workbook.add_worksheet_with_constant_memory().expect("a sheet") } else { workbook.add_worksheet() };
    let date = Format::new().set_num_format("yyyy-mm-dd");
    sheet.set_name("企业").expect("a name");
    sheet.merge_range(0, 0, 0, 2, "企业名录", &Format::new()).expect("merged");
    sheet.write(1, 0, "统一社会信用代码").expect("written");
    sheet.write(1, 1, "成立日期").expect("written");
    sheet.write(2, 0, "91440300MATLEFWY8M").expect("written");
    let day = ExcelDateTime::from_ymd(2023, 5, 31).expect("a day");
    sheet.write_with_format(2, 1, day, &date).expect("written");
    sheet.write(2, 2, 12.5).expect("written");
    sheet.write(2, 3, true).expect("written");
    sheet.write(2, 4, Formula::new("=C3*2").set_result("25")).expect("written");
    sheet.write(2, 5, " 首尾空格 & <尖括号> ").expect("written");
    sheet.set_row_hidden(3).expect("hidden");
    sheet.write(3, 0, "隐藏行").expect("written");
    sheet.set_column_hidden(6).expect("hidden");
    let second = workbook.add_worksheet();
    second.set_name("隐藏").expect("a name").set_hidden(true);
    second.write(9, 1, 1e21).expect("written");
    workbook.save_to_buffer().expect("saved")
}

#[test]
fn everything_arrives() {
    for constant_memory in [false, true] {
        let (facts, seen) = read_named("名录.xls", &workbook(constant_memory)).expect("readable");
        assert_eq!((facts.kind, facts.sheets, facts.encoding), (FileKind::Xlsx, 2, None));
        assert_eq!(facts.cells, seen.cells.len() as u64);
        assert_eq!(seen.at(1, 0), Some((Text, "企业名录")));
        assert_eq!(seen.at(3, 0), Some((Text, "91440300MATLEFWY8M")));
        assert_eq!(seen.at(3, 1), Some((Date, "2023-05-31")));
        assert_eq!(seen.at(3, 2), Some((Number, "12.5")));
        assert_eq!(seen.at(3, 3), Some((Bool, "TRUE")));
        assert_eq!(seen.cells[&(0, 3, 4)], (Number, true, "25".to_owned()));
        assert_eq!(seen.at(3, 5), Some((Text, " 首尾空格 & <尖括号> ")));
        assert_eq!(seen.hidden_rows, [4]);
        let head = &seen.heads[0];
        let title = Span { first_row: 1, last_row: 1, first_column: 0, last_column: 2 };
        assert_eq!((head.name.as_str(), head.visible), ("企业", true));
        assert_eq!(head.merged.as_deref(), Some(&[title][..]));
        assert_eq!(head.hidden_columns.as_deref(), Some(&[(6, 6)][..]));
        assert_eq!((seen.heads[1].name.as_str(), seen.heads[1].visible), ("隐藏", false));
        assert_eq!(seen.at_sheet(1, 10, 1), Some((Number, "1000000000000000000000")));
        assert!(seen.notes.is_empty(), "{:?}", seen.notes);
    }
}
