//! Statistical tables of random heads, pages and sums, from bytes to standardized records: exactly the records come out.

use super::*;
use crate::config::load_defaults;
use crate::engine::Dataset;
use crate::model::place::Address;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type};
use rust_xlsxwriter::{Format, Workbook};
use std::collections::BTreeMap;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn coin(&mut self) -> bool {
        self.throw(2) == 0
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.throw(all.len())].clone()
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        (1..all.len()).for_each(|at| all.swap(at, self.throw(at + 1)));
    }
}

/// What a row is meant to be.
#[derive(Clone, Debug, PartialEq)]
enum Meant {
    Record(Vec<i64>),
    Sum(Vec<i64>),
    Other,
}

#[derive(Clone, Debug)]
struct Line {
    cells: Vec<String>,
    /// Columns that are one merged cell, from and to.
    merged: Vec<(usize, usize)>,
    meant: Meant,
}

fn line(cells: &[&str], merged: &[(usize, usize)]) -> Line {
    Line { cells: cells.iter().map(|c| (*c).to_owned()).collect(), merged: merged.to_vec(), meant: Meant::Other }
}

/// A table: its texts' columns come first, then staff and amounts.
struct Table {
    texts: Vec<&'static str>,
    /// Fields of the figures, left to right.
    figures: Vec<&'static str>,
    lines: Vec<Line>,
}

const TITLE: &str = "规模以上企业主要经济指标（2025年）单位：千元";
const TOWNS: [&str; 4] = ["杨村镇", "龙南镇", "东江乡", "高新技术产业开发区"];

/// The rows that number the columns, in some style.
fn numbering(dice: &mut Dice, texts: usize, figures: usize) -> Line {
    let stems = ["甲", "乙", "丙", "丁"];
    let formula = dice.coin();
    let number = |n: usize, form: &dyn Fn(usize) -> String| match formula && n > 3 {
        true => format!("{}={}-{}*100", form(n), form(n - 1), form(n - 2)),
        false => form(n),
    };
    let plain = |n: usize| n.to_string();
    let of_texts = |sign: &dyn Fn(usize) -> String| (0..texts).map(sign).collect::<Vec<_>>();
    let mut merged = Vec::new();
    let style = dice.throw(10);
    let all = |form: &dyn Fn(usize) -> String| (1..=texts + figures).map(|n| number(n, form)).collect::<Vec<_>>();
    let behind = |mut front: Vec<String>, form: &dyn Fn(usize) -> String| {
        front.extend((1..=figures).map(|n| number(n, form)));
        front
    };
    let circled = |n: usize| char::from_u32(0x2460 + u32::try_from(n).expect("small") - 1).expect("a digit").to_string();
    let roman = |n: usize| ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ", "Ⅹ"][n - 1].to_owned();
    let cells = match style {
        0 => behind(of_texts(&|n| stems[n].to_owned()), &plain),
        1 => all(&plain),
        2 => all(&|n| format!("（{n}）")),
        3 => all(&circled),
        4 => all(&roman),
        5 => all(&|n| format!("第{n}栏")),
        6 => behind(of_texts(&|n| ["A", "B", "C", "D"][n].to_owned()), &plain),
        7 => behind(of_texts(&|_| "栏次".to_owned()), &plain),
        8 => {
            merged.push((0, texts - 1));
            behind(of_texts(&|n| if n == 0 { "栏次".to_owned() } else { String::new() }), &plain)
        }
        _ => behind(of_texts(&|n| stems[n].to_owned()), &|n| format!("({n})")),
    };
    Line { cells, merged, meant: Meant::Other }
}

fn codes(dice: &mut Dice, texts: usize, figures: usize, named: bool) -> Line {
    let codes = ["401", "301", "307", "213", "327"];
    let mut cells = vec![String::new(); texts];
    if named {
        cells[dice.throw(2) * (texts - 1)] = dice.pick(&["代码", "指标代码", "代 码"]).to_owned();
    }
    cells.extend(codes[..figures].iter().map(|c| (*c).to_owned()));
    Line { cells, merged: Vec::new(), meant: Meant::Other }
}

