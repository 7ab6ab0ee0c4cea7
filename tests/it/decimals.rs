//! Money is decimal from the cell to the report: tenths of a yuan are exact through every path.

use crate::books::{self, Cell, Sheet};
use crate::util::{Site, code};
use calamine::{Data, Reader as _, Xlsx};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Decimal128Type;
use huichi::config::{FieldOptions, FormOptions};
use huichi::model::field::FieldKind;
use huichi::model::raw::{CellType, ColumnMeta, RawCell, SumKind, TableMeta};
use huichi::stages::standardize::Standardizer;
use indexmap::IndexMap;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::fmt::Write;
use std::fs::File;
use std::ops::Range;

const SITE: &str = r#"
[output]
workbooks = ["pool"]
pool_sheets = ["accounting"]
data = ["returns", "places", "findings"]
[edit]
# A finding for each record says nothing about decimals.
LNK-001.disabled = true
FMT-103.disabled = true
REQ-001.disabled = true
"#;

/// Rows of a table with tenths, one an enterprise, and its sum row; `tenth` makes the cell from the enterprise's number.
fn rows(enterprises: Range<usize>, tenth: impl Fn(usize) -> Cell) -> Vec<Vec<Cell>> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let mut rows = vec![vec![text("单位：元")], vec![text("企业名称"), text("营业收入"), text("利润总额")]];
    let sum = enterprises.len() as f64 / 10.0;
    rows.extend(enterprises.map(|i| vec![Cell::Text(format!("外地{i}公司")), tenth(i)]));
    rows.push(vec![text("合计"), Cell::Double(sum)]);
    rows
}

/// Tenths in both forms in which Excel's binary formats keep numbers.
fn binary(i: usize) -> Cell {
    if i.is_multiple_of(2) { Cell::Double(0.1) } else { Cell::Hundredths(10) }
}

fn csv(records: usize) -> String {
    let mut text = String::from("单位：元,,\n企业名称,营业收入,利润总额\n");
    for i in 0..records {
        // As a program prints a sum of tenths that is off in its seventeenth digit.
        _ = writeln!(text, "外地{i}公司,{},", if i % 2 == 0 { "0.1" } else { "0.10000000000000001" });
    }
    text + &format!("合计,{},\n", records / 10)
}

/// The old format has 65,536 rows a sheet.
fn halves(year: u32, records: usize) -> Vec<Sheet> {
    [0..records / 2, records / 2..records].map(|part| (format!("{year}年，自第{}行", part.start), rows(part, binary))).into()
}

#[test]
fn a_thousand_tenths_are_a_hundred_through_every_path() {
    tenths_through_every_path(1_000);
}

#[test]
#[ignore = "600,000 records: run by .ci/run"]
fn a_hundred_thousand_tenths_are_ten_thousand_through_every_path() {
    tenths_through_every_path(100_000);
}

/// Gathers so many tenths of a yuan from a file of each kind.
fn tenths_through_every_path(records: usize) {
    let site = Site::new("2024-06-30", SITE);
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{},龙南市甲试验有限公司,专精特新中小企业\n", code(1)));
    let whole = |tenth: fn(usize) -> Cell| vec![("表".to_owned(), rows(0..records, tenth))];
    site.input("统计局/2018年.xlsx", books::xlsx(&whole(|_| Cell::Double(0.1))));
    site.input("统计局/2019年文本.xlsx", books::xlsx(&whole(|_| Cell::Text("0.1".to_owned()))));
    site.input("统计局/2020年.xlsb", books::xlsb(&whole(binary)));
    site.input("统计局/2021年.ods", books::ods(&whole(binary)));
    site.input("统计局/2022年.xls", books::xls(&halves(2022, records)));
    site.input("统计局/2023年.csv", csv(records));
    site.run();
    let files = ["2018年.xlsx", "2019年文本.xlsx", "2020年.xlsb", "2021年.ods", "2022年.xls", "2023年.csv"];

    let places: Vec<(String, String, String)> = site
        .table("places")
        .into_iter()
        .filter(|r| r["dataset"] == "returns")
        .map(|r| (r["file"].clone(), r["rows"].clone(), r["amount_yuan"].clone()))
        .collect();
    let expected = files.map(|f| (format!("统计局/{f}"), records.to_string(), (records / 10).to_string()));
    assert_eq!(places, expected);
    let sums: Vec<String> = site.findings().into_iter().filter(|f| f.starts_with("SUM-")).collect();
    assert_eq!(sums, Vec::<String>::new(), "each sum row says what its tenths add up to");

    let all = (records * 1_000 * files.len()) as i128;
    assert_eq!(parquet_sum(&site, "returns", "revenue"), all);
    assert_eq!(parquet_sum(&site, "places", "amount_yuan"), all);
    assert_eq!(csv_tenths(&site), records * files.len());
    assert_eq!(workbook_money(&site), vec![records as f64 / 100_000.0; files.len()], "万元, and not a binary digit beside it");
}

