//! The two editions of the pool: what the operator may not see is nowhere in the operator's, and the twin of the pool
//! stands cell by cell beside it.

use crate::util::{Site, code};
use calamine::{Data, Range, Reader, Xlsx, open_workbook};
use std::collections::BTreeSet;
use std::path::Path;

/// Criteria as a site may write them: in any case, and without saying that they read statistics.
const CRITERIA: &str = r#"
[criterion.patent_free]
disabled = true
[criterion.staff]
name = { zh = "从业人数" }
met = "STAFF >= 1"
figure = "STAFF"
threshold = "≥ 1 人"
[criterion.assets]
name = { zh = "资产总计" }
met = "Total_Assets >= 1"
figure = "Total_Assets / 10000"
threshold = "≥ 1 元"
"#;

/// Enterprises and their figures. The first alone consents: others do not, too late, on no day of the calendar, are
/// silent, or say something that nobody can read beside the directory's older yes.
const ENTERPRISES: [(&str, &str, [i64; 5]); 6] = [
    ("甲", "是,2024-01-05", [31_147, 4_153, 91_331, 52_817, 617]),
    ("乙", "否,", [32_351, 4_271, 92_419, 53_923, 719]),
    ("丙", "是,2024-07-01", [33_457, 4_391, 93_529, 54_139, 823]),
    ("丁", "是,待定", [35_797, 4_637, 95_773, 56_359, 953]),
    ("戊", ",", [34_673, 4_519, 94_651, 55_243, 947]),
    ("己", "再议,", [36_781, 4_751, 96_857, 57_467, 967]),
];

/// A site of these enterprises, and as many more that send nothing but a return.
fn site(extra: &str, more: u32) -> Site {
    let site = Site::new("2024-06-30", &format!("{extra}{CRITERIA}"));
    let (mut directory, mut needs) = (
        "统一社会信用代码,企业名称,专精特新等级,数据使用授权\n".to_owned(),
        "统一社会信用代码,企业名称,融资需求（万元）,数据使用授权,授权日期\n".to_owned(),
    );
    let mut returns =
        "经营情况（2023年）单位：万元,,,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,资产总计,负债合计,从业人数\n".to_owned();
    for (number, (name, consent, figures)) in (1..).zip(ENTERPRISES) {
        let key = format!("{},龙南市{name}有限公司", code(number));
        directory.push_str(&format!("{key},专精特新中小企业,{}\n", if name == "己" { "是" } else { "" }));
        needs.push_str(&format!("{key},800,{consent}\n"));
        returns.push_str(&format!("{key},{}\n", figures.map(|f| f.to_string()).join(",")));
    }
    for number in (7..).take(more as usize) {
        let key = format!("{},龙南市第{number}有限公司", code(number));
        directory.push_str(&format!("{key},专精特新中小企业,\n"));
        returns.push_str(&format!("{key},{number},1,2,1,1\n"));
    }
    site.input("工信局/名录.csv", directory);
    site.input("工信局/需求.csv", needs);
    site.input("统计局/2023.csv", returns);
    site.run();
    site
}

fn sheets(path: &Path) -> Vec<(String, Range<Data>)> {
    let mut workbook: Xlsx<_> = open_workbook(path).expect("a workbook");
    workbook.worksheets()
}

/// The numbers in a cell without commas, point and outer zeros, so that no unit hides a figure; no parts of codes.
fn numbers(cell: &Data) -> Vec<String> {
    let text = cell.to_string();
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ',' || c == '.'));
    let numbers = words.filter(|word| !word.chars().any(|c| c.is_ascii_alphabetic()));
    numbers.map(|number| number.replace([',', '.'], "").trim_matches('0').to_owned()).filter(|digits| !digits.is_empty()).collect()
}

#[test]
fn the_operators_edition_holds_no_figure_of_an_enterprise_without_consent() {
    let site = site("", 0);
    let sheets = sheets(&site.path("outputs/latest/备选池_运营版.xlsx"));
    assert_eq!(sheets.len(), 16);
    let found: BTreeSet<String> = sheets.iter().flat_map(|(_, range)| range.used_cells()).flat_map(|(_, _, cell)| numbers(cell)).collect();
    for (name, _, figures) in ENTERPRISES {
        for figure in figures {
            assert_eq!(found.contains(&figure.to_string()), name == "甲", "{figure} of {name}");
        }
    }
    // All of them are in the pool, and sums would give away what the rows withhold.
    let (_, pool) = sheets.iter().find(|(name, _)| name == "备选池").expect("the pool");
    assert_eq!(pool.rows().filter(|row| row[0].to_string().parse::<u32>().is_ok()).count(), ENTERPRISES.len());
    for column in 0..5 {
        let sum: i64 = ENTERPRISES.iter().map(|(.., figures)| figures[column]).sum();
        assert!(!found.contains(sum.to_string().trim_matches('0')), "{sum}");
    }
}

