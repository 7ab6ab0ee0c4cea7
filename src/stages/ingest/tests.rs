//! Tables in the mess of real sheets, from bytes to records.

mod accounting;
mod doubts;
mod heads;

use super::*;
use crate::config::{FormOptions, load_defaults};
use crate::model::raw::{PartStart, RawCell, SumKind};
use indexmap::IndexMap;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use std::collections::HashMap;

/// Remembers each record as `row: period field=text[unit] …`, and sum rows by their kind.
#[derive(Default)]
struct Seen {
    records: Vec<String>,
    sums: Vec<String>,
}

fn shown(meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>], fields: &[String]) -> String {
    let mut text = format!("{row}:{}", meta.period.map(|p| format!(" {p}")).unwrap_or_default());
    for (field, cell) in fields.iter().zip(cells).filter_map(|(f, c)| c.map(|c| (f, c))) {
        let unit = meta.column(field).and_then(|c| c.unit_yuan).map(|u| format!("[{u}]")).unwrap_or_default();
        let own = cell.unit.map(|u| format!("[own {}]", u.yuan())).unwrap_or_default();
        let doubt = cell.doubt.map(|d| format!("!{}", d.word())).unwrap_or_default();
        text += &format!(" {field}={}{unit}{own}{doubt}", cell.text);
    }
    text
}

struct Recorder<'a> {
    seen: Seen,
    fields: &'a HashMap<String, Vec<String>>,
}

impl RecordSink for Recorder<'_> {
    fn restart(&mut self) {
        self.seen = Seen::default();
    }
    fn table(&mut self, _: &TableMeta) {}
    fn record(&mut self, meta: &TableMeta, row: u32, cells: &[Option<RawCell<'_>>]) {
        self.seen.records.push(shown(meta, row, cells, &self.fields[&meta.form]));
    }
    fn sum_row(&mut self, meta: &TableMeta, row: u32, kind: SumKind, _: &str, cells: &[Option<RawCell<'_>>]) {
        self.seen.sums.push(format!("{kind:?} {}", shown(meta, row, cells, &self.fields[&meta.form])));
    }
    fn part(&mut self, _: &TableMeta, _: PartStart) {}
    fn end_table(&mut self, _: &TableMeta) {}
}

/// Reads bytes as a file of this name with the given forms.
fn read_as(name: &str, forms: &[&str], bytes: &[u8]) -> Result<(Seen, FileOutcome), Refusal> {
    read_as_from(0, name, forms, bytes)
}

/// Likewise, as if tables had come before.
fn read_as_from(first_table: u32, name: &str, forms: &[&str], bytes: &[u8]) -> Result<(Seen, FileOutcome), Refusal> {
    let config = load_defaults(Path::new("")).expect("the defaults");
    let forms: IndexMap<String, FormOptions> = forms.iter().map(|f| ((*f).to_owned(), config.form[*f].clone())).collect();
    let fields = forms.iter().map(|(id, f)| (id.clone(), f.field.keys().cloned().collect())).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stored");
    std::fs::write(&path, bytes).expect("written");
    let mut recorder = Recorder { seen: Seen::default(), fields: &fields };
    let outcome = read_from(first_table, &path, &Source::new(name, &forms), &Limits::default(), &mut recorder)?;
    Ok((recorder.seen, outcome))
}

/// The records of a return sent as a text table.
fn returns(text: &str) -> Vec<String> {
    read_as("报表.csv", &["returns"], text.as_bytes()).expect("read").0.records
}

/// Codes of the findings about tables and cells.
fn codes(outcome: &FileOutcome) -> Vec<&str> {
    outcome.seeds.iter().map(|s| s.code.as_str()).filter(|c| !["TBL-203", "TBL-209"].contains(c)).collect()
}

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().expect("bytes")
}