/// A head of one to four levels and whatever rows belong to it, in any order.
fn head(dice: &mut Dice) -> (Vec<&'static str>, Vec<&'static str>, Vec<Line>) {
    let texts = dice.pick(&[
        vec!["统一社会信用代码", "企业名称"],
        vec!["企业名称", "统一社会信用代码"],
        vec!["序号", "企业名称", "统一社会信用代码"],
        vec!["序号", "所属乡镇", "统一社会信用代码", "企业名称"],
    ]);
    let t = texts.len();
    let prior = dice.coin();
    let (figures, labels, below): (Vec<&str>, Vec<&str>, Vec<&str>) = match prior {
        true => (
            vec!["staff", "revenue", "revenue_prior", "total_profit", "total_profit_prior"],
            vec!["从业人数", "营业收入", "", "利润总额", ""],
            vec!["", "本年", "上年同期", "本年", "上年同期"],
        ),
        false => (
            vec!["staff", "revenue", "total_profit", "total_assets"],
            vec!["从业人数", "营业收入", "利润总额", "资产总计"],
            vec!["本年"; 4],
        ),
    };
    let width = t + figures.len();
    let over = |front: Vec<&str>, behind: &[&str], merged: &[(usize, usize)]| line(&[&front[..], behind].concat(), merged);
    let blank = vec![""; t];
    let pairs = [(t + 1, t + 2), (t + 3, t + 4)];
    let labels = over(texts.clone(), &labels, if prior { &pairs } else { &[] });
    let groups = |a: &'static str, b: &'static str| {
        let mut cells = vec![""; width];
        (cells[0], cells[t]) = (a, b);
        line(&cells, &[(0, t - 1), (t, width - 1)])
    };
    // 本年 in each column, or once over all figures, or once over all columns.
    let once = |at: usize| {
        let mut cells = vec![""; width];
        cells[at] = "本年";
        line(&cells, &[(at, width - 1)])
    };
    let mut levels = vec![labels];
    let mut rest = Vec::new();
    if dice.coin() {
        levels.insert(0, groups("企业基本信息", "主要经济指标"));
        if dice.coin() {
            levels.insert(0, groups("基本情况", "经营情况"));
        }
    }
    if prior {
        levels.push(over(blank.clone(), &below, &[]));
    } else if dice.coin() {
        let period = match dice.throw(3) {
            0 => over(blank, &below, &[]),
            1 => once(t),
            _ => once(0),
        };
        if dice.coin() {
            levels.push(period)
        } else {
            rest.push(period)
        };
    }
    let with_numbering = dice.throw(4) > 0;
    if with_numbering {
        rest.push(numbering(dice, t, figures.len()));
    }
    if dice.coin() {
        let named = !with_numbering || dice.coin();
        rest.push(codes(dice, t, figures.len(), named));
    }
    dice.shuffle(&mut rest);
    // Some of them may stand between the levels.
    if levels.len() > 1 && !rest.is_empty() && dice.throw(3) == 0 {
        let last = levels.pop().expect("a level");
        if !rest[0].cells.iter().any(|c| c == "本年") {
            levels.push(rest.remove(0));
        }
        levels.push(last);
    }
    levels.extend(rest);
    (texts, figures, levels)
}

