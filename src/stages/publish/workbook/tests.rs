//! Workbooks written with the kit and read back with another library.

use std::path::Path;

use crate::model::words::Lang;
use calamine::{Data, Reader, Xlsx, open_workbook};
use chrono::NaiveDate;

use super::book::{SHEET_ROWS, SheetReport};
use super::*;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn properties() -> BookProperties {
    BookProperties {
        title: "备选池 & 名单".to_owned(),
        subject: "测试".to_owned(),
        author: "专班".to_owned(),
        created: NaiveDate::from_ymd_opt(2026, 1, 2).unwrap_or_default().and_hms_opt(3, 4, 5).unwrap_or_default(),
        sheet_rows: SHEET_ROWS,
        lang: Lang::Zh,
    }
}

fn write(path: &Path, sheet_rows: u32, fill: impl FnOnce(&mut Book) -> Result<(), WorkbookError>) -> Result<BookReport, WorkbookError> {
    let mut book = Book::create(path, BookProperties { sheet_rows, ..properties() })?;
    fill(&mut book)?;
    book.finish()
}

/// Shows a sheet as text: cells by `|`, rows by line; texts in quotes, so that types show.
fn grid(path: &Path, sheet: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut workbook: Xlsx<_> = open_workbook(path)?;
    let range = workbook.worksheet_range(sheet)?;
    let mut out = String::new();
    for row in range.rows() {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Data::Empty => String::new(),
                Data::String(text) => format!("'{}'", text.replace('\n', "⏎")),
                Data::DateTime(date) => format!("#{}", date.as_f64()),
                other => other.to_string(),
            })
            .collect();
        out.push_str(&cells.join("|"));
        out.push('\n');
    }
    Ok(out)
}

/// Reads one part of the package.
fn part(path: &Path, name: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path)?)?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name)?, &mut text)?;
    Ok(text)
}

fn pool_table() -> Table {
    Table {
        sheet: "备选池".to_owned(),
        title: "备选池名单".to_owned(),
        subtitle: vec!["截至 2025-12-31".to_owned()],
        columns: vec![
            Column::code("统一社会信用代码"),
            Column::text("企业名称"),
            Column::amount("营业收入").in_group("2025 年"),
            Column::amount("利润总额").in_group("2025 年"),
            Column::ratio("研发占比"),
            Column::count("专利数").with_unit("件"),
            Column::date("成立日期"),
            Column::verdict("结论"),
        ],
        frozen_columns: 2,
        empty_text: "无数据".to_owned(),
        notes: vec!["注：金额保留两位小数。".to_owned()],
        ..Table::default()
    }
}

fn fill_pool(book: &mut Book) -> Result<(), WorkbookError> {
    let mut table = book.table(pool_table())?;
    assert_eq!(table.next_row(), 4);
    table.row(&[
        Value::Text("914403001922038216"),
        Value::Text("=HYPERLINK(\"http://x\")"),
        Value::Amount(1_234_567_890_000),
        Value::Amount(-12_345_600),
        Value::Ratio(325),
        Value::Count(1_204),
        NaiveDate::from_ymd_opt(2011, 5, 9).map_or(Value::Blank, Value::Date),
        Value::Mark(Mark::Met),
    ])?;
    table.row(&[
        Value::Count(914_403_001_922_038_216),
        Value::Blank,
        Value::Text("未提供"),
        Value::Amount(123_456_789_012_345_678_901),
        Value::Blank,
        Value::Count(i64::MAX),
        NaiveDate::from_ymd_opt(1899, 5, 9).map_or(Value::Blank, Value::Date),
        Value::Marked(Mark::NotMet, "未通过"),
    ])?;
    let cells = [CellRange { first_row: 4, first_column: 5, last_row: 5, last_column: 5 }];
    let mut sums = [Value::Blank; 8];
    sums[0] = Value::Text("合计");
    sums[5] = Value::Formula(Formula { expression: "SUM({0})", result: super::value::Outcome::Count(1_204), cells: &cells });
    table.total_row(&sums)?;
    table.finish()
}

#[test]
fn a_table_reads_back_cell_by_cell() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("池.xlsx");
    let report = write(&path, SHEET_ROWS, fill_pool)?;
    let expected = "\
'备选池名单'|||||||
'截至 2025-12-31'|||||||
'统一社会信用代码'|'企业名称'|'2025 年'||'研发占比'|'专利数⏎（件）'|'成立日期'|'结论'
||'营业收入⏎（万元）'|'利润总额⏎（万元）'||||
'914403001922038216'|'=HYPERLINK(\"http://x\")'|12345.6789|-0.123456|0.0325|1204|#40672|'符合'
'914403001922038216'||'未提供'|'1,234,567,890,123.45678901'||'9,223,372,036,854,775,807'|'1899-05-09'|'未通过'
'合计'|||||1204||
|||||||
'注：金额保留两位小数。'|||||||
";
    assert_eq!(grid(&path, "备选池")?, expected);
    assert_eq!(report.exact_texts, 2);
    assert_eq!(report.sheets, [SheetReport { name: "备选池".to_owned(), rows: 3 }]);
    Ok(())
}