fn write(sheet: &mut Worksheet, first: u32, rows: &[&[&str]]) {
    for (row, cells) in (first..).zip(rows) {
        for (column, text) in (0..).zip(*cells).filter(|(_, t)| !t.is_empty()) {
            let written = match text.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number),
                Err(_) => sheet.write_string(row, column, *text),
            };
            written.expect("a cell");
        }
    }
}

#[test]
fn years_and_periods_above_the_figures_of_a_text_table() {
    let years =
        returns("统一社会信用代码,企业名称,2022年,,2023年,\n,,营业收入,利润总额,营业收入,利润总额\n甲1234567890,甲有限公司,11,12,21,22\n");
    assert_eq!(
        years,
        [
            "3: 2022 uscc=甲1234567890 name=甲有限公司 revenue=11 total_profit=12",
            "3: 2023 uscc=甲1234567890 name=甲有限公司 revenue=21 total_profit=22"
        ]
    );
    let prior = returns("企业名称,营业收入,,利润总额,\n,本年,上年同期,本年,上年同期\n甲有限公司,11,12,21,22\n");
    assert_eq!(prior, ["3: name=甲有限公司 revenue=11 total_profit=21 revenue_prior=12 total_profit_prior=22"]);
}

#[test]
fn a_list_with_two_numbers_of_one_meaning_stays_one_table() {
    let list = "申请号,专利号,专利名称,专利类型,法律状态,专利权人\n2020101234567,ZL2020101234567,一种装置,发明专利,有效,甲有限公司\n";
    let (seen, outcome) = read_as("清单.csv", &["patents"], list.as_bytes()).expect("read");
    assert_eq!(seen.records.len(), 1);
    assert!(seen.records[0].starts_with("2: patent_number=2020101234567 title=一种装置 kind=发明专利"), "{:?}", seen.records);
    assert_eq!(codes(&outcome), ["TBL-205"]);
}

#[test]
fn a_merged_key_is_one_column() {
    let book = workbook(|sheet| {
        write(sheet, 0, &[&["统一社会信用代码", "", "", "营业收入"], &["MAYYK0011", "甲有限公司", "", "10"]]);
        sheet.merge_range(0, 1, 0, 2, "企业名称", &Format::new()).expect("merged");
    });
    let (seen, outcome) = read_as("a.xlsx", &["returns"], &book).expect("read");
    assert_eq!(seen.records, ["2: uscc=MAYYK0011 name=甲有限公司 revenue=10"]);
    assert!(codes(&outcome).is_empty(), "{:?}", outcome.seeds);
}

#[test]
fn an_opening_balance_is_not_read_as_the_closing_one() {
    let book = workbook(|sheet| {
        write(sheet, 0, &[&["企业名称", "营业收入", "资产总计"], &["", "", "年初数", "年末数"], &["甲有限公司", "10", "20", "30"]]);
        sheet.merge_range(0, 2, 0, 3, "资产总计", &Format::new()).expect("merged");
    });
    assert_eq!(read_as("a.xlsx", &["returns"], &book).expect("read").0.records, ["3: name=甲有限公司 revenue=10 total_assets=30"]);
}

#[test]
fn tables_side_by_side_are_judged_each_by_its_own_cells() {
    let shorter = returns(
        "企业名称,营业收入,,企业名称,营业收入\n甲有限公司,10,,乙有限公司,20\n合计,10,,丙有限公司,30\n填表人：张三,,,丁有限公司,40\n",
    );
    assert_eq!(
        shorter,
        [
            "2: name=甲有限公司 revenue=10",
            "2: name=乙有限公司 revenue=20",
            "3: name=丙有限公司 revenue=30",
            "4: name=丁有限公司 revenue=40"
        ]
    );
    let titles = returns("2022年,单位：千元,,2023年,单位：万元\n企业名称,营业收入,,企业名称,营业收入\n甲有限公司,10,,甲有限公司,20\n");
    assert_eq!(titles, ["3: 2022 name=甲有限公司 revenue=10[1000]", "3: 2023 name=甲有限公司 revenue=20[10000]"]);
    let shared = returns("2023年,,,,单位：万元\n企业名称,营业收入,,企业名称,营业收入\n甲有限公司,10,,乙有限公司,20\n");
    assert_eq!(shared, ["3: 2023 name=甲有限公司 revenue=10[10000]", "3: 2023 name=乙有限公司 revenue=20[10000]"]);
    let key_second = returns("序号,营业收入,企业名称,序号,营业收入,企业名称\n1,10,甲有限公司,2,20,乙有限公司\n");
    assert_eq!(key_second, ["2: name=甲有限公司 revenue=10", "2: name=乙有限公司 revenue=20"]);
}