fn table(dice: &mut Dice) -> Table {
    let (texts, figures, head) = head(dice);
    let t = texts.len();
    let name = texts.iter().position(|c| *c == "企业名称").expect("a name");
    let code = texts.iter().position(|c| *c == "统一社会信用代码").expect("a code");
    let row = |label: &str, at: usize, values: &[i64], meant: Meant| {
        let mut cells = vec![String::new(); t];
        label.clone_into(&mut cells[at]);
        cells.extend(values.iter().map(i64::to_string));
        Line { cells, merged: Vec::new(), meant }
    };
    let (small, above, heading) = (dice.coin(), dice.throw(3) == 0, dice.throw(4) == 0);
    let form = dice.throw(5);
    let sum_label = |town: &str| match form {
        0 => format!("{town}小计"),
        1 => "小 计".to_owned(),
        2 => format!("{town}合计"),
        3 => town.to_owned(),
        _ => format!("小计（{town}）"),
    };
    let with_groups = dice.throw(4) > 0;
    let place = if texts[1] == "所属乡镇" && dice.coin() { 1 } else { name };
    let mut body = Vec::new();
    let mut total = vec![0; figures.len()];
    let mut number = 0;
    for town in &TOWNS[..1 + dice.throw(4)] {
        let mut sum = vec![0; figures.len()];
        let mut group = Vec::new();
        for _ in 0..1 + dice.throw(5) {
            number += 1;
            let values: Vec<i64> =
                (0..figures.len()).map(|_| 1 + i64::try_from(dice.throw(if small { 9 } else { 99_999 })).expect("small")).collect();
            sum.iter_mut().zip(&values).for_each(|(s, v)| *s += v);
            let mut line = row(&format!("龙南市第{number}试验有限公司"), name, &values, Meant::Record(values.clone()));
            line.cells[code] = format!("91360783MA{number:07}X");
            if texts[0] == "序号" {
                line.cells[0] = number.to_string();
            }
            group.push(line);
        }
        total.iter_mut().zip(&sum).for_each(|(t, s)| *t += s);
        if with_groups {
            let at = if above { 0 } else { group.len() };
            group.insert(at, row(&sum_label(town), place, &sum, Meant::Sum(sum.clone())));
            if heading && form != 3 {
                group.insert(0, row(town, place, &[], Meant::Other));
            }
        }
        body.extend(group);
    }
    let label = dice.pick(&["合计", "总计", "全市合计", "合 计（全部）"]);
    let total = row(label, place, &total, Meant::Sum(total.clone()));
    match dice.throw(3) {
        0 => body.insert(0, total),
        1 => body.push(total),
        _ => {}
    }
    let mut title = vec![""; t + figures.len()];
    title[0] = TITLE;
    let page: Vec<Line> = std::iter::once(line(&title, &[])).chain(head).collect();
    let notes = if dice.throw(8) == 0 { 45 } else { 0 };
    let mut lines: Vec<Line> = (0..notes).map(|_| line(&["说明"], &[])).collect();
    let length = if dice.coin() { 2 + dice.throw(9) } else { body.len() };
    for rows in body.chunks(length) {
        lines.extend(page.iter().cloned());
        lines.extend(rows.iter().cloned());
    }
    Table { texts, figures, lines }
}

fn xlsx(table: &Table) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(&table.lines) {
        for &(from, to) in &line.merged {
            let column = |c: usize| u16::try_from(c).expect("few columns");
            sheet.merge_range(row, column(from), row, column(to), &line.cells[from], &Format::new()).expect("merged");
        }
        for (column, text) in (0..).zip(&line.cells).filter(|(_, text)| !text.is_empty()) {
            match text.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number),
                Err(_) => sheet.write_string(row, column, text),
            }
            .expect("a cell");
        }
    }
    book.save_to_buffer().expect("bytes")
}

fn csv(table: &Table) -> Vec<u8> {
    table.lines.iter().map(|line| line.cells.join(",") + "\n").collect::<String>().into_bytes()
}

/// Values at scale 4 of rows by field, from a column of values and its record numbers.
type Figures = BTreeMap<u32, BTreeMap<String, Option<i128>>>;

/// The form of returns.
fn returns() -> IndexMap<String, FormOptions> {
    let config = load_defaults(Path::new("")).expect("the defaults");
    [("returns".to_owned(), config.form["returns"].clone())].into_iter().collect()
}

/// Parses bytes as a file of this name; the tables are in the folder.
fn parsed(forms: &IndexMap<String, FormOptions>, name: &str, bytes: &[u8]) -> (Manifest, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stored");
    std::fs::write(&path, bytes).expect("written");
    let (forms, codes) = (forms.clone(), IndexMap::new());
    let job = Job { path, file_name: name.to_owned(), forms, others: Vec::new(), codes, folder: folder.path().to_owned() };
    (parse(&job).expect("parsed"), folder)
}