#[test]
fn a_table_is_set_up_for_screen_and_paper() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    write(&path, SHEET_ROWS, fill_pool)?;
    let sheet = part(&path, "xl/worksheets/sheet1.xml")?;
    for expected in [
        "<pane xSplit=\"2\" ySplit=\"4\"",
        "<autoFilter ref=\"A4:H6\"/>",
        "<mergeCell ref=\"C3:D3\"/>",
        "<mergeCell ref=\"A3:A4\"/>",
        "paperSize=\"9\"",
        "orientation=\"landscape\"",
        "fitToHeight=\"0\"",
        "<oddFooter>&amp;L&amp;9 备选池 &amp;&amp; 名单&amp;C&amp;9 第 &amp;P 页 共 &amp;N 页&amp;R&amp;9 &amp;A</oddFooter>",
        "showGridLines=\"0\"",
        "<f>SUM(F5:F6)</f><v>1204</v>",
    ] {
        assert!(sheet.contains(expected), "{expected} in {sheet}");
    }
    let columns = &sheet[sheet.find("<cols>").unwrap_or(0)..sheet.find("<sheetData>").unwrap_or(0)];
    assert!(!columns.contains("style="), "columns below the table have no look of their own: {columns}");
    assert!(!sheet.contains(" s=\"0\""));
    let body = sheet.split("<row r=\"5\"").nth(1).and_then(|rest| rest.split("</row>").next()).unwrap_or("");
    assert_eq!(body.matches("<c ").count(), body.matches(" s=\"").count(), "every cell has its look: {body}");
    let names = part(&path, "xl/workbook.xml")?;
    assert!(names.contains("'备选池'!$3:$4") || names.contains("备选池!$3:$4"), "{names}");
    Ok(())
}

#[test]
fn equal_content_gives_equal_bytes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (one, two) = (folder.path().join("1.xlsx"), folder.path().join("2.xlsx"));
    for path in [&one, &two] {
        write(path, SHEET_ROWS, |book| {
            book.cover(&cover())?;
            book.overview(&overview())?;
            fill_pool(book)
        })?;
    }
    assert!(std::fs::read(&one)? == std::fs::read(two)?);
    // Nothing is of the time of writing.
    assert!(part(&one, "docProps/core.xml")?.contains("2026-01-02T03:04:05Z"));
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&one)?)?;
    for index in 0..archive.len() {
        assert_eq!(archive.by_index(index)?.last_modified(), Some(zip::DateTime::default()));
    }
    Ok(())
}

#[test]
fn a_long_table_is_split_and_says_so() -> Outcome {
    let folder = tempfile::tempdir()?;
    for expected_rows in [None, Some(250)] {
        let path = folder.path().join("split.xlsx");
        let report = write(&path, 100, |book| {
            let mut table = book.table(Table {
                sheet: "明细".to_owned(),
                title: "明细".to_owned(),
                columns: vec![Column::count("序号")],
                expected_rows,
                ..Table::default()
            })?;
            for number in 1..=250 {
                let place = table.next_row();
                assert!((2..99).contains(&place), "{place}");
                table.row(&[Value::Count(number)])?;
            }
            table.finish()
        })?;
        let sheets: Vec<_> = report.sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.rows)).collect();
        assert_eq!(sheets, [("明细", 96), ("明细(2)", 96), ("明细(3)", 58)]);
        let first = grid(&path, "明细")?;
        assert!(first.ends_with("96\n'未完，下接工作表“明细(2)”'\n"), "{first}");
        let third = grid(&path, "明细(3)")?;
        let told = match expected_rows {
            Some(_) => "'本表超出单张工作表的行数，分为 3 张；此为第 3 张，第 193 至 250 行'",
            None => "'本表超出单张工作表的行数，已分为多张；此为第 3 张，自第 193 行起'",
        };
        assert!(third.starts_with(&format!("'明细'\n{told}\n'序号'\n193\n")), "{third}");
        assert_eq!(first.contains("第 1 张"), expected_rows.is_some());
    }
    Ok(())
}

