//! The law of the reader: every row of a sheet is header, record or set aside, and only one of them.

use super::*;

/// Remembers only which rows became records, by table.
#[derive(Default)]
struct Counter(HashMap<u16, Vec<u32>>);

impl RecordSink for Counter {
    fn restart(&mut self) {
        self.0.clear();
    }
    fn table(&mut self, _: &TableMeta) {}
    fn record(&mut self, meta: &TableMeta, row: u32, _: &[Option<RawCell<'_>>]) {
        self.0.entry(meta.number).or_default().push(row);
    }
    fn sum_row(&mut self, _: &TableMeta, _: u32, _: SumKind, _: &str, _: &[Option<RawCell<'_>>]) {}
    fn part(&mut self, _: &TableMeta, _: PartStart) {}
    fn end_table(&mut self, _: &TableMeta) {}
}

/// A sheet of one layout: its header, and rows of every kind that may stand above, in and below its tables.
struct Sheet {
    header: &'static str,
    rows: &'static [&'static str],
    /// By series of tables, the sheet columns that are its own, from and up to.
    series: &'static [(usize, usize)],
}

const ONE_TABLE: Sheet = Sheet {
    header: "统一社会信用代码,企业名称,从业人数,营业收入",
    rows: &[
        "2025年经营情况表",
        "2024年经营情况表",
        "单位：千元",
        "单位：,千元",
        "附件1",
        ",,人,千元",
        "甲,乙,1,2",
        ",,本年,本年",
        ",,本年",
        "代码,,301,307",
        ",,301,307",
        "1,2,3,4",
        "91360783MAYYK0013X,甲有限公司,5,10",
        ",乙有限公司,1,2",
        ",,1,2",
        ",,,7",
        ",丙有限公司",
        ",,,",
        ",,,,备考",
        "合计,,6,12",
        "小计,,1,2",
        "总计,,3,4",
        ",合计,1,2",
        "工业小计,,1,2",
        "其中：小微,,1,1",
        "一、工业",
        "渡江镇",
        "占比,,50%,50%",
        "第1页",
        "填表人：张三",
        "备注：无",
        "龙南市,负责人：李四,1,2",
        "91360783MAYYK0021P,丁有限公司 电话：0797,1,2",
        "审核",
        "企业名称,从业人数",
        "企业名称,序号",
        "统一社会信用代码,企业名称,从业人数,营业收入",
        "企业名称,营业收入,利润总额",
    ],
    series: &[(0, usize::MAX)],
};

const SIDE_BY_SIDE: Sheet = Sheet {
    header: "企业名称,营业收入,,企业名称,营业收入",
    rows: &[
        "2022年,,,2023年",
        "单位：千元",
        "甲,1,,甲,1",
        "甲,1",
        ",千元,,,万元",
        "甲有限公司,10,,乙有限公司,20",
        "合计,10,,丙有限公司,30",
        "填表人：张三,,,丁有限公司,40",
        ",,,戊有限公司,5",
        "小计,1,,总计,2",
        ",,,,",
        "其中：小微,1,,渡江镇",
        "企业名称,营业收入,,企业名称,营业收入",
        "企业名称,营业收入,,己有限公司,3",
        "龙南市,负责人：李四",
        "第1页,,,第2页",
    ],
    series: &[(0, 3), (3, usize::MAX)],
};

const YEARS_ACROSS: Sheet = Sheet {
    header: "企业名称,2022年营业收入,2023年营业收入,备考",
    rows: &[
        "经营情况",
        "单位：千元",
        "甲,1,2,3",
        "甲有限公司,11,12",
        ",11",
        ",,12",
        ",,,备考",
        "合计,11,12",
        "小计,1,1",
        "填表人：张三",
        ",,,",
        "一、工业",
        "占比,1%,2%",
        "企业名称,2022年营业收入,2023年营业收入,备考",
    ],
    series: &[(0, usize::MAX), (0, usize::MAX)],
};

/// Every row of a sheet with cells of a series of tables is header, record or set aside, and only one of them.
fn every_row_is_accounted_for(sheet: &Sheet, above: &[usize], below: &[usize]) {
    static FORMS: std::sync::LazyLock<IndexMap<String, FormOptions>> = std::sync::LazyLock::new(|| {
        let config = load_defaults(Path::new("")).expect("the defaults");
        std::iter::once(("returns".to_owned(), config.form["returns"].clone())).collect()
    });
    let row = |at: &usize| sheet.rows[at % sheet.rows.len()];
    let lines: Vec<&str> = above.iter().map(row).chain([sheet.header]).chain(below.iter().map(row)).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("stored");
    std::fs::write(&path, lines.join("\n")).expect("written");
    let mut counter = Counter::default();
    let outcome = read(&path, &Source::new("a.csv", &FORMS), &Limits::default(), &mut counter).expect("read");
    let several = sheet.series.len();
    for (place, (from, to)) in sheet.series.iter().enumerate() {
        let of_series = outcome.tables.iter().filter(|t| usize::from(t.number) % several == place);
        let mut told: Vec<u32> = Vec::new();
        for table in of_series {
            let records = counter.0.get(&table.number).cloned().unwrap_or_default();
            assert_eq!(table.rows, records.len() as u64);
            told.extend(records);
            told.extend(table.header_rows.0..=table.header_rows.1);
            told.extend(table.aside.values().flat_map(|rows| rows.iter()));
        }
        told.sort_unstable();
        let holds = |line: &&str| line.split(',').enumerate().any(|(i, cell)| (*from..*to).contains(&i) && !cell.is_empty());
        let want: Vec<u32> = (1..).zip(&lines).filter(|(_, line)| holds(line)).map(|(number, _)| number).collect();
        assert_eq!(told, want, "of the series {place}: {:#?}", (1..).zip(&lines).collect::<Vec<(u32, &&str)>>());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

    #[test]
    fn no_row_of_a_table_is_lost(
        above in proptest::collection::vec(0..2_usize, 0..4),
        below in proptest::collection::vec(0..1000_usize, 0..70),
    ) {
        every_row_is_accounted_for(&ONE_TABLE, &above, &below);
    }

    #[test]
    fn no_row_of_tables_side_by_side_is_lost(
        above in proptest::collection::vec(0..2_usize, 0..3),
        below in proptest::collection::vec(0..1000_usize, 0..40),
    ) {
        every_row_is_accounted_for(&SIDE_BY_SIDE, &above, &below);
    }

    #[test]
    fn no_row_of_years_across_is_lost(
        above in proptest::collection::vec(0..2_usize, 0..3),
        below in proptest::collection::vec(0..1000_usize, 0..40),
    ) {
        every_row_is_accounted_for(&YEARS_ACROSS, &above, &below);
    }
}