/// The batches of a file, if there is one.
fn batches(folder: &Path, file: &str) -> Vec<RecordBatch> {
    let path = folder.join(file);
    if path.exists() { Dataset::at(&path).expect("a dataset").collect().expect("batches") } else { Vec::new() }
}

/// What the records of a table add up to, by sum row and field.
fn computed(folder: &Path) -> Figures {
    let mut sums = Figures::new();
    for batch in batches(folder, &files::sums(0)) {
        let numbers = batch.column_by_name("record").expect("records").as_primitive::<Int64Type>();
        let (fields, computed) = (batch.column(1).as_string::<i32>(), batch.column_by_name("computed").expect("sums"));
        for (at, number) in numbers.values().iter().enumerate() {
            let value = computed.as_primitive::<Decimal128Type>().iter().nth(at).flatten();
            sums.entry(Address::of(*number).row).or_default().insert(fields.value(at).to_owned(), value);
        }
    }
    sums
}

/// Reads a table as a file and holds it against what its rows are meant to be.
fn reads_as_meant(table: &Table, forms: &IndexMap<String, FormOptions>, name: &str, bytes: &[u8], what: &str) {
    let (manifest, folder) = parsed(forms, name, bytes);
    let told = || {
        let lines = (1..).zip(&table.lines).map(|(row, line)| format!("{row} {:?} {}", line.meant, line.cells.join("|")));
        format!("{what}\n{}\n{:?}", lines.collect::<Vec<_>>().join("\n"), manifest.tables)
    };
    let harmless = ["TBL-209", "TBL-218", "TBL-219"];
    let seeds: Vec<&Seed> = manifest.seeds.iter().filter(|s| !harmless.contains(&s.code.as_str())).collect();
    assert!(seeds.is_empty(), "{seeds:?} {}", told());
    assert_eq!(manifest.tables.len(), 1, "{}", told());
    let mut records = Figures::new();
    for batch in batches(folder.path(), &files::records(0)) {
        let numbers = batch.column_by_name("record").expect("records").as_primitive::<Int64Type>();
        for (at, number) in numbers.values().iter().enumerate() {
            let value = |field: &str| {
                let column = batch.column_by_name(field).expect("a field").as_primitive::<Decimal128Type>();
                column.iter().nth(at).flatten()
            };
            records.insert(Address::of(*number).row, table.figures.iter().map(|f| ((*f).to_owned(), value(f))).collect());
        }
    }
    let sums = computed(folder.path());
    let want = |wanted: fn(&Meant) -> Option<&Vec<i64>>| -> Figures {
        let rows = (1..).zip(&table.lines).filter_map(|(row, line)| wanted(&line.meant).map(|values| (row, values)));
        let value = |(field, value): (&&str, &i64)| {
            ((*field).to_owned(), Some(i128::from(*value) * if *field == "staff" { 10_000 } else { 10_000_000 }))
        };
        rows.map(|(row, values)| (row, table.figures.iter().zip(values).map(value).collect())).collect()
    };
    let of_records = want(|m| if let Meant::Record(values) = m { Some(values) } else { None });
    let of_sums = want(|m| if let Meant::Sum(values) = m { Some(values) } else { None });
    assert!(records == of_records, "{records:?}\n{}", told());
    assert!(sums == of_sums, "{sums:?}\n{}", told());
    let meta = &manifest.tables[0];
    let mut rows: Vec<u32> = (meta.header_rows.0..=meta.header_rows.1).chain(records.into_keys()).collect();
    rows.extend(meta.aside.values().flat_map(|rows| rows.iter()));
    rows.sort_unstable();
    assert_eq!(rows, (1..=u32::try_from(table.lines.len()).expect("few")).collect::<Vec<_>>(), "{}", told());
    assert!(table.texts.len() > 1);
}