#[test]
fn tables_below_each_other_keep_their_own_years_and_columns() {
    let wider = "2022年 单位：千元\n企业名称,营业收入\n甲有限公司,10\n\n2023年 单位：万元\n企业名称,营业收入,利润总额\n甲有限公司,20,2\n";
    assert_eq!(
        returns(wider),
        ["3: 2022 name=甲有限公司 revenue=10[1000]", "7: 2023 name=甲有限公司 revenue=20[10000] total_profit=2[10000]"]
    );
    let alike = "2022年\n企业名称,营业收入\n甲有限公司,10\n2023年\n企业名称,营业收入\n甲有限公司,20\n";
    assert_eq!(returns(alike), ["3: 2022 name=甲有限公司 revenue=10", "6: 2023 name=甲有限公司 revenue=20"]);
    let signed =
        "2022年\n企业名称,营业收入\n甲有限公司,10\n填表人：李四\n2023年,单位：千元,填表人：张三\n企业名称,营业收入\n甲有限公司,20\n";
    assert_eq!(returns(signed), ["3: 2022 name=甲有限公司 revenue=10", "7: 2023 name=甲有限公司 revenue=20[1000]"]);
    let shifted = "企业名称,营业收入\n甲有限公司,10\n序号,企业名称,营业收入\n1,乙有限公司,20\n";
    assert_eq!(returns(shifted), ["2: name=甲有限公司 revenue=10", "4: name=乙有限公司 revenue=20"]);
}

#[test]
fn a_page_break_repeats_title_header_and_numbering_and_the_table_goes_on() {
    let page = "经营情况（2023年）,,单位：千元\n企业名称,营业收入,利润总额\n甲,1,2\n";
    let (seen, outcome) =
        read_as("a.csv", &["returns"], format!("{page}甲有限公司,100,10\n{page}乙有限公司,200,20\n合计,300,30\n").as_bytes())
            .expect("read");
    assert_eq!(seen.records.len(), 2, "{:?}", seen.records);
    assert_eq!(seen.sums, ["Total 9: 2023 name=合计 revenue=300[1000] total_profit=30[1000]"]);
    assert_eq!(outcome.tables.len(), 1);
}

#[test]
fn a_list_of_needs_without_a_further_column_is_no_directory() {
    for text in ["企业名称,统一社会信用代码,融资需求（万元）\n", "企业名称,统一社会信用代码,融资需求（万元）,联系人\n"]
    {
        let (_, outcome) = read_as("a.csv", &["directory", "needs"], text.as_bytes()).expect("read");
        assert_eq!(outcome.tables[0].form, "needs", "{text}");
    }
}