#[test]
fn rows_of_a_long_table_are_as_tall_as_most_of_them_and_no_text_is_cut() -> Outcome {
    let folder = tempfile::tempdir()?;
    let of_lines = |lines: usize| vec!["字".repeat(18); lines].join("\n");
    let sheet = |expected_rows: u64| -> Result<String, Box<dyn std::error::Error>> {
        let path = folder.path().join(format!("{expected_rows}.xlsx"));
        write(&path, SHEET_ROWS, |book| {
            let columns = vec![Column::text("说明")];
            let mut table = book.table(Table { sheet: "甲".into(), columns, expected_rows: Some(expected_rows), ..Table::default() })?;
            for row in 0..300 {
                let lines = match row % 100 {
                    7 => 1,
                    9 => 4,
                    _ => 2,
                };
                table.row(&[Value::Text(&of_lines(lines))])?;
            }
            table.finish()
        })?;
        part(&path, "xl/worksheets/sheet1.xml")
    };
    let (short, long) = (sheet(300)?, sheet(1_000_000)?);
    let rows = |sheet: &str, points: &str| sheet.matches(&format!(" ht=\"{points}\"")).count();
    assert!(short.contains("defaultRowHeight=\"18\"") && long.contains("defaultRowHeight=\"33\""), "{}", &long[..600]);
    assert_eq!((rows(&short, "33"), rows(&short, "60.75")), (294, 3));
    // One-line rows and the closing rule too.
    assert_eq!((rows(&long, "33"), rows(&long, "60.75")), (298, 3));
    Ok(())
}

#[test]
fn text_is_never_live() -> Outcome {
    let payloads = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "\t=1", "\r=1", " =1", "{=1}", "=cmd|' /C calc'!A0", "_x003D_1"];
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    write(&path, SHEET_ROWS, |book| {
        for payload in payloads {
            let mut table = book.table(Table {
                sheet: "甲".to_owned(),
                title: payload.to_owned(),
                subtitle: vec![payload.to_owned()],
                columns: vec![
                    Column::text(payload).with_unit(payload),
                    Column::code(payload).in_group(payload),
                    Column::amount(payload),
                    Column::verdict(payload),
                ],
                notes: vec![payload.to_owned()],
                ..Table::default()
            })?;
            let text = Value::Text(payload);
            table.row(&[text, text, text, Value::Marked(Mark::Note, payload)])?;
            table.finish()?;
        }
        Ok(())
    })?;
    for (index, payload) in payloads.iter().enumerate() {
        let sheet = part(&path, &format!("xl/worksheets/sheet{}.xml", index + 1))?;
        assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{payload}: {sheet}");
    }
    let mut workbook: Xlsx<_> = open_workbook(&path)?;
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name)?;
        assert!(range.rows().flatten().all(|cell| matches!(cell, Data::Empty | Data::String(_))));
    }
    let styles = part(&path, "xl/styles.xml")?;
    assert!(styles.contains("quotePrefix=\"1\""));
    Ok(())
}

#[test]
fn odd_text_is_cut_or_shown_and_reported() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    let report = write(&path, SHEET_ROWS, |book| {
        let mut table = book.table(Table { sheet: "甲".to_owned(), columns: vec![Column::text("说明")], ..Table::default() })?;
        table.row(&[Value::Text(&"汉".repeat(40_000))])?;
        table.row(&[Value::Text("a\u{0}b")])?;
        table.row(&[Value::Text("_x0041_ 两端空格 ")])?;
        table.finish()
    })?;
    assert_eq!((report.cut_texts, report.replaced_texts), (1, 1));
    assert_eq!(report.cut_places, ["甲!A3"]);
    let shown = grid(&path, "甲")?;
    assert!(shown.contains("汉……〔超出单元格上限，已截断〕'"));
    assert!(shown.contains("'a␀b'") && shown.contains("'_x0041_ 两端空格 '"), "{shown}");
    Ok(())
}

/// Writes a decimal as whole digits and fraction, without floats, to compare with what is read.
fn plain_decimal(unscaled: i128, scale: usize) -> String {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[test]
fn every_amount_reads_back_exactly() -> Outcome {
    let mut state = 20_260_302_u64;
    let amounts: Vec<i128> = (0..2_000_u32)
        .map(|turn| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i128::from(state as i64) >> (turn % 50)
        })
        .collect();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    write(&path, SHEET_ROWS, |book| {
        let mut table = book.table(Table {
            sheet: "甲".to_owned(),
            title: "甲".to_owned(),
            columns: vec![Column::number("元", 4), Column::amount("万元")],
            ..Table::default()
        })?;
        for amount in &amounts {
            table.row(&[Value::Number { unscaled: *amount, scale: 4 }, Value::Amount(*amount)])?;
        }
        table.finish()
    })?;
    let mut workbook: Xlsx<_> = open_workbook(&path)?;
    let range = workbook.worksheet_range("甲")?;
    let mut texts = 0;
    for (row, amount) in range.rows().skip(2).zip(&amounts) {
        for (cell, scale) in row.iter().zip([4, 8]) {
            let expected = plain_decimal(*amount, scale);
            let read = match cell {
                Data::String(text) => {
                    texts += 1;
                    let text = text.replace(',', "");
                    // Amounts as text have two decimal places at least.
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
                }
                other => other.to_string(),
            };
            assert_eq!(read, expected, "{amount} at scale {scale}");
        }
    }
    assert!(texts > 100 && texts < 3_000, "{texts}");
    Ok(())
}