/// `HUICHI_HEADS=1000` tries more.
#[test]
fn exactly_the_records_of_a_statistical_table_come_out() {
    let cases = std::env::var("HUICHI_HEADS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let forms = returns();
    for seed in 0..cases {
        let table = table(&mut Dice(seed));
        reads_as_meant(&table, &forms, "表.xlsx", &xlsx(&table), &format!("seed {seed}, xlsx"));
        reads_as_meant(&table, &forms, "表.csv", &csv(&table), &format!("seed {seed}, csv"));
    }
}

/// Sum rows below a header as `row: computed`; firms are written `=figure`.
fn sums_of(body: &str) -> Vec<String> {
    let firm = |(row, line): (usize, &str)| match line.strip_prefix('=') {
        Some(figure) => format!("91360783MA{row:07}X,第{row}试验有限公司,{figure}\n"),
        None => format!(",{line}\n"),
    };
    let rows: String = (2..).zip(body.split_whitespace()).map(firm).collect();
    let text = format!("统一社会信用代码,企业名称,从业人数\n{rows}");
    let (_, folder) = parsed(&returns(), "表.csv", text.as_bytes());
    let figure = |value: Option<i128>| value.map_or("?".to_owned(), |v| (v / 10_000).to_string());
    computed(folder.path()).into_iter().map(|(row, sums)| format!("{row}: {}", figure(sums["staff"]))).collect()
}

#[test]
fn a_sum_row_is_held_against_the_rows_that_it_adds_up() {
    for (body, want) in [
        // Towns within counties.
        (
            "=1 =2 杨村镇小计,3 =10 龙南镇小计,10 甲县合计,13 =100 =200 渡江镇小计,300 乙县合计,300 总计,313",
            &["4: 3", "6: 10", "7: 13", "10: 300", "11: 300", "12: 313"][..],
        ),
        // The same, each sum above its rows.
        (
            "总计,313 甲县小计,13 杨村镇小计,3 =1 =2 龙南镇小计,10 =10 乙县小计,300 =100 =200",
            &["2: 313", "3: 13", "4: 3", "7: 10", "9: 300"],
        ),
        // Each group its own 合计, and one over all.
        ("=1 =2 合计,3 =10 合计,10 合计,13", &["4: 3", "6: 10", "7: 13"]),
        ("=1 =2 全镇合计,3 =10 全镇合计,10 总计,13", &["4: 3", "6: 10", "7: 13"]),
        // Pages across towns, and running sums.
        (
            "=1 =2 本页小计,3 累计,3 =4 杨村镇小计,7 =5 本页小计,9 累计,12 =6 龙南镇小计,11",
            &["4: 3", "5: 3", "7: 7", "9: 9", "10: 12", "12: 11"],
        ),
        // A heading begins a group.
        ("杨村镇 =1 =2 龙南镇 =10 小计,10", &["7: 10"]),
        // Without their word.
        ("=1 =2 杨村镇,3 =10 龙南镇（1户）,10 合计,13", &["4: 3", "6: 10", "7: 13"]),
        // One that is wrong is held against its own rows.
        ("=1 =2 杨村镇小计,3 =10 龙南镇小计,11 合计,13", &["4: 3", "6: 10", "7: 13"]),
        ("=1 =2 杨村镇小计,3 =10 龙南镇小计,13 合计,13", &["4: 3", "6: 10", "7: 13"]),
        ("杨村镇小计,3 =1 =2 龙南镇小计,11 =10", &["2: 3", "5: 10"]),
        // A total that leaves a town out is wrong, whatever it agrees with.
        ("=1 =2 杨村镇小计,3 =10 龙南镇小计,10 合计,10", &["4: 3", "6: 10", "7: 13"]),
        ("=1 =2 合计,3 =5", &["4: 3"]),
        ("=1 =2 总计,3 =5", &["4: 8"]),
        // What it adds up cannot be told.
        ("=1 =20 杨村镇小计,21 国有小计,5 合计,21", &["4: 21", "6: 21"]),
    ] {
        assert_eq!(sums_of(body), want, "{body}");
    }
}