#[test]
fn footers_are_no_records_and_show_nobody() {
    for footer in [
        "填表人：,张三,联系电话：,13800000000",
        "填 表 人：张三",
        "制表,张三,审核,李四\n负责人,李四,经办人,王五",
        "备注：,张三,李四,13800000000",
        "2024年3月,填报人：张三,,",
    ] {
        for wide in ["", ",资产总计,负债合计,存货,产成品,实收资本,从业人数"] {
            let text = format!(
                "统一社会信用代码,企业名称,营业收入,利润总额{wide}\nMAYYK0011,甲有限公司,100,10\n{footer}\n张三,李四,王五,13800000000\n"
            );
            let (seen, outcome) = read_as("a.csv", &["returns"], text.as_bytes()).expect("read");
            assert_eq!(seen.records.len(), 1, "{footer}: {:?}", seen.records);
            let said = format!("{:?}", outcome.seeds);
            assert!(!said.contains("张三") && !said.contains("138"), "{said}");
        }
    }
    let among = "统一社会信用代码,企业名称,注册地址\nMAYYK0011,甲有限公司,龙南市 电话：13800000000\nMAYYK0022,乙有限公司,龙南市\n";
    let (seen, outcome) = read_as("a.csv", &["directory"], among.as_bytes()).expect("read");
    assert_eq!(seen.records, ["3: uscc=MAYYK0022 name=乙有限公司 address=龙南市"]);
    assert_eq!(codes(&outcome), ["TBL-215"]);
}

#[test]
fn odd_cells_are_quoted_only_where_they_are_data() {
    let odd = |rows: &[&[&str]]| {
        let book = workbook(|sheet| write(sheet, 0, rows));
        read_as("a.xlsx", &["returns"], &book).expect("read").1
    };
    let outcome = odd(&[
        &["企业名称", "营业收入", "联系电话", "爱好"],
        &["甲\u{1}有限公司", "100", "138\u{1}00000000", "\u{1}钓鱼"],
        &["填表人：张\u{1}三"],
    ]);
    let notes: Vec<(&str, Vec<&str>)> = outcome
        .seeds
        .iter()
        .filter(|s| s.code == "CEL-211")
        .map(|s| (s.found.as_str(), s.args.iter().map(|(_, v)| v.as_str()).collect()))
        .collect();
    assert_eq!(notes, [("甲\u{1}有限公司", vec!["甲\u{1}有限公司"]), ("", vec!["…"]), ("", vec!["…"]), ("", vec!["…"])]);
    let outcome = odd(&[&["张\u{1}三", "13800000000"]]);
    assert!(!format!("{:?}", outcome.seeds).contains('张'), "nothing is known of a sheet without a table");
}

#[test]
fn sums_reach_as_far_as_what_follows_tells() {
    let table = |body: &str| {
        let (seen, _) = read_as("a.csv", &["returns"], format!("企业名称,营业收入\n{body}").as_bytes()).expect("read");
        (seen.records.len(), seen.sums.iter().map(|s| s.split(':').next().expect("a row").to_owned()).collect::<Vec<_>>())
    };
    let strings = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(table("甲有限公司,10\n合计,10\n"), (1, strings(&["Total 3"])));
    assert_eq!(table("合计,10\n甲有限公司,10\n"), (1, strings(&["Total 2"])));
    assert_eq!(table("甲有限公司,10\n合计,10\n乙有限公司,20\n合计,20\n总计,30\n"), (2, strings(&["Subtotal 3", "Subtotal 5", "Total 6"])));
    assert_eq!(
        table("甲有限公司,10\n工业小计,10\n乙有限公司,20\n小计,20\n合计（2户）,30\n"),
        (2, strings(&["Subtotal 3", "Subtotal 5", "Total 6"]))
    );
    assert_eq!(table("一、规模以上,10\n甲有限公司,10\n其中：小微企业,10\n龙南镇,\n乙有限公司,5\n占比,0.5\n"), (2, Vec::new()));
}