#[test]
fn the_twin_of_the_pool_stands_cell_by_cell_beside_it() {
    let site = site("[output]\nsheet_rows = 100\n", 150);
    for book in ["备选池.xlsx", "备选池_运营版.xlsx"] {
        let sheets = sheets(&site.path("outputs/latest").join(book));
        for part in ["", "(2)"] {
            let sheet = |id: &str| &sheets.iter().find(|(name, _)| *name == format!("{id}{part}")).expect("a sheet").1;
            compare(sheet("备选池"), sheet("数据出处"), &format!("{book} {part}"));
        }
    }
}

fn compare(pool: &Range<Data>, twin: &Range<Data>, book: &str) {
    assert_eq!((pool.start(), pool.end()), (twin.start(), twin.end()), "{book}");
    let header = pool.rows().position(|row| row[0] == "序号").expect("a header");
    let plain = |cell: &Data| cell.to_string().lines().next().unwrap_or_default().to_owned();
    for (row, (values, sources)) in pool.rows().zip(twin.rows()).enumerate().skip(header) {
        for (column, (value, source)) in values.iter().zip(sources).enumerate() {
            let place = format!("{book} row {} column {}: {value} and {source}", row + 1, column + 1);
            assert_eq!(*value == Data::Empty, *source == Data::Empty, "{place}");
            if row <= header + 1 || matches!(value, Data::Float(_)) && column == 0 {
                assert_eq!(plain(value), plain(source), "{place}");
            }
        }
    }
    let first = header + 2;
    let record = pool.get((first, 0)).and_then(|cell| cell.to_string().parse::<u32>().ok()).expect("a number") + 1;
    let cited = [1, 2].map(|column| twin.get((first, column)).map(Data::to_string).unwrap_or_default());
    assert_eq!(cited, ["A", "B"].map(|letter| format!("工信局/名录.csv[名录]{letter}{record}")), "{book}");
}

/// So many enterprises without consent, each with a return in a file of its own, and returns of so many strangers.
fn returns_of(own: u32, strangers: u32) -> Site {
    let site = Site::new("2024-06-30", "[criterion.patent_free]\ndisabled = true\n");
    let name = |i: u32| format!("{},龙南市第{i}有限公司", code(i));
    let rows: String = (1..=own).map(|i| format!("{},专精特新中小企业\n", name(i))).collect();
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{rows}"));
    for i in (1..=own).chain((51..).take(strangers as usize)) {
        let head = "经营情况（2023年）单位：万元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n";
        site.input(&format!("统计局/第{i}有限公司.csv"), format!("{head}{},{i}0,1\n", name(i)));
    }
    site.run();
    site
}

#[test]
fn counts_that_rest_on_fewer_than_three_enterprises_are_not_told_to_the_operator() {
    let held = "不足 3 家，不予显示";
    // What came in, pooled and not linked, as the operator sees them; strangers are nobody's to ask.
    let cases = [
        ((6, 0), ["6", "6", "0"]),
        ((6, 4), ["10", "6", "4"]),
        ((6, 1), ["7", held, held]),
        ((2, 0), [held, held, "0"]),
        ((1, 1), [held, held, held]),
    ];
    for ((own, strangers), want) in cases {
        let site = returns_of(own, strangers);
        let read = |book: &str| sheets(&site.path("outputs/latest").join(book));
        let open = read("备选池_运营版.xlsx");
        let line = |sheets: &[(String, Range<Data>)], first: &str| -> Vec<String> {
            let (_, places) = sheets.iter().find(|(name, _)| name == "记录去向").expect("the places");
            let row = places.rows().find(|row| row[0] == first).expect("a line");
            row.iter().map(Data::to_string).collect()
        };
        for first in ["企业经营情况年报", "合计：企业经营情况年报"] {
            let row = line(&open, first);
            assert_eq!([&row[2], &row[3], &row[5]], want.each_ref(), "{own} and {strangers}: {row:?}");
            assert_eq!(row[8], "0", "the proof is shown");
        }
        let all = line(&open, "合计");
        assert_eq!(all[2] == held, want[0] == held, "{own} and {strangers}: the sum of all tells it no more: {all:?}");
        let texts: Vec<String> = open.iter().flat_map(|(_, range)| range.used_cells()).map(|(_, _, cell)| cell.to_string()).collect();
        assert!(!texts.iter().any(|t| t.contains("统计局/")), "no file of one enterprise is named: {texts:?}");
        assert!(texts.iter().any(|t| t.contains("统计资料不列入本表")), "of how many is not said: {texts:?}");
        let (_, cover) = &open[0];
        let bureau = cover.rows().filter(|r| r.iter().any(|c| *c == "统计局")).map(|r| r.iter().map(Data::to_string).collect::<String>());
        let inputs = bureau.filter(|r| r.contains("全部文件")).collect::<String>();
        assert_eq!(inputs.contains(held), want[0] == held, "{inputs}");
        let closed = read("备选池.xlsx");
        assert_eq!(line(&closed, "合计：企业经营情况年报")[2], (own + strangers).to_string(), "the closed edition tells all");
    }
}