/// Sums a column of a published Parquet file in whole ten-thousandths.
fn parquet_sum(site: &Site, table: &str, column: &str) -> i128 {
    let file = File::open(site.path(&format!("outputs/latest/data/{table}.parquet"))).expect("a dataset");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build()).expect("a reader");
    let mut sum = 0;
    for batch in batches.map(|b| b.expect("a batch")) {
        let values = batch.column_by_name(column).expect("the column").as_primitive::<Decimal128Type>().clone();
        assert_eq!(values.scale(), 4);
        sum += values.iter().flatten().sum::<i128>();
    }
    sum
}

/// How many records of the published CSV say `0.1`, read one by one: they are too many to keep.
fn csv_tenths(site: &Site) -> usize {
    let mut reader = csv::Reader::from_path(site.path("outputs/latest/data/returns.csv")).expect("a dataset");
    let revenue = reader.headers().expect("a header").iter().position(|h| h == "revenue").expect("the column");
    let (mut record, mut tenths) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).expect("a record") {
        tenths += usize::from(&record[revenue] == "0.1");
    }
    tenths
}

/// What came in of each file of returns, as the workbook's row accounting shows it.
fn workbook_money(site: &Site) -> Vec<f64> {
    let mut book: Xlsx<_> = calamine::open_workbook(site.path("outputs/latest/备选池.xlsx")).expect("the workbook");
    let range = book.worksheet_range("记录去向").expect("the sheet");
    let is_file = |row: &&[Data]| matches!(&row[1], Data::String(file) if file.starts_with("统计局/"));
    let money = |row: &[Data]| {
        let field = row.iter().position(|c| *c == Data::String("营业收入".to_owned())).expect("the money's name");
        match row[field + 1] {
            Data::Float(number) => number,
            Data::Int(number) => number as f64,
            ref other => panic!("{other:?}"),
        }
    };
    range.rows().filter(is_file).map(money).collect()
}

/// The sum of a column of revenue, in ten-thousandths of a yuan, once over its records and once by its sum row.
fn standardized_sum(kind: CellType, unit: i64, cells: &[String]) -> (i128, i128) {
    let revenue = FieldOptions { label: "营业收入".to_owned(), kind: FieldKind::Amount, ..FieldOptions::default() };
    let form = FormOptions { field: IndexMap::from([("revenue".to_owned(), revenue)]), ..FormOptions::default() };
    let (forms, codes) = (IndexMap::from([("returns".to_owned(), form)]), IndexMap::new());
    let column = ColumnMeta { field: "revenue".to_owned(), column: 0, label: String::new(), unit_yuan: Some(unit) };
    let meta = TableMeta { form: "returns".to_owned(), header_rows: (1, 1), columns: vec![column], ..TableMeta::default() };
    let mut standardizer = Standardizer::new(&forms, &codes);
    standardizer.table(&meta);
    for (row, text) in (2..).zip(cells) {
        standardizer.record(&meta, row, &[Some(RawCell::new(kind, text))]).expect("a record");
    }
    standardizer.sum_row(&meta, 1, SumKind::Total, "合计", &[Some(RawCell::new(kind, "0"))]);
    let table = standardizer.end_table(&meta).expect("columns").expect("a table");
    let sum = |batch: Option<datafusion::arrow::array::RecordBatch>, column: &str| {
        let batch = batch.expect("rows");
        batch.column_by_name(column).expect("the column").as_primitive::<Decimal128Type>().iter().flatten().sum::<i128>()
    };
    (sum(table.records, "revenue"), sum(table.sums, "computed"))
}

proptest! {
    #[test]
    fn sums_are_those_of_the_typed_decimals(
        typed in prop::collection::vec((-10_i64.pow(11)..10_i64.pow(11), 0..4_usize), 1..200),
        unit in prop::sample::select(vec![1_i64, 1_000, 10_000]),
    ) {
        let texts: Vec<String> = typed.iter().map(|(mantissa, places)| {
            let digits = format!("{:0width$}", mantissa.abs(), width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            let point = if *places > 0 { "." } else { "" };
            format!("{}{whole}{point}{fraction}", if *mantissa < 0 { "-" } else { "" })
        }).collect();
        let exact: i128 = typed.iter().map(|(mantissa, places)| i128::from(*mantissa) * i128::from(unit) * 10_i128.pow(4 - *places as u32)).sum();
        let double = |text: &String| text.parse::<f64>().expect("a number");
        let stored: Vec<String> = texts.iter().map(|t| format!("{:.16e}", double(t))).collect();
        let shortest: Vec<String> = texts.iter().map(|t| double(t).to_string()).collect();
        for (kind, cells) in [(CellType::Text, &texts), (CellType::Csv, &texts), (CellType::Number, &stored), (CellType::Number, &shortest)] {
            prop_assert_eq!(standardized_sum(kind, unit, cells), (exact, exact), "{:?}", kind);
        }
    }
}