#[test]
fn units_stand_in_corners_below_labels_and_in_them() {
    let want = ["甲有限公司 revenue=10[1000]"];
    for (text, row) in [
        ("经营情况,千元\n企业名称,营业收入\n甲有限公司,10\n", 3),
        ("经营情况,（千元）\n企业名称,营业收入\n甲有限公司,10\n", 3),
        ("单位：,千元\n企业名称,营业收入\n甲有限公司,10\n", 3),
        ("企业名称,营业收入\n,千元\n甲有限公司,10\n", 3),
        ("企业名称,营业收入\n栏次,1\n甲有限公司,10\n", 3),
        ("企业名称,营业收入/千元\n甲有限公司,10\n", 2),
        ("企业名称,营业收入千元\n甲有限公司,10\n", 2),
    ] {
        let unit = if text.contains('千') { want[0].to_owned() } else { "甲有限公司 revenue=10".to_owned() };
        assert_eq!(returns(text), [format!("{row}: name={unit}")], "{text}");
    }
    for year in
        ["2023年利润总额（千元）,营业收入（千元）", "2023年(千元),\n利润总额,营业收入", "2023年1-12月,\n利润总额（千元）,营业收入（千元）"]
    {
        let (first, rest) = year.split_once('\n').map_or((year, ""), |(a, b)| (a, b));
        let second = if rest.is_empty() { String::new() } else { format!(",{rest}\n") };
        let records = returns(&format!("企业名称,{first}\n{second}甲有限公司,10,20\n"));
        assert_eq!(records.len(), 1, "{year}: {records:?}");
        assert!(records[0].ends_with(": 2023 name=甲有限公司 revenue=20[1000] total_profit=10[1000]"), "{year}: {records:?}");
    }
}

#[test]
fn another_account_is_never_mended_into_a_known_one() {
    let (seen, outcome) = read_as(
        "a.csv",
        &["returns"],
        "企业名称,营业成本,营业收人,应付账款,利税总额,固定资产净值,行业名称\n甲有限公司,5,10,20,30,40,电子\n".as_bytes(),
    )
    .expect("read");
    assert_eq!(seen.records, ["2: name=甲有限公司 revenue=10 cost=5"]);
    assert_eq!(codes(&outcome), ["TBL-204"]);
}

#[test]
fn the_year_comes_from_title_sheet_or_file_and_not_from_the_day_of_filing() {
    let year = |name: &str, text: &str| read_as(name, &["returns"], text.as_bytes()).expect("read").1.tables[0].period;
    let body = "企业名称,营业收入\n甲有限公司,10\n";
    assert_eq!(year("2023.csv", body), Some(2023));
    assert_eq!(year("2023.csv", &format!("上报时间：2024年3月\n{body}")), Some(2023));
    assert_eq!(year("2023.csv", &format!("上报时间：,2024年3月\n{body}")), Some(2023));
    assert_eq!(year("报表.csv", &format!("2024年统计制度\n2023年经营情况\n{body}")), None, "two years state none");
    assert_eq!(year("2023.csv", &format!("2024年统计制度\n2023年经营情况\n{body}")), Some(2023));
}

#[test]
fn what_is_hidden_is_told_or_said_not_to_be_known() {
    let book = workbook(|sheet| {
        write(sheet, 0, &[&["企业名称", "营业收入", "内部意见"], &["甲有限公司", "10", "好"]]);
        for column in [1, 2, 5] {
            sheet.set_column_hidden(column).expect("hidden");
        }
    });
    let (_, outcome) = read_as("a.xlsx", &["returns"], &book).expect("read");
    let hidden: Vec<(&str, Option<u32>)> = outcome
        .seeds
        .iter()
        .filter(|s| ["TBL-208", "TBL-217", "TBL-209"].contains(&s.code.as_str()))
        .map(|s| (s.code.as_str(), s.column))
        .collect();
    assert_eq!(hidden, [("TBL-208", Some(1)), ("TBL-217", Some(2))]);
    let (_, outcome) = read_as("a.csv", &["returns"], "企业名称,营业收入\n甲有限公司,10\n".as_bytes()).expect("read");
    assert!(outcome.seeds.iter().any(|s| s.code == "TBL-209"));
}

#[test]
#[ignore = "sixteen million rows: run by .ci/run"]
fn rows_beyond_what_a_record_number_holds_are_refused() {
    let text = format!("企业名称,营业收入\n{}甲有限公司,10\n", "\n".repeat(1 << 24));
    assert_eq!(read_as("a.csv", &["returns"], text.as_bytes()).map(|_| ()).map_err(|r| r.code), Err("FIL-119"));
}