#[test]
fn wrong_shapes_are_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    let mut book = Book::create(&path, BookProperties { sheet_rows: 3, ..properties() })?;
    assert!(matches!(book.table(Table::default()).err(), Some(WorkbookError::ColumnCount { columns: 0, .. })));
    let one = || Table { columns: vec![Column::text("甲")], ..Table::default() };
    assert!(matches!(book.table(one()).err(), Some(WorkbookError::RowLimit { limit: 3, .. })));
    let mut book = Book::create(&path, properties())?;
    let mut table = book.table(one())?;
    assert!(matches!(table.row(&[]), Err(WorkbookError::RowShape { columns: 1, values: 0, .. })));
    drop(table);
    let mut page = overview();
    if let Some(chart) = &mut page.panels[0].chart {
        chart.columns = vec![9];
    }
    assert!(matches!(book.overview(&page), Err(WorkbookError::ChartColumn { column: 9, .. })));
    assert!(!path.exists());
    Ok(())
}

#[test]
fn an_empty_table_says_so() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    let report = write(&path, SHEET_ROWS, |book| book.table(pool_table())?.finish())?;
    assert!(grid(&path, "备选池")?.contains("\n'无数据'|||||||\n"));
    assert_eq!(report.sheets[0].rows, 0);
    assert!(!part(&path, "xl/worksheets/sheet1.xml")?.contains("<autoFilter"));
    Ok(())
}

fn cover() -> Cover {
    Cover {
        sheet: "封面".to_owned(),
        title: "知识产权资产备选池".to_owned(),
        subtitle: vec!["内部资料".to_owned()],
        blocks: vec![
            Block::Facts { heading: "概况".to_owned(), facts: vec![("批次".to_owned(), "2026-01".to_owned())] },
            Block::Grid {
                heading: "数据来源".to_owned(),
                columns: vec![GridColumn { header: "文件".to_owned(), twelfths: 8 }, GridColumn { header: "版本".to_owned(), twelfths: 4 }],
                rows: vec![vec!["=甲.xlsx".to_owned()]],
            },
            Block::List { heading: "准入标准".to_owned(), items: vec!["有效发明专利".to_owned()] },
        ],
        signatures: vec!["制表人：".to_owned(), "审核人：".to_owned(), "日期：".to_owned()],
    }
}

fn overview() -> Overview<'static> {
    Overview {
        sheet: "总览".to_owned(),
        title: "数据质量总览".to_owned(),
        tiles: vec![Tile { name: "报表".to_owned(), figure: "3".to_owned(), remark: "份".to_owned() }],
        panels: vec![Panel {
            heading: "各单位".to_owned(),
            columns: vec![Column::text("单位"), Column::count("强制性"), Column::count("核实性")],
            rows: vec![
                (RowStyle::Plain, vec![Value::Text("统计局"), Value::Count(3), Value::Count(5)]),
                (RowStyle::Plain, vec![Value::Text("工信局"), Value::Count(1), Value::Count(0)]),
            ],
            empty_text: "无".to_owned(),
            chart: Some(Chart {
                kind: ChartKind::StackedColumn,
                title: "各单位问题数".to_owned(),
                columns: vec![1, 2],
                place: ChartPlace::Auto,
                rows: None,
            }),
        }],
        ..Overview::default()
    }
}

#[test]
fn covers_and_overviews_read_back() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.xlsx");
    write(&path, SHEET_ROWS, |book| {
        book.cover(&cover())?;
        book.overview(&overview())
    })?;
    let front = grid(&path, "封面")?;
    for text in ["'知识产权资产备选池'", "'批次'", "'=甲.xlsx'", "'1. 有效发明专利'", "'审核人：'"] {
        assert!(front.contains(text), "{text} in {front}");
    }
    assert!(grid(&path, "总览")?.contains("'统计局'|3|5"));
    let chart = part(&path, "xl/charts/chart1.xml")?;
    // The figures stand in the chart too, for readers that do not calculate.
    assert!(chart.contains("<c:v>统计局</c:v>") && chart.contains("<c:v>5</c:v>"), "{chart}");
    assert!(chart.contains("pattFill"));
    Ok(())
}
