use super::*;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use calamine::{Data, Ods, Reader, Sheets, Xlsx};

use crate::model::cell::column_index;
use crate::model::{date, patent_number, uscc};

fn composed(seed: u64) -> (Vec<NamedBytes>, SampleReport) {
    let options = SampleOptions { seed, ..SampleOptions::default() };
    compose(&options).expect("the sample can be made")
}

fn bytes<'a>(files: &'a [NamedBytes], path: &str) -> &'a [u8] {
    let file = files.iter().find(|(name, _)| name == path);
    &file.unwrap_or_else(|| panic!("{path} is missing")).1
}

/// Opens a workbook of the sample.
fn open(files: &[NamedBytes], path: &str) -> Sheets<Cursor<Vec<u8>>> {
    let bytes = Cursor::new(bytes(files, path).to_vec());
    if path.ends_with(".ods") {
        Sheets::Ods(Ods::new(bytes).expect("a readable workbook"))
    } else {
        Sheets::Xlsx(Xlsx::new(bytes).expect("a readable workbook"))
    }
}

/// Gives a text table as rows of cells.
fn rows(files: &[NamedBytes], path: &str) -> Vec<Vec<String>> {
    let (text, _, damaged) = encoding_rs::GB18030.decode(bytes(files, path));
    assert!(!damaged, "{path}");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn equal_options_give_equal_bytes_and_other_seeds_do_not() {
    let (first, report) = composed(BUNDLED_SEED);
    let (second, again) = composed(BUNDLED_SEED);
    assert_eq!(report, again);
    assert!(first == second, "the bytes differ");
    let (other, _) = composed(1);
    assert!(first != other);
}

#[test]
fn other_seeds_and_scales_find_room_for_all_faults() {
    let words = Words::load().expect("the vocabulary");
    let planted = |seed, enterprises, patents| {
        let options = SampleOptions { seed, enterprises, patents, overwrite: false };
        let books = books(&words, &options).expect("room for all faults");
        books.iter().map(|book| book.faults().len()).sum::<usize>()
    };
    let bundled = planted(BUNDLED_SEED, 300, 2700);
    for seed in 0..8 {
        assert_eq!(planted(seed, 250, 1000), bundled, "seed {seed}");
    }
    assert_eq!(planted(9, 1000, 6000), bundled);
}

#[test]
fn every_kind_of_fault_is_planted() {
    let (_, report) = composed(BUNDLED_SEED);
    let planted: BTreeSet<FaultKind> = report.faults.iter().map(|fault| fault.kind).collect();
    assert!(planted.iter().eq(Wording::load().expect("the wording").kinds.keys()), "{planted:?}");
}

#[test]
fn a_record_has_one_fault_at_most() {
    let (_, report) = composed(BUNDLED_SEED);
    let mut rows = BTreeSet::new();
    for fault in &report.faults {
        let Some(cell) = &fault.cell else { continue };
        let row: String = cell.split(':').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        assert!(rows.insert((&fault.file, &fault.sheet, row)), "two faults in one row: {fault:?}");
    }
}

#[test]
fn workbooks_read_back_and_faults_stand_where_the_list_says() {
    let (files, report) = composed(BUNDLED_SEED);
    let mut checked = 0;
    let mut ranges = BTreeMap::new();
    for fault in &report.faults {
        let (Some(sheet), Some(cell)) = (&fault.sheet, &fault.cell) else {
            continue;
        };
        if fault.kind == FaultKind::CodeDigitsLost || fault.found.is_empty() {
            continue;
        }
        let range = ranges.entry((&fault.file, sheet)).or_insert_with(|| {
            let range = open(&files, &fault.file).worksheet_range(sheet);
            range.expect("the sheet")
        });
        let first = cell.split(':').next().unwrap_or_default();
        let letters: String = first.chars().filter(char::is_ascii_alphabetic).collect();
        let row: u32 = first[letters.len()..].parse().expect("a row number");
        let value = range.get_value((row - 1, column_index(&letters).expect("a column")));
        let found = match value {
            Some(Data::DateTime(date)) => {
                let (year, month, day, ..) = date.to_ymd_hms_milli();
                Some(format!("{year:04}-{month:02}-{day:02}"))
            }
            Some(Data::Error(error)) => Some(error.to_string()),
            Some(other) => Some(other.to_string()),
            None => None,
        };
        assert_eq!(found.as_deref(), Some(fault.found.as_str()), "{fault:?}");
        checked += 1;
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn text_tables_read_back_and_faults_stand_where_the_list_says() {
    let (files, report) = composed(BUNDLED_SEED);
    let rows = rows(&files, "工信局/融资需求.csv");
    assert!(rows.len() > 60, "{}", rows.len());
    assert_eq!(rows[0][2], "融资需求(万元)");
    assert!(rows.iter().any(|row| row[0].contains('䶮')));
    let in_needs = report.faults.iter().filter(|f| f.file == "工信局/融资需求.csv");
    for fault in in_needs {
        let cell = fault.cell.as_deref().expect("a cell");
        let row: usize = cell[1..].parse().expect("a row number");
        let column = usize::from(cell.as_bytes()[0] - b'A');
        assert_eq!(rows[row - 1][column], fault.found);
    }
    let supplement = bytes(&files, "市监局/专利补充.csv");
    assert!(supplement.starts_with(b"\xEF\xBB\xBF"));
    assert!(std::str::from_utf8(supplement).is_ok());
}

#[test]
fn the_scale_is_that_of_the_plan() {
    let (files, report) = composed(BUNDLED_SEED);
    let total: usize = report.files.iter().map(|file| file.bytes).sum();
    assert!(total < 1_500_000, "{total} bytes");
    let range = open(&files, "市监局/专利清单.xlsx").worksheet_range("专利清单").expect("the sheet");
    let mut inventions = 0;
    let mut kinds = BTreeMap::new();
    for row in range.rows().skip(3) {
        let (kind, status) = (row[2].to_string(), row[5].to_string());
        let in_force = ["有效", "授权", "专利权维持", "有权"].contains(&status.as_str());
        inventions += usize::from(kind.starts_with("发明") && in_force);
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert!((380..=450).contains(&inventions), "{inventions}: {kinds:?}");
    assert_eq!(kinds.values().sum::<i32>(), 2703);
}

/// Gives the books of the bundled sample.
fn bundled_books() -> Vec<Book> {
    let words = Words::load().expect("the vocabulary");
    books(&words, &SampleOptions::default()).expect("the books")
}

/// Gives the returns that no later file corrects; the town's tenths of ten thousands are thousands as elsewhere.
fn current_returns() -> Vec<Book> {
    let mut books = bundled_books();
    books.retain(|book| book.path.starts_with("统计局") && !book.path.ends_with("2025年.xlsx"));
    books
}

/// Gives the place of a column by its heading, and of the sub-heading below it.
fn column(sheet: &Sheet, heading: &str, below: Option<&str>) -> Option<usize> {
    let heads = || {
        let is_head = |line: &&sheet::Line| line.kind == sheet::LineKind::Head;
        sheet.lines.iter().filter(is_head)
    };
    let first = heads().find_map(|line| line.cells.iter().position(|cell| cell.shown() == heading))?;
    match below {
        None => Some(first),
        Some(below) => (first..first + 2).find(|&column| heads().any(|line| line.cells[column].shown() == below)),
    }
}

fn body(sheet: &Sheet) -> impl Iterator<Item = &sheet::Line> {
    let is_body = |line: &&sheet::Line| line.kind == sheet::LineKind::Body;
    sheet.lines.iter().filter(is_body)
}

#[test]
fn sum_rows_add_up_unless_planted() {
    let mut checked = 0;
    for sheet in bundled_books().iter().flat_map(|book| &book.sheets) {
        let is_total = |line: &&sheet::Line| line.kind == sheet::LineKind::Total;
        for total in sheet.lines.iter().filter(is_total) {
            for (column, cell) in total.cells.iter().enumerate().skip(4) {
                let sum: i64 = body(sheet).map(|line| line.cells[column].amount()).sum();
                let planted = total.marks.iter().any(|m| m.columns == Some((column, column)));
                assert_eq!(sum == cell.amount(), !planted, "{} {column}", sheet.name);
                checked += 1;
            }
        }
    }
    assert!(checked > 100);
}

#[test]
fn returns_are_sound_unless_planted() {
    let mut stated: BTreeMap<(String, i64), i64> = BTreeMap::new();
    let mut compared = 0;
    for book in current_returns() {
        for sheet in &book.sheets {
            let place = |heading| column(sheet, heading, None).expect("a column");
            let prior = column(sheet, "营业收入", Some("上年同期"));
            for line in body(sheet).filter(|line| line.marks.is_empty()) {
                let get = |heading| line.cells[place(heading)].amount();
                assert_eq!(get("资产总计"), get("负债合计") + get("所有者权益合计"));
                let profit = get("营业利润") + get("营业外收入") - get("营业外支出");
                assert_eq!(get("利润总额"), profit);
                assert!(get("营业收入") >= get("其中：主营业务收入"));
                let key = |year| (line.cells[0].shown(), year);
                if let Some(before) = stated.get(&key(get("年份") - 1))
                    && let Some(prior) = prior
                {
                    assert_eq!(line.cells[prior].amount(), *before);
                    compared += 1;
                }
                stated.insert(key(get("年份")), get("营业收入"));
            }
        }
    }
    assert!(compared > 250, "{compared}");
}

#[test]
fn figures_of_three_years_stay_far_from_a_slip_of_the_unit() {
    let mut years: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for book in current_returns() {
        for sheet in &book.sheets {
            for line in body(sheet).filter(|line| line.marks.is_empty()) {
                for indicator in finance::Indicator::ALL {
                    let place = column(sheet, indicator.heading(), None).expect("a column");
                    let amount = line.cells[place].amount().abs();
                    let key = (line.cells[0].shown(), indicator.heading().to_owned());
                    years.entry(key).or_default().push(amount);
                }
            }
        }
    }
    for (key, amounts) in years {
        let sizes = amounts.iter().filter(|amount| **amount > 0);
        let least = sizes.clone().min().copied().unwrap_or(1);
        let most = sizes.max().copied().unwrap_or(1);
        assert!(most < least * 33, "{key:?}: {amounts:?}");
    }
}

#[test]
fn the_damaged_file_cannot_be_opened() {
    let (files, _) = composed(BUNDLED_SEED);
    let bytes = bytes(&files, "统计局/企业经营情况_2022年.xlsx");
    assert!(bytes.starts_with(b"PK"));
    assert!(Xlsx::new(Cursor::new(bytes.to_vec())).is_err());
}

#[test]
fn writing_refuses_to_replace_files_unless_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = SampleOptions::default();
    let report = write(folder.path(), &options).expect("written");
    let list = fs::read_to_string(folder.path().join(README)).expect("the list");
    assert!(list.contains("企业名录_2026.xlsx") && list.contains("truncated"));
    assert_eq!(list.lines().filter(|line| line.starts_with("| ")).count(), {
        let kinds: BTreeSet<_> = report.faults.iter().map(|fault| fault.kind).collect();
        report.files.len() + report.faults.len() + kinds.len() + 6
    });
    assert!(matches!(write(folder.path(), &options), Err(SampleError::Exists(_))));
    options.overwrite = true;
    assert_eq!(write(folder.path(), &options).expect("written"), report);
}

#[test]
fn impossible_scales_are_refused() {
    let options = SampleOptions { enterprises: 10, ..SampleOptions::default() };
    let error = compose(&options).expect_err("too small");
    assert!(error.to_string().contains("`enterprises` = 10"));
}

#[test]
fn codes_numbers_and_days_are_valid_unless_planted() {
    let books = bundled_books();
    let mut checked = 0;
    let tables = [("统一社会信用代码", 0), ("专利号", 1), ("申请日", 2), ("授权公告日", 2)];
    for book in books.iter().filter(|book| !book.path.ends_with("2025年.xlsx")) {
        for (sheet, (heading, role)) in book.sheets.iter().flat_map(|s| tables.map(|t| (s, t))) {
            let Some(column) = column(sheet, heading, None) else {
                continue;
            };
            for line in body(sheet).filter(|line| line.marks.is_empty()) {
                let text = line.cells[column].shown();
                let valid = match role {
                    _ if text.is_empty() => heading != "专利号",
                    0 => uscc::check(&text).is_ok(),
                    1 => patent_number::parse(&text).is_ok(),
                    _ => date::parse(&text).is_ok(),
                };
                assert!(valid, "{} {text}", book.path);
                checked += 1;
            }
        }
    }
    assert!(checked > 8000, "{checked}");
}

#[test]
fn lost_digits_can_be_found_again() {
    let (_, report) = composed(BUNDLED_SEED);
    let lost = report.faults.iter().filter(|f| f.kind == FaultKind::CodeDigitsLost);
    for fault in lost {
        let candidates = uscc::candidates(&fault.found);
        assert!(candidates.contains(&fault.right), "{candidates:?}");
    }
}