#[test]
fn tables_beyond_what_a_record_number_holds_are_refused() {
    let two = "2022年\n企业名称,营业收入\n甲有限公司,10\n2023年\n企业名称,营业收入\n甲有限公司,20\n".as_bytes();
    let (_, outcome) = read_as_from(MAX_TABLES - 2, "a.csv", &["returns"], two).expect("the last two");
    assert_eq!(outcome.tables.iter().map(|t| t.number).collect::<Vec<_>>(), [65_534, 65_535]);
    assert_eq!(read_as_from(MAX_TABLES - 1, "a.csv", &["returns"], two).map(|_| ()).map_err(|r| r.code), Err("FIL-119"));
}

#[test]
fn a_record_with_a_code_is_no_footer_whatever_its_remark() {
    let text = "备注,统一社会信用代码,企业名称,营业收入\n备注：已迁址,91360783MAYYK0013X,甲有限公司,100\n审核,91360783MAYYK0021P,乙有限公司,200\n第 1 页 共 2 页\n";
    assert_eq!(returns(text).len(), 2, "{:?}", returns(text));
}

#[test]
fn years_across_with_keys_of_their_own_are_sides() {
    let text = "2022年,,,2023年,,\n企业名称,营业收入,利润总额,企业名称,营业收入,利润总额\n甲有限公司,11,1,乙有限公司,21,2\n";
    assert_eq!(returns(text), ["3: 2022 name=甲有限公司 revenue=11 total_profit=1", "3: 2023 name=乙有限公司 revenue=21 total_profit=2"]);
}

#[test]
fn a_further_table_without_a_whole_header_is_said() {
    let (seen, outcome) =
        read_as("a.csv", &["returns"], "企业名称,营业收入\n甲有限公司,100\n企业名称,序号\n乙有限公司,1\n".as_bytes()).expect("read");
    assert_eq!(seen.records.len(), 1);
    assert_eq!(codes(&outcome), ["TBL-216"]);
}

#[test]
fn tables_of_two_forms_in_one_sheet_are_both_read() {
    let text = "企业名录\n统一社会信用代码,企业名称,专精特新等级\nMAYYK0011,甲有限公司,专精特新中小企业\n\n融资需求表\n\
                统一社会信用代码,企业名称,融资需求（万元）,资金用途\nMAYYK0011,甲有限公司,500,设备\n";
    let (seen, outcome) = read_as("a.csv", &["directory", "needs"], text.as_bytes()).expect("read");
    let forms: Vec<&str> = outcome.tables.iter().map(|t| t.form.as_str()).collect();
    assert_eq!((forms, seen.records.len()), (vec!["directory", "needs"], 2));
}

#[test]
fn what_is_set_aside_is_counted_by_kind_with_its_rows() {
    let page = "经营情况（2023年）,,单位：千元\n企业名称,营业收入,利润总额\n代码,301,307\n甲,1,2\n";
    let text = format!(
        "{page}甲有限公司,100,10\n小计,100,10\n\n{page}乙有限公司,200,20\n其中：小微,1,1\n渡江镇\n合计,300,30\n,,\n填表人：张三\n说明文字,1,1\n"
    );
    let (seen, outcome) = read_as("a.csv", &["returns"], text.as_bytes()).expect("read");
    assert_eq!(seen.records.len(), 2);
    let told: Vec<String> = outcome.tables[0].aside.iter().map(|(kind, rows)| format!("{} {}", kind.id(), rows.shown(9).0)).collect();
    assert_eq!(
        told,
        [
            "title 1、8",
            "numbering 4、11",
            "codes 3、10",
            "header 9",
            "total 15",
            "subtotal 6",
            "heading 14",
            "share 13",
            "footer 17",
            "below_footer 18"
        ]
    );
    assert!(!format!("{:?}", outcome.tables).contains("张三"), "no text of a row that is set aside");
}