#[test]
fn broken_codes_and_numbers_are_marked_on_every_sheet() {
    let site = Site::new("2024-06-30", "[criterion.patent_free]\ndisabled = true\n");
    let good = code(1);
    let broken = format!("{}O{}", &good[..4], &good[5..]);
    let number = "ZL202029713812.1";
    site.input("工信局/名录.csv", format!("统一社会信用代码,企业名称,专精特新等级\n{broken},龙南市甲有限公司,专精特新中小企业\n"));
    site.input("工信局/需求.csv", "统一社会信用代码,企业名称,融资需求（万元）,数据使用授权\n,龙南市甲有限公司,800,是\n");
    site.input(
        "统计局/2023.csv",
        "经营情况（2023年）单位：万元,,,\n统一社会信用代码,企业名称,营业收入,利润总额\n,龙南市甲有限公司,10,1\n,龙南市甲有限公司,20,1\n",
    );
    site.input(
        "市监局/专利.csv",
        format!("专利号,专利名称,专利类型,申请日,法律状态,专利权人,质押\n{number},装置,实用新型,2020-01-02,有效,龙南市甲有限公司,否\n"),
    );
    site.run();
    let sheets = sheets(&site.path("outputs/latest/备选池.xlsx"));
    let marked = format!("{broken}（USC-002 不通过）");
    for id in ["备选池", "入库判定", "专利", "历年经营数据", "融资需求", "来源不一致"] {
        let (_, range) = sheets.iter().find(|(name, _)| name == id).expect("a sheet");
        let texts: Vec<String> = range.used_cells().map(|(_, _, cell)| cell.to_string()).collect();
        assert!(texts.contains(&marked), "{id}: {texts:?}");
        assert!(!texts.contains(&broken), "{id} shows the code unmarked");
    }
    let (_, patents) = sheets.iter().find(|(name, _)| name == "专利").expect("the patents");
    assert!(patents.used_cells().any(|(_, _, cell)| *cell == Data::String("202029713812.1（PAT-001 不通过）".into())), "{patents:?}");
    let enterprise = &site.table("enterprises")[0];
    assert_eq!((enterprise["uscc"].as_str(), enterprise["uscc_why"].as_str()), (broken.as_str(), "USC-002"));
    assert_eq!(site.table("patents")[0]["patent_number_why"], "PAT-001");
}

#[test]
fn findings_of_returns_are_not_counted_without_consent() {
    let site = Site::new("2024-06-30", "[criterion.patent_free]\ndisabled = true\n");
    let names = ["甲", "乙"];
    let key = |i: usize| format!("{},龙南市{}有限公司", code(i as u32 + 1), names[i]);
    site.input(
        "工信局/名录.csv",
        format!("统一社会信用代码,企业名称,专精特新等级\n{},专精特新中小企业\n{},专精特新中小企业\n", key(0), key(1)),
    );
    // A mark in place of a number is one finding of each; the returns' figures are negative and marked: two more.
    site.input(
        "工信局/需求.csv",
        format!("统一社会信用代码,企业名称,融资需求（万元）,融资期限（月）,数据使用授权\n{},800,—,是\n{},800,—,否\n", key(0), key(1)),
    );
    site.input(
        "统计局/2023.csv",
        format!(
            "经营情况（2023年）单位：万元,,,,\n统一社会信用代码,企业名称,营业收入,利润总额,研发费用\n{},10,1,—\n{},10,1,—\n",
            key(0),
            key(1)
        ),
    );
    site.run();
    let enterprises = site.table("enterprises");
    let counts: Vec<[&str; 2]> = enterprises.iter().map(|e| ["findings", "findings_open"].map(|c| e[c].as_str())).collect();
    assert_eq!(counts, [["2", "1"], ["2", "1"]]);
    for (book, want) in [("备选池.xlsx", [2.0, 2.0]), ("备选池_运营版.xlsx", [2.0, 1.0])] {
        let sheets = sheets(&site.path("outputs/latest").join(book));
        let (_, pool) = sheets.iter().find(|(name, _)| name == "备选池").expect("the pool");
        let head = pool.rows().position(|row| row[0] == "序号").expect("a header");
        let column = pool.rows().nth(head).expect("a row").iter().position(|c| c.to_string().starts_with("问题")).expect("findings");
        let shown: Vec<&Data> = pool.rows().skip(head + 2).take(3).map(|row| &row[column]).collect();
        assert_eq!(shown, [&Data::Float(want[0]), &Data::Float(want[1]), &Data::Float(want[0] + want[1])], "{book}");
    }
    let findings = site.table("findings");
    let rests: Vec<(&str, &str)> = findings.iter().map(|f| (f["file"].as_str(), f["statistics"].as_str())).collect();
    assert!(rests.iter().all(|(file, flag)| (*flag == "true") == file.starts_with("统计局")), "{rests:?}");
}
